//! Blocks of the exchange, one after the other: hooks, reports, calls.

use crate::runtime::{
	AccountId, AllPalletsWithSystem, CircuitBreaker, Margin, Perpetuals, PriceGuard, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeOrigin, System, Timestamp, FEEDERS,
};
use breakwater_primitives::{MarketId, Millis, Ticks};
use frame_support::{
	dispatch::DispatchResult,
	traits::{OnFinalize, OnIdle, OnInitialize, OnPoll},
	weights::{Weight, WeightMeter},
	BoundedVec,
};
use pallet_perpetuals::NewMarket;
use sp_runtime::traits::Dispatchable;

/// What is left of a block for the hooks that come after the calls: a chain under load has less.
const IDLE: Weight = Weight::from_parts(20_000_000_000, u64::MAX);
/// What the hooks before the calls may take.
const POLL: Weight = Weight::from_parts(200_000_000_000, u64::MAX);

/// Begin block `number` at `now`, in milliseconds since the Unix epoch.
pub fn begin(number: u32, now: Millis) {
	System::set_block_number(number);
	System::set_extrinsic_index(0);
	AllPalletsWithSystem::on_initialize(number);
	let set = pallet_timestamp::Call::<Runtime>::set { now };
	RuntimeCall::from(set).dispatch(RuntimeOrigin::none()).expect("the clock can be set");
	System::set_extrinsic_index(1);
	AllPalletsWithSystem::on_poll(number, &mut WeightMeter::with_limit(POLL));
}

/// End the block and take its events.
pub fn end() -> Vec<RuntimeEvent> {
	let number = System::block_number();
	AllPalletsWithSystem::on_idle(number, IDLE);
	AllPalletsWithSystem::on_finalize(number);
	let events = System::read_events_no_consensus().map(|record| record.event).collect();
	System::reset_events();
	events
}

/// End the block and begin the next, `millis` later.
pub fn next(millis: Millis) -> Vec<RuntimeEvent> {
	let events = end();
	begin(System::block_number() + 1, Timestamp::get() + millis);
	events
}

/// Dispatch a call.
pub fn call(who: AccountId, call: impl Into<RuntimeCall>) -> DispatchResult {
	dispatch(RuntimeOrigin::signed(who), call)
}

/// Dispatch a call as governance.
pub fn govern(call: impl Into<RuntimeCall>) -> DispatchResult {
	dispatch(RuntimeOrigin::root(), call)
}

fn dispatch(origin: RuntimeOrigin, call: impl Into<RuntimeCall>) -> DispatchResult {
	let done = call.into().dispatch(origin);
	done.map(|_| ()).map_err(|failed| failed.error)
}

/// Every feeder reports these prices.
pub fn feed(prices: &[(MarketId, Ticks)]) {
	for feeder in FEEDERS {
		let prices = BoundedVec::truncate_from(prices.to_vec());
		// A second report within a block is refused, which is no concern of those who feed.
		let _ = call(feeder, pallet_price_guard::Call::<Runtime>::feed { prices });
	}
}

/// List a market; its number is how many there were.
pub fn list(new: &NewMarket) -> MarketId {
	let market = MarketId(pallet_perpetuals::MarketCount::<Runtime>::get());
	govern(pallet_perpetuals::Call::<Runtime>::create_market { new: Box::new(new.clone()) })
		.expect("the market is sound");
	market
}

/// Every invariant of every pallet.
pub fn check() -> Result<(), sp_runtime::TryRuntimeError> {
	PriceGuard::do_try_state()?;
	CircuitBreaker::do_try_state()?;
	Margin::do_try_state()?;
	crate::runtime::Insurance::do_try_state()?;
	Perpetuals::do_try_state()
}
