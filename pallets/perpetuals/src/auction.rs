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
//! the next, inside the band. At one price the orders of a block stand in an order drawn by account
//! and not by size, so that where an order stands in its block gives no advantage; who splits his
//! orders over accounts draws more than once, but trades no more in sum at any other price than the
//! marginal one. Orders that do not rest are refused there.

use crate::{
	books::{best_crosses, Books},
	order::Reason,
	types::{MarketTerms, Mode, Phase},
	weights::{WeightInfo, Work},
	Auctioning, Config, Event, Hot, Pallet, Terms,
};
use breakwater_core::{
	auction::{
		indicative, uncross, Counterparties, Ended, Indicative, Pair, Uncross, Uncrossed, Verdicts,
	},
	page::Resting,
};
use breakwater_primitives::{
	clearing::Fees, Auctions, Check, Clearing, Gate, GateView, Level, Lots, MarketId, Millis,
	OrderId, Removal, Scope, Session, Side, SignedPpm, Ticks, Validity, Verdict, MAX_MARKETS,
};
use codec::Encode;
use core::marker::PhantomData;
use frame_support::{pallet_prelude::Get, traits::UnixTime, weights::WeightMeter};
use sp_io::hashing::blake2_256;
use sp_runtime::SaturatedConversion;

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
			let look = T::DbWeight::get().reads_writes(4, 1);
			if meter.try_consume(look).is_err() {
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
			Phase::Continuous if !halted && best_crosses(&hot) => {
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
					Self::price_auction(market, extensions, meter);
				}
			},
			Phase::Uncrossing { .. } | Phase::Continuous | Phase::Collecting { .. } => {},
		}
		if let (Phase::Uncrossing { price }, false) = (Hot::<T>::get(market).phase, halted) {
			Self::uncross_market(market, terms, price, meter);
		}
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

	/// The price at which the orders collected would trade inside `collar`.
	fn price_of(market: MarketId, collar: (Ticks, Ticks), orders: u32) -> Option<Indicative> {
		let index = T::Clearing::session().prices(market).index;
		let mut books = Books::<T>::new();
		let last = Hot::<T>::get(market).last.unwrap_or(Ticks(1));
		let reference = if index.is_zero() { last } else { index };
		indicative(books.store(), market, reference, collar, Self::seconds(), orders)
	}

	/// The price and size at which an auction under way would trade, if it can be told by looking at
	/// a few hundred orders.
	pub(crate) fn indicative_of(market: MarketId, orders: u32) -> Option<Indicative> {
		if Hot::<T>::get(market).phase == Phase::Continuous && !Self::batches(market) {
			return None;
		}
		Self::price_of(market, (Ticks(1), Ticks::MAX), orders).filter(|found| found.complete)
	}

	/// [`Self::indicative_of`] for who asks within a block.
	pub(crate) fn indicative_told(market: MarketId) -> Option<Indicative> {
		Self::indicative_of(market, TOLD_ORDERS)
	}

	fn batches(market: MarketId) -> bool {
		Terms::<T>::get(market).is_some_and(|terms| terms.mode == Mode::FrequentBatch)
	}

	/// Fix the price of an auction, or extend it.
	fn price_auction(market: MarketId, extensions: u8, meter: &mut WeightMeter) {
		if meter.try_consume(pricing::<T>()).is_err() {
			return;
		}
		let found = Self::price_of(market, (Ticks(1), Ticks::MAX), PRICED_ORDERS);
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
		// Without a price nothing trades, and what has expired still must not make the book look
		// crossed.
		Self::set_phase(market, Phase::Uncrossing { price: priced(found) });
	}

	/// Fix the price of the batch that the last block collected.
	fn price_batch(market: MarketId, view: &GateView, meter: &mut WeightMeter) {
		if meter.try_consume(pricing::<T>()).is_err() {
			return;
		}
		let found = Self::price_of(market, (view.band.low, view.band.high), PRICED_ORDERS);
		Self::set_phase(market, Phase::Uncrossing { price: priced(found) });
	}

	/// Trade at the auction's price, as far as `meter` goes.
	fn uncross_market(
		market: MarketId,
		terms: &MarketTerms,
		price: Ticks,
		meter: &mut WeightMeter,
	) {
		let fills = STEP_FILLS.into();
		let most = T::WeightInfo::operation(&Work::worst(0, 0, 2 * fills, fills));
		while meter.can_consume(most) {
			let (step, work) = match Self::uncross_step(market, terms, price) {
				Ok(done) => done,
				Err(error) => {
					log::error!("market {market:?} does not uncross: {error:?}");
					return;
				},
			};
			meter.consume(T::WeightInfo::operation(&work));
			match step.end {
				Ended::Budget => {},
				Ended::Stopped => return,
				// A batch is bound to the band; what is left beyond it waits.
				Ended::Crossed if terms.mode == Mode::Continuous => {
					let (blocks, extensions) = (CLOSING_BLOCKS, MAX_EXTENSIONS);
					return Self::set_phase(market, Phase::Closing { blocks, extensions });
				},
				Ended::Crossed | Ended::Done => {
					Self::set_phase(market, Phase::Continuous);
					if !price.is_zero() || terms.mode == Mode::Continuous {
						Self::deposit_event(Event::AuctionEnded { market, price });
					}
					return;
				},
			}
		}
	}

	/// A few pairs in one session.
	fn uncross_step(
		market: MarketId,
		terms: &MarketTerms,
		price: Ticks,
	) -> Result<(Uncrossed, Work), sp_runtime::DispatchError> {
		frame_support::storage::with_storage_layer(|| {
			let (mut session, mut books) = (T::Clearing::session(), Books::<T>::new());
			let (max_fills, max_removals) = (STEP_FILLS, STEP_FILLS);
			let at = Uncross { market, price, now: Self::seconds(), max_fills, max_removals };
			let mut crowd = Crowd::<T, _> { session: &mut session, terms, _config: PhantomData };
			let step = uncross(books.store(), &mut crowd, &at);
			books.uncrossed(market, price, &step, terms.contract);
			let mut work = Work::default();
			work.matched(step.fills.saturating_mul(2), step.removals);
			// Nobody adds more than he was asked for.
			let settled = session.commit(Check::None)?;
			work.settled(settled, books.save());
			Ok((step, work))
		})
	}
}

/// What finding a price may cost: every order in a page of its own.
fn pricing<T: Config>() -> frame_support::weights::Weight {
	T::DbWeight::get().reads(u64::from(PRICED_ORDERS).saturating_mul(5) / 4)
}

/// The price found. Zero where there is none: nothing trades there, and what has expired leaves the
/// book.
fn priced(found: Option<Indicative>) -> Ticks {
	found.map_or(Ticks::ZERO, |found| found.price)
}

/// Whether `price` is further from the index than an auction that was extended so often accepts.
fn outside_collar(price: Ticks, index: Ticks, extensions: u8) -> bool {
	let percent = COLLAR_PERCENT << extensions.min(MAX_EXTENSIONS);
	let distance = u64::from(price.0.abs_diff(index.0));
	!index.is_zero() && distance.saturating_mul(100) > u64::from(index.0).saturating_mul(percent)
}

/// Those who stand behind the orders of an auction.
struct Crowd<'a, T, S> {
	session: &'a mut S,
	terms: &'a MarketTerms,
	_config: PhantomData<T>,
}

impl<T: Config, S: Session> Crowd<'_, T, S> {
	fn verdict(&mut self, id: OrderId, order: &Resting, want: Lots, takes: bool) -> Verdict {
		let fee = self.fee(order);
		self.session.pays(fee, takes);
		self.session.maker(order.owner, id, want, order.reduce_only())
	}

	/// The maker's fee of an account, which is never a rebate here.
	fn fee(&mut self, order: &Resting) -> SignedPpm {
		let fees = self.terms.fees_at(self.session.volume(order.owner));
		SignedPpm(fees.maker.0.max(0))
	}
}

impl<T: Config, S: Session> Counterparties for Crowd<'_, T, S> {
	fn verdicts(&mut self, pair: &Pair) -> Verdicts {
		let (bid, ask) = (&pair.bid, &pair.ask);
		let gone = Verdict::Remove(Removal::Margin);
		let stays = Verdict::Fill(pair.lots);
		if self.session.load(bid.order.owner).is_err() {
			return Verdicts { bid: gone, ask: stays };
		}
		if self.session.load(ask.order.owner).is_err() {
			return Verdicts { bid: stays, ask: gone };
		}
		if self.session.same_owner(bid.order.owner, ask.order.owner) {
			// The older order keeps its place.
			let own = Verdict::Remove(Removal::SelfTrade);
			return match pair.younger() {
				Side::Bid => Verdicts { bid: own, ask: stays },
				Side::Ask => Verdicts { bid: stays, ask: own },
			};
		}
		Verdicts {
			bid: self.verdict(bid.id, &bid.order, pair.lots, pair.younger() == Side::Bid),
			ask: self.verdict(ask.id, &ask.order, pair.lots, pair.younger() == Side::Ask),
		}
	}

	fn filled(&mut self, pair: &Pair) {
		let side = pair.younger();
		let (taker, maker) = match side {
			Side::Bid => (&pair.bid, &pair.ask),
			Side::Ask => (&pair.ask, &pair.bid),
		};
		let fees = Fees {
			taker: breakwater_primitives::Ppm(self.fee(&taker.order).0.unsigned_abs()),
			maker: self.fee(&maker.order),
		};
		let (owner, reduce_only) = (taker.order.owner, taker.order.reduce_only());
		let gone = taker.order.lots == pair.lots;
		self.session.free(owner, taker.id, pair.lots, reduce_only, gone);
		self.session.settle(&pair.fill(side), &fees);
		Pallet::<T>::deposit_event(Event::AuctionFilled {
			market: pair.market,
			price: pair.price,
			lots: pair.lots,
			bid: pair.bid.id,
			buyer: pair.bid.order.owner,
			ask: pair.ask.id,
			seller: pair.ask.order.owner,
		});
	}

	fn removed(&mut self, id: OrderId, resting: &Resting, lots: Lots, why: Removal) {
		let owner = resting.owner;
		if self.session.load(owner).is_ok() {
			self.session.free(owner, id, lots, resting.reduce_only(), true);
		}
		let reason = Reason::from(why);
		Pallet::<T>::deposit_event(Event::OrderRemoved { id, account: owner, lots, reason });
	}
}
