//! Stop orders: orders that wait for the mark price.
//!
//! They wait in pages and words of their own, as the book's orders wait in theirs, so a price finds
//! those that it crosses without looking at any other. What a market's nearest stops are is one item:
//! a price that crosses nothing costs one read.
//!
//! ```text
//!   place_stop ──► Stops[account] (16 slots) and a trigger at its price
//!   price ──► crosses the nearest? ──► take it out, place its order as its owner would
//!     │ out of weight, or the market is halted            │ refused: StopFailed says why
//!     └──► Backlog: the market's stops go on at the start of the next blocks
//! ```
//!
//! A stop fires within the feed that reaches it as far as the feed's weight goes, with what its own
//! order may take at the most: one that may fill a few resting orders fires at once, one that may fill
//! as many as a call may, like a market order without a bound of its own, at the start of the next
//! block. What a stop took, not what it might have taken, is what it leaves less for the others.
//!
//! A stop that fires is an ordinary order, checked like any other; nothing is reserved for it before.
//! While a market is collected or halted, or its price disputed, its stops wait; they fire after it has
//! reopened, if the mark is still beyond them.

use crate::{
	cost::{self, Work},
	desk::Desk,
	order::PlaceOrder,
	types::{Mode, Phase, MAX_LOTS},
	Config, Error, Event, Hot, NearestStops, Pallet, StopBacklog, StopPages, StopWords, Stops,
	Terms, WeightInfo,
};
use breakwater_core::{
	store::{Kind, WriteBack},
	trigger::{arm, crossed, disarm, nearest, TriggerPage},
};
use breakwater_primitives::{
	store::MapBackend, AccountRef, Clearing, Gate, Level, MarketId, OnPrice, Prices, Session,
	Ticks, Validity, MAX_MARKETS,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	dispatch::DispatchResult,
	ensure,
	pallet_prelude::{DispatchError, Get},
	storage::with_storage_layer,
	traits::ConstU32,
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use scale_info::TypeInfo;

/// The most stop orders of one account.
pub const MAX_STOPS: u32 = 16;
/// The most pages that finding the nearest stop reads on both sides, with the words above them, where
/// the nearest buckets are as full as they can be.
const BUCKET_READS: u32 = 2 * (255 + 3);
/// Stops of one kind that are looked for at once.
const LOOKED_FOR: usize = 16;

/// On which side of the trigger the mark price must be for a stop order to fire.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum Crossing {
	/// When the mark is at the trigger or below: a long's stop loss, a short's take profit.
	#[codec(index = 0)]
	AtOrBelow,
	/// When the mark is at the trigger or above: a short's stop loss, a long's take profit.
	#[codec(index = 1)]
	AtOrAbove,
}

impl Crossing {
	const fn kind(self) -> Kind {
		match self {
			Self::AtOrBelow => Kind::Falling,
			Self::AtOrAbove => Kind::Rising,
		}
	}
	/// Whether a stop at `trigger` fires at `mark`.
	pub const fn reached(self, trigger: Ticks, mark: Ticks) -> bool {
		match self {
			Self::AtOrBelow => mark.0 <= trigger.0,
			Self::AtOrAbove => mark.0 >= trigger.0,
		}
	}
}

/// An order that is placed when the mark price comes to a trigger.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct StopOrder {
	/// On which side of the trigger it fires.
	pub when: Crossing,
	/// The mark price at which it fires, in ticks.
	pub trigger: Ticks,
	/// What is placed then. Only its form is checked before.
	pub order: PlaceOrder,
}

/// A stop order that waits.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Waiting {
	/// Its slot, 0 to 15, by which it is cancelled.
	pub slot: u8,
	/// The order.
	pub stop: StopOrder,
}

/// The stop orders of one account.
pub type AccountStops = BoundedVec<Waiting, ConstU32<MAX_STOPS>>;

/// The triggers of a market that fire first.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Nearest {
	/// The highest that waits for a falling price.
	pub below: Option<Ticks>,
	/// The lowest that waits for a rising price.
	pub above: Option<Ticks>,
}

impl Nearest {
	fn admit(&mut self, when: Crossing, trigger: Ticks) {
		match when {
			Crossing::AtOrBelow => self.below = self.below.max(Some(trigger)),
			Crossing::AtOrAbove => {
				self.above = Some(self.above.map_or(trigger, |above| above.min(trigger)));
			},
		}
	}

	fn reached(&self, mark: Ticks) -> bool {
		self.below.is_some_and(|trigger| Crossing::AtOrBelow.reached(trigger, mark))
			|| self.above.is_some_and(|trigger| Crossing::AtOrAbove.reached(trigger, mark))
	}
}

pub(crate) type StopStore<T> = WriteBack<MapBackend<StopPages<T>, StopWords<T>>, TriggerPage>;

pub(crate) fn store<T: Config>() -> StopStore<T> {
	WriteBack::new(MapBackend::default())
}

impl<T: Config> OnPrice for Pallet<T> {
	fn on_price(market: MarketId, prices: &Prices, meter: &mut WeightMeter) {
		if meter.try_consume(T::WeightInfo::pass_stops()).is_err() {
			return Self::note_stops(market, true);
		}
		if !NearestStops::<T>::get(market).reached(prices.mark) {
			return;
		}
		let done = Self::fire_stops(market, prices, meter);
		Self::note_stops(market, !done);
	}
}

impl<T: Config> Pallet<T> {
	/// Let a stop order of `who` wait in a slot.
	pub(crate) fn do_place_stop(who: AccountRef, stop: StopOrder) -> Result<Looked, DispatchError> {
		let StopOrder { when, trigger, order } = stop;
		let market = order.market;
		let terms = Terms::<T>::get(market).ok_or(Error::<T>::MarketNotFound)?;
		ensure!(!terms.status.is_over(), Error::<T>::MarketSettling);
		let priced = !trigger.is_zero() && !order.kind.limit().is_zero();
		ensure!(priced, Error::<T>::InvalidPrice);
		ensure!(!order.lots.is_zero(), Error::<T>::ZeroLots);
		// The orders of a batch wait for it.
		let kept = terms.mode == Mode::Continuous || order.kind.time_in_force().rests();
		ensure!(kept, Error::<T>::MarketInAuction);
		// A reduce-only order is clipped to the position when it fires, however large that is then.
		let bounded = order.lots <= terms.max_lots || order.reduce_only && order.lots <= MAX_LOTS;
		ensure!(bounded, Error::<T>::AboveMaximum);
		let mark = T::Clearing::session().prices(market).mark;
		let reached = !mark.is_zero() && when.reached(trigger, mark);
		ensure!(!reached, Error::<T>::StopReached);
		let mut stops = Stops::<T>::get(who);
		let used = |slot: &u8| stops.iter().any(|waiting| waiting.slot == *slot);
		let slot = (0..MAX_STOPS as u8).find(|slot| !used(slot)).ok_or(Error::<T>::TooManyStops)?;
		stops.try_push(Waiting { slot, stop }).map_err(|_| Error::<T>::TooManyStops)?;
		let mut triggers = store::<T>();
		arm(&mut triggers, market, when.kind(), trigger, who, slot, 0)
			.map_err(|_| Error::<T>::StopsFull)?;
		let looked = Looked::by(triggers);
		NearestStops::<T>::mutate(market, |nearest| nearest.admit(when, trigger));
		Stops::<T>::insert(who, stops);
		Self::deposit_event(Event::StopPlaced { account: who, slot, market, when, trigger });
		Ok(looked)
	}

	/// Cancel the stop order in a slot of `who`, or all of them.
	pub(crate) fn do_cancel_stop(
		who: AccountRef,
		slot: Option<u8>,
	) -> Result<(u32, Looked), DispatchError> {
		let stops = Stops::<T>::get(who);
		let named = |waiting: &&Waiting| slot.is_none_or(|slot| waiting.slot == slot);
		let gone: BoundedVec<Waiting, ConstU32<MAX_STOPS>> =
			BoundedVec::truncate_from(stops.iter().filter(named).copied().collect());
		ensure!(slot.is_none() || !gone.is_empty(), Error::<T>::StopNotFound);
		let (cancelled, mut looked) = (gone.len() as u32, Looked::default());
		for Waiting { slot, stop } in gone {
			let market = stop.order.market;
			looked.add(Self::take_stop(who, slot, market, stop.when.kind(), stop.trigger).1);
			let nearest = NearestStops::<T>::get(market);
			if [nearest.below, nearest.above].contains(&Some(stop.trigger)) {
				looked.add(Self::renew_nearest(market));
			}
			Self::deposit_event(Event::StopCancelled { account: who, slot });
		}
		Ok((cancelled, looked))
	}

	/// Take a stop order out of its slot and away from its trigger. The nearest are for the caller to
	/// renew. Also returns which pages that took.
	pub(crate) fn take_stop(
		who: AccountRef,
		slot: u8,
		market: MarketId,
		kind: Kind,
		trigger: Ticks,
	) -> (Option<StopOrder>, Looked) {
		let mut triggers = store::<T>();
		disarm(&mut triggers, market, kind, trigger, who, slot);
		let looked = Looked::by(triggers);
		let mut taken = None;
		Stops::<T>::mutate_exists(who, |stored| {
			let Some(stops) = stored else { return };
			taken = stops.iter().find(|waiting| waiting.slot == slot).map(|waiting| waiting.stop);
			stops.retain(|waiting| waiting.slot != slot);
			if stops.is_empty() {
				*stored = None;
			}
		});
		(taken, looked)
	}

	/// Look for the nearest stops of a market anew, which reads every page of a bucket. Returns which.
	pub(crate) fn renew_nearest(market: MarketId) -> Looked {
		let mut triggers = store::<T>();
		let below = nearest(&mut triggers, market, Kind::Falling);
		let above = nearest(&mut triggers, market, Kind::Rising);
		let now = Nearest { below, above };
		if now == Nearest::default() {
			NearestStops::<T>::remove(market);
		} else if now != NearestStops::<T>::get(market) {
			NearestStops::<T>::insert(market, now);
		}
		Looked::by(triggers)
	}

	/// Remember whether stops of the market that the mark has crossed still wait.
	pub(crate) fn note_stops(market: MarketId, waiting: bool) {
		let bit = 1u64.checked_shl(market.0.into()).unwrap_or(0);
		let noted = StopBacklog::<T>::get();
		let after = if waiting { noted | bit } else { noted & !bit };
		if after == 0 && noted != 0 {
			StopBacklog::<T>::kill();
		} else if after != noted {
			StopBacklog::<T>::put(after);
		}
	}

	/// Let the stops that wait behind others fire, as far as `meter` goes.
	pub(crate) fn fire_backlog(meter: &mut WeightMeter) {
		let noted = StopBacklog::<T>::get();
		if noted == 0 {
			return;
		}
		let first = (Self::block() % u32::from(MAX_MARKETS)) as u16;
		for market in (first..MAX_MARKETS).chain(0..first).filter(|m| noted >> m & 1 == 1) {
			if meter.try_consume(T::WeightInfo::look_at_stops()).is_err() {
				return;
			}
			let market = MarketId(market);
			let prices = T::Clearing::session().prices(market);
			let done = Self::fire_stops(market, &prices, meter);
			Self::note_stops(market, !done);
		}
	}

	/// Whether stops of a market may fire now.
	fn stops_fire(market: MarketId, prices: &Prices) -> bool {
		let validity = prices.validity_at(Self::now_millis(), T::PriceAgeLimit::get());
		matches!(validity, Validity::Valid | Validity::Degraded)
			&& T::Gate::view(market).level < Level::Auction
			&& Hot::<T>::get(market).phase == Phase::Continuous
	}

	/// Fire the stops that the mark has crossed. Returns whether none is left.
	fn fire_stops(market: MarketId, prices: &Prices, meter: &mut WeightMeter) -> bool {
		let looks = Looked::MOST_OF_ROUND.weight::<T>();
		loop {
			if !NearestStops::<T>::get(market).reached(prices.mark) {
				return true;
			}
			// A stop that fires may be what halts the market.
			if !meter.can_consume(looks) || !Self::stops_fire(market, prices) {
				return false;
			}
			let fired = Self::fire_some(market, prices, meter);
			meter.consume(Self::renew_nearest(market).weight::<T>());
			if !fired {
				return false;
			}
		}
	}

	/// Fire a few of the stops that the mark has crossed, those furthest beyond it first. Returns
	/// whether any fired.
	fn fire_some(market: MarketId, prices: &Prices, meter: &mut WeightMeter) -> bool {
		let mut fired = false;
		for kind in [Kind::Falling, Kind::Rising] {
			let mut triggers = store::<T>();
			let found = crossed(&mut triggers, market, kind, prices.mark, LOOKED_FOR);
			meter.consume(Looked::by(triggers).weight::<T>());
			for (tick, found) in found {
				let (account, slot) = (found.account, found.what);
				let most = Self::most_of_this_stop(account, slot);
				if !meter.can_consume(most) || !Self::stops_fire(market, prices) {
					return fired;
				}
				meter.consume(Self::fire(market, kind, tick, account, slot));
				fired = true;
			}
		}
		fired
	}

	/// What firing the stop in a slot may cost, with finding those that come next.
	fn most_of_this_stop(account: AccountRef, slot: u8) -> Weight {
		let stops = Stops::<T>::get(account);
		let stop = stops.iter().find(|waiting| waiting.slot == slot);
		let work = stop.map(|waiting| {
			Work::worst_place(&waiting.stop.order, T::MaxFills::get(), T::MaxRemovals::get())
		});
		fired::<T>(&work.unwrap_or_default()).saturating_add(Looked::MOST_OF_MOVE.weight::<T>())
	}

	/// Place the order of a stop that was crossed. Returns what that took, also where it is refused.
	fn fire(market: MarketId, kind: Kind, trigger: Ticks, account: AccountRef, slot: u8) -> Weight {
		let (stop, looked) = Self::take_stop(account, slot, market, kind, trigger);
		let moved = looked.weight::<T>();
		let Some(stop) = stop else { return T::WeightInfo::fire_stop().saturating_add(moved) };
		let mut work = Work::default();
		Self::deposit_event(Event::StopFired { account, slot, market });
		let placed = with_storage_layer(|| -> DispatchResult {
			let mut desk = Desk::<T>::open_for(account)?;
			let placed = desk.place(&stop.order);
			work = desk.work();
			placed?;
			work = desk.close()?;
			Ok(())
		});
		if let Err(error) = placed {
			Self::deposit_event(Event::StopFailed { account, slot, market, error });
		}
		fired::<T>(&work).saturating_add(moved)
	}
}

/// What was looked at and written of the pages and words of stop orders.
#[derive(Clone, Copy, Default)]
pub(crate) struct Looked {
	read: u32,
	written: u32,
}

impl Looked {
	/// The most that putting a stop into its page takes: up to eight pages on its path are read, with the
	/// words above the first.
	pub(crate) const MOST_OF_ARMING: Self = Self { read: 8 + 3, written: 1 + 3 };
	/// The most that taking a stop out takes: up to eight pages on its path and those beside them are
	/// read, with the words above the first, and each page on the path is filled from the next.
	pub(crate) const MOST_OF_MOVE: Self = Self { read: 15 + 3, written: 8 };
	/// The most that finding one stop of any takes, where each has a bucket of its own.
	pub(crate) const MOST_OF_FINDING: Self = Self { read: 1 + 3, written: 0 };
	/// The most that finding the nearest stops of a market takes.
	pub(crate) const MOST_OF_RENEWAL: Self = Self { read: BUCKET_READS, written: 0 };
	/// The most that looking for crossed stops takes, and finding the nearest of those that are left.
	const MOST_OF_ROUND: Self = Self { read: 2 * BUCKET_READS, written: 0 };

	/// Write what changed, and tell what that took.
	pub(crate) fn by<T: Config>(triggers: StopStore<T>) -> Self {
		let read = triggers.looked_at();
		let flushed = triggers.flush();
		Self { read, written: u32::from(flushed.pages).saturating_add(flushed.words.into()) }
	}

	pub(crate) fn add(&mut self, other: Self) {
		self.read = self.read.saturating_add(other.read);
		self.written = self.written.saturating_add(other.written);
	}

	/// What the pages and words cost.
	pub(crate) fn weight<T: Config>(&self) -> Weight {
		cost::triggers::<T>(self.read, self.written)
	}

	pub(crate) fn plus(mut self, other: Self) -> Self {
		self.add(other);
		self
	}
}

/// What a stop costs that fires, with the order that did `work`.
fn fired<T: Config>(work: &Work) -> Weight {
	T::WeightInfo::fire_stop().saturating_add(cost::operation::<T>(work))
}

/// What cancelling so many stops may cost.
pub(crate) fn most_of_cancelling<T: Config>(stops: u32) -> Weight {
	let one = Looked::MOST_OF_MOVE.plus(Looked::MOST_OF_RENEWAL).weight::<T>();
	T::WeightInfo::cancel_stop(stops).saturating_add(one.saturating_mul(stops.into()))
}

/// What firing the costliest stop may take.
pub(crate) fn most_of_a_stop<T: Config>() -> Weight {
	let (fills, removals) = (T::MaxFills::get(), T::MaxRemovals::get());
	fired::<T>(&Work::worst(1, 0, fills.into(), removals.into()))
		.saturating_add(Looked::MOST_OF_MOVE.weight::<T>())
		.saturating_add(Looked::MOST_OF_ROUND.weight::<T>())
}
