//! What a feed costs: its benchmark, made to fit the feeders that there are and what was really written.

use crate::{weights::WeightInfo, Config};
use breakwater_primitives::MarketId;
use frame_support::{
	traits::{Get, SortedMembers},
	weights::Weight,
};

/// The feeders with whom `feed` is measured: those of the development chain.
pub const FEEDERS: u32 = 4;

/// What every feeder of a block writes in a market: the value of the oracle and the guard. A block
/// changes them once, however many report.
const SHARED: u64 = 2;

/// How many markets of a feed need less than the most.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spared {
	/// Another feeder has reported on them in this block.
	pub again: u64,
	/// No minute of their average was over.
	pub within_minute: u64,
}

/// The most that a feed of `prices` takes, without those who are told: the first of its block, with a
/// minute over in every market.
pub(crate) fn feed<T: Config>(prices: u32) -> Weight {
	// Each feeder beyond those of the benchmark is one more report to read and to sort.
	let feeders = u32::try_from(T::Members::count()).unwrap_or(u32::MAX);
	let report = report::<T>().saturating_mul(feeders.saturating_sub(FEEDERS).into());
	<T as Config>::WeightInfo::feed(prices).saturating_add(report.saturating_mul(prices.into()))
}

/// What a feed really took.
pub(crate) fn fed<T: Config>(prices: u32, spared: Spared) -> Weight {
	let Spared { again, within_minute } = spared;
	let writes = again.saturating_mul(SHARED).saturating_add(within_minute);
	feed::<T>(prices).saturating_sub(T::DbWeight::get().reads_writes(within_minute, writes))
}

/// One more report of a market.
fn report<T: Config>() -> Weight {
	let reports = <T as Config>::WeightInfo::reports;
	reports(FEEDERS.saturating_add(1)).saturating_sub(reports(FEEDERS))
}

impl Spared {
	/// Take note of a market before it is reported on.
	pub(crate) fn note<T: Config>(&mut self, market: MarketId) {
		let round = crate::Guards::<T>::get(market).round;
		// Chain time moves with every block.
		if round.reports > 0 && round.at == crate::Pallet::<T>::now() {
			self.again = self.again.saturating_add(1);
		}
	}
}
