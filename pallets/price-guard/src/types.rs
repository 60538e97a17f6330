//! What is known about a market's price, and how reports are judged.

use crate::average::{Held, Minute};
use breakwater_primitives::{Millis, Ppm, Prices, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// How long a jump waits for confirmation, in milliseconds.
pub const CONFIRM: Millis = 30_000;
/// How long the last Valid index protects positions under a Degraded one, in milliseconds.
pub const PROTECT: Millis = 600_000;
/// The time constant with which the premium of the book is followed, in milliseconds.
pub const PREMIUM_TIME: Millis = 150_000;
/// The time over which the book is averaged while the index is Stale, in milliseconds.
pub const BOOK_TIME: Millis = 60_000;
/// How far that average may be from the index, in parts per million: 5 %.
pub const BOOK_CLAMP: Ppm = Ppm(50_000);
/// How long a Stale index is of use, in milliseconds; then the price is Invalid.
pub const STALE: Millis = 600_000;
/// The longest step of the stable price, in milliseconds.
pub const STABLE_STEP: Millis = 60_000;
/// Fractions of a tick in which slow values are kept, so that small steps are not lost.
pub const MICRO: i64 = 1_000_000;

/// What the latest reports of a market amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Round {
	/// The median of the fresh reports; of no use with fewer than two.
	pub median: Ticks,
	/// How many reports were fresh.
	pub reports: u8,
	/// The narrowest spread that holds a quorum of them, relative to the median.
	pub dispersion: Ppm,
	/// How many of the fresh reports were made after the jump that waits, if one does.
	pub later: u8,
	/// When it was computed, in milliseconds of chain time.
	pub at: Millis,
}

/// A median that jumped and waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Pending {
	/// The median to confirm.
	pub price: Ticks,
	/// When the index was first held back.
	pub since: Millis,
	/// When `price` was seen: only reports made later confirm it.
	pub at: Millis,
}

/// What is known about a market's price.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Guard {
	/// The latest reports.
	pub round: Round,
	/// A jump that waits for confirmation.
	pub pending: Option<Pending>,
	/// The slow premium of the book over the index, in millionths of a tick.
	pub premium: i64,
	/// The stable price, in millionths of a tick, and when it was computed.
	pub stable: (u64, Millis),
	/// The stable price of an earlier moment, from which it was computed: reports of the same
	/// moment start from there, so that the last one counts.
	pub anchor: (u64, Millis),
	/// The last index that was Valid.
	pub trusted: Ticks,
	/// When it was, in milliseconds of chain time.
	pub trusted_at: Millis,
	/// The average of the book since the index went Stale, in millionths of a tick, and when it was
	/// computed; nothing while reports come.
	pub book: Option<(i64, Millis)>,
	/// The market is frozen: the mark is the index, for display, and positions are examined at the
	/// prices of before.
	pub frozen: bool,
	/// The prices as last told.
	pub prices: Prices,
	/// The minute under way of the average for a settlement.
	pub minute: Minute,
	/// The price of a settlement, held since the market came to level 2.
	pub held: Option<Held>,
}

/// Which markets have a price, and which of them was looked at last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Watch {
	/// Markets that have a price, one bit each.
	pub priced: u64,
	/// The market that was looked at last.
	pub last: u8,
}

/// How the reports of a market are judged.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
#[serde(deny_unknown_fields)]
pub struct GuardParams {
	/// Fresh reports without which the price is Degraded; 2 to 16.
	pub quorum: u8,
	/// How long a report is fresh, and a price not Stale, in milliseconds; one second to two
	/// minutes.
	pub age_limit: Millis,
	/// The widest spread of a quorum of reports with which the price is Valid, in parts per
	/// million; 100 to 200_000.
	pub max_dispersion: Ppm,
	/// How far the index may move at once without confirmation, in parts per million; 1_000 to
	/// 500_000.
	pub max_jump: Ppm,
	/// How far the book may move the mark from the index, in parts per million; at most 100_000.
	pub mark_clamp: Ppm,
	/// How fast the stable price follows, in parts per million and second; 1 to 10_000.
	pub stable_rate: Ppm,
}

impl GuardParams {
	/// The most liquid markets.
	pub const TIER_A: Self = Self::of(10_000, 10_000, 50_000, 7_500, 300);
	/// Liquid markets.
	pub const TIER_B: Self = Self::of(30_000, 20_000, 100_000, 15_000, 100);
	/// Thin markets.
	pub const TIER_C: Self = Self::of(60_000, 30_000, 150_000, 30_000, 30);

	const fn of(age_limit: Millis, dispersion: u32, jump: u32, clamp: u32, rate: u32) -> Self {
		Self {
			quorum: 3,
			age_limit,
			max_dispersion: Ppm(dispersion),
			max_jump: Ppm(jump),
			mark_clamp: Ppm(clamp),
			stable_rate: Ppm(rate),
		}
	}

	/// Whether every parameter is in its range.
	pub fn is_valid(&self) -> bool {
		(2..=16).contains(&self.quorum)
			&& (1_000..=120_000).contains(&self.age_limit)
			&& (100..=200_000).contains(&self.max_dispersion.0)
			&& (1_000..=500_000).contains(&self.max_jump.0)
			&& self.mark_clamp.0 <= 100_000
			&& (1..=10_000).contains(&self.stable_rate.0)
	}
}

impl Default for GuardParams {
	/// Tier A, the strictest.
	fn default() -> Self {
		Self::TIER_A
	}
}
