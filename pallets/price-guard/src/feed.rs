//! A feed: into the oracle, through the guard, out to those who are told.

use crate::{
	cost::{self, Spared},
	pallet::Feed,
	Config, Error, Event, Guards, Pallet, Params,
};
use breakwater_primitives::{Gate, MarketId, Millis, OnPrice, Prices, Quotes, MAX_MARKETS};
use frame_support::{
	dispatch::{DispatchResult, DispatchResultWithPostInfo, Pays, PostDispatchInfo},
	ensure,
	traits::{Contains, Get, SortedMembers, UnixTime},
	weights::WeightMeter,
	BoundedVec,
};
use frame_system::RawOrigin;
use sp_runtime::{DispatchError, SaturatedConversion};

impl<T: Config> Pallet<T> {
	/// Chain time in milliseconds.
	pub(crate) fn now() -> Millis {
		<T as Config>::Time::now().as_millis().saturated_into()
	}

	pub(crate) fn do_feed(who: T::AccountId, prices: Feed) -> DispatchResultWithPostInfo {
		let mut spared = Self::report(who, &prices)?;
		let mut meter = WeightMeter::with_limit(T::OnPriceLimit::get());
		let mut left = prices.len() as u64;
		for (market, _) in &prices {
			let share = meter.remaining().checked_div(left).unwrap_or_default();
			let mut own = WeightMeter::with_limit(share);
			if let Some(prices) = Self::refresh(*market, &mut spared) {
				T::OnPrice::on_price(*market, &prices, &mut own);
			}
			let _ = meter.try_consume(own.consumed());
			left = left.saturating_sub(1);
		}
		let base = cost::fed::<T>(prices.len() as u32, spared);
		Ok(PostDispatchInfo {
			actual_weight: Some(base.saturating_add(meter.consumed())),
			pays_fee: Pays::No,
		})
	}

	/// Hand a feeder's prices to the oracle, which combines them with those of the others.
	pub(crate) fn report(who: T::AccountId, prices: &Feed) -> Result<Spared, DispatchError> {
		ensure!(<T as pallet_oracle::Config>::Members::contains(&who), Error::<T>::NotFeeder);
		Self::ensure_prices(prices)?;
		let mut spared = Spared::default();
		prices.iter().for_each(|(market, _)| spared.note::<T>(*market));
		let values =
			BoundedVec::try_from(prices.to_vec()).map_err(|_| Error::<T>::WrongNumberOfPrices)?;
		pallet_oracle::Pallet::<T>::feed_values(RawOrigin::Signed(who).into(), values)
			.map_err(|failed| Self::translate(failed.error))?;
		Ok(spared)
	}

	/// Every market exists and is named once, and every price is one.
	fn ensure_prices(prices: &Feed) -> DispatchResult {
		ensure!(!prices.is_empty(), Error::<T>::WrongNumberOfPrices);
		let mut seen = 0u64;
		for (market, price) in prices {
			ensure!(
				market.0 < MAX_MARKETS && T::Markets::contains(market),
				Error::<T>::UnknownMarket
			);
			ensure!(!price.is_zero(), Error::<T>::ZeroPrice);
			let bit = 1u64.checked_shl(market.0.into()).unwrap_or_default();
			ensure!(seen & bit == 0, Error::<T>::DuplicateMarket);
			seen |= bit;
		}
		Ok(())
	}

	fn translate(error: DispatchError) -> DispatchError {
		if error == pallet_oracle::Error::<T>::AlreadyFeeded.into() {
			Error::<T>::AlreadyFedThisBlock.into()
		} else {
			error
		}
	}

	/// Compute the prices of a market from its latest round. Returns them where they are to be told.
	pub(crate) fn refresh(market: MarketId, spared: &mut Spared) -> Option<Prices> {
		let mut guard = Guards::<T>::get(market);
		let (before, held) = (guard.prices, guard.pending.is_some());
		let (quote, level) = (T::Quotes::quote(market), T::Gate::view(market).level);
		let over = Self::track(market, &mut guard, level);
		let prices = guard.update(&quote, level, &Params::<T>::get(market));
		if over.is_empty() || prices.is_none() {
			spared.within_minute = spared.within_minute.saturating_add(1);
		}
		let prices = prices?;
		Self::keep(market, &guard, over);
		if before.index.is_zero() {
			Self::watch(market);
		}
		if let (Some(pending), false) = (guard.pending, held) {
			let (index, pending) = (prices.index, pending.price);
			Self::deposit_event(Event::JumpHeld { market, index, pending });
		}
		if before.validity != prices.validity {
			Self::deposit_event(Event::ValidityChanged {
				market,
				from: before.validity,
				to: prices.validity,
				reports: guard.round.reports,
				dispersion: guard.round.dispersion,
			});
		}
		Some(prices)
	}
}

/// The pallet's invariants.
#[cfg(any(feature = "std", feature = "try-runtime"))]
impl<T: Config> Pallet<T> {
	/// 1. But in a freeze, longs are examined at or above the mark and shorts at or below it.
	/// 2. A price with a validity has an index; while it is Unconfirmed a jump waits, and none waits
	///    while it is Valid or Degraded.
	/// 3. The book is averaged only while the index is Stale, within its clamp.
	/// 4. The markets that are watched are those that have a price.
	/// 5. Parameters are in range.
	/// 6. Minutes of the average are no longer than minutes and stand in their places.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use breakwater_primitives::Validity::*;
		let mut priced = 0u64;
		for (market, guard) in Guards::<T>::iter() {
			let prices = guard.prices;
			ensure!(guard.frozen || prices.long >= prices.mark, "longs examined below the mark");
			ensure!(guard.frozen || prices.short <= prices.mark, "shorts examined above the mark");
			ensure!(
				prices.validity == Invalid || !prices.index.is_zero(),
				"a validity without an index"
			);
			match prices.validity {
				Unconfirmed => ensure!(guard.pending.is_some(), "no jump waits"),
				Valid | Degraded => ensure!(guard.pending.is_none(), "a jump that does not wait"),
				Stale | Invalid => {},
			}
			ensure!(
				guard.book.is_none() || prices.validity >= Stale,
				"the book is averaged beside reports"
			);
			if let Some(average) = guard.book_average() {
				let limit = crate::types::BOOK_CLAMP.mul_ceil(prices.index.0.into());
				ensure!(
					u128::from(average.0.abs_diff(prices.index.0)) <= limit.saturating_add(1),
					"the average of the book left its clamp"
				);
			}
			ensure!(guard.minute.millis <= 60_000, "a minute of more than a minute");
			ensure!(
				guard.held.is_none_or(|held| !held.price.price.is_zero()),
				"a settlement at no price is held"
			);
			if !prices.index.is_zero() {
				priced |= 1u64.checked_shl(market.0.into()).unwrap_or_default();
			}
		}
		for (_, hour) in crate::Averages::<T>::iter() {
			for (place, minute) in hour.minutes.iter().enumerate() {
				let right = minute.number as usize % hour.minutes.len() == place;
				ensure!(right || minute.number == 0, "a minute in a wrong place");
				ensure!(minute.millis <= 60_000, "a minute of more than a minute");
			}
		}
		ensure!(priced == crate::Watched::<T>::get().priced, "a price that nobody watches");
		ensure!(Params::<T>::iter().all(|(_, p)| p.is_valid()), "parameters out of range");
		Ok(())
	}
}
