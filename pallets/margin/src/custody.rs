//! The custody account and what is claimed of it.

use crate::{Config, Error, Event, Ledger, Pallet, Totals};
use breakwater_primitives::{api::CustodyStatus, Backstop, Balance, Custody, Observation, Observe};
use frame_support::{
	dispatch::DispatchResult,
	traits::{
		fungibles::{Inspect, Mutate},
		tokens::Preservation,
		Get,
	},
};
use sp_runtime::traits::AccountIdConversion;

impl<T: Config> Custody<T::AccountId> for Pallet<T> {
	fn receive(from: &T::AccountId, amount: Balance) -> DispatchResult {
		let held = Ledger::<T>::get().held;
		let held = held.checked_add(amount).ok_or(Error::<T>::AmountTooLarge)?;
		let to = Self::custody_account();
		T::Assets::transfer(
			T::CollateralAsset::get(),
			from,
			&to,
			amount,
			Preservation::Expendable,
		)?;
		Ledger::<T>::mutate(|ledger| ledger.held = held);
		Ok(())
	}
	fn pay(to: &T::AccountId, amount: Balance) -> DispatchResult {
		let from = Self::custody_account();
		// Gifts at the address are not for those who come last.
		let held = Ledger::<T>::get().held;
		let held = held.checked_sub(amount).ok_or(Error::<T>::CustodyExhausted)?;
		T::Assets::transfer(
			T::CollateralAsset::get(),
			&from,
			to,
			amount,
			Preservation::Expendable,
		)?;
		Ledger::<T>::mutate(|ledger| ledger.held = held);
		Ok(())
	}
	fn agrees() -> bool {
		Self::custody_agrees()
	}
}

impl<T: Config> Pallet<T> {
	/// The address that holds all collateral and all funds.
	pub fn custody_account() -> T::AccountId {
		T::PalletId::get().into_account_truncating()
	}

	/// What custody holds and what is claimed of it. A gift to the custody account's address is
	/// not counted; a shortage is.
	pub fn custody_status() -> CustodyStatus {
		let ledger = Ledger::<T>::get();
		let balance = T::Assets::balance(T::CollateralAsset::get(), &Self::custody_account());
		CustodyStatus {
			held: ledger.held.min(balance),
			claimed: ledger.claims(T::Insurance::total()),
		}
	}

	/// Whether what is claimed is what custody holds, by the running totals.
	pub(crate) fn custody_agrees() -> bool {
		let ledger = Ledger::<T>::get();
		i128::try_from(ledger.held) == Ok(ledger.claims(T::Insurance::total()))
	}

	/// Tell the world when the running totals disagree. No price is in them, so they agree after
	/// every block, whatever happened. Each market whose own totals disagree is reported as broken, so
	/// that the breaker freezes it alone; where all agree, the chain is. Nothing can be withdrawn until
	/// the sums agree again.
	pub(crate) fn compare_custody() {
		Self::compare_assets();
		let ledger = Ledger::<T>::get();
		let claimed = ledger.claims(T::Insurance::total());
		if i128::try_from(ledger.held) != Ok(claimed) {
			// At most `MAX_MARKETS` items, and only on a fault of the chain.
			let mut blamed = false;
			for (market, _) in Totals::<T>::iter().filter(|(_, totals)| !totals.agree()) {
				T::Observe::observe(market, &Observation::InvariantBroken);
				blamed = true;
			}
			if !blamed {
				T::Observe::observe_chain(&Observation::InvariantBroken);
			}
			log::error!(
				target: "margin",
				"custody holds {} and claims are {claimed}", ledger.held,
			);
			Self::deposit_event(Event::CustodyMismatch { held: ledger.held, claimed });
		}
	}
}
