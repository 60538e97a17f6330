//! What must hold after every block.

use crate::{
	checks::Seen,
	collateral::{types::listing_of, waiting_value},
	triggers::{waiting, Tree},
	types::Account,
	vault::VAULT,
	Accounts, Announced, BadDebt, Config, House, Keys, Ledger, Listings, NextAccount, Pallet, Risk,
	Sales, Settlements, Tightenings, Totals, TriggerPages, VaultMarkets, VaultState,
};
use alloc::collections::{BTreeMap, BTreeSet};
use breakwater_core::trigger::BUCKET_TICKS;
use breakwater_math::{ramp::rises, trigger, Value};
use breakwater_primitives::{AccountRef, AssetId, Backstop, MarketId, Ticks};
use frame_support::{
	ensure,
	traits::{fungibles::Inspect, Get},
};
use sp_runtime::TryRuntimeError;

/// What the positions of a market come to.
#[derive(Default)]
struct Sum {
	long: u64,
	short: u64,
	cost: i128,
	pending: i128,
}

#[derive(Default)]
struct Sums {
	quote: i128,
	owed: u128,
	assets: BTreeMap<AssetId, u128>,
	deposits: u128,
	markets: BTreeMap<MarketId, Sum>,
	triggers: BTreeSet<(Tree, Ticks, AccountRef)>,
	orders: BTreeSet<u128>,
}

impl<T: Config> Pallet<T> {
	/// All accounts against the running totals, custody against claims, every trigger against its
	/// position, and rule (R).
	pub fn do_try_state() -> Result<(), TryRuntimeError> {
		let mut sums = Sums::default();
		let mut house = House::<T>::new();
		for (who, account) in Accounts::<T>::iter() {
			let assigned = who < NextAccount::<T>::get() || who == VAULT;
			ensure!(assigned, "an account number was never assigned");
			sums.quote += account.quote;
			sums.owed += account.quote.min(0).unsigned_abs();
			ensure!((account.quote < 0) == (account.owes_since != 0), "a debt bears no interest");
			sums.deposits += account.deposit;
			for order in &account.orders {
				ensure!(sums.orders.insert(order.id.0), "two accounts own an order");
			}
			for position in &account.positions {
				ensure!(!position.is_empty(), "an empty position was kept");
				ensure!(Risk::<T>::contains_key(position.market), "a position without a market");
				let in_market =
					|id: u128| breakwater_primitives::OrderId(id).market() == position.market;
				ensure!(
					(position.bid.is_empty() && position.ask.is_empty())
						|| account.orders.iter().any(|order| in_market(order.id.0)),
					"lots are reserved for no order"
				);
				let board = house.board(position.market);
				let entry = sums.markets.entry(position.market).or_default();
				entry.long += position.lots.max(0) as u64;
				entry.short += position.lots.min(0).unsigned_abs();
				entry.cost += position.cost;
				entry.pending += position.accrual(&board).exact(position.lots);
			}
			Self::check_triggers(who, &account, &mut sums)?;
		}
		// What settlements hold against open positions counts like an account's.
		for (market, settlement) in Settlements::<T>::iter() {
			let terms = Risk::<T>::get(market).ok_or("a settlement without a market")?;
			let entry = sums.markets.entry(market).or_default();
			entry.long += settlement.taken.max(0) as u64;
			entry.short += settlement.taken.min(0).unsigned_abs() as u64;
			entry.cost += settlement.cost(terms.contract);
		}
		Self::check_settlements()?;
		Self::check_totals(&sums)?;
		Self::check_trees(&sums)?;
		Self::check_ramps()?;
		Self::check_vault()?;
		for (_, record) in Keys::<T>::iter() {
			ensure!(Accounts::<T>::contains_key(record.account), "a key without an account");
		}
		Ok(())
	}

	/// What is announced is marked as such, and lies above the rates in force.
	fn check_ramps() -> Result<(), TryRuntimeError> {
		let mut announced = 0;
		for (market, terms) in Risk::<T>::iter() {
			let tightening = Tightenings::<T>::get(market);
			announced |= u64::from(tightening.is_some()) << market.0;
			let flagged = Self::board_of(market).announced;
			ensure!(flagged == tightening.is_some(), "the board is wrong about announced rates");
			let above = tightening.is_none_or(|t| rises(&terms.rates(), &t.target));
			ensure!(above, "announced rates are not above those in force");
			ensure!(terms.validate().is_ok(), "the risk parameters of a market are unsound");
		}
		ensure!(Announced::<T>::get() == announced, "a market with announced rates is forgotten");
		Ok(())
	}

	/// Nobody has a key to the vault, and its balance is what was added to it and what it realised in
	/// all markets; more only where a deficit of its own was covered.
	fn check_vault() -> Result<(), TryRuntimeError> {
		ensure!(Keys::<T>::iter().all(|(_, key)| key.account != VAULT), "a key to the vault");
		let Some(account) = Accounts::<T>::get(VAULT) else {
			ensure!(VaultState::<T>::get() == Default::default(), "a vault without an account");
			ensure!(VaultMarkets::<T>::iter().next().is_none(), "a vault without an account");
			return Ok(());
		};
		ensure!(account.owner == Self::vault_owner() && account.sub == 0, "the vault is owned");
		ensure!(account.keys == 0, "the vault has keys");
		let realised = VaultMarkets::<T>::iter_values().map(|market| market.realised);
		let counted = realised.fold(VaultState::<T>::get().added, i128::saturating_add);
		ensure!(account.quote >= counted, "the vault lost what nobody counted");
		Ok(())
	}

	fn check_triggers(
		who: AccountRef,
		account: &Account<T::AccountId>,
		sums: &mut Sums,
	) -> Result<(), TryRuntimeError> {
		let mut house = House::<T>::new();
		let quote = account.quote;
		let seen = house.seen(&account.positions);
		let listings = Listings::<T>::get();
		for collateral in &account.collaterals {
			ensure!(listing_of(&listings, collateral.asset).is_some(), "collateral is not listed");
			ensure!(collateral.amount > 0, "an empty collateral was kept");
			*sums.assets.entry(collateral.asset).or_default() += collateral.amount;
			if let Some((tree, at)) = waiting_value(&listings, collateral) {
				ensure!(account.holds_lots(), "a value is watched for no position");
				sums.triggers.insert((tree, at, who));
			}
		}
		let held = || seen.iter().filter(|seen| seen.position.lots != 0);
		for seen in held() {
			for (tree, at) in waiting(&seen.position).into_iter().flatten() {
				let nearest = Self::board_of(seen.position.market).nearest;
				let bounded = tree.place().is_none_or(|(_, slot)| nearest.bounds(slot, at));
				ensure!(bounded, "a trigger is nearer than the board knows");
				sums.triggers.insert((tree, at, who));
			}
		}
		// Until the sweep has passed, what was armed before the announcement knows nothing of it.
		let sweeping: BTreeSet<MarketId> = held()
			.map(|seen| seen.position.market)
			.filter(|market| Tightenings::<T>::get(market).is_some_and(|t| t.sweep.is_some()))
			.collect();
		let legs = held().map(|seen: &Seen| {
			let before = sweeping.contains(&seen.position.market);
			(if before { seen.leg() } else { seen.armed_leg() }, seen.position.armed)
		});
		let valued = house.valued(&account.collaterals);
		let values = valued.iter().map(|one| (one.holding, one.armed));
		let crossed = legs.clone().any(|(leg, armed)| trigger::crossed(&leg, &armed))
			|| values.clone().any(|(holding, armed)| holding.crossed(armed));
		ensure!(
			held().next().is_none() || crossed || trigger::holds_all(quote, legs, values),
			"an account could be liquidatable before any of its triggers is crossed"
		);
		let for_sale = Sales::<T>::contains_key(who);
		let sold = held().next().is_some() || quote >= 0 || for_sale;
		ensure!(sold, "a deficit was not settled");
		ensure!(!for_sale || !account.collaterals.is_empty(), "nothing is for sale");
		Ok(())
	}

	fn check_totals(sums: &Sums) -> Result<(), TryRuntimeError> {
		let (mut cost, mut funding, ledger) = (0, 0, Ledger::<T>::get());
		let nothing = Sum::default();
		for (market, totals) in Totals::<T>::iter() {
			let sum = sums.markets.get(&market).unwrap_or(&nothing);
			let interest = totals.long.0 == sum.long && totals.short.0 == sum.short;
			ensure!(interest, "open interest is off");
			ensure!(sum.long == sum.short, "the lots of a market do not sum to zero");
			ensure!(totals.cost == sum.cost, "the cost of a market's positions is off");
			ensure!(totals.pending == sum.pending, "the pending funding of a market is off");
			ensure!(totals.agree(), "the totals of a market disagree with each other");
			cost += sum.cost;
			funding += totals.paid;
		}
		ensure!(ledger.funding == funding, "the sum of funding payments is off");
		ensure!(ledger.quote == sums.quote, "the sum of quote balances is off");
		ensure!(ledger.owed == sums.owed, "the sum of what accounts owe is off");
		for listing in Listings::<T>::get() {
			let asset = listing.terms.asset;
			let sum = sums.assets.get(&asset).copied().unwrap_or_default();
			ensure!(listing.claimed == sum, "what accounts claim of an asset is off");
			ensure!(listing.held == sum, "custody of an asset is not what accounts claim");
			let balance = T::Assets::balance(asset, &Self::custody_account());
			ensure!(balance >= listing.held, "custody holds less of an asset than was counted");
			let expected = Value::of(listing.price, listing.terms.maintenance);
			ensure!(listing.value == expected, "the value of an asset is off");
		}
		for who in Sales::<T>::iter_keys() {
			ensure!(Accounts::<T>::contains_key(who), "a sale without an account");
		}
		ensure!(ledger.deposits == sums.deposits, "the sum of deposits for accounts is off");
		ensure!(ledger.cost == cost, "the sum of costs is off");
		let debt: u128 = BadDebt::<T>::iter_values().sum();
		ensure!(ledger.bad_debt == debt, "the sum of bad debt is off");
		let claimed = ledger.claims(T::Insurance::total());
		ensure!(i128::try_from(ledger.held) == Ok(claimed), "custody is not what is claimed");
		let balance = T::Assets::balance(T::CollateralAsset::get(), &Self::custody_account());
		ensure!(balance >= ledger.held, "custody holds less than was counted");
		Ok(())
	}

	fn check_trees(sums: &Sums) -> Result<(), TryRuntimeError> {
		let mut found = 0;
		for (key, page) in TriggerPages::<T>::iter() {
			for trigger in &page.triggers {
				let tick = Ticks(key.at * BUCKET_TICKS + trigger.offset as u32);
				let known = (Tree::of_key(key.market, key.kind), tick, trigger.account);
				ensure!(sums.triggers.contains(&known), "a trigger waits for no position");
				found += 1;
			}
		}
		ensure!(found == sums.triggers.len(), "a position's trigger waits nowhere");
		Ok(())
	}
}
