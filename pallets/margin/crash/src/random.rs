//! Numbers that a seed determines: SplitMix64, so that a run can be repeated from what it printed.

/// A stream of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
	/// The stream of a seed.
	pub const fn new(seed: u64) -> Self {
		Self(seed)
	}
	/// Any number.
	pub fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
		let mut z = self.0;
		z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
		z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
		z ^ (z >> 31)
	}
	/// A number below `end`; zero where that is zero.
	pub fn below(&mut self, end: u64) -> u64 {
		self.next().checked_rem(end).unwrap_or(0)
	}
	/// A number from `low` to `high`, both possible.
	pub fn between(&mut self, low: i64, high: i64) -> i64 {
		low + self.below((high - low) as u64 + 1) as i64
	}
	/// True once in `times`.
	pub fn one_in(&mut self, times: u64) -> bool {
		self.below(times) == 0
	}
	/// A fraction from zero to below one.
	pub fn unit(&mut self) -> f64 {
		(self.next() >> 11) as f64 / (1u64 << 53) as f64
	}
	/// One of `choices`, by weight.
	pub fn weighted<T: Copy>(&mut self, choices: &[(T, u64)]) -> Option<T> {
		let mut at = self.below(choices.iter().map(|(_, weight)| weight).sum());
		choices.iter().find_map(|(choice, weight)| {
			let here = at < *weight;
			at = at.saturating_sub(*weight);
			here.then_some(*choice)
		})
	}
}

#[cfg(test)]
mod tests {
	use super::Random;

	#[test]
	fn a_seed_determines_the_stream_and_bounds_hold() {
		let mut random = Random::new(1);
		assert_eq!([random.next(), random.next()], {
			let mut again = Random::new(1);
			[again.next(), again.next()]
		});
		assert_ne!(Random::new(1).next(), Random::new(2).next());
		let all: Vec<_> = (0..1_000).map(|_| random.between(-3, 3)).collect();
		assert_eq!((all.iter().min(), all.iter().max()), (Some(&-3), Some(&3)));
		assert!((0..1_000).all(|_| random.unit() < 1.0));
		let picked = (0..100).filter_map(|_| random.weighted(&[('a', 3), ('b', 0)]));
		assert!(picked.collect::<String>().chars().all(|c| c == 'a'));
		assert_eq!(random.weighted::<u8>(&[]), None);
	}
}
