//! The nearest triggers that the board keeps.

use crate::{mock::*, nearest::Nearest, triggers::Tree, *};
use breakwater_primitives::{Clearing, Funding, OnPrice, Prices, Side, Ticks, Validity};
use codec::Encode;
use frame_support::weights::{Weight, WeightMeter};
use proptest::prelude::*;

fn prices(price: u32) -> Prices {
	let price = Ticks(price);
	Prices {
		index: price,
		mark: price,
		stable: price,
		long: price,
		short: price,
		validity: Validity::Valid,
		at: Now::get(),
		age_limit: 0,
	}
}

/// What really is nearest, by all accounts.
fn naive() -> Nearest {
	let mut nearest = Nearest::default();
	for position in Accounts::<Test>::iter_values().flat_map(|account| account.positions) {
		for (tree, at) in crate::triggers::waiting(&position).into_iter().flatten() {
			let Some((BTC, slot)) = Tree::place(tree) else { continue };
			let now = &mut nearest.0[slot];
			*now = if [0, 3].contains(&slot) { at.max(*now) } else { at.min(*now) };
		}
	}
	nearest
}

fn kept() -> Nearest {
	Margin::board_of(BTC).nearest
}

#[test]
fn a_price_step_that_crosses_nothing_reads_no_trigger() {
	let mut ext = ExtBuilder::build();
	ext.execute_with(|| {
		let (maker, taker) = (funded(1, 900_000), funded(2, 500));
		trade(taker, maker, PRICE, 900);
	});
	ext.commit_all().unwrap();
	let words: Vec<Vec<u8>> = ext
		.execute_with(|| TriggerWords::<Test>::iter_values().map(|word| word.encode()).collect());
	let pages: Vec<Vec<u8>> = ext
		.execute_with(|| TriggerPages::<Test>::iter_values().map(|page| page.encode()).collect());
	assert!(words.len() > 3 && pages.len() > 3);
	let mut reads_trees = |price| {
		let step = || {
			let mut meter = WeightMeter::new();
			Margin::on_price(BTC, &prices(price), &mut meter);
			meter.consumed()
		};
		let (weight, proof) = ext.execute_and_prove(step);
		let nodes: Vec<Vec<u8>> = proof.into_iter_nodes().collect();
		let seen = |item: &Vec<u8>| {
			nodes.iter().any(|node| node.windows(item.len()).any(|part| part == item.as_slice()))
		};
		(words.iter().chain(&pages).filter(|item| seen(item)).count(), weight == Weight::zero())
	};
	assert_eq!(reads_trees(PRICE - 100), (0, true));
	assert_eq!(reads_trees(PRICE + 100), (0, true));
	let (read, free) = reads_trees(97_000);
	assert!(read > 0 && !free);
}

#[test]
fn arming_brings_the_nearest_nearer_and_looking_brings_it_up_to_date() {
	ExtBuilder::build_and_execute(|| {
		assert_eq!(kept(), Nearest::default());
		let (maker, near, far) = (funded(1, 900_000), funded(2, 500), funded(3, 5_000));
		trade(far, maker, PRICE, 900);
		let first = kept();
		assert_eq!(first, naive());
		trade(near, maker, PRICE, 900);
		assert_eq!(kept().0[0], account_of(near).positions[0].armed.price.unwrap());
		assert!(kept().0[0] > first.0[0]);
		// Closing leaves it where it was, which is not further away than what waits.
		place(maker, BTC, Side::Bid, PRICE, 900, &NO_FEES, false).unwrap();
		place(near, BTC, Side::Ask, PRICE, 900, &NO_FEES, true).unwrap();
		assert!(kept().0[0] > naive().0[0]);
		set_price(BTC, kept().0[0].0);
		assert_eq!(kept(), naive());
	});
}

#[test]
fn a_funding_step_that_crosses_nothing_leaves_nothing_to_do() {
	ExtBuilder::build_and_execute(|| {
		let (maker, taker) = (funded(1, 900_000), funded(2, 500));
		trade(taker, maker, PRICE, 900);
		Margin::accrue(BTC, Funding(1 << 20));
		assert_eq!(Backlog::<Test>::get(), 0);
		let waits = account_of(taker).positions[0].armed.funding.unwrap();
		Margin::accrue(BTC, Funding(waits.floor(btc_terms().contract)));
		assert_eq!(Backlog::<Test>::get(), 1);
		next_block();
		assert_eq!((Backlog::<Test>::get(), kept()), (0, naive()));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(24))]
	/// After any operation nothing waits nearer than what the board knows, no crossed trigger is unknown to
	/// the hooks, and once they have looked the board knows exactly what is nearest.
	#[test]
	fn nothing_is_ever_nearer_than_the_board_knows(
		steps in prop::collection::vec((0u8..6, 2u64..6, 1u64..400, -30i64..30), 1..40),
	) {
		ExtBuilder::build_and_execute(|| {
			let maker = funded(1, 900_000);
			let accounts: Vec<_> = (2..6).map(|who| funded(who, 2_000)).collect();
			let mut price = PRICE;
			for (what, who, lots, by) in steps {
				let trader = accounts[(who - 2) as usize];
				match what {
					0 | 1 => {
						let side = if what == 0 { Side::Bid } else { Side::Ask };
						let _ = place(maker, BTC, side.opposite(), price, lots, &NO_FEES, false);
						let _ = place(trader, BTC, side, price, lots, &NO_FEES, true);
					},
					2 => {
						price = (price as i64 + price as i64 * by / 1_000) as u32;
						set_price(BTC, price);
					},
					3 => Margin::accrue(BTC, Funding((by as i128) << 44)),
					4 => {
						let origin = RuntimeOrigin::signed(who);
						let _ = Margin::withdraw(origin, 0, u128::from(lots) * QUOTE);
					},
					_ => next_block(),
				}
				Margin::do_try_state().unwrap();
				let (kept, real) = (kept(), naive());
				for slot in 0..4 {
					let further = if [0, 3].contains(&slot) {
						kept.0[slot] < real.0[slot]
					} else {
						kept.0[slot] > real.0[slot]
					};
					assert!(!further, "{slot}: {kept:?} {real:?}");
				}
				let crossed = Margin::crossing(BTC)
					.into_iter()
					.enumerate()
					.any(|(slot, (_, at))| real.crossed(slot, at));
				assert!(!crossed || Backlog::<Test>::get() == 1);
				Margin::refresh_nearest(BTC);
				assert_eq!(Margin::board_of(BTC).nearest, real);
			}
		});
	}
}
