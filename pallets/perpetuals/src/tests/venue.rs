use super::*;

/// Close up to `lots` of owner 1's position in a session that is committed.
fn close(side: Side, lots: u64, worst: u32, max_fills: u16) -> u64 {
	let mut session = House::session();
	let who = account(1, 0);
	let (lots, worst) = (Lots(lots), Ticks(worst));
	let closed = Perpetuals::close(&mut session, BTC, who, side, lots, worst, max_fills);
	assert_ok!(session.commit(Check::None));
	closed.0
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
		assert_eq!(close(MarketId(9), account(1, 0)), Lots(0));
		assert_eq!(close(BTC, AccountRef(99)), Lots(0));
		assert_eq!(<Perpetuals as Venue>::depth(MarketId(9), Side::Ask, Ticks(1)), 0);
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
