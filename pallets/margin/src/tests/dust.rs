//! What a place in the chain's state costs, and who may clear away what nobody uses.

use crate::{mock::*, *};
use breakwater_primitives::{AccountRef, Lots, Side};
use frame_support::{assert_noop, assert_ok, BoundedVec};
use sp_runtime::{DispatchError, DispatchResult};

const Q: i128 = QUOTE as i128;
const DAY: u64 = 86_400_000;

fn signed(who: AccountId) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn remove(who: AccountId, account: AccountRef, keys: &[AccountId]) -> DispatchResult {
	let keys = BoundedVec::truncate_from(keys.to_vec());
	Margin::remove_account(signed(who), account, keys)
}

/// An account with 0.4 in it and a deposit of one.
fn nearly_empty() -> AccountRef {
	AccountDeposit::set(QUOTE);
	let account = funded(2, 10);
	assert_ok!(Margin::withdraw(signed(2), 0, 8_600_000));
	assert_eq!(account_of(account).quote, 400_000);
	account
}

#[test]
fn the_first_deposit_leaves_something_for_the_place_and_closing_gives_it_back() {
	ExtBuilder::build_and_execute(|| {
		AccountDeposit::set(QUOTE);
		let account = funded(2, 10);
		assert_eq!(account_of(account).quote, 9 * Q);
		assert_eq!(Margin::summary_of(account).unwrap().deposit, QUOTE);
		assert_eq!(Margin::custody_status().held, 10 * QUOTE);
		assert_eq!(Margin::custody_status().claimed, 10 * Q);
		// Only the first, and it cannot be withdrawn.
		assert_ok!(Margin::deposit(signed(2), 0, 5 * QUOTE));
		assert_eq!(account_of(account).quote, 14 * Q);
		let all = Margin::withdraw(signed(2), 0, 15 * QUOTE);
		assert!(all.is_err());
		// What is kept is what was kept, whatever it would be today.
		AccountDeposit::set(3 * QUOTE);
		assert_ok!(Margin::close_account(signed(2), 0));
		assert_eq!(Assets::balance(1, 2), 1_000_000 * QUOTE);
		assert_eq!((Ledger::<Test>::get().deposits, Ledger::<Test>::get().held), (0, 0));
		System::assert_last_event(
			Event::AccountClosed { account, owner: 2, sub: 0, paid: 15 * QUOTE }.into(),
		);
	});
}

#[test]
fn an_account_that_a_transfer_creates_has_its_deposit_too() {
	ExtBuilder::build_and_execute(|| {
		AccountDeposit::set(QUOTE);
		let first = funded(2, 30);
		assert_ok!(Margin::transfer(signed(2), 0, 1, 10 * QUOTE));
		let second = Keys::<Test>::get((2, 1)).unwrap().account;
		assert_eq!((account_of(first).quote, account_of(second).quote), (19 * Q, 9 * Q));
		assert_eq!(Ledger::<Test>::get().deposits, 2 * QUOTE);
		// One with nothing else in it still pays its deposit out.
		assert_ok!(Margin::withdraw(signed(2), 1, 9 * QUOTE));
		assert_ok!(Margin::close_account(signed(2), 1));
		assert_eq!(Assets::balance(1, 2), (1_000_000 - 20) * QUOTE);
	});
}

#[test]
fn who_removes_an_account_that_nobody_uses_is_paid_its_deposit() {
	ExtBuilder::build_and_execute(|| {
		let account = nearly_empty();
		assert_ok!(Margin::set_key(signed(2), 0, 9, Now::get() + DAY));
		assert_ok!(Margin::set_key(signed(2), 0, 8, Now::get() + DAY));
		Now::mutate(|now| *now += 31 * DAY);
		assert_ok!(remove(5, account, &[8, 9]));
		assert_eq!(Assets::balance(1, 5), 1_000_001 * QUOTE);
		assert_eq!(Fund::get(), 400_000);
		assert_eq!(Accounts::<Test>::get(account), None);
		assert_eq!(Keys::<Test>::iter().count(), 0);
		let event = Event::AccountRemoved {
			account,
			owner: 2,
			sub: 0,
			by: 5,
			deposit: QUOTE,
			dust: 400_000,
		};
		System::assert_last_event(event.into());
		// The owner may come back.
		assert_ne!(funded(2, 10), account);
	});
}

#[test]
fn an_account_is_not_removed_while_it_is_used_or_worth_something() {
	ExtBuilder::build_and_execute(|| {
		let (maker, account) = (funded(1, 100_000), nearly_empty());
		assert_noop!(remove(5, AccountRef(77), &[]), Error::<Test>::NoAccount);
		let keys = BoundedVec::new();
		assert_noop!(
			Margin::remove_account(RuntimeOrigin::none(), account, keys),
			DispatchError::BadOrigin
		);
		assert_noop!(remove(5, crate::vault::VAULT, &[]), Error::<Test>::AccountInUse);
		assert_noop!(remove(5, account, &[]), Error::<Test>::RecentlyUsed);
		Now::mutate(|now| *now += 31 * DAY);
		set_price(BTC, PRICE);
		// A limit of leverage and a new key are use.
		assert_ok!(Margin::set_leverage(signed(2), 0, BTC, 5));
		assert_noop!(remove(5, account, &[]), Error::<Test>::RecentlyUsed);
		Now::mutate(|now| *now += 31 * DAY);
		assert_ok!(Margin::set_key(signed(2), 0, 9, Now::get() + DAY));
		assert_noop!(remove(5, account, &[9]), Error::<Test>::RecentlyUsed);
		Now::mutate(|now| *now += 31 * DAY);
		assert_noop!(remove(5, account, &[]), Error::<Test>::WrongKeys);
		assert_noop!(remove(5, account, &[7]), Error::<Test>::WrongKeys);
		assert_noop!(remove(5, account, &[2]), Error::<Test>::WrongKeys);
		assert_noop!(remove(5, maker, &[]), Error::<Test>::NotDust);
		let trader = funded(3, 1_000);
		set_price(BTC, PRICE);
		place(trader, BTC, Side::Ask, PRICE, 10, &NO_FEES, false).unwrap();
		assert_noop!(remove(5, trader, &[]), Error::<Test>::AccountInUse);
		assert_eq!(place(maker, BTC, Side::Bid, PRICE, 10, &NO_FEES, true), Ok(Lots(10)));
		Now::mutate(|now| *now += 31 * DAY);
		assert_noop!(remove(5, trader, &[]), Error::<Test>::AccountInUse);
		assert_ok!(remove(5, account, &[9]));
	});
}

#[test]
fn a_position_is_worth_ten_units_or_nobody_opens_it() {
	ExtBuilder::build_and_execute(|| {
		let (maker, who) = (funded(1, 100_000), funded(2, 100));
		set_price(BTC, 50_000);
		place(maker, BTC, Side::Ask, 50_000, 10, &NO_FEES, false).unwrap();
		// A lot is worth five.
		let buy = |lots, ioc| place(who, BTC, Side::Bid, 50_000, lots, &NO_FEES, ioc);
		assert_noop!(buy(1, true), Error::<Test>::PositionTooSmall);
		assert_ok!(buy(2, true));
		// An exit stays open, and what is left keeps a margin of five.
		place(maker, BTC, Side::Bid, 50_000, 10, &NO_FEES, false).unwrap();
		place(who, BTC, Side::Ask, 50_000, 1, &NO_FEES, true).unwrap();
		let summary = Margin::summary_of(who).unwrap();
		assert_eq!(summary.initial_margin, 5 * QUOTE);
		assert!(summary.withdrawable <= 95 * QUOTE);
	});
}
