//! How long the committee may hold a scope: in any 30 days 72 hours at Guarded or ReduceOnly, and
//! another 72 at Auction or tighter. Two purses, so that the few who reach the looser levels cannot
//! spend what the many need for the tighter ones; six days together, so that what waits in the
//! timelock for a calm chain, seven days at most, finds one.
//!
//! What the chain used up counts for each market too. The chain's own purses do not look at the
//! markets': a market that was frozen for long must not leave the chain without a brake.
//!
//! Pauses of single calls are paid from the chain's purse for halts: who pauses the calls by which people
//! leave halts the chain for them.
//!
//! Time is booked on the day of the decision. A ring of 31 days covers 30 days and the part of the
//! current one, so what is still booked is never less than what was decided in the last 30 days.

use crate::types::HOUR;
use breakwater_primitives::{Level, Millis};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What a committee may use per scope, purse and 30 days, in milliseconds.
pub const ALLOWANCE: Millis = 72 * HOUR;
const DAY: Millis = 24 * HOUR;
const DAYS: usize = 31;

/// What a lease of the committee is paid from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purse {
	/// Guarded and ReduceOnly.
	Restricted,
	/// Auction and tighter.
	Halted,
}

impl Purse {
	/// The purse of a level; none at Watch, which holds up nothing and nobody.
	pub const fn of(level: Level) -> Option<Self> {
		match level {
			Level::Normal | Level::Watch => None,
			Level::Guarded | Level::ReduceOnly => Some(Self::Restricted),
			Level::Auction | Level::Freeze | Level::Settle => Some(Self::Halted),
		}
	}
	/// Whether a lease at `level` restricts at least as much as what this purse pays for: the time
	/// that it covers costs nothing again.
	pub fn is_covered_by(self, level: Level) -> bool {
		match self {
			Self::Restricted => level >= Level::Guarded,
			Self::Halted => level >= Level::Auction,
		}
	}
}

/// What a committee has used of its time on one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Budget {
	/// The newest day, counted from the epoch.
	newest: u32,
	/// Milliseconds booked per day at Guarded and ReduceOnly; day `n` is in place `n % 31`.
	restricted: [u32; DAYS],
	/// The same at Auction and tighter.
	halted: [u32; DAYS],
}

impl Budget {
	/// Book `time` at `now`, where `elsewhere` counts as used as well. Returns whether the allowance
	/// covers it; if not, nothing is booked.
	pub fn book(&mut self, purse: Purse, now: Millis, time: Millis, elsewhere: Millis) -> bool {
		self.advance(now);
		if self.used(purse).saturating_add(elsewhere).saturating_add(time) > ALLOWANCE {
			return false;
		}
		let place = self.newest as usize % DAYS;
		// The allowance fits 32 bits, so the cast loses nothing.
		if let Some(day) = self.days_mut(purse).get_mut(place) {
			*day = day.saturating_add(time as u32);
		}
		true
	}

	/// Milliseconds booked and not yet forgotten, as of the last booking.
	pub fn used(&self, purse: Purse) -> Millis {
		let days = match purse {
			Purse::Restricted => &self.restricted,
			Purse::Halted => &self.halted,
		};
		days.iter().map(|day| Millis::from(*day)).sum()
	}

	/// The same at `now`.
	pub fn used_at(mut self, purse: Purse, now: Millis) -> Millis {
		self.advance(now);
		self.used(purse)
	}

	fn days_mut(&mut self, purse: Purse) -> &mut [u32; DAYS] {
		match purse {
			Purse::Restricted => &mut self.restricted,
			Purse::Halted => &mut self.halted,
		}
	}

	fn advance(&mut self, now: Millis) {
		let today = u32::try_from(now / DAY).unwrap_or(u32::MAX);
		let steps = today.saturating_sub(self.newest);
		for step in 0..steps.min(DAYS as u32) {
			let place = today.saturating_sub(step) as usize % DAYS;
			for days in [&mut self.restricted, &mut self.halted] {
				if let Some(day) = days.get_mut(place) {
					*day = 0;
				}
			}
		}
		self.newest = self.newest.max(today);
	}
}
