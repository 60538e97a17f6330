//! What a market is.

use breakwater_primitives::{
	clearing::{Fees, MarketRisk},
	Balance, Contract, Lots, MarketId, Millis, Ppm, Side, Ticks,
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

/// The most tiers of fees of one market.
pub const MAX_TIERS: u32 = 4;
/// The part of the taker's fee that no rebate may take: a fifth stays with the protocol.
pub const PROTOCOL_SHARE: Ppm = Ppm(200_000);

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

/// The fees of those who trade much.
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
pub struct FeeTier {
	/// The notional value, in quote units, that an account must have traded in the last 30 days.
	pub volume: Balance,
	/// What it pays then.
	pub fees: Fees,
}

/// The tiers of fees of a market, ascending by volume. They are part of its terms, so that an order
/// reads no other item for them.
pub type FeeTiers = BoundedVec<FeeTier, ConstU32<MAX_TIERS>>;

/// How a market trades while nothing restricts it.
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
	Serialize,
	Deserialize,
)]
pub enum Mode {
	/// Every order trades at once.
	#[default]
	#[codec(index = 0)]
	Continuous,
	/// The orders of a block are collected and trade at one price at the start of the next.
	#[codec(index = 1)]
	FrequentBatch,
}

/// Whether a market takes orders that open positions.
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
pub enum Status {
	/// It does.
	#[default]
	#[codec(index = 0)]
	Open,
	/// Positions may only be reduced: the market is about to be delisted, or in trouble.
	#[codec(index = 1)]
	Closing,
	/// The market is being settled: nothing trades, and its book is cleared.
	#[codec(index = 2)]
	Settling,
	/// It was settled, everybody is paid, and it does not open again.
	#[codec(index = 3)]
	Closed,
}

impl Status {
	/// Whether the market trades no more.
	pub const fn is_over(self) -> bool {
		matches!(self, Self::Settling | Self::Closed)
	}
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
	/// The fees of those who trade much; none in a chain spec that does not say.
	#[serde(default)]
	pub tiers: FeeTiers,
	/// How it trades; continuously in a chain spec that does not say.
	#[serde(default)]
	pub mode: Mode,
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
	/// The fees of those who trade much, ascending by volume.
	pub tiers: FeeTiers,
	/// How it trades while nothing restricts it.
	pub mode: Mode,
	/// Whether it takes orders that open positions.
	pub status: Status,
}

impl MarketTerms {
	/// The fees of an account that traded `volume` in the last 30 days.
	pub fn fees_at(&self, volume: Balance) -> Fees {
		fee_tier(&self.tiers, volume).unwrap_or(self.fees)
	}
}

/// The fees of the highest tier that `volume` reaches, if it reaches one.
pub(crate) fn fee_tier(tiers: &FeeTiers, volume: Balance) -> Option<Fees> {
	tiers.iter().rev().find(|tier| tier.volume <= volume).map(|tier| tier.fees)
}

/// Whether orders of a market are matched or collected.
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
pub enum Phase {
	/// They are matched.
	#[default]
	#[codec(index = 0)]
	Continuous,
	/// They are collected for an auction, at least until the restriction that caused it ends.
	#[codec(index = 1)]
	Collecting {
		/// When that is expected, in milliseconds of chain time.
		until: Millis,
		/// How often the auction was extended because its price lay too far from the index.
		extensions: u8,
	},
	/// They are collected still, and each block may be the last in which they are.
	#[codec(index = 2)]
	Closing {
		/// For how many blocks that has gone on.
		blocks: u8,
		/// How often the auction was extended.
		extensions: u8,
	},
	/// The auction trades at this price; only cancellations are taken, and replacements that make an
	/// order smaller, until all is traded.
	#[codec(index = 3)]
	Uncrossing {
		/// The price of every trade of the auction.
		price: Ticks,
		/// How often the auction was extended.
		extensions: u8,
	},
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
	/// Whether orders are matched or collected. While they are collected the best prices may cross.
	pub phase: Phase,
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
