//! What accounts with a negative quote balance owe: interest, caps, and the sale of their collateral.
//!
//! Interest is taken when the account is written for another reason. It is at most the account's
//! surplus, so it never makes one liquidatable, and the thresholds are checked after it in the same
//! write: it is no coordinate of the trigger rule. Nobody gains by not being written, since he can
//! neither trade, withdraw nor close without it.

use super::types::Sale;
use crate::{
	session::Loaded, types::position_in, Config, Error, Event, House, Ledger, Pallet, Sales,
};
use breakwater_math::{
	arithmetic::signed,
	collateral::{interest, DEBT_CAP, TOTAL_DEBT_CAP},
};
use breakwater_primitives::{AccountRef, Backstop, Balance, MarketId, Settled};
use frame_support::{ensure, traits::Get};
use sp_runtime::DispatchError;

/// What a quote balance owes.
pub(crate) fn owed(quote: i128) -> Balance {
	quote.min(0).unsigned_abs()
}

impl<A> Loaded<A> {
	/// The market in which an account that is being liquidated lost most, and the side on which it did.
	pub(crate) fn liquidated_for(&self) -> Option<(MarketId, i64)> {
		let blamed = self.account.blamed?;
		Some((blamed.market, if blamed.long { 1 } else { -1 }))
	}
	/// The market in which the account lost most in this session, or holds its first position, and the
	/// side on which it did.
	fn blamed_for(&self, last: Option<MarketId>) -> Option<(MarketId, i64)> {
		if let Some(blamed) = self.liquidated_for() {
			return Some(blamed);
		}
		let lost_most = self.fills.iter().min_by_key(|filled| filled.realised);
		let held = self.before.iter().find(|position| position.lots != 0);
		let market = lost_most.map(|filled| filled.market).or(last);
		let market = market.or(held.map(|position| position.market))?;
		Some((market, position_in(&self.before, market).lots.signum()))
	}
}

impl<T: Config> House<T> {
	/// Take interest from those who owe and are written. Done twice it takes nothing more.
	pub(crate) fn charge_interest(&mut self) {
		for index in 0..self.accounts.len() {
			let loaded = &self.accounts[index];
			if loaded.touched && loaded.account.quote.min(loaded.quote_before) < 0 {
				self.charge_interest_of(index);
			}
		}
	}

	/// Take interest for the time since the account was written last while it owed.
	pub(crate) fn charge_interest_of(&mut self, index: usize) {
		let now = now_in_seconds::<T>();
		let surplus = self.health_of(index).surplus();
		let loaded = &mut self.accounts[index];
		let since = core::mem::replace(&mut loaded.account.owes_since, now);
		loaded.dirty |= since != now;
		let elapsed = if since == 0 { 0 } else { now.saturating_sub(since) };
		let debt = owed(loaded.quote_before);
		let due = interest(debt, u64::from(elapsed).saturating_mul(1_000));
		let due = due.min(u128::try_from(surplus).unwrap_or(0));
		if due == 0 {
			return;
		}
		let (account, first) = (loaded.who, loaded.account.positions.first());
		let market = first.map_or(MarketId(0), |position| position.market);
		self.credit(index, signed(due).saturating_neg());
		T::Insurance::penalty(market, due);
		Pallet::<T>::deposit_event(Event::InterestPaid { account, debt, amount: due });
	}

	/// Open, go on with and end the sales of collateral of the accounts that are written.
	pub(crate) fn review_debts(&mut self) {
		let last = self.moved.last().map(|moved| moved.market);
		for index in 0..self.accounts.len() {
			let loaded = &self.accounts[index];
			if !loaded.touched {
				continue;
			}
			let had = !loaded.account.collaterals.is_empty();
			if had || !loaded.collaterals_before.is_empty() {
				self.review_sale(index, last);
			}
		}
	}

	fn review_sale(&mut self, index: usize, last: Option<MarketId>) {
		let who = self.accounts[index].who;
		let blamed = self.accounts[index].blamed_for(last);
		let Some(mut sale) = Sales::<T>::get(who) else {
			if self.must_sell(index) {
				self.begin_sale(index, last);
			}
			return;
		};
		let before = sale;
		// A later visit without a position must not forget the side on which the account lost.
		let lost_now = blamed.filter(|(_, lost)| *lost != 0);
		if let Some(blamed) = lost_now.filter(|_| !self.accounts[index].fills.is_empty()) {
			(sale.market, sale.lost) = blamed;
		}
		// While positions are open, what the funds advanced is still needed.
		let account = &self.accounts[index].account;
		let quote = if account.holds_lots() { 0 } else { account.quote };
		let repaid = u128::try_from(quote).unwrap_or(0).min(sale.repay);
		if repaid > 0 {
			self.credit(index, signed(repaid).saturating_neg());
			T::Insurance::penalty(sale.market, repaid);
			sale.repay = sale.repay.saturating_sub(repaid);
		}
		let loaded = &self.accounts[index];
		let gone = loaded.account.collaterals.is_empty();
		let owed = owed(loaded.account.quote);
		if gone || self.is_spent(index) {
			self.accounts[index].sold_for = Some((sale.market, sale.lost));
			Sales::<T>::remove(who);
			Pallet::<T>::deposit_event(Event::SaleEnded { account: who, owed });
		} else if sale.repay == 0 && owed == 0 {
			Sales::<T>::remove(who);
			Pallet::<T>::deposit_event(Event::SaleEnded { account: who, owed });
		} else if sale != before {
			Sales::<T>::insert(who, sale);
		}
	}

	/// Whether the collateral of an account that owes has to be sold: it holds no position any more, it
	/// owes more than half of what the collateral is worth, or all together owe more than a fifth of
	/// what custody holds.
	pub(super) fn must_sell(&mut self, index: usize) -> bool {
		let account = &self.accounts[index].account;
		let (owed, holds) = (owed(account.quote), account.holds_lots());
		let collaterals = account.collaterals.clone();
		if owed == 0 || collaterals.is_empty() || self.is_spent(index) {
			return false;
		}
		if !holds || owed > DEBT_CAP.mul_floor(self.worth(&collaterals)) {
			return true;
		}
		let ledger = Ledger::<T>::get();
		ledger.owed > TOTAL_DEBT_CAP.mul_floor(ledger.held)
	}

	/// Whether an account without positions owes quote and has nothing left that anybody would come
	/// for: less than what a deposit must be. Nobody keeps a deficit from being settled by a crumb.
	pub(crate) fn is_spent(&mut self, index: usize) -> bool {
		let account = &self.accounts[index].account;
		if account.quote >= 0 || account.holds_lots() {
			return false;
		}
		let collaterals = account.collaterals.clone();
		let worth = self.worth(&collaterals).saturating_add(self.haircut_of(index));
		collaterals.is_empty() || worth < T::MinimumDeposit::get()
	}

	/// Offer the collateral of an account, unless it is for sale already or there is none.
	pub(crate) fn begin_sale(&mut self, index: usize, last: Option<MarketId>) {
		let loaded = &self.accounts[index];
		let (account, owed) = (loaded.who, owed(loaded.account.quote));
		if loaded.account.collaterals.is_empty() || Sales::<T>::contains_key(account) {
			return;
		}
		let blamed = loaded.blamed_for(last);
		let collaterals = loaded.account.collaterals.clone();
		let worth = self.worth(&collaterals);
		let (market, lost) = blamed.unwrap_or_default();
		let began = Pallet::<T>::now();
		Sales::<T>::insert(account, Sale { began, market, lost, repay: 0 });
		Pallet::<T>::deposit_event(Event::SaleBegun { account, market, owed, worth });
	}

	/// The funds advanced `amount` for an account whose collateral does not cover its losses: they
	/// are paid back first when it is sold for more.
	pub(crate) fn owe_funds(&mut self, index: usize, amount: Balance) {
		if amount == 0 || self.accounts[index].account.collaterals.is_empty() {
			return;
		}
		self.begin_sale(index, None);
		Sales::<T>::mutate(self.accounts[index].who, |sale| {
			if let Some(sale) = sale {
				sale.repay = sale.repay.saturating_add(amount);
			}
		});
	}
}

/// Note since when an account that is written owes.
pub(crate) fn note_debt<T: Config>(loaded: &mut Loaded<T::AccountId>) {
	let account = &mut loaded.account;
	if account.quote >= 0 {
		account.owes_since = 0;
	} else if account.owes_since == 0 {
		account.owes_since = now_in_seconds::<T>();
	}
}

/// The change of what an account owes in a session.
pub(crate) fn owed_moved<A>(loaded: &Loaded<A>) -> i128 {
	signed(owed(loaded.account.quote)).saturating_sub(signed(owed(loaded.quote_before)))
}

/// Chain time in seconds; at least one, since zero means never.
fn now_in_seconds<T: Config>() -> u32 {
	u32::try_from(Pallet::<T>::now() / 1_000).unwrap_or(u32::MAX).max(1)
}

impl<T: Config> Pallet<T> {
	/// Look at the debt of an account: take interest, and offer its collateral where it owes too much.
	pub(crate) fn do_offer(who: AccountRef) -> Result<Settled, DispatchError> {
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		ensure!(!Sales::<T>::contains_key(who), Error::<T>::ForSale);
		house.touch(index);
		house.charge_interest();
		ensure!(house.must_sell(index), Error::<T>::WithinDebtCap);
		house.write()
	}
}
