//! What a share of a fund, be it the global one or the vault, costs and is worth: pure.
//!
//! A share costs `(fund + 1) / (issued + 10^6)`. The virtual million of shares in the divisor owns
//! what nobody backed: gifts, surcharges, what market funds could spare. It keeps the first backer
//! from making shares dear for the next one: a gift of `D` goes to it almost wholly and moves what
//! another pays for his shares by less than `D / 10^6`.
//!
//! A backer pays exactly what his whole shares cost, rounded up by less than one unit; what is left
//! of the amount that he offered stays with him. The fund is what the ledger says, never the balance of
//! an address, so tokens sent there do nothing.

use breakwater_primitives::Balance;
use sp_runtime::{helpers_128bit::multiply_by_rational_with_rounding, Rounding};

/// Shares that nobody holds.
pub const VIRTUAL: u128 = 1_000_000;
/// With more shares than this to a unit of the fund, what they stand for is lost.
const WORTHLESS: u128 = 1_000_000_000_000;

/// How many shares `amount` buys of a fund that holds `fund` with `issued` shares, rounded down;
/// `None` where that does not fit.
pub fn bought(amount: Balance, fund: Balance, issued: u128) -> Option<u128> {
	let (issued, fund) = (issued.checked_add(VIRTUAL)?, fund.checked_add(1)?);
	multiply_by_rational_with_rounding(amount, issued, fund, Rounding::Down)
}

/// What `shares` cost of a fund that holds `fund` with `issued` shares, rounded up; `None` where that
/// does not fit.
pub fn cost(shares: u128, fund: Balance, issued: u128) -> Option<Balance> {
	let (issued, fund) = (issued.checked_add(VIRTUAL)?, fund.checked_add(1)?);
	multiply_by_rational_with_rounding(shares, fund, issued, Rounding::Up)
}

/// What `shares` of `issued` are worth in a fund that holds `fund`, rounded down; never more than the
/// fund.
pub fn value(shares: u128, fund: Balance, issued: u128) -> Balance {
	let all = issued.saturating_add(VIRTUAL);
	multiply_by_rational_with_rounding(
		shares.min(issued),
		fund.saturating_add(1),
		all,
		Rounding::Down,
	)
	.unwrap_or_default()
	.min(fund)
}

/// Whether a fund that holds `fund` has lost what `issued` shares stood for.
pub fn worthless(fund: Balance, issued: u128) -> bool {
	issued > 0 && (fund == 0 || issued / WORTHLESS >= fund)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn shares_cost_what_they_are_worth() {
		// Nothing there: a million shares to the unit.
		assert_eq!(bought(100, 0, 0), Some(100_000_000));
		// A fund of gifts belongs to the virtual million, so a share costs a millionth of it.
		assert_eq!(bought(100_000_000, 4_000_000_000_000, 0), Some(24));
		assert_eq!(cost(24, 4_000_000_000_000, 0), Some(96_000_001));
		assert_eq!(value(24, 4_000_096_000_001, 24), 96_000_000);
		assert_eq!(bought(u128::MAX, 0, 0), None);
		assert_eq!(value(u128::MAX, u128::MAX - 1, u128::MAX), u128::MAX - 1);
	}

	#[test]
	fn shares_are_worthless_when_a_trillion_stand_for_a_unit() {
		assert!(!worthless(0, 0));
		assert!(worthless(0, 1));
		assert!(!worthless(1, WORTHLESS - 1));
		assert!(worthless(1, WORTHLESS));
	}

	proptest! {
		/// The classical attack: the first backer, a gift that makes shares dear, a victim. Whoever
		/// gives loses the gift; the victim loses less than a millionth of it and a unit.
		#[test]
		fn a_gift_moves_what_the_next_backer_holds_by_less_than_a_millionth(
			before in 0u128..1 << 70, first in 1u128..1 << 60, gift in 0u128..1 << 80,
			victim in 1u128..1 << 60,
		) {
			let (mut fund, mut issued) = (before, 0);
			let attacker = bought(first, fund, issued).unwrap();
			let paid = cost(attacker, fund, issued).unwrap();
			prop_assert!(paid <= first);
			(fund, issued) = (fund + paid + gift, issued + attacker);
			let shares = bought(victim, fund, issued).unwrap();
			let price = cost(shares, fund, issued).unwrap();
			prop_assert!(price <= victim);
			// What could not be bought with the amount offered is less than the price of a share.
			let share = (fund + 1).div_ceil(issued + VIRTUAL);
			prop_assert!(victim - price <= share);
			(fund, issued) = (fund + price, issued + shares);
			prop_assert!(price - value(shares, fund, issued) <= 1);
			let back = value(attacker, fund, issued);
			prop_assert!(back <= paid + gift, "the gift came back with interest");
		}

		/// Buying and leaving never lowers what a share of the others is worth.
		#[test]
		fn nobody_pays_for_another_who_comes_or_goes(
			fund in 0u128..1 << 56, issued in 0u128..1 << 56, amount in 0u128..1 << 56,
		) {
			// (then + 1) / (after + V) >= (fund + 1) / (issued + V), where the products fit.
			let dearer = |(fund, issued): (u128, u128), (then, after): (u128, u128)| {
				let left = (then + 1).checked_mul(issued + VIRTUAL);
				let right = (fund + 1).checked_mul(after + VIRTUAL);
				left.zip(right).is_none_or(|(left, right)| left >= right)
			};
			let Some(shares) = bought(amount, fund, issued) else { return Ok(()) };
			let paid = cost(shares, fund, issued).unwrap();
			prop_assert!(paid <= amount);
			let joined = (fund + paid, issued + shares);
			prop_assert!(dearer((fund, issued), joined));
			let out = value(shares, joined.0, joined.1);
			prop_assert!(out <= paid);
			prop_assert!(dearer(joined, (joined.0 - out, joined.1 - shares)));
		}
	}
}
