//! Health, initial margin and what may be withdrawn, of accounts in a session.

use crate::{
	types::{position_in, Position},
	Config, Error, House,
};
use alloc::vec::Vec;
use breakwater_math::{arithmetic::signed, Health, Leg, RiskTerms};
use breakwater_primitives::{AccountRef, Amount, Balance, GateView, MarketId, Ppm, Prices, Ticks};
use frame_support::{dispatch::DispatchResult, ensure};

/// A position with its market's prices and terms.
#[derive(Clone, Copy)]
pub(crate) struct Seen {
	pub(crate) position: Position,
	pub(crate) terms: RiskTerms,
	pub(crate) prices: Prices,
}

impl Seen {
	/// The position at its market's lenient price, as maintenance sees it.
	pub(crate) fn leg(&self) -> Leg<'_> {
		self.leg_at(self.prices.lenient(self.position.lots))
	}
	fn leg_at(&self, price: Ticks) -> Leg<'_> {
		Leg { terms: &self.terms, lots: self.position.lots, cost: self.position.cost, price }
	}
	/// Unrealised profit at the mark price.
	pub(crate) fn marked(&self) -> Amount {
		self.leg_at(self.prices.mark).unrealised()
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
	/// Initial margin of the position and the orders beside it.
	fn reserve(&self) -> Balance {
		self.position.exposure().reserve(&self.terms, self.prices.mark, self.prices.index)
	}
}

impl<T: Config> House<T> {
	/// Positions and markets with resting orders, with prices and terms.
	pub(crate) fn seen(&mut self, positions: &[Position]) -> Vec<Seen> {
		let mut seen = Vec::with_capacity(positions.len());
		for position in positions.iter().filter(|position| !position.is_empty()) {
			// A market with a position always has terms.
			if let Ok(terms) = self.risk(position.market) {
				let prices = self.board(position.market).prices;
				seen.push(Seen { position: *position, terms, prices });
			}
		}
		seen
	}

	/// Health of an account with this balance and these positions.
	pub(crate) fn health(&mut self, quote: Amount, positions: &[Position]) -> Health {
		let seen = self.seen(positions);
		let held = seen.iter().filter(|seen| seen.position.lots != 0);
		Health::of(quote, held.map(Seen::leg))
	}

	/// Equity less maintenance margin.
	pub(crate) fn surplus(&mut self, quote: Amount, positions: &[Position]) -> Amount {
		self.health(quote, positions).surplus()
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
		let loaded = &self.accounts[index];
		let (quote, positions) = (loaded.account.quote, loaded.account.positions.clone());
		let (quote_before, before) = (loaded.quote_before, loaded.before.clone());
		let reducing = positions.iter().all(|position| {
			let was = position_in(&before, position.market);
			position.exposure().largest() <= was.exposure().largest()
		});
		if reducing {
			if !self.accounts[index].touched {
				return Ok(());
			}
			// An exit stays open, but nobody digs himself deeper by closing at a bad price.
			let after = self.surplus(quote, &positions);
			let sound = after >= 0 || after >= self.surplus(quote_before, &before);
			ensure!(sound, Error::<T>::InsufficientMargin);
			return Ok(());
		}
		let seen = self.seen(&positions);
		let priced = |seen: &Seen| !seen.prices.mark.is_zero() && !seen.prices.index.is_zero();
		ensure!(seen.iter().all(priced), Error::<T>::NoPrice);
		let mut equity = quote;
		let mut required = 0u128;
		for seen in &seen {
			equity = equity.saturating_add(seen.credited(seen.terms.profit_credit));
			let reserve = seen.reserve();
			required = required.saturating_add(reserve);
			if seen.position.market == market {
				// A level's factor is for added exposure only.
				let was = Seen { position: position_in(&before, market), ..*seen }.reserve();
				let factor = view.level.initial_margin_factor(post_only);
				let surcharge = factor.saturating_sub(Ppm::one());
				let added = surcharge.mul_ceil(reserve.saturating_sub(was));
				required = required.saturating_add(added);
			}
		}
		ensure!(equity >= signed(required), Error::<T>::InsufficientMargin);
		Ok(())
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

	/// What may be withdrawn: the quote balance, as far as equity without unrealised profit leaves
	/// the initial margin free.
	pub(crate) fn withdrawable(quote: Amount, seen: &[Seen]) -> Balance {
		let equity =
			seen.iter().fold(quote, |sum, seen| sum.saturating_add(seen.credited(Ppm::ZERO)));
		let free = equity.saturating_sub(signed(Self::initial_margin(seen)));
		u128::try_from(free.min(quote)).unwrap_or(0)
	}
}
