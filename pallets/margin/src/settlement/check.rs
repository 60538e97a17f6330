//! What must hold of settlements after every block.

use super::{gain, Settlement};
use crate::{types::Stage, Accounts, Config, Ledger, Pallet, Risk, Settlements, Settling};
use breakwater_math::arithmetic::signed;
use breakwater_primitives::{api::SettlementPhase, MarketId};
use frame_support::ensure;
use sp_runtime::TryRuntimeError;

impl<T: Config> Pallet<T> {
	/// 1. The pots are what the ledger counts, and those of finished settlements are empty.
	/// 2. The lots that accounts hold are those still open; of a finished settlement none are.
	/// 3. While claims are paid, what they leave fills the pot.
	/// 4. The board says how far each market is.
	pub(crate) fn check_settlements() -> Result<(), TryRuntimeError> {
		let mut pots = 0i128;
		for (market, settlement) in Settlements::<T>::iter() {
			pots += settlement.pot;
			Self::check_claims(market, &settlement)?;
			let (stage, done) = match settlement.phase {
				SettlementPhase::Sweeping => (Stage::Settling, false),
				SettlementPhase::Claiming => (Stage::Claims, false),
				SettlementPhase::Done => (Stage::Claims, true),
			};
			ensure!(Self::board_of(market).stage == stage, "the board does not know a settlement");
			let worked = Settling::<T>::get() & super::bit(market) != 0;
			ensure!(worked != done, "a settlement is not gone on with");
			let empty = settlement.open == 0 && settlement.pot == 0 && settlement.taken == 0;
			ensure!(!done || empty, "a settlement is done before it is over");
		}
		ensure!(pots == Ledger::<T>::get().settlement, "the sum of the settlements' pots is off");
		Ok(())
	}

	fn check_claims(market: MarketId, settlement: &Settlement) -> Result<(), TryRuntimeError> {
		let terms = Risk::<T>::get(market).ok_or("a settlement without a market")?;
		let (mut open, mut fills, mut claims) = (0u128, 0i128, 0u128);
		for account in Accounts::<T>::iter_values() {
			for position in account.positions.iter().filter(|p| p.market == market && p.lots != 0) {
				open += u128::from(position.lots.unsigned_abs());
				let claim = gain(terms.contract, position, settlement.price).max(0).unsigned_abs();
				claims += claim;
				fills += signed(claim - settlement.payout(claim));
			}
		}
		ensure!(open == settlement.open, "the open lots of a settlement are off");
		if settlement.phase == SettlementPhase::Claiming {
			ensure!(settlement.pot + fills >= 0, "claims are paid with what is not there");
			ensure!(claims <= settlement.gains, "claims have grown");
		}
		Ok(())
	}
}
