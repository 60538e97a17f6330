//! Leases, the records that hold them, and the parameters of the detectors.

use crate::{settlement::Stretch, volatility::Volatility, window::Rings};
use breakwater_primitives::{
	Action, Band, Cause, Denied, IncidentId, Level, MarketId, Millis, Ppm, MARKETS_PER_SHARD,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{traits::ConstU32, BoundedVec};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One second in milliseconds.
pub const SECOND: Millis = 1_000;
/// One minute in milliseconds.
pub const MINUTE: Millis = 60 * SECOND;
/// One hour in milliseconds.
pub const HOUR: Millis = 60 * MINUTE;
/// The shortest lease that people may set, and the shortest time by which they may prolong one: each
/// opens an incident that is kept, or adds to one. Not longer, because a short pause is the gentler
/// measure.
pub const SHORTEST_LEASE: Millis = 10 * SECOND;
/// The most leases that one scope holds.
pub const MAX_LEASES: u32 = 5;
/// Shards of [`crate::Status`].
pub const SHARDS: u8 = 2;
/// The longest lease that a detector may set at once.
pub const DETECTOR_LEASE: Millis = 2 * HOUR;
/// How long a detector may hold one scope in a row.
pub const DETECTOR_RUN: Millis = 6 * HOUR;
/// How long a detector that has used up its run must leave the scope alone.
pub const DETECTOR_REST: Millis = HOUR;

/// How far safe mode restricts the chain: reducing and liquidating go on, for the calls that its filter
/// lets through and for the hooks that no filter stops.
pub const SAFE_MODE_LEVEL: Level = Level::ReduceOnly;
/// What it denies besides: makers add no exposure either, and nobody withdraws.
pub const SAFE_MODE_DENIES: Denied = Denied::of(&[Action::OpenPostOnly, Action::Withdraw]);

/// The number of the detector of price bands.
pub const D1: u8 = 1;
/// The number of the detector of volatility.
pub const D3: u8 = 3;
/// How long D3 holds a market at Watch after the last minute that called for it.
pub const WATCH_DWELL: Millis = 30 * MINUTE;
/// The same at Guarded.
pub const GUARD_DWELL: Millis = 10 * MINUTE;
/// The number of the detector of broken invariants.
pub const D13: u8 = 13;

/// A restriction with its end. It needs nobody to end it: whoever reads it compares the clock.
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
)]
pub struct Lease {
	/// How far the scope is restricted.
	pub level: Level,
	/// Why.
	pub cause: Cause,
	/// When it began, in milliseconds of chain time.
	pub since: Millis,
	/// When it ends, in milliseconds of chain time; at this moment it is already over.
	pub until: Millis,
	/// The incident under which it was set.
	pub incident: IncidentId,
	/// Whether it was prolonged by `extend`, which happens once.
	pub extended: bool,
}

impl Lease {
	/// Whether it restricts at `now`.
	pub fn is_live(&self, now: Millis) -> bool {
		now < self.until
	}
	/// Whether it is a settlement, which never ends.
	pub const fn is_final(&self) -> bool {
		matches!(self.level, Level::Settle)
	}
	/// What it denies: what its level does, and in safe mode whatever opens or leaves.
	pub const fn denied(&self) -> Denied {
		match self.cause {
			Cause::SafeMode => self.level.denied().union(SAFE_MODE_DENIES),
			_ => self.level.denied(),
		}
	}
	/// Whether it restricts at least as much as `other`, for at least as long: its level is not
	/// looser, and it denies whatever the other denies. An auction does not dominate ReduceOnly,
	/// because it collects orders that ReduceOnly refuses.
	pub fn dominates(&self, other: &Self) -> bool {
		self.level >= other.level
			&& self.until >= other.until
			&& self.denied().covers(other.denied())
	}
}

/// Whether two causes are the same source, whatever the number of ayes.
pub fn same_source(a: Cause, b: Cause) -> bool {
	match (a, b) {
		(Cause::Committee(_), Cause::Committee(_)) => true,
		_ => a == b,
	}
}

/// What restricts one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Record {
	/// Leases, live or not yet pruned.
	pub leases: BoundedVec<Lease, ConstU32<MAX_LEASES>>,
	/// The open incident, if any. It is closed, and this cleared, on the first write that finds
	/// the scope without a live lease.
	pub incident: Option<IncidentId>,
	/// The level last told in an event. Where it differs from the level in force, leases have
	/// expired since.
	pub told: Level,
	/// For how long the scope has been at Freeze without a break, if it is.
	pub frozen: Option<Stretch>,
}

impl Record {
	/// The live lease that sets the level: the tightest, and of those the longest.
	pub fn governing(&self, now: Millis) -> Option<&Lease> {
		self.live(now).max_by_key(|l| (l.level, l.until))
	}
	/// The level in force.
	pub fn level(&self, now: Millis) -> Level {
		self.governing(now).map_or(Level::Normal, |l| l.level)
	}
	/// What the live leases deny together.
	pub fn denied(&self, now: Millis) -> Denied {
		self.live(now).fold(Denied::default(), |all, l| all.union(l.denied()))
	}
	/// Until when nothing may be matched, by live leases at Auction or tighter.
	pub fn halted_until(&self, now: Millis) -> Option<Millis> {
		self.live(now).filter(|l| l.level >= Level::Auction).map(|l| l.until).max()
	}
	/// The leases that restrict at `now`.
	pub fn live(&self, now: Millis) -> impl Iterator<Item = &Lease> {
		self.leases.iter().filter(move |l| l.is_live(now))
	}
	/// Whether leases have ended that are still stored, or an end was not told.
	pub fn is_untidy(&self, now: Millis) -> bool {
		self.leases.iter().any(|l| !l.is_live(now)) || self.told != self.level(now)
	}
}

/// A market's restrictions with the band in which it may trade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct MarketRecord {
	/// Leases of the market.
	pub record: Record,
	/// Where trades may happen, as of the last price.
	pub band: Band,
}

/// The restrictions of the chain and of 32 markets, in one storage item, so that one read answers
/// whatever may be asked about a market.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Shard {
	/// The chain's, the same in every shard.
	pub chain: Record,
	/// The markets', by number modulo 32.
	pub markets: [MarketRecord; MARKETS_PER_SHARD as usize],
}

/// A minute and an hour of a market's prices, its volatility, and the runs of its detectors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Window {
	/// The index.
	pub index: Rings,
	/// Accepted trades.
	pub traded: Rings,
	/// How long D1 has restricted the market in a row.
	pub run: Run,
	/// How much the index moves.
	pub volatility: Volatility,
	/// How long D3 has restricted the market in a row.
	pub agitated: Run,
}

/// How long a detector has restricted a scope in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Run {
	/// When the first lease of the run began.
	pub since: Millis,
	/// When the last lease of the run ends.
	pub until: Millis,
	/// Whether it was told that the run is used up.
	pub exhausted: bool,
}

impl Run {
	/// The end of a lease of `dwell` milliseconds from `now`, or `None` when the detector has used
	/// up its run. A new run begins once the scope was left alone for [`DETECTOR_REST`].
	pub fn grant(&mut self, now: Millis, dwell: Millis) -> Option<Millis> {
		if self.until == 0 || now >= self.until.saturating_add(DETECTOR_REST) {
			*self = Self { since: now, until: now, exhausted: false };
		}
		let until = now.saturating_add(dwell).min(self.since.saturating_add(DETECTOR_RUN));
		if until <= now {
			return None;
		}
		self.until = self.until.max(until);
		Some(until)
	}
}

/// Parameters of the detectors of one market: D1, the price band, and D3, volatility.
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
pub struct DetectorParams {
	/// How far a price may be from the extremes of the last minute, in parts per million;
	/// 1_000 to 1_000_000.
	pub fast_band: Ppm,
	/// How far a price may be from the extremes of the last hour, in parts per million; not below
	/// `fast_band`, at most 1_000_000.
	pub slow_band: Ppm,
	/// How far a trade may be from the index, in parts per million; 1_000 to 1_000_000.
	pub collar: Ppm,
	/// How long the market is at ReduceOnly when the index leaves the minute's band, in
	/// milliseconds; at most two hours, 0 for no restriction.
	pub fast_dwell: Millis,
	/// How long the market is at Guarded when the index leaves the hour's band, in milliseconds;
	/// at most two hours, 0 for no restriction.
	pub slow_dwell: Millis,
	/// From which volatility per square root of a minute the market is at Watch, in parts per million;
	/// at most 1_000_000, 0 for never. Below half of it that ends.
	#[serde(default)]
	pub watch_at: Ppm,
	/// From which it is at Guarded; not below `watch_at`, unless 0 for never.
	#[serde(default)]
	pub guard_at: Ppm,
}

impl DetectorParams {
	/// The most liquid markets: 3 % in a minute, 15 % in an hour, 3 % from the index; Watch at a
	/// volatility of 0.5 % and Guarded at 1 % per square root of a minute.
	pub const TIER_A: Self = Self::of(30_000, 150_000, 30_000, 5_000);
	/// Liquid markets: 8 %, 20 %, 6 %; 1 % and 2 %.
	pub const TIER_B: Self = Self::of(80_000, 200_000, 60_000, 10_000);
	/// Thin markets: 12 %, 40 %, 12 %; 2 % and 4 %.
	pub const TIER_C: Self = Self::of(120_000, 400_000, 120_000, 20_000);

	const fn of(fast: u32, slow: u32, collar: u32, watch: u32) -> Self {
		Self {
			fast_band: Ppm(fast),
			slow_band: Ppm(slow),
			collar: Ppm(collar),
			fast_dwell: 2 * MINUTE,
			slow_dwell: 10 * MINUTE,
			watch_at: Ppm(watch),
			guard_at: Ppm(2 * watch),
		}
	}

	/// Whether every parameter is in its range.
	pub fn is_valid(&self) -> bool {
		let band = 1_000..=1_000_000;
		band.contains(&self.fast_band.0)
			&& band.contains(&self.slow_band.0)
			&& band.contains(&self.collar.0)
			&& self.fast_band.0 <= self.slow_band.0
			&& self.fast_dwell <= DETECTOR_LEASE
			&& self.slow_dwell <= DETECTOR_LEASE
			&& self.watch_at.0 <= 1_000_000
			&& self.guard_at.0 <= 1_000_000
			&& (self.guard_at.0 == 0 || self.guard_at.0 >= self.watch_at.0)
	}
}

impl Default for DetectorParams {
	/// Tier A, the tightest.
	fn default() -> Self {
		Self::TIER_A
	}
}

/// The number of a market's record in its shard, if the market's number is in range.
pub(crate) fn locate(market: MarketId) -> Option<(u8, usize)> {
	let (shard, place) = breakwater_primitives::shard_of(market);
	(market.0 < breakwater_primitives::MAX_MARKETS).then_some((shard, place))
}
