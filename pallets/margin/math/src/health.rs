//! Whether an account can carry its positions.

use crate::{arithmetic::signed, Accrual, RiskTerms};
use breakwater_core::{
	store::Kind,
	units::{Lots, Side, Ticks},
};

/// A position as health sees it.
#[derive(Clone, Copy, Debug)]
pub struct Leg<'a> {
	/// The market's terms.
	pub terms: &'a RiskTerms,
	/// Signed lots; not zero.
	pub lots: i64,
	/// Signed notional value paid for them.
	pub cost: i128,
	/// From where to where its funding runs.
	pub funding: Accrual,
	/// The price at which the position is examined: the market's lenient price for its side.
	pub price: Ticks,
}

impl Leg<'_> {
	/// The price paid for a lot on average, rounded down.
	pub fn entry(&self) -> Ticks {
		let per_tick = (self.size().0 as u128 * self.terms.contract.unit as u128).max(1);
		Ticks(u32::try_from(self.cost.unsigned_abs() / per_tick).unwrap_or(u32::MAX))
	}
	/// Lots without sign.
	pub const fn size(&self) -> Lots {
		Lots(self.lots.unsigned_abs())
	}
	/// The side of an order that closes the position.
	pub const fn closing(&self) -> Side {
		Side::closing(self.lots)
	}
	/// The tree in which the position's trigger waits: a long's for falling prices.
	pub const fn kind(&self) -> Kind {
		if self.lots > 0 {
			Kind::Falling
		} else {
			Kind::Rising
		}
	}
	/// The same position at another price.
	pub const fn at(self, price: Ticks) -> Self {
		Self { price, ..self }
	}
	/// The same position with the funding index of its side at `index`.
	pub const fn under(self, index: i128) -> Self {
		Self { funding: Accrual { now: index, ..self.funding }, ..self }
	}
	/// Notional value at the price.
	pub const fn notional(&self) -> u128 {
		self.terms.contract.notional(self.size(), self.price)
	}
	/// Unrealised profit at the price, less the funding that it owes.
	pub fn unrealised(&self) -> i128 {
		let value = signed(self.notional());
		let value = if self.lots >= 0 { value } else { value.saturating_neg() };
		value.saturating_sub(self.cost).saturating_sub(self.funding.due(self.lots))
	}
	/// Maintenance margin at the price.
	pub fn maintenance(&self) -> u128 {
		self.terms.maintenance(self.notional())
	}
	/// What the position adds to health: unrealised profit less maintenance margin. It never
	/// falls when the price or the funding index moves in the position's favour.
	pub fn contribution(&self) -> i128 {
		self.unrealised().saturating_sub(signed(self.maintenance()))
	}
}

/// Equity and maintenance margin of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
	/// Quote balance and all unrealised profit.
	pub equity: i128,
	/// The sum of the maintenance margins.
	pub maintenance: u128,
}

impl Health {
	/// The health of an account with this quote balance and these positions.
	pub fn of<'a>(quote: i128, legs: impl IntoIterator<Item = Leg<'a>>) -> Self {
		let start = Self { equity: quote, maintenance: 0 };
		legs.into_iter().fold(start, |sum, leg| Self {
			equity: sum.equity.saturating_add(leg.unrealised()),
			maintenance: sum.maintenance.saturating_add(leg.maintenance()),
		})
	}
	/// Equity less maintenance margin.
	pub const fn surplus(&self) -> i128 {
		self.equity.saturating_sub(signed(self.maintenance))
	}
	/// Whether the account is liquidated: equity below maintenance margin.
	pub const fn liquidatable(&self) -> bool {
		self.surplus() < 0
	}
	/// Whether fills that only reduced may leave an account like this that was like `before`: healthy,
	/// or no further below its margin and without losing what is not its own.
	pub const fn bears_reduction(&self, before: &Self) -> bool {
		let least = if before.equity < 0 { before.equity } else { 0 };
		self.surplus() >= 0 || self.surplus() >= before.surplus() && self.equity >= least
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use crate::terms::tests::btc;
	use proptest::prelude::*;

	#[test]
	fn a_long_on_its_maintenance_margin_is_not_liquidated_and_one_tick_lower_it_is() {
		// Bought 1 BTC at 10,000.0 with 400: maintenance 2 % of notional.
		let terms = btc();
		let leg = Leg {
			terms: &terms,
			lots: 1_000,
			cost: 10_000_000_000,
			funding: Accrual::default(),
			price: Ticks(97_960),
		};
		let health = |price| Health::of(400_000_000, [leg.at(price)]);
		assert_eq!(health(Ticks(97_960)).maintenance, 195_920_000);
		assert_eq!(health(Ticks(97_960)).equity, 196_000_000);
		assert!(!health(Ticks(97_960)).liquidatable());
		assert!(health(Ticks(97_959)).liquidatable());
	}

	proptest! {
		#[test]
		fn health_never_falls_when_the_price_moves_in_favour(
			lots in prop_oneof![-5_000_000i64..-1, 1i64..5_000_000],
			cost in -(1i128 << 50)..1 << 50,
			price in 2u32..u32::MAX - 1,
			index in -(1i128 << 60)..1 << 60,
			by in 0i128..1 << 50,
		) {
			let terms = btc();
			let funding = Accrual { since: index - 12_345, now: index };
			let leg = Leg { terms: &terms, lots, cost, funding, price: Ticks(price) };
			let better = if lots > 0 { price + 1 } else { price - 1 };
			prop_assert!(leg.at(Ticks(better)).contribution() >= leg.contribution());
			let better = index - lots.signum() as i128 * by;
			prop_assert!(leg.under(better).contribution() >= leg.contribution());
		}
	}
}
