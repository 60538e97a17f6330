//! What the ladder is worth, in a crash that is made up and in a real one.

use breakwater_crash::{
	crash::{self, Setting},
	incident::{Incident, Shape, INCIDENTS},
	outcome::Outcome,
	prices::Candle,
};
use pallet_margin::steps::Steps;
use pallet_perpetuals::Tier;
use std::path::PathBuf;

const BTC: Shape = Shape { tier: Tier::A, ticks_per_unit: 10.0, lots_per_unit: 1_000 };

/// Traders: with optimisation, enough for every step to matter.
const TRADERS: u64 = if cfg!(debug_assertions) { 40 } else { 500 };

/// Calm, then a quarter down in so many minutes through a thin market, then calm.
fn fall(minutes: usize) -> Vec<Candle> {
	let mut price: f64 = 8_000.0;
	let down = 0.75f64.powf(1.0 / minutes as f64);
	let moves = [1.0; 3].into_iter().chain(vec![down; minutes]).chain([1.0; 2]);
	let candle = |(minute, factor): (usize, f64)| {
		let (open, close) = (price, price * factor);
		price = close;
		let (high, low) = (open.max(close) * 1.001, open.min(close) * 0.999);
		let at = 1_584_007_800_000 + 60_000 * minute as u64;
		Candle { at, open, high, low, close, volume: 1_000.0 }
	};
	moves.enumerate().map(candle).collect()
}

fn run(candles: &[Candle], ladder: Steps) -> Outcome {
	let setting = Setting { traders: TRADERS, ..Setting::default() };
	crash::run(candles, BTC, setting, ladder)
}

fn unpaid(outcome: &Outcome) -> f64 {
	outcome.bad_debt + outcome.open_deficit
}

fn without(steps: &[Steps]) -> Steps {
	steps.iter().fold(Steps::ALL, |left, step| left.without(*step))
}

#[test]
fn the_whole_ladder_leaves_no_debt_where_its_first_steps_alone_do() {
	let candles = fall(if cfg!(debug_assertions) { 1 } else { 6 });
	let whole = run(&candles, Steps::ALL);
	assert_eq!(unpaid(&whole), 0.0, "{whole:?}");
	assert!(whole.accounts > 0, "{whole:?}");
	let rest = [Steps::MARKET_FUND, Steps::GLOBAL_FUND, Steps::DELEVERAGING, Steps::HAIRCUT];
	let first = run(&candles, without(&rest));
	assert!(unpaid(&first) > 0.0, "{first:?}");
	assert_eq!((first.deleveraged, first.haircut), (0.0, 0.0));
	assert_eq!((first.market_fund, first.global_fund), (0.0, 0.0));
}

#[test]
fn a_run_repeats_itself() {
	let candles = fall(1);
	assert_eq!(run(&candles, Steps::ALL), run(&candles, Steps::ALL));
}

#[test]
fn a_real_crash_leaves_no_debt() {
	let Some(data) = std::env::var_os("BREAKWATER_DATA").map(PathBuf::from) else {
		println!("skipped: BREAKWATER_DATA names no directory of market data");
		return;
	};
	if cfg!(debug_assertions) {
		println!("skipped: without optimisation this takes minutes");
		return;
	}
	let named = |incident: &&Incident| incident.id == "btc-2021-05-19";
	let incident = INCIDENTS.iter().find(named).expect("is there");
	let candles = incident.candles(&data).expect("the data are there");
	let setting = Setting { traders: 600, ..Setting::default() };
	let whole = crash::run(&candles, incident.shape, setting, Steps::ALL);
	assert_eq!(unpaid(&whole), 0.0, "{whole:?}");
	assert!(whole.accounts > 50, "{whole:?}");
}
