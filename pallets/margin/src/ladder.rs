//! The ladder: what is done, step by step, with an account that is under its maintenance margin.
//!
//! ```text
//!   cancel orders -> offer collateral for what is owed -> funds pay what a bankrupt lacks
//!                 -> book, never beyond the bankruptcy price
//!                 -> vault: below two thirds of the margin, after ten blocks, or where the book
//!                    has given what it may
//!                 -> deleverage: then at once where the vault is out of the market; else bankrupt,
//!                    below a third of the margin, or after ten blocks
//!                 -> haircut of the other side -> bad debt, and the market is quarantined
//! ```
//!
//! While the vault may take, what it does not take waits for its next minute as long as there is time:
//! it is asked again in each block. A vault that is out of a market will not come back to it today, so
//! there nobody waits. Where nobody backs a vault, deleveraging keeps to the third: above it, a solvent
//! account has blocks left in which the book may fill, and closing strangers' positions is the harsher
//! choice.
//!
//! How much is closed at once ramps up over ten blocks while most of the margin is there, and is
//! bounded by the depth of the book. Funds never pay for slippage: they bring a bankrupt account to
//! zero at the examined prices, its bankruptcy price becomes the examined price, and what was not
//! needed is not drawn. It is always the market in which the account lost most that pays, wherever it
//! can be closed.

use crate::{
	capacity::DEPTH_READ,
	checks::Seen,
	cost::{self, Work},
	steps::Steps,
	types::{position_in, Blame},
	vault::VAULT,
	Config, Error, Event, House, Pallet,
};
use alloc::vec::Vec;
use breakwater_math::{
	arithmetic::{mul_div_ceil, signed},
	liquidation::{self, RAMP_BLOCKS},
	Health, Leg,
};
use breakwater_primitives::{
	AccountRef, Action, Amount, Backstop, Balance, Gate, GateView, Level, Lots, MarketId,
	Observation, Observe, Prices, Side, Ticks, Venue, MAX_MARKETS,
};
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResult, DispatchResultWithPostInfo},
	traits::Get,
};
use sp_runtime::DispatchError;

/// Positions closed in one liquidation of a solvent account.
pub(crate) const LEGS: usize = 2;
/// Resting orders cancelled in one liquidation.
const CANCELS: u16 = crate::types::MAX_ORDERS as u16;
/// With less than one part in so many of its maintenance margin an account does not wait for the book.
const URGENT: i128 = 3;

/// After so many blocks in vain an account is tried one block less often.
const PATIENCE: u32 = 4;
/// The most blocks that are left out between two attempts.
const MOST_PAUSE: u32 = 7;

/// Whether positions of a market may be closed now. While orders are collected for an auction they may
/// not: nobody but a bankrupt is taken over by others because a book that does not trade looks empty.
pub(crate) fn may_liquidate<T: Config>(market: MarketId, prices: &Prices, view: &GateView) -> bool {
	let validity = prices.validity_at(Pallet::<T>::now(), T::PriceAgeLimit::get());
	!prices.long.is_zero()
		&& !prices.short.is_zero()
		&& validity.allows_liquidation()
		&& view.allows(Action::Liquidate).is_ok()
		&& market.0 < MAX_MARKETS
		&& T::Venue::open(market)
}

/// What of a position is closed into the book, and at what.
pub(crate) struct Plan {
	/// The position as it is now.
	pub(crate) seen: Seen,
	/// The account's health before.
	pub(crate) health: Health,
	/// How much.
	pub(crate) lots: Lots,
	/// What its closing could trade within 2 % of its price, in quote units.
	pub(crate) depth: Balance,
	/// At no worse than this.
	pub(crate) limit: Ticks,
	/// The price at which the position's share of the equity would be used up.
	pub(crate) bankruptcy: Ticks,
}

/// Whether positions of bankrupt accounts may be closed against those who gained, though the book of
/// the market collects orders for an auction: what they lack does not wait, and the prices are those
/// that are known.
fn may_close_against_others<T: Config>(market: MarketId, prices: &Prices, view: &GateView) -> bool {
	let validity = prices.validity_at(Pallet::<T>::now(), T::PriceAgeLimit::get());
	!prices.long.is_zero()
		&& !prices.short.is_zero()
		&& validity.allows_liquidation()
		&& (view.allows(Action::Liquidate).is_ok() || view.level == Level::Auction)
		&& market.0 < MAX_MARKETS
}

/// Whether a step of the ladder is taken.
pub(crate) fn takes<T: Config>(step: Steps) -> bool {
	T::Ladder::get().take(step)
}

/// The lots to close in one visit.
pub(crate) fn step<T: Config>(health: &Health, leg: &Leg<'_>, age: u32) -> Lots {
	if takes::<T>(Steps::SIZE) {
		liquidation::step(health, leg, age)
	} else {
		leg.size()
	}
}

/// What closing one position did.
struct Closed {
	lots: Lots,
	notional: Balance,
	/// Whether orders that stood in the way were removed.
	removed: bool,
}

/// A liquidation that closed nothing.
#[derive(Debug)]
pub(crate) struct Failed {
	/// Why.
	pub(crate) error: DispatchError,
	/// What it did all the same.
	pub(crate) work: Work,
}

impl From<DispatchError> for Failed {
	fn from(error: DispatchError) -> Self {
		Self { error, work: Work::default() }
	}
}

impl<T: Config> From<Error<T>> for Failed {
	fn from(error: Error<T>) -> Self {
		DispatchError::from(error).into()
	}
}

/// What the funds advanced to a bankrupt account, to be given back where it was not needed.
struct Draw {
	market: MarketId,
	equity: Amount,
	value: Balance,
	paid: Balance,
}

/// Whether what the book does not take is closed against others: for an account with too little left, or
/// that has waited ten blocks.
pub(crate) fn may_deleverage(health: &Health, age: u32) -> bool {
	health.equity.saturating_mul(URGENT) < signed(health.maintenance) || age > RAMP_BLOCKS
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_liquidate(who: AccountRef) -> DispatchResultWithPostInfo {
		let tried = || {
			// Only the chain itself closes the vault, so that nobody chooses the moment.
			if who == VAULT {
				return Err(Error::<T>::VaultUnwinds.into());
			}
			let mut house = House::<T>::new();
			let index = house.place(who)?;
			let health = house.health_of(index);
			if !health.liquidatable() {
				return Err(Error::<T>::NotLiquidatable.into());
			}
			if house.is_spared(index, &health) {
				return Err(Error::<T>::Spared.into());
			}
			house.liquidate(index)
		};
		match tried() {
			Ok(work) => Ok(Some(cost::liquidated::<T>(&work)).into()),
			Err(Failed { error, work }) => {
				let post_info = Some(cost::attempted::<T>(&work)).into();
				Err(DispatchErrorWithPostInfo { post_info, error })
			},
		}
	}

	/// Liquidate an account that was found to be under-margined, against at most so many
	/// counterparties; by now it may not be under-margined any more.
	pub(crate) fn liquidate_account(who: AccountRef, counterparties: u16) -> Result<Work, Failed> {
		let mut house = House::<T>::new();
		house.counterparties = counterparties;
		let index = house.place(who)?;
		if house.health_of(index).liquidatable() {
			return house.liquidate(index);
		}
		house.touch(index);
		Ok(Work { settled: house.write()?, ..Default::default() })
	}

	/// Note since when an account waits for its liquidation, and when it is tried again.
	pub(crate) fn begin_liquidation(who: AccountRef) -> DispatchResult {
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		let pause = 1 + (house.age(index) / PATIENCE).min(MOST_PAUSE);
		let loaded = &mut house.accounts[index];
		loaded.account.retry = Self::block_number().saturating_add(pause);
		loaded.dirty = true;
		house.touch(index);
		house.write()?;
		Ok(())
	}
}

impl<T: Config> House<T> {
	/// Health of a loaded account as it is now.
	pub(crate) fn health_of(&mut self, index: usize) -> Health {
		let account = &self.accounts[index].account;
		let positions = account.positions.clone();
		let backing = self.backing(index);
		self.health(backing, &positions)
	}

	/// Health with other collateral at its whole price: what the account can pay when that is sold.
	/// Until then its positions are not closed beyond where it can pay, and no fund is asked.
	pub(crate) fn solvency_of(&mut self, index: usize) -> Health {
		let (health, more) = (self.health_of(index), self.haircut_of(index));
		Health { equity: health.equity.saturating_add(signed(more)), ..health }
	}

	/// Whether the account was deleveraged for others lately and still has half its margin.
	pub(crate) fn is_spared(&self, index: usize, health: &Health) -> bool {
		let until = self.accounts[index].account.spared;
		let half = health.equity.saturating_mul(2) >= signed(health.maintenance);
		half && Pallet::<T>::block_number() < until
	}

	/// Whether the account was tried in vain lately.
	pub(crate) fn backs_off(&self, index: usize) -> bool {
		Pallet::<T>::block_number() < self.accounts[index].account.retry
	}

	/// Blocks since the liquidation of the account began; it begins now if it had not.
	pub(crate) fn age(&mut self, index: usize) -> u32 {
		let now = Pallet::<T>::block_number().max(1);
		let loaded = &mut self.accounts[index];
		if loaded.account.since == 0 {
			(loaded.account.since, loaded.dirty) = (now, true);
		}
		let age = now.saturating_sub(loaded.account.since);
		self.blame(index);
		age
	}

	/// Remember the market in which the account lost most, whether it may be closed there now or not:
	/// once it is closed, nothing else tells who has to pay for it.
	fn blame(&mut self, index: usize) {
		let positions = self.accounts[index].account.positions.clone();
		let seen = self.seen(&positions);
		let held = seen.iter().filter(|seen| seen.position.lots != 0).map(|seen| Blame {
			market: seen.position.market,
			long: seen.position.lots > 0,
			lost: seen.leg().unrealised().saturating_neg(),
		});
		let known = self.accounts[index].account.blamed;
		let worst = known.into_iter().chain(held).reduce(|most, other| {
			// What is left of a position counts with what was closed of it.
			if other.lost > most.lost {
				other
			} else {
				most
			}
		});
		let loaded = &mut self.accounts[index];
		if loaded.account.blamed != worst {
			(loaded.account.blamed, loaded.dirty) = (worst, true);
		}
	}

	/// Go up the ladder; fails when nothing could be cancelled, closed or removed.
	fn liquidate(mut self, index: usize) -> Result<Work, Failed> {
		let who = self.accounts[index].who;
		self.work.positions = self.accounts[index].account.positions.len() as u16;
		self.liquidated = Some(who);
		self.settle_all_funding(index);
		let legs = self.legs_to_close(index);
		if legs.is_empty() {
			return Err(Error::<T>::LiquidationDenied.into());
		}
		let age = self.age(index);
		// Resting orders take no maintenance margin, but they could add new risk.
		let most = if takes::<T>(Steps::ORDERS) { CANCELS } else { 0 };
		let orders = T::Venue::cancel_all(&mut self, who, most);
		if orders > 0 {
			Pallet::<T>::deposit_event(Event::OrdersCancelled { account: who, orders });
			self.work.cancelled = orders;
		}
		let mut any = orders > 0;
		// What the account owes is collected from its collateral before funds or others are asked.
		if self.accounts[index].account.quote < 0 {
			self.begin_sale(index, None);
		}
		let draw = self.draw(index);
		let solvent = self.health_of(index).equity > 0;
		let most = if solvent { LEGS } else { legs.len() };
		let book = |house: &mut Self, (seen, view): &(Seen, GateView)| {
			house.close_into_book(index, seen, view, age)
		};
		any |= self.close_some(&legs, most, book) > 0;
		let vault = |house: &mut Self, (seen, view): &(Seen, GateView)| {
			house.close_into_vault(index, seen, view, age)
		};
		any |= self.close_some(&legs, most, vault) > 0;
		let others = |house: &mut Self, (seen, _): &(Seen, GateView)| {
			house.close_against_others(index, seen, age)
		};
		any |= self.close_some(&legs, most, others) > 0;
		if !any {
			return Err(Failed { error: Error::<T>::NoLiquidity.into(), work: self.work });
		}
		self.give_back(index, draw);
		self.touch(index);
		let work = self.work;
		Ok(Work { settled: self.write()?, ..work })
	}

	/// Close up to `most` of the positions; one for which there is nothing does not keep the next from
	/// being tried. Returns how many.
	fn close_some(
		&mut self,
		legs: &[(Seen, GateView)],
		most: usize,
		mut close: impl FnMut(&mut Self, &(Seen, GateView)) -> bool,
	) -> usize {
		let mut closed = 0;
		for leg in legs {
			if closed >= most || self.room() == 0 {
				break;
			}
			closed += usize::from(close(self, leg));
		}
		closed
	}

	/// The positions to close: those whose markets allow it, by what closing them relieves. Of a
	/// bankrupt account also those that can only be closed against others now.
	pub(crate) fn legs_to_close(&mut self, index: usize) -> Vec<(Seen, GateView)> {
		let positions = self.accounts[index].account.positions.clone();
		let bankrupt = self.health_of(index).equity <= 0;
		let mut legs: Vec<(Seen, GateView)> = Vec::new();
		for seen in self.seen(&positions).into_iter().filter(|seen| seen.position.lots != 0) {
			let market = seen.position.market;
			let view = T::Gate::view(market);
			let others = bankrupt && may_close_against_others::<T>(market, &seen.prices, &view);
			if others || may_liquidate::<T>(market, &seen.prices, &view) {
				legs.push((seen, view));
			}
		}
		legs.sort_by_key(|(seen, _)| {
			(core::cmp::Reverse(liquidation::relief(&seen.leg())), seen.position.market)
		});
		legs
	}

	/// The value of all positions at the examined prices.
	pub(crate) fn value_of(&mut self, index: usize) -> Balance {
		let positions = self.accounts[index].account.positions.clone();
		let seen = self.seen(&positions);
		let held = seen.iter().filter(|seen| seen.position.lots != 0);
		held.fold(0, |sum: Balance, seen| sum.saturating_add(seen.leg().notional()))
	}

	/// Let the funds of the market in which a bankrupt account lost most advance what it lacks. They are
	/// only drawn upon when it is known what of that was needed.
	fn draw(&mut self, index: usize) -> Option<Draw> {
		let equity = self.solvency_of(index).equity;
		let market = self.accounts[index].account.blamed?.market;
		if equity >= 0 {
			return None;
		}
		let lacking = equity.unsigned_abs();
		let paid = T::Insurance::coverable(market, lacking).min(lacking);
		self.credit(index, signed(paid));
		Some(Draw { market, equity, value: self.value_of(index), paid })
	}

	/// Give back what the funds advanced for positions that could not be closed, or that were closed at
	/// better prices, and draw the rest from them.
	fn give_back(&mut self, index: usize, draw: Option<Draw>) {
		let Some(Draw { market, equity, value, paid }) = draw else { return };
		let rest = self.value_of(index).min(value);
		let owing = mul_div_ceil(equity.unsigned_abs(), rest, value.max(1));
		let spare = self.solvency_of(index).equity.saturating_add(signed(owing));
		let returned = u128::try_from(spare).unwrap_or(0).min(paid);
		let needed = paid - returned;
		let drawn = if needed > 0 { T::Insurance::cover(market, needed).min(needed) } else { 0 };
		self.credit(index, signed(paid - drawn).saturating_neg());
		self.owe_funds(index, drawn);
		if drawn > 0 {
			T::Observe::observe(market, &Observation::Covered { amount: drawn });
		}
		Pallet::<T>::deposit_event(Event::BankruptCovered {
			account: self.accounts[index].who,
			market,
			equity,
			covered: paid,
			returned: paid - drawn,
		});
	}

	/// The position as it is now.
	pub(crate) fn refresh(&self, index: usize, seen: &Seen) -> Seen {
		let positions = &self.accounts[index].account.positions;
		let position = position_in(positions, seen.position.market);
		// Its funding was settled when the liquidation began.
		let funding = breakwater_math::Accrual { since: position.funding, ..seen.funding };
		Seen { position, funding, ..*seen }
	}

	/// How one position is to be closed into the book: as much as restores the account, as far as its age
	/// and the depth of the book allow. Nothing where the account needs it no more.
	pub(crate) fn plan(
		&mut self,
		index: usize,
		seen: &Seen,
		view: &GateView,
		age: u32,
	) -> Option<Plan> {
		let (health, seen) = (self.health_of(index), self.refresh(index, seen));
		if !health.liquidatable() || seen.position.lots == 0 {
			return None;
		}
		let (leg, market) = (seen.leg(), seen.position.market);
		// A bankrupt account may be closed while the book collects, but not into it.
		if !may_liquidate::<T>(market, &seen.prices, view) {
			return None;
		}
		let share = liquidation::equity_share(&self.solvency_of(index), &leg);
		let bankruptcy = liquidation::bankruptcy_price(&leg, share);
		let limit = match leg.closing() {
			_ if takes::<T>(Steps::BOOK_LIMIT) => {
				liquidation::book_limit(&health, &leg, bankruptcy)
			},
			Side::Ask => Ticks(1),
			Side::Bid => Ticks::MAX,
		};
		let limit = match leg.closing() {
			Side::Ask => limit.max(view.band.low),
			Side::Bid => limit.min(view.band.high),
		};
		let depth = Pallet::<T>::depth_for(market, &leg);
		self.work.looked = self.work.looked.saturating_add(DEPTH_READ);
		let room = Pallet::<T>::capacity_of(market, &leg, depth);
		let lots = step::<T>(&health, &leg, age).min(room);
		Some(Plan { seen, health, lots, depth, limit, bankruptcy })
	}

	/// Close one position into the book by its plan, and take the penalty. Returns whether anything was
	/// closed, or removed that stood in the way.
	fn close_into_book(&mut self, index: usize, seen: &Seen, view: &GateView, age: u32) -> bool {
		let Some(Plan { seen, health, lots, depth, limit, bankruptcy }) =
			self.plan(index, seen, view, age)
		else {
			return false;
		};
		let (leg, market) = (seen.leg(), seen.position.market);
		let closed = self.close(index, market, leg.closing(), lots, limit);
		if closed.lots.is_zero() {
			return closed.removed;
		}
		Pallet::<T>::took(market, closed.notional, depth);
		// Nobody is to gain from pushing the vault.
		let penalty = match self.accounts[index].who {
			VAULT => 0,
			_ => liquidation::penalty(&leg, closed.lots, closed.notional, bankruptcy),
		};
		if penalty > 0 {
			self.credit(index, signed(penalty).saturating_neg());
			T::Insurance::penalty(market, penalty);
		}
		let per_tick = closed.lots.0 as u128 * leg.terms.contract.unit as u128;
		let price = closed.notional.checked_div(per_tick).unwrap_or(0);
		T::Observe::observe(market, &Observation::Liquidated { notional: closed.notional });
		Pallet::<T>::deposit_event(Event::Liquidated {
			account: self.accounts[index].who,
			market,
			lots: i64::try_from(closed.lots.0).unwrap_or(i64::MAX) * leg.lots.signum(),
			price: Ticks(u32::try_from(price).unwrap_or(u32::MAX)),
			examined: leg.price,
			equity: health.equity,
			maintenance: health.maintenance,
			bankruptcy,
			penalty,
			level: view.level,
		});
		true
	}

	/// Deleverage where neither book nor vault is a way out: a bankrupt account at once at its
	/// bankruptcy price, one with too little left, that has waited ten blocks, or whose market the
	/// vault is out of, at the examined price. After twenty blocks a bankrupt account is closed at the examined price too, and what it lacks is socialised.
	fn close_against_others(&mut self, index: usize, seen: &Seen, age: u32) -> bool {
		let (health, seen) = (self.health_of(index), self.refresh(index, seen));
		let others = takes::<T>(Steps::DELEVERAGING);
		if !others || !health.liquidatable() || seen.position.lots == 0 {
			return false;
		}
		let leg = seen.leg();
		if !may_deleverage(&health, age) && !self.vault_is_out(index, &seen, age) {
			return false;
		}
		let solvency = self.solvency_of(index);
		let share = liquidation::equity_share(&solvency, &leg);
		let bankruptcy = liquidation::bankruptcy_price(&leg, share);
		let lots = step::<T>(&health, &leg, age);
		let solvent = solvency.equity >= 0;
		let price = if solvent { leg.price } else { bankruptcy };
		// A bankrupt's own winning account is as good as any; a solvent owner would trade with himself.
		let mut closed = self.deleverage(index, &seen, lots, price, !solvent);
		if closed.is_zero() && !solvent && age > 2 * RAMP_BLOCKS {
			closed = self.deleverage(index, &seen, lots, leg.price, true);
		}
		!closed.is_zero()
	}

	/// With how many more counterparties the liquidation may trade.
	pub(crate) fn room(&self) -> usize {
		self.counterparties.into()
	}

	/// Positions that have traded, and accounts that were loaded for it.
	pub(crate) fn met(&self) -> (usize, usize) {
		let traded = self.accounts.iter().map(|loaded| loaded.fills.len()).sum();
		(traded, self.accounts.len())
	}

	/// Count whom the liquidation met since it had met `before`. Returns how many.
	pub(crate) fn spend_room(&mut self, before: (usize, usize)) -> u16 {
		let now = self.met();
		let more = now.0.saturating_sub(before.0).max(now.1.saturating_sub(before.1));
		let more = u16::try_from(more).unwrap_or(u16::MAX);
		self.counterparties = self.counterparties.saturating_sub(more);
		more
	}

	/// Close into the book. The notional value is what balance less cost moved by, since such fills
	/// carry no fee.
	fn close(
		&mut self,
		index: usize,
		market: MarketId,
		side: Side,
		lots: Lots,
		limit: Ticks,
	) -> Closed {
		let worth = |house: &Self| {
			let account = &house.accounts[index].account;
			let position = position_in(&account.positions, market);
			(position.lots, account.quote.saturating_sub(position.cost))
		};
		let who = self.accounts[index].who;
		let (held, before) = worth(self);
		let fills = T::MaxLiquidationFills::get().min(self.counterparties);
		let met = self.met();
		let closed = T::Venue::close(self, market, who, side, lots, limit, fills);
		self.work.pages = self.work.pages.saturating_add(closed.pages);
		let removed = closed.removed > 0;
		let more = self.spend_room(met);
		self.work.met = self.work.met.saturating_add(more);
		let (left, after) = worth(self);
		let closed = Lots(held.abs_diff(left));
		let notional = after.saturating_sub(before).unsigned_abs();
		Closed { lots: closed, notional, removed }
	}
}
