//! The formulas of funding, without storage.
//!
//! Longs pay shorts where the contract trades above the index, and the other way round. The premium of
//! a sample compares the index with what a clip of a size by tier would receive and pay in the book;
//! the mean of an hour's samples and a fixed interest give the rate:
//!
//! ```text
//!   premium = (max(0, impact bid - index) - max(0, index - impact ask)) / index
//!   rate    = P + clamp(i - P, -5 bp, +5 bp)             of 8 hours; P the hour's mean, i the interest
//!   |rate| <= min(6 * (initial - maintenance), 4 % or by tier), both fractions those of small positions
//!   minute  = rate / 480 * index, per lot
//! ```
//!
//! Fractions are in parts per million; what is divided is rounded towards zero, so that rounding
//! never makes anybody pay more than the formula.

use crate::types::Tier;
use breakwater_primitives::{Contract, Funding, Ppm, SignedPpm, Ticks};

/// Interest of 8 hours: one basis point.
pub const INTEREST: SignedPpm = SignedPpm(100);
/// How far the interest moves the rate: five basis points.
const INTEREST_CLAMP: i64 = 500;
/// How often the rate of 8 hours fits between initial and maintenance margin.
const MARGIN_MULTIPLE: u64 = 6;
/// Minutes of the 8 hours to which a rate belongs.
const RATE_MINUTES: i128 = 480;
const MILLION: i64 = 1_000_000;

/// The notional value, in quote units, of the clip whose price in the book is compared.
pub const fn clip(tier: Tier) -> u128 {
	const UNIT: u128 = 1_000_000;
	match tier {
		Tier::A => 250_000 * UNIT,
		Tier::B => 50_000 * UNIT,
		Tier::C => 10_000 * UNIT,
	}
}

/// The highest rate of 8 hours of a market, by its tier and its margin fractions for small positions.
pub fn cap(tier: Tier, initial: Ppm, maintenance: Ppm) -> Ppm {
	let by_tier = match tier {
		Tier::A => 10_000,
		Tier::B => 20_000,
		Tier::C => 40_000,
	};
	let margin = u64::from(initial.0.saturating_sub(maintenance.0)).saturating_mul(MARGIN_MULTIPLE);
	Ppm(u32::try_from(margin).unwrap_or(u32::MAX).min(by_tier))
}

/// The premium of one sample. None without an index.
pub fn premium(index: Ticks, impact_bid: Ticks, impact_ask: Ticks) -> Option<SignedPpm> {
	let above = i64::from(impact_bid.0.saturating_sub(index.0));
	let below = i64::from(index.0.saturating_sub(impact_ask.0));
	let parts = above.saturating_sub(below).saturating_mul(MILLION);
	let premium = parts.checked_div(index.0.into())?;
	// Ten times the index is beyond any cap, and keeps sums of samples small.
	let bound = 10 * MILLION;
	Some(SignedPpm(premium.clamp(-bound, bound) as i32))
}

/// The mean of samples that add up to `sum`; nothing without samples.
pub fn mean(sum: i64, samples: u32) -> SignedPpm {
	let mean = sum.checked_div(samples.into()).unwrap_or(0);
	SignedPpm(mean.clamp(i32::MIN.into(), i32::MAX.into()) as i32)
}

/// The rate of 8 hours by the mean premium; `cap` bounds it on both sides.
pub fn rate(premium: SignedPpm, interest: SignedPpm, cap: Ppm) -> SignedPpm {
	let (premium, interest) = (i64::from(premium.0), i64::from(interest.0));
	let moved = premium + (interest - premium).clamp(-INTEREST_CLAMP, INTEREST_CLAMP);
	let cap = i64::from(cap.0.min(i32::MAX as u32));
	SignedPpm(moved.clamp(-cap, cap) as i32)
}

/// What every long owes for each lot after `minutes` at `rate`; every short receives it.
pub fn step(rate: SignedPpm, index: Ticks, contract: Contract, minutes: u32) -> Funding {
	let price = i128::from(index.0) * i128::from(contract.unit);
	// Below 2^31 * 2^64 * 2^32: it fits, and so does what few minutes make of it.
	let whole = i128::from(rate.0).saturating_mul(price) << Funding::FRACTION_BITS;
	Funding(whole.saturating_mul(minutes.into()) / (i128::from(MILLION) * RATE_MINUTES))
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const NONE: Ppm = Ppm(u32::MAX);

	#[test]
	fn the_rate_of_a_market_with_5_and_3_percent_margin_is_12_percent_at_the_most_by_margin() {
		// 6 * (5 % - 3 %) = 12 %, and the tier's bound is tighter.
		let margin = (50_000 - 30_000) * 6;
		assert_eq!(margin, 120_000);
		assert_eq!(cap(Tier::C, Ppm(50_000), Ppm(30_000)), Ppm(40_000));
		assert_eq!(cap(Tier::B, Ppm(50_000), Ppm(30_000)), Ppm(20_000));
		assert_eq!(cap(Tier::A, Ppm(50_000), Ppm(30_000)), Ppm(10_000));
		// A market with little margin between the two is bound by it.
		assert_eq!(cap(Tier::C, Ppm(6_000), Ppm(3_000)), Ppm(18_000));
		assert_eq!(cap(Tier::C, Ppm(3_000), Ppm(6_000)), Ppm(0));
	}

	#[test]
	fn a_premium_counts_where_the_index_is_outside_the_impact_prices() {
		let at = |index, bid, ask| premium(Ticks(index), Ticks(bid), Ticks(ask)).map(|p| p.0);
		assert_eq!(at(10_000, 9_990, 10_010), Some(0));
		assert_eq!(at(10_000, 10_020, 10_030), Some(2_000));
		assert_eq!(at(10_000, 9_960, 9_970), Some(-3_000));
		assert_eq!(at(0, 1, 2), None);
		assert_eq!(at(1, u32::MAX - 1, u32::MAX), Some(10_000_000));
	}

	#[test]
	fn the_rate_is_the_interest_while_the_premium_is_small() {
		let of = |p| rate(SignedPpm(p), INTEREST, NONE).0;
		assert_eq!(of(0), 100);
		assert_eq!(of(600), 100);
		assert_eq!(of(-400), 100);
		assert_eq!(of(601), 101);
		assert_eq!(of(-401), 99);
		assert_eq!(of(2_000), 1_500);
		assert_eq!(of(-2_000), -1_500);
		assert_eq!(rate(SignedPpm(90_000), INTEREST, Ppm(10_000)).0, 10_000);
		assert_eq!(rate(SignedPpm(-90_000), INTEREST, Ppm(10_000)).0, -10_000);
	}

	#[test]
	fn eight_hours_of_minutes_are_the_rate_of_the_notional_value() {
		let contract = Contract { unit: 100 };
		// One lot at 600,000 ticks is worth 60,000,000; 0.01 % of it is 6,000.
		let of = |minutes| step(SignedPpm(100), Ticks(600_000), contract, minutes).0;
		assert_eq!(of(480), 6_000 << 32);
		assert!((6_000 << 32) - of(1) * 480 < 480);
		assert_eq!(step(SignedPpm(-100), Ticks(600_000), contract, 480).0, -(6_000 << 32));
	}

	#[test]
	fn the_mean_of_no_samples_is_nothing() {
		assert_eq!(mean(0, 0), SignedPpm(0));
		assert_eq!(mean(-7, 2), SignedPpm(-3));
		assert_eq!(mean(600, 4), SignedPpm(150));
	}

	proptest! {
		#[test]
		fn a_rate_never_leaves_its_cap_and_follows_the_premium(
			a in -1_000_000i32..1_000_000,
			b in -1_000_000i32..1_000_000,
			cap in 0u32..50_000,
		) {
			let of = |p| rate(SignedPpm(p), INTEREST, Ppm(cap)).0;
			prop_assert!(of(a).unsigned_abs() <= cap);
			prop_assert!(of(a.min(b)) <= of(a.max(b)));
		}

		#[test]
		fn what_longs_owe_has_the_sign_of_the_rate_and_is_never_above_it(
			rate in -40_000i32..40_000,
			index in 1u32..,
			unit in 1u32..,
		) {
			let per_lot = step(SignedPpm(rate), Ticks(index), Contract { unit }, 480).0;
			let exact = i128::from(rate) * i128::from(index) * i128::from(unit);
			prop_assert!(per_lot.signum() == exact.signum());
			let due = (per_lot >> 32).unsigned_abs();
			prop_assert!(due <= exact.unsigned_abs() / 1_000_000 + 1);
		}
	}
}
