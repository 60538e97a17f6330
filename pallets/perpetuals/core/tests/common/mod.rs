//! What the tests of the core share.

use breakwater_core::{
	page::Page,
	store::{Content, Kind, MemoryBackend, PageKey, WordKey},
	units::MarketId,
};

pub const MARKET: MarketId = MarketId(3);

/// Whether a tree's bits say which pages are stored, with no empty page or word.
pub fn check_tree<P: Content>(stored: &MemoryBackend<P>, kind: Kind) {
	assert!(stored.pages.values().all(|page| !page.is_empty()));
	assert!(stored.words.values().all(|word| word.iter().any(|part| *part != 0)));
	let mut expected: Vec<u32> =
		stored.pages.keys().filter(|k| k.kind == kind && k.chunk == 0).map(|k| k.at).collect();
	for level in 0..3 {
		let words = stored.words.iter().filter(|(key, _)| key.kind == kind && key.level == level);
		let bits: Vec<u32> = words
			.flat_map(|(key, word)| {
				(0..512u32)
					.filter(|bit| word[*bit as usize / 64] >> (bit % 64) & 1 == 1)
					.map(|bit| key.at << 9 | bit)
			})
			.collect();
		assert_eq!(bits, expected, "level {level} of {kind:?}");
		expected = bits.iter().map(|bit| bit >> 9).collect();
		expected.dedup();
	}
}

/// The invariants of a stored book.
#[allow(dead_code)]
pub fn check_pages(stored: &MemoryBackend<Page>) {
	check_tree(stored, Kind::Bids);
	check_tree(stored, Kind::Asks);
	for (key, page) in &stored.pages {
		let places: Vec<_> = page.orders.iter().map(|o| (o.offset, o.sequence)).collect();
		assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{key:?} is sorted");
		let overflow = match key.kind {
			Kind::Bids => Kind::BidOverflow,
			Kind::Asks => Kind::AskOverflow,
			_ => {
				check_overflow(stored, *key, page);
				continue;
			},
		};
		for bit in 0..32 {
			let at = key.at * 32 + bit;
			let word = WordKey { market: key.market, kind: overflow, level: 0, at };
			assert_eq!(page.overflow >> bit & 1 == 1, stored.words.contains_key(&word));
		}
	}
}

/// An overflow page belongs to a tick of a stored bucket, is listed once, and is younger than the
/// orders of its tick in the bucket.
fn check_overflow(stored: &MemoryBackend<Page>, key: PageKey, page: &Page) {
	let kind = if key.kind == Kind::BidOverflow { Kind::Bids } else { Kind::Asks };
	let bucket = PageKey { kind, at: key.at / 32, chunk: 0, ..key };
	let bucket = stored.pages.get(&bucket).expect("its bucket is stored");
	assert!(bucket.overflow >> (key.at % 32) & 1 == 1);
	assert_eq!(page.overflow, 0);
	let mut here = bucket.orders.iter().filter(|o| u32::from(o.offset) == key.at % 32);
	assert!(here.all(|o| o.sequence < page.orders[0].sequence));
	let listed = (0..4)
		.filter_map(|level| {
			stored.words.get(&WordKey { market: key.market, kind: key.kind, level, at: key.at })
		})
		.flat_map(|word| word.iter().flat_map(|part| part.to_le_bytes()))
		.filter(|chunk| *chunk == key.chunk)
		.count();
	assert_eq!(listed, 1);
}
