//! Funding: what the lots of one side owe the other for being held, and the steps of a funding index
//! at which triggers may wait.
//!
//! A market has one cumulative index for each side: what one long lot has owed, and what one short
//! lot has received, since the market began. Both move together when funding accrues; a haircut moves
//! one alone. A position remembers the index at which it was last settled, so that nothing has to
//! visit it in between.
//!
//! ```text
//!   owed = lots * (index now - index when settled) / 2^32      positive: the position pays
//! ```

use breakwater_core::units::{Contract, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Binary digits behind the point of a funding index.
pub const FRACTION_BITS: u32 = 32;
/// Steps of a funding index that are worth as much, to one lot, as a tick of the price.
const STEPS_PER_TICK_BITS: u32 = 3;
/// The step at which an index of zero stands.
const ORIGIN: i128 = 1 << 31;

/// From where to where the funding of a position runs: the index of its side when it was last
/// settled, and now; in 2^-32 quote units per lot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accrual {
	/// The index when the position was last settled.
	pub since: i128,
	/// The index now.
	pub now: i128,
}

impl Accrual {
	/// What `lots` signed lots owe, in 2^-32 quote units; negative where they receive.
	pub const fn exact(&self, lots: i64) -> i128 {
		self.now.saturating_sub(self.since).saturating_mul(lots as i128)
	}
	/// What `lots` signed lots owe, in quote units: rounded up where they pay, and down in size where
	/// they receive.
	pub const fn due(&self, lots: i64) -> i128 {
		self.exact(lots).saturating_add((1 << FRACTION_BITS) - 1) >> FRACTION_BITS
	}
}

/// A step of a funding index, as triggers count them: an eighth of what a tick is worth to a lot.
/// Step 2^31 is an index of zero.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
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
pub struct Step(pub u32);

impl Step {
	/// The same number where the trigger trees count ticks.
	pub const fn as_ticks(self) -> Ticks {
		Ticks(self.0)
	}
	/// The step on which an index stands.
	pub const fn of(contract: Contract, index: i128) -> Self {
		let step = index.div_euclid(width(contract)) + ORIGIN;
		Self(if step < 0 {
			0
		} else if step > u32::MAX as i128 {
			u32::MAX
		} else {
			step as u32
		})
	}
	/// The lowest index that stands on this step.
	pub const fn floor(self, contract: Contract) -> i128 {
		(self.0 as i128 - ORIGIN) * width(contract)
	}
}

/// How far apart two steps are, in 2^-32 quote units per lot.
pub const fn width(contract: Contract) -> i128 {
	let unit = if contract.unit == 0 { 1 } else { contract.unit };
	(unit as i128) << (FRACTION_BITS - STEPS_PER_TICK_BITS)
}

/// The largest size of a funding index: beyond it nothing accrues. It is 2^28 ticks' worth, more
/// than centuries of funding at any price that a market should be listed with.
pub const fn limit(contract: Contract) -> i128 {
	(ORIGIN - 2) * width(contract)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_payer_pays_rounded_up_and_the_receiver_gets_rounded_down() {
		let half = Accrual { since: 0, now: 1 << 31 };
		assert_eq!((half.due(3), half.due(-3)), (2, -1));
		let back = Accrual { since: half.now, now: 0 };
		assert_eq!((back.due(3), back.due(-3)), (-1, 2));
		assert_eq!(Accrual::default().due(i64::MAX), 0);
		assert_eq!(Accrual { since: -5, now: -5 }.due(7), 0);
	}

	#[test]
	fn an_index_stands_on_the_step_below_it() {
		let contract = Contract { unit: 100 };
		let width = width(contract);
		for index in [-limit(contract), -width - 1, -1, 0, 1, width, limit(contract)] {
			let step = Step::of(contract, index);
			assert!(step.floor(contract) <= index && index < step.floor(contract) + width);
		}
		assert_eq!(Step::of(contract, i128::MAX), Step(u32::MAX));
		assert_eq!(Step::of(contract, i128::MIN / 2), Step(0));
	}
}
