//! The bitmap tree that finds the best bucket of a side, and the next one, in three words.

use crate::{
	store::{Content, Kind, Store, Word, WordKey},
	units::MarketId,
};

/// Bits of a bucket's number that one word decides.
const WORD_BITS: u32 = 9;
/// Levels of words.
const LEVELS: u8 = 3;
/// Bits of a bucket's number: buckets are 0 to 2^27 - 1.
pub const BUCKET_BITS: u32 = WORD_BITS * LEVELS as u32;

const MASK: u32 = (1 << WORD_BITS) - 1;

/// The tree of one kind of pages of one market. It knows which buckets are not empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tree {
	/// The market.
	pub market: MarketId,
	/// The kind of pages that it is over.
	pub kind: Kind,
}

impl Tree {
	#[inline]
	const fn key(self, level: u8, at: u32) -> WordKey {
		WordKey { market: self.market, kind: self.kind, level, at }
	}

	/// Note that `bucket` is not empty any more.
	#[inline]
	pub fn set<P: Content, S: Store<P>>(self, s: &mut S, bucket: u32) {
		let mut at = bucket;
		for level in 0..LEVELS {
			let word = s.word_mut(self.key(level, at >> WORD_BITS));
			let known = *word != Word::default();
			word[index(at)] |= 1 << (at & 63);
			if known {
				return;
			}
			at >>= WORD_BITS;
		}
	}

	/// Note that `bucket` is empty now. Words above are touched only where a word becomes empty.
	#[inline]
	pub fn clear<P: Content, S: Store<P>>(self, s: &mut S, bucket: u32) {
		let mut at = bucket;
		for level in 0..LEVELS {
			let word = s.word_mut(self.key(level, at >> WORD_BITS));
			word[index(at)] &= !(1 << (at & 63));
			if *word != Word::default() {
				return;
			}
			at >>= WORD_BITS;
		}
	}

	/// Whether `bucket` is noted as not empty.
	pub fn contains<P: Content, S: Store<P>>(self, s: &mut S, bucket: u32) -> bool {
		s.word(self.key(0, bucket >> WORD_BITS))[index(bucket)] & (1 << (bucket & 63)) != 0
	}

	/// The lowest bucket that is not empty.
	#[inline]
	pub fn first<P: Content, S: Store<P>>(self, s: &mut S) -> Option<u32> {
		let top = lowest(s.word(self.key(LEVELS - 1, 0)))?;
		self.descend(s, LEVELS - 1, top, lowest)
	}

	/// The highest bucket that is not empty.
	#[inline]
	pub fn last<P: Content, S: Store<P>>(self, s: &mut S) -> Option<u32> {
		let top = highest(s.word(self.key(LEVELS - 1, 0)))?;
		self.descend(s, LEVELS - 1, top, highest)
	}

	/// The lowest bucket that is not empty and not below `bucket`.
	#[inline]
	pub fn at_or_above<P: Content, S: Store<P>>(self, s: &mut S, bucket: u32) -> Option<u32> {
		let mut at = bucket;
		for level in 0..LEVELS {
			if at >> (BUCKET_BITS - WORD_BITS * level as u32) != 0 {
				return None;
			}
			let word = s.word(self.key(level, at >> WORD_BITS));
			if let Some(bit) = lowest_from(word, at & MASK) {
				return self.descend(s, level, at & !MASK | bit, lowest);
			}
			at = (at >> WORD_BITS) + 1;
		}
		None
	}

	/// The highest bucket that is not empty and not above `bucket`.
	#[inline]
	pub fn at_or_below<P: Content, S: Store<P>>(self, s: &mut S, bucket: u32) -> Option<u32> {
		let mut at = bucket.min((1 << BUCKET_BITS) - 1);
		for level in 0..LEVELS {
			let word = s.word(self.key(level, at >> WORD_BITS));
			if let Some(bit) = highest_to(word, at & MASK) {
				return self.descend(s, level, at & !MASK | bit, highest);
			}
			at = (at >> WORD_BITS).checked_sub(1)?;
		}
		None
	}

	/// From the set bit `at` of `level` down to a bucket, choosing a bit of each word by `pick`.
	#[inline]
	fn descend<P: Content, S: Store<P>>(
		self,
		s: &mut S,
		level: u8,
		at: u32,
		pick: impl Fn(&Word) -> Option<u32>,
	) -> Option<u32> {
		let mut at = at;
		for below in (0..level).rev() {
			at = at << WORD_BITS | pick(s.word(self.key(below, at)))?;
		}
		Some(at)
	}
}

/// The part of a word that holds the bit of `at`.
#[inline]
const fn index(at: u32) -> usize {
	((at & MASK) >> 6) as usize
}

#[inline]
fn lowest(word: &Word) -> Option<u32> {
	let part = word.iter().position(|part| *part != 0)?;
	Some((part as u32) << 6 | word[part].trailing_zeros())
}

#[inline]
fn highest(word: &Word) -> Option<u32> {
	let part = word.iter().rposition(|part| *part != 0)?;
	Some((part as u32) << 6 | (63 - word[part].leading_zeros()))
}

#[inline]
fn lowest_from(word: &Word, bit: u32) -> Option<u32> {
	let part = index(bit);
	let here = word[part] & (u64::MAX << (bit & 63));
	if here != 0 {
		return Some((part as u32) << 6 | here.trailing_zeros());
	}
	let part = part + 1 + word[part + 1..].iter().position(|part| *part != 0)?;
	Some((part as u32) << 6 | word[part].trailing_zeros())
}

#[inline]
fn highest_to(word: &Word, bit: u32) -> Option<u32> {
	let part = index(bit);
	let here = word[part] & (u64::MAX >> (63 - (bit & 63)));
	if here != 0 {
		return Some((part as u32) << 6 | (63 - here.leading_zeros()));
	}
	let part = word[..part].iter().rposition(|part| *part != 0)?;
	Some((part as u32) << 6 | (63 - word[part].leading_zeros()))
}
