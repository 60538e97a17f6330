//! The price of a settlement: what the index was worth in the hour before an incident.
//!
//! ```text
//!   each report ──► time that the index stood and was Valid ──► minute under way ──► ring of an hour
//!                                                                        │
//!   level 2 or above, the first time ──► the average is held ◄───────────┘
//!   an hour below level 2 ─────────────► it is let go
//! ```
//!
//! **The formula.** The average of the Valid index, weighted by the time for which each stood, over the
//! minute under way and the sixty before it, rounded to the nearest tick. An index counts until the next
//! report, and for no longer than its age limit; what is Degraded, Unconfirmed or Stale counts nothing.
//! Where less than an hour was Valid, what there is of it is averaged; where nothing was, it is the last
//! Valid index.
//!
//! **When it ends.** While a market is below level 2 it ends now. When the market comes to level 2 or
//! above it is held as it was at the last report before, so that neither what tripped the breaker nor
//! what came afterwards is in it. It is held until the market was below level 2 for an hour on end, so
//! that no resumption for a moment replaces it; by then the hour has nothing of the incident in it.

use crate::{types::Guard, Averages, Config, Guards, Pallet};
use alloc::vec::Vec;
use breakwater_primitives::{
	Gate, Level, MarketId, Millis, PriceSource, ReferencePrice, SettlementPrice, Ticks, Validity,
};
use codec::{Decode, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// One minute, in milliseconds.
const MINUTE: Millis = 60_000;
/// Full minutes that count beside the one under way.
pub const MINUTES: u32 = 60;
/// From this level on the average is held.
pub const HELD_FROM: Level = Level::Guarded;
/// For how long a market must be below [`HELD_FROM`] until the average is let go, in milliseconds.
pub const CALM: Millis = 3_600_000;

/// A minute of a Valid index.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Minute {
	/// Minutes since the Unix epoch.
	pub number: u32,
	/// For how long of it the index was Valid, in milliseconds.
	pub millis: u16,
	/// The sum of the index over these milliseconds, in ticks.
	pub sum: u64,
}

impl Minute {
	fn add(&mut self, price: Ticks, millis: Millis) {
		// A minute has 60,000 milliseconds and a price 32 bits: neither sum overflows.
		self.millis = self.millis.saturating_add(u16::try_from(millis).unwrap_or(u16::MAX));
		self.sum = self.sum.saturating_add(u64::from(price.0).saturating_mul(millis));
	}
}

/// The minutes before the one under way; minute `n` is in place `n % 60`.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Hour {
	/// The minutes. Those that are too old do not count.
	pub minutes: [Minute; MINUTES as usize],
}

impl Default for Hour {
	fn default() -> Self {
		Self { minutes: [Minute::default(); MINUTES as usize] }
	}
}

impl Hour {
	/// Remember a minute that is over.
	pub fn push(&mut self, minute: Minute) {
		if let Some(place) = self.minutes.get_mut((minute.number % MINUTES) as usize) {
			*place = minute;
		}
	}

	/// The average over the hour that ends with `last` and `end`, in which `last` is the minute under
	/// way: the price and the time that is in it.
	pub fn average(&self, last: &Minute, end: Millis) -> Option<(Ticks, Millis)> {
		let end = minute_of(end);
		let counts =
			|minute: &&Minute| minute.number <= end && minute.number.saturating_add(MINUTES) >= end;
		let minutes = self.minutes.iter().filter(|minute| minute.number != last.number);
		let minutes = minutes.chain(core::iter::once(last)).filter(counts);
		let (sum, millis) = minutes.fold((0u128, 0u64), |(sum, millis), minute| {
			(sum.saturating_add(minute.sum.into()), millis.saturating_add(minute.millis.into()))
		});
		let rounded = sum.saturating_add(u128::from(millis / 2)).checked_div(millis.into())?;
		Some((Ticks(u32::try_from(rounded).unwrap_or(u32::MAX)), millis))
	}
}

fn minute_of(at: Millis) -> u32 {
	u32::try_from(at / MINUTE).unwrap_or(u32::MAX)
}

/// The price of a settlement that is held since the market came to level 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Held {
	/// The price.
	pub price: ReferencePrice,
	/// Since when the market is below level 2, in milliseconds of chain time; nothing while it is not.
	pub calm: Option<Millis>,
}

impl Guard {
	/// Count the time for which the index stood and was Valid, up to `now`. Minutes that are over by
	/// that are pushed to `over`. To be called before the prices change.
	pub fn count(&mut self, now: Millis, over: &mut Vec<Minute>) {
		if self.prices.validity != Validity::Valid {
			return;
		}
		let mut from = self.prices.at;
		let until = now.min(from.saturating_add(self.prices.age_limit.into()));
		while from < until {
			let number = minute_of(from);
			if number != self.minute.number {
				if self.minute.millis > 0 {
					over.push(self.minute);
				}
				self.minute = Minute { number, ..Default::default() };
			}
			let end = until.min((from / MINUTE).saturating_add(1).saturating_mul(MINUTE));
			self.minute.add(self.prices.index, end.saturating_sub(from));
			from = end;
		}
	}

	/// The price of a settlement by what has been counted.
	fn reference(&self, hour: &Hour, end: Millis) -> Option<ReferencePrice> {
		let average = hour.average(&self.minute, end);
		let of = |source, (price, valid)| ReferencePrice { price, source, until: end, valid };
		match average {
			Some(average) => Some(of(PriceSource::Average, average)),
			None if self.trusted.is_zero() => None,
			None => Some(of(PriceSource::LastValid, (self.trusted, 0))),
		}
	}

	/// The same as it was at the last report, where the market has come to level 2 since.
	fn reference_before(&self, hour: &Hour, now: Millis) -> Option<ReferencePrice> {
		let standing = self.prices.validity_at(now, 0) == Validity::Valid;
		self.reference(hour, if standing { self.prices.at } else { now })
	}

	/// Hold the price of a settlement, or let it go. To be called before [`Self::count`].
	pub fn hold(&mut self, level: Level, now: Millis, hour: impl FnOnce() -> Hour) {
		match (&mut self.held, level >= HELD_FROM) {
			(None, false) => {},
			(None, true) => {
				let price = self.reference_before(&hour(), now);
				self.held = price.map(|price| Held { price, calm: None });
			},
			(Some(held), true) => held.calm = None,
			(Some(held), false) => match held.calm {
				None => held.calm = Some(now),
				Some(since) if now >= since.saturating_add(CALM) => self.held = None,
				Some(_) => {},
			},
		}
	}
}

impl<T: Config> Pallet<T> {
	/// Hold or let go, and count. Returns the minutes that are over, to be kept with the guard.
	pub(crate) fn track(market: MarketId, guard: &mut Guard, level: Level) -> Vec<Minute> {
		let (now, mut over) = (Self::now(), Vec::new());
		guard.hold(level, now, || Averages::<T>::get(market));
		guard.count(now, &mut over);
		over
	}

	/// Store the guard with the minutes that are over.
	pub(crate) fn keep(market: MarketId, guard: &Guard, over: Vec<Minute>) {
		if !over.is_empty() {
			Averages::<T>::mutate(market, |hour| over.into_iter().for_each(|m| hour.push(m)));
		}
		Guards::<T>::insert(market, guard);
	}
}

impl<T: Config> SettlementPrice for Pallet<T> {
	fn settlement_price(market: MarketId) -> Option<ReferencePrice> {
		let mut guard = Guards::<T>::get(market);
		if let Some(held) = guard.held {
			return Some(held.price);
		}
		let (now, mut hour) = (Self::now(), Averages::<T>::get(market));
		if T::Gate::view(market).level >= HELD_FROM {
			return guard.reference_before(&hour, now);
		}
		let mut over = Vec::new();
		guard.count(now, &mut over);
		over.into_iter().for_each(|minute| hour.push(minute));
		guard.reference(&hour, now)
	}
}
