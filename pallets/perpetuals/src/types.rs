//! What a market is, and what a trader sends.

use breakwater_primitives::{
	clearing::{Fees, MarketRisk},
	ClientId, Contract, Lots, MarketId, OrderId, Side, Ticks,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The most characters of a market's symbol.
pub const MAX_SYMBOL: u32 = 16;
/// The most actions of one batch.
pub const MAX_BATCH: u32 = 32;
/// The most orders that one call cancels; no account has more.
pub const MAX_CANCELS: u32 = 64;
/// The highest fee, in parts per million of notional value: 10 %.
pub const MAX_FEE: u32 = 100_000;
/// The most lots of one order. With the largest price and contract its notional value stays below
/// 2^104, so that no sum of notional values overflows.
pub const MAX_LOTS: Lots = Lots(1 << 40);

/// A market's symbol, for instance `BTC-PERP`: printable ASCII without spaces.
pub type Symbol = BoundedVec<u8, ConstU32<MAX_SYMBOL>>;

/// How deep and steady a market's underlying is; `A` is the deepest.
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
	Serialize,
	Deserialize,
)]
pub enum Tier {
	/// Large and liquid.
	#[codec(index = 0)]
	A,
	/// Established.
	#[codec(index = 1)]
	B,
	/// Small or new.
	#[codec(index = 2)]
	C,
}

/// A market to be created.
#[derive(
	Clone,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct NewMarket {
	/// Its symbol, unlike that of every other market.
	#[serde(with = "symbol_text")]
	pub symbol: Symbol,
	/// What one tick times one lot is worth. It must be `tick_size / lots_per_unit`.
	pub contract: Contract,
	/// What one tick is worth for one whole unit of the underlying, in quote units (six decimals:
	/// 100_000 is 0.1).
	pub tick_size: u64,
	/// How many lots are one whole unit of the underlying. It must divide `tick_size`.
	pub lots_per_unit: u64,
	/// How deep and steady the underlying is.
	pub tier: Tier,
	/// Fees of takers and makers, 10 % at the most.
	pub fees: Fees,
	/// The smallest order, in lots. A reduce-only order for a whole position may be smaller.
	pub min_lots: Lots,
	/// The largest order, in lots.
	pub max_lots: Lots,
	/// The risk parameters with which the market starts.
	pub risk: MarketRisk,
}

/// The terms of a market that the exchange needs for an order.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct MarketTerms {
	/// Its symbol.
	pub symbol: Symbol,
	/// What one tick times one lot is worth, in quote units.
	pub contract: Contract,
	/// What one tick is worth for one whole unit of the underlying, in quote units.
	pub tick_size: u64,
	/// How many lots are one whole unit of the underlying.
	pub lots_per_unit: u64,
	/// How deep and steady the underlying is.
	pub tier: Tier,
	/// Fees of takers and makers.
	pub fees: Fees,
	/// The smallest order, in lots.
	pub min_lots: Lots,
	/// The largest order, in lots.
	pub max_lots: Lots,
}

/// What changes with trading, in one item per market. It is written only when something in it
/// changes, and does not exist while it holds nothing.
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
)]
pub struct HotMarket {
	/// The highest price bid.
	pub bid: Option<Ticks>,
	/// The lowest price asked.
	pub ask: Option<Ticks>,
	/// The price of the last trade.
	pub last: Option<Ticks>,
	/// Trades since the market was created.
	pub trades: u64,
	/// Their notional value, in quote units.
	pub volume: u128,
}

impl HotMarket {
	/// The best price of `side`.
	pub const fn best(&self, side: Side) -> Option<Ticks> {
		match side {
			Side::Bid => self.bid,
			Side::Ask => self.ask,
		}
	}
	pub(crate) fn set_best(&mut self, side: Side, price: Option<Ticks>) {
		match side {
			Side::Bid => self.bid = price,
			Side::Ask => self.ask = price,
		}
	}
}

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
		matches!(self.time_in_force(), TimeInForce::PostOnly)
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
	/// The trader's own number for it; zero means none.
	pub client: ClientId,
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
}

impl From<breakwater_primitives::Removal> for Reason {
	fn from(removal: breakwater_primitives::Removal) -> Self {
		use breakwater_primitives::Removal;
		match removal {
			Removal::Expired => Reason::Expired,
			Removal::Margin => Reason::Margin,
			Removal::ReduceOnly => Reason::ReduceOnly,
			Removal::SelfTrade => Reason::SelfTrade,
		}
	}
}

/// A market with its number, as a view lists it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct MarketInfo {
	/// Its number.
	pub market: MarketId,
	/// Its terms.
	pub terms: MarketTerms,
	/// Best prices, last trade and flow.
	pub hot: HotMarket,
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

/// In a chain spec a symbol is text.
mod symbol_text {
	use super::Symbol;
	use alloc::string::String;
	use serde::{de::Error as _, ser::Error as _, Deserialize, Deserializer, Serializer};

	pub(super) fn serialize<S: Serializer>(symbol: &Symbol, to: S) -> Result<S::Ok, S::Error> {
		to.serialize_str(core::str::from_utf8(symbol).map_err(S::Error::custom)?)
	}

	pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Symbol, D::Error> {
		let text = String::deserialize(from)?;
		text.into_bytes().try_into().map_err(|_| D::Error::custom("symbol of over 16 characters"))
	}
}
