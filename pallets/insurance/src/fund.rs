//! The ledger of the funds: every change goes through here, so that the total stays true.

use crate::{
	pallet::{
		AllDraws, Config, Error, Event, GlobalFund, MarketDraws, MarketFunds, Pallet, Shares, Total,
	},
	shares, DrawLimits, FundClass, MarketFund,
};
use breakwater_primitives::{Backstop, Balance, Charges, Custody, MarketId, Millis};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{Get, UnixTime},
};

impl<T: Config> Pallet<T> {
	/// Chain time in milliseconds.
	pub(crate) fn now() -> Millis {
		T::Time::now().as_millis().try_into().unwrap_or(Millis::MAX)
	}

	/// Move `amount` of `who` into custody and credit the fund.
	pub(crate) fn take_contribution(
		who: &T::AccountId,
		market: Option<MarketId>,
		amount: Balance,
	) -> DispatchResult {
		ensure!(
			amount >= T::MinContribution::get() && amount > 0,
			Error::<T>::ContributionTooSmall
		);
		Self::take(who, amount)?;
		match market {
			Some(market) => Self::credit_market(market, amount),
			None => Self::credit_global(amount),
		}
		Self::deposit_event(Event::Contributed { who: who.clone(), market, amount });
		Ok(())
	}

	/// Move `amount` of `who` into custody; the caller credits a fund with it.
	pub(crate) fn take(who: &T::AccountId, amount: Balance) -> DispatchResult {
		// The total bounds each fund, so no fund overflows when the total does not.
		ensure!(Total::<T>::get().checked_add(amount).is_some(), Error::<T>::Overflow);
		T::Custody::receive(who, amount)
	}

	/// Add as much of `amount` to the total as fits. The total is the largest of all sums, so what
	/// fits there fits everywhere.
	fn grow(amount: Balance) -> Balance {
		let total = Total::<T>::get();
		let amount = amount.min(Balance::MAX - total);
		Total::<T>::put(total.saturating_add(amount));
		amount
	}

	/// Add `amount` to the fund of `market` and to the total.
	fn credit_market(market: MarketId, amount: Balance) {
		let amount = Self::grow(amount);
		MarketFunds::<T>::mutate(market, |fund| {
			fund.balance = fund.balance.saturating_add(amount);
		});
	}

	/// Add `amount` to the global fund and to the total.
	pub(crate) fn credit_global(amount: Balance) {
		let amount = Self::grow(amount);
		GlobalFund::<T>::mutate(|fund| *fund = fund.saturating_add(amount));
	}

	/// Pay up to `wanted` out of the global fund, within what both pairs of buckets let through.
	fn pay_from_global(market: MarketId, wanted: Balance) -> Balance {
		let (fund, now, limits) = (GlobalFund::<T>::get(), Self::now(), T::DrawLimits::get());
		let (mut of_market, mut of_all) = (MarketDraws::<T>::get(market), AllDraws::<T>::get());
		let available = of_market.available(&limits.market, fund, now).min(of_all.available(
			&limits.all,
			fund,
			now,
		));
		let paid = wanted.min(available).min(fund);
		if paid == 0 {
			return 0;
		}
		of_market.draw(&limits.market, fund, now, paid);
		of_all.draw(&limits.all, fund, now, paid);
		MarketDraws::<T>::insert(market, of_market);
		AllDraws::<T>::put(of_all);
		GlobalFund::<T>::put(fund - paid);
		Self::void_worthless_shares(FundClass::Global, fund - paid);
		paid
	}

	/// After a loss that left `fund` with `worth`: void the shares when they stand for nothing.
	/// Whoever backs the fund from then on owes nothing to them.
	pub(crate) fn void_worthless_shares(fund: FundClass, worth: Balance) {
		let mut totals = Shares::<T>::get(fund);
		if shares::worthless(worth, totals.issued) {
			let shares = core::mem::take(&mut totals.issued);
			totals.epoch = totals.epoch.saturating_add(1);
			Shares::<T>::insert(fund, totals);
			Self::deposit_event(Event::SharesVoided { fund, shares, epoch: totals.epoch });
		}
	}

	/// What all markets together could draw from the global fund now, in quote units.
	pub fn drawable_by_all() -> Balance {
		let (fund, limits) = (GlobalFund::<T>::get(), T::DrawLimits::get());
		AllDraws::<T>::get().available(&limits.all, fund, Self::now()).min(fund)
	}

	/// What `market` could draw from the global fund now.
	pub(crate) fn global_available(market: MarketId) -> Balance {
		let DrawLimits { market: of_market, all } = T::DrawLimits::get();
		let (fund, now) = (GlobalFund::<T>::get(), Self::now());
		MarketDraws::<T>::get(market)
			.available(&of_market, fund, now)
			.min(AllDraws::<T>::get().available(&all, fund, now))
			.min(fund)
	}
}

impl MarketFund {
	/// `amount` goes from this market to the global fund and is counted against what is owed.
	/// Returns how much is counted.
	pub(crate) fn repay(&mut self, amount: Balance) -> Balance {
		let repaid = amount.min(self.owed);
		self.owed = self.owed.saturating_sub(repaid);
		repaid
	}
}

impl<T: Config> Backstop for Pallet<T> {
	fn penalty(market: MarketId, amount: Balance) {
		if amount == 0 {
			return;
		}
		Self::credit_market(market, amount);
		Self::deposit_event(Event::PenaltyTaken { market, amount });
	}

	fn found(amount: Balance) -> bool {
		Self::credit_global(amount);
		true
	}

	fn cover(market: MarketId, deficit: Balance) -> Balance {
		if deficit == 0 {
			return 0;
		}
		let mut fund = MarketFunds::<T>::get(market);
		let market_fund_paid = fund.balance.min(deficit);
		let missing = deficit.saturating_sub(market_fund_paid);
		let global_fund_paid =
			if missing == 0 { 0 } else { Self::pay_from_global(market, missing) };
		let paid = market_fund_paid.saturating_add(global_fund_paid);
		if paid > 0 {
			fund.balance = fund.balance.saturating_sub(market_fund_paid);
			fund.owed = fund.owed.saturating_add(global_fund_paid);
			MarketFunds::<T>::insert(market, fund);
			Total::<T>::mutate(|total| *total = total.saturating_sub(paid));
		}
		// Also told when nothing was paid: that is when a trader needs to know.
		Self::deposit_event(Event::Covered { market, deficit, market_fund_paid, global_fund_paid });
		paid
	}

	fn coverable(market: MarketId, deficit: Balance) -> Balance {
		let own = MarketFunds::<T>::get(market).balance.min(deficit);
		let missing = deficit.saturating_sub(own);
		let global = if missing == 0 { 0 } else { Self::global_available(market).min(missing) };
		own.saturating_add(global)
	}

	fn total() -> Balance {
		Total::<T>::get()
	}

	fn wind_down(market: MarketId) {
		Self::wind_down_settled(market);
	}

	fn charges(market: MarketId) -> Charges {
		MarketFunds::<T>::get(market).charges()
	}

	fn charged(market: MarketId, premium: Balance, surcharge: Balance) {
		let taken = Self::grow(premium.saturating_add(surcharge));
		if taken == 0 {
			return;
		}
		let mut fund = MarketFunds::<T>::get(market);
		let repaid = fund.repay(surcharge.min(taken));
		// What takers paid beyond the debt stays with their market.
		fund.balance = fund.balance.saturating_add(taken.saturating_sub(repaid));
		MarketFunds::<T>::insert(market, fund);
		if repaid > 0 {
			GlobalFund::<T>::mutate(|fund| *fund = fund.saturating_add(repaid));
			if fund.owed == 0 {
				Self::deposit_event(Event::Repaid { market });
			}
		}
	}
}

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
	/// 1. The running total is the sum of the funds.
	/// 2. Every draw fitted its bucket.
	/// 3. The shares of this epoch that backers hold of a fund are those issued; those of the global
	///    fund are not worthless. The vault's may be for as long as it holds positions.
	/// 4. The sum of targets is theirs, and a fund that closes has none.
	/// 5. Notices are in the order in which they end, and no backer's item is empty.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use crate::pallet::UpkeepState;
		let sum = MarketFunds::<T>::iter_values()
			.try_fold(GlobalFund::<T>::get(), |sum, fund| sum.checked_add(fund.balance))
			.ok_or("the funds exceed the range of a balance")?;
		ensure!(sum == Total::<T>::get(), "the running total is not the sum of the funds");
		ensure!(AllDraws::<T>::get().is_sound(), "all markets drew more than their bucket holds");
		ensure!(
			MarketDraws::<T>::iter_values().all(|draws| draws.is_sound()),
			"a market drew more than its bucket holds"
		);
		ensure!(
			!shares::worthless(GlobalFund::<T>::get(), Shares::<T>::get(FundClass::Global).issued),
			"worthless shares are still in force"
		);
		FundClass::ALL.into_iter().try_for_each(Self::check_backers)?;
		let targets = MarketFunds::<T>::iter_values()
			.fold(0u128, |sum, fund| sum.saturating_add(fund.target));
		ensure!(targets == UpkeepState::<T>::get().targets, "the sum of targets is wrong");
		ensure!(
			MarketFunds::<T>::iter_values().all(|fund| fund.closes.is_none() || fund.target == 0),
			"a fund that closes has a target"
		);
		Ok(())
	}

	/// Points 3 and 5 for one fund.
	fn check_backers(fund: FundClass) -> Result<(), sp_runtime::TryRuntimeError> {
		use crate::pallet::Backers;
		let totals = Shares::<T>::get(fund);
		let mut held = 0u128;
		for (_, backer) in Backers::<T>::iter_prefix(fund) {
			ensure!(!backer.is_empty(), "a backer without shares");
			ensure!(backer.epoch <= totals.epoch, "shares of an epoch to come");
			ensure!(
				backer.notices.windows(2).all(|pair| matches!(pair, [a, b] if a.ready <= b.ready)),
				"notices out of order"
			);
			if backer.epoch == totals.epoch {
				held = held.saturating_add(backer.all_shares());
			}
		}
		ensure!(held == totals.issued, "backers do not hold the shares issued");
		Ok(())
	}
}
