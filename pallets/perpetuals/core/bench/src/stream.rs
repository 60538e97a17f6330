//! A seeded stream of orders, and what a plain book of its own says that it must lead to.
//!
//! 70 % of the operations place an order that does not cross, 20 % cancel one that still rests, and
//! 10 % are market orders. Market orders take five average orders, so that what comes in also goes
//! out and the book keeps the size with which it starts.

use crate::numbers::Numbers;
use breakwater_core::units::Side;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Orders that rest at the start.
pub const START: usize = 10_000;
/// The price around which the book starts.
const MIDDLE: u32 = 1_000_000;

/// How far from the best price of the other side orders are placed.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
	/// Anywhere within so many ticks.
	Even(u32),
	/// Mostly near and some far away, as on real books: with the exponent 0.6 of Bouchaud, Mézard
	/// and Potters, "Statistical properties of stock order books" (2002), from so many ticks on.
	Tailed(u32),
}

/// One operation. Ids count orders from 1.
#[derive(Clone, Copy, Debug)]
pub enum Op {
	/// Let an order rest.
	Add { id: u64, side: Side, price: u32, lots: u64 },
	/// Cancel an order that rests.
	Cancel { id: u64, side: Side, price: u32 },
	/// Take at any price.
	Market { id: u64, side: Side, lots: u64 },
}

/// What every book must say in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
	/// The highest bid.
	pub bid: Option<u32>,
	/// The lowest ask.
	pub ask: Option<u32>,
	/// Lots traded by the measured operations.
	pub traded: u64,
}

/// The operations.
pub struct Stream {
	/// Those that fill the book.
	pub start: Vec<Op>,
	/// Those that are measured.
	pub ops: Vec<Op>,
	/// What they lead to.
	pub outcome: Outcome,
}

impl Shape {
	/// A distance in ticks.
	pub fn distance(self, numbers: &mut Numbers) -> u32 {
		match self {
			Shape::Even(within) => numbers.below(within.into()) as u32,
			Shape::Tailed(from) => {
				let u = (numbers.below(1 << 53) + 1) as f64 / (1u64 << 53) as f64;
				(f64::from(from) * (u.powf(-1.0 / 0.6) - 1.0)).min(200_000.0) as u32
			},
		}
	}
}

/// A book as plain as can be, which also knows its orders by number.
#[derive(Default)]
struct Plain {
	bids: BTreeMap<u32, VecDeque<u64>>,
	asks: BTreeMap<u32, VecDeque<u64>>,
	orders: HashMap<u64, (Side, u32, u64, usize)>,
	/// The orders that rest, in no order, so that one can be drawn.
	live: Vec<u64>,
}

impl Plain {
	fn best(&self, side: Side) -> Option<u32> {
		match side {
			Side::Bid => self.bids.keys().next_back().copied(),
			Side::Ask => self.asks.keys().next().copied(),
		}
	}

	fn side(&mut self, side: Side) -> &mut BTreeMap<u32, VecDeque<u64>> {
		match side {
			Side::Bid => &mut self.bids,
			Side::Ask => &mut self.asks,
		}
	}

	fn add(&mut self, id: u64, side: Side, price: u32, lots: u64) {
		self.side(side).entry(price).or_default().push_back(id);
		self.orders.insert(id, (side, price, lots, self.live.len()));
		self.live.push(id);
	}

	fn remove(&mut self, id: u64) {
		let (side, price, _, at) = self.orders.remove(&id).expect("it rests");
		let level = self.side(side).get_mut(&price).expect("it rests");
		let place = level.iter().position(|other| *other == id).expect("it rests");
		level.remove(place);
		if level.is_empty() {
			self.side(side).remove(&price);
		}
		self.live.swap_remove(at);
		if let Some(moved) = self.live.get(at) {
			self.orders.get_mut(moved).expect("it rests").3 = at;
		}
	}

	fn take(&mut self, side: Side, lots: u64) -> u64 {
		let mut left = lots;
		while left > 0 {
			let Some(price) = self.best(side.opposite()) else { break };
			let id = self.side(side.opposite())[&price][0];
			let order = self.orders.get_mut(&id).expect("it rests");
			let part = order.2.min(left);
			order.2 -= part;
			left -= part;
			if order.2 == 0 {
				self.remove(id);
			}
		}
		lots - left
	}
}

impl Stream {
	/// `len` operations on a book of `shape`.
	pub fn new(shape: Shape, len: usize, seed: u64) -> Self {
		let (mut numbers, mut plain, mut next) = (Numbers(seed), Plain::default(), 1);
		let mut add = |plain: &mut Plain, numbers: &mut Numbers, side: Side| {
			let distance = shape.distance(numbers) + 1;
			let price = match (side, plain.best(side.opposite())) {
				(Side::Bid, best) => best.unwrap_or(MIDDLE) - distance,
				(Side::Ask, best) => best.unwrap_or(MIDDLE) + distance,
			};
			let (id, lots) = (next, 1 + numbers.below(20));
			next += 1;
			plain.add(id, side, price, lots);
			Op::Add { id, side, price, lots }
		};
		let start = (0..START)
			.map(|n| add(&mut plain, &mut numbers, if n % 2 == 0 { Side::Bid } else { Side::Ask }));
		let start: Vec<_> = start.collect();
		let (mut traded, mut takers) = (0, u64::from(u32::MAX));
		let ops = (0..len).map(|_| match numbers.below(100) {
			0..=69 => {
				let side = numbers.side();
				add(&mut plain, &mut numbers, side)
			},
			70..=89 if !plain.live.is_empty() => {
				let id = plain.live[numbers.below(plain.live.len() as u64) as usize];
				let (side, price, ..) = plain.orders[&id];
				plain.remove(id);
				Op::Cancel { id, side, price }
			},
			_ => {
				takers += 1;
				let (id, side, lots) = (takers, numbers.side(), 1 + numbers.below(104));
				traded += plain.take(side, lots);
				Op::Market { id, side, lots }
			},
		});
		let ops = ops.collect();
		let outcome = Outcome { bid: plain.best(Side::Bid), ask: plain.best(Side::Ask), traded };
		Self { start, ops, outcome }
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_stream_has_its_shares_and_keeps_its_size() {
		for shape in [Shape::Even(100), Shape::Tailed(200)] {
			let stream = Stream::new(shape, 20_000, 7);
			let adds = stream.ops.iter().filter(|op| matches!(op, Op::Add { .. })).count();
			let cancels = stream.ops.iter().filter(|op| matches!(op, Op::Cancel { .. })).count();
			assert!((13_700..14_300).contains(&adds) && (3_800..4_200).contains(&cancels));
			assert!(stream.outcome.bid < stream.outcome.ask && stream.outcome.traded > 0);
		}
	}

	#[test]
	fn the_same_seed_gives_the_same_stream() {
		let one = Stream::new(Shape::Even(100), 1_000, 7);
		let other = Stream::new(Shape::Even(100), 1_000, 7);
		assert_eq!(format!("{:?}", one.ops), format!("{:?}", other.ops));
		assert_ne!(one.outcome, Stream::new(Shape::Even(100), 1_000, 8).outcome);
	}
}
