//! The matching core as an engine for a stream.

use crate::stream::{Op, Stream};
use breakwater_core::{
	book::{best, remove, rest, Order},
	matching::{take, Counterparty, Fill, Removal, Taker, Verdict},
	memory::Memory,
	page::{Page, Resting},
	units::{AccountRef, Lots, MarketId, OrderId, Sequence, Side, Ticks},
};
use std::time::Instant;

/// The market of all orders.
pub const MARKET: MarketId = MarketId(0);

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

/// The matching core over its store in memory.
#[derive(Default)]
pub struct Core {
	/// The book.
	pub store: Memory<Page>,
	/// The counterparty of all orders.
	pub desk: Desk,
}

/// Somebody who stands behind every order, and keeps the fills of an operation.
#[derive(Default)]
pub struct Desk {
	fills: Vec<Fill>,
	traded: u64,
}

impl Desk {
	/// The fills of the last operation.
	pub fn fills(&self) -> &[Fill] {
		&self.fills
	}
}

impl Counterparty for Desk {
	#[inline]
	fn verdict(&mut self, _: OrderId, _: &Resting, want: Lots) -> Verdict {
		Verdict::Fill(want)
	}
	#[inline]
	fn filled(&mut self, fill: &Fill) {
		self.fills.push(*fill);
		self.traded += fill.lots.0;
	}
	fn removed(&mut self, _: OrderId, _: &Resting, _: Lots, _: Removal) {}
}

impl Core {
	/// A limit order: it takes what crosses, and the rest comes to rest.
	#[inline]
	pub fn limit(&mut self, id: u64, side: Side, price: u32, lots: u64) {
		let left = lots - self.take(id, side, Ticks(price), lots);
		if left > 0 {
			let order = Order {
				market: MARKET,
				owner: AccountRef(id as u32),
				side,
				price: Ticks(price),
				lots: Lots(left),
				sequence: Sequence(id),
				reduce_only: false,
				expiry: 0,
			};
			rest(&mut self.store, &order).expect("no price of a stream is full");
		}
	}

	/// Take up to a limit; returns the lots taken.
	#[inline]
	pub fn take(&mut self, id: u64, side: Side, limit: Ticks, lots: u64) -> u64 {
		self.desk.fills.clear();
		let taker = Taker {
			market: MARKET,
			account: AccountRef(id as u32),
			side,
			limit,
			lots: Lots(lots),
			max_fills: u16::MAX,
			max_removals: u16::MAX,
			now: 1,
		};
		take(&mut self.store, &mut self.desk, &taker).lots.0
	}

	/// Cancel; returns whether the order rested.
	#[inline]
	pub fn cancel(&mut self, id: u64, side: Side, price: u32) -> bool {
		let id = OrderId::new(MARKET, side, Ticks(price), Sequence(id));
		remove(&mut self.store, id).is_some()
	}

	/// The limit of somebody who takes at any price.
	pub const fn any_price(side: Side) -> Ticks {
		match side {
			Side::Bid => Ticks::MAX,
			Side::Ask => Ticks::ZERO,
		}
	}
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
