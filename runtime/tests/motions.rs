//! Motions of the collectives: what one member can take, and when they end.

mod common;

use breakwater_primitives::{Level, Scope};
use breakwater_runtime::{
	configs::governance::{CommitteeInstance, CouncilInstance},
	genesis_presets::accounts,
	motions::MOTIONS_PER_MEMBER,
	views, AccountId, Runtime, RuntimeCall, System, HOURS,
};
use codec::Encode;
use common::*;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use pallet_collective::Proposals;
use sp_keyring::Sr25519Keyring::Ferdie;
use sp_runtime::{
	traits::{BlakeTwo256, Hash},
	DispatchResult,
};

const MANY: usize = MOTIONS_PER_MEMBER;

fn note(number: usize) -> RuntimeCall {
	frame_system::Call::remark { remark: (number as u32).encode() }.into()
}

fn propose<I: 'static>(who: &AccountId, threshold: u32, inner: RuntimeCall) -> DispatchResult
where
	Runtime: pallet_collective::Config<I, Proposal = RuntimeCall>,
	RuntimeCall: From<pallet_collective::Call<Runtime, I>>,
{
	let length_bound = inner.encoded_size() as u32;
	let proposal = Box::new(inner);
	call(who, pallet_collective::Call::<Runtime, I>::propose { threshold, proposal, length_bound })
}

fn close(who: &AccountId, index: u32, inner: &RuntimeCall) -> DispatchResult {
	let close = pallet_collective::Call::<Runtime, CommitteeInstance>::close {
		proposal_hash: BlakeTwo256::hash_of(inner),
		index,
		proposal_weight_bound: inner.get_dispatch_info().call_weight,
		length_bound: inner.encoded_size() as u32,
	};
	call(who, close)
}

fn vote(who: &AccountId, index: u32, inner: &RuntimeCall) -> DispatchResult {
	let proposal = BlakeTwo256::hash_of(inner);
	call(
		who,
		pallet_collective::Call::<Runtime, CommitteeInstance>::vote {
			proposal,
			index,
			approve: true,
		},
	)
}

fn freeze() -> RuntimeCall {
	let (scope, level) = (Scope::Market(BTC), Level::Freeze);
	pallet_circuit_breaker::Call::restrict { scope, level, duration: 3_600_000 }.into()
}

#[test]
fn a_stolen_key_does_not_block_its_collective() {
	on_development_chain(|| {
		let (committee_members, council_members) = (accounts::committee(), accounts::council());
		for number in 0..MANY {
			assert_ok!(propose::<CommitteeInstance>(&committee_members[0], 2, note(number)));
			assert_ok!(propose::<CouncilInstance>(&council_members[0], 2, note(number)));
		}
		type CommitteeError = pallet_collective::Error<Runtime, CommitteeInstance>;
		type CouncilError = pallet_collective::Error<Runtime, CouncilInstance>;
		assert_noop!(
			propose::<CommitteeInstance>(&committee_members[0], 2, note(MANY)),
			CommitteeError::TooManyProposals
		);
		assert_noop!(
			propose::<CouncilInstance>(&council_members[0], 2, note(MANY)),
			CouncilError::TooManyProposals
		);
		// The others have their own places.
		assert_ok!(propose::<CommitteeInstance>(&committee_members[1], 3, freeze()));
		assert_ok!(propose::<CouncilInstance>(&council_members[1], 2, note(MANY)));
	});
}

#[test]
fn a_closed_motion_gives_its_place_back() {
	on_development_chain(|| {
		let members = accounts::committee();
		for number in 0..MANY {
			assert_ok!(propose::<CommitteeInstance>(&members[0], 2, note(number)));
		}
		for who in &members[..2] {
			assert_ok!(vote(who, 0, &note(0)));
		}
		assert_ok!(close(&members[0], 0, &note(0)));
		// The same call again is a motion like any other.
		assert_ok!(propose::<CommitteeInstance>(&members[0], 2, note(0)));
		assert!(propose::<CommitteeInstance>(&members[0], 2, note(MANY)).is_err());
	});
}

#[test]
fn a_motion_ends_with_its_time_and_makes_room() {
	on_development_chain(|| {
		let members = accounts::committee();
		for number in 0..MANY {
			assert_ok!(propose::<CommitteeInstance>(&members[0], 2, note(number)));
		}
		assert_ok!(propose::<CouncilInstance>(&accounts::council()[0], 2, note(0)));
		System::set_block_number(System::block_number() + 6 * HOURS - 2);
		next_block();
		assert_eq!(Proposals::<Runtime, CommitteeInstance>::get().len(), MANY);
		next_block();
		assert!(Proposals::<Runtime, CommitteeInstance>::get().is_empty());
		assert_eq!(Proposals::<Runtime, CouncilInstance>::get().len(), 1);
		assert_ok!(propose::<CommitteeInstance>(&members[0], 2, note(0)));
	});
}

#[test]
fn a_decided_motion_cannot_be_dispatched_after_its_time() {
	on_development_chain(|| {
		let members = accounts::committee();
		assert_ok!(propose::<CommitteeInstance>(&members[0], 3, freeze()));
		for who in &members[..3] {
			assert_ok!(vote(who, 0, &freeze()));
		}
		System::set_block_number(System::block_number() + 6 * HOURS - 1);
		next_block();
		assert_noop!(
			close(&id(Ferdie), 0, &freeze()),
			pallet_collective::Error::<Runtime, CommitteeInstance>::ProposalMissing
		);
		assert_eq!(views::market_status(BTC).unwrap().level, Level::Normal);
	});
}
