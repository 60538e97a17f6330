//! Numbers that look random and come from a seed.

use breakwater_core::units::Side;

/// Numbers from a seed: splitmix64.
pub struct Numbers(pub u64);

impl Numbers {
	/// The next number.
	pub fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		z ^ (z >> 31)
	}
	/// A number below `end`.
	pub fn below(&mut self, end: u64) -> u64 {
		((u128::from(self.next()) * u128::from(end)) >> 64) as u64
	}
	/// A side.
	pub fn side(&mut self) -> Side {
		if self.next() & 1 == 0 {
			Side::Bid
		} else {
			Side::Ask
		}
	}
}
