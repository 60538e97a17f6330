//! Funding: indices, lazy settlement, triggers that see it, and what rounding leaves over.

use crate::{mock::*, *};
use breakwater_primitives::{Clearing, Funding, Lots, Observation, Ppm, Side};
use frame_support::{assert_noop, assert_ok, traits::Hooks, weights::Weight};

/// Quote units per lot, as an index counts them.
fn per_lot(quote: i128) -> Funding {
	Funding(quote << Funding::FRACTION_BITS)
}

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

#[test]
fn longs_pay_shorts_and_nobody_is_visited() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 2_000), funded(2, 1_000));
		trade(a, b, PRICE, 1_000);
		let before = account_of(a);
		Margin::accrue(BTC, per_lot(10_000));
		assert_eq!(account_of(a), before);
		// 0.01 for each of 1,000 lots.
		let equity = |who| Margin::summary_of(who).unwrap().equity;
		assert_eq!((equity(a), equity(b)), (1_990 * QUOTE as i128, 1_010 * QUOTE as i128));
		System::assert_has_event(
			Event::FundingAccrued { market: BTC, long: 10_000 << 32, short: 10_000 << 32 }.into(),
		);
		Margin::do_try_state().unwrap();
		// A withdrawal settles; the profit of the other waits for him.
		assert_ok!(Margin::withdraw(signed(1), 0, 1));
		assert_eq!(account_of(a).quote, 1_990 * QUOTE as i128 - 1);
		System::assert_has_event(
			Event::FundingSettled { account: a, market: BTC, paid: 10 * QUOTE as i128 }.into(),
		);
		assert_eq!(Totals::<Test>::get(BTC).paid, 10 * QUOTE as i128);
		assert_eq!(Ledger::<Test>::get().funding, 10 * QUOTE as i128);
		trade(b, a, PRICE, 400);
		assert_eq!(account_of(b).quote, 1_010 * QUOTE as i128);
		assert_eq!(Totals::<Test>::get(BTC).paid, 0);
	});
}

#[test]
fn a_new_position_does_not_owe_what_came_before_it() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 1_000), funded(2, 1_000), funded(3, 1_000));
		Margin::accrue(BTC, per_lot(50_000));
		trade(a, b, PRICE, 100);
		Margin::accrue(BTC, per_lot(10_000));
		trade(c, b, PRICE, 100);
		// More of the same, and a turn to the other side.
		trade(a, b, PRICE, 100);
		Margin::accrue(BTC, per_lot(10_000));
		trade(b, a, PRICE, 500);
		Margin::accrue(BTC, per_lot(10_000));
		trade(a, c, PRICE, 300);
		let quote = |who| account_of(who).quote - 1_000 * QUOTE as i128;
		// 100 x 0.01, 200 x 0.01, then short 300: receives 3.
		assert_eq!(quote(a), 0);
		assert_eq!(quote(c), -2 * QUOTE as i128);
	});
}

#[test]
fn what_rounding_leaves_over_goes_to_the_dust_pot() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 3);
		// A third of a unit for each lot of three: one unit less a rest.
		for _ in 0..10 {
			Margin::accrue(BTC, Funding((1 << 32) / 7));
			trade(a, b, PRICE, 1);
			Margin::do_try_state().unwrap();
		}
		assert!(Ledger::<Test>::get().dust > 0);
		assert!(Totals::<Test>::get(BTC).agree());
	});
}

#[test]
fn funding_wakes_and_liquidates_though_the_price_stands_still() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 10_000), funded(3, 10_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Bid, PRICE - 100, 2_000, &NO_FEES, false).unwrap();
		let first = account_of(a).positions[0].armed.funding.unwrap();
		// Until the trigger nothing waits.
		Margin::accrue(BTC, per_lot(10_000));
		assert_eq!(Backlog::<Test>::get(), 0);
		// 150 of 500: 350 is still more than 200.
		Margin::accrue(BTC, per_lot(140_000));
		assert_eq!(Backlog::<Test>::get(), 1);
		Margin::on_poll(2, &mut frame_support::weights::WeightMeter::new());
		assert_eq!(Backlog::<Test>::get(), 0);
		assert!(account_of(a).positions[0].armed.funding.unwrap() > first);
		assert_eq!(account_of(a).positions[0].lots, 1_000);
		Margin::do_try_state().unwrap();
		// 310 of 500.
		Margin::accrue(BTC, per_lot(160_000));
		Margin::on_poll(3, &mut frame_support::weights::WeightMeter::new());
		assert!(account_of(a).positions[0].lots < 1_000);
		let summary = Margin::summary_of(a).unwrap();
		assert!(summary.equity >= summary.maintenance_margin as i128);
	});
}

#[test]
fn a_short_is_woken_by_funding_that_it_pays() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 10_000), funded(2, 500), funded(3, 10_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Ask, PRICE + 100, 2_000, &NO_FEES, false).unwrap();
		Margin::accrue(BTC, per_lot(-310_000));
		Margin::do_try_state().unwrap();
		Margin::on_idle(1, Weight::from_parts(1 << 50, 1 << 40));
		assert!(account_of(b).positions[0].lots > -1_000);
	});
}

#[test]
fn an_index_stops_at_its_limit_and_an_unknown_market_has_none() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 1);
		Margin::accrue(BTC, Funding(i128::MAX));
		let most = breakwater_math::funding::limit(btc_terms().contract);
		assert_eq!(Board::<Test>::get(0)[0].funding_long, most);
		assert!(Totals::<Test>::get(BTC).agree());
		Margin::accrue(BTC, Funding(i128::MIN));
		assert_eq!(Board::<Test>::get(0)[0].funding_short, -most);
		Margin::accrue(BTC, Funding(most));
		Margin::accrue(breakwater_primitives::MarketId(9), per_lot(1));
		assert_eq!(Totals::<Test>::get(BTC).pending, 0);
	});
}

#[test]
fn totals_that_disagree_quarantine_their_market_and_stop_withdrawals() {
	ExtBuilder::build().execute_with(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 10);
		Margin::on_finalize(1);
		assert_eq!(Seen::get(), vec![]);
		// A fault: a market's costs and the sum of all costs are off by one.
		Totals::<Test>::mutate(BTC, |totals| totals.cost += 1);
		Ledger::<Test>::mutate(|ledger| ledger.cost += 1);
		Margin::on_finalize(1);
		assert_eq!(Seen::get(), vec![(BTC, Observation::InvariantBroken)]);
		assert_noop!(Margin::withdraw(signed(1), 0, 1), Error::<Test>::WithdrawalDenied);
		Totals::<Test>::mutate(BTC, |totals| totals.cost -= 1);
		Ledger::<Test>::mutate(|ledger| ledger.cost -= 1);
		assert_ok!(Margin::withdraw(signed(1), 0, 1));
	});
}

#[test]
fn volume_is_remembered_for_about_thirty_days() {
	ExtBuilder::build_and_execute(|| {
		use breakwater_primitives::Session;
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 100);
		let volume = |who| Margin::session().volume(who);
		assert_eq!((volume(a), volume(b)), (1_000 * QUOTE, 1_000 * QUOTE));
		let day = 86_400_000;
		Now::mutate(|now| *now += day);
		assert_eq!(volume(a), 966_666_666);
		trade(b, a, PRICE, 100);
		assert_eq!(volume(a), 1_966_666_666);
		Now::mutate(|now| *now += 30 * day);
		let left = volume(a);
		assert!(left > 700 * QUOTE && left < 715 * QUOTE, "{left}");
		Now::mutate(|now| *now += 400 * day);
		assert_eq!(volume(a), 0);
		set_price(BTC, PRICE);
	});
}

#[test]
fn volatility_and_open_interest_weigh_on_what_is_added_only() {
	ExtBuilder::build_and_execute(|| {
		let terms = breakwater_math::RiskTerms {
			open_interest_lower: Lots(1_000),
			open_interest_upper: Lots(3_000),
			..btc_terms()
		};
		let market = breakwater_primitives::MarketId(2);
		Margin::market_created(market, terms).unwrap();
		set_price(market, PRICE);
		let (a, b) = (funded(1, 1_000), funded(2, 100_000));
		let order = |who, side, lots| place(who, market, side, PRICE, lots, &NO_FEES, false);
		order(b, Side::Ask, 1_000).unwrap();
		order(a, Side::Bid, 1_000).unwrap();
		// 500 are free. At the lower bound 5 %; 100 lots more are 100 of 2,000 above it: 9.75 %.
		assert_ok!(order(b, Side::Ask, 1_000));
		assert_eq!(order(a, Side::Bid, 500).err(), Some(Error::<Test>::InsufficientMargin.into()));
		assert_ok!(order(a, Side::Bid, 100));
		assert_eq!(Totals::<Test>::get(market).long, Lots(1_100));
		// What it holds is not charged again, but counts in full where collateral leaves.
		assert_ok!(order(a, Side::Bid, 1));
		let summary = Margin::summary_of(a).unwrap();
		assert!(summary.withdrawable < 1_000 * QUOTE - summary.initial_margin);
		// 1 % in a minute: 20.55 % on what is added.
		Margin::set_volatility(BTC, Ppm(10_000));
		let d = funded(4, 205);
		let bid = |lots| place(d, BTC, Side::Bid, PRICE, lots, &NO_FEES, false);
		assert_noop!(bid(100), Error::<Test>::InsufficientMargin);
		assert_ok!(bid(99));
		assert_eq!(Board::<Test>::get(0)[0].volatility, Ppm(10_000));
	});
}

#[test]
fn what_is_said_to_be_withdrawable_is_what_may_be_withdrawn_after_funding_is_paid() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 100);
		// A deep book, so that closing costs nothing worth mentioning.
		place(b, BTC, Side::Bid, PRICE, 500, &NO_FEES, false).unwrap();
		set_price(BTC, PRICE + 1_000);
		Margin::accrue(BTC, per_lot(1_000));
		let told = Margin::summary_of(a).unwrap().withdrawable;
		let withdraw = |amount| Margin::withdraw(signed(1), 0, amount);
		assert_eq!(
			withdraw(told + 1).map_err(|failed| failed.error),
			Err(Error::<Test>::ExceedsWithdrawable.into())
		);
		assert!(withdraw(told).is_ok());
	});
}
