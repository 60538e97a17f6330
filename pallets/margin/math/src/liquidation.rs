//! How an account that is under its maintenance margin is closed.

use crate::{
	arithmetic::{mul_div_ceil, mul_div_floor, signed},
	Health, Leg, Ppm,
};
use breakwater_core::units::{Lots, Ticks};

/// A liquidation restores equity to this multiple of maintenance margin.
pub const TARGET: Ppm = Ppm(1_100_000);
/// A position is closed whole when what is left would be worth less, in quote units.
pub const MIN_REST: u128 = 1_000_000_000;

/// Blocks after which all of a position may be closed at once.
pub const RAMP_BLOCKS: u32 = 10;
/// From this part of the maintenance margin on a liquidation takes its time.
const SPARE: Ppm = Ppm(666_667);

/// The part of the account's equity that stands behind `leg`: by its share of maintenance margin,
/// rounded down. With a single position that is all of it.
pub fn equity_share(health: &Health, leg: &Leg<'_>) -> i128 {
	let (part, whole) = (leg.maintenance(), health.maintenance);
	if part == whole || whole == 0 {
		return health.equity;
	}
	let size = health.equity.unsigned_abs();
	if health.equity >= 0 {
		signed(mul_div_floor(size, part, whole))
	} else {
		-signed(mul_div_ceil(size, part, whole))
	}
}

/// The price at which closing `leg` uses up `equity`, its share of the account's equity; rounded
/// in favour of the pool, up for a long and down for a short. At least one tick.
pub fn bankruptcy_price(leg: &Leg<'_>, equity: i128) -> Ticks {
	let per_tick = leg.size().0 as u128 * leg.terms.contract.unit as u128;
	let ticks = equity.div_euclid(signed(per_tick.max(1)));
	let price = leg.price.0 as i128;
	let moved =
		if leg.lots > 0 { price.saturating_sub(ticks) } else { price.saturating_add(ticks) };
	Ticks(moved.clamp(1, u32::MAX as i128) as u32)
}

/// The slippage against the examined price that the size of a liquidation allows for.
fn slippage(rate: Ppm) -> Ppm {
	Ppm(rate.0 / 4)
}

/// What closing a notional value frees at a maintenance rate, per notional value, after slippage
/// and penalty; nothing when closing does not help.
fn relief_rate(leg: &Leg<'_>, rate: Ppm) -> Ppm {
	Ppm(TARGET.mul_floor(rate.0 as u128) as u32)
		.saturating_sub(slippage(rate))
		.saturating_sub(leg.terms.liquidation_fee)
}

/// How much closing all of `leg` would relieve the account: legs are closed by descending relief.
pub fn relief(leg: &Leg<'_>) -> u128 {
	let notional = leg.notional();
	relief_rate(leg, leg.terms.top_rate(notional)).mul_floor(notional)
}

/// The lots of `leg` to close so that equity comes to [`TARGET`] times maintenance margin. All of
/// them when the account has less than half its maintenance margin, when the rest would be worth
/// less than [`MIN_REST`], or when closing cannot restore it.
pub fn close_size(health: &Health, leg: &Leg<'_>) -> Lots {
	let all = leg.size();
	if health.equity.saturating_mul(2) < signed(health.maintenance) {
		return all;
	}
	let target = signed(TARGET.mul_ceil(health.maintenance));
	let Ok(mut need) = u128::try_from(target.saturating_sub(health.equity)) else {
		return Lots::ZERO;
	};
	// Closing takes the top bracket first, and each bracket frees less than the one above it.
	let (mut left, mut close) = (leg.notional(), 0u128);
	for bracket in leg.terms.brackets.iter().rev() {
		let width = left.saturating_sub(bracket.floor);
		let rate = relief_rate(leg, bracket.rate);
		let freed = rate.mul_floor(width);
		if need == 0 {
			break;
		}
		if freed >= need {
			close = close.saturating_add(mul_div_ceil(need, 1_000_000, rate.0 as u128));
			need = 0;
		} else {
			close = close.saturating_add(width);
			need -= freed;
		}
		left = left.min(bracket.floor);
	}
	let per_lot = (leg.price.0 as u128 * leg.terms.contract.unit as u128).max(1);
	let lots = Lots(u64::try_from(close.div_ceil(per_lot)).unwrap_or(u64::MAX));
	let rest = leg.terms.contract.notional(all.saturating_sub(lots), leg.price);
	if need > 0 || rest < MIN_REST {
		all
	} else {
		lots.min(all)
	}
}

/// The lots of `leg` to close in one visit, `age` blocks after the liquidation began: what restores
/// the account, as far as the ramp goes; all of them when the rest would be worth less than
/// [`MIN_REST`].
pub fn step(health: &Health, leg: &Leg<'_>, age: u32) -> Lots {
	let all = leg.size();
	let lots = close_size(health, leg).min(ramp(health, all, age));
	let rest = leg.terms.contract.notional(all.saturating_sub(lots), leg.price);
	if rest < MIN_REST {
		all
	} else {
		lots
	}
}

/// How badly an account stands, from 0, which is bankrupt, to 15: the part of its maintenance margin
/// that its equity still is.
pub fn severity(health: &Health) -> u8 {
	let equity = u128::try_from(health.equity).unwrap_or(0).min(health.maintenance);
	mul_div_floor(equity, 15, health.maintenance.max(1)).min(15) as u8
}

/// How far from the examined price a liquidation may trade in the book: from a quarter of the
/// maintenance rate for an account at its margin to one and a half of it for a bankrupt one.
fn reach(health: &Health, leg: &Leg<'_>) -> Ppm {
	let equity = u128::try_from(health.equity).unwrap_or(0).min(health.maintenance);
	let ratio = mul_div_floor(equity, 1_000_000, health.maintenance.max(1)).min(1_000_000) as u32;
	let factor = Ppm(250_000 + (Ppm(1_250_000).mul_ceil(1_000_000 - ratio as u128)) as u32);
	Ppm(factor.mul_floor(leg.terms.top_rate(leg.notional()).0 as u128) as u32)
}

/// The worst price at which `leg` may be closed into the book: never beyond its bankruptcy price, so
/// that fills draw on no fund.
pub fn book_limit(health: &Health, leg: &Leg<'_>, bankruptcy: Ticks) -> Ticks {
	let distance = reach(health, leg).mul_floor(leg.price.0 as u128) as u32;
	if leg.lots > 0 {
		Ticks(leg.price.0.saturating_sub(distance).max(bankruptcy.0).max(1))
	} else {
		Ticks(leg.price.0.saturating_add(distance).min(bankruptcy.0))
	}
}

/// The part of a position that may be closed `age` blocks after its liquidation began: a fifth at
/// once and 8 % more with each block, all of it after [`RAMP_BLOCKS`]. Below [`SPARE`] of the
/// maintenance margin nothing waits.
pub fn ramp(health: &Health, lots: Lots, age: u32) -> Lots {
	let near = health.equity < signed(SPARE.mul_ceil(health.maintenance));
	if near || age >= RAMP_BLOCKS {
		return lots;
	}
	let part = Ppm(200_000 + 80_000 * age);
	Lots(u64::try_from(part.mul_ceil(lots.0.into())).unwrap_or(u64::MAX)).min(lots)
}

/// The penalty for having closed `lots` of `leg` for `notional` in all: the fee, as far as the
/// closing left something above the bankruptcy price.
pub fn penalty(leg: &Leg<'_>, lots: Lots, notional: u128, bankruptcy: Ticks) -> u128 {
	let at_bankruptcy = leg.terms.contract.notional(lots, bankruptcy);
	let surplus = if leg.lots > 0 {
		notional.saturating_sub(at_bankruptcy)
	} else {
		at_bankruptcy.saturating_sub(notional)
	};
	leg.terms.liquidation_fee.mul_ceil(notional).min(surplus)
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{terms::tests::btc, Accrual, RiskTerms};
	use breakwater_core::units::Contract;
	use proptest::prelude::*;

	#[test]
	fn bankruptcy_price_matches_the_vector() {
		// Entry 100, collateral 5 for each lot: 95.00, in ticks of 0.01.
		let terms = RiskTerms { contract: Contract { unit: 10_000 }, ..btc() };
		let leg = Leg {
			terms: &terms,
			lots: 7,
			cost: 7 * 100_000_000,
			funding: Accrual::default(),
			price: Ticks(10_000),
		};
		let health = Health::of(7 * 5_000_000, [leg]);
		assert_eq!(bankruptcy_price(&leg, equity_share(&health, &leg)), Ticks(9_500));
		let short = Leg { lots: -7, cost: -7 * 100_000_000, ..leg };
		let health = Health::of(7 * 5_000_000, [short]);
		assert_eq!(bankruptcy_price(&short, equity_share(&health, &short)), Ticks(10_500));
		// It does not depend on the price at which it is computed.
		let health = Health::of(7 * 5_000_000, [leg.at(Ticks(9_600))]);
		let share = equity_share(&health, &leg.at(Ticks(9_600)));
		assert_eq!(bankruptcy_price(&leg.at(Ticks(9_600)), share), Ticks(9_500));
		// A bankrupt's price is on the other side.
		assert_eq!(bankruptcy_price(&leg.at(Ticks(9_400)), -70_001), Ticks(9_402));
	}

	#[test]
	fn the_book_limit_widens_as_equity_shrinks_and_respects_bankruptcy() {
		let terms = btc();
		let leg = Leg {
			terms: &terms,
			lots: 1_000,
			cost: 10_000_000_000,
			funding: Accrual::default(),
			price: Ticks(100_000),
		};
		let limit = |equity| {
			let health = Health { equity, maintenance: leg.maintenance() };
			book_limit(&health, &leg, bankruptcy_price(&leg, equity))
		};
		assert_eq!(limit(200_000_000), Ticks(99_500));
		assert_eq!(limit(100_000_000), Ticks(99_000));
		assert_eq!(limit(50_000_000), Ticks(99_500));
		assert_eq!(limit(0), Ticks(100_000));
		assert_eq!(limit(-10_000_000), Ticks(100_100));
	}

	#[test]
	fn a_liquidation_takes_ten_blocks_unless_little_is_left() {
		let at = |equity, age| ramp(&Health { equity, maintenance: 300 }, Lots(1_000), age).0;
		assert_eq!(
			[0, 1, 5, 9, 10, 99].map(|age| at(250, age)),
			[200, 280, 600, 920, 1_000, 1_000]
		);
		assert_eq!((at(201, 0), at(200, 0), at(-5, 0)), (200, 1_000, 1_000));
	}

	#[test]
	fn the_surplus_over_bankruptcy_pays_the_penalty_as_in_the_vector() {
		// Bankrupt at 95, filled at 96 with 1.5 %: the smaller of 1 and 1.44.
		let contract = Contract { unit: 10_000 };
		let terms = RiskTerms { contract, liquidation_fee: Ppm(15_000), ..btc() };
		let funding = Accrual::default();
		let leg = Leg { terms: &terms, lots: 1, cost: 0, funding, price: Ticks(10_000) };
		assert_eq!(penalty(&leg, Lots(1), 96_000_000, Ticks(9_500)), 1_000_000);
	}

	#[test]
	fn severity_is_the_part_of_the_margin_that_is_left() {
		let at = |equity| severity(&Health { equity, maintenance: 150 });
		assert_eq!([-1, 0, 9, 10, 75, 149, 150].map(at), [0, 0, 0, 1, 7, 14, 15]);
	}

	#[test]
	fn a_small_rest_is_closed_whole() {
		let terms = btc();
		let leg = Leg {
			terms: &terms,
			lots: 110,
			cost: 0,
			funding: Accrual::default(),
			price: Ticks(100_000),
		};
		let health = Health { equity: 21_000_000, maintenance: 22_000_000 };
		assert_eq!(close_size(&health, &leg), Lots(110));
	}

	#[test]
	fn the_penalty_stops_at_the_bankruptcy_price() {
		let terms = btc();
		let leg = Leg {
			terms: &terms,
			lots: 100,
			cost: 0,
			funding: Accrual::default(),
			price: Ticks(100_000),
		};
		let notional = terms.contract.notional(Lots(100), Ticks(100_000));
		assert_eq!(penalty(&leg, Lots(100), notional, Ticks(95_000)), 5_000_000);
		assert_eq!(penalty(&leg, Lots(100), notional, Ticks(99_900)), 1_000_000);
		assert_eq!(penalty(&leg, Lots(100), notional, Ticks(100_001)), 0);
	}

	proptest! {
		#[test]
		fn closing_the_size_restores_health(
			lots in prop_oneof![-2_000_000i64..-1, 1i64..2_000_000],
			price in 1_000u32..1_000_000,
			percent in 50u128..100,
		) {
			let terms = btc();
			let leg = Leg { terms: &terms, lots, cost: 0, funding: Accrual::default(), price: Ticks(price) };
			let maintenance = leg.maintenance();
			let health = Health { equity: signed(maintenance * percent / 100), maintenance };
			let close = close_size(&health, &leg);
			prop_assert!(close <= leg.size());
			let value = terms.contract.notional(close, Ticks(price));
			let rest = terms.contract.notional(Lots(leg.size().0 - close.0), Ticks(price));
			let paid = terms.liquidation_fee.mul_ceil(value);
			let after = health.equity - signed(paid);
			prop_assert!(after >= signed(terms.maintenance(rest)), "{after} {rest} {close:?}");
		}

		#[test]
		fn closing_at_bankruptcy_uses_up_the_equity_and_no_more(
			lots in prop_oneof![-2_000_000i64..-1, 1i64..2_000_000],
			price in 1_000u32..1_000_000,
			percent in 0u128..100,
		) {
			let terms = btc();
			let leg = Leg { terms: &terms, lots, cost: 0, funding: Accrual::default(), price: Ticks(price) };
			let equity = signed(leg.maintenance() * percent / 100);
			let at = leg.at(bankruptcy_price(&leg, equity));
			let left = equity + at.unrealised() - leg.unrealised();
			prop_assert!(left >= 0);
			prop_assert!(left < signed(leg.size().0 as u128 * terms.contract.unit as u128));
		}
	}
}
