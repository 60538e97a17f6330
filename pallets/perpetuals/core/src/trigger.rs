//! Triggers: what is to happen when a price comes to a tick.
//!
//! Triggers of 256 adjacent ticks share a bucket, so that many accounts share few keys. A bucket
//! is one page, and where that is full a binary trie of up to 255 pages in which each account has
//! a path of its own: page `n` is followed by `2n + 1` or `2n + 2`, by the next bit of the account's
//! number. A page behind another is only used while the one before it is full, so a bucket of
//! 256 triggers or fewer is one page, and no trigger is further than eight pages away.

use crate::{
	store::{Content, Kind, PageKey, Store},
	tree::Tree,
	units::{AccountRef, MarketId, Ticks},
};
use alloc::vec::Vec;
use bounded_collections::{BoundedVec, ConstU32};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Ticks in one bucket of triggers.
pub const BUCKET_TICKS: u32 = 256;
/// The most pages of one bucket.
const PAGES: u8 = 255;
/// The most triggers that one page holds.
pub const PAGE_TRIGGERS: u32 = 256;

/// A trigger as it waits in a page.
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
pub struct Trigger {
	/// The tick inside the bucket.
	pub offset: u8,
	/// What it is for; the numbers are the caller's.
	pub what: u8,
	/// Whose it is.
	pub account: AccountRef,
	/// Anything that the caller wants to have with it.
	pub aux: u32,
}

/// Triggers of one bucket, in no order.
#[derive(
	Clone,
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
pub struct TriggerPage {
	/// The triggers.
	pub triggers: BoundedVec<Trigger, ConstU32<PAGE_TRIGGERS>>,
}

impl Content for TriggerPage {
	fn is_empty(&self) -> bool {
		self.triggers.is_empty()
	}
}

/// Too many triggers wait near the tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TriggersFull;

impl Trigger {
	#[inline]
	fn is(&self, offset: u8, account: AccountRef, what: u8) -> bool {
		self.account == account && self.offset == offset && self.what == what
	}
}

/// The triggers of one kind of a market.
#[derive(Clone, Copy)]
struct Triggers {
	market: MarketId,
	kind: Kind,
}

impl Triggers {
	#[inline]
	const fn tree(self) -> Tree {
		Tree { market: self.market, kind: self.kind }
	}
	#[inline]
	const fn page(self, bucket: u32, chunk: u8) -> PageKey {
		PageKey { market: self.market, kind: self.kind, at: bucket, chunk }
	}
	const fn falling(self) -> bool {
		matches!(self.kind, Kind::Falling)
	}

	/// The bucket that fires first.
	fn first<S: Store<TriggerPage>>(self, s: &mut S) -> Option<u32> {
		if self.falling() {
			self.tree().last(s)
		} else {
			self.tree().first(s)
		}
	}

	/// The bucket that fires next after `bucket`.
	fn next<S: Store<TriggerPage>>(self, s: &mut S, bucket: u32) -> Option<u32> {
		if self.falling() {
			self.tree().at_or_below(s, bucket.checked_sub(1)?)
		} else {
			self.tree().at_or_above(s, bucket.checked_add(1)?)
		}
	}

	/// Show the pages of a bucket to `visit`, from `chunk` on, until it says `false`.
	fn visit<S: Store<TriggerPage>>(
		self,
		s: &mut S,
		bucket: u32,
		chunk: u8,
		visit: &mut impl FnMut(&[Trigger]) -> bool,
	) -> bool {
		let triggers = &s.page(self.page(bucket, chunk)).triggers;
		let full = triggers.is_full();
		visit(triggers) && (!full || behind(chunk).all(|chunk| self.visit(s, bucket, chunk, visit)))
	}

	/// Fill the hole in the page `chunk`, which was full, from the pages behind it.
	fn refill<S: Store<TriggerPage>>(self, s: &mut S, bucket: u32, chunk: u8) {
		let mut hole = chunk;
		loop {
			let used = |chunk: &u8| !s.page(self.page(bucket, *chunk)).is_empty();
			let Some(from) = behind(hole).find(used) else { return };
			let triggers = &mut s.page_mut(self.page(bucket, from)).triggers;
			let full = triggers.is_full();
			let Some(trigger) = triggers.pop() else { return };
			let filled = s.page_mut(self.page(bucket, hole)).triggers.try_push(trigger);
			if filled.is_err() || !full {
				return;
			}
			hole = from;
		}
	}
}

/// The pages behind a page.
fn behind(chunk: u8) -> impl Iterator<Item = u8> {
	let first = u16::from(chunk) * 2 + 1;
	(first..first + 2).filter(|chunk| *chunk < u16::from(PAGES)).map(|chunk| chunk as u8)
}

/// The page behind `chunk` on the path of `account`.
fn path(chunk: u8, account: AccountRef) -> Option<u8> {
	let depth = (u16::from(chunk) + 1).ilog2();
	let next = u16::from(chunk) * 2 + 1 + (account.0 >> depth & 1) as u16;
	(next < u16::from(PAGES)).then_some(next as u8)
}

const fn split(tick: Ticks) -> (u32, u8) {
	(tick.0 / BUCKET_TICKS, (tick.0 % BUCKET_TICKS) as u8)
}

const fn tick(bucket: u32, offset: u8) -> Ticks {
	Ticks(bucket * BUCKET_TICKS + offset as u32)
}

/// Let a trigger wait at `tick`; `kind` is `Falling` or `Rising`. A trigger of the same account and
/// purpose that already waits there takes the new `aux`. Fails when too many triggers wait in the
/// 256 ticks around; a trigger that may fire early can then be armed in another bucket.
pub fn arm<S: Store<TriggerPage>>(
	s: &mut S,
	market: MarketId,
	kind: Kind,
	tick: Ticks,
	account: AccountRef,
	what: u8,
	aux: u32,
) -> Result<(), TriggersFull> {
	let all = Triggers { market, kind };
	let (bucket, offset) = split(tick);
	let mut next = Some(0);
	while let Some(chunk) = next {
		let key = all.page(bucket, chunk);
		let page = s.page(key);
		if let Some(index) = page.triggers.iter().position(|t| t.is(offset, account, what)) {
			if page.triggers[index].aux != aux {
				s.page_mut(key).triggers[index].aux = aux;
			}
			return Ok(());
		}
		if !page.triggers.is_full() {
			let fresh = chunk == 0 && page.is_empty();
			let trigger = Trigger { offset, what, account, aux };
			s.page_mut(key).triggers.try_push(trigger).map_err(|_| TriggersFull)?;
			if fresh {
				all.tree().set(s, bucket);
			}
			return Ok(());
		}
		next = path(chunk, account);
	}
	Err(TriggersFull)
}

/// Take the trigger of an account and purpose away from `tick`. Returns whether it was there.
pub fn disarm<S: Store<TriggerPage>>(
	s: &mut S,
	market: MarketId,
	kind: Kind,
	tick: Ticks,
	account: AccountRef,
	what: u8,
) -> bool {
	let all = Triggers { market, kind };
	let (bucket, offset) = split(tick);
	let mut next = Some(0);
	while let Some(chunk) = next {
		let key = all.page(bucket, chunk);
		let triggers = &s.page(key).triggers;
		let full = triggers.is_full();
		if let Some(index) = triggers.iter().position(|t| t.is(offset, account, what)) {
			let triggers = &mut s.page_mut(key).triggers;
			triggers.swap_remove(index);
			if full {
				all.refill(s, bucket, chunk);
			} else if chunk == 0 && triggers.is_empty() {
				all.tree().clear(s, bucket);
			}
			return true;
		}
		next = path(chunk, account).filter(|_| full);
	}
	false
}

/// The tick that fires first: the highest of `Falling`, the lowest of `Rising`.
pub fn nearest<S: Store<TriggerPage>>(s: &mut S, market: MarketId, kind: Kind) -> Option<Ticks> {
	let all = Triggers { market, kind };
	let bucket = all.first(s)?;
	let mut nearest = None::<u8>;
	all.visit(s, bucket, 0, &mut |triggers| {
		let offsets = triggers.iter().map(|trigger| trigger.offset);
		let best = if all.falling() { offsets.max() } else { offsets.min() };
		nearest = match (nearest, best) {
			(Some(a), Some(b)) if all.falling() => Some(a.max(b)),
			(Some(a), Some(b)) => Some(a.min(b)),
			(a, b) => a.or(b),
		};
		true
	});
	nearest.map(|offset| tick(bucket, offset))
}

/// A page of a tree: its bucket and its place among the bucket's pages.
pub type PagePlace = (u32, u8);

/// The triggers of one page that fire at a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossedPage {
	/// Where they stand.
	pub place: PagePlace,
	/// The triggers, the furthest beyond the price first, then by account.
	pub found: Vec<(Ticks, Trigger)>,
	/// The page that comes next, if it may hold more.
	pub next: Option<PagePlace>,
}

/// The page that [`Triggers::visit`] shows after `chunk`.
fn follows(chunk: u8, full: bool) -> Option<u8> {
	if let Some(first) = behind(chunk).next().filter(|_| full) {
		return Some(first);
	}
	let mut chunk = chunk;
	while chunk > 0 {
		// The first of two siblings has an odd number.
		if chunk % 2 == 1 {
			return Some(chunk + 1);
		}
		chunk = (chunk - 1) / 2;
	}
	None
}

/// The triggers that fire at `price` in the page at `from`, or in the first one: a walk over all of
/// them in bounded steps of one page. `None` where no page at or behind `from` holds such triggers.
pub fn crossed_page<S: Store<TriggerPage>>(
	s: &mut S,
	market: MarketId,
	kind: Kind,
	price: Ticks,
	from: Option<PagePlace>,
) -> Option<CrossedPage> {
	let all = Triggers { market, kind };
	let (last, _) = split(price);
	let crossed = |bucket: &u32| if all.falling() { *bucket >= last } else { *bucket <= last };
	let place = match from {
		Some(place) => place,
		None => (all.first(s)?, 0),
	};
	let (bucket, chunk) = Some(place).filter(|(bucket, _)| crossed(bucket))?;
	let beyond = |tick: Ticks| if all.falling() { tick >= price } else { tick <= price };
	let triggers = &s.page(all.page(bucket, chunk)).triggers;
	let full = triggers.is_full();
	let found = triggers.iter().map(|trigger| (tick(bucket, trigger.offset), *trigger));
	let mut found: Vec<_> = found.filter(|(tick, _)| beyond(*tick)).collect();
	found.sort_by_key(|(tick, trigger)| {
		let distance = if all.falling() { u32::MAX - tick.0 } else { tick.0 };
		(distance, trigger.account)
	});
	let next = match follows(chunk, full) {
		Some(chunk) => Some((bucket, chunk)),
		None => all.next(s, bucket).filter(crossed).map(|bucket| (bucket, 0)),
	};
	Some(CrossedPage { place, found, next })
}

/// At most `max` triggers that fire at `price`: those of `Falling` at or above it, those of
/// `Rising` at or below it. The bucket furthest beyond the price comes first, and in a bucket the
/// tick furthest beyond it; where a bucket holds more than `max` in several pages, reading ends
/// with the page that suffices. They stay armed.
pub fn crossed<S: Store<TriggerPage>>(
	s: &mut S,
	market: MarketId,
	kind: Kind,
	price: Ticks,
	max: usize,
) -> Vec<(Ticks, Trigger)> {
	let all = Triggers { market, kind };
	let beyond = |tick: Ticks| if all.falling() { tick >= price } else { tick <= price };
	let (last, _) = split(price);
	let mut crossed = Vec::new();
	let mut next = all.first(s).filter(|_| max > 0);
	while let Some(bucket) = next {
		if if all.falling() { bucket < last } else { bucket > last } {
			break;
		}
		let start = crossed.len();
		all.visit(s, bucket, 0, &mut |triggers| {
			let found = triggers.iter().map(|trigger| (tick(bucket, trigger.offset), *trigger));
			crossed.extend(found.filter(|(tick, _)| beyond(*tick)));
			crossed.len() < max
		});
		crossed[start..].sort_by(|(a, _), (b, _)| if all.falling() { b.cmp(a) } else { a.cmp(b) });
		if crossed.len() >= max {
			crossed.truncate(max);
			break;
		}
		next = all.next(s, bucket);
	}
	crossed
}
