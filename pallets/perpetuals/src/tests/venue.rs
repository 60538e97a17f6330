use super::*;

/// Close up to `lots` of owner 1's position in a session that is committed. Returns what was closed.
fn close(side: Side, lots: u64, worst: u32, max_fills: u16) -> u64 {
	close_all(side, lots, worst, max_fills).lots.0
}

fn close_all(side: Side, lots: u64, worst: u32, max_fills: u16) -> clearing::Closed {
	let mut session = House::session();
	let who = account(1, 0);
	let (lots, worst) = (Lots(lots), Ticks(worst));
	let closed = Perpetuals::close(&mut session, BTC, who, side, lots, worst, max_fills);
	assert_ok!(session.commit(Check::None));
	closed
}

#[test]
fn a_close_trades_without_fees_at_no_worse_than_the_given_price() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		let fees = House::account(account(1, 0)).fees;
		for price in [999, 998, 997] {
			assert_ok!(place(3, bid(price, 3)));
		}
		Observed::take();
		assert_eq!(close(Side::Ask, 10, 998, 8), 6);
		assert_eq!((position(1), levels(Side::Bid)), (4, vec![(997, 3)]));
		assert_eq!(House::account(account(1, 0)).fees, fees);
		assert_eq!(Observed::take().len(), 1);
		assert_eq!(close(Side::Ask, 4, 999, 8), 0);
	});
}

#[test]
fn a_close_keeps_to_its_fills_and_to_the_band() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		for price in [999, 998, 990] {
			assert_ok!(place(3, bid(price, 2)));
		}
		assert_eq!(close(Side::Ask, 10, 1, 1), 2);
		Gates::band(BTC, 995, 1_010);
		assert_eq!(Perpetuals::depth_of(998), 100 * 2 * 998);
		assert_eq!(close(Side::Ask, 8, 1, 8), 2);
		assert_eq!(levels(Side::Bid), vec![(990, 2)]);
	});
}

#[test]
fn a_close_of_what_is_not_there_does_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let mut session = House::session();
		let lots = Lots(5);
		let mut close = |market, who| {
			Perpetuals::close(&mut session, market, who, Side::Ask, lots, Ticks(1), 8)
		};
		assert_eq!(close(MarketId(9), account(1, 0)), Default::default());
		assert_eq!(close(BTC, AccountRef(99)), Default::default());
		assert_eq!(<Perpetuals as Venue>::depth(MarketId(9), Side::Ask, Ticks(1)), 0);
	});
}

#[test]
fn orders_in_the_way_of_a_close_are_removed_and_no_wall_of_them_stands_for_long() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		for price in 980..991 {
			let order = bid(price, 2);
			assert_ok!(dispatch(RuntimeOrigin::signed(1), Call::place { sub: 1, order }));
		}
		assert_ok!(place(2, bid(995, 2)));
		assert_ok!(place(3, bid(970, 20)));
		// One is left behind by the band, eleven belong to the same owner; four go at once.
		Gates::band(BTC, 960, 990);
		let closed = [(); 3].map(|_| {
			let closed = close_all(Side::Ask, 10, 960, 8);
			(closed.lots.0, closed.removed)
		});
		assert_eq!(closed, [(0, 4), (0, 4), (10, 4)]);
		assert_eq!(position(1), 0);
	});
}

#[test]
fn the_orders_of_a_liquidated_account_are_cancelled() {
	ExtBuilder::default().build_and_execute(|| {
		for price in [990, 991, 992] {
			assert_ok!(place(1, bid(price, 5)));
		}
		let mut session = House::session();
		let who = account(1, 0);
		assert_eq!(<Perpetuals as Venue>::cancel_all(&mut session, who, 2), 2);
		assert_eq!(<Perpetuals as Venue>::cancel_all(&mut session, AccountRef(99), 2), 0);
		assert_ok!(session.commit(Check::None));
		assert_eq!(Perpetuals::open_orders(1, 0).len(), 1);
		assert!(matches!(last_event(), Event::OrderRemoved { reason: Reason::Liquidation, .. }));
	});
}

impl Perpetuals {
	/// What an ask could trade in the BTC market down to `worst`.
	fn depth_of(worst: u32) -> u128 {
		<Self as Venue>::depth(BTC, Side::Ask, Ticks(worst))
	}
}

/// Offer `lots` of owner 1's position. Returns what was closed at once.
fn offer(side: Side, lots: u64, price: u32) -> u64 {
	let mut session = House::session();
	let (who, lots, price) = (account(1, 0), Lots(lots), Ticks(price));
	let closed = Perpetuals::offer(&mut session, BTC, who, side, lots, price, 8);
	assert_ok!(session.commit(Check::None));
	closed.lots.0
}

#[test]
fn an_offer_trades_with_what_is_wanted_at_its_price_and_the_rest_of_it_waits() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		for price in [999, 998] {
			assert_ok!(place(3, bid(price, 3)));
		}
		assert_eq!(offer(Side::Ask, 8, 999), 3);
		assert_eq!((position(1), levels(Side::Ask)), (7, vec![(999, 5)]));
		// It only reduces, and whoever wants it may have it.
		let order = House::account(account(1, 0)).orders[0].0.id;
		assert!(Perpetuals::level_orders(BTC, Side::Ask, Ticks(999))[0].reduce_only);
		assert_ok!(place(3, bid(999, 2)));
		assert_eq!((position(1), levels(Side::Ask)), (5, vec![(999, 3)]));
		// The same offer keeps its place in time; another price moves it.
		assert_eq!(offer(Side::Ask, 3, 999), 0);
		assert_eq!(House::account(account(1, 0)).orders[0].0.id, order);
		assert_eq!(offer(Side::Ask, 4, 1_001), 0);
		assert_eq!(levels(Side::Ask), vec![(1_001, 4)]);
		assert_eq!(House::account(account(1, 0)).orders.len(), 1);
		// No lots take it back.
		assert_eq!(offer(Side::Ask, 0, 1), 0);
		assert_eq!((levels(Side::Ask), position(1)), (vec![], 5));
		assert_eq!(House::account(account(1, 0)).orders.len(), 0);
	});
}

#[test]
fn nothing_is_offered_outside_the_band_or_while_nothing_trades() {
	ExtBuilder::default().build_and_execute(|| {
		open_long(10);
		Gates::band(BTC, 995, 1_010);
		assert_eq!(offer(Side::Ask, 5, 1_000), 0);
		assert_eq!(levels(Side::Ask), vec![(1_000, 5)]);
		// An ask below the band would trade inside it, and does not rest below.
		assert_eq!(offer(Side::Ask, 5, 990), 0);
		assert_eq!(levels(Side::Ask), vec![]);
		let mut session = House::session();
		let who = account(1, 0);
		let nowhere = MarketId(9);
		let closed =
			Perpetuals::offer(&mut session, nowhere, who, Side::Ask, Lots(1), Ticks(1_000), 8);
		assert_eq!(closed, Default::default());
	});
}
