//! Who may do what: the origins that the pallets ask for.
//!
//! ```text
//!  one member        3, one market, 30 min, one token |
//!  committee 1/3, 2  3, 6 h                           | EnsurePowers -> CircuitBreaker: restrict,
//!  committee 1/2, 3  4, 12 h; 5, 6 h                  |                 extend, pause_call
//!  committee 2/3, 3  extend once; pause a call, 12 h  |
//!  council, delayed  3, 30 d; 5, 7 d                  |
//!  council 2/3, 7 d  6, for good: EnsureStructural -> CircuitBreaker: settle
//!  anybody           6, once a market was at 5 for 7 d -> CircuitBreaker: settle_frozen
//!  committee 2/3, 3  EnsureCommitteeTwoThirds -> safe mode
//!  council 1/2, 3    EnsureCouncilHalf          -> re-arms a member's token, judges who entered
//!                                                  safe mode by deposit
//!  committee 1/2, 3  EnsureCommitteeHalf        -> veto, but of BeyondVeto
//!  council 1/2, 3    QueueByClass               -> the timelock, what is neutral or loosens
//!  council 2/3, 3    QueueByClass               -> the timelock, repairs and structural changes
//!  timelock          EnsureNeutral, EnsureRepair, EnsureLoosen, EnsureStructural
//! ```
//!
//! A share of a small committee can be one person, so every tier also demands a number of ayes.

use crate::{
	AccountId, Observers, OriginCaller, Runtime, RuntimeCall, RuntimeOrigin, TechnicalCommittee,
};
use breakwater_primitives::{governance::DelayClass, Cause, Level, Millis};
use frame_support::traits::{Contains, EnsureOrigin, EnsureOriginWithArg, OriginTrait};
use frame_system::RawOrigin as SystemOrigin;
use pallet_circuit_breaker::{Limit, Powers};
use pallet_collective::RawOrigin as CollectiveOrigin;
use pallet_timelock::{class, EnsureClass};

const MINUTE: Millis = 60_000;
const HOUR: Millis = 60 * MINUTE;
const DAY: Millis = 24 * HOUR;

/// A share of the seats together with a number of ayes that it must not fall below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
	numerator: u32,
	denominator: u32,
	least: u32,
}

impl Tier {
	/// A third, at least two.
	pub const THIRD: Self = Self { numerator: 1, denominator: 3, least: 2 };
	/// A half, at least three.
	pub const HALF: Self = Self { numerator: 1, denominator: 2, least: 3 };
	/// Two thirds, at least three.
	pub const TWO_THIRDS: Self = Self { numerator: 2, denominator: 3, least: 3 };

	/// Whether `ayes` of `seats` suffice.
	pub const fn reached(&self, ayes: u32, seats: u32) -> bool {
		ayes >= self.needed(seats)
	}
	/// The ayes that suffice with `seats` seats.
	pub const fn needed(&self, seats: u32) -> u32 {
		let share = seats.saturating_mul(self.numerator).div_ceil(self.denominator);
		if share > self.least {
			share
		} else {
			self.least
		}
	}
}

/// The ayes that a motion needs for its call to be accepted by the origin that it asks for; two at
/// least, since a motion of one would be dispatched at once.
pub fn votes_needed(call: &RuntimeCall, seats: u32) -> u32 {
	let tier = match call {
		RuntimeCall::CircuitBreaker(pallet_circuit_breaker::Call::restrict { level, .. })
			if *level > Level::ReduceOnly =>
		{
			Tier::HALF
		},
		RuntimeCall::CircuitBreaker(pallet_circuit_breaker::Call::restrict { .. }) => Tier::THIRD,
		RuntimeCall::CircuitBreaker(
			pallet_circuit_breaker::Call::extend { .. }
			| pallet_circuit_breaker::Call::pause_call { .. },
		) => Tier::TWO_THIRDS,
		RuntimeCall::CircuitBreaker(pallet_circuit_breaker::Call::rearm { .. }) => Tier::HALF,
		RuntimeCall::SafeMode(pallet_safe_mode::Call::force_enter {}) => Tier::TWO_THIRDS,
		RuntimeCall::Timelock(pallet_timelock::Call::queue { class, .. }) => council_tier(*class),
		RuntimeCall::SafeMode(_)
		| RuntimeCall::Timelock(_)
		| RuntimeCall::Incidents(_)
		| RuntimeCall::Margin(_)
		| RuntimeCall::Perpetuals(_) => Tier::HALF,
		_ => return 2,
	};
	tier.needed(seats)
}

/// How far a third of the committee may restrict, and for how long.
const THIRD_LIMITS: &[Limit] = &[Limit { level: Level::ReduceOnly, duration: 6 * HOUR }];
/// How far half of the committee may restrict: an auction for longer than a freeze.
const HALF_LIMITS: &[Limit] = &[
	Limit { level: Level::Auction, duration: 12 * HOUR },
	Limit { level: Level::Freeze, duration: 6 * HOUR },
];
/// How far a member may restrict alone.
const MEMBER_LIMITS: &[Limit] = &[Limit { level: Level::ReduceOnly, duration: 30 * MINUTE }];
/// How far the council may restrict through the timelock. A settlement, which never ends, is no
/// restriction: it takes a call of its own and the longest delay.
const COUNCIL_LIMITS: &[Limit] = &[
	Limit { level: Level::ReduceOnly, duration: 30 * DAY },
	Limit { level: Level::Freeze, duration: 7 * DAY },
];
/// How long two thirds of the committee may pause a call.
const CALL_PAUSE: Millis = 12 * HOUR;

/// What `ayes` of `seats` members of the committee may do.
pub fn committee_powers(ayes: u32, seats: u32) -> Option<Powers<AccountId>> {
	let two_thirds = Tier::TWO_THIRDS.reached(ayes, seats);
	let limits = if Tier::HALF.reached(ayes, seats) {
		HALF_LIMITS
	} else if Tier::THIRD.reached(ayes, seats) {
		THIRD_LIMITS
	} else {
		return None;
	};
	let pause = if two_thirds { CALL_PAUSE } else { 0 };
	let cause = Cause::Committee(ayes);
	Some(Powers { cause, limits, member: None, extends: two_thirds, pause })
}

/// What a member of the committee may do alone: restrict one market, with his token.
pub fn member_powers(who: AccountId) -> Powers<AccountId> {
	Powers {
		cause: Cause::Member,
		limits: MEMBER_LIMITS,
		member: Some(who),
		extends: false,
		pause: 0,
	}
}

/// What the council may do through the timelock.
pub const COUNCIL_POWERS: Powers<AccountId> = Powers {
	cause: Cause::Council,
	limits: COUNCIL_LIMITS,
	member: None,
	extends: false,
	pause: 0,
};

/// Who may restrict, and how far: a motion of the committee by its ayes, a member alone, the council
/// through the timelock.
pub struct EnsurePowers;

impl EnsureOrigin<RuntimeOrigin> for EnsurePowers {
	type Success = Powers<AccountId>;

	fn try_origin(origin: RuntimeOrigin) -> Result<Self::Success, RuntimeOrigin> {
		let powers = match origin.caller() {
			OriginCaller::TechnicalCommittee(CollectiveOrigin::Members(ayes, seats)) => {
				committee_powers(*ayes, *seats)
			},
			OriginCaller::TechnicalCommittee(CollectiveOrigin::Member(who)) => {
				Some(member_powers(who.clone()))
			},
			OriginCaller::system(SystemOrigin::Signed(who))
				if TechnicalCommittee::is_member(who) =>
			{
				Some(member_powers(who.clone()))
			},
			_ => None,
		};
		match powers {
			Some(powers) => Ok(powers),
			None => EnsureNeutral::try_origin(origin).map(|_| COUNCIL_POWERS),
		}
	}

	/// The whole committee, which may do everything that a restriction asks for.
	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
		Ok(OriginCaller::TechnicalCommittee(unanimous()).into())
	}
}

/// All members of a collective as large as it may be.
#[cfg(feature = "runtime-benchmarks")]
fn unanimous<I>() -> CollectiveOrigin<AccountId, I> {
	let seats = <crate::configs::governance::MaxMembers as frame_support::traits::Get<u32>>::get();
	CollectiveOrigin::Members(seats, seats)
}

macro_rules! ensure_tier {
	($(#[$doc:meta])* $name:ident, $collective:ident, $tier:expr) => {
		$(#[$doc])*
		pub struct $name;

		impl EnsureOrigin<RuntimeOrigin> for $name {
			type Success = ();

			fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
				match origin.caller() {
					OriginCaller::$collective(CollectiveOrigin::Members(ayes, seats))
						if $tier.reached(*ayes, *seats) =>
						Ok(()),
					_ => Err(origin),
				}
			}

			#[cfg(feature = "runtime-benchmarks")]
			fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
				Ok(OriginCaller::$collective(unanimous()).into())
			}
		}
	};
}

ensure_tier!(
	/// Half of the committee, three members at least.
	EnsureCommitteeHalf,
	TechnicalCommittee,
	Tier::HALF
);
ensure_tier!(
	/// Two thirds of the committee, three members at least.
	EnsureCommitteeTwoThirds,
	TechnicalCommittee,
	Tier::TWO_THIRDS
);
ensure_tier!(
	/// Half of the council, three members at least.
	EnsureCouncilHalf,
	Council,
	Tier::HALF
);

/// A change that neither tightens nor loosens, after its delay.
pub type EnsureNeutral = EnsureClass<Runtime, class::Neutral>;
/// The repair of a detector or of how prices are judged, after its delay.
pub type EnsureRepair = EnsureClass<Runtime, class::Repair>;
/// A loosening, after its delay.
pub type EnsureLoosen = EnsureClass<Runtime, class::Loosen>;
/// A change of committees, assets or the runtime, after its delay. The timelock runs it as Root.
pub type EnsureStructural = EnsureClass<Runtime, class::Structural>;

/// The share of the council that queues a call of a class: half, and two thirds for what may be beyond
/// veto or reaches Root.
const fn council_tier(class: DelayClass) -> Tier {
	match class {
		DelayClass::Neutral | DelayClass::Loosen => Tier::HALF,
		DelayClass::Repair | DelayClass::Structural => Tier::TWO_THIRDS,
	}
}

/// The council, with the share that the class demands.
pub struct QueueByClass;

impl EnsureOriginWithArg<RuntimeOrigin, DelayClass> for QueueByClass {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin, class: &DelayClass) -> Result<(), RuntimeOrigin> {
		match origin.caller() {
			OriginCaller::Council(CollectiveOrigin::Members(ayes, seats))
				if council_tier(*class).reached(*ayes, *seats) =>
			{
				Ok(())
			},
			_ => Err(origin),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(_: &DelayClass) -> Result<RuntimeOrigin, ()> {
		Ok(OriginCaller::Council(unanimous()).into())
	}
}

/// What the committee cannot veto when it is queued as a repair: calls that end what would otherwise
/// hold the chain against everybody. A detector that is wrong, a paused call, the safe mode. Whatever
/// else asks for no more than a repair's delay, such as a restriction or how prices are judged, keeps
/// its veto.
pub struct BeyondVeto;

impl Contains<RuntimeCall> for BeyondVeto {
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			RuntimeCall::CircuitBreaker(
				pallet_circuit_breaker::Call::set_detectors { .. }
				| pallet_circuit_breaker::Call::resume_call { .. },
			)
			| RuntimeCall::SafeMode(pallet_safe_mode::Call::force_exit {}) => true,
			// Several at once, so that none can be executed without the others.
			RuntimeCall::Utility(pallet_utility::Call::batch_all { calls }) => {
				!calls.is_empty() && calls.iter().all(Self::contains)
			},
			_ => false,
		}
	}
}

/// Who answers to incidents and may add notes: a member of the committee, the committee, or an
/// observer.
pub struct EnsureResponder;

impl EnsureOrigin<RuntimeOrigin> for EnsureResponder {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
		match origin.caller() {
			OriginCaller::TechnicalCommittee(_) => Ok(()),
			OriginCaller::system(SystemOrigin::Signed(who))
				if TechnicalCommittee::is_member(who) || Observers::contains(who) =>
			{
				Ok(())
			},
			_ => Err(origin),
		}
	}

	/// An observer, for whom both lists are read.
	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
		let observers = Observers::members();
		observers.first().cloned().map(RuntimeOrigin::signed).ok_or(())
	}
}
