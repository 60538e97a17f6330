//! Changing the risk parameters of a market: what hurts those who hold positions is announced, weighed
//! and raised slowly; what only denies new risk acts at once; what adds risk comes through the timelock.
//!
//! ```text
//!   announce -> armed by the higher rates from now on; initial margin demanded by them
//!            -> sweep of the market's price triggers: who fails rule (R) is armed again,
//!               who would fall is added up   -- more than 0.5 % of open interest: rejected
//!            -> sixty minutes since the announcement
//!            -> 50 basis points an hour, until the announced rates are in force
//! ```
//!
//! Nobody is scanned for when the rates rise: whoever falls by it was entered as crossed before, by the
//! sweep or when his account was last written.
//!
//! **The sweep** goes through the pages of a tree in the order in which they would fire, through those of
//! a bucket from the last to the first, and through a page by account numbers. A trigger that is not
//! moved by its own account only ever moves to an earlier page of its bucket, and one that is moved obeys
//! the announced rates, so none is left out.

use crate::{
	cost,
	liquidation::{has_room, spend},
	triggers::{trees, Tree},
	types::BoardEntry,
	Announced, Config, Error, Event, House, Pallet, Risk, Settlements, Tightenings, Totals,
	WeightInfo,
};
use alloc::vec::Vec;
use breakwater_core::{store::Kind, trigger::crossed_page};
use breakwater_math::{
	ramp::{raise, rises, Rates, MOST_FALLING, NOTICE_MINUTES},
	Health, RiskTerms,
};
use breakwater_primitives::{
	api::MaintenanceStatus, AccountRef, Balance, Lots, MarketId, Millis, Ppm, Settled, Ticks,
	MAX_MARKETS,
};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::{
	dispatch::DispatchResult, ensure, storage::with_storage_layer, weights::WeightMeter,
};
use scale_info::TypeInfo;
use sp_runtime::DispatchError;

/// Positions that sweeps look at in one block.
const SWEPT_PER_BLOCK: u32 = 256;
/// How long a minute is, in milliseconds.
const MINUTE: Millis = 60_000;

/// Higher maintenance rates that are announced for a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Tightening {
	/// The rates that will be in force in the end.
	pub target: Rates,
	/// When they were announced, in milliseconds of chain time.
	pub announced: Millis,
	/// When the last minute was counted, in milliseconds of chain time.
	pub counted: Millis,
	/// Minutes counted since the announcement; a time in which the chain stood is one at the most.
	pub minutes: u16,
	/// Where the sweep goes on; `None` when it is over.
	pub sweep: Option<Sweep>,
	/// The value of the positions whose accounts would fall under their maintenance margin by it, of those
	/// that the sweep has seen, in quote units.
	pub falling: Balance,
}

/// Where a sweep goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Sweep {
	/// Whether among the longs, which come first; otherwise among the shorts.
	pub longs: bool,
	/// In this bucket of the tree; `None` is the one that fires first.
	pub bucket: Option<u32>,
	/// The pages of the bucket behind this one are done.
	pub page: u8,
	/// Of that page the accounts below this number are done.
	pub account: AccountRef,
}

impl Sweep {
	/// At the first page of the longs.
	const START: Self = Self { longs: true, bucket: None, page: u8::MAX, account: AccountRef(0) };

	/// At the first page of a bucket; `None` is the end of a tree, after which the shorts are begun.
	fn enter(self, bucket: Option<u32>) -> Option<Self> {
		match bucket {
			Some(_) => Some(Self { longs: self.longs, bucket, ..Self::START }),
			None => self.longs.then_some(Self { longs: false, ..Self::START }),
		}
	}
}

/// A change of risk parameters other than maintenance rates. What is `None` stays as it is.
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
pub struct RiskChange {
	/// Initial margin as a multiple of maintenance margin; higher is tighter.
	pub initial_factor: Option<Ppm>,
	/// The highest leverage; lower is tighter.
	pub max_leverage: Option<u32>,
	/// How much of an unrealised profit counts as initial equity; less is tighter.
	pub profit_credit: Option<Ppm>,
	/// The most lots that may be held long; fewer is tighter.
	pub max_open_interest: Option<Lots>,
	/// Open interest from which the initial margin of what is added grows; fewer lots is tighter.
	pub open_interest_lower: Option<Lots>,
	/// Open interest at which what is added must be paid for in full; fewer lots is tighter.
	pub open_interest_upper: Option<Lots>,
}

impl RiskChange {
	/// The parameters with the change, and whether it tightens all that it changes, and loosens all.
	fn apply(&self, mut terms: RiskTerms) -> (RiskTerms, bool, bool) {
		let (mut tighter, mut looser) = (true, true);
		let mut note = |is_tighter: bool, is_looser: bool| {
			tighter &= is_tighter;
			looser &= is_looser;
		};
		if let Some(factor) = self.initial_factor {
			note(factor >= terms.initial_factor, factor <= terms.initial_factor);
			terms.initial_factor = factor;
		}
		if let Some(leverage) = self.max_leverage {
			note(leverage <= terms.max_leverage, leverage >= terms.max_leverage);
			terms.max_leverage = leverage;
		}
		if let Some(credit) = self.profit_credit {
			note(credit <= terms.profit_credit, credit >= terms.profit_credit);
			terms.profit_credit = credit;
		}
		let mut lots = |new: Option<Lots>, old: &mut Lots| {
			if let Some(new) = new {
				note(new <= *old, new >= *old);
				*old = new;
			}
		};
		lots(self.max_open_interest, &mut terms.max_open_interest);
		lots(self.open_interest_lower, &mut terms.open_interest_lower);
		lots(self.open_interest_upper, &mut terms.open_interest_upper);
		(terms, tighter, looser)
	}
}

/// How a sweep stands after its turn.
enum Turn {
	/// It goes on in another block.
	Paused(Sweep),
	/// All positions were seen.
	Done,
	/// More falls than may.
	TooMuch,
}

impl<T: Config> House<T> {
	/// The terms by which triggers of a market are armed: with the announced rates where some are.
	pub(crate) fn bar(
		&mut self,
		market: MarketId,
		terms: &RiskTerms,
		board: &BoardEntry,
	) -> RiskTerms {
		if !board.announced {
			return *terms;
		}
		if let Some((_, bar)) = self.bars.iter().find(|(known, _)| *known == market) {
			return *bar;
		}
		let announced = Tightenings::<T>::get(market);
		let bar = announced.map_or(*terms, |announced| terms.at_most(&announced.target));
		self.bars.push((market, bar));
		bar
	}
}

impl<T: Config> Pallet<T> {
	/// Announce higher maintenance rates.
	pub(crate) fn do_announce(market: MarketId, rates: Rates) -> DispatchResult {
		let terms = Risk::<T>::get(market).ok_or(Error::<T>::UnknownMarket)?;
		ensure!(!Tightenings::<T>::contains_key(market), Error::<T>::AlreadyAnnounced);
		ensure!(rises(&terms.rates(), &rates), Error::<T>::NotTighter);
		terms.with_rates(&rates).validate().map_err(|_| Error::<T>::InvalidRiskTerms)?;
		let now = Self::now();
		let tightening = Tightening {
			target: rates,
			announced: now,
			counted: now,
			minutes: 0,
			sweep: Some(Sweep::START),
			falling: 0,
		};
		Self::set_announced(market, true);
		Tightenings::<T>::insert(market, tightening);
		Self::deposit_event(Event::MaintenanceAnnounced { market, from: terms.rates(), to: rates });
		Ok(())
	}

	/// Lower maintenance rates, or stop a rise that is announced or under way where it stands.
	pub(crate) fn do_lower(market: MarketId, rates: Rates) -> DispatchResult {
		let terms = Risk::<T>::get(market).ok_or(Error::<T>::UnknownMarket)?;
		let (was, stops) = (terms.rates(), Tightenings::<T>::contains_key(market));
		ensure!(rises(&rates, &was) || stops && rates == was, Error::<T>::NotLooser);
		let lower = terms.with_rates(&rates);
		lower.validate().map_err(|_| Error::<T>::InvalidRiskTerms)?;
		Self::end_tightening(market);
		Self::put_terms(market, lower);
		Self::deposit_event(Event::MaintenanceLowered { market, from: was, to: rates });
		Ok(())
	}

	/// Change what does not touch maintenance margin, in the direction that is asked for.
	pub(crate) fn do_change_risk(
		market: MarketId,
		change: RiskChange,
		tighten: bool,
	) -> DispatchResult {
		let before = Risk::<T>::get(market).ok_or(Error::<T>::UnknownMarket)?;
		let (risk, tighter, looser) = change.apply(before);
		ensure!(!tighten || tighter && risk != before, Error::<T>::NotTighter);
		ensure!(tighten || looser && risk != before, Error::<T>::NotLooser);
		risk.validate().map_err(|_| Error::<T>::InvalidRiskTerms)?;
		Self::put_terms(market, risk);
		Self::deposit_event(Event::RiskChanged { market, risk });
		Ok(())
	}

	fn put_terms(market: MarketId, risk: RiskTerms) {
		Self::change_board(market, |entry| {
			entry.initial = risk.base_initial();
			entry.maintenance = risk.base_maintenance();
		});
		Risk::<T>::insert(market, risk);
	}

	fn set_announced(market: MarketId, announced: bool) {
		Self::change_board(market, |entry| entry.announced = announced);
		let bit = 1u64 << (market.0 as u32 % 64);
		Announced::<T>::mutate(|bits| *bits = if announced { *bits | bit } else { *bits & !bit });
	}

	pub(crate) fn end_tightening(market: MarketId) {
		Tightenings::<T>::remove(market);
		Self::set_announced(market, false);
	}

	/// The value of a market's open interest at its mark price.
	pub(crate) fn open_value(market: MarketId, terms: &RiskTerms) -> Balance {
		terms.contract.notional(Totals::<T>::get(market).long, Self::prices(market).mark)
	}

	/// Go on with what is announced: sweeps, and once a minute the notice and the rise.
	pub(crate) fn work_ramps(meter: &mut WeightMeter) {
		let bits = Announced::<T>::get();
		if bits == 0 {
			return;
		}
		let first = Self::block_number() as u16 % MAX_MARKETS;
		let mut budget = SWEPT_PER_BLOCK;
		for step in 0..MAX_MARKETS {
			let market = MarketId((first + step) % MAX_MARKETS);
			if bits >> market.0 & 1 == 0 {
				continue;
			}
			if meter.try_consume(T::WeightInfo::ramp_step()).is_err() {
				return;
			}
			Self::work_ramp(market, &mut budget, meter);
		}
	}

	fn work_ramp(market: MarketId, budget: &mut u32, meter: &mut WeightMeter) {
		let (Some(mut now), Some(terms)) = (Tightenings::<T>::get(market), Risk::<T>::get(market))
		else {
			return Self::end_tightening(market);
		};
		if Settlements::<T>::contains_key(market) {
			// Nobody is liquidated there any more.
			return Self::end_tightening(market);
		}
		let before = now;
		if let Some(from) = now.sweep {
			let open = Self::open_value(market, &terms);
			match Self::sweep_triggers(market, from, &mut now.falling, open, budget, meter) {
				Turn::TooMuch => {
					let (falling, open_interest) = (now.falling, open);
					Self::end_tightening(market);
					let event = Event::MaintenanceRejected { market, falling, open_interest };
					return Self::deposit_event(event);
				},
				Turn::Paused(place) => now.sweep = Some(place),
				Turn::Done => {
					now.sweep = None;
					let falling = now.falling;
					Self::deposit_event(Event::MaintenanceSwept {
						market,
						falling,
						open_interest: open,
					});
				},
			}
		}
		if Self::now() >= now.counted.saturating_add(MINUTE) {
			now.counted = Self::now();
			now.minutes = now.minutes.saturating_add(1);
			if now.sweep.is_none()
				&& now.minutes >= NOTICE_MINUTES
				&& Self::raise_rates(market, terms, &now)
			{
				return;
			}
		}
		if now != before {
			Tightenings::<T>::insert(market, now);
		}
	}

	/// Raise the rates by a minute's step. Returns whether they have come to their target. While nothing can
	/// be liquidated in the market they stand, or all who fell meanwhile would be closed at once.
	fn raise_rates(market: MarketId, terms: RiskTerms, announced: &Tightening) -> bool {
		if !Self::may_be_liquidated(market) {
			return false;
		}
		let rates = raise(terms.rates(), &announced.target);
		Self::put_terms(market, terms.with_rates(&rates));
		// Whoever falls by this step waits among the crossed already.
		Self::set_backlog(market, true);
		let done = rates == announced.target;
		if done {
			Self::end_tightening(market);
		}
		Self::deposit_event(Event::MaintenanceRaised { market, rates, done });
		done
	}

	/// Look at positions from `at` on as long as budget and weight last.
	fn sweep_triggers(
		market: MarketId,
		at: Sweep,
		falling: &mut Balance,
		open: Balance,
		budget: &mut u32,
		meter: &mut WeightMeter,
	) -> Turn {
		let mut at = at;
		loop {
			let Some(page) = Self::page_to_sweep(market, &at, meter) else {
				return Turn::Paused(at);
			};
			for who in page.accounts {
				let positions = Self::positions_of(who);
				let most = cost::examine::<T>(positions);
				if *budget == 0 || !has_room(meter, meter.limit(), most) {
					return Turn::Paused(Sweep { account: who, ..page.here });
				}
				*budget -= 1;
				let Ok((falls, settled)) = with_storage_layer(|| Self::sweep_one(who, market))
				else {
					// The index is full around its price: nothing rises before it has a place.
					spend(meter, most);
					return Turn::Paused(Sweep { account: who, ..page.here });
				};
				spend(meter, cost::examined::<T>(settled, positions));
				*falling = falling.saturating_add(falls);
				if *falling > MOST_FALLING.mul_floor(open) {
					return Turn::TooMuch;
				}
			}
			match page.next {
				Some(next) => at = next,
				None => return Turn::Done,
			}
		}
	}

	/// The page at which a sweep stands; `None` where the weight does not suffice to look for it.
	fn page_to_sweep(market: MarketId, at: &Sweep, meter: &mut WeightMeter) -> Option<Page> {
		let tree = Tree::price(market, if at.longs { 1 } else { -1 });
		let all = if tree.kind == Kind::Falling { Ticks(0) } else { Ticks::MAX };
		let mut trees = trees::<T>();
		let mut place = at.bucket.map(|bucket| (bucket, 0));
		let (mut here, mut last): (Option<Page>, Option<u8>) = (None, None);
		loop {
			meter.try_consume(T::WeightInfo::page()).ok()?;
			let Some(page) = crossed_page(&mut trees, tree.key, tree.kind, all, place) else {
				// Nothing waits in the tree any more.
				return Some(Page { here: *at, accounts: Vec::new(), next: at.enter(None) });
			};
			let (bucket, number) = page.place;
			if number <= at.page && last.is_none_or(|last| number > last) {
				let done = |who: &AccountRef| number == at.page && *who < at.account;
				let mut accounts: Vec<AccountRef> =
					page.found.iter().map(|(_, trigger)| trigger.account).collect();
				accounts.retain(|who| !done(who));
				accounts.sort();
				let start = Sweep { bucket: Some(bucket), page: number, ..Sweep::START };
				let start = Sweep { longs: at.longs, ..start };
				here = Some(Page { here: start, accounts, next: None });
				last = Some(number);
			}
			place = page.next.filter(|(next, _)| *next == bucket);
			if place.is_none() {
				let next = page.next.map(|(bucket, _)| bucket);
				let mut here = here?;
				here.next = match last.and_then(|number| number.checked_sub(1)) {
					Some(page) => Some(Sweep { page, ..here.here }),
					None => at.enter(next),
				};
				return Some(here);
			}
		}
	}

	/// Arm an account again where it fails rule (R) under the announced rates. Returns the value of its
	/// position if it would fall by them, and does not already.
	fn sweep_one(who: AccountRef, market: MarketId) -> Result<(Balance, Settled), DispatchError> {
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		let backing = house.backing(index);
		let positions = house.accounts[index].account.positions.clone();
		let seen = house.seen(&positions);
		let held = || seen.iter().filter(|seen| seen.position.lots != 0);
		let now = Health::of(backing, held().map(|seen| seen.leg()));
		let then = Health::of(backing, held().map(|seen| seen.armed_leg()));
		let falls = !now.liquidatable() && then.liquidatable();
		let value = held()
			.find(|seen| falls && seen.position.market == market)
			.map_or(0, |seen| seen.leg().notional());
		house.touch(index);
		Ok((value, house.write()?))
	}

	/// The maintenance rates of a market, and what is announced.
	pub fn maintenance_status(market: MarketId) -> Option<MaintenanceStatus> {
		let terms = Risk::<T>::get(market)?;
		let announced = Tightenings::<T>::get(market);
		let notice = |t: &Tightening| NOTICE_MINUTES.saturating_sub(t.minutes);
		Some(MaintenanceStatus {
			rates: terms.rates(),
			announced: announced.map(|t| t.target),
			announced_at: announced.map_or(0, |t| t.announced),
			swept: announced.is_none_or(|t| t.sweep.is_none()),
			falling: announced.map_or(0, |t| t.falling),
			falling_limit: MOST_FALLING.mul_floor(Self::open_value(market, &terms)),
			notice_minutes: announced.as_ref().map_or(0, notice),
		})
	}
}

/// A page of a tree that is swept.
struct Page {
	/// The page.
	here: Sweep,
	/// Its accounts that were not looked at, by number.
	accounts: Vec<AccountRef>,
	/// Where the sweep goes on behind it.
	next: Option<Sweep>,
}
