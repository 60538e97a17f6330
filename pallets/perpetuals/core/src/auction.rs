//! Auctions: orders rest without matching, so bids and asks may cross, and then trade in one uncross
//! at one price.
//!
//! ```text
//!   price     bids at or above     asks at or below     would trade
//!    103             10                   60                 10
//!    102             35                   45                 35     <- the most; 10 asks too many
//!    101             50                   20                 20
//! ```
//!
//! [`indicative`] finds the price, as often as one likes. [`uncross`] trades at it, in price-time
//! priority on both sides, in as many steps as its budget needs: what has traded has left the book,
//! so the book itself says where to go on.

use crate::{
	book::{best, Book},
	matching::{Fill, Removal, Verdict},
	page::{Page, Resting},
	store::Store,
	units::{Lots, MarketId, OrderId, Side, Ticks},
	walk::{visit, Levels},
};

mod queue;
use queue::Queue;

/// The price at which an auction would trade, and how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Indicative {
	/// The price.
	pub price: Ticks,
	/// What would trade there.
	pub lots: Lots,
	/// What the bids that would trade at the price want more than the asks offer, in lots; negative
	/// where the asks are more.
	pub imbalance: i64,
	/// Whether every order that matters was looked at. If not, at least `lots` would trade at the
	/// price, but another price might trade more.
	pub complete: bool,
}

/// The price inside the `collar`, both ends included, at which the most would trade. Where that
/// leaves several: the one with the least absolute imbalance, then the one nearest to `reference`,
/// then the lower one. `None` when nothing would trade inside the collar.
///
/// Orders that have expired at `now`, in seconds since the Unix epoch, do not count. It looks at
/// the orders that would trade, at the rest of the last price of each side and at one price more,
/// and at no more than `max_orders` in all.
pub fn indicative<S: Store<Page>>(
	s: &mut S,
	market: MarketId,
	reference: Ticks,
	collar: (Ticks, Ticks),
	now: u32,
	max_orders: u32,
) -> Option<Indicative> {
	let mut budget = Budget { left: max_orders, complete: true };
	let mut bids = Curve::new(s, Book { market, side: Side::Bid }, collar, now);
	let mut asks = Curve::new(s, Book { market, side: Side::Ask }, collar, now);
	let (mut bid, mut ask) = (bids.next(s, &mut budget), asks.next(s, &mut budget));
	let (mut volume, mut low, mut high) = (0u128, 0, 0);
	// Trade the best of both sides against each other as long as they cross. The last prices that
	// trade are the ends of the range in which the most trades: above `high` there are too few bids,
	// below `low` too few asks.
	while let (Some(b), Some(a)) = (&mut bid, &mut ask) {
		if b.price < a.price {
			break;
		}
		let lots = b.lots.min(a.lots);
		volume = volume.saturating_add(lots);
		(low, high) = (a.price, b.price);
		b.lots -= lots;
		a.lots -= lots;
		if b.lots == 0 {
			bid = bids.next(s, &mut budget);
		}
		if ask.as_ref().is_some_and(|ask| ask.lots == 0) {
			ask = asks.next(s, &mut budget);
		}
	}
	if volume == 0 {
		return None;
	}
	// What is left of both sides does not cross, so between them nothing is left over.
	let empty = bid.map_or(low, |bid| low.max(bid.price + 1))
		..=ask.map_or(high, |ask| high.min(ask.price - 1));
	let best = if !empty.is_empty() {
		Candidate::nearest(i64::from(reference.0), *empty.start(), *empty.end(), 0)
	} else {
		let over = bid.filter(|bid| bid.price >= low).map(|bid| {
			let worse = bids.next(s, &mut budget);
			let start = worse.map_or(low, |worse| low.max(worse.price + 1));
			Candidate::nearest(reference.0.into(), start, bid.price, saturated(bid.lots))
		});
		let under = ask.filter(|ask| ask.price <= high).map(|ask| {
			let worse = asks.next(s, &mut budget);
			let end = worse.map_or(high, |worse| high.min(worse.price - 1));
			Candidate::nearest(reference.0.into(), ask.price, end, -saturated(ask.lots))
		});
		over.into_iter().chain(under).min_by_key(Candidate::rank)?
	};
	Some(Indicative {
		price: Ticks(u32::try_from(best.price).ok()?),
		lots: Lots(u64::try_from(volume).unwrap_or(u64::MAX)),
		imbalance: best.imbalance,
		complete: budget.complete,
	})
}

fn saturated(lots: u128) -> i64 {
	i64::try_from(lots).unwrap_or(i64::MAX)
}

/// A price at which the most would trade.
struct Candidate {
	price: i64,
	imbalance: i64,
	distance: u64,
}

impl Candidate {
	/// The price from `start` to `end` that is nearest to the reference.
	fn nearest(reference: i64, start: i64, end: i64, imbalance: i64) -> Self {
		let price = reference.min(end).max(start);
		Self { price, imbalance, distance: price.abs_diff(reference) }
	}

	fn rank(&self) -> (u64, u64, i64) {
		(self.imbalance.unsigned_abs(), self.distance, self.price)
	}
}

/// The orders that may still be looked at.
struct Budget {
	left: u32,
	complete: bool,
}

/// What one side offers at a price of the collar. Prices are wider than ticks, so that the ones
/// beside them exist.
#[derive(Clone, Copy)]
struct Offer {
	price: i64,
	lots: u128,
}

/// One side, best price first, with what is beyond the better end of the collar at that end: it
/// would trade at any price inside.
struct Curve {
	book: Book,
	levels: Levels,
	collar: (Ticks, Ticks),
	now: u32,
	/// What comes next and has been looked at.
	ahead: Option<Offer>,
}

impl Curve {
	fn new<S: Store<Page>>(s: &mut S, book: Book, collar: (Ticks, Ticks), now: u32) -> Self {
		Self { book, levels: Levels::new(s, book), collar, now, ahead: None }
	}

	/// What is offered at the next price.
	fn next<S: Store<Page>>(&mut self, s: &mut S, budget: &mut Budget) -> Option<Offer> {
		let mut offer = match self.ahead.take() {
			Some(offer) => offer,
			None => self.level(s, budget)?,
		};
		// Only several levels beyond the collar have one price.
		while offer.price == self.better_end() {
			match self.level(s, budget) {
				Some(next) if next.price == offer.price => {
					offer.lots = offer.lots.saturating_add(next.lots)
				},
				next => {
					self.ahead = next;
					break;
				},
			}
		}
		Some(offer)
	}

	fn better_end(&self) -> i64 {
		match self.book.side {
			Side::Bid => self.collar.1 .0.into(),
			Side::Ask => self.collar.0 .0.into(),
		}
	}

	/// The next level that trades at some price of the collar and has not expired.
	fn level<S: Store<Page>>(&mut self, s: &mut S, budget: &mut Budget) -> Option<Offer> {
		let (low, high) = self.collar;
		loop {
			let place = self.levels.next(s)?;
			let price = match self.book.side {
				Side::Bid if place.price < low => return None,
				Side::Ask if place.price > high => return None,
				Side::Bid => place.price.min(high),
				Side::Ask => place.price.max(low),
			};
			let mut lots = 0;
			let whole = visit(s, self.book, &place, &mut |order| {
				if budget.left == 0 {
					return false;
				}
				budget.left -= 1;
				if !order.expired(self.now) {
					lots += u128::from(order.lots.0);
				}
				true
			});
			budget.complete &= whole;
			if lots > 0 {
				return Some(Offer { price: price.0.into(), lots });
			}
			if !whole {
				return None;
			}
		}
	}
}

/// An order of a pair that is to trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
	/// The order's id.
	pub id: OrderId,
	/// The order, as it rests before the pair trades.
	pub order: Resting,
}

/// A bid and an ask that trade with each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
	/// The market.
	pub market: MarketId,
	/// The price, which is the auction's.
	pub price: Ticks,
	/// What is to trade, or has traded.
	pub lots: Lots,
	/// The order that buys.
	pub bid: Leg,
	/// The order that sells.
	pub ask: Leg,
}

impl Pair {
	/// The side whose order was placed later.
	pub fn younger(&self) -> Side {
		if self.bid.order.sequence > self.ask.order.sequence {
			Side::Bid
		} else {
			Side::Ask
		}
	}

	/// The pair as a fill in which the order of `side` takes from the other one.
	pub fn fill(&self, side: Side) -> Fill {
		let (taker, maker) = match side {
			Side::Bid => (&self.bid, &self.ask),
			Side::Ask => (&self.ask, &self.bid),
		};
		Fill {
			market: self.market,
			taker: taker.order.owner,
			maker: maker.order.owner,
			maker_order: maker.id,
			taker_side: side,
			price: self.price,
			lots: self.lots,
			maker_reduce_only: maker.order.reduce_only(),
			maker_done: maker.order.lots == self.lots,
		}
	}
}

/// What the counterparties say about a pair that is next to trade. If either says stop, the uncross
/// ends; else what is to be removed is removed; else the smaller of the two amounts trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdicts {
	/// About the bid. If it says less than was asked and all that it says trades, the rest of the
	/// bid leaves the book.
	pub bid: Verdict,
	/// About the ask, likewise.
	pub ask: Verdict,
}

/// Who stands behind the orders of an auction.
pub trait Counterparties {
	/// May the two orders trade with each other now? Two orders of one owner are told apart here:
	/// either or both can be removed.
	fn verdicts(&mut self, pair: &Pair) -> Verdicts;
	/// They traded. Where one of them may trade no more than that, `removed` follows for the rest.
	fn filled(&mut self, pair: &Pair);
	/// `lots` of an order, which is all that was left, left the book without trading.
	fn removed(&mut self, id: OrderId, resting: &Resting, lots: Lots, why: Removal);
}

/// A step of an uncross and how far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncross {
	/// The market.
	pub market: MarketId,
	/// The price of all trades. It stays the same from the first step to the last.
	pub price: Ticks,
	/// Seconds since the Unix epoch, for expiry.
	pub now: u32,
	/// The most pairs that may trade.
	pub max_fills: u16,
	/// The most orders that may be removed on the way, and one more where both of a pair are.
	pub max_removals: u16,
}

/// How a step of an uncross ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
	/// Nothing more trades at the price, and no bid is as high as any ask.
	Done,
	/// Nothing more trades at the price, but some bid is still as high as some ask: an end of the
	/// collar was the price, or orders were removed for which it had been found. The rest can be
	/// uncrossed at a price of its own.
	Crossed,
	/// The most fills or removals were reached. Another step with the same price goes on.
	Budget,
	/// The counterparties said stop.
	Stopped,
}

/// What a step of an uncross did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uncrossed {
	/// Lots traded.
	pub lots: Lots,
	/// Pairs that traded.
	pub fills: u16,
	/// Orders removed without a trade.
	pub removals: u16,
	/// How it ended.
	pub end: Ended,
}

impl Uncrossed {
	/// Whether nothing more trades at the price.
	pub const fn done(&self) -> bool {
		matches!(self.end, Ended::Done | Ended::Crossed)
	}
}

/// Trade bids at or above the price against asks at or below it, all at that price: on both sides
/// the best price first, and at one price the oldest order first. Expired orders on the way are
/// removed.
///
/// An order that trades in part keeps its place. Within its budget a step does exactly what one
/// step without a budget would have done first.
pub fn uncross<S: Store<Page>, C: Counterparties>(s: &mut S, c: &mut C, at: &Uncross) -> Uncrossed {
	let mut run = Run {
		c,
		at,
		bids: Queue::new(Book { market: at.market, side: Side::Bid }),
		asks: Queue::new(Book { market: at.market, side: Side::Ask }),
		uncrossed: Uncrossed { lots: Lots::ZERO, fills: 0, removals: 0, end: Ended::Done },
	};
	let traded = run.trade(s);
	run.bids.save(s);
	run.asks.save(s);
	run.uncrossed.end = traded.or_else(|| run.tidy(s)).unwrap_or(Ended::Done);
	run.uncrossed
}

/// A step under way.
struct Run<'a, C> {
	c: &'a mut C,
	at: &'a Uncross,
	bids: Queue,
	asks: Queue,
	uncrossed: Uncrossed,
}

impl<C: Counterparties> Run<'_, C> {
	/// Trade until nothing is left to trade, which is `None`, or the step ends.
	fn trade<S: Store<Page>>(&mut self, s: &mut S) -> Option<Ended> {
		let Uncross { market, price, now, .. } = *self.at;
		loop {
			let bid = self.bids.front(s, Some(price))?;
			let ask = self.asks.front(s, Some(price))?;
			let step = if bid.order.expired(now) {
				self.expire(Side::Bid, &bid)
			} else if ask.order.expired(now) {
				self.expire(Side::Ask, &ask)
			} else if self.uncrossed.fills == self.at.max_fills {
				Some(Ended::Budget)
			} else {
				let lots = bid.order.lots.min(ask.order.lots);
				self.meet(&Pair { market, price, lots, bid, ask })
			};
			if step.is_some() {
				return step;
			}
		}
	}

	/// Let a pair trade, or remove what may not.
	fn meet(&mut self, pair: &Pair) -> Option<Ended> {
		let Verdicts { bid, ask } = self.c.verdicts(pair);
		if bid == Verdict::Stop || ask == Verdict::Stop {
			return Some(Ended::Stopped);
		}
		let (bid, ask) = (Part::of(bid, &pair.bid.order), Part::of(ask, &pair.ask.order));
		match (bid, ask) {
			(Part::Trade(bid), Part::Trade(ask)) => {
				self.fill(pair, bid, ask);
				None
			},
			(bid, ask) => {
				if self.uncrossed.removals >= self.at.max_removals {
					return Some(Ended::Budget);
				}
				// Both or none: what is asked of the one must not depend on where a step ends.
				for (side, leg, part) in [(Side::Bid, &pair.bid, bid), (Side::Ask, &pair.ask, ask)]
				{
					if let Part::Remove(why) = part {
						self.drop(side, leg, why);
					}
				}
				None
			},
		}
	}

	fn fill(&mut self, pair: &Pair, bid: Lots, ask: Lots) {
		let lots = bid.min(ask).min(pair.lots);
		self.uncrossed.fills += 1;
		self.uncrossed.lots = self.uncrossed.lots.saturating_add(lots);
		self.c.filled(&Pair { lots, ..*pair });
		for (side, leg, most) in [(Side::Bid, &pair.bid, bid), (Side::Ask, &pair.ask, ask)] {
			let left = leg.order.lots.saturating_sub(lots);
			let rest = Resting { lots: left, ..leg.order };
			let short = most == lots && most < pair.lots;
			if short {
				self.c.removed(leg.id, &rest, left, crate::matching::short(&leg.order));
			}
			if short || left.is_zero() {
				self.queue(side).pop();
			} else {
				self.queue(side).leave(left);
			}
		}
	}

	/// Remove an order that has expired.
	fn expire(&mut self, side: Side, leg: &Leg) -> Option<Ended> {
		if self.uncrossed.removals >= self.at.max_removals {
			return Some(Ended::Budget);
		}
		self.drop(side, leg, Removal::Expired);
		None
	}

	fn drop(&mut self, side: Side, leg: &Leg, why: Removal) {
		self.uncrossed.removals = self.uncrossed.removals.saturating_add(1);
		self.c.removed(leg.id, &leg.order, leg.order.lots, why);
		self.queue(side).pop();
	}

	fn queue(&mut self, side: Side) -> &mut Queue {
		match side {
			Side::Bid => &mut self.bids,
			Side::Ask => &mut self.asks,
		}
	}

	/// Remove expired orders that would make the book look crossed. `None` when it is not.
	fn tidy<S: Store<Page>>(&mut self, s: &mut S) -> Option<Ended> {
		let market = self.at.market;
		loop {
			let (highest, lowest) = (best(s, market, Side::Bid)?, best(s, market, Side::Ask)?);
			if highest < lowest {
				return None;
			}
			let (bid, ask) = (self.bids.front(s, None)?, self.asks.front(s, None)?);
			let step = if bid.order.expired(self.at.now) {
				self.expire(Side::Bid, &bid)
			} else if ask.order.expired(self.at.now) {
				self.expire(Side::Ask, &ask)
			} else {
				Some(Ended::Crossed)
			};
			self.bids.save(s);
			self.asks.save(s);
			if step.is_some() {
				return step;
			}
		}
	}
}

/// What is to happen with one order of a pair.
#[derive(Clone, Copy)]
enum Part {
	Trade(Lots),
	Remove(Removal),
}

impl Part {
	/// A verdict, with a fill of nothing as the removal that it is.
	fn of(verdict: Verdict, order: &Resting) -> Self {
		match verdict {
			Verdict::Fill(lots) if !lots.is_zero() => Part::Trade(lots),
			Verdict::Remove(why) => Part::Remove(why),
			_ => Part::Remove(crate::matching::short(order)),
		}
	}
}
