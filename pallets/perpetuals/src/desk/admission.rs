//! Whether an order may be placed, and as what.

use super::Desk;
use crate::{
	books::Rules,
	order::{Cut, PlaceOrder, TimeInForce},
	types::{MarketTerms, Mode, Phase, Status, MAX_LOTS},
	Config, Error, Event, Pallet, Terms,
};
use breakwater_core::matching::SelfTrade;
use breakwater_primitives::{
	Action, Balance, ClientId, Gate, GateView, Level, Lots, MarketId, Restriction, Session, Side,
	Ticks, Validity,
};
use frame_support::{
	ensure,
	pallet_prelude::{DispatchError, Get},
};

/// The market in which an operation places orders, with the restriction in force.
pub(super) struct Arena {
	pub(super) market: MarketId,
	pub(super) terms: MarketTerms,
	pub(super) view: GateView,
	pub(super) validity: Validity,
	/// Whether every order so far could only rest.
	pub(super) post_only: bool,
	/// Whether a restriction keeps orders for an auction.
	pub(super) auction: bool,
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
		ensure!(!self.terms.status.is_over(), Error::<T>::MarketSettling);
		let kept = !self.collects() || kind.time_in_force().rests();
		ensure!(kept, Error::<T>::MarketInAuction);
		if order.reduce_only || order.lots <= reducible {
			view.allows(Action::Reduce).map_err(refusal::<T>)?;
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
		let (allowed, open) = (view.allows(opens), self.terms.status == Status::Open);
		// What an auction collects trades no sooner than what is post-only.
		let valid = self.validity.allows_open(kind.post_only() || self.auction);
		if open && allowed.is_ok() && valid {
			return Ok(false);
		}
		// Marked reduce-only it cannot open later either, when it rests and another order has
		// closed the position before it.
		if order.lots <= reducible {
			return Ok(true);
		}
		ensure!(open, Error::<T>::MarketClosing);
		allowed.map_err(refusal::<T>)?;
		Err(Error::<T>::PriceNotValid)
	}
}

/// An order that was admitted: in bounds, allowed now, and clipped to the position if it may only
/// reduce one.
pub(super) struct Ticket {
	pub(super) market: MarketId,
	pub(super) side: Side,
	pub(super) limit: Ticks,
	pub(super) lots: Lots,
	pub(super) time_in_force: TimeInForce,
	pub(super) reduce_only: bool,
	pub(super) client: ClientId,
	pub(super) self_trade: SelfTrade,
	/// The most resting orders to fill.
	pub(super) fills: u16,
	/// The most resting orders to remove.
	pub(super) removals: u16,
	/// Whether it waits for an auction instead of being matched.
	pub(super) collected: bool,
	pub(super) rules: Rules,
}

impl<T: Config> Desk<T> {
	/// Check an order against the market's terms, the restriction in force, the price's validity
	/// and the account's position.
	pub(super) fn admit(&mut self, order: &PlaceOrder) -> Result<Ticket, DispatchError> {
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
		// Whatever the market's bounds are, who has a position gets out: all of it at once, and any part
		// of it with an order that leaves nothing small in the book.
		let leaves = lots == reducible || reduce_only && !time_in_force.rests();
		ensure!(lots >= arena.terms.min_lots || leaves, Error::<T>::BelowMinimum);
		let most = if reduce_only { MAX_LOTS } else { arena.terms.max_lots };
		ensure!(lots <= most, Error::<T>::AboveMaximum);
		let (rules, collected) = (arena.rules(volume), arena.collects());
		arena.post_only &= kind.post_only();
		let (fills, removals) =
			(order.fills(T::MaxFills::get()), order.removals(T::MaxRemovals::get()));
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
			removals,
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
}

/// How many lots of a position of `held` signed lots an order of `side` can reduce.
fn reducible(held: i64, side: Side) -> Lots {
	if held != 0 && Side::closing(held) == side {
		Lots(held.unsigned_abs())
	} else {
		Lots::ZERO
	}
}

/// How the restriction that refuses an order is told to its owner.
fn refusal<T: Config>(refusing: Restriction) -> Error<T> {
	match refusing.level {
		Level::Normal | Level::Watch => Error::<T>::ActionDenied,
		Level::Guarded => Error::<T>::MarketGuarded,
		Level::ReduceOnly => Error::<T>::MarketReduceOnly,
		Level::Auction => Error::<T>::MarketInAuction,
		Level::Freeze => Error::<T>::MarketFrozen,
		Level::Settle => Error::<T>::MarketSettling,
	}
}
