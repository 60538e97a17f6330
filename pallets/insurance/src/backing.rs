//! Backers: how shares of the global fund are bought, given notice of, and paid.
//!
//! ```text
//!   back --> shares --notice--> 10 days --> claimable --------------> claim: min(value then, now)
//!              ^                              |   calm: 8 days          while markets are in
//!              |------ cancel ----------------|                         trouble: after 7 of them
//!              '------ lapses ------ 8 days later
//! ```
//!
//! Shares bear losses until they are paid. A notice that is not claimed lapses: otherwise a standing
//! notice would be a way to be gone whenever trouble shows.

use crate::{
	pallet::{
		AllDraws, Backers, Config, Error, Event, GlobalFund, MarketFunds, Pallet, Shares, Total,
		UpkeepState,
	},
	shares, Backer, BackerSummary, Notice, NoticeSummary,
};
use breakwater_primitives::{Balance, Custody, Gate, Level, MarketId, Millis, MAX_MARKETS};
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
	/// What `who` holds at `active` on the active clock: without shares of an earlier epoch, and
	/// with those of lapsed notices among the others.
	fn backer(who: &T::AccountId, active: Millis) -> Backer {
		let epoch = Shares::<T>::get().epoch;
		let mut backer = Backers::<T>::get(who);
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

	fn save(who: &T::AccountId, backer: Backer) {
		if backer.is_empty() {
			Backers::<T>::remove(who);
		} else {
			Backers::<T>::insert(who, backer);
		}
	}

	fn worth(shares: u128) -> Balance {
		shares::value(shares, GlobalFund::<T>::get(), Shares::<T>::get().issued)
	}

	pub(crate) fn do_back(who: T::AccountId, offered: Balance) -> DispatchResult {
		ensure!(offered >= T::MinBacking::get(), Error::<T>::BackingTooSmall);
		let (fund, mut totals) = (GlobalFund::<T>::get(), Shares::<T>::get());
		let bought = shares::bought(offered, fund, totals.issued).ok_or(Error::<T>::Overflow)?;
		ensure!(bought > 0, Error::<T>::ShareTooDear);
		let paid = shares::cost(bought, fund, totals.issued).ok_or(Error::<T>::Overflow)?;
		totals.issued = totals.issued.checked_add(bought).ok_or(Error::<T>::Overflow)?;
		Self::take(&who, paid)?;
		Self::credit_global(paid);
		Shares::<T>::put(totals);
		let mut backer = Self::backer(&who, UpkeepState::<T>::get().active);
		backer.shares = backer.shares.saturating_add(bought);
		Self::save(&who, backer);
		Self::deposit_event(Event::Backed { who, paid, shares: bought });
		Ok(())
	}

	pub(crate) fn do_notice(who: T::AccountId, shares: u128) -> DispatchResult {
		let active = UpkeepState::<T>::get().active;
		let mut backer = Self::backer(&who, active);
		ensure!(shares > 0 && shares <= backer.shares, Error::<T>::NotEnoughShares);
		let (value, ready) = (Self::worth(shares), active.saturating_add(NOTICE));
		backer.shares = backer.shares.saturating_sub(shares);
		backer
			.notices
			.try_push(Notice { shares, value, ready })
			.map_err(|_| Error::<T>::TooManyNotices)?;
		Self::save(&who, backer);
		Self::deposit_event(Event::NoticeGiven { who, shares, value, ready });
		Ok(())
	}

	pub(crate) fn do_cancel(who: T::AccountId, index: u8) -> DispatchResult {
		let mut backer = Self::backer(&who, UpkeepState::<T>::get().active);
		let index = usize::from(index);
		ensure!(index < backer.notices.len(), Error::<T>::NoNotice);
		let Notice { shares, .. } = backer.notices.remove(index);
		backer.shares = backer.shares.saturating_add(shares);
		Self::save(&who, backer);
		Self::deposit_event(Event::NoticeCancelled { who, shares });
		Ok(())
	}

	pub(crate) fn do_claim(who: T::AccountId) -> DispatchResult {
		let active = UpkeepState::<T>::get().active;
		let stored = Backers::<T>::get(&who);
		let mut backer = Self::backer(&who, active);
		if stored.epoch != backer.epoch && !stored.is_empty() {
			// Void: nothing is paid, and the record goes.
			Self::save(&who, backer);
			let shares = stored.all_shares();
			Self::deposit_event(Event::Claimed { who, shares, paid: 0 });
			return Ok(());
		}
		// Nobody leaves first while custody and claims disagree.
		ensure!(T::Custody::agrees(), Error::<T>::ClaimsWait);
		let first = backer.notices.first().ok_or(Error::<T>::NoNotice)?;
		ensure!(active >= first.ready, Error::<T>::NoticeRunning);
		let wait = if Self::claims_wait() { WAIT } else { 0 };
		let (mut left, mut paid) = (0u128, 0u128);
		let (mut fund, mut totals) = (GlobalFund::<T>::get(), Shares::<T>::get());
		backer.notices.retain(|notice| {
			if active < notice.ready.saturating_add(wait) {
				return true;
			}
			let payout = shares::value(notice.shares, fund, totals.issued).min(notice.value);
			fund = fund.saturating_sub(payout);
			totals.issued = totals.issued.saturating_sub(notice.shares);
			(left, paid) = (left.saturating_add(notice.shares), paid.saturating_add(payout));
			false
		});
		ensure!(left > 0, Error::<T>::ClaimsWait);
		GlobalFund::<T>::put(fund);
		Shares::<T>::put(totals);
		// Rounding may leave others with shares of nothing.
		Self::void_worthless_shares(fund);
		Total::<T>::mutate(|total| *total = total.saturating_sub(paid));
		Self::save(&who, backer);
		if paid > 0 {
			T::Custody::pay(&who, paid)?;
		}
		Self::deposit_event(Event::Claimed { who, shares: left, paid });
		Ok(())
	}

	/// Whether claims wait: the global fund was drawn on within a day, or a market is where losses
	/// may follow. A market that is being settled no longer counts once its fund is wound down.
	pub(crate) fn claims_wait() -> bool {
		let drawn = AllDraws::<T>::get().day.updated;
		if drawn > 0 && Self::now() < drawn.saturating_add(AFTER_DRAW) {
			return true;
		}
		(0..MAX_MARKETS).map(MarketId).any(|market| match T::Gate::view(market).level {
			Level::Settle => MarketFunds::<T>::get(market).closes.is_none(),
			level => level >= Level::ReduceOnly,
		})
	}

	pub(crate) fn backer_summary(who: &T::AccountId) -> BackerSummary {
		let active = UpkeepState::<T>::get().active;
		let wait = if Self::claims_wait() { WAIT } else { 0 };
		let backer = Self::backer(who, active);
		let notices = backer.notices.iter().map(|notice| NoticeSummary {
			shares: notice.shares,
			value: Self::worth(notice.shares).min(notice.value),
			wait: notice.ready.saturating_add(wait).saturating_sub(active),
		});
		BackerSummary {
			shares: backer.shares,
			value: Self::worth(backer.shares),
			notices: notices.collect(),
		}
	}
}
