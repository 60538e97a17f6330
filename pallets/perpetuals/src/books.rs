//! The books that one operation touches: pages and words behind a write-back cache, and each
//! market's [`Hot`] item, which is written only when something in it changed.

use crate::{
	order::Reason,
	types::{fee_tier, FeeTiers, HotMarket, MarketTerms, Phase},
	Config, Event, Hot, Pages, Pallet, Words,
};
use alloc::vec::Vec;
use breakwater_core::{
	auction::Uncrossed,
	book::{self, BookFull, Order},
	matching::{self, Counterparty, End, Reach, SelfTrade, Taken, Taker},
	page::{Page, Resting},
	store::{Flushed, WriteBack},
};
use breakwater_primitives::{
	api::DryFill, clearing::Fees, level::Band, store::MapBackend, AccountRef, Balance, Contract,
	Fill, Lots, MarketId, Observation, Observe, OrderId, Removal, Session, Side, Ticks, Verdict,
};
use core::marker::PhantomData;

/// The write-back cache over this pallet's storage.
pub(crate) type BookStore<T> = WriteBack<MapBackend<Pages<T>, Words<T>>, Page>;

/// One market of an operation.
struct Touched {
	market: MarketId,
	stored: HotMarket,
	hot: HotMarket,
	/// Lowest and highest price, and notional value, of what was traded.
	traded: Option<(Ticks, Ticks, u128)>,
	/// Where an order would have traded next, had there been no band.
	wanted: Option<Ticks>,
}

/// The books of one operation. Dropping them without [`Books::save`] changes nothing.
pub(crate) struct Books<T: Config> {
	store: BookStore<T>,
	touched: Vec<Touched>,
	/// The taker's fills and the fees that he paid for them, where somebody wants to know.
	record: Option<(Vec<DryFill>, Balance)>,
}

/// Where and with what fees a match happens.
pub(crate) struct Rules {
	contract: Contract,
	band: Band,
	/// What the taker pays, and a maker who reaches no tier.
	fees: Fees,
	/// What makers pay by their volume.
	tiers: FeeTiers,
}

impl Rules {
	/// The rules of a market for a taker who traded `volume` in the last 30 days.
	pub(crate) fn of(terms: &MarketTerms, band: Band, volume: Balance) -> Self {
		let fees = Fees { taker: terms.fees_at(volume).taker, ..terms.fees };
		Self { contract: terms.contract, band, fees, tiers: terms.tiers.clone() }
	}
	/// The rules of a market for one who pays no fee, nor does his counterparty.
	pub(crate) fn free(terms: &MarketTerms, band: Band) -> Self {
		let (fees, tiers) = (Fees::default(), FeeTiers::new());
		Self { contract: terms.contract, band, fees, tiers }
	}
	/// The fees of a fill against a maker who traded `volume` in the last 30 days.
	fn fees(&self, volume: impl FnOnce() -> Balance) -> Fees {
		if self.tiers.is_empty() {
			return self.fees;
		}
		let maker = fee_tier(&self.tiers, volume()).map_or(self.fees.maker, |fees| fees.maker);
		Fees { maker, ..self.fees }
	}
	/// `limit` moved to the edge of the band that an order of `side` would cross. Unlike
	/// [`Band::clamp`] it never makes a limit worse for its owner.
	pub(crate) fn within(&self, side: Side, limit: Ticks) -> Ticks {
		match side {
			Side::Bid => limit.min(self.band.high),
			Side::Ask => limit.max(self.band.low),
		}
	}
	/// Whether the band has left an order of `side` at `price` behind: it offers more than any trade
	/// may give.
	pub(crate) fn left_behind(&self, side: Side, price: Ticks) -> bool {
		self.within(side, price) != price
	}
}

/// What [`Books::take`] did.
pub(crate) struct Outcome {
	pub(crate) taken: Taken,
	/// An order within the taker's own limit, but outside the band, was next.
	pub(crate) band_reached: bool,
}

impl<T: Config> Books<T> {
	pub(crate) fn new() -> Self {
		Self { store: WriteBack::new(MapBackend::default()), touched: Vec::new(), record: None }
	}

	/// Record fills from now on.
	pub(crate) fn record(&mut self) {
		self.record = Some(Default::default());
	}

	/// What was recorded.
	pub(crate) fn recorded(&mut self) -> (Vec<DryFill>, Balance) {
		self.record.take().unwrap_or_default()
	}

	pub(crate) fn store(&mut self) -> &mut BookStore<T> {
		&mut self.store
	}

	fn touch(&mut self, market: MarketId) -> &mut Touched {
		let at = self.touched.iter().position(|t| t.market == market).unwrap_or_else(|| {
			let stored = Hot::<T>::get(market);
			let new = Touched { market, stored, hot: stored, traded: None, wanted: None };
			self.touched.push(new);
			self.touched.len() - 1
		});
		&mut self.touched[at]
	}

	/// Whether and how orders of the market are collected.
	pub(crate) fn phase(&mut self, market: MarketId) -> Phase {
		self.touch(market).hot.phase
	}

	pub(crate) fn set_phase(&mut self, market: MarketId, phase: Phase) {
		self.touch(market).hot.phase = phase;
	}

	/// The best price of a side.
	pub(crate) fn best(&mut self, market: MarketId, side: Side) -> Option<Ticks> {
		self.touch(market).hot.best(side)
	}

	/// Whether the book has enough for `taker` inside the band.
	pub(crate) fn can_fill(&mut self, taker: &Taker, rules: &Rules) -> Reach {
		let inside = Taker { limit: rules.within(taker.side, taker.limit), ..*taker };
		let live = |price| !rules.left_behind(taker.side.opposite(), price);
		matching::can_fill(&mut self.store, &inside, live)
	}

	/// Match `taker` at prices inside the band. His fills settle in `session`.
	pub(crate) fn take<S: Session>(
		&mut self,
		session: &mut S,
		taker: &Taker,
		self_trade: SelfTrade,
		rules: &Rules,
	) -> Outcome {
		let inside = Taker { limit: rules.within(taker.side, taker.limit), ..*taker };
		let mut makers = Makers::<T, S> {
			session,
			taker: taker.account,
			self_trade,
			record: self.record.as_mut(),
			rules,
			resting: Lots::ZERO,
			last: None,
			_config: PhantomData,
		};
		let taken = matching::take(&mut self.store, &mut makers, &inside);
		let last = makers.last;
		let wanted = match taken.end {
			End::Limit(next) if taker.side.accepts(taker.limit, next) => Some(next),
			_ => None,
		};
		if taken.fills > 0 || taken.removals > 0 {
			self.refresh(taker.market, taker.side.opposite());
		}
		let touched = self.touch(taker.market);
		touched.wanted = wanted.or(touched.wanted);
		touched.record(&taken, last, rules.contract);
		Outcome { taken, band_reached: wanted.is_some() }
	}

	/// Note what a step of an auction did at its price.
	pub(crate) fn uncrossed(
		&mut self,
		market: MarketId,
		price: Ticks,
		step: &Uncrossed,
		contract: Contract,
	) {
		if step.fills == 0 && step.removals == 0 {
			return;
		}
		self.refresh(market, Side::Bid);
		self.refresh(market, Side::Ask);
		if step.fills > 0 {
			let notional = contract.notional(step.lots, price);
			self.touch(market).trade((price, price), notional, price, step.fills);
		}
	}

	/// Let `order` rest.
	pub(crate) fn rest(&mut self, order: &Order) -> Result<OrderId, BookFull> {
		let id = book::rest(&mut self.store, order)?;
		let hot = &mut self.touch(order.market).hot;
		// A bid improves the best bid when the best bid would not reach up to it; asks alike.
		let improves = match hot.best(order.side) {
			Some(best) => !order.side.accepts(best, order.price),
			None => true,
		};
		if improves {
			hot.set_best(order.side, Some(order.price));
		}
		Ok(id)
	}

	/// The order `id`, if it rests.
	pub(crate) fn find(&mut self, id: OrderId) -> Option<Resting> {
		book::find(&mut self.store, id)
	}

	/// Take `by` lots, which is not all of it, off the order `id`; it keeps its place in time.
	pub(crate) fn reduce(&mut self, id: OrderId, by: Lots) {
		book::reduce(&mut self.store, id, by);
	}

	/// Remove the order `id`.
	pub(crate) fn remove(&mut self, id: OrderId) -> Option<Resting> {
		let resting = book::remove(&mut self.store, id)?;
		let (market, side) = (id.market(), id.side());
		if self.best(market, side) == Some(id.tick()) {
			self.refresh(market, side);
		}
		Some(resting)
	}

	fn refresh(&mut self, market: MarketId, side: Side) {
		let best = book::best(&mut self.store, market, side);
		self.touch(market).hot.set_best(side, best);
	}

	/// Write what changed, and tell the circuit breaker once per market what happened.
	pub(crate) fn save(self) -> Flushed {
		let flushed = self.store.flush();
		for touched in &self.touched {
			touched.save::<T>();
		}
		// Only now: what hears of it may read the book.
		for touched in &self.touched {
			touched.observe::<T>();
		}
		flushed
	}
}

/// Whether the best prices of a market cross.
pub(crate) fn best_crosses(hot: &HotMarket) -> bool {
	hot.bid.zip(hot.ask).is_some_and(|(bid, ask)| bid >= ask)
}

impl Touched {
	fn record(&mut self, taken: &Taken, last: Option<Ticks>, contract: Contract) {
		let Some(range) = taken.range else { return };
		let notional = taken.lot_ticks.saturating_mul(contract.unit as u128);
		self.trade(range, notional, last.unwrap_or(range.1), taken.fills);
	}

	fn trade(&mut self, (low, high): (Ticks, Ticks), notional: u128, last: Ticks, fills: u16) {
		let (was_low, was_high, before) = self.traded.unwrap_or((low, high, 0));
		let sum = before.saturating_add(notional);
		self.traded = Some((low.min(was_low), high.max(was_high), sum));
		self.hot.last = Some(last);
		self.hot.trades = self.hot.trades.saturating_add(fills.into());
		self.hot.volume = self.hot.volume.saturating_add(notional);
	}

	fn save<T: Config>(&self) {
		if self.hot == self.stored {
			return;
		}
		let mut hot = self.hot;
		if hot.phase != self.stored.phase {
			Pallet::<T>::watch(self.market, true);
		} else {
			// The commit may have halted the market: what it found is what the breaker acts on.
			hot.phase = Hot::<T>::get(self.market).phase;
		}
		if hot == HotMarket::default() {
			Hot::<T>::remove(self.market);
		} else {
			Hot::<T>::insert(self.market, hot);
		}
	}

	fn observe<T: Config>(&self) {
		if let Some((low, high, notional)) = self.traded {
			T::Observe::observe(self.market, &Observation::Traded { low, high, notional });
		}
		if let Some(wanted) = self.wanted {
			T::Observe::observe(self.market, &Observation::BandReached { wanted });
		}
	}
}

/// Those who stand behind resting orders: the accounts of a session.
struct Makers<'a, T, S> {
	session: &'a mut S,
	taker: AccountRef,
	self_trade: SelfTrade,
	record: Option<&'a mut (Vec<DryFill>, Balance)>,
	rules: &'a Rules,
	/// What rested of the order that was met last.
	resting: Lots,
	last: Option<Ticks>,
	_config: PhantomData<T>,
}

impl<T: Config, S: Session> Counterparty for Makers<'_, T, S> {
	/// The taker's limit keeps him inside one edge of the band. What rests beyond the other edge may
	/// not trade, and left in its place it would keep everybody from what rests behind it.
	fn stale(&mut self, id: OrderId, _: &Resting) -> Option<Removal> {
		self.rules.left_behind(id.side(), id.tick()).then_some(Removal::Band)
	}

	fn self_trade(&mut self, _: OrderId, resting: &Resting) -> Option<SelfTrade> {
		// Whoever does not load is told to go by the verdict.
		let known = self.session.load(resting.owner).is_ok();
		let own = known && self.session.same_owner(self.taker, resting.owner);
		own.then_some(self.self_trade)
	}

	fn decremented(&mut self, id: OrderId, resting: &Resting, by: Lots) {
		let account = resting.owner;
		self.session.free(account, id, by, resting.reduce_only(), false);
		let lots = resting.lots.saturating_sub(by);
		Pallet::<T>::deposit_event(Event::OrderReduced { id, account, lots });
	}

	fn verdict(&mut self, id: OrderId, resting: &Resting, want: Lots) -> Verdict {
		if self.session.load(resting.owner).is_err() {
			return Verdict::Remove(Removal::Margin);
		}
		self.resting = resting.lots;
		let fees = self.rules.fees(|| self.session.volume(resting.owner));
		self.session.pays(fees.maker, false);
		self.session.maker(resting.owner, id, want, resting.reduce_only())
	}

	fn filled(&mut self, fill: &Fill) {
		// An order that its owner could not carry whole is gone only when its rest was removed.
		let maker_done = fill.lots == self.resting;
		let fees = self.rules.fees(|| self.session.volume(fill.maker));
		self.session.settle(&Fill { maker_done, ..*fill }, &fees);
		self.last = Some(fill.price);
		if let Some((fills, paid)) = &mut self.record {
			let notional = self.rules.contract.notional(fill.lots, fill.price);
			fills.push(DryFill { price: fill.price, lots: fill.lots });
			*paid = paid.saturating_add(fees.taker.mul_ceil(notional));
		}
		Pallet::<T>::deposit_event(Event::Filled {
			market: fill.market,
			price: fill.price,
			lots: fill.lots,
			taker: fill.taker,
			taker_side: fill.taker_side,
			maker: fill.maker,
			maker_order: fill.maker_order,
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
