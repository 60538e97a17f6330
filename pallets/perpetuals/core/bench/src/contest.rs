//! Order books that run one stream and must end alike.

use crate::{
	engine::{Core, MARKET},
	stream::{Op, Stream},
};
use breakwater_core::{book::best, units::Side};
use std::time::Instant;

/// An order book under test.
pub trait Engine: Default {
	/// Its name.
	const NAME: &'static str;
	/// Do one operation.
	fn apply(&mut self, op: &Op);
	/// The best price of a side.
	fn best(&mut self, side: Side) -> Option<u32>;
	/// Lots traded so far.
	fn traded(&self) -> u64;
}

/// Nanoseconds for an operation of the stream on a fresh engine, which must end as it should.
pub fn run<E: Engine>(stream: &Stream) -> Result<f64, String> {
	let mut engine = E::default();
	stream.start.iter().for_each(|op| engine.apply(op));
	let begin = Instant::now();
	stream.ops.iter().for_each(|op| engine.apply(op));
	let time = begin.elapsed().as_nanos() as f64 / stream.ops.len() as f64;
	let found = (engine.best(Side::Bid), engine.best(Side::Ask), engine.traded());
	let expected = (stream.outcome.bid, stream.outcome.ask, stream.outcome.traded);
	if found != expected {
		return Err(format!("{}: {found:?} instead of {expected:?}", E::NAME));
	}
	Ok(time)
}

impl Engine for Core {
	const NAME: &'static str = "breakwater-core";

	#[inline]
	fn apply(&mut self, op: &Op) {
		match *op {
			Op::Add { id, side, price, lots } => self.limit(id, side, price, lots),
			Op::Cancel { id, side, price } => {
				self.cancel(id, side, price);
			},
			Op::Market { id, side, lots } => {
				self.take(id, side, Self::any_price(side), lots);
			},
		}
	}

	fn best(&mut self, side: Side) -> Option<u32> {
		best(&mut self.store, MARKET, side).map(|price| price.0)
	}

	fn traded(&self) -> u64 {
		self.desk.traded
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::stream::Shape;

	#[test]
	fn the_core_ends_as_a_plain_book_does() {
		for shape in [Shape::Even(50), Shape::Even(2_000), Shape::Tailed(200)] {
			run::<Core>(&Stream::new(shape, 20_000, 3)).unwrap();
		}
	}
}
