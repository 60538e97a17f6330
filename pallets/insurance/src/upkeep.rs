//! What happens over time: the active clock, the hourly review of every market's cover, moving what
//! one fund can spare to where it is missing, and the end of a fund.

use crate::{
	cost,
	pallet::{Config, Error, Event, GlobalFund, MarketFunds, Pallet, UpkeepState},
	FundClass, MarketFund, Upkeep, WeightInfo,
};
use breakwater_primitives::{Balance, Exposure, Gate, Level, MarketId, Millis, MAX_MARKETS};
use frame_support::{
	ensure, pallet_prelude::DispatchResult, traits::Contains, weights::WeightMeter,
};

const MINUTE: Millis = 60_000;
/// How often each market is reviewed, in milliseconds of chain time.
pub const ROUND: Millis = 60 * MINUTE;
/// The most markets reviewed in a block.
const REVIEWS: u16 = 4;
/// A longer gap between two blocks is an outage: only this much of it counts, in milliseconds.
const OUTAGE: Millis = 5 * MINUTE;
/// How long the fund of a market that is wound down waits for late claims, in milliseconds.
pub const LATE_CLAIMS: Millis = 30 * 24 * 60 * MINUTE;

impl Upkeep {
	/// Wind the active clock, once a minute at the most. It stands while the chain is frozen.
	fn wind(&mut self, now: Millis, frozen: impl FnOnce() -> bool) {
		if self.wound == 0 {
			self.wound = now;
		}
		let elapsed = now.saturating_sub(self.wound);
		if elapsed >= MINUTE {
			if !frozen() {
				self.active = self.active.saturating_add(elapsed.min(OUTAGE));
			}
			self.wound = now;
		}
	}

	fn replace_target(&mut self, old: Balance, new: Balance) {
		self.targets = self.targets.saturating_sub(old).saturating_add(new);
	}

	/// What the global fund should hold: half of what all market funds should hold together. They
	/// do not fail all at once, and none may draw more than a fifth of it in a day.
	pub fn global_target(&self) -> Balance {
		self.targets / 2
	}
}

impl<T: Config> Pallet<T> {
	/// Wind the clock and review the markets whose turn it is, as far as `meter` lasts.
	pub(crate) fn keep_up(meter: &mut WeightMeter) {
		if meter.try_consume(cost::block::<T>()).is_err() {
			return;
		}
		let now = Self::now();
		let before = UpkeepState::<T>::get();
		let mut upkeep = before;
		upkeep.wind(now, || T::Gate::chain().level >= Level::Freeze);
		if now >= upkeep.due {
			for _ in 0..REVIEWS {
				if upkeep.next >= MAX_MARKETS || meter.try_consume(T::WeightInfo::review()).is_err()
				{
					break;
				}
				Self::review(MarketId(upkeep.next), now, &mut upkeep);
				upkeep.next = upkeep.next.saturating_add(1);
			}
			if upkeep.next >= MAX_MARKETS {
				(upkeep.next, upkeep.due) = (0, now.saturating_add(ROUND));
			}
		}
		// Once a minute, with the clock: a vault that was closed with nothing left.
		if upkeep.wound != before.wound && meter.try_consume(T::WeightInfo::vault()).is_ok() {
			Self::void_lost_vault();
		}
		if upkeep != before {
			UpkeepState::<T>::put(upkeep);
		}
	}

	/// Price the cover of a market anew, and move money while it is calm.
	pub(crate) fn review(market: MarketId, now: Millis, upkeep: &mut Upkeep) {
		let terms = T::Exposure::terms(market);
		let mut fund = MarketFunds::<T>::get(market);
		let before = fund;
		match (fund.closes, terms) {
			(Some(closes), _) if now >= closes => Self::close(market, &mut fund),
			(None, Some(terms)) => {
				let elapsed =
					if fund.reviewed == 0 { 0 } else { now.saturating_sub(fund.reviewed) };
				let interest = T::Exposure::notional(market);
				fund.measure(interest, &terms, T::Exposure::volatility(market), now);
				upkeep.replace_target(before.target, fund.target);
				if T::Gate::view(market).level <= Level::Watch {
					Self::rebalance(market, &mut fund, elapsed, now, upkeep);
				}
			},
			_ => {},
		}
		if fund != before {
			MarketFunds::<T>::insert(market, fund);
		}
	}

	/// Move what the fund of a calm market can spare to the global fund, or what it lacks from there
	/// as far as the global fund exceeds its own target.
	fn rebalance(
		market: MarketId,
		fund: &mut MarketFund,
		elapsed: Millis,
		now: Millis,
		upkeep: &Upkeep,
	) {
		let spare = fund.spare(now);
		if spare > 0 {
			fund.balance = fund.balance.saturating_sub(spare);
			Self::receive_from(market, fund, spare);
			Self::deposit_event(Event::ExcessMoved { market, amount: spare });
			return;
		}
		let global = GlobalFund::<T>::get();
		let amount = fund.lack(elapsed).min(global.saturating_sub(upkeep.global_target()));
		if amount > 0 {
			GlobalFund::<T>::put(global - amount);
			Self::void_worthless_shares(FundClass::Global, global - amount);
			fund.balance = fund.balance.saturating_add(amount);
			Self::deposit_event(Event::ToppedUp { market, amount });
		}
	}

	/// The global fund receives `amount` of a market's fund, which counts against what that owes.
	fn receive_from(market: MarketId, fund: &mut MarketFund, amount: Balance) {
		GlobalFund::<T>::mutate(|global| *global = global.saturating_add(amount));
		if fund.repay(amount) > 0 && fund.owed == 0 {
			Self::deposit_event(Event::Repaid { market });
		}
	}

	/// The time for late claims is over: the fund goes to the global fund, also what still comes in
	/// afterwards. A market that trades again keeps it.
	fn close(market: MarketId, fund: &mut MarketFund) {
		if Self::is_live(market) {
			fund.closes = None;
			Self::deposit_event(Event::WindDownEnded { market });
			return;
		}
		let amount = core::mem::take(&mut fund.balance);
		if amount > 0 {
			Self::receive_from(market, fund, amount);
			Self::deposit_event(Event::WoundDown { market, amount });
		}
		// Nobody is left to repay the rest.
		fund.owed = 0;
	}

	/// Whether positions are open that may still lose: in a market that is being settled they no
	/// longer can.
	fn is_live(market: MarketId) -> bool {
		T::Gate::view(market).level < Level::Settle && T::Exposure::notional(market) > 0
	}

	pub(crate) fn do_wind_down(market: MarketId) -> DispatchResult {
		ensure!(T::Markets::contains(&market), Error::<T>::UnknownMarket);
		let fund = MarketFunds::<T>::get(market);
		ensure!(fund.closes.is_none(), Error::<T>::AlreadyWindingDown);
		ensure!(!Self::is_live(market), Error::<T>::MarketLive);
		Self::begin_wind_down(market, fund);
		Ok(())
	}

	/// The market is settled: its fund is wound down unless it is already.
	pub(crate) fn wind_down_settled(market: MarketId) {
		let fund = MarketFunds::<T>::get(market);
		if fund.closes.is_none() {
			Self::begin_wind_down(market, fund);
		}
	}

	fn begin_wind_down(market: MarketId, mut fund: MarketFund) {
		let closes = Self::now().saturating_add(LATE_CLAIMS);
		UpkeepState::<T>::mutate(|upkeep| upkeep.replace_target(fund.target, 0));
		(fund.target, fund.closes) = (0, Some(closes));
		MarketFunds::<T>::insert(market, fund);
		Self::deposit_event(Event::WindDownBegun { market, closes });
	}
}
