//! Other collateral: listing it, bringing it in, what it counts for, taking it out.

use crate::{
	collateral::types::{AssetLoosening, AssetTightening, NewAsset},
	mock::*,
	*,
};
use breakwater_math::{collateral::NOTICE, Scale, Value};
use breakwater_primitives::{
	AccountRef, Action, Denied, MarketId, Observation, Ppm, Side, Ticks, Validity,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

const Q: i128 = QUOTE as i128;
const COMMITTEE: AccountId = 18;

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn listing(asset: u32) -> collateral::types::Listing {
	*Listings::<Test>::get().iter().find(|listing| listing.terms.asset == asset).unwrap()
}

fn bids(price: u32, lots: u64) {
	let maker = funded(18, 900_000);
	place(maker, BTC, Side::Bid, price, lots, &NO_FEES, false).unwrap();
}

fn lots_of(who: AccountRef) -> i64 {
	account_of(who).positions.first().map_or(0, |position| position.lots)
}

fn with_assets(test: impl FnOnce()) {
	ExtBuilder::build_and_execute(|| {
		list_assets();
		test();
	});
}

#[test]
fn an_asset_is_listed_with_its_markets_price_and_only_once() {
	ExtBuilder::build_and_execute(|| {
		let list = |terms| Margin::list_asset(RuntimeOrigin::root(), terms);
		assert_noop!(Margin::list_asset(signed(1), coin()), DispatchError::BadOrigin);
		assert_noop!(Margin::list_asset(signed(COMMITTEE), coin()), DispatchError::BadOrigin);
		assert_ok!(list(coin()));
		System::assert_has_event(Event::AssetListed { terms: coin() }.into());
		// 90 % of 100,000 ticks, in eighths.
		assert_eq!(listing(COIN).value, Value(720_000));
		assert_noop!(list(coin()), Error::<Test>::AssetListed);
		let unsound = [
			NewAsset { asset: 1, ..coin() },
			NewAsset { asset: 99, ..coin() },
			NewAsset { asset: 5, initial: Ppm(850_001), ..coin() },
			NewAsset { asset: 5, maintenance: Ppm(980_001), ..coin() },
			NewAsset { asset: 5, account_cap: 151 * ONE, ..coin() },
			NewAsset { asset: 5, total_cap: 1 << 91, ..coin() },
			NewAsset { asset: 5, market: None, ..coin() },
			NewAsset { asset: 5, ceiling: Ticks(0), ..coin() },
			NewAsset { asset: 5, market: Some(MarketId(64)), ..coin() },
			NewAsset { asset: 5, scale: Scale { per_lot: 0, ..coin().scale }, ..coin() },
			// Another contract than its market's.
			NewAsset {
				asset: 5,
				scale: Scale {
					contract: breakwater_core::units::Contract { unit: 7 },
					..coin().scale
				},
				..coin()
			},
		];
		for terms in unsound {
			assert_noop!(list(terms), Error::<Test>::InvalidAsset);
		}
		for asset in 3..10 {
			assert_ok!(list(NewAsset { asset, ..coin() }));
		}
		assert_noop!(list(NewAsset { asset: 10, ..coin() }), Error::<Test>::TooManyAssets);
	});
}

#[test]
fn a_dead_listing_gives_its_place_to_another() {
	ExtBuilder::build_and_execute(|| {
		for asset in 2..10 {
			let terms = NewAsset { asset, ..coin() };
			assert_ok!(Margin::list_asset(RuntimeOrigin::root(), terms));
		}
		assert_ok!(Margin::cut_asset(signed(COMMITTEE), 5, Ppm(0)));
		Now::mutate(|now| *now += NOTICE + 100 * 60_000);
		next_block();
		let terms = NewAsset { asset: 10, market: Some(BTC), ..coin() };
		assert_ok!(Margin::list_asset(RuntimeOrigin::root(), terms));
		assert_eq!(Listings::<Test>::get()[3].terms, terms);
		assert_eq!((Margin::board_of(BTC).assets, Margin::board_of(ETH).assets), (8, 0b1111_0111));
	});
}

#[test]
fn terms_tighten_at_once_and_loosen_by_the_timelock_alone() {
	with_assets(|| {
		let tighten = |change| Margin::tighten_asset(signed(COMMITTEE), COIN, change);
		let loosen = |change| Margin::loosen_asset(RuntimeOrigin::root(), COIN, change);
		let lower = AssetTightening {
			account_cap: Some(50 * ONE),
			total_cap: Some(40 * ONE),
			initial: Some(Ppm(800_000)),
		};
		assert_noop!(Margin::tighten_asset(signed(1), COIN, lower), DispatchError::BadOrigin);
		assert_ok!(tighten(lower));
		let terms = NewAsset {
			account_cap: 40 * ONE,
			total_cap: 40 * ONE,
			initial: Ppm(800_000),
			..coin()
		};
		assert_eq!(listing(COIN).terms, terms);
		System::assert_last_event(Event::AssetChanged { terms }.into());
		for change in [
			AssetTightening { account_cap: Some(40 * ONE + 1), ..Default::default() },
			AssetTightening { total_cap: Some(40 * ONE + 1), ..Default::default() },
			AssetTightening { initial: Some(Ppm(800_001)), ..Default::default() },
		] {
			assert_noop!(tighten(change), Error::<Test>::AssetNotTighter);
		}
		let unknown = Margin::tighten_asset(signed(COMMITTEE), 9, lower);
		assert_noop!(unknown, Error::<Test>::AssetNotListed);
		for change in [
			AssetLoosening { account_cap: Some(40 * ONE - 1), ..Default::default() },
			AssetLoosening { total_cap: Some(40 * ONE - 1), ..Default::default() },
			AssetLoosening { initial: Some(Ppm(799_999)), ..Default::default() },
			AssetLoosening { maintenance: Some(Ppm(899_999)), ..Default::default() },
		] {
			assert_noop!(loosen(change), Error::<Test>::AssetNotLooser);
		}
		let higher = AssetLoosening {
			total_cap: Some(200 * ONE),
			maintenance: Some(Ppm(920_000)),
			..Default::default()
		};
		let denied = Margin::loosen_asset(signed(COMMITTEE), COIN, higher);
		assert_noop!(denied, DispatchError::BadOrigin);
		assert_ok!(loosen(higher));
		assert_eq!(listing(COIN).value, Value(736_000));
		let beyond = AssetLoosening { maintenance: Some(Ppm(990_000)), ..Default::default() };
		assert_noop!(loosen(beyond), Error::<Test>::InvalidAsset);
	});
}

#[test]
fn a_cut_is_announced_counts_for_new_exposure_at_once_and_then_runs_by_the_minute() {
	with_assets(|| {
		let cut = |weight| Margin::cut_asset(signed(COMMITTEE), COIN, Ppm(weight));
		assert_noop!(Margin::cut_asset(signed(1), COIN, Ppm(1)), DispatchError::BadOrigin);
		assert_noop!(cut(900_000), Error::<Test>::AssetNotTighter);
		let begins = Now::get() + NOTICE;
		assert_ok!(cut(700_000));
		let (asset, from, to) = (COIN, Ppm(900_000), Ppm(700_000));
		System::assert_has_event(Event::AssetCut { asset, from, to, begins }.into());
		assert_eq!(listing(COIN).terms.initial, Ppm(650_000));
		assert_eq!(listing(COIN).terms.maintenance, Ppm(900_000));
		// New use does not come back while it runs.
		let initial = AssetLoosening { initial: Some(Ppm(651_000)), ..Default::default() };
		let loosened = Margin::loosen_asset(RuntimeOrigin::root(), COIN, initial);
		assert_noop!(loosened, Error::<Test>::AssetNotLooser);
		Now::set(begins);
		next_block();
		assert_eq!(listing(COIN).terms.maintenance, Ppm(899_850));
		Now::set(begins + 600_000 - 1_000);
		next_block();
		assert_eq!(listing(COIN).terms.maintenance, Ppm(810_000));
		assert_eq!(listing(COIN).value, Value(648_000));
		// Further down needs no second notice; naming the present weight ends it.
		assert_noop!(cut(700_000), Error::<Test>::AssetNotTighter);
		assert_ok!(cut(600_000));
		let stay = AssetLoosening { maintenance: Some(Ppm(810_000)), ..Default::default() };
		assert_ok!(Margin::loosen_asset(RuntimeOrigin::root(), COIN, stay));
		Now::mutate(|now| *now += 3_600_000);
		next_block();
		assert_eq!(listing(COIN).terms.maintenance, Ppm(810_000));
		assert_eq!(listing(COIN).cut, None);
	});
}

#[test]
fn a_deposit_of_an_asset_backs_the_account_at_its_weights() {
	with_assets(|| {
		let a = backed(1, COIN, ONE);
		System::assert_has_event(
			Event::AssetDeposited { account: a, from: 1, asset: COIN, amount: ONE }.into(),
		);
		let summary = Margin::summary_of(a).unwrap();
		assert_eq!((summary.quote, summary.equity, summary.withdrawable), (0, 9_000 * Q, 0));
		assert_eq!(summary.collaterals[0].worth, 9_000 * QUOTE);
		assert_eq!(summary.collaterals[0].initial_worth, 8_500 * QUOTE);
		backed(1, STABLE, 1_000 * QUOTE);
		assert_eq!(Margin::summary_of(a).unwrap().equity, 9_980 * Q);
		backed(1, COIN, 1);
		assert_eq!(account_of(a).collaterals[0].amount, ONE + 1);
		assert_eq!((listing(COIN).held, listing(COIN).claimed), (ONE + 1, ONE + 1));
		assert_eq!(Assets::balance(COIN, Margin::custody_account()), ONE + 1);
		// It backs a position: 5 % of 150,000 is less than 8,500 and 930.
		let b = funded(2, 100_000);
		trade(a, b, PRICE, 15_000);
		let margin = Error::<Test>::InsufficientMargin;
		place(b, BTC, Side::Ask, PRICE, 10_000, &NO_FEES, false).unwrap();
		assert_eq!(place(a, BTC, Side::Bid, PRICE, 10_000, &NO_FEES, true), Err(margin.into()));
	});
}

#[test]
fn a_bad_deposit_of_an_asset_changes_nothing() {
	with_assets(|| {
		let deposit = |who, asset, amount| Margin::deposit_asset(signed(who), 0, asset, amount);
		assert_noop!(deposit(1, COIN, 0), Error::<Test>::ZeroAmount);
		assert_noop!(deposit(1, 9, 1), Error::<Test>::AssetNotListed);
		assert_noop!(deposit(1, COIN, 499), Error::<Test>::BelowMinimumDeposit);
		assert_noop!(deposit(1, COIN, 100 * ONE + 1), Error::<Test>::AssetCapReached);
		let none = Margin::deposit_asset(RuntimeOrigin::none(), 0, COIN, ONE);
		assert_noop!(none, DispatchError::BadOrigin);
		let sub = Margin::deposit_asset(signed(1), 16, COIN, ONE);
		assert_noop!(sub, Error::<Test>::SubAccountOutOfRange);
		backed(1, COIN, 100 * ONE);
		assert_noop!(deposit(1, COIN, 1), Error::<Test>::AssetCapReached);
		assert_noop!(deposit(2, COIN, 50 * ONE + 1), Error::<Test>::AssetCapReached);
		// Somebody's trading key brings nothing in.
		assert_ok!(Margin::set_key(signed(1), 0, 3, u64::MAX));
		assert_noop!(deposit(3, COIN, ONE), Error::<Test>::KeyNotPermitted);
		for asset in [5, 6, 7, 8] {
			let terms = NewAsset { asset, ..coin() };
			assert_ok!(Margin::list_asset(RuntimeOrigin::root(), terms));
		}
		for asset in [5, 6, 7] {
			backed(1, asset, ONE);
		}
		assert_noop!(deposit(1, 8, ONE), Error::<Test>::TooManyAssets);
	});
}

#[test]
fn an_asset_leaves_as_far_as_the_rest_carries_the_positions() {
	with_assets(|| {
		let (a, b) = (backed(1, COIN, ONE), funded(2, 100_000));
		funded(1, 1_000);
		trade(a, b, PRICE, 1_000);
		let withdraw = |amount| Margin::withdraw_asset(signed(1), 0, COIN, amount);
		// 200 of maintenance and 1,000 to close into an empty book: 200 more than the quote balance,
		// at 8,500 for a million units.
		assert_noop!(withdraw(ONE - 23_529), Error::<Test>::ExceedsWithdrawable);
		assert_noop!(withdraw(ONE + 1), Error::<Test>::NotEnoughAsset);
		assert_noop!(withdraw(0), Error::<Test>::ZeroAmount);
		assert_noop!(
			Margin::withdraw_asset(signed(1), 0, WRAPPED, 1),
			Error::<Test>::NotEnoughAsset
		);
		assert_noop!(Margin::withdraw_asset(signed(5), 0, COIN, 1), Error::<Test>::NoAccount);
		assert_noop!(
			Margin::withdraw_asset(RuntimeOrigin::none(), 0, COIN, 1),
			DispatchError::BadOrigin
		);
		DoorLimit::set(9_000 * QUOTE);
		assert_noop!(withdraw(ONE - 23_530), DispatchError::Other("bucket"));
		DoorLimit::set(u128::MAX);
		ChainView::set(deny(Denied::of(&[Action::Withdraw])));
		assert_noop!(withdraw(1), Error::<Test>::WithdrawalDenied);
		ChainView::set(Default::default());
		assert_ok!(withdraw(ONE - 23_530));
		System::assert_has_event(
			Event::AssetWithdrawn { account: a, to: 1, asset: COIN, amount: ONE - 23_530 }.into(),
		);
		assert_eq!(account_of(a).collaterals[0].amount, 23_530);
		assert_eq!(Assets::balance(COIN, 1), 1_000_000 * QUOTE - 23_530);
	});
}

#[test]
fn the_bound_of_what_leaves_holds_for_quote_as_well() {
	with_assets(|| {
		funded(1, 1_000);
		DoorLimit::set(10 * QUOTE);
		let over = Margin::withdraw(signed(1), 0, 10 * QUOTE + 1);
		assert_noop!(over, DispatchError::Other("bucket"));
		assert_ok!(Margin::withdraw(signed(1), 0, 10 * QUOTE));
		assert_noop!(Margin::close_account(signed(1), 0), DispatchError::Other("bucket"));
		// What stays in custody is not counted.
		assert_ok!(Margin::transfer(signed(1), 0, 1, 500 * QUOTE));
	});
}

#[test]
fn quote_leaves_against_the_initial_worth_of_other_collateral() {
	with_assets(|| {
		let (a, b) = (backed(1, COIN, ONE), funded(2, 100_000));
		funded(1, 1_000);
		trade(a, b, PRICE, 1_000);
		assert_eq!(Margin::summary_of(a).unwrap().withdrawable, 1_000 * QUOTE);
		// The asset's price is not trusted: it counts nothing for new risk, and all for maintenance.
		set_prices(ETH, PRICE, Validity::Unconfirmed);
		assert_eq!(Margin::summary_of(a).unwrap().withdrawable, 0);
		assert_eq!(Margin::summary_of(a).unwrap().equity, 10_000 * Q);
		let withdrawn = Margin::withdraw_asset(signed(1), 0, COIN, 1);
		assert_noop!(withdrawn, Error::<Test>::ExceedsWithdrawable);
		set_price(ETH, PRICE);
		assert_ok!(Margin::withdraw(signed(1), 0, 1_000 * QUOTE));
	});
}

#[test]
fn collateral_counts_less_for_new_exposure_in_what_prices_it() {
	with_assets(|| {
		let (a, b) = (backed(1, WRAPPED, ONE), backed(2, WRAPPED, ONE));
		let initial = |who| Margin::summary_of(who).unwrap().collaterals[0].initial_worth;
		assert_eq!(initial(a), 7_000 * QUOTE);
		place(a, BTC, Side::Bid, PRICE, 1_000, &NO_FEES, false).unwrap();
		// A bid would make it long already.
		assert_eq!(initial(a), 6_300 * QUOTE);
		place(b, BTC, Side::Ask, PRICE, 1_000, &NO_FEES, true).unwrap();
		assert_eq!((initial(a), initial(b)), (6_300 * QUOTE, 7_000 * QUOTE));
		// What is above a lowered cap gives no new room, and goes on to count for maintenance.
		let change = AssetTightening { account_cap: Some(ONE / 2), ..Default::default() };
		assert_ok!(Margin::tighten_asset(signed(COMMITTEE), WRAPPED, change));
		assert_eq!(initial(b), 3_500 * QUOTE);
		assert_eq!(Margin::summary_of(b).unwrap().equity, 7_500 * Q);
	});
}

#[test]
fn an_asset_that_stands_at_par_is_never_worth_more() {
	with_assets(|| {
		let pegged =
			NewAsset { asset: 5, ceiling: Ticks(PRICE), maintenance: Ppm(980_000), ..coin() };
		assert_ok!(Margin::list_asset(RuntimeOrigin::root(), pegged));
		set_price(ETH, PRICE + 5_000);
		assert_eq!(listing(5).value, Value(784_000));
		set_price(ETH, PRICE - 5_000);
		assert_eq!(listing(5).value, Value(744_800));
	});
}

#[test]
fn an_asset_moves_between_the_accounts_of_an_owner() {
	with_assets(|| {
		let a = backed(1, COIN, 2 * ONE);
		assert_ok!(Margin::transfer_asset(signed(1), 0, 3, COIN, ONE));
		let b = Keys::<Test>::get((1, 3)).unwrap().account;
		System::assert_has_event(
			Event::AssetTransferred { from: a, to: b, asset: COIN, amount: ONE }.into(),
		);
		assert_eq!(account_of(a).collaterals[0].amount, ONE);
		assert_eq!(account_of(b).collaterals[0].amount, ONE);
		assert_eq!(listing(COIN).claimed, 2 * ONE);
		let transfer = |from, to, amount| Margin::transfer_asset(signed(1), from, to, COIN, amount);
		assert_noop!(transfer(0, 0, 1), Error::<Test>::SameAccount);
		assert_noop!(transfer(0, 3, ONE + 1), Error::<Test>::NotEnoughAsset);
		assert_noop!(transfer(0, 4, 1), Error::<Test>::BelowMinimumDeposit);
		assert_noop!(transfer(5, 0, 1), Error::<Test>::NoAccount);
		assert_ok!(transfer(3, 0, ONE));
		assert!(account_of(b).collaterals.is_empty());
	});
}

#[test]
fn closing_an_account_pays_out_all_that_is_in_it() {
	with_assets(|| {
		let a = backed(1, COIN, ONE);
		backed(1, STABLE, 7 * QUOTE);
		funded(1, 10);
		assert_ok!(Margin::close_account(signed(1), 0));
		assert!(!Accounts::<Test>::contains_key(a));
		for asset in [1, COIN, STABLE] {
			assert_eq!(Assets::balance(asset, 1), 1_000_000 * QUOTE);
		}
		assert_eq!((listing(COIN).held, listing(COIN).claimed), (0, 0));
	});
}

#[test]
fn a_falling_value_wakes_the_account_though_its_own_market_stands_still() {
	with_assets(|| {
		let (a, b) = (backed(1, COIN, ONE), funded(2, 900_000));
		bids(99_900, 100_000);
		// 100,000 of notional value: 2,000 of maintenance margin, 9,000 of equity.
		trade(a, b, PRICE, 10_000);
		let armed = account_of(a).collaterals[0].armed.expect("a value is watched");
		assert!(armed < listing(COIN).value);
		set_price(ETH, 22_300);
		assert_eq!(lots_of(a), 10_000);
		set_price(ETH, 22_000);
		assert!(lots_of(a) < 10_000);
	});
}

#[test]
fn a_cut_of_the_weight_wakes_the_account_without_any_price() {
	with_assets(|| {
		let (a, b) = (backed(1, COIN, ONE), funded(2, 900_000));
		bids(99_900, 100_000);
		trade(a, b, PRICE, 10_000);
		set_price(ETH, 25_000);
		assert_eq!(lots_of(a), 10_000);
		assert_ok!(Margin::cut_asset(signed(COMMITTEE), COIN, Ppm(500_000)));
		Now::mutate(|now| *now += NOTICE);
		// 2,250 of equity against 2,000: a ninth of the weight is twelve minutes.
		for _ in 0..10 {
			Now::mutate(|now| *now += 59_000);
			set_price(BTC, PRICE);
			next_block();
		}
		assert_eq!(lots_of(a), 10_000);
		for _ in 0..4 {
			Now::mutate(|now| *now += 59_000);
			set_price(BTC, PRICE);
			next_block();
		}
		assert!(lots_of(a) < 10_000);
	});
}

#[test]
fn an_asset_without_a_market_is_watched_too() {
	with_assets(|| {
		let (a, b) = (backed(1, STABLE, 10_000 * QUOTE), funded(2, 900_000));
		bids(99_900, 100_000);
		trade(a, b, PRICE, 10_000);
		assert_ok!(Margin::cut_asset(signed(COMMITTEE), STABLE, Ppm(0)));
		Now::mutate(|now| *now += NOTICE + 90 * 60_000);
		set_price(BTC, PRICE);
		next_block();
		assert!(lots_of(a) < 10_000);
	});
}

#[test]
fn custody_of_an_asset_that_disagrees_lets_nothing_out_and_reports_the_market() {
	ExtBuilder::build().execute_with(|| {
		list_assets();
		backed(1, COIN, ONE);
		Listings::<Test>::mutate(|listings| listings[0].claimed += 1);
		assert!(Margin::do_try_state().is_err());
		Margin::compare_custody();
		assert_eq!(Seen::get().last(), Some(&(ETH, Observation::InvariantBroken)));
		System::assert_last_event(
			Event::AssetMismatch { asset: COIN, held: ONE, claimed: ONE + 1 }.into(),
		);
		let denied = Error::<Test>::WithdrawalDenied;
		assert_noop!(Margin::withdraw_asset(signed(1), 0, COIN, 1), denied);
	});
}

#[test]
fn the_guard_of_an_asset_pays_out_no_more_than_came_in() {
	ExtBuilder::build().execute_with(|| {
		list_assets();
		backed(1, COIN, ONE);
		// A gift to the address is not counted.
		let custody = Margin::custody_account();
		assert_ok!(Assets::transfer(signed(2), COIN, custody, ONE));
		Margin::do_try_state().unwrap();
		assert!(Margin::pay_asset(&2, COIN, ONE + 1).is_err());
	});
}
