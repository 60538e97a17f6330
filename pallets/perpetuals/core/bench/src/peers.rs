//! The core beside other order books in Rust, on one stream.
//!
//! All of them must end with the same best prices and the same traded volume, which they do: price
//! and time priority, limit orders that do not cross, cancels by id and market orders mean the same
//! in each. What is not compared: `orderbook-rs` can be called from several threads and pays for it;
//! `lobster` keeps levels that have become empty; and both find an order by its id in a table, where
//! the id of an order of the core says by itself where the order rests.

use crate::{
	contest::{run, Engine},
	engine::Core,
	report::{Promise, Report},
	stream::{Op, Shape, Stream},
	Result,
};
use breakwater_core::units::Side;
use lobster::OrderType as LobsterOrder;
use orderbook_rs::{Id, TimeInForce};

/// What the fastest other book costs, for what the core costs, on one stream.
const PEERS: Promise = Promise { name: "book.core_vs_fastest_peer", at_most: false, goal: 1.0 };

/// The book of the crate `lobster`.
#[derive(Default)]
struct Lobster {
	book: lobster::OrderBook,
	traded: u64,
}

impl Engine for Lobster {
	const NAME: &'static str = "lobster";

	#[inline]
	fn apply(&mut self, op: &Op) {
		let order = match *op {
			Op::Add { id, side, price, lots } => LobsterOrder::Limit {
				id: id.into(),
				side: lobster_side(side),
				qty: lots,
				price: price.into(),
			},
			Op::Cancel { id, .. } => LobsterOrder::Cancel { id: id.into() },
			Op::Market { id, side, lots } => {
				LobsterOrder::Market { id: id.into(), side: lobster_side(side), qty: lots }
			},
		};
		if let lobster::OrderEvent::Filled { filled_qty, .. }
		| lobster::OrderEvent::PartiallyFilled { filled_qty, .. } = self.book.execute(order)
		{
			self.traded += filled_qty;
		}
	}

	fn best(&mut self, side: Side) -> Option<u32> {
		let best = match side {
			Side::Bid => self.book.max_bid(),
			Side::Ask => self.book.min_ask(),
		};
		best.and_then(|price| price.try_into().ok())
	}

	fn traded(&self) -> u64 {
		self.traded
	}
}

const fn lobster_side(side: Side) -> lobster::Side {
	match side {
		Side::Bid => lobster::Side::Bid,
		Side::Ask => lobster::Side::Ask,
	}
}

/// The book of the crate `orderbook-rs`.
struct OrderBookRs {
	book: orderbook_rs::OrderBook<()>,
	traded: u64,
}

impl Default for OrderBookRs {
	fn default() -> Self {
		Self { book: orderbook_rs::OrderBook::new("STREAM"), traded: 0 }
	}
}

impl Engine for OrderBookRs {
	const NAME: &'static str = "orderbook-rs";

	#[inline]
	fn apply(&mut self, op: &Op) {
		match *op {
			Op::Add { id, side, price, lots } => {
				let (id, price, side) = (Id::from_u64(id), price.into(), orderbook_side(side));
				let added =
					self.book.add_limit_order(id, price, lots, side, TimeInForce::Gtc, None);
				added.expect("the order is valid");
			},
			Op::Cancel { id, .. } => {
				self.book.cancel_order(Id::from_u64(id)).expect("the order rests");
			},
			Op::Market { id, side, lots } => {
				let side = orderbook_side(side);
				if let Ok(matched) = self.book.submit_market_order(Id::from_u64(id), lots, side) {
					self.traded += lots - matched.remaining_quantity().as_u64();
				}
			},
		}
	}

	fn best(&mut self, side: Side) -> Option<u32> {
		let best = match side {
			Side::Bid => self.book.best_bid(),
			Side::Ask => self.book.best_ask(),
		};
		best.and_then(|price| price.try_into().ok())
	}

	fn traded(&self) -> u64 {
		self.traded
	}
}

const fn orderbook_side(side: Side) -> orderbook_rs::Side {
	match side {
		Side::Bid => orderbook_rs::Side::Buy,
		Side::Ask => orderbook_rs::Side::Sell,
	}
}

/// The shapes of the book. A promise must hold on each, so the worst counts.
const SHAPES: [(&str, Shape); 3] = [
	("200 levels", Shape::Even(100)),
	("2,000 levels", Shape::Even(1_000)),
	("long tails", Shape::Tailed(200)),
];

/// Print what each book costs, and how the core compares with the fastest other.
pub fn measure(report: &mut Report, rounds: usize, ops: usize) -> Result<()> {
	let mut worst = f64::INFINITY;
	for (name, shape) in SHAPES {
		let stream = Stream::new(shape, ops, 0xB0EA_55ED);
		let mut times = [Vec::new(), Vec::new(), Vec::new()];
		for round in 0..rounds.max(1) {
			// In turns, and each of them first as often as the others.
			for turn in 0..3 {
				match (round + turn) % 3 {
					0 => times[0].push(run::<Core>(&stream)?),
					1 => times[1].push(run::<Lobster>(&stream)?),
					_ => times[2].push(run::<OrderBookRs>(&stream)?),
				}
			}
		}
		let [core, lobster, orderbook] = times.map(median);
		for (engine, time) in
			[(Core::NAME, core), (Lobster::NAME, lobster), (OrderBookRs::NAME, orderbook)]
		{
			report.note(&format!("{engine}, {name}"), time, "ns/op");
		}
		worst = worst.min(lobster.min(orderbook) / core);
	}
	report.add(PEERS, worst);
	Ok(())
}

/// The median of some figures, which must not be empty.
fn median(mut figures: Vec<f64>) -> f64 {
	figures.sort_by(f64::total_cmp);
	figures[figures.len() / 2]
}
