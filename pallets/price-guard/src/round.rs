//! From raw reports to a round.

use crate::{
	types::{GuardParams, Round},
	Config, Guards, Pallet, Params,
};
use alloc::vec::Vec;
use breakwater_primitives::{MarketId, Millis, Ppm, Ticks};
use core::marker::PhantomData;
use pallet_oracle::{CombineData, TimestampedValue};
use sp_runtime::{traits::UniqueSaturatedInto, SaturatedConversion};

/// Aggregates the reports of pallet-oracle, whose `CombineData` it is: the only place that sees all
/// of them. Remembers the outcome in [`Guards`], also where there is no median.
pub struct GuardedMedian<T>(PhantomData<T>);

impl<T, Moment> CombineData<MarketId, TimestampedValue<Ticks, Moment>> for GuardedMedian<T>
where
	T: Config,
	Moment: Copy + Ord + UniqueSaturatedInto<Millis>,
{
	fn combine_data(
		market: &MarketId,
		values: Vec<TimestampedValue<Ticks, Moment>>,
		previous: Option<TimestampedValue<Ticks, Moment>>,
	) -> Option<TimestampedValue<Ticks, Moment>> {
		let now = Pallet::<T>::now();
		let params = Params::<T>::get(market);
		let made = |v: &TimestampedValue<Ticks, Moment>| v.timestamp.saturated_into::<Millis>();
		let fresh = values.iter().filter(|v| made(v).saturating_add(params.age_limit) >= now);
		let newest = fresh.clone().map(|v| v.timestamp).max();
		let mut round = round(fresh.clone().map(|v| v.value).collect(), now, &params);
		Guards::<T>::mutate(market, |guard| {
			let held = guard.pending.map_or(Millis::MAX, |p| p.at);
			round.later = fresh.filter(|v| made(v) > held).count().saturated_into();
			guard.round = round;
		});
		match newest {
			Some(timestamp) if round.reports >= 2 => {
				Some(TimestampedValue { value: round.median, timestamp })
			},
			_ => previous,
		}
	}
}

/// What fresh `reports` amount to.
pub(crate) fn round(mut reports: Vec<Ticks>, now: Millis, params: &GuardParams) -> Round {
	reports.sort_unstable();
	let median = median(&reports);
	Round {
		median,
		reports: reports.len().saturated_into(),
		dispersion: dispersion(&reports, params.quorum.into(), median),
		later: 0,
		at: now,
	}
}

/// The middle of sorted reports; of an even number, the mean of the two in the middle, rounded down;
/// zero of none.
fn median(sorted: &[Ticks]) -> Ticks {
	let upper = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
	let lower = sorted.get(sorted.len().saturating_sub(1) / 2).copied().unwrap_or_default();
	Ticks(lower.0.saturating_add(upper.0.saturating_sub(lower.0) / 2))
}

/// The narrowest spread that holds `quorum` of sorted reports, or all where there are fewer,
/// relative to `median` and rounded up.
fn dispersion(sorted: &[Ticks], quorum: usize, median: Ticks) -> Ppm {
	let size = quorum.min(sorted.len()).max(1);
	let spreads = sorted.windows(size).filter_map(|w| Some(w.last()?.saturating_sub(*w.first()?)));
	let spread = u64::from(spreads.min().unwrap_or_default().0);
	let ppm = spread.saturating_mul(1_000_000).div_ceil(u64::from(median.0).max(1));
	Ppm(ppm.saturated_into())
}
