//! Settlement: a market is wound down in two phases, so that no winner is paid before it is known what
//! the losers lack.
//!
//! ```text
//!   begin: price of before the incident is fixed, the board shows it, nothing trades, funding stops
//!     │
//!   phase one, sweep: every account once, by number, and the vault
//!     │    loses, or needs all of its gain itself: closed at the price, what it lacks is counted
//!     │    gains: its position becomes a claim on its gain, and stays
//!     ▼
//!   publish: the funds pay what was lacking, as far as they reach; what they do not is the shortfall
//!     │            factor = (gains - shortfall) / gains
//!     ▼
//!   phase two, claims: closed at the price and the factor, by whatever touches the account, by
//!     │    anybody's `claim`, or by the same visit of all accounts
//!     ▼
//!   done: totals are zero, what rounding left goes to the market's fund
//! ```
//!
//! **Base of the factor.** What a position has gained is its value at the price less its cost and its
//! funding. Its claim is that gain, but no more than the equity of its account, other positions at
//! mark: what an account needs to cover its own losses elsewhere is credited to it at once, since taking
//! it would make a bankrupt. A deficit is what an account lacks after its loss here; of an account with
//! positions elsewhere no more than that loss, since the rest is lost there. Claims and deficits are fixed
//! when the account is visited, and the factor applies to each claim by itself, rounded down: nobody's
//! share depends on when he comes, and all shares together are never more than there is.
//!
//! **Conservation.** The settlement itself takes the other side of what it closes, at the price and
//! without a profit: the lots of the market sum to zero and custody is what is claimed after every single
//! claim, not only after the last. What it owes or is owed for deficits and cut gains is the `pot`, a
//! claim like any other.
//!
//! Where the deficits are larger than the gains, because those who won have closed before, the factor is
//! zero and the rest is bad debt of the market.

use crate::{
	types::{Position, Stage},
	vault::VAULT,
	Backlog, BadDebt, Config, Cursors, Error, Event, Flows, House, Ledger, NextAccount, Pallet,
	Risk, Settlements, Settling, Totals,
};
use breakwater_math::arithmetic::{mul_div_floor, signed};
use breakwater_primitives::{
	api::{SettlementPhase, SettlementStatus},
	AccountRef, Amount, Backstop, Balance, Contract, Lots, MarketId, Millis, Observation, Observe,
	PriceSource, Prices, ReferencePrice, SettlementPrice, Ticks, Validity,
};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{dispatch::DispatchResult, ensure};
use scale_info::TypeInfo;

mod claims;
mod sweep;

pub use claims::Claimed;
pub use sweep::MAX_SWEEP;

/// A market that is being settled, or was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Settlement {
	/// The price at which all positions are closed.
	pub price: Ticks,
	/// When it began, in milliseconds of chain time.
	pub since: Millis,
	/// How far it has come.
	pub phase: SettlementPhase,
	/// The visit that is made next; see [`Settlement::visited`].
	pub next: u64,
	/// How many visits there are: the accounts that existed when the settlement began, and the vault.
	pub end: u64,
	/// Lots of both sides that accounts still hold.
	pub open: u128,
	/// Signed lots that the settlement itself holds, against those that are still open.
	pub taken: i128,
	/// What accounts lacked after their losses, in quote units.
	pub deficits: Balance,
	/// What the funds paid of that.
	pub covered: Balance,
	/// The claims of those who gained, in quote units.
	pub gains: Balance,
	/// What of them is paid.
	pub paid: Balance,
	/// What nobody pays.
	pub uncovered: Balance,
	/// What it has been paid and has not passed on, in quote units; negative where others have been
	/// credited what is still to come from the claims.
	pub pot: Amount,
}

impl Settlement {
	/// Whom a visit goes to: accounts by number, at last the vault.
	pub fn visited(&self, visit: u64) -> AccountRef {
		match u32::try_from(visit) {
			Ok(number) if visit.saturating_add(1) < self.end => AccountRef(number),
			_ => VAULT,
		}
	}
	/// What of a claim is paid, rounded down.
	pub fn payout(&self, claim: Balance) -> Balance {
		match self.gains {
			0 => 0,
			gains => mul_div_floor(claim, self.paid, gains).min(claim),
		}
	}
	/// What the lots that the settlement holds cost: they are worth just that.
	pub fn cost(&self, contract: Contract) -> Amount {
		let lots = Lots(u64::try_from(self.taken.unsigned_abs()).unwrap_or(u64::MAX));
		let value = signed(contract.notional(lots, self.price));
		if self.taken < 0 {
			value.saturating_neg()
		} else {
			value
		}
	}
}

/// What signed lots are worth.
pub(crate) fn value(contract: Contract, lots: i64, price: Ticks) -> Amount {
	let value = signed(contract.notional(Lots(lots.unsigned_abs()), price));
	if lots < 0 {
		value.saturating_neg()
	} else {
		value
	}
}

/// What a position has gained at a price, its funding settled; negative where it lost.
pub(crate) fn gain(contract: Contract, position: &Position, price: Ticks) -> Amount {
	value(contract, position.lots, price).saturating_sub(position.cost)
}

impl<T: Config> breakwater_primitives::Settlement for Pallet<T> {
	/// Freeze the market at the price of before its incident; where there never was a Valid index, at
	/// the last one that was told.
	fn begin(market: MarketId) -> DispatchResult {
		ensure!(Risk::<T>::contains_key(market), Error::<T>::UnknownMarket);
		ensure!(!Settlements::<T>::contains_key(market), Error::<T>::MarketSettling);
		let (totals, now) = (Totals::<T>::get(market), Self::now());
		let last = Self::prices(market).index;
		let reference = T::SettlementPrice::settlement_price(market).unwrap_or(ReferencePrice {
			price: last,
			source: PriceSource::LastValid,
			until: now,
			valid: 0,
		});
		let price = reference.price;
		ensure!(!price.is_zero() || totals.long.is_zero(), Error::<T>::NoPrice);
		Self::change_board(market, |entry| {
			entry.stage = Stage::Settling;
			entry.prices = Prices {
				index: price,
				mark: price,
				stable: price,
				long: price,
				short: price,
				validity: Validity::Valid,
				at: now,
				age_limit: 0,
			};
		});
		let settlement = Settlement {
			price,
			since: now,
			phase: SettlementPhase::Sweeping,
			next: 0,
			end: u64::from(NextAccount::<T>::get().0).saturating_add(1),
			open: u128::from(totals.long.0).saturating_add(totals.short.0.into()),
			taken: 0,
			deficits: 0,
			covered: 0,
			gains: 0,
			paid: 0,
			uncovered: 0,
			pot: 0,
		};
		Settlements::<T>::insert(market, settlement);
		Settling::<T>::mutate(|bits| *bits |= bit(market));
		Self::end_tightening(market);
		// The price is a jump for whoever has positions elsewhere as well.
		Backlog::<T>::mutate(|bits| *bits |= bit(market));
		Self::deposit_event(Event::SettlementBegan { market, reference, lots: totals.long });
		Ok(())
	}
}

/// A market's bit in a bitmap of all markets.
const fn bit(market: MarketId) -> u64 {
	1u64 << (market.0 as u32 % 64)
}

impl<T: Config> Pallet<T> {
	/// Every account has been visited: let the funds pay, and tell what winners receive.
	pub(crate) fn publish(market: MarketId, settlement: &mut Settlement) {
		let Settlement { deficits, gains, price, .. } = *settlement;
		let covered = T::Insurance::cover(market, deficits).min(deficits);
		let shortfall = deficits.saturating_sub(covered);
		let uncovered = shortfall.saturating_sub(gains);
		settlement.covered = covered;
		settlement.uncovered = uncovered;
		settlement.paid = gains.saturating_sub(shortfall);
		let received = signed(covered.saturating_add(uncovered));
		settlement.pot = settlement.pot.saturating_add(received);
		(settlement.phase, settlement.next) = (SettlementPhase::Claiming, 0);
		if uncovered > 0 {
			BadDebt::<T>::mutate(market, |debt| *debt = debt.saturating_add(uncovered));
		}
		Ledger::<T>::mutate(|ledger| {
			ledger.bad_debt = ledger.bad_debt.saturating_add(uncovered);
			ledger.settlement = ledger.settlement.saturating_add(received);
		});
		Self::change_board(market, |entry| entry.stage = Stage::Claims);
		T::Insurance::wind_down(market);
		if covered > 0 {
			T::Observe::observe(market, &Observation::Covered { amount: covered });
		}
		let paid = settlement.paid;
		T::Observe::observe(market, &Observation::FactorPublished { price, gains, paid });
		Self::deposit_event(Event::FactorPublished {
			market,
			deficits,
			covered,
			gains,
			paid,
			uncovered,
		});
		if settlement.open == 0 {
			Self::finish(market, settlement);
		}
	}

	/// Everybody is paid: what is left goes to the market's fund, and the market leaves the hooks.
	pub(crate) fn finish(market: MarketId, settlement: &mut Settlement) {
		let left = core::mem::take(&mut settlement.pot);
		settlement.phase = SettlementPhase::Done;
		settlement.next = settlement.end;
		Ledger::<T>::mutate(|ledger| {
			ledger.settlement = ledger.settlement.saturating_sub(left);
		});
		// Claims are rounded down, so it is never negative.
		let rest = u128::try_from(left).unwrap_or(0);
		if rest > 0 {
			T::Insurance::penalty(market, rest);
		}
		Settling::<T>::mutate(|bits| *bits &= !bit(market));
		Backlog::<T>::mutate(|bits| *bits &= !bit(market));
		Cursors::<T>::remove(market);
		Flows::<T>::remove(market);
		if Totals::<T>::get(market) == Default::default() {
			Totals::<T>::remove(market);
		}
		Self::deposit_event(Event::SettlementFinished { market, rest });
	}

	/// How far a market's settlement has come, for clients.
	pub fn settlement_status(market: MarketId) -> Option<SettlementStatus> {
		let settlement = Settlements::<T>::get(market)?;
		Some(SettlementStatus {
			price: settlement.price,
			since: settlement.since,
			phase: settlement.phase,
			visited: settlement.next,
			accounts: settlement.end,
			deficits: settlement.deficits,
			covered: settlement.covered,
			gains: settlement.gains,
			paid: settlement.paid,
			uncovered: settlement.uncovered,
			unclaimed: u64::try_from(settlement.open).unwrap_or(u64::MAX),
		})
	}
}

impl<T: Config> House<T> {
	/// The settlement of `market` in this session, read once.
	fn settlement(&mut self, market: MarketId) -> Option<&mut Settlement> {
		if !self.settlements.iter().any(|(known, _)| *known == market) {
			self.settlements.push((market, Settlements::<T>::get(market)?));
		}
		let mut known = self.settlements.iter_mut();
		known.find(|(known, _)| *known == market).map(|(_, settlement)| settlement)
	}

	/// Close the position of an account at the price of its market's settlement, which takes the other
	/// side; the account is credited `pays`, and what that differs from its gain is the pot's.
	fn close_settled(&mut self, index: usize, market: MarketId, pays: Amount) {
		let Ok(terms) = self.risk(market) else { return };
		let loaded = &mut self.accounts[index];
		let positions = &mut loaded.account.positions;
		let Some(position) = positions.iter_mut().find(|p| p.market == market) else { return };
		let was = *position;
		let (bid, ask, leverage) = (was.bid, was.ask, was.leverage);
		*position = Position { market, bid, ask, leverage, ..Default::default() };
		let Some(settlement) = self.settlement(market) else { return };
		let gained = gain(terms.contract, &was, settlement.price);
		let worth = value(terms.contract, was.lots, settlement.price);
		let before = settlement.taken;
		settlement.taken = before.saturating_add(was.lots.into());
		settlement.open = settlement.open.saturating_sub(was.lots.unsigned_abs().into());
		let after = settlement.taken;
		self.change_pot(market, gained.saturating_sub(pays));
		self.realised(index, market, pays);
		let moved = self.moved_mut(market);
		moved.long += after.max(0) - before.max(0) - i128::from(was.lots.max(0));
		moved.short += before.min(0) - after.min(0) + i128::from(was.lots.min(0));
		moved.cost = moved.cost.saturating_add(worth).saturating_sub(was.cost);
		moved.realised = moved.realised.saturating_add(gained);
	}

	/// Credit what a position realised, as if by a fill.
	fn realised(&mut self, index: usize, market: MarketId, amount: Amount) {
		let filled = self.accounts[index].fills_in(market);
		filled.realised = filled.realised.saturating_add(amount);
		self.credit(index, amount);
	}

	/// Add to what the settlement of `market` has been paid.
	fn change_pot(&mut self, market: MarketId, amount: Amount) {
		if let Some(settlement) = self.settlement(market) {
			settlement.pot = settlement.pot.saturating_add(amount);
			self.pots = self.pots.saturating_add(amount);
		}
	}

	/// Write what became of the settlements that this session touched; those whose last lots it closed
	/// are done.
	pub(crate) fn write_settlements(&mut self) {
		for (market, mut settlement) in core::mem::take(&mut self.settlements) {
			if settlement.open == 0 && settlement.phase == SettlementPhase::Claiming {
				Pallet::<T>::finish(market, &mut settlement);
			}
			Settlements::<T>::insert(market, settlement);
		}
	}
}

#[cfg(any(feature = "std", feature = "try-runtime"))]
mod check;
