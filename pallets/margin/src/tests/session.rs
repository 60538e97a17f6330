//! Orders and fills through sessions.

use crate::{mock::*, *};
use breakwater_primitives::{
	clearing::Fees, Clearing, Level, Lots, MarketId, Ppm, Session, Side, SignedPpm, Ticks,
};
use frame_support::{assert_noop, assert_ok};

#[test]
fn a_fill_moves_lots_cost_and_fees_and_nothing_is_lost() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		let fees = Fees { taker: Ppm(500), maker: SignedPpm(200) };
		place(b, BTC, Side::Ask, PRICE, 100, &fees, false).unwrap();
		assert_eq!(place(a, BTC, Side::Bid, PRICE, 40, &fees, true), Ok(Lots(40)));
		let (long, short) = (account_of(a), account_of(b));
		assert_eq!((long.positions[0].lots, short.positions[0].lots), (40, -40));
		assert_eq!(long.positions[0].cost, 400 * QUOTE as i128);
		assert_eq!(long.quote, 1_000 * QUOTE as i128 - 200_000);
		assert_eq!(short.quote, 1_000 * QUOTE as i128 - 80_000);
		assert_eq!(short.positions[0].ask.lots, Lots(60));
		assert_eq!(Ledger::<Test>::get().fees, 280_000);
		assert_eq!(Totals::<Test>::get(BTC).long, Lots(40));
		Margin::do_try_state().unwrap();
		// The profit of one is the loss of the other.
		trade(b, a, 101_000, 40);
		assert_eq!(account_of(a).quote - long.quote, 4 * QUOTE as i128);
		assert_eq!(account_of(b).quote - short.quote, -4 * QUOTE as i128);
		assert_eq!(Totals::<Test>::get(BTC), Default::default());
	});
}

#[test]
fn resting_writes_one_account_and_nothing_else() {
	ExtBuilder::build_and_execute(|| {
		let a = funded(1, 1_000);
		System::reset_events();
		let ledger = Ledger::<Test>::get();
		let mut session = Margin::session();
		session.load(a).unwrap();
		rest_in(&mut session, a, BTC, Side::Bid, PRICE, Lots(100), false).unwrap();
		let view = Default::default();
		let check = breakwater_primitives::Check::Initial {
			who: a,
			market: BTC,
			view: &view,
			post_only: true,
		};
		let settled = session.commit(check).unwrap();
		assert_eq!((settled.accounts, settled.index_writes), (1, 0));
		assert_eq!(System::events(), vec![]);
		assert_eq!(Ledger::<Test>::get(), ledger);
		assert!(!Totals::<Test>::contains_key(BTC));
		assert_eq!(account_of(a).orders.len(), 1);
		assert_eq!(account_of(a).positions[0].bid.lots, Lots(100));
	});
}

#[test]
fn a_session_that_is_dropped_changes_nothing() {
	ExtBuilder::build_and_execute(|| {
		let a = funded(1, 1_000);
		let before = account_of(a);
		let mut session = Margin::session();
		session.load(a).unwrap();
		let id = breakwater_primitives::OrderId::new(
			BTC,
			Side::Bid,
			Ticks(PRICE),
			breakwater_primitives::Sequence(1),
		);
		let hold = breakwater_primitives::Hold { id, lots: Lots(1), reduce_only: false, client: 7 };
		session.hold(a, &hold).unwrap();
		drop(session);
		assert_eq!(account_of(a), before);
		assert!(Margin::session().load(breakwater_primitives::AccountRef(9)).is_err());
	});
}

#[test]
fn orders_beyond_initial_margin_are_refused_and_exits_are_not() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		let order = |who, side, lots| place(who, BTC, side, PRICE, lots, &NO_FEES, false);
		assert_noop!(order(a, Side::Bid, 1_001), Error::<Test>::InsufficientMargin);
		assert_ok!(order(a, Side::Bid, 1_000));
		assert_noop!(order(a, Side::Bid, 1), Error::<Test>::InsufficientMargin);
		// The other side needs no more.
		assert_ok!(place(a, BTC, Side::Ask, PRICE + 10, 1_000, &NO_FEES, false));
		assert_ok!(order(b, Side::Ask, 1_000));
		assert_eq!(account_of(a).positions[0].lots, 1_000);
		// Under its initial margin it may only get out.
		set_price(BTC, 98_500);
		assert_noop!(
			place(a, ETH, Side::Bid, PRICE, 1, &NO_FEES, false),
			Error::<Test>::InsufficientMargin
		);
		order(b, Side::Bid, 10).unwrap();
		assert_eq!(place(a, BTC, Side::Ask, 98_000, 10, &NO_FEES, true), Ok(Lots(10)));
	});
}

#[test]
fn an_exit_at_a_ruinous_price_is_refused() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 500), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		place(b, BTC, Side::Bid, 90_000, 500, &NO_FEES, false).unwrap();
		assert_noop!(
			place(a, BTC, Side::Ask, 90_000, 500, &NO_FEES, true),
			Error::<Test>::InsufficientMargin
		);
	});
}

#[test]
fn levels_weigh_on_added_exposure_only() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 600), funded(2, 10_000));
		trade(a, b, PRICE, 1_000);
		set_level(BTC, Level::Watch);
		let bid = |lots, ioc| place(a, BTC, Side::Bid, PRICE, lots, &NO_FEES, ioc);
		place(b, BTC, Side::Ask, PRICE, 200, &NO_FEES, false).unwrap();
		// 100 are free; 5 % x 1.25 of what is added.
		assert_noop!(bid(161, true), Error::<Test>::InsufficientMargin);
		assert_eq!(bid(160, true), Ok(Lots(160)));
	});
}

#[test]
fn frozen_open_interest_does_not_grow_but_shrinks() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 1_000), funded(2, 1_000), funded(3, 1_000));
		trade(a, b, PRICE, 100);
		set_level(BTC, Level::Guarded);
		place(b, BTC, Side::Ask, PRICE, 100, &NO_FEES, false).unwrap();
		let bid = |who, lots| place(who, BTC, Side::Bid, PRICE, lots, &NO_FEES, true);
		assert_noop!(bid(c, 10), Error::<Test>::OpenInterestFrozen);
		// Somebody who gives his long to another leaves it as it is.
		place(a, BTC, Side::Ask, PRICE - 1, 100, &NO_FEES, false).unwrap();
		assert_eq!(bid(c, 10), Ok(Lots(10)));
		assert_eq!(Totals::<Test>::get(BTC).long, Lots(100));
	});
}

#[test]
fn caps_hold() {
	ExtBuilder::build_and_execute(|| {
		let a = funded(1, 900_000);
		let order = |market, price, lots| place(a, market, Side::Bid, price, lots, &NO_FEES, false);
		assert_noop!(order(BTC, 1, 1_000_001), Error::<Test>::OpenInterestCap);
		assert_noop!(order(MarketId(5), 1, 1), Error::<Test>::UnknownMarket);
		for _ in 0..64 {
			assert_ok!(order(BTC, PRICE, 1));
		}
		assert_noop!(order(BTC, PRICE, 1), Error::<Test>::TooManyOrders);
		let b = funded(2, 10_000);
		for market in 0..17 {
			if market > 0 {
				Margin::market_created(MarketId(market), btc_terms()).unwrap();
				set_price(MarketId(market), PRICE);
			}
			let result = place(b, MarketId(market), Side::Bid, PRICE, 1, &NO_FEES, false);
			if market < 16 {
				assert_ok!(result);
			} else {
				assert_noop!(result, Error::<Test>::TooManyPositions);
			}
		}
	});
}

#[test]
fn an_account_with_little_in_it_rests_fewer_orders_and_none_outgrows_its_item() {
	ExtBuilder::build_and_execute(|| {
		let a = funded(1, 20);
		let order = || place(a, BTC, Side::Bid, 1_000, 1, &NO_FEES, false);
		for _ in 0..18 {
			assert_ok!(order());
		}
		assert_noop!(order(), Error::<Test>::TooManyOrders);
		assert_ok!(Margin::deposit(RuntimeOrigin::signed(1), 0, 10 * QUOTE));
		assert_ok!(order());
		let most = <types::Account<[u8; 32]> as codec::MaxEncodedLen>::max_encoded_len();
		assert!(most <= 3_584, "{most}");
	});
}

#[test]
fn open_interest_stops_at_the_cap() {
	ExtBuilder::build_and_execute(|| {
		let terms = breakwater_math::RiskTerms { max_open_interest: Lots(50), ..btc_terms() };
		let market = MarketId(2);
		Margin::market_created(market, terms).unwrap();
		set_price(market, PRICE);
		let (a, b, c) = (funded(1, 1_000), funded(2, 1_000), funded(3, 1_000));
		let order = |who, side, lots| place(who, market, side, PRICE, lots, &NO_FEES, false);
		order(a, Side::Ask, 40).unwrap();
		order(b, Side::Bid, 40).unwrap();
		order(c, Side::Ask, 20).unwrap();
		assert_noop!(order(b, Side::Bid, 11), Error::<Test>::OpenInterestCap);
		let d = funded(4, 1_000);
		assert_noop!(order(d, Side::Bid, 20), Error::<Test>::OpenInterestCap);
		assert_eq!(order(d, Side::Bid, 10), Ok(Lots(10)));
	});
}

#[test]
fn a_maker_who_cannot_carry_the_fill_is_passed_over() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 500), funded(2, 10_000), funded(3, 10_000));
		// All of a's margin is used, and his bid far below the market rests.
		place(a, BTC, Side::Bid, PRICE, 1_000, &NO_FEES, false).unwrap();
		place(b, BTC, Side::Bid, 94_000, 1_000, &NO_FEES, false).unwrap();
		set_price(BTC, 94_000);
		// At 94,000 the bid at 100,000 would lose more than he has.
		assert_eq!(place(c, BTC, Side::Ask, 94_000, 1_000, &NO_FEES, true), Ok(Lots(1_000)));
		assert_eq!(account_of(a).positions.len(), 0);
		assert_eq!(account_of(a).orders.len(), 0);
		assert_eq!(account_of(b).positions[0].lots, 1_000);
	});
}

#[test]
fn a_reduce_only_maker_fills_what_he_holds() {
	ExtBuilder::build_and_execute(|| {
		let (a, b, c) = (funded(1, 1_000), funded(2, 1_000), funded(3, 1_000));
		trade(a, b, PRICE, 100);
		let mut session = Margin::session();
		session.load(a).unwrap();
		rest_in(&mut session, a, BTC, Side::Ask, PRICE, Lots(150), true).unwrap();
		session.commit(breakwater_primitives::Check::None).unwrap();
		assert!(account_of(a).positions[0].ask.is_empty());
		assert_eq!(place(c, BTC, Side::Bid, PRICE, 150, &NO_FEES, true), Ok(Lots(100)));
		assert_eq!(account_of(a).positions.len(), 0);
		assert_eq!(account_of(a).orders.len(), 0);
	});
}

#[test]
fn most_fills_leave_the_triggers_where_they_are() {
	ExtBuilder::build_and_execute(|| {
		let (a, b) = (funded(1, 1_000), funded(2, 1_000));
		trade(a, b, PRICE, 1_000);
		let trigger = account_of(a).positions[0].armed.price;
		assert!(trigger.is_some());
		trade(a, b, PRICE, 50);
		assert_eq!(account_of(a).positions[0].armed.price, trigger);
		trade(a, b, PRICE, 500);
		assert!(account_of(a).positions[0].armed.price > trigger);
		// A flip waits on the other side.
		trade(b, a, PRICE, 2_000);
		assert!(account_of(a).positions[0].armed.price > Some(Ticks(PRICE)));
	});
}

#[test]
fn a_maker_must_be_able_to_pay_his_fee_and_the_surcharge_of_one_who_takes() {
	use breakwater_primitives::{Removal, Verdict};
	ExtBuilder::build_and_execute(|| {
		// Maintenance margin of a thousand lots is 200, a fee of 200 ppm is 2.
		let a = funded(1, 201);
		let mut session = Margin::session();
		session.load(a).unwrap();
		rest_in(&mut session, a, BTC, Side::Bid, PRICE, Lots(1_000), false).unwrap();
		let id = Orders::get()[0].0;
		let mut asked = |fee: i32, takes: bool| {
			session.pays(SignedPpm(fee), takes);
			session.maker(a, id, Lots(1_000), false)
		};
		assert_eq!(asked(0, false), Verdict::Fill(Lots(1_000)));
		assert_eq!(asked(100, false), Verdict::Fill(Lots(1_000)));
		assert_eq!(asked(101, false), Verdict::Remove(Removal::Margin));
		// A rebate may be less than it says.
		assert_eq!(asked(-100, false), Verdict::Fill(Lots(1_000)));
		// What is told is about the next order alone.
		assert_eq!(session.maker(a, id, Lots(1_000), false), Verdict::Fill(Lots(1_000)));
		session.commit(breakwater_primitives::Check::None).unwrap();
		Charge::set(breakwater_primitives::Charges { premium: 0, surcharge: 150_000 });
		let mut session = Margin::session();
		let mut asked = |takes: bool| {
			session.pays(SignedPpm(0), takes);
			session.maker(a, id, Lots(1_000), false)
		};
		assert_eq!(asked(false), Verdict::Fill(Lots(1_000)));
		assert_eq!(asked(true), Verdict::Remove(Removal::Margin));
	});
}
