//! Reading without a transaction.

use super::*;

#[test]
fn the_orders_of_a_level_are_told_oldest_first() {
	ExtBuilder::default().build_and_execute(|| {
		let first = rest(1, bid(990, 5));
		let second = rest(2, limit(Side::Bid, 990, 7, TimeInForce::GoodTilTime(2_000)));
		rest(3, bid(991, 5));
		let level = Perpetuals::level(BTC, Side::Bid, Ticks(990));
		let told: Vec<_> = level.iter().map(|o| (o.id, o.account.0, o.lots.0, o.expiry)).collect();
		assert_eq!(told, vec![(first, 10, 5, 0), (second, 20, 7, 2_000)]);
		assert!(Perpetuals::level(BTC, Side::Ask, Ticks(990)).is_empty());
	});
}

#[test]
fn a_dry_run_tells_what_an_order_does_and_does_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(place(2, ask(1_000, 5)));
		assert_ok!(place(3, ask(1_001, 5)));
		let before = (sp_io::storage::root(Default::default()), events().len());
		let run = House::undone(|| Perpetuals::dry_run(1, 0, bid(1_001, 12)));
		let run = run.expect("is accepted");
		let fills: Vec<_> = run.fills.iter().map(|fill| (fill.price.0, fill.lots.0)).collect();
		assert_eq!(fills, vec![(1_000, 5), (1_001, 5)]);
		// Five hundred millionths of 500,000 and of 500,500, each rounded up.
		assert_eq!((run.fees, run.rests), (250 + 251, Lots(2)));
		assert_eq!(run.id.map(|id| id.tick()), Some(Ticks(1_001)));
		assert_eq!((sp_io::storage::root(Default::default()), events().len()), before);
	});
}

#[test]
fn a_dry_run_tells_why_an_order_is_refused() {
	ExtBuilder::default().build_and_execute(|| {
		let refused = |order| Perpetuals::dry_run(1, 0, order).err();
		assert_eq!(refused(bid(0, 5)), Some(Error::<Test>::InvalidPrice.into()));
		House::change(account(1, 0), |account| account.limit = 4);
		assert_eq!(refused(bid(990, 5)), Some(MARGIN));
		assert_eq!(Perpetuals::dry_run(9, 0, bid(990, 5)), Err(UNKNOWN));
	});
}

#[test]
fn auctions_and_funding_are_told_only_where_there_are_some() {
	ExtBuilder::default().build_and_execute(|| {
		assert_eq!(Perpetuals::indicative(BTC), None);
		assert_eq!(Perpetuals::indicative(MarketId(9)), None);
		assert_eq!(Perpetuals::funding(MarketId(9)), None);
		assert_eq!(Perpetuals::stop_orders(9, 0), vec![]);
		let funding = Perpetuals::funding(BTC).expect("exists");
		assert_eq!((funding.rate, funding.samples), (SignedPpm(100), 0));
	});
}
