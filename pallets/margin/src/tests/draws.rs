//! What the funds pay for, and which market they are asked for.

use crate::{mock::*, *};
use breakwater_primitives::{AccountRef, Level, MarketId, Observation, Side};

/// `long` buys so many lots of `market` from `seller` at the price with which all markets begin.
fn buy(long: AccountRef, seller: AccountRef, market: MarketId, lots: u64) {
	place(seller, market, Side::Ask, PRICE, lots, &NO_FEES, false).unwrap();
	place(long, market, Side::Bid, PRICE, lots, &NO_FEES, true).unwrap();
}

fn lots(who: AccountRef, market: MarketId) -> i64 {
	types::position_in(&account_of(who).positions, market).lots
}

#[test]
fn the_funds_are_drawn_upon_for_what_was_closed_and_for_no_more() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		insure(1_000);
		trade(a, b, PRICE, 1_000);
		// It lacks 100, and half of the position finds somebody.
		set_price(BTC, 94_000);
		assert_eq!(lots(a, BTC), 500);
		assert_eq!(Covers::get(), vec![(BTC, 50 * QUOTE)]);
		assert_eq!(Fund::get(), 950 * QUOTE);
	});
}

#[test]
fn a_deficit_of_a_frozen_market_is_not_drawn_from_another() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 100_000));
		insure(1_000);
		buy(a, b, BTC, 1_000);
		buy(a, b, ETH, 100);
		set_level(BTC, Level::Freeze);
		set_price(BTC, 88_000);
		next_block();
		assert!(lots(a, ETH) < 100);
		assert_eq!(lots(a, BTC), 1_000);
		let covers = Covers::get();
		assert!(
			!covers.is_empty() && covers.iter().all(|(market, _)| *market == BTC),
			"{covers:?}"
		);
		let told = Seen::get().into_iter().filter_map(|(market, seen)| match seen {
			Observation::Covered { .. } => Some(market),
			_ => None,
		});
		assert!(told.into_iter().all(|market| market == BTC));
	});
}

#[test]
fn a_loss_that_was_realised_before_is_still_charged_to_its_market() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 100_000));
		buy(a, b, BTC, 1_000);
		buy(a, b, ETH, 500);
		set_level(ETH, Level::Freeze);
		// All is lost in BTC, and nobody but the funds could pay for it.
		set_price(BTC, 88_000);
		for _ in 0..40 {
			next_block();
		}
		assert_eq!((lots(a, BTC), lots(a, ETH)), (0, 500));
		assert_eq!(Covers::get(), vec![]);
		insure(1_000);
		set_level(ETH, Level::Normal);
		for _ in 0..40 {
			next_block();
		}
		assert_eq!(lots(a, ETH), 0);
		let covers = Covers::get();
		assert!(
			!covers.is_empty() && covers.iter().all(|(market, _)| *market == BTC),
			"{covers:?}"
		);
		assert!(account_of(a).blamed.is_none());
	});
}
