//! Taking resting orders out of the book again, or making them smaller.

use super::Desk;
use crate::{
	books::Rules,
	order::{PlaceOrder, Reason},
	types::{Mode, Phase, MAX_CANCELS},
	Config, Error, Event, Pallet, Terms,
};
use breakwater_core::page::Resting;
use breakwater_primitives::{ClientId, Gate, Lots, MarketId, OrderId, Session};
use frame_support::{dispatch::DispatchResult, ensure};

impl<T: Config> Desk<T> {
	/// Cancel the resting order `id` of the account. Anybody may cancel an order that trades with
	/// nobody any more.
	pub(crate) fn cancel(&mut self, id: OrderId) -> DispatchResult {
		self.work.cancels = self.work.cancels.saturating_add(1);
		let resting = self.books.remove(id).ok_or(Error::<T>::OrderNotFound)?;
		let (account, lots) = (resting.owner, resting.lots);
		if account == self.who {
			Pallet::<T>::deposit_event(Event::OrderCancelled { id, account, lots });
		} else {
			let reason = self.stale(id, &resting).ok_or(Error::<T>::NotYourOrder)?;
			self.swept = self.swept.saturating_add(1);
			self.session.load(account)?;
			Pallet::<T>::deposit_event(Event::OrderRemoved { id, account, lots, reason });
		}
		self.session.free(account, id, lots, resting.reduce_only(), true);
		Ok(())
	}

	/// Why an order trades with nobody any more: it has expired, or the band has left it behind. What
	/// an auction or a batch collects trades at one price inside the band, whatever it offers.
	fn stale(&mut self, id: OrderId, resting: &Resting) -> Option<Reason> {
		if resting.expired(self.seconds()) {
			return Some(Reason::Expired);
		}
		let market = id.market();
		let terms = Terms::<T>::get(market)?;
		let matched =
			terms.mode == Mode::Continuous && self.books.phase(market) == Phase::Continuous;
		let rules = Rules::free(&terms, T::Gate::view(market).band);
		let left_behind = matched && rules.left_behind(id.side(), id.tick());
		left_behind.then_some(Reason::Band)
	}

	/// The resting order of the account with this client id.
	pub(super) fn by_client(&mut self, client: ClientId) -> Option<OrderId> {
		let orders = self.session.orders(self.who);
		orders.iter().find(|order| order.client == client).map(|order| order.id)
	}

	/// Cancel the resting order of the account with this client id.
	pub(crate) fn cancel_client(&mut self, client: ClientId) -> DispatchResult {
		let id = if client == 0 { None } else { self.by_client(client) };
		self.cancel(id.ok_or(Error::<T>::OrderNotFound)?)
	}

	/// Let `order` rest in the place of `id`, in time too where only the size shrinks.
	pub(crate) fn replace(&mut self, id: OrderId, order: &PlaceOrder) -> DispatchResult {
		let resting = self.books.find(id).ok_or(Error::<T>::OrderNotFound)?;
		ensure!(resting.owner == self.who, Error::<T>::NotYourOrder);
		let open = self.session.orders(self.who);
		let client = open.iter().find(|open| open.id == id).map_or(0, |open| open.client);
		if resting.expired(self.seconds()) || !shrinks(id, &resting, client, order) {
			self.cancel(id)?;
			return self.place(order);
		}
		self.work.cancels = self.work.cancels.saturating_add(1);
		let terms = Terms::<T>::get(order.market).ok_or(Error::<T>::MarketNotFound)?;
		ensure!(order.lots >= terms.min_lots, Error::<T>::BelowMinimum);
		let less = resting.lots.saturating_sub(order.lots);
		if !less.is_zero() {
			self.books.reduce(id, less);
			self.session.free(self.who, id, less, resting.reduce_only(), false);
			let (account, lots) = (self.who, order.lots);
			Pallet::<T>::deposit_event(Event::OrderReduced { id, account, lots });
		}
		Ok(())
	}

	/// Cancel all resting orders of the account, in one market or in all. It is an exit, so it does
	/// not depend on an invariant: an order that is listed and rests nowhere is dropped from the list.
	pub(crate) fn cancel_all(&mut self, market: Option<MarketId>) -> DispatchResult {
		let orders = self.session.orders(self.who).into_iter();
		let listed = orders
			.map(|order| order.id)
			.filter(|id| market.is_none_or(|market| id.market() == market))
			.take(MAX_CANCELS as usize);
		for id in listed {
			if self.cancel(id).is_err() {
				self.session.free(self.who, id, Lots::ZERO, false, true);
			}
		}
		Ok(())
	}
}

/// Whether `order` is what rests under `id`, or less of it and nothing else.
fn shrinks(id: OrderId, resting: &Resting, client: ClientId, order: &PlaceOrder) -> bool {
	let place = (order.market, order.side, order.kind.limit());
	let time_in_force = order.kind.time_in_force();
	place == (id.market(), id.side(), id.tick())
		&& time_in_force.rests()
		&& time_in_force.expiry() == resting.expiry
		&& order.reduce_only == resting.reduce_only()
		&& order.client == client
		&& !order.lots.is_zero()
		&& order.lots <= resting.lots
}
