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
	/// `pause_call`, with sixteen leases that are over to clear away.
	fn pause_call() -> Weight;
	/// `resume_call`, with fifteen other leases that are over to clear away.
	fn resume_call() -> Weight;
	/// `rearm`.
	fn rearm() -> Weight;
	/// The look at the paused calls in `on_idle`, with sixteen leases to clear away.
	fn tidy_pauses() -> Weight;
	/// A price: windows, band, detection, and a lease.
	fn on_price() -> Weight;
	/// `settle` and `settle_frozen`, with what those do who wind a market down.
	fn settle() -> Weight;
}

/// Proof size of one shard, from its greatest encoded length, rounded up.
const SHARD: u64 = 6_500;
/// Proof size of one window.
const WINDOW: u64 = 700;
/// Proof size of the leases of calls.
const PAUSES: u64 = 3_000;
/// Leases of calls, each with an item of pallet-tx-pause and an entry in the incident.
const MOST: u64 = crate::MAX_PAUSES as u64;
/// Proof size of what one lease of a call touches besides.
const PAUSE: u64 = 2_500;

/// Counted with the database weights of `T`.
pub struct SubstrateWeight<T>(PhantomData<T>);

impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {
	/// Clock, two budgets, token, calls, both shards, the incident (4), the auction: r 12, w 9.
	fn restrict() -> Weight {
		Weight::from_parts(20_000_000, 2 * SHARD + PAUSES + 7_000)
			.saturating_add(T::DbWeight::get().reads_writes(12, 9))
	}
	/// Clock, calls, both shards, the incident (3), the auction: r 8, w 6.
	fn lift() -> Weight {
		Weight::from_parts(15_000_000, 2 * SHARD + PAUSES + 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(8, 6))
	}
	/// Clock, calls, both shards, the incident (4), the pause: r 9, w 8; and what is over.
	fn pause_call() -> Weight {
		Weight::from_parts(25_000_000, 2 * SHARD + PAUSES + 6_000)
			.saturating_add(T::DbWeight::get().reads_writes(10, 9))
			.saturating_add(Self::tidy_pauses())
	}
	fn resume_call() -> Weight {
		Self::tidy_pauses()
	}
	/// As a restriction without budgets; the clearing house: guard, hour, terms, board, totals,
	/// settlement, two bitmaps, number of accounts; the exchange: terms, hot item, two bitmaps: r 12 + 13,
	/// w 9 + 9.
	fn settle() -> Weight {
		Weight::from_parts(40_000_000, 2 * SHARD + PAUSES + 20_000)
			.saturating_add(T::DbWeight::get().reads_writes(25, 18))
	}
	/// One item: r 1, w 1.
	fn rearm() -> Weight {
		Weight::from_parts(8_000_000, 1_400).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	/// Clock, calls, both shards, the incident (2): r 6, w 5; per lease the pause and the incident's
	/// next entry: r 3, w 2.
	fn tidy_pauses() -> Weight {
		Weight::from_parts(10_000_000 + MOST * 5_000_000, 2 * SHARD + PAUSES + 4_000 + MOST * PAUSE)
			.saturating_add(T::DbWeight::get().reads_writes(6 + 3 * MOST, 5 + 2 * MOST))
	}
	/// One item: r 1, w 1.
	fn set_detectors() -> Weight {
		Weight::from_parts(8_000_000, 100).saturating_add(T::DbWeight::get().reads_writes(1, 1))
	}
	/// Shard and clock (hot, charged once per block), parameters, window: r 3, w 1. Once a minute the
	/// volatility adds the market's terms and its place on the board: r 2, w 1. A lease adds the
	/// incident, which is rare and inside the margin of the logic's time.
	fn on_price() -> Weight {
		Weight::from_parts(12_000_000, WINDOW + 4_000)
			.saturating_add(T::DbWeight::get().reads_writes(5, 2))
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
	fn pause_call() -> Weight {
		Weight::from_parts(400_000_000, 2 * SHARD + PAUSES).saturating_add(Self::tidy_pauses())
	}
	fn resume_call() -> Weight {
		Self::tidy_pauses()
	}
	fn rearm() -> Weight {
		Weight::from_parts(50_000_000, 1_400)
	}
	fn settle() -> Weight {
		Weight::from_parts(400_000_000, 2 * SHARD + 24_000)
	}
	fn tidy_pauses() -> Weight {
		Weight::from_parts(MOST * 100_000_000, PAUSES + MOST * PAUSE)
	}
	fn on_price() -> Weight {
		Weight::from_parts(60_000_000, WINDOW + 100)
	}
}
