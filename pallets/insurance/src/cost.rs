//! What the hook costs.

use crate::{pallet::Config, WeightInfo};
use frame_support::{traits::Get, weights::Weight};

/// Items that the calls of a block change together: the total, a market's fund, the global fund and
/// its shares. Whoever is the first to change them pays no more than the others.
const SHARED: u64 = 4;

/// What the hook does in every block, and what all calls of a block do once.
pub fn block<T: Config>() -> Weight {
	T::WeightInfo::upkeep().saturating_add(T::DbWeight::get().reads_writes(SHARED, SHARED))
}
