//! Phase two: positions are closed at the price and the factor when their account is loaded.

use super::gain;
use crate::{
	cost, session::Loaded, types::Stage, Config, Error, Event, House, Pallet, Settlements,
};
use alloc::vec::Vec;
use breakwater_math::arithmetic::signed;
use breakwater_primitives::{api::SettlementPhase, AccountRef, Amount, Balance, MarketId};
use frame_support::{
	dispatch::{DispatchResult, DispatchResultWithPostInfo},
	ensure,
};

/// A claim that was paid in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claimed {
	/// The market.
	pub market: MarketId,
	/// Signed lots that were closed.
	pub lots: i64,
	/// What they had gained.
	pub claim: Balance,
	/// What of that was paid.
	pub paid: Balance,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_claim(who: AccountRef, market: MarketId) -> DispatchResultWithPostInfo {
		let settlement = Settlements::<T>::get(market).ok_or(Error::<T>::NotSettling)?;
		let published = settlement.phase != SettlementPhase::Sweeping;
		ensure!(published, Error::<T>::FactorNotPublished);
		let mut house = House::<T>::new();
		let index = house.place(who)?;
		let mut claims = house.accounts[index].claims.iter();
		ensure!(claims.any(|claim| claim.market == market), Error::<T>::NothingToClaim);
		let settled = house.write()?;
		Ok(Some(cost::claimed::<T>(settled)).into())
	}
}

impl<T: Config> House<T> {
	/// Close the positions of an account in markets whose winners are paid. Called when it is loaded.
	pub(crate) fn claim_all(&mut self, index: usize) {
		let positions = self.accounts[index].account.positions.iter();
		let held: Vec<MarketId> = positions.filter(|p| p.lots != 0).map(|p| p.market).collect();
		for market in held {
			if self.board(market).stage == Stage::Claims {
				self.claim(index, market);
			}
		}
	}

	fn claim(&mut self, index: usize, market: MarketId) {
		// Nothing is due: the sweep has settled it, and funding has stopped.
		self.settle_funding(index, market);
		let (Ok(terms), Some(settlement)) = (self.risk(market), self.settlement(market).copied())
		else {
			return;
		};
		let positions = &self.accounts[index].account.positions;
		let Some(position) = positions.iter().find(|p| p.market == market) else { return };
		let lots = position.lots;
		let gained = gain(terms.contract, position, settlement.price);
		let claim = u128::try_from(gained).unwrap_or(0);
		let paid = settlement.payout(claim);
		// A swept position has not lost; if one had, it would bear that itself.
		self.close_settled(index, market, signed(paid).saturating_add(gained.min(0)));
		self.accounts[index].claims.push(Claimed { market, lots, claim, paid });
	}

	/// Whether positions of an account wait for a settlement to tell what they receive.
	pub(crate) fn ensure_settled(&mut self, index: usize) -> DispatchResult {
		let positions = self.accounts[index].account.positions.clone();
		let mut held = positions.iter().filter(|position| position.lots != 0);
		let waits = held.any(|position| self.board(position.market).stage != Stage::Trading);
		ensure!(!waits, Error::<T>::SettlementPending);
		Ok(())
	}
}

impl<AccountId> Loaded<AccountId> {
	/// The quote balance as it was loaded, with the claims that loading it paid.
	pub(crate) fn quote_with_claims(&self) -> Amount {
		let paid = self.claims.iter().fold(0, |sum: Balance, claim| sum.saturating_add(claim.paid));
		self.quote_before.saturating_add(signed(paid))
	}
	/// The positions as they were loaded, without those whose claims loading it paid.
	pub(crate) fn positions_with_claims(&self) -> crate::types::Positions {
		let mut positions = self.before.clone();
		let claimed = |market| self.claims.iter().any(|claim| claim.market == market);
		for position in positions.iter_mut().filter(|position| claimed(position.market)) {
			(position.lots, position.cost, position.funding) = (0, 0, 0);
		}
		positions
	}
	/// Tell what was claimed, once it is written.
	pub(crate) fn tell_claims<T: Config>(&mut self) {
		for Claimed { market, lots, claim, paid } in core::mem::take(&mut self.claims) {
			let account = self.who;
			Pallet::<T>::deposit_event(Event::Claimed { account, market, lots, claim, paid });
		}
	}
}
