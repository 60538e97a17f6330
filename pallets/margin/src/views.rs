//! What clients ask.

use crate::{checks::Seen, Accounts, Config, House, Keys, Pallet, Sales};
use breakwater_math::{arithmetic::signed, trigger, Health};
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
		let backing = stored.quote.saturating_add(signed(house.worth(&stored.collaterals)));
		let other = house.initial_worth(&stored.collaterals, &stored.positions);
		let collaterals = house.summaries(&stored.collaterals, &stored.positions);
		let health = Health::of(backing, held().map(Seen::leg));
		let positions = held().map(|seen| PositionSummary {
			market: seen.position.market,
			lots: seen.position.lots,
			cost: seen.position.cost,
			unrealised: seen.marked(),
			liquidation_price: trigger::liquidation_price(&seen.leg(), health.surplus()),
		});
		Some(AccountSummary {
			account,
			quote: stored.quote,
			equity: health.equity,
			maintenance_margin: health.maintenance,
			initial_margin: House::<T>::initial_margin(&seen),
			withdrawable: House::<T>::withdrawable(stored.quote, other, &seen),
			positions: positions.collect(),
			orders: stored.orders.to_vec(),
			collaterals,
			for_sale: Sales::<T>::contains_key(account),
		})
	}
}
