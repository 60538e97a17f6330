//! Phase one, and the visits of phase two: every account once, by number, and the vault.
//!
//! The cursor ends with the accounts that existed when the settlement began: nobody can come to hold a
//! position afterwards. An account without one costs a read.

use super::{bit, gain, Settlement};
use crate::{
	cost, types::position_in, Accounts, Config, Error, Event, House, Pallet, Settlements, Settling,
	WeightInfo,
};
use breakwater_math::arithmetic::signed;
use breakwater_primitives::{
	api::SettlementPhase, AccountRef, Amount, MarketId, Settled, MAX_MARKETS,
};
use frame_support::{
	dispatch::DispatchResultWithPostInfo, ensure, storage::with_storage_layer, traits::Get,
	weights::WeightMeter,
};
use sp_runtime::DispatchError;

/// The most accounts that one call visits.
pub const MAX_SWEEP: u32 = 64;
impl<T: Config> Pallet<T> {
	/// Go on with the settlements under way, as far as `meter` goes. Each block begins with another
	/// market.
	pub(crate) fn work_settlements(meter: &mut WeightMeter) {
		let bits = Settling::<T>::get();
		if bits == 0 {
			return;
		}
		let first = (Self::block_number() % u32::from(MAX_MARKETS)) as u16;
		let order = (first..MAX_MARKETS).chain(0..first).map(MarketId);
		for market in order.filter(|market| bits & bit(*market) != 0) {
			Self::advance(market, u32::MAX, meter);
		}
	}

	/// Visit up to `limit` more accounts of a market that is being settled; publish what winners
	/// receive once all have been visited.
	fn advance(market: MarketId, limit: u32, meter: &mut WeightMeter) {
		let own = T::DbWeight::get().reads_writes(1, 1);
		if meter.try_consume(own).is_err() {
			return;
		}
		let Some(found) = Settlements::<T>::get(market) else { return };
		let Settlement { mut next, end, phase, .. } = found;
		let most = cost::settle_position::<T>();
		for _ in 0..limit {
			if next >= end || !meter.can_consume(T::WeightInfo::visit().saturating_add(most)) {
				break;
			}
			meter.consume(T::WeightInfo::visit());
			let who = found.visited(next);
			if let Some(positions) = Self::positions_with(who, market) {
				match with_storage_layer(|| Self::visit(who, market, phase)) {
					Ok(done) => meter.consume(cost::swept::<T>(done, positions)),
					Err(error) => {
						meter.consume(most);
						log::error!("{who:?} is not settled in {market:?}: {error:?}");
						// Nobody is left out of the sums; a claim may wait for the next round.
						if phase == SettlementPhase::Sweeping {
							break;
						}
					},
				}
			}
			next = next.saturating_add(1);
		}
		Self::go_on(market, next, meter);
	}

	/// Remember where to go on; with the last account a phase ends.
	fn go_on(market: MarketId, next: u64, meter: &mut WeightMeter) {
		let Some(mut settlement) = Settlements::<T>::get(market) else { return };
		settlement.next = next;
		match settlement.phase {
			SettlementPhase::Sweeping if next >= settlement.end => {
				if meter.try_consume(T::WeightInfo::publish()).is_ok() {
					Self::publish(market, &mut settlement);
				}
			},
			// Somebody could not be paid: once more around.
			SettlementPhase::Claiming if next >= settlement.end => {
				settlement.next = 0;
			},
			SettlementPhase::Done => settlement.next = settlement.end,
			SettlementPhase::Sweeping | SettlementPhase::Claiming => {},
		}
		Settlements::<T>::insert(market, settlement);
	}

	/// How many positions an account has, if one of them is in this market.
	pub(crate) fn positions_with(who: AccountRef, market: MarketId) -> Option<u32> {
		let positions = Accounts::<T>::get(who)?.positions;
		let holds = position_in(&positions, market).lots != 0;
		holds.then_some(positions.len() as u32)
	}

	pub(crate) fn visit(
		who: AccountRef,
		market: MarketId,
		phase: SettlementPhase,
	) -> Result<Settled, DispatchError> {
		let mut house = House::<T>::new();
		// Claims are paid to whoever is loaded.
		let index = house.place(who)?;
		if phase == SettlementPhase::Sweeping {
			house.sweep(index, market);
		}
		house.touch(index);
		house.write()
	}

	pub(crate) fn do_sweep(market: MarketId, limit: u32) -> DispatchResultWithPostInfo {
		let settlement = Settlements::<T>::get(market).ok_or(Error::<T>::NotSettling)?;
		ensure!(settlement.phase != SettlementPhase::Done, Error::<T>::NotSettling);
		let limit = limit.min(MAX_SWEEP);
		let mut meter = WeightMeter::with_limit(cost::sweep::<T>(limit));
		Self::advance(market, limit, &mut meter);
		Ok(Some(meter.consumed()).into())
	}
}

impl<T: Config> House<T> {
	/// Equity with every position at its mark price, and other collateral at its whole price: it is sold
	/// before anybody else pays.
	fn equity_at_mark(&mut self, index: usize) -> Amount {
		let more = signed(self.haircut_of(index));
		let backing = self.backing(index).saturating_add(more);
		let positions = self.accounts[index].account.positions.clone();
		let seen = self.seen(&positions);
		let held = seen.iter().filter(|seen| seen.position.lots != 0);
		held.fold(backing, |sum, seen| sum.saturating_add(seen.marked()))
	}

	/// Take what a position lost, or make of it a claim on what it gained.
	fn sweep(&mut self, index: usize, market: MarketId) {
		self.settle_funding(index, market);
		let Ok(terms) = self.risk(market) else { return };
		let Some(settlement) = self.settlement(market) else { return };
		let price = settlement.price;
		let account = &self.accounts[index].account;
		let position = position_in(&account.positions, market);
		let elsewhere = account.positions.iter().any(|p| p.lots != 0 && p.market != market);
		let gained = gain(terms.contract, &position, price);
		let equity = self.equity_at_mark(index);
		let claim = gained.min(equity).max(0);
		if claim == 0 {
			self.close_settled(index, market, gained);
		} else {
			self.realise(index, market, gained.saturating_sub(claim));
		}
		let lost = if elsewhere { gained.min(0).unsigned_abs() } else { u128::MAX };
		let deficit = equity.min(0).unsigned_abs().min(lost);
		if deficit > 0 {
			self.change_pot(market, signed(deficit).saturating_neg());
			self.credit(index, signed(deficit));
		}
		if let Some(settlement) = self.settlement(market) {
			settlement.deficits = settlement.deficits.saturating_add(deficit);
			settlement.gains = settlement.gains.saturating_add(claim.unsigned_abs());
		}
		Pallet::<T>::deposit_event(Event::PositionSwept {
			account: self.accounts[index].who,
			market,
			lots: position.lots,
			gain: gained,
			claim: claim.unsigned_abs(),
			deficit,
		});
	}

	/// Credit a part of what a position has gained; it is as if it had cost more.
	fn realise(&mut self, index: usize, market: MarketId, part: Amount) {
		let positions = &mut self.accounts[index].account.positions;
		let Some(position) = positions.iter_mut().find(|p| p.market == market) else { return };
		if part == 0 {
			return;
		}
		position.cost = position.cost.saturating_add(part);
		let moved = self.moved_mut(market);
		moved.cost = moved.cost.saturating_add(part);
		moved.realised = moved.realised.saturating_add(part);
		self.realised(index, market, part);
	}
}
