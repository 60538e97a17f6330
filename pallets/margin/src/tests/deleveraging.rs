//! Whom a deleveraging finds, whom it spares, and what is socialised where it finds nobody.

use crate::{mock::*, *};
use breakwater_primitives::{
	AccountRef, Check, Clearing, Fill, Level, Lots, MarketId, Observation, OrderId, Session, Side,
	Ticks,
};

fn counterparties() -> Vec<AccountRef> {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Margin(Event::Deleveraged { counterparty, .. }) => Some(counterparty),
		_ => None,
	});
	events.collect()
}

fn lots(who: AccountRef, market: MarketId) -> i64 {
	types::position_in(&account_of(who).positions, market).lots
}

/// An account of 10 with a lot bought at `price`.
fn long_one(n: u64, seller: AccountRef, price: u32) {
	let (who, sub) = (n / 16 + 3, (n % 16) as u8);
	Margin::deposit(RuntimeOrigin::signed(who), sub, 10 * QUOTE).unwrap();
	let account = Keys::<Test>::get((who, sub)).unwrap().account;
	trade(account, seller, price, 1);
}

#[test]
fn the_most_profitable_of_many_is_deleveraged() {
	ExtBuilder::build_and_execute(|| {
		let seller = funded(1, 900_000);
		// More than a page of the same class of leverage stand between him and the mark.
		(0..257).for_each(|n| long_one(n, seller, 96_000));
		Margin::deposit(RuntimeOrigin::signed(2), 0, 60 * QUOTE).unwrap();
		let most = Keys::<Test>::get((2, 0)).unwrap().account;
		trade(most, seller, 50_000, 10);
		Margin::deposit(RuntimeOrigin::signed(1), 1, 500 * QUOTE).unwrap();
		let loser = Keys::<Test>::get((1, 1)).unwrap().account;
		place(loser, BTC, Side::Ask, PRICE, 1_000, &NO_FEES, false).unwrap();
		Margin::deposit(RuntimeOrigin::signed(2), 2, 50_000 * QUOTE).unwrap();
		let buyer = Keys::<Test>::get((2, 2)).unwrap().account;
		place(buyer, BTC, Side::Bid, PRICE, 1_000, &NO_FEES, true).unwrap();
		// 15 of 209.
		set_price(BTC, 104_850);
		assert_eq!(counterparties()[0], most);
		// It is one lot each afterwards, from those who come next.
		assert!(counterparties().len() > 1);
	});
}

#[test]
fn attack_dust_deleveraging_does_not_postpone_a_liquidation() {
	ExtBuilder::build_and_execute(|| {
		let (rich, b, dust) = (funded(1, 900_000), funded(2, 700), funded(3, 6));
		trade(b, rich, PRICE, 1_000);
		place(dust, ETH, Side::Ask, PRICE, 10, &NO_FEES, false).unwrap();
		place(b, ETH, Side::Bid, PRICE, 10, &NO_FEES, true).unwrap();
		set_level(BTC, Level::Freeze);
		set_price(BTC, 94_600);
		set_price(ETH, 105_600);
		assert_eq!(counterparties(), vec![b]);
		let summary = Margin::summary_of(b).unwrap();
		let (equity, margin) = (summary.equity, summary.maintenance_margin as i128);
		assert!(equity < margin && equity * 2 >= margin, "{equity} {margin}");
		set_level(BTC, Level::Normal);
		assert!(liquidate(9, b) != Err(Error::<Test>::Spared.into()));
		assert_eq!(account_of(b).spared, 0);
	});
}

#[test]
fn who_gave_a_trifle_is_not_spared_for_it_nor_twice_in_a_row() {
	ExtBuilder::build_and_execute(|| {
		let (rich, b, dust) = (funded(1, 900_000), funded(2, 7_000), funded(3, 6));
		trade(b, rich, PRICE, 1_000);
		place(dust, ETH, Side::Ask, PRICE, 10, &NO_FEES, false).unwrap();
		place(b, ETH, Side::Bid, PRICE, 10, &NO_FEES, true).unwrap();
		set_price(ETH, 105_600);
		assert_eq!((counterparties(), account_of(b).spared), (vec![b], 0));
		// Most of what he holds is another matter, once.
		let loser = funded(4, 500);
		trade(b, rich, PRICE, 1);
		place(loser, ETH, Side::Ask, 105_600, 940, &NO_FEES, false).unwrap();
		place(b, ETH, Side::Bid, 105_600, 940, &NO_FEES, true).unwrap();
		set_price(ETH, 110_800);
		assert_eq!(account_of(b).spared, 61);
		System::set_block_number(100);
		let next = funded(5, 500);
		place(next, ETH, Side::Ask, 110_800, 850, &NO_FEES, false).unwrap();
		place(b, ETH, Side::Bid, 110_800, 850, &NO_FEES, true).unwrap();
		let before = lots(b, ETH);
		set_price(ETH, 116_000);
		assert!(lots(b, ETH) < before);
		assert_eq!(account_of(b).spared, 61);
	});
}

/// `who` sells what it holds to `to` at `price`, whatever it is left with.
fn sell_out(who: AccountRef, to: AccountRef, price: u32) {
	let mut session = Margin::session();
	let fill = Fill {
		market: BTC,
		taker: who,
		maker: to,
		maker_order: OrderId::default(),
		taker_side: Side::Ask,
		price: Ticks(price),
		lots: Lots(lots(who, BTC) as u64),
		maker_reduce_only: false,
		maker_done: true,
	};
	session.settle(&fill, &NO_FEES);
	session.commit(Check::None).unwrap();
}

fn socialised() -> u128 {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Margin(Event::Haircut { taken, .. }) => Some(taken),
		_ => None,
	});
	events.sum()
}

#[test]
fn many_small_deficits_take_no_more_than_one_large_one() {
	ExtBuilder::build_and_execute(|| {
		let (short, to) = (funded(1, 100_000), funded(2, 100_000));
		let longs: Vec<_> = (3..9).map(|who| funded(who, 125)).collect();
		longs.iter().for_each(|long| trade(*long, short, PRICE, 250));
		set_level(BTC, Level::Freeze);
		set_price(BTC, 94_000);
		// Each lacks 25, and 1 % of what the shorts hold is 141.
		longs.iter().for_each(|long| sell_out(*long, to, 94_000));
		assert_eq!((socialised(), BadDebt::<Test>::get(BTC)), (141 * QUOTE, 9 * QUOTE));
		assert!(Seen::get().contains(&(BTC, Observation::InvariantBroken)));
		// Half a day later half of it may be taken again.
		Now::mutate(|now| *now += 43_200_000);
		let late = funded(9, 625);
		set_level(BTC, Level::Normal);
		set_price(BTC, PRICE);
		place(to, BTC, Side::Ask, PRICE, 1_250, &NO_FEES, false).unwrap();
		place(late, BTC, Side::Bid, PRICE, 1_250, &NO_FEES, true).unwrap();
		set_level(BTC, Level::Freeze);
		set_price(BTC, 94_000);
		sell_out(late, to, 94_000);
		let taken = socialised() - 141 * QUOTE;
		assert!(taken <= 71 * QUOTE && taken >= 70 * QUOTE, "{taken}");
		set_level(BTC, Level::Normal);
	});
}

#[test]
fn a_bankrupt_is_closed_against_others_while_the_book_collects_for_an_auction() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		place(b, BTC, Side::Bid, 95_100, 5_000, &NO_FEES, false).unwrap();
		Collecting::set(true);
		set_level(BTC, Level::Auction);
		// 20 of 190 waits for the auction; nothing left does not.
		set_price(BTC, 95_200);
		next_block();
		assert_eq!(counterparties(), vec![]);
		set_price(BTC, 94_900);
		next_block();
		assert_eq!(counterparties(), vec![b]);
		assert!(lots(a, BTC) < 1_000);
		// In a freeze it waits as well.
		set_level(BTC, Level::Freeze);
		let held = lots(a, BTC);
		next_block();
		assert_eq!(lots(a, BTC), held);
		Collecting::set(false);
		set_level(BTC, Level::Normal);
	});
}
