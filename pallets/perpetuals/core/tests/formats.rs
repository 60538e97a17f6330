//! The storage formats: key encodings, sizes, and the tree over buckets.

mod common;

use breakwater_core::{
	page::Page,
	store::{Kind, MemoryBackend, PageKey, WordKey, WriteBack},
	tree::Tree,
	trigger::TriggerPage,
	units::MarketId,
};
use codec::{Decode, Encode, MaxEncodedLen};
use common::MARKET;
use proptest::prelude::*;
use scale_info::TypeInfo;
use std::collections::BTreeSet;

fn kind() -> impl Strategy<Value = Kind> {
	prop::sample::select(vec![
		Kind::Bids,
		Kind::Asks,
		Kind::BidOverflow,
		Kind::AskOverflow,
		Kind::Falling,
		Kind::Rising,
	])
}

fn page_key() -> impl Strategy<Value = PageKey> {
	(any::<u16>(), kind(), any::<u32>(), any::<u8>())
		.prop_map(|(market, kind, at, chunk)| PageKey { market: MarketId(market), kind, at, chunk })
}

proptest! {
	#[test]
	fn page_keys_are_eight_bytes_that_sort_as_the_keys(a in page_key(), b in page_key()) {
		prop_assert_eq!(a.encode().len(), 8);
		prop_assert_eq!(a.encoded_size(), PageKey::max_encoded_len());
		prop_assert_eq!(PageKey::decode(&mut &a.encode()[..]), Ok(a));
		prop_assert_eq!(a.encode().cmp(&b.encode()), a.cmp(&b));
	}

	#[test]
	fn word_keys_are_eight_bytes_that_round_trip(a in page_key(), level in 0u8..4) {
		let key = WordKey { market: a.market, kind: a.kind, level, at: a.at };
		prop_assert_eq!(key.encode().len(), 8);
		prop_assert_eq!(key.encoded_size(), WordKey::max_encoded_len());
		prop_assert_eq!(WordKey::decode(&mut &key.encode()[..]), Ok(key));
	}

	#[test]
	fn the_tree_finds_what_an_ordered_set_finds(
		steps in prop::collection::vec((any::<bool>(), bucket()), 1..120),
		probes in prop::collection::vec(bucket(), 20),
	) {
		let tree = Tree { market: MARKET, kind: Kind::Falling };
		let mut stored = MemoryBackend::<Page>::default();
		let mut set = BTreeSet::new();
		for (add, bucket) in steps {
			let mut s = WriteBack::new(&mut stored);
			if add {
				tree.set(&mut s, bucket);
				set.insert(bucket);
			} else if let Some(bucket) = set.range(bucket..).next().copied() {
				tree.clear(&mut s, bucket);
				set.remove(&bucket);
			}
			prop_assert_eq!(tree.first(&mut s), set.first().copied());
			prop_assert_eq!(tree.last(&mut s), set.last().copied());
			for probe in probes.iter().chain(&[bucket]) {
				prop_assert_eq!(tree.contains(&mut s, *probe), set.contains(probe));
				let above = set.range(probe..).next().copied();
				prop_assert_eq!(tree.at_or_above(&mut s, *probe), above);
				let below = set.range(..=probe).next_back().copied();
				prop_assert_eq!(tree.at_or_below(&mut s, *probe), below);
			}
			s.flush();
			prop_assert_eq!(stored.words.is_empty(), set.is_empty());
		}
	}
}

fn bucket() -> impl Strategy<Value = u32> {
	let most = (1u32 << 27) - 1;
	prop_oneof![0..=most, 0u32..2_000, Just(0), Just(most), most - 600..=most]
}

#[test]
fn keys_are_big_endian() {
	let key = PageKey { market: MarketId(0x0102), kind: Kind::Falling, at: 0x0506_0708, chunk: 9 };
	assert_eq!(key.encode(), [1, 2, 4, 5, 6, 7, 8, 9]);
	let key = WordKey { market: MarketId(0x0102), kind: Kind::Rising, level: 2, at: 0x0506_0708 };
	assert_eq!(key.encode(), [1, 2, 5, 5, 6, 7, 8, 2]);
}

#[test]
fn metadata_tells_clients_that_keys_are_plain_bytes() {
	assert_eq!(PageKey::type_info(), <[u8; 8]>::type_info());
	assert_eq!(WordKey::type_info(), <[u8; 8]>::type_info());
}

#[test]
fn an_unknown_kind_is_no_key() {
	assert!(PageKey::decode(&mut &[0u8, 0, 6, 0, 0, 0, 0, 0][..]).is_err());
}

#[test]
fn pages_stay_within_the_size_that_proofs_were_planned_for() {
	assert!(Page::max_encoded_len() <= 3_500, "{}", Page::max_encoded_len());
	assert!(TriggerPage::max_encoded_len() <= 2_600, "{}", TriggerPage::max_encoded_len());
	assert_eq!(Page::type_info().path.ident(), Some("Page"));
	assert_eq!(TriggerPage::type_info().path.ident(), Some("TriggerPage"));
}
