//! What accounts owe in quote: interest, caps, and the Dutch auction of their collateral.

use crate::{mock::*, *};
use breakwater_primitives::{AccountRef, Level, Side, Validity};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

const Q: i128 = QUOTE as i128;
const MINUTE: u64 = 60_000;
const DAY: u64 = 86_400_000;

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn with_assets(test: impl FnOnce()) {
	ExtBuilder::build_and_execute(|| {
		list_assets();
		test();
	});
}

fn told(wanted: impl Fn(&Event<Test>) -> bool) -> Vec<Event<Test>> {
	let events = System::events().into_iter().filter_map(|record| match record.event {
		RuntimeEvent::Margin(event) => Some(event),
		_ => None,
	});
	events.filter(|event| wanted(event)).collect()
}

fn buy(account: AccountRef, amount: u128) -> frame_support::dispatch::DispatchResult {
	let bought = Margin::buy_collateral(signed(7), account, COIN, amount, u128::MAX);
	bought.map(|_| ()).map_err(|failed| failed.error)
}

/// Time goes by; prices are what they were.
fn after(millis: u64) {
	Now::mutate(|now| *now += millis);
	for market in [BTC, ETH] {
		set_price(market, Margin::prices(market).mark.0);
	}
}

/// A long of 5,000 lots backed by a coin, `lots` of which are closed at a loss of 10 %.
fn indebted(lots: u64) -> AccountRef {
	let (a, b) = (backed(1, COIN, ONE), funded(2, 100_000));
	trade(a, b, PRICE, 5_000);
	set_price(BTC, 90_000);
	trade(b, a, 90_000, lots);
	a
}

#[test]
fn half_of_the_collaterals_worth_may_be_owed() {
	with_assets(|| {
		let a = indebted(4_500);
		assert_eq!(account_of(a).quote, -4_500 * Q);
		assert_eq!(Ledger::<Test>::get().owed, 4_500 * QUOTE);
		assert!(!Sales::<Test>::contains_key(a));
		let offered = Margin::offer_collateral(signed(7), a);
		assert_noop!(offered.map_err(|failed| failed.error), Error::<Test>::WithinDebtCap);
		assert_noop!(buy(a, ONE), Error::<Test>::NotForSale);
		// The value falls a little, which nobody is woken for; anyone may say so.
		set_price(ETH, 99_000);
		assert!(!Sales::<Test>::contains_key(a));
		assert_ok!(Margin::offer_collateral(signed(7), a));
		assert!(Sales::<Test>::contains_key(a) && Margin::summary_of(a).unwrap().for_sale);
		let again = Margin::offer_collateral(signed(7), a);
		assert_noop!(again.map_err(|failed| failed.error), Error::<Test>::ForSale);
		System::assert_has_event(
			Event::SaleBegun { account: a, market: BTC, owed: 4_500 * QUOTE, worth: 8_910 * QUOTE }
				.into(),
		);
	});
}

#[test]
fn beyond_the_cap_the_collateral_is_sold_until_nothing_is_owed() {
	with_assets(|| {
		let a = indebted(4_900);
		assert_eq!(account_of(a).quote, -4_900 * Q);
		// It begins at 105 % of 10,000.
		let asked = |amount| Margin::asked(a, COIN, amount).unwrap();
		assert_eq!(asked(100_000), (1_050 * QUOTE, 100_000));
		let over = Margin::buy_collateral(signed(7), a, COIN, 100_000, 1_050 * QUOTE - 1);
		assert_noop!(over.map_err(|failed| failed.error), Error::<Test>::AsksMore);
		let none = Margin::buy_collateral(RuntimeOrigin::none(), a, COIN, 1, u128::MAX);
		assert_noop!(none.map_err(|failed| failed.error), DispatchError::BadOrigin);
		assert_noop!(buy(a, 0), Error::<Test>::ZeroAmount);
		let other = Margin::buy_collateral(signed(7), a, STABLE, 1, u128::MAX);
		assert_noop!(other.map_err(|failed| failed.error), Error::<Test>::NotEnoughAsset);
		let unknown = Margin::buy_collateral(signed(7), a, 9, 1, u128::MAX);
		assert_noop!(unknown.map_err(|failed| failed.error), Error::<Test>::AssetNotListed);
		assert_ok!(buy(a, 100_000));
		assert_eq!(account_of(a).quote, -3_850 * Q);
		assert_eq!(Assets::balance(1, 7), (1_000_000 - 1_050) * QUOTE);
		assert_eq!(Assets::balance(COIN, 7), 1_000_000 * QUOTE + 100_000);
		let elsewhere = Margin::withdraw_asset(signed(1), 0, COIN, 1);
		assert_noop!(elsewhere, Error::<Test>::ForSale);
		// Three minutes later 99 %. No more is sold than pays the debt, to the unit.
		after(3 * MINUTE);
		let equity = Margin::summary_of(a).unwrap().equity;
		assert_ok!(buy(a, ONE));
		assert_eq!(account_of(a).quote, 6_989);
		assert_eq!(account_of(a).collaterals[0].amount, ONE - 100_000 - 388_890);
		let mut sold = told(|event| matches!(event, Event::CollateralSold { .. }));
		assert_eq!(
			sold.pop(),
			Some(Event::CollateralSold {
				account: a,
				buyer: 7,
				asset: COIN,
				amount: 388_890,
				cost: 3_850_011_000,
				asked: breakwater_math::Value(792_000),
				price: breakwater_primitives::Ticks(PRICE),
				// With three minutes' interest.
				owed: 3_850_004_011,
			})
		);
		System::assert_has_event(Event::SaleEnded { account: a, owed: 0 }.into());
		assert_eq!(Ledger::<Test>::get().owed, 0);
		// A tenth more than what it counted for.
		assert!(Margin::summary_of(a).unwrap().equity > equity);
		assert_noop!(buy(a, 1), Error::<Test>::NotForSale);
	});
}

#[test]
fn a_sale_falls_to_what_the_asset_counts_for_and_no_further() {
	with_assets(|| {
		let a = indebted(4_900);
		let asked = || Margin::asked(a, COIN, 1_000).unwrap().0;
		let mut seen = Vec::new();
		for _ in 0..10 {
			seen.push(asked() / 1_000);
			after(MINUTE);
		}
		// For a thousandth of a coin, in thousandths.
		let expected = [10_500, 10_300, 10_100, 9_900, 9_700, 9_500, 9_300, 9_100, 9_000, 9_000];
		assert_eq!(seen, expected);
	});
}

#[test]
fn nothing_is_sold_at_a_price_that_is_not_known() {
	with_assets(|| {
		let a = indebted(4_900);
		for validity in [Validity::Unconfirmed, Validity::Invalid] {
			set_prices(ETH, PRICE, validity);
			assert_noop!(buy(a, 1), Error::<Test>::PriceNotUsable);
		}
		set_price(ETH, PRICE);
		set_level(ETH, Level::Freeze);
		assert_noop!(buy(a, 1), Error::<Test>::LiquidationDenied);
		set_level(ETH, Level::Normal);
		assert_ok!(buy(a, 1));
		Now::mutate(|now| *now += 10_001);
		assert_noop!(buy(a, 1), Error::<Test>::PriceNotUsable);
	});
}

#[test]
fn paying_the_debt_ends_the_sale() {
	with_assets(|| {
		let a = indebted(4_900);
		assert_ok!(Margin::deposit(signed(1), 0, 4_899 * QUOTE));
		assert!(Sales::<Test>::contains_key(a));
		assert_ok!(Margin::deposit(signed(1), 0, QUOTE));
		assert!(!Sales::<Test>::contains_key(a));
		assert_eq!(account_of(a).owes_since, 0);
	});
}

#[test]
fn all_together_owe_a_fifth_of_what_custody_holds() {
	with_assets(|| {
		// A thousand in custody; each owes a tenth of it against plenty of collateral.
		let b = funded(2, 1_000);
		let mut owing = Vec::new();
		for who in 3..6 {
			let a = backed(who, COIN, 10 * ONE);
			set_price(BTC, PRICE);
			trade(a, b, PRICE, 200);
			set_price(BTC, 90_000);
			trade(b, a, 90_000, 100);
			owing.push(a);
		}
		assert_eq!(Ledger::<Test>::get().owed, 300 * QUOTE);
		// Whoever is written next is asked: by then the sum is above 200.
		let for_sale = owing.iter().map(|a| Sales::<Test>::contains_key(a));
		assert_eq!(for_sale.collect::<Vec<_>>(), [false, false, false]);
		assert_ok!(Margin::offer_collateral(signed(7), owing[0]));
		assert!(Sales::<Test>::contains_key(owing[0]));
	});
}

#[test]
fn interest_is_taken_at_touch_to_the_insurance_fund() {
	with_assets(|| {
		let a = indebted(4_000);
		assert_eq!(account_of(a).quote, -4_000 * Q);
		let fund = Fund::get();
		after(10 * DAY);
		assert_eq!(account_of(a).quote, -4_000 * Q);
		assert_ok!(Margin::deposit(signed(1), 0, 1_000 * QUOTE));
		// 5 basis points a day.
		assert_eq!(account_of(a).quote, -3_020 * Q);
		assert_eq!(Fund::get(), fund + 20 * QUOTE);
		System::assert_has_event(
			Event::InterestPaid { account: a, debt: 4_000 * QUOTE, amount: 20 * QUOTE }.into(),
		);
		// It was taken for that time; from now on for less.
		after(DAY);
		assert_ok!(Margin::deposit(signed(1), 0, QUOTE));
		assert_eq!(account_of(a).quote, -3_019 * Q - 1_510_000);
		assert_ok!(Margin::deposit(signed(1), 0, QUOTE));
		assert_eq!(account_of(a).quote, -3_018 * Q - 1_510_000);
	});
}

#[test]
fn interest_makes_nobody_liquidatable() {
	with_assets(|| {
		let a = indebted(4_000);
		// Equity 9,000 - 4,000 - 1,000 against 180 on 1,000 lots; the value falls until 10 are left.
		set_price(ETH, 57_700);
		let summary = Margin::summary_of(a).unwrap();
		let surplus = summary.equity - summary.maintenance_margin as i128;
		assert!((0..20 * Q).contains(&surplus), "{surplus}");
		after(30 * DAY);
		assert_ok!(Margin::deposit(signed(1), 0, 1));
		let summary = Margin::summary_of(a).unwrap();
		assert!(summary.equity >= summary.maintenance_margin as i128);
		assert!(account_of(a).quote < -4_000 * Q);
		assert_eq!(account_of(a).positions[0].lots, 1_000);
	});
}

#[test]
fn who_has_closed_everything_and_owes_sells_at_once_and_cannot_leave() {
	with_assets(|| {
		let a = indebted(5_000);
		assert_eq!(account_of(a).quote, -5_000 * Q);
		assert_eq!(account_of(a).collaterals[0].armed, None);
		assert!(Sales::<Test>::contains_key(a));
		assert_noop!(Margin::close_account(signed(1), 0), Error::<Test>::AccountInUse);
		assert_ok!(buy(a, ONE));
		assert_ok!(Margin::close_account(signed(1), 0));
		assert!(told(|event| matches!(event, Event::DeficitCovered { .. })).is_empty());
	});
}

/// A long of 1,000 lots with 200 of quote and a tenth of a coin, closed at `price` into a deep book.
fn crashed(price: u32) -> AccountRef {
	insure(10_000);
	let (a, b, c) = (backed(1, COIN, ONE / 10), funded(2, 100_000), funded(3, 900_000));
	funded(1, 200);
	trade(a, b, PRICE, 1_000);
	place(c, BTC, Side::Bid, price, 50_000, &NO_FEES, false).unwrap();
	set_price(BTC, price);
	a
}

#[test]
fn a_bankrupt_by_its_haircut_alone_is_closed_without_the_funds() {
	with_assets(|| {
		// It has 1,200 at its collateral's price and lost 1,150: 50 are left, and -50 after haircut.
		let a = crashed(88_500);
		assert_eq!(account_of(a).positions.len(), 0);
		// The penalty stays above the bankruptcy price.
		assert_eq!(account_of(a).quote, -950 * Q - 44_250_000);
		assert_eq!(Fund::get(), 10_000 * QUOTE + 44_250_000);
		let sale = Sales::<Test>::get(a).unwrap();
		assert_eq!((sale.market, sale.lost, sale.repay), (BTC, 1, 0));
		// Sold at 105 %, it covers all.
		assert_ok!(buy(a, ONE));
		assert!(account_of(a).quote >= 0);
		assert!(told(|event| matches!(event, Event::DeficitCovered { .. })).is_empty());
	});
}

#[test]
fn funds_are_asked_for_what_the_collateral_does_not_bring() {
	with_assets(|| {
		let a = crashed(88_500);
		after(8 * MINUTE);
		let fund = Fund::get();
		// At 90 % it brings 900 of the 994.25, and interest was not owed for a day.
		let owed = account_of(a).quote.unsigned_abs();
		assert_ok!(buy(a, ONE));
		let interest = told(|event| matches!(event, Event::InterestPaid { .. }));
		assert_eq!(interest, vec![]);
		let covered = owed - 900 * QUOTE;
		let (account, market) = (a, BTC);
		System::assert_has_event(
			Event::DeficitCovered { account, market, covered, socialised: 0, uncovered: 0 }.into(),
		);
		System::assert_has_event(Event::SaleEnded { account, owed: covered }.into());
		assert_eq!((account_of(a).quote, Fund::get()), (0, fund - covered));
		assert_eq!(Margin::bad_debt(), 0);
	});
}

#[test]
fn what_the_funds_advanced_is_paid_back_out_of_the_sale() {
	with_assets(|| {
		// 1,200 at its collateral's price, and 1,500 lost: the funds advance 300.
		let a = crashed(85_000);
		assert_eq!(account_of(a).positions.len(), 0);
		assert_eq!(account_of(a).quote, -1_000 * Q);
		assert_eq!(Fund::get(), 9_700 * QUOTE);
		assert_eq!(Sales::<Test>::get(a).unwrap().repay, 300 * QUOTE);
		// 105 % of 1,000 pays the 1,000 and 50 of what was advanced.
		assert_eq!(Margin::asked(a, COIN, ONE), Some((1_050 * QUOTE, ONE / 10)));
		assert_ok!(buy(a, ONE));
		assert_eq!((account_of(a).quote, Fund::get()), (0, 9_750 * QUOTE));
		assert_eq!(Margin::bad_debt(), 0);
	});
}

#[test]
fn a_hole_that_no_fund_fills_is_taken_from_the_side_that_won() {
	with_assets(|| {
		let (a, b, c) = (backed(1, COIN, ONE / 10), funded(2, 100_000), funded(3, 900_000));
		funded(1, 200);
		trade(a, b, PRICE, 1_000);
		trade(c, b, PRICE, 9_000);
		place(c, BTC, Side::Bid, 88_500, 50_000, &NO_FEES, false).unwrap();
		set_price(BTC, 88_500);
		after(8 * MINUTE);
		assert_ok!(buy(a, ONE));
		// The fund had the penalty, 44.25; the shorts pay the other 50.
		let cut = told(|event| matches!(event, Event::Haircut { .. }));
		assert!(
			matches!(cut[..], [Event::Haircut { market: BTC, longs_pay: false, .. }]),
			"{cut:?}"
		);
		assert_eq!(Margin::bad_debt(), 0);
		assert_eq!(account_of(a).quote, 0);
	});
}

#[test]
fn a_winner_is_deleveraged_for_a_debtor_no_further_than_the_collateral_reaches() {
	with_assets(|| {
		// Nobody bids. The debtor is bankrupt after haircut and solvent at the price.
		let (a, b) = (backed(1, COIN, ONE / 10), funded(2, 100_000));
		funded(1, 200);
		trade(a, b, PRICE, 1_000);
		set_price(BTC, 88_500);
		for _ in 0..12 {
			next_block();
		}
		let events = told(|event| matches!(event, Event::Deleveraged { .. }));
		for event in &events {
			let Event::Deleveraged { price, .. } = event else { unreachable!() };
			assert_eq!(price.0, 88_500);
		}
		assert!(!events.is_empty());
		assert!(Sales::<Test>::contains_key(a));
	});
}

#[test]
fn a_crumb_of_collateral_does_not_keep_a_deficit_from_being_settled() {
	with_assets(|| {
		let a = crashed(88_500);
		after(8 * MINUTE);
		// What is left is worth 4.99 at its price.
		assert_ok!(buy(a, ONE / 10 - 499));
		assert_eq!(account_of(a).quote, 0);
		assert_eq!(account_of(a).collaterals[0].amount, 499);
		assert!(!Sales::<Test>::contains_key(a));
		assert!(!told(|event| matches!(event, Event::DeficitCovered { .. })).is_empty());
		assert_ok!(Margin::close_account(signed(1), 0));
	});
}
