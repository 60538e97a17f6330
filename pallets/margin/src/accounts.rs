//! What an owner does with his accounts: limits of leverage, transfers between them, closing them.

use crate::{cost, types::Position, Accounts, Config, Error, Event, House, Keys, Pallet, Risk};
use breakwater_primitives::{Balance, Clearing, Custody, MarketId, Outflow, Permission, Venue};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get, weights::Weight};
use sp_runtime::DispatchError;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_set_leverage(
		who: T::AccountId,
		sub: u8,
		market: MarketId,
		leverage: u16,
	) -> DispatchResult {
		let account = Self::account_of(&who, sub, Permission::Trade)?;
		ensure!(Risk::<T>::contains_key(market), Error::<T>::UnknownMarket);
		Accounts::<T>::try_mutate(account, |stored| -> DispatchResult {
			let stored = stored.as_mut().ok_or(Error::<T>::NoAccount)?;
			stored.active = Self::today();
			let positions = &mut stored.positions;
			match positions.iter_mut().find(|position| position.market == market) {
				Some(position) => position.leverage = leverage,
				None => positions
					.try_push(Position { market, leverage, ..Default::default() })
					.map_err(|_| Error::<T>::TooManyPositions)?,
			}
			positions.retain(|position| !position.is_empty());
			Ok(())
		})?;
		Self::deposit_event(Event::LeverageSet { account, market, leverage });
		Ok(())
	}

	pub(crate) fn do_transfer(
		who: T::AccountId,
		from: u8,
		to: u8,
		amount: Balance,
	) -> Result<Weight, DispatchError> {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		ensure!(from != to, Error::<T>::SameAccount);
		let moved = i128::try_from(amount).map_err(|_| Error::<T>::AmountTooLarge)?;
		let source = Self::account_of(&who, from, Permission::Withdraw)?;
		let mut house = House::<T>::new();
		let giver = house.place(source)?;
		Self::ensure_may_leave(&mut house, giver, amount)?;
		let taker = match Keys::<T>::get((&who, to)) {
			Some(record) if record.owns() => house.place(record.account)?,
			delegated => {
				// A key that trades for somebody else does not give him anything by this, and as with a
				// first deposit it gives way.
				if let Some(record) = delegated {
					Self::drop_key(&mut house, &who, record.account)?;
				}
				Self::create_account(&mut house, &who, to, amount)?
			},
		};
		house.credit(giver, moved.saturating_neg());
		house.credit(taker, moved);
		let to = house.accounts[taker].who;
		Self::deposit_event(Event::Transferred { from: source, to, amount });
		let positions = house.accounts.iter().map(|loaded| loaded.account.positions.len() as u32);
		let positions = positions.sum();
		Ok(cost::transferred::<T>(house.write()?, positions))
	}

	pub(crate) fn do_close_account(who: T::AccountId, sub: u8) -> DispatchResult {
		let account = Self::account_of(&who, sub, Permission::Withdraw)?;
		let mut house = House::<T>::new();
		let index = house.place(account)?;
		let stored = &house.accounts[index].account;
		let idle = stored.positions.iter().all(Position::is_idle) && stored.orders.is_empty();
		let owes = stored.quote < 0;
		ensure!(idle && stored.keys == 0 && !owes, Error::<T>::AccountInUse);
		ensure!(T::Venue::forget(account), Error::<T>::AccountInUse);
		let quote = u128::try_from(stored.quote).unwrap_or(0);
		let paid = quote.saturating_add(stored.deposit);
		if paid > 0 || !stored.collaterals.is_empty() {
			// All of it may leave an account that has nothing to carry.
			Self::ensure_exits_open(&mut house, index)?;
		}
		if paid > 0 {
			house.credit(index, house.accounts[index].account.quote.saturating_neg());
			Self::release_deposit(&mut house, index);
			T::Outflow::leaves(&who, paid)?;
			Self::pay(&who, paid)?;
		}
		Self::pay_all_assets(&mut house, index, &who)?;
		house.write()?;
		Accounts::<T>::remove(account);
		Keys::<T>::remove((&who, sub));
		Self::deposit_event(Event::AccountClosed { account, owner: who, sub, paid });
		Ok(())
	}

	/// The accounts of an owner by their sub-account numbers, for clients.
	pub(crate) fn accounts_of(
		owner: &T::AccountId,
	) -> alloc::vec::Vec<(u8, breakwater_primitives::AccountRef)> {
		let owned = (0..T::MaxSubAccounts::get()).filter_map(|sub| {
			let record = Keys::<T>::get((owner, sub))?;
			record.permissions.contains(Permission::Withdraw).then_some((sub, record.account))
		});
		owned.collect()
	}
}
