//! Triggers against a naive list.

mod common;

use breakwater_core::{
	store::{Kind, MemoryBackend, WriteBack},
	trigger::{
		arm, crossed, crossed_page, disarm, nearest, Trigger, TriggerPage, TriggersFull,
		BUCKET_TICKS,
	},
	units::{AccountRef, Ticks},
};
use common::{check_tree, MARKET};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

type Naive = BTreeMap<(u32, u32, u8), u32>;

#[derive(Clone, Debug)]
enum Step {
	Arm { tick: u32, account: u32, what: u8, aux: u32, many: u32 },
	Disarm { which: prop::sample::Index, many: usize },
	Cross { price: u32, max: usize },
}

fn tick() -> impl Strategy<Value = u32> {
	prop_oneof![5 => 1_000u32..1_300, 1 => any::<u32>(), 1 => Just(0), 1 => Just(u32::MAX)]
}

fn step() -> impl Strategy<Value = Step> {
	let many = prop_oneof![3 => 1u32..5, 1 => 200u32..900];
	prop_oneof![
		3 => (tick(), 0u32..4_000, 0u8..3, any::<u32>(), many.clone())
			.prop_map(|(tick, account, what, aux, many)| Step::Arm { tick, account, what, aux, many }),
		3 => (any::<prop::sample::Index>(), many)
			.prop_map(|(which, many)| Step::Disarm { which, many: many as usize }),
		2 => (tick(), prop_oneof![Just(usize::MAX), 0usize..400])
			.prop_map(|(price, max)| Step::Cross { price, max }),
	]
}

fn fires(kind: Kind, tick: u32, price: u32) -> bool {
	if kind == Kind::Falling {
		tick >= price
	} else {
		tick <= price
	}
}

fn check_crossed(naive: &Naive, kind: Kind, price: u32, max: usize, got: &[(Ticks, Trigger)]) {
	let all: BTreeSet<_> =
		naive.iter().filter(|((tick, ..), _)| fires(kind, *tick, price)).collect();
	assert_eq!(got.len(), max.min(all.len()));
	let keys: BTreeMap<_, _> =
		got.iter().map(|(tick, t)| ((tick.0, t.account.0, t.what), t.aux)).collect();
	assert_eq!(keys.len(), got.len());
	assert!(keys.iter().all(|entry| all.contains(&entry)));
	let rank = |tick: u32| if kind == Kind::Falling { u32::MAX - tick } else { tick };
	assert!(got.windows(2).all(|pair| rank(pair[0].0 .0) <= rank(pair[1].0 .0)));
	// No bucket is begun before the one beyond it is exhausted.
	let bucket = |tick: u32| rank(tick) / BUCKET_TICKS;
	if let Some((last, _)) = got.last() {
		let beyond = all.iter().filter(|((tick, ..), _)| bucket(*tick) < bucket(last.0));
		let taken = got.iter().filter(|(tick, _)| bucket(tick.0) < bucket(last.0));
		assert_eq!(beyond.count(), taken.count());
	}
}

fn run(kind: Kind, steps: Vec<Step>) {
	let (mut stored, mut naive) = (MemoryBackend::<TriggerPage>::default(), Naive::new());
	for step in steps {
		let mut cache = WriteBack::new(&mut stored);
		match step {
			Step::Arm { tick, account, what, aux, many } => {
				for account in account..account + many {
					let (at, who) = (Ticks(tick), AccountRef(account));
					assert_eq!(arm(&mut cache, MARKET, kind, at, who, what, aux), Ok(()));
					naive.insert((tick, account, what), aux);
				}
			},
			Step::Disarm { which, many } => {
				for _ in 0..many.min(naive.len()) {
					let (tick, account, what) =
						*naive.keys().nth(which.index(naive.len())).unwrap();
					naive.remove(&(tick, account, what));
					for expected in [true, false] {
						let (at, who) = (Ticks(tick), AccountRef(account));
						assert_eq!(disarm(&mut cache, MARKET, kind, at, who, what), expected);
					}
				}
			},
			Step::Cross { price, max } => {
				let got = crossed(&mut cache, MARKET, kind, Ticks(price), max);
				check_crossed(&naive, kind, price, max, &got);
				// Page by page, all of them, each once.
				let (mut walked, mut from) = (Vec::new(), None);
				while let Some(page) = crossed_page(&mut cache, MARKET, kind, Ticks(price), from) {
					walked.extend(page.found);
					from = page.next;
					if from.is_none() {
						break;
					}
				}
				let rank = |tick: u32| if kind == Kind::Falling { u32::MAX - tick } else { tick };
				let bucket = |found: &(Ticks, Trigger)| rank(found.0 .0) / BUCKET_TICKS;
				assert!(walked.windows(2).all(|pair| bucket(&pair[0]) <= bucket(&pair[1])));
				walked.sort_by_key(|(tick, _)| rank(tick.0));
				check_crossed(&naive, kind, price, usize::MAX, &walked);
			},
		}
		let mut ticks = naive.keys().map(|key| Ticks(key.0));
		let first = if kind == Kind::Falling { ticks.next_back() } else { ticks.next() };
		assert_eq!(nearest(&mut cache, MARKET, kind), first);
		cache.flush();
		check_tree(&stored, kind);
		if naive.is_empty() {
			assert_eq!(stored, MemoryBackend::default());
		}
	}
	let mut cache = WriteBack::new(&mut stored);
	for (tick, account, what) in naive.into_keys() {
		assert!(disarm(&mut cache, MARKET, kind, Ticks(tick), AccountRef(account), what));
	}
	cache.flush();
	assert_eq!(stored, MemoryBackend::default());
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(150))]

	#[test]
	fn random_streams_match_a_list(
		kind in prop_oneof![Just(Kind::Falling), Just(Kind::Rising)],
		steps in prop::collection::vec(step(), 1..40),
	) {
		run(kind, steps);
	}
}

#[test]
fn ten_thousand_triggers_of_one_tick_fit_and_come_back() {
	let mut stored = MemoryBackend::<TriggerPage>::default();
	let mut cache = WriteBack::new(&mut stored);
	for account in 0..10_000 {
		let who = AccountRef(account);
		assert_eq!(arm(&mut cache, MARKET, Kind::Rising, Ticks(900), who, 1, 0), Ok(()));
	}
	assert_eq!(crossed(&mut cache, MARKET, Kind::Rising, Ticks(900), 100).len(), 100);
	assert_eq!(crossed(&mut cache, MARKET, Kind::Rising, Ticks(900), 100_000).len(), 10_000);
	assert_eq!(crossed(&mut cache, MARKET, Kind::Rising, Ticks(899), 100), []);
	assert!(cache.flush().pages <= 80);
	let mut cache = WriteBack::new(&mut stored);
	for account in 0..10_000 {
		let who = AccountRef(account);
		assert!(disarm(&mut cache, MARKET, Kind::Rising, Ticks(900), who, 1));
	}
	cache.flush();
	assert_eq!(stored, MemoryBackend::default());
}

#[test]
fn a_full_path_refuses() {
	let mut stored = MemoryBackend::<TriggerPage>::default();
	let mut cache = WriteBack::new(&mut stored);
	let mut armed = 0;
	// Accounts that agree in all bits that choose a path.
	while arm(&mut cache, MARKET, Kind::Falling, Ticks(9), AccountRef(armed << 7), 0, 0).is_ok() {
		armed += 1;
	}
	assert_eq!(armed, 8 * 256);
	let other = AccountRef(1);
	let full = arm(&mut cache, MARKET, Kind::Falling, Ticks(9), AccountRef(armed << 7), 0, 0);
	assert_eq!(full, Err(TriggersFull));
	assert_eq!(arm(&mut cache, MARKET, Kind::Falling, Ticks(9), other, 0, 0), Ok(()));
}

#[test]
fn arming_again_changes_what_goes_with_it() {
	let mut stored = MemoryBackend::<TriggerPage>::default();
	let mut cache = WriteBack::new(&mut stored);
	for aux in [1, 2] {
		let who = AccountRef(5);
		assert_eq!(arm(&mut cache, MARKET, Kind::Falling, Ticks(300), who, 0, aux), Ok(()));
	}
	let fired = crossed(&mut cache, MARKET, Kind::Falling, Ticks(300), 9);
	let trigger = Trigger { offset: 44, what: 0, account: AccountRef(5), aux: 2 };
	assert_eq!(fired, [(Ticks(300), trigger)]);
}
