//! What only a solo chain needs: Aura authors, GRANDPA finalises, both behind pallet-session, with
//! the validators of a membership.
//!
//! ```text
//!  ValidatorMembership --(members with keys)--> Validators --> Session --> Aura, Grandpa
//!        ^ timelock, structural                    set_keys ^ validators
//! ```
//!
//! A rotation block carries no trading and no hooks of its own, so a session ends only when the
//! validators or their keys changed, and at most once a minute.

use crate::{
	governance::EnsureStructural, AccountId, Balances, BlockNumber, Runtime, RuntimeEvent, Session,
	SessionKeys, ValidatorMembership, HOURS, MILLISECS_PER_BLOCK, MINUTES,
};
use alloc::vec::Vec;
use frame_support::traits::{ConstBool, ConstU128, ConstU32, ConstU64, SortedMembers};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::Void;
use sp_runtime::traits::{ConvertInto, OpaqueKeys};
use sp_staking::SessionIndex;

/// The most validators.
pub type MaxValidators = ConstU32<32>;

impl pallet_timestamp::Config for Runtime {
	type Moment = u64;
	type OnTimestampSet = crate::Aura;
	type MinimumPeriod = ConstU64<{ MILLISECS_PER_BLOCK / 2 }>;
	type WeightInfo = pallet_timestamp::weights::SubstrateWeight<Runtime>;
}

impl pallet_aura::Config for Runtime {
	type AuthorityId = AuraId;
	type DisabledValidators = Session;
	type MaxAuthorities = MaxValidators;
	type AllowMultipleBlocksPerSlot = ConstBool<false>;
	type SlotDuration = ConstU64<MILLISECS_PER_BLOCK>;
}

impl pallet_grandpa::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = ();
	type MaxAuthorities = MaxValidators;
	type MaxNominators = ConstU32<0>;
	type MaxSetIdSessionEntries = ConstU64<0>;
	type KeyOwnerProof = Void;
	type EquivocationReportSystem = ();
}

impl pallet_session::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type ValidatorId = AccountId;
	type ValidatorIdOf = ConvertInto;
	type ShouldEndSession = Validators;
	type NextSessionRotation = ();
	type SessionManager = Validators;
	type SessionHandler = <SessionKeys as OpaqueKeys>::KeyTypeIdProviders;
	type Keys = SessionKeys;
	type DisablingStrategy = ();
	type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type KeyDeposit = ConstU128<0>;
}

impl pallet_membership::Config<pallet_membership::Instance5> for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type AddOrigin = EnsureStructural;
	type RemoveOrigin = EnsureStructural;
	type SwapOrigin = EnsureStructural;
	type ResetOrigin = EnsureStructural;
	type PrimeOrigin = EnsureStructural;
	type MembershipInitialized = ();
	// Nothing to tell: `Validators` compares the members with the session's at the next boundary.
	type MembershipChanged = ();
	type MaxMembers = MaxValidators;
	type WeightInfo = pallet_membership::weights::SubstrateWeight<Runtime>;
}

/// Chooses the validators: the members that have session keys.
pub struct Validators;

impl Validators {
	/// A change of members waits for a block number divisible by this.
	pub const MEMBER_BOUNDARY: BlockNumber = MINUTES;
	/// A change of keys, which any validator can make, waits longer.
	pub const KEY_BOUNDARY: BlockNumber = 4 * HOURS;

	/// The members with session keys, or `None` when fewer than two thirds of the members have
	/// keys: then the present validators stay, since losing more than a third of them would stop
	/// finality.
	pub fn candidates() -> Option<Vec<AccountId>> {
		let members = ValidatorMembership::sorted_members();
		let count = members.len();
		let ready: Vec<_> = members
			.into_iter()
			.filter(|who| pallet_session::NextKeys::<Runtime>::contains_key(who))
			.collect();
		(!ready.is_empty() && ready.len().saturating_mul(3) >= count.saturating_mul(2))
			.then_some(ready)
	}

	/// Whether a validator in office has set other keys.
	fn keys_changed() -> bool {
		Session::queued_keys().iter().any(|(who, keys)| {
			pallet_session::NextKeys::<Runtime>::get(who).is_some_and(|next| next != *keys)
		})
	}
}

impl pallet_session::ShouldEndSession<BlockNumber> for Validators {
	fn should_end_session(now: BlockNumber) -> bool {
		if now == 0 || !now.is_multiple_of(Self::MEMBER_BOUNDARY) {
			return false;
		}
		let current = Session::validators();
		let queued: Vec<_> = Session::queued_keys().into_iter().map(|(who, _)| who).collect();
		// What is queued takes effect with the rotation after the one that queued it.
		if queued != current || pallet_session::QueuedChanged::<Runtime>::get() {
			return true;
		}
		Self::candidates().is_some_and(|wanted| {
			wanted != current || now.is_multiple_of(Self::KEY_BOUNDARY) && Self::keys_changed()
		})
	}
}

impl pallet_session::SessionManager<AccountId> for Validators {
	/// `None` while nothing changes: `Some` would make GRANDPA change its set.
	fn new_session(_: SessionIndex) -> Option<Vec<AccountId>> {
		Self::candidates().filter(|wanted| *wanted != Session::validators())
	}
	fn new_session_genesis(_: SessionIndex) -> Option<Vec<AccountId>> {
		Self::candidates()
	}
	fn start_session(_: SessionIndex) {}
	fn end_session(_: SessionIndex) {}
}
