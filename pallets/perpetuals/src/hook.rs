//! What the exchange does at the start of a block, and how it shares what it may take of it.
//!
//! Each kind of work has a part of [`Config::HookWeight`] that the others cannot take from it, so a
//! market that keeps the auctions busy delays no stop order and no switch. What a kind leaves goes to
//! those behind it.
//!
//! ```text
//!   on_initialize ──► switches that lapsed (14 %) ──► premiums (6 %)
//!   on_poll       ──► stop orders that wait (39 %) ──► auctions and batches (31 %)
//!                 ──► books of settled markets (10 %)
//! ```

use crate::{
	auction::least_of_an_auction, settlement::least_of_clearing, stops::most_of_a_stop,
	switch::most_of_a_switch, Config, Pallet, WeightInfo,
};
use frame_support::{
	pallet_prelude::Get,
	weights::{Weight, WeightMeter},
};

/// Parts of the weight, in percent.
const SWITCHES: u64 = 14;
const PREMIUMS: u64 = 6;
const STOPS: u64 = 39;
const AUCTIONS: u64 = 31;
const SETTLED: u64 = 10;

fn percent<T: Config>(percent: u64) -> Weight {
	// Divided first: a limit that stands for none must not saturate.
	(T::HookWeight::get() / 100).saturating_mul(percent)
}

/// Let `work` take what is left but `kept` percent of all.
fn leaving<T: Config>(meter: &mut WeightMeter, kept: u64, work: impl FnOnce(&mut WeightMeter)) {
	let limit = meter.remaining().saturating_sub(percent::<T>(kept));
	let mut own = WeightMeter::with_limit(limit);
	work(&mut own);
	meter.consume(own.consumed());
}

impl<T: Config> Pallet<T> {
	/// Do what does not hang on the time of this block, and return what it took.
	pub(crate) fn begin_block() -> Weight {
		let mut meter = WeightMeter::with_limit(percent::<T>(SWITCHES + PREMIUMS));
		leaving::<T>(&mut meter, PREMIUMS, Self::lapse_switches);
		Self::sample_premiums(&mut meter);
		meter.consumed()
	}

	/// Do what hangs on it, as far as the block has room.
	pub(crate) fn poll_block(meter: &mut WeightMeter) {
		let limit = percent::<T>(STOPS + AUCTIONS + SETTLED).min(meter.remaining());
		let mut own = WeightMeter::with_limit(limit);
		leaving::<T>(&mut own, AUCTIONS + SETTLED, Self::fire_backlog);
		leaving::<T>(&mut own, SETTLED, Self::run_auctions);
		Self::clear_settled(&mut own);
		meter.consume(own.consumed());
	}

	/// Each kind of work must go on with its own part alone.
	pub(crate) fn check_parts() {
		let enough = |part, least: Weight| percent::<T>(part).all_gte(least);
		assert!(enough(SWITCHES, most_of_a_switch::<T>()), "no switch fits the hook's weight");
		assert!(enough(STOPS, most_of_a_stop::<T>()), "no stop order fits the hook's weight");
		assert!(enough(AUCTIONS, least_of_an_auction::<T>()), "no auction fits the hook's weight");
		assert!(enough(SETTLED, least_of_clearing::<T>()), "no settlement fits the hook's weight");
		let sample = T::WeightInfo::sample_premium();
		assert!(enough(PREMIUMS, sample), "no premium fits the hook's weight");
	}
}
