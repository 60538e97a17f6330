//! The mark: pure.
//!
//! ```text
//!   mark = clamp(median(I, I + beta, m3), I x (1 -+ c))
//!   beta   follows impact mid - I within -+ c I, with a time constant of 150 s
//!   m3     median(best bid, best ask, last trade); in an auction its indicative price
//! ```
//!
//! Two of the three legs hang on the index, so whoever moves the book alone moves the mark only as
//! fast as `beta` and never past the clamp. What a market cannot say is left out: without `m3` the
//! mark is `I + beta`, without impact prices `beta` stays. In an auction nothing rests that could be
//! sampled and `beta` fades. In a freeze the mark is the index, to look at.

use crate::{
	compute::{micro, whole},
	types::*,
};
use breakwater_primitives::{Level, Millis, Ppm, Quote, Ticks};

/// The middle one of three.
pub(crate) fn median(mut three: [i64; 3]) -> i64 {
	three.sort_unstable();
	three[1]
}

/// The part of `gap` that is closed in `elapsed` with this time constant.
fn share(gap: i64, elapsed: Millis, constant: Millis) -> i64 {
	let step = i128::from(gap) * i128::from(elapsed.min(constant)) / i128::from(constant.max(1));
	i64::try_from(step).unwrap_or_default()
}

/// `part` of a price in millionths of a tick, rounded down.
fn part_of(price: i64, part: Ppm) -> i64 {
	i64::try_from(part.mul_floor(price.unsigned_abs().into())).unwrap_or(i64::MAX)
}

/// The middle of what is between two prices, in millionths of a tick; nothing when they are crossed.
fn middle((low, high): (Ticks, Ticks)) -> Option<i64> {
	(low <= high).then(|| micro(low) / 2 + micro(high) / 2)
}

/// What the book says a unit is worth, in millionths of a tick: the median of best bid, best ask and
/// last trade, for which `last` stands before there was one. Nothing when a side is empty or the book
/// is crossed. In an auction only its indicative price counts, which the exchange names when it can be
/// told by looking at a few hundred orders; the clamp bounds what a small one does.
fn book(quote: &Quote, auction: bool, last: i64) -> Option<i64> {
	if auction {
		return quote.indicative.map(micro);
	}
	let (bid, ask) = (quote.bid?, quote.ask?);
	let last = quote.last.map_or(last, micro);
	(bid <= ask).then(|| median([micro(bid), micro(ask), last]))
}

/// Whether bid and ask say nothing because orders are collected.
fn auction(quote: &Quote, level: Level) -> bool {
	level == Level::Auction || quote.indicative.is_some()
}

impl Guard {
	/// The mark, `elapsed` after the last one.
	pub(crate) fn mark(
		&mut self,
		index: Ticks,
		quote: &Quote,
		level: Level,
		params: &GuardParams,
		elapsed: Millis,
	) -> Ticks {
		let centre = micro(index);
		let clamp = part_of(centre, params.mark_clamp);
		let auction = auction(quote, level);
		let target = match quote.impact {
			_ if auction => Some(0),
			Some(impact) => middle(impact).map(|mid| mid.saturating_sub(centre)),
			None => None,
		};
		if let Some(target) = target {
			let gap = target.clamp(-clamp, clamp).saturating_sub(self.premium);
			let step = share(gap, elapsed, PREMIUM_TIME);
			self.premium = self.premium.saturating_add(step);
		}
		self.premium = self.premium.clamp(-clamp, clamp);
		if level >= Level::Freeze {
			return index;
		}
		let slow = centre.saturating_add(self.premium);
		let mark = match book(quote, auction, centre) {
			Some(book) => median([centre, slow, book]),
			None => slow,
		};
		whole(mark.clamp(centre.saturating_sub(clamp), centre.saturating_add(clamp)))
	}

	/// Average the book for `elapsed` more while the index is Stale: a rolling average of a minute,
	/// that begins at the index and stays within 5 % of it. Where the book says nothing it stands.
	pub(crate) fn average_book(&mut self, quote: &Quote, level: Level, now: Millis) -> Ticks {
		let centre = micro(self.prices.index);
		let limit = part_of(centre, BOOK_CLAMP);
		let (low, high) = (centre.saturating_sub(limit), centre.saturating_add(limit));
		let (average, at) = self.book.unwrap_or((centre, now));
		let said = book(quote, auction(quote, level), average).unwrap_or(average);
		let gap = said.clamp(low, high).saturating_sub(average);
		let average = average.saturating_add(share(gap, now.saturating_sub(at), BOOK_TIME));
		self.book = Some((average.clamp(low, high), at.max(now)));
		whole(average)
	}
}
