//! Fractions in parts per million.

use crate::arithmetic::signed;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

const MILLION: u128 = 1_000_000;

/// A fraction in parts per million: 1_000_000 is one, 500 is five basis points.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Hash,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub struct Ppm(pub u32);

impl Ppm {
	/// Nothing.
	pub const ZERO: Self = Self(0);

	/// One whole.
	pub const fn one() -> Self {
		Self(1_000_000)
	}
	/// Whether the fraction is nothing.
	pub const fn is_zero(self) -> bool {
		self.0 == 0
	}
	/// This fraction of `amount`, rounded down; the largest value where that does not fit.
	pub const fn mul_floor(self, amount: u128) -> u128 {
		let (whole, rest) = (amount / MILLION, amount % MILLION);
		whole.saturating_mul(self.0 as u128).saturating_add(rest * self.0 as u128 / MILLION)
	}
	/// This fraction of `amount`, rounded up; the largest value where that does not fit.
	pub const fn mul_ceil(self, amount: u128) -> u128 {
		let (whole, rest) = (amount / MILLION, amount % MILLION);
		whole
			.saturating_mul(self.0 as u128)
			.saturating_add((rest * self.0 as u128).div_ceil(MILLION))
	}
	/// `self + other`, or the largest fraction where that does not fit.
	pub const fn saturating_add(self, other: Self) -> Self {
		Self(self.0.saturating_add(other.0))
	}
	/// `self - other`, or nothing where `other` is larger.
	pub const fn saturating_sub(self, other: Self) -> Self {
		Self(self.0.saturating_sub(other.0))
	}
}

/// A signed fraction in parts per million: what a maker pays, or receives where it is negative.
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
	Serialize,
	Deserialize,
)]
pub struct SignedPpm(pub i32);

impl SignedPpm {
	/// The fee on `amount`: rounded up where it is paid, and down in size where it is received.
	pub const fn fee(self, amount: u128) -> i128 {
		let size = Ppm(self.0.unsigned_abs());
		if self.0 >= 0 {
			signed(size.mul_ceil(amount))
		} else {
			-signed(size.mul_floor(amount))
		}
	}
	/// What is received, or nothing where something is paid.
	pub const fn rebate(self) -> Ppm {
		if self.0 < 0 {
			Ppm(self.0.unsigned_abs())
		} else {
			Ppm(0)
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	#[test]
	fn fractions_round_as_they_say() {
		assert_eq!(Ppm(500).mul_ceil(1), 1);
		assert_eq!(Ppm(500).mul_floor(1), 0);
		assert_eq!(Ppm(500).mul_ceil(2_000), 1);
		assert_eq!(Ppm::one().mul_floor(u128::MAX), u128::MAX);
		assert_eq!(Ppm::one().mul_ceil(u128::MAX), u128::MAX);
		assert_eq!(Ppm(u32::MAX).mul_floor(u128::MAX), u128::MAX);
		assert_eq!(Ppm::ZERO.mul_ceil(u128::MAX), 0);
	}

	proptest! {
		#[test]
		fn agrees_with_plain_multiplication(fraction: u32, amount in 0u128..1 << 90) {
			let product = fraction as u128 * amount;
			prop_assert_eq!(Ppm(fraction).mul_floor(amount), product / MILLION);
			prop_assert_eq!(Ppm(fraction).mul_ceil(amount), product.div_ceil(MILLION));
		}
	}
}
