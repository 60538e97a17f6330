//! What clients ask.

use crate::{checks::Seen, Accounts, Config, House, Keys, Pallet};
use breakwater_math::{trigger, Health};
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
		// Who withdraws pays the funding that he owes first.
		let index = house.place(account).ok()?;
		house.settle_all_funding(index);
		let settled = house.accounts[index].account.clone();
		let (quote, leaving) = (settled.quote, house.seen(&settled.positions));
		let withdrawable = House::<T>::withdrawable(quote, &leaving);
		Some(AccountSummary {
			account,
			quote: stored.quote,
			equity: health.equity,
			maintenance_margin: health.maintenance,
			initial_margin: House::<T>::initial_margin(&seen),
			withdrawable,
			positions: positions.collect(),
			orders: stored.orders.to_vec(),
		})
	}
}
