//! The estimator of volatility, and whom it is told.

use crate::{mock::*, volatility::Volatility, *};
use breakwater_primitives::{Action, Cause, Gate, Level, Millis, Ppm, Ticks};
use proptest::prelude::*;

/// `minutes` minutes in each of which the index goes up and down by `range` parts per million.
fn swing(v: &mut Volatility, from: u64, minutes: u64, range: u32) {
	for minute in from..from + minutes {
		for (second, price) in [(0, 1_000_000), (30, 1_000_000 + range), (59, 1_000_000)] {
			v.push(minute * MINUTE + second * SECOND, Ticks(price));
		}
	}
	v.push((from + minutes) * MINUTE, Ticks(1_000_000));
}

#[test]
fn it_settles_at_the_range_of_a_minute_over_the_root_of_four_ln_two() {
	let mut v = Volatility::default();
	swing(&mut v, 1_000, 240, 10_000);
	// 1 % / 1.665 = 0.60 %.
	assert!((5_950..=6_010).contains(&v.present().0), "{v:?}");
	assert_eq!(v.present(), v.held());
	assert!(v.over_usual() <= Ppm::one());
}

#[test]
fn the_present_volatility_halves_in_half_an_hour_and_the_held_one_in_an_hour() {
	let mut v = Volatility::default();
	swing(&mut v, 1_000, 240, 10_000);
	let before = v.present().0;
	for minute in 1_241..=1_300 {
		v.push(minute * MINUTE, Ticks(1_000_000));
	}
	assert!(v.present().0.abs_diff(before / 4) < 30, "{v:?}");
	assert!(v.held().0.abs_diff(before / 2) < 30, "{v:?}");
	// Through a gap it decays as much.
	v.push(1_360 * MINUTE, Ticks(1_000_000));
	assert!(v.held().0.abs_diff(before / 4) < 30, "{v:?}");
	v.push(2_000 * MINUTE, Ticks(1_000_000));
	assert_eq!((v.present(), v.held()), (Ppm(0), Ppm(0)));
}

#[test]
fn a_calm_market_that_wakes_is_above_its_usual() {
	let mut v = Volatility::default();
	swing(&mut v, 1_000, 50, 1_000);
	assert_eq!(v.over_usual(), Ppm::one(), "too little is known");
	swing(&mut v, 1_051, 1_000, 1_000);
	assert!(v.over_usual().0.abs_diff(1_000_000) < 30_000, "{v:?}");
	swing(&mut v, 2_052, 15, 6_000);
	assert!(v.over_usual().0 > 3_000_000, "{v:?}");
}

#[test]
fn a_gap_counts_the_move_that_it_made() {
	let mut v = Volatility::default();
	assert!(!v.push(1_000 * MINUTE, Ticks(10_000)));
	assert!(v.push(1_010 * MINUTE, Ticks(9_000)));
	assert_eq!(v.present(), Ppm(0));
	assert!(v.push(1_011 * MINUTE, Ticks(9_000)));
	assert!(v.present() > Ppm(10_000), "{v:?}");
}

#[test]
fn a_completed_minute_is_told_once() {
	ExtBuilder::default().build_and_execute(|| {
		let told = || Told::mutate(std::mem::take);
		// From the beginning of a minute on.
		Now::set(START / MINUTE * MINUTE);
		for _ in 0..59 {
			price(BTC, 10_000);
			pass(SECOND);
		}
		price(BTC, 10_100);
		assert_eq!(told(), vec![]);
		pass(MINUTE);
		price(BTC, 10_100);
		let sigma = Breaker::volatility(BTC);
		assert!(sigma > Ppm(1_000));
		assert_eq!(told(), vec![(BTC, sigma)]);
		price(BTC, 10_100);
		assert_eq!(told(), vec![]);
		assert_eq!(Breaker::volatility(ETH), Ppm(0));
		assert_eq!(Breaker::volatility_over_usual(BTC), Ppm::one());
	});
}

/// Whole minutes in each of which the index of BTC swings by `range` parts per million.
fn minutes(count: u64, range: u32) {
	Now::mutate(|now| *now = now.next_multiple_of(MINUTE));
	for _ in 0..count {
		price(BTC, 100_000);
		pass(20 * SECOND);
		price(BTC, 100_000 + range / 10);
		pass(40 * SECOND);
	}
	price(BTC, 100_000);
}

fn d3() -> Vec<(Level, Millis)> {
	let all = leases(btc()).into_iter();
	all.filter(|l| l.cause == Cause::Detector(D3)).map(|l| (l.level, l.until)).collect()
}

#[test]
fn d3_watches_an_agitated_market_and_guards_a_wild_one() {
	ExtBuilder::default().build_and_execute(|| {
		minutes(60, 7_000);
		assert_eq!(level(btc()), Level::Normal);
		minutes(60, 10_000);
		assert_eq!(d3(), vec![(Level::Watch, Now::get() + WATCH_DWELL)]);
		minutes(30, 25_000);
		assert_eq!(level(btc()), Level::Guarded);
		assert_eq!(Breaker::status(btc()).1, Some(Cause::Detector(D3)));
		assert_eq!(d3().len(), 2);
		let [sigma, reached] = Opened::get()[0].evidence;
		assert!(sigma >= reached && reached == 5_000, "{sigma} {reached}");
		// Exits and makers are not concerned.
		let view = Breaker::view(BTC);
		for action in [Action::OpenPostOnly, Action::Reduce, Action::Withdraw, Action::Liquidate] {
			assert!(view.allows(action).is_ok());
		}
	});
}

#[test]
fn d3_goes_on_down_to_half_of_what_set_it_off_and_ends_by_time() {
	ExtBuilder::default().build_and_execute(|| {
		minutes(60, 12_000);
		assert_eq!(level(btc()), Level::Watch);
		// Half as much would not set it off, but keeps it.
		minutes(120, 6_000);
		assert_eq!(level(btc()), Level::Watch);
		minutes(90, 0);
		assert_eq!((level(btc()), d3()), (Level::Normal, vec![]));
		minutes(120, 6_000);
		assert_eq!(level(btc()), Level::Normal);
	});
}

#[test]
fn d3_holds_a_market_for_six_hours_in_a_row_and_then_leaves_it() {
	ExtBuilder::default().build_and_execute(|| {
		minutes(330, 12_000);
		assert_eq!(level(btc()), Level::Watch);
		minutes(60, 12_000);
		assert_eq!(level(btc()), Level::Normal);
		System::assert_has_event(Event::DetectorExhausted { market: BTC, detector: D3 }.into());
	});
}

#[test]
fn without_thresholds_d3_restricts_nothing() {
	let params = DetectorParams { watch_at: Ppm(0), guard_at: Ppm(0), ..DetectorParams::TIER_A };
	ExtBuilder::default().detectors(BTC, params).build_and_execute(|| {
		minutes(60, 25_000);
		assert_eq!(level(btc()), Level::Normal);
		assert!(Breaker::volatility(BTC) > Ppm(10_000));
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	/// Against the same in floating point.
	#[test]
	fn it_follows_a_model(
		steps in prop::collection::vec((0u64..200_000, 900_000u32..1_100_000), 1..80)
	) {
		let (mut v, mut now) = (Volatility::default(), 1_000 * MINUTE);
		let (mut low, mut high, mut close, mut present, mut held) = (0f64, 0f64, 0f64, 0f64, 0f64);
		for (time, price) in steps {
			let before: Millis = now / MINUTE;
			now += time;
			let passed = (now / MINUTE - before) as f64;
			let price64 = f64::from(price);
			if close == 0.0 {
				(low, high) = (price64, price64);
			} else if passed > 0.0 {
				let range = 2.0 * (high - low) / (high + low);
				let left = 2f64.powf(-passed / 15.0);
				present = present * left + (1.0 - 2f64.powf(-1.0 / 15.0)) * range * range / 2.77;
				held = present.max(held * 2f64.powf(-passed / 30.0));
				(low, high) = (close, close);
			}
			v.push(now, Ticks(price));
			(low, high, close) = (low.min(price64), high.max(price64), price64);
			for (got, wanted) in [(v.present(), present), (v.held(), held)] {
				let wanted = wanted.sqrt() * 1e6;
				let off = (f64::from(got.0) - wanted).abs();
				prop_assert!(off <= 2.0 + wanted / 1_000.0, "{} {}", got.0, wanted);
			}
		}
	}
}
