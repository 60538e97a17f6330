//! The seam to the incident register.

use crate::{Cause, Level, Millis, Scope, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The number of an incident, from 0.
pub type IncidentId = u32;

/// How bad an incident is; `P1` is the worst.
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
pub enum Severity {
	/// Funds are at risk or an invariant is broken.
	#[codec(index = 0)]
	P1,
	/// A market does not trade.
	#[codec(index = 1)]
	P2,
	/// A market is restricted.
	#[codec(index = 2)]
	P3,
	/// Something is watched.
	#[codec(index = 3)]
	P4,
	/// For the record.
	#[codec(index = 4)]
	P5,
}

impl Severity {
	/// The severity of a restriction to `level`.
	pub const fn of(level: Level) -> Self {
		match level {
			Level::Normal => Severity::P5,
			Level::Watch => Severity::P4,
			Level::Guarded | Level::ReduceOnly => Severity::P3,
			Level::Auction | Level::Freeze => Severity::P2,
			Level::Settle => Severity::P1,
		}
	}
}

/// What opens an incident.
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
pub struct Report {
	/// What it is about.
	pub scope: Scope,
	/// How bad it is.
	pub severity: Severity,
	/// What triggered it.
	pub cause: Cause,
	/// The level that was set.
	pub level: Level,
	/// The numbers that justify it; what they mean depends on the cause. D1: the index before and
	/// after, in ticks.
	pub evidence: [u64; 2],
}

/// What is added to an incident's timeline.
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
pub enum Entry {
	/// The level of the scope changed.
	#[codec(index = 0)]
	Level {
		/// Before.
		from: Level,
		/// After.
		to: Level,
		/// Why.
		cause: Cause,
		/// When the new lease ends.
		until: Millis,
	},
	/// A position of this notional value was liquidated.
	#[codec(index = 1)]
	Liquidated {
		/// In quote units.
		notional: u128,
	},
	/// Insurance paid this amount.
	#[codec(index = 2)]
	Covered {
		/// In quote units.
		amount: u128,
	},
	/// A hash of a document off chain.
	#[codec(index = 3)]
	Note {
		/// Blake2-256 of the document.
		hash: [u8; 32],
	},
	/// Something was reported about the scope: what opened the incident, or a further report while
	/// it is open.
	#[codec(index = 4)]
	Reported {
		/// How bad it was judged.
		severity: Severity,
		/// What triggered the report.
		cause: Cause,
		/// The level that was set.
		level: Level,
		/// The numbers that justify it.
		evidence: [u64; 2],
	},
	/// A single call was paused; its name is in the breaker's event.
	#[codec(index = 5)]
	CallPaused {
		/// Blake2-256 of `Pallet.call`.
		call: [u8; 32],
		/// Why.
		cause: Cause,
		/// When it ends.
		until: Millis,
	},
	/// The pause of a single call is over.
	#[codec(index = 6)]
	CallResumed {
		/// Blake2-256 of `Pallet.call`.
		call: [u8; 32],
	},
	/// The market is settled: who gained is paid `paid` of `gains`, each in proportion.
	#[codec(index = 20)]
	Settled {
		/// The price at which all positions are closed.
		price: Ticks,
		/// In quote units.
		gains: u128,
		/// In quote units.
		paid: u128,
	},
}

/// The register of incidents. Implemented by pallet-incidents.
pub trait IncidentLog {
	/// Open an incident, or append to the one that is already open for the same scope.
	fn open(report: &Report) -> IncidentId;
	/// Append to an open incident; nothing happens when it is closed.
	fn append(id: IncidentId, entry: &Entry);
	/// Close an incident: its scope is back to normal.
	fn close(id: IncidentId);
}

impl IncidentLog for () {
	fn open(_: &Report) -> IncidentId {
		0
	}
	fn append(_: IncidentId, _: &Entry) {}
	fn close(_: IncidentId) {}
}
