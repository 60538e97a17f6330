//! The risk parameters of a market.

use crate::Ppm;
use breakwater_core::units::{Contract, Lots, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// The largest notional value that a side of a market may reach at any price, in quote units. It
/// keeps every sum and product of the clearing house, of funding with its 32 digits behind the point
/// as well, inside 128 bits.
pub const MAX_NOTIONAL: u128 = 1 << 96;
/// The highest maintenance rate of a bracket: from 100 % on a long would gain health when the price
/// falls.
pub const MAX_MAINTENANCE: Ppm = Ppm(500_000);

/// A marginal bracket of maintenance margin: what lies above `floor`, up to the next bracket, is
/// charged `rate`.
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
	Serialize,
	Deserialize,
)]
pub struct Bracket {
	/// Notional value from which the bracket applies, in quote units.
	pub floor: u128,
	/// Maintenance margin per notional value above the floor.
	pub rate: Ppm,
}

/// The risk parameters of a market.
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
	Serialize,
	Deserialize,
)]
pub struct RiskTerms {
	/// What one tick times one lot is worth.
	pub contract: Contract,
	/// Maintenance margin: marginal brackets with ascending floors and rates, the first floor zero.
	/// A market with fewer repeats the last one.
	pub brackets: [Bracket; 4],
	/// Initial margin as a multiple of maintenance margin; at least 2_000_000, which is two.
	pub initial_factor: Ppm,
	/// The highest leverage: initial margin is at least notional value divided by it. At least 1.
	pub max_leverage: u32,
	/// How much of an unrealised profit counts as initial equity: 100, 80 or 0 % by tier. It never
	/// counts for withdrawals and always counts in full for maintenance.
	pub profit_credit: Ppm,
	/// Penalty of a liquidation per notional value closed, as far as there is something left above
	/// the bankruptcy price. At most half the lowest maintenance rate.
	pub liquidation_fee: Ppm,
	/// The most lots that may be held long, which is also the most held short.
	pub max_open_interest: Lots,
	/// Open interest from which the initial margin of what is added grows, in lots.
	pub open_interest_lower: Lots,
	/// Open interest at which what is added must be paid for in full, in lots; equal to the lower
	/// bound where open interest does not matter below it.
	pub open_interest_upper: Lots,
}

/// Why risk parameters are refused.
#[derive(
	Clone,
	Copy,
	Debug,
	PartialEq,
	Eq,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub enum TermsError {
	/// The contract's unit is zero.
	Unit,
	/// Floors do not ascend from zero, or rates do not ascend from above zero to 50 %.
	Brackets,
	/// Initial margin below twice maintenance margin.
	InitialFactor,
	/// Leverage of zero.
	Leverage,
	/// More than all of a profit is credited.
	ProfitCredit,
	/// The penalty is more than half the lowest maintenance rate.
	LiquidationFee,
	/// The open interest allowed is zero, its notional value could exceed [`MAX_NOTIONAL`], or the
	/// bounds from and to which it weighs on initial margin do not ascend.
	OpenInterest,
}

impl RiskTerms {
	/// Whether the clearing house can work with these parameters.
	pub fn validate(&self) -> Result<(), TermsError> {
		let ensure = |ok: bool, error| if ok { Ok(()) } else { Err(error) };
		ensure(self.contract.unit > 0, TermsError::Unit)?;
		let ascending = self
			.brackets
			.windows(2)
			.all(|pair| pair[0].floor <= pair[1].floor && pair[0].rate <= pair[1].rate);
		let [first, .., last] = self.brackets;
		let bounded = first.floor == 0 && !first.rate.is_zero() && last.rate <= MAX_MAINTENANCE;
		ensure(ascending && bounded, TermsError::Brackets)?;
		ensure(self.initial_factor >= Ppm(2_000_000), TermsError::InitialFactor)?;
		ensure(self.max_leverage > 0, TermsError::Leverage)?;
		ensure(self.profit_credit <= Ppm::one(), TermsError::ProfitCredit)?;
		ensure(self.liquidation_fee.0 <= first.rate.0 / 2, TermsError::LiquidationFee)?;
		let cap = self.max_open_interest;
		let bounded = self.contract.notional(cap, Ticks::MAX) <= MAX_NOTIONAL;
		let ascending = self.open_interest_lower <= self.open_interest_upper;
		let bounded = bounded && ascending && cap.0 <= i64::MAX as u64 / 4;
		ensure(!cap.is_zero() && bounded, TermsError::OpenInterest)
	}

	/// Maintenance margin of a position of this notional value, rounded up once over all brackets.
	pub fn maintenance(&self, notional: u128) -> u128 {
		// In millionths, so that only the sum is rounded. A notional value is below 2^102 and a
		// rate below 2^19.
		let mut millionths = 0u128;
		for (i, bracket) in self.brackets.iter().enumerate() {
			let end = self.brackets.get(i + 1).map_or(u128::MAX, |next| next.floor);
			let inside = notional.min(end).saturating_sub(bracket.floor);
			millionths = millionths.saturating_add(inside.saturating_mul(bracket.rate.0 as u128));
		}
		millionths.div_ceil(1_000_000)
	}

	/// Initial margin of a position of this notional value, rounded up: the factor times
	/// maintenance, and at least what the leverage limit leaves.
	pub fn initial(&self, notional: u128) -> u128 {
		let by_factor = self.initial_factor.mul_ceil(self.maintenance(notional));
		by_factor.max(notional.div_ceil(self.max_leverage.max(1) as u128))
	}

	/// How far open interest of `lots` stands between the two bounds: nothing up to the lower, one
	/// from the upper on.
	pub fn crowding(&self, lots: Lots) -> Ppm {
		let (low, high) = (self.open_interest_lower.0, self.open_interest_upper.0);
		if lots.0 <= low {
			Ppm::ZERO
		} else if lots.0 >= high {
			Ppm::one()
		} else {
			let part = (lots.0 - low) as u128 * 1_000_000;
			Ppm(part.div_ceil((high - low) as u128) as u32)
		}
	}

	/// The initial margin fraction that a volatility of `sigma` per square root of a minute demands:
	/// 6.5 times what ten minutes move, no more than five times the base fraction or 50 %.
	pub fn volatility_floor(&self, sigma: Ppm) -> Ppm {
		// 6.5 * sqrt(10) = 20.5548.
		let wanted = sigma.0 as u128 * 205_548 / 10_000;
		let most = (self.base_initial().0 as u128 * 5).min(500_000);
		Ppm(wanted.min(most) as u32)
	}

	/// The maintenance rate at the top of a position of this notional value: what closing its first
	/// lots frees.
	pub fn top_rate(&self, notional: u128) -> Ppm {
		let mut rate = self.brackets[0].rate;
		for bracket in &self.brackets {
			if bracket.floor < notional {
				rate = bracket.rate;
			}
		}
		rate
	}

	/// The initial margin fraction of the smallest position.
	pub fn base_initial(&self) -> Ppm {
		Ppm(self.initial(1_000_000).min(u32::MAX as u128) as u32)
	}

	/// The maintenance margin fraction of the smallest position.
	pub const fn base_maintenance(&self) -> Ppm {
		self.brackets[0].rate
	}
}

#[cfg(test)]
pub(crate) mod tests {
	use super::*;
	use proptest::prelude::*;

	/// BTC-PERP of the presets: tier A, a tick of 0.1 and a lot of 0.001.
	pub(crate) fn btc() -> RiskTerms {
		let bracket = |floor: u128, rate| Bracket { floor: floor * 1_000_000, rate: Ppm(rate) };
		RiskTerms {
			contract: Contract { unit: 100 },
			brackets: [
				bracket(0, 20_000),
				bracket(250_000, 30_000),
				bracket(1_000_000, 50_000),
				bracket(5_000_000, 100_000),
			],
			initial_factor: Ppm(2_000_000),
			max_leverage: 20,
			profit_credit: Ppm::one(),
			liquidation_fee: Ppm(5_000),
			max_open_interest: Lots(100_000_000),
			open_interest_lower: Lots(50_000_000),
			open_interest_upper: Lots(100_000_000),
		}
	}

	#[test]
	fn sound_terms_are_accepted_and_each_fault_is_named() {
		assert_eq!(btc().validate(), Ok(()));
		let fault = |change: fn(&mut RiskTerms)| {
			let mut terms = btc();
			change(&mut terms);
			terms.validate()
		};
		assert_eq!(fault(|t| t.contract.unit = 0), Err(TermsError::Unit));
		assert_eq!(fault(|t| t.brackets[0].floor = 1), Err(TermsError::Brackets));
		assert_eq!(fault(|t| t.brackets[0].rate = Ppm(0)), Err(TermsError::Brackets));
		assert_eq!(fault(|t| t.brackets[2].rate = Ppm(1)), Err(TermsError::Brackets));
		assert_eq!(fault(|t| t.brackets[3].rate = Ppm(500_001)), Err(TermsError::Brackets));
		assert_eq!(fault(|t| t.initial_factor = Ppm(1_999_999)), Err(TermsError::InitialFactor));
		assert_eq!(fault(|t| t.max_leverage = 0), Err(TermsError::Leverage));
		assert_eq!(fault(|t| t.profit_credit = Ppm(1_000_001)), Err(TermsError::ProfitCredit));
		assert_eq!(fault(|t| t.liquidation_fee = Ppm(10_001)), Err(TermsError::LiquidationFee));
		assert_eq!(fault(|t| t.max_open_interest = Lots(0)), Err(TermsError::OpenInterest));
		assert_eq!(fault(|t| t.max_open_interest = Lots::MAX), Err(TermsError::OpenInterest));
		assert_eq!(fault(|t| t.open_interest_upper = Lots(1)), Err(TermsError::OpenInterest));
	}

	#[test]
	fn crowding_runs_from_the_lower_to_the_upper_bound() {
		let million = |m: u64| Lots(m * 1_000_000);
		let terms = RiskTerms {
			open_interest_lower: million(20),
			open_interest_upper: million(50),
			..btc()
		};
		assert_eq!(terms.crowding(million(20)), Ppm(0));
		assert_eq!(terms.crowding(million(35)), Ppm(500_000));
		assert_eq!(terms.crowding(million(50)), Ppm::one());
		assert_eq!(terms.crowding(Lots::MAX), Ppm::one());
		let step = RiskTerms { open_interest_upper: million(20), ..terms };
		assert_eq!(step.crowding(Lots(20_000_001)), Ppm::one());
	}

	#[test]
	fn volatility_demands_ten_minutes_of_it_up_to_a_cap() {
		assert_eq!(btc().volatility_floor(Ppm(0)), Ppm(0));
		// 0.5 % in a minute: 10.3 % initial margin; 5 % is the base.
		assert_eq!(btc().volatility_floor(Ppm(5_000)), Ppm(102_774));
		assert_eq!(btc().volatility_floor(Ppm(1_000_000)), Ppm(250_000));
	}

	#[test]
	fn brackets_are_marginal_and_round_up() {
		let quote = 1_000_000u128;
		assert_eq!(btc().maintenance(0), 0);
		assert_eq!(btc().maintenance(1), 1);
		assert_eq!(btc().maintenance(100_000 * quote), 2_000 * quote);
		assert_eq!(btc().maintenance(250_000 * quote), 5_000 * quote);
		assert_eq!(btc().maintenance(350_000 * quote), 8_000 * quote);
		assert_eq!(btc().initial(100_000 * quote), 5_000 * quote);
		assert_eq!(btc().initial(350_000 * quote), 17_500 * quote);
		assert_eq!(btc().top_rate(250_000 * quote), Ppm(20_000));
		assert_eq!(btc().top_rate(250_000 * quote + 1), Ppm(30_000));
		assert_eq!(btc().base_initial(), Ppm(50_000));
	}

	proptest! {
		#[test]
		fn margins_ascend_and_initial_is_at_least_twice_maintenance(
			a in 0u128..1 << 60, b in 0u128..1 << 60,
		) {
			let (low, high) = (a.min(b), a.max(b));
			prop_assert!(btc().maintenance(low) <= btc().maintenance(high));
			prop_assert!(btc().initial(low) <= btc().initial(high));
			prop_assert!(btc().initial(low) >= 2 * btc().maintenance(low));
			// No steeper than the highest rate, so that health is monotone in the price.
			let step = btc().maintenance(high) - btc().maintenance(low);
			prop_assert!(step <= (high - low).div_ceil(2) + 1);
		}
	}
}
