//! What may be called at all, what may be called in safe mode, and what may never be paused.
//!
//! ```text
//!   call --> Permitted --> safe mode: SafeModeCalls --> Unpaused: NeverPaused --> dispatch
//!            always         while it is entered          per paused call, until its lease ends
//! ```
//!
//! A batch, proxy or multisignature dispatches its inner calls through the same filters, so the
//! wrappers need no distrust of their own. Root, which only structural calls of the timelock have, is
//! not filtered; the origins of collectives and of the timelock's other classes are, so what they
//! must do in an incident is let through here and guarded by its origin. `tests/filters.rs` pins both
//! lists over every call of the runtime.

use crate::{
	configs::safety::safe_mode_cools_down, governance::votes_needed, Address, CircuitBreaker,
	Margin, Runtime, RuntimeCall, SafeMode,
};
use frame_support::traits::{CallMetadata, Contains, GetCallMetadata, InsideBoth};
use pallet_tx_pause::RuntimeCallNameOf;
use sp_runtime::traits::StaticLookup;

/// The filter of every signed call.
pub type BaseCallFilter = InsideBoth<InsideBoth<Permitted, SafeMode>, Unpaused>;

/// What is never permitted, whatever the state of the chain.
pub struct Permitted;

impl Contains<RuntimeCall> for Permitted {
	fn contains(call: &RuntimeCall) -> bool {
		match call {
			// It replaces a member without asking anyone: a stolen key would keep its seat.
			RuntimeCall::CommitteeMembership(pallet_membership::Call::change_key { .. })
			| RuntimeCall::CouncilMembership(pallet_membership::Call::change_key { .. })
			| RuntimeCall::Feeders(pallet_membership::Call::change_key { .. })
			| RuntimeCall::Observers(pallet_membership::Call::change_key { .. })
			| RuntimeCall::ValidatorMembership(pallet_membership::Call::change_key { .. }) => false,
			// Members come from the memberships alone.
			RuntimeCall::TechnicalCommittee(pallet_collective::Call::set_members { .. })
			| RuntimeCall::Council(pallet_collective::Call::set_members { .. }) => false,
			// A motion that closes with too few ayes is consumed and its call refused.
			RuntimeCall::TechnicalCommittee(pallet_collective::Call::propose {
				threshold,
				proposal,
				..
			}) => *threshold >= votes_needed(proposal, committee_seats()),
			RuntimeCall::Council(pallet_collective::Call::propose {
				threshold, proposal, ..
			}) => *threshold >= votes_needed(proposal, council_seats()),
			RuntimeCall::SafeMode(pallet_safe_mode::Call::enter {}) => !safe_mode_cools_down(),
			// A validator leaves by the membership. Dropping keys and setting them again would force
			// rotations, and a rotation's block carries no orders.
			RuntimeCall::Session(pallet_session::Call::purge_keys {}) => false,
			RuntimeCall::Assets(call) => !touches_custody(call),
			_ => true,
		}
	}
}

/// Whether the collateral's issuer would reach into custody: all that traders own here is in that one
/// account, so no key alone may burn, move, block or freeze it. Root may, through the timelock.
fn touches_custody(call: &pallet_assets::Call<Runtime>) -> bool {
	use pallet_assets::Call;
	match call {
		Call::start_destroy { .. } | Call::freeze_asset { .. } => true,
		Call::burn { who, .. } | Call::freeze { who, .. } | Call::block { who, .. } => {
			is_custody(who)
		},
		Call::force_transfer { source, .. } => is_custody(source),
		_ => false,
	}
}

fn is_custody(who: &Address) -> bool {
	let account = <Runtime as frame_system::Config>::Lookup::lookup(who.clone());
	account.is_ok_and(|account| account == Margin::custody_account())
}

fn committee_seats() -> u32 {
	seats::<crate::configs::governance::CommitteeInstance>()
}

fn council_seats() -> u32 {
	seats::<crate::configs::governance::CouncilInstance>()
}

fn seats<I: 'static>() -> u32
where
	Runtime: pallet_collective::Config<I>,
{
	pallet_collective::Members::<Runtime, I>::decode_len().unwrap_or(0) as u32
}

/// What safe mode lets through: what keeps the chain alive, governance, prices, and the exits.
/// Safe mode's own calls always pass.
pub struct SafeModeCalls;

impl Contains<RuntimeCall> for SafeModeCalls {
	fn contains(call: &RuntimeCall) -> bool {
		let CallMetadata { pallet_name, function_name } = call.get_call_metadata();
		passes_safe_mode(pallet_name, function_name) || only_reduces(call)
	}
}

/// Whether safe mode lets a call through whatever its arguments.
pub fn passes_safe_mode(pallet: &str, call: &str) -> bool {
	match (pallet, call) {
		// Without the inherent there is no block.
		("Timestamp", "set") => true,
		("System", "apply_authorized_upgrade" | "remark" | "remark_with_event") => true,
		("Session", "set_keys") => true,
		// Prices, and the origins that judge them.
		("PriceGuard" | "CircuitBreaker" | "Incidents" | "Timelock", _) => true,
		("SafeMode" | "TxPause", _) => true,
		("TechnicalCommittee" | "Council", "propose" | "vote" | "close" | "execute") => true,
		("Preimage", "note_preimage" | "unnote_preimage") => true,
		// The exits, and what makes them possible.
		("Margin", "deposit" | "liquidate" | "set_key" | "sweep" | "claim") => true,
		("Margin", "deposit_asset" | "buy_collateral" | "offer_collateral") => true,
		(
			"Perpetuals",
			"cancel" | "cancel_all" | "cancel_client" | "set_switch" | "cancel_stop",
		) => true,
		("Insurance", "contribute") => true,
		// Inner calls are judged one by one.
		("Utility", "batch" | "batch_all" | "force_batch") => true,
		("Proxy", "proxy" | "remove_proxy" | "remove_proxies") => true,
		(
			"Multisig",
			"as_multi_threshold_1" | "as_multi" | "approve_as_multi" | "cancel_as_multi",
		) => true,
		_ => false,
	}
}

/// Whether an order or a batch can only reduce positions or cancel.
fn only_reduces(call: &RuntimeCall) -> bool {
	match call {
		RuntimeCall::Perpetuals(pallet_perpetuals::Call::place { order, .. }) => order.reduce_only,
		RuntimeCall::Perpetuals(pallet_perpetuals::Call::batch { actions, .. }) => {
			actions.iter().all(|action| action.order().is_none_or(|order| order.reduce_only))
		},
		_ => false,
	}
}

/// Names of calls that cannot be paused one by one.
pub struct NeverPaused;

impl Contains<RuntimeCallNameOf<Runtime>> for NeverPaused {
	fn contains((pallet, call): &RuntimeCallNameOf<Runtime>) -> bool {
		match (core::str::from_utf8(pallet), core::str::from_utf8(call)) {
			(Ok(pallet), Ok(call)) => never_paused(pallet, call),
			_ => false,
		}
	}
}

/// Whether a call can never be paused: what the chain, its guardians and every exit depend on.
pub fn never_paused(pallet: &str, call: &str) -> bool {
	match (pallet, call) {
		("Timestamp", "set") => true,
		("System", "apply_authorized_upgrade") => true,
		("PriceGuard", "feed") => true,
		("Perpetuals", "cancel" | "cancel_all" | "cancel_client" | "cancel_stop") => true,
		("Margin", "deposit" | "deposit_asset" | "sweep" | "claim") => true,
		("CircuitBreaker" | "Timelock" | "SafeMode" | "TxPause", _) => true,
		("TechnicalCommittee" | "Council", "propose" | "vote" | "close" | "execute") => true,
		_ => false,
	}
}

/// Calls that are not paused. What can never be paused is let through without a look. The rest asks
/// the circuit breaker, whose lease on a call is over when its time is, whether or not anybody has
/// told pallet-tx-pause; that costs one read while no call is paused. An order that can only reduce a
/// position passes a pause of its call, as it passes safe mode: the exits stay open.
pub struct Unpaused;

impl Contains<RuntimeCall> for Unpaused {
	fn contains(call: &RuntimeCall) -> bool {
		let CallMetadata { pallet_name, function_name } = call.get_call_metadata();
		never_paused(pallet_name, function_name)
			|| !CircuitBreaker::is_paused(pallet_name, function_name)
			|| only_reduces(call)
	}
}
