//! Waking accounts whose triggers were crossed, and closing those that are under-margined.
//!
//! The trees are the queue: what lies beyond the price is what waits, and it stops waiting by itself
//! when the price comes back. Those furthest beyond the price come first; every other block starts at another place
//! among them, so that accounts for which the book has nothing do not hold up the rest.

use crate::{
	checks::Seen,
	triggers::{trees, Tree},
	types::position_in,
	weights::WeightInfo,
	Backlog, Config, Error, Event, House, Ledger, Pallet, Risk,
};
use alloc::vec::Vec;
use breakwater_core::trigger::crossed;
use breakwater_math::{arithmetic::signed, liquidation, Health};
use breakwater_primitives::{
	AccountRef, Action, Backstop, Balance, Gate, GateView, Lots, MarketId, Observation, Observe,
	OnPrice, Prices, Settled, Side, Ticks, Venue, MAX_MARKETS,
};
use frame_support::{
	dispatch::DispatchResult, storage::with_storage_layer, traits::Get, weights::WeightMeter,
};
use sp_runtime::{DispatchError, SaturatedConversion};

/// Triggers examined at once when a price crosses them.
const AT_ONCE: usize = 16;
/// Accounts of a market examined by a hook in a block.
const PER_MARKET: usize = 64;
/// Crossed triggers of each tree among which a block chooses.
const WINDOW: usize = 256;
/// Positions closed in one liquidation of a solvent account.
const LEGS: usize = 2;
/// Resting orders cancelled in one liquidation.
const CANCELS: u16 = crate::types::MAX_ORDERS as u16;

impl<T: Config> OnPrice for Pallet<T> {
	fn on_price(market: MarketId, prices: &Prices, meter: &mut WeightMeter) {
		if market.0 >= MAX_MARKETS {
			return;
		}
		Self::change_board(market, |entry| entry.prices = usable(&entry.prices, prices));
		let mut liquidations = AT_ONCE as u32;
		let left = Self::examine(market, AT_ONCE, &mut liquidations, meter);
		Self::set_backlog(market, left);
	}
}

/// The new prices; where one is missing the last one stays, so that accounts remain computable.
fn usable(last: &Prices, new: &Prices) -> Prices {
	let or = |new: Ticks, last: Ticks| if new.is_zero() { last } else { new };
	Prices {
		index: or(new.index, last.index),
		mark: or(new.mark, last.mark),
		stable: or(new.stable, last.stable),
		long: or(new.long, last.long),
		short: or(new.short, last.short),
		..*new
	}
}

/// Whether positions of a market may be closed now.
fn may_liquidate<T: Config>(market: MarketId, prices: &Prices, view: &GateView) -> bool {
	let validity = prices.validity_at(Pallet::<T>::now(), T::PriceAgeLimit::get());
	!prices.long.is_zero()
		&& !prices.short.is_zero()
		&& validity.allows_liquidation()
		&& view.allows(Action::Liquidate).is_ok()
		&& market.0 < MAX_MARKETS
}

/// What closing one position did.
struct Closed {
	lots: Lots,
	notional: Balance,
	/// Whether orders that stood in the way were removed.
	removed: bool,
}

impl<T: Config> Pallet<T> {
	fn set_backlog(market: MarketId, left: bool) {
		let bits = Backlog::<T>::get();
		let bit = 1u64 << (market.0 as u32 % 64);
		let next = if left { bits | bit } else { bits & !bit };
		if next != bits {
			Backlog::<T>::put(next);
		}
	}

	fn block_number() -> u32 {
		frame_system::Pallet::<T>::block_number().saturated_into()
	}

	/// Go on with the markets in which crossed triggers wait.
	pub(crate) fn work_backlog(meter: &mut WeightMeter) {
		let bits = Backlog::<T>::get();
		let mut liquidations = T::LiquidationsPerBlock::get();
		// Each block starts at another market, so that none starves the others.
		let block = Self::block_number();
		for step in 0..MAX_MARKETS {
			let market = MarketId((block as u16 % MAX_MARKETS + step) % MAX_MARKETS);
			if bits >> market.0 & 1 == 1 {
				let left = Self::examine(market, PER_MARKET, &mut liquidations, meter);
				Self::set_backlog(market, left);
			}
		}
	}

	/// Examine up to `max` crossed triggers of each tree of `market`: arm again, or liquidate as
	/// long as `liquidations` last. Returns whether any are left.
	fn examine(
		market: MarketId,
		max: usize,
		liquidations: &mut u32,
		meter: &mut WeightMeter,
	) -> bool {
		if meter.try_consume(T::WeightInfo::scan()).is_err() {
			return true;
		}
		let mut left = false;
		let mut waiting = Self::crossed_in(market, WINDOW.max(max));
		left |= waiting.len() > max;
		let block = Self::block_number();
		if waiting.len() > max && block % 2 == 1 {
			let start = block as usize / 2 * max % waiting.len();
			waiting.rotate_left(start);
		}
		waiting.truncate(max);
		for who in waiting {
			if meter.try_consume(T::WeightInfo::examine()).is_err() {
				return true;
			}
			let liquidate = *liquidations > 0 && meter.can_consume(T::WeightInfo::liquidate());
			match with_storage_layer(|| Self::wake(who, liquidate)) {
				Ok(Woken::Healthy) => (),
				Ok(Woken::Liquidated(healthy, settled)) => {
					let (accounts, index) = (settled.accounts, settled.index_writes);
					let _ = meter.try_consume(T::WeightInfo::liquidated(accounts, index));
					*liquidations -= 1;
					left |= !healthy;
				},
				Ok(Woken::Waits) => left = true,
				Err(_) => {
					// Nothing could be closed, or the index is full around it: again next time.
					*liquidations = liquidations.saturating_sub(1);
					let _ = meter.try_consume(T::WeightInfo::liquidate());
					left = true;
				},
			}
		}
		left || !Self::crossed_in(market, 1).is_empty()
	}

	/// Accounts beyond a price or an index of the market, at most `max` of each tree. Where both the
	/// price and the funding of a position were crossed, it is there once.
	fn crossed_in(market: MarketId, max: usize) -> Vec<AccountRef> {
		let prices = Self::prices(market);
		let mut trees = trees::<T>();
		let mut all: Vec<AccountRef> = Vec::new();
		let mut look = |tree: Tree, at: Ticks| {
			for (_, trigger) in crossed(&mut trees, tree.key, tree.kind, at, max) {
				if !all.contains(&trigger.account) {
					all.push(trigger.account);
				}
			}
		};
		for (lots, price) in [(1, prices.long), (-1, prices.short)] {
			if !price.is_zero() {
				look(Tree::price(market, lots), price);
			}
		}
		if let Some(terms) = Risk::<T>::get(market) {
			for (lots, step) in Self::funding_steps(market, &terms) {
				look(Tree::funding(market, lots), step.as_ticks());
			}
		}
		all
	}

	/// Accounts whose triggers are crossed in a market, at most 64.
	pub(crate) fn crossed_accounts(market: MarketId) -> Vec<AccountRef> {
		let mut all = Self::crossed_in(market, PER_MARKET);
		all.truncate(PER_MARKET);
		all
	}

	/// An account whose trigger was crossed: arm it again, or liquidate it.
	fn wake(who: AccountRef, liquidate: bool) -> Result<Woken, DispatchError> {
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		let health = house.health_of(index);
		if health.liquidatable() && liquidate {
			let (healthy, settled) = Self::liquidate_in(house, index)?;
			return Ok(Woken::Liquidated(healthy, settled));
		}
		house.touch(index);
		house.write()?;
		Ok(if health.liquidatable() { Woken::Waits } else { Woken::Healthy })
	}

	pub(crate) fn do_liquidate(who: AccountRef) -> DispatchResult {
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		frame_support::ensure!(house.health_of(index).liquidatable(), Error::<T>::NotLiquidatable);
		Self::liquidate_in(house, index)?;
		Ok(())
	}

	/// Cancel the account's orders and close positions, those first that relieve it most. Returns
	/// whether it is healthy afterwards; fails when nothing could be cancelled, closed or removed.
	fn liquidate_in(mut house: House<T>, index: usize) -> Result<(bool, Settled), DispatchError> {
		let who = house.accounts[index].who;
		house.settle_all_funding(index);
		let start = house.health_of(index);
		let positions = house.accounts[index].account.positions.clone();
		let mut legs: Vec<(Seen, GateView)> = Vec::new();
		for seen in house.seen(&positions).into_iter().filter(|seen| seen.position.lots != 0) {
			let market = seen.position.market;
			let view = T::Gate::view(market);
			if may_liquidate::<T>(market, &seen.prices, &view) {
				legs.push((seen, view));
			}
		}
		frame_support::ensure!(!legs.is_empty(), Error::<T>::LiquidationDenied);
		legs.sort_by_key(|(seen, _)| {
			(core::cmp::Reverse(liquidation::relief(&seen.leg())), seen.position.market)
		});
		if start.equity > 0 {
			legs.truncate(LEGS);
		}
		// Resting orders take no maintenance margin, but they could add new risk.
		let mut any = T::Venue::cancel_all(&mut house, who, CANCELS) > 0;
		for (seen, view) in &legs {
			let health = house.health_of(index);
			if health.liquidatable() {
				any |= Self::close_leg(&mut house, index, seen, view, &health);
			}
		}
		frame_support::ensure!(any, Error::<T>::NoLiquidity);
		let healthy = !house.health_of(index).liquidatable();
		house.touch(index);
		Ok((healthy, house.write()?))
	}

	/// Close as much of one position as restores the account, and take the penalty. Returns whether
	/// anything was closed or removed.
	fn close_leg(
		house: &mut House<T>,
		index: usize,
		seen: &Seen,
		view: &GateView,
		health: &Health,
	) -> bool {
		let (leg, market) = (seen.leg(), seen.position.market);
		let who = house.accounts[index].who;
		let share = liquidation::equity_share(health, &leg);
		let bankruptcy = liquidation::bankruptcy_price(&leg, share);
		let limit = liquidation::book_limit(health, &leg, bankruptcy);
		let limit = match leg.closing() {
			Side::Ask => limit.max(view.band.low),
			Side::Bid => limit.min(view.band.high),
		};
		let size = liquidation::close_size(health, &leg);
		let closed = house.close(index, market, leg.closing(), size, limit);
		if closed.lots.is_zero() {
			return closed.removed;
		}
		let penalty = liquidation::penalty(&leg, closed.lots, closed.notional, bankruptcy);
		if penalty > 0 {
			house.credit(index, signed(penalty).saturating_neg());
			T::Insurance::penalty(market, penalty);
		}
		let per_tick = closed.lots.0 as u128 * leg.terms.contract.unit as u128;
		let price = closed.notional.checked_div(per_tick).unwrap_or(0);
		let observation = Observation::Liquidated { notional: closed.notional };
		T::Observe::observe(market, &observation);
		Self::deposit_event(Event::Liquidated {
			account: who,
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

	/// Deficits that no fund paid, over all markets.
	pub fn bad_debt() -> Balance {
		Ledger::<T>::get().bad_debt
	}
}

/// What became of an account that was woken.
enum Woken {
	Healthy,
	/// With whether it is healthy now, and what was written.
	Liquidated(bool, Settled),
	Waits,
}

impl<T: Config> House<T> {
	fn health_of(&mut self, index: usize) -> Health {
		let account = &self.accounts[index].account;
		let (quote, positions) = (account.quote, account.positions.clone());
		self.health(quote, &positions)
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
		let fills = T::MaxLiquidationFills::get();
		let removed = T::Venue::close(self, market, who, side, lots, limit, fills).removed > 0;
		let (left, after) = worth(self);
		let closed = Lots(held.abs_diff(left));
		let notional = after.saturating_sub(before).unsigned_abs();
		Closed { lots: closed, notional, removed }
	}
}
