//! Collateral other than the quote asset: what it is worth, how a cut of its weight runs, what its sale
//! asks, and where its trigger waits.
//!
//! An asset has one published scalar, its *value* `Y = floor(8 * weight * price)`: eighths of a tick
//! that a lot of it adds to equity. Price and haircut both move it, so one threshold on it sees both.
//!
//! ```text
//!   worth of c units     floor(c * Y * unit / (8 * per lot))     never falls while Y rises
//!   a cut of the weight  |-- an hour's notice --|-- 1 % of it a minute --| done
//!   a sale asks          105 % of the price, 2 points less each minute, and never less than Y
//! ```

use crate::{
	arithmetic::{mul_div_ceil, mul_div_floor},
	Ppm,
};
use breakwater_core::units::{Contract, Ticks};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// Steps of a value for each tick of the price.
const STEPS: u32 = 8;
/// The largest amount of an asset that an account, or all together, may hold, in its smallest unit. It
/// keeps every product inside 128 bits.
pub const MAX_AMOUNT: u128 = 1 << 90;
/// What the initial weight must stay below the maintenance weight.
pub const WEIGHT_GAP: Ppm = Ppm(50_000);
/// What counts for initial margin of an asset while its account is long the same underlying.
pub const WRONG_WAY: Ppm = Ppm(900_000);

/// How long before a cut of a maintenance weight begins it is announced, in milliseconds.
pub const NOTICE: u64 = 3_600_000;
/// The part of the weight that a cut takes away each minute.
const CUT_RATE: Ppm = Ppm(10_000);
/// A minute in milliseconds.
const MINUTE: u64 = 60_000;
/// A day in milliseconds.
const DAY: u128 = 86_400_000;

/// What a sale asks at its start, of the price.
const SALE_START: Ppm = Ppm(1_050_000);
/// What a sale asks less each minute, of the price.
const SALE_FALL: u32 = 20_000;

/// The part of its collateral's worth that an account may owe before the collateral is sold.
pub const DEBT_CAP: Ppm = Ppm(500_000);
/// The part of the quote asset in custody that all accounts together may owe before collateral is sold.
pub const TOTAL_DEBT_CAP: Ppm = Ppm(200_000);
/// Interest on a negative quote balance for a day: 18 % a year.
pub const INTEREST: Ppm = Ppm(500);

/// What a lot of an asset adds to equity, in eighths of a tick. Never the largest number, above which
/// no trigger could wait.
#[derive(
	Clone,
	Copy,
	Debug,
	Default,
	PartialEq,
	Eq,
	PartialOrd,
	Ord,
	Encode,
	Decode,
	DecodeWithMemTracking,
	MaxEncodedLen,
	TypeInfo,
)]
pub struct Value(pub u32);

impl Value {
	/// The largest value.
	pub const MAX: Self = Self(u32::MAX - 1);

	const fn fitting(value: u128) -> Self {
		if value >= Self::MAX.0 as u128 {
			Self::MAX
		} else {
			Self(value as u32)
		}
	}
	/// The value at a price under a weight, rounded down.
	pub const fn of(price: Ticks, weight: Ppm) -> Self {
		Self::fitting(weight.mul_floor(price.0 as u128 * STEPS as u128))
	}
	/// What a sale asks for a lot `elapsed` milliseconds after it began, where a lot trades at `price`
	/// and `self` is its value: so the sale never takes from anybody's equity.
	pub const fn asked(self, price: Ticks, elapsed: u64) -> Self {
		let fallen = elapsed as u128 * SALE_FALL as u128 / MINUTE as u128;
		let fallen = if fallen > u32::MAX as u128 { u32::MAX } else { fallen as u32 };
		let factor = SALE_START.saturating_sub(Ppm(fallen));
		let asked = Self::fitting(factor.mul_ceil(price.0 as u128 * STEPS as u128));
		if asked.0 > self.0 {
			asked
		} else {
			self
		}
	}
	/// The same number where the trigger trees count ticks.
	pub const fn as_ticks(self) -> Ticks {
		Ticks(self.0)
	}
}

/// How amounts of an asset turn into quote units.
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
pub struct Scale {
	/// What one tick times one lot is worth, as in the market that prices the asset.
	pub contract: Contract,
	/// The smallest units of the asset in a lot.
	pub per_lot: u128,
}

impl Scale {
	/// Whether it can be computed with: neither part is zero, a lot no more than [`MAX_AMOUNT`].
	pub const fn is_sound(&self) -> bool {
		self.contract.unit > 0 && self.per_lot > 0 && self.per_lot <= MAX_AMOUNT
	}
	const fn per_step(&self) -> u128 {
		self.per_lot.saturating_mul(STEPS as u128)
	}
	const fn in_quote(&self, value: Value) -> u128 {
		value.0 as u128 * self.contract.unit as u128
	}
	/// What `amount` is worth at a value, in quote units, rounded down.
	pub fn worth(&self, amount: u128, value: Value) -> u128 {
		mul_div_floor(amount, self.in_quote(value), self.per_step())
	}
	/// What `amount` costs at a value, in quote units, rounded up.
	pub fn cost(&self, amount: u128, value: Value) -> u128 {
		mul_div_ceil(amount, self.in_quote(value), self.per_step())
	}
	/// The least amount that costs at least `quote` at a value; the largest where none does.
	pub fn amount_for(&self, quote: u128, value: Value) -> u128 {
		match self.in_quote(value) {
			0 => u128::MAX,
			price => mul_div_ceil(quote, self.per_step(), price),
		}
	}
	/// The least value at which `amount`, which is not nothing, is worth at least `quote`; the largest
	/// where none is enough.
	fn value_for(&self, amount: u128, quote: u128) -> Value {
		let unit = self.contract.unit as u128;
		Value::fitting(mul_div_ceil(quote, self.per_step(), amount.saturating_mul(unit)))
	}
}

/// An asset in an account as health sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holding {
	/// How amounts turn into quote units.
	pub scale: Scale,
	/// The amount, in the asset's smallest unit; at most [`MAX_AMOUNT`].
	pub amount: u128,
	/// The published value.
	pub value: Value,
}

impl Holding {
	/// What it adds to equity, in quote units. It never falls while the value rises.
	pub fn worth(&self) -> u128 {
		self.scale.worth(self.amount, self.value)
	}
	/// The same amount at another value.
	pub const fn at(self, value: Value) -> Self {
		Self { value, ..self }
	}
	/// The threshold that fires when the holding has lost more than `budget`; `None` when no value
	/// takes that much from it.
	pub fn threshold(&self, budget: u128) -> Option<Value> {
		let least = self.worth().saturating_sub(budget);
		if least == 0 {
			return None;
		}
		let good = self.scale.value_for(self.amount, least).min(self.value);
		Some(Value(good.0.saturating_sub(1)))
	}
	/// The threshold that stays crossed until the holding has gained `need`, which is more than
	/// nothing. Where no value gives that much it is always crossed.
	pub fn recovery(&self, need: u128) -> Value {
		let goal = self.worth().saturating_add(need);
		let good = match self.amount {
			0 => Value::MAX,
			amount => self.scale.value_for(amount, goal),
		};
		Value(good.0.saturating_sub(1).max(self.value.0))
	}
	/// Whether the value has come to the threshold.
	pub const fn crossed(&self, armed: Option<Value>) -> bool {
		match armed {
			Some(threshold) => self.value.0 <= threshold.0,
			None => false,
		}
	}
	/// The holding at the worst value that a threshold does not see.
	pub const fn unseen(self, armed: Option<Value>) -> Self {
		match armed {
			Some(threshold) => self.at(Value(threshold.0.saturating_add(1))),
			None => self.at(Value(0)),
		}
	}
}

/// What holdings add to equity together, in quote units.
pub fn worth(holdings: &[Holding]) -> u128 {
	holdings.iter().fold(0, |sum: u128, holding| sum.saturating_add(holding.worth()))
}

/// A cut of a maintenance weight under way: announced an hour before it begins, then one part in a
/// hundred of the weight each minute, so that holders can act and nobody is jumped over.
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
pub struct Cut {
	/// The weight before.
	pub from: Ppm,
	/// The weight afterwards.
	pub to: Ppm,
	/// When it begins, in milliseconds of chain time.
	pub begins: u64,
}

impl Cut {
	/// A cut announced at `now`.
	pub const fn announced(from: Ppm, to: Ppm, now: u64) -> Self {
		Self { from, to, begins: now.saturating_add(NOTICE) }
	}
	/// The weight at `now`. A clock that lags changes nothing.
	pub fn at(&self, now: u64) -> Ppm {
		let elapsed = u128::from(now.saturating_sub(self.begins));
		let each = CUT_RATE.mul_floor(self.from.0.into()).max(1);
		let taken = each.saturating_mul(elapsed) / u128::from(MINUTE);
		self.from.saturating_sub(Ppm(u32::try_from(taken).unwrap_or(u32::MAX))).max(self.to)
	}
}

/// Interest on `debt` quote units for `elapsed` milliseconds, in quote units, rounded up.
pub fn interest(debt: u128, elapsed: u64) -> u128 {
	mul_div_ceil(debt, u128::from(elapsed).saturating_mul(INTEREST.0.into()), 1_000_000 * DAY)
}

#[cfg(test)]
mod tests {
	use super::*;
	use proptest::prelude::*;

	/// ETH with 18 decimals in a market with ticks of 0.01 and lots of 0.01.
	fn ether() -> Scale {
		Scale { contract: Contract { unit: 100 }, per_lot: 10_000_000_000_000_000 }
	}

	#[test]
	fn an_asset_is_worth_its_price_less_the_haircut() {
		// 2 ETH at 2,000.00 with a weight of 0.9.
		let value = Value::of(Ticks(200_000), Ppm(900_000));
		assert_eq!(value, Value(1_440_000));
		let held = Holding { scale: ether(), amount: 2_000_000_000_000_000_000, value };
		assert_eq!(held.worth(), 3_600_000_000);
		// Less than a quote unit is nothing to the holder and one to the buyer.
		assert_eq!(ether().worth(1, value), 0);
		assert_eq!(ether().cost(1, value), 1);
		assert_eq!(ether().amount_for(1_800_000_000, value), 1_000_000_000_000_000_000);
		assert_eq!(ether().amount_for(1, Value(0)), u128::MAX);
		assert_eq!(Value::of(Ticks(u32::MAX), Ppm::one()), Value::MAX);
	}

	#[test]
	fn a_threshold_is_the_exact_inverse_of_the_worth() {
		let value = Value::of(Ticks(200_000), Ppm(900_000));
		let held = Holding { scale: ether(), amount: 1_000_000_000_000_000_000, value };
		// 1,800 may lose 180: at nine tenths of the value it has not lost more.
		let threshold = held.threshold(180_000_000).unwrap();
		assert_eq!(threshold, Value(1_295_999));
		assert_eq!(held.unseen(Some(threshold)).worth(), 1_620_000_000);
		assert_eq!(held.threshold(1_800_000_000), None);
		assert_eq!(held.threshold(0), Some(Value(1_439_999)));
		// It lacks 180: crossed until it is worth 1,980.
		assert_eq!(held.recovery(180_000_000), Value(1_583_999));
		assert!(held.crossed(Some(held.recovery(180_000_000))));
		assert!(!held.crossed(None));
	}

	#[test]
	fn a_cut_waits_an_hour_and_takes_one_percent_a_minute() {
		let cut = Cut::announced(Ppm(900_000), Ppm(700_000), 5_000);
		let after = |millis| cut.at(5_000 + millis);
		assert_eq!(after(0), Ppm(900_000));
		assert_eq!(after(NOTICE), Ppm(900_000));
		assert_eq!(after(NOTICE + MINUTE), Ppm(891_000));
		assert_eq!(after(NOTICE + 10 * MINUTE), Ppm(810_000));
		assert_eq!(after(NOTICE + 22 * MINUTE), Ppm(702_000));
		assert_eq!(after(NOTICE + 23 * MINUTE), Ppm(700_000));
		assert_eq!(cut.at(0), Ppm(900_000));
		assert_eq!(cut.at(u64::MAX), Ppm(700_000));
	}

	#[test]
	fn a_sale_begins_above_the_price_and_ends_at_the_value() {
		let price = Ticks(200_000);
		let value = Value::of(price, Ppm(900_000));
		let after = |minutes| value.asked(price, minutes * MINUTE).0;
		assert_eq!(after(0), 1_680_000);
		assert_eq!(after(1), 1_648_000);
		assert_eq!(value.asked(price, 150_000).0, 1_600_000);
		assert_eq!(after(7), 1_456_000);
		assert_eq!(after(8), 1_440_000);
		assert_eq!(value.asked(price, u64::MAX), value);
	}

	#[test]
	fn a_year_of_interest_is_eighteen_percent_and_a_quarter() {
		assert_eq!(interest(1_000_000_000, 86_400_000), 500_000);
		assert_eq!(interest(1_000_000_000, 365 * 86_400_000), 182_500_000);
		assert_eq!(interest(1, 1), 1);
		assert_eq!(interest(0, u64::MAX), 0);
		assert_eq!(interest(5, 0), 0);
	}

	proptest! {
		#[test]
		fn worth_rises_with_the_value_and_thresholds_come_in_time(
			amount in 1u128..MAX_AMOUNT,
			per_lot in 1u128..1 << 70,
			unit in 1u32..1 << 20,
			value in 1u32..u32::MAX - 1,
			budget in 0u128..1 << 80,
		) {
			let scale = Scale { contract: Contract { unit }, per_lot };
			let held = Holding { scale, amount, value: Value(value) };
			prop_assert!(held.at(Value(value - 1)).worth() <= held.worth());
			prop_assert!(scale.cost(amount, held.value) >= held.worth());
			let threshold = held.threshold(budget);
			prop_assert!(!held.crossed(threshold));
			prop_assert!(held.worth() - held.unseen(threshold).worth() <= budget);
			if let Some(threshold) = threshold {
				// And not before they must.
				prop_assert!(held.worth() - held.at(threshold).worth() > budget);
			}
			let back = held.recovery(budget + 1);
			prop_assert!(held.crossed(Some(back)));
			let unseen = held.unseen(Some(back));
			prop_assert!(unseen.value > Value::MAX || back == Value(Value::MAX.0 - 1)
				|| unseen.worth() > held.worth() + budget);
		}

		#[test]
		fn a_sale_never_asks_less_than_what_equity_loses(
			amount in 1u128..1 << 80, part in 1u128..1 << 80,
			price in 1u32..1 << 28, weight in 0u32..1_000_000, elapsed in 0u64..3_600_000,
		) {
			let value = Value::of(Ticks(price), Ppm(weight));
			let held = Holding { scale: ether(), amount, value };
			let part = part.min(amount);
			let left = Holding { amount: amount - part, ..held };
			let paid = ether().cost(part, value.asked(Ticks(price), elapsed));
			prop_assert!(left.worth() + paid >= held.worth());
		}
	}
}
