//! Initial margin of a position together with the orders that rest beside it.

use crate::{Ppm, RiskTerms};
use breakwater_core::units::{Lots, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// The least initial margin of a position with the orders beside it, in quote units: places in the
/// trigger index are not for nothing, however small a position is.
pub const MIN_INITIAL: u128 = 5_000_000;

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
	/// by filling at their own prices instead of the index. `leverage` is the account's own limit in
	/// the market; zero means that only the market's counts.
	pub fn reserve(&self, terms: &RiskTerms, leverage: u32, mark: Ticks, index: Ticks) -> u128 {
		let price = mark.max(index);
		let margin = |lots: u64| {
			if lots == 0 {
				return 0;
			}
			let notional = terms.contract.notional(Lots(lots), price);
			let own = if leverage > 0 { notional.div_ceil(leverage.into()) } else { 0 };
			terms.initial(notional).max(own).max(MIN_INITIAL)
		};
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

/// What the state of a market demands beyond the initial margin of its terms: for orders of what they
/// add, for withdrawals of the whole position. Never part of maintenance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
	/// The factor of the level in force; one at `Normal`.
	pub factor: Ppm,
	/// The least fraction, from volatility.
	pub floor: Ppm,
	/// How far open interest stands between its bounds: at one, what is added is paid in full.
	pub crowding: Ppm,
}

impl Default for Demand {
	/// Nothing.
	fn default() -> Self {
		Self { factor: Ppm::one(), floor: Ppm::ZERO, crowding: Ppm::ZERO }
	}
}

impl Demand {
	/// What is demanded above `margin`, the initial margin of exposure of this notional value:
	/// first the floor, then the factor, then the share of what is missing to the whole value.
	pub fn surcharge(&self, notional: u128, margin: u128) -> u128 {
		let floored = margin.max(self.floor.mul_ceil(notional));
		let scaled = self.factor.mul_ceil(floored);
		let crowded = self.crowding.mul_ceil(notional.saturating_sub(scaled));
		scaled.saturating_add(crowded).saturating_sub(margin)
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
		let reserve = |e: &Exposure| e.reserve(&btc(), 0, PRICE, PRICE);
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

	#[test]
	fn the_smallest_position_has_a_margin_too() {
		let reserve = |e: Exposure| e.reserve(&btc(), 0, PRICE, PRICE);
		assert_eq!(reserve(Exposure { lots: -1, ..Default::default() }), MIN_INITIAL);
		assert_eq!(
			reserve(Exposure { bid: resting(1, 100_000), ..Default::default() }),
			MIN_INITIAL
		);
		assert_eq!(reserve(Exposure::default()), 0);
	}

	#[test]
	fn an_account_may_ask_more_of_itself_but_not_less() {
		let long = Exposure { lots: 1_000, ..Default::default() };
		assert_eq!(long.reserve(&btc(), 5, PRICE, PRICE), 2_000_000_000);
		assert_eq!(long.reserve(&btc(), 1_000, PRICE, PRICE), 500_000_000);
	}

	#[test]
	fn open_interest_raises_the_initial_margin_as_in_the_vector() {
		// Base 10 %; 20, 35 and 50 million between bounds of 20 and 50: 10, 55 and 100 %.
		let at = |crowding| Demand { crowding: Ppm(crowding), ..Default::default() };
		let total = |crowding| 100 + at(crowding).surcharge(1_000, 100);
		assert_eq!((total(0), total(500_000), total(1_000_000)), (100, 550, 1_000));
	}

	#[test]
	fn surcharges_take_the_floor_before_the_factor() {
		let demand = Demand { factor: Ppm(1_250_000), floor: Ppm(80_000), ..Default::default() };
		assert_eq!(demand.surcharge(1_000, 50), 100 - 50);
		assert_eq!(demand.surcharge(1_000, 200), 50);
		assert_eq!(Demand::default().surcharge(1_000, 50), 0);
	}
}
