//! Triggers, liquidations, deficits.

use crate::{mock::*, *};
use breakwater_primitives::{
	Check, Clearing, Level, Lots, Observation, Ppm, Session, Side, Ticks, Validity,
};
use frame_support::{assert_noop, assert_ok, traits::Hooks};

fn liquidations() -> Vec<Event<Test>> {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Margin(event @ Event::Liquidated { .. }) => Some(event),
		_ => None,
	});
	events.collect()
}

#[test]
fn a_price_wakes_an_account_and_a_healthy_one_is_armed_again() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 1_000);
		let first = account_of(a).positions[0].armed.price.unwrap();
		set_price(BTC, first.0 + 1);
		assert_eq!(account_of(a).positions[0].armed.price, Some(first));
		set_price(BTC, first.0);
		assert!(account_of(a).positions[0].armed.price.unwrap() < first);
		assert_eq!(liquidations(), vec![]);
		assert_eq!(Backlog::<Test>::get(), 0);
	});
}

#[test]
fn an_under_margined_account_is_closed_into_the_book_with_a_penalty() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 501), funded(2, 10_000), funded(3, 10_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Bid, 96_800, 2_000, &NO_FEES, false).unwrap();
		// It reserves nothing.
		let mut session = Margin::session();
		rest_in(&mut session, a, ETH, Side::Bid, 1_000, Lots(1), true).unwrap();
		session.commit(Check::None).unwrap();
		// 501 - 310 = 190 against 2 % of 9,690.
		set_price(BTC, 96_900);
		let [Event::Liquidated { account, lots, price, penalty, bankruptcy, level, .. }] =
			liquidations()[..]
		else {
			panic!("{:?}", liquidations())
		};
		assert_eq!((account, price, level), (a, Ticks(96_800), Level::Normal));
		assert_eq!(bankruptcy, Ticks(94_990));
		let notional = lots as u128 * 96_800 * 100;
		assert_eq!(penalty, fee(notional));
		assert_eq!(Fund::get(), penalty);
		// Part of it was enough, and its orders are gone.
		let summary = Margin::summary_of(a).unwrap();
		assert!(lots > 0 && lots < 1_000, "{lots}");
		assert!(summary.equity >= summary.maintenance_margin as i128);
		assert_eq!(summary.orders, vec![]);
		assert_eq!(Seen::get(), vec![(BTC, Observation::Liquidated { notional })]);
	});
}

fn fee(notional: u128) -> u128 {
	Ppm(5_000).mul_ceil(notional)
}

#[test]
fn the_book_is_never_taken_beyond_the_bankruptcy_price() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 10_000), funded(3, 10_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Bid, 94_999, 2_000, &NO_FEES, false).unwrap();
		set_price(BTC, 95_700);
		assert_eq!(liquidations(), vec![]);
		assert_eq!(account_of(a).positions[0].lots, 1_000);
		assert_eq!(Margin::crossed_accounts(BTC), vec![a]);
		assert_noop!(liquidate(7, a), Error::<Test>::NoLiquidity);
		// It waits, and the next blocks go on when there is a bid: a quarter of the depth in each.
		place(c, BTC, Side::Bid, 95_050, 2_000, &NO_FEES, false).unwrap();
		next_block();
		// 2,000 lots at 95,050 and as many at 94,999.
		assert_eq!(account_of(a).positions[0].lots, 1_000 - 992);
		next_block();
		assert_eq!(account_of(a).positions.len(), 0);
		assert!(account_of(a).quote >= 0);
		assert_eq!(Backlog::<Test>::get(), 0);
	});
}

#[test]
fn a_short_is_liquidated_when_the_price_rises() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 10_000), funded(2, 500), funded(3, 10_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Ask, 103_000, 2_000, &NO_FEES, false).unwrap();
		set_price(BTC, 102_980);
		let [Event::Liquidated { account, lots, bankruptcy, .. }] = liquidations()[..] else {
			panic!("{:?}", liquidations())
		};
		assert_eq!((account, bankruptcy), (b, Ticks(105_000)));
		assert!(lots < 0);
	});
}

#[test]
fn a_denied_liquidation_waits_and_goes_on_afterwards() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 10_000), funded(3, 10_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Bid, 96_800, 2_000, &NO_FEES, false).unwrap();
		set_level(BTC, Level::Freeze);
		set_price(BTC, 96_900);
		assert_eq!(account_of(a).positions[0].lots, 1_000);
		assert_noop!(liquidate(7, a), Error::<Test>::LiquidationDenied);
		set_level(BTC, Level::Normal);
		set_prices(BTC, 96_900, Validity::Invalid);
		assert_noop!(liquidate(7, a), Error::<Test>::LiquidationDenied);
		// Freshly valid again: anyone may, or the next block does.
		Board::<Test>::mutate(0, |shard| shard[0].prices.validity = Validity::Degraded);
		assert_ok!(liquidate(7, a));
		assert!(account_of(a).positions[0].lots < 1_000);
	});
}

#[test]
fn more_crossed_triggers_than_fit_at_once_wait_for_the_next_block() {
	ExtBuilder::build_and_execute(|| {
		let makers = funded(1, 900_000);
		let mut owners = Vec::new();
		for who in 2..19 {
			for sub in 0..2 {
				Margin::deposit(RuntimeOrigin::signed(who), sub, 50 * QUOTE).unwrap();
				let account = Keys::<Test>::get((who, sub)).unwrap().account;
				trade(account, makers, PRICE, 100);
				owners.push(account);
			}
		}
		place(makers, BTC, Side::Bid, 96_500, 100_000, &NO_FEES, false).unwrap();
		set_price(BTC, 96_500);
		assert_eq!(liquidations().len(), 16);
		assert_eq!(Backlog::<Test>::get(), 1);
		Margin::on_poll(2, &mut frame_support::weights::WeightMeter::new());
		assert_eq!(liquidations().len(), owners.len());
		assert_eq!(Backlog::<Test>::get(), 0);
		for owner in owners {
			assert_eq!(account_of(owner).positions.len(), 0);
		}
	});
}

#[test]
fn cross_margin_carries_a_loss_in_one_market_with_a_gain_in_another() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		place(b, ETH, Side::Bid, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(a, ETH, Side::Ask, PRICE, 1_000, &NO_FEES, true).unwrap();
		// Long one, short the other: both fall together.
		for price in (60_000..100_000).rev().step_by(1_000) {
			set_price(ETH, price);
			set_price(BTC, price);
			Margin::do_try_state().unwrap();
		}
		assert_eq!(liquidations(), vec![]);
		assert_eq!(account_of(a).positions.len(), 2);
		assert_eq!(Totals::<Test>::get(ETH).long, Lots(1_000));
	});
}
