//! What happens when reports stop.

use crate::{mock::*, *};
use breakwater_primitives::{Level, MarketId, Ppm, Quote, Ticks, Validity};
use frame_support::{
	traits::Hooks,
	weights::{Weight, WeightMeter},
};

fn book(price: u32) {
	let at = Some(Ticks(price));
	Book::set(Quote { bid: at, ask: at, last: at, ..Default::default() });
}

fn examined() -> (u32, u32) {
	(btc().long.0, btc().short.0)
}

#[test]
fn silence_is_told_once_it_is_stale_and_once_it_is_invalid() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		Told::set(Vec::new());
		pass_and_listen(10_000);
		assert!(Told::get().is_empty());
		pass_and_listen(1);
		assert_eq!(Told::get(), vec![(BTC, btc())]);
		assert_eq!(btc().validity, Validity::Stale);
		assert_eq!(btc().at, START);
		let silent = |from, to| Event::ValidityChanged {
			market: BTC,
			from,
			to,
			reports: 0,
			dispersion: Ppm(0),
		};
		assert_eq!(events().last(), Some(&silent(Validity::Valid, Validity::Stale)));
		// Without a book there is nothing more to tell.
		pass_and_listen(1_000);
		assert_eq!(Told::get().len(), 1);
		pass_and_listen(600_000);
		assert_eq!(events().last(), Some(&silent(Validity::Stale, Validity::Invalid)));
		assert_eq!(Told::get().len(), 2);
		pass_and_listen(600_000);
		assert_eq!(Told::get().len(), 2);
		all(10_000);
		assert_eq!(btc().validity, Validity::Valid);
		assert_eq!(Guards::<Test>::get(BTC).book, None);
	});
}

#[test]
fn while_stale_each_side_has_the_benefit_of_a_minute_of_the_book() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		book(9_800);
		pass_and_listen(11_000);
		assert_eq!(examined(), (10_000, 10_000));
		// Half a minute moves the average half the way.
		pass_and_listen(30_000);
		assert_eq!(examined(), (10_000, 9_900));
		pass_and_listen(60_000);
		assert_eq!(examined(), (10_000, 9_800));
		// The book comes back: a doubt that has passed does not stay.
		book(10_100);
		pass_and_listen(30_000);
		assert_eq!(examined(), (10_000, 9_950));
		pass_and_listen(60_000);
		assert_eq!(examined(), (10_100, 10_000));
		// Never further than 5 %.
		book(20_000);
		for _ in 0..4 {
			pass_and_listen(60_000);
		}
		assert_eq!(examined(), (10_500, 10_000));
		assert_eq!(btc().index, Ticks(10_000));
		assert_eq!(btc().mark, Ticks(10_000));
	});
}

#[test]
fn a_book_that_says_nothing_moves_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		Book::set(Quote {
			bid: Some(Ticks(9_000)),
			last: Some(Ticks(9_000)),
			..Default::default()
		});
		pass_and_listen(11_000);
		pass_and_listen(60_000);
		assert_eq!(examined(), (10_000, 10_000));
		// In an auction its indicative price counts instead.
		LevelNow::set(Level::Auction);
		book(9_000);
		pass_and_listen(60_000);
		assert_eq!(examined(), (10_000, 10_000));
		Book::mutate(|book| book.indicative = Some(Ticks(9_700)));
		pass_and_listen(60_000);
		assert_eq!(examined(), (10_000, 9_700));
	});
}

#[test]
fn a_jump_that_waits_still_protects_when_reports_stop() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		pass(1_000);
		reports(&[Some(9_000), Some(9_000), Some(9_000)]);
		assert_eq!(btc().validity, Validity::Unconfirmed);
		let held = examined();
		pass_and_listen(11_000);
		assert_eq!(btc().validity, Validity::Stale);
		assert_eq!(examined(), held);
		assert_eq!(held.1, 9_000);
	});
}

#[test]
fn a_frozen_market_stays_where_it_was_in_silence() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		LevelNow::set(Level::Freeze);
		book(9_800);
		pass_and_listen(11_000);
		pass_and_listen(60_000);
		assert_eq!(btc().validity, Validity::Stale);
		assert_eq!(examined(), (10_000, 10_000));
	});
}

#[test]
fn markets_are_looked_at_in_turn_as_far_as_there_is_room() {
	ExtBuilder::default().build_and_execute(|| {
		let (listen, glance) = (<() as WeightInfo>::listen(), <() as WeightInfo>::glance());
		let one = listen + glance + <() as WeightInfo>::look();
		for who in 1..=3 {
			feed_as(who, &[(BTC, 100), (ETH, 100), (MarketId(3), 100)]).unwrap();
		}
		assert_eq!(Watched::<Test>::get().priced, 0b1011);
		pass(11_000);
		Told::set(Vec::new());
		let mut looked = Vec::new();
		for _ in 0..4 {
			let limit = one.saturating_add(Weight::from_parts(1_000, 1_000));
			PriceGuard::on_poll(1, &mut WeightMeter::with_limit(limit));
			looked.push(Watched::<Test>::get().last);
		}
		assert_eq!(looked, vec![1, 3, 0, 1]);
		let told: Vec<_> = Told::get().into_iter().map(|(market, _)| market.0).collect();
		assert_eq!(told, vec![1, 3, 0]);
		let before = Told::get().len();
		PriceGuard::on_poll(1, &mut WeightMeter::with_limit(Weight::zero()));
		assert_eq!((Told::get().len(), Watched::<Test>::get().last), (before, 1));
	});
}

#[test]
fn a_price_that_nobody_watches_is_found() {
	ExtBuilder::default().build_and_execute(|| {
		all(10_000);
		Watched::<Test>::kill();
		assert!(PriceGuard::do_try_state().is_err());
		Watched::<Test>::put(Watch { priced: 1, last: 0 });
	});
}
