//! The ledger of the funds: every change goes through here, so that the total stays true.

use crate::{
	pallet::{AllDraws, Config, Error, Event, GlobalFund, MarketDraws, MarketFunds, Pallet, Total},
	DrawLimits,
};
use breakwater_primitives::{Backstop, Balance, Custody, MarketId, Millis};
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{Get, UnixTime},
};

impl<T: Config> Pallet<T> {
	/// Chain time in milliseconds.
	fn now() -> Millis {
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
		// The total bounds each fund, so no fund overflows when the total does not.
		ensure!(Total::<T>::get().checked_add(amount).is_some(), Error::<T>::Overflow);
		T::Custody::receive(who, amount)?;
		Self::credit(market, amount);
		Self::deposit_event(Event::Contributed { who: who.clone(), market, amount });
		Ok(())
	}

	/// Add `amount` to a fund and to the total.
	fn credit(market: Option<MarketId>, amount: Balance) {
		// Saturates both by the same amount: the total is the larger of the two.
		let total = Total::<T>::get();
		let amount = amount.min(Balance::MAX - total);
		match market {
			Some(market) => {
				MarketFunds::<T>::mutate(market, |fund| *fund = fund.saturating_add(amount))
			},
			None => GlobalFund::<T>::mutate(|fund| *fund = fund.saturating_add(amount)),
		}
		Total::<T>::put(total.saturating_add(amount));
	}

	/// Pay up to `wanted` out of the fund of `market`.
	fn pay_from_market(market: MarketId, wanted: Balance) -> Balance {
		let fund = MarketFunds::<T>::get(market);
		let paid = fund.min(wanted);
		if paid == 0 {
			return 0;
		}
		if paid == fund {
			MarketFunds::<T>::remove(market);
		} else {
			MarketFunds::<T>::insert(market, fund - paid);
		}
		paid
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
		paid
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

impl<T: Config> Backstop for Pallet<T> {
	fn penalty(market: MarketId, amount: Balance) {
		if amount == 0 {
			return;
		}
		Self::credit(Some(market), amount);
		Self::deposit_event(Event::PenaltyTaken { market, amount });
	}

	fn cover(market: MarketId, deficit: Balance) -> Balance {
		if deficit == 0 {
			return 0;
		}
		let market_fund_paid = Self::pay_from_market(market, deficit);
		let missing = deficit.saturating_sub(market_fund_paid);
		let global_fund_paid =
			if missing == 0 { 0 } else { Self::pay_from_global(market, missing) };
		let paid = market_fund_paid.saturating_add(global_fund_paid);
		if paid > 0 {
			Total::<T>::mutate(|total| *total = total.saturating_sub(paid));
		}
		// Also told when nothing was paid: that is when a trader needs to know.
		Self::deposit_event(Event::Covered { market, deficit, market_fund_paid, global_fund_paid });
		paid
	}

	fn total() -> Balance {
		Total::<T>::get()
	}
}

#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
	/// The running total is the sum of the funds, and every draw fitted its bucket.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let sum = MarketFunds::<T>::iter_values()
			.try_fold(GlobalFund::<T>::get(), |sum, fund| sum.checked_add(fund))
			.ok_or("the funds exceed the range of a balance")?;
		ensure!(sum == Total::<T>::get(), "the running total is not the sum of the funds");
		ensure!(AllDraws::<T>::get().is_sound(), "all markets drew more than their bucket holds");
		ensure!(
			MarketDraws::<T>::iter_values().all(|draws| draws.is_sound()),
			"a market drew more than its bucket holds"
		);
		Ok(())
	}
}
