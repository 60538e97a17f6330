//! Ripening and execution: in time, once, and not against the level or the filter.

use super::*;

#[test]
fn the_scheduler_marks_ripe_and_does_not_execute() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(neutral(), Neutral);
		run_full(6 * BLOCKS_PER_HOUR);
		assert_eq!(state(id), State::Queued);
		run_full(1);
		assert_eq!(state(id), State::Ripe);
		System::assert_has_event(Event::Ripened { id }.into());
		assert!(done().is_empty());
		run(1);
		assert_eq!(done(), vec![0]);
	});
}

#[test]
fn a_clock_slower_than_the_blocks_wakes_the_entry_again() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(neutral(), Neutral);
		for _ in 0..12 * BLOCKS_PER_HOUR - 5 {
			next_block_after(BLOCK / 2, Weight::MAX);
		}
		assert_eq!(state(id), State::Queued);
		let wakes = Timelock::entry(id).unwrap().wakes;
		assert!((1..=12).contains(&wakes), "{wakes}");
		for _ in 0..20 {
			next_block_after(BLOCK / 2, Weight::MAX);
		}
		assert_eq!(state(id), State::Executed);
	});
}

#[test]
fn a_clock_that_stands_still_does_not_wake_for_ever() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(neutral(), Neutral);
		Now::mutate(|now| *now += 6 * HOUR - 1);
		for _ in 0..6 * BLOCKS_PER_HOUR + 300 {
			next_block_after(0, Weight::MAX);
		}
		assert_eq!((state(id), Timelock::entry(id).unwrap().wakes), (State::Queued, 32));
		assert_eq!(pallet_scheduler::Agenda::<Test>::iter().count(), 0);
		Now::mutate(|now| *now += 1);
		assert_ok!(Timelock::execute(signed(ANYONE), id));
		assert_eq!(state(id), State::Executed);
	});
}

#[test]
fn a_full_agenda_does_not_hold_an_entry_back() {
	ExtBuilder::default().build_and_execute(|| {
		// Two places per block in the mock, five blocks tried: the other entries are not woken.
		let ids: Vec<u32> = (0..12).map(|_| queue(neutral(), Neutral)).collect();
		ripen(Neutral);
		run_full(10);
		let ripe = ids.iter().filter(|id| state(**id) == State::Ripe).count();
		assert_eq!(ripe, 10);
		for id in ids {
			assert_ok!(Timelock::execute(signed(ANYONE), id));
		}
		assert_eq!(done().len(), 12);
	});
}

#[test]
fn an_outage_ripens_but_only_the_level_after_it_executes() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(loosen(), Loosen);
		run(1);
		// Blocks stop for two days; the breaker tightens in the first block after the gap.
		ChainLevel::set(Level::ReduceOnly);
		next_block_after(48 * HOUR, Weight::MAX);
		assert!(done().is_empty());
		assert_noop_post(Timelock::execute(signed(ANYONE), id), Error::<Test>::LevelTooHigh);
		ChainLevel::set(Level::Watch);
		assert_ok!(Timelock::execute(signed(ANYONE), id));
		assert_eq!(done(), vec![2]);
	});
}

#[test]
fn a_loosening_waits_for_calm_and_lets_others_pass() {
	ExtBuilder::default().build_and_execute(|| {
		ChainLevel::set(Level::Guarded);
		let loosening = queue(loosen(), Loosen);
		run(48 * BLOCKS_PER_HOUR + 10);
		assert_eq!(state(loosening), State::Ripe);
		// A repair of the detector that holds the level is what ends it.
		assert_ok!(serve(repair(), Repair));
		assert_eq!(done(), vec![1]);
		ChainLevel::set(Level::Watch);
		run(1);
		assert_eq!(done(), vec![1, 2]);
	});
}

#[test]
fn what_nobody_executes_within_seven_days_expires() {
	ExtBuilder::default().build_and_execute(|| {
		ChainLevel::set(Level::Guarded);
		let (a, b) = (queue(loosen(), Loosen), queue(loosen(), Loosen));
		let expires = Timelock::entry(a).unwrap().expires_at();
		ripen(Loosen);
		Now::set(expires);
		run_full(1);
		Now::set(expires);
		assert_noop_post(Timelock::execute(signed(ANYONE), a), Error::<Test>::LevelTooHigh);
		ChainLevel::set(Level::Normal);
		// Too late by a millisecond: by the block's hook, and by whoever comes first.
		next_block_after(1, Weight::MAX);
		assert_eq!((state(a), state(b)), (State::Expired, State::Ripe));
		System::assert_last_event(Event::Expired { id: a }.into());
		assert_ok!(Timelock::execute(signed(ANYONE), b));
		assert_eq!(state(b), State::Expired);
		assert!(done().is_empty());
	});
}

#[test]
fn an_upgraded_runtime_executes_nothing_that_an_older_one_queued() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(neutral(), Neutral);
		Spec::set(2);
		run(6 * BLOCKS_PER_HOUR + 2);
		assert_eq!((state(id), done()), (State::Expired, vec![]));
	});
}

#[test]
fn a_failed_call_is_recorded_and_not_repeated() {
	ExtBuilder::default().build_and_execute(|| {
		let refuse: RuntimeCall = target::Call::refuse {}.into();
		assert_eq!(serve(refuse, Neutral), Err(target::Error::<Test>::Refused.into()));
		assert_eq!(state(0), State::Failed);
		assert!(done().is_empty());
		assert_noop_post(Timelock::execute(signed(ANYONE), 0), Error::<Test>::AlreadyFinished);
	});
}

#[test]
fn a_filtered_call_is_held_and_not_consumed() {
	ExtBuilder::default().build_and_execute(|| {
		let (held, other) = (
			queue(neutral(), Neutral),
			queue(frame_system::Call::remark_with_event { remark: vec![] }.into(), Neutral),
		);
		SafeMode::set(true);
		run(6 * BLOCKS_PER_HOUR + 5);
		assert_eq!((state(held), state(other)), (State::Ripe, State::Failed));
		assert_noop_post(Timelock::execute(signed(ANYONE), held), Error::<Test>::CallFiltered);
		SafeMode::set(false);
		assert_ok!(Timelock::execute(signed(ANYONE), held));
		assert_eq!(done(), vec![0]);
	});
}

#[test]
fn a_batch_with_a_filtered_call_in_it_is_held_and_not_consumed() {
	ExtBuilder::default().delays(SHORT).build_and_execute(|| {
		let remark: RuntimeCall = frame_system::Call::remark { remark: vec![] }.into();
		let id = queue(batch(vec![remark, neutral()]), Neutral);
		SafeMode::set(true);
		run(BLOCKS_PER_HOUR + 5);
		assert_eq!(state(id), State::Ripe);
		let refused = Timelock::execute(signed(ANYONE), id).unwrap_err();
		assert_eq!(refused.error, Error::<Test>::CallFiltered.into());
		// What was dispatched of it before is paid for.
		let own = <() as WeightInfo>::execute(Timelock::entry(id).unwrap().len);
		assert!(refused.post_info.actual_weight.unwrap().ref_time() > own.ref_time());
		SafeMode::set(false);
		assert_ok!(Timelock::execute(signed(ANYONE), id));
		assert_eq!((done(), state(id)), (vec![0], State::Executed));
	});
}

#[test]
fn a_block_executes_one_entry_and_only_what_is_light() {
	ExtBuilder::default().build_and_execute(|| {
		for call in [neutral(), heavy(200_000_001, 0), neutral()] {
			queue(call, Neutral);
		}
		ripen(Neutral);
		run_full(5);
		run(1);
		assert_eq!((done(), state(2)), (vec![0], State::Ripe));
		run(5);
		assert_eq!((done(), state(1)), (vec![0, 0], State::Ripe));
		assert_ok!(Timelock::execute(signed(ANYONE), 1));
		assert_eq!(done(), vec![0, 0, 6]);
	});
}

#[test]
fn executing_declares_the_weight_of_the_queued_call_and_returns_what_it_used() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(heavy(500_000_000, 2_000), Neutral);
		let call: RuntimeCall = Call::<Test>::execute { id }.into();
		let len = Timelock::entry(id).unwrap().len;
		let own = <() as WeightInfo>::execute(len);
		let declared = own.saturating_add(Weight::from_parts(500_000_000, 0));
		assert_eq!(call.get_dispatch_info().call_weight, declared);
		let early = call.clone().dispatch(signed(ANYONE)).unwrap_err();
		assert_eq!(early.post_info.actual_weight, Some(own));
		assert_eq!(early.post_info.pays_fee, Pays::Yes);
		ripen(Neutral);
		let post = call.clone().dispatch(signed(ANYONE)).unwrap();
		assert_eq!(post.actual_weight, Some(own.saturating_add(Weight::from_parts(2_000, 0))));
		assert_eq!(post.pays_fee, Pays::No);
		let over = call.dispatch(signed(ANYONE)).unwrap_err();
		assert_eq!(over.error, Error::<Test>::AlreadyFinished.into());
	});
}

#[test]
fn bytes_that_changed_are_not_executed() {
	ExtBuilder::default().build().execute_with(|| {
		let id = queue(neutral(), Neutral);
		ripen(Neutral);
		Calls::<Test>::mutate(id, |bytes| *bytes = Some(loosen().encode().try_into().unwrap()));
		assert!(Timelock::do_try_state().is_err());
		assert_noop_post(Timelock::execute(signed(ANYONE), id), Error::<Test>::CallChanged);
		Calls::<Test>::remove(id);
		assert_noop_post(Timelock::execute(signed(ANYONE), id), Error::<Test>::CallChanged);
	});
}
