//! One side of a book as a queue, a page at a time.

use super::uncross::Leg;
use crate::{
	book::Book,
	matching::clear_overflow,
	page::{Page, Resting},
	store::{PageKey, Store},
	units::{Lots, OrderId, Ticks},
	walk::Levels,
};
use alloc::vec::Vec;

/// The orders of a side in the order in which they trade. It works on a copy of the orders that
/// come first, which [`Queue::save`] puts back: the pages of two sides cannot be held at once.
pub(super) struct Queue {
	book: Book,
	head: Option<Head>,
}

/// The oldest orders of the best price that share a page.
struct Head {
	price: Ticks,
	/// The page of the price's bucket.
	bucket: PageKey,
	/// The page where they are: the bucket's, or the first of the price's overflow pages.
	page: PageKey,
	/// Where the first of them is in the page.
	start: usize,
	orders: Vec<Resting>,
	/// How many of them are done with.
	done: usize,
	/// Whether the first that is left has changed.
	changed: bool,
}

impl Queue {
	pub(super) fn new(book: Book) -> Self {
		Self { book, head: None }
	}

	/// The order that comes first, if it trades at `price`; with `None`, in any case.
	pub(super) fn front<S: Store<Page>>(&mut self, s: &mut S, price: Option<Ticks>) -> Option<Leg> {
		if self.head.as_ref().is_none_or(|head| head.done == head.orders.len()) {
			self.save(s);
			self.head = Head::load(s, self.book);
		}
		let Book { market, side } = self.book;
		let head = self.head.as_ref()?;
		if price.is_some_and(|price| !side.accepts(head.price, price)) {
			return None;
		}
		let order = *head.orders.get(head.done)?;
		Some(Leg { id: OrderId::new(market, side, head.price, order.sequence), order })
	}

	/// The order that came first has left.
	pub(super) fn pop(&mut self) {
		if let Some(head) = &mut self.head {
			head.done += 1;
			head.changed = false;
		}
	}

	/// The order that comes first has `lots` left.
	pub(super) fn leave(&mut self, lots: Lots) {
		if let Some(head) = &mut self.head {
			if let Some(order) = head.orders.get_mut(head.done) {
				order.lots = lots;
				head.changed = true;
			}
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
		if chained && orders.is_empty() && self.book.chain(head.price).drop_first(s) {
			clear_overflow(s, head.bucket, head.price);
		}
		let page = s.page(head.bucket);
		if page.orders.is_empty() && page.overflow == 0 {
			self.book.tree().clear(s, head.bucket.at);
		}
	}
}

impl Head {
	fn load<S: Store<Page>>(s: &mut S, book: Book) -> Option<Self> {
		let place = Levels::new(s, book).next(s)?;
		let bucket = book.page(place.bucket);
		let page = if place.run.is_empty() {
			let chain = book.chain(place.price);
			chain.page(chain.first(s)?)
		} else {
			bucket
		};
		let orders = &s.page(page).orders;
		// An overflow page holds orders of one price only.
		let run = if page == bucket { place.run } else { 0..orders.len() };
		let (start, orders) = (run.start, orders.get(run)?.to_vec());
		Some(Self { price: place.price, bucket, page, start, orders, done: 0, changed: false })
	}
}
