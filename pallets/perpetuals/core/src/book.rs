//! Resting orders: placing, finding, reducing and removing them.

use crate::{
	overflow::Chain,
	page::{Page, Resting, BUCKET_TICKS, REDUCE_ONLY},
	store::{Kind, PageKey, Store},
	tree::Tree,
	units::{AccountRef, Lots, MarketId, OrderId, Sequence, Side, Ticks},
};
use core::ops::Range;

pub use crate::view::{available, best_live, depth, impact, level, Impact, Level};

/// An order that is to rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
	/// The market.
	pub market: MarketId,
	/// Whose it is.
	pub owner: AccountRef,
	/// Its side.
	pub side: Side,
	/// Its price.
	pub price: Ticks,
	/// Its size.
	pub lots: Lots,
	/// Its place in time. At one price orders trade by it, whenever they came.
	pub sequence: Sequence,
	/// Whether it may only reduce its owner's position.
	pub reduce_only: bool,
	/// Seconds since the Unix epoch at which it expires; 0 means never.
	pub expiry: u32,
}

impl Order {
	/// The id that the order has in the book.
	pub const fn id(&self) -> OrderId {
		OrderId::new(self.market, self.side, self.price, self.sequence)
	}
}

/// Too many orders rest at the order's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookFull;

/// One side of a market's book.
#[derive(Clone, Copy)]
pub(crate) struct Book {
	pub(crate) market: MarketId,
	pub(crate) side: Side,
}

impl Book {
	#[inline]
	pub(crate) const fn tree(self) -> Tree {
		let kind = match self.side {
			Side::Bid => Kind::Bids,
			Side::Ask => Kind::Asks,
		};
		Tree { market: self.market, kind }
	}

	#[inline]
	pub(crate) const fn page(self, bucket: u32) -> PageKey {
		PageKey { market: self.market, kind: self.tree().kind, at: bucket, chunk: 0 }
	}

	#[inline]
	pub(crate) const fn chain(self, tick: Ticks) -> Chain {
		let kind = match self.side {
			Side::Bid => Kind::BidOverflow,
			Side::Ask => Kind::AskOverflow,
		};
		Chain { market: self.market, kind, tick: tick.0 }
	}

	/// The best bucket that is not empty.
	#[inline]
	pub(crate) fn best<S: Store<Page>>(self, s: &mut S) -> Option<u32> {
		match self.side {
			Side::Bid => self.tree().last(s),
			Side::Ask => self.tree().first(s),
		}
	}

	/// The best bucket that is not empty and worse than `bucket`.
	pub(crate) fn next<S: Store<Page>>(self, s: &mut S, bucket: u32) -> Option<u32> {
		match self.side {
			Side::Bid => self.tree().at_or_below(s, bucket.checked_sub(1)?),
			Side::Ask => self.tree().at_or_above(s, bucket.checked_add(1)?),
		}
	}

	/// The best tick, inside its bucket, among `orders` and the overflowed ticks.
	#[inline]
	pub(crate) fn best_offset(self, orders: &[Resting], overflow: u32) -> Option<u8> {
		match self.side {
			Side::Bid => {
				let paged = orders.last().map(|order| order.offset);
				paged.max(overflow.checked_ilog2().map(|bit| bit as u8))
			},
			Side::Ask => {
				let paged = orders.first().map_or(u8::MAX, |order| order.offset);
				let best = paged.min(overflow.trailing_zeros() as u8);
				(best < BUCKET_TICKS as u8).then_some(best)
			},
		}
	}

	/// Where the orders of the best tick, which is `offset`, are in `orders`.
	#[inline]
	pub(crate) fn run(self, orders: &[Resting], offset: u8) -> Range<usize> {
		match self.side {
			Side::Bid => orders.partition_point(|order| order.offset < offset)..orders.len(),
			Side::Ask => 0..orders.partition_point(|order| order.offset <= offset),
		}
	}
}

/// The bucket of a tick.
#[inline]
pub(crate) const fn bucket(tick: Ticks) -> u32 {
	tick.0 / BUCKET_TICKS
}

/// The place of a tick in its bucket.
#[inline]
pub(crate) const fn offset(tick: Ticks) -> u8 {
	(tick.0 % BUCKET_TICKS) as u8
}

/// The tick at a place of a bucket.
#[inline]
pub(crate) const fn tick(bucket: u32, offset: u8) -> Ticks {
	Ticks(bucket * BUCKET_TICKS + offset as u32)
}

/// The bit of a tick in the overflow mask of its bucket.
#[inline]
pub(crate) const fn bit(offset: u8) -> u32 {
	1 << (offset as u32 % BUCKET_TICKS)
}

/// Let `order` rest at its place among the orders of its price. It must have lots, and no order of
/// its id may rest already. Fails, and leaves the book as it was, when the overflow pages of its
/// price are used up; a price has room for 32,768 orders, less where old ones left gaps or young ones
/// came before older ones.
#[inline]
pub fn rest<S: Store<Page>>(s: &mut S, order: &Order) -> Result<OrderId, BookFull> {
	let book = Book { market: order.market, side: order.side };
	let (bucket, offset) = (bucket(order.price), offset(order.price));
	let resting = Resting {
		offset,
		flags: if order.reduce_only { REDUCE_ONLY } else { 0 },
		sequence: order.sequence,
		owner: order.owner,
		lots: order.lots,
		expiry: order.expiry,
	};
	let page = s.page_mut(book.page(bucket));
	let fresh = page.orders.is_empty() && page.overflow == 0;
	if page.overflow & bit(offset) == 0 {
		let index = place(&page.orders, offset, order.sequence).unwrap_or_else(|index| index);
		if page.orders.try_insert(index, resting).is_ok() {
			if fresh {
				book.tree().set(s, bucket);
			}
			return Ok(order.id());
		}
		// A tick without overflow pages has room for the first, so what follows cannot fail.
		page.overflow |= bit(offset);
	}
	// The page keeps the oldest orders of the tick, so one that is older than its last takes that
	// one's room.
	let end = page.orders.partition_point(|other| other.offset <= offset);
	let last = end.checked_sub(1).and_then(|at| page.orders.get(at)).copied();
	let younger = last.filter(|last| last.offset == offset && last.sequence > order.sequence);
	book.chain(order.price).insert(s, younger.unwrap_or(resting))?;
	if younger.is_some() {
		let orders = &mut s.page_mut(book.page(bucket)).orders;
		orders.remove(end - 1);
		let at = place(orders, offset, order.sequence).unwrap_or_else(|at| at);
		orders.try_insert(at, resting).map_err(|_| BookFull)?;
	}
	Ok(order.id())
}

/// Where the order of `sequence` at `offset` is, or else belongs.
#[inline]
fn place(orders: &[Resting], offset: u8, sequence: Sequence) -> Result<usize, usize> {
	// Both halves are always evaluated, so that the search has no branch to mispredict.
	let index = orders.partition_point(|other| {
		(other.offset < offset) | ((other.offset == offset) & (other.sequence < sequence))
	});
	match orders.get(index) {
		Some(other) if other.offset == offset && other.sequence == sequence => Ok(index),
		_ => Err(index),
	}
}

/// The order of this id, if it rests. It may have expired.
pub fn find<S: Store<Page>>(s: &mut S, id: OrderId) -> Option<Resting> {
	let book = Book { market: id.market(), side: id.side() };
	let offset = offset(id.tick());
	let page = s.page(book.page(bucket(id.tick())));
	if let Ok(index) = place(&page.orders, offset, id.sequence()) {
		return page.orders.get(index).copied();
	}
	if page.overflow & bit(offset) == 0 {
		return None;
	}
	book.chain(id.tick()).find(s, id.sequence())
}

/// Take the order of this id out of the book and return what was left of it.
#[inline]
pub fn remove<S: Store<Page>>(s: &mut S, id: OrderId) -> Option<Resting> {
	let book = Book { market: id.market(), side: id.side() };
	let (bucket, offset) = (bucket(id.tick()), offset(id.tick()));
	let key = book.page(bucket);
	let page = s.page(key);
	let order = match place(&page.orders, offset, id.sequence()) {
		Ok(index) => s.page_mut(key).orders.remove(index),
		Err(_) if page.overflow & bit(offset) == 0 => return None,
		Err(_) => {
			let (order, emptied) = book.chain(id.tick()).remove(s, id.sequence())?;
			if emptied {
				s.page_mut(key).overflow &= !bit(offset);
			}
			order
		},
	};
	let page = s.page(key);
	if page.orders.is_empty() && page.overflow == 0 {
		book.tree().clear(s, bucket);
	}
	Some(order)
}

/// Take `by` lots, or all that is left, off the order of this id. It keeps its place in time, and
/// leaves the book when nothing is left. Returns it as it is afterwards, with no lots if it left.
pub fn reduce<S: Store<Page>>(s: &mut S, id: OrderId, by: Lots) -> Option<Resting> {
	let order = find(s, id)?;
	let left = order.lots.saturating_sub(by);
	if left.is_zero() {
		remove(s, id)?;
	} else if left != order.lots {
		let book = Book { market: id.market(), side: id.side() };
		let key = book.page(bucket(id.tick()));
		match place(&s.page(key).orders, order.offset, order.sequence) {
			Ok(index) => s.page_mut(key).orders.get_mut(index)?.lots = left,
			Err(_) => book.chain(id.tick()).resize(s, order.sequence, left)?,
		}
	}
	Some(Resting { lots: left, ..order })
}

/// The best price at which an order rests, expired or not: the highest bid or the lowest ask.
#[inline]
pub fn best<S: Store<Page>>(s: &mut S, market: MarketId, side: Side) -> Option<Ticks> {
	let book = Book { market, side };
	let bucket = book.best(s)?;
	let page = s.page(book.page(bucket));
	Some(tick(bucket, book.best_offset(&page.orders, page.overflow)?))
}
