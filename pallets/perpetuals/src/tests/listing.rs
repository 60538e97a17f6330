//! Changing the terms of a market.

use super::*;
use breakwater_primitives::clearing::Fees;
use sp_runtime::DispatchError;

fn tighten(min: Option<u64>, max: Option<u64>, close: bool) -> DispatchResult {
	let (min_lots, max_lots) = (min.map(Lots), max.map(Lots));
	let call = Call::tighten_market { market: BTC, min_lots, max_lots, close };
	dispatch(RuntimeOrigin::signed(1), call)
}

fn loosen(min: Option<u64>, max: Option<u64>, open: bool) -> DispatchResult {
	let (min_lots, max_lots) = (min.map(Lots), max.map(Lots));
	let call = Call::loosen_market { market: BTC, min_lots, max_lots, open };
	dispatch(RuntimeOrigin::root(), call)
}

fn change(change: MarketChange) -> DispatchResult {
	dispatch(RuntimeOrigin::root(), Call::change_market { market: BTC, change })
}

fn bounds() -> (u64, u64) {
	let terms = Terms::<Test>::get(BTC).expect("exists");
	(terms.min_lots.0, terms.max_lots.0)
}

#[test]
fn each_direction_has_its_call_and_its_origin() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(tighten(Some(5), Some(1_000), false));
		assert_eq!(bounds(), (5, 1_000));
		assert_noop!(tighten(Some(4), None, false), Error::<Test>::NotTighter);
		assert_noop!(tighten(None, Some(1_001), false), Error::<Test>::NotTighter);
		assert_noop!(loosen(Some(6), None, false), Error::<Test>::NotLooser);
		assert_noop!(loosen(None, Some(999), false), Error::<Test>::NotLooser);
		assert_noop!(tighten(Some(1_001), None, false), Error::<Test>::InvalidSizeBounds);
		assert_noop!(loosen(Some(0), None, false), Error::<Test>::InvalidSizeBounds);
		assert_ok!(loosen(Some(1), Some(2_000), false));
		assert_eq!(bounds(), (1, 2_000));
		let terms = Terms::<Test>::get(BTC).expect("exists");
		assert_eq!(last_event(), Event::MarketUpdated { market: BTC, terms });
		let signed = || RuntimeOrigin::signed(1);
		let change = MarketChange::default();
		let origin = DispatchError::BadOrigin;
		assert_noop!(Perpetuals::loosen_market(signed(), BTC, None, None, true), origin);
		assert_noop!(Perpetuals::change_market(signed(), BTC, change.clone()), origin);
		let root = RuntimeOrigin::root;
		assert_noop!(Perpetuals::tighten_market(root(), BTC, None, None, true), origin);
		let (none, market) = (Error::<Test>::MarketNotFound, MarketId(9));
		assert_noop!(Perpetuals::tighten_market(signed(), market, None, None, true), none);
		let none = Error::<Test>::MarketNotFound;
		assert_noop!(Perpetuals::loosen_market(root(), market, None, None, true), none);
		let none = Error::<Test>::MarketNotFound;
		assert_noop!(Perpetuals::change_market(root(), market, change), none);
	});
}

#[test]
fn a_closing_market_takes_only_orders_that_reduce() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(999, 20)));
		assert_ok!(tighten(None, None, true));
		assert_noop!(place(3, bid(990, 5)), Error::<Test>::MarketClosing);
		let post = limit(Side::Bid, 990, 5, TimeInForce::PostOnly);
		assert_noop!(place(3, post), Error::<Test>::MarketClosing);
		assert_ok!(place(1, ask(999, 4)));
		assert_eq!(position(1), 6);
		assert_ok!(loosen(None, None, true));
		assert_ok!(place(3, bid(990, 5)));
	});
}

#[test]
fn fees_change_and_keep_to_their_bounds() {
	ExtBuilder::default().build_and_execute(|| {
		let fees = |taker, maker| Fees { taker: Ppm(taker), maker: SignedPpm(maker) };
		let with = |fees| MarketChange { fees: Some(fees), ..Default::default() };
		assert_ok!(change(with(fees(500, -400))));
		// A fifth of the taker's fee stays.
		assert_noop!(change(with(fees(500, -401))), Error::<Test>::RebateTooHigh);
		assert_noop!(change(with(fees(100_001, 0))), Error::<Test>::FeeTooHigh);
		let tiers = |list: Vec<(u128, Fees)>| {
			let tiers = list.into_iter().map(|(volume, fees)| FeeTier { volume, fees });
			let tiers = Some(tiers.collect::<Vec<_>>().try_into().expect("few"));
			change(MarketChange { tiers, ..Default::default() })
		};
		assert_ok!(tiers(vec![(1, fees(500, -400)), (2, fees(500, -400))]));
		let wrong = Error::<Test>::InvalidFeeTiers;
		assert_noop!(tiers(vec![(2, fees(500, -400)), (2, fees(500, -400))]), wrong);
		let wrong = Error::<Test>::InvalidFeeTiers;
		assert_noop!(tiers(vec![(1, fees(501, -400))]), wrong);
		// Any taker may meet any maker.
		assert_noop!(tiers(vec![(1, fees(499, -400))]), Error::<Test>::RebateTooHigh);
		assert_noop!(tiers(vec![(1, fees(100, -400))]), Error::<Test>::RebateTooHigh);
	});
}

#[test]
fn a_change_of_mode_trades_what_the_last_batch_collected() {
	ExtBuilder::default().build_and_execute(|| {
		let mode = |mode| change(MarketChange { mode: Some(mode), ..Default::default() });
		assert_ok!(mode(Mode::FrequentBatch));
		assert_ok!(place(1, bid(1_010, 5)));
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(mode(Mode::Continuous));
		assert_eq!(position(1), 0);
		next_block();
		next_block();
		assert_eq!(position(1), 5);
		assert_ok!(place(1, bid(1_010, 5)));
		assert_ok!(place(2, ask(1_000, 5)));
		assert_eq!((position(1), Auctioning::<Test>::get()), (10, 0));
	});
}
