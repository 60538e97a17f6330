//! Sampling the premium, and moving the funding index by it.
//!
//! ```text
//!   each block: the next few markets ──► 15 s since the last sample? ──► premium of the book
//!                                                     │                     │ side missing, crossed or
//!                                                     │                     ▼ halted: skipped, not zero
//!               active clock ◄─── time in which the market trades      sum, samples
//!                    │ a minute                                             │ an hour
//!                    ▼                                                      ▼
//!           Clearing::accrue(rate now)                              rate of the next hour
//! ```
//!
//! The clock of funding is the time in which a market trades: it stands still in auctions and freezes,
//! while the price is disputed, and over outages. While the price is only degraded the interest alone
//! is paid. Orders younger than two blocks do not count, so that a premium cannot be made up for the
//! moment at which it is read.

use crate::{
	books::{best_crosses, Books},
	funding,
	types::{MarketTerms, Phase},
	Config, Event, FundingCursor, Hot, Pallet, Premiums, Terms, WeightInfo,
};
use breakwater_core::book::{impact, Impact};
use breakwater_primitives::{
	api::FundingStatus, Clearing, Gate, Level, MarketId, Millis, Session, Side, SignedPpm, Ticks,
	Validity,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{pallet_prelude::Get, weights::WeightMeter};
use scale_info::TypeInfo;

/// How long after a sample the next is due, in milliseconds.
pub const SAMPLE_EVERY: Millis = 15_000;
/// The most time that counts between two looks at a market: what is longer was an outage.
const LONGEST_STEP: Millis = 60_000;
/// Active time after which the index moves.
const MINUTE: Millis = 60_000;
/// Active time after which the mean of the samples becomes the rate.
const HOUR: Millis = 3_600_000;
/// How old impact prices may be to be told.
const IMPACT_AGE: Millis = 60_000;
/// Markets that one block looks at, and orders that a sample looks at on each side.
const MARKETS_A_BLOCK: u16 = 8;
const SAMPLED_ORDERS: u32 = 64;
/// Blocks that an order must have rested to count.
const RESTED_BLOCKS: u32 = 2;

/// What the exchange knows about a market's funding.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct PremiumState {
	/// When the market was looked at last, in milliseconds of chain time.
	pub looked_at: Millis,
	/// Active time of the hour under way, in milliseconds.
	pub hour: Millis,
	/// Active time since the index moved last, in milliseconds.
	pub minute: Millis,
	/// The sum of the hour's samples, in parts per million.
	pub sum: i64,
	/// How many samples that is.
	pub samples: u32,
	/// The mean premium of the hour before, by which the rate now is made.
	pub mean: SignedPpm,
	/// What a clip would have received and paid when it was sampled last, in ticks.
	pub impact: Option<(Ticks, Ticks)>,
}

/// Whether and what part of the funding runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Clock {
	Runs,
	InterestOnly,
	Stands,
}

impl<T: Config> Pallet<T> {
	/// Look at the next few markets. That nothing is due in them is part of what every block costs.
	pub(crate) fn sample_premiums(meter: &mut WeightMeter) {
		let count = crate::MarketCount::<T>::get();
		if count == 0 {
			return;
		}
		let cursor = FundingCursor::<T>::get() % count;
		let now = Self::now_millis();
		for n in 0..count.min(MARKETS_A_BLOCK) {
			let market = MarketId((cursor.saturating_add(n)) % count);
			let state = Premiums::<T>::get(market);
			if now < state.looked_at.saturating_add(SAMPLE_EVERY) {
				continue;
			}
			if meter.try_consume(T::WeightInfo::sample_premium()).is_err() {
				return;
			}
			Self::look_at_premium(market, state, now);
		}
		if count > MARKETS_A_BLOCK {
			FundingCursor::<T>::put((cursor.saturating_add(MARKETS_A_BLOCK)) % count);
		}
	}

	fn look_at_premium(market: MarketId, mut state: PremiumState, now: Millis) {
		let terms = Terms::<T>::get(market).filter(|terms| !terms.status.is_over());
		let Some(terms) = terms else { return };
		let prices = T::Clearing::session().prices(market);
		let validity = prices.validity_at(now, T::PriceAgeLimit::get());
		let clock = Self::clock(market, validity);
		let passed = match (clock, state.looked_at) {
			(Clock::Stands, _) | (_, 0) => 0,
			(_, last) => now.saturating_sub(last).min(LONGEST_STEP),
		};
		state.looked_at = now;
		state.impact = if clock == Clock::Stands { None } else { Self::impact_now(market, &terms) };
		if let (Clock::Runs, Some((bid, ask))) = (clock, state.impact) {
			if let Some(premium) = funding::premium(prices.index, bid, ask) {
				state.sum = state.sum.saturating_add(premium.0.into());
				state.samples = state.samples.saturating_add(1);
			}
		}
		state.minute = state.minute.saturating_add(passed);
		if state.minute >= MINUTE {
			let minutes = state.minute / MINUTE;
			state.minute %= MINUTE;
			let interest_only = clock == Clock::InterestOnly;
			let mean = if interest_only { SignedPpm(0) } else { state.mean };
			let rate = Self::rate_of(market, &terms, mean);
			let per_lot = funding::step(rate, prices.index, terms.contract, minutes as u32);
			T::Clearing::accrue(market, per_lot);
		}
		state.hour = state.hour.saturating_add(passed);
		if state.hour >= HOUR {
			state.hour %= HOUR;
			// An hour without samples says nothing about the premium.
			state.mean = funding::mean(state.sum, state.samples);
			(state.sum, state.samples) = (0, 0);
			let rate = Self::rate_of(market, &terms, state.mean);
			Self::deposit_event(Event::FundingRate { market, premium: state.mean, rate });
		}
		Premiums::<T>::insert(market, state);
	}

	/// Whether the clock of a market's funding runs.
	fn clock(market: MarketId, validity: Validity) -> Clock {
		let halted = T::Gate::view(market).level >= Level::Auction
			|| Hot::<T>::get(market).phase != Phase::Continuous;
		match validity {
			Validity::Valid if !halted => Clock::Runs,
			Validity::Degraded if !halted => Clock::InterestOnly,
			_ => Clock::Stands,
		}
	}

	/// What the market's clip would receive and pay now; none where a side is too thin or the book
	/// crosses.
	fn impact_now(market: MarketId, terms: &MarketTerms) -> Option<(Ticks, Ticks)> {
		if best_crosses(&Hot::<T>::get(market)) {
			return None;
		}
		let mut books = Books::<T>::new();
		let clip = funding::clip(terms.tier) / u128::from(terms.contract.unit.max(1));
		let placed_by = Self::block().saturating_sub(RESTED_BLOCKS);
		let mut of = |side| {
			let (now, max_orders) = (Self::seconds(), SAMPLED_ORDERS);
			impact(books.store(), &Impact { market, side, clip, placed_by, now, max_orders })
		};
		Some((of(Side::Bid)?, of(Side::Ask)?)).filter(|(bid, ask)| bid < ask)
	}

	fn rate_of(market: MarketId, terms: &MarketTerms, mean: SignedPpm) -> SignedPpm {
		let (initial, maintenance) = T::Clearing::base_fractions(market);
		let cap = funding::cap(terms.tier, initial, maintenance);
		funding::rate(mean, funding::INTEREST, cap)
	}

	/// The impact prices of a market, unless they are too old.
	pub(crate) fn impact_of(market: MarketId) -> Option<(Ticks, Ticks)> {
		let state = Premiums::<T>::get(market);
		let age = Self::now_millis().saturating_sub(state.looked_at);
		state.impact.filter(|_| age <= IMPACT_AGE)
	}

	/// Funding of a market now and in the next hour.
	pub fn funding_of(market: MarketId) -> Option<FundingStatus> {
		let terms = Terms::<T>::get(market)?;
		let state = Premiums::<T>::get(market);
		let premium = funding::mean(state.sum, state.samples);
		Some(FundingStatus {
			rate: Self::rate_of(market, &terms, state.mean),
			premium,
			samples: state.samples,
			next_rate: Self::rate_of(market, &terms, premium),
			active: state.hour,
			impact: state.impact,
		})
	}
}
