//! The chain itself: blocks, transactions, migrations.

use crate::{
	configs::safety::ReopenAfterFailedMigration,
	filters::BaseCallFilter,
	weights::{DbWeight, InBaseWeight, RuntimeBlockLength, RuntimeBlockWeights, MAX_BLOCK},
	AccountId, Balance, Block, BlockNumber, Nonce, PalletInfo, Runtime, RuntimeCall, RuntimeEvent,
	RuntimeOrigin, RuntimeTask, VERSION,
};
use frame_support::{derive_impl, parameter_types, traits::ConstU32, weights::Weight};
use sp_runtime::Perbill;
use sp_version::RuntimeVersion;

/// Migrations that run at once in the block of an upgrade.
pub type SingleBlockMigrations = ();
/// Migrations that run over several blocks. Only inherents run meanwhile, so prefer values that
/// carry their version.
pub type MultiBlockMigrations = ();

parameter_types! {
	/// How long a transaction may stay valid: more than an hour, since polkadot.js asks for eras of
	/// 512 blocks.
	pub const BlockHashCount: BlockNumber = 4096;
	pub const Version: RuntimeVersion = VERSION;
	/// The prefix of addresses that belongs to no particular chain.
	pub const SS58Prefix: u16 = 42;
	pub MaxServiceWeight: Weight = Perbill::from_percent(50) * MAX_BLOCK;
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
	type Block = Block;
	type AccountId = AccountId;
	type Nonce = Nonce;
	type AccountData = pallet_balances::AccountData<Balance>;
	type BaseCallFilter = BaseCallFilter;
	type BlockHashCount = BlockHashCount;
	type BlockWeights = RuntimeBlockWeights;
	type BlockLength = RuntimeBlockLength;
	type DbWeight = DbWeight;
	type Version = Version;
	type SS58Prefix = SS58Prefix;
	type SystemWeightInfo = frame_system::weights::SubstrateWeight<Runtime>;
	type ExtensionsWeightInfo = InBaseWeight;
	type SingleBlockMigrations = SingleBlockMigrations;
	type MultiBlockMigrator = crate::Migrations;
	type PreInherents = crate::motions::ForgetMotions;
	type MaxConsumers = ConstU32<64>;
}

impl pallet_migrations::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	#[cfg(not(feature = "runtime-benchmarks"))]
	type Migrations = MultiBlockMigrations;
	#[cfg(feature = "runtime-benchmarks")]
	type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
	type CursorMaxLen = ConstU32<65_536>;
	type IdentifierMaxLen = ConstU32<256>;
	type MigrationStatusHandler = ();
	type FailedMigrationHandler = ReopenAfterFailedMigration;
	type MaxServiceWeight = MaxServiceWeight;
	type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}
