//! The seam between the exchange and the clearing house.
//!
//! Whoever starts an operation opens a [`Session`]. Every account it touches is loaded once, changed
//! in memory and written once by [`Session::commit`]; a refusal drops the session, so nothing has to
//! be rolled back.

use crate::{
	AccountRef, Balance, Fill, GateView, Lots, MarketId, OrderId, Prices, Side, Ticks, Verdict,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::dispatch::DispatchResult;
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// A number that a trader gives an order of his own; zero means none.
pub type ClientId = u64;

/// What a key may do with an account.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Permission {
	/// Place and cancel orders.
	#[codec(index = 0)]
	Trade,
	/// Withdraw collateral.
	#[codec(index = 1)]
	Withdraw,
}

/// An order of an account that rests in a book.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct OpenOrder {
	/// The order's id, which says where it rests.
	pub id: OrderId,
	/// The trader's own number for it; zero means none.
	pub client: ClientId,
}

/// An order that comes to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
	/// Its id: market, side, price and sequence.
	pub id: OrderId,
	/// Lots that rest.
	pub lots: Lots,
	/// Whether it may only reduce a position; such an order reserves no margin.
	pub reduce_only: bool,
	/// The trader's own number for it; zero means none.
	pub client: ClientId,
}

/// What a commit demands of the accounts that it writes.
#[derive(Clone, Copy, Debug)]
pub enum Check<'a> {
	/// `who` added exposure in `market` under the restriction `view`: his equity must cover the
	/// initial margin with reserves for resting orders, unless the operation only reduced risk.
	Initial {
		/// The account that acted.
		who: AccountRef,
		/// The market in which it acted.
		market: MarketId,
		/// The restriction in force; scales the initial margin of added exposure.
		view: &'a GateView,
		/// Whether the order could only rest: such an order carries a lighter factor at `Watch`.
		post_only: bool,
	},
	/// No demand: cancelling, and what the system does itself.
	None,
}

/// Pages and words of the trigger index that a position writes when all its triggers move: a price, a
/// funding step and a place on the grid, each taken from one page and put into another, with two words
/// for each page and one for both. A fill moves those of one position of each side.
pub const INDEX_WRITES: u16 = 3 * (2 + 4 + 1);

/// What a commit did, for the actual weight of a call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
	/// Accounts written.
	pub accounts: u16,
	/// Pages and words of the trigger index written.
	pub index_writes: u16,
}

/// The clearing house, as the exchange sees it.
pub trait Clearing<AccountId> {
	/// The session type.
	type Session: Session;

	/// The account that `key` may use for `permission` under sub-account number `sub`.
	fn account_of(
		key: &AccountId,
		sub: u8,
		permission: Permission,
	) -> Result<AccountRef, DispatchError>;

	/// Open a session. Nothing is read until an account or a market is named.
	fn session() -> Self::Session;

	/// Tell the clearing house about a new market, before its first order.
	fn market_created(market: MarketId, risk: crate::clearing::MarketRisk) -> DispatchResult;

	/// The initial and the maintenance margin fractions of a small position in `market`, which bound
	/// its funding; nothing for a market that is not known.
	fn base_fractions(market: MarketId) -> (crate::Ppm, crate::Ppm);

	/// Every long of `market` owes `per_lot` for each lot from now on, and every short receives it;
	/// the other way round where it is negative.
	fn accrue(market: MarketId, per_lot: Funding);

	/// Whether `market` was settled and every claim on it is paid.
	fn is_settled(_market: MarketId) -> bool {
		false
	}
}

/// Funding of one lot, in 2^-32 of a quote unit, so that the small steps of a minute are not lost.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Funding(pub i128);

impl Funding {
	/// Binary digits behind the point.
	pub const FRACTION_BITS: u32 = 32;
}

/// The risk parameters with which a market starts; afterwards margin's own calls change them.
pub type MarketRisk = breakwater_math::RiskTerms;

/// Accounts loaded for one operation. See the module's documentation.
#[must_use = "a session that is not committed changes nothing"]
pub trait Session: Sized {
	/// Load `who`; fails when there is no such account. All other methods expect a loaded account
	/// except `maker` and `settle`, which load makers themselves.
	fn load(&mut self, who: AccountRef) -> DispatchResult;
	/// The prices of `market`, as last pushed.
	fn prices(&mut self, market: MarketId) -> Prices;
	/// Whether two accounts belong to the same owner.
	fn same_owner(&mut self, a: AccountRef, b: AccountRef) -> bool;
	/// The signed lots that `who` holds in `market`.
	fn position(&mut self, who: AccountRef, market: MarketId) -> i64;
	/// The resting orders of `who`, over all markets.
	fn orders(&mut self, who: AccountRef) -> alloc::vec::Vec<OpenOrder>;
	/// An order of `who` comes to rest.
	fn hold(&mut self, who: AccountRef, hold: &Hold) -> DispatchResult;
	/// `lots` of the resting order `id` of `who` rest no longer, without a fill; `gone` says
	/// whether nothing of the order is left.
	fn free(&mut self, who: AccountRef, id: OrderId, lots: Lots, reduce_only: bool, gone: bool);
	/// What the next order that [`Session::maker`] is asked about pays if it trades: this fee, and what
	/// takers pay to insurance where it `takes`.
	fn pays(&mut self, _fee: crate::SignedPpm, _takes: bool) {}
	/// Whether and how far the resting order `id` of `maker` may trade `want` lots now. The answer
	/// binds: `settle` with it cannot fail. In an auction both orders of a fill rest, and both are
	/// asked.
	fn maker(&mut self, maker: AccountRef, id: OrderId, want: Lots, reduce_only: bool) -> Verdict;
	/// How many lots the open interest of `market` may still grow, after what this session did.
	fn openable(&mut self, _market: MarketId) -> Lots {
		Lots::MAX
	}
	/// The notional value that `who` traded in the last 30 days, in quote units, by which the tier
	/// of fees is chosen.
	fn volume(&mut self, who: AccountRef) -> Balance;
	/// Both legs of a fill: positions, realised profit, fees, open interest, the maker's hold. Where
	/// the taker's order rested as well, in an auction, `free` it first.
	fn settle(&mut self, fill: &Fill, fees: &Fees);
	/// Check, re-arm triggers, write every account once, and emit events.
	fn commit(self, check: Check<'_>) -> Result<Settled, DispatchError>;
}

/// Fees of a fill, as fractions of its notional value.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	serde::Serialize,
	serde::Deserialize,
)]
pub struct Fees {
	/// Paid by the taker, in parts per million of notional, rounded up.
	pub taker: crate::Ppm,
	/// Paid by the maker, in parts per million of notional, rounded up; negative is a rebate, rounded
	/// down, which is never more than the taker of the same fill pays.
	pub maker: crate::SignedPpm,
}

/// What [`Venue::close`] did. Either is progress: an order that was removed does not stand in the way
/// of the next close.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Closed {
	/// Lots closed.
	pub lots: Lots,
	/// Resting orders that were removed on the way.
	pub removed: u16,
	/// Pages and words of the book that were written.
	pub pages: u16,
}

/// The exchange, as the clearing house sees it when it liquidates. Generic over the session, so
/// that neither names the other's types.
pub trait Venue {
	/// Close up to `lots` of `who` by an order of `side` at no worse than `worst`, with at most
	/// `max_fills` fills. Fills carry no fee: a penalty replaces it. Orders that trade with nobody,
	/// and those of the same owner, are removed on the way, so many at once as the exchange bounds.
	fn close<S: Session>(
		session: &mut S,
		market: MarketId,
		who: AccountRef,
		side: Side,
		lots: Lots,
		worst: Ticks,
		max_fills: u16,
	) -> Closed;
	/// Offer `lots` of a position of `who` by an order of `side` at `price`: what `who` rests in `market`
	/// is taken back, what others want at `price` or better is traded as in [`Venue::close`], and the
	/// rest waits there as a reduce-only order. No lots only take back. An exchange on which such
	/// orders cannot rest closes what it can.
	fn offer<S: Session>(
		session: &mut S,
		market: MarketId,
		who: AccountRef,
		side: Side,
		lots: Lots,
		price: Ticks,
		max_fills: u16,
	) -> Closed {
		Self::close(session, market, who, side, lots, price, max_fills)
	}
	/// Cancel up to `max` resting orders of `who`. Returns how many.
	fn cancel_all<S: Session>(session: &mut S, who: AccountRef, max: u16) -> u16;
	/// Whether `market` trades now. While orders are collected for an auction nothing can be closed
	/// and no depth is seen, which says nothing about the book.
	fn open(_market: MarketId) -> bool {
		true
	}
	/// `who` is about to be closed for ever. Returns whether nothing of his is left at the exchange that
	/// he would have to take away himself; what need not stay is forgotten.
	fn forget(_who: AccountRef) -> bool {
		true
	}
	/// Notional in quote units that an order of `side` could trade in `market` at no worse than
	/// `worst`, as far as a bounded walk of the book sees.
	fn depth(market: MarketId, side: Side, worst: Ticks) -> u128;
}

impl Venue for () {
	fn close<S: Session>(
		_: &mut S,
		_: MarketId,
		_: AccountRef,
		_: Side,
		_: Lots,
		_: Ticks,
		_: u16,
	) -> Closed {
		Closed::default()
	}
	fn cancel_all<S: Session>(_: &mut S, _: AccountRef, _: u16) -> u16 {
		0
	}
	fn depth(_: MarketId, _: Side, _: Ticks) -> u128 {
		0
	}
}

/// Asked before anything leaves custody for good, so that what leaves in an hour or a day can be
/// bounded. By default everything may.
pub trait Outflow<AccountId> {
	/// What is worth `value` quote units is about to leave custody to `to`; an error keeps it there.
	/// An implementation counts it: the operation is rolled back where it fails afterwards.
	fn leaves(_to: &AccountId, _value: Balance) -> DispatchResult {
		Ok(())
	}
}

impl<AccountId> Outflow<AccountId> for () {}

/// Moves the quote asset between an account of the chain and the custody account, where all
/// collateral and all funds sit. Implemented by the clearing house, which counts what passes.
pub trait Custody<AccountId> {
	/// Take `amount` from `from` into custody.
	fn receive(from: &AccountId, amount: Balance) -> DispatchResult;
	/// Pay `amount` out of custody to `to`.
	fn pay(to: &AccountId, amount: Balance) -> DispatchResult;
	/// Whether custody holds what is claimed of it, by the running totals. While it does not, nobody
	/// is paid first. To be asked before anything is changed.
	fn agrees() -> bool {
		true
	}
}
