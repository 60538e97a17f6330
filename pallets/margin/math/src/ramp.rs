//! Maintenance rates that rise: announced, and then raised in steps that people can follow.
//!
//! ```text
//!   announced    what is armed from now on waits for the announced rates, what waits is looked at
//!   notice       sixty minutes in which the chain runs
//!   raised       each minute by a sixtieth of 50 basis points of notional value, until the target
//! ```
//!
//! Maintenance margin ascends with every rate, so thresholds that obey the trigger rule under the
//! higher of two sets of rates obey it under both, and under all that lie between.

use crate::{Ppm, RiskTerms};

/// The maintenance rates of the brackets of a market, in their order.
pub type Rates = [Ppm; 4];

/// Minutes in which the chain runs between the announcement of higher rates and their first step.
pub const NOTICE_MINUTES: u16 = 60;
/// By how much a rate rises in a minute at the most: 50 basis points in an hour, rounded down.
pub const RISE_PER_MINUTE: Ppm = Ppm(5_000 / 60);
/// The most of the open interest that an announced rise may push under its maintenance margin.
pub const MOST_FALLING: Ppm = Ppm(5_000);

/// One minute's step from the rates `now` to the rates `target`; a rate that is not below its target
/// stays where it is. Rates that ascend over the brackets still do afterwards.
pub fn raise(now: Rates, target: &Rates) -> Rates {
	let mut raised = now;
	for (rate, target) in raised.iter_mut().zip(target) {
		*rate = (*rate).max(rate.saturating_add(RISE_PER_MINUTE).min(*target));
	}
	raised
}

/// Whether no rate of `to` is below its like of `from`, and one is above it.
pub fn rises(from: &Rates, to: &Rates) -> bool {
	from != to && from.iter().zip(to).all(|(from, to)| from <= to)
}

impl RiskTerms {
	/// The maintenance rates of the brackets.
	pub fn rates(&self) -> Rates {
		self.brackets.map(|bracket| bracket.rate)
	}
	/// The same parameters with other maintenance rates.
	pub fn with_rates(mut self, rates: &Rates) -> Self {
		for (bracket, rate) in self.brackets.iter_mut().zip(rates) {
			bracket.rate = *rate;
		}
		self
	}
	/// The same parameters with the higher of their own and the announced maintenance rates: what
	/// triggers are armed by while a rise is announced.
	pub fn at_most(mut self, announced: &Rates) -> Self {
		for (bracket, rate) in self.brackets.iter_mut().zip(announced) {
			bracket.rate = bracket.rate.max(*rate);
		}
		self
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::terms::tests::btc;
	use proptest::prelude::*;

	#[test]
	fn an_hour_raises_a_rate_by_no_more_than_half_a_percent() {
		let start = btc().rates();
		let target = [Ppm(40_000), Ppm(40_000), Ppm(60_000), Ppm(100_000)];
		let hour = (0..60).fold(start, |rates, _| raise(rates, &target));
		assert_eq!(hour, [Ppm(24_980), Ppm(34_980), Ppm(54_980), Ppm(100_000)]);
		let all = (0..1_000).fold(start, |rates, _| raise(rates, &target));
		assert_eq!(all, target);
	}

	#[test]
	fn a_rise_lowers_nothing_and_raises_something() {
		let rates = btc().rates();
		let with = |index: usize, rate| {
			let mut changed = rates;
			changed[index] = Ppm(rate);
			changed
		};
		assert!(!rises(&rates, &rates));
		assert!(rises(&rates, &with(0, 20_001)));
		assert!(!rises(&with(0, 20_001), &with(1, 30_001)));
	}

	proptest! {
		#[test]
		fn rates_on_the_way_ascend_and_margins_stay_below_what_triggers_are_armed_by(
			rise in prop::array::uniform4(0u32..100_000),
			minutes in 0usize..600,
			notional in 0u128..1 << 60,
		) {
			let mut target = btc().rates();
			let mut least = 0;
			for (rate, by) in target.iter_mut().zip(rise) {
				least = least.max(rate.0 + by);
				*rate = Ppm(least);
			}
			let now = (0..minutes).fold(btc().rates(), |rates, _| raise(rates, &target));
			let terms = btc().with_rates(&now);
			prop_assert_eq!(terms.validate(), Ok(()));
			let armed = terms.at_most(&target);
			prop_assert_eq!(armed.rates(), target);
			prop_assert!(btc().maintenance(notional) <= terms.maintenance(notional));
			prop_assert!(terms.maintenance(notional) <= armed.maintenance(notional));
		}
	}
}
