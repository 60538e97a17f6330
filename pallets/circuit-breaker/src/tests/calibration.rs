//! D1 on real minutes: it must see the crash of 12 March 2020 and sleep through a quiet July.

use crate::{mock::*, *};
use breakwater_primitives::Level;
use std::{env, fs, path::Path};

/// The candles of a file as (time, open, high, low, close), prices in ticks of 0.1.
fn candles(name: &str) -> Option<Vec<(u64, [u32; 4])>> {
	let Ok(directory) = env::var("BREAKWATER_DATA") else {
		println!("skipped: BREAKWATER_DATA does not name a directory of market data");
		return None;
	};
	let text = fs::read_to_string(Path::new(&directory).join(name)).unwrap();
	let ticks = |field: &str| (field.parse::<f64>().unwrap() * 10.0).round() as u32;
	let rows = text.lines().skip(1).map(|line| {
		let fields: Vec<_> = line.split(',').collect();
		let prices = [1, 2, 3, 4].map(|n| ticks(fields[n]));
		(fields[0].parse().unwrap(), prices)
	});
	Some(rows.collect())
}

/// The price every five seconds of a candle: open, the nearer extreme, the other one, close.
fn path([open, high, low, close]: [u32; 4]) -> Vec<u32> {
	let turns = if close >= open { [open, low, high, close] } else { [open, high, low, close] };
	(0..12)
		.map(|n| {
			let (leg, step) = (n / 4, i64::from(n % 4));
			let (a, b) = (i64::from(turns[leg as usize]), i64::from(turns[leg as usize + 1]));
			(a + (b - a) * step / 4) as u32
		})
		.collect()
}

/// Feed the candles; the times at which the level rose, with the level.
fn trips(candles: &[(u64, [u32; 4])]) -> Vec<(u64, Level)> {
	let mut found = Vec::new();
	let mut last = Level::Normal;
	for (at, prices) in candles {
		for (n, index) in path(*prices).into_iter().enumerate() {
			Now::set(at + n as u64 * 5_000);
			price(BTC, index);
			System::reset_events();
			let now = level(btc());
			if now > last {
				found.push((Now::get(), now));
			}
			last = now;
		}
	}
	found
}

#[test]
fn d1_trips_in_the_crash_of_march_2020() {
	let Some(candles) = candles("2020-03-12_BTCUSDT-perp_binance_1m.csv") else { return };
	ExtBuilder::default().build_and_execute(|| {
		let found = trips(&candles);
		// 10:10 is the first candle; by 10:46 both windows have seen it, two minutes ahead of the low.
		let until = |minutes: u64| candles[0].0 + minutes * MINUTE;
		assert!(found.iter().any(|(at, l)| *l == Level::ReduceOnly && *at < until(32)));
		assert!(found.iter().all(|(at, _)| *at > until(15)), "{found:?}");
		assert!(Opened::get().len() < 20, "{}", Opened::get().len());
		println!("D1 on 12 March 2020: {found:?}");
	});
}

#[test]
fn d1_sleeps_through_two_quiet_days() {
	let Some(candles) = candles("2023-07_BTCUSDT-perp_binance_1m_quiet.csv") else { return };
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(trips(&candles[..2 * 24 * 60]), Vec::new());
	});
}
