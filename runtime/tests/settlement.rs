//! A market is wound down: from the incident to the end of its fund.

mod common;

use breakwater_primitives::{
	api::{SettlementPhase, SettlementStatus},
	governance::DelayClass,
	Cause, Entry, Level, Observation, Observe, PriceSource, Scope, Side, Ticks,
};
use breakwater_runtime::{
	views, CircuitBreaker, Insurance, Margin, PriceGuard, Runtime, RuntimeCall, Timelock,
	Timestamp, USDC_UNIT,
};
use common::*;
use frame_support::{assert_noop, assert_ok};
use pallet_perpetuals::{Crossing, OrderKind, PlaceOrder, Status, StopOrder, TimeInForce};
use sp_keyring::Sr25519Keyring::{self, *};

const HOUR: u64 = 3_600_000;
const DAY: u64 = 24 * HOUR;

fn level() -> Level {
	views::market_status(BTC).expect("the market exists").level
}

fn status() -> Status {
	pallet_perpetuals::Terms::<Runtime>::get(BTC).unwrap().status
}

fn phase() -> Option<SettlementPhase> {
	Margin::settlement_status(BTC).map(|settlement| settlement.phase)
}

fn quote(who: Sr25519Keyring) -> i128 {
	views::account_summary(id(who), 0).expect("an account").quote
}

fn settle_frozen() -> frame_support::dispatch::DispatchResult {
	call(&id(Ferdie), pallet_circuit_breaker::Call::settle_frozen { market: BTC })
}

/// Three minutes of prices, Dave long of Charlie, orders and a stop in the book.
fn market_with_positions() {
	for _ in 0..36 {
		feed(79_000);
		next_block_after(5_000);
	}
	feed(79_000);
	for who in [Charlie, Dave, Eve] {
		deposit(who, 10_000);
	}
	assert_ok!(place(Charlie, limit(Side::Ask, 79_000, 500)));
	let time_in_force = TimeInForce::ImmediateOrCancel;
	let kind = OrderKind::Limit { price: Ticks(79_000), time_in_force };
	assert_ok!(place(Dave, PlaceOrder { kind, ..limit(Side::Bid, 79_000, 500) }));
	for n in 0..30 {
		assert_ok!(place(Eve, limit(Side::Bid, 78_000 + n * 7, 10)));
	}
	let order = PlaceOrder { reduce_only: true, ..limit(Side::Ask, 70_000, 500) };
	let stop = StopOrder { when: Crossing::AtOrBelow, trigger: Ticks(70_000), order };
	assert_ok!(call(&id(Dave), pallet_perpetuals::Call::place_stop { sub: 0, stop }));
}

/// But for some minutes of funding.
#[track_caller]
fn near(quote: i128, expected: i128) {
	assert!((quote - expected).abs() < 10_000, "{quote} {expected}");
}

/// Nothing of the market is left, and everybody has what he is owed.
fn assert_wound_down() {
	assert_eq!((phase(), status()), (Some(SettlementPhase::Done), Status::Closed));
	for who in [Charlie, Dave, Eve] {
		let account = views::account_summary(id(who), 0).expect("an account");
		assert!(account.positions.is_empty() && account.orders.is_empty(), "{account:?}");
		assert_eq!((account.initial_margin, account.withdrawable as i128), (0, account.quote));
	}
	let left = |keys: usize| assert_eq!(keys, 0);
	left(pallet_perpetuals::Pages::<Runtime>::iter_keys().count());
	left(pallet_perpetuals::Words::<Runtime>::iter_keys().count());
	left(pallet_perpetuals::StopPages::<Runtime>::iter_keys().count());
	left(pallet_perpetuals::Stops::<Runtime>::iter_keys().count());
	left(pallet_margin::TriggerPages::<Runtime>::iter_keys().count());
	left(pallet_margin::TriggerWords::<Runtime>::iter_keys().count());
	left(pallet_margin::Totals::<Runtime>::iter_keys().count());
	let custody = views::custody();
	assert_eq!(i128::try_from(custody.held), Ok(custody.claimed));
	views::try_state().expect("every invariant holds");
}

#[test]
fn an_incident_that_nobody_ends_is_settled_by_anybody_and_everybody_is_paid() {
	on_development_chain(|| {
		market_with_positions();
		next_block();
		// The index falls by 4 %, which restricts the market; what it will be settled at stands.
		feed(75_500);
		assert_eq!(level(), Level::ReduceOnly);
		let reference = PriceGuard::settlement_price(BTC).unwrap();
		assert_eq!((reference.price, reference.source), (Ticks(79_000), PriceSource::Average));
		// A total that disagrees freezes it, and nobody repairs it.
		assert_noop!(
			settle_frozen(),
			pallet_circuit_breaker::Error::<Runtime>::NotFrozenLongEnough
		);
		for _ in 0..7 * 12 {
			CircuitBreaker::observe(BTC, &Observation::InvariantBroken);
			assert_eq!(level(), Level::Freeze);
			next_block_after(2 * HOUR - 1_000);
		}
		CircuitBreaker::observe(BTC, &Observation::InvariantBroken);
		let early = pallet_circuit_breaker::Error::<Runtime>::NotFrozenLongEnough;
		assert_noop!(settle_frozen(), early);
		next_block_after(85_000);
		assert_eq!(PriceGuard::settlement_price(BTC), Some(reference));
		let before = (quote(Charlie), quote(Dave));
		assert_ok!(settle_frozen());
		assert_eq!((level(), phase()), (Level::Settle, Some(SettlementPhase::Sweeping)));
		assert_eq!(views::market_status(BTC).unwrap().cause, Some(Cause::Anyone));
		assert_noop!(
			place(Eve, limit(Side::Bid, 78_000, 10)),
			pallet_perpetuals::Error::<Runtime>::MarketSettling
		);
		assert_noop!(
			call(&id(Dave), pallet_margin::Call::withdraw { sub: 0, amount: 1 }),
			pallet_margin::Error::<Runtime>::SettlementPending
		);
		// The chain does the rest.
		for _ in 0..3 {
			next_block();
		}
		assert_wound_down();
		// Both had traded at the price at which they were closed.
		near(quote(Charlie), before.0);
		near(quote(Dave), before.1);
		let settlement = Margin::settlement_status(BTC).unwrap();
		assert_eq!((settlement.price, settlement.deficits), (Ticks(79_000), 0));
		assert_eq!(settlement.paid, settlement.gains);
		let SettlementStatus { gains, paid, .. } = settlement;
		let told = Entry::Settled { price: Ticks(79_000), gains, paid };
		let mut timeline = pallet_incidents::Timeline::<Runtime>::iter_values();
		assert!(timeline.any(|(_, entry)| entry == told));
		// Everybody leaves, and the fund goes to the global one thirty days later.
		for who in [Charlie, Dave, Eve] {
			let amount = quote(who) as u128;
			assert_ok!(call(&id(who), pallet_margin::Call::withdraw { sub: 0, amount }));
		}
		let fund = Insurance::fund(BTC);
		let global = pallet_insurance::GlobalFund::<Runtime>::get();
		assert!(fund > 0);
		next_block_after(29 * DAY);
		(0..20).for_each(|_| next_block());
		assert_eq!(Insurance::fund(BTC), fund);
		next_block_after(DAY + 2 * HOUR);
		(0..20).for_each(|_| next_block());
		assert_eq!(Insurance::fund(BTC), 0);
		assert_eq!(pallet_insurance::GlobalFund::<Runtime>::get(), global + fund);
		// Nothing restricts or reopens it any more.
		assert_eq!((level(), status()), (Level::Settle, Status::Closed));
	});
}

#[test]
fn the_council_settles_through_the_longest_delay_and_by_nothing_else() {
	on_development_chain(|| {
		market_with_positions();
		let settle = || pallet_circuit_breaker::Call::<Runtime>::settle { market: BTC };
		let queue = |ayes, class| {
			let entry = pallet_timelock::NextId::<Runtime>::get();
			let call = Box::new(RuntimeCall::from(settle()));
			assert_ok!(council(ayes, pallet_timelock::Call::queue { call, class }));
			assert_ok!(motion_result());
			entry
		};
		let execute = |entry| {
			let _ = call(&id(Two), pallet_timelock::Call::execute { id: entry });
			Timelock::entry(entry).unwrap().state
		};
		let bad = sp_runtime::traits::BadOrigin;
		assert_noop!(call(&id(Alice), settle()), bad);
		let hasty = queue(3, DelayClass::Loosen);
		let entry = queue(4, DelayClass::Structural);
		next_block_after(18_000);
		assert_eq!(execute(hasty), pallet_timelock::State::Failed);
		assert_eq!((level(), phase()), (Level::Normal, None));
		// The index has moved meanwhile: without an incident the last hour counts.
		feed(79_000);
		next_block_after(12_000);
		assert_eq!(execute(entry), pallet_timelock::State::Executed);
		assert_eq!(views::market_status(BTC).unwrap().cause, Some(Cause::Council));
		assert_eq!(level(), Level::Settle);
		for _ in 0..3 {
			next_block();
		}
		assert_wound_down();
		assert_eq!(pallet_perpetuals::Settling::<Runtime>::get(), 0);
		let lift = pallet_circuit_breaker::Call::<Runtime>::lift { scope: Scope::Market(BTC) };
		let root = breakwater_runtime::RuntimeOrigin::root();
		use sp_runtime::traits::Dispatchable;
		let refused = RuntimeCall::from(lift).dispatch(root).map_err(|failed| failed.error);
		assert_eq!(
			refused.err(),
			Some(pallet_circuit_breaker::Error::<Runtime>::NothingToLift.into())
		);
	});
}

#[test]
fn who_won_waits_for_the_sweep_and_anybody_may_do_it() {
	on_development_chain(|| {
		market_with_positions();
		// The last minutes of the hour were higher than the trade: Dave has won.
		for _ in 0..60 {
			next_block_after(5_000);
			feed(79_800);
		}
		assert_eq!(level(), Level::Normal);
		let origin = breakwater_runtime::RuntimeOrigin::root();
		assert_ok!(CircuitBreaker::settle(origin, BTC));
		let price = Margin::settlement_status(BTC).unwrap().price;
		assert!(price > Ticks(79_000) && price < Ticks(79_800), "{price:?}");
		let gain = (price.0 as i128 - 79_000) * 500 * 100;
		let before = (quote(Charlie), quote(Dave));
		let dave = views::account_summary(id(Dave), 0).unwrap().account;
		let claim = || call(&id(Ferdie), pallet_margin::Call::claim { account: dave, market: BTC });
		assert_noop!(claim(), pallet_margin::Error::<Runtime>::FactorNotPublished);
		assert_ok!(call(&id(Ferdie), pallet_margin::Call::sweep { market: BTC, limit: 256 }));
		assert_eq!(phase(), Some(SettlementPhase::Claiming));
		assert_ok!(claim());
		near(quote(Charlie), before.0 - gain);
		near(quote(Dave), before.1 + gain);
		let all = u128::try_from(quote(Dave)).unwrap();
		assert_ok!(call(&id(Dave), pallet_margin::Call::withdraw { sub: 0, amount: all }));
		assert!(all > 10_000 * USDC_UNIT - USDC_UNIT * 100);
		assert!(Timestamp::get() > START);
		next_block();
		next_block();
		assert_wound_down();
	});
}
