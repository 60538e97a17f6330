//! The switches for the whole chain: safe mode and paused calls. Both act through
//! [`crate::filters`].

use crate::{
	governance::{EnsureCommitteeTwoThirds, EnsureCouncilHalf, EnsureRepair},
	AccountId, Balance, Balances, BlockNumber, CircuitBreaker, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeHoldReason, SafeMode, System, BRW, DAYS, HOURS, MINUTES,
};
use frame_support::{
	migrations::{FailedMigrationHandler, FailedMigrationHandling},
	parameter_types, storage_alias,
	traits::{ConstU32, NeverEnsureOrigin, SafeMode as SafeModeTrait, SafeModeNotify},
};
use frame_system::EnsureWithSuccess;

parameter_types! {
	/// By deposit, safe mode is short: long enough for the committee to vote.
	pub const EnterDuration: BlockNumber = 10 * MINUTES;
	/// What anyone risks who enters it; the council slashes it when the entry was frivolous.
	pub const EnterDeposit: Option<Balance> = Some(10_000 * BRW);
	/// Nobody prolongs it by deposit: that would add up without bound.
	pub const ExtendDeposit: Option<Balance> = None;
	pub const ReleaseDelay: Option<BlockNumber> = Some(7 * DAYS);
	/// How long the committee enters it for.
	pub const CommitteeSafeMode: BlockNumber = 12 * HOURS;
}

impl pallet_safe_mode::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type Currency = Balances;
	type RuntimeHoldReason = RuntimeHoldReason;
	type WhitelistedCalls = crate::filters::SafeModeCalls;
	type EnterDuration = EnterDuration;
	type ExtendDuration = EnterDuration;
	type EnterDepositAmount = EnterDeposit;
	type ExtendDepositAmount = ExtendDeposit;
	type ForceEnterOrigin =
		EnsureWithSuccess<EnsureCommitteeTwoThirds, AccountId, CommitteeSafeMode>;
	// When it has run out the committee votes again; nothing is prolonged on the quiet.
	type ForceExtendOrigin = NeverEnsureOrigin<BlockNumber>;
	// The delay of a repair: a loosening would wait for the very level that safe mode holds up.
	type ForceExitOrigin = EnsureRepair;
	// With the floor of its tier: half of a small council can be one person.
	type ForceDepositOrigin = EnsureCouncilHalf;
	type Notify = SafeModeChanges;
	type ReleaseDelay = ReleaseDelay;
	type WeightInfo = pallet_safe_mode::weights::SubstrateWeight<Runtime>;
}

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	// Calls are paused and resumed through the pallet's trait alone, by the circuit breaker: with a
	// lease and an existing name.
	type PauseOrigin = NeverEnsureOrigin<()>;
	type UnpauseOrigin = NeverEnsureOrigin<()>;
	type WhitelistedCalls = crate::filters::NeverPaused;
	type MaxNameLen = ConstU32<{ pallet_circuit_breaker::MAX_NAME }>;
	type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}

/// The block at which safe mode was last left. Not a pallet's: the filter of
/// `SafeMode::enter` is its only reader.
#[storage_alias(verbatim)]
pub type SafeModeLeftAt = StorageValue<Breakwater, BlockNumber>;

/// After safe mode was left nobody enters it by deposit for this long: whoever has many deposits
/// could otherwise keep the chain in it.
pub const SAFE_MODE_COOLDOWN: BlockNumber = 6 * HOURS;

/// Whether safe mode was left too short a time ago to be entered by deposit.
pub fn safe_mode_cools_down() -> bool {
	SafeModeLeftAt::get()
		.is_some_and(|left| System::block_number() < left.saturating_add(SAFE_MODE_COOLDOWN))
}

/// Told when safe mode is entered or left: the breaker restricts the chain for the hooks, which no
/// filter stops.
pub struct SafeModeChanges;

impl SafeModeNotify for SafeModeChanges {
	fn entered() {
		<CircuitBreaker as SafeModeNotify>::entered();
	}
	fn exited() {
		<CircuitBreaker as SafeModeNotify>::exited();
		SafeModeLeftAt::put(System::block_number());
	}
}

/// After a failed migration the chain goes on, in safe mode for six hours: a chain that is stuck
/// takes no transaction, not even the one that repairs it.
pub struct ReopenAfterFailedMigration;

impl ReopenAfterFailedMigration {
	/// How long safe mode then lasts.
	pub const SAFE_MODE: BlockNumber = 6 * HOURS;
}

impl FailedMigrationHandler for ReopenAfterFailedMigration {
	fn failed(migration: Option<u32>) -> FailedMigrationHandling {
		log::error!("migration {migration:?} failed: safe mode for {} blocks", Self::SAFE_MODE);
		// Already entered by the committee or by deposit: make up the difference.
		let entered = match <SafeMode as SafeModeTrait>::remaining() {
			Some(left) if left < Self::SAFE_MODE => {
				<SafeMode as SafeModeTrait>::extend(Self::SAFE_MODE - left)
			},
			Some(_) => Ok(()),
			None => <SafeMode as SafeModeTrait>::enter(Self::SAFE_MODE),
		};
		if entered.is_err() {
			log::error!("safe mode could not be entered after the failed migration");
		}
		FailedMigrationHandling::ForceUnstuck
	}
}
