//! Blocks of signed transactions, through the same door as on a node: initialise, inherent, apply,
//! finalise.

mod common;

use breakwater_primitives::{Level, Scope, Side, Ticks};
use breakwater_runtime::{
	genesis_presets, views, weights::MAX_BLOCK, AccountId, Address, CircuitBreaker, Executive,
	Hash, Header, Margin, Runtime, RuntimeCall, RuntimeEvent, Session, Signature, SignedPayload,
	System, TechnicalCommittee, TxExtension, UncheckedExtrinsic, VERSION,
};
use codec::Encode;
use common::*;
use frame_support::{
	assert_ok,
	dispatch::{DispatchClass, GetDispatchInfo},
	BoundedVec,
};
use sp_core::Pair;
use sp_keyring::Sr25519Keyring::{self, *};
use sp_runtime::{
	generic::Era,
	traits::{BlakeTwo256, Hash as _, Header as _},
	transaction_validity::{InvalidTransaction, TransactionValidityError},
	ApplyExtrinsicResult, DispatchError,
};

/// A transaction of `who` with his next nonce and no tip.
fn signed(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> UncheckedExtrinsic {
	let call = call.into();
	let nonce = System::account_nonce(id(who));
	let genesis = System::block_hash(0);
	let extension: TxExtension = (
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(Era::Immortal),
		frame_system::CheckNonce::from(nonce),
		frame_system::CheckWeight::new(),
		pallet_transaction_payment::ChargeTransactionPayment::from(0),
		frame_metadata_hash_extension::CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	);
	let (spec, transaction) = (VERSION.spec_version, VERSION.transaction_version);
	let implicit = ((), (), spec, transaction, genesis, genesis, (), (), (), None, ());
	let payload = SignedPayload::from_raw(call.clone(), extension.clone(), implicit);
	let signature = payload.using_encoded(|bytes| who.pair().sign(bytes));
	UncheckedExtrinsic::new_signed(
		call,
		Address::from(id(who)),
		Signature::from(signature),
		extension,
	)
}

/// Apply a transaction, which must be valid.
fn apply(who: Sr25519Keyring, call: impl Into<RuntimeCall>) -> Result<(), DispatchError> {
	Executive::apply_extrinsic(signed(who, call)).expect("the transaction is valid")
}

fn initialise(number: u32, parent: Hash) {
	let now = START + u64::from(number) * 1_000;
	let slot = sp_consensus_aura::Slot::from(now / 1_000);
	let log = sp_runtime::DigestItem::PreRuntime(sp_consensus_aura::AURA_ENGINE_ID, slot.encode());
	let digest = sp_runtime::Digest { logs: vec![log] };
	let empty = Hash::default();
	Executive::initialize_block(&Header::new(number, empty, empty, parent, digest));
	let set = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
	assert_ok!(Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(set)), Ok(()));
}

/// Run `steps`, each in a block of its own, on the development chain.
fn blocks(steps: &mut [&mut dyn FnMut()]) {
	let mut ext = build(&genesis("development")).expect("the development preset builds");
	ext.execute_with(|| {
		let mut parent = System::block_hash(0);
		for (number, step) in (1..).zip(steps) {
			initialise(number, parent);
			step();
			let header = Executive::finalize_block();
			assert_eq!(header.number, number);
			parent = header.hash();
		}
		views::try_state().expect("every invariant holds");
	});
}

fn feed_call(price: u32) -> RuntimeCall {
	let prices = BoundedVec::truncate_from(vec![(BTC, Ticks(price))]);
	pallet_price_guard::Call::feed { prices }.into()
}

/// The keys of the feeders.
fn feeders() -> Vec<Sr25519Keyring> {
	let all = genesis_presets::accounts::feeders();
	let keys: Vec<_> = Sr25519Keyring::iter().filter(|key| all.contains(&id(*key))).collect();
	assert_eq!(keys.len(), all.len());
	keys
}

fn feed_signed(price: u32) {
	for feeder in feeders() {
		assert_ok!(apply(feeder, feed_call(price)));
	}
}

fn native(who: &AccountId) -> u128 {
	breakwater_runtime::Balances::free_balance(who)
}

fn level() -> Level {
	CircuitBreaker::status(Scope::Market(BTC)).0
}

fn deposit_call(usdc: u128) -> RuntimeCall {
	pallet_margin::Call::deposit { sub: 0, amount: usdc * breakwater_runtime::USDC_UNIT }.into()
}

fn place_call(price: u32) -> RuntimeCall {
	pallet_perpetuals::Call::place { sub: 0, order: limit(Side::Bid, price, 10) }.into()
}

#[test]
fn feeds_are_operational_and_free_and_an_order_and_a_withdrawal_pay_and_work() {
	blocks(&mut [
		&mut || {
			assert_eq!(feed_call(1).get_dispatch_info().class, DispatchClass::Operational);
			for feeder in feeders() {
				let before = native(&id(feeder));
				assert_ok!(apply(feeder, feed_call(50_000)));
				assert_eq!(native(&id(feeder)), before, "a feed is free");
			}
			assert_eq!(views::market_status(BTC).unwrap().prices.index, Ticks(50_000));
		},
		&mut || {
			let before = native(&id(Alice));
			assert_ok!(apply(Alice, deposit_call(1_000)));
			assert_ok!(apply(Alice, place_call(49_900)));
			assert!(native(&id(Alice)) < before, "an order pays a fee");
			assert_eq!(views::depth(BTC, 1).bids[0].price, Ticks(49_900));
		},
		&mut || {
			let all = pallet_perpetuals::Call::cancel_all { sub: 0, market: None };
			assert_ok!(apply(Alice, all));
			let amount = 400 * breakwater_runtime::USDC_UNIT;
			assert_ok!(apply(Alice, pallet_margin::Call::withdraw { sub: 0, amount }));
			let account = Margin::account_summary(&id(Alice), 0).expect("an account");
			// One is kept for the account's place.
			assert_eq!(account.quote, 599 * breakwater_runtime::USDC_UNIT as i128);
		},
	]);
}

#[test]
fn the_deciding_vote_restricts_in_its_own_block() {
	let restrict: RuntimeCall = pallet_circuit_breaker::Call::restrict {
		scope: Scope::Market(BTC),
		level: Level::Freeze,
		duration: 60_000,
	}
	.into();
	let (length_bound, proposal_hash) =
		(restrict.encoded_size() as u32, BlakeTwo256::hash_of(&restrict));
	type Call = pallet_collective::Call<
		Runtime,
		breakwater_runtime::configs::governance::CommitteeInstance,
	>;
	let members = genesis_presets::accounts::committee();
	let keys: Vec<_> = Sr25519Keyring::iter().filter(|k| members.contains(&id(*k))).collect();
	let vote = Call::vote { proposal: proposal_hash, index: 0, approve: true };
	let bound = restrict.get_dispatch_info().call_weight;
	blocks(&mut [
		&mut || {
			feed_signed(50_000);
			let proposal = Box::new(restrict.clone());
			assert_ok!(apply(keys[0], Call::propose { threshold: 3, proposal, length_bound }));
			assert_ok!(apply(keys[0], vote.clone()));
			assert_ok!(apply(keys[1], vote.clone()));
		},
		&mut || {
			assert_eq!(level(), Level::Normal);
			let close =
				Call::close { proposal_hash, index: 0, proposal_weight_bound: bound, length_bound };
			let calls = vec![vote.clone().into(), close.into()];
			assert_ok!(apply(keys[2], pallet_utility::Call::batch_all { calls }));
			assert_eq!(level(), Level::Freeze);
			assert!(TechnicalCommittee::is_member(&id(keys[2])));
		},
	]);
}

#[test]
fn in_a_block_without_room_feeds_still_trip_and_orders_wait() {
	blocks(&mut [
		&mut || {
			feed_signed(50_000);
			assert_ok!(apply(Alice, deposit_call(1_000)));
		},
		&mut || {
			// What a rotation of the session takes: the whole block, but not the reserve.
			Session::rotate_session();
			System::register_extra_weight_unchecked(MAX_BLOCK, DispatchClass::Mandatory);
			let refused: ApplyExtrinsicResult =
				Err(TransactionValidityError::Invalid(InvalidTransaction::ExhaustsResources));
			assert_eq!(Executive::apply_extrinsic(signed(Alice, place_call(49_900))), refused);
			feed_signed(48_000);
			assert_eq!(level(), Level::ReduceOnly);
			let all = pallet_perpetuals::Call::cancel_all { sub: 0, market: None };
			assert_ok!(apply(Alice, all));
		},
	]);
}

#[test]
fn a_refused_transaction_pays_says_why_and_changes_nothing_else() {
	blocks(&mut [&mut || feed_signed(50_000), &mut || {
		let before = native(&id(Alice));
		let refused = apply(Alice, place_call(49_900)).unwrap_err();
		assert!(matches!(refused, DispatchError::Module(_)), "{refused:?}");
		assert!(native(&id(Alice)) < before);
		assert!(views::depth(BTC, 1).bids.is_empty());
		let failed = System::events().into_iter().any(|record| {
			let RuntimeEvent::System(frame_system::Event::ExtrinsicFailed {
				dispatch_error, ..
			}) = record.event
			else {
				return false;
			};
			dispatch_error.stripped() == refused.stripped()
		});
		assert!(failed, "the event names the error");
		// What was signed for a nonce that is used is not even charged.
		let stale = signed(Alice, deposit_call(100));
		assert_ok!(Executive::apply_extrinsic(stale.clone()), Ok(()));
		let paid = native(&id(Alice));
		assert_eq!(
			Executive::apply_extrinsic(stale),
			Err(TransactionValidityError::Invalid(InvalidTransaction::Stale))
		);
		assert_eq!(native(&id(Alice)), paid);
	}]);
}
