//! A store that stays in memory: for tools and benchmarks, where nothing is written back.

use crate::{
	store::{Content, Kind, PageKey, Store, Word, WordKey},
	units::MarketId,
};
use alloc::{vec, vec::Vec};

/// Pages and words that live in plain memory, found by hash. Places of emptied pages are kept for
/// the next use of their key.
pub struct Memory<P> {
	pages: Table<P>,
	words: Table<Word>,
}

impl<P: Content> Default for Memory<P> {
	fn default() -> Self {
		Self { pages: Table::new(), words: Table::new() }
	}
}

impl<P: Content> Store<P> for Memory<P> {
	#[inline]
	fn page(&mut self, key: PageKey) -> &P {
		self.pages.get(number(key.market, key.kind, key.at, key.chunk))
	}
	#[inline]
	fn page_mut(&mut self, key: PageKey) -> &mut P {
		self.pages.get_mut(number(key.market, key.kind, key.at, key.chunk))
	}
	#[inline]
	fn word(&mut self, key: WordKey) -> &Word {
		self.words.get(number(key.market, key.kind, key.at, key.level))
	}
	#[inline]
	fn word_mut(&mut self, key: WordKey) -> &mut Word {
		self.words.get_mut(number(key.market, key.kind, key.at, key.level))
	}
}

/// A key as one number, the same as its eight bytes.
#[inline]
const fn number(market: MarketId, kind: Kind, at: u32, last: u8) -> u64 {
	(market.0 as u64) << 48 | (kind as u64) << 40 | (at as u64) << 8 | last as u64
}

/// An open-addressed table of indices into a vector. Place 0 of the vector is what a missing key
/// reads as.
struct Table<V> {
	places: Vec<(u64, u32)>,
	/// 64 less the bits of a place's number.
	shift: u32,
	values: Vec<V>,
}

impl<V: Default> Table<V> {
	fn new() -> Self {
		Self { places: vec![(0, 0); 64], shift: 64 - 6, values: Vec::from([V::default()]) }
	}

	/// Where `key` is, or the free place where it belongs.
	#[inline]
	fn find(&self, key: u64) -> usize {
		// The high bits of the product by the golden ratio spread neighbouring keys evenly.
		let mask = self.places.len() - 1;
		let mut at = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize & mask;
		loop {
			let (other, index) = self.places[at];
			if index == 0 || other == key {
				return at;
			}
			at = (at + 1) & mask;
		}
	}

	#[inline]
	fn get(&self, key: u64) -> &V {
		&self.values[self.places[self.find(key)].1 as usize]
	}

	#[inline]
	fn get_mut(&mut self, key: u64) -> &mut V {
		let at = self.find(key);
		let index = match self.places[at].1 {
			0 => self.add(key),
			index => index,
		};
		&mut self.values[index as usize]
	}

	#[cold]
	fn add(&mut self, key: u64) -> u32 {
		if self.values.len() * 2 > self.places.len() {
			let larger = vec![(0, 0); self.places.len() * 2];
			self.shift -= 1;
			for place in core::mem::replace(&mut self.places, larger) {
				if place.1 != 0 {
					let at = self.find(place.0);
					self.places[at] = place;
				}
			}
		}
		let index = self.values.len() as u32;
		let at = self.find(key);
		self.places[at] = (key, index);
		self.values.push(V::default());
		index
	}
}
