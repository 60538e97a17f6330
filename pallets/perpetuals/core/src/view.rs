//! Reading a book without changing it.

use crate::{
	book::{self, Book},
	page::{Page, Resting},
	store::Store,
	units::{Lots, MarketId, OrderId, Side, Ticks},
	walk::{visit, walk, Place},
};
use alloc::vec::Vec;

/// What rests at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
	/// The price.
	pub price: Ticks,
	/// The sum of the sizes.
	pub lots: Lots,
	/// How many orders.
	pub orders: u32,
}

/// The best `levels` prices of a side with what rests there, best first. Expired orders that have
/// not been removed yet are counted. It looks at no more than `max_orders` orders, so that the last
/// price may be told with less than rests there.
pub fn depth<S: Store<Page>>(
	s: &mut S,
	market: MarketId,
	side: Side,
	levels: usize,
	max_orders: u32,
) -> Vec<Level> {
	let (mut depth, mut looked) = (Vec::<Level>::new(), 0);
	walk(s, Book { market, side }, |price, order| {
		if looked == max_orders {
			return false;
		}
		looked += 1;
		if depth.last().is_none_or(|level| level.price != price) {
			if depth.len() == levels {
				return false;
			}
			depth.push(Level { price, lots: Lots::ZERO, orders: 0 });
		}
		if let Some(level) = depth.last_mut() {
			level.lots = level.lots.saturating_add(order.lots);
			level.orders += 1;
		}
		true
	});
	depth
}

/// The orders that rest at `price`, oldest first, at most `max` of them. Expired orders that have
/// not been removed yet are among them.
pub fn level<S: Store<Page>>(
	s: &mut S,
	market: MarketId,
	side: Side,
	price: Ticks,
	max: usize,
) -> Vec<(OrderId, Resting)> {
	let (book, bucket, offset) = (Book { market, side }, book::bucket(price), book::offset(price));
	let page = s.page(book.page(bucket));
	let start = page.orders.partition_point(|order| order.offset < offset);
	let end = page.orders.partition_point(|order| order.offset <= offset);
	let overflows = page.overflow & book::bit(offset) != 0;
	let place = Place { price, bucket, run: start..end, overflows };
	let mut orders = Vec::new();
	visit(s, book, &place, &mut |order| {
		let more = orders.len() < max;
		if more {
			orders.push((OrderId::new(market, side, price, order.sequence), *order));
		}
		more
	});
	orders
}

/// What a taker of `taker_side` would find within `limit`, looking at `max_orders` orders and at
/// most for `want` lots: the lots, and the sum of lots times ticks. Orders that have expired at `now`,
/// in seconds since the Unix epoch, are looked at and offer nothing.
pub fn available<S: Store<Page>>(
	s: &mut S,
	market: MarketId,
	taker_side: Side,
	limit: Ticks,
	want: Lots,
	max_orders: u16,
	now: u32,
) -> (Lots, u128) {
	let (mut lots, mut lot_ticks, mut orders) = (0, 0, 0);
	walk(s, Book { market, side: taker_side.opposite() }, |price, order| {
		if lots == want.0 || orders == max_orders || !taker_side.accepts(limit, price) {
			return false;
		}
		orders += 1;
		if !order.expired(now) {
			let part = order.lots.0.min(want.0 - lots);
			lots += part;
			lot_ticks += u128::from(part) * u128::from(price.0);
		}
		true
	});
	(Lots(lots), lot_ticks)
}

/// The best price at which an order rests that has not expired at `now`, among the first `max_orders`
/// of a side.
pub fn best_live<S: Store<Page>>(
	s: &mut S,
	market: MarketId,
	side: Side,
	now: u32,
	max_orders: u32,
) -> Option<Ticks> {
	let (mut looked, mut found) = (0, None);
	walk(s, Book { market, side }, |price, order| {
		looked += 1;
		if !order.expired(now) {
			found = Some(price);
		}
		found.is_none() && looked < max_orders
	});
	found
}

/// A question for [`impact`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impact {
	/// The market.
	pub market: MarketId,
	/// The side of the orders to be looked at: bids give the price of a sale.
	pub side: Side,
	/// How much is traded, as lots times ticks: the clip's notional value over the contract's unit.
	pub clip: u128,
	/// Only orders placed in this block or before it count, so that a price cannot be made up for
	/// the moment at which it is read.
	pub placed_by: u32,
	/// Seconds since the Unix epoch; expired orders do not count.
	pub now: u32,
	/// The most orders to look at, counted or not.
	pub max_orders: u32,
}

/// The average price, in ticks, at which a taker would trade the clip against one side of the book,
/// rounded against him: up if he buys and down if he sells. `None` when the orders looked at are
/// not enough for it.
///
/// The last order is counted in the part of it that completes the clip, so `clip / lots` is
/// `clip * p / (lots * p + rest)` with `p` the price of that order, `lots` what was counted before
/// it and `rest` what was missing there.
pub fn impact<S: Store<Page>>(s: &mut S, of: &Impact) -> Option<Ticks> {
	let (mut lots, mut sum, mut looked) = (0u128, 0u128, 0);
	let mut average = None;
	walk(s, Book { market: of.market, side: of.side }, |price, order| {
		if looked == of.max_orders {
			return false;
		}
		looked += 1;
		if order.expired(of.now) || order.sequence.block() > of.placed_by || price.is_zero() {
			return true;
		}
		let (size, price) = (u128::from(order.lots.0), u128::from(price.0));
		let rest = of.clip.saturating_sub(sum);
		if size * price < rest {
			lots += size;
			sum += size * price;
			return true;
		}
		average =
			quotient(of.clip, price, lots.saturating_mul(price).saturating_add(rest), of.side);
		false
	});
	average
}

/// `clip * price / denominator`, up for a buyer, who takes asks, and down for a seller.
fn quotient(clip: u128, price: u128, denominator: u128, side: Side) -> Option<Ticks> {
	let numerator = clip.checked_mul(price)?;
	let average = match side {
		Side::Ask => {
			numerator.checked_add(denominator.checked_sub(1)?)?.checked_div(denominator)?
		},
		Side::Bid => numerator.checked_div(denominator)?,
	};
	u32::try_from(average).ok().map(Ticks)
}
