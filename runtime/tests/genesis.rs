//! The presets build, and the example does not until it is filled in.

mod common;

use breakwater_primitives::MarketId;
use breakwater_runtime::{genesis_presets, Feeders, Grandpa, Runtime, Session, USDC_UNIT};
use common::{build, genesis};
use sp_core::Pair;

#[test]
fn development_and_local_presets_build_a_state_in_which_every_invariant_holds() {
	for (preset, validators) in [("development", 1), ("local_testnet", 4)] {
		build(&genesis(preset)).expect(preset).execute_with(|| {
			assert_eq!(Session::validators().len(), validators, "{preset}");
			assert_eq!(Session::queued_keys().len(), validators, "{preset}");
			assert_eq!(pallet_aura::Authorities::<Runtime>::get().len(), validators, "{preset}");
			assert_eq!(Grandpa::grandpa_authorities().len(), validators, "{preset}");
			assert_eq!(
				pallet_collective::Members::<Runtime, pallet_collective::Instance1>::get().len(),
				5
			);
			assert_eq!(
				pallet_collective::Members::<Runtime, pallet_collective::Instance2>::get().len(),
				5
			);
			assert_eq!(Feeders::members().len(), 4);
			assert!(pallet_perpetuals::Terms::<Runtime>::contains_key(MarketId(0)));
			let custody = breakwater_runtime::views::custody();
			assert_eq!(custody.held, 5_000_000 * USDC_UNIT);
			assert_eq!(custody.claimed, 5_000_000 * USDC_UNIT as i128);
			breakwater_runtime::views::try_state().expect(preset);
		});
	}
}

#[test]
fn every_named_preset_exists() {
	for name in genesis_presets::names() {
		assert!(genesis_presets::get_preset(&name).is_some(), "{name}");
	}
	assert!(genesis_presets::get_preset(&"no such preset".into()).is_none());
}

#[test]
fn the_production_example_is_refused_with_a_list_of_what_is_missing() {
	let error = build(&genesis("production_example")).err().expect("it has placeholders");
	for path in [
		"genesis.session.keys[3][2].grandpa",
		"genesis.committeeMembership.members[4]",
		"genesis.balances.balances[0][0]",
	] {
		assert!(error.contains(path), "{path} is not named in: {error}");
	}
}

#[test]
fn the_production_example_builds_once_it_is_filled_in() {
	let mut genesis = genesis("production_example");
	fill(&mut genesis);
	build(&genesis).expect("every placeholder is filled in").execute_with(|| {
		assert_eq!(Session::validators().len(), 4);
		assert_eq!(pallet_timelock::CurrentDelays::<Runtime>::get(), Default::default());
		breakwater_runtime::views::try_state().expect("every invariant holds");
	});
}

/// Replace placeholders; an account named twice gets the same key twice.
fn fill(value: &mut serde_json::Value) {
	match value {
		serde_json::Value::String(text) if text.starts_with(genesis_presets::PLACEHOLDER) => {
			*text = if text.contains("ed25519") {
				let pair = sp_core::ed25519::Pair::from_string(&format!("//{text}"), None).unwrap();
				sp_core::crypto::Ss58Codec::to_ss58check(&pair.public())
			} else {
				let pair = sp_core::sr25519::Pair::from_string(&format!("//{text}"), None).unwrap();
				sp_core::crypto::Ss58Codec::to_ss58check(&pair.public())
			}
		},
		serde_json::Value::Array(items) => items.iter_mut().for_each(|item| fill(item)),
		serde_json::Value::Object(fields) => fields.values_mut().for_each(|item| fill(item)),
		_ => (),
	}
}

#[test]
fn the_feeders_derivation_paths_are_those_of_the_feeders() {
	let mut derived: Vec<breakwater_runtime::AccountId> = genesis_presets::DEVELOPMENT_FEEDERS
		.iter()
		.map(|path| sp_core::sr25519::Pair::from_string(path, None).unwrap().public().into())
		.collect();
	let mut feeders = genesis_presets::accounts::feeders();
	derived.sort();
	feeders.sort();
	assert_eq!(derived, feeders);
}
