use super::*;

fn batch(owner: u64, actions: Vec<BatchAction>) -> DispatchResult {
	let actions = actions.try_into().expect("32 at the most");
	dispatch(RuntimeOrigin::signed(owner), Call::batch { sub: 0, actions })
}

#[test]
fn the_actions_of_a_batch_are_done_in_their_order() {
	ExtBuilder::default().build_and_execute(|| {
		let old = rest(1, bid(990, 5));
		assert_ok!(place(2, ask(1_000, 5)));
		let orders = [bid(991, 5), bid(991, 6), ask(1_010, 5), bid(1_000, 2)];
		let mut actions = vec![BatchAction::Cancel(old)];
		actions.extend(orders.map(BatchAction::Place));
		assert_ok!(batch(1, actions));
		assert_eq!(levels(Side::Bid), vec![(991, 11)]);
		assert_eq!(levels(Side::Ask), vec![(1_000, 3), (1_010, 5)]);
		assert_eq!((position(1), Observed::take().len()), (2, 1));
		// The first of two orders at one price trades first.
		assert_ok!(place(2, ask(991, 5)));
		let left = Perpetuals::open_orders(1, 0);
		assert!(left.iter().any(|order| order.lots == Lots(6)));
	});
}

#[test]
fn an_action_that_is_refused_refuses_the_batch() {
	ExtBuilder::default().build_and_execute(|| {
		let old = rest(1, bid(990, 5));
		assert_ok!(place(2, ask(1_000, 5)));
		let begin = vec![BatchAction::Cancel(old), BatchAction::Place(bid(1_000, 5))];
		let with = |last| [begin.clone(), vec![last]].concat();
		let twice = with(BatchAction::Cancel(old));
		assert_noop!(batch(1, twice), Error::<Test>::OrderNotFound);
		let bad = with(BatchAction::Place(bid(0, 5)));
		assert_noop!(batch(1, bad), Error::<Test>::InvalidPrice);
		let elsewhere = BatchAction::Place(PlaceOrder { market: ETH, ..bid(990, 5) });
		assert_noop!(batch(1, with(elsewhere)), Error::<Test>::BatchMixesMarkets);
		let beyond_margin = with(BatchAction::Place(bid(900, 999_999)));
		assert_noop!(batch(1, beyond_margin), MARGIN);
		assert!(Observed::take().is_empty());
	});
}

#[test]
fn a_batch_cancels_in_any_market_and_may_be_empty() {
	ExtBuilder::default().build_and_execute(|| {
		let here = rest(1, bid(990, 5));
		let there = rest(1, PlaceOrder { market: ETH, ..bid(990, 5) });
		let cancels = vec![BatchAction::Cancel(here), BatchAction::Cancel(there)];
		assert_ok!(batch(1, [cancels, vec![BatchAction::Place(ask(1_000, 5))]].concat()));
		assert_eq!(Perpetuals::open_orders(1, 0).len(), 1);
		assert_ok!(batch(1, vec![]));
		assert_noop!(batch(9, vec![]), UNKNOWN);
	});
}

#[test]
fn the_takers_of_a_batch_share_the_bound_on_fills() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..9 {
			assert_ok!(place(2, ask(1_000, 5)));
		}
		assert_ok!(batch(1, vec![BatchAction::Place(bid(1_000, 25)); 2]));
		assert_eq!((position(1), levels(Side::Ask)), (40, vec![(1_000, 5)]));
	});
}

#[test]
fn orders_of_one_extrinsic_have_different_ids() {
	ExtBuilder::default().build_and_execute(|| {
		// As within a utility batch: several calls under one extrinsic index.
		let ids = [rest(1, bid(990, 5)), rest(1, bid(990, 5)), rest(2, bid(990, 5))];
		assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
		assert_ok!(place(3, ask(990, 11)));
		assert_eq!(fills(), vec![(10, 990, 5), (10, 990, 5), (20, 990, 1)]);
	});
}

#[test]
fn each_further_page_of_an_operation_is_charged_as_a_key_of_its_own() {
	let of = |pages| {
		let work = cost::Work { orders: 32, cancels: 32, accounts: 1, pages, ..Default::default() };
		cost::operation::<Test>(&work).ref_time()
	};
	// Half of what a key costs in the map of accounts; of the first page's a quarter.
	let write = <Test as frame_system::Config>::DbWeight::get().writes(1).ref_time();
	assert_eq!((of(32) - of(2)) / 30, write / 2);
	assert_eq!(of(1) - of(0), write / 8);
}
