//! One side of a book as a queue, a page at a time.

use super::uncross::{Leg, Turn};
use crate::{
	book::Book,
	matching::clear_overflow,
	page::{Page, Resting},
	store::{PageKey, Store},
	units::{Lots, OrderId, Sequence, Ticks},
	walk::{visit, Levels, Place},
};
use alloc::vec::Vec;

/// The most orders among which one draw decides; younger ones of the same block come behind them.
const DRAWN_ORDERS: u32 = 2_048;

/// The orders of a side in the order in which they trade. It works on a copy of the orders that
/// come first, which [`Queue::save`] puts back: the pages of two sides cannot be held at once.
pub(super) struct Queue {
	book: Book,
	head: Option<Head>,
	/// Where the orders of one block begin at the price that was reached last, if that is drawn.
	pub(super) turn: Option<Turn>,
	/// Orders looked at for draws.
	pub(super) looked: u32,
}

/// Orders of the best price that share a page and trade after each other.
struct Head {
	price: Ticks,
	/// The page of the price's bucket.
	bucket: PageKey,
	/// The page where they are: the bucket's, or one of the price's overflow pages.
	page: PageKey,
	/// Where the first of them is in the page.
	start: usize,
	orders: Vec<Resting>,
	/// How many of them are done with.
	done: usize,
	/// Whether the first that is left has changed.
	changed: bool,
}

/// What draws: told a price and how many lots are offered there, it names one of them. `None` lets
/// orders trade by their places in time alone.
pub(super) type Draw<'a> = &'a mut dyn FnMut(Ticks, u128) -> Option<u128>;

impl Queue {
	pub(super) fn new(book: Book, turn: Option<Turn>) -> Self {
		Self { book, head: None, turn, looked: 0 }
	}

	/// The order that comes first, if it trades at `price`; with `None`, in any case.
	pub(super) fn front<S: Store<Page>>(
		&mut self,
		s: &mut S,
		price: Option<Ticks>,
		now: u32,
		draw: Draw<'_>,
	) -> Option<Leg> {
		if self.head.as_ref().is_none_or(|head| head.done == head.orders.len()) {
			self.save(s);
			self.head = self.load(s, price, now, draw);
		}
		let Book { market, side } = self.book;
		let head = self.head.as_ref()?;
		if price.is_some_and(|price| !side.accepts(head.price, price)) {
			return None;
		}
		let order = *head.orders.get(head.done)?;
		let id = OrderId::new(market, side, head.price, order.sequence);
		let last = self.last_of(head.price, &order);
		Some(Leg { id, order, offered: order.lots.saturating_sub(last) })
	}

	/// How many lots of `order` come last, where it is the one with which a block begins and has more.
	fn last_of(&self, price: Ticks, order: &Resting) -> Lots {
		let turn = self.turn.filter(|turn| (turn.price, turn.start) == (price, order.sequence));
		turn.map(|turn| turn.last).filter(|last| *last < order.lots).unwrap_or_default()
	}

	/// The order that came first has left.
	pub(super) fn pop(&mut self) {
		if let Some(head) = &mut self.head {
			head.done += 1;
			head.changed = false;
		}
	}

	/// The order that comes first has `lots` left.
	pub(super) fn leave<S: Store<Page>>(&mut self, s: &mut S, lots: Lots) {
		let Some(head) = &mut self.head else { return };
		let Some(order) = head.orders.get_mut(head.done) else { return };
		order.lots = lots;
		head.changed = true;
		let (price, sequence) = (head.price, order.sequence);
		// What is left of the order with which a block began comes last.
		let passed = |turn: Turn| (turn.price, turn.start, turn.last) == (price, sequence, lots);
		if self.turn.is_some_and(passed) {
			self.save(s);
		}
	}

	/// Put back what has changed.
	pub(super) fn save<S: Store<Page>>(&mut self, s: &mut S) {
		let Some(head) = self.head.take() else { return };
		if head.done == 0 && !head.changed {
			return;
		}
		let orders = &mut s.page_mut(head.page).orders;
		orders.drain(head.start..head.start + head.done);
		if let (Some(order), Some(left)) = (orders.get_mut(head.start), head.orders.get(head.done))
		{
			order.lots = left.lots;
		}
		let chained = head.page != head.bucket;
		if chained && orders.is_empty() && self.book.chain(head.price).drop(s, head.page.chunk) {
			clear_overflow(s, head.bucket, head.price);
		}
		let page = s.page(head.bucket);
		if page.orders.is_empty() && page.overflow == 0 {
			self.book.tree().clear(s, head.bucket.at);
		}
	}

	fn load<S: Store<Page>>(
		&mut self,
		s: &mut S,
		price: Option<Ticks>,
		now: u32,
		draw: Draw<'_>,
	) -> Option<Head> {
		let level = Levels::new(s, self.book).next(s)?;
		let (page, at) = self.seek(s, &level, Sequence(0))?;
		let first = s.page(page).orders.get(at)?.sequence;
		// Only what trades is drawn.
		let turn = match price {
			Some(price) if self.book.side.accepts(level.price, price) => {
				self.turn_at(s, &level, first, now, draw)
			},
			_ => None,
		};
		let (page, at) = match turn {
			Some(turn) => self.begin(s, &level, &turn)?,
			None => (page, at),
		};
		let bucket = self.book.page(level.bucket);
		let orders = &s.page(page).orders;
		// An overflow page holds orders of one price only.
		let end = if page == bucket { level.run.end } else { orders.len() };
		let end_of_turn = turn.map_or(Sequence(u64::MAX), |turn| turn.end);
		let orders = orders.get(at..end)?.iter().take_while(|o| o.sequence <= end_of_turn);
		let orders = orders.copied().collect();
		Some(Head { price: level.price, bucket, page, start: at, orders, done: 0, changed: false })
	}

	/// The turn of the orders that begin with `first`: the one under way, or a new one.
	fn turn_at<S: Store<Page>>(
		&mut self,
		s: &mut S,
		level: &Place,
		first: Sequence,
		now: u32,
		draw: Draw<'_>,
	) -> Option<Turn> {
		let price = level.price;
		let under_way = self.turn.filter(|turn| turn.price == price && first <= turn.end);
		if under_way.is_some() {
			return under_way;
		}
		// Whoever draws nothing is not shown the orders either.
		draw(price, 0)?;
		let (mut left, mut end, mut sum) = (DRAWN_ORDERS, first, 0u128);
		let mut shown = Vec::new();
		visit(s, self.book, level, &mut |order| {
			if order.sequence.block() != first.block() || left == 0 {
				return false;
			}
			(left, end) = (left - 1, order.sequence);
			if !order.expired(now) {
				shown.push((order.sequence, sum));
				sum = sum.saturating_add(order.lots.0.into());
			}
			true
		});
		self.looked = self.looked.saturating_add(DRAWN_ORDERS - left);
		// One order alone begins at its beginning.
		let drawn = if shown.len() < 2 { 0 } else { draw(price, sum)?.min(sum - 1) };
		let at = shown.partition_point(|(_, before)| *before <= drawn);
		let (start, before) =
			at.checked_sub(1).and_then(|at| shown.get(at).copied()).unwrap_or((first, 0));
		let last = Lots(u64::try_from(drawn - before).unwrap_or(u64::MAX));
		self.turn = Some(Turn { price, start, last, end });
		self.turn
	}

	/// Where the first order of `turn` is that has not had its turn.
	fn begin<S: Store<Page>>(
		&self,
		s: &mut S,
		level: &Place,
		turn: &Turn,
	) -> Option<(PageKey, usize)> {
		let mut from = turn.start;
		loop {
			let found = self.seek(s, level, from);
			let order = found.and_then(|(page, at)| s.page(page).orders.get(at).copied());
			match order.filter(|order| order.sequence <= turn.end) {
				Some(order) if order.sequence == from && from == turn.start => {
					if order.lots > turn.last {
						return found;
					}
					from = from.next();
				},
				Some(_) => return found,
				None => return self.seek(s, level, Sequence(0)),
			}
		}
	}

	/// The page and the place in it of the first order of `level` of `sequence` or later.
	fn seek<S: Store<Page>>(
		&self,
		s: &mut S,
		level: &Place,
		sequence: Sequence,
	) -> Option<(PageKey, usize)> {
		let bucket = self.book.page(level.bucket);
		let run = s.page(bucket).orders.get(level.run.clone()).unwrap_or_default();
		let at = run.partition_point(|order| order.sequence < sequence);
		if at < run.len() {
			return Some((bucket, level.run.start + at));
		}
		if !level.overflows {
			return None;
		}
		self.book.chain(level.price).seek(s, sequence)
	}
}
