//! Pages and words, and the write-back cache over whatever keeps them.

use crate::units::MarketId;
use alloc::{collections::BTreeMap, vec::Vec};
use codec::{Decode, Encode, Error, Input, MaxEncodedLen, Output};
use scale_info::{Type, TypeInfo};

/// What a page or a word belongs to. The numbers are part of storage keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, TypeInfo)]
#[repr(u8)]
pub enum Kind {
	/// Bids, by bucket.
	Bids = 0,
	/// Asks, by bucket.
	Asks = 1,
	/// Bids that no longer fit their bucket's page, by tick.
	BidOverflow = 2,
	/// Asks that no longer fit their bucket's page, by tick.
	AskOverflow = 3,
	/// Triggers that fire when a price falls to them, by bucket.
	Falling = 4,
	/// Triggers that fire when a price rises to them, by bucket.
	Rising = 5,
}

/// The key of a page: market, kind, bucket or tick, chunk. Encoded as 8 big-endian bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PageKey {
	/// The market.
	pub market: MarketId,
	/// What the page holds.
	pub kind: Kind,
	/// The bucket, or the tick for overflow pages.
	pub at: u32,
	/// 0 for the first page, 1 and up for those behind it.
	pub chunk: u8,
}

/// The key of a word of the bitmap tree. Encoded as 8 big-endian bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WordKey {
	/// The market.
	pub market: MarketId,
	/// What the tree is over.
	pub kind: Kind,
	/// 0 for words over pages, 1 and 2 for words over words.
	pub level: u8,
	/// The place of the word in its level.
	pub at: u32,
}

/// 512 bits of the tree.
pub type Word = [u64; 8];

impl Kind {
	const fn from_u8(byte: u8) -> Option<Self> {
		Some(match byte {
			0 => Kind::Bids,
			1 => Kind::Asks,
			2 => Kind::BidOverflow,
			3 => Kind::AskOverflow,
			4 => Kind::Falling,
			5 => Kind::Rising,
			_ => return None,
		})
	}
}

fn key_bytes(market: MarketId, kind: Kind, at: u32, last: u8) -> [u8; 8] {
	let (m, a) = (market.0.to_be_bytes(), at.to_be_bytes());
	[m[0], m[1], kind as u8, a[0], a[1], a[2], a[3], last]
}

fn key_parts(bytes: [u8; 8]) -> Result<(MarketId, Kind, u32, u8), Error> {
	let kind = Kind::from_u8(bytes[2]).ok_or("unknown kind of page")?;
	let market = MarketId(u16::from_be_bytes([bytes[0], bytes[1]]));
	let at = u32::from_be_bytes([bytes[3], bytes[4], bytes[5], bytes[6]]);
	Ok((market, kind, at, bytes[7]))
}

macro_rules! eight_byte_key {
	($key:ident, $last:ident) => {
		impl Encode for $key {
			fn size_hint(&self) -> usize {
				8
			}
			fn encode_to<T: Output + ?Sized>(&self, dest: &mut T) {
				dest.write(&key_bytes(self.market, self.kind, self.at, self.$last));
			}
			fn using_encoded<R, F: FnOnce(&[u8]) -> R>(&self, f: F) -> R {
				f(&key_bytes(self.market, self.kind, self.at, self.$last))
			}
		}
		impl codec::EncodeLike for $key {}
		impl Decode for $key {
			fn decode<I: Input>(input: &mut I) -> Result<Self, Error> {
				let (market, kind, at, $last) = key_parts(<[u8; 8]>::decode(input)?)?;
				Ok(Self { market, kind, at, $last })
			}
		}
		impl MaxEncodedLen for $key {
			fn max_encoded_len() -> usize {
				8
			}
		}
		// Clients see what is stored: the fields are big-endian, which metadata cannot say.
		impl TypeInfo for $key {
			type Identity = [u8; 8];
			fn type_info() -> Type {
				<[u8; 8]>::type_info()
			}
		}
	};
}
eight_byte_key!(PageKey, chunk);
eight_byte_key!(WordKey, level);

/// What a page can hold.
pub trait Content: Default {
	/// Whether nothing is left, so that the page need not be kept.
	fn is_empty(&self) -> bool;
}

/// Pages and words for one operation. What is stored nowhere reads as empty.
pub trait Store<P: Content> {
	/// The page at `key`.
	fn page(&mut self, key: PageKey) -> &P;
	/// The page at `key`, to be changed.
	fn page_mut(&mut self, key: PageKey) -> &mut P;
	/// The word at `key`.
	fn word(&mut self, key: WordKey) -> &Word;
	/// The word at `key`, to be changed.
	fn word_mut(&mut self, key: WordKey) -> &mut Word;
}

/// Where pages and words are kept between operations.
pub trait Backend<P> {
	/// The page at `key`, if there is one.
	fn load_page(&self, key: PageKey) -> Option<P>;
	/// Keep the page at `key`; `None` removes it.
	fn save_page(&mut self, key: PageKey, page: Option<&P>);
	/// The word at `key`, if there is one.
	fn load_word(&self, key: WordKey) -> Option<Word>;
	/// Keep the word at `key`; `None` removes it.
	fn save_word(&mut self, key: WordKey, word: Option<&Word>);
}

struct Slot<K, V> {
	key: K,
	value: V,
	stored: bool,
	dirty: bool,
}

/// A write-back cache: each page and word is loaded once and written once, by [`WriteBack::flush`].
/// Dropping it without a flush changes nothing. An operation touches a handful of keys, so they are
/// searched from the newest in a plain vector.
pub struct WriteBack<B, P> {
	backend: B,
	pages: Vec<Slot<PageKey, P>>,
	words: Vec<Slot<WordKey, Word>>,
}

/// Keys written by a flush.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flushed {
	/// Pages written or removed.
	pub pages: u16,
	/// Words written or removed.
	pub words: u16,
}

fn slot<K: PartialEq + Copy, V: Default>(
	slots: &mut Vec<Slot<K, V>>,
	key: K,
	load: impl FnOnce() -> Option<V>,
) -> &mut Slot<K, V> {
	let index = slots.iter().rposition(|slot| slot.key == key).unwrap_or_else(|| {
		let loaded = load();
		let stored = loaded.is_some();
		slots.push(Slot { key, value: loaded.unwrap_or_default(), stored, dirty: false });
		slots.len() - 1
	});
	&mut slots[index]
}

impl<P: Content, B: Backend<P>> WriteBack<B, P> {
	/// An empty cache over `backend`.
	pub fn new(backend: B) -> Self {
		Self { backend, pages: Vec::new(), words: Vec::new() }
	}
	/// Write what changed; empty pages and words are removed.
	pub fn flush(mut self) -> Flushed {
		self.flush_in_place()
	}
	/// As [`Self::flush`], and the cache stays usable with what it has loaded.
	pub fn flush_in_place(&mut self) -> Flushed {
		let mut flushed = Flushed::default();
		for slot in self.pages.iter_mut().filter(|slot| slot.dirty) {
			slot.dirty = false;
			let empty = slot.value.is_empty();
			if empty && !slot.stored {
				continue;
			}
			self.backend.save_page(slot.key, (!empty).then_some(&slot.value));
			slot.stored = !empty;
			flushed.pages = flushed.pages.saturating_add(1);
		}
		for slot in self.words.iter_mut().filter(|slot| slot.dirty) {
			slot.dirty = false;
			let empty = slot.value == Word::default();
			if empty && !slot.stored {
				continue;
			}
			self.backend.save_word(slot.key, (!empty).then_some(&slot.value));
			slot.stored = !empty;
			flushed.words = flushed.words.saturating_add(1);
		}
		flushed
	}
	/// How many pages and words were looked at so far.
	pub fn looked_at(&self) -> u32 {
		u32::try_from(self.pages.len().saturating_add(self.words.len())).unwrap_or(u32::MAX)
	}
	/// What keeps the pages and words.
	pub fn backend(&self) -> &B {
		&self.backend
	}
}

impl<P: Content, B: Backend<P>> Store<P> for WriteBack<B, P> {
	fn page(&mut self, key: PageKey) -> &P {
		let backend = &self.backend;
		&slot(&mut self.pages, key, || backend.load_page(key)).value
	}
	fn page_mut(&mut self, key: PageKey) -> &mut P {
		let backend = &self.backend;
		let slot = slot(&mut self.pages, key, || backend.load_page(key));
		slot.dirty = true;
		&mut slot.value
	}
	fn word(&mut self, key: WordKey) -> &Word {
		let backend = &self.backend;
		&slot(&mut self.words, key, || backend.load_word(key)).value
	}
	fn word_mut(&mut self, key: WordKey) -> &mut Word {
		let backend = &self.backend;
		let slot = slot(&mut self.words, key, || backend.load_word(key));
		slot.dirty = true;
		&mut slot.value
	}
}

/// Pages and words in plain memory, as they would be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemoryBackend<P> {
	/// The pages.
	pub pages: BTreeMap<PageKey, P>,
	/// The words.
	pub words: BTreeMap<WordKey, Word>,
}

impl<P> Default for MemoryBackend<P> {
	fn default() -> Self {
		Self { pages: BTreeMap::new(), words: BTreeMap::new() }
	}
}

impl<P: Clone> Backend<P> for &mut MemoryBackend<P> {
	fn load_page(&self, key: PageKey) -> Option<P> {
		self.pages.get(&key).cloned()
	}
	fn save_page(&mut self, key: PageKey, page: Option<&P>) {
		match page {
			Some(page) => {
				self.pages.insert(key, page.clone());
			},
			None => {
				self.pages.remove(&key);
			},
		}
	}
	fn load_word(&self, key: WordKey) -> Option<Word> {
		self.words.get(&key).copied()
	}
	fn save_word(&mut self, key: WordKey, word: Option<&Word>) {
		match word {
			Some(word) => {
				self.words.insert(key, *word);
			},
			None => {
				self.words.remove(&key);
			},
		}
	}
}
