//! The seams of the insurance funds: to the clearing house, and to what they insure.

use crate::{Amount, Balance, MarketId, Ppm};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// Parts per billion in one whole.
const BILLION: u128 = 1_000_000_000;

/// Takes penalties and covers deficits. All amounts are claims on the custody account: no token
/// moves, the clearing house's ledger and the funds change by the same amount.
pub trait Backstop {
	/// `amount` was taken from a liquidated account of `market`.
	fn penalty(market: MarketId, amount: Balance);
	/// An account of `market` is left with `deficit`. Returns the part that the funds paid: market
	/// fund first, then the global fund.
	fn cover(market: MarketId, deficit: Balance) -> Balance;
	/// What [`Backstop::cover`] would pay of `deficit` now. Nothing is drawn.
	fn coverable(market: MarketId, deficit: Balance) -> Balance;
	/// The sum of all funds: what insurance claims of the custody account.
	fn total() -> Balance;
	/// What fills in `market` pay to the funds now.
	fn charges(_market: MarketId) -> Charges {
		Charges::default()
	}
	/// `amount` that belonged to nobody any more, and to no market, is offered to the funds. Returns whether
	/// they took it.
	fn found(_amount: Balance) -> bool {
		false
	}
	/// `premium` was taken from opening fills of `market` for its fund, and `surcharge` from takers
	/// to repay the global fund.
	fn charged(_market: MarketId, _premium: Balance, _surcharge: Balance) {}
	/// `market` is settled and what its winners receive is known: its fund waits for late claims and
	/// is then no longer needed.
	fn wind_down(_market: MarketId) {}
}

/// What fills pay to the insurance funds, in parts per billion of notional value.
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
pub struct Charges {
	/// Of what a fill opens, by an account with a margin ratio of 10 % or more. The clearing house
	/// multiplies by [`premium_multiplier`].
	pub premium: u32,
	/// Of all that a taker trades, until the market has repaid what it drew from the global fund.
	pub surcharge: u32,
}

impl Charges {
	/// The premium in quote units, rounded up, for `opened` notional value by an account with this
	/// [`premium_multiplier`].
	pub const fn premium_on(&self, opened: Balance, multiplier: Ppm) -> Balance {
		multiplier.mul_ceil(part(opened, self.premium))
	}
	/// The surcharge in quote units, rounded up, for `traded` notional value of a taker.
	pub const fn surcharge_on(&self, traded: Balance) -> Balance {
		part(traded, self.surcharge)
	}
	/// Whether nothing is charged, so that the charges need not be computed.
	pub const fn is_zero(&self) -> bool {
		self.premium == 0 && self.surcharge == 0
	}
}

/// `ppb` billionths of `amount`, rounded up; the largest value where that does not fit.
const fn part(amount: Balance, ppb: u32) -> Balance {
	let (whole, rest) = (amount / BILLION, amount % BILLION);
	whole.saturating_mul(ppb as u128).saturating_add((rest * ppb as u128).div_ceil(BILLION))
}

/// By how much the premium of an account rises with its leverage: 10 % over the margin ratio that it
/// has after the fill (`equity` over the `notional` value of its positions), at least one and at most
/// four, rounded up.
pub const fn premium_multiplier(equity: Amount, notional: Balance) -> Ppm {
	const ONE: u128 = 1_000_000;
	const MOST: u128 = 4 * ONE;
	// Without equity the ratio is as low as it may be.
	if equity <= 0 {
		return if notional == 0 { Ppm::one() } else { Ppm(MOST as u32) };
	}
	let tenth = notional.div_ceil(10);
	let equity = equity as u128;
	// Both are halved alike where the product would not fit; only the last digits are lost.
	let shift = 128 - ONE.leading_zeros();
	let (tenth, equity) = match tenth.checked_mul(ONE) {
		Some(_) => (tenth, equity),
		None => ((tenth >> shift) + 1, (equity >> shift) + 1),
	};
	let multiplier = (tenth * ONE).div_ceil(equity);
	Ppm(match multiplier {
		m if m < ONE => ONE as u32,
		m if m > MOST => MOST as u32,
		m => m as u32,
	})
}

/// How much insurance a market is to have, and what it pays for it.
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
pub struct CoverTerms {
	/// The size that its fund should have, as a fraction of its open interest.
	pub target: Ppm,
	/// The premium of a calm day with a full fund, in parts per billion of notional value opened.
	pub premium: u32,
	/// What takers pay until the global fund is repaid, in parts per billion of notional value.
	pub surcharge: u32,
}

impl CoverTerms {
	/// The most liquid markets: half a percent of open interest; 0.15 and 1 basis points.
	pub const TIER_A: Self = Self { target: Ppm(5_000), premium: 15_000, surcharge: 100_000 };
	/// Liquid markets: 2 % of open interest; 0.5 and 2 basis points.
	pub const TIER_B: Self = Self { target: Ppm(20_000), premium: 50_000, surcharge: 200_000 };
	/// Thin markets: 6 % of open interest; 2 and 4 basis points.
	pub const TIER_C: Self = Self { target: Ppm(60_000), premium: 200_000, surcharge: 400_000 };
}

/// What is insured: read once an hour for each market.
pub trait Exposure {
	/// The terms of cover of `market`; `None` when there is no such market.
	fn terms(market: MarketId) -> Option<CoverTerms>;
	/// The notional value of the open interest of `market` at its index, in quote units.
	fn notional(market: MarketId) -> Balance;
	/// The present volatility of `market` over its usual one. What is below one counts as one, what
	/// is above two as two.
	fn volatility(_market: MarketId) -> Ppm {
		Ppm::one()
	}
}

impl Exposure for () {
	fn terms(_: MarketId) -> Option<CoverTerms> {
		None
	}
	fn notional(_: MarketId) -> Balance {
		0
	}
}

impl Backstop for () {
	fn penalty(_: MarketId, _: Balance) {}
	fn cover(_: MarketId, _: Balance) -> Balance {
		0
	}
	fn coverable(_: MarketId, _: Balance) -> Balance {
		0
	}
	fn total() -> Balance {
		0
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn the_premium_rises_from_one_to_four_as_the_margin_ratio_falls() {
		for (equity, multiplier) in [
			(1_000, 1_000_000),
			(500, 1_000_000),
			(100, 1_000_000),
			(99, 1_010_102),
			(80, 1_250_000),
			(50, 2_000_000),
			(25, 4_000_000),
			(24, 4_000_000),
			(1, 4_000_000),
			(0, 4_000_000),
			(-5, 4_000_000),
		] {
			assert_eq!(premium_multiplier(equity, 1_000), Ppm(multiplier), "{equity}");
		}
		assert_eq!(premium_multiplier(0, 0), Ppm::one());
		assert_eq!(premium_multiplier(5, 0), Ppm::one());
	}

	#[test]
	fn the_multiplier_of_the_largest_amounts_does_not_overflow() {
		assert_eq!(premium_multiplier(1, u128::MAX), Ppm(4_000_000));
		assert_eq!(premium_multiplier(i128::MAX, u128::MAX), Ppm::one());
		let half = premium_multiplier(1 << 110, 20 << 110);
		assert!((1_999_990..=2_000_010).contains(&half.0), "{half:?}");
	}

	#[test]
	fn charges_are_rounded_up_and_multiplied() {
		let charges = Charges { premium: 15_000, surcharge: 100_000 };
		// 0.15 basis points of a million quote units of six decimals: 15 units.
		assert_eq!(charges.premium_on(1_000_000_000_000, Ppm::one()), 15_000_000);
		assert_eq!(charges.premium_on(1_000_000_000_000, Ppm(4_000_000)), 60_000_000);
		assert_eq!(charges.premium_on(1, Ppm::one()), 1);
		assert_eq!(charges.surcharge_on(1_000_000_000_000), 100_000_000);
		assert_eq!(charges.surcharge_on(0), 0);
		assert_eq!(Charges { surcharge: u32::MAX, ..charges }.surcharge_on(u128::MAX), u128::MAX);
		assert!(Charges::default().is_zero() && !charges.is_zero());
	}
}
