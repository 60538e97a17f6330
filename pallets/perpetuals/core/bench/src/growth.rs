//! What placing, cancelling and matching cost when many orders rest.
//!
//! Books of every size get the same traffic: orders and cancels within the prices that the smallest
//! one has, and takers. What differs is how many orders rest behind: two at each price, so that a
//! bucket of the largest book holds about as many as the smallest book has on a side. Notes say what
//! placing and cancelling anywhere in the book costs: the same steps, on memory that is in no cache.

use crate::{
	engine::Core,
	numbers::Numbers,
	report::{Promise, Report},
};
use breakwater_core::units::Side;
use std::time::Instant;

/// What the same work costs with 1,000,000 resting orders, against 100.
const GROWTH: Promise = Promise { name: "book.growth", at_most: true, goal: 1.7 };

/// Resting orders at one price.
const AT_A_PRICE: u32 = 2;
/// Takers in a row on one side, of two orders each.
const TAKERS: usize = 10;
const MIDDLE: u32 = 10_000_000;
const SIZES: [u32; 3] = [100, 10_000, 1_000_000];
/// Where the traffic places its orders: so many ticks, which all books have.
const NEAR: u32 = SIZES[0] / 2 / AT_A_PRICE;

/// A book with many orders.
struct Book {
	core: Core,
	size: u32,
	/// The next order's number.
	next: u64,
}

/// Nanoseconds for one operation of each kind.
#[derive(Clone, Copy, Debug)]
struct Cost {
	place: f64,
	cancel: f64,
	take: f64,
	/// Placing and cancelling anywhere in the book.
	anywhere: f64,
}

impl Book {
	fn new(size: u32) -> Self {
		let mut book = Self { core: Core::default(), size, next: 1 };
		// Prices in no order, as orders come: the book is not laid out in memory by price.
		let (each, mut numbers) = (size / 2, Numbers(9));
		let mut places: Vec<u32> = (0..each).map(|n| n / AT_A_PRICE).collect();
		for at in (1..places.len()).rev() {
			places.swap(at, numbers.below(at as u64 + 1) as usize);
		}
		for distance in places {
			for side in [Side::Bid, Side::Ask] {
				book.place(side, distance, 10);
			}
		}
		book
	}

	fn price(side: Side, distance: u32) -> u32 {
		match side {
			Side::Bid => MIDDLE - distance,
			Side::Ask => MIDDLE + 1 + distance,
		}
	}

	#[inline]
	fn place(&mut self, side: Side, distance: u32, lots: u64) -> u64 {
		let id = self.next;
		self.next += 1;
		self.core.limit(id, side, Self::price(side, distance), lots);
		id
	}

	/// Place and cancel `ops` orders at `distances`, in a changed order. Returns the time of both.
	fn place_and_cancel(&mut self, distances: &[(Side, u32)], seed: u64) -> (f64, f64) {
		let mut numbers = Numbers(seed);
		let begin = Instant::now();
		let mut placed: Vec<_> = distances
			.iter()
			.map(|(side, distance)| (self.place(*side, *distance, 10), *side, *distance))
			.collect();
		let place = begin.elapsed();
		for at in (1..placed.len()).rev() {
			placed.swap(at, numbers.below(at as u64 + 1) as usize);
		}
		let begin = Instant::now();
		for (id, side, distance) in &placed {
			assert!(self.core.cancel(*id, *side, Self::price(*side, *distance)));
		}
		let each = |time: std::time::Duration| time.as_nanos() as f64 / distances.len() as f64;
		(each(place), each(begin.elapsed()))
	}

	/// Take the best orders of both sides and put them back, so often that `ops` takers were there.
	fn take(&mut self, ops: usize) -> f64 {
		let mut time = 0;
		let parts = ops.div_ceil(2 * TAKERS);
		for _ in 0..parts {
			let begin = Instant::now();
			for side in [Side::Bid, Side::Ask] {
				for _ in 0..TAKERS {
					assert_eq!(self.core.take(0, side, Core::any_price(side), 20), 20);
				}
			}
			time += begin.elapsed().as_nanos();
			for n in 0..2 * TAKERS as u32 {
				self.place(Side::Bid, n / AT_A_PRICE, 10);
				self.place(Side::Ask, n / AT_A_PRICE, 10);
			}
		}
		time as f64 / (parts * 2 * TAKERS) as f64
	}

	/// Place and cancel a few orders at a time within so many ticks, so that they do not change the
	/// size of even the smallest book much. Returns the time of both.
	fn traffic(&mut self, ops: usize, seed: u64, within: u32) -> (f64, f64) {
		let mut numbers = Numbers(seed);
		let parts = ops.div_ceil(20);
		let (mut placing, mut cancelling) = (0.0, 0.0);
		for part in 0..parts as u64 {
			let batch: Vec<_> =
				(0..20).map(|_| (numbers.side(), numbers.below(within.into()) as u32)).collect();
			let (place, cancel) = self.place_and_cancel(&batch, part);
			placing += place;
			cancelling += cancel;
		}
		(placing / parts as f64, cancelling / parts as f64)
	}

	fn measure(&mut self, ops: usize, seed: u64) -> Cost {
		let (place, cancel) = self.traffic(ops, seed, NEAR);
		let take = self.take(ops);
		let (place_far, cancel_far) = self.traffic(ops, seed, self.size / 2 / AT_A_PRICE);
		Cost { place, cancel, take, anywhere: (place_far + cancel_far) / 2.0 }
	}
}

impl Cost {
	/// All three kinds, each as often.
	fn all(&self) -> f64 {
		self.place + self.cancel + self.take
	}
}

/// Print what each size costs, and how the largest compares with the smallest.
pub fn measure(report: &mut Report, rounds: usize, ops: usize) {
	let mut books = SIZES.map(Book::new);
	let mut costs = SIZES.map(|_| Vec::new());
	for round in 0..rounds.max(1) as u64 {
		for (book, costs) in books.iter_mut().zip(&mut costs) {
			costs.push(book.measure(ops, round));
		}
	}
	// What else the machine does can only add to a time, so the least is the truest.
	let of = |costs: &[Cost], part: fn(&Cost) -> f64| {
		costs.iter().map(part).fold(f64::INFINITY, f64::min)
	};
	for (size, costs) in SIZES.iter().zip(&costs) {
		report.note(&format!("place, {size} orders"), of(costs, |c| c.place), "ns");
		report.note(&format!("cancel, {size} orders"), of(costs, |c| c.cancel), "ns");
		report.note(&format!("match, {size} orders"), of(costs, |c| c.take), "ns");
		report.note(&format!("anywhere, {size} orders"), of(costs, |c| c.anywhere), "ns");
	}
	let [few, .., many] = &costs;
	report.add(GROWTH, of(many, Cost::all) / of(few, Cost::all));
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn traffic_leaves_the_book_as_large_as_it_was() {
		let mut book = Book::new(1_000);
		let before = count(&mut book);
		book.measure(100, 1);
		assert_eq!((before, count(&mut book)), (1_000, 1_000));
	}

	fn count(book: &mut Book) -> u32 {
		use breakwater_core::book::depth;
		let all = [Side::Bid, Side::Ask].map(|side| {
			depth(&mut book.core.store, crate::engine::MARKET, side, usize::MAX, u32::MAX)
		});
		all.iter().flatten().map(|level| level.orders).sum()
	}
}
