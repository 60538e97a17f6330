//! How long a committee may hold a scope at Auction or tighter: 72 hours in any 30 days.
//!
//! Time is booked on the day of the decision. A ring of 31 days covers 30 days and the part of the
//! current one, so what is still booked is never less than what was decided in the last 30 days.

use crate::types::HOUR;
use breakwater_primitives::Millis;
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What a committee may use per scope and 30 days.
pub const ALLOWANCE: Millis = 72 * HOUR;
const DAY: Millis = 24 * HOUR;
const DAYS: usize = 31;

/// What a committee has used of its time on one scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Budget {
	/// The newest day, counted from the epoch.
	newest: u32,
	/// Milliseconds booked per day; day `n` is in place `n % 31`.
	booked: [u32; DAYS],
}

impl Budget {
	/// Book `time` at `now`. Returns whether the allowance covers it; if not, nothing is booked.
	pub fn book(&mut self, now: Millis, time: Millis) -> bool {
		self.advance(now);
		if self.used().saturating_add(time) > ALLOWANCE {
			return false;
		}
		// The allowance fits 32 bits, so the cast loses nothing.
		if let Some(day) = self.booked.get_mut(self.newest as usize % DAYS) {
			*day = day.saturating_add(time as u32);
		}
		true
	}

	/// Milliseconds booked and not yet forgotten.
	pub fn used(&self) -> Millis {
		self.booked.iter().map(|day| Millis::from(*day)).sum()
	}

	fn advance(&mut self, now: Millis) {
		let today = u32::try_from(now / DAY).unwrap_or(u32::MAX);
		let steps = today.saturating_sub(self.newest);
		for step in 0..steps.min(DAYS as u32) {
			if let Some(day) = self.booked.get_mut(today.saturating_sub(step) as usize % DAYS) {
				*day = 0;
			}
		}
		self.newest = self.newest.max(today);
	}
}
