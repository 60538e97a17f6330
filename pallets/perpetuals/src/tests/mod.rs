//! Tests of the exchange.

mod auction;
mod batch;
mod book;
mod cancel;
mod features;
mod listing;
mod market;
mod naive;
mod naive_batches;
mod orders;
mod premium;
mod restrictions;
mod settlement;
mod stops;
mod switch;
mod venue;
mod views;

use crate::{mock::*, *};
use breakwater_primitives::*;
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{DispatchResult, GetDispatchInfo},
};
use sp_runtime::traits::Dispatchable;

/// A limit order in the BTC market.
fn limit(side: Side, price: u32, lots: u64, time_in_force: TimeInForce) -> PlaceOrder {
	let kind = OrderKind::Limit { price: Ticks(price), time_in_force };
	PlaceOrder::new(BTC, side, kind, Lots(lots))
}

/// A good-til-cancelled bid.
fn bid(price: u32, lots: u64) -> PlaceOrder {
	limit(Side::Bid, price, lots, TimeInForce::GoodTilCancelled)
}

/// A good-til-cancelled ask.
fn ask(price: u32, lots: u64) -> PlaceOrder {
	limit(Side::Ask, price, lots, TimeInForce::GoodTilCancelled)
}

/// A market order.
fn market(side: Side, protection: u32, lots: u64) -> PlaceOrder {
	let kind = OrderKind::Market { protection: Ticks(protection) };
	PlaceOrder { kind, ..limit(side, 1, lots, TimeInForce::ImmediateOrCancel) }
}

fn reducing(order: PlaceOrder) -> PlaceOrder {
	PlaceOrder { reduce_only: true, ..order }
}

/// Dispatch a call as an extrinsic would, in a storage layer of its own. What it weighs then is never
/// more than what it said before.
fn dispatch(origin: RuntimeOrigin, call: Call<Test>) -> DispatchResult {
	let call = RuntimeCall::from(call);
	let declared = call.get_dispatch_info().call_weight;
	let outcome = call.clone().dispatch(origin);
	let (info, result) = match outcome {
		Ok(info) => (info, Ok(())),
		Err(refusal) => (refusal.post_info, Err(refusal.error)),
	};
	let actual = info.actual_weight.unwrap_or(declared);
	assert!(actual.all_lte(declared), "{actual} of {declared} by {call:?}");
	result
}

fn place(owner: u64, order: PlaceOrder) -> DispatchResult {
	dispatch(RuntimeOrigin::signed(owner), Call::place { sub: 0, order })
}

/// Place an order that must be accepted and rest; returns its id.
fn rest(owner: u64, order: PlaceOrder) -> OrderId {
	assert_ok!(place(owner, order));
	match events().into_iter().rev().find(|event| matches!(event, Event::OrderPlaced { .. })) {
		Some(Event::OrderPlaced { id, .. }) => id,
		_ => panic!("the order does not rest"),
	}
}

/// This pallet's events so far.
fn events() -> Vec<Event<Test>> {
	let all = System::events().into_iter();
	all.filter_map(|record| match record.event {
		RuntimeEvent::Perpetuals(event) => Some(event),
		_ => None,
	})
	.collect()
}

/// The last event.
fn last_event() -> Event<Test> {
	events().pop().expect("there is an event")
}

/// The fills so far: maker, price, lots.
fn fills() -> Vec<(u32, u32, u64)> {
	let all = events().into_iter();
	all.filter_map(|event| match event {
		Event::Filled { maker, price, lots, .. } => Some((maker.0, price.0, lots.0)),
		_ => None,
	})
	.collect()
}

/// A side of the BTC book: price and lots of each level.
fn levels(side: Side) -> Vec<(u32, u64)> {
	let depth = Perpetuals::depth(BTC, MAX_LEVELS);
	let side = if side == Side::Bid { depth.bids } else { depth.asks };
	side.into_iter().map(|level| (level.price.0, level.lots.0)).collect()
}

/// Begin blocks up to this one, a second each, with prices that stay fresh.
fn run_to(block: u64) {
	while System::block_number() < block {
		next_block();
	}
}

/// Begin the next block, a second later. Its parent's hash is that of its number.
fn next_block() {
	use frame_support::traits::{Hooks, UnixTime};
	let next = System::block_number() + 1;
	Perpetuals::on_finalize(next - 1);
	let now = Clock::now().as_secs() + 1;
	let parent = sp_io::hashing::blake2_256(&next.to_le_bytes());
	System::initialize(&next, &parent.into(), &Default::default());
	Perpetuals::on_initialize(next);
	Clock::set(now);
	set_prices(|prices| prices.at = now * 1_000);
	Perpetuals::on_poll(next, &mut frame_support::weights::WeightMeter::new());
}

fn position(owner: u64) -> i64 {
	House::position(account(owner, 0), BTC)
}

/// Owner 1 buys `lots` from owner 2 at 1000.
fn open_long(lots: u64) {
	assert_ok!(place(2, ask(1_000, lots)));
	assert_ok!(place(1, bid(1_000, lots)));
	assert_eq!(position(1), lots as i64);
}
