//! The life of an incident.

use crate::{
	mock::*, Error, Event, Incident, NextIncident, Open, State, Timeline, DECISION_ENTRIES,
	MAX_TIMELINE,
};
use breakwater_primitives::{
	Cause, Entry, IncidentId, IncidentLog, Level, MarketId, Millis, Report, Scope, Severity,
};
use codec::{Decode, Encode, MaxEncodedLen};
use frame_support::{assert_noop, assert_ok, storage::StoragePrefixedMap};
use proptest::prelude::*;
use sp_runtime::DispatchError;

const HASH: [u8; 32] = [7; 32];

fn report(scope: Scope, level: Level) -> Report {
	Report {
		scope,
		severity: Severity::of(level),
		cause: Cause::Detector(1),
		level,
		evidence: [7_900, 6_200],
	}
}

fn market(number: u16) -> Scope {
	Scope::Market(MarketId(number))
}

fn open(scope: Scope, level: Level) -> IncidentId {
	<Incidents as IncidentLog>::open(&report(scope, level))
}

fn level(from: Level, to: Level) -> Entry {
	Entry::Level { from, to, cause: Cause::Member, until: START + 60_000 }
}

fn append(id: IncidentId, entry: Entry) {
	<Incidents as IncidentLog>::append(id, &entry);
}

fn close(id: IncidentId) {
	<Incidents as IncidentLog>::close(id);
}

fn get(id: IncidentId) -> Incident {
	Incidents::incident(id).unwrap()
}

#[test]
fn a_report_opens_an_incident_with_its_evidence() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::ReduceOnly);
		let incident = get(id);
		assert_eq!(incident.state, State::Contained);
		assert_eq!((incident.severity, incident.peak), (Severity::P3, Level::ReduceOnly));
		assert_eq!((incident.opened_at, incident.opened_block), (START, 7));
		assert_eq!((incident.closed_at, incident.closed_block), (0, 0));
		assert_eq!(incident.evidence, [7_900, 6_200]);
		assert_eq!(Incidents::open_incident(market(0)), Some(id));
		assert_eq!(
			Incidents::timeline(id, 0, 10),
			vec![(
				START,
				Entry::Reported {
					severity: Severity::P3,
					cause: Cause::Detector(1),
					level: Level::ReduceOnly,
					evidence: [7_900, 6_200],
				}
			)]
		);
		System::assert_has_event(
			Event::IncidentOpened { id, scope: market(0), severity: Severity::P3 }.into(),
		);
	});
}

#[test]
fn a_report_without_restriction_is_only_detected() {
	ExtBuilder.build_and_execute(|| {
		let id = open(Scope::Chain, Level::Normal);
		assert_eq!((get(id).state, get(id).severity), (State::Detected, Severity::P5));
		close(id);
		assert_eq!(get(id).state, State::Resolved);
	});
}

#[test]
fn a_paused_call_contains_an_incident_without_a_level() {
	ExtBuilder.build_and_execute(|| {
		let id = open(Scope::Chain, Level::Normal);
		let (cause, until) = (Cause::Committee(4), START + 60_000);
		append(id, Entry::CallPaused { call: HASH, cause, until });
		assert_eq!((get(id).state, get(id).level), (State::Contained, Level::Normal));
		append(id, Entry::CallResumed { call: HASH });
		assert_eq!(get(id).timeline_len, 3);
		close(id);
		assert_eq!(get(id).state, State::Resolved);
	});
}

#[test]
fn a_further_report_of_an_open_scope_appends_and_raises_severity() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Watch);
		assert_eq!(open(market(0), Level::Freeze), id);
		assert_eq!((get(id).severity, get(id).peak), (Severity::P2, Level::Freeze));
		// A milder one lowers nothing.
		assert_eq!(open(market(0), Level::Watch), id);
		let incident = get(id);
		assert_eq!((incident.severity, incident.level), (Severity::P2, Level::Freeze));
		assert_eq!(incident.timeline_len, 3);
		// Another scope has its own.
		assert_eq!(open(market(1), Level::Watch), id + 1);
		assert_eq!(open(Scope::Chain, Level::Watch), id + 2);
	});
}

#[test]
fn the_state_follows_the_level() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Guarded);
		append(id, level(Level::Guarded, Level::Auction));
		assert_eq!(get(id).state, State::Contained);
		append(id, level(Level::Auction, Level::Watch));
		assert_eq!(get(id).state, State::Recovering);
		// A lease renewed at the same level is not a relapse, a tighter one is.
		append(id, level(Level::Watch, Level::Watch));
		assert_eq!(get(id).state, State::Recovering);
		append(id, level(Level::Watch, Level::Guarded));
		assert_eq!(get(id).state, State::Contained);
		append(id, level(Level::Guarded, Level::Normal));
		let incident = get(id);
		assert_eq!((incident.state, incident.level), (State::Recovering, Level::Normal));
		assert_eq!((incident.peak, incident.severity), (Level::Auction, Severity::P2));
	});
}

#[test]
fn closing_frees_the_scope_and_keeps_the_record() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Watch);
		Now::set(START + 5_000);
		System::set_block_number(12);
		close(id);
		let incident = get(id);
		assert_eq!((incident.closed_at, incident.closed_block), (START + 5_000, 12));
		assert_eq!(Open::<Test>::get(market(0)), None);
		System::assert_last_event(Event::IncidentClosed { id, scope: market(0) }.into());
		// Neither closing again nor appending changes anything.
		let events = System::event_count();
		close(id);
		append(id, Entry::Covered { amount: 5 });
		close(99);
		append(99, Entry::Covered { amount: 5 });
		assert_eq!((get(id), System::event_count()), (incident, events));
		assert_eq!(open(market(0), Level::Watch), id + 1);
	});
}

#[test]
fn amounts_of_one_moment_are_one_entry() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Guarded);
		for _ in 0..100 {
			append(id, Entry::Liquidated { notional: 10 });
			append(id, Entry::Covered { amount: 1 });
		}
		assert_eq!(get(id).timeline_len, 3);
		Now::mutate(|now| *now += 1_000);
		append(id, Entry::Liquidated { notional: 10 });
		assert_eq!(
			Incidents::timeline(id, 1, 10),
			vec![
				(START, Entry::Liquidated { notional: 1_000 }),
				(START, Entry::Covered { amount: 100 }),
				(START + 1_000, Entry::Liquidated { notional: 10 }),
			]
		);
		assert_eq!((get(id).liquidated, get(id).covered), (1_010, 100));
	});
}

#[test]
fn liquidations_cannot_crowd_out_decisions() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Guarded);
		for _ in 0..300 {
			Now::mutate(|now| *now += 1_000);
			append(id, Entry::Liquidated { notional: 10 });
		}
		let incident = get(id);
		assert_eq!((incident.timeline_len, incident.dropped), (192, 109));
		assert_eq!(incident.liquidated, 3_000);
		for _ in 0..65 {
			append(id, level(Level::Guarded, Level::Guarded));
		}
		assert_eq!((get(id).timeline_len, get(id).dropped), (MAX_TIMELINE, 110));
		// A level that has no place left still counts.
		append(id, level(Level::Guarded, Level::Freeze));
		assert_eq!((get(id).peak, get(id).dropped), (Level::Freeze, 111));
		assert_noop!(
			Incidents::note(RuntimeOrigin::signed(1), id, HASH),
			Error::<Test>::TimelineFull
		);
	});
}

#[test]
fn notes_cannot_crowd_out_changes_of_level() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Guarded);
		let note = || Incidents::note(RuntimeOrigin::signed(1), id, HASH);
		while note().is_ok() {}
		assert_noop!(note(), Error::<Test>::TimelineFull);
		assert_eq!(get(id).timeline_len, MAX_TIMELINE - DECISION_ENTRIES);
		append(id, level(Level::Guarded, Level::Freeze));
		let told = Incidents::timeline(id, MAX_TIMELINE - DECISION_ENTRIES, 1);
		assert_eq!(told, vec![(START, level(Level::Guarded, Level::Freeze))]);
		assert_eq!(get(id).dropped, 0);
	});
}

#[test]
fn views_return_a_bounded_part_of_the_timeline() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Guarded);
		for _ in 0..99 {
			append(id, Entry::Note { hash: HASH });
		}
		assert_eq!(Incidents::timeline(id, 0, u16::MAX).len(), 64);
		assert_eq!(Incidents::timeline(id, 64, u16::MAX).len(), 36);
		assert_eq!(Incidents::timeline(id, u16::MAX, 5).len(), 0);
		assert_eq!(Incidents::timeline(id + 1, 0, 5).len(), 0);
		assert_eq!(Incidents::incident(id + 1), None);
	});
}

#[test]
fn the_committee_adds_notes_until_the_review() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Watch);
		let committee = || RuntimeOrigin::signed(1);
		assert_noop!(Incidents::note(RuntimeOrigin::signed(3), id, HASH), DispatchError::BadOrigin);
		assert_noop!(Incidents::note(committee(), id + 1, HASH), Error::<Test>::UnknownIncident);
		assert_noop!(Incidents::note(committee(), id, [0; 32]), Error::<Test>::ZeroHash);
		assert_ok!(Incidents::note(committee(), id, HASH));
		close(id);
		assert_ok!(Incidents::note(committee(), id, HASH));
		assert_eq!(get(id).timeline_len, 3);
		assert_eq!(get(id).state, State::Resolved);
		System::assert_last_event(
			Event::IncidentUpdated {
				id,
				state: State::Resolved,
				severity: Severity::P4,
				entry: Entry::Note { hash: HASH },
			}
			.into(),
		);
		assert_ok!(Incidents::review(RuntimeOrigin::signed(2), id, HASH));
		assert_noop!(Incidents::note(committee(), id, HASH), Error::<Test>::AlreadyReviewed);
	});
}

#[test]
fn only_a_resolved_incident_is_reviewed_and_only_once() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(0), Level::Watch);
		let council = || RuntimeOrigin::signed(2);
		assert_noop!(
			Incidents::review(RuntimeOrigin::signed(1), id, HASH),
			DispatchError::BadOrigin
		);
		assert_noop!(Incidents::review(council(), id, HASH), Error::<Test>::StillOpen);
		assert_noop!(Incidents::review(council(), id + 1, HASH), Error::<Test>::UnknownIncident);
		close(id);
		assert_noop!(Incidents::review(council(), id, [0; 32]), Error::<Test>::ZeroHash);
		assert_ok!(Incidents::review(council(), id, HASH));
		assert_eq!((get(id).state, get(id).review), (State::Reviewed, HASH));
		System::assert_last_event(Event::Reviewed { id, hash: HASH }.into());
		assert_noop!(Incidents::review(council(), id, HASH), Error::<Test>::AlreadyReviewed);
	});
}

#[test]
fn the_layout_and_the_storage_keys_are_pinned() {
	ExtBuilder.build_and_execute(|| {
		let id = open(market(5), Level::Freeze);
		let bytes = get(id).encode();
		// version, state, severity, level, peak
		assert_eq!(&bytes[..5], &[1, 1, 1, 5, 5]);
		assert_eq!(Millis::decode(&mut &bytes[5..13]).unwrap(), START);
		assert_eq!(u32::decode(&mut &bytes[21..25]).unwrap(), 7);
		// two ends, two blocks, length, dropped, two totals, evidence and review come before scope
		assert_eq!(&bytes[115..], &[1, 5, 0, 0, 1]);
		assert!(Incident::max_encoded_len() <= 123, "{}", Incident::max_encoded_len());
		let prefix = |item: &str| {
			[sp_io::hashing::twox_128(b"Incidents"), sp_io::hashing::twox_128(item.as_bytes())]
				.concat()
		};
		assert_eq!(crate::Incidents::<Test>::final_prefix().to_vec(), prefix("Incidents"));
		assert_eq!(Timeline::<Test>::final_prefix().to_vec(), prefix("Timeline"));
		assert_eq!(Open::<Test>::final_prefix().to_vec(), prefix("Open"));
	});
}

#[test]
fn a_broken_register_is_found() {
	ExtBuilder.build().execute_with(|| {
		let id = open(market(0), Level::Watch);
		Open::<Test>::remove(market(0));
		assert!(Incidents::do_try_state().is_err());
		Open::<Test>::insert(market(0), id);
		assert_ok!(Incidents::do_try_state());
		Timeline::<Test>::remove(id, 0);
		assert!(Incidents::do_try_state().is_err());
		Timeline::<Test>::insert(id, 0, (START, Entry::Note { hash: HASH }));
		NextIncident::<Test>::put(0);
		assert!(Incidents::do_try_state().is_err());
	});
}

proptest! {
	#![proptest_config(ProptestConfig::with_cases(64))]

	#[test]
	fn any_sequence_keeps_the_register_consistent(
		steps in prop::collection::vec((0u8..6, 0u16..3, 0usize..7, 0u64..3), 1..120),
	) {
		ExtBuilder.build_and_execute(|| {
			for (what, scope, to, wait) in steps {
				Now::mutate(|now| *now += wait);
				let scope = if scope == 2 { Scope::Chain } else { market(scope) };
				let to = Level::ALL[to];
				let current = Incidents::open_incident(scope);
				match (what, current) {
					(0, _) => { open(scope, to); },
					(1, Some(id)) => append(id, level(get(id).level, to)),
					(2, Some(id)) => append(id, Entry::Liquidated { notional: 5 }),
					(3, Some(id)) => append(id, Entry::Covered { amount: 5 }),
					(4, Some(id)) => close(id),
					(_, id) => {
						let _ = Incidents::review(RuntimeOrigin::signed(2), id.unwrap_or(0), HASH);
					},
				}
			}
		});
	}
}
