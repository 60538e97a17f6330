//! Auctions: when orders are collected, when that ends, and how they trade then.
//!
//! ```text
//!             collect, or an order at level Auction
//!   Continuous ──────────────► Collecting ◄──────────────────┐ price outside the collar: 30 s more,
//!       ▲                          │ the level falls         │ and the collar is twice as wide
//!       │ nothing crosses          ▼                         │
//!       └──────── Uncrossing ◄── Closing ── each block may be the last ──┘
//! ```
//!
//! Everything happens at the start of a block, after its inherents and before any order of it, and also
//! in blocks that carry no transactions. Where nobody reports prices, which is so after an outage, an
//! auction is extended as if its price were too far from the index.
//!
//! **The end is hard to predict, not random.** Aura has no source of randomness. Whether a block is
//! the last is a hash over its parent's hash, the index as last pushed and its time: one block in
//! four, and the sixteenth in any case. Who authors the parent can choose among the hashes of the
//! blocks that he could make, so he can end the auction after his own block or let it go on, with the
//! orders of that block known to him. He gains one block each time that he authors, sixteen in all
//! if he is alone, and can neither start an end that lies further ahead nor trade after it.
//!
//! **Fees.** Nobody takes from anybody: both sides pay the maker's fee of their tier, and a rebate is
//! not paid.
//!
//! **Frequent batches** are the same at every block: what one block collected trades at the start of
//! the next, inside the band. At one price older blocks come first. The orders of one block stand in a
//! circle there, and the lot with which they begin to trade is drawn by the hash of the block that
//! collected them, which nobody knows who sends one. Each lot trades with the same probability, so
//! neither the place of an order in its block gives an advantage nor its size, nor splitting it over
//! accounts. Who authors the collecting block knows its hash before the others, and may choose among
//! the blocks that he could make. Of more than 2,048 orders of one block at one price the first 2,048
//! are drawn among, then the next. Orders that do not rest are refused there.
//!
//! **Bounds.** The price is found among the 2,000 orders that would trade first; where more would
//! trade, `AuctionPriced` says that it is not `complete`: at least its lots trade there, but some other
//! price might trade more. Open interest grows in an auction no further than the market's cap, and not
//! at all while it is frozen: of two orders that would both open, the younger leaves.

use crate::{
	books::{best_crosses, Books},
	cost::{self, Work},
	types::{HotMarket, MarketTerms, Mode, Phase},
	Auctioning, Config, Draws, Event, Hot, Indications, Pallet, Terms, WeightInfo,
};
use breakwater_core::auction::{
	indicative_counted, uncross, Ended, Indicative, Turns, Uncross, Uncrossed,
};
use breakwater_primitives::{
	Auctions, Check, Clearing, Gate, GateView, Level, MarketId, Millis, Scope, Session, Ticks,
	Validity, MAX_MARKETS,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use crowd::{Crowd, Demand};
use frame_support::{
	pallet_prelude::Get,
	traits::UnixTime,
	weights::{Weight, WeightMeter},
};
use scale_info::TypeInfo;
use sp_io::hashing::blake2_256;
use sp_runtime::{DispatchError, SaturatedConversion};

mod crowd;

/// The most blocks in which an auction may end.
pub const CLOSING_BLOCKS: u8 = 16;
/// How often an auction is extended because its price is too far from the index.
pub const MAX_EXTENSIONS: u8 = 4;
/// How long an extension takes, in milliseconds.
pub const EXTENSION: Millis = 30_000;
/// How far from the index the price may be at first, in parts of a hundred; each extension doubles
/// it, and after the last the price is what it is.
const COLLAR_PERCENT: u64 = 5;
/// The most orders that are looked at for a price that is traded at.
const PRICED_ORDERS: u32 = 2_000;
/// The most orders that are looked at to tell somebody the price.
const TOLD_ORDERS: u32 = 256;
/// Pairs that trade in one session, and orders removed on the way.
const STEP_FILLS: u16 = 8;

/// What decides, in a market of frequent batches, where the orders of one block begin.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Drawing {
	/// The hash from which all draws of the auction under way are made.
	pub seed: [u8; 32],
	/// What was drawn for the prices that trade at present.
	pub turns: Turns,
}

impl<T: Config> Auctions for Pallet<T> {
	fn collect(scope: Scope, until: Millis) {
		match scope {
			Scope::Market(market) => Self::begin_auction(market, until),
			Scope::Chain => {
				Self::markets().for_each(|(market, _)| Self::begin_auction(market, until))
			},
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Collect the orders of a market from now on, or until another time than was said before.
	fn begin_auction(market: MarketId, until: Millis) {
		let mut hot = Hot::<T>::get(market);
		let over = until <= Self::now_millis();
		let phase = match hot.phase {
			Phase::Continuous if over => return,
			Phase::Continuous => Phase::Collecting { until, extensions: 0 },
			Phase::Collecting { extensions, .. } => Phase::Collecting { until, extensions },
			// What has not traded yet waits for a price of after the halt.
			Phase::Uncrossing { extensions, .. } if !over => {
				Phase::Collecting { until, extensions }
			},
			Phase::Closing { extensions, .. } if !over => Phase::Collecting { until, extensions },
			phase => phase,
		};
		let trades = Terms::<T>::get(market).is_some_and(|terms| !terms.status.is_over());
		if phase == hot.phase || !trades {
			return;
		}
		if hot.phase == Phase::Continuous {
			Self::deposit_event(Event::AuctionBegan { market });
		}
		hot.phase = phase;
		Hot::<T>::insert(market, hot);
		Self::watch(market, true);
	}

	/// Let the hook look at a market's auction in every block, or no longer.
	pub(crate) fn watch(market: MarketId, on: bool) {
		let bit = 1u64.checked_shl(market.0.into()).unwrap_or(0);
		let watched = Auctioning::<T>::get();
		let after = if on { watched | bit } else { watched & !bit };
		if after == 0 {
			Auctioning::<T>::kill();
		} else if after != watched {
			Auctioning::<T>::put(after);
		}
	}

	/// Chain time in milliseconds.
	pub(crate) fn now_millis() -> Millis {
		T::Time::now().as_millis().saturated_into()
	}

	/// Let every auction under way go on, as far as `meter` goes. Each block begins with another
	/// market, so that none waits for ever behind others.
	pub(crate) fn run_auctions(meter: &mut WeightMeter) {
		let watched = Auctioning::<T>::get();
		if watched == 0 {
			return;
		}
		let first = (Self::block() % u32::from(MAX_MARKETS)) as u16;
		for market in (first..MAX_MARKETS).chain(0..first).filter(|m| watched >> m & 1 == 1) {
			if meter.try_consume(T::WeightInfo::look_at_auction()).is_err() {
				return;
			}
			let market = MarketId(market);
			match Terms::<T>::get(market) {
				Some(terms) => Self::step_auction(market, &terms, meter),
				None => Self::watch(market, false),
			}
		}
	}

	fn step_auction(market: MarketId, terms: &MarketTerms, meter: &mut WeightMeter) {
		let view = T::Gate::view(market);
		let halted = view.level >= Level::Auction;
		let hot = Hot::<T>::get(market);
		match hot.phase {
			Phase::Continuous if terms.mode == Mode::Continuous => Self::watch(market, false),
			Phase::Continuous if !halted && crosses_within(&hot, &view) => {
				Self::price_batch(market, &view, meter);
			},
			Phase::Collecting { until, extensions } if !halted => {
				// The level says when the restriction is over; an extension is ours alone.
				if extensions == 0 || until <= Self::now_millis() {
					Self::set_phase(market, Phase::Closing { blocks: 0, extensions });
				}
			},
			Phase::Closing { extensions, .. } if halted => {
				Self::set_phase(market, Phase::Collecting { until: view.until, extensions });
			},
			Phase::Closing { blocks, extensions } => {
				let blocks = blocks.saturating_add(1);
				if blocks < CLOSING_BLOCKS && !Self::ends_now(market) {
					Self::set_phase(market, Phase::Closing { blocks, extensions });
				} else {
					Self::price_auction(market, terms, extensions, meter);
				}
			},
			Phase::Uncrossing { .. } | Phase::Continuous | Phase::Collecting { .. } => {},
		}
		match Hot::<T>::get(market).phase {
			Phase::Uncrossing { price, extensions } if !halted => {
				Self::uncross_market(market, terms, price, extensions, meter);
			},
			Phase::Collecting { .. } | Phase::Closing { .. } => Self::indicate(market, meter),
			Phase::Uncrossing { .. } | Phase::Continuous => {},
		}
	}

	/// Keep the price at which a market's auction would trade now, for those who ask within the block.
	fn indicate(market: MarketId, meter: &mut WeightMeter) {
		if !meter.can_consume(T::WeightInfo::find_price(TOLD_ORDERS)) {
			return;
		}
		let (found, looked) = Self::price_of(market, (Ticks(1), Ticks::MAX), TOLD_ORDERS);
		meter.consume(T::WeightInfo::find_price(looked));
		let price = found.filter(|found| found.complete).map(|found| found.price);
		if price != Indications::<T>::get(market) {
			Indications::<T>::set(market, price);
		}
	}

	/// A market's auction has found its price.
	fn begin_uncross(market: MarketId, found: Option<Indicative>, extensions: u8, draws: bool) {
		Indications::<T>::remove(market);
		if draws {
			let parent = frame_system::Pallet::<T>::parent_hash();
			let seed = (parent, market).using_encoded(blake2_256);
			Draws::<T>::insert(market, Drawing { seed, turns: Turns::default() });
		} else {
			Draws::<T>::remove(market);
		}
		if let Some(Indicative { price, lots, imbalance, complete }) = found {
			Self::deposit_event(Event::AuctionPriced { market, price, lots, imbalance, complete });
		}
		// Without a price nothing trades, and what has expired still must not make the book look
		// crossed.
		let price = found.map_or(Ticks::ZERO, |found| found.price);
		Self::set_phase(market, Phase::Uncrossing { price, extensions });
	}

	pub(crate) fn set_phase(market: MarketId, phase: Phase) {
		Hot::<T>::mutate_exists(market, |stored| {
			let mut hot = stored.take().unwrap_or_default();
			hot.phase = phase;
			*stored = (hot != Default::default()).then_some(hot);
		});
	}

	/// Whether the closing phase of a market's auction ends with this block.
	fn ends_now(market: MarketId) -> bool {
		let prices = T::Clearing::session().prices(market);
		let parent = frame_system::Pallet::<T>::parent_hash();
		let drawn = (parent, market, prices.index, prices.at, Self::block());
		drawn.using_encoded(blake2_256)[0] < 64
	}

	/// The price at which the orders collected would trade inside `collar`, and how many orders were
	/// looked at.
	pub(crate) fn price_of(
		market: MarketId,
		collar: (Ticks, Ticks),
		orders: u32,
	) -> (Option<Indicative>, u32) {
		let index = T::Clearing::session().prices(market).index;
		let mut books = Books::<T>::new();
		let last = Hot::<T>::get(market).last.unwrap_or(Ticks(1));
		let reference = if index.is_zero() { last } else { index };
		indicative_counted(books.store(), market, reference, collar, Self::seconds(), orders)
	}

	/// The price and size at which an auction under way would trade, if it can be told by looking at
	/// a few hundred orders.
	pub(crate) fn indicative_of(market: MarketId, orders: u32) -> Option<Indicative> {
		if Hot::<T>::get(market).phase == Phase::Continuous && !Self::batches(market) {
			return None;
		}
		Self::price_of(market, (Ticks(1), Ticks::MAX), orders).0.filter(|found| found.complete)
	}

	fn batches(market: MarketId) -> bool {
		Terms::<T>::get(market).is_some_and(|terms| terms.mode == Mode::FrequentBatch)
	}

	/// Fix the price of an auction, or extend it.
	pub(crate) fn price_auction(
		market: MarketId,
		terms: &MarketTerms,
		extensions: u8,
		meter: &mut WeightMeter,
	) {
		if !meter.can_consume(T::WeightInfo::find_price(PRICED_ORDERS)) {
			return;
		}
		let (found, looked) = Self::price_of(market, (Ticks(1), Ticks::MAX), PRICED_ORDERS);
		meter.consume(T::WeightInfo::find_price(looked));
		let prices = T::Clearing::session().prices(market);
		let validity = prices.validity_at(Self::now_millis(), T::PriceAgeLimit::get());
		let silent = validity >= Validity::Stale;
		let beyond = |found: Indicative| outside_collar(found.price, prices.index, extensions);
		if (silent || found.is_some_and(beyond)) && extensions < MAX_EXTENSIONS {
			let extensions = extensions.saturating_add(1);
			let until = Self::now_millis().saturating_add(EXTENSION);
			Self::set_phase(market, Phase::Collecting { until, extensions });
			let price = found.map_or(Ticks::ZERO, |found| found.price);
			Self::deposit_event(Event::AuctionExtended { market, price, extensions, until });
			return;
		}
		Self::begin_uncross(market, found, extensions, terms.mode == Mode::FrequentBatch);
	}

	/// Fix the price of the batch that the last block collected.
	fn price_batch(market: MarketId, view: &GateView, meter: &mut WeightMeter) {
		if !meter.can_consume(T::WeightInfo::find_price(PRICED_ORDERS)) {
			return;
		}
		let collar = (view.band.low, view.band.high);
		let (found, looked) = Self::price_of(market, collar, PRICED_ORDERS);
		meter.consume(T::WeightInfo::find_price(looked));
		Self::begin_uncross(market, found, 0, true);
	}

	/// Trade at the auction's price, as far as `meter` goes.
	fn uncross_market(
		market: MarketId,
		terms: &MarketTerms,
		price: Ticks,
		extensions: u8,
		meter: &mut WeightMeter,
	) {
		while meter.can_consume(most_of_a_step::<T>()) {
			let view = T::Gate::view(market);
			// A trade may be what halts the market.
			let goes_on = matches!(Hot::<T>::get(market).phase, Phase::Uncrossing { .. });
			if !goes_on || view.level >= Level::Auction {
				return;
			}
			let step = match Self::uncross_or_skip(market, terms, price, &view) {
				Ok((step, spent)) => {
					meter.consume(spent);
					step
				},
				Err(error) => {
					log::error!("market {market:?} does not uncross: {error:?}");
					return;
				},
			};
			match step.end {
				Ended::Budget => {},
				Ended::Stopped => return,
				// A batch is bound to the band; what is left beyond it waits. The next price of an
				// auction must stand where its first one had to.
				Ended::Crossed if terms.mode == Mode::Continuous => {
					let blocks = CLOSING_BLOCKS;
					return Self::set_phase(market, Phase::Closing { blocks, extensions });
				},
				Ended::Crossed | Ended::Done => {
					Draws::<T>::remove(market);
					Self::set_phase(market, Phase::Continuous);
					if !price.is_zero() || terms.mode == Mode::Continuous {
						Self::deposit_event(Event::AuctionEnded { market, price });
					}
					return;
				},
			}
		}
	}

	/// A step of the uncross, and what it weighed. One that the clearing house refuses is tried with one
	/// pair, and then without its younger order: nobody's account holds a market up.
	pub(crate) fn uncross_or_skip(
		market: MarketId,
		terms: &MarketTerms,
		price: Ticks,
		view: &GateView,
	) -> Result<(Uncrossed, Weight), DispatchError> {
		let frozen = view.level.open_interest_frozen();
		let whole = Self::uncross_step(market, terms, price, STEP_FILLS, Demand::Fill { frozen });
		let fewer = whole.or_else(|error| {
			log::warn!("market {market:?} uncrosses one by one: {error:?}");
			Self::uncross_step(market, terms, price, 1, Demand::Fill { frozen })
		});
		fewer.or_else(|_| Self::uncross_step(market, terms, price, 1, Demand::RemoveYounger))
	}

	/// A few pairs in one session.
	fn uncross_step(
		market: MarketId,
		terms: &MarketTerms,
		price: Ticks,
		most: u16,
		demand: Demand,
	) -> Result<(Uncrossed, Weight), DispatchError> {
		frame_support::storage::with_storage_layer(|| {
			let (mut session, mut books) = (T::Clearing::session(), Books::<T>::new());
			let drawing = Draws::<T>::get(market);
			let at = Uncross {
				market,
				price,
				now: Self::seconds(),
				max_fills: most,
				max_removals: most,
				turns: drawing.map(|drawing| drawing.turns).unwrap_or_default(),
			};
			let seed = drawing.map(|drawing| drawing.seed);
			let mut crowd = Crowd::<T, _>::new(&mut session, terms, demand, seed);
			let step = uncross(books.store(), &mut crowd, &at);
			books.uncrossed(market, price, &step, terms.contract);
			let mut work = Work::default();
			work.matched(step.fills.saturating_mul(2), step.removals);
			// Who adds to a position was asked for his margin, and the market for its open interest.
			let settled = session.commit(Check::None)?;
			work.settled(settled, books.save());
			if let Some(drawing) = drawing.filter(|drawing| drawing.turns != step.turns) {
				Draws::<T>::insert(market, Drawing { turns: step.turns, ..drawing });
			}
			let spent = cost::uncross::<T>(&work, step.looked);
			Ok((step, spent))
		})
	}
}

/// What a step of an uncross may cost.
pub(crate) fn most_of_a_step<T: Config>() -> Weight {
	let fills = u32::from(STEP_FILLS);
	let work = Work::worst(0, 0, fills.saturating_mul(2), fills);
	let drawn_from = fills.saturating_mul(2);
	cost::uncross::<T>(&work, drawn_from)
}

/// What an auction takes at least to go on: finding its price, and a step.
pub(crate) fn least_of_an_auction<T: Config>() -> Weight {
	T::WeightInfo::find_price(PRICED_ORDERS).saturating_add(most_of_a_step::<T>())
}

/// Whether the best prices of a market cross somewhere inside its band.
fn crosses_within(hot: &HotMarket, view: &GateView) -> bool {
	let inside = |(bid, ask): (Ticks, Ticks)| bid.min(view.band.high) >= ask.max(view.band.low);
	best_crosses(hot) && hot.bid.zip(hot.ask).is_some_and(inside)
}

/// Whether `price` is further from the index than an auction that was extended so often accepts.
fn outside_collar(price: Ticks, index: Ticks, extensions: u8) -> bool {
	let percent = COLLAR_PERCENT << extensions.min(MAX_EXTENSIONS);
	let distance = u64::from(price.0.abs_diff(index.0));
	!index.is_zero() && distance.saturating_mul(100) > u64::from(index.0).saturating_mul(percent)
}
