//! What cover costs and how large a fund should be: pure.

use crate::types::MarketFund;
use breakwater_primitives::{Balance, Charges, CoverTerms, Millis, Ppm};

/// One day, in milliseconds.
const DAY: Millis = 86_400_000;
/// The time constant of the average of open interest, in milliseconds.
pub const AVERAGE: Millis = 30 * DAY;
/// The largest share of its target by which a fund is topped up in a day: 5 %.
pub const TOP_UP: Ppm = Ppm(50_000);

/// `part` hundredths of `amount`, rounded down; the largest value where that does not fit.
const fn percent(amount: Balance, part: u128) -> Balance {
	(amount / 100).saturating_mul(part).saturating_add(amount % 100 * part / 100)
}

impl MarketFund {
	/// What fills pay now.
	///
	/// The premium is `base x clamp(T / F, 1, 3)` for a fund of `F` with a target of `T`, where the
	/// base includes the factor of volatility; with more than `1.5 T` it is half the base, and never
	/// nothing: cover is cheap when all is calm.
	pub fn charges(&self) -> Charges {
		let base = u128::from(self.premium);
		let premium = if self.balance > self.above(150) {
			base.div_ceil(2)
		} else if self.target <= self.balance {
			base
		} else {
			// Parts are taken so that the product fits; `balance < target` here.
			let shift = 128u32.saturating_sub(self.target.leading_zeros()).saturating_sub(90);
			let (target, fund) = (self.target >> shift, (self.balance >> shift).max(1));
			(base * target).div_ceil(fund).min(base * 3)
		};
		let surcharge = if self.owed > 0 { self.surcharge } else { 0 };
		Charges { premium: premium.try_into().unwrap_or(u32::MAX), surcharge }
	}

	/// `part` hundredths of the target.
	const fn above(&self, part: u128) -> Balance {
		percent(self.target, part)
	}

	/// Take note of the open interest and of the terms of cover at `now`.
	pub fn measure(&mut self, interest: Balance, terms: &CoverTerms, volatility: Ppm, now: Millis) {
		if self.since == 0 {
			self.since = now.max(1);
		}
		let elapsed = if self.reviewed == 0 { 0 } else { now.saturating_sub(self.reviewed) };
		self.average = approach(self.average, interest, elapsed);
		self.target = terms.target.mul_ceil(interest.max(self.average));
		let one = Ppm::one().0;
		let premium = Ppm(volatility.0.clamp(one, 2 * one)).mul_ceil(terms.premium.into());
		self.premium = premium.try_into().unwrap_or(u32::MAX);
		self.surcharge = terms.surcharge;
		self.reviewed = self.reviewed.max(now);
	}

	/// What the fund can spare at `now`: of more than `1.5 T`, what exceeds `1.25 T`. Before the
	/// average covers thirty days nothing is spare: a young market's fund waits for its open
	/// interest.
	pub fn spare(&self, now: Millis) -> Balance {
		if now < self.since.saturating_add(AVERAGE) || self.balance <= self.above(150) {
			return 0;
		}
		self.balance.saturating_sub(self.above(125))
	}

	/// What the fund lacks: with less than half of its target, what is missing to that half, and no
	/// more than 5 % of the target per day for the time since the last review.
	pub fn lack(&self, elapsed: Millis) -> Balance {
		let daily = TOP_UP.mul_floor(self.target);
		let elapsed = u128::from(elapsed.min(DAY));
		let day = u128::from(DAY);
		let allowance = daily / day * elapsed + daily % day * elapsed / day;
		self.above(50).saturating_sub(self.balance).min(allowance)
	}
}

/// `average` moved towards `value` by the share of [`AVERAGE`] that has elapsed.
fn approach(average: Balance, value: Balance, elapsed: Millis) -> Balance {
	let (gap, whole) = (average.abs_diff(value), u128::from(AVERAGE));
	let elapsed = u128::from(elapsed.min(AVERAGE));
	let step = gap / whole * elapsed + gap % whole * elapsed / whole;
	if value > average {
		average.saturating_add(step)
	} else {
		average.saturating_sub(step)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const HOUR: Millis = 3_600_000;
	const NOW: Millis = 1_600_000_000_000;

	fn fund(balance: Balance, target: Balance) -> MarketFund {
		MarketFund { balance, target, premium: 15_000, surcharge: 100_000, ..Default::default() }
	}

	#[test]
	fn the_premium_follows_the_shortfall_between_one_and_three_times() {
		for (balance, premium) in [
			(0, 45_000),
			(1, 45_000),
			(333, 45_000),
			(334, 44_911),
			(500, 30_000),
			(750, 20_000),
			(1_000, 15_000),
			(1_500, 15_000),
			(1_501, 7_500),
			(u128::MAX, 7_500),
		] {
			assert_eq!(fund(balance, 1_000).charges().premium, premium, "{balance}");
		}
		// No open interest: a fund is more than it needs, and without one nothing is missing.
		assert_eq!(fund(1, 0).charges().premium, 7_500);
		assert_eq!(fund(0, 0).charges().premium, 15_000);
		assert_eq!(fund(u128::MAX / 2, u128::MAX).charges().premium, 30_001);
	}

	#[test]
	fn takers_pay_the_surcharge_while_something_is_owed() {
		assert_eq!(fund(0, 0).charges().surcharge, 0);
		let owing = MarketFund { owed: 1, ..fund(0, 0) };
		assert_eq!(owing.charges().surcharge, 100_000);
	}

	#[test]
	fn the_target_is_a_fraction_of_the_larger_of_open_interest_and_its_average() {
		for (terms, target) in [
			(CoverTerms::TIER_A, 5_000),
			(CoverTerms::TIER_B, 20_000),
			(CoverTerms::TIER_C, 60_000),
		] {
			let mut fund = MarketFund::default();
			fund.measure(1_000_000, &terms, Ppm::one(), NOW);
			assert_eq!((fund.target, fund.premium), (target, terms.premium));
		}
		let mut fund = MarketFund::default();
		for hour in 0..=30 * 24 {
			fund.measure(1_000_000, &CoverTerms::TIER_A, Ppm::one(), NOW + hour * HOUR);
		}
		// After one time constant 63 % of the way.
		assert!((631_000..=634_000).contains(&fund.average), "{}", fund.average);
		fund.measure(0, &CoverTerms::TIER_A, Ppm::one(), NOW + 721 * HOUR);
		assert_eq!(fund.target, fund.average.div_ceil(200));
	}

	#[test]
	fn volatility_counts_between_one_and_two_times() {
		for (volatility, premium) in
			[(0, 50_000), (1_000_000, 50_000), (1_500_000, 75_000), (9_000_000, 100_000)]
		{
			let mut fund = MarketFund::default();
			fund.measure(0, &CoverTerms::TIER_B, Ppm(volatility), NOW);
			assert_eq!(fund.premium, premium);
		}
	}

	#[test]
	fn what_exceeds_one_and_a_quarter_targets_is_spare_once_the_average_is_one() {
		let old = |balance| MarketFund { since: 1, ..fund(balance, 1_000) };
		assert_eq!(old(1_500).spare(NOW), 0);
		assert_eq!(old(1_501).spare(NOW), 251);
		let young = MarketFund { since: NOW, ..old(9_000) };
		assert_eq!(young.spare(NOW + AVERAGE - 1), 0);
		assert_eq!(young.spare(NOW + AVERAGE), 7_750);
	}

	#[test]
	fn a_fund_below_half_its_target_lacks_a_twentieth_of_it_a_day() {
		assert_eq!(fund(500_000, 1_000_000).lack(DAY), 0);
		assert_eq!(fund(499_990, 1_000_000).lack(DAY), 10);
		assert_eq!(fund(0, 1_000_000).lack(DAY), 50_000);
		assert_eq!(fund(0, 1_000_000).lack(10 * DAY), 50_000);
		assert_eq!(fund(0, 1_000_000).lack(HOUR), 2_083);
	}

	proptest! {
		/// Premiums stay between half and three times the base, fall as the fund grows, and the
		/// average never leaves the range of what it averages.
		#[test]
		fn premiums_and_averages_stay_in_range(
			target in any::<u128>(), balance in any::<u128>(), more in any::<u128>(),
			average in any::<u128>(), interest in any::<u128>(), elapsed in any::<u64>(),
		) {
			let premium = fund(balance, target).charges().premium;
			prop_assert!((7_500..=45_000).contains(&premium));
			let richer = fund(balance.saturating_add(more), target).charges().premium;
			prop_assert!(richer <= premium);
			let next = approach(average, interest, elapsed);
			prop_assert!((average.min(interest)..=average.max(interest)).contains(&next));
		}
	}
}
