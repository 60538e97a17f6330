//! The seams of winding a market down at level `Settle`.
//!
//! ```text
//!   circuit-breaker --Settlement--> margin: freezes the price, sweeps, publishes, pays claims
//!                          '------> perpetuals: clears the book, closes the market
//!   margin --SettlementPrice--> price-guard: the price of before the incident
//! ```

use crate::{MarketId, Millis, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::dispatch::DispatchResult;
use scale_info::TypeInfo;

/// Told once that a market is wound down, before the level `Settle` is in force on it. Implemented by a
/// tuple in the runtime; if one refuses, the market is not settled.
pub trait Settlement {
	/// Wind `market` down from now on. There is no way back.
	fn begin(market: MarketId) -> DispatchResult;
}

#[impl_trait_for_tuples::impl_for_tuples(5)]
impl Settlement for Tuple {
	fn begin(market: MarketId) -> DispatchResult {
		for_tuples!( #( Tuple::begin(market)?; )* );
		Ok(())
	}
}

/// What the price of a settlement is made of.
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
pub enum PriceSource {
	/// The time-weighted average of the index while it was Valid.
	#[codec(index = 0)]
	Average,
	/// The last Valid index: in the hour before there was none.
	#[codec(index = 1)]
	LastValid,
}

/// The price at which a market is settled, with what it is made of.
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
pub struct ReferencePrice {
	/// The price, in ticks, rounded to the nearest.
	pub price: Ticks,
	/// What it is made of.
	pub source: PriceSource,
	/// The end of the hour that it averages, in milliseconds of chain time: before the market was first
	/// at level 2 or above in the incident under way, or now.
	pub until: Millis,
	/// For how long of that hour the index was Valid, in milliseconds.
	pub valid: Millis,
}

/// Where the clearing house learns the price of a settlement. Implemented by the price guard.
pub trait SettlementPrice {
	/// The price at which `market` would be settled; `None` where it never had a Valid index.
	fn settlement_price(market: MarketId) -> Option<ReferencePrice>;
}

impl SettlementPrice for () {
	fn settlement_price(_: MarketId) -> Option<ReferencePrice> {
		None
	}
}
