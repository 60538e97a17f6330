//! Initial margin of a position together with the orders that rest beside it.

use crate::RiskTerms;
use breakwater_core::units::{Lots, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Resting orders of one side that may add exposure.
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
pub struct Resting {
	/// The sum of their lots.
	pub lots: Lots,
	/// The sum of their notional values at their own prices, in quote units.
	pub notional: u128,
}

impl Resting {
	/// Whether nothing rests.
	pub const fn is_empty(&self) -> bool {
		self.lots.is_zero()
	}
	/// With `lots` of this notional value more.
	pub const fn add(self, lots: Lots, notional: u128) -> Self {
		Self {
			lots: self.lots.saturating_add(lots),
			notional: self.notional.saturating_add(notional),
		}
	}
	/// With `lots` of this notional value less.
	pub const fn sub(self, lots: Lots, notional: u128) -> Self {
		Self {
			lots: self.lots.saturating_sub(lots),
			notional: self.notional.saturating_sub(notional),
		}
	}
}

/// A position and the orders that rest beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
	/// Signed lots held.
	pub lots: i64,
	/// Resting bids that are not reduce-only.
	pub bid: Resting,
	/// Resting asks that are not reduce-only.
	pub ask: Resting,
}

impl Exposure {
	/// The largest positions, without sign, that fills can lead to: as it is, after all bids,
	/// after all asks.
	fn reach(&self) -> [u64; 3] {
		let held = self.lots as i128;
		let size = |lots: i128| u64::try_from(lots.unsigned_abs()).unwrap_or(u64::MAX);
		[size(held), size(held + self.bid.lots.0 as i128), size(held - self.ask.lots.0 as i128)]
	}
	/// The largest position, without sign, that fills can lead to.
	pub fn largest(&self) -> Lots {
		let [held, bids, asks] = self.reach();
		Lots(held.max(bids).max(asks))
	}
	/// Initial margin of the worst outcome of the resting orders, and what they would lose at once
	/// by filling at their own prices instead of the index.
	pub fn reserve(&self, terms: &RiskTerms, mark: Ticks, index: Ticks) -> u128 {
		let price = mark.max(index);
		let margin = |lots: u64| terms.initial(terms.contract.notional(Lots(lots), price));
		let [held, bids, asks] = self.reach();
		// Nothing rests where a position waits quietly: one evaluation instead of three.
		if self.bid.is_empty() && self.ask.is_empty() {
			return margin(held);
		}
		let fair = |lots| terms.contract.notional(lots, index);
		let bid_loss = self.bid.notional.saturating_sub(fair(self.bid.lots));
		let ask_loss = fair(self.ask.lots).saturating_sub(self.ask.notional);
		// Margin ascends with size, so the losses decide only between outcomes of equal size; the
		// largest sum is taken, which is at least what the rule demands.
		let after_bids = margin(bids).saturating_add(bid_loss);
		let after_asks = margin(asks).saturating_add(ask_loss);
		margin(held).max(after_bids).max(after_asks)
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::terms::tests::btc;

	const PRICE: Ticks = Ticks(100_000);

	fn resting(lots: u64, price: u32) -> Resting {
		Resting::default().add(Lots(lots), btc().contract.notional(Lots(lots), Ticks(price)))
	}

	#[test]
	fn the_worst_outcome_is_reserved() {
		let reserve = |e: &Exposure| e.reserve(&btc(), PRICE, PRICE);
		let bid = Exposure { bid: resting(1_000, 100_000), ..Default::default() };
		// 1 BTC at 10,000: 5 % of 10,000.
		assert_eq!(reserve(&bid), 500_000_000);
		// Both sides cost as much as one.
		assert_eq!(reserve(&Exposure { ask: resting(1_000, 100_000), ..bid }), 500_000_000);
		// An ask that only closes a long costs no more than the long.
		let long = Exposure { lots: 1_000, ask: resting(1_000, 100_000), ..Default::default() };
		assert_eq!(reserve(&long), 500_000_000);
		assert_eq!(long.largest(), Lots(1_000));
		// A bid above the index loses the difference at once.
		let high = Exposure { bid: resting(1_000, 101_000), ..Default::default() };
		assert_eq!(reserve(&high), 600_000_000);
		assert_eq!(reserve(&Exposure::default()), 0);
	}
}
