use super::*;
use breakwater_primitives::level::Denied;
use TimeInForce::*;

fn wanted() -> Vec<u32> {
	let all = Observed::take().into_iter();
	all.filter_map(|(_, observation)| match observation {
		Observation::BandReached { wanted } => Some(wanted.0),
		_ => None,
	})
	.collect()
}

#[test]
fn each_level_refuses_what_it_denies_with_its_own_error() {
	use crate::Error as E;
	let cases = [
		(Level::Guarded, E::<Test>::MarketGuarded, [true, false, false]),
		(Level::ReduceOnly, E::MarketReduceOnly, [true, true, false]),
		(Level::Auction, E::MarketInAuction, [true, false, false]),
		(Level::Freeze, E::MarketFrozen, [true, true, true]),
		(Level::Settle, E::MarketSettling, [true, true, true]),
	];
	for (level, error, denied) in cases.map(|(l, e, d)| (l, sp_runtime::DispatchError::from(e), d))
	{
		ExtBuilder::default().build_and_execute(|| {
			Gates::level(BTC, level);
			let orders =
				[market(Side::Bid, 990, 5), bid(990, 5), limit(Side::Bid, 990, 5, PostOnly)];
			for (order, denied) in orders.into_iter().zip(denied) {
				if denied {
					assert_noop!(place(1, order), error);
				} else {
					assert_ok!(place(1, order));
				}
			}
		});
	}
}

#[test]
fn a_denial_without_a_level_has_its_own_error() {
	ExtBuilder::default().build_and_execute(|| {
		Gates::deny(BTC, Denied::of(&[Action::OpenLimit]));
		assert_noop!(place(1, bid(990, 5)), Error::<Test>::ActionDenied);
	});
}

#[test]
fn reducing_goes_on_while_opening_is_denied() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(999, 20)));
		Gates::level(BTC, Level::ReduceOnly);
		assert_noop!(place(1, market(Side::Ask, 999, 11)), Error::<Test>::MarketReduceOnly);
		assert_noop!(place(1, market(Side::Bid, 999, 5)), Error::<Test>::MarketReduceOnly);
		assert_ok!(place(1, market(Side::Ask, 999, 4)));
		assert_ok!(place(1, reducing(ask(999, 2))));
		assert_eq!(position(1), 4);
		// What rests is marked, so that two such orders together cannot open.
		assert_ok!(place(1, ask(1_001, 4)));
		assert!(Perpetuals::open_orders(1, 0)[0].reduce_only);
	});
}

#[test]
fn reducing_ends_where_it_is_denied_too() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(999, 20)));
		Gates::level(BTC, Level::Freeze);
		assert_noop!(place(1, reducing(ask(999, 2))), Error::<Test>::MarketFrozen);
		assert_noop!(place(1, market(Side::Ask, 999, 4)), Error::<Test>::MarketFrozen);
	});
}

#[test]
fn orders_that_open_need_a_valid_price() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		assert_ok!(place(3, bid(999, 20)));
		let post = |price| limit(Side::Bid, price, 5, PostOnly);
		set_prices(|prices| prices.validity = Validity::Degraded);
		assert_noop!(place(1, bid(990, 5)), Error::<Test>::PriceNotValid);
		assert_ok!(place(1, post(990)));
		set_prices(|prices| prices.validity = Validity::Valid);
		Clock::set(1_010);
		assert_ok!(place(1, bid(990, 5)));
		Clock::set(1_011);
		assert_noop!(place(1, bid(990, 5)), Error::<Test>::PriceNotValid);
		assert_noop!(place(1, post(990)), Error::<Test>::PriceNotValid);
		assert_ok!(place(1, ask(999, 4)));
		assert_eq!(position(1), 6);
	});
}

#[test]
fn what_would_trade_beyond_the_band_is_cut_and_told() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(place(2, ask(1_020, 5)));
		Gates::band(BTC, 990, 1_010);
		for order in [bid(1_030, 8), market(Side::Bid, 1_030, 8)] {
			assert_ok!(place(1, order));
			assert!(matches!(last_event(), Event::OrderCut { reason: Cut::Band, .. }));
			assert_eq!(wanted(), vec![1_020]);
		}
		assert_eq!((position(1), levels(Side::Bid)), (5, vec![]));
		let kill = limit(Side::Bid, 1_030, 4, FillOrKill);
		assert_noop!(place(1, kill), Error::<Test>::FillOrKillUnfilled);
		assert_ok!(place(1, bid(1_005, 2)));
		assert_eq!((levels(Side::Bid), wanted()), (vec![(1_005, 2)], vec![]));
	});
}

#[test]
fn nothing_comes_to_rest_where_it_could_only_trade_beyond_the_band() {
	ExtBuilder::default().build_and_execute(|| {
		Gates::band(BTC, 990, 1_010);
		assert_ok!(place(1, bid(1_011, 5)));
		assert!(matches!(last_event(), Event::OrderCut { reason: Cut::Band, .. }));
		let post = limit(Side::Ask, 989, 5, PostOnly);
		assert_noop!(place(1, post), Error::<Test>::PriceOutsideBand);
		// A passive order far away is fine.
		assert_ok!(place(1, bid(500, 5)));
		assert_eq!((levels(Side::Bid), wanted()), (vec![(500, 5)], vec![]));
	});
}

#[test]
fn the_band_never_makes_an_order_trade_beyond_its_own_limit() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		Gates::band(BTC, 995, 1_010);
		assert_ok!(place(1, bid(980, 5)));
		assert_eq!((position(1), levels(Side::Bid)), (0, vec![(980, 5)]));
	});
}

#[test]
fn an_order_that_the_band_left_behind_gives_way_to_what_rests_behind_it() {
	ExtBuilder::default().build_and_execute(|| {
		let behind = rest(2, bid(1_000, 5));
		assert_ok!(place(3, bid(945, 3)));
		Gates::band(BTC, 900, 950);
		let kill = limit(Side::Ask, 940, 4, FillOrKill);
		assert_noop!(place(1, kill), Error::<Test>::FillOrKillUnfilled);
		assert_ok!(place(1, ask(940, 5)));
		let (account, lots, reason) = (account(2, 0), Lots(5), Reason::Band);
		let removed = Event::OrderRemoved { id: behind, account, lots, reason };
		assert!(events().contains(&removed));
		assert_eq!((position(1), position(3), wanted()), (-3, 3, vec![]));
		assert_eq!((levels(Side::Bid), levels(Side::Ask)), (vec![], vec![(940, 2)]));
	});
}

#[test]
fn exits_find_their_way_through_a_wall_of_orders_that_the_band_left_behind() {
	for exit in [reducing(market(Side::Ask, 900, 5)), limit(Side::Ask, 940, 5, FillOrKill)] {
		ExtBuilder::default().build_and_execute(|| {
			open_long(10);
			for n in 0..10 {
				assert_ok!(place(2, bid(960 + n, 2)));
			}
			assert_ok!(place(3, bid(945, 50)));
			Gates::band(BTC, 900, 950);
			// Each call removes as many as it may, and whoever comes next goes on.
			let mut sold = 0;
			while position(1) == 10 {
				sold += 1;
				assert!(sold <= 4, "ten orders, four for each call");
				let _ = place(4, market(Side::Ask, 900, 2));
				let _ = place(1, exit);
			}
			assert_eq!((position(1), fills().last()), (5, Some(&(30, 945, 5))));
		});
	}
}

#[test]
fn an_own_order_that_the_band_left_behind_is_removed_and_ends_no_match() {
	ExtBuilder::default().build_and_execute(|| {
		let own = rest(1, bid(1_000, 5));
		assert_ok!(place(3, bid(945, 3)));
		Gates::band(BTC, 900, 950);
		let order = PlaceOrder { self_trade: SelfTrade::CancelTaker, ..market(Side::Ask, 900, 3) };
		assert_ok!(place(1, order));
		assert_eq!((position(1), levels(Side::Bid)), (-3, vec![]));
		let (account, lots, reason) = (account(1, 0), Lots(5), Reason::Band);
		assert!(events().contains(&Event::OrderRemoved { id: own, account, lots, reason }));
	});
}

#[test]
fn anybody_cancels_an_order_that_the_band_left_behind_but_no_passive_one() {
	ExtBuilder::default().build_and_execute(|| {
		let cancel = |id| dispatch(RuntimeOrigin::signed(4), Call::cancel { sub: 0, id });
		let (high, deep) = (rest(2, bid(1_000, 5)), rest(2, bid(500, 5)));
		assert_noop!(cancel(high), Error::<Test>::NotYourOrder);
		Gates::band(BTC, 900, 950);
		assert_noop!(cancel(deep), Error::<Test>::NotYourOrder);
		// What is collected trades at one price inside the band.
		<Perpetuals as Auctions>::collect(Scope::Market(BTC), 1_120_000);
		assert_noop!(cancel(high), Error::<Test>::NotYourOrder);
		Hot::<Test>::mutate(BTC, |hot| hot.phase = Phase::Continuous);
		let call = RuntimeCall::from(Call::cancel { sub: 0, id: high });
		let done = call.dispatch(RuntimeOrigin::signed(4)).expect("anybody may");
		assert_eq!(done.pays_fee, frame_support::dispatch::Pays::No);
		let (account, lots, reason) = (account(2, 0), Lots(5), Reason::Band);
		assert_eq!(last_event(), Event::OrderRemoved { id: high, account, lots, reason });
		assert_eq!(levels(Side::Bid), vec![(500, 5)]);
		Auctioning::<Test>::kill();
	});
}

#[test]
fn a_refusal_is_named_after_the_lease_that_refuses() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		Gates::level(BTC, Level::Auction);
		let lease = |level| Restriction { level, cause: None, until: 7 };
		Gates::beneath(BTC, lease(Level::ReduceOnly));
		assert_noop!(place(3, bid(990, 5)), Error::<Test>::MarketReduceOnly);
		Gates::beneath(BTC, lease(Level::Freeze));
		assert_noop!(place(1, reducing(ask(990, 5))), Error::<Test>::MarketFrozen);
	});
}
