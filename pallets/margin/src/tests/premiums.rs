//! What fills pay to the insurance funds.

use crate::{mock::*, *};
use breakwater_primitives::{Charges, Lots, Side, Ticks};
use frame_support::{assert_noop, assert_ok};

const Q: i128 = QUOTE as i128;

/// One part in a thousand of what is opened, two of what is taken.
fn charge() {
	Charge::set(Charges { premium: 1_000_000, surcharge: 2_000_000 });
}

#[test]
fn a_fill_that_opens_pays_a_premium_and_its_taker_a_surcharge() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 10_000), funded(2, 10_000));
		charge();
		// 1,000 of notional value: both open, one takes.
		trade(a, b, PRICE, 100);
		assert_eq!(Paid::get(), (2 * QUOTE, 2 * QUOTE));
		assert_eq!(account_of(a).quote, 9_997 * Q);
		assert_eq!(account_of(b).quote, 9_999 * Q);
		System::assert_has_event(
			Event::InsurancePaid { account: a, market: BTC, premium: QUOTE, surcharge: 2 * QUOTE }
				.into(),
		);
	});
}

#[test]
fn only_what_is_opened_pays_a_premium() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 10_000), funded(2, 10_000));
		trade(a, b, PRICE, 100);
		Charge::set(Charges { premium: 1_000_000, surcharge: 0 });
		trade(b, a, PRICE, 60);
		assert_eq!(Paid::get(), (0, 0));
		// From 40 long to 60 short, and the other way round.
		trade(b, a, PRICE, 100);
		assert_eq!(Paid::get(), (2 * 600_000, 0));
	});
}

#[test]
fn the_premium_rises_with_the_leverage_that_an_account_has_afterwards() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 100_000));
		Charge::set(Charges { premium: 1_000_000, surcharge: 0 });
		// A margin ratio of a twentieth: twice the premium of 10.
		trade(a, b, PRICE, 900);
		let paid = 500 * Q - account_of(a).quote;
		assert_eq!(paid, 9 * Q * 18 / 10);
	});
}

#[test]
fn the_margin_check_sees_what_was_charged() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 100_000));
		place(b, BTC, Side::Ask, PRICE, 2_000, &NO_FEES, false).unwrap();
		let buy = |lots| place(a, BTC, Side::Bid, PRICE, lots, &NO_FEES, true);
		Charge::set(Charges { premium: 1_000_000, surcharge: 0 });
		assert_noop!(buy(1_000), Error::<Test>::InsufficientMargin);
		assert_eq!(Paid::get(), (0, 0));
		Charge::set(Charges::default());
		assert_ok!(buy(1_000));
	});
}

#[test]
fn a_maker_who_could_not_bear_the_premium_is_not_filled() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 510), funded(2, 100_000));
		place(a, BTC, Side::Bid, PRICE, 1_000, &NO_FEES, false).unwrap();
		// 510 - 305 = 205 against a maintenance margin of 193.9: it could bear the fill alone.
		Charge::set(Charges { premium: 1_000_000, surcharge: 0 });
		Board::<Test>::mutate(0, |shard| {
			let prices = &mut shard[0].prices;
			(prices.long, prices.short) = (Ticks(96_950), Ticks(96_950));
		});
		assert_eq!(place(b, BTC, Side::Ask, PRICE, 1_000, &NO_FEES, true), Ok(Lots(0)));
		assert_eq!(account_of(a).orders.len(), 0);
	});
}

#[test]
fn the_funds_are_not_paid_out_of_what_an_account_does_not_have() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 100_000));
		trade(a, b, PRICE, 1_000);
		Charge::set(Charges { premium: 0, surcharge: 500_000_000 });
		place(b, BTC, Side::Bid, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(a, BTC, Side::Ask, PRICE, 1_000, &NO_FEES, true).unwrap();
		assert_eq!((account_of(a).quote, Paid::get().1), (0, 500 * QUOTE));
		assert_eq!(Margin::bad_debt(), 0);
	});
}

#[test]
fn who_is_liquidated_pays_a_penalty_and_no_surcharge() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 100_000), funded(3, 100_000));
		trade(a, b, PRICE, 1_000);
		place(c, BTC, Side::Bid, 96_500, 50_000, &NO_FEES, false).unwrap();
		charge();
		set_price(BTC, 96_500);
		let closed = 1_000 - account_of(a).positions[0].lots as u128;
		// The maker opened.
		assert_eq!(Paid::get(), (closed * 96_500 * 100 / 1_000, 0));
	});
}
