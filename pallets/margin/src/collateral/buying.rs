//! The Dutch auction of collateral: anyone buys of it at what the sale asks by now, with quote from his
//! own pocket, until the account owes nothing.

use super::{
	debts::owed,
	types::{listing_of, Listing, Sale},
};
use crate::{Accounts, Config, Error, Event, House, Listings, Pallet, Sales};
use breakwater_math::{arithmetic::signed, Value};
use breakwater_primitives::{
	AccountRef, Action, AssetId, Balance, Custody, Gate, Millis, Settled, Validity,
};
use frame_support::{ensure, traits::Get};
use sp_runtime::DispatchError;

impl Sale {
	/// What the sale asks for a lot of an asset.
	fn asks(&self, listing: &Listing, now: Millis) -> Value {
		listing.value.asked(listing.price, now.saturating_sub(self.began))
	}
}

impl<T: Config> Pallet<T> {
	/// What the sale of an account asks for so much of an asset, and how much it sells.
	pub(crate) fn asked_for(
		account: AccountRef,
		asset: AssetId,
		amount: Balance,
	) -> Option<(Balance, Balance)> {
		let (sale, stored) = (Sales::<T>::get(account)?, Accounts::<T>::get(account)?);
		let listings = Listings::<T>::get();
		let (_, listing) = listing_of(&listings, asset)?;
		let held = stored.collaterals.iter().find(|collateral| collateral.asset == asset)?;
		let (asked, scale) = (sale.asks(listing, Self::now()), listing.terms.scale);
		let debt = owed(stored.quote).saturating_add(sale.repay);
		let amount = amount.min(held.amount).min(scale.amount_for(debt, asked));
		Some((scale.cost(amount, asked), amount))
	}

	pub(crate) fn do_buy(
		who: T::AccountId,
		account: AccountRef,
		asset: AssetId,
		amount: Balance,
		most: Balance,
	) -> Result<Settled, DispatchError> {
		let mut house = House::<T>::new();
		let index = house.place(account)?;
		let sale = Sales::<T>::get(account).ok_or(Error::<T>::NotForSale)?;
		ensure!(Self::assets_agree(), Error::<T>::WithdrawalDenied);
		house.charge_interest_of(index);
		let known = listing_of(house.listings(), asset).map(|(_, listing)| *listing);
		let listing = known.ok_or(Error::<T>::AssetNotListed)?;
		if let Some(market) = listing.terms.market {
			let validity =
				house.board(market).prices.validity_at(Self::now(), T::PriceAgeLimit::get());
			ensure!(validity <= Validity::Degraded, Error::<T>::PriceNotUsable);
			let allowed = T::Gate::view(market).allows(Action::Liquidate).is_ok();
			ensure!(allowed, Error::<T>::LiquidationDenied);
		}
		let asked = sale.asks(&listing, Self::now());
		let scale = listing.terms.scale;
		let debt = owed(house.accounts[index].account.quote).saturating_add(sale.repay);
		let amount = amount.min(scale.amount_for(debt, asked));
		let amount = house.take_out(index, asset, amount)?;
		let cost = scale.cost(amount, asked);
		ensure!(amount > 0 && cost > 0, Error::<T>::ZeroAmount);
		ensure!(cost <= most, Error::<T>::AsksMore);
		Self::receive(&who, cost)?;
		house.credit(index, signed(cost));
		Self::pay_asset(&who, asset, amount)?;
		Self::deposit_event(Event::CollateralSold {
			account,
			buyer: who,
			asset,
			amount,
			cost,
			asked,
			price: listing.price,
			owed: debt,
		});
		house.write()
	}
}

impl<T: Config> House<T> {
	/// Take up to `amount` of an asset out of a loaded account. Returns how much.
	pub(crate) fn take_out(
		&mut self,
		index: usize,
		asset: AssetId,
		amount: Balance,
	) -> Result<Balance, Error<T>> {
		let loaded = &mut self.accounts[index];
		let collaterals = &mut loaded.account.collaterals;
		let place = collaterals.iter().position(|collateral| collateral.asset == asset);
		let held = place.and_then(|place| collaterals.get_mut(place));
		let collateral = held.ok_or(Error::<T>::NotEnoughAsset)?;
		let taken = amount.min(collateral.amount);
		collateral.amount -= taken;
		if let (0, Some(place)) = (collateral.amount, place) {
			collaterals.swap_remove(place);
		}
		(loaded.dirty, loaded.touched) = (true, true);
		Ok(taken)
	}

	/// Put an amount of an asset into a loaded account.
	pub(crate) fn put_in(
		&mut self,
		index: usize,
		asset: AssetId,
		amount: Balance,
	) -> Result<(), Error<T>> {
		let known = listing_of(self.listings(), asset).map(|(_, listing)| listing.terms);
		let cap = known.ok_or(Error::<T>::AssetNotListed)?.account_cap;
		let loaded = &mut self.accounts[index];
		let collaterals = &mut loaded.account.collaterals;
		let place = collaterals.iter().position(|collateral| collateral.asset == asset);
		match place.and_then(|place| collaterals.get_mut(place)) {
			Some(collateral) => {
				let sum = collateral.amount.checked_add(amount);
				collateral.amount = sum.ok_or(Error::<T>::AmountTooLarge)?;
				ensure!(collateral.amount <= cap, Error::<T>::AssetCapReached);
			},
			None => {
				ensure!(amount <= cap, Error::<T>::AssetCapReached);
				let fresh = crate::types::Collateral { asset, amount, armed: None };
				collaterals.try_push(fresh).map_err(|_| Error::<T>::TooManyAssets)?;
			},
		}
		(loaded.dirty, loaded.touched) = (true, true);
		Ok(())
	}
}
