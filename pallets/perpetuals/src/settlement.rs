//! Settlement: the book of a market that is wound down is cleared, and the market is closed.
//!
//! ```text
//!   circuit-breaker, level 6 ──► status Settling: no order, no stop, no auction, no funding
//!   on_initialize ──► the best orders of both sides, a few at a time ──► their margin is free
//!                 ──► stop orders                                  ──► gone
//!                 ──► nothing left, and the clearing house has paid everybody ──► status Closed
//! ```
//!
//! Orders stay where they are until it is their turn; nothing trades with them, and their owners may
//! cancel them as before. The price at which positions are closed does not hang on the book, so the
//! clearing house does not wait for it.

use crate::{
	books::Books,
	cost::{self, Work},
	order::Reason,
	stops::{store, Looked},
	types::{Phase, Status},
	Config, Error, Event, Hot, NearestStops, Pallet, Premiums, Settling, Terms, WeightInfo,
};
use breakwater_core::{book, store::Kind, trigger::crossed};
use breakwater_primitives::{
	Check, Clearing, MarketId, Session, Settlement, Side, Ticks, MAX_MARKETS,
};
use frame_support::{
	dispatch::DispatchResult,
	pallet_prelude::DispatchError,
	storage::with_storage_layer,
	weights::{Weight, WeightMeter},
};

/// Orders that are removed at once.
const STEP: usize = 16;
/// Stops that are.
const STOPS_STEP: usize = 6;

impl<T: Config> Settlement for Pallet<T> {
	fn begin(market: MarketId) -> DispatchResult {
		Terms::<T>::try_mutate(market, |stored| -> DispatchResult {
			let terms = stored.as_mut().ok_or(Error::<T>::MarketNotFound)?;
			frame_support::ensure!(!terms.status.is_over(), Error::<T>::MarketSettling);
			terms.status = Status::Settling;
			Ok(())
		})?;
		Settling::<T>::mutate(|bits| *bits |= bit(market));
		Self::watch(market, false);
		Self::deposit_event(Event::MarketSettling { market });
		Ok(())
	}
}

/// A market's bit in a bitmap of all markets.
fn bit(market: MarketId) -> u64 {
	1u64.checked_shl(market.0.into()).unwrap_or(0)
}

/// What a step of clearing a book may cost: each order of another account.
fn most_of_a_step<T: Config>() -> Weight {
	cost::clear_orders::<T>(&Work::worst(0, STEP as u32, 0, 0))
}

/// What removing some stops may cost, with finding them, each in a bucket of its own, and those that
/// are nearest then.
fn most_of_stops<T: Config>() -> Weight {
	let one = Looked::MOST_OF_FINDING.plus(Looked::MOST_OF_MOVE).weight::<T>();
	T::WeightInfo::clear_stops(STOPS_STEP as u32)
		.saturating_add(one.saturating_mul(STOPS_STEP as u64))
		.saturating_add(Looked::MOST_OF_RENEWAL.weight::<T>())
}

/// What clearing a settled market takes at the least to go on.
pub(crate) fn least_of_clearing<T: Config>() -> Weight {
	let step = most_of_a_step::<T>().max(most_of_stops::<T>()).max(T::WeightInfo::close_market());
	T::WeightInfo::look_at_settled().saturating_add(step)
}

impl<T: Config> Pallet<T> {
	/// Clear the books of markets that are settled, as far as `meter` goes. Each block begins with
	/// another market.
	pub(crate) fn clear_settled(meter: &mut WeightMeter) {
		let bits = Settling::<T>::get();
		if bits == 0 {
			return;
		}
		let first = (Self::block() % u32::from(MAX_MARKETS)) as u16;
		for market in (first..MAX_MARKETS).chain(0..first).map(MarketId) {
			if bits & bit(market) == 0 {
				continue;
			}
			if meter.try_consume(T::WeightInfo::look_at_settled()).is_err() {
				return;
			}
			if Self::clear_book(market, meter) && Self::clear_stops(market, meter) {
				Self::close_settled(market, meter);
			}
		}
	}

	/// Returns whether no order is left.
	pub(crate) fn clear_book(market: MarketId, meter: &mut WeightMeter) -> bool {
		loop {
			let hot = Hot::<T>::get(market);
			if hot.bid.is_none() && hot.ask.is_none() {
				return true;
			}
			if !meter.can_consume(most_of_a_step::<T>()) {
				return false;
			}
			match with_storage_layer(|| Self::clear_some(market)) {
				Ok(work) => meter.consume(cost::clear_orders::<T>(&work)),
				Err(error) => {
					log::error!("the book of {market:?} is not cleared: {error:?}");
					return false;
				},
			}
		}
	}

	/// Remove a few orders in one session.
	fn clear_some(market: MarketId) -> Result<Work, DispatchError> {
		let (mut session, mut books) = (T::Clearing::session(), Books::<T>::new());
		let mut work = Work::default();
		for side in [Side::Bid, Side::Ask] {
			while (work.cancels as usize) < STEP {
				let Some(best) = books.best(market, side) else { break };
				let room = STEP.saturating_sub(work.cancels as usize);
				for (id, resting) in book::level(books.store(), market, side, best, room) {
					books.remove(id);
					let (account, lots) = (resting.owner, resting.lots);
					if session.load(account).is_ok() {
						session.free(account, id, lots, resting.reduce_only(), true);
					}
					let reason = Reason::Settlement;
					Self::deposit_event(Event::OrderRemoved { id, account, lots, reason });
					work.cancels = work.cancels.saturating_add(1);
				}
			}
		}
		// Nothing is demanded of accounts that only have fewer orders.
		let settled = session.commit(Check::None)?;
		work.settled(settled, books.save());
		Ok(work)
	}

	/// Returns whether no stop order is left.
	pub(crate) fn clear_stops(market: MarketId, meter: &mut WeightMeter) -> bool {
		while NearestStops::<T>::get(market) != Default::default() {
			if !meter.can_consume(most_of_stops::<T>()) {
				return false;
			}
			meter.consume(Self::clear_some_stops(market));
		}
		Self::note_stops(market, false);
		true
	}

	/// Remove a few stops. Returns what that took.
	fn clear_some_stops(market: MarketId) -> Weight {
		let (mut gone, mut looked) = (0usize, Looked::default());
		for (kind, at) in [(Kind::Falling, Ticks(1)), (Kind::Rising, Ticks::MAX)] {
			let mut triggers = store::<T>();
			let found = crossed(&mut triggers, market, kind, at, STOPS_STEP.saturating_sub(gone));
			looked.add(Looked::by(triggers));
			gone = gone.saturating_add(found.len());
			for (trigger, waiting) in found {
				let (account, slot) = (waiting.account, waiting.what);
				looked.add(Self::take_stop(account, slot, market, kind, trigger).1);
				Self::deposit_event(Event::StopCancelled { account, slot });
			}
		}
		looked.add(Self::renew_nearest(market));
		T::WeightInfo::clear_stops(gone as u32).saturating_add(looked.weight::<T>())
	}

	/// The market is empty: once everybody is paid it is closed.
	fn close_settled(market: MarketId, meter: &mut WeightMeter) {
		if Hot::<T>::get(market).phase != Phase::Continuous {
			Self::set_phase(market, Phase::Continuous);
		}
		if !T::Clearing::is_settled(market)
			|| meter.try_consume(T::WeightInfo::close_market()).is_err()
		{
			return;
		}
		Self::close_market(market);
	}

	/// Nothing of the market is left but its terms.
	pub(crate) fn close_market(market: MarketId) {
		Terms::<T>::mutate(market, |stored| {
			if let Some(terms) = stored {
				terms.status = Status::Closed;
			}
		});
		Premiums::<T>::remove(market);
		Settling::<T>::mutate(|bits| *bits &= !bit(market));
		Self::deposit_event(Event::MarketClosed { market });
	}
}
