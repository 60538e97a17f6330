//! Rolling extremes of a price over a minute and over an hour, in constant space.
//!
//! A ring of 13 buckets holds the current, partly filled bucket and the 12 before it. Its range is
//! exactly the range of the last `w` to `w + b` milliseconds, where `b` is a bucket and `w` twelve
//! of them: never shorter than promised, and longer by less than one bucket.

use breakwater_primitives::{Millis, Ticks};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Buckets of a ring.
pub const BUCKETS: usize = 13;
/// The length of a bucket of the fast ring: the window is 60 to 65 seconds long.
pub const FAST_BUCKET: Millis = 5_000;
/// The length of a bucket of the slow ring: the window is 60 to 65 minutes long.
pub const SLOW_BUCKET: Millis = 300_000;

/// The lowest and the highest price seen; empty while `low` exceeds `high`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Range {
	/// The lowest price.
	pub low: Ticks,
	/// The highest price.
	pub high: Ticks,
}

impl Default for Range {
	/// Nothing seen.
	fn default() -> Self {
		Self { low: Ticks::MAX, high: Ticks::ZERO }
	}
}

impl Range {
	/// Whether nothing was seen.
	pub fn is_empty(&self) -> bool {
		self.low > self.high
	}
	/// The range that covers both.
	pub fn union(self, other: Self) -> Self {
		Self { low: self.low.min(other.low), high: self.high.max(other.high) }
	}
	/// Whether `other` adds nothing to this range.
	pub fn covers(&self, other: &Self) -> bool {
		other.is_empty() || (self.low <= other.low && other.high <= self.high)
	}
}

/// A ring of ranges, each of one bucket of time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Ring {
	/// The number of the newest bucket, counted from the epoch in buckets.
	newest: u64,
	/// The buckets; bucket `n` of time is in place `n % 13`.
	buckets: [Range; BUCKETS],
}

impl Ring {
	/// Forget what is older than the window at `now`. A clock that stands or lags forgets nothing.
	fn advance(&mut self, now: Millis, bucket: Millis) {
		let slot = now / bucket.max(1);
		let steps = slot.saturating_sub(self.newest);
		if steps == 0 {
			return;
		}
		for step in 0..steps.min(BUCKETS as u64) {
			if let Some(range) = self.buckets.get_mut(place(slot.saturating_sub(step))) {
				*range = Range::default();
			}
		}
		self.newest = slot;
	}

	/// Add `seen`, which happened at `now`. Returns whether that changed the current bucket.
	fn push(&mut self, now: Millis, bucket: Millis, seen: Range) -> bool {
		self.advance(now, bucket);
		match self.buckets.get_mut(place(self.newest)) {
			Some(range) if !range.covers(&seen) => {
				*range = range.union(seen);
				true
			},
			_ => false,
		}
	}

	/// What was seen in the window that ended with the last push or advance.
	fn range(&self) -> Range {
		self.buckets.iter().fold(Range::default(), |all, one| all.union(*one))
	}

	/// Whether the ring is as [`Ring::push`] keeps it: each bucket is empty or ordered.
	pub(crate) fn is_sound(&self) -> bool {
		self.buckets.iter().all(|b| *b == Range::default() || !b.is_empty())
	}
}

/// The place of a bucket in its ring.
const fn place(slot: u64) -> usize {
	(slot % BUCKETS as u64) as usize
}

/// A minute and an hour of a price.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Rings {
	/// 60 to 65 seconds.
	fast: Ring,
	/// 60 to 65 minutes.
	slow: Ring,
}

impl Rings {
	/// Move both windows to `now` without a price.
	pub fn advance(&mut self, now: Millis) {
		self.fast.advance(now, FAST_BUCKET);
		self.slow.advance(now, SLOW_BUCKET);
	}
	/// Prices between `low` and `high` were seen at `now`. Returns whether that told anything new.
	pub fn push(&mut self, now: Millis, low: Ticks, high: Ticks) -> bool {
		let seen = Range { low, high };
		let fast = self.fast.push(now, FAST_BUCKET, seen);
		let slow = self.slow.push(now, SLOW_BUCKET, seen);
		fast || slow
	}
	/// The range of the last minute.
	pub fn fast(&self) -> Range {
		self.fast.range()
	}
	/// The range of the last hour.
	pub fn slow(&self) -> Range {
		self.slow.range()
	}
	/// Whether both rings are as they are kept.
	pub(crate) fn is_sound(&self) -> bool {
		self.fast.is_sound() && self.slow.is_sound()
	}
}
