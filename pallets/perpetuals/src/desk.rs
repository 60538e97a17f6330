//! One trader's operation: an account in a session, the books it touches, and what it did.

use crate::{
	books::{Books, Outcome},
	cost::{self, Work},
	order::{BatchAction, Cut, PlaceOrder, TimeInForce},
	Config, Error, Event, Numbered, Pallet,
};
use admission::{Arena, Ticket};
use breakwater_core::{
	book::Order,
	matching::{End, SelfTrade, Taker},
};
use breakwater_primitives::{
	api::DryRun, AccountRef, Check, Clearing, ClientId, Hold, Lots, MarketId, OrderId, Permission,
	Sequence, Session, Side, Ticks,
};
use frame_support::{
	dispatch::{
		DispatchErrorWithPostInfo, DispatchResult, DispatchResultWithPostInfo, Pays,
		PostDispatchInfo,
	},
	ensure,
	pallet_prelude::{DispatchError, Get},
	traits::UnixTime,
};
use sp_runtime::SaturatedConversion;

mod admission;
mod cancelling;

pub(crate) type SessionOf<T> =
	<<T as Config>::Clearing as Clearing<<T as frame_system::Config>::AccountId>>::Session;

/// An operation. Nothing is changed until [`Desk::close`].
pub(crate) struct Desk<T: Config> {
	who: AccountRef,
	session: SessionOf<T>,
	books: Books<T>,
	arena: Option<Arena>,
	/// Chain time in milliseconds.
	now: u64,
	sequence: Option<Sequence>,
	fills_left: u16,
	removals_left: u16,
	/// Orders of others that were removed, since nobody can trade with them.
	swept: u32,
	/// The order that came to rest last, and its lots.
	rests: Option<(OrderId, Lots)>,
	work: Work,
}

impl<T: Config> Desk<T> {
	/// Do `operation` for the account that `key` names with `sub`, and report the weight that it
	/// took, also when it is refused.
	pub(crate) fn run(
		key: &T::AccountId,
		sub: u8,
		operation: impl FnOnce(&mut Self) -> DispatchResult,
	) -> DispatchResultWithPostInfo {
		let refused = |work: Work, error| {
			let post_info = Some(cost::operation::<T>(&work.refused())).into();
			Err(DispatchErrorWithPostInfo { post_info, error })
		};
		let mut desk = match Self::open(key, sub) {
			Ok(desk) => desk,
			Err(error) => return refused(Work::default(), error),
		};
		if let Err(error) = operation(&mut desk) {
			return refused(desk.work, error);
		}
		let work = desk.work;
		// Who only takes dead orders of others out of the book works for everybody.
		let free = desk.swept > 0 && work.orders == 0 && work.cancels == desk.swept;
		let pays_fee = if free { Pays::No } else { Pays::Yes };
		match desk.close() {
			Ok(work) => {
				let actual_weight = Some(cost::operation::<T>(&work));
				Ok(PostDispatchInfo { actual_weight, pays_fee })
			},
			Err(error) => refused(work, error),
		}
	}

	fn open(key: &T::AccountId, sub: u8) -> Result<Self, DispatchError> {
		Self::open_for(T::Clearing::account_of(key, sub, Permission::Trade)?)
	}

	/// A desk for an account, whoever acts for it.
	pub(crate) fn open_for(who: AccountRef) -> Result<Self, DispatchError> {
		let mut session = T::Clearing::session();
		session.load(who)?;
		Ok(Self {
			who,
			session,
			books: Books::new(),
			arena: None,
			now: T::Time::now().as_millis().saturated_into(),
			sequence: None,
			fills_left: T::MaxFills::get(),
			removals_left: T::MaxRemovals::get(),
			swept: 0,
			rests: None,
			work: Work::default(),
		})
	}

	/// What it did so far.
	pub(crate) fn work(&self) -> Work {
		self.work
	}

	/// Check the account, then write everything. The check comes first because it alone can refuse.
	pub(crate) fn close(mut self) -> Result<Work, DispatchError> {
		let check = match &self.arena {
			Some(Arena { market, view, post_only, .. }) => {
				Check::Initial { who: self.who, market: *market, view, post_only: *post_only }
			},
			None => Check::None,
		};
		let settled = self.session.commit(check)?;
		if let Some(sequence) = self.sequence {
			Numbered::<T>::put(sequence.0 as u16);
		}
		let flushed = self.books.save();
		self.work.settled(settled, flushed);
		Ok(self.work)
	}

	/// Place an order of `key` and tell what that did.
	pub(crate) fn try_place(
		key: &T::AccountId,
		sub: u8,
		order: &PlaceOrder,
	) -> Result<DryRun, DispatchError> {
		let mut desk = Self::open(key, sub)?;
		desk.books.record();
		desk.place(order)?;
		let (fills, fees) = desk.books.recorded();
		let rests = desk.rests;
		desk.close()?;
		let (id, rests) = rests.map_or((None, Lots::ZERO), |(id, lots)| (Some(id), lots));
		Ok(DryRun { fills, fees, insurance: 0, id, rests, account: None })
	}

	fn seconds(&self) -> u32 {
		self.now.saturating_div(1_000).saturated_into()
	}

	/// Do the actions of a batch in their order; the first that is refused refuses all.
	pub(crate) fn batch(&mut self, actions: &[BatchAction]) -> DispatchResult {
		actions.iter().try_for_each(|action| match action {
			BatchAction::Place(order) => self.place(order),
			BatchAction::Cancel(id) => self.cancel(*id),
			BatchAction::CancelClient(client) => self.cancel_client(*client),
			BatchAction::Replace { id, order } => self.replace(*id, order),
		})
	}

	/// Place an order: match what crosses, let the rest come to rest or cut it.
	pub(crate) fn place(&mut self, order: &PlaceOrder) -> DispatchResult {
		self.work.orders = self.work.orders.saturating_add(1);
		let mut ticket = self.admit(order)?;
		let left = match ticket.time_in_force {
			_ if ticket.collected => ticket.lots,
			TimeInForce::PostOnly => self.post(&ticket)?,
			TimeInForce::PostOnlySlide => self.slide(&mut ticket)?,
			TimeInForce::FillOrKill => self.fill_or_kill(&ticket)?,
			_ => self.take(&ticket),
		};
		if left.is_zero() {
			return Ok(());
		}
		self.rest(&ticket, left)
	}

	/// What is left of a post-only order: all of it, if it would not trade.
	fn post(&mut self, ticket: &Ticket) -> Result<Lots, DispatchError> {
		let crosses = self.crossed(ticket).is_some();
		ensure!(!crosses, Error::<T>::PostOnlyWouldTrade);
		let behind = ticket.rules.left_behind(ticket.side, ticket.limit);
		ensure!(!behind, Error::<T>::PriceOutsideBand);
		Ok(ticket.lots)
	}

	/// As [`Self::post`], after the price was moved to where it does not trade.
	fn slide(&mut self, ticket: &mut Ticket) -> Result<Lots, DispatchError> {
		if let Some(best) = self.crossed(ticket) {
			let behind = match ticket.side {
				Side::Bid => best.0.checked_sub(1).filter(|price| *price > 0),
				Side::Ask => best.0.checked_add(1),
			};
			ticket.limit = Ticks(behind.ok_or(Error::<T>::PostOnlyWouldTrade)?);
		}
		self.post(ticket)
	}

	/// The best price of the other side, if a post-only order would trade there. Orders that trade
	/// with nobody any more are removed first, as far as its removals go.
	fn crossed(&mut self, ticket: &Ticket) -> Option<Ticks> {
		let (market, other) = (ticket.market, ticket.side.opposite());
		let crosses = |best: &Ticks| ticket.side.accepts(ticket.limit, *best);
		self.books.best(market, other).filter(crosses)?;
		// It may fill none, and an order of the same owner stays.
		self.match_book(ticket, SelfTrade::CancelTaker);
		self.books.best(market, other).filter(crosses)
	}

	fn fill_or_kill(&mut self, ticket: &Ticket) -> Result<Lots, DispatchError> {
		let reach = self.books.can_fill(&self.taker(ticket), &ticket.rules);
		if !reach.enough {
			self.work.looked(reach.met);
		}
		ensure!(reach.enough, Error::<T>::FillOrKillUnfilled);
		// Some of what is there may belong to the same owner or to somebody who cannot carry it.
		let taken = self.match_book(ticket, ticket.self_trade).taken;
		ensure!(taken.lots == ticket.lots, Error::<T>::FillOrKillUnfilled);
		Ok(Lots::ZERO)
	}

	/// Match, and return what is left of the order to rest.
	fn take(&mut self, ticket: &Ticket) -> Lots {
		let Outcome { taken, band_reached } = self.match_book(ticket, ticket.self_trade);
		let own = taken.decremented;
		self.cut(ticket.market, ticket.client, own, Cut::SelfTrade);
		let left = ticket.lots.saturating_sub(taken.lots).saturating_sub(own);
		let crossing_rest = match taken.end {
			_ if band_reached => Some(Cut::Band),
			End::Budget => Some(Cut::Bound),
			End::Stopped => Some(Cut::Clearing),
			End::SelfTrade => Some(Cut::SelfTrade),
			_ if !ticket.time_in_force.rests() => Some(Cut::Immediate),
			_ if ticket.rules.within(ticket.side, ticket.limit) != ticket.limit => Some(Cut::Band),
			_ => None,
		};
		match crossing_rest {
			Some(cut) => {
				self.cut(ticket.market, ticket.client, left, cut);
				Lots::ZERO
			},
			None => left,
		}
	}

	fn taker(&self, ticket: &Ticket) -> Taker {
		Taker {
			market: ticket.market,
			account: self.who,
			side: ticket.side,
			limit: ticket.limit,
			lots: ticket.lots,
			max_fills: self.fills_left.min(ticket.fills),
			max_removals: self.removals_left.min(ticket.removals),
			now: self.seconds(),
		}
	}

	fn match_book(&mut self, ticket: &Ticket, mode: SelfTrade) -> Outcome {
		let taker = self.taker(ticket);
		let outcome = self.books.take(&mut self.session, &taker, mode, &ticket.rules);
		let taken = &outcome.taken;
		self.fills_left = self.fills_left.saturating_sub(taken.fills);
		self.removals_left = self.removals_left.saturating_sub(taken.removals);
		self.work.matched(taken.fills, taken.removals);
		outcome
	}

	fn rest(&mut self, ticket: &Ticket, lots: Lots) -> DispatchResult {
		let Ticket { market, side, limit: price, reduce_only, client, .. } = *ticket;
		let (owner, expiry) = (self.who, ticket.time_in_force.expiry());
		let taken = client != 0 && self.by_client(client).is_some();
		ensure!(!taken, Error::<T>::DuplicateClient);
		let sequence = self.next_sequence();
		let order = Order { market, owner, side, price, lots, sequence, reduce_only, expiry };
		let id = order.id();
		self.session.hold(owner, &Hold { id, lots, reduce_only, client })?;
		self.books.rest(&order).map_err(|_| Error::<T>::BookFull)?;
		self.rests = Some((id, lots));
		Pallet::<T>::deposit_event(Event::OrderPlaced {
			id,
			account: owner,
			client,
			lots,
			reduce_only,
			expiry,
		});
		Ok(())
	}

	fn cut(&self, market: MarketId, client: ClientId, lots: Lots, reason: Cut) {
		if !lots.is_zero() {
			let account = self.who;
			Pallet::<T>::deposit_event(Event::OrderCut { market, account, client, lots, reason });
		}
	}

	/// The place in time of the next order that comes to rest: that of its arrival, in every market.
	fn next_sequence(&mut self) -> Sequence {
		let next = match self.sequence {
			Some(last) => last.next(),
			None => {
				let block = frame_system::Pallet::<T>::block_number().saturated_into::<u32>();
				let index = frame_system::Pallet::<T>::extrinsic_index().unwrap_or(u32::MAX);
				Sequence::new(block, index.saturated_into(), Numbered::<T>::get()).next()
			},
		};
		self.sequence = Some(next);
		next
	}
}
