//! The mark and the stable price.

use crate::{mock::*, types::*};
use breakwater_primitives::{Level, Quote, Ticks, Validity};

/// A book whose impact prices are its best prices.
fn quote(bid: u32, ask: u32, last: u32) -> Quote {
	let some = |price| Some(Ticks(price));
	let impact = Some((Ticks(bid), Ticks(ask)));
	Quote { bid: some(bid), ask: some(ask), last: some(last), impact, indicative: None }
}

fn book(bid: u32, ask: u32, last: u32) {
	Book::set(quote(bid, ask, last));
}

/// The slow premium in whole ticks.
fn premium() -> i64 {
	crate::Guards::<Test>::get(BTC).premium / MICRO
}

/// One case of the mark: a premium of so many ticks, a book, a level, and what comes out.
#[track_caller]
fn marks(premium: i64, quote: Quote, level: Level, expected: u32) {
	let mut guard = Guard { premium: premium * MICRO, ..Default::default() };
	let mark = guard.mark(Ticks(10_000), &quote, level, &GuardParams::TIER_A, 0);
	assert_eq!(mark, Ticks(expected), "{premium} {quote:?} {level:?}");
}

#[test]
fn the_mark_is_the_median_of_index_slow_premium_and_book() {
	let normal = Level::Normal;
	// The book between the other two; beyond the premium; on the other side of the index.
	marks(40, quote(10_010, 10_030, 10_020), normal, 10_020);
	marks(40, quote(10_060, 10_070, 10_065), normal, 10_040);
	marks(40, quote(9_900, 9_920, 9_910), normal, 10_000);
	marks(-40, quote(9_900, 9_920, 9_910), normal, 9_960);
	// The book is the median of bid, ask and last trade.
	marks(70, quote(10_010, 10_030, 10_500), normal, 10_030);
	marks(70, quote(10_010, 10_030, 9_000), normal, 10_010);
	// Before there was a trade the index stands for it.
	marks(70, Quote { last: None, ..quote(10_010, 10_030, 0) }, normal, 10_010);
	// An empty side or a crossed book: the index with the premium.
	marks(40, Quote { ask: None, ..quote(10_010, 0, 10_020) }, normal, 10_040);
	marks(-40, Quote { bid: None, ..quote(0, 10_010, 10_020) }, normal, 9_960);
	marks(40, quote(10_030, 10_010, 10_020), normal, 10_040);
	// The clamp of tier A is 0.75 %; the premium is held to it as well.
	marks(900, quote(12_000, 12_010, 12_000), normal, 10_075);
	marks(-900, quote(8_000, 8_010, 8_000), normal, 9_925);
}

#[test]
fn in_an_auction_the_indicative_price_speaks_for_the_book() {
	let none = quote(9_000, 12_000, 11_000);
	marks(40, none, Level::Auction, 10_040);
	let indicative = |price| Quote { indicative: Some(Ticks(price)), ..none };
	marks(40, indicative(10_020), Level::Auction, 10_020);
	marks(40, indicative(10_500), Level::Auction, 10_040);
	marks(40, indicative(9_000), Level::Auction, 10_000);
	// An auction that no level asked for.
	marks(40, indicative(10_020), Level::Normal, 10_020);
}

#[test]
fn in_a_freeze_the_mark_is_the_index() {
	for level in [Level::Freeze, Level::Settle] {
		marks(40, quote(10_060, 10_070, 10_065), level, 10_000);
	}
}

#[test]
fn the_slow_premium_follows_the_impact_prices_and_nothing_else() {
	let follow = |premium: i64, quote: Quote, level, elapsed| {
		let mut guard = Guard { premium: premium * MICRO, ..Default::default() };
		guard.mark(Ticks(10_000), &quote, level, &GuardParams::TIER_A, elapsed);
		guard.premium
	};
	let impact =
		|bid, ask| Quote { impact: Some((Ticks(bid), Ticks(ask))), ..quote(9_000, 9_010, 9_005) };
	// The share of 150 s that has passed; all of it at the most.
	assert_eq!(follow(0, impact(10_020, 10_040), Level::Normal, 15_000), 3 * MICRO);
	assert_eq!(follow(10, impact(10_020, 10_040), Level::Normal, 75_000), 20 * MICRO);
	assert_eq!(follow(0, impact(10_020, 10_040), Level::Normal, 900_000), 30 * MICRO);
	assert_eq!(follow(0, impact(12_000, 12_000), Level::Normal, 15_000), 7_500_000);
	// Too thin for a clip, or crossed: it stays.
	let thin = Quote { impact: None, ..quote(10_050, 10_060, 10_055) };
	assert_eq!(follow(20, thin, Level::Normal, 150_000), 20 * MICRO);
	assert_eq!(follow(20, impact(10_040, 10_020), Level::Normal, 150_000), 20 * MICRO);
	// In an auction it fades, whatever was sampled before.
	assert_eq!(follow(30, impact(10_020, 10_040), Level::Auction, 15_000), 27 * MICRO);
	assert_eq!(follow(30, thin, Level::Auction, 150_000), 0);
}

#[test]
fn a_frozen_market_is_examined_at_the_prices_of_before() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		let before = btc();
		LevelNow::set(Level::Freeze);
		for price in [9_800, 9_600, 9_500] {
			pass(1_000);
			all(price);
			assert_eq!((btc().long, btc().short), (before.long, before.short));
			assert_eq!(btc().mark, btc().index);
		}
		LevelNow::set(Level::Normal);
		pass(1_000);
		all(9_500);
		assert_eq!((btc().long, btc().short), (Ticks(9_500), Ticks(9_500)));
	});
}

#[test]
fn without_a_book_the_mark_is_the_index() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		assert_eq!(btc().mark, Ticks(10_000));
		Book::set(Quote {
			bid: Some(Ticks(10_500)),
			ask: None,
			last: Some(Ticks(11_000)),
			..Default::default()
		});
		pass(1_000);
		all(10_000);
		assert_eq!(btc().mark, Ticks(10_000));
	});
}

#[test]
fn the_book_moves_the_mark_slowly_and_never_past_the_clamp() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		book(10_190, 10_210, 10_200);
		pass(1_000);
		all(10_000);
		// A second of 150 of 75 ticks.
		assert!(btc().mark <= Ticks(10_001));
		for _ in 0..600 {
			pass(1_000);
			all(10_000);
			assert!(btc().mark <= Ticks(10_075));
		}
		assert!(btc().mark >= Ticks(10_073), "{:?}", btc().mark);
		assert!(premium() >= 73);
		book(9_990, 10_010, 10_000);
		pass(1_000);
		all(10_000);
		assert_eq!(btc().mark, Ticks(10_000));
	});
}

#[test]
fn the_last_trade_alone_does_not_move_the_mark() {
	ExtBuilder::default().build_and_execute(|| {
		book(9_999, 10_001, 12_000);
		for _ in 0..10 {
			all(10_000);
			pass(1_000);
		}
		assert!(btc().mark.0.abs_diff(10_000) <= 1);
	});
}

#[test]
fn a_crossed_book_says_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		book(10_100, 10_000, 10_100);
		for _ in 0..10 {
			all(10_000);
			pass(1_000);
		}
		assert_eq!(btc().mark, Ticks(10_000));
	});
}

#[test]
fn the_stable_price_follows_at_its_rate() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		assert_eq!(btc().stable, Ticks(10_000));
		pass(10_000);
		all(10_400);
		// 0.03 % a second, towards what the last report of the block made of the index.
		assert_eq!(btc().stable, Ticks(10_030));
		// A step is a minute at the most, however long the silence.
		pass(500_000);
		all(10_400);
		pass(1);
		all(10_400);
		assert!(btc().stable <= Ticks(10_030 + 182), "{:?}", btc().stable);
	});
}

/// The plain clamp `S x (1 -+ g dt)`, with `dt` of a minute at the most, in place of a delay buffer.
#[test]
fn the_stable_price_is_clamped_by_the_rate_of_its_tier() {
	let tiers = [(GuardParams::TIER_A, 300), (GuardParams::TIER_B, 100), (GuardParams::TIER_C, 30)];
	for (params, rate) in tiers {
		let start = (1_000_000 * MICRO as u64, START);
		let follow = |target: u32, elapsed, validity| {
			let mut guard = Guard { stable: start, anchor: start, ..Default::default() };
			guard.round.at = START + elapsed;
			guard.follow(Ticks(target), validity, &params);
			guard.stable.0 / MICRO as u64
		};
		let valid = Validity::Valid;
		assert_eq!(follow(10_000_000, 1_000, valid), 1_000_000 + rate);
		assert_eq!(follow(1, 1_000, valid), 1_000_000 - rate);
		assert_eq!(follow(10_000_000, 60_000, valid), 1_000_000 + 60 * rate);
		assert_eq!(follow(10_000_000, 600_000, valid), 1_000_000 + 60 * rate);
		assert_eq!(follow(1_000_001, 60_000, valid), 1_000_001);
		for doubtful in [Validity::Degraded, Validity::Unconfirmed] {
			assert_eq!(follow(10_000_000, 60_000, doubtful), 1_000_000);
		}
	}
}

#[test]
fn the_stable_price_of_few_ticks_moves_too() {
	ExtBuilder::default().build_and_execute(|| {
		all(100);
		for _ in 0..100 {
			pass(1_000);
			all(104);
		}
		assert_eq!(btc().stable, Ticks(103));
	});
}

#[test]
fn the_stable_price_waits_while_the_index_is_not_valid() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(11_000);
		for _ in 0..10 {
			reports(&[Some(10_400), Some(10_400)]);
			pass(1_000);
		}
		assert_eq!(btc().index, Ticks(10_400));
		assert_eq!(btc().stable, Ticks(10_000));
	});
}
