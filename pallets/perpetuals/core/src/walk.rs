//! Walking one side of a book in the order in which it would trade.

use crate::{
	book::{bit, tick, Book},
	page::{Page, Resting},
	store::Store,
	units::{Side, Ticks},
};
use core::ops::Range;

/// A walk over the levels of a side, best first. The book must not change under way.
pub(crate) struct Levels {
	book: Book,
	/// The bucket where it stands.
	bucket: Option<u32>,
	/// The orders of the bucket's page that it has not passed.
	rest: Range<usize>,
	/// The overflowed ticks of the bucket that it has not passed.
	overflow: u32,
}

/// Where the orders of one price are.
#[derive(Clone, Debug)]
pub(crate) struct Place {
	pub(crate) price: Ticks,
	/// The bucket of the price.
	pub(crate) bucket: u32,
	/// Those in the bucket's page, which are the oldest.
	pub(crate) run: Range<usize>,
	/// Whether there are more in overflow pages.
	pub(crate) overflows: bool,
}

impl Levels {
	/// A walk that stands before the best level.
	pub(crate) fn new<S: Store<Page>>(s: &mut S, book: Book) -> Self {
		let mut levels = Self { book, bucket: None, rest: 0..0, overflow: 0 };
		let best = book.best(s);
		levels.enter(s, best);
		levels
	}

	fn enter<S: Store<Page>>(&mut self, s: &mut S, bucket: Option<u32>) {
		self.bucket = bucket;
		if let Some(bucket) = bucket {
			let page = s.page(self.book.page(bucket));
			(self.rest, self.overflow) = (0..page.orders.len(), page.overflow);
		}
	}

	/// The next level.
	pub(crate) fn next<S: Store<Page>>(&mut self, s: &mut S) -> Option<Place> {
		loop {
			let bucket = self.bucket?;
			let page = s.page(self.book.page(bucket));
			let rest = page.orders.get(self.rest.clone()).unwrap_or_default();
			if let Some(offset) = self.book.best_offset(rest, self.overflow) {
				let run = self.book.run(rest, offset);
				let run = self.rest.start + run.start..self.rest.start + run.end;
				match self.book.side {
					Side::Bid => self.rest.end = run.start,
					Side::Ask => self.rest.start = run.end,
				}
				let overflows = self.overflow & bit(offset) != 0;
				self.overflow &= !bit(offset);
				return Some(Place { price: tick(bucket, offset), bucket, run, overflows });
			}
			let next = self.book.next(s, bucket);
			self.enter(s, next);
		}
	}
}

/// Show the orders of `place`, oldest first, until `visit` says `false`. Returns whether it never
/// did.
pub(crate) fn visit<S: Store<Page>>(
	s: &mut S,
	book: Book,
	place: &Place,
	visit: &mut impl FnMut(&Resting) -> bool,
) -> bool {
	let page = s.page(book.page(place.bucket));
	let run = page.orders.get(place.run.clone()).unwrap_or_default();
	if !run.iter().all(&mut *visit) {
		return false;
	}
	if !place.overflows {
		return true;
	}
	let chain = book.chain(place.price);
	let chunks = chain.chunks(s);
	chunks.as_slice().iter().all(|chunk| s.page(chain.page(*chunk)).orders.iter().all(&mut *visit))
}

/// Show the orders of a side, in the order in which they would trade, until `show` says `false`.
pub(crate) fn walk<S: Store<Page>>(
	s: &mut S,
	book: Book,
	mut show: impl FnMut(Ticks, &Resting) -> bool,
) {
	let mut levels = Levels::new(s, book);
	while let Some(place) = levels.next(s) {
		if !visit(s, book, &place, &mut |order| show(place.price, order)) {
			return;
		}
	}
}
