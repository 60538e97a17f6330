//! The backstop vault: one account that takes over positions which the book does not take in time.
//!
//! ```text
//!   backers --shares (insurance)--> [ vault: quote, positions ] <--take-- the ladder, after the book
//!                                      |        |        |
//!           claims: equity at the worse|        |        '--> unwound by code: offered at the mark,
//!           of index and mark  <-------'        |             netted against liquidations of the
//!                                               |             other side
//!                                               '--> out of a market that cost its budget: what it
//!                                                    holds there is deleveraged, and so is whoever
//!                                                    comes next
//! ```
//!
//! The vault is an account like any other to the ledger, the triggers, funding and settlement: its
//! quote balance is part of what is claimed of custody, and its positions are part of open interest.
//! Only its number is reserved, and nobody has a key to it. Nothing can be given to it but by backing it
//! or by trading badly with its orders, so what its shares are worth is what it owns.
//!
//! **What it may lose.** In a market it loses at most 2 % of what it is worth in a day, and 5 % in all
//! ([`budget`]), at the worse of index and mark. Before that it stops growing: what it holds must be
//! able to move against it by its maintenance rate without costing more than what is left. Then it is
//! out: it takes nothing there, whatever it earns elsewhere, and what it still holds is closed against
//! those who gain from it.
//!
//! **When its own margin is short.** It never takes when that would make its maintenance margin more
//! than what is left of its budget, a twentieth of its worth at the most, so only a gap brings it there.
//! Then it is closed as anybody is, with two differences: only the chain itself does it, at the start of
//! a block, so that nobody chooses the moment, and it pays no penalty, since nobody else is to gain from
//! it. A deficit beyond its equity is a deficit like any other: funds, deleveraging, haircut.

mod budget;
mod take;
mod unwind;

pub(crate) use budget::{budgets_of, BUDGET_IN_ALL};
pub use budget::{Days, VaultMarket, VaultRecord};
pub use take::TakeReason;

use crate::{
	types::{Account, Stage},
	Config, Error, Event, House, Pallet, VaultMarkets, VaultState,
};
use breakwater_math::arithmetic::signed;
use breakwater_primitives::{
	AccountRef, Action, Amount, Balance, Custody, Gate, Level, MarketId, Ppm, Vault, VaultWorth,
};
use frame_support::{dispatch::DispatchResult, ensure, traits::Get};
use sp_runtime::traits::AccountIdConversion;

/// The vault's number. Accounts are numbered upwards, and no account may have the last number, since
/// none could follow it.
pub const VAULT: AccountRef = AccountRef(u32::MAX);

/// A loss within a day that is less of what the vault is worth holds no claim back: a position's worth
/// moves by so much in any minute.
const NOTICED: Ppm = Ppm(1_000);

/// What the vault's account comes to, in quote units.
#[derive(Clone, Copy, Default)]
pub(crate) struct Equity {
	/// With each position at the worse of index and mark.
	pub(crate) low: Amount,
	/// With each position at the better of them.
	pub(crate) high: Amount,
}

impl Equity {
	/// What can be lost: nothing where it is negative.
	pub(crate) fn worth(&self) -> Balance {
		u128::try_from(self.low).unwrap_or(0)
	}
}

impl<T: Config> House<T> {
	/// The equity of a loaded account.
	pub(crate) fn equity_of(&mut self, index: usize) -> Equity {
		let account = &self.accounts[index].account;
		let (quote, positions) = (account.quote, account.positions.clone());
		let seen = self.seen(&positions);
		let held = seen.iter().filter(|seen| seen.position.lots != 0);
		held.fold(Equity { low: quote, high: quote }, |equity, seen| {
			let (worse, better) = seen.between();
			Equity {
				low: equity.low.saturating_add(worse),
				high: equity.high.saturating_add(better),
			}
		})
	}

	/// Note what the operation realised for the vault in each market: its fills and its funding.
	pub(crate) fn note_vault(&self, index: usize) {
		let loaded = &self.accounts[index];
		if loaded.who != VAULT {
			return;
		}
		let fills = loaded.fills.iter().map(|filled| (filled.market, filled.realised));
		let funding = loaded.funding.iter().map(|(market, paid)| (*market, paid.saturating_neg()));
		for (market, realised) in fills.chain(funding).filter(|(_, realised)| *realised != 0) {
			VaultMarkets::<T>::mutate(market, |noted| {
				noted.realised = noted.realised.saturating_add(realised);
			});
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The address to which the vault's account belongs. Nobody has its key.
	pub fn vault_owner() -> T::AccountId {
		T::PalletId::get().into_sub_account_truncating(b"vault")
	}

	/// Whether a market in which the vault holds a position may still cost it much, or nobody knows.
	fn is_troubled(market: MarketId, valid: bool) -> bool {
		!valid || T::Gate::view(market).level >= Level::ReduceOnly
	}
}

impl<T: Config> Vault<T::AccountId> for Pallet<T> {
	fn worth() -> VaultWorth {
		let mut house = House::<T>::new();
		let Ok(index) = house.place(VAULT) else {
			// It is there with the first who backs it.
			return VaultWorth { priced: true, ..Default::default() };
		};
		let (equity, now) = (house.equity_of(index), Self::now());
		let positions = house.accounts[index].account.positions.clone();
		let mut worth = VaultWorth {
			low: equity.worth(),
			high: u128::try_from(equity.high).unwrap_or(0),
			open: house.accounts[index].account.holds_lots(),
			priced: true,
			troubled: false,
		};
		for position in positions.iter().filter(|position| position.lots != 0) {
			let board = house.board(position.market);
			let validity = board.prices.validity_at(now, T::PriceAgeLimit::get());
			// What a settlement will pay is not known before it says so.
			let valid = validity.allows_withdrawal() && board.stage == Stage::Trading;
			worth.priced &= valid;
			worth.troubled |= Self::is_troubled(position.market, valid);
		}
		let lost = VaultState::<T>::get().lost(equity.low, now);
		worth.troubled |= lost > NOTICED.mul_floor(worth.low);
		worth
	}

	fn add(from: &T::AccountId, amount: Balance) -> DispatchResult {
		let credit = i128::try_from(amount).map_err(|_| Error::<T>::AmountTooLarge)?;
		let mut house = House::<T>::new();
		let index = match house.place(VAULT) {
			Ok(index) => index,
			Err(_) => {
				let owner = Self::vault_owner();
				Self::deposit_event(Event::AccountCreated {
					account: VAULT,
					owner: owner.clone(),
					sub: 0,
				});
				house.push(VAULT, Account::new(owner, 0))
			},
		};
		let quote = house.accounts[index].account.quote;
		quote.checked_add(credit).ok_or(Error::<T>::AmountTooLarge)?;
		Self::receive(from, amount)?;
		house.credit(index, credit);
		VaultState::<T>::mutate(|state| state.added = state.added.saturating_add(credit));
		Self::deposit_event(Event::Deposited { account: VAULT, from: from.clone(), amount });
		house.write()?;
		Ok(())
	}

	/// Whether a market is in trouble is asked by whoever pays claims, and not for ever: a frozen market
	/// keeps the margin of what the vault holds there, and no more.
	fn remove(to: &T::AccountId, amount: Balance) -> DispatchResult {
		let debit = i128::try_from(amount).map_err(|_| Error::<T>::AmountTooLarge)?;
		let mut house = House::<T>::new();
		let index = house.place(VAULT)?;
		house.ensure_settled(index)?;
		house.settle_all_funding(index);
		ensure!(Self::custody_agrees(), Error::<T>::WithdrawalDenied);
		ensure!(T::Gate::chain().allows(Action::Withdraw).is_ok(), Error::<T>::WithdrawalDenied);
		let account = &house.accounts[index].account;
		let (quote, positions) = (account.quote, account.positions.clone());
		let seen = house.seen(&positions);
		let free = House::<T>::withdrawable(quote, 0, &seen);
		ensure!(amount <= free, Error::<T>::VaultCommitted);
		Self::pay(to, amount)?;
		house.credit(index, debit.saturating_neg());
		VaultState::<T>::mutate(|state| state.added = state.added.saturating_sub(signed(amount)));
		Self::deposit_event(Event::Withdrawn { account: VAULT, to: to.clone(), amount });
		house.write()?;
		Ok(())
	}
}
