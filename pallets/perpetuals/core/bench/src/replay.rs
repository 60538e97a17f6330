//! Replay of real order flow through the matching core.
//!
//! The book starts from a row of the reference, each level as one order of nobody in particular.
//! Then a new order is placed, a cancel takes size off the order, or off what nobody in particular
//! has at its price, and an execution is an immediate order of the other side. What the core's book
//! then shows as best bid and ask is compared with the reference.
//!
//! A sample only holds events inside its levels: what is cancelled further away never says so, and a
//! replay drifts. Where a message proves that an order is gone - because it would have traded - it is
//! dropped, and it can begin anew from the reference every so many messages.

use crate::{
	engine::{Core, MARKET},
	flow::{self, Books, Kind, Message, Row},
	reference::{tops, Top},
	report::Report,
	Result,
};
use breakwater_core::{
	book::{self, best, level, rest, Order},
	units::{AccountRef, Lots, OrderId, Sequence, Side, Ticks},
};
use std::{collections::HashMap, path::Path};

/// Who owns what was there at the start.
const NOBODY: AccountRef = AccountRef(0);
const SOMEBODY: AccountRef = AccountRef(1);

/// How a replay compares with the reference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
	/// Messages after which the reference's best prices are known.
	pub known: usize,
	/// Those after which the replay has the same best bid and the same best ask. A message at which
	/// it begins, or begins anew, is one of them.
	pub reached: usize,
	/// Rows of the book file, compared before the replay begins anew from them.
	pub snapshots: usize,
	/// Those of them with the same best bid and the same best ask.
	pub snapshots_reached: usize,
	/// Orders that a message proved to be gone unsaid.
	pub gone: usize,
	/// Executions of an order that the replay knows by its number.
	pub executions: usize,
	/// Those in which the core filled just that order.
	pub same_order: usize,
}

/// Replay two files and print how they compare.
pub fn run(
	report: &mut Report,
	messages_file: &Path,
	book: &Path,
	reseed: Option<usize>,
) -> Result<()> {
	let (messages, books) = (flow::messages(messages_file)?, flow::books(book)?);
	let reseed = reseed.or((!books.every).then_some(1));
	let score = replay(&messages, &books, reseed);
	let share = 100.0 * score.reached as f64 / score.known.max(1) as f64;
	let name = messages_file.file_name().unwrap_or_default().to_string_lossy();
	println!(
		"replay  {name}: {} messages, reseeded {}: the best bid and ask of the reference after {} of the {} \
		 messages after which it is known ({share:.2} %), and at {} of {} rows before reseeding; {} of {} executions \
		 of known orders filled the very order; {} orders proved gone",
		messages.len(),
		match reseed {
			None => "never".into(),
			Some(1) => "at every snapshot".into(),
			Some(every) => format!("every {every}"),
		},
		score.reached,
		score.known,
		score.snapshots_reached,
		score.snapshots,
		score.same_order,
		score.executions,
		score.gone,
	);
	report.note("replay.messages", messages.len() as f64, "messages");
	report.note("replay.reached", score.reached as f64, "messages");
	report.note("replay.share", share, "%");
	Ok(())
}

/// Replay messages and compare after each. Nothing can be compared before the first row.
pub fn replay(messages: &[Message], books: &Books, reseed: Option<usize>) -> Score {
	let (mut replay, mut score) = (Replay::default(), Score::default());
	let mut seeded = None;
	for (n, (message, top)) in messages.iter().zip(tops(messages, books)).enumerate() {
		let row = books.rows.get(&n);
		match (seeded, row) {
			(None, None) => continue,
			(None, Some(row)) => {
				replay = Replay::seeded(row);
				seeded = Some(n);
			},
			(Some(_), _) => replay.apply(message, &mut score),
		}
		if let Some(row) = row {
			score.snapshots += 1;
			score.snapshots_reached += usize::from(top.is_some_and(|top| replay.top() == top));
			if seeded.zip(reseed).is_some_and(|(at, every)| n - at >= every) {
				replay = Replay::seeded(row);
				seeded = Some(n);
			}
		}
		score.known += usize::from(top.is_some());
		score.reached += usize::from(top.is_some_and(|top| replay.top() == top));
	}
	score
}

/// A book under replay.
#[derive(Default)]
struct Replay {
	core: Core,
	sequence: u64,
	/// The orders that came since the start, by the exchange's numbers.
	orders: HashMap<u64, OrderId>,
}

impl Replay {
	fn seeded(row: &Row) -> Self {
		let mut replay = Self::default();
		for level in row {
			replay.rest(NOBODY, level.side, level.price, level.size);
		}
		replay
	}

	fn rest(&mut self, owner: AccountRef, side: Side, price: u32, size: u64) -> Option<OrderId> {
		self.sequence += 1;
		let order = Order {
			market: MARKET,
			owner,
			side,
			price: Ticks(price),
			lots: Lots(size),
			sequence: Sequence(self.sequence),
			reduce_only: false,
			expiry: 0,
		};
		rest(&mut self.core.store, &order).ok()
	}

	fn top(&mut self) -> Top {
		let [bid, ask] = [Side::Bid, Side::Ask]
			.map(|side| best(&mut self.core.store, MARKET, side).map(|price| price.0));
		(bid, ask)
	}

	fn apply(&mut self, message: &Message, score: &mut Score) {
		let Message { kind, order, size, price, side } = *message;
		match kind {
			Kind::New => {
				// It came to rest, so nothing that it would have traded with can be there.
				score.gone += self.drop_within(side.opposite(), Ticks(price));
				let taken = self.core.take(order, side, Ticks(price), size);
				if taken < size {
					if let Some(id) = self.rest(SOMEBODY, side, price, size - taken) {
						self.orders.insert(order, id);
					}
				}
			},
			Kind::Reduced => self.reduce(message, Lots(size)),
			Kind::Deleted => self.reduce(message, Lots::MAX),
			Kind::Executed => {
				// It was the best, so nothing better can be there.
				if let Some(better) = price.checked_add_signed(side.sign().into()) {
					score.gone += self.drop_within(side, Ticks(better));
				}
				self.core.take(order, side.opposite(), Ticks(price), size);
				if let Some(id) = self.orders.get(&order) {
					score.executions += 1;
					let filled = self.core.desk.fills();
					score.same_order += usize::from(filled.iter().all(|f| f.maker_order == *id));
				}
			},
			Kind::Other => {},
		}
	}

	/// Drop the orders of a side whose price is `worst` or better. Returns how many there were.
	fn drop_within(&mut self, side: Side, worst: Ticks) -> usize {
		let mut dropped = 0;
		while let Some(price) = best(&mut self.core.store, MARKET, side) {
			if !side.opposite().accepts(worst, price) {
				break;
			}
			for (id, _) in level(&mut self.core.store, MARKET, side, price, usize::MAX) {
				book::remove(&mut self.core.store, id);
				dropped += 1;
			}
		}
		dropped
	}

	/// Take size off an order, or off what nobody in particular has at its price.
	fn reduce(&mut self, message: &Message, by: Lots) {
		let Message { order, size, price, side, .. } = *message;
		if let Some(id) = self.orders.get(&order) {
			book::reduce(&mut self.core.store, *id, by);
			return;
		}
		let oldest = level(&mut self.core.store, MARKET, side, Ticks(price), 1);
		if let Some((id, _)) = oldest.first().filter(|(_, order)| order.owner == NOBODY) {
			book::reduce(&mut self.core.store, *id, Lots(size));
		}
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::flow::Level;

	const fn message(kind: Kind, order: u64, size: u64, price: u32, side: Side) -> Message {
		Message { kind, order, size, price, side }
	}

	#[test]
	fn a_replay_follows_every_kind_of_message() {
		use Side::{Ask, Bid};
		let at = |side, price| Level { side, price, size: 10 };
		let messages = [
			message(Kind::Other, 0, 1, 1, Bid),
			message(Kind::New, 1, 5, 101, Bid),
			message(Kind::Reduced, 1, 4, 101, Bid),
			message(Kind::Executed, 1, 1, 101, Bid),
			message(Kind::Deleted, 77, 10, 110, Ask),
			message(Kind::New, 2, 5, 105, Ask),
			message(Kind::Deleted, 2, 5, 105, Ask),
		];
		let books =
			[(100, 110), (101, 110), (101, 110), (100, 110), (100, 120), (100, 105), (100, 120)];
		let rows = books.iter().map(|(bid, ask)| vec![at(Bid, *bid), at(Ask, *ask), at(Ask, 120)]);
		let books = Books { rows: rows.enumerate().collect(), every: true };
		let score = replay(&messages, &books, None);
		assert_eq!((score.known, score.reached, score.snapshots_reached), (7, 7, 7));
		assert_eq!((score.executions, score.same_order), (1, 1));
	}

	#[test]
	fn a_replay_that_drifts_is_said_to_and_reseeding_helps() {
		let row = |bid| vec![Level { side: Side::Bid, price: bid, size: 1 }];
		let nothing = message(Kind::Other, 0, 0, 0, Side::Bid);
		let books =
			Books { rows: [1, 2, 2, 2].map(row).into_iter().enumerate().collect(), every: true };
		assert_eq!(replay(&[nothing; 4], &books, None).reached, 1);
		let score = replay(&[nothing; 4], &books, Some(2));
		assert_eq!((score.reached, score.snapshots_reached), (3, 2));
	}
}
