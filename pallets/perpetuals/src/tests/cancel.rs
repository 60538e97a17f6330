use super::*;

fn cancel(owner: u64, id: OrderId) -> DispatchResult {
	dispatch(RuntimeOrigin::signed(owner), Call::cancel { sub: 0, id })
}

fn cancel_all(owner: u64, market: Option<MarketId>) -> DispatchResult {
	dispatch(RuntimeOrigin::signed(owner), Call::cancel_all { sub: 0, market })
}

#[test]
fn an_order_is_cancelled_by_its_owner_at_any_level() {
	for level in Level::ALL {
		ExtBuilder::default().build_and_execute(|| {
			let id = rest(1, bid(990, 5));
			Gates::level(BTC, level);
			set_prices(|prices| prices.validity = Validity::Invalid);
			assert_ok!(cancel(1, id));
			let (account, lots) = (account(1, 0), Lots(5));
			assert_eq!(last_event(), Event::OrderCancelled { id, account, lots });
			assert_noop!(cancel(1, id), Error::<Test>::OrderNotFound);
		});
	}
}

#[test]
fn each_fault_of_a_cancellation_is_named() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(1, bid(990, 5));
		assert_noop!(cancel(9, id), UNKNOWN);
		assert_noop!(cancel(2, id), Error::<Test>::NotYourOrder);
		assert_noop!(cancel(1, OrderId(u128::MAX)), Error::<Test>::OrderNotFound);
		let sub = dispatch(RuntimeOrigin::signed(1), Call::cancel { sub: 1, id });
		assert_noop!(sub, Error::<Test>::NotYourOrder);
		let unsigned = dispatch(RuntimeOrigin::none(), Call::cancel { sub: 0, id });
		assert_noop!(unsigned, sp_runtime::DispatchError::BadOrigin);
	});
}

#[test]
fn anybody_cancels_an_expired_order() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(1, limit(Side::Bid, 990, 5, TimeInForce::GoodTilTime(1_005)));
		Clock::set(1_004);
		assert_noop!(cancel(2, id), Error::<Test>::NotYourOrder);
		Clock::set(1_005);
		assert_ok!(cancel(2, id));
		let (account, lots, reason) = (account(1, 0), Lots(5), Reason::Expired);
		assert_eq!(last_event(), Event::OrderRemoved { id, account, lots, reason });
	});
}

#[test]
fn cancelling_the_best_order_moves_the_best_price() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(1, ask(1_100, 5)));
		let best = rest(1, ask(1_000, 5));
		assert_eq!(Perpetuals::best(BTC).ask, Some(Ticks(1_000)));
		assert_ok!(cancel(1, best));
		assert_eq!(Perpetuals::best(BTC).ask, Some(Ticks(1_100)));
	});
}

#[test]
fn all_orders_of_an_account_are_cancelled_in_one_market_or_in_all() {
	ExtBuilder::default().build_and_execute(|| {
		let elsewhere = PlaceOrder { market: ETH, ..bid(990, 5) };
		for order in [bid(990, 5), ask(1_010, 5), elsewhere] {
			assert_ok!(place(1, order));
			assert_ok!(place(2, order));
		}
		assert_ok!(cancel_all(1, Some(BTC)));
		assert_eq!(Perpetuals::open_orders(1, 0).len(), 1);
		assert_ok!(cancel_all(1, None));
		assert_ok!(cancel_all(1, None));
		assert_eq!(Perpetuals::open_orders(1, 0), vec![]);
		assert_eq!(Perpetuals::open_orders(2, 0).len(), 3);
		assert_noop!(cancel_all(9, None), UNKNOWN);
	});
}

#[test]
fn storage_is_as_before_after_cancelling_everything() {
	ExtBuilder::default().build_and_execute(|| {
		use frame_support::traits::Hooks;
		let stored = || {
			let prefix = frame_support::storage::storage_prefix(b"Perpetuals", b"");
			let mut key = prefix[..16].to_vec();
			let mut all = Vec::new();
			while let Some(next) = sp_io::storage::next_key(&key) {
				if !next.starts_with(&prefix[..16]) {
					break;
				}
				all.push((next.clone(), sp_io::storage::get(&next)));
				key = next;
			}
			all
		};
		let before = stored();
		assert!(!before.is_empty());
		House::max_orders(1_000);
		// More orders at one tick than its page holds, and orders all over the range of prices.
		for n in 0..300u32 {
			assert_ok!(place(1 + u64::from(n % 2), bid(990, 5)));
			assert_ok!(place(3, ask(1_000 + n * 10_000_000, 5)));
		}
		check();
		assert_ne!(stored(), before);
		set_prices(|prices| prices.mark = Ticks(1_000));
		for trigger in [500, 900, 901] {
			let when = Crossing::AtOrBelow;
			let stop = StopOrder { when, trigger: Ticks(trigger), order: bid(10, 5) };
			assert_ok!(dispatch(RuntimeOrigin::signed(1), Call::place_stop { sub: 0, stop }));
		}
		// What an auction collects leaves nothing either, when it ends without a trade.
		<Perpetuals as Auctions>::collect(Scope::Market(BTC), 1_120_000);
		assert_ok!(place(4, bid(2_000, 5)));
		for owner in OWNERS {
			for _ in 0..5 {
				assert_ok!(cancel_all(owner, None));
			}
		}
		assert_ok!(dispatch(RuntimeOrigin::signed(1), Call::cancel_stop { sub: 0, slot: None }));
		run_to(20);
		let of_the_clock = [b"Premiums".as_slice(), b"NextBin"];
		let of_the_clock = of_the_clock
			.map(|item| frame_support::storage::storage_prefix(b"Perpetuals", item).to_vec());
		let stored = || -> Vec<_> {
			let all = stored().into_iter();
			all.filter(|(key, _)| !of_the_clock.iter().any(|item| key.starts_with(item))).collect()
		};
		Perpetuals::on_finalize(20);
		assert_eq!(stored(), before);
	});
}

#[test]
fn cancelling_all_drops_what_is_listed_and_rests_nowhere() {
	ExtBuilder::default().build_and_execute(|| {
		let ghost = |n| {
			let id = OrderId::new(BTC, Side::Bid, Ticks(980), Sequence(n));
			House::change(account(1, 0), |account| {
				account.orders.insert(0, (OpenOrder { id, client: 0 }, Lots(0), false));
			});
		};
		assert_ok!(place(1, bid(990, 5)));
		ghost(1);
		assert_ok!(cancel_all(1, None));
		assert_eq!(House::account(account(1, 0)).orders, vec![]);
		ghost(2);
		let mut session = House::session();
		assert_eq!(<Perpetuals as Venue>::cancel_all(&mut session, account(1, 0), 9), 0);
		assert_ok!(session.commit(Check::None));
		assert_eq!(House::account(account(1, 0)).orders, vec![]);
	});
}
