//! The exchange as the clearing house and the price guard see it.

use crate::{
	books::{best_crosses, Books, Rules},
	order::Reason,
	types::Phase,
	Config, Event, Hot, Pallet, Terms,
};
use breakwater_core::{
	book,
	matching::{SelfTrade, Taker},
};
use breakwater_primitives::{
	clearing::Closed, AccountRef, Gate, Lots, MarketId, Quote, Quotes, Session, Side, Ticks, Venue,
};
use frame_support::traits::{Get, UnixTime};
use sp_runtime::SaturatedConversion;

/// How many resting orders [`Venue::depth`] looks at.
const DEPTH_ORDERS: u16 = 64;

impl<T: Config> Pallet<T> {
	/// Chain time in whole seconds.
	pub(crate) fn seconds() -> u32 {
		T::Time::now().as_secs().saturated_into()
	}
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
		books.save();
		Closed { lots: taken.lots, removed: taken.removals }
	}

	fn cancel_all<S: Session>(session: &mut S, who: AccountRef, max: u16) -> u16 {
		if session.load(who).is_err() {
			return 0;
		}
		let mut books = Books::<T>::new();
		let mut cancelled = 0u16;
		for order in session.orders(who).iter().take(max.into()) {
			let Some(resting) = books.remove(order.id) else {
				session.free(who, order.id, Lots::ZERO, false, true);
				continue;
			};
			let (id, lots) = (order.id, resting.lots);
			session.free(who, id, lots, resting.reduce_only(), true);
			let reason = Reason::Liquidation;
			Self::deposit_event(Event::OrderRemoved { id, account: who, lots, reason });
			cancelled = cancelled.saturating_add(1);
		}
		books.save();
		cancelled
	}

	fn open(market: MarketId) -> bool {
		Hot::<T>::get(market).phase == Phase::Continuous
	}

	fn depth(market: MarketId, side: Side, worst: Ticks) -> u128 {
		let Some(terms) = Terms::<T>::get(market) else { return 0 };
		let band = T::Gate::view(market).band;
		let limit = Rules::free(&terms, band).within(side, worst);
		let mut books = Books::<T>::new();
		if books.phase(market) != Phase::Continuous {
			return 0;
		}
		let (_, lot_ticks) =
			book::available(books.store(), market, side, limit, Lots::MAX, DEPTH_ORDERS);
		lot_ticks.saturating_mul(terms.contract.unit.into())
	}
}

impl<T: Config> Quotes for Pallet<T> {
	fn quote(market: MarketId) -> Quote {
		let hot = Hot::<T>::get(market);
		let impact = Self::impact_of(market);
		if hot.phase != Phase::Continuous {
			let indicative = Self::indicative_told(market).map(|found| found.price);
			return Quote { last: hot.last, impact, indicative, ..Default::default() };
		}
		// A batch that has been collected and not traded may cross.
		let (bid, ask) = if best_crosses(&hot) { (None, None) } else { (hot.bid, hot.ask) };
		Quote { bid, ask, last: hot.last, impact, ..Default::default() }
	}
}
