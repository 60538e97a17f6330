//! What clients ask.

use crate::{checks::Seen, Accounts, Config, House, Keys, Pallet};
use breakwater_math::{arithmetic::mul_div_ceil, trigger, Health};
use breakwater_primitives::{
	api::{AccountSummary, PositionSummary},
	AccountRef,
};

impl<T: Config> Pallet<T> {
	/// The account of `owner` with sub-account number `sub`, for the runtime API.
	pub fn account_summary(owner: &T::AccountId, sub: u8) -> Option<AccountSummary> {
		Self::summary_of(Keys::<T>::get((owner, sub))?.account)
	}

	/// An account by its number.
	pub fn summary_of(account: AccountRef) -> Option<AccountSummary> {
		let stored = Accounts::<T>::get(account)?;
		let mut house = House::<T>::new();
		let seen = house.seen(&stored.positions);
		let held = || seen.iter().filter(|seen| seen.position.lots != 0);
		let health = Health::of(stored.quote, held().map(Seen::leg));
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
		Some(AccountSummary {
			account,
			deposit: stored.deposit,
			leverage: leverage.map(|leverage| u32::try_from(leverage).unwrap_or(u32::MAX)),
			quote: stored.quote,
			equity: health.equity,
			maintenance_margin: health.maintenance,
			initial_margin: House::<T>::initial_margin(&seen),
			withdrawable: House::<T>::withdrawable(stored.quote, &seen),
			positions: positions.collect(),
			orders: stored.orders.to_vec(),
		})
	}
}
