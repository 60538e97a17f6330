//! The book of a market that is settled.

use super::*;
use crate::{
	cost::{self, Work},
	types::Status,
};
use breakwater_primitives::Settlement as _;
use frame_support::weights::Weight;

fn settle() {
	assert_ok!(Perpetuals::begin(BTC));
	Gates::level(BTC, Level::Settle);
}

fn status() -> Status {
	Terms::<Test>::get(BTC).unwrap().status
}

fn pages_of(market: MarketId) -> usize {
	Pages::<Test>::iter_keys().filter(|key| key.market == market).count()
		+ Words::<Test>::iter_keys().filter(|key| key.market == market).count()
		+ StopPages::<Test>::iter_keys().filter(|key| key.market == market).count()
		+ StopWords::<Test>::iter_keys().filter(|key| key.market == market).count()
}

fn stop(owner: u64, when: Crossing, trigger: u32, market: MarketId) -> DispatchResult {
	let order = PlaceOrder { market, ..bid(900, 2) };
	let stop = StopOrder { when, trigger: Ticks(trigger), order };
	dispatch(RuntimeOrigin::signed(owner), Call::place_stop { sub: 0, stop })
}

fn in_eth(order: PlaceOrder) -> PlaceOrder {
	PlaceOrder { market: ETH, ..order }
}

#[test]
fn orders_and_stops_of_a_settled_market_are_cancelled_and_others_stay() {
	ExtBuilder::default().build_and_execute(|| {
		set_prices(|prices| prices.mark = Ticks(1_000));
		open_long(10);
		for n in 0..20 {
			rest(1, bid(900 + n, 2));
			rest(2, ask(1_100 + 40 * n, 3));
			// Many at one price.
			rest(3, bid(950, 4));
		}
		let kept = rest(4, in_eth(bid(900, 2)));
		assert_ok!(stop(1, Crossing::AtOrBelow, 800, BTC));
		assert_ok!(stop(1, Crossing::AtOrAbove, 1_300, BTC));
		assert_ok!(stop(2, Crossing::AtOrBelow, 700, ETH));
		settle();
		assert_eq!(
			(status(), last_event()),
			(Status::Settling, Event::MarketSettling { market: BTC })
		);
		next_block();
		assert_eq!(pages_of(BTC), 0);
		assert_eq!(House::orders().into_keys().collect::<Vec<_>>(), vec![kept]);
		assert!(Stops::<Test>::get(account(1, 0)).is_empty());
		assert_eq!(Stops::<Test>::get(account(2, 0)).len(), 1);
		let removed = events().into_iter().filter(|event| {
			matches!(event, Event::OrderRemoved { reason: Reason::Settlement, .. })
		});
		assert_eq!(removed.count(), 60);
		// Positions are the clearing house's to close.
		assert_eq!(position(1), 10);
		// Until everybody is paid.
		next_block();
		assert_eq!(status(), Status::Settling);
		EverybodyPaid::set(true);
		next_block();
		assert_eq!((status(), last_event()), (Status::Closed, Event::MarketClosed { market: BTC }));
		assert_eq!(Settling::<Test>::get(), 0);
		assert!(!Premiums::<Test>::contains_key(BTC));
		run_to(60);
		assert!(!Premiums::<Test>::contains_key(BTC));
	});
}

#[test]
fn nothing_is_placed_or_changed_in_a_settled_market() {
	ExtBuilder::default().build_and_execute(|| {
		let id = rest(1, bid(900, 2));
		settle();
		assert_noop!(Perpetuals::begin(BTC), Error::<Test>::MarketSettling);
		assert_noop!(Perpetuals::begin(MarketId(9)), Error::<Test>::MarketNotFound);
		assert_noop!(stop(1, Crossing::AtOrBelow, 800, BTC), Error::<Test>::MarketSettling);
		// One's own orders may be cancelled before it is their turn.
		assert_ok!(dispatch(RuntimeOrigin::signed(1), Call::cancel { sub: 0, id }));
		EverybodyPaid::set(true);
		next_block();
		let root = RuntimeOrigin::root;
		for closed in [
			Call::loosen_market { market: BTC, min_lots: None, max_lots: None, open: true },
			Call::change_market { market: BTC, change: MarketChange::default() },
		] {
			assert_noop!(dispatch(root(), closed), Error::<Test>::MarketSettling);
		}
		let tighten =
			Call::tighten_market { market: BTC, min_lots: None, max_lots: None, close: true };
		assert_noop!(dispatch(RuntimeOrigin::signed(1), tighten), Error::<Test>::MarketSettling);
		assert_eq!(place(1, bid(900, 2)), Err(Error::<Test>::MarketSettling.into()));
		assert_eq!(place(1, reducing(ask(900, 2))), Err(Error::<Test>::MarketSettling.into()));
		assert_ok!(place(1, in_eth(bid(900, 2))));
	});
}

#[test]
fn a_book_is_cleared_over_many_blocks_where_there_is_little_room() {
	ExtBuilder::default().build_and_execute(|| {
		for n in 0..40 {
			rest(1, bid(900 + n, 2));
			rest(2, ask(1_100 + 40 * n, 3));
		}
		settle();
		let step = Work::worst(0, 16, 0, 0);
		let room = cost::clear_orders::<Test>(&step);
		HookWeight::set(room.saturating_mul(3).saturating_div(2));
		let mut blocks = 0;
		while !House::orders().is_empty() {
			let before = House::orders().len();
			next_block();
			assert!(House::orders().len() < before);
			check();
			blocks += 1;
		}
		assert!(blocks > 1, "{blocks}");
		HookWeight::set(Weight::zero());
		EverybodyPaid::set(true);
		next_block();
		assert_eq!(status(), Status::Settling);
	});
}

#[test]
fn what_an_auction_had_collected_does_not_trade() {
	ExtBuilder::default().build_and_execute(|| {
		Gates::level(BTC, Level::Auction);
		rest(1, bid(1_010, 5));
		rest(2, ask(990, 5));
		assert!(matches!(Hot::<Test>::get(BTC).phase, Phase::Collecting { .. }));
		settle();
		<Perpetuals as Auctions>::collect(Scope::Market(BTC), u64::MAX);
		next_block();
		assert!(House::orders().is_empty());
		assert_eq!((position(1), position(2)), (0, 0));
		assert_eq!(Hot::<Test>::get(BTC).phase, Phase::Continuous);
		assert_eq!(Auctioning::<Test>::get(), 0);
		assert_eq!(House::accrued(), vec![]);
	});
}
