//! Thousands of sequences of whatever can be sent.

use breakwater_crash::fuzz::{Plan, Report};

/// Sequences of the test: with optimisation thousands in seconds.
const SEQUENCES: u64 = if cfg!(debug_assertions) { 15 } else { 1_500 };

#[test]
fn every_unit_is_where_it_belongs_after_any_sequence() {
	let plan = Plan { length: 80, check_every: 20 };
	let mut report = Report::default();
	for seed in 0..SEQUENCES {
		if let Err(failure) = report.sequence(seed, plan) {
			panic!("{failure}");
		}
	}
	println!(
		"fuzz: {} steps in {} sequences, {} full checks, {:?}",
		report.steps, report.sequences, report.checks, report.events,
	);
	assert_eq!(report.steps, SEQUENCES * plan.length);
	assert!(report.events.contains_key("position changed"), "{:?}", report.events);
	if !cfg!(debug_assertions) {
		assert_eq!(report.untried(), Vec::<String>::new());
		let accepted = report.calls.values().filter(|(_, accepted)| *accepted > 0).count();
		assert!(accepted >= 18, "hardly anything is accepted: {:?}", report.calls);
		for event in ["liquidated", "deleveraged", "bankrupt covered", "funding settled"] {
			assert!(report.events.contains_key(event), "{event}: {:?}", report.events);
		}
	}
}
