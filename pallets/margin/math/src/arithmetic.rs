//! Exact integer arithmetic that 128 bits alone do not give.

/// `a * b / c` rounded down, with the product held in 256 bits; the largest value where the
/// quotient does not fit or `c` is zero.
pub fn mul_div_floor(a: u128, b: u128, c: u128) -> u128 {
	mul_div(a, b, c).0
}

/// `a * b / c` rounded up, with the product held in 256 bits; the largest value where the quotient
/// does not fit or `c` is zero.
pub fn mul_div_ceil(a: u128, b: u128, c: u128) -> u128 {
	let (quotient, exact) = mul_div(a, b, c);
	quotient.saturating_add(!exact as u128)
}

fn mul_div(a: u128, b: u128, c: u128) -> (u128, bool) {
	if c == 0 {
		return (u128::MAX, true);
	}
	if let Some(product) = a.checked_mul(b) {
		return (product / c, product % c == 0);
	}
	let (high, low) = wide_mul(a, b);
	if high >= c {
		return (u128::MAX, true);
	}
	// Long division bit by bit: rare, since products of real amounts fit above.
	let (mut rest, mut quotient) = (high, 0u128);
	for bit in (0..128).rev() {
		let carry = rest >> 127 == 1;
		rest = rest << 1 | (low >> bit & 1);
		quotient <<= 1;
		if carry || rest >= c {
			rest = rest.wrapping_sub(c);
			quotient |= 1;
		}
	}
	(quotient, rest == 0)
}

fn wide_mul(a: u128, b: u128) -> (u128, u128) {
	const HALF: u128 = u64::MAX as u128;
	let (a1, a0, b1, b0) = (a >> 64, a & HALF, b >> 64, b & HALF);
	let (low, high) = (a0 * b0, a1 * b1);
	let (cross, carry) = (a0 * b1).overflowing_add(a1 * b0);
	let (low, carry_low) = low.overflowing_add(cross << 64);
	let high = high + (cross >> 64) + ((carry as u128) << 64) + carry_low as u128;
	(high, low)
}

/// `amount` as a signed amount; the largest where it does not fit.
pub const fn signed(amount: u128) -> i128 {
	if amount > i128::MAX as u128 {
		i128::MAX
	} else {
		amount as i128
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	proptest! {
		#[test]
		fn wide_division_inverts_wide_multiplication(a: u128, b: u128, c in 1u128..) {
			// floor(a*b/b) = a, and a quotient times the divisor is within one divisor of a*b.
			if b > 0 {
				prop_assert_eq!(mul_div_floor(a, b, b), a);
				prop_assert_eq!(mul_div_ceil(a, b, b), a);
			}
			let q = mul_div_floor(a, b, c);
			if q < u128::MAX {
				let (high, low) = wide_mul(a, b);
				prop_assert!(wide_mul(q, c) <= (high, low));
				prop_assert!(wide_mul(q + 1, c) > (high, low));
				prop_assert!(mul_div_ceil(a, b, c) - q <= 1);
			}
		}
	}
}
