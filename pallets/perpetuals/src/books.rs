//! The books that one operation touches: pages and words behind a write-back cache, and each
//! market's [`Hot`] item, which is written only when something in it changed.

use crate::{
	types::{HotMarket, Reason},
	Config, Event, Hot, Pages, Pallet, Words,
};
use alloc::vec::Vec;
use breakwater_core::{
	book::{self, BookFull, Order},
	matching::{self, Counterparty, End, Taken, Taker},
	page::{Page, Resting},
	store::{Flushed, WriteBack},
};
use breakwater_primitives::{
	clearing::Fees, level::Band, store::MapBackend, AccountRef, Contract, Fill, Lots, MarketId,
	Observation, Observe, OrderId, Removal, Session, Side, Ticks, Verdict,
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
}

/// Where and with what fees a match happens.
#[derive(Clone, Copy)]
pub(crate) struct Rules {
	pub(crate) contract: Contract,
	pub(crate) fees: Fees,
	pub(crate) band: Band,
}

impl Rules {
	/// `limit` moved to the edge of the band that an order of `side` would cross. Unlike
	/// [`Band::clamp`] it never makes a limit worse for its owner.
	pub(crate) fn within(&self, side: Side, limit: Ticks) -> Ticks {
		match side {
			Side::Bid => limit.min(self.band.high),
			Side::Ask => limit.max(self.band.low),
		}
	}
	fn contains(&self, price: Ticks) -> bool {
		self.band.low <= price && price <= self.band.high
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
		Self { store: WriteBack::new(MapBackend::default()), touched: Vec::new() }
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

	/// The best price of a side.
	pub(crate) fn best(&mut self, market: MarketId, side: Side) -> Option<Ticks> {
		self.touch(market).hot.best(side)
	}

	/// Whether the book has enough for `taker` inside the band.
	pub(crate) fn can_fill(&mut self, taker: &Taker, rules: &Rules) -> bool {
		let inside = Taker { limit: rules.within(taker.side, taker.limit), ..*taker };
		matching::can_fill(&mut self.store, &inside)
	}

	/// Match `taker` at prices inside the band. His fills settle in `session`.
	pub(crate) fn take<S: Session>(
		&mut self,
		session: &mut S,
		taker: &Taker,
		rules: &Rules,
	) -> Outcome {
		let inside = Taker { limit: rules.within(taker.side, taker.limit), ..*taker };
		let mut makers = Makers::<T, S> {
			session,
			taker: taker.account,
			rules,
			resting: Lots::ZERO,
			last: None,
			outside: None,
			_config: PhantomData,
		};
		let taken = matching::take(&mut self.store, &mut makers, &inside);
		let (last, outside) = (makers.last, makers.outside);
		let wanted = match taken.end {
			End::Limit(next) if taker.side.accepts(taker.limit, next) => Some(next),
			End::Stopped => outside,
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

impl Touched {
	fn record(&mut self, taken: &Taken, last: Option<Ticks>, contract: Contract) {
		let Some((low, high)) = taken.range else { return };
		let notional = taken.lot_ticks.saturating_mul(contract.unit as u128);
		let (was_low, was_high, before) = self.traded.unwrap_or((low, high, 0));
		let sum = before.saturating_add(notional);
		self.traded = Some((low.min(was_low), high.max(was_high), sum));
		self.hot.last = last.or(self.hot.last);
		self.hot.trades = self.hot.trades.saturating_add(taken.fills.into());
		self.hot.volume = self.hot.volume.saturating_add(notional);
	}

	fn save<T: Config>(&self) {
		if self.hot == self.stored {
			return;
		}
		if self.hot == HotMarket::default() {
			Hot::<T>::remove(self.market);
		} else {
			Hot::<T>::insert(self.market, self.hot);
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
	rules: &'a Rules,
	/// What rested of the order that was met last.
	resting: Lots,
	last: Option<Ticks>,
	outside: Option<Ticks>,
	_config: PhantomData<T>,
}

impl<T: Config, S: Session> Counterparty for Makers<'_, T, S> {
	fn verdict(&mut self, id: OrderId, resting: &Resting, want: Lots) -> Verdict {
		let price = id.tick();
		// The taker's limit keeps him inside one edge of the band. Beyond the other edge rest
		// orders that the band has left behind: such a trade does not happen either.
		if !self.rules.contains(price) {
			self.outside = Some(price);
			return Verdict::Stop;
		}
		if self.session.load(resting.owner).is_err() {
			return Verdict::Remove(Removal::Margin);
		}
		if self.session.same_owner(self.taker, resting.owner) {
			return Verdict::Remove(Removal::SelfTrade);
		}
		self.resting = resting.lots;
		self.session.maker(resting.owner, id, want, resting.reduce_only())
	}

	fn filled(&mut self, fill: &Fill) {
		// An order that its owner could not carry whole is gone only when its rest was removed.
		let maker_done = fill.lots == self.resting;
		self.session.settle(&Fill { maker_done, ..*fill }, &self.rules.fees);
		self.last = Some(fill.price);
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
