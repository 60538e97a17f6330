//! Weights: database accesses and the time of the logic.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the calls and of a price.
pub trait WeightInfo {
	/// `restrict`.
	fn restrict() -> Weight;
	/// `lift`.
	fn lift() -> Weight;
	/// `set_detectors`.
	fn set_detectors() -> Weight;
	/// A price: windows, band, detection, and a lease.
	fn on_price() -> Weight;
}

/// Proof size of one shard, from its greatest encoded length, rounded up.
const SHARD: u64 = 4_500;
/// Proof size of one window.
const WINDOW: u64 = 600;

/// Counted with the database weights of `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Clock, budget, both shards, the incident (2): r 6, w 5.
	fn restrict() -> Weight {
		Weight::from_parts(20_000_000, 2 * SHARD + 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
	/// Clock, both shards, the incident (2): r 5, w 4.
	fn lift() -> Weight {
		Weight::from_parts(15_000_000, 2 * SHARD + 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(5, 4))
	}
	/// One item: r 1, w 1.
	fn set_detectors() -> Weight {
		Weight::from_parts(8_000_000, 100).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	/// Shard and clock (hot, charged once per block), parameters, window: r 3, w 1. A lease adds the
	/// incident, which is rare and inside the margin of the logic's time.
	fn on_price() -> Weight {
		Weight::from_parts(10_000_000, WINDOW + 100)
			.saturating_add(T::DbWeight::get().reads_writes(3, 1))
	}
}

impl WeightInfo for () {
	fn restrict() -> Weight {
		Weight::from_parts(200_000_000, 2 * SHARD + 4_000)
	}
	fn lift() -> Weight {
		Weight::from_parts(170_000_000, 2 * SHARD + 4_000)
	}
	fn set_detectors() -> Weight {
		Weight::from_parts(50_000_000, 100)
	}
	fn on_price() -> Weight {
		Weight::from_parts(60_000_000, WINDOW + 100)
	}
}
