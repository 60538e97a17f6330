//! The price of a settlement.

use crate::{average::*, mock::*, types::*, Averages, Guards};
use breakwater_primitives::{
	Level, Millis, PriceSource, Prices, ReferencePrice, SettlementPrice, Ticks, Validity,
};
use proptest::prelude::*;

const MINUTE: Millis = 60_000;

fn settlement() -> Option<ReferencePrice> {
	<PriceGuard as SettlementPrice>::settlement_price(BTC)
}

fn price() -> u32 {
	settlement().expect("there was a Valid index").price.0
}

/// Everybody reports `price` every five seconds for `minutes`.
fn report_for(minutes: u64, price: u32) {
	for _ in 0..minutes * 12 {
		all(price);
		pass_and_listen(5_000);
	}
}

#[test]
fn without_a_valid_index_there_is_no_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(settlement(), None);
		reports(&[Some(10_000)]);
		assert_eq!(settlement(), None);
	});
}

#[test]
fn it_is_the_average_of_the_hour_weighted_by_time() {
	ExtBuilder::default().build_and_execute(|| {
		report_for(40, 10_000);
		report_for(20, 10_300);
		// START lies within a minute: 60 minutes have passed in 61 of the clock's.
		let found = settlement().unwrap();
		assert_eq!(found.source, PriceSource::Average);
		assert_eq!((found.price, found.valid), (Ticks(10_100), 60 * MINUTE));
		assert_eq!(found.until, START + 60 * MINUTE);
		// The oldest minutes leave it.
		report_for(20, 10_300);
		assert!((10_195..=10_205).contains(&price()), "{}", price());
		report_for(45, 10_300);
		assert_eq!(price(), 10_300);
		assert!(settlement().unwrap().valid <= 61 * MINUTE);
	});
}

#[test]
fn it_is_rounded_to_the_nearest_tick() {
	for (last, expected) in [(10_001, 10_000), (10_002, 10_001), (10_003, 10_001)] {
		ExtBuilder::default().build_and_execute(|| {
			for price in [10_000, 10_000, 10_000, last] {
				all(price);
				pass(5_000);
			}
			assert_eq!(price(), expected, "{last}");
		});
	}
}

#[test]
fn an_index_counts_no_longer_than_its_age_limit() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(5_000);
		all(10_100);
		// Nobody reports for a minute; after ten seconds the index is Stale.
		for _ in 0..60 {
			pass_and_listen(1_000);
		}
		let found = settlement().unwrap();
		assert_eq!((found.price, found.valid), (Ticks(10_067), 15_000));
		// Neither does what is Degraded.
		reports(&[Some(10_400), Some(10_400)]);
		pass(5_000);
		all(10_400);
		assert_eq!(settlement().unwrap().valid, 15_000);
	});
}

#[test]
fn where_nothing_of_the_hour_was_valid_it_is_the_last_valid_index() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(1_000);
		all(10_200);
		for _ in 0..3 * 60 {
			pass_and_listen(MINUTE);
		}
		let found = settlement().unwrap();
		assert_eq!((found.source, found.price), (PriceSource::LastValid, Ticks(10_200)));
		assert_eq!((found.until, found.valid), (START + 1_000 + 180 * MINUTE, 0));
	});
}

#[test]
fn it_is_held_as_it_was_before_the_market_came_to_level_two() {
	ExtBuilder::default().build_and_execute(|| {
		report_for(10, 10_000);
		// The index falls, and that restricts the market: the fall is not in it.
		all(9_600);
		let before = settlement().unwrap();
		LevelNow::set(Level::Guarded);
		assert_eq!(settlement(), Some(before), "before anything has noticed");
		pass_and_listen(5_000);
		report_for(200, 9_200);
		assert_eq!(settlement(), Some(before));
		assert_eq!((before.price, before.until), (Ticks(10_000), START + 10 * MINUTE));
	});
}

#[test]
fn level_one_does_not_hold_it() {
	ExtBuilder::default().build_and_execute(|| {
		report_for(5, 10_000);
		LevelNow::set(Level::Watch);
		report_for(70, 10_100);
		assert_eq!(price(), 10_100);
		assert_eq!(Guards::<Test>::get(BTC).held, None);
	});
}

#[test]
fn a_short_resumption_does_not_replace_it_and_an_hour_of_calm_does() {
	ExtBuilder::default().build_and_execute(|| {
		report_for(10, 10_000);
		LevelNow::set(Level::ReduceOnly);
		report_for(5, 9_700);
		for _ in 0..3 {
			LevelNow::set(Level::Normal);
			report_for(59, 9_700);
			assert_eq!(price(), 10_000);
			LevelNow::set(Level::Guarded);
			report_for(1, 9_700);
			assert_eq!(price(), 10_000);
		}
		LevelNow::set(Level::Watch);
		report_for(61, 9_700);
		assert_eq!(Guards::<Test>::get(BTC).held, None);
		assert_eq!(price(), 9_700);
	});
}

#[test]
fn it_is_held_while_nobody_reports() {
	ExtBuilder::default().build_and_execute(|| {
		report_for(10, 10_000);
		for _ in 0..30 {
			pass_and_listen(MINUTE);
		}
		LevelNow::set(Level::Freeze);
		pass_and_listen(1_000);
		let held = Guards::<Test>::get(BTC).held.unwrap();
		assert_eq!((held.price.price, held.calm), (Ticks(10_000), None));
		pass_and_listen(5 * 60 * MINUTE);
		assert_eq!(settlement(), Some(held.price));
	});
}

#[test]
fn a_minute_is_stored_once_it_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		report_for(1, 10_000);
		assert!(
			Averages::<Test>::get(BTC).minutes.iter().filter(|minute| minute.millis > 0).count()
				<= 1
		);
		report_for(2, 10_000);
		let stored = Averages::<Test>::get(BTC).minutes;
		assert!(stored.iter().filter(|minute| minute.millis > 0).count() >= 2);
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(48))]
	/// Against a list of every millisecond's price.
	#[test]
	fn it_is_what_a_list_of_every_millisecond_gives(
		steps in prop::collection::vec((0u64..20_000, 9_900u32..10_100, 0u8..4), 1..120),
	) {
		let (mut guard, mut hour, mut over) = (Guard::default(), Hour::default(), Vec::new());
		let (mut now, mut list) = (START, Vec::<(Millis, Millis, u32)>::new());
		for (time, index, validity) in steps {
			let until = (now + time).min(guard.prices.at + 10_000);
			if guard.prices.validity == Validity::Valid && until > guard.prices.at {
				list.push((guard.prices.at, until, guard.prices.index.0));
			}
			now += time;
			guard.count(now, &mut over);
			let validity = if validity == 0 { Validity::Degraded } else { Validity::Valid };
			let index = Ticks(index);
			guard.prices = Prices { index, validity, at: now, age_limit: 10_000, ..Default::default() };
		}
		over.into_iter().for_each(|minute| hour.push(minute));
		let start = (now / MINUTE).saturating_sub(60) * MINUTE;
		let (mut sum, mut millis) = (0u128, 0u128);
		for (from, until, price) in list {
			let counted = until.saturating_sub(from.max(start)) as u128;
			(sum, millis) = (sum + counted * price as u128, millis + counted);
		}
		let found = hour.average(&guard.minute, now);
		let expected = (millis > 0).then(|| Ticks(((sum + millis / 2) / millis) as u32));
		prop_assert_eq!(found.map(|(price, _)| price), expected);
		prop_assert_eq!(found.map_or(0, |(_, valid)| valid as u128), millis);
	}
}
