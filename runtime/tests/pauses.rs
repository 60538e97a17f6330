//! The pause of a single call, and a member's token, on the whole runtime.

mod common;

use breakwater_primitives::{governance::DelayClass, Level, Scope, Side};
use breakwater_runtime::{
	filters::never_paused, CircuitBreaker, Incidents, Runtime, RuntimeCall, Timelock,
};
use common::*;
use frame_support::{assert_noop, assert_ok, traits::GetCallMetadata, BoundedVec};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::DispatchError;

type BreakerCall = pallet_circuit_breaker::Call<Runtime>;
type BreakerError = pallet_circuit_breaker::Error<Runtime>;

const HOUR: u64 = 3_600_000;

fn text(text: &str) -> pallet_circuit_breaker::Name {
	BoundedVec::truncate_from(text.as_bytes().to_vec())
}

fn pause(pallet: &str, call: &str, duration: u64) -> BreakerCall {
	BreakerCall::pause_call { pallet: text(pallet), call: text(call), duration }
}

fn filtered() -> DispatchError {
	frame_system::Error::<Runtime>::CallFiltered.into()
}

#[test]
fn a_paused_call_is_refused_until_its_lease_ends_and_cancelling_is_not() {
	on_development_chain(|| {
		feed(50_000);
		deposit(Alice, 1_000);
		let order = limit(Side::Bid, 49_900, 1);
		assert_ok!(place(Alice, order));
		assert_ok!(committee(4, pause("Perpetuals", "place", HOUR)));
		assert_ok!(motion_result());
		assert_noop!(place(Alice, order), filtered());
		// No wrapper hides it.
		let inner = pallet_perpetuals::Call::place { sub: 0, order };
		let batch = pallet_utility::Call::batch_all { calls: vec![inner.into()] };
		assert_noop!(call(&id(Alice), batch), filtered());
		let all = pallet_perpetuals::Call::cancel_all { sub: 0, market: Some(BTC) };
		assert_ok!(call(&id(Alice), all));
		assert!(Incidents::open_incident(Scope::Chain).is_some());
		next_block_after(HOUR);
		// Time has ended it before any hook of this block could.
		feed(50_000);
		assert_ok!(place(Alice, order));
		next_block();
		assert!(CircuitBreaker::paused_calls().is_empty());
		assert!(Incidents::open_incident(Scope::Chain).is_none());
	});
}

#[test]
fn an_order_that_only_reduces_passes_a_pause() {
	on_development_chain(|| {
		feed(50_000);
		for who in [Alice, Bob, Charlie] {
			deposit(who, 10_000);
		}
		assert_ok!(place(Bob, limit(Side::Ask, 50_000, 10)));
		assert_ok!(place(Alice, limit(Side::Bid, 50_000, 10)));
		assert_ok!(place(Charlie, limit(Side::Bid, 49_990, 10)));
		for name in ["place", "batch"] {
			assert_ok!(committee(4, pause("Perpetuals", name, HOUR)));
			assert_ok!(motion_result());
		}
		let order = limit(Side::Ask, 49_990, 5);
		assert_noop!(place(Alice, order), filtered());
		let order = pallet_perpetuals::PlaceOrder { reduce_only: true, ..order };
		assert_ok!(place(Alice, order));
		let actions = vec![pallet_perpetuals::BatchAction::Place(order)];
		let actions = BoundedVec::truncate_from(actions);
		assert_ok!(call(&id(Alice), pallet_perpetuals::Call::batch { sub: 0, actions }));
		let summary = breakwater_runtime::views::account_summary(id(Alice), 0).unwrap();
		assert!(summary.positions.iter().all(|position| position.lots == 0));
	});
}

#[test]
fn what_the_chain_its_guardians_and_the_exits_need_cannot_be_paused() {
	on_development_chain(|| {
		let origin = || {
			breakwater_runtime::RuntimeOrigin::from(pallet_collective::RawOrigin::<
				breakwater_runtime::AccountId,
				breakwater_runtime::configs::governance::CommitteeInstance,
			>::Members(4, 5))
		};
		for pallet in RuntimeCall::get_module_names() {
			for call in RuntimeCall::get_call_names(pallet) {
				assert!(pallet.len() <= 64 && call.len() <= 64, "{pallet}.{call}");
				if never_paused(pallet, call) {
					assert_noop!(
						CircuitBreaker::pause_call(origin(), text(pallet), text(call), 60_000),
						BreakerError::NotPausable
					);
				}
			}
		}
		for (pallet, call) in [("Oracle", "feed_values"), ("Perpetuals", "nothing"), ("", "")] {
			assert_noop!(
				CircuitBreaker::pause_call(origin(), text(pallet), text(call), 60_000),
				BreakerError::UnknownCall
			);
		}
		assert_noop!(
			CircuitBreaker::pause_call(origin(), text("Balances"), text("burn"), 12 * HOUR + 1),
			BreakerError::DurationBeyondPowers
		);
	});
}

#[test]
fn half_of_the_committee_cannot_pause_and_the_timelock_resumes_early() {
	on_development_chain(|| {
		feed(50_000);
		assert!(committee(3, pause("Balances", "burn", HOUR)).is_err());
		assert_ok!(committee(4, pause("Balances", "burn", HOUR)));
		assert_ok!(motion_result());
		let burn = pallet_balances::Call::burn { value: 1, keep_alive: true };
		assert_noop!(call(&id(Alice), burn.clone()), filtered());
		let resume = BreakerCall::resume_call { pallet: text("Balances"), call: text("burn") };
		assert_noop!(call(&id(Alice), resume.clone()), DispatchError::BadOrigin);
		let entry = pallet_timelock::NextId::<Runtime>::get();
		let queued = Box::new(RuntimeCall::from(resume));
		let class = DelayClass::Repair;
		assert_ok!(council(4, pallet_timelock::Call::queue { call: queued, class }));
		assert_ok!(motion_result());
		next_block_after(12_000);
		let _ = call(&id(Two), pallet_timelock::Call::execute { id: entry });
		assert_eq!(Timelock::entry(entry).unwrap().state, pallet_timelock::State::Executed);
		assert_ok!(call(&id(Alice), burn));
	});
}

#[test]
fn a_member_acts_alone_once_and_the_council_rearms_him_at_once() {
	on_development_chain(|| {
		feed(50_000);
		let restrict = BreakerCall::restrict {
			scope: Scope::Market(BTC),
			level: Level::Guarded,
			duration: 60_000,
		};
		assert_ok!(call(&id(Alice), restrict.clone()));
		next_block_after(60_000);
		assert_noop!(call(&id(Alice), restrict.clone()), BreakerError::TokenSpent);
		// A motion of one is no way around it.
		let alone = pallet_collective::Call::<
			Runtime,
			breakwater_runtime::configs::governance::CommitteeInstance,
		>::execute {
			proposal: Box::new(restrict.clone().into()),
			length_bound: 1_000,
		};
		let _ = call(&id(Alice), alone);
		assert_eq!(CircuitBreaker::status(Scope::Market(BTC)).0, Level::Normal);
		assert_noop!(
			call(&id(Alice), BreakerCall::rearm { who: id(Alice) }),
			DispatchError::BadOrigin
		);
		assert_ok!(council(3, BreakerCall::rearm { who: id(Alice) }));
		assert_ok!(motion_result());
		assert_ok!(call(&id(Alice), restrict));
	});
}

#[test]
fn half_of_the_committee_holds_an_auction_longer_than_a_freeze_and_two_thirds_extend_once() {
	on_development_chain(|| {
		feed(50_000);
		let scope = Scope::Market(BTC);
		let restrict = |level, duration| BreakerCall::restrict { scope, level, duration };
		let extend = |level, duration| BreakerCall::extend { scope, level, duration };
		assert_ok!(committee(3, restrict(Level::Freeze, 6 * HOUR + 1)));
		assert_noop!(motion_result(), BreakerError::DurationBeyondPowers);
		assert_ok!(committee(3, restrict(Level::Auction, 12 * HOUR)));
		assert_ok!(motion_result());
		assert!(committee(3, extend(Level::Auction, HOUR)).is_err());
		assert_ok!(committee(4, extend(Level::Auction, HOUR)));
		assert_ok!(motion_result());
		assert_eq!(CircuitBreaker::status(scope).2, START + 13 * HOUR);
		next_block();
		assert_ok!(committee(4, extend(Level::Auction, HOUR + 1)));
		assert_noop!(motion_result(), BreakerError::AlreadyExtended);
	});
}
