//! The value guard of each asset: what came into custody less what went out, counted apart from what
//! accounts claim. It never goes below zero and never disagrees with the accounts.

use super::types::Listing;
use crate::{Config, Error, Event, House, Listings, Pallet};
use breakwater_primitives::{AssetId, Balance, Observation, Observe};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{fungibles::Mutate, tokens::Preservation},
};

impl<T: Config> Pallet<T> {
	/// Take an asset into custody.
	pub(crate) fn receive_asset(
		from: &T::AccountId,
		asset: AssetId,
		amount: Balance,
	) -> DispatchResult {
		Self::change_listing(asset, |listing| {
			let held = listing.held.checked_add(amount).ok_or(Error::<T>::AmountTooLarge)?;
			ensure!(held <= listing.terms.total_cap, Error::<T>::AssetCapReached);
			listing.held = held;
			Ok(())
		})?;
		let to = Self::custody_account();
		T::Assets::transfer(asset, from, &to, amount, Preservation::Expendable)?;
		Ok(())
	}

	/// Pay an asset out of custody; never more than was counted in.
	pub(crate) fn pay_asset(to: &T::AccountId, asset: AssetId, amount: Balance) -> DispatchResult {
		Self::change_listing(asset, |listing| {
			let held = listing.held.checked_sub(amount);
			listing.held = held.ok_or(Error::<T>::WithdrawalDenied)?;
			Ok(())
		})?;
		let from = Self::custody_account();
		T::Assets::transfer(asset, &from, to, amount, Preservation::Expendable)?;
		Ok(())
	}

	/// Change a listing in its place.
	pub(crate) fn change_listing<R>(
		asset: AssetId,
		change: impl FnOnce(&mut Listing) -> Result<R, Error<T>>,
	) -> Result<R, Error<T>> {
		Listings::<T>::try_mutate(|listings| {
			let listing = listings.iter_mut().find(|listing| listing.terms.asset == asset);
			change(listing.ok_or(Error::<T>::AssetNotListed)?)
		})
	}

	/// Whether custody holds of each asset what accounts claim.
	pub(crate) fn assets_agree() -> bool {
		Listings::<T>::get().iter().all(|listing| listing.held == listing.claimed)
	}

	/// Tell the world of assets of which custody does not hold what accounts claim. The market that
	/// prices such an asset is reported as broken, and nothing can be withdrawn.
	pub(crate) fn compare_assets() {
		for Listing { terms, held, claimed, .. } in Listings::<T>::get() {
			if held != claimed {
				T::Observe::observe(terms.queue(), &Observation::InvariantBroken);
				let asset = terms.asset;
				log::error!(
					target: "margin",
					"custody holds {held} of asset {asset} and claims are {claimed}",
				);
				Self::deposit_event(Event::AssetMismatch { asset, held, claimed });
			}
		}
	}
}

impl<T: Config> House<T> {
	/// Count what the session's accounts claim of other assets now, less what they claimed before.
	pub(crate) fn write_claims(&self) {
		let changed = |loaded: &&crate::session::Loaded<T::AccountId>| {
			!(loaded.account.collaterals.is_empty() && loaded.collaterals_before.is_empty())
				&& loaded.account.collaterals != loaded.collaterals_before
		};
		for loaded in self.accounts.iter().filter(changed) {
			Listings::<T>::mutate(|listings| {
				for listing in listings.iter_mut() {
					let of = |list: &[crate::types::Collateral]| {
						let mut same = list.iter().filter(|one| one.asset == listing.terms.asset);
						same.next().map_or(0, |one| one.amount)
					};
					let (was, is) =
						(of(&loaded.collaterals_before), of(&loaded.account.collaterals));
					listing.claimed = listing.claimed.saturating_add(is).saturating_sub(was);
				}
			});
		}
	}
}
