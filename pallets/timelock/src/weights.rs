//! What the calls and the hook cost.

use core::marker::PhantomData;
use frame_support::{traits::Get, weights::Weight};

/// Weights of the pallet's calls and of its hook; `len` is the length of the queued call in bytes.
pub trait WeightInfo {
	/// [`crate::Pallet::queue`], with the scheduling of its ripening.
	fn queue(len: u32) -> Weight;
	/// [`crate::Pallet::veto`].
	fn veto() -> Weight;
	/// [`crate::Pallet::execute`], without the weight of the queued call.
	fn execute(len: u32) -> Weight;
	/// [`crate::Pallet::ripen`].
	fn ripen() -> Weight;
	/// A block in which nothing is ripe.
	fn poll() -> Weight;
	/// Dropping an entry that expired.
	fn expire() -> Weight;
}

/// Weights counted from the database accesses of each call.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Reads: pending, next number, delays, clock, the chain's level (two), agenda of the scheduler
	/// (up to five blocks). Writes: pending, next number, entry, bytes, agenda. Encoding and hashing
	/// take about 4 ns a byte in wasm.
	fn queue(len: u32) -> Weight {
		Weight::from_parts(40_000_000, 24_000)
			.saturating_add(Weight::from_parts(4_000, 1).saturating_mul(len.into()))
			.saturating_add(T::DbWeight::get().reads_writes(11, 5))
	}
	/// Reads: entry, pending, finished. Writes: those, the bytes, and the oldest finished entry.
	fn veto() -> Weight {
		Weight::from_parts(15_000_000, 5_000).saturating_add(T::DbWeight::get().reads_writes(3, 5))
	}
	/// Reads: entry, bytes, pending, finished, clock, the chain's level (two). Writes: entry, bytes,
	/// pending, finished, the oldest finished entry. Decoding and hashing take about 6 ns a byte.
	fn execute(len: u32) -> Weight {
		Weight::from_parts(25_000_000, 8_000)
			.saturating_add(Weight::from_parts(6_000, 1).saturating_mul(len.into()))
			.saturating_add(T::DbWeight::get().reads_writes(7, 5))
	}
	/// Reads: entry, pending, clock, agenda (up to five blocks). Writes: entry, pending or agenda.
	fn ripen() -> Weight {
		Weight::from_parts(20_000_000, 22_000).saturating_add(T::DbWeight::get().reads_writes(8, 2))
	}
	/// Reads: pending, clock, the chain's level (two), one entry.
	fn poll() -> Weight {
		Weight::from_parts(3_000_000, 3_000).saturating_add(T::DbWeight::get().reads(5))
	}
	/// Reads: entry, finished. Writes: entry, bytes, pending, finished, the oldest finished entry.
	fn expire() -> Weight {
		Weight::from_parts(12_000_000, 4_000).saturating_add(T::DbWeight::get().reads_writes(2, 5))
	}
}

impl WeightInfo for () {
	fn queue(len: u32) -> Weight {
		Weight::from_parts(40_000_000 + 4_000 * u64::from(len), 24_000)
	}
	fn veto() -> Weight {
		Weight::from_parts(15_000_000, 5_000)
	}
	fn execute(len: u32) -> Weight {
		Weight::from_parts(25_000_000 + 6_000 * u64::from(len), 8_000)
	}
	fn ripen() -> Weight {
		Weight::from_parts(20_000_000, 22_000)
	}
	fn poll() -> Weight {
		Weight::from_parts(3_000_000, 3_000)
	}
	fn expire() -> Weight {
		Weight::from_parts(12_000_000, 4_000)
	}
}
