//! The best prices of the exchange's own book after each message.
//!
//! Where the book file has a row for every message, they are in it. Where it has snapshots, they
//! follow from them: the messages say everything that happens in the levels that a sample holds, so
//! the sizes that a snapshot shows can be carried on from message to message, and back from the next
//! snapshot. A price is known only as long as it has never been beyond those levels, for there it may
//! change unsaid; what became unknown is dropped, so a best price that is left is the true one.

use crate::flow::{best, Books, Kind, Message, Row};
use breakwater_core::units::Side;
use std::collections::BTreeMap;

/// The best bid and the best ask.
pub type Top = (Option<u32>, Option<u32>);

/// The best prices after each message, where they are known.
pub fn tops(messages: &[Message], books: &Books) -> Vec<Option<Top>> {
	let mut tops = vec![None; messages.len()];
	for (n, row) in &books.rows {
		if let Some(top) = tops.get_mut(*n) {
			*top = Some((best(row, Side::Bid), best(row, Side::Ask)));
		}
	}
	if !books.every {
		let snapshots: Vec<_> = books.rows.iter().map(|(n, row)| (*n, row)).collect();
		for (place, (start, row)) in snapshots.iter().enumerate() {
			let next = snapshots.get(place + 1);
			let end = next.map_or(messages.len(), |(end, _)| *end).min(messages.len());
			if *start < end {
				let after = next.map(|(_, row)| *row);
				between(&messages[start + 1..end], &mut tops[start + 1..end], row, after, {
					messages.get(end)
				});
			}
		}
	}
	tops
}

/// The best prices between a snapshot and the next one, which comes after the message `last`.
fn between(
	messages: &[Message],
	tops: &mut [Option<Top>],
	before: &Row,
	after: Option<&Row>,
	last: Option<&Message>,
) {
	let mut forward = Known::both(before);
	let seen: Vec<_> = messages
		.iter()
		.map(|message| {
			apply(&mut forward, message, 1);
			[forward[0].best(), forward[1].best()]
		})
		.collect();
	let mut backward = after.map(Known::both);
	if let (Some(known), Some(last)) = (&mut backward, last) {
		apply(known, last, -1);
	}
	for ((message, top), seen) in messages.iter().zip(tops).zip(seen).rev() {
		let back = backward.as_ref().map_or([None; 2], |known| [known[0].best(), known[1].best()]);
		let known = [agreed(seen[0], back[0]), agreed(seen[1], back[1])];
		*top = match known {
			[Some(bid), Some(ask)] => Some((Some(bid), Some(ask))),
			_ => None,
		};
		if let Some(known) = &mut backward {
			apply(known, message, -1);
		}
	}
}

/// What both say, or the one that knows.
fn agreed(a: Option<u32>, b: Option<u32>) -> Option<u32> {
	match (a, b) {
		(Some(a), Some(b)) => (a == b).then_some(a),
		(a, b) => a.or(b),
	}
}

fn apply(known: &mut [Known; 2], message: &Message, direction: i64) {
	let size = direction * message.size as i64;
	let change = match message.kind {
		Kind::New => size,
		Kind::Reduced | Kind::Deleted | Kind::Executed => -size,
		Kind::Other => return,
	};
	known[message.side as usize].change(message.price, change);
}

/// What is known of one side: the sizes of all prices at least as good as a floor.
struct Known {
	side: Side,
	/// Sizes by price; a higher key is a better price.
	sizes: BTreeMap<i64, i64>,
	floor: i64,
	/// How many levels a sample holds.
	depth: usize,
}

impl Known {
	fn both(row: &Row) -> [Self; 2] {
		let count = |side| row.iter().filter(|level| level.side == side).count();
		let depth = count(Side::Bid).max(count(Side::Ask));
		[Side::Bid, Side::Ask].map(|side| {
			let mut known = Self { side, sizes: BTreeMap::new(), floor: i64::MIN, depth };
			for level in row.iter().filter(|level| level.side == side) {
				known.sizes.insert(known.key(level.price), level.size as i64);
			}
			known.forget();
			known
		})
	}

	fn key(&self, price: u32) -> i64 {
		i64::from(price) * i64::from(self.side.sign())
	}

	fn change(&mut self, price: u32, by: i64) {
		let key = self.key(price);
		if key >= self.floor {
			let size = self.sizes.entry(key).or_default();
			*size += by;
			if *size <= 0 {
				self.sizes.remove(&key);
			}
			self.forget();
		}
	}

	/// Forget what is beyond the levels that a sample holds.
	fn forget(&mut self) {
		if let Some(worst) = self.depth.checked_sub(1).and_then(|n| self.sizes.keys().rev().nth(n))
		{
			self.floor = self.floor.max(*worst);
			self.sizes = self.sizes.split_off(&self.floor);
		}
	}

	fn best(&self) -> Option<u32> {
		self.sizes.keys().next_back().map(|key| key.unsigned_abs() as u32)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::flow::Level;

	const fn bid(kind: Kind, size: u64, price: u32) -> Message {
		Message { kind, order: 0, size, price, side: Side::Bid }
	}

	/// Two bids of this book, and an ask that never changes.
	fn row(bids: [u32; 2]) -> Row {
		let ask = [200, 201].map(|price| Level { side: Side::Ask, price, size: 5 });
		bids.map(|price| Level { side: Side::Bid, price, size: 5 }).into_iter().chain(ask).collect()
	}

	#[test]
	fn what_was_out_of_sight_is_not_taken_for_known() {
		// At 100 and 99; 101 hides 99, which is cancelled out of sight; then 101 and 100 go.
		let messages = [
			bid(Kind::Other, 0, 0),
			bid(Kind::New, 5, 101),
			bid(Kind::Deleted, 5, 101),
			bid(Kind::Deleted, 5, 100),
			bid(Kind::New, 5, 97),
		];
		let rows = [(0, row([100, 99])), (4, row([98, 97]))];
		let books = Books { rows: rows.into_iter().collect(), every: false };
		let tops = tops(&messages, &books);
		let bids: Vec<_> = tops.iter().map(|top| top.and_then(|(bid, _)| bid)).collect();
		// After the last cancel only the next snapshot knows.
		assert_eq!(bids, [Some(100), Some(101), Some(100), Some(98), Some(98)]);
	}

	#[test]
	fn what_neither_snapshot_knows_is_not_known() {
		let messages = [
			bid(Kind::Other, 0, 0),
			bid(Kind::Deleted, 5, 100),
			bid(Kind::Deleted, 5, 99),
			bid(Kind::New, 5, 101),
			bid(Kind::New, 5, 102),
		];
		let rows = [(0, row([100, 99])), (4, row([102, 101]))];
		let books = Books { rows: rows.into_iter().collect(), every: false };
		let tops = tops(&messages, &books);
		assert_eq!(tops[1], Some((Some(99), Some(200))));
		assert_eq!(tops[2], None);
		assert_eq!(tops[3], Some((Some(101), Some(200))));
	}
}
