//! What an origin of the timelock carries.

use crate::{Level, Millis};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The delay that a call actually served in the timelock. Each call demands its own minimum of its
/// origin, so that no wrapping can mislabel it.
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
pub struct Delayed {
	/// Milliseconds of chain time between queueing and execution.
	pub served: Millis,
	/// The chain's level when the call was queued.
	pub level_at_queue: Level,
}

/// What kind of change a call is: how long it must wait in the timelock.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum DelayClass {
	/// Neither tightens nor loosens.
	#[codec(index = 0)]
	Neutral,
	/// Repairs or switches off a detector.
	#[codec(index = 1)]
	Repair,
	/// Adds risk.
	#[codec(index = 2)]
	Loosen,
	/// Changes committees or the runtime; the only way to Root.
	#[codec(index = 3)]
	Structural,
}
