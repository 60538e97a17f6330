//! Who may queue, veto and execute, and what a served delay is worth.

mod execution;

use crate::{mock::*, pallet::Origin, *};
use breakwater_primitives::{governance::DelayClass, Delayed, Level};
use codec::Encode;
use frame_support::{
	assert_noop, assert_ok,
	dispatch::{GetDispatchInfo, Pays},
	traits::EnsureOrigin,
	weights::Weight,
};
use sp_runtime::{
	traits::{BlakeTwo256, Dispatchable, Hash},
	DispatchError, DispatchResult,
};
use target::Done;

use DelayClass::{Loosen, Neutral, Repair, Structural};

fn signed(who: u64) -> RuntimeOrigin {
	RuntimeOrigin::signed(who)
}

fn neutral() -> RuntimeCall {
	target::Call::neutral {}.into()
}

fn repair() -> RuntimeCall {
	target::Call::repair {}.into()
}

fn loosen() -> RuntimeCall {
	target::Call::loosen {}.into()
}

fn structural() -> RuntimeCall {
	target::Call::structural {}.into()
}

fn heavy(declared: u64, used: u64) -> RuntimeCall {
	let weight = |time| Weight::from_parts(time, 0);
	target::Call::heavy { declared: weight(declared), used: weight(used) }.into()
}

fn batch(calls: Vec<RuntimeCall>) -> RuntimeCall {
	pallet_utility::Call::batch_all { calls }.into()
}

fn queue(call: RuntimeCall, class: DelayClass) -> u32 {
	let id = NextId::<Test>::get();
	assert_ok!(Timelock::queue(signed(LARGE_COUNCIL), Box::new(call), class));
	id
}

fn state(id: u32) -> State {
	Timelock::entry(id).unwrap().state
}

fn done() -> Vec<u8> {
	Done::<Test>::get().into_iter().map(|(what, _)| what).collect()
}

/// Queue the call and let its delay pass; what it returned when the block executed it.
fn serve(call: RuntimeCall, class: DelayClass) -> DispatchResult {
	let id = queue(call, class);
	let blocks = CurrentDelays::<Test>::get().of(class) / BLOCK;
	run(blocks - 1);
	assert_eq!(state(id), State::Queued);
	run_until(|| !state(id).is_pending(), 3);
	executed(id)
}

fn run_until(holds: impl Fn() -> bool, blocks: u64) {
	for _ in 0..blocks {
		if holds() {
			return;
		}
		run(1);
	}
	assert!(holds(), "not within {blocks} blocks");
}

/// What the event of this block says about `id`.
fn executed(id: u32) -> DispatchResult {
	System::events()
		.into_iter()
		.find_map(|record| match record.event {
			RuntimeEvent::Timelock(Event::Executed { id: i, result }) if i == id => Some(result),
			_ => None,
		})
		.expect("executed in this block")
}

/// Let the delay pass with no room for automatic execution, so that the entry is ripe.
fn ripen(class: DelayClass) {
	run_full(CurrentDelays::<Test>::get().of(class) / BLOCK + 2);
}

/// `assert_noop!` for calls that return their weight with the error.
fn assert_noop_post(
	result: frame_support::dispatch::DispatchResultWithPostInfo,
	error: Error<Test>,
) {
	assert_eq!(result.map_err(|e| e.error).unwrap_err(), error.into());
}

#[test]
fn queueing_stores_the_call_with_its_delay() {
	ExtBuilder::default().build_and_execute(|| {
		ChainLevel::set(Level::Guarded);
		let id = queue(loosen(), Loosen);
		let entry = Timelock::entry(id).unwrap();
		let hash = BlakeTwo256::hash_of(&loosen());
		assert_eq!((entry.class, entry.state, entry.hash), (Loosen, State::Queued, hash));
		assert_eq!((entry.queued_at, entry.eta), (START, START + 48 * HOUR));
		assert_eq!((entry.level_at_queue, entry.spec_version), (Level::Guarded, 1));
		assert_eq!(Timelock::call_bytes(id), Some(loosen().encode()));
		assert_eq!(Timelock::entries(), vec![(id, entry.clone())]);
		assert_eq!(Timelock::delays(), Delays::default());
		System::assert_last_event(Event::Queued { id, class: Loosen, hash, eta: entry.eta }.into());
	});
}

#[test]
fn queueing_is_refused_with_its_own_error() {
	ExtBuilder::default().build_and_execute(|| {
		let council = || signed(COUNCIL);
		for origin in [signed(ANYONE), signed(COMMITTEE), RuntimeOrigin::none()] {
			assert_noop!(
				Timelock::queue(origin, Box::new(neutral()), Neutral),
				DispatchError::BadOrigin
			);
		}
		// The class decides who may queue.
		assert_noop!(
			Timelock::queue(council(), Box::new(repair()), Repair),
			DispatchError::BadOrigin
		);
		let long = frame_system::Call::remark { remark: vec![0; 1_025] }.into();
		assert_noop!(
			Timelock::queue(council(), Box::new(long), Neutral),
			Error::<Test>::CallTooLong
		);
		assert_noop!(
			Timelock::queue(council(), Box::new(heavy(1_000_000_001, 0)), Neutral),
			Error::<Test>::CallTooHeavy
		);
		for _ in 0..32 {
			queue(loosen(), Loosen);
		}
		assert_noop!(
			Timelock::queue(council(), Box::new(neutral()), Neutral),
			Error::<Test>::QueueFull
		);
	});
}

#[test]
fn each_class_is_executed_after_its_own_delay_with_the_delay_it_served() {
	ExtBuilder::default().build_and_execute(|| {
		let cases = [(neutral(), Neutral), (repair(), Repair), (loosen(), Loosen)];
		for (number, (call, class)) in cases.into_iter().enumerate() {
			assert_ok!(serve(call, class));
			let served = Delays::default().of(class);
			let delayed = Delayed { served, level_at_queue: Level::Normal };
			assert_eq!(Done::<Test>::get()[number], (number as u8, Some(delayed)));
		}
	});
}

/// The same classes in a day: a week has ten thousand blocks.
const SHORT: Delays =
	Delays { neutral: HOUR, repair: 2 * HOUR, loosen: 3 * HOUR, structural: 4 * HOUR };

#[test]
fn a_structural_call_alone_runs_as_root() {
	ExtBuilder::default().delays(SHORT).build_and_execute(|| {
		let root_only: RuntimeCall = target::Call::root_only {}.into();
		assert_ok!(serve(root_only.clone(), Structural));
		// What demands the longest delay gets it too.
		assert_ok!(serve(structural(), Structural));
		for class in [Neutral, Repair, Loosen] {
			assert_eq!(serve(root_only.clone(), class), Err(DispatchError::BadOrigin));
		}
		assert_eq!(done(), vec![4, 3]);
	});
}

#[test]
fn a_class_that_is_too_short_makes_the_call_fail() {
	ExtBuilder::default().build_and_execute(|| {
		for (call, class) in
			[(loosen(), Neutral), (loosen(), Repair), (repair(), Neutral), (structural(), Loosen)]
		{
			assert_eq!(serve(call, class), Err(DispatchError::BadOrigin));
		}
		assert_eq!(state(0), State::Failed);
		assert!(done().is_empty());
		// A longer one than needed does not hurt.
		assert_ok!(serve(neutral(), Loosen));
	});
}

#[test]
fn a_batch_mislabels_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let both = batch(vec![neutral(), loosen()]);
		assert_eq!(serve(both.clone(), Neutral), Err(DispatchError::BadOrigin));
		assert!(done().is_empty(), "what came before it is rolled back");
		assert_ok!(serve(both, Loosen));
		assert_eq!(done(), vec![0, 2]);
	});
}

#[test]
fn a_nested_batch_mislabels_nothing() {
	ExtBuilder::default().build_and_execute(|| {
		let inner = |call| RuntimeCall::from(pallet_utility::Call::batch { calls: vec![call] });
		let nested = batch(vec![neutral(), inner(inner(loosen()))]);
		// A plain batch swallows the error of its call and tells it in an event.
		assert_ok!(serve(nested.clone(), Neutral));
		assert_eq!(done(), vec![0]);
		let error = DispatchError::BadOrigin;
		System::assert_has_event(
			pallet_utility::Event::BatchInterrupted { index: 0, error }.into(),
		);
		assert_ok!(serve(nested, Loosen));
		assert_eq!(done(), vec![0, 0, 2]);
	});
}

#[test]
fn a_call_left_lying_gains_no_delay() {
	ExtBuilder::default().build_and_execute(|| {
		// A loosening as a repair, which has no veto, waits until two days are over.
		let id = queue(batch(vec![heavy(300_000_000, 0), loosen()]), Repair);
		run(3 * 24 * BLOCKS_PER_HOUR);
		assert_eq!(state(id), State::Ripe);
		ChainLevel::set(Level::Freeze);
		assert_ok!(Timelock::execute(signed(ANYONE), id));
		assert_eq!(executed(id), Err(DispatchError::BadOrigin));
		assert!(done().is_empty());
	});
}

#[test]
fn nothing_runs_before_its_delay_has_passed() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(neutral(), Neutral);
		let eta = Timelock::entry(id).unwrap().eta;
		assert_noop_post(Timelock::execute(signed(ANYONE), id), Error::<Test>::NotRipe);
		Now::set(eta - 1);
		assert_noop_post(Timelock::execute(signed(ANYONE), id), Error::<Test>::NotRipe);
		// Exactly then, even if the scheduler has not come to it.
		Now::set(eta);
		assert_ok!(Timelock::execute(signed(ANYONE), id));
		System::assert_has_event(Event::Ripened { id }.into());
		assert_ok!(executed(id));
		assert_eq!(state(id), State::Executed);
	});
}

#[test]
fn the_committee_vetoes_what_is_queued_or_ripe() {
	ExtBuilder::default().build_and_execute(|| {
		let (queued, ripe) = (queue(loosen(), Loosen), queue(neutral(), Neutral));
		ripen(Neutral);
		for (id, expected) in [(queued, State::Queued), (ripe, State::Ripe)] {
			assert_eq!(state(id), expected);
			assert_noop!(Timelock::veto(signed(COUNCIL), id), DispatchError::BadOrigin);
			assert_ok!(Timelock::veto(signed(COMMITTEE), id));
			assert_eq!((state(id), Timelock::call_bytes(id)), (State::Vetoed, None));
			System::assert_last_event(Event::Vetoed { id }.into());
			assert_noop!(Timelock::veto(signed(COMMITTEE), id), Error::<Test>::AlreadyFinished);
			assert_noop_post(Timelock::execute(signed(ANYONE), id), Error::<Test>::AlreadyFinished);
		}
		assert_noop!(Timelock::veto(signed(COMMITTEE), 99), Error::<Test>::UnknownEntry);
		// The scheduler still wakes the vetoed entry: to no effect.
		run(48 * BLOCKS_PER_HOUR);
		assert_eq!(state(queued), State::Vetoed);
		assert!(done().is_empty());
	});
}

#[test]
fn what_is_only_called_a_repair_can_be_vetoed() {
	ExtBuilder::default().build_and_execute(|| {
		for call in [neutral(), batch(vec![repair(), neutral()])] {
			let id = queue(call, Repair);
			assert!(Timelock::entry(id).unwrap().vetoable);
			assert_ok!(Timelock::veto(signed(COMMITTEE), id));
		}
		// And a repair that is queued as something else is one like any other.
		let id = queue(repair(), Loosen);
		assert_ok!(Timelock::veto(signed(COMMITTEE), id));
	});
}

#[test]
fn a_repair_of_a_detector_has_no_veto_and_runs_at_any_level() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(repair(), Repair);
		assert_noop!(Timelock::veto(signed(COMMITTEE), id), Error::<Test>::NoVeto);
		ChainLevel::set(Level::Settle);
		run(24 * BLOCKS_PER_HOUR + 2);
		assert_eq!((state(id), done()), (State::Executed, vec![1]));
	});
}

#[test]
fn executing_is_for_signed_origins_and_ripening_for_root() {
	ExtBuilder::default().build_and_execute(|| {
		let id = queue(neutral(), Neutral);
		for origin in [RuntimeOrigin::root(), RuntimeOrigin::none()] {
			let refused = Timelock::execute(origin, id).unwrap_err();
			assert_eq!(refused.error, DispatchError::BadOrigin);
		}
		assert_noop_post(Timelock::execute(signed(ANYONE), 99), Error::<Test>::UnknownEntry);
		assert_noop!(Timelock::ripen(signed(COUNCIL), id), DispatchError::BadOrigin);
		assert_ok!(Timelock::ripen(RuntimeOrigin::root(), id));
		assert_eq!(state(id), State::Queued);
		assert_ok!(Timelock::ripen(RuntimeOrigin::root(), 99));
	});
}

#[test]
fn records_of_finished_calls_are_kept_within_their_bound() {
	ExtBuilder::default().build_and_execute(|| {
		for _ in 0..6 {
			let id = queue(neutral(), Neutral);
			assert_ok!(Timelock::veto(signed(COMMITTEE), id));
		}
		let kept: Vec<u32> = Timelock::entries().into_iter().map(|(id, _)| id).collect();
		assert_eq!(kept, vec![2, 3, 4, 5]);
		assert_noop!(Timelock::veto(signed(COMMITTEE), 0), Error::<Test>::UnknownEntry);
	});
}

#[test]
fn only_the_timelock_and_root_pass_as_delayed() {
	ExtBuilder::default().build_and_execute(|| {
		type Ensure = EnsureDelayed<frame_support::traits::ConstU64<{ 48 * HOUR }>>;
		let delayed = |served| {
			RuntimeOrigin::from(Origin::Delayed(Delayed { served, level_at_queue: Level::Watch }))
		};
		assert!(Ensure::try_origin(signed(COUNCIL)).is_err());
		assert!(Ensure::try_origin(RuntimeOrigin::none()).is_err());
		assert!(Ensure::try_origin(delayed(48 * HOUR - 1)).is_err());
		let passed = Ensure::try_origin(delayed(48 * HOUR)).ok().unwrap();
		assert_eq!(passed, Delayed { served: 48 * HOUR, level_at_queue: Level::Watch });
		assert_eq!(Ensure::try_origin(RuntimeOrigin::root()).ok().unwrap().served, u64::MAX);
	});
}

#[test]
fn a_chain_may_start_with_short_delays_and_demands_those() {
	let delays =
		Delays { neutral: BLOCK, repair: 2 * BLOCK, loosen: 3 * BLOCK, structural: 4 * BLOCK };
	ExtBuilder::default().delays(delays).build_and_execute(|| {
		assert_ok!(serve(loosen(), Loosen));
		assert_eq!(serve(loosen(), Repair), Err(DispatchError::BadOrigin));
	});
}

#[test]
#[should_panic(expected = "delays must grow")]
fn delays_that_do_not_tell_the_classes_apart_build_no_chain() {
	let delays = Delays { repair: 48 * HOUR, ..Default::default() };
	ExtBuilder::default().delays(delays).build();
}
