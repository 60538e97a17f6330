//! One trader's operation: an account in a session, the books it touches, and what it did.

use crate::{
	books::{Books, Outcome, Rules},
	order::{BatchAction, Cut, PlaceOrder, Reason, TimeInForce},
	types::{MarketTerms, Mode, Phase, Status, MAX_CANCELS},
	weights::{WeightInfo, Work},
	Config, Error, Event, Numbered, Pallet, Terms,
};
use breakwater_core::{
	book::Order,
	matching::{End, SelfTrade, Taker},
	page::Resting,
};
use breakwater_primitives::{
	api::DryRun, AccountRef, Action, Balance, Check, Clearing, ClientId, Gate, GateView, Hold,
	Level, Lots, MarketId, OrderId, Permission, Sequence, Session, Side, Ticks, Validity,
};
use codec::Encode;
use frame_support::{
	dispatch::{
		DispatchErrorWithPostInfo, DispatchResult, DispatchResultWithPostInfo, Pays,
		PostDispatchInfo,
	},
	ensure,
	pallet_prelude::{DispatchError, Get},
	traits::UnixTime,
};
use sp_io::hashing::blake2_256;
use sp_runtime::SaturatedConversion;

pub(crate) type SessionOf<T> =
	<<T as Config>::Clearing as Clearing<<T as frame_system::Config>::AccountId>>::Session;

/// The market in which an operation places orders, with the restriction in force.
struct Arena {
	market: MarketId,
	terms: MarketTerms,
	view: GateView,
	validity: Validity,
	/// Whether every order so far could only rest.
	post_only: bool,
	/// Whether a restriction keeps orders for an auction.
	auction: bool,
}

impl Arena {
	/// The rules of a match for a taker who traded `volume` in the last 30 days.
	fn rules(&self, volume: Balance) -> Rules {
		Rules::of(&self.terms, self.view.band, volume)
	}

	/// Whether orders are collected instead of matched.
	fn collects(&self) -> bool {
		self.auction || self.terms.mode == Mode::FrequentBatch
	}

	/// Whether the order may only reduce the position: because it says so, or because opening is
	/// denied at present and the order does no more than reduce.
	fn reduces_only<T: Config>(
		&self,
		order: &PlaceOrder,
		reducible: Lots,
	) -> Result<bool, Error<T>> {
		let (view, kind) = (&self.view, order.kind);
		let kept = !self.collects() || kind.time_in_force().rests();
		ensure!(kept, Error::<T>::MarketInAuction);
		if order.reduce_only || order.lots <= reducible {
			ensure!(view.allows(Action::Reduce).is_ok(), refusal::<T>(view.level));
		}
		if order.reduce_only {
			ensure!(!reducible.is_zero(), Error::<T>::NothingToReduce);
			return Ok(true);
		}
		let opens = match kind.time_in_force() {
			TimeInForce::PostOnly | TimeInForce::PostOnlySlide => Action::OpenPostOnly,
			TimeInForce::ImmediateOrCancel | TimeInForce::FillOrKill => Action::OpenMarket,
			TimeInForce::GoodTilCancelled | TimeInForce::GoodTilTime(_) => Action::OpenLimit,
		};
		let (allowed, open) = (view.allows(opens).is_ok(), self.terms.status == Status::Open);
		// What an auction collects trades no sooner than what is post-only.
		let valid = self.validity.allows_open(kind.post_only() || self.auction);
		if open && allowed && valid {
			return Ok(false);
		}
		// Marked reduce-only it cannot open later either, when it rests and another order has
		// closed the position before it.
		if order.lots <= reducible {
			return Ok(true);
		}
		ensure!(open, Error::<T>::MarketClosing);
		ensure!(allowed, refusal::<T>(view.level));
		Err(Error::<T>::PriceNotValid)
	}
}

/// An order that was admitted: in bounds, allowed now, and clipped to the position if it may only
/// reduce one.
struct Ticket {
	market: MarketId,
	side: Side,
	limit: Ticks,
	lots: Lots,
	time_in_force: TimeInForce,
	reduce_only: bool,
	client: ClientId,
	self_trade: SelfTrade,
	/// The most resting orders to fill, and the most to remove.
	fills: u16,
	/// Whether it waits for an auction instead of being matched.
	collected: bool,
	rules: Rules,
}

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
			let post_info = Some(T::WeightInfo::operation(&work.refused())).into();
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
				let actual_weight = Some(T::WeightInfo::operation(&work));
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
		Ok(DryRun { fills, fees, id, rests, account: None })
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
		let opposite = self.books.best(ticket.market, ticket.side.opposite());
		let crosses = opposite.is_some_and(|best| ticket.side.accepts(ticket.limit, best));
		ensure!(!crosses, Error::<T>::PostOnlyWouldTrade);
		let inside = ticket.rules.within(ticket.side, ticket.limit) == ticket.limit;
		ensure!(inside, Error::<T>::PriceOutsideBand);
		Ok(ticket.lots)
	}

	/// As [`Self::post`], after the price was moved to where it does not trade.
	fn slide(&mut self, ticket: &mut Ticket) -> Result<Lots, DispatchError> {
		if let Some(best) = self.books.best(ticket.market, ticket.side.opposite()) {
			if ticket.side.accepts(ticket.limit, best) {
				let behind = match ticket.side {
					Side::Bid => best.0.checked_sub(1).filter(|price| *price > 0),
					Side::Ask => best.0.checked_add(1),
				};
				ticket.limit = Ticks(behind.ok_or(Error::<T>::PostOnlyWouldTrade)?);
			}
		}
		self.post(ticket)
	}

	fn fill_or_kill(&mut self, ticket: &Ticket) -> Result<Lots, DispatchError> {
		let reach = self.books.can_fill(&self.taker(ticket), &ticket.rules);
		if !reach.enough {
			self.work.looked(reach.met);
		}
		ensure!(reach.enough, Error::<T>::FillOrKillUnfilled);
		// Some of what is there may belong to the same owner or to somebody who cannot carry it.
		let taken = self.match_book(ticket).taken;
		ensure!(taken.lots == ticket.lots, Error::<T>::FillOrKillUnfilled);
		Ok(Lots::ZERO)
	}

	/// Match, and return what is left of the order to rest.
	fn take(&mut self, ticket: &Ticket) -> Lots {
		let Outcome { taken, band_reached } = self.match_book(ticket);
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
			max_removals: self.removals_left.min(ticket.fills),
			now: self.seconds(),
		}
	}

	fn match_book(&mut self, ticket: &Ticket) -> Outcome {
		let taker = self.taker(ticket);
		let mode = ticket.self_trade;
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
	fn by_client(&mut self, client: ClientId) -> Option<OrderId> {
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

	/// Cancel all resting orders of the account, in one market or in all.
	pub(crate) fn cancel_all(&mut self, market: Option<MarketId>) -> DispatchResult {
		let orders = self.session.orders(self.who);
		orders
			.iter()
			.filter(|order| market.is_none_or(|market| order.id.market() == market))
			.take(MAX_CANCELS as usize)
			.try_for_each(|order| self.cancel(order.id))
	}

	/// Check an order against the market's terms, the restriction in force, the price's validity
	/// and the account's position.
	fn admit(&mut self, order: &PlaceOrder) -> Result<Ticket, DispatchError> {
		let PlaceOrder { market, side, kind, client, self_trade, .. } = *order;
		let (now, limit, time_in_force) = (self.seconds(), kind.limit(), kind.time_in_force());
		let reducible = reducible(self.session.position(self.who, market), side);
		let volume = self.session.volume(self.who);
		let arena = self.enter(market)?;
		ensure!(!limit.is_zero(), Error::<T>::InvalidPrice);
		ensure!(!order.lots.is_zero(), Error::<T>::ZeroLots);
		let over = matches!(time_in_force, TimeInForce::GoodTilTime(expiry) if expiry <= now);
		ensure!(!over, Error::<T>::ExpiryInPast);
		let reduce_only = arena.reduces_only::<T>(order, reducible)?;
		let lots = if reduce_only { order.lots.min(reducible) } else { order.lots };
		// A position smaller than the smallest order must still be closable.
		let enough = lots >= arena.terms.min_lots || lots == reducible;
		ensure!(enough, Error::<T>::BelowMinimum);
		ensure!(lots <= arena.terms.max_lots, Error::<T>::AboveMaximum);
		let (rules, collected) = (arena.rules(volume), arena.collects());
		arena.post_only &= kind.post_only();
		let fills = order.fills(T::MaxFills::get());
		self.cut(market, client, order.lots.saturating_sub(lots), Cut::ReduceOnly);
		Ok(Ticket {
			market,
			side,
			limit,
			lots,
			time_in_force,
			reduce_only,
			client,
			self_trade,
			fills,
			collected,
			rules,
		})
	}

	/// What the orders of this operation need to know of their market, read once.
	fn enter(&mut self, market: MarketId) -> Result<&mut Arena, DispatchError> {
		let arena = match self.arena.take() {
			Some(arena) => {
				ensure!(arena.market == market, Error::<T>::BatchMixesMarkets);
				arena
			},
			None => {
				let terms = Terms::<T>::get(market).ok_or(Error::<T>::MarketNotFound)?;
				let (prices, view) = (self.session.prices(market), T::Gate::view(market));
				let validity = prices.validity_at(self.now, T::PriceAgeLimit::get());
				let auction = self.collection(market, &view)?;
				Arena { market, terms, view, validity, post_only: true, auction }
			},
		};
		Ok(self.arena.insert(arena))
	}

	/// Whether orders of the market are collected for an auction by a restriction. Refuses where the
	/// auction's price is fixed already.
	fn collection(&mut self, market: MarketId, view: &GateView) -> Result<bool, DispatchError> {
		let phase = self.books.phase(market);
		ensure!(!matches!(phase, Phase::Uncrossing { .. }), Error::<T>::MarketInAuction);
		if phase == Phase::Continuous && view.level == Level::Auction {
			self.books.set_phase(market, Phase::Collecting { until: view.until, extensions: 0 });
			Pallet::<T>::deposit_event(Event::AuctionBegan { market });
		}
		Ok(phase != Phase::Continuous || view.level == Level::Auction)
	}

	/// The place in time of the next order that comes to rest. In a market of frequent batches the
	/// orders of a block stand in an order that neither their senders nor the block's author choose:
	/// by a hash of the parent block and the account, whatever their size.
	fn next_sequence(&mut self) -> Sequence {
		let next = match self.sequence {
			Some(last) => last.next(),
			None => {
				let block = frame_system::Pallet::<T>::block_number().saturated_into::<u32>();
				let index = match &self.arena {
					Some(arena) if arena.terms.mode == Mode::FrequentBatch => self.drawn(),
					_ => frame_system::Pallet::<T>::extrinsic_index()
						.unwrap_or(u32::MAX)
						.saturated_into(),
				};
				Sequence::new(block, index, Numbered::<T>::get()).next()
			},
		};
		self.sequence = Some(next);
		next
	}

	/// The account's place among those that order in this block, as the parent block drew it.
	fn drawn(&self) -> u16 {
		let parent = frame_system::Pallet::<T>::parent_hash();
		let hash = (parent, self.who).using_encoded(blake2_256);
		u16::from_le_bytes([hash[0], hash[1]])
	}
}

/// How many lots of a position of `held` signed lots an order of `side` can reduce.
fn reducible(held: i64, side: Side) -> Lots {
	if held != 0 && Side::closing(held) == side {
		Lots(held.unsigned_abs())
	} else {
		Lots::ZERO
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

/// How the level that refuses an order is told to its owner.
fn refusal<T: Config>(level: Level) -> Error<T> {
	match level {
		Level::Normal | Level::Watch => Error::<T>::ActionDenied,
		Level::Guarded => Error::<T>::MarketGuarded,
		Level::ReduceOnly => Error::<T>::MarketReduceOnly,
		Level::Auction => Error::<T>::MarketInAuction,
		Level::Freeze => Error::<T>::MarketFrozen,
		Level::Settle => Error::<T>::MarketSettling,
	}
}
