//! Health, initial margin and what may be withdrawn, of accounts in a session.

use crate::{
	types::{position_in, Position},
	Config, Error, House, Totals,
};
use alloc::vec::Vec;
use breakwater_math::{
	arithmetic::{mul_div_ceil, signed},
	Accrual, Demand, Health, Leg, RiskTerms,
};
use breakwater_primitives::{
	AccountRef, Amount, Balance, GateView, Lots, MarketId, Ppm, Prices, Side, Ticks, Venue,
};
use frame_support::{dispatch::DispatchResult, ensure};

/// How far from the mark price depth is counted.
pub(crate) const DEPTH_REACH: Ppm = Ppm(20_000);
/// The most that closing a position is taken to cost, of its value: where the book is empty.
const MAX_IMPACT: Ppm = Ppm(100_000);

/// The least value, in quote units, of a position that is opened or grown, with the orders beside it.
const MIN_POSITION: Balance = 10_000_000;

/// A position with its market's prices and terms.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
	pub(crate) position: Position,
	pub(crate) terms: RiskTerms,
	/// The terms with the maintenance rates that are announced, where they are higher: triggers are armed
	/// and initial margin is demanded by them already.
	pub(crate) bar: RiskTerms,
	pub(crate) prices: Prices,
	pub(crate) funding: Accrual,
	pub(crate) volatility: Ppm,
}

impl Seen {
	/// The position at its market's lenient price, as maintenance sees it.
	pub(crate) fn leg(&self) -> Leg<'_> {
		self.leg_at(self.prices.lenient(self.position.lots))
	}
	/// As [`Self::leg`] under the rates that are announced: what triggers are armed by.
	pub(crate) fn armed_leg(&self) -> Leg<'_> {
		Leg { terms: &self.bar, ..self.leg() }
	}
	fn leg_at(&self, price: Ticks) -> Leg<'_> {
		let Position { lots, cost, .. } = self.position;
		Leg { terms: &self.terms, lots, cost, funding: self.funding, price }
	}
	/// Unrealised profit at the mark price.
	pub(crate) fn marked(&self) -> Amount {
		self.leg_at(self.prices.mark).unrealised()
	}
	/// Unrealised profit at the worse and at the better of index and mark.
	pub(crate) fn between(&self) -> (Amount, Amount) {
		let at = |price| self.leg_at(price).unrealised();
		let (mark, index) = (at(self.prices.mark), at(self.prices.index));
		(mark.min(index), mark.max(index))
	}
	/// What unrealised profit adds to initial equity: a loss at the worse of mark and index, a
	/// profit at the least of mark, index and stable price, and of that `credit`.
	fn credited(&self, credit: Ppm) -> Amount {
		let at = |price| self.leg_at(price).unrealised();
		let worse = at(self.prices.mark).min(at(self.prices.index));
		if worse < 0 {
			return worse;
		}
		let least = worse.min(at(self.prices.stable));
		u128::try_from(least).map_or(0, |profit| signed(credit.mul_floor(profit)))
	}
	/// The value of lots for initial margin: at the higher of mark and index.
	fn value(&self, lots: Lots) -> Balance {
		self.terms.contract.notional(lots, self.prices.mark.max(self.prices.index))
	}
	/// The margin that must stay for the position and the orders beside it when collateral leaves.
	fn to_leave<T: Config>(&self) -> Balance {
		let demand = Demand {
			floor: self.terms.volatility_floor(self.volatility),
			crowding: self.terms.crowding(Totals::<T>::get(self.position.market).long),
			..Default::default()
		};
		let (reserve, all) = (self.reserve(), self.value(self.position.exposure().largest()));
		let initial = reserve.saturating_add(demand.surcharge(all, reserve));
		if self.position.lots == 0 {
			return initial;
		}
		let exit = self.armed_leg().maintenance().saturating_add(self.impact::<T>());
		initial.max(exit)
	}
	/// What closing the position into the book costs against the mark price, by the depth within
	/// 2 %: a book that is as deep as the position lets it go for 1 % on average.
	fn impact<T: Config>(&self) -> Balance {
		// Nobody leaves before the auction is over, so its unseen book is not taken for an empty one.
		if !T::Venue::open(self.position.market) {
			return 0;
		}
		let leg = self.leg_at(self.prices.mark);
		let away = DEPTH_REACH.mul_floor(self.prices.mark.0.into()) as u32;
		let worst = match leg.closing() {
			Side::Ask => self.prices.mark.saturating_sub(Ticks(away)).max(Ticks(1)),
			Side::Bid => self.prices.mark.saturating_add(Ticks(away)),
		};
		let depth = T::Venue::depth(self.position.market, leg.closing(), worst);
		let share = mul_div_ceil(leg.notional(), (DEPTH_REACH.0 / 2).into(), depth);
		Ppm(share.min(MAX_IMPACT.0.into()) as u32).mul_ceil(leg.notional())
	}
	/// Initial margin of the position and the orders beside it.
	pub(crate) fn reserve(&self) -> Balance {
		let Prices { mark, index, .. } = self.prices;
		self.position.exposure().reserve(&self.bar, self.position.leverage.into(), mark, index)
	}
}

impl<T: Config> House<T> {
	/// Positions and markets with resting orders, with prices and terms.
	pub(crate) fn seen(&mut self, positions: &[Position]) -> Vec<Seen> {
		let mut seen = Vec::with_capacity(positions.len());
		for position in positions.iter().filter(|position| !position.is_idle()) {
			// A market with a position always has terms.
			if let Ok(terms) = self.risk(position.market) {
				let board = self.board(position.market);
				let bar = self.bar(position.market, &terms, &board);
				let (prices, volatility) = (board.prices, board.volatility);
				let funding = position.accrual(&board);
				seen.push(Seen { position: *position, terms, bar, prices, funding, volatility });
			}
		}
		seen
	}

	/// Health of an account with this backing, its quote balance and what its other collateral is
	/// worth, and these positions.
	pub(crate) fn health(&mut self, quote: Amount, positions: &[Position]) -> Health {
		let seen = self.seen(positions);
		let held = seen.iter().filter(|seen| seen.position.lots != 0);
		Health::of(quote, held.map(Seen::leg))
	}

	/// The check of [`breakwater_primitives::Check::Initial`].
	pub(crate) fn check_initial(
		&mut self,
		who: AccountRef,
		market: MarketId,
		view: &GateView,
		post_only: bool,
	) -> DispatchResult {
		self.check_open_interest(market, view)?;
		let index = self.place(who)?;
		let backing = self.backing(index);
		let loaded = &self.accounts[index];
		let (quote, positions) = (loaded.account.quote, loaded.account.positions.clone());
		let (quote_before, before) = (loaded.quote_with_claims(), loaded.positions_with_claims());
		let collaterals = loaded.account.collaterals.clone();
		let reducing = positions.iter().all(|position| {
			let was = position_in(&before, position.market);
			position.exposure().largest() <= was.exposure().largest()
				&& opened(position, &was).is_zero()
		});
		if reducing {
			if !self.accounts[index].touched {
				return Ok(());
			}
			// An exit stays open, but nobody digs himself deeper by closing at a bad price.
			let after = self.health(backing, &positions);
			let other = backing.saturating_sub(quote);
			let was = self.health(quote_before.saturating_add(other), &before);
			ensure!(after.bears_reduction(&was), Error::<T>::InsufficientMargin);
			return Ok(());
		}
		let seen = self.seen(&positions);
		let priced = |seen: &Seen| !seen.prices.mark.is_zero() && !seen.prices.index.is_zero();
		ensure!(seen.iter().all(priced), Error::<T>::NoPrice);
		let other = self.initial_worth(&collaterals, &positions);
		let mut equity = quote.saturating_add(signed(other));
		let mut required = Self::initial_margin(&seen);
		for seen in &seen {
			equity = equity.saturating_add(seen.credited(seen.terms.profit_credit));
			if seen.position.market == market {
				let was = Seen { position: position_in(&before, market), ..*seen };
				let grown = !opened(&seen.position, &was.position).is_zero();
				let reaches = seen.value(seen.position.exposure().largest());
				ensure!(!grown || reaches >= MIN_POSITION, Error::<T>::PositionTooSmall);
				let factor = view.level.initial_margin_factor(post_only);
				required = required.saturating_add(self.surcharge(seen, &was, factor));
			}
		}
		ensure!(equity >= signed(required), Error::<T>::InsufficientMargin);
		Ok(())
	}

	/// What the state of the market demands for the exposure that an order adds: the factor of the
	/// level, volatility and open interest. What was there before is not charged again, or strangers'
	/// open interest would take the margin from under every maker.
	fn surcharge(&self, seen: &Seen, was: &Seen, factor: Ppm) -> Balance {
		let largest = |seen: &Seen| seen.position.exposure().largest();
		let added = largest(seen).saturating_sub(largest(was));
		let opened = opened(&seen.position, &was.position);
		if added.is_zero() && opened.is_zero() {
			return 0;
		}
		// An order that was cancelled in the same operation does not make room for a position.
		let margin = seen.reserve().saturating_sub(was.reserve());
		let (added, margin) = match opened > added {
			true => (opened, margin.max(seen.bar.initial(seen.value(opened)))),
			false => (added, margin),
		};
		let moved = self.moved.iter().find(|moved| moved.market == seen.position.market);
		let long = moved.map_or_else(
			|| Totals::<T>::get(seen.position.market).long,
			|moved| Lots(u64::try_from(self.long_after(moved)).unwrap_or(0)),
		);
		let demand = Demand {
			factor,
			floor: seen.terms.volatility_floor(seen.volatility),
			crowding: seen.terms.crowding(long),
		};
		demand.surcharge(seen.value(added), margin)
	}

	/// Open interest does not grow where it is frozen, nor beyond the cap.
	fn check_open_interest(&mut self, market: MarketId, view: &GateView) -> DispatchResult {
		for moved in self.moved.clone().iter().filter(|moved| moved.long > 0) {
			let frozen = moved.market == market && view.level.open_interest_frozen();
			ensure!(!frozen, Error::<T>::OpenInterestFrozen);
			let cap = self.risk(moved.market)?.max_open_interest.0 as i128;
			ensure!(self.long_after(moved) <= cap, Error::<T>::OpenInterestCap);
		}
		Ok(())
	}

	/// Initial margin of all positions and resting orders.
	pub(crate) fn initial_margin(seen: &[Seen]) -> Balance {
		seen.iter().fold(0, |sum: u128, seen| sum.saturating_add(seen.reserve()))
	}

	/// What may be withdrawn of the quote balance: as far as equity without unrealised profit leaves
	/// the margin for withdrawals free. `other` is what other collateral counts for.
	pub(crate) fn withdrawable(quote: Amount, other: Balance, seen: &[Seen]) -> Balance {
		let free = Self::free(quote.saturating_add(signed(other)), seen);
		u128::try_from(free.min(quote)).unwrap_or(0)
	}

	/// Equity without unrealised profit less the margin that must stay when collateral leaves. Of each position that is the larger of its initial margin, with
	/// volatility and open interest weighing on all of it, and of its maintenance margin with what
	/// closing it into the book at its present depth would cost: who leaves must leave enough behind to
	/// be closed.
	pub(crate) fn free(backing: Amount, seen: &[Seen]) -> Amount {
		let mut free = backing;
		for seen in seen {
			let required = seen.to_leave::<T>();
			free = free.saturating_add(seen.credited(Ppm::ZERO)).saturating_sub(signed(required));
		}
		free
	}
}

/// The lots that a position has more than it had, or all of them where it changed sides.
fn opened(position: &Position, was: &Position) -> Lots {
	let kept = match position.lots.signum() == was.lots.signum() {
		true => was.lots.unsigned_abs(),
		false => 0,
	};
	Lots(position.lots.unsigned_abs().saturating_sub(kept))
}
