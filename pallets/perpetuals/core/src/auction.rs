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
//!
//! Where time inside a block shall give no advantage, the orders of one block at one price stand in a
//! circle, and the lot with which they begin to trade is drawn: each lot trades with the same
//! probability, and nobody gains by splitting an order, by joining several, or by coming first.

use crate::{
	book::Book,
	page::Page,
	store::Store,
	units::{Lots, MarketId, Side, Ticks},
	walk::{visit, Levels},
};

mod queue;
mod uncross;

pub use uncross::{
	uncross, Counterparties, Ended, Leg, Pair, Turn, Turns, Uncross, Uncrossed, Verdicts,
};

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
	indicative_counted(s, market, reference, collar, now, max_orders).0
}

/// [`indicative`], and how many orders were looked at.
pub fn indicative_counted<S: Store<Page>>(
	s: &mut S,
	market: MarketId,
	reference: Ticks,
	collar: (Ticks, Ticks),
	now: u32,
	max_orders: u32,
) -> (Option<Indicative>, u32) {
	let mut budget = Budget { left: max_orders, complete: true };
	let found = search(s, market, reference, collar, now, &mut budget);
	(found, max_orders.saturating_sub(budget.left))
}

fn search<S: Store<Page>>(
	s: &mut S,
	market: MarketId,
	reference: Ticks,
	collar: (Ticks, Ticks),
	now: u32,
	budget: &mut Budget,
) -> Option<Indicative> {
	let mut bids = Curve::new(s, Book { market, side: Side::Bid }, collar, now);
	let mut asks = Curve::new(s, Book { market, side: Side::Ask }, collar, now);
	let (mut bid, mut ask) = (bids.next(s, budget), asks.next(s, budget));
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
			bid = bids.next(s, budget);
		}
		if ask.as_ref().is_some_and(|ask| ask.lots == 0) {
			ask = asks.next(s, budget);
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
			let worse = bids.next(s, budget);
			let start = worse.map_or(low, |worse| low.max(worse.price + 1));
			Candidate::nearest(reference.0.into(), start, bid.price, saturated(bid.lots))
		});
		let under = ask.filter(|ask| ask.price <= high).map(|ask| {
			let worse = asks.next(s, budget);
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
