//! Who waits, who has his turn, and what it costs the block.

use crate::{mock::*, *};
use breakwater_primitives::{AccountRef, Level, Side};
use frame_support::weights::Weight;

/// Accounts of 500 each, long a thousand lots of BTC at 100,000.
fn longs(count: u64, seller: AccountRef) -> Vec<AccountRef> {
	let one = |n: u64| {
		let (who, sub) = (n / 16 + 4, (n % 16) as u8);
		Margin::deposit(RuntimeOrigin::signed(who), sub, 500 * QUOTE).unwrap();
		let account = Keys::<Test>::get((who, sub)).unwrap().account;
		trade(account, seller, PRICE, 1_000);
		account
	};
	(0..count).map(one).collect()
}

/// What hooks may spend in a block, in microseconds.
fn hooks_may_take(micros: u64) {
	HookWeight::set(Weight::from_parts(micros * 1_000_000, u64::MAX));
}

fn lots_of(who: AccountRef) -> i64 {
	account_of(who).positions.first().map_or(0, |position| position.lots)
}

#[test]
fn a_frozen_market_does_not_hold_up_the_liquidations_of_another() {
	ExtBuilder::build_and_execute(|| {
		let (maker, long) = (funded(1, 900_000), funded(2, 500));
		let stuck = longs(30, maker);
		place(maker, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(long, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
		set_level(BTC, Level::Freeze);
		set_level(ETH, Level::Freeze);
		set_price(BTC, 95_700);
		set_price(ETH, 95_700);
		set_level(ETH, Level::Normal);
		place(maker, ETH, Side::Bid, 95_600, 50_000, &NO_FEES, false).unwrap();
		hooks_may_take(4_000);
		for _ in 0..3 {
			next_block();
		}
		assert!(lots_of(long) < 1_000);
		assert!(stuck.iter().all(|who| account_of(*who).since == 0));
		// They wait all the same, and go on when their market does.
		set_level(BTC, Level::Normal);
		next_block();
		assert!(stuck.iter().any(|who| account_of(*who).since > 0));
	});
}

#[test]
fn an_account_is_closed_where_it_may_be_though_the_market_that_hurts_it_is_frozen() {
	ExtBuilder::build_and_execute(|| {
		let (maker, long) = (funded(1, 900_000), funded(2, 1_000));
		trade(long, maker, PRICE, 1_000);
		place(maker, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(long, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
		place(maker, ETH, Side::Bid, 99_900, 50_000, &NO_FEES, false).unwrap();
		set_level(BTC, Level::Freeze);
		set_price(BTC, 92_500);
		next_block();
		let account = account_of(long);
		assert_eq!(account.positions[0].lots, 1_000);
		assert!(types::position_in(&account.positions, ETH).lots < 1_000);
	});
}

#[test]
fn those_for_whom_the_book_has_nothing_do_not_hold_up_those_behind_them() {
	ExtBuilder::build_and_execute(|| {
		let (maker, behind) = (funded(1, 950_000), funded(2, 540));
		let stuck = longs(70, maker);
		trade(behind, maker, PRICE, 1_000);
		// Below the bankruptcy price of the many, above that of the one.
		place(maker, BTC, Side::Bid, 94_999, 50_000, &NO_FEES, false).unwrap();
		hooks_may_take(4_000);
		set_price(BTC, 95_700);
		for _ in 0..4 {
			next_block();
		}
		assert!(lots_of(behind) < 1_000);
		assert!(stuck.iter().all(|who| lots_of(*who) == 1_000));
		// Each of them has had its turn as well.
		assert!(stuck.iter().all(|who| account_of(*who).since > 0));
	});
}

#[test]
fn who_was_tried_in_vain_is_tried_less_and_less_often() {
	ExtBuilder::build_and_execute(|| {
		let maker = funded(1, 900_000);
		let long = longs(1, maker)[0];
		set_price(BTC, 96_500);
		let mut tried = vec![1];
		while tried.len() < 8 {
			let before = account_of(long).retry;
			next_block();
			if account_of(long).retry != before {
				tried.push(System::block_number());
			}
		}
		// At the eighth the book is not waited for any longer.
		assert_eq!(tried, vec![1, 2, 3, 4, 5, 7, 9, 12]);
		assert!(lots_of(long) < 1_000);
	});
}
