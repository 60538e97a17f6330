//! What an account's place in the chain's state costs, and removing what nobody uses.
//!
//! ```text
//!   first deposit -> quote balance + deposit      Ledger.deposits += deposit
//!   close         -> owner: both
//!   thirty days unused and less than one unit in it -> whoever removes it: deposit; insurance: the rest
//! ```
//!
//! An open position is paid for by its initial margin, which is five units at the least.

use crate::{
	types::Position, vault::VAULT, Accounts, Config, Error, Event, House, Keys, Ledger, Pallet,
};
use alloc::vec::Vec;
use breakwater_math::arithmetic::signed;
use breakwater_primitives::{AccountRef, Backstop, Balance, Custody, Venue};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};

/// An account with less in it may be removed, in quote units.
const DUST: Balance = 1_000_000;
/// Days for which an account must not have changed before others may remove it: withdrawing all and
/// coming back later is nobody else's business.
const IDLE_DAYS: u16 = 30;

impl<T: Config> Pallet<T> {
	/// Keep the deposit of a new account out of its balance.
	pub(crate) fn keep_deposit(house: &mut House<T>, index: usize) {
		let deposit = T::AccountDeposit::get();
		if deposit == 0 {
			return;
		}
		house.credit(index, signed(deposit).saturating_neg());
		house.accounts[index].account.deposit = deposit;
		Ledger::<T>::mutate(|ledger| ledger.deposits = ledger.deposits.saturating_add(deposit));
	}

	/// An account is about to be removed: its deposit is nobody's place any more. Returns it; the caller
	/// pays it out.
	pub(crate) fn release_deposit(house: &mut House<T>, index: usize) -> Balance {
		let account = &mut house.accounts[index].account;
		let deposit = core::mem::take(&mut account.deposit);
		if deposit > 0 {
			Ledger::<T>::mutate(|ledger| ledger.deposits = ledger.deposits.saturating_sub(deposit));
		}
		deposit
	}

	pub(crate) fn do_remove_account(
		who: T::AccountId,
		account: AccountRef,
		keys: Vec<T::AccountId>,
	) -> DispatchResult {
		// The vault is empty when it has no backers, and stays all the same.
		ensure!(account != VAULT, Error::<T>::AccountInUse);
		let mut house = House::<T>::new();
		let index = house.place(account)?;
		let today = house.day();
		let stored = &house.accounts[index].account;
		let idle = stored.positions.iter().all(Position::is_idle);
		let empty = stored.orders.is_empty() && stored.collaterals.is_empty();
		ensure!(idle && empty, Error::<T>::AccountInUse);
		ensure!(T::Venue::forget(account), Error::<T>::AccountInUse);
		let dust = u128::try_from(stored.quote).map_err(|_| Error::<T>::NotDust)?;
		ensure!(dust < DUST, Error::<T>::NotDust);
		let since = stored.active.saturating_add(IDLE_DAYS);
		ensure!(today >= since, Error::<T>::RecentlyUsed);
		let (owner, sub) = (stored.owner.clone(), stored.sub);
		ensure!(keys.len() == usize::from(stored.keys), Error::<T>::WrongKeys);
		for key in keys {
			let record = Keys::<T>::take((key, sub)).ok_or(Error::<T>::WrongKeys)?;
			ensure!(record.account == account && !record.owns(), Error::<T>::WrongKeys);
		}
		if dust > 0 {
			house.credit(index, signed(dust).saturating_neg());
			if !T::Insurance::found(dust) {
				Ledger::<T>::mutate(|ledger| ledger.dust = ledger.dust.saturating_add(dust));
			}
		}
		let deposit = Self::release_deposit(&mut house, index);
		if deposit > 0 {
			Self::pay(&who, deposit)?;
		}
		house.write()?;
		Accounts::<T>::remove(account);
		Keys::<T>::remove((&owner, sub));
		Self::deposit_event(Event::AccountRemoved { account, owner, sub, by: who, deposit, dust });
		Ok(())
	}
}
