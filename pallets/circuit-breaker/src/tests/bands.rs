use crate::{mock::*, *};
use breakwater_primitives::{
	Band, Cause, Gate, Level, Observation, Observe, OnPrice, Ppm, Prices, Ticks, Validity,
};
use frame_support::{
	assert_ok,
	weights::{Weight, WeightMeter},
};

fn band() -> (u32, u32) {
	let Band { low, high } = Breaker::view(BTC).band;
	(low.0, high.0)
}

fn trade(low: u32, high: u32) {
	let seen = Observation::Traded { low: Ticks(low), high: Ticks(high), notional: 1 };
	Breaker::observe(BTC, &seen);
}

#[test]
fn without_a_price_there_is_no_band() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(band(), (1, u32::MAX));
		trade(5, 500);
		assert_eq!(band(), (1, u32::MAX));
	});
}

#[test]
fn the_band_is_the_collar_cut_by_the_windows() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, 10_000);
		assert_eq!(band(), (9_700, 10_300));
		pass(SECOND);
		// Up 2 %: not above 3 % of the lowest of the minute, nor 3 % below the highest.
		price(BTC, 10_200);
		assert_eq!(band(), (9_894, 10_300));
		// After the minute only the hour and the collar remain.
		pass(65 * SECOND);
		price(BTC, 10_200);
		assert_eq!(band(), (9_894, 10_506));
		assert_eq!(level(btc()), Level::Normal);
	});
}

#[test]
fn trades_narrow_the_band_of_the_next_price_and_never_restrict() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, 10_000);
		trade(9_900, 10_100);
		assert_eq!(band(), (9_700, 10_300));
		price(BTC, 10_000);
		assert_eq!(band(), (9_797, 10_197));
		// Nonsense is ignored.
		trade(0, 10);
		trade(11, 10);
		price(BTC, 10_000);
		assert_eq!(band(), (9_797, 10_197));
		// The index may move by the rest of its own 3 %.
		price(BTC, 9_750);
		assert_eq!(level(btc()), Level::Normal);
		assert!(band().0 <= 9_750);
	});
}

#[test]
fn a_fall_within_a_minute_restricts_in_the_same_call() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, 10_000);
		pass(30 * SECOND);
		price(BTC, 9_700);
		assert_eq!(level(btc()), Level::Normal);
		price(BTC, 9_699);
		let end = START + 30 * SECOND + 2 * MINUTE;
		assert_eq!(Breaker::status(btc()), (Level::ReduceOnly, Some(Cause::Detector(D1)), end));
		System::assert_has_event(
			Event::LevelChanged {
				scope: btc(),
				from: Level::Normal,
				to: Level::ReduceOnly,
				cause: Some(Cause::Detector(D1)),
				until: end,
				incident: Some(0),
				evidence: [10_000, 9_699],
			}
			.into(),
		);
		assert_eq!(Opened::get()[0].evidence, [10_000, 9_699]);
		// The exits stay open: the band holds prices on both sides of the index.
		let (low, high) = band();
		assert!(low < 9_699 && high > 9_699);
	});
}

#[test]
fn a_rise_restricts_like_a_fall() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, 10_000);
		price(BTC, 10_301);
		assert_eq!(level(btc()), Level::ReduceOnly);
		let (low, high) = band();
		assert!(low < 10_301 && high > 10_301);
	});
}

#[test]
fn the_restriction_is_renewed_while_the_condition_holds() {
	let no_d3 = DetectorParams { watch_at: Ppm(0), guard_at: Ppm(0), ..DetectorParams::TIER_A };
	ExtBuilder::default().detectors(BTC, no_d3).build_and_execute(|| {
		price(BTC, 10_000);
		for _ in 0..60 {
			pass(SECOND);
			price(BTC, 9_600);
		}
		let lease = leases(btc())[0];
		assert_eq!((lease.since, lease.until), (START + SECOND, START + MINUTE + 2 * MINUTE));
		assert_eq!(leases(btc()).len(), 1);
		// Once the fall is older than the window the lease runs out.
		pass(5 * SECOND);
		price(BTC, 9_600);
		assert_eq!(leases(btc())[0], lease);
		pass(2 * MINUTE);
		assert_eq!(level(btc()), Level::Normal);
		let granted = System::events()
			.into_iter()
			.filter(|e| matches!(e.event, RuntimeEvent::Breaker(Event::LeaseGranted { .. })));
		assert_eq!(granted.count(), 1);
	});
}

#[test]
fn a_slow_fall_guards_the_market_for_ten_minutes() {
	ExtBuilder::default().build_and_execute(|| {
		let mut index = 10_000;
		while index > 8_500 {
			price(BTC, index);
			assert_eq!(level(btc()), Level::Normal, "{index}");
			pass(70 * SECOND);
			index -= 100;
		}
		price(BTC, 8_499);
		let end = Now::get() + 10 * MINUTE;
		assert_eq!(Breaker::status(btc()), (Level::Guarded, Some(Cause::Detector(D1)), end));
	});
}

#[test]
fn both_windows_may_restrict_at_once_each_for_its_time() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, 10_000);
		price(BTC, 8_000);
		assert_eq!(leases(btc()).len(), 2);
		pass(2 * MINUTE);
		assert_eq!(level(btc()), Level::Guarded);
		pass(8 * MINUTE);
		assert_eq!(level(btc()), Level::Normal);
	});
}

/// Keep the index leaping by 4 %, every ten seconds.
fn flap(time: u64) {
	for n in 0..time / (10 * SECOND) {
		price(BTC, if n % 2 == 0 { 10_000 } else { 9_600 });
		pass(10 * SECOND);
	}
}

#[test]
fn after_six_hours_in_a_row_the_detector_lets_go_for_an_hour() {
	ExtBuilder::default().build_and_execute(|| {
		flap(6 * HOUR);
		let held = Breaker::status(btc()).2;
		assert!(held <= START + 10 * SECOND + 6 * HOUR);
		flap(MINUTE);
		assert_eq!(level(btc()), Level::Normal);
		let told = |events: Vec<frame_system::EventRecord<RuntimeEvent, _>>| {
			let wanted = Event::DetectorExhausted { market: BTC, detector: D1 };
			events.iter().filter(|e| e.event == wanted.clone().into()).count()
		};
		assert_eq!(told(System::events()), 1);
		// The committee may go on where the detector stops.
		assert_ok!(Breaker::restrict(signed(THIRD), btc(), Level::ReduceOnly, MINUTE));
		flap(58 * MINUTE);
		assert_eq!(level(btc()), Level::Normal);
		flap(2 * MINUTE);
		assert_eq!(level(btc()), Level::ReduceOnly);
		assert_eq!(told(System::events()), 1);
	});
}

#[test]
fn a_gap_in_the_prices_empties_the_windows() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, 10_000);
		pass(2 * HOUR);
		price(BTC, 5_000);
		assert_eq!(level(btc()), Level::Normal);
		assert_eq!(band(), (4_850, 5_150));
	});
}

#[test]
fn a_price_that_is_none_moves_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, 10_000);
		let meter = &mut WeightMeter::with_limit(Weight::MAX);
		let index = Ticks(1);
		let prices = Prices { index, validity: Validity::Invalid, ..Default::default() };
		Breaker::on_price(BTC, &prices, meter);
		let prices = Prices { index: Ticks(0), validity: Validity::Valid, ..Default::default() };
		Breaker::on_price(BTC, &prices, meter);
		assert_eq!(level(btc()), Level::Normal);
		assert_eq!(band(), (9_700, 10_300));
	});
}

#[test]
fn an_exhausted_meter_does_not_stop_the_breaker() {
	ExtBuilder::default().build_and_execute(|| {
		let meter = &mut WeightMeter::with_limit(Weight::zero());
		for index in [10_000, 9_000] {
			let prices =
				Prices { index: Ticks(index), validity: Validity::Degraded, ..Default::default() };
			Breaker::on_price(BTC, &prices, meter);
		}
		assert_eq!(level(btc()), Level::ReduceOnly);
	});
}

#[test]
fn a_detector_without_a_dwell_only_bands() {
	let params = DetectorParams { fast_dwell: 0, slow_dwell: 0, ..DetectorParams::TIER_A };
	ExtBuilder::default().detectors(BTC, params).build_and_execute(|| {
		price(BTC, 10_000);
		price(BTC, 5_000);
		assert_eq!(level(btc()), Level::Normal);
		assert_eq!(band(), (4_850, 5_150));
	});
}

#[test]
fn wider_tiers_trip_later() {
	ExtBuilder::default().detectors(ETH, DetectorParams::TIER_B).build_and_execute(|| {
		for market in [BTC, ETH] {
			price(market, 10_000);
			price(market, 9_300);
		}
		assert_eq!(level(btc()), Level::ReduceOnly);
		assert_eq!(level(breakwater_primitives::Scope::Market(ETH)), Level::Normal);
	});
}

#[test]
fn the_largest_prices_do_not_overflow() {
	ExtBuilder::default().build_and_execute(|| {
		price(BTC, u32::MAX);
		assert_eq!(band().1, u32::MAX);
		price(BTC, 1);
		assert_eq!(band(), (1, 2));
	});
}
