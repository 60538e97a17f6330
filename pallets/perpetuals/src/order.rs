//! What a trader sends.

pub use breakwater_core::matching::SelfTrade;
use breakwater_primitives::{ClientId, Lots, MarketId, OrderId, Side, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// How long an order lives.
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
pub enum TimeInForce {
	/// Trade at once what is possible; the rest stays until it is filled or cancelled.
	#[codec(index = 0)]
	GoodTilCancelled,
	/// As `GoodTilCancelled`, until this time in seconds since the Unix epoch.
	#[codec(index = 1)]
	GoodTilTime(u32),
	/// Only rest: the order is refused if it would trade at once.
	#[codec(index = 2)]
	PostOnly,
	/// Trade at once what is possible; the rest is cancelled.
	#[codec(index = 3)]
	ImmediateOrCancel,
	/// Trade everything at once, or refuse the order.
	#[codec(index = 4)]
	FillOrKill,
	/// Only rest: the price is moved one tick behind the best of the other side where the order would
	/// trade at once.
	#[codec(index = 5)]
	PostOnlySlide,
}

impl TimeInForce {
	/// Whether an order may come to rest.
	pub const fn rests(self) -> bool {
		!matches!(self, Self::ImmediateOrCancel | Self::FillOrKill)
	}
	/// When it expires, in seconds since the Unix epoch; 0 means never.
	pub const fn expiry(self) -> u32 {
		match self {
			Self::GoodTilTime(seconds) => seconds,
			_ => 0,
		}
	}
}

/// An order's price and how it may trade.
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
pub enum OrderKind {
	/// Trade at `price` or better.
	#[codec(index = 0)]
	Limit {
		/// The worst price accepted, in ticks.
		price: Ticks,
		/// How long the order lives.
		time_in_force: TimeInForce,
	},
	/// Trade at once at the best prices there are, and never rest.
	#[codec(index = 1)]
	Market {
		/// The worst price accepted, in ticks.
		protection: Ticks,
	},
}

impl OrderKind {
	/// The worst price accepted.
	pub const fn limit(self) -> Ticks {
		match self {
			Self::Limit { price, .. } => price,
			Self::Market { protection } => protection,
		}
	}
	/// How long the order lives; a market order is immediate-or-cancel.
	pub const fn time_in_force(self) -> TimeInForce {
		match self {
			Self::Limit { time_in_force, .. } => time_in_force,
			Self::Market { .. } => TimeInForce::ImmediateOrCancel,
		}
	}
	/// Whether the order can only rest.
	pub const fn post_only(self) -> bool {
		matches!(self.time_in_force(), TimeInForce::PostOnly | TimeInForce::PostOnlySlide)
	}
}

/// An order to be placed.
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
pub struct PlaceOrder {
	/// The market.
	pub market: MarketId,
	/// Buy or sell.
	pub side: Side,
	/// Price and how it may trade.
	pub kind: OrderKind,
	/// The size, in lots.
	pub lots: Lots,
	/// Only reduce a position: the order is clipped to it and never opens one.
	pub reduce_only: bool,
	/// The trader's own number for it, unlike that of his other resting orders; zero means none.
	pub client: ClientId,
	/// What happens when it meets a resting order of the same owner, whichever of his sub-accounts
	/// either belongs to. It goes by the order that comes. Where neither does, in auctions and frequent
	/// batches, the younger of the two is cancelled, whatever either says.
	pub self_trade: SelfTrade,
	/// The most resting orders that it fills, and also the most that it removes on its way; what is
	/// left then is cancelled. A post-only order fills none, and removes up to 4 that have expired.
	/// Zero means 8 for an order that may rest, and as many as a call may for another. The fee that is
	/// reserved for the order grows with it.
	pub max_fills: u8,
}

/// The most resting orders that an order fills that may rest, unless it says otherwise.
const FILLS_OF_RESTING: u16 = 8;
/// The most resting orders that a post-only order removes, which trade with nobody any more and
/// would keep it from its price.
const REMOVALS_OF_POST_ONLY: u16 = 4;

impl PlaceOrder {
	/// An order without any of the options.
	pub const fn new(market: MarketId, side: Side, kind: OrderKind, lots: Lots) -> Self {
		Self {
			market,
			side,
			kind,
			lots,
			reduce_only: false,
			client: 0,
			self_trade: SelfTrade::CancelResting,
			max_fills: 0,
		}
	}
	/// The most resting orders that it fills, where one call may fill `most`; a post-only order fills
	/// none.
	pub fn fills(&self, most: u16) -> u16 {
		match self.max_fills {
			_ if self.kind.post_only() => 0,
			0 if self.kind.time_in_force().rests() => most.min(FILLS_OF_RESTING),
			0 => most,
			wanted => most.min(wanted.into()),
		}
	}
	/// The most resting orders that it removes on its way, where one call may remove `most`.
	pub fn removals(&self, most: u16) -> u16 {
		if self.kind.post_only() {
			most.min(REMOVALS_OF_POST_ONLY)
		} else {
			most.min(self.fills(u16::MAX))
		}
	}
}

/// One action of a batch.
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
pub enum BatchAction {
	/// Place an order.
	#[codec(index = 0)]
	Place(PlaceOrder),
	/// Cancel a resting order.
	#[codec(index = 1)]
	Cancel(OrderId),
	/// Cancel the resting order with this client id.
	#[codec(index = 2)]
	CancelClient(ClientId),
	/// Put `order` in the place of a resting order. Where only the size shrinks the resting order
	/// keeps its id and its place in time; otherwise it is cancelled and `order` placed.
	#[codec(index = 3)]
	Replace {
		/// The order that rests.
		id: OrderId,
		/// What is to rest. Its size is what is to be left, whatever has been filled.
		order: PlaceOrder,
	},
}

impl BatchAction {
	/// The order that the action may place.
	pub const fn order(&self) -> Option<&PlaceOrder> {
		match self {
			Self::Place(order) | Self::Replace { order, .. } => Some(order),
			Self::Cancel(_) | Self::CancelClient(_) => None,
		}
	}
}

/// Why the rest of an order was cancelled when it was placed.
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
pub enum Cut {
	/// It would have traded, or rested, beyond the prices at which trades may happen at present.
	#[codec(index = 0)]
	Band,
	/// The order does not rest and nothing more was to be had within its limit.
	#[codec(index = 1)]
	Immediate,
	/// The order met as many resting orders as one call may.
	#[codec(index = 2)]
	Bound,
	/// The clearing house ended the match.
	#[codec(index = 3)]
	Clearing,
	/// It would have done more than close the position.
	#[codec(index = 4)]
	ReduceOnly,
	/// It met a resting order of the same owner.
	#[codec(index = 5)]
	SelfTrade,
}

/// Why a resting order left the book although nobody cancelled it.
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
pub enum Reason {
	/// Its time was over.
	#[codec(index = 0)]
	Expired,
	/// Its owner could not carry the position.
	#[codec(index = 1)]
	Margin,
	/// It may only reduce a position and there was nothing to reduce.
	#[codec(index = 2)]
	ReduceOnly,
	/// Its owner came to trade with himself.
	#[codec(index = 3)]
	SelfTrade,
	/// The account is being liquidated.
	#[codec(index = 4)]
	Liquidation,
	/// The account's dead man's switch lapsed.
	#[codec(index = 5)]
	Switch,
	/// The prices at which trades may happen have left it behind: it bid more, or asked for less.
	#[codec(index = 6)]
	Band,
	/// In an auction it would have opened more than the market may have open, and was the younger of
	/// two that did.
	#[codec(index = 7)]
	OpenInterest,
	/// The market is being settled.
	#[codec(index = 20)]
	Settlement,
}

impl From<breakwater_primitives::Removal> for Reason {
	fn from(removal: breakwater_primitives::Removal) -> Self {
		use breakwater_primitives::Removal;
		match removal {
			Removal::Expired => Reason::Expired,
			Removal::Margin => Reason::Margin,
			Removal::ReduceOnly => Reason::ReduceOnly,
			Removal::SelfTrade => Reason::SelfTrade,
			Removal::Band => Reason::Band,
			Removal::OpenInterest => Reason::OpenInterest,
		}
	}
}

/// A resting order of an account, as a view lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RestingOrder {
	/// Its id, which says market, side and price.
	pub id: OrderId,
	/// The trader's own number for it; zero means none.
	pub client: ClientId,
	/// What is left of it, in lots.
	pub lots: Lots,
	/// Whether it may only reduce a position.
	pub reduce_only: bool,
	/// When it expires, in seconds since the Unix epoch; 0 means never.
	pub expiry: u32,
}
