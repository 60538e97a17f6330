//! How much an index moves: volatility per square root of a minute, from the range of each minute.
//!
//! The range of a minute, with the close of the minute before in it, gives a variance (Parkinson:
//! `r^2 / (4 ln 2)`), which sees a wick that closes where it began. Three averages of it are kept:
//! the *present* one with a half-life of 15 minutes, the *held* one that rises with it and whose root
//! falls by half in an hour, and the *usual* one of about a day. A gap without prices counts as calm
//! minutes and one minute that made the whole move.

use crate::{types::MINUTE, window::Range};
use breakwater_primitives::{Millis, Ppm, Ticks};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// `2^(-k/15)` in billionths: what is left of a variance after `k` minutes.
const LEFT: [u64; 15] = [
	BILLION,
	954_841_604,
	911_722_489,
	870_550_563,
	831_237_896,
	793_700_526,
	757_858_283,
	723_634_619,
	690_956_440,
	659_753_955,
	629_960_525,
	601_512_518,
	574_349_177,
	548_412_490,
	523_647_061,
];
/// `2^(-1/30)` in billionths: half a minute's decay.
const LEFT_HALF: u64 = 977_159_968;
const BILLION: u64 = 1_000_000_000;
/// Minutes after which nothing of a variance is left.
const FORGOTTEN: u64 = 240;
/// The weight of a minute in the usual variance is one of these: a half-life of a day.
const USUAL: u64 = 2_078;
/// Minutes before which nothing is known to be usual.
const KNOWN: u32 = 60;

/// The volatility of one index. Variances are squares of parts per million per minute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Volatility {
	/// The present minute, counted from the epoch.
	minute: u64,
	/// What it has seen, with the close of the one before.
	seen: Range,
	/// The last price; zero before the first.
	close: Ticks,
	/// The present variance.
	present: u64,
	/// The variance that rises with it and falls slowly.
	held: u64,
	/// The usual variance.
	usual: u64,
	/// Minutes that were measured.
	measured: u32,
}

impl Volatility {
	/// The index is `price` at `now`. Returns whether a minute was completed, which alone changes what
	/// is measured. A clock that lags counts as standing.
	pub fn push(&mut self, now: Millis, price: Ticks) -> bool {
		let minute = now / MINUTE;
		let first = self.close.is_zero();
		let passed = if first { 0 } else { minute.saturating_sub(self.minute) };
		if first {
			self.minute = minute;
		} else if passed > 0 {
			self.complete(passed);
			self.minute = minute;
			self.seen = Range { low: self.close, high: self.close };
		}
		self.seen = self.seen.union(Range { low: price, high: price });
		self.close = price;
		passed > 0
	}

	/// A minute is over, and `passed - 1` more without a price.
	fn complete(&mut self, passed: u64) {
		let measured = variance(self.seen);
		let gain = BILLION.saturating_sub(LEFT[1]);
		self.present = left(self.present, passed).saturating_add(part(measured, gain));
		self.held = left_slowly(self.held, passed).max(self.present);
		self.measured = self.measured.saturating_add(1);
		let weight = USUAL.min(self.measured.into()).max(1);
		self.usual = if measured >= self.usual {
			self.usual.saturating_add(measured.saturating_sub(self.usual) / weight)
		} else {
			self.usual.saturating_sub(self.usual.saturating_sub(measured).div_ceil(weight))
		};
	}

	/// What the index moves at present in the square root of a minute.
	pub fn present(&self) -> Ppm {
		root(self.present)
	}
	/// The same, falling slowly: what initial margin follows.
	pub fn held(&self) -> Ppm {
		root(self.held)
	}
	/// The present volatility over the usual one; one while too little is known.
	pub fn over_usual(&self) -> Ppm {
		if self.measured < KNOWN || self.usual == 0 {
			return Ppm::one();
		}
		let square = u128::from(self.present).saturating_mul(1_000_000_000_000);
		let ratio = (square / u128::from(self.usual)).isqrt();
		Ppm(u32::try_from(ratio).unwrap_or(u32::MAX))
	}
}

/// The variance of a minute by its range: `(2 (H - L) / (H + L))^2 / 2.77`.
fn variance(seen: Range) -> u64 {
	let (low, high) = (u64::from(seen.low.0), u64::from(seen.high.0));
	let range = high.saturating_sub(low).saturating_mul(2_000_000);
	let range = range.checked_div(high.saturating_add(low)).unwrap_or(0);
	range.saturating_mul(range).saturating_mul(100) / 277
}

/// What is left of a variance after `minutes`.
fn left(variance: u64, minutes: u64) -> u64 {
	if minutes >= FORGOTTEN {
		return 0;
	}
	let halved = variance >> (minutes / 15);
	part(halved, LEFT.get((minutes % 15) as usize).copied().unwrap_or(BILLION))
}

/// The same at half the speed.
fn left_slowly(variance: u64, minutes: u64) -> u64 {
	let left = left(variance, minutes / 2);
	if minutes.is_multiple_of(2) {
		left
	} else {
		part(left, LEFT_HALF)
	}
}

/// `billionths` of `value`, rounded down.
fn part(value: u64, billionths: u64) -> u64 {
	let part = u128::from(value).saturating_mul(billionths.into()) / u128::from(BILLION);
	u64::try_from(part).unwrap_or(u64::MAX)
}

fn root(variance: u64) -> Ppm {
	Ppm(u32::try_from(variance.isqrt()).unwrap_or(u32::MAX))
}
