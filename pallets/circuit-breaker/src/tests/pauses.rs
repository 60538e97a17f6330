//! Pauses of single calls.

use crate::{mock::*, *};
use breakwater_primitives::{Cause, Entry, Level, Scope};
use frame_support::{
	assert_noop, assert_ok,
	traits::{Hooks, TransactionPause},
	weights::Weight,
};
use sp_runtime::{DispatchError::BadOrigin, DispatchResult};

fn pause(who: u64, pallet: &str, call: &str, duration: u64) -> DispatchResult {
	let paused = Breaker::pause_call(signed(who), name(pallet), name(call), duration);
	paused.map(drop).map_err(|failed| failed.error)
}

fn resume(who: u64, call: &str) -> DispatchResult {
	let resumed = Breaker::resume_call(signed(who), name("Venue"), name(call));
	resumed.map(drop).map_err(|failed| failed.error)
}

fn idle(weight: Weight) {
	Breaker::on_idle(1, weight);
}

#[test]
fn a_paused_call_is_free_again_at_the_end_of_its_lease_with_nobody_acting() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", HOUR));
		let (cause, until) = (Cause::Committee(4), START + HOUR);
		let (pallet, call) = (name("Venue"), name("a"));
		System::assert_has_event(
			Event::CallPaused { pallet, call, cause, until, incident: 0 }.into(),
		);
		assert!(Breaker::is_paused("Venue", "a"));
		assert!(!Breaker::is_paused("Venue", "b"));
		assert_eq!(level(Scope::Chain), Level::Normal);
		pass(HOUR - 1);
		assert!(Breaker::is_paused("Venue", "a"));
		pass(1);
		assert!(!Breaker::is_paused("Venue", "a"));
		assert!(Breaker::paused_calls().is_empty());
		// Nobody has told the switch yet.
		assert!(Switch::is_paused((name("Venue"), name("a"))));
	});
}

#[test]
fn idle_time_clears_away_what_is_over_and_closes_the_incident() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", HOUR));
		assert_ok!(pause(TWO_THIRDS, "Venue", "b", 2 * HOUR));
		assert_eq!(Opened::get().len(), 1);
		idle(Weight::MAX);
		assert_eq!(CallLeases::<Test>::get().len(), 2);
		pass(HOUR);
		idle(Weight::zero());
		assert_eq!(CallLeases::<Test>::get().len(), 2);
		idle(Weight::MAX);
		assert_eq!(Paused::get(), vec![(name("Venue"), name("b"))]);
		assert!(Closed::get().is_empty());
		let call = call_hash(&(name("Venue"), name("a")));
		assert!(Entries::get().contains(&(0, Entry::CallResumed { call })));
		pass(HOUR);
		idle(Weight::MAX);
		assert!(Paused::get().is_empty());
		assert_eq!(Closed::get(), vec![0]);
		assert!(!CallLeases::<Test>::exists());
	});
}

#[test]
fn a_pause_and_a_restriction_of_the_chain_share_an_incident() {
	ExtBuilder::default().build_and_execute(|| {
		assert_ok!(Breaker::restrict(signed(THIRD), Scope::Chain, Level::Watch, HOUR));
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", 2 * HOUR));
		assert_eq!(CallLeases::<Test>::get()[0].incident, 0);
		pass(HOUR);
		price(BTC, 100);
		assert!(Closed::get().is_empty());
		assert_ok!(Breaker::restrict(signed(THIRD), Scope::Chain, Level::Watch, 2 * HOUR));
		pass(HOUR);
		idle(Weight::MAX);
		assert!(Closed::get().is_empty());
		pass(HOUR);
		price(BTC, 100);
		assert_eq!(Closed::get(), vec![0]);
	});
}

#[test]
fn pause_call_refuses_what_it_must() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(pause(77, "Venue", "a", HOUR), BadOrigin);
		assert_noop!(pause(TIMELOCK, "Venue", "a", HOUR), BadOrigin);
		for who in [MEMBER, THIRD, HALF, COUNCIL] {
			assert_noop!(pause(who, "Venue", "a", HOUR), Error::<Test>::PauseBeyondPowers);
		}
		assert_noop!(
			pause(TWO_THIRDS, "Venue", "a", SHORTEST_LEASE - 1),
			Error::<Test>::DurationTooShort
		);
		let long = 12 * HOUR + 1;
		assert_noop!(pause(TWO_THIRDS, "Venue", "a", long), Error::<Test>::DurationBeyondPowers);
		for (pallet, call) in [("Venue", "z"), ("Nowhere", "a"), ("", ""), ("venue", "a")] {
			assert_noop!(pause(TWO_THIRDS, pallet, call, HOUR), Error::<Test>::UnknownCall);
		}
		let strange = Name::truncate_from(vec![0xff]);
		assert_noop!(
			Breaker::pause_call(signed(TWO_THIRDS), strange, name("a"), HOUR),
			Error::<Test>::UnknownCall
		);
		assert_noop!(pause(TWO_THIRDS, "Guard", "pause_call", HOUR), Error::<Test>::NotPausable);
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", 12 * HOUR));
		assert_noop!(pause(TWO_THIRDS, "Venue", "a", HOUR), Error::<Test>::AlreadyPaused);
	});
}

#[test]
fn a_seventeenth_pause_is_refused_until_one_is_over() {
	ExtBuilder::default().build_and_execute(|| {
		let calls = <Names as frame_support::traits::GetCallMetadata>::get_call_names("Venue");
		for call in &calls[..16] {
			assert_ok!(pause(TWO_THIRDS, "Venue", call, HOUR));
		}
		assert_noop!(pause(TWO_THIRDS, "Venue", calls[16], HOUR), Error::<Test>::TooManyPauses);
		pass(HOUR);
		assert_ok!(pause(TWO_THIRDS, "Venue", calls[16], HOUR));
		assert_eq!(CallLeases::<Test>::get().len(), 1);
	});
}

#[test]
fn the_timelock_resumes_a_call_early() {
	ExtBuilder::default().build_and_execute(|| {
		assert_noop!(resume(TIMELOCK, "a"), Error::<Test>::NotPaused);
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", HOUR));
		for who in [TWO_THIRDS, COUNCIL, COUNCILLORS, 77] {
			assert_noop!(resume(who, "a"), BadOrigin);
		}
		assert_ok!(resume(TIMELOCK, "a"));
		assert!(!Breaker::is_paused("Venue", "a"));
		assert!(Paused::get().is_empty());
		assert_eq!(Closed::get(), vec![0]);
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", HOUR));
		pass(HOUR);
		assert_noop!(resume(TIMELOCK, "a"), Error::<Test>::NotPaused);
	});
}

#[test]
fn a_call_paused_without_a_lease_is_not_paused_and_gets_one() {
	ExtBuilder::default().build_and_execute(|| {
		assert!(Switch::pause((name("Venue"), name("a"))).is_ok());
		assert!(!Breaker::is_paused("Venue", "a"));
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", HOUR));
		assert!(Breaker::is_paused("Venue", "a"));
	});
}

#[test]
fn pauses_are_paid_from_the_purse_of_halts() {
	ExtBuilder::default().build_and_execute(|| {
		// Together they cost their time once, and what one adds to the other.
		assert_ok!(pause(TWO_THIRDS, "Venue", "a", 6 * HOUR));
		assert_ok!(pause(TWO_THIRDS, "Venue", "b", 12 * HOUR));
		for _ in 0..5 {
			pass(12 * HOUR);
			assert_ok!(pause(TWO_THIRDS, "Venue", "a", 12 * HOUR));
		}
		pass(12 * HOUR);
		let refused = pause(TWO_THIRDS, "Venue", "a", HOUR);
		assert_eq!(refused, Err(Error::<Test>::BudgetSpent.into()));
		pass(30 * 24 * HOUR);
		assert_ok!(pause(TWO_THIRDS, "Venue", "b", HOUR));
	});
}
