//! Where to place the triggers that wake an account before it can be liquidated.
//!
//! For each position an account keeps two thresholds on the adverse side: one of the price, and one of
//! the funding index of the position's side; and one below the value of each other asset in it. Rule
//! (R): with all prices, indices and values at the last place before their thresholds at once, the
//! account's health, computed by the same functions that liquidate, is not negative. Health is
//! monotone in every one of them, so an account none of whose thresholds is crossed is at least as
//! healthy as that, and cannot be liquidatable.
//!
//! A negative quote balance needs no threshold although it bears interest. Interest is not a
//! coordinate that runs by itself: it is taken when the account is written for another reason, never
//! more than its surplus, and rule (R) is established anew in the same write. Between two writes an
//! account changes through prices, indices and values alone, so the proof is what it was.
//!
//! ```text
//!   long    liquidatable <- threshold T | T+1 ...... price        (crossed: price <= T)
//!           index ...... T-1 | threshold T -> liquidatable        (crossed: index >= T)
//!   short   price ...... T-1 | threshold T -> liquidatable        (crossed: price >= T)
//!           liquidatable <- threshold T | T+1 ...... index        (crossed: index <= T)
//!   asset   liquidatable <- threshold T | T+1 ...... value        (crossed: value <= T)
//! ```
//!
//! One key in the price less the index would not do: funding can offset the price, so that the
//! difference stands still while the maintenance margin grows with the price.
//!
//! How the slack is split between positions and coordinates affects only how often an account is
//! woken for nothing, never whether it is woken in time.

use crate::{
	arithmetic::{mul_div_floor, signed},
	collateral::{worth, Holding, Value},
	funding::{limit, width, Step, FRACTION_BITS},
	health::{Health, Leg},
	Ppm,
};
use alloc::vec::Vec;
use breakwater_core::units::Ticks;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// A threshold that a fill has moved waits at this many hundredths of the distance, so that most of the
/// fills that follow can leave it.
const EARLY: u128 = 75;
/// A threshold that a price has crossed waits at all of the distance: each wake then uses up nine tenths
/// of the slack of an account with a single position.
const ALL: u128 = 100;
/// Where no price uses up a position's part of the slack, its account is looked at when the price has
/// moved by this factor, so that every position has a place in its market's tree.
const FAR: u32 = 16;
/// The boost of a position that has not been woken, in tenths.
const BOOST: u8 = 10;
/// What a market whose volatility is not known is taken to move, in the square root of a minute.
const LEAST_VOLATILITY: Ppm = Ppm(500);
/// The highest boost, in tenths.
const MAX_BOOST: u16 = 40;
/// The part of an account's slack that is kept for funding: one in so many.
const FUNDING_PART: u128 = 10;

/// The thresholds of one position; `None` where nothing in that coordinate can use up its part of the
/// slack.
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
pub struct Armed {
	/// The tick of the price.
	pub price: Option<Ticks>,
	/// The step of the funding index of the position's side.
	pub funding: Option<Step>,
}

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

/// The boost of a position, in tenths, after a wake of its account: four times what it was where its own
/// price caused the wake, and seven tenths of that for all, between a tenth and four. Positions whose
/// prices move thus get most of the slack. Zero counts as one whole.
pub const fn boosted(boost: u8, moved: bool) -> u8 {
	let boost = if boost == 0 { BOOST } else { boost } as u16;
	let cooled = if boost * 7 / 10 > 1 { boost * 7 / 10 } else { 1 };
	let boosted = if moved { cooled * 4 } else { cooled };
	(if boosted < MAX_BOOST { boosted } else { MAX_BOOST }) as u8
}

/// The weight of a position when slack is split between prices: its value times how much its market's
/// price moves, times its boost.
pub fn weight(leg: &Leg<'_>, volatility: Ppm, boost: u8) -> u128 {
	let boost = if boost == 0 { BOOST } else { boost };
	let moves = volatility.0.max(LEAST_VOLATILITY.0).into();
	leg.notional().saturating_mul(moves).saturating_mul(boost.into())
}

/// The weight of another asset: what it is worth times how much its price moves; four times that where
/// its value has woken the account.
pub fn weight_of(holding: &Holding, volatility: Ppm, moved: bool) -> u128 {
	let boost = if moved { MAX_BOOST } else { BOOST.into() };
	let moves = volatility.0.max(LEAST_VOLATILITY.0).into();
	holding.worth().saturating_mul(moves).saturating_mul(boost.into())
}

/// Where to look again at a position that no price brings to its threshold.
fn far(leg: &Leg<'_>) -> Option<Ticks> {
	if leg.lots > 0 {
		let tick = (leg.price.0 / FAR).max(1);
		(tick < leg.price.0).then_some(Ticks(tick))
	} else {
		let tick = leg.price.0.saturating_mul(FAR).min(u32::MAX - 1);
		(tick > leg.price.0).then_some(Ticks(tick))
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

/// The step at which the funding of `leg` has cost it no more than `budget` more, or the next adverse
/// step where that is less than one; `None` when no index takes that much.
fn funding_threshold(leg: &Leg<'_>, budget: u128) -> Option<Step> {
	let contract = leg.terms.contract;
	let now = Step::of(contract, leg.funding.now);
	let size = i128::from(leg.size().0.max(1) as i64);
	let budget = i128::try_from(budget).ok()?;
	let owed = leg.funding.due(leg.lots).checked_add(budget)?.checked_mul(1 << FRACTION_BITS)?;
	// The last index at which it owes no more than that.
	let reach = owed.div_euclid(size);
	if leg.lots > 0 {
		let last = leg.funding.since.checked_add(reach)?;
		let step = Step::of(contract, last.checked_add(1)?).max(Step(now.0.saturating_add(1)));
		(last < limit(contract)).then_some(step)
	} else {
		let last = leg.funding.since.checked_sub(reach)?;
		let step = Step::of(contract, last.checked_add(width(contract) - 1)?);
		let step = Step(step.0.min(now.0).saturating_sub(1));
		(last > -limit(contract)).then_some(step)
	}
}

/// Thresholds of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed {
	/// Of its positions.
	pub legs: Vec<Armed>,
	/// Of its other assets; `None` where no value can use up its part of the slack.
	pub holdings: Vec<Option<Value>>,
}

/// Positions or other assets of an account, each with its weight when slack is split.
#[derive(Clone, Copy, Debug)]
pub struct Weighed<'a, A> {
	/// They.
	pub of: &'a [A],
	/// Their weights, in the same order.
	pub by: &'a [u128],
}

/// The thresholds for all positions of an account with this quote balance and no other asset. A tenth of
/// the slack is kept for funding, split by notional value, the rest for prices. An account that lacks
/// something is already beyond its thresholds, and stays beyond one of them until prices and indices
/// have given back what it lacks: at the price itself the slightest recovery would hide it.
pub fn place(quote: i128, legs: &[Leg<'_>]) -> Vec<Armed> {
	place_all(quote, legs, &[]).legs
}

/// As [`place`], with other assets, whose values have their part of what is kept for prices.
pub fn place_all(quote: i128, legs: &[Leg<'_>], holdings: &[Holding]) -> Placed {
	let weights: Vec<u128> = legs.iter().map(Leg::notional).collect();
	let others: Vec<u128> = holdings.iter().map(Holding::worth).collect();
	let legs = Weighed { of: legs, by: &weights };
	place_by(quote, legs, Weighed { of: holdings, by: &others }, false)
}

/// As [`place_all`], with the slack that is kept for prices and values split by weights; all of it where
/// one of them has `woken` the account.
pub fn place_by(
	quote: i128,
	Weighed { of: legs, by: weights }: Weighed<'_, Leg<'_>>,
	Weighed { of: holdings, by: others }: Weighed<'_, Holding>,
	woken: bool,
) -> Placed {
	let backing = quote.saturating_add(signed(worth(holdings)));
	let surplus = Health::of(backing, legs.iter().copied()).surplus();
	let all = legs.iter().fold(0u128, |sum, leg| sum.saturating_add(leg.notional())).max(1);
	let part = |leg: &Leg<'_>, of: u128| mul_div_floor(of, leg.notional(), all);
	let here = |leg: &Leg<'_>| Step::of(leg.terms.contract, leg.funding.now);
	let Ok(slack) = u128::try_from(surplus) else {
		let keys = legs.len().saturating_add(holdings.len()).max(1);
		let need = surplus.unsigned_abs().div_ceil(keys as u128);
		let wait = |leg| Armed { price: Some(recovery(leg, need)), funding: Some(here(leg)) };
		return Placed {
			legs: legs.iter().map(wait).collect(),
			holdings: holdings.iter().map(|holding| Some(holding.recovery(need))).collect(),
		};
	};
	let funding = |leg: &Leg<'_>| funding_threshold(leg, part(leg, slack / FUNDING_PART));
	let mut armed: Vec<Armed> =
		legs.iter().map(|leg| Armed { price: None, funding: funding(leg) }).collect();
	let worst =
		legs.iter().zip(&armed).map(|(leg, armed)| leg.under(last_unseen(leg, armed.funding)));
	let mut left = Health::of(backing, worst).surplus();
	if left < 0 {
		// Less than one step of funding is left: it waits at the index itself and is examined on
		// every step.
		armed.iter_mut().zip(legs).for_each(|(armed, leg)| armed.funding = Some(here(leg)));
		left = surplus;
	}
	let reach = if woken { ALL } else { EARLY };
	let left = u128::try_from(left).unwrap_or(0) / 100 * reach;
	let weighed = weights.iter().chain(others);
	let sum = weighed.fold(0u128, |sum, weight| sum.saturating_add(*weight)).max(1);
	let budget = |weight: &u128| mul_div_floor(left, *weight, sum);
	for ((armed, leg), weight) in armed.iter_mut().zip(legs).zip(weights) {
		armed.price = threshold(leg, budget(weight)).or_else(|| far(leg));
	}
	let values = holdings.iter().zip(others);
	let values = values.map(|(held, weight)| held.threshold(budget(weight)));
	Placed { legs: armed, holdings: values.collect() }
}

/// Whether the price of `leg` has come to its threshold.
pub const fn price_crossed(leg: &Leg<'_>, armed: &Armed) -> bool {
	match armed.price {
		Some(tick) if leg.lots > 0 => leg.price.0 <= tick.0,
		Some(tick) => leg.price.0 >= tick.0,
		None => false,
	}
}

/// Whether the price or the index of `leg` has come to one of its thresholds.
pub const fn crossed(leg: &Leg<'_>, armed: &Armed) -> bool {
	let price = price_crossed(leg, armed);
	let now = Step::of(leg.terms.contract, leg.funding.now);
	let funding = match armed.funding {
		Some(step) if leg.lots > 0 => now.0 >= step.0,
		Some(step) => now.0 <= step.0,
		None => false,
	};
	price || funding
}

/// The worst price at which a threshold is not crossed.
fn worst_unseen(leg: &Leg<'_>, trigger: Option<Ticks>) -> Ticks {
	match trigger {
		Some(tick) if leg.lots > 0 => tick.saturating_add(Ticks(1)),
		Some(tick) => tick.saturating_sub(Ticks(1)),
		None if leg.lots > 0 => Ticks(1),
		// No market trades at the largest tick: `Contract::notional` at it still fits.
		None => Ticks(u32::MAX - 1),
	}
}

/// The worst funding index at which a threshold is not crossed.
fn last_unseen(leg: &Leg<'_>, trigger: Option<Step>) -> i128 {
	let contract = leg.terms.contract;
	match trigger {
		Some(step) if leg.lots > 0 => step.floor(contract).saturating_sub(1),
		Some(step) => Step(step.0.saturating_add(1)).floor(contract),
		None if leg.lots > 0 => limit(contract),
		None => -limit(contract),
	}
}

/// What `leg` adds to the surplus of its account at the worst price and index that its thresholds do
/// not see.
pub fn at_worst(leg: &Leg<'_>, armed: &Armed) -> i128 {
	leg.at(worst_unseen(leg, armed.price)).under(last_unseen(leg, armed.funding)).contribution()
}

/// Rule (R) for an account without other assets.
pub fn holds<'a>(quote: i128, legs: impl Iterator<Item = (Leg<'a>, Armed)> + Clone) -> bool {
	holds_all(quote, legs, core::iter::empty())
}

/// Rule (R): no threshold is crossed, and with every price, index and value at the worst that its
/// threshold does not see, the account is not liquidatable.
pub fn holds_all<'a>(
	quote: i128,
	legs: impl Iterator<Item = (Leg<'a>, Armed)> + Clone,
	mut holdings: impl Iterator<Item = (Holding, Option<Value>)> + Clone,
) -> bool {
	let unseen = |(leg, armed): (Leg<'a>, Armed)| {
		leg.at(worst_unseen(&leg, armed.price)).under(last_unseen(&leg, armed.funding))
	};
	let backing = holdings.clone().fold(quote, |sum, (holding, armed)| {
		sum.saturating_add(signed(holding.unseen(armed).worth()))
	});
	!legs.clone().any(|(leg, armed)| crossed(&leg, &armed))
		&& !holdings.any(|(holding, armed)| holding.crossed(armed))
		&& !Health::of(backing, legs.map(unseen)).liquidatable()
}

#[cfg(test)]
mod tests {
	use super::*;
	use crate::{terms::tests::btc, Accrual, RiskTerms};
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
		let leg = Leg {
			terms: &terms,
			lots: 1_000,
			cost: 10_000_000_000,
			funding: Accrual::default(),
			price: Ticks(100_000),
		};
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
				let leg = Leg { terms: &terms[i], lots: *lots, cost: 0, funding: Accrual::default(), price: Ticks(*price) };
				// Bought somewhat off the price.
				let cost = -(leg.at(Ticks(*price)).unrealised()) * (100 + *gain as i128) / -100;
				legs.push(Leg { cost, ..leg });
			}
			let armed: Vec<_> = legs.iter().copied().zip(place(quote, &legs)).collect();
			if Health::of(quote, legs.iter().copied()).liquidatable() {
				prop_assert!(armed.iter().all(|(leg, armed)| crossed(leg, armed)));
				let seen = armed.iter().map(|(leg, armed)| {
					leg.at(worst_unseen(leg, armed.price)).under(last_unseen(leg, armed.funding))
				});
				let hidden = seen.clone().all(|leg| leg.price.0 > 0 && leg.price < Ticks::MAX);
				prop_assert!(!hidden || !Health::of(quote, seen).liquidatable());
				return Ok(());
			}
			let waits = |(leg, armed): &(Leg<'_>, Armed)| {
				armed.funding == Some(Step::of(leg.terms.contract, leg.funding.now))
			};
			prop_assert!(holds(quote, armed.iter().copied()) || armed.iter().all(waits));
			// Any prices and indices that no threshold sees.
			for (which, permille) in moves {
				let seen: Vec<_> = armed.iter().enumerate().map(|(i, (leg, armed))| {
					let share = if i == which % drawn.len() { permille as i128 } else { 1_000 };
					let between = |now: i128, worst: i128| now + (worst - now) * share / 1_000;
					let price = between(
						leg.price.0.into(),
						worst_unseen(leg, armed.price).0.into(),
					);
					let unseen = last_unseen(leg, armed.funding);
					let index = between(leg.funding.now, unseen.clamp(-(1 << 90), 1 << 90));
					leg.at(Ticks(price as u32)).under(index)
				}).collect();
				prop_assert!(!Health::of(quote, seen).liquidatable());
			}
		}

		#[test]
		fn the_liquidation_price_is_the_first_liquidatable_tick(
			(lots, price, gain) in leg_strategy(), quote in 0i128..1 << 42,
		) {
			let terms = btc();
			let leg = Leg { terms: &terms, lots, cost: 0, funding: Accrual::default(), price: Ticks(price) };
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
