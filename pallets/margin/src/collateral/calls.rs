//! What an owner does with other collateral: deposit, withdraw, move it between his accounts.

use super::types::listing_of;
use crate::{collateral::types::Listing, cost, Config, Error, Event, House, Keys, Pallet};
use breakwater_math::{arithmetic::signed, Value};
use breakwater_primitives::{
	AccountRef, AssetId, Balance, Clearing, Custody, Outflow, Permission, Ppm,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get, weights::Weight};
use sp_runtime::DispatchError;

impl Listing {
	/// What an amount is worth at the price, without haircut.
	fn outright(&self, amount: Balance) -> Balance {
		self.terms.scale.worth(amount, Value::of(self.price, Ppm::one()))
	}
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_deposit_asset(
		who: T::AccountId,
		sub: u8,
		asset: AssetId,
		amount: Balance,
	) -> Result<Weight, DispatchError> {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let mut house = House::<T>::new();
		let (index, created) = Self::own_or_new(&mut house, &who, sub, asset, amount)?;
		Self::receive_asset(&who, asset, amount)?;
		house.put_in(index, asset, amount)?;
		let account = house.accounts[index].who;
		Self::deposit_event(Event::AssetDeposited { account, from: who, asset, amount });
		let positions = house.accounts[index].account.positions.len() as u32;
		Ok(cost::asset_deposited::<T>(house.write()?, created, positions))
	}

	/// The owner's account of this number in the session, and whether it was created for a deposit of
	/// so much of an asset.
	fn own_or_new(
		house: &mut House<T>,
		who: &T::AccountId,
		sub: u8,
		asset: AssetId,
		amount: Balance,
	) -> Result<(usize, bool), DispatchError> {
		match Keys::<T>::get((who, sub)) {
			Some(record) if record.owns() => Ok((house.place(record.account)?, false)),
			Some(_) => Err(Error::<T>::KeyNotPermitted.into()),
			None => {
				let known = listing_of(house.listings(), asset).map(|(_, listing)| *listing);
				let listing = known.ok_or(Error::<T>::AssetNotListed)?;
				let worth = listing.outright(amount);
				let index = Self::create_account(house, who, sub, worth)?;
				// The account's place in the chain's state is paid for in quote.
				let deposit = T::AccountDeposit::get();
				if deposit > 0 {
					Self::receive(who, deposit)?;
					house.credit(index, signed(deposit));
				}
				Ok((index, true))
			},
		}
	}

	pub(crate) fn do_withdraw_asset(
		who: T::AccountId,
		sub: u8,
		asset: AssetId,
		amount: Balance,
	) -> Result<Weight, DispatchError> {
		let account = Self::account_of(&who, sub, Permission::Withdraw)?;
		let mut house = House::<T>::new();
		let index = house.place(account)?;
		Self::release_asset(&mut house, index, asset, amount)?;
		Self::pay_out(&mut house, &who, asset, amount)?;
		Self::deposit_event(Event::AssetWithdrawn { account, to: who, asset, amount });
		let positions = house.accounts[index].account.positions.len() as u32;
		Ok(cost::asset_withdrawn::<T>(house.write()?, positions))
	}

	pub(crate) fn do_transfer_asset(
		who: T::AccountId,
		from: u8,
		to: u8,
		asset: AssetId,
		amount: Balance,
	) -> Result<Weight, DispatchError> {
		ensure!(from != to, Error::<T>::SameAccount);
		let source = Self::account_of(&who, from, Permission::Withdraw)?;
		let mut house = House::<T>::new();
		let giver = house.place(source)?;
		Self::release_asset(&mut house, giver, asset, amount)?;
		let (taker, _) = Self::own_or_new(&mut house, &who, to, asset, amount)?;
		house.put_in(taker, asset, amount)?;
		let to = house.accounts[taker].who;
		Self::deposit_event(Event::AssetTransferred { from: source, to, asset, amount });
		let positions = house.accounts.iter().map(|loaded| loaded.account.positions.len() as u32);
		let positions = positions.sum();
		Ok(cost::asset_transferred::<T>(house.write()?, positions))
	}

	/// Take an asset out of an account that does without it: its positions keep the margin that must
	/// stay when collateral leaves, and what it owes stays within its cap.
	fn release_asset(
		house: &mut House<T>,
		index: usize,
		asset: AssetId,
		amount: Balance,
	) -> DispatchResult {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let seen = Self::ensure_exits_open(house, index)?;
		house.touch(index);
		house.charge_interest();
		let taken = house.take_out(index, asset, amount)?;
		ensure!(taken == amount, Error::<T>::NotEnoughAsset);
		let left = house.accounts[index].account.collaterals.clone();
		let free = house.free_with(index, &left, &seen);
		ensure!(free >= 0 && !house.must_sell(index), Error::<T>::ExceedsWithdrawable);
		Ok(())
	}

	fn pay_out(
		house: &mut House<T>,
		to: &T::AccountId,
		asset: AssetId,
		amount: Balance,
	) -> DispatchResult {
		let known = listing_of(house.listings(), asset).map(|(_, listing)| *listing);
		let listing = known.ok_or(Error::<T>::AssetNotListed)?;
		T::Outflow::leaves(to, listing.outright(amount))?;
		Self::pay_asset(to, asset, amount)
	}

	/// Pay all other collateral of an account that is being closed, from which all may leave, to its
	/// owner.
	pub(crate) fn pay_all_assets(
		house: &mut House<T>,
		index: usize,
		to: &T::AccountId,
	) -> DispatchResult {
		let account: AccountRef = house.accounts[index].who;
		for collateral in house.accounts[index].account.collaterals.clone() {
			let (asset, amount) = (collateral.asset, collateral.amount);
			house.take_out(index, asset, amount)?;
			Self::pay_out(house, to, asset, amount)?;
			let to = to.clone();
			Self::deposit_event(Event::AssetWithdrawn { account, to, asset, amount });
		}
		Ok(())
	}
}
