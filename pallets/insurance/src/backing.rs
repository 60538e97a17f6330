//! Backers: how shares of the global fund and of the backstop vault are bought, given notice of, and
//! paid. Both follow the same rules; they differ in what they are worth and where the money sits.
//!
//! ```text
//!   back --> shares --notice--> 10 days --> claimable --------------> claim: min(value then, now)
//!              ^                              |   calm: 8 days          while there is trouble:
//!              |------ cancel ----------------|                         after 7 of them
//!              '------ lapses ------ 8 days later
//!
//!                   worth                                 trouble
//!   global fund     what the ledger says                  it was drawn on within a day, or a market
//!                                                         is at ReduceOnly or worse
//!   vault           equity; who comes pays by the better  it lost within a day, or a market in which
//!                   of index and mark, who goes is paid   it holds is at ReduceOnly or worse
//!                   by the worse
//! ```
//!
//! Shares bear losses until they are paid. A notice that is not claimed lapses: otherwise a standing
//! notice would be a way to be gone whenever trouble shows.

use crate::{
	pallet::{
		AllDraws, Backers, Config, Error, Event, GlobalFund, MarketFunds, Pallet, Shares, Total,
		UpkeepState,
	},
	shares, Backer, BackerSummary, FundClass, Notice, NoticeSummary,
};
use breakwater_primitives::{
	Balance, Custody, Gate, Level, MarketId, Millis, Vault, VaultWorth, MAX_MARKETS,
};
use frame_support::{ensure, pallet_prelude::DispatchResult, traits::Get};

/// One day, in milliseconds.
const DAY: Millis = 86_400_000;
/// How long a notice runs, in milliseconds of the active clock.
pub const NOTICE: Millis = 10 * DAY;
/// The longest that a claim waits after its notice, in milliseconds of the active clock.
pub const WAIT: Millis = 7 * DAY;
/// How long after the longest wait a claim may still be made, in milliseconds of the active clock.
pub const CLAIM: Millis = DAY;
/// How long after a draw from the global fund claims wait, in milliseconds of chain time.
pub const AFTER_DRAW: Millis = DAY;

impl<T: Config> Pallet<T> {
	/// What `who` holds of `fund` at `active` on the active clock: without shares of an earlier epoch,
	/// and with those of lapsed notices among the others.
	fn backer(fund: FundClass, who: &T::AccountId, active: Millis) -> Backer {
		let epoch = Shares::<T>::get(fund).epoch;
		let mut backer = Backers::<T>::get(fund, who);
		if backer.epoch != epoch {
			backer = Backer { epoch, ..Default::default() };
		}
		let lapsed =
			|notice: &Notice| active > notice.ready.saturating_add(WAIT).saturating_add(CLAIM);
		let back = backer.notices.iter().filter(|notice| lapsed(notice));
		backer.shares = back.map(|n| n.shares).fold(backer.shares, u128::saturating_add);
		backer.notices.retain(|notice| !lapsed(notice));
		backer
	}

	fn save(fund: FundClass, who: &T::AccountId, backer: Backer) {
		if backer.is_empty() {
			Backers::<T>::remove(fund, who);
		} else {
			Backers::<T>::insert(fund, who, backer);
		}
	}

	/// What a fund is worth to those who leave it.
	pub(crate) fn worth_of(fund: FundClass) -> Balance {
		match fund {
			FundClass::Global => GlobalFund::<T>::get(),
			FundClass::Vault => T::Vault::worth().low,
		}
	}

	/// What a fund is worth to those who join it.
	fn price_of(fund: FundClass) -> Result<Balance, Error<T>> {
		match fund {
			FundClass::Global => Ok(GlobalFund::<T>::get()),
			FundClass::Vault => {
				let VaultWorth { low, high, open, priced, .. } = T::Vault::worth();
				ensure!(priced, Error::<T>::VaultNotPriced);
				// What such shares would buy is what the vault's positions may still come to.
				let worthless = shares::worthless(low, Shares::<T>::get(fund).issued);
				ensure!(!open || low > 0 && !worthless, Error::<T>::VaultShort);
				Ok(high)
			},
		}
	}

	/// How many whole shares `amount` buys now, and what they would cost.
	pub(crate) fn offer(fund: FundClass, amount: Balance) -> Result<(u128, Balance), Error<T>> {
		let (worth, issued) = (Self::price_of(fund)?, Shares::<T>::get(fund).issued);
		let bought = shares::bought(amount, worth, issued).ok_or(Error::<T>::Overflow)?;
		Ok((bought, shares::cost(bought, worth, issued).ok_or(Error::<T>::Overflow)?))
	}

	/// What `shares` of a fund are worth to one who leaves.
	fn value_in(fund: FundClass, shares: u128) -> Balance {
		shares::value(shares, Self::worth_of(fund), Shares::<T>::get(fund).issued)
	}

	pub(crate) fn do_back(fund: FundClass, who: T::AccountId, offered: Balance) -> DispatchResult {
		ensure!(offered >= T::MinBacking::get(), Error::<T>::BackingTooSmall);
		if fund == FundClass::Vault {
			Self::void_lost_vault();
		}
		let (bought, paid) = Self::offer(fund, offered)?;
		ensure!(bought > 0, Error::<T>::ShareTooDear);
		let mut totals = Shares::<T>::get(fund);
		totals.issued = totals.issued.checked_add(bought).ok_or(Error::<T>::Overflow)?;
		match fund {
			FundClass::Global => {
				Self::take(&who, paid)?;
				Self::credit_global(paid);
			},
			FundClass::Vault => T::Vault::add(&who, paid)?,
		}
		Shares::<T>::insert(fund, totals);
		let mut backer = Self::backer(fund, &who, UpkeepState::<T>::get().active);
		backer.shares = backer.shares.saturating_add(bought);
		Self::save(fund, &who, backer);
		Self::deposit_event(Event::Backed { fund, who, paid, shares: bought });
		Ok(())
	}

	pub(crate) fn do_notice(fund: FundClass, who: T::AccountId, shares: u128) -> DispatchResult {
		let active = UpkeepState::<T>::get().active;
		let mut backer = Self::backer(fund, &who, active);
		ensure!(shares > 0 && shares <= backer.shares, Error::<T>::NotEnoughShares);
		let (value, ready) = (Self::value_in(fund, shares), active.saturating_add(NOTICE));
		backer.shares = backer.shares.saturating_sub(shares);
		backer
			.notices
			.try_push(Notice { shares, value, ready })
			.map_err(|_| Error::<T>::TooManyNotices)?;
		Self::save(fund, &who, backer);
		Self::deposit_event(Event::NoticeGiven { fund, who, shares, value, ready });
		Ok(())
	}

	pub(crate) fn do_cancel(fund: FundClass, who: T::AccountId, index: u8) -> DispatchResult {
		let mut backer = Self::backer(fund, &who, UpkeepState::<T>::get().active);
		let index = usize::from(index);
		ensure!(index < backer.notices.len(), Error::<T>::NoNotice);
		let Notice { shares, .. } = backer.notices.remove(index);
		backer.shares = backer.shares.saturating_add(shares);
		Self::save(fund, &who, backer);
		Self::deposit_event(Event::NoticeCancelled { fund, who, shares });
		Ok(())
	}

	pub(crate) fn do_claim(fund: FundClass, who: T::AccountId) -> DispatchResult {
		let active = UpkeepState::<T>::get().active;
		let stored = Backers::<T>::get(fund, &who);
		let mut backer = Self::backer(fund, &who, active);
		if stored.epoch != backer.epoch && !stored.is_empty() {
			// Void: nothing is paid, and the record goes.
			Self::save(fund, &who, backer);
			let shares = stored.all_shares();
			Self::deposit_event(Event::Claimed { fund, who, shares, paid: 0 });
			return Ok(());
		}
		// Nobody leaves first while custody and claims disagree.
		ensure!(T::Custody::agrees(), Error::<T>::ClaimsWait);
		let first = backer.notices.first().ok_or(Error::<T>::NoNotice)?;
		ensure!(active >= first.ready, Error::<T>::NoticeRunning);
		let wait = if Self::claims_wait(fund) { WAIT } else { 0 };
		let (mut left, mut paid) = (0u128, 0u128);
		let (mut worth, mut totals) = (Self::worth_of(fund), Shares::<T>::get(fund));
		backer.notices.retain(|notice| {
			if active < notice.ready.saturating_add(wait) {
				return true;
			}
			let payout = shares::value(notice.shares, worth, totals.issued).min(notice.value);
			worth = worth.saturating_sub(payout);
			totals.issued = totals.issued.saturating_sub(notice.shares);
			(left, paid) = (left.saturating_add(notice.shares), paid.saturating_add(payout));
			false
		});
		ensure!(left > 0, Error::<T>::ClaimsWait);
		Self::pay_out(fund, &who, paid)?;
		Shares::<T>::insert(fund, totals);
		// Rounding may leave others with shares of nothing.
		match fund {
			FundClass::Global => Self::void_worthless_shares(fund, worth),
			FundClass::Vault => Self::void_lost_vault(),
		}
		Self::save(fund, &who, backer);
		Self::deposit_event(Event::Claimed { fund, who, shares: left, paid });
		Ok(())
	}

	/// Pay `amount` out of a fund to somebody who leaves it. Nothing is changed where that fails.
	fn pay_out(fund: FundClass, who: &T::AccountId, amount: Balance) -> DispatchResult {
		if amount == 0 {
			return Ok(());
		}
		match fund {
			FundClass::Global => {
				T::Custody::pay(who, amount)?;
				GlobalFund::<T>::mutate(|fund| *fund = fund.saturating_sub(amount));
				Total::<T>::mutate(|total| *total = total.saturating_sub(amount));
				Ok(())
			},
			FundClass::Vault => T::Vault::remove(who, amount),
		}
	}

	/// Void the shares in the vault when all that they stood for is lost: it holds nothing any more
	/// that could be worth something later.
	pub(crate) fn void_lost_vault() {
		let VaultWorth { low, open, .. } = T::Vault::worth();
		if !open {
			Self::void_worthless_shares(FundClass::Vault, low);
		}
	}

	/// Whether claims wait because losses may follow. For the global fund: it was drawn on within a
	/// day, or a market is in trouble; one that is being settled no longer counts once its fund is
	/// wound down. For the vault: a market in which it holds a position is, or it lost within a day.
	pub fn claims_wait(fund: FundClass) -> bool {
		if fund == FundClass::Vault {
			return T::Vault::worth().troubled;
		}
		let drawn = AllDraws::<T>::get().day.updated;
		if drawn > 0 && Self::now() < drawn.saturating_add(AFTER_DRAW) {
			return true;
		}
		(0..MAX_MARKETS).map(MarketId).any(|market| match T::Gate::view(market).level {
			Level::Settle => MarketFunds::<T>::get(market).closes.is_none(),
			level => level >= Level::ReduceOnly,
		})
	}

	pub(crate) fn backer_summary(fund: FundClass, who: &T::AccountId) -> BackerSummary {
		let active = UpkeepState::<T>::get().active;
		let wait = if Self::claims_wait(fund) { WAIT } else { 0 };
		let backer = Self::backer(fund, who, active);
		let notices = backer.notices.iter().map(|notice| NoticeSummary {
			shares: notice.shares,
			value: Self::value_in(fund, notice.shares).min(notice.value),
			wait: notice.ready.saturating_add(wait).saturating_sub(active),
		});
		BackerSummary {
			shares: backer.shares,
			value: Self::value_in(fund, backer.shares),
			notices: notices.collect(),
		}
	}
}
