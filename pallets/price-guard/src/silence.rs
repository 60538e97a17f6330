//! What happens while nobody reports.
//!
//! A price decays by itself for whoever asks with its age; what must be *moved* are the prices at
//! which positions are examined. While the index is Stale each side has the benefit of the book: longs
//! the higher and shorts the lower of the last index and the book's average of a minute. When it is
//! too old for that it is Invalid, and nothing is liquidated.
//!
//! ```text
//!   Valid --age limit--> Stale: examined at max / min(last prices, book within 5 %) --10 min--> Invalid
//! ```
//!
//! The hook glances at a few markets in each block, in turn, and looks only at those that are silent. A
//! market with reports costs it two reads.

use crate::{
	compute::whole, types::*, Config, Event, Guards, Pallet, Params, Watch, Watched, WeightInfo,
};
use breakwater_primitives::{
	Gate, Level, MarketId, Millis, OnPrice, Prices, Quote, Quotes, Ticks, Validity, MAX_MARKETS,
};
use frame_support::{traits::Get, weights::WeightMeter};

/// The most markets looked at in a block.
const LOOKS: u32 = 4;

impl Watch {
	/// The next market with a price after the last one that was looked at.
	fn next(&mut self) -> Option<MarketId> {
		if self.priced == 0 {
			return None;
		}
		let (markets, last) = (u32::from(MAX_MARKETS), u32::from(self.last) % 64);
		// Turned so that the bit after the last one is the lowest.
		let turned = self.priced.rotate_right(last.saturating_add(1) % markets);
		let step = turned.trailing_zeros().saturating_add(1);
		self.last = (last.saturating_add(step) % markets) as u8;
		Some(MarketId(self.last.into()))
	}
}

impl Guard {
	/// The prices at `now` where nothing was reported for longer than the age limit; `None` where
	/// there is nothing new to tell.
	pub fn fall_silent(
		&mut self,
		quote: &Quote,
		level: Level,
		params: &GuardParams,
		now: Millis,
	) -> Option<Prices> {
		let validity = self.prices.validity_at(now, params.age_limit);
		if validity < Validity::Stale || self.prices.index.is_zero() {
			return None;
		}
		let mut prices = Prices { validity, ..self.prices };
		// Invalid: nothing is liquidated, so nothing moves. Frozen: the prices of before count.
		if validity == Validity::Stale && level < Level::Freeze {
			let book = self.average_book(quote, level, now);
			let waiting = self.pending.map_or(book, |pending| pending.price);
			// From the last index on, so that a doubt that has passed does not stay.
			prices.long = prices.mark.max(prices.index).max(book).max(waiting);
			prices.short = prices.mark.min(prices.index).min(book).min(waiting);
			self.frozen = false;
		}
		let news = prices != self.prices;
		self.prices = prices;
		news.then_some(prices)
	}

	/// The average of the book while the index is Stale.
	pub fn book_average(&self) -> Option<Ticks> {
		self.book.map(|(average, _)| whole(average))
	}
}

impl<T: Config> Pallet<T> {
	/// Remember that `market` has a price, so that its silence is noticed.
	pub(crate) fn watch(market: MarketId) {
		let bit = 1u64.checked_shl(market.0.into()).unwrap_or_default();
		let watch = Watched::<T>::get();
		if watch.priced & bit == 0 {
			Watched::<T>::put(Watch { priced: watch.priced | bit, ..watch });
		}
	}

	/// Look at the next few markets, as far as `meter` lasts.
	pub(crate) fn listen(meter: &mut WeightMeter) {
		if meter.try_consume(<T as Config>::WeightInfo::listen()).is_err() {
			return;
		}
		let before = Watched::<T>::get();
		let mut watch = before;
		for _ in 0..before.priced.count_ones().min(LOOKS) {
			if meter.try_consume(<T as Config>::WeightInfo::glance()).is_err() {
				break;
			}
			let mut turned = watch;
			let Some(market) = turned.next() else { break };
			// Most markets have reports.
			if Self::is_silent(market) {
				if meter.try_consume(<T as Config>::WeightInfo::look()).is_err() {
					break;
				}
				if let Some(prices) = Self::look(market) {
					Self::tell_silence(market, &prices, meter);
				}
			}
			watch = turned;
		}
		// With few markets all are looked at and the next one is the same again.
		if watch != before {
			Watched::<T>::put(watch);
		}
	}

	/// Whether a market has had no reports for longer than its age limit.
	pub(crate) fn is_silent(market: MarketId) -> bool {
		let limit = Params::<T>::get(market).age_limit;
		Guards::<T>::get(market).prices.validity_at(Self::now(), limit) >= Validity::Stale
	}

	/// Move the prices of a silent market. Returns them where they are to be told.
	pub(crate) fn look(market: MarketId) -> Option<Prices> {
		let (mut guard, params) = (Guards::<T>::get(market), Params::<T>::get(market));
		let (before, now) = (guard, Self::now());
		let (quote, level) = (T::Quotes::quote(market), T::Gate::view(market).level);
		let over = Self::track(market, &mut guard, level);
		let told = guard.fall_silent(&quote, level, &params, now);
		if guard != before {
			Self::keep(market, &guard, over);
		}
		let prices = told?;
		if before.prices.validity != prices.validity {
			Self::deposit_event(Event::ValidityChanged {
				market,
				from: before.prices.validity,
				to: prices.validity,
				reports: 0,
				dispersion: Default::default(),
			});
		}
		Some(prices)
	}

	fn tell_silence(market: MarketId, prices: &Prices, meter: &mut WeightMeter) {
		let share = T::OnPriceLimit::get().min(meter.remaining());
		let mut own = WeightMeter::with_limit(share);
		T::OnPrice::on_price(market, prices, &mut own);
		meter.consume(own.consumed());
	}
}
