//! The clearing house as the exchange and the price guard see it, and the trader's calls.

use crate::{
	checks::Seen,
	cost,
	types::{Account, BoardEntry, KeyRecord, Permissions, MAX_KEYS},
	Accounts, Board, Config, Error, Event, House, Keys, NextAccount, Pallet, Risk, Sales,
};
use alloc::vec::Vec;
use breakwater_math::RiskTerms;
use breakwater_primitives::{
	api::SettlementPhase, clearing::MarketRisk, shard_of, AccountRef, Action, Balance, Clearing,
	Custody, Funding, Gate, MarketId, Millis, Outflow, Permission, Ppm, Prices, Venue,
	MARKETS_PER_SHARD, MAX_MARKETS,
};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	traits::{Get, UnixTime},
	weights::Weight,
};
use sp_runtime::{traits::Convert, DispatchError};

impl<T: Config> Clearing<T::AccountId> for Pallet<T> {
	type Session = House<T>;

	fn account_of(
		key: &T::AccountId,
		sub: u8,
		permission: Permission,
	) -> Result<AccountRef, DispatchError> {
		let record = Keys::<T>::get((key, sub)).ok_or(Error::<T>::NoAccount)?;
		// An owner's record has no end, so that his orders do not read the clock here.
		ensure!(record.until == 0 || Self::now() < record.until, Error::<T>::KeyExpired);
		ensure!(record.permissions.contains(permission), Error::<T>::KeyNotPermitted);
		Ok(record.account)
	}
	fn session() -> House<T> {
		House::new()
	}
	fn base_fractions(market: MarketId) -> (Ppm, Ppm) {
		let terms = Self::risk_terms(market);
		terms.map_or_else(Default::default, |t| (t.base_initial(), t.base_maintenance()))
	}
	fn market_created(market: MarketId, risk: MarketRisk) -> DispatchResult {
		ensure!(market.0 < MAX_MARKETS, Error::<T>::UnknownMarket);
		ensure!(!Risk::<T>::contains_key(market), Error::<T>::MarketExists);
		risk.validate().map_err(|_| Error::<T>::InvalidRiskTerms)?;
		// Or who moves the book could have others liquidated.
		let clamp = T::MarkClamp::convert(market);
		ensure!(risk.base_maintenance().0 / 2 >= clamp.0, Error::<T>::InvalidRiskTerms);
		Self::change_board(market, |entry| {
			entry.initial = risk.base_initial();
			entry.maintenance = risk.base_maintenance();
		});
		Risk::<T>::insert(market, risk);
		Self::deposit_event(Event::MarketOpened { market, risk });
		Ok(())
	}
	fn accrue(market: MarketId, per_lot: Funding) {
		Self::do_accrue(market, per_lot.0, per_lot.0);
	}
	fn is_settled(market: MarketId) -> bool {
		let settlement = crate::Settlements::<T>::get(market);
		settlement.is_some_and(|settlement| settlement.phase == SettlementPhase::Done)
	}
}

impl<T: Config> Pallet<T> {
	/// Chain time in milliseconds.
	pub(crate) fn now() -> Millis {
		T::Time::now().as_millis() as Millis
	}

	/// Days since the Unix epoch.
	pub(crate) fn today() -> u16 {
		(Self::now() / 86_400_000).min(u16::MAX.into()) as u16
	}

	/// The risk parameters of a market.
	pub fn risk_terms(market: MarketId) -> Option<RiskTerms> {
		Risk::<T>::get(market)
	}

	/// The prices of a market as last pushed.
	pub fn prices(market: MarketId) -> Prices {
		let (shard, at) = shard_of(market);
		Board::<T>::get(shard).get(at).copied().unwrap_or_default().prices
	}

	/// Change the board's entry of a market below [`MAX_MARKETS`].
	pub(crate) fn change_board(market: MarketId, change: impl FnOnce(&mut BoardEntry)) {
		let (shard, at) = shard_of(market);
		Board::<T>::mutate(shard, |entries| {
			for _ in entries.len()..=at.min(MARKETS_PER_SHARD as usize - 1) {
				// Cannot fail: a place in a shard is below its bound.
				let _ = entries.try_push(BoardEntry::default());
			}
			if let Some(entry) = entries.get_mut(at) {
				change(entry);
			}
		});
	}

	pub(crate) fn do_deposit(
		who: T::AccountId,
		sub: u8,
		amount: Balance,
	) -> Result<Weight, DispatchError> {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let credit = i128::try_from(amount).map_err(|_| Error::<T>::AmountTooLarge)?;
		let mut house = House::<T>::new();
		// Only an account of the caller's own is credited: a record that makes him somebody's
		// trading key, which he was not asked about, gives way.
		let mut created = false;
		let index = match Keys::<T>::get((&who, sub)) {
			Some(record) if record.owns() => house.place(record.account)?,
			delegated => {
				if let Some(record) = delegated {
					Self::drop_key(&mut house, &who, record.account)?;
				}
				created = true;
				Self::create_account(&mut house, &who, sub, amount)?
			},
		};
		let quote = house.accounts[index].account.quote;
		quote.checked_add(credit).ok_or(Error::<T>::AmountTooLarge)?;
		Self::receive(&who, amount)?;
		house.credit(index, credit);
		let account = house.accounts[index].who;
		Self::deposit_event(Event::Deposited { account, from: who, amount });
		let positions = house.accounts[index].account.positions.len() as u32;
		Ok(cost::deposited::<T>(house.write()?, created, positions))
	}

	/// Take note that `key` no longer trades for `account`; its record is the caller's to change.
	pub(crate) fn drop_key(
		house: &mut House<T>,
		key: &T::AccountId,
		account: AccountRef,
	) -> DispatchResult {
		let index = house.place(account)?;
		let loaded = &mut house.accounts[index];
		loaded.account.keys = loaded.account.keys.saturating_sub(1);
		loaded.dirty = true;
		Self::deposit_event(Event::KeySet { account, key: key.clone(), until: 0 });
		Ok(())
	}

	pub(crate) fn create_account(
		house: &mut House<T>,
		owner: &T::AccountId,
		sub: u8,
		amount: Balance,
	) -> Result<usize, DispatchError> {
		ensure!(sub < T::MaxSubAccounts::get(), Error::<T>::SubAccountOutOfRange);
		ensure!(amount >= T::MinimumDeposit::get(), Error::<T>::BelowMinimumDeposit);
		let account = NextAccount::<T>::get();
		let next = account.0.checked_add(1).ok_or(Error::<T>::AccountsExhausted)?;
		NextAccount::<T>::put(AccountRef(next));
		let record = KeyRecord { account, permissions: Permissions::ALL, until: 0 };
		Keys::<T>::insert((owner, sub), record);
		Self::deposit_event(Event::AccountCreated { account, owner: owner.clone(), sub });
		let index = house.push(account, Account::new(owner.clone(), sub));
		Self::keep_deposit(house, index);
		Ok(index)
	}

	pub(crate) fn do_withdraw(
		who: T::AccountId,
		sub: u8,
		amount: Balance,
	) -> Result<Weight, DispatchError> {
		ensure!(amount > 0, Error::<T>::ZeroAmount);
		let debit = i128::try_from(amount).map_err(|_| Error::<T>::AmountTooLarge)?;
		let account = Self::account_of(&who, sub, Permission::Withdraw)?;
		let mut house = House::<T>::new();
		let index = house.place(account)?;
		Self::ensure_may_leave(&mut house, index, amount)?;
		T::Outflow::leaves(&who, amount)?;
		Self::pay(&who, amount)?;
		house.credit(index, debit.saturating_neg());
		Self::deposit_event(Event::Withdrawn { account, to: who, amount });
		let positions = house.accounts[index].account.positions.len() as u32;
		Ok(cost::withdrawn::<T>(house.write()?, positions))
	}

	/// Whether `amount` may leave an account now; its funding is settled for that.
	pub(crate) fn ensure_may_leave(
		house: &mut House<T>,
		index: usize,
		amount: Balance,
	) -> DispatchResult {
		let seen = Self::ensure_exits_open(house, index)?;
		let account = &house.accounts[index].account;
		let (quote, positions) = (account.quote, account.positions.clone());
		let other = house.initial_worth(&account.collaterals.clone(), &positions);
		let free = House::<T>::withdrawable(quote, other, &seen);
		ensure!(amount <= free, Error::<T>::ExceedsWithdrawable);
		Ok(())
	}

	/// Whether anything may leave an account now; its funding is settled for that. Returns its markets.
	pub(crate) fn ensure_exits_open(
		house: &mut House<T>,
		index: usize,
	) -> Result<Vec<Seen>, DispatchError> {
		house.ensure_settled(index)?;
		house.settle_all_funding(index);
		let account = &house.accounts[index].account;
		let (positions, who) = (account.positions.clone(), house.accounts[index].who);
		let for_sale = !account.collaterals.is_empty() && Sales::<T>::contains_key(who);
		ensure!(!for_sale, Error::<T>::ForSale);
		let seen = house.seen(&positions);
		// Nobody leaves first while custody and claims disagree.
		let agree = Self::custody_agrees() && Self::assets_agree();
		ensure!(agree, Error::<T>::WithdrawalDenied);
		ensure!(T::Gate::chain().allows(Action::Withdraw).is_ok(), Error::<T>::WithdrawalDenied);
		let now = Self::now();
		// Resting orders reserve margin at their market's price, so their markets count as well.
		for seen in &seen {
			let market = seen.position.market;
			let view = T::Gate::view(market);
			ensure!(T::Venue::open(market), Error::<T>::WithdrawalDenied);
			ensure!(view.allows(Action::Withdraw).is_ok(), Error::<T>::WithdrawalDenied);
			let validity = seen.prices.validity_at(now, T::PriceAgeLimit::get());
			ensure!(validity.allows_withdrawal(), Error::<T>::PriceNotUsable);
		}
		Ok(seen)
	}

	pub(crate) fn do_set_key(
		who: T::AccountId,
		sub: u8,
		key: T::AccountId,
		until: Millis,
	) -> DispatchResult {
		let owner = Keys::<T>::get((&who, sub)).ok_or(Error::<T>::NoAccount)?;
		if !owner.owns() {
			// Nobody asked a key whether it wants to be one, so it may always stop being one.
			ensure!(key == who && until == 0, Error::<T>::NotOwner);
			let mut house = House::<T>::new();
			Self::drop_key(&mut house, &who, owner.account)?;
			Keys::<T>::remove((&who, sub));
			house.write()?;
			return Ok(());
		}
		let account = owner.account;
		let existing = Keys::<T>::get((&key, sub));
		let ours = |record: &KeyRecord| record.account == account && record.until != 0;
		ensure!(existing.as_ref().is_none_or(ours), Error::<T>::KeyInUse);
		let set = until != 0;
		ensure!(!set || until > Self::now(), Error::<T>::KeyInPast);
		Accounts::<T>::try_mutate(account, |stored| -> DispatchResult {
			let stored = stored.as_mut().ok_or(Error::<T>::NoAccount)?;
			stored.active = Self::today();
			match (existing.is_some(), set) {
				(false, true) => {
					ensure!(stored.keys < MAX_KEYS, Error::<T>::TooManyKeys);
					stored.keys += 1;
				},
				(true, false) => stored.keys = stored.keys.saturating_sub(1),
				_ => (),
			}
			Ok(())
		})?;
		if set {
			let record = KeyRecord { account, permissions: Permissions::TRADE, until };
			Keys::<T>::insert((&key, sub), record);
		} else {
			Keys::<T>::remove((&key, sub));
		}
		Self::deposit_event(Event::KeySet { account, key, until });
		Ok(())
	}
}
