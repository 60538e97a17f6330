//! Whom a deleveraging closes against: those who gained most on most leverage, found without a scan.
//!
//! Positions stand on a grid of eight classes of leverage, each twice the one before, and buckets of
//! entry prices of about 2 %. The heads of the classes are the candidates; their true scores, with
//! hedges netted, decide among them.
//!
//! ```text
//!   score = (mark / entry - 1) * leverage * |net| / gross       shorts: entry / mark
//! ```

use breakwater_core::units::Ticks;

/// Classes of leverage: below 1, below 2, 4, 8, 16, 32, 64, and above.
pub const CLASSES: u8 = 8;
/// Buckets in which a price doubles.
const PER_DOUBLING: u64 = 35;
const MILLION: u128 = 1_000_000;

/// The bucket of an entry price. Higher prices never stand in lower buckets.
pub const fn bucket(entry: Ticks) -> u16 {
	let price = if entry.0 == 0 { 1 } else { entry.0 };
	let octave = price.ilog2();
	let inside = ((price as u64 - (1 << octave)) * PER_DOUBLING) >> octave;
	(octave as u64 * PER_DOUBLING + inside) as u16
}

/// A price in the middle of a bucket.
pub const fn middle(bucket: u16) -> Ticks {
	let (octave, inside) = (bucket as u64 / PER_DOUBLING, bucket as u64 % PER_DOUBLING);
	if octave > 31 {
		return Ticks(u32::MAX);
	}
	Ticks(((1u64 << octave) + (((2 * inside + 1) << octave) / (2 * PER_DOUBLING))) as u32)
}

/// The class of an account whose positions are worth `gross`.
pub fn class(gross: u128, equity: i128) -> u8 {
	let Ok(equity) = u128::try_from(equity) else { return CLASSES - 1 };
	let leverage = gross.checked_div(equity).unwrap_or(u128::MAX);
	let class = leverage.checked_ilog2().map_or(0, |log| log + 1);
	class.min(CLASSES as u32 - 1) as u8
}

/// How often the entry price is in the mark price, for a short the other way round; in millionths.
pub fn gain(long: bool, entry: Ticks, mark: Ticks) -> u128 {
	let (over, under) = if long { (mark, entry) } else { (entry, mark) };
	(over.0 as u128 * MILLION).checked_div(under.0.into()).unwrap_or(0)
}

/// What the positions of an account are worth for each unit of its equity, in millionths.
pub fn leverage(gross: u128, equity: i128) -> u128 {
	let equity = u128::try_from(equity).unwrap_or(0).max(1);
	gross.saturating_mul(MILLION) / equity
}

/// The score: `gain` above one times `leverage`, of that the part that is not hedged; in millionths.
pub fn score(gain: u128, leverage: u128, net: u128, gross: u128) -> u128 {
	let product = gain.saturating_sub(MILLION).saturating_mul(leverage) / MILLION;
	crate::arithmetic::mul_div_floor(product, net.min(gross), gross.max(1))
}

/// What the head of a bucket of a class is expected to score, in millionths.
pub fn expected(long: bool, class: u8, bucket: u16, mark: Ticks) -> u128 {
	// The middle of a class: one and a half times its lower end.
	let leverage = ((3 * MILLION) << class.min(CLASSES)) / 4;
	score(gain(long, middle(bucket), mark), leverage, 1, 1)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn gain_and_leverage_match_the_vector() {
		// Entry 100, mark 120, notional 1,200, equity 400: 1.2 times, leverage 3, product 3.6.
		let (gain, leverage) = (gain(true, Ticks(100), Ticks(120)), leverage(1_200, 400));
		assert_eq!((gain, leverage), (1_200_000, 3_000_000));
		assert_eq!(gain * leverage / MILLION, 3_600_000);
		// We rank by what was gained, not by what is held: 0.2 times 3, and nothing for a full hedge.
		assert_eq!(score(gain, leverage, 1_200, 1_200), 600_000);
		assert_eq!(score(gain, leverage, 0, 1_200), 0);
		assert_eq!(super::gain(false, Ticks(120), Ticks(100)), 1_200_000);
		assert_eq!(score(super::gain(false, Ticks(100), Ticks(120)), leverage, 1, 1), 0);
	}

	#[test]
	fn classes_double() {
		let class = |gross| class(gross, 100);
		assert_eq!([50, 100, 199, 200, 400, 6_399, 6_400].map(class), [0, 1, 1, 2, 3, 6, 7]);
		assert_eq!((super::class(1, 0), super::class(1, -1)), (7, 7));
	}

	proptest! {
		#[test]
		fn buckets_ascend_and_are_about_two_percent_wide(price in 2_000u32..u32::MAX) {
			let at = bucket(Ticks(price));
			prop_assert!(bucket(Ticks(price - 1)) <= at);
			prop_assert!(at < 1 << 11);
			prop_assert_eq!(bucket(middle(at)), at);
			let next = price.saturating_add(price / 34);
			prop_assert!(bucket(Ticks(next)) > at || next == u32::MAX);
		}
	}
}
