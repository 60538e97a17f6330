//! Where to place the triggers that wake an account before it can be liquidated.
//!
//! For each position an account keeps one threshold on the adverse side of the price. Rule (R): with
//! all prices at the last tick before their thresholds at once, the account's health, computed by the
//! same functions that liquidate, is not negative. Health is monotone in every price, so an account
//! none of whose thresholds is crossed is at least as healthy as that, and cannot be liquidatable.
//!
//! ```text
//!   long    liquidatable <- threshold T | T+1 ...... price        (crossed: price <= T)
//!   short   price ...... T-1 | threshold T -> liquidatable        (crossed: price >= T)
//! ```
//!
//! How the slack is split between positions affects only how often an account is woken for nothing,
//! never whether it is woken in time.

use crate::{
	arithmetic::signed,
	health::{Health, Leg},
};
use breakwater_core::units::Ticks;

/// A threshold waits at this many hundredths of the distance, so that most fills can leave it.
const EARLY: u128 = 75;

/// The last price, in the direction that hurts `leg`, at which it has lost no more than `budget`
/// against its price now.
fn last_good(leg: &Leg<'_>, budget: u128) -> Ticks {
	let floor = leg.contribution().saturating_sub(signed(budget));
	let good = |tick: u32| leg.at(Ticks(tick)).contribution() >= floor;
	if leg.lots > 0 {
		let (mut bad, mut fine) = (0, leg.price.0);
		while fine - bad > 1 {
			let middle = bad + (fine - bad) / 2;
			if good(middle) {
				fine = middle;
			} else {
				bad = middle;
			}
		}
		Ticks(fine)
	} else {
		let (mut fine, mut bad) = (leg.price.0, u32::MAX);
		while bad - fine > 1 {
			let middle = fine + (bad - fine) / 2;
			if good(middle) {
				fine = middle;
			} else {
				bad = middle;
			}
		}
		Ticks(fine)
	}
}

/// The threshold that fires on the tick after `leg` has lost `budget`; `None` when no price takes
/// that much from it.
fn threshold(leg: &Leg<'_>, budget: u128) -> Option<Ticks> {
	let good = last_good(leg, budget);
	if leg.lots > 0 {
		(good.0 > 1).then(|| Ticks(good.0 - 1))
	} else {
		(good.0 < u32::MAX - 1).then(|| Ticks(good.0 + 1))
	}
}

/// The threshold that stays crossed until `leg` has gained `need`, which is more than nothing: the
/// last tick, in the direction that helps, before it has. Where no price gives that much, the
/// threshold is so far away that it is always crossed.
fn recovery(leg: &Leg<'_>, need: u128) -> Ticks {
	let goal = leg.contribution().saturating_add(signed(need));
	let good = |tick: u32| leg.at(Ticks(tick)).contribution() >= goal;
	let mut bad = leg.price.0;
	if leg.lots > 0 {
		let mut fine = u32::MAX;
		while fine - bad > 1 {
			let middle = bad + (fine - bad) / 2;
			if good(middle) {
				fine = middle;
			} else {
				bad = middle;
			}
		}
	} else {
		let mut fine = 0;
		while bad - fine > 1 {
			let middle = fine + (bad - fine) / 2;
			if good(middle) {
				fine = middle;
			} else {
				bad = middle;
			}
		}
	}
	Ticks(bad)
}

/// The price at which the account becomes liquidatable when only the market of `leg` moves; `None`
/// when no price does that. `surplus` is the account's equity less its maintenance margin; an
/// account without any is liquidatable up to that price already.
pub fn liquidation_price(leg: &Leg<'_>, surplus: i128) -> Option<Ticks> {
	match u128::try_from(surplus) {
		Ok(budget) => threshold(leg, budget),
		Err(_) => Some(recovery(leg, surplus.unsigned_abs())),
	}
}

/// The threshold for `leg` of an account with `legs` positions whose equity less maintenance margin
/// is `surplus`: slack is split evenly. An account that lacks something is already beyond all its
/// thresholds, and stays beyond one of them until the prices have given back what it lacks: at the
/// price itself the slightest recovery would hide it.
pub fn place(leg: &Leg<'_>, surplus: i128, legs: usize) -> Option<Ticks> {
	let legs = legs.max(1) as u128;
	match u128::try_from(surplus) {
		Ok(slack) => threshold(leg, slack / legs / 100 * EARLY),
		Err(_) => Some(recovery(leg, surplus.unsigned_abs().div_ceil(legs))),
	}
}

/// Whether the price of `leg` has come to `trigger`.
pub const fn crossed(leg: &Leg<'_>, trigger: Option<Ticks>) -> bool {
	match trigger {
		Some(tick) if leg.lots > 0 => leg.price.0 <= tick.0,
		Some(tick) => leg.price.0 >= tick.0,
		None => false,
	}
}

/// The worst price at which `trigger` is not crossed.
fn worst_unseen(leg: &Leg<'_>, trigger: Option<Ticks>) -> Ticks {
	match trigger {
		Some(tick) if leg.lots > 0 => tick.saturating_add(Ticks(1)),
		Some(tick) => tick.saturating_sub(Ticks(1)),
		None if leg.lots > 0 => Ticks(1),
		// No market trades at the largest tick: `Contract::notional` at it still fits.
		None => Ticks(u32::MAX - 1),
	}
}

/// Rule (R): no trigger is crossed, and with every price at the worst tick that its trigger does
/// not see, the account is not liquidatable.
pub fn holds<'a>(
	quote: i128,
	legs: impl Iterator<Item = (Leg<'a>, Option<Ticks>)> + Clone,
) -> bool {
	!legs.clone().any(|(leg, trigger)| crossed(&leg, trigger))
		&& !Health::of(quote, legs.map(|(leg, trigger)| leg.at(worst_unseen(&leg, trigger))))
			.liquidatable()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{terms::tests::btc, RiskTerms};
	use breakwater_core::units::Contract;
	use proptest::prelude::*;
	use std::vec::Vec;

	fn terms() -> [RiskTerms; 3] {
		let small = RiskTerms { contract: Contract { unit: 1 }, ..btc() };
		[btc(), small, RiskTerms { contract: Contract { unit: 7 }, ..btc() }]
	}

	#[test]
	fn the_liquidation_price_is_the_exact_inverse_of_health() {
		let terms = btc();
		let leg = Leg { terms: &terms, lots: 1_000, cost: 10_000_000_000, price: Ticks(100_000) };
		let surplus = Health::of(400_000_000, [leg]).surplus();
		assert_eq!(liquidation_price(&leg, surplus), Some(Ticks(97_959)));
		// A long that is paid for in full cannot be liquidated by any price.
		assert_eq!(liquidation_price(&leg, 10_000_000_000), None);
	}

	fn leg_strategy() -> impl Strategy<Value = (i64, u32, i32)> {
		let lots = prop_oneof![-200_000i64..-1, 1i64..200_000];
		(lots, 1_000u32..5_000_000, -50i32..50)
	}

	proptest! {
		#[test]
		fn before_a_trigger_no_account_is_liquidatable(
			drawn in prop::collection::vec(leg_strategy(), 1..4),
			quote in 0i128..1 << 45,
			moves in prop::collection::vec((0usize..3, 0u32..1_000), 1..20),
		) {
			let terms = terms();
			let mut legs = Vec::new();
			for (i, (lots, price, gain)) in drawn.iter().enumerate() {
				let leg = Leg { terms: &terms[i], lots: *lots, cost: 0, price: Ticks(*price) };
				// Bought somewhat off the price.
				let cost = -(leg.at(Ticks(*price)).unrealised()) * (100 + *gain as i128) / -100;
				legs.push(Leg { cost, ..leg });
			}
			let surplus = Health::of(quote, legs.iter().copied()).surplus();
			let armed: Vec<_> =
				legs.iter().map(|leg| (*leg, place(leg, surplus, legs.len()))).collect();
			if surplus < 0 {
				prop_assert!(armed.iter().all(|(leg, trigger)| crossed(leg, *trigger)));
				let seen = armed.iter().map(|(leg, trigger)| leg.at(worst_unseen(leg, *trigger)));
				let hidden = seen.clone().all(|leg| leg.price.0 > 0 && leg.price < Ticks::MAX);
				prop_assert!(!hidden || !Health::of(quote, seen).liquidatable());
				return Ok(());
			}
			prop_assert!(holds(quote, armed.iter().copied()));
			// Any prices that no trigger sees.
			for (which, permille) in moves {
				let seen: Vec<_> = armed.iter().enumerate().map(|(i, (leg, trigger))| {
					let worst = worst_unseen(leg, *trigger).0 as i64;
					let now = leg.price.0 as i64;
					let share = if i == which % armed.len() { permille as i64 } else { 1_000 };
					leg.at(Ticks((now + (worst - now) * share / 1_000) as u32))
				}).collect();
				prop_assert!(!Health::of(quote, seen).liquidatable());
			}
		}

		#[test]
		fn the_liquidation_price_is_the_first_liquidatable_tick(
			(lots, price, gain) in leg_strategy(), quote in 0i128..1 << 42,
		) {
			let terms = btc();
			let leg = Leg { terms: &terms, lots, cost: 0, price: Ticks(price) };
			let cost = leg.unrealised() * (100 + gain as i128) / 100;
			let leg = Leg { cost, ..leg };
			let surplus = Health::of(quote, [leg]).surplus();
			prop_assume!(surplus >= 0);
			if let Some(tick) = liquidation_price(&leg, surplus) {
				prop_assert!(Health::of(quote, [leg.at(tick)]).liquidatable());
				let before = worst_unseen(&leg, Some(tick));
				prop_assert!(!Health::of(quote, [leg.at(before)]).liquidatable());
			}
		}
	}
}
