//! What the timelock keeps about a queued call.

use breakwater_primitives::{governance::DelayClass, Level, Millis};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::weights::Weight;
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One hour, in milliseconds.
pub const HOUR: Millis = 3_600_000;
/// One day, in milliseconds.
pub const DAY: Millis = 24 * HOUR;
/// How long a call that became due may wait for its execution, in milliseconds.
pub const MAX_AGE: Millis = 7 * DAY;

/// How long each class of call waits, in milliseconds of chain time.
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
pub struct Delays {
	/// Calls that neither tighten nor loosen.
	pub neutral: Millis,
	/// Calls that repair or switch off a detector.
	pub repair: Millis,
	/// Calls that add risk.
	pub loosen: Millis,
	/// Calls that change committees or the runtime.
	pub structural: Millis,
}

impl Default for Delays {
	/// 6 hours, 24 hours, 48 hours and 7 days.
	fn default() -> Self {
		Self { neutral: 6 * HOUR, repair: DAY, loosen: 2 * DAY, structural: 7 * DAY }
	}
}

impl Delays {
	/// How long a call of `class` waits.
	pub const fn of(&self, class: DelayClass) -> Millis {
		match class {
			DelayClass::Neutral => self.neutral,
			DelayClass::Repair => self.repair,
			DelayClass::Loosen => self.loosen,
			DelayClass::Structural => self.structural,
		}
	}

	/// Whether every class waits, and none that may do more waits less: the delay served is what
	/// tells the classes apart, so it must grow from one to the next.
	pub const fn are_sound(&self) -> bool {
		0 < self.neutral
			&& self.neutral < self.repair
			&& self.repair < self.loosen
			&& self.loosen < self.structural
	}
}

/// How far a queued call has come.
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
pub enum State {
	/// It waits for its delay to pass.
	#[codec(index = 0)]
	Queued,
	/// Its delay has passed; anybody may execute it.
	#[codec(index = 1)]
	Ripe,
	/// It was executed.
	#[codec(index = 2)]
	Executed,
	/// The committee vetoed it.
	#[codec(index = 3)]
	Vetoed,
	/// It was not executed in time, or the runtime was upgraded meanwhile.
	#[codec(index = 4)]
	Expired,
	/// It was executed and returned an error; its changes were rolled back.
	#[codec(index = 5)]
	Failed,
}

impl State {
	/// Whether the call may still be executed or vetoed.
	pub const fn is_pending(self) -> bool {
		matches!(self, State::Queued | State::Ripe)
	}
}

/// A queued call, without its bytes.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Entry<Hash> {
	/// The delay that it must serve.
	pub class: DelayClass,
	/// How far it has come.
	pub state: State,
	/// The chain's level when it was queued.
	pub level_at_queue: Level,
	/// The hash of its encoding.
	pub hash: Hash,
	/// The length of its encoding in bytes.
	pub len: u32,
	/// When it was queued, in milliseconds of chain time.
	pub queued_at: Millis,
	/// When it becomes due, in milliseconds of chain time.
	pub eta: Millis,
	/// The specification version of the runtime that queued it; another one does not execute it.
	pub spec_version: u32,
	/// The weight that it declares.
	pub weight: Weight,
	/// How often the scheduler woke it before it was due.
	pub wakes: u8,
	/// Whether the committee may veto it.
	pub vetoable: bool,
}

impl<Hash> Entry<Hash> {
	/// When it expires, in milliseconds of chain time.
	pub const fn expires_at(&self) -> Millis {
		self.eta.saturating_add(MAX_AGE)
	}
}

/// A call that is neither executed nor dropped, as far as the hook of each block needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Waiting {
	/// Its number.
	pub id: u32,
	/// Its class.
	pub class: DelayClass,
	/// When it expires, in milliseconds of chain time.
	pub expires_at: Millis,
	/// Whether it is ripe.
	pub ripe: bool,
	/// Whether a block executes it unasked: it is light, and was not found filtered.
	pub automatic: bool,
}
