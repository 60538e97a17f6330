//! The overflow pages of one tick: where its orders wait when its bucket's page is full.
//!
//! Up to four words of the tick list its chunks, oldest first, one byte each and ended by a zero,
//! so that a page can leave from the middle without moving any other.

use crate::{
	book::BookFull,
	page::{Page, Resting, PAGE_ORDERS},
	store::{Kind, PageKey, Store, Word, WordKey},
	units::{Lots, MarketId, Sequence},
};
use alloc::vec::Vec;

/// Bytes of one word.
const WORD_BYTES: usize = 64;
/// Words that list the chunks of one tick. Chunk 0 ends the list, so 255 chunks fit.
const WORDS: usize = 4;
/// A page left with this many orders or fewer joins a neighbour ...
const FEW: usize = PAGE_ORDERS as usize / 4;
/// ... when both together have at most this many, so that pages cannot be held open by one order
/// each, and a page that has just been joined is not full at once.
const JOINED: usize = PAGE_ORDERS as usize * 3 / 4;

/// The overflow pages of one tick.
#[derive(Clone, Copy)]
pub(crate) struct Chain {
	pub(crate) market: MarketId,
	pub(crate) kind: Kind,
	pub(crate) tick: u32,
}

/// The chunks of a chain, oldest first.
pub(crate) struct Chunks {
	ids: [u8; WORDS * WORD_BYTES],
	len: usize,
}

impl Chunks {
	pub(crate) fn as_slice(&self) -> &[u8] {
		&self.ids[..self.len]
	}
	/// A chunk number that is in no use, if there is one.
	fn unused(&self) -> Option<u8> {
		let mut used = [false; 256];
		self.as_slice().iter().for_each(|id| used[*id as usize] = true);
		(1..=u8::MAX).find(|id| !used[*id as usize])
	}
	/// List `id`, which [`Self::unused`] named, behind `index` others.
	fn insert(&mut self, index: usize, id: u8) {
		self.ids.copy_within(index..self.len, index + 1);
		self.ids[index] = id;
		self.len += 1;
	}
	fn remove(&mut self, index: usize) {
		self.ids.copy_within(index + 1..self.len, index);
		self.len -= 1;
		self.ids[self.len] = 0;
	}
}

/// How many bytes of a word stand before the first zero.
#[inline]
fn listed(word: &Word) -> usize {
	const ONES: u64 = 0x0101_0101_0101_0101;
	let mut len = 0;
	for part in word {
		// The lowest set bit is in the lowest byte that is zero.
		let zeros = part.wrapping_sub(ONES) & !part & (ONES << 7);
		if zeros != 0 {
			return len + zeros.trailing_zeros() as usize / 8;
		}
		len += 8;
	}
	len
}

impl Chain {
	/// The key of the page of `chunk`.
	pub(crate) fn page(self, chunk: u8) -> PageKey {
		PageKey { market: self.market, kind: self.kind, at: self.tick, chunk }
	}

	fn word(self, n: usize) -> WordKey {
		WordKey { market: self.market, kind: self.kind, level: n as u8, at: self.tick }
	}

	/// The chunk with the oldest orders.
	pub(crate) fn first<S: Store<Page>>(self, s: &mut S) -> Option<u8> {
		Some(s.word(self.word(0))[0] as u8).filter(|chunk| *chunk != 0)
	}

	/// The chunk with the newest orders.
	fn last<S: Store<Page>>(self, s: &mut S) -> Option<u8> {
		let mut last = None;
		for n in 0..WORDS {
			let word = s.word(self.word(n));
			let len = listed(word);
			if let Some(index) = len.checked_sub(1) {
				last = Some((word[index / 8] >> (index % 8 * 8)) as u8);
			}
			if len < WORD_BYTES {
				break;
			}
		}
		last
	}

	/// All chunks, oldest first.
	pub(crate) fn chunks<S: Store<Page>>(self, s: &mut S) -> Chunks {
		let mut chunks = Chunks { ids: [0; WORDS * WORD_BYTES], len: 0 };
		for (n, bytes) in chunks.ids.chunks_exact_mut(WORD_BYTES).enumerate() {
			let word = s.word(self.word(n));
			for (bytes, part) in bytes.chunks_exact_mut(8).zip(word) {
				bytes.copy_from_slice(&part.to_le_bytes());
			}
			let len = listed(word);
			chunks.len += len;
			if len < WORD_BYTES {
				break;
			}
		}
		chunks
	}

	fn save<S: Store<Page>>(self, s: &mut S, chunks: &Chunks) {
		for (n, bytes) in chunks.ids.chunks_exact(WORD_BYTES).enumerate() {
			let mut word = [0; 8];
			for (part, bytes) in word.iter_mut().zip(bytes.chunks_exact(8)) {
				*part = bytes.iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
			}
			if *s.word(self.word(n)) != word {
				*s.word_mut(self.word(n)) = word;
			}
		}
	}

	/// Put `order` among the others of the tick by its place in time, which is almost always behind
	/// them all.
	pub(crate) fn insert<S: Store<Page>>(self, s: &mut S, order: Resting) -> Result<(), BookFull> {
		if let Some(last) = self.last(s) {
			let orders = &s.page(self.page(last)).orders;
			let youngest = orders.last().is_none_or(|last| last.sequence < order.sequence);
			if !youngest {
				return self.insert_between(s, order);
			}
			if !orders.is_full() {
				let orders = &mut s.page_mut(self.page(last)).orders;
				return orders.try_push(order).map_err(|_| BookFull);
			}
		}
		let mut chunks = self.chunks(s);
		let chunk = chunks.unused().ok_or(BookFull)?;
		s.page_mut(self.page(chunk)).orders.try_push(order).map_err(|_| BookFull)?;
		chunks.insert(chunks.len, chunk);
		self.save(s, &chunks);
		Ok(())
	}

	/// Put `order` before some other of the tick. A page that is full is cut into two halves.
	fn insert_between<S: Store<Page>>(self, s: &mut S, order: Resting) -> Result<(), BookFull> {
		let mut chunks = self.chunks(s);
		let index = self.chunk_of(s, &chunks, order.sequence);
		let mut key = self.page(*chunks.as_slice().get(index).ok_or(BookFull)?);
		if s.page(key).orders.is_full() {
			let unused = chunks.unused().ok_or(BookFull)?;
			let orders = &mut s.page_mut(key).orders;
			let upper: Vec<Resting> = orders.iter().skip(orders.len() / 2).copied().collect();
			orders.truncate(orders.len() / 2);
			let above = upper.first().is_some_and(|first| first.sequence < order.sequence);
			let next = self.page(unused);
			s.page_mut(next).orders = upper.try_into().map_err(|_| BookFull)?;
			chunks.insert(index + 1, unused);
			self.save(s, &chunks);
			key = if above { next } else { key };
		}
		let orders = &mut s.page_mut(key).orders;
		let at = orders.partition_point(|other| other.sequence < order.sequence);
		orders.try_insert(at, order).map_err(|_| BookFull)
	}

	/// Forget the oldest chunk, whose page is empty. Returns whether the chain is empty now.
	pub(crate) fn drop_first<S: Store<Page>>(self, s: &mut S) -> bool {
		let first = self.first(s);
		first.is_none_or(|chunk| self.drop(s, chunk))
	}

	/// Forget `chunk`, whose page is empty. Returns whether the chain is empty now.
	pub(crate) fn drop<S: Store<Page>>(self, s: &mut S, chunk: u8) -> bool {
		let mut chunks = self.chunks(s);
		if let Some(index) = chunks.as_slice().iter().position(|id| *id == chunk) {
			chunks.remove(index);
			self.save(s, &chunks);
		}
		chunks.len == 0
	}

	/// The page and the place in it of the first order of `sequence` or later.
	pub(crate) fn seek<S: Store<Page>>(
		self,
		s: &mut S,
		sequence: Sequence,
	) -> Option<(PageKey, usize)> {
		let chunks = self.chunks(s);
		let index = self.chunk_of(s, &chunks, sequence);
		let key = self.page(*chunks.as_slice().get(index)?);
		let orders = &s.page(key).orders;
		let at = orders.partition_point(|order| order.sequence < sequence);
		if at < orders.len() {
			return Some((key, at));
		}
		chunks.as_slice().get(index + 1).map(|next| (self.page(*next), 0))
	}

	/// The order of `sequence`.
	pub(crate) fn find<S: Store<Page>>(self, s: &mut S, sequence: Sequence) -> Option<Resting> {
		let chunks = self.chunks(s);
		let (index, at) = self.locate(s, &chunks, sequence)?;
		s.page(self.page(chunks.ids[index])).orders.get(at).copied()
	}

	/// Leave `lots` of the order of `sequence`.
	pub(crate) fn resize<S: Store<Page>>(
		self,
		s: &mut S,
		sequence: Sequence,
		lots: Lots,
	) -> Option<()> {
		let chunks = self.chunks(s);
		let (index, at) = self.locate(s, &chunks, sequence)?;
		s.page_mut(self.page(chunks.ids[index])).orders.get_mut(at)?.lots = lots;
		Some(())
	}

	/// Remove the order of `sequence`. Also returns whether the chain is empty now.
	pub(crate) fn remove<S: Store<Page>>(
		self,
		s: &mut S,
		sequence: Sequence,
	) -> Option<(Resting, bool)> {
		let mut chunks = self.chunks(s);
		let (index, at) = self.locate(s, &chunks, sequence)?;
		let orders = &mut s.page_mut(self.page(chunks.ids[index])).orders;
		let order = orders.remove(at);
		let left = orders.len();
		if left == 0 {
			chunks.remove(index);
			self.save(s, &chunks);
		} else if left <= FEW && !self.join(s, &mut chunks, index) && index > 0 {
			self.join(s, &mut chunks, index - 1);
		}
		Some((order, chunks.len == 0))
	}

	/// The chunk, by its place in the list, and the place in its page of the order of `sequence`.
	fn locate<S: Store<Page>>(
		self,
		s: &mut S,
		chunks: &Chunks,
		sequence: Sequence,
	) -> Option<(usize, usize)> {
		let index = self.chunk_of(s, chunks, sequence);
		let chunk = chunks.as_slice().get(index)?;
		let orders = &s.page(self.page(*chunk)).orders;
		let at = orders.binary_search_by_key(&sequence, |order| order.sequence).ok()?;
		Some((index, at))
	}

	/// The chunk, by its place in the list, to which an order of `sequence` belongs: the last that
	/// begins no later, or the first.
	fn chunk_of<S: Store<Page>>(self, s: &mut S, chunks: &Chunks, sequence: Sequence) -> usize {
		let (mut low, mut high) = (0, chunks.len);
		while high - low > 1 {
			let middle = (low + high) / 2;
			let first = s.page(self.page(chunks.ids[middle])).orders.first();
			if first.is_some_and(|first| first.sequence <= sequence) {
				low = middle;
			} else {
				high = middle;
			}
		}
		low
	}

	/// Move the orders of the chunk behind place `index` into the one at `index`, if they are few.
	fn join<S: Store<Page>>(self, s: &mut S, chunks: &mut Chunks, index: usize) -> bool {
		let Some(next) = chunks.as_slice().get(index + 1).map(|id| self.page(*id)) else {
			return false;
		};
		let here = self.page(chunks.ids[index]);
		if s.page(here).orders.len() + s.page(next).orders.len() > JOINED {
			return false;
		}
		let mut moved = core::mem::take(&mut s.page_mut(next).orders).into_inner();
		if s.page_mut(here).orders.try_append(&mut moved).is_err() {
			return false;
		}
		chunks.remove(index + 1);
		self.save(s, chunks);
		true
	}
}
