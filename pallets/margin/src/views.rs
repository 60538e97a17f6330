//! What clients ask.

use crate::{
	checks::Seen,
	types::position_in,
	vault::{budgets_of, BUDGET_IN_ALL, VAULT},
	Accounts, Config, House, Keys, Pallet, Sales, VaultMarkets, VaultState,
};
use alloc::vec::Vec;
use breakwater_math::{
	arithmetic::{mul_div_ceil, signed},
	trigger, Health,
};
use breakwater_primitives::{
	api::{AccountSummary, PositionSummary, VaultMarketSummary},
	AccountRef, Balance,
};

impl<T: Config> Pallet<T> {
	/// The account of `owner` with sub-account number `sub`, for the runtime API.
	pub fn account_summary(owner: &T::AccountId, sub: u8) -> Option<AccountSummary> {
		Self::summary_of(Keys::<T>::get((owner, sub))?.account)
	}

	/// What the vault lost lately in all markets, and what it may lose in a day, in quote units.
	pub fn vault_losses() -> (Balance, Balance) {
		let mut house = House::<T>::new();
		let equity = house.place(VAULT).map(|index| house.equity_of(index)).unwrap_or_default();
		let lost = VaultState::<T>::get().lost(equity.low, Self::now());
		(lost, BUDGET_IN_ALL.mul_floor(equity.worth()))
	}

	/// What the vault did in each market in which it ever did something, by number.
	pub fn vault_markets() -> Vec<VaultMarketSummary> {
		let mut house = House::<T>::new();
		let Ok(index) = house.place(VAULT) else { return Vec::new() };
		let (equity, now) = (house.equity_of(index), Self::now());
		let state = VaultState::<T>::get();
		let positions = house.accounts[index].account.positions.clone();
		// At most `MAX_MARKETS`.
		let mut markets: Vec<_> = VaultMarkets::<T>::iter().collect();
		markets.sort_by_key(|(market, _)| *market);
		let told = markets.into_iter().map(|(market, noted)| {
			let result = house.vault_result(index, market);
			let budgets = budgets_of::<T>(market, &equity, &noted, &state, result, now);
			VaultMarketSummary {
				market,
				lots: position_in(&positions, market).lots,
				realised: noted.realised,
				lost: budgets.lost,
				budget: budgets.budget,
				taken: noted.taken_at(now),
				out: budgets.spent(),
			}
		});
		told.collect()
	}

	/// An account by its number.
	pub fn summary_of(account: AccountRef) -> Option<AccountSummary> {
		let stored = Accounts::<T>::get(account)?;
		let mut house = House::<T>::new();
		let seen = house.seen(&stored.positions);
		let held = || seen.iter().filter(|seen| seen.position.lots != 0);
		let backing = stored.quote.saturating_add(signed(house.worth(&stored.collaterals)));
		let collaterals = house.summaries(&stored.collaterals, &stored.positions);
		let health = Health::of(backing, held().map(Seen::leg));
		let positions = held().map(|seen| PositionSummary {
			market: seen.position.market,
			lots: seen.position.lots,
			cost: seen.position.cost,
			unrealised: seen.marked(),
			liquidation_price: trigger::liquidation_price(&seen.leg(), health.surplus()),
		});
		let value = held().fold(0u128, |sum, seen| sum.saturating_add(seen.leg().notional()));
		let equity = u128::try_from(health.equity).ok().filter(|equity| *equity > 0);
		let leverage = equity.map(|equity| mul_div_ceil(value, 100, equity));
		// Who withdraws pays the funding that he owes first.
		let index = house.place(account).ok()?;
		house.settle_all_funding(index);
		let settled = house.accounts[index].account.clone();
		let (quote, leaving) = (settled.quote, house.seen(&settled.positions));
		let other = house.initial_worth(&settled.collaterals, &settled.positions);
		let withdrawable = House::<T>::withdrawable(quote, other, &leaving);
		Some(AccountSummary {
			account,
			deposit: stored.deposit,
			leverage: leverage.map(|leverage| u32::try_from(leverage).unwrap_or(u32::MAX)),
			quote: stored.quote,
			equity: health.equity,
			maintenance_margin: health.maintenance,
			initial_margin: House::<T>::initial_margin(&seen),
			withdrawable,
			positions: positions.collect(),
			orders: stored.orders.to_vec(),
			collaterals,
			for_sale: Sales::<T>::contains_key(account),
		})
	}
}
