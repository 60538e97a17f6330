//! The exchange in the whole runtime: what a block takes, stop orders, auctions, funding, dry runs.

mod common;

use breakwater_primitives::{Auctions, Level, Ppm, Scope, Side, Ticks};
use breakwater_runtime::{views, weights, Insurance, Perpetuals, Runtime, RuntimeCall, Timestamp};
use common::*;
use frame_support::{
	assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo},
};
use pallet_perpetuals::{Crossing, OrderKind, PlaceOrder, StopOrder};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::traits::Dispatchable;

fn lots(who: sp_keyring::Sr25519Keyring) -> i64 {
	let summary = views::account_summary(id(who), 0).expect("an account");
	summary.positions.iter().map(|position| position.lots).sum()
}

#[test]
fn a_block_takes_a_thousand_resting_orders_by_declared_weight() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Alice, 100_000);
		let call = |price| -> RuntimeCall {
			pallet_perpetuals::Call::place { sub: 0, order: limit(Side::Bid, price, 10) }.into()
		};
		// The first order of a page writes words as well; those after it do not.
		let origin = || frame_system::RawOrigin::Signed(id(Alice)).into();
		assert_ok!(call(78_990).dispatch(origin()));
		let info = call(78_989).dispatch(origin()).expect("rests");
		let charged = info.actual_weight.expect("is returned");
		let limits = weights::RuntimeBlockWeights::get();
		let normal = limits.get(DispatchClass::Normal);
		let base = normal.base_extrinsic.ref_time();
		let declared = call(78_988).get_dispatch_info().call_weight.ref_time();
		let room = normal.max_total.expect("is bounded").ref_time() - base - declared;
		let orders = 1 + room / (base + charged.ref_time());
		assert!(orders >= 1_000, "{orders} orders, {declared} declared, {charged} charged");
	});
}

#[test]
fn a_stop_fires_inside_the_feed_that_reaches_it() {
	on_development_chain(|| {
		feed(79_000);
		for who in [Charlie, Dave, Eve] {
			deposit(who, 1_000_000);
		}
		assert_ok!(place(Charlie, limit(Side::Ask, 79_000, 500)));
		assert_ok!(place(Dave, limit(Side::Bid, 79_000, 500)));
		assert_ok!(place(Eve, limit(Side::Bid, 78_000, 500)));
		let kind = OrderKind::Market { protection: Ticks(77_000) };
		// One that may fill as many as a call may would wait for the next block.
		let max_fills = 8;
		let order = PlaceOrder { reduce_only: true, kind, max_fills, ..limit(Side::Ask, 1, 500) };
		let stop = StopOrder { when: Crossing::AtOrBelow, trigger: Ticks(78_500), order };
		assert_ok!(call(&id(Dave), pallet_perpetuals::Call::place_stop { sub: 0, stop }));
		next_block();
		feed(78_800);
		assert_eq!(lots(Dave), 500);
		let mut reached = false;
		for _ in 0..4 {
			next_block();
			assert_eq!(lots(Dave), 500, "the start of a block fires nothing");
			feed(78_300);
			reached = lots(Dave) == 0;
			if reached {
				break;
			}
		}
		assert!(reached, "it fires with the price that reaches it");
		assert_eq!((lots(Dave), lots(Eve)), (0, 500));
		assert!(Perpetuals::stop_orders(id(Dave), 0).is_empty());
	});
}

#[test]
fn what_an_auction_collects_trades_after_it_and_custody_equals_the_claims() {
	on_development_chain(|| {
		feed(79_000);
		for who in [Charlie, Dave, Eve] {
			deposit(who, 1_000_000);
		}
		<Perpetuals as Auctions>::collect(Scope::Market(BTC), Timestamp::get() + 5_000);
		assert_ok!(place(Charlie, limit(Side::Ask, 78_900, 300)));
		assert_ok!(place(Dave, limit(Side::Bid, 79_100, 200)));
		assert_ok!(place(Eve, limit(Side::Bid, 79_050, 200)));
		assert_eq!((lots(Charlie), lots(Dave)), (0, 0));
		let told = Perpetuals::indicative(BTC).expect("it crosses");
		assert_eq!((told.price, told.lots.0), (Ticks(79_000), 300));
		assert_eq!(views::market_status(BTC).expect("exists").level, Level::Normal);
		for _ in 0..20 {
			next_block();
			feed(79_000);
		}
		assert_eq!((lots(Charlie), lots(Dave), lots(Eve)), (-300, 200, 100));
		assert!(Perpetuals::indicative(BTC).is_none());
		let custody = views::custody();
		assert_eq!(i128::try_from(custody.held), Ok(custody.claimed));
		views::try_state().expect("invariants hold");
	});
}

#[test]
fn a_dry_run_tells_the_account_afterwards_and_changes_nothing() {
	on_development_chain(|| {
		feed(79_000);
		deposit(Charlie, 100_000);
		deposit(Dave, 100_000);
		assert_ok!(place(Charlie, limit(Side::Ask, 79_000, 300)));
		let before = views::account_summary(id(Dave), 0).expect("an account");
		let order = limit(Side::Bid, 79_000, 500);
		let run = views::dry_run(id(Dave), 0, &order).expect("is accepted");
		assert_eq!((run.fills.len(), run.fills[0].lots.0, run.rests.0), (1, 300, 200));
		let after = run.account.expect("an account");
		assert_eq!((after.positions[0].lots, after.orders.len()), (300, 1));
		assert!(after.withdrawable < before.withdrawable);
		let opened = 2_370 * 1_000_000;
		let premium = Insurance::charges_of(BTC).premium_on(opened, Ppm::one());
		assert_eq!(run.insurance, premium);
		let paid = i128::try_from(run.fees + run.insurance).expect("small");
		assert_eq!(before.quote - after.quote, paid);
		assert_eq!(views::account_summary(id(Dave), 0), Some(before));
		// What then happens is what was told.
		assert_ok!(place(Dave, order));
		assert_eq!(views::account_summary(id(Dave), 0), Some(after));
		let refused = views::dry_run(id(Dave), 0, &limit(Side::Bid, 79_000, 900_000));
		let error = pallet_margin::Error::<Runtime>::InsufficientMargin;
		assert_eq!(refused, Err(error.into()));
	});
}

#[test]
fn cancelling_an_order_makes_no_room_for_a_position_in_the_same_batch() {
	use pallet_perpetuals::BatchAction::{Cancel, Place};
	on_development_chain(|| {
		feed(79_000);
		deposit(Charlie, 1_000_000);
		deposit(Dave, 1_000);
		assert_ok!(place(Charlie, limit(Side::Ask, 79_000, 5_000)));
		// 3,000 lots are worth 23,697 USDC, of which 4 % are 948; at Watch a quarter more.
		assert_ok!(place(Dave, limit(Side::Bid, 78_990, 3_000)));
		let duration = 600_000;
		let (scope, level) = (Scope::Market(BTC), Level::Watch);
		let restrict = pallet_circuit_breaker::Call::restrict { scope, level, duration };
		assert_ok!(call(&id(Alice), restrict));
		assert_eq!(views::market_status(BTC).expect("exists").level, Level::Watch);
		let resting = views::account_summary(id(Dave), 0).expect("an account").orders[0].id;
		let taking = |lots| {
			let kind = OrderKind::Market { protection: Ticks(79_000) };
			let order = PlaceOrder { kind, ..limit(Side::Bid, 1, lots) };
			let actions = vec![Cancel(resting), Place(order)].try_into().expect("few");
			call(&id(Dave), pallet_perpetuals::Call::batch { sub: 0, actions })
		};
		let refused = Err(pallet_margin::Error::<Runtime>::InsufficientMargin.into());
		assert_eq!(taking(3_000), refused);
		assert_ok!(taking(2_400));
		assert_eq!(lots(Dave), 2_400);
		// Nor does it help to change sides, which leaves the position as large as it was.
		deposit(Eve, 1_000_000);
		assert_ok!(place(Eve, limit(Side::Bid, 78_500, 50_000)));
		let selling = |lots| {
			let kind = OrderKind::Market { protection: Ticks(78_500) };
			PlaceOrder { kind, ..limit(Side::Ask, 1, lots) }
		};
		assert_eq!(place(Dave, selling(4_800)), refused);
		assert_ok!(place(Dave, selling(2_400)));
	});
}

#[test]
fn no_account_has_more_orders_than_one_call_cancels() {
	assert!(pallet_margin::types::MAX_ORDERS <= pallet_perpetuals::types::MAX_CANCELS);
}
