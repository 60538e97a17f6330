//! Client ids, replacing, self-trade prevention, sliding, fees, and what a refusal costs.

use super::*;
use breakwater_primitives::clearing::Fees;
use frame_support::dispatch::Pays;
use TimeInForce::*;

fn client(order: PlaceOrder, client: u64) -> PlaceOrder {
	PlaceOrder { client, ..order }
}

fn against_own(order: PlaceOrder, self_trade: SelfTrade) -> PlaceOrder {
	PlaceOrder { self_trade, ..order }
}

fn batch(owner: u64, actions: Vec<BatchAction>) -> DispatchResult {
	let actions = actions.try_into().expect("32 at the most");
	dispatch(RuntimeOrigin::signed(owner), Call::batch { sub: 0, actions })
}

fn replace(owner: u64, id: OrderId, order: PlaceOrder) -> DispatchResult {
	batch(owner, vec![BatchAction::Replace { id, order }])
}

fn cuts() -> Vec<(u64, Cut)> {
	let all = events().into_iter();
	all.filter_map(|event| match event {
		Event::OrderCut { lots, reason, .. } => Some((lots.0, reason)),
		_ => None,
	})
	.collect()
}

#[test]
fn an_order_is_cancelled_by_its_client_id() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(1, client(bid(990, 5), 7));
		let by = |owner, client| {
			dispatch(RuntimeOrigin::signed(owner), Call::cancel_client { sub: 0, client })
		};
		assert_noop!(by(1, 8), Error::<Test>::OrderNotFound);
		assert_noop!(by(1, 0), Error::<Test>::OrderNotFound);
		assert_noop!(by(2, 7), Error::<Test>::OrderNotFound);
		assert_ok!(by(1, 7));
		let (account, lots) = (account(1, 0), Lots(5));
		assert_eq!(last_event(), Event::OrderCancelled { id, account, lots });
		rest(1, client(bid(990, 5), 7));
		assert_ok!(batch(1, vec![BatchAction::CancelClient(7)]));
		assert_eq!(levels(Side::Bid), vec![]);
	});
}

#[test]
fn a_client_id_names_one_resting_order() {
	ExtBuilder::default().build_and_execute(|| {
		rest(1, client(bid(990, 5), 7));
		assert_noop!(place(1, client(bid(989, 5), 7)), Error::<Test>::DuplicateClient);
		// Another account may use it, and so may an order that never rests.
		rest(2, client(bid(990, 5), 7));
		assert_ok!(place(1, client(market(Side::Bid, 990, 5), 7)));
		rest(1, bid(980, 5));
		rest(1, bid(980, 5));
	});
}

#[test]
fn an_order_that_only_shrinks_keeps_its_place_in_time() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(1, client(bid(990, 8), 7));
		rest(2, bid(990, 5));
		assert_ok!(replace(1, id, client(bid(990, 3), 7)));
		let (account, lots) = (account(1, 0), Lots(3));
		assert_eq!(last_event(), Event::OrderReduced { id, account, lots });
		assert_ok!(place(3, ask(990, 4)));
		assert_eq!(fills(), vec![(10, 990, 3), (20, 990, 1)]);
	});
}

#[test]
fn an_order_that_changes_otherwise_is_cancelled_and_placed_anew() {
	let changed: [fn(PlaceOrder) -> PlaceOrder; 5] = [
		|order| PlaceOrder { lots: Lots(9), ..order },
		|order| PlaceOrder { client: 8, ..order },
		|order| PlaceOrder { kind: bid(991, 5).kind, ..order },
		|order| PlaceOrder { kind: limit(Side::Bid, 990, 5, GoodTilTime(2_000)).kind, ..order },
		|order| PlaceOrder { side: Side::Ask, kind: ask(1_010, 5).kind, ..order },
	];
	for change in changed {
		ExtBuilder::default().build_and_execute(|| {
			let id = rest(1, client(bid(990, 8), 7));
			assert_ok!(replace(1, id, change(client(bid(990, 5), 7))));
			let open = Perpetuals::open_orders(1, 0);
			assert!(open.len() == 1 && open[0].id != id);
			assert!(events().iter().any(|e| matches!(e, Event::OrderCancelled { .. })));
		});
	}
}

#[test]
fn each_fault_of_a_replacement_is_named_and_changes_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(1, bid(990, 8));
		assert_noop!(replace(2, id, bid(990, 5)), Error::<Test>::NotYourOrder);
		assert_noop!(replace(1, OrderId(1), bid(990, 5)), Error::<Test>::OrderNotFound);
		assert_noop!(replace(1, id, bid(990, 1)), Error::<Test>::BelowMinimum);
		assert_noop!(replace(1, id, bid(990, 0)), Error::<Test>::ZeroLots);
		// The first is cancelled before the second is refused: both or none.
		assert_noop!(replace(1, id, bid(0, 9)), Error::<Test>::InvalidPrice);
		// To shrink adds no risk, so it is never denied.
		Gates::level(BTC, Level::Freeze);
		assert_ok!(replace(1, id, bid(990, 5)));
		assert_noop!(replace(1, id, bid(990, 6)), Error::<Test>::MarketFrozen);
	});
}

#[test]
fn each_mode_of_self_trade_prevention_gives_way_as_it_says() {
	use SelfTrade::*;
	// Mode, what is left of the own ask of 5, what rests of the bid of 8, and what was cut.
	let cases = [
		(CancelResting, 0, 8, vec![]),
		(CancelTaker, 5, 0, vec![(8, Cut::SelfTrade)]),
		(CancelBoth, 0, 0, vec![(8, Cut::SelfTrade)]),
		(Decrement, 0, 3, vec![(5, Cut::SelfTrade)]),
	];
	for (mode, own, rests, cut) in cases {
		ExtBuilder::default().build_and_execute(|| {
			assert_ok!(Perpetuals::place(RuntimeOrigin::signed(1), 1, ask(1_000, 5)));
			assert_ok!(place(1, against_own(bid(1_000, 8), mode)));
			let of = |side| levels(side).first().map_or(0, |level| level.1);
			assert_eq!((of(Side::Ask), of(Side::Bid)), (own, rests), "{mode:?}");
			assert_eq!((cuts(), fills()), (cut, vec![]), "{mode:?}");
		});
	}
}

#[test]
fn a_smaller_taker_decrements_his_own_order() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(1, ask(1_000, 8));
		assert_ok!(place(1, against_own(bid(1_000, 5), SelfTrade::Decrement)));
		assert_eq!((levels(Side::Ask), levels(Side::Bid)), (vec![(1_000, 3)], vec![]));
		let (account, lots) = (account(1, 0), Lots(3));
		assert!(events().contains(&Event::OrderReduced { id, account, lots }));
	});
}

#[test]
fn a_sliding_post_only_order_rests_behind_the_best_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(place(1, limit(Side::Bid, 1_005, 5, PostOnlySlide)));
		assert_eq!((levels(Side::Bid), position(1)), (vec![(999, 5)], 0));
		assert_ok!(place(1, limit(Side::Bid, 990, 5, PostOnlySlide)));
		assert_ok!(place(2, limit(Side::Ask, 900, 5, PostOnlySlide)));
		assert_eq!(levels(Side::Ask), vec![(1_000, 10)]);
		Gates::band(BTC, 900, 950);
		let outside = limit(Side::Bid, 1_005, 5, PostOnlySlide);
		assert_noop!(place(1, outside), Error::<Test>::PriceOutsideBand);
	});
}

#[test]
fn nothing_slides_below_the_lowest_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1, 5)));
		let slide = limit(Side::Bid, 5, 5, PostOnlySlide);
		assert_noop!(place(1, slide), Error::<Test>::PostOnlyWouldTrade);
	});
}

#[test]
fn an_order_fills_no_more_than_it_says() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..3 {
			assert_ok!(place(2, ask(1_000, 5)));
		}
		let most = |max_fills, order| PlaceOrder { max_fills, ..order };
		assert_ok!(place(1, most(2, bid(1_000, 50))));
		assert_eq!((position(1), cuts()), (10, vec![(40, Cut::Bound)]));
		let weight = |order| {
			RuntimeCall::from(Call::<Test>::place { sub: 0, order }).get_dispatch_info().call_weight
		};
		let (one, two) = (weight(most(1, bid(1_000, 5))), weight(most(2, bid(1_000, 5))));
		assert!(one.all_lt(two));
		assert_eq!(weight(most(200, bid(1_000, 5))), weight(most(8, bid(1_000, 5))));
	});
}

#[test]
fn who_trades_much_pays_the_fees_of_his_tier() {
	let fees = |taker, maker| Fees { taker: Ppm(taker), maker: SignedPpm(maker) };
	let tier = |volume, fees| FeeTier { volume, fees };
	let tiers = vec![tier(1_000, fees(400, 50)), tier(5_000, fees(300, -100))];
	let market = NewMarket { tiers: tiers.try_into().unwrap(), ..btc() };
	ExtBuilder { markets: vec![market] }.build_and_execute(|| {
		let paid = |owner| House::account(account(owner, 0)).fees;
		// 10 lots at 1000 are worth 1,000,000.
		let trade = || {
			let before = (paid(1), paid(2));
			assert_ok!(place(2, ask(1_000, 10)));
			assert_ok!(place(1, bid(1_000, 10)));
			(paid(1) - before.0, paid(2) - before.1)
		};
		assert_eq!(trade(), (500, 100));
		House::change(account(1, 0), |account| account.volume = 1_000);
		assert_eq!(trade(), (400, 100));
		House::change(account(2, 0), |account| account.volume = 4_999);
		assert_eq!(trade(), (400, 50));
		House::change(account(2, 0), |account| account.volume = 5_000);
		House::change(account(1, 0), |account| account.volume = 9_000);
		assert_eq!(trade(), (300, -100));
	});
}

#[test]
fn a_refused_order_costs_no_less_than_one_that_rests() {
	ExtBuilder::default().build_and_execute(|| {
		let weight = |owner, order| match Perpetuals::place(RuntimeOrigin::signed(owner), 0, order)
		{
			Ok(info) => (info.actual_weight.unwrap(), info.pays_fee),
			Err(refused) => (refused.post_info.actual_weight.unwrap(), refused.post_info.pays_fee),
		};
		assert_ok!(place(2, bid(990, 5)));
		let rests = weight(2, bid(990, 5));
		let declared = RuntimeCall::from(Call::<Test>::place { sub: 0, order: bid(0, 5) })
			.get_dispatch_info()
			.call_weight;
		House::change(account(1, 0), |account| account.limit = 0);
		for order in [bid(0, 5), bid(990, 1), bid(990, 5), limit(Side::Bid, 990, 5, FillOrKill)] {
			let refused = weight(1, order);
			assert!(refused.0.all_gte(rests.0) && refused.0.all_lt(declared), "{order:?}");
			assert_eq!(refused.1, Pays::Yes);
		}
	});
}

#[test]
fn who_sweeps_expired_orders_of_others_pays_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let expiring = |owner| rest(owner, limit(Side::Bid, 990, 5, GoodTilTime(1_005)));
		let ids = [expiring(1), expiring(1), expiring(2), expiring(3)];
		Clock::set(1_005);
		let signed = RuntimeOrigin::signed(2);
		let pays = |result: frame_support::dispatch::DispatchResultWithPostInfo| {
			result.expect("is taken").pays_fee
		};
		assert_eq!(pays(Perpetuals::cancel(signed.clone(), 0, ids[0])), Pays::No);
		// An own order among them is work of one's own.
		assert_eq!(pays(Perpetuals::cancel(signed.clone(), 0, ids[2])), Pays::Yes);
		let both = vec![BatchAction::Cancel(ids[1]), BatchAction::Cancel(ids[3])];
		let swept = Perpetuals::batch(signed, 0, both.try_into().unwrap());
		assert_eq!(pays(swept), Pays::No);
		assert_eq!(levels(Side::Bid), vec![]);
	});
}
