//! What the calls cost, and what the clearing house adds to its own weight for cover.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls and of its seam to the clearing house.
pub trait WeightInfo {
	/// [`crate::Pallet::contribute`].
	fn contribute() -> Weight;
	/// `Backstop::penalty`, for the caller to add to its own weight.
	fn penalty() -> Weight;
	/// `Backstop::cover` at its worst, for the caller to add to its own weight.
	fn cover() -> Weight;
}

/// Weights counted from the database accesses of each call.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Reads: whether the market exists, fund, total; asset, both asset accounts and both system
	/// accounts of the transfer, and the clearing house's count. Writes: fund, total, asset, both
	/// asset accounts, both system accounts, the count. The logic, with the asset pallet's checks
	/// and three events, is estimated at 40 us.
	fn contribute() -> Weight {
		Weight::from_parts(40_000_000, 12_000).saturating_add(T::DbWeight::get().reads_writes(9, 8))
	}
	/// Reads and writes: the market's fund and the total.
	fn penalty() -> Weight {
		Weight::from_parts(2_000_000, 2_000).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	/// Reads: both funds, total, both draw records, the clock. Writes: all but the clock.
	fn cover() -> Weight {
		Weight::from_parts(5_000_000, 5_000).saturating_add(T::DbWeight::get().reads_writes(6, 5))
	}
}

impl WeightInfo for () {
	fn contribute() -> Weight {
		Weight::from_parts(40_000_000, 12_000)
	}
	fn penalty() -> Weight {
		Weight::from_parts(2_000_000, 2_000)
	}
	fn cover() -> Weight {
		Weight::from_parts(5_000_000, 5_000)
	}
}
