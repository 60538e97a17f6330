//! The exchange as the clearing house and the price guard see it.

use crate::{
	books::{best_crosses, Books, Rules},
	order::Reason,
	types::Phase,
	Config, Event, Hot, Indications, Numbered, Pallet, Stops, Terms,
};
use alloc::vec::Vec;
use breakwater_core::{
	book::{self, Order},
	matching::{SelfTrade, Taker},
	store::Flushed,
};
use breakwater_primitives::{
	clearing::Closed, AccountRef, Gate, Hold, Lots, MarketId, OpenOrder, OrderId, Quote, Quotes,
	Sequence, Session, Side, Ticks, Venue,
};
use frame_support::traits::{Get, UnixTime};
use sp_runtime::SaturatedConversion;

/// How many resting orders [`Venue::depth`] looks at.
const DEPTH_ORDERS: u16 = 64;
/// How many resting orders of a side are looked at for one that has not expired, to quote it.
const QUOTED_ORDERS: u32 = 8;

impl<T: Config> Pallet<T> {
	/// Chain time in whole seconds.
	pub(crate) fn seconds() -> u32 {
		T::Time::now().as_secs().saturated_into()
	}
}

impl<T: Config> Pallet<T> {
	/// Take an order of an account that is liquidated, or unwound, off the book. Returns whether it
	/// rested.
	fn take_back<S: Session>(
		session: &mut S,
		books: &mut Books<T>,
		who: AccountRef,
		id: OrderId,
	) -> bool {
		let Some(resting) = books.remove(id) else {
			session.free(who, id, Lots::ZERO, false, true);
			return false;
		};
		let lots = resting.lots;
		session.free(who, id, lots, resting.reduce_only(), true);
		let reason = Reason::Liquidation;
		Self::deposit_event(Event::OrderRemoved { id, account: who, lots, reason });
		true
	}

	/// Let `lots` of what is offered rest as a reduce-only order. Where neither account nor book has a
	/// place for it, it does not.
	fn rest_reducing<S: Session>(session: &mut S, books: &mut Books<T>, offer: &Taker, lots: Lots) {
		let Taker { market, account, side, limit: price, .. } = *offer;
		let block = frame_system::Pallet::<T>::block_number().saturated_into::<u32>();
		let index = frame_system::Pallet::<T>::extrinsic_index().unwrap_or(u32::MAX);
		let sequence = Sequence::new(block, index.saturated_into(), Numbered::<T>::get()).next();
		let (reduce_only, expiry) = (true, 0);
		let order =
			Order { market, owner: account, side, price, lots, sequence, reduce_only, expiry };
		let Ok(id) = books.rest(&order) else { return };
		let hold = Hold { id, lots, reduce_only, client: 0 };
		if session.hold(account, &hold).is_err() {
			books.remove(id);
			return;
		}
		Numbered::<T>::put(sequence.0 as u16);
		Self::deposit_event(Event::OrderPlaced {
			id,
			account,
			client: 0,
			lots,
			reduce_only,
			expiry,
		});
	}
}

/// Pages and words that were written.
const fn written(flushed: Flushed) -> u16 {
	flushed.pages.saturating_add(flushed.words)
}

impl<T: Config> Venue for Pallet<T> {
	/// A liquidation is bound to the band like everybody else.
	fn close<S: Session>(
		session: &mut S,
		market: MarketId,
		who: AccountRef,
		side: Side,
		lots: Lots,
		worst: Ticks,
		max_fills: u16,
	) -> Closed {
		let Some(terms) = Terms::<T>::get(market) else { return Closed::default() };
		let mut books = Books::<T>::new();
		// Nothing trades before the auction does.
		let halted = books.phase(market) != Phase::Continuous;
		if halted || lots.is_zero() || session.load(who).is_err() {
			return Closed::default();
		}
		let band = T::Gate::view(market).band;
		let rules = Rules::free(&terms, band);
		let taker = Taker {
			market,
			account: who,
			side,
			limit: worst,
			lots,
			max_fills,
			// What is met is bounded by what the caller has room for.
			max_removals: T::MaxRemovals::get().min(max_fills),
			now: Self::seconds(),
		};
		let taken = books.take(session, &taker, SelfTrade::CancelResting, &rules).taken;
		let pages = written(books.save());
		Closed { lots: taken.lots, removed: taken.removals, pages }
	}

	fn offer<S: Session>(
		session: &mut S,
		market: MarketId,
		who: AccountRef,
		side: Side,
		lots: Lots,
		price: Ticks,
		max_fills: u16,
	) -> Closed {
		let Some(terms) = Terms::<T>::get(market) else { return Closed::default() };
		let mut books = Books::<T>::new();
		if books.phase(market) != Phase::Continuous || session.load(who).is_err() {
			return Closed::default();
		}
		let in_market = |order: &OpenOrder| order.id.market() == market;
		let resting: Vec<_> = session.orders(who).into_iter().filter(in_market).collect();
		if let [order] = resting[..] {
			let same = order.id.side() == side && order.id.tick() == price;
			// What others want at the price would have traded with it, and it keeps its place in time.
			if same && books.find(order.id).is_some_and(|found| found.lots == lots) {
				return Closed::default();
			}
		}
		for order in resting {
			Self::take_back(session, &mut books, who, order.id);
		}
		let rules = Rules::free(&terms, T::Gate::view(market).band);
		let taker = Taker {
			market,
			account: who,
			side,
			limit: price,
			lots,
			max_fills,
			max_removals: T::MaxRemovals::get(),
			now: Self::seconds(),
		};
		let mut closed = Closed::default();
		if !lots.is_zero() {
			let taken = books.take(session, &taker, SelfTrade::CancelResting, &rules).taken;
			closed = Closed { lots: taken.lots, removed: taken.removals, pages: 0 };
		}
		let left = lots.saturating_sub(closed.lots);
		let crosses = books.best(market, side.opposite()).is_some_and(|b| side.accepts(price, b));
		if !left.is_zero() && !crosses && !rules.left_behind(side, price) {
			Self::rest_reducing(session, &mut books, &taker, left);
		}
		Closed { pages: written(books.save()), ..closed }
	}

	fn cancel_all<S: Session>(session: &mut S, who: AccountRef, max: u16) -> u16 {
		if session.load(who).is_err() {
			return 0;
		}
		let mut books = Books::<T>::new();
		let mut cancelled = 0u16;
		for order in session.orders(who).iter().take(max.into()) {
			let found = Self::take_back(session, &mut books, who, order.id);
			cancelled = cancelled.saturating_add(found.into());
		}
		books.save();
		cancelled
	}

	fn forget(who: AccountRef) -> bool {
		if Stops::<T>::contains_key(who) {
			return false;
		}
		Self::forget_switch(who);
		true
	}

	fn open(market: MarketId) -> bool {
		Hot::<T>::get(market).phase == Phase::Continuous
	}

	fn depth(market: MarketId, side: Side, worst: Ticks) -> u128 {
		let Some(terms) = Terms::<T>::get(market) else { return 0 };
		let band = T::Gate::view(market).band;
		let limit = Rules::free(&terms, band).within(side, worst);
		let (mut books, now) = (Books::<T>::new(), Self::seconds());
		if books.phase(market) != Phase::Continuous {
			return 0;
		}
		let (_, lot_ticks) =
			book::available(books.store(), market, side, limit, Lots::MAX, DEPTH_ORDERS, now);
		lot_ticks.saturating_mul(terms.contract.unit.into())
	}
}

impl<T: Config> Quotes for Pallet<T> {
	fn quote(market: MarketId) -> Quote {
		let hot = Hot::<T>::get(market);
		let impact = Self::impact_of(market);
		if hot.phase != Phase::Continuous {
			let indicative = match hot.phase {
				Phase::Uncrossing { price, .. } => Some(price).filter(|price| !price.is_zero()),
				_ => Indications::<T>::get(market),
			};
			return Quote { last: hot.last, impact, indicative, ..Default::default() };
		}
		// A batch that has been collected and not traded may cross.
		if best_crosses(&hot) {
			return Quote { last: hot.last, impact, ..Default::default() };
		}
		// What has expired binds nobody and is no quote, though it may rest until somebody meets it.
		let (mut books, now) = (Books::<T>::new(), Self::seconds());
		let mut live = |side| {
			hot.best(side)?;
			book::best_live(books.store(), market, side, now, QUOTED_ORDERS)
		};
		let (bid, ask) = (live(Side::Bid), live(Side::Ask));
		Quote { bid, ask, last: hot.last, impact, ..Default::default() }
	}
}
