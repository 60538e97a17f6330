//! Committee, council, memberships, and what schedules for them.

use crate::{
	governance::EnsureStructural,
	motions::{MaxMotions, MotionSlot},
	weights::MAX_BLOCK,
	AccountId, Balance, Balances, BlockNumber, Council, OriginCaller, Preimage, Runtime,
	RuntimeCall, RuntimeEvent, RuntimeHoldReason, RuntimeOrigin, System, TechnicalCommittee, BRW,
	DAYS, HOURS, MILLI_BRW,
};
use frame_support::{
	parameter_types,
	traits::{
		fungible::HoldConsideration, ConstU32, EqualPrivilegeOnly, LinearStoragePrice,
		NeverEnsureOrigin,
	},
	weights::Weight,
};
use frame_system::EnsureRoot;
use pallet_collective::DefaultVote;
use sp_runtime::Perbill;

/// Who does not vote says no. The SDK's choices count an abstention as the prime's vote, and the
/// origin of the motion would then carry ayes that nobody gave.
pub struct NoDefaultVote;

impl DefaultVote for NoDefaultVote {
	fn default_vote(_: Option<bool>, _: u32, _: u32, _: u32) -> bool {
		false
	}
}

/// The technical committee: restricts, vetoes, enters safe mode.
pub type CommitteeInstance = pallet_collective::Instance1;
/// The council: queues what loosens.
pub type CouncilInstance = pallet_collective::Instance2;
/// The most members of either.
pub type MaxMembers = ConstU32<16>;

parameter_types! {
	/// Emergencies are decided and closed within hours.
	pub const CommitteeMotionDuration: BlockNumber = 6 * HOURS;
	pub const CouncilMotionDuration: BlockNumber = 7 * DAYS;
	pub MaxProposalWeight: Weight = Perbill::from_percent(50) * MAX_BLOCK;
	/// The scheduler runs in `on_initialize` and only marks entries of the timelock as ripe.
	pub SchedulerWeight: Weight = Perbill::from_percent(10) * MAX_BLOCK;
	pub const PreimageBaseDeposit: Balance = BRW;
	pub const PreimageByteDeposit: Balance = MILLI_BRW;
	pub const PreimageHoldReason: RuntimeHoldReason =
		RuntimeHoldReason::Preimage(pallet_preimage::HoldReason::Preimage);
}

impl pallet_collective::Config<CommitteeInstance> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = CommitteeMotionDuration;
	type MaxProposals = MaxMotions;
	type MaxMembers = MaxMembers;
	type DefaultVote = NoDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	// Members come from the membership pallet, which neither repeats one nor exceeds the limit.
	type SetMembersOrigin = NeverEnsureOrigin<()>;
	type MaxProposalWeight = MaxProposalWeight;
	type DisapproveOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	type Consideration = MotionSlot<CommitteeInstance>;
}

impl pallet_collective::Config<CouncilInstance> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = CouncilMotionDuration;
	type MaxProposals = MaxMotions;
	type MaxMembers = MaxMembers;
	type DefaultVote = NoDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = NeverEnsureOrigin<()>;
	type MaxProposalWeight = MaxProposalWeight;
	type DisapproveOrigin = EnsureRoot<AccountId>;
	type KillOrigin = EnsureRoot<AccountId>;
	type Consideration = MotionSlot<CouncilInstance>;
}

macro_rules! membership {
	($(#[$doc:meta])* $instance:ident, $receiver:ty, $most:ty) => {
		$(#[$doc])*
		impl pallet_membership::Config<pallet_membership::$instance> for Runtime {
			type RuntimeEvent = RuntimeEvent;
			type AddOrigin = EnsureStructural;
			type RemoveOrigin = EnsureStructural;
			type SwapOrigin = EnsureStructural;
			type ResetOrigin = EnsureStructural;
			type PrimeOrigin = EnsureStructural;
			type MembershipInitialized = $receiver;
			type MembershipChanged = $receiver;
			type MaxMembers = $most;
			type WeightInfo = pallet_membership::weights::SubstrateWeight<Runtime>;
		}
	};
}

membership!(
	/// The technical committee.
	Instance1,
	TechnicalCommittee,
	MaxMembers
);
membership!(
	/// The council.
	Instance2,
	Council,
	MaxMembers
);
membership!(
	/// Who may feed prices. A feeder that leaves takes its prices with it.
	Instance3,
	FeederChanges,
	crate::configs::exchange::MaxFeeders
);
membership!(
	/// Who may report anomalies.
	Instance4,
	(),
	ConstU32<32>
);

/// Tells the oracle about feeders; at genesis there is nothing to tell.
pub struct FeederChanges;

impl frame_support::traits::InitializeMembers<AccountId> for FeederChanges {
	fn initialize_members(_: &[AccountId]) {}
}

impl frame_support::traits::ChangeMembers<AccountId> for FeederChanges {
	fn change_members_sorted(
		incoming: &[AccountId],
		outgoing: &[AccountId],
		sorted_new: &[AccountId],
	) {
		<crate::Oracle as frame_support::traits::ChangeMembers<AccountId>>::change_members_sorted(
			incoming, outgoing, sorted_new,
		)
	}
}

impl pallet_preimage::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type WeightInfo = pallet_preimage::weights::SubstrateWeight<Runtime>;
	type Currency = Balances;
	type ManagerOrigin = EnsureRoot<AccountId>;
	type Consideration = HoldConsideration<
		AccountId,
		Balances,
		PreimageHoldReason,
		LinearStoragePrice<PreimageBaseDeposit, PreimageByteDeposit, Balance>,
	>;
}

impl pallet_scheduler::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeOrigin = RuntimeOrigin;
	type PalletsOrigin = OriginCaller;
	type RuntimeCall = RuntimeCall;
	type MaximumWeight = SchedulerWeight;
	type ScheduleOrigin = EnsureRoot<AccountId>;
	type OriginPrivilegeCmp = EqualPrivilegeOnly;
	type MaxScheduledPerBlock = ConstU32<50>;
	type WeightInfo = pallet_scheduler::weights::SubstrateWeight<Runtime>;
	type Preimages = Preimage;
	type BlockNumberProvider = System;
}
