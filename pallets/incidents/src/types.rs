//! What the register keeps about an incident.

use breakwater_primitives::{Cause, Level, Millis, Report, Scope, Severity};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The version of [`Incident`]'s layout that this code writes.
pub const LAYOUT_VERSION: u8 = 1;

/// How far the response to an incident has come.
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
pub enum State {
	/// Something was reported; nothing is restricted.
	#[codec(index = 0)]
	Detected,
	/// The scope is restricted.
	#[codec(index = 1)]
	Contained,
	/// The restriction is being lifted step by step.
	#[codec(index = 2)]
	Recovering,
	/// The scope is back to normal; the incident is closed.
	#[codec(index = 3)]
	Resolved,
	/// A review was published after it was resolved.
	#[codec(index = 4)]
	Reviewed,
}

impl State {
	/// Whether the incident is still going on.
	pub const fn is_open(self) -> bool {
		matches!(self, State::Detected | State::Contained | State::Recovering)
	}
}

/// One incident.
///
/// The layout is fixed and carries its version in the first byte, because other chains read it by
/// storage proof: every field but the last two sits at a fixed offset, numbers are little-endian,
/// and a field that is not known yet is zero.
#[derive(
	Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Incident {
	/// The version of this layout.
	pub version: u8,
	/// How far the response has come.
	pub state: State,
	/// The worst severity reported or reached; `P1` is the worst.
	pub severity: Severity,
	/// The level of the scope, as last told.
	pub level: Level,
	/// The tightest level reached.
	pub peak: Level,
	/// When it was opened, in milliseconds of chain time.
	pub opened_at: Millis,
	/// When it was closed, in milliseconds of chain time; zero while it is open.
	pub closed_at: Millis,
	/// The block that opened it.
	pub opened_block: u32,
	/// The block that closed it; zero while it is open.
	pub closed_block: u32,
	/// Entries in its timeline.
	pub timeline_len: u16,
	/// Entries that the full timeline no longer took. Their sums are in the totals below.
	pub dropped: u32,
	/// Notional value liquidated while it was open, in quote units.
	pub liquidated: u128,
	/// What insurance paid while it was open, in quote units.
	pub covered: u128,
	/// The numbers of the report that opened it.
	pub evidence: [u64; 2],
	/// Blake2-256 of the review; all zeros until there is one.
	pub review: [u8; 32],
	/// What it is about.
	pub scope: Scope,
	/// What triggered it.
	pub cause: Cause,
}

impl Incident {
	/// A new incident at the moment of its first report.
	pub fn new(report: &Report, now: Millis, block: u32) -> Self {
		Self {
			version: LAYOUT_VERSION,
			state: State::Detected,
			severity: report.severity,
			level: Level::Normal,
			peak: Level::Normal,
			opened_at: now,
			closed_at: 0,
			opened_block: block,
			closed_block: 0,
			timeline_len: 0,
			dropped: 0,
			liquidated: 0,
			covered: 0,
			evidence: report.evidence,
			review: [0; 32],
			scope: report.scope,
			cause: report.cause,
		}
	}

	/// The level of the scope becomes `to`: severity and peak only rise, and the state follows. The
	/// same level again (a lease renewed) changes nothing.
	pub fn reach(&mut self, to: Level) {
		self.state = match to.cmp(&self.level) {
			core::cmp::Ordering::Greater => State::Contained,
			core::cmp::Ordering::Less => State::Recovering,
			core::cmp::Ordering::Equal => self.state,
		};
		self.level = to;
		self.peak = self.peak.max(to);
		self.worsen(Severity::of(to));
	}

	/// Something was restricted without a level, such as a single call.
	pub fn contain(&mut self) {
		self.state = self.state.max(State::Contained);
	}

	/// Take the worse of the present severity and `severity`.
	pub fn worsen(&mut self, severity: Severity) {
		self.severity = self.severity.min(severity);
	}
}
