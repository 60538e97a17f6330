//! What the calls cost, and what the breaker adds to its own weight for the register.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls and of its seam to the breaker.
pub trait WeightInfo {
	/// [`crate::Pallet::note`].
	fn note() -> Weight;
	/// [`crate::Pallet::review`].
	fn review() -> Weight;
	/// `IncidentLog::open`, for the caller to add to its own weight.
	fn open() -> Weight;
	/// `IncidentLog::append`, for the caller to add to its own weight.
	fn append() -> Weight;
	/// `IncidentLog::close`, for the caller to add to its own weight.
	fn close() -> Weight;
}

/// Weights counted from the database accesses of each call.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Reads: incident, clock. Writes: incident, one entry of the timeline.
	fn note() -> Weight {
		Weight::from_parts(15_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
	/// Reads and writes: the incident.
	fn review() -> Weight {
		Weight::from_parts(12_000_000, 3_000).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	/// Reads: open incident of the scope, next number, incident, clock. Writes: the first three and
	/// one entry of the timeline.
	fn open() -> Weight {
		Weight::from_parts(8_000_000, 5_000).saturating_add(T::DbWeight::get().reads_writes(4, 4))
	}
	/// Reads: incident, clock, the two last entries. Writes: incident, one entry.
	fn append() -> Weight {
		Weight::from_parts(6_000_000, 5_000).saturating_add(T::DbWeight::get().reads_writes(4, 2))
	}
	/// Reads: incident, clock. Writes: incident, open incident of the scope.
	fn close() -> Weight {
		Weight::from_parts(5_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(2, 2))
	}
}

impl WeightInfo for () {
	fn note() -> Weight {
		Weight::from_parts(15_000_000, 4_000)
	}
	fn review() -> Weight {
		Weight::from_parts(12_000_000, 3_000)
	}
	fn open() -> Weight {
		Weight::from_parts(8_000_000, 5_000)
	}
	fn append() -> Weight {
		Weight::from_parts(6_000_000, 5_000)
	}
	fn close() -> Weight {
		Weight::from_parts(5_000_000, 4_000)
	}
}
