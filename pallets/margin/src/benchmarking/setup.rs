//! Accounts, debts and markets as the benchmarks need them, and what they leave out of the count.

use crate::{
	types::Account, vault::VAULT, Accounts, Board, Config, House, Keys, Ledger, Pallet,
	TriggerPages, TriggerWords,
};
use alloc::{collections::BTreeMap, vec::Vec};
use breakwater_math::arithmetic::signed;
use breakwater_primitives::{
	benchmarking::Scene, clearing::Funding, AccountRef, Amount, Balance, Clearing, Lots, MarketId,
	Side, Ticks, Vault,
};
use frame_benchmarking::benchmarking::add_to_whitelist;
use frame_support::storage::{
	unhashed, with_transaction, KeyPrefixIterator, StoragePrefixedMap, TransactionOutcome,
};
use sp_runtime::DispatchError;

/// The market in which everything happens that happens in one.
pub(super) const MARKET: MarketId = MarketId(0);
/// One unit of the quote asset.
pub(super) const UNIT: Balance = 1_000_000;
/// The trader who is measured.
pub(super) const TRADER: u32 = 1;
/// Who trades with him.
pub(super) const OTHER: u32 = 2;
/// Who waits in the books.
pub(super) const MAKER: u32 = 3;
/// The first of many.
pub(super) const CROWD: u32 = 100;

/// All keys below a prefix.
fn keys(prefix: Vec<u8>) -> impl Iterator<Item = Vec<u8>> {
	KeyPrefixIterator::new(prefix.clone(), prefix.clone(), |rest| Ok(rest.to_vec()))
		.map(move |rest| [&prefix[..], &rest[..]].concat())
}

/// Do not count accounts and the trigger index: how many keys of them an operation changes is counted
/// when it is done, and priced by [`crate::cost`].
pub(super) fn leave_out_counted<T: Config>() {
	let maps = [
		Accounts::<T>::final_prefix(),
		TriggerPages::<T>::final_prefix(),
		TriggerWords::<T>::final_prefix(),
	];
	for prefix in maps {
		keys(prefix.to_vec()).for_each(|key| add_to_whitelist(key.into()));
	}
}

/// The same, also of keys that the measured operation creates: it is done once and taken back.
pub(super) fn rehearse<T: Config, R>(operation: impl FnOnce() -> R) {
	leave_out_counted::<T>();
	let taken_back = with_transaction(|| {
		operation();
		leave_out_counted::<T>();
		TransactionOutcome::Rollback(Ok::<_, DispatchError>(()))
	});
	taken_back.expect("there is room for a transaction");
}

/// Do not count what an operation changes that is done before the measured one: another of its kind in
/// the same block has changed that already.
pub(super) fn leave_out_shared(first: impl FnOnce()) {
	let all = || {
		let read = |key: Vec<u8>| (unhashed::get_raw(&key), key);
		keys(Vec::new()).map(read).map(|(value, key)| (key, value)).collect::<BTreeMap<_, _>>()
	};
	let before = all();
	first();
	let after = all();
	for key in before.keys().chain(after.keys()) {
		if before.get(key) != after.get(key) {
			add_to_whitelist(key.clone().into());
		}
	}
}

/// The first account of somebody.
pub(super) fn account_of<T: Config>(who: &T::AccountId) -> AccountRef {
	Keys::<T>::get((who, 0)).expect("a trader has an account").account
}

/// An account as it is stored.
pub(super) fn stored<T: Config>(who: AccountRef) -> Account<T::AccountId> {
	Accounts::<T>::get(who).expect("the account exists")
}

/// The place of an account in a session.
pub(super) fn place<T: Config>(house: &mut House<T>, who: AccountRef) -> usize {
	house.place(who).ok().expect("the account exists")
}

/// Signed lots of an account in the market.
pub(super) fn lots_of<T: Config>(who: AccountRef) -> i64 {
	crate::types::position_in(&stored::<T>(who).positions, MARKET).lots
}

/// A trader long so many lots in each of so many markets.
pub(super) fn long<T: Config>(trader: u32, markets: u32, lots: u64) -> T::AccountId {
	let (who, other) = (T::Scene::trader(trader), T::Scene::trader(OTHER));
	let markets = markets as u16;
	T::Scene::markets(markets.max(1));
	for market in (0..markets).map(MarketId) {
		T::Scene::trade(market, &who, &other, Lots(lots));
	}
	who
}

/// Let funding run in so many markets, so that whoever holds something there owes.
pub(super) fn accrue<T: Config>(markets: u32) {
	for market in (0..markets as u16).map(MarketId) {
		Pallet::<T>::accrue(market, Funding(1_000 << Funding::FRACTION_BITS));
	}
}

/// Let bids rest in so many markets, each on a page of its own: four pages are what is reckoned with
/// where depth is looked at.
pub(super) fn depth<T: Config>(markets: u32) {
	let maker = T::Scene::trader(MAKER);
	for market in (0..markets as u16).map(MarketId) {
		for step in 1..=4 {
			let price = T::Scene::price(market).saturating_sub(Ticks(40 * step));
			T::Scene::rest(&maker, market, Side::Bid, price, Lots(10));
		}
	}
}

/// What an account loses, as if by fees.
pub(super) fn lose<T: Config>(who: AccountRef, amount: Amount) {
	let owed = |quote: Amount| quote.min(0).unsigned_abs();
	Accounts::<T>::mutate(who, |account| {
		let account = account.as_mut().expect("the account exists");
		let before = account.quote;
		account.quote -= amount;
		let after = account.quote;
		Ledger::<T>::mutate(|ledger| {
			ledger.quote -= amount;
			ledger.fees = ledger.fees.saturating_add_signed(amount);
			ledger.owed = ledger.owed + owed(after) - owed(before);
		});
	});
}

/// Leave an account equity of so many hundredths of its maintenance margin.
pub(super) fn leave_margin<T: Config>(who: AccountRef, percent: u128) {
	let mut house = House::<T>::new();
	let index = place(&mut house, who);
	let health = house.health_of(index);
	let left = signed(health.maintenance * percent / 100);
	lose::<T>(who, health.equity - left);
}

/// An account long so many lots that is to be liquidated, and will be closed whole: solvent, with less than
/// two thirds of its maintenance margin and more than a third, so that nobody is deleveraged for it.
pub(super) fn under_water<T: Config>(trader: u32, markets: u32, lots: u64) -> AccountRef {
	let who = account_of::<T>(&long::<T>(trader, markets, 100));
	let seller = T::Scene::trader(OTHER);
	let buyer = T::Scene::trader(trader);
	if lots > 0 {
		T::Scene::trade(MARKET, &buyer, &seller, Lots(lots));
	}
	leave_margin::<T>(who, 45);
	who
}

/// Give the vault ten million.
pub(super) fn fund_vault<T: Config>() {
	let (from, amount) = (T::Scene::trader(MAKER), 10_000_000 * UNIT);
	T::Scene::mint(T::Scene::quote_asset(), &from, amount);
	<Pallet<T> as Vault<T::AccountId>>::add(&from, amount).expect("the vault takes it");
}

/// Let the vault take over a position.
pub(super) fn vault_with_a_long<T: Config>() {
	fund_vault::<T>();
	let who = under_water::<T>(TRADER, 1, 100);
	let most = crate::capacity::COUNTERPARTIES;
	Pallet::<T>::liquidate_account(who, most).expect("the vault takes over");
	assert!(lots_of::<T>(VAULT) > 0);
}

/// Nothing is known of what waits in the market.
pub(super) fn forget_nearest<T: Config>() {
	Board::<T>::mutate(0, |shard| shard[0].nearest = Default::default());
}
