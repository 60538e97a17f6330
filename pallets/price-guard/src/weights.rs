//! Weights: database accesses and the time of the logic.

use core::marker::PhantomData;
use frame_support::{
	traits::{Get, SortedMembers},
	weights::Weight,
};

/// Weights of the calls.
pub trait WeightInfo {
	/// `feed` of `n` prices, without what those do who are told.
	fn feed(n: u32) -> Weight;
	/// `set_params`.
	fn set_params() -> Weight;
	/// What the hook does in every block.
	fn listen() -> Weight;
	/// The hook's look at one market, without what those do who are told.
	fn look() -> Weight;
}

/// Proof size of the small items of one market, rounded up.
const MARKET: u64 = 600;
/// Proof size of an hour of minutes.
const HOUR: u64 = 900;

/// Counted with the database weights of `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: pallet_oracle::Config> WeightInfo for SubstrateWeight<T> {
	/// Once: members, the oracle's set of who has fed, clock: r 3, w 1. Per market: the report of each
	/// feeder and of the oracle's own account, value, parameters, guard, quote and restrictions: r
	/// feeders + 7; report, value, guard and hour: w 4. pallet-oracle's own weights ignore the number of
	/// feeders.
	fn feed(n: u32) -> Weight {
		let feeders = T::Members::count() as u64;
		let db = T::DbWeight::get();
		let market = Weight::from_parts(10_000_000, MARKET + HOUR + 100 * feeders)
			.saturating_add(db.reads_writes(feeders + 7, 4));
		Weight::from_parts(20_000_000, 4_000)
			.saturating_add(db.reads_writes(3, 1))
			.saturating_add(market.saturating_mul(n.into()))
	}
	/// One item: r 1, w 1.
	fn set_params() -> Weight {
		Weight::from_parts(8_000_000, MARKET).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	/// The clock and the markets watched: r 2, w 1.
	fn listen() -> Weight {
		Weight::from_parts(2_000_000, 100).saturating_add(T::DbWeight::get().reads_writes(2, 1))
	}
	/// Guard, parameters, quote, restrictions and hour: r 5; guard and hour: w 2.
	fn look() -> Weight {
		Weight::from_parts(5_000_000, 2 * MARKET + HOUR + 4_500)
			.saturating_add(T::DbWeight::get().reads_writes(5, 2))
	}
}

impl WeightInfo for () {
	fn feed(n: u32) -> Weight {
		Weight::from_parts(80_000_000, 4_000)
			.saturating_add(Weight::from_parts(180_000_000, 2 * MARKET).saturating_mul(n.into()))
	}
	fn set_params() -> Weight {
		Weight::from_parts(60_000_000, MARKET)
	}
	fn listen() -> Weight {
		Weight::from_parts(30_000_000, 100)
	}
	fn look() -> Weight {
		Weight::from_parts(80_000_000, 2 * MARKET + 4_500)
	}
}
