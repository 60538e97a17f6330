use crate::mock::*;
use breakwater_primitives::{Quote, Ticks};

fn book(bid: u32, ask: u32, last: u32) {
	let some = |price| Some(Ticks(price));
	Book::set(Quote { bid: some(bid), ask: some(ask), last: some(last), ..Default::default() });
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
