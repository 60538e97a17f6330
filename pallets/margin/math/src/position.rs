//! What a fill does to a position.

use crate::arithmetic::{mul_div_ceil, mul_div_floor, signed};
use breakwater_core::units::{Lots, Side};

/// A position after a fill, and the profit that the fill realised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
	/// Signed lots.
	pub lots: i64,
	/// Signed notional value paid for them.
	pub cost: i128,
	/// Profit realised by what the fill closed; to be added to the quote balance.
	pub realised: i128,
}

/// Fill `lots` of notional value `notional` on `side` into a position of `held` signed lots that
/// cost `cost`. What is closed realises profit, rounded down; the rest of the cost stays with the
/// rest of the position, so that `realised - cost` changes by exactly the signed notional value.
pub fn apply_fill(held: i64, cost: i128, side: Side, lots: Lots, notional: u128) -> Applied {
	let sign = side.sign() as i64;
	let filled = sign.saturating_mul(i64::try_from(lots.0).unwrap_or(i64::MAX));
	let paid = signed(notional).saturating_mul(sign as i128);
	let after = held.saturating_add(filled);
	if held == 0 || (held > 0) == (filled > 0) {
		return Applied { lots: after, cost: cost.saturating_add(paid), realised: 0 };
	}
	let closed = held.unsigned_abs().min(lots.0) as u128;
	// The fill's value is split between what it closes and what it opens on the other side; only
	// one of the two divisions is ever inexact, since either all of the position is closed or all
	// of the fill closes.
	let closing = if closed == lots.0 as u128 {
		paid
	} else {
		signed(notional / lots.0 as u128 * closed).saturating_mul(sign as i128)
	};
	let out = share(cost, closed, held.unsigned_abs() as u128);
	Applied {
		lots: after,
		cost: cost.saturating_sub(out).saturating_add(paid.saturating_sub(closing)),
		realised: (0i128).saturating_sub(closing).saturating_sub(out),
	}
}

/// `cost * part / whole`, rounded up: cost leaves with what is closed, profit is rounded down.
fn share(cost: i128, part: u128, whole: u128) -> i128 {
	if part == whole {
		cost
	} else if cost >= 0 {
		signed(mul_div_ceil(cost.unsigned_abs(), part, whole))
	} else {
		-signed(mul_div_floor(cost.unsigned_abs(), part, whole))
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn opening_adds_cost_closing_realises_and_flipping_does_both() {
		let open = apply_fill(0, 0, Side::Bid, Lots(10), 1_000);
		assert_eq!(open, Applied { lots: 10, cost: 1_000, realised: 0 });
		let part = apply_fill(10, 1_000, Side::Ask, Lots(4), 480);
		assert_eq!(part, Applied { lots: 6, cost: 600, realised: 80 });
		let flip = apply_fill(10, 1_000, Side::Ask, Lots(15), 15 * 90);
		assert_eq!(flip, Applied { lots: -5, cost: -450, realised: -100 });
		let short = apply_fill(-5, -450, Side::Bid, Lots(5), 400);
		assert_eq!(short, Applied { lots: 0, cost: 0, realised: 50 });
	}

	#[test]
	fn profit_of_a_part_is_rounded_down() {
		assert_eq!(apply_fill(3, 100, Side::Ask, Lots(1), 40).realised, 40 - 34);
		assert_eq!(apply_fill(-3, -100, Side::Bid, Lots(1), 20).realised, 33 - 20);
	}

	proptest! {
		#[test]
		fn quote_less_cost_moves_by_the_signed_notional(
			fills in prop::collection::vec((any::<bool>(), 1u64..1 << 20, 1u64..1 << 20), 1..40),
		) {
			let (mut lots, mut cost, mut quote, mut expected) = (0i64, 0i128, 0i128, 0i128);
			for (buy, size, price) in fills {
				let side = if buy { Side::Bid } else { Side::Ask };
				let notional = size as u128 * price as u128;
				let after = apply_fill(lots, cost, side, Lots(size), notional);
				expected -= notional as i128 * side.sign() as i128;
				(lots, cost, quote) = (after.lots, after.cost, quote + after.realised);
				prop_assert_eq!(quote - cost, expected);
				prop_assert!(lots != 0 || cost == 0);
				prop_assert!(lots == 0 || (cost >= 0) == (lots > 0));
			}
		}
	}
}
