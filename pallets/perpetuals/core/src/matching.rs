//! Matching a taker against the book.

use crate::{
	book::{self, Book},
	page::{Page, Resting},
	store::{PageKey, Store},
	units::{AccountRef, Lots, MarketId, OrderId, Side, Ticks},
	walk::walk,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// One trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
	/// The market.
	pub market: MarketId,
	/// Who took.
	pub taker: AccountRef,
	/// Whose order rested.
	pub maker: AccountRef,
	/// The resting order.
	pub maker_order: OrderId,
	/// The taker's side.
	pub taker_side: Side,
	/// The price, which is the resting order's.
	pub price: Ticks,
	/// How much.
	pub lots: Lots,
	/// Whether the resting order may only reduce its owner's position.
	pub maker_reduce_only: bool,
	/// Whether nothing of the resting order is left.
	pub maker_done: bool,
}

/// Why a resting order left the book without a fill of its rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
	/// Its time was over.
	Expired,
	/// Its owner could not carry the position.
	Margin,
	/// It may only reduce and there is nothing to reduce.
	ReduceOnly,
	/// It belongs to the taker's owner.
	SelfTrade,
	/// It rests where no trade may happen any more.
	Band,
	/// It would have opened more than the market may have open.
	OpenInterest,
}

/// What the counterparty says about a resting order that is next to trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
	/// Trade this much: at least one lot, at most what was asked. If it is less than what was
	/// asked, the rest of the resting order leaves the book.
	Fill(Lots),
	/// Remove it and go on.
	Remove(Removal),
	/// Leave it and end the match.
	Stop,
}

/// What happens when a taker meets an order of his own: the modes of self-trade prevention.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
	Serialize,
	Deserialize,
)]
pub enum SelfTrade {
	/// The resting order leaves the book and the match goes on.
	#[default]
	#[codec(index = 0)]
	CancelResting,
	/// The resting order stays and the match ends.
	#[codec(index = 1)]
	CancelTaker,
	/// The resting order leaves the book and the match ends.
	#[codec(index = 2)]
	CancelBoth,
	/// Both become smaller by the smaller of the two, without a trade, and the match goes on with
	/// what is left.
	#[codec(index = 3)]
	Decrement,
}

/// Who stands behind resting orders.
pub trait Counterparty {
	/// Why `resting`, which is order `id`, trades with nobody any more, if so: it leaves the book as
	/// one that has expired does. Asked before anything else. Without an implementation of its own,
	/// only time makes orders stale.
	fn stale(&mut self, _id: OrderId, _resting: &Resting) -> Option<Removal> {
		None
	}
	/// Whether `resting`, which is order `id`, is the taker's own, and what happens then. Asked
	/// before [`Self::verdict`], which is not asked about an own order. Without an implementation
	/// of its own, no order is.
	fn self_trade(&mut self, _id: OrderId, _resting: &Resting) -> Option<SelfTrade> {
		None
	}
	/// May `resting`, which is order `id`, trade `want` lots now?
	fn verdict(&mut self, id: OrderId, resting: &Resting, want: Lots) -> Verdict;
	/// It traded. After `Fill` with less than was asked, `removed` follows for the rest: for want of
	/// margin or, where the order may only reduce, of something to reduce.
	fn filled(&mut self, fill: &Fill);
	/// `lots` of it, which is all that was left, left the book without trading.
	fn removed(&mut self, id: OrderId, resting: &Resting, lots: Lots, why: Removal);
	/// `by` lots of it, which is not all of it, are no longer offered, because of
	/// [`SelfTrade::Decrement`]; `resting` is as it was before. Whoever never answers with that
	/// mode never hears this.
	fn decremented(&mut self, _id: OrderId, _resting: &Resting, _by: Lots) {}
}

/// A taker and how far he goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taker {
	/// The market.
	pub market: MarketId,
	/// Who takes.
	pub account: AccountRef,
	/// His side.
	pub side: Side,
	/// The worst price that he accepts.
	pub limit: Ticks,
	/// How much he wants.
	pub lots: Lots,
	/// The most resting orders that he may fill.
	pub max_fills: u16,
	/// The most resting orders that may be removed on the way.
	pub max_removals: u16,
	/// Seconds since the Unix epoch, for expiry.
	pub now: u32,
}

/// Why a match ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
	/// Nothing of the taker is left.
	Filled,
	/// The next resting order is at this price, beyond the limit.
	Limit(Ticks),
	/// Nothing rests on the other side.
	Empty,
	/// The most fills or removals were reached.
	Budget,
	/// The counterparty said stop.
	Stopped,
	/// The taker met an order of his own, and the mode takes away what is left of him.
	SelfTrade,
}

/// What a match did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
	/// Lots filled.
	pub lots: Lots,
	/// The sum of lots times ticks over all fills.
	pub lot_ticks: u128,
	/// Resting orders filled, wholly or in part.
	pub fills: u16,
	/// Resting orders removed, or decremented, without a fill.
	pub removals: u16,
	/// Lots of the taker that went against orders of his own without a trade.
	pub decremented: Lots,
	/// The lowest and the highest price traded, if anything traded.
	pub range: Option<(Ticks, Ticks)>,
	/// Why it ended.
	pub end: End,
}

/// Match a taker against the other side: best price first, and at one price the oldest order first.
/// Expired orders on the way are removed. What remains of the taker does not rest.
///
/// A resting order that is filled in part keeps its place. The match ends before the first order
/// that it may not fill or remove any more, and looks at no order beyond it.
#[inline]
pub fn take<S: Store<Page>, C: Counterparty>(s: &mut S, c: &mut C, taker: &Taker) -> Taken {
	let mut run = Match {
		counterparty: c,
		taker,
		book: Book { market: taker.market, side: taker.side.opposite() },
		left: taker.lots.0,
		taken: Taken {
			lots: Lots::ZERO,
			lot_ticks: 0,
			fills: 0,
			removals: 0,
			decremented: Lots::ZERO,
			range: None,
			end: End::Filled,
		},
	};
	run.taken.end = run.all(s);
	let left = run.left + run.taken.decremented.0;
	run.taken.lots = Lots(taker.lots.0 - left);
	run.taken
}

/// What a look at the book before a match finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
	/// Whether it is enough to fill the taker.
	pub enough: bool,
	/// How many resting orders were looked at.
	pub met: u16,
}

/// Whether the orders within the taker's limits are enough to fill him, not counting expired ones
/// and those at prices that are not `live`. A counterparty may still refuse to trade some of them.
pub fn can_fill<S: Store<Page>>(s: &mut S, taker: &Taker, live: impl Fn(Ticks) -> bool) -> Reach {
	let (mut left, mut fills, mut removals) = (taker.lots.0, 0u16, 0u16);
	let book = Book { market: taker.market, side: taker.side.opposite() };
	walk(s, book, |price, order| {
		if left == 0 || !taker.side.accepts(taker.limit, price) {
			return false;
		}
		let stale = order.expired(taker.now) || !live(price);
		let (count, most) =
			if stale { (&mut removals, taker.max_removals) } else { (&mut fills, taker.max_fills) };
		if *count == most {
			return false;
		}
		*count += 1;
		if !stale {
			left = left.saturating_sub(order.lots.0);
		}
		true
	});
	Reach { enough: left == 0, met: fills.saturating_add(removals) }
}

/// A match under way.
struct Match<'a, C> {
	counterparty: &'a mut C,
	taker: &'a Taker,
	book: Book,
	/// Lots that the taker still wants.
	left: u64,
	taken: Taken,
}

/// How a bucket's page was left.
enum Step {
	/// The match has ended.
	End(End),
	/// The orders of this tick that are in the page are done; its overflow pages come next.
	Overflow(Ticks),
	/// Nothing is left of the page.
	Done,
}

impl<C: Counterparty> Match<'_, C> {
	#[inline]
	fn all<S: Store<Page>>(&mut self, s: &mut S) -> End {
		loop {
			if self.left == 0 {
				return End::Filled;
			}
			let Some(bucket) = self.book.best(s) else { return End::Empty };
			if let Some(end) = self.bucket(s, bucket) {
				return end;
			}
		}
	}

	/// Trade with the orders of a bucket until it is empty or the match ends.
	#[inline]
	fn bucket<S: Store<Page>>(&mut self, s: &mut S, bucket: u32) -> Option<End> {
		let key = self.book.page(bucket);
		let page = s.page(key);
		// A page beyond the limit must not be counted as changed.
		let best = self.book.best_offset(&page.orders, page.overflow);
		if let Some(price) = best.map(|offset| book::tick(bucket, offset)) {
			if !self.taker.side.accepts(self.taker.limit, price) {
				return Some(End::Limit(price));
			}
		}
		loop {
			let page = s.page_mut(key);
			let end = match self.page(page, bucket) {
				Step::End(end) => Some(end),
				Step::Done => None,
				Step::Overflow(price) => {
					let end = self.overflow(s, price, key);
					if end.is_none() {
						continue;
					}
					end
				},
			};
			let page = s.page(key);
			if page.orders.is_empty() && page.overflow == 0 {
				self.book.tree().clear(s, bucket);
			}
			return end;
		}
	}

	/// Trade with the orders in a bucket's page. What is done leaves the page in one move.
	#[inline]
	fn page(&mut self, page: &mut Page, bucket: u32) -> Step {
		// What is left is `orders[low..high]` but for `orders[cut]`.
		let (mut low, mut high, mut cut) = (0, page.orders.len(), 0..0);
		let step = loop {
			let Some(rest) = page.orders.get_mut(low..high) else { break Step::Done };
			let Some(offset) = self.book.best_offset(rest, page.overflow) else {
				break Step::Done;
			};
			let price = book::tick(bucket, offset);
			if !self.taker.side.accepts(self.taker.limit, price) {
				break Step::End(End::Limit(price));
			}
			let run = self.book.run(rest, offset);
			let (done, end) = self.trade(price, &mut rest[run.clone()]);
			match self.book.side {
				Side::Bid if done == run.len() => high = low + run.start,
				Side::Bid => cut = run.start..run.start + done,
				Side::Ask => {
					low += done;
					cut = 0..low;
				},
			}
			if let Some(end) = end {
				break Step::End(end);
			}
			if page.overflow & book::bit(offset) != 0 {
				break Step::Overflow(price);
			}
		};
		page.orders.truncate(high);
		page.orders.drain(cut);
		step
	}

	/// Trade with the overflow pages of a tick until they are empty or the match ends.
	fn overflow<S: Store<Page>>(
		&mut self,
		s: &mut S,
		price: Ticks,
		bucket: PageKey,
	) -> Option<End> {
		let chain = self.book.chain(price);
		while let Some(chunk) = chain.first(s) {
			let page = s.page_mut(chain.page(chunk));
			let orders = page.orders.get_mut(..).unwrap_or_default();
			let (done, end) = self.trade(price, orders);
			page.orders.drain(..done);
			if page.orders.is_empty() && chain.drop_first(s) {
				clear_overflow(s, bucket, price);
				return end;
			}
			if end.is_some() {
				return end;
			}
		}
		clear_overflow(s, bucket, price);
		None
	}

	/// Trade with orders of one price in turn. Returns how many of them are done with, from the
	/// first, and the end of the match if that was reached.
	#[inline]
	fn trade(&mut self, price: Ticks, orders: &mut [Resting]) -> (usize, Option<End>) {
		let (before, own) = (self.left, self.taken.decremented);
		let (mut done, mut end) = (0, None);
		for order in orders {
			match self.meet(price, order) {
				Met::Done => done += 1,
				Met::Last(why) => {
					done += 1;
					end = Some(why);
					break;
				},
				Met::Left(why) => {
					end = Some(why);
					break;
				},
			}
			if self.left == 0 {
				end = Some(End::Filled);
				break;
			}
		}
		let lots = before - self.left - (self.taken.decremented.0 - own.0);
		if lots > 0 {
			self.taken.lot_ticks += u128::from(lots) * u128::from(price.0);
			let (low, high) = self.taken.range.unwrap_or((price, price));
			self.taken.range = Some((low.min(price), high.max(price)));
		}
		(done, end)
	}

	/// Trade with one order, or remove it.
	#[inline]
	fn meet(&mut self, price: Ticks, order: &mut Resting) -> Met {
		let id = OrderId::new(self.taker.market, self.book.side, price, order.sequence);
		if order.expired(self.taker.now) {
			return self.remove(id, order, Removal::Expired);
		}
		if let Some(why) = self.counterparty.stale(id, order) {
			return self.remove(id, order, why);
		}
		if let Some(mode) = self.counterparty.self_trade(id, order) {
			return self.own(id, order, mode);
		}
		if self.taken.fills == self.taker.max_fills {
			return Met::Left(End::Budget);
		}
		let want = Lots(order.lots.0.min(self.left));
		match self.counterparty.verdict(id, order, want) {
			Verdict::Stop => Met::Left(End::Stopped),
			Verdict::Remove(why) => self.remove(id, order, why),
			Verdict::Fill(Lots(0)) => self.remove(id, order, short(order)),
			Verdict::Fill(lots) => self.fill(id, price, order, want, lots.min(want)),
		}
	}

	#[inline]
	fn fill(
		&mut self,
		id: OrderId,
		price: Ticks,
		order: &mut Resting,
		want: Lots,
		lots: Lots,
	) -> Met {
		order.lots = order.lots.saturating_sub(lots);
		self.left -= lots.0;
		self.taken.fills += 1;
		let maker_done = order.lots.is_zero() || lots < want;
		self.counterparty.filled(&Fill {
			market: self.taker.market,
			taker: self.taker.account,
			maker: order.owner,
			maker_order: id,
			taker_side: self.taker.side,
			price,
			lots,
			maker_reduce_only: order.reduce_only(),
			maker_done,
		});
		if lots < want {
			self.counterparty.removed(id, order, order.lots, short(order));
		}
		if maker_done {
			Met::Done
		} else {
			Met::Left(End::Filled)
		}
	}

	/// Meet an order of the taker's owner.
	fn own(&mut self, id: OrderId, order: &mut Resting, mode: SelfTrade) -> Met {
		match mode {
			SelfTrade::CancelTaker => Met::Left(End::SelfTrade),
			SelfTrade::CancelResting => self.remove(id, order, Removal::SelfTrade),
			SelfTrade::CancelBoth => match self.remove(id, order, Removal::SelfTrade) {
				Met::Done => Met::Last(End::SelfTrade),
				met => met,
			},
			SelfTrade::Decrement => self.decrement(id, order),
		}
	}

	fn decrement(&mut self, id: OrderId, order: &mut Resting) -> Met {
		let by = Lots(order.lots.0.min(self.left));
		let met = if by == order.lots {
			self.remove(id, order, Removal::SelfTrade)
		} else if self.taken.removals == self.taker.max_removals {
			Met::Left(End::Budget)
		} else {
			self.taken.removals += 1;
			self.counterparty.decremented(id, order, by);
			order.lots = order.lots.saturating_sub(by);
			Met::Left(End::Filled)
		};
		if !matches!(met, Met::Left(End::Budget)) {
			self.left -= by.0;
			self.taken.decremented = self.taken.decremented.saturating_add(by);
		}
		met
	}

	fn remove(&mut self, id: OrderId, order: &Resting, why: Removal) -> Met {
		if self.taken.removals == self.taker.max_removals {
			return Met::Left(End::Budget);
		}
		self.taken.removals += 1;
		self.counterparty.removed(id, order, order.lots, why);
		Met::Done
	}
}

/// What became of a resting order.
enum Met {
	/// It leaves the book.
	Done,
	/// It leaves the book and the match ends.
	Last(End),
	/// It stays and the match ends.
	Left(End),
}

/// Why an order whose owner trades less than asked leaves the book.
pub(crate) const fn short(order: &Resting) -> Removal {
	if order.reduce_only() {
		Removal::ReduceOnly
	} else {
		Removal::Margin
	}
}

/// Note that the tick of `price` has no overflow pages any more.
pub(crate) fn clear_overflow<S: Store<Page>>(s: &mut S, bucket: PageKey, price: Ticks) {
	s.page_mut(bucket).overflow &= !book::bit(book::offset(price));
}
