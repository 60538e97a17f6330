//! Each call and each of its errors.

use crate::{mock::*, types::Permissions, *};
use breakwater_primitives::{
	api::CustodyStatus, AccountRef, Action, Clearing, Denied, Level, MarketId, Observation,
	Permission, Side, Validity,
};
use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchError;

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

#[test]
fn the_first_deposit_creates_an_account_and_the_next_adds_to_it() {
	ExtBuilder::build_and_execute(|| {
		assert_ok!(Margin::deposit(signed(1), 0, 5 * QUOTE));
		assert_ok!(Margin::deposit(signed(1), 0, 1));
		assert_ok!(Margin::deposit(signed(1), 3, 7 * QUOTE));
		assert_eq!(account_of(AccountRef(0)).quote, 5 * QUOTE as i128 + 1);
		assert_eq!(account_of(AccountRef(1)).quote, 7 * QUOTE as i128);
		assert_eq!(account_of(AccountRef(1)).sub, 3);
		let held = 12 * QUOTE + 1;
		assert_eq!(Margin::custody_status(), CustodyStatus { held, claimed: held as i128 });
		System::assert_has_event(
			Event::AccountCreated { account: AccountRef(1), owner: 1, sub: 3 }.into(),
		);
		System::assert_has_event(
			Event::Deposited { account: AccountRef(0), from: 1, amount: 1 }.into(),
		);
	});
}

#[test]
fn a_bad_deposit_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let deposit = |sub, amount| Margin::deposit(signed(1), sub, amount);
		assert_noop!(deposit(0, 0), Error::<Test>::ZeroAmount);
		assert_noop!(deposit(0, 5 * QUOTE - 1), Error::<Test>::BelowMinimumDeposit);
		assert_noop!(deposit(16, 5 * QUOTE), Error::<Test>::SubAccountOutOfRange);
		assert_noop!(deposit(0, u128::MAX), Error::<Test>::AmountTooLarge);
		let none = RuntimeOrigin::none();
		assert_noop!(Margin::deposit(none, 0, 5 * QUOTE), DispatchError::BadOrigin);
		let result = frame_support::storage::with_storage_layer(|| deposit(0, 1 << 100));
		assert!(result.is_err());
		NextAccount::<Test>::put(AccountRef(u32::MAX));
		assert_noop!(deposit(0, 5 * QUOTE), Error::<Test>::AccountsExhausted);
	});
}

#[test]
fn a_withdrawal_pays_what_margin_leaves_free() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 1_000);
		deep_book();
		// 1 BTC at 10,000 ties up 500.
		let over = Margin::withdraw(signed(1), 0, 500 * QUOTE + 1);
		assert_noop!(over, Error::<Test>::ExceedsWithdrawable);
		// Unrealised profit cannot be withdrawn: what grows is only the margin.
		set_price(BTC, 101_000);
		assert_eq!(Margin::summary_of(a).unwrap().withdrawable, 495 * QUOTE);
		assert_ok!(Margin::withdraw(signed(1), 0, 495 * QUOTE));
		assert_eq!(account_of(a).quote, 505 * QUOTE as i128);
		assert_eq!(Assets::balance(1, 1), (1_000_000 - 505) * QUOTE);
		// Losses can not be left behind either.
		assert_eq!(Margin::summary_of(b).unwrap().withdrawable, 395 * QUOTE);
	});
}

/// Orders on both sides, a hundred times as large as what the tests hold.
fn deep_book() {
	let maker = funded(18, 900_000);
	for (side, price) in [(Side::Bid, 99_500), (Side::Ask, 101_500)] {
		place(maker, BTC, side, price, 100_000, &NO_FEES, false).unwrap();
	}
}

#[test]
fn who_leaves_must_leave_what_closing_his_position_would_cost() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 3_000), funded(2, 3_000), funded(3, 3_000));
		trade(a, b, PRICE, 1_000);
		let free = |who| Margin::summary_of(who).unwrap().withdrawable;
		// An empty book: a tenth of 10,000 and the maintenance margin of 200.
		assert_eq!(free(a), 1_800 * QUOTE);
		// A book as deep as the position: 1 %. Then the initial margin is more.
		place(c, BTC, Side::Bid, 99_500, 1_000, &NO_FEES, false).unwrap();
		assert_eq!(free(a), 2_500 * QUOTE);
		assert_eq!(free(b), 1_800 * QUOTE);
		// Half as deep as 2,000 lots would need for 2 %.
		trade(a, b, PRICE, 4_000);
		// 50,000 against 9,950: 5.03 % of it, and 1,000 of maintenance margin.
		let over = Margin::withdraw(signed(1), 0, 1);
		assert_noop!(over, Error::<Test>::ExceedsWithdrawable);
	});
}

#[test]
fn a_bad_withdrawal_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		let withdraw = |amount| Margin::withdraw(signed(1), 0, amount);
		assert_noop!(withdraw(0), Error::<Test>::ZeroAmount);
		assert_noop!(withdraw(u128::MAX), Error::<Test>::AmountTooLarge);
		assert_noop!(withdraw(1_000 * QUOTE + 1), Error::<Test>::ExceedsWithdrawable);
		assert_noop!(Margin::withdraw(signed(5), 0, 1), Error::<Test>::NoAccount);
		assert_noop!(Margin::withdraw(RuntimeOrigin::none(), 0, 1), DispatchError::BadOrigin);
		trade(a, b, PRICE, 100);
		set_level(BTC, Level::Freeze);
		assert_noop!(withdraw(1), Error::<Test>::WithdrawalDenied);
		set_level(BTC, Level::Normal);
		set_prices(BTC, PRICE, Validity::Unconfirmed);
		assert_noop!(withdraw(1), Error::<Test>::PriceNotUsable);
		set_price(BTC, PRICE);
		Now::mutate(|now| *now += 10_001);
		assert_noop!(withdraw(1), Error::<Test>::PriceNotUsable);
		set_price(BTC, PRICE);
		ChainView::set(deny(Denied::of(&[Action::Withdraw])));
		assert_noop!(withdraw(1), Error::<Test>::WithdrawalDenied);
	});
}

#[test]
fn a_restriction_elsewhere_does_not_stop_a_withdrawal() {
	ExtBuilder::build_and_execute(|| {
		funded(1, 1_000);
		set_level(BTC, Level::Freeze);
		assert_ok!(Margin::withdraw(signed(1), 0, 1_000 * QUOTE));
	});
}

#[test]
fn a_market_with_resting_orders_alone_may_stop_a_withdrawal() {
	ExtBuilder::build_and_execute(|| {
		let a = funded(1, 1_000);
		place(a, BTC, Side::Bid, PRICE, 100, &NO_FEES, false).unwrap();
		let withdraw = || Margin::withdraw(signed(1), 0, 1);
		set_level(BTC, Level::Freeze);
		assert_noop!(withdraw(), Error::<Test>::WithdrawalDenied);
		set_level(BTC, Level::Normal);
		set_prices(BTC, PRICE, Validity::Unconfirmed);
		assert_noop!(withdraw(), Error::<Test>::PriceNotUsable);
		set_price(BTC, PRICE);
		assert_ok!(withdraw());
	});
}

#[test]
fn a_trading_key_trades_until_its_time_and_does_not_withdraw() {
	ExtBuilder::build_and_execute(|| {
		let account = funded(1, 1_000);
		let until = Now::get() + 1_000;
		assert_ok!(Margin::set_key(signed(1), 0, 9, until));
		let of = |key: AccountId, permission| Margin::account_of(&key, 0, permission);
		assert_eq!(of(9, Permission::Trade), Ok(account));
		assert_eq!(of(1, Permission::Withdraw), Ok(account));
		assert_noop!(of(9, Permission::Withdraw), Error::<Test>::KeyNotPermitted);
		assert_noop!(Margin::withdraw(signed(9), 0, 1), Error::<Test>::KeyNotPermitted);
		assert_eq!(Keys::<Test>::get((9, 0)).unwrap().permissions, Permissions::TRADE);
		Now::set(until);
		assert_noop!(of(9, Permission::Trade), Error::<Test>::KeyExpired);
		assert_ok!(Margin::set_key(signed(1), 0, 9, 0));
		assert_noop!(of(9, Permission::Trade), Error::<Test>::NoAccount);
		assert_eq!(account_of(account).keys, 0);
	});
}

#[test]
fn a_deposit_is_credited_to_ones_own_account_whoever_named_one_as_his_key() {
	ExtBuilder::build_and_execute(|| {
		let thief = funded(1, 10);
		assert_ok!(Margin::set_key(signed(1), 0, 2, Now::get() + 1_000));
		let victim = funded(2, 1_000);
		assert_ne!(victim, thief);
		assert_eq!(account_of(thief).quote, (10 * QUOTE) as i128);
		assert_eq!(account_of(victim).quote, (1_000 * QUOTE) as i128);
		assert_eq!(account_of(thief).keys, 0);
		assert_eq!(Margin::account_of(&2, 0, Permission::Withdraw), Ok(victim));
		assert_noop!(Margin::set_key(signed(1), 0, 2, 0), Error::<Test>::KeyInUse);
	});
}

#[test]
fn a_key_may_revoke_itself_and_nobody_else() {
	ExtBuilder::build_and_execute(|| {
		let account = funded(1, 10);
		let until = Now::get() + 1_000;
		assert_ok!(Margin::set_key(signed(1), 0, 8, until));
		assert_ok!(Margin::set_key(signed(1), 0, 9, until));
		assert_noop!(Margin::set_key(signed(9), 0, 8, 0), Error::<Test>::NotOwner);
		assert_noop!(Margin::set_key(signed(9), 0, 9, until + 1), Error::<Test>::NotOwner);
		assert_ok!(Margin::set_key(signed(9), 0, 9, 0));
		assert_eq!(account_of(account).keys, 1);
		assert_eq!(Keys::<Test>::get((9, 0)), None);
	});
}

#[test]
fn a_bad_key_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		funded(1, 10);
		funded(2, 10);
		let later = Now::get() + 1;
		let set = |who, key, until| Margin::set_key(signed(who), 0, key, until);
		assert_noop!(set(5, 9, later), Error::<Test>::NoAccount);
		assert_noop!(set(1, 2, later), Error::<Test>::KeyInUse);
		assert_noop!(set(1, 1, later), Error::<Test>::KeyInUse);
		assert_noop!(set(1, 1, 0), Error::<Test>::KeyInUse);
		assert_noop!(set(1, 9, Now::get()), Error::<Test>::KeyInPast);
		assert_ok!(set(1, 9, later));
		assert_ok!(set(1, 9, later + 1));
		assert_noop!(set(2, 9, later), Error::<Test>::KeyInUse);
		assert_noop!(set(9, 10, later), Error::<Test>::NotOwner);
		for key in 100..107 {
			assert_ok!(set(1, key, later));
		}
		assert_noop!(set(1, 107, later), Error::<Test>::TooManyKeys);
		assert_noop!(Margin::set_key(RuntimeOrigin::none(), 0, 9, later), DispatchError::BadOrigin);
	});
}

#[test]
fn a_market_is_opened_once_with_sound_terms() {
	ExtBuilder::build_and_execute(|| {
		let open = |market, terms| Margin::market_created(MarketId(market), terms);
		assert_noop!(open(0, btc_terms()), Error::<Test>::MarketExists);
		assert_noop!(open(64, btc_terms()), Error::<Test>::UnknownMarket);
		let bad = breakwater_math::RiskTerms { max_leverage: 0, ..btc_terms() };
		assert_noop!(open(1, bad), Error::<Test>::InvalidRiskTerms);
		assert_ok!(open(1, btc_terms()));
		// Without a price nothing opens there.
		let a = funded(1, 1_000);
		let order = place(a, MarketId(1), Side::Bid, PRICE, 1, &NO_FEES, false);
		assert_noop!(order, Error::<Test>::NoPrice);
	});
}

#[test]
fn a_healthy_account_is_not_liquidated_and_strangers_may_ask() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 1_000);
		assert_noop!(liquidate(7, a), Error::<Test>::NotLiquidatable);
		assert_noop!(liquidate(7, AccountRef(77)), Error::<Test>::NoAccount);
		assert_noop!(Margin::liquidate(RuntimeOrigin::none(), a), DispatchError::BadOrigin);
	});
}

#[test]
fn a_limit_of_leverage_counts_for_orders_and_withdrawals() {
	ExtBuilder::build_and_execute(|| {
		let a = funded(1, 1_000);
		let set = |market, leverage| Margin::set_leverage(signed(1), 0, market, leverage);
		assert_noop!(Margin::set_leverage(signed(5), 0, BTC, 1), Error::<Test>::NoAccount);
		assert_noop!(
			Margin::set_leverage(RuntimeOrigin::none(), 0, BTC, 1),
			DispatchError::BadOrigin
		);
		assert_noop!(set(MarketId(9), 1), Error::<Test>::UnknownMarket);
		assert_ok!(set(BTC, 2));
		assert_ok!(set(ETH, 3));
		assert_ok!(set(ETH, 0));
		assert_eq!(account_of(a).positions.len(), 1);
		System::assert_has_event(
			Event::LeverageSet { account: a, market: BTC, leverage: 2 }.into(),
		);
		let bid = |lots| place(a, BTC, Side::Bid, PRICE, lots, &NO_FEES, false);
		assert_noop!(bid(201), Error::<Test>::InsufficientMargin);
		assert_ok!(bid(200));
		assert_noop!(Margin::withdraw(signed(1), 0, 1), Error::<Test>::ExceedsWithdrawable);
		assert_ok!(set(BTC, 0));
		assert_ok!(Margin::withdraw(signed(1), 0, 900 * QUOTE));
		for market in 1..16 {
			Margin::market_created(MarketId(market), btc_terms()).unwrap();
			assert_ok!(set(MarketId(market), 1));
		}
		assert_noop!(set(ETH, 1), Error::<Test>::TooManyPositions);
	});
}

#[test]
fn collateral_moves_between_accounts_of_an_owner_like_a_withdrawal() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 3_000), funded(2, 3_000));
		let transfer = |from, to, amount| Margin::transfer(signed(1), from, to, amount);
		assert_noop!(transfer(0, 1, 0), Error::<Test>::ZeroAmount);
		assert_noop!(transfer(0, 0, 1), Error::<Test>::SameAccount);
		assert_noop!(transfer(0, 1, u128::MAX), Error::<Test>::AmountTooLarge);
		assert_noop!(transfer(3, 0, 1), Error::<Test>::NoAccount);
		assert_noop!(Margin::transfer(RuntimeOrigin::none(), 0, 1, 1), DispatchError::BadOrigin);
		let small = frame_support::storage::with_storage_layer(|| transfer(0, 1, 5));
		assert_eq!(small, Err(Error::<Test>::BelowMinimumDeposit.into()));
		assert_ok!(transfer(0, 1, 1_000 * QUOTE));
		let own = Keys::<Test>::get((1, 1)).unwrap().account;
		assert_eq!(account_of(a).quote, 2_000 * QUOTE as i128);
		assert_eq!(account_of(own).quote, 1_000 * QUOTE as i128);
		assert_eq!(Margin::accounts_of(&1), vec![(0, a), (1, own)]);
		System::assert_has_event(
			Event::Transferred { from: a, to: own, amount: 1_000 * QUOTE }.into(),
		);
		trade(a, b, PRICE, 1_000);
		// An empty book leaves 800; a freeze leaves nothing.
		let over = frame_support::storage::with_storage_layer(|| transfer(0, 1, 801 * QUOTE));
		assert_eq!(over, Err(Error::<Test>::ExceedsWithdrawable.into()));
		assert_ok!(transfer(0, 1, 800 * QUOTE));
		set_level(BTC, Level::Freeze);
		assert_noop!(transfer(0, 1, 1), Error::<Test>::WithdrawalDenied);
		assert_ok!(transfer(1, 0, 1_800 * QUOTE));
		// A trading key of somebody else's account is no account of one's own.
		set_level(BTC, Level::Normal);
		let later = Now::get() + 1;
		assert_ok!(Margin::deposit(signed(2), 5, 10 * QUOTE));
		assert_ok!(Margin::set_key(signed(2), 5, 1, later));
		assert_noop!(transfer(5, 0, 1), Error::<Test>::KeyNotPermitted);
	});
}

#[test]
fn who_was_made_a_trading_key_unasked_can_still_use_the_number_himself() {
	ExtBuilder::build_and_execute(|| {
		funded(1, 1_000);
		let later = Now::get() + 1;
		assert_ok!(Margin::deposit(signed(2), 5, 10 * QUOTE));
		let stranger = Keys::<Test>::get((2, 5)).unwrap().account;
		assert_ok!(Margin::set_key(signed(2), 5, 1, later));
		assert_eq!(account_of(stranger).keys, 1);
		assert_ok!(Margin::transfer(signed(1), 0, 5, 100 * QUOTE));
		let own = Keys::<Test>::get((1, 5)).unwrap();
		assert!(own.owns() && own.account != stranger);
		assert_eq!((account_of(own.account).quote, account_of(stranger).keys), (100_000_000, 0));
	});
}

#[test]
fn gifts_at_the_custody_address_are_not_paid_out() {
	use breakwater_primitives::Custody;
	ExtBuilder::build_and_execute(|| {
		funded(1, 1_000);
		Assets::transfer(signed(2), 1, Margin::custody_account(), 500 * QUOTE).unwrap();
		assert_noop!(Margin::pay(&1, 1_001 * QUOTE), Error::<Test>::CustodyExhausted);
		assert_eq!(Ledger::<Test>::get().held, 1_000 * QUOTE);
	});
}

#[test]
fn sums_that_disagree_without_a_market_to_blame_are_told_of_the_chain() {
	ExtBuilder::build_and_execute(|| {
		funded(1, 1_000);
		Margin::compare_custody();
		assert_eq!(Seen::get(), vec![]);
		Ledger::<Test>::mutate(|ledger| ledger.dust += 1);
		Margin::compare_custody();
		assert_eq!(Seen::get(), vec![(MarketId::MAX, Observation::InvariantBroken)]);
		Ledger::<Test>::mutate(|ledger| ledger.dust -= 1);
	});
}

#[test]
fn an_empty_account_is_closed_and_paid_out() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		let close = || Margin::close_account(signed(1), 0);
		assert_noop!(Margin::close_account(signed(5), 0), Error::<Test>::NoAccount);
		assert_noop!(Margin::close_account(RuntimeOrigin::none(), 0), DispatchError::BadOrigin);
		trade(a, b, PRICE, 10);
		assert_noop!(close(), Error::<Test>::AccountInUse);
		trade(b, a, PRICE, 10);
		let later = Now::get() + 1;
		assert_ok!(Margin::set_key(signed(1), 0, 9, later));
		assert_noop!(close(), Error::<Test>::AccountInUse);
		assert_noop!(Margin::close_account(signed(9), 0), Error::<Test>::KeyNotPermitted);
		assert_ok!(Margin::set_key(signed(1), 0, 9, 0));
		assert_ok!(Margin::set_leverage(signed(1), 0, BTC, 3));
		ChainView::set(deny(Denied::of(&[Action::Withdraw])));
		assert_noop!(close(), Error::<Test>::WithdrawalDenied);
		ChainView::set(Default::default());
		assert_ok!(close());
		assert_eq!(Assets::balance(1, 1), 1_000_000 * QUOTE);
		assert!(!Accounts::<Test>::contains_key(a) && !Keys::<Test>::contains_key((1, 0)));
		System::assert_has_event(
			Event::AccountClosed { account: a, owner: 1, sub: 0, paid: 1_000 * QUOTE }.into(),
		);
		// A new one gets a new number.
		assert_ne!(funded(1, 10), a);
	});
}

#[test]
fn a_market_whose_margin_the_book_could_take_is_not_created() {
	ExtBuilder::build_and_execute(|| {
		let rate = |rate| {
			let mut terms = btc_terms();
			terms.brackets[0].rate = breakwater_primitives::Ppm(rate);
			Margin::market_created(MarketId(5), terms)
		};
		assert_noop!(rate(14_999), Error::<Test>::InvalidRiskTerms);
		assert_ok!(rate(15_000));
	});
}
