//! A bucket that bounds what is drawn in every window of time, whatever the moment it begins.
//!
//! The cap of a window is split in two. Half of it, the *burst*, may go at once; the other half, the
//! *refill*, comes back evenly over one window. What has been drawn fills the bucket and drains at
//! that constant rate; a draw must fit under the burst. In any window `W` then
//!
//! ```text
//!   drawn in W = (filling at its end) - (filling at its start) + (drained in W)
//!             <= burst                                          + refill           = cap
//! ```
//!
//! A bucket whose burst is the whole cap would let through twice the cap around one moment.
//!
//! The filling is kept in amount x window length, so that nothing is rounded while it drains:
//! draining for `a` and then for `b` milliseconds is the same as draining for `a + b`.

use crate::{Balance, Millis, Ppm};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// One hour, in milliseconds.
pub const HOUR: Millis = 3_600_000;
/// One day, in milliseconds.
pub const DAY: Millis = 24 * HOUR;

/// How much may pass in one window, at the size that the fund has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
	/// What may go at once, in quote units.
	pub burst: Balance,
	/// What comes back over one window, in quote units.
	pub refill: Balance,
	/// The length of the window in milliseconds.
	pub window: Millis,
}

impl Limit {
	/// `fraction` of `base` per `window`, rounded down.
	pub fn new(base: Balance, fraction: Ppm, window: Millis) -> Self {
		let cap = share(base, fraction);
		let refill = cap / 2;
		Self { burst: cap - refill, refill, window: window.max(1) }
	}

	/// The most that passes in any window.
	pub fn cap(&self) -> Balance {
		self.burst.saturating_add(self.refill)
	}
}

/// `fraction` of `base`, rounded down; parts are taken first so that no product overflows.
fn share(base: Balance, fraction: Ppm) -> Balance {
	const MILLION: u128 = 1_000_000;
	let fraction = u128::from(fraction.0).min(MILLION);
	let whole = (base / MILLION).saturating_mul(fraction);
	whole.saturating_add((base % MILLION).saturating_mul(fraction) / MILLION)
}

/// What has been drawn and not yet drained.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Bucket {
	/// The filling at `updated`, in quote units times milliseconds of the window.
	pub filling: u128,
	/// The burst when something was last drawn, in quote units; the filling fitted under it.
	pub burst: Balance,
	/// When something was last drawn, in milliseconds of chain time.
	pub updated: Millis,
}

impl Bucket {
	/// The filling at `now`. A clock that lags drains nothing.
	fn filling_at(&self, limit: &Limit, now: Millis) -> u128 {
		let elapsed = u128::from(now.saturating_sub(self.updated));
		self.filling.saturating_sub(limit.refill.saturating_mul(elapsed))
	}

	/// What may be drawn at `now`, in quote units, rounded down.
	pub fn available(&self, limit: &Limit, now: Millis) -> Balance {
		let used = self.filling_at(limit, now).div_ceil(u128::from(limit.window));
		limit.burst.saturating_sub(used)
	}

	/// Draw `amount` at `now`, in quote units; the caller has asked what is available.
	pub fn draw(&mut self, limit: &Limit, now: Millis, amount: Balance) {
		let drawn = amount.saturating_mul(u128::from(limit.window));
		self.filling = self.filling_at(limit, now).saturating_add(drawn);
		// Draining alone never needs a larger bucket; the fund may have shrunk since.
		if amount > 0 {
			self.burst = limit.burst;
		}
		self.updated = self.updated.max(now);
	}

	/// Whether the filling fits under the burst with which it was drawn, in a window of `window`.
	pub fn is_sound(&self, window: Millis) -> bool {
		self.filling <= self.burst.saturating_mul(u128::from(window))
	}
}

/// The fractions of the global fund that may be drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Fractions {
	/// In any hour.
	pub hour: Ppm,
	/// In any 24 hours.
	pub day: Ppm,
}

/// An hour's bucket and a day's; a draw must pass both.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Draws {
	/// The bucket of one hour.
	pub hour: Bucket,
	/// The bucket of 24 hours.
	pub day: Bucket,
}

impl Draws {
	/// What both buckets let through at `now` of a fund of `base`, in quote units.
	pub fn available(&self, fractions: &Fractions, base: Balance, now: Millis) -> Balance {
		let hour = self.hour.available(&Limit::new(base, fractions.hour, HOUR), now);
		let day = self.day.available(&Limit::new(base, fractions.day, DAY), now);
		hour.min(day)
	}

	/// Draw `amount` from both buckets of a fund that held `base` before the draw.
	pub fn draw(&mut self, fractions: &Fractions, base: Balance, now: Millis, amount: Balance) {
		self.hour.draw(&Limit::new(base, fractions.hour, HOUR), now, amount);
		self.day.draw(&Limit::new(base, fractions.day, DAY), now, amount);
	}

	/// Whether both buckets are sound.
	pub fn is_sound(&self) -> bool {
		self.hour.is_sound(HOUR) && self.day.is_sound(DAY)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	const LIMIT: Limit = Limit { burst: 500, refill: 500, window: HOUR };

	#[test]
	fn half_of_the_cap_goes_at_once_and_half_comes_back_over_the_window() {
		let mut bucket = Bucket::default();
		assert_eq!(bucket.available(&LIMIT, 0), 500);
		bucket.draw(&LIMIT, 0, 500);
		assert_eq!(bucket.available(&LIMIT, 0), 0);
		assert_eq!(bucket.available(&LIMIT, HOUR / 2), 250);
		assert_eq!(bucket.available(&LIMIT, HOUR), 500);
		assert_eq!(bucket.available(&LIMIT, 100 * HOUR), 500);
	}

	/// dYdX's vector: of 500 M an hour's bucket of 1 % holds 5 M and a day's of 10 % 50 M; empty, it
	/// is full again after its window, linearly.
	#[test]
	fn an_empty_bucket_refills_linearly_over_its_window() {
		const M: Balance = 1_000_000_000_000;
		for (size, window) in [(5 * M, HOUR), (50 * M, DAY)] {
			let limit = Limit { burst: size, refill: size, window };
			let mut bucket = Bucket::default();
			bucket.draw(&limit, 0, size);
			for quarter in 0..=4u64 {
				let available = bucket.available(&limit, window / 4 * quarter);
				assert_eq!(available, size / 4 * Balance::from(quarter));
			}
		}
	}

	/// Hydration's vector, limit 100 and window 10, decays in proportion: of 60 drawn, 30 count after
	/// half the window. Ours drains at a constant rate, `cap' = min(max, cap + rate x dt)`: 10 count.
	/// At the limit both refuse what both would not hold at once.
	#[test]
	fn the_bucket_drains_at_a_constant_rate_and_not_in_proportion() {
		let limit = Limit { burst: 100, refill: 100, window: 10 };
		let mut bucket = Bucket::default();
		bucket.draw(&limit, 0, 60);
		assert_eq!(bucket.available(&limit, 0), 40);
		assert_eq!(bucket.available(&limit, 5), 90);
		assert_eq!(bucket.available(&limit, 6), 100);
	}

	#[test]
	fn a_clock_that_lags_neither_refills_nor_loses() {
		let mut bucket = Bucket::default();
		bucket.draw(&LIMIT, HOUR, 500);
		assert_eq!(bucket.available(&LIMIT, 0), 0);
		bucket.draw(&LIMIT, HOUR / 2, 0);
		assert_eq!(bucket.available(&LIMIT, HOUR + HOUR / 2), 250);
	}

	#[test]
	fn a_share_of_the_largest_fund_does_not_overflow() {
		assert_eq!(share(u128::MAX, Ppm(1_000_000)), u128::MAX);
		assert_eq!(share(u128::MAX, Ppm(u32::MAX)), u128::MAX);
		assert_eq!(share(1_999_999, Ppm(500_000)), 999_999);
		let limit = Limit::new(u128::MAX, Ppm(1_000_000), HOUR);
		assert_eq!(limit.cap(), u128::MAX);
	}

	proptest! {
		/// The naive model keeps every draw and sums those of each window.
		#[test]
		fn no_window_lets_more_than_its_cap_through(
			cap in 0u128..1_000_000,
			window in 1u64..10_000,
			steps in prop::collection::vec((0u64..3_000, 0u128..1_000_000), 1..80),
		) {
			let limit = Limit::new(cap, Ppm(1_000_000), window);
			prop_assert_eq!(limit.cap(), cap);
			let (mut bucket, mut now, mut log) = (Bucket::default(), 1_000u64, Vec::new());
			for (wait, wanted) in steps {
				now += wait;
				let amount = wanted.min(bucket.available(&limit, now));
				bucket.draw(&limit, now, amount);
				prop_assert!(bucket.is_sound(window));
				log.push((now, amount));
				let in_window: u128 =
					log.iter().filter(|(at, _)| at + window >= now).map(|(_, amount)| amount).sum();
				prop_assert!(in_window <= cap, "{in_window} of {cap}");
			}
		}

		/// With a fund that grows and shrinks, the largest fund of the window bounds it.
		#[test]
		fn a_changing_fund_is_bounded_by_its_largest_size(
			steps in prop::collection::vec((0u64..20 * 60_000, 0u128..2_000, any::<bool>()), 1..80),
		) {
			let fractions = Fractions { hour: Ppm(100_000), day: Ppm(200_000) };
			let (mut draws, mut now, mut fund) = (Draws::default(), DAY, 10_000u128);
			let mut log: Vec<(u64, u128, u128)> = Vec::new();
			for (wait, amount, contributes) in steps {
				now += wait;
				if contributes {
					fund += amount;
				}
				let before = fund;
				let drawn = amount.min(draws.available(&fractions, fund, now));
				draws.draw(&fractions, fund, now, drawn);
				fund -= drawn;
				prop_assert!(draws.is_sound());
				log.push((now, drawn, before));
				for (window, fraction) in [(HOUR, 10), (DAY, 5)] {
					let recent = || log.iter().filter(|(at, ..)| at + window >= now);
					let sum: u128 = recent().map(|(_, drawn, _)| drawn).sum();
					let largest = recent().map(|(_, _, fund)| *fund).max().unwrap_or(0);
					prop_assert!(sum <= largest / fraction, "{sum} of {largest}");
				}
			}
		}

		#[test]
		fn draining_is_additive(
			burst in 1u128..1_000_000_000_000,
			refill in 0u128..1_000_000_000_000,
			drawn in 0u128..1_000_000_000_000,
			a in 0u64..10 * DAY,
			b in 0u64..10 * DAY,
		) {
			let limit = Limit { burst, refill, window: DAY };
			let (mut once, mut twice) = (Bucket::default(), Bucket::default());
			once.draw(&limit, 0, drawn.min(burst));
			twice.draw(&limit, 0, drawn.min(burst));
			twice.draw(&limit, a, 0);
			once.draw(&limit, a + b, 0);
			twice.draw(&limit, a + b, 0);
			prop_assert_eq!(once, twice);
		}
	}
}
