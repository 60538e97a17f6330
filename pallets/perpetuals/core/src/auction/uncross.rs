//! Trading what an auction has collected, at one price.

use super::queue::Queue;
use crate::{
	book::{best, Book},
	matching::{short, Fill, Removal, Verdict},
	page::{Page, Resting},
	store::Store,
	units::{Lots, MarketId, OrderId, Sequence, Side, Ticks},
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// An order of a pair that is to trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leg {
	/// The order's id.
	pub id: OrderId,
	/// The order, as it rests before the pair trades.
	pub order: Resting,
	/// How much of it comes to trade now: all of it, unless its block begins with a part of it.
	pub offered: Lots,
}

/// Where the orders of one block begin at a price: with a lot that was drawn. They trade in turn from
/// there on, and those before that lot after all others, so that every lot offered at the price is
/// as likely to trade as any other of its block, whoever offers it, in whatever pieces, and whenever
/// in the block it came.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Turn {
	/// The price.
	pub price: Ticks,
	/// The order in which the lot drawn is.
	pub start: Sequence,
	/// The lots of that order before the one drawn, which come last.
	pub last: Lots,
	/// The last order among which was drawn.
	pub end: Sequence,
}

/// The turns of both sides.
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
)]
pub struct Turns {
	/// Of the bids.
	pub bid: Option<Turn>,
	/// Of the asks.
	pub ask: Option<Turn>,
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
	/// At most so many lots may these two trade with each other before they are asked about again, with
	/// all that is left; zero leaves it to [`Self::verdicts`] to say which of them leaves. Without an
	/// implementation, as many as they like.
	fn most(&mut self, _bid: &Leg, _ask: &Leg) -> Lots {
		Lots::MAX
	}
	/// May the two orders trade with each other now? Two orders of one owner are told apart here:
	/// either or both can be removed.
	fn verdicts(&mut self, pair: &Pair) -> Verdicts;
	/// They traded. Where one of them may trade no more than that, `removed` follows for the rest.
	fn filled(&mut self, pair: &Pair);
	/// One of the `lots` that the orders of one block offer at a price of a side: the one with which
	/// they begin to trade, counted from 0. It must be the same whenever it is asked again. Asked
	/// about no lots first, so that without an answer, as without an implementation, nothing is
	/// looked at: orders trade by their places in time then.
	fn draw(&mut self, _side: Side, _price: Ticks, _lots: u128) -> Option<u128> {
		None
	}
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
	/// What the step before said, so that what was drawn stays so; nothing for the first.
	pub turns: Turns,
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
	/// Orders looked at for draws.
	pub looked: u32,
	/// What the next step must be told.
	pub turns: Turns,
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
/// the best price first, and at one price the oldest order first, or those of the oldest block from
/// the lot on that is drawn. Expired orders on the way are removed.
///
/// An order that trades in part keeps its place. Within its budget a step does exactly what one
/// step without a budget would have done first.
pub fn uncross<S: Store<Page>, C: Counterparties>(s: &mut S, c: &mut C, at: &Uncross) -> Uncrossed {
	let mut run = Run {
		c,
		at,
		bids: Queue::new(Book { market: at.market, side: Side::Bid }, at.turns.bid),
		asks: Queue::new(Book { market: at.market, side: Side::Ask }, at.turns.ask),
		uncrossed: Uncrossed {
			lots: Lots::ZERO,
			fills: 0,
			removals: 0,
			looked: 0,
			turns: at.turns,
			end: Ended::Done,
		},
	};
	let traded = run.trade(s);
	run.bids.save(s);
	run.asks.save(s);
	run.uncrossed.end = traded.or_else(|| run.tidy(s)).unwrap_or(Ended::Done);
	run.uncrossed.turns = Turns { bid: run.bids.turn, ask: run.asks.turn };
	run.uncrossed.looked = run.bids.looked.saturating_add(run.asks.looked);
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
			let bid = self.front(s, Side::Bid, Some(price))?;
			let ask = self.front(s, Side::Ask, Some(price))?;
			let step = if bid.order.expired(now) {
				self.expire(Side::Bid, &bid)
			} else if ask.order.expired(now) {
				self.expire(Side::Ask, &ask)
			} else if self.uncrossed.fills == self.at.max_fills {
				Some(Ended::Budget)
			} else {
				let most = Some(self.c.most(&bid, &ask)).filter(|most| !most.is_zero());
				let lots = bid.offered.min(ask.offered).min(most.unwrap_or(Lots::MAX));
				self.meet(s, &Pair { market, price, lots, bid, ask })
			};
			if step.is_some() {
				return step;
			}
		}
	}

	/// Let a pair trade, or remove what may not.
	fn meet<S: Store<Page>>(&mut self, s: &mut S, pair: &Pair) -> Option<Ended> {
		let Verdicts { bid, ask } = self.c.verdicts(pair);
		if bid == Verdict::Stop || ask == Verdict::Stop {
			return Some(Ended::Stopped);
		}
		let (bid, ask) = (Part::of(bid, &pair.bid.order), Part::of(ask, &pair.ask.order));
		match (bid, ask) {
			(Part::Trade(bid), Part::Trade(ask)) => {
				self.fill(s, pair, bid, ask);
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

	fn fill<S: Store<Page>>(&mut self, s: &mut S, pair: &Pair, bid: Lots, ask: Lots) {
		let lots = bid.min(ask).min(pair.lots);
		self.uncrossed.fills += 1;
		self.uncrossed.lots = self.uncrossed.lots.saturating_add(lots);
		self.c.filled(&Pair { lots, ..*pair });
		for (side, leg, most) in [(Side::Bid, &pair.bid, bid), (Side::Ask, &pair.ask, ask)] {
			let left = leg.order.lots.saturating_sub(lots);
			let rest = Resting { lots: left, ..leg.order };
			let cut = most == lots && most < pair.lots;
			if cut {
				self.c.removed(leg.id, &rest, left, short(&leg.order));
			}
			if cut || left.is_zero() {
				self.queue(side).pop();
			} else {
				self.queue(side).leave(s, left);
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

	/// The order of a side that comes first.
	fn front<S: Store<Page>>(
		&mut self,
		s: &mut S,
		side: Side,
		price: Option<Ticks>,
	) -> Option<Leg> {
		let (c, now) = (&mut *self.c, self.at.now);
		let queue = match side {
			Side::Bid => &mut self.bids,
			Side::Ask => &mut self.asks,
		};
		queue.front(s, price, now, &mut |price, lots| c.draw(side, price, lots))
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
			let bid = self.front(s, Side::Bid, None)?;
			let ask = self.front(s, Side::Ask, None)?;
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
			_ => Part::Remove(short(order)),
		}
	}
}
