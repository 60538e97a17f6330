//! What the pallets share: units, levels, prices, and the traits through which they meet.
//!
//! No pallet knows one above it. Where a lower pallet must reach a higher one (the clearing house
//! closes a position into the book; a price wakes the clearing house) it does so through a trait of
//! this crate that the runtime wires.
//!
//! ```text
//!              runtime
//!   perpetuals   incidents   timelock
//!        |  Clearing/Session
//!     margin  ... Venue (wired up)
//!        |  Backstop
//!    insurance      price-guard --OnPrice--> (breaker, margin, perpetuals)
//!             \      /
//!          circuit-breaker      Gate: may I?   Observe: this happened
//!                |
//!            primitives
//! ```

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod api;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod bucket;
pub mod clearing;
pub mod governance;
pub mod incident;
pub mod insurance;
pub mod level;
pub mod price;
pub mod settlement;
pub mod store;
pub mod vault;

pub use breakwater_core::{
	matching::{Fill, Removal, Verdict},
	units::*,
};
pub use breakwater_math::{Ppm, SignedPpm};
pub use clearing::{
	Check, Clearing, ClientId, Custody, Funding, Hold, OpenOrder, Outflow, Permission, Session,
	Settled, Venue,
};
pub use governance::Delayed;
pub use incident::{Entry, IncidentId, IncidentLog, Report, Severity};
pub use insurance::{premium_multiplier, Backstop, Charges, CoverTerms, Exposure};
pub use level::{
	Action, Auctions, Band, Cause, Denied, Gate, GateView, Level, Observation, Observe,
	OnVolatility, Restriction, Scope,
};
pub use price::{OnPrice, Prices, Quote, Quotes, Validity};
pub use settlement::{PriceSource, ReferencePrice, Settlement, SettlementPrice};
pub use vault::{Vault, VaultPolicy, VaultTerms, VaultWorth};

/// An amount of the quote asset in its smallest unit (six decimals: 1_000_000 is one unit).
pub type Balance = u128;
/// A signed amount of the quote asset in its smallest unit.
pub type Amount = i128;
/// Chain time in milliseconds since the Unix epoch.
pub type Millis = u64;
/// The number of an asset in pallet-assets.
pub type AssetId = u32;

/// The most markets that one chain lists.
pub const MAX_MARKETS: u16 = 64;
/// Markets whose prices, or whose leases, share one storage item.
pub const MARKETS_PER_SHARD: u16 = 32;

/// The shard and the place in it of a market.
pub const fn shard_of(market: MarketId) -> (u8, usize) {
	((market.0 / MARKETS_PER_SHARD) as u8, (market.0 % MARKETS_PER_SHARD) as usize)
}
