use super::*;
use TimeInForce::*;

#[test]
fn an_order_that_does_not_cross_rests() {
	ExtBuilder::default().build_and_execute(|| {
		let order = PlaceOrder { client: 7, ..bid(990, 5) };
		let id = rest(1, order);
		assert_eq!((id.market(), id.side(), id.tick()), (BTC, Side::Bid, Ticks(990)));
		let (account, lots) = (account(1, 0), Lots(5));
		let (client, reduce_only, expiry) = (7, false, 0);
		let placed = Event::OrderPlaced { id, account, client, lots, reduce_only, expiry };
		assert_eq!(events().last(), Some(&placed));
		let order = RestingOrder { id, client, lots, reduce_only, expiry };
		assert_eq!(Perpetuals::open_orders(1, 0), vec![order]);
		assert_eq!(Perpetuals::best(BTC).bid, Some(Ticks(990)));
		assert_eq!(Perpetuals::quote(BTC).ask, None);
		assert!(Observed::take().is_empty());
	});
}

#[test]
fn each_fault_of_an_order_is_named() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(place(9, bid(990, 5)), UNKNOWN);
		let elsewhere = PlaceOrder { market: MarketId(2), ..bid(990, 5) };
		assert_noop!(place(1, elsewhere), Error::<Test>::MarketNotFound);
		assert_noop!(place(1, bid(0, 5)), Error::<Test>::InvalidPrice);
		assert_noop!(place(1, market(Side::Ask, 0, 5)), Error::<Test>::InvalidPrice);
		assert_noop!(place(1, bid(990, 0)), Error::<Test>::ZeroLots);
		assert_noop!(place(1, bid(990, 1)), Error::<Test>::BelowMinimum);
		assert_noop!(place(1, bid(990, 1_000_001)), Error::<Test>::AboveMaximum);
		assert_noop!(place(1, bid(u32::MAX, u64::MAX)), Error::<Test>::AboveMaximum);
		assert_noop!(place(1, reducing(bid(990, 5))), Error::<Test>::NothingToReduce);
		let over = limit(Side::Bid, 990, 5, GoodTilTime(1_000));
		assert_noop!(place(1, over), Error::<Test>::ExpiryInPast);
		assert_noop!(
			dispatch(RuntimeOrigin::none(), Call::place { sub: 0, order: bid(990, 5) }),
			sp_runtime::DispatchError::BadOrigin
		);
	});
}

#[test]
fn what_the_clearing_house_refuses_changes_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 10)));
		House::change(account(1, 0), |account| account.limit = 4);
		assert_noop!(place(1, bid(1_000, 5)), MARGIN);
		assert_noop!(place(1, bid(990, 5)), MARGIN);
		House::max_orders(0);
		assert_noop!(place(1, bid(990, 4)), TOO_MANY);
		assert!(Observed::take().is_empty());
	});
}

#[test]
fn the_best_price_trades_first_and_at_one_price_the_oldest_order() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_002, 5)));
		assert_ok!(place(3, ask(1_001, 5)));
		assert_ok!(place(4, ask(1_001, 5)));
		assert_ok!(place(2, ask(1_001, 5)));
		assert_ok!(place(1, bid(1_002, 17)));
		let expected = vec![(30, 1_001, 5), (40, 1_001, 5), (20, 1_001, 5), (20, 1_002, 2)];
		assert_eq!(fills(), expected);
		assert_eq!((position(1), levels(Side::Ask)), (17, vec![(1_002, 3)]));
		let hot = Perpetuals::best(BTC);
		assert_eq!((hot.bid, hot.ask, hot.last), (None, Some(Ticks(1_002)), Some(Ticks(1_002))));
		let notional = 100 * (15 * 1_001 + 2 * 1_002);
		assert_eq!((hot.trades, hot.volume), (4, notional));
		let (low, high) = (Ticks(1_001), Ticks(1_002));
		let traded = Observation::Traded { low, high, notional };
		assert_eq!(Observed::take(), vec![(BTC, traded)]);
	});
}

#[test]
fn the_rest_of_a_limit_order_rests_at_its_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(place(1, bid(1_001, 8)));
		assert_eq!((position(1), levels(Side::Bid)), (5, vec![(1_001, 3)]));
		assert_eq!(levels(Side::Ask), vec![]);
	});
}

#[test]
fn takers_and_makers_pay_the_fees_of_the_market() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		// 500 and 100 millionths of 1_000_000.
		assert_eq!(House::account(account(1, 0)).fees, 500);
		assert_eq!(House::account(account(2, 0)).fees, 100);
	});
}

#[test]
fn what_must_not_rest_is_cut() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(place(2, ask(1_010, 5)));
		for order in [market(Side::Bid, 1_005, 8), limit(Side::Bid, 1_005, 3, ImmediateOrCancel)] {
			let order = PlaceOrder { client: 9, ..order };
			assert_ok!(place(1, order));
			let (market, account, client) = (BTC, account(1, 0), 9);
			let (lots, reason) = (Lots(3), Cut::Immediate);
			let cut = Event::OrderCut { market, account, client, lots, reason };
			assert_eq!(last_event(), cut);
		}
		assert_eq!((position(1), levels(Side::Bid)), (5, vec![]));
	});
}

#[test]
fn fill_or_kill_fills_whole_or_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(place(2, ask(1_001, 5)));
		let short = limit(Side::Bid, 1_000, 6, FillOrKill);
		assert_noop!(place(1, short), Error::<Test>::FillOrKillUnfilled);
		assert_ok!(place(1, limit(Side::Bid, 1_001, 6, FillOrKill)));
		assert_eq!(position(1), 6);
		// Enough rests, but not enough of others.
		assert_ok!(place(1, ask(1_001, 4)));
		let own = limit(Side::Bid, 1_001, 8, FillOrKill);
		assert_noop!(place(1, own), Error::<Test>::FillOrKillUnfilled);
	});
}

#[test]
fn post_only_rests_or_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		let crossing = limit(Side::Bid, 1_000, 5, PostOnly);
		assert_noop!(place(1, crossing), Error::<Test>::PostOnlyWouldTrade);
		assert_ok!(place(1, limit(Side::Bid, 999, 5, PostOnly)));
		let crossing = limit(Side::Ask, 999, 5, PostOnly);
		assert_noop!(place(2, crossing), Error::<Test>::PostOnlyWouldTrade);
		assert_eq!((position(1), levels(Side::Bid)), (0, vec![(999, 5)]));
	});
}

#[test]
fn reduce_only_is_clipped_to_the_position() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(999, 20)));
		assert_noop!(place(1, reducing(bid(999, 5))), Error::<Test>::NothingToReduce);
		assert_ok!(place(1, reducing(market(Side::Ask, 1, u64::MAX))));
		assert_eq!((position(1), levels(Side::Bid)), (0, vec![(999, 10)]));
		let cuts = events()
			.into_iter()
			.filter(|event| matches!(event, Event::OrderCut { reason: Cut::ReduceOnly, .. }));
		assert_eq!(cuts.count(), 1);
	});
}

#[test]
fn a_resting_reduce_only_order_never_opens() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(1, reducing(ask(1_005, 10))));
		assert_ok!(place(1, reducing(ask(1_006, 8))));
		assert_ok!(place(3, bid(1_000, 4)));
		assert_ok!(place(1, ask(1_000, 4)));
		assert_eq!(position(1), 6);
		assert_ok!(place(3, bid(1_006, 20)));
		assert_eq!((position(1), levels(Side::Ask)), (0, vec![]));
		// The first is filled in part and the rest removed, the second is removed.
		let removed: Vec<_> = events()
			.into_iter()
			.filter_map(|event| match event {
				Event::OrderRemoved { lots, reason, .. } => Some((lots.0, reason)),
				_ => None,
			})
			.collect();
		assert_eq!(removed, vec![(4, Reason::ReduceOnly), (8, Reason::ReduceOnly)]);
	});
}

#[test]
fn a_position_below_the_smallest_order_can_be_closed() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(3);
		assert_ok!(place(3, bid(1_000, 2)));
		assert_ok!(place(1, ask(1_000, 2)));
		assert_eq!(position(1), 1);
		assert_noop!(place(1, bid(900, 1)), Error::<Test>::BelowMinimum);
		assert_ok!(place(3, bid(1_000, 2)));
		assert_ok!(place(1, reducing(ask(1_000, 1))));
		assert_eq!(position(1), 0);
	});
}

#[test]
fn own_resting_orders_are_removed_and_the_taker_goes_on() {
	ExtBuilder::default().build_and_execute(|| {
		let own = rest(1, ask(1_000, 5));
		assert_ok!(Perpetuals::place(RuntimeOrigin::signed(1), 1, ask(1_000, 5)));
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(place(1, bid(1_000, 7)));
		assert_eq!(fills(), vec![(20, 1_000, 5)]);
		let (account, lots, reason) = (account(1, 0), Lots(5), Reason::SelfTrade);
		let removed = Event::OrderRemoved { id: own, account, lots, reason };
		assert!(events().contains(&removed));
		assert_eq!((levels(Side::Ask), levels(Side::Bid)), (vec![], vec![(1_000, 2)]));
	});
}

#[test]
fn orders_whose_owner_cannot_carry_them_are_removed() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		House::change(account(2, 0), |account| account.limit = 4);
		assert_ok!(place(1, bid(1_000, 5)));
		assert_eq!((position(1), levels(Side::Ask)), (0, vec![]));
		assert_eq!(levels(Side::Bid), vec![(1_000, 5)]);
	});
}

#[test]
fn expired_orders_are_removed_when_a_taker_meets_them() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(2, limit(Side::Ask, 1_000, 5, GoodTilTime(1_005)));
		assert_ok!(place(3, ask(1_000, 5)));
		Clock::set(1_004);
		assert_ok!(place(1, bid(1_000, 2)));
		Clock::set(1_005);
		assert_ok!(place(1, bid(1_000, 2)));
		assert_eq!(fills(), vec![(20, 1_000, 2), (30, 1_000, 2)]);
		let (account, lots, reason) = (account(2, 0), Lots(3), Reason::Expired);
		assert!(events().contains(&Event::OrderRemoved { id, account, lots, reason }));
	});
}

#[test]
fn a_taker_meets_no_more_orders_than_one_call_may() {
	ExtBuilder::default().build_and_execute(|| {
		for n in 0..9 {
			assert_ok!(place(2 + n % 2, ask(1_000, 5)));
		}
		assert_ok!(place(1, bid(1_000, 50)));
		assert_eq!((position(1), levels(Side::Ask)), (40, vec![(1_000, 5)]));
		// The rest would cross, so it does not rest.
		let (market, account, client) = (BTC, account(1, 0), 0);
		let (lots, reason) = (Lots(10), Cut::Bound);
		assert_eq!(last_event(), Event::OrderCut { market, account, client, lots, reason });
		assert_eq!(levels(Side::Bid), vec![]);
	});
}

#[test]
fn the_weight_returned_is_that_of_what_was_done() {
	ExtBuilder::default().build_and_execute(|| {
		let declared = |order| {
			RuntimeCall::Perpetuals(Call::place { sub: 0, order }).get_dispatch_info().call_weight
		};
		let actual = |owner, order| match Perpetuals::place(RuntimeOrigin::signed(owner), 0, order)
		{
			Ok(info) => info.actual_weight.expect("is returned"),
			Err(error) => error.post_info.actual_weight.expect("is returned"),
		};
		let rests = actual(2, ask(1_000, 5));
		assert!(rests.all_lt(declared(ask(1_000, 5))));
		let post = limit(Side::Ask, 1_000, 5, PostOnly);
		assert!(rests.all_lte(declared(post)) && declared(post).all_lt(declared(ask(1_000, 5))));
		let takes = actual(1, bid(1_000, 5));
		assert!(rests.all_lt(takes) && takes.all_lt(declared(bid(1_000, 5))));
		assert!(actual(1, bid(0, 5)).all_lt(takes));
		let cancel = Call::<Test>::cancel { sub: 0, id: OrderId(0) }.get_dispatch_info();
		assert_eq!(cancel.class, frame_support::dispatch::DispatchClass::Operational);
	});
}

#[test]
fn orders_that_trade_with_nobody_do_not_keep_a_post_only_order_from_its_price() {
	for kind in [TimeInForce::PostOnly, TimeInForce::PostOnlySlide] {
		ExtBuilder::default().build_and_execute(|| {
			for n in 0..6 {
				assert_ok!(place(2, limit(Side::Ask, 990 + n, 5, TimeInForce::GoodTilTime(1_005))));
			}
			let live = rest(1, PlaceOrder { client: 7, ..ask(1_001, 5) });
			Clock::set(1_005);
			set_prices(|prices| prices.at = 1_005_000);
			// It removes four, so of six the last two are in the way of the first to come.
			let order = limit(Side::Bid, 995, 5, kind);
			match kind {
				TimeInForce::PostOnly => {
					assert_noop!(place(1, order), Error::<Test>::PostOnlyWouldTrade);
					assert_ok!(place(4, limit(Side::Bid, 993, 5, kind)));
				},
				_ => {
					assert_ok!(place(1, order));
				},
			}
			assert_eq!(levels(Side::Bid), vec![(993, 5)]);
			assert_ok!(place(3, limit(Side::Bid, 1_000, 5, kind)));
			assert_eq!(levels(Side::Bid), vec![(1_000, 5), (993, 5)]);
			assert_eq!(levels(Side::Ask), vec![(1_001, 5)]);
			// An order of the same owner is no less in the way than another's.
			let own = limit(Side::Bid, 1_001, 5, TimeInForce::PostOnly);
			assert_noop!(place(1, own), Error::<Test>::PostOnlyWouldTrade);
			assert!(Perpetuals::open_orders(1, 0).iter().any(|order| order.id == live));
		});
	}
}

#[test]
fn a_refused_order_is_charged_what_it_looked_at() {
	ExtBuilder::default().build_and_execute(|| {
		let charged = |order| {
			let call = RuntimeCall::from(Call::place { sub: 0, order });
			let done = call.dispatch(RuntimeOrigin::signed(1));
			done.expect_err("is refused").post_info.actual_weight.expect("is returned")
		};
		let kill = limit(Side::Bid, 1_000, 100, TimeInForce::FillOrKill);
		let taker = |lots| limit(Side::Bid, 1_000, lots, TimeInForce::ImmediateOrCancel);
		let nothing_there = charged(kill);
		for owner in [2, 3, 4, 2, 3, 4] {
			assert_ok!(place(owner, ask(1_000, 5)));
		}
		let looked = charged(kill);
		assert!(looked.ref_time() > nothing_there.ref_time() + 6 * 6_000_000);
		// The makers of a taker without margin were read, and judged.
		House::change(account(1, 0), |account| account.limit = 1);
		let (one, six) = (charged(taker(5)), charged(taker(30)));
		let read = <Test as frame_system::Config>::DbWeight::get().reads(2).ref_time();
		assert!(six.ref_time() >= one.ref_time() + 5 * (6_000_000 + read));
	});
}
