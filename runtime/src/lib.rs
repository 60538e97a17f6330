//! The Breakwater runtime: perpetual futures whose subject is incident response.
//!
//! ```text
//!   0..19  the chain      System Timestamp Aura ValidatorMembership Session Grandpa
//!                         Balances TransactionPayment Assets Migrations
//!  20..39  left free
//!  40..    prices         Oracle
//!  50..    the exchange   PriceGuard CircuitBreaker Margin Insurance Perpetuals Incidents Timelock
//!  60..    governance     Scheduler Preimage, two collectives, memberships, SafeMode, TxPause
//!  80..    convenience    Proxy Utility Multisig
//! ```
//!
//! A pallet's index is also its place in the order of hooks: prices are known before the breaker
//! judges them, the breaker before margin and the exchange act, and all of them before the scheduler
//! and governance change anything. `tests/layout.rs` pins the indices.
//!
//! What only a solo chain needs (consensus, session) is in `configs/consensus.rs`; a parachain
//! runtime can take every other file of `configs/` as it is.

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "256"]
// The macros of FRAME generate public items that carry no documentation of their own.
#![allow(missing_docs)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
pub mod benchmarking;
pub mod configs;
pub mod filters;
pub mod genesis_presets;
pub mod governance;
pub mod motions;
pub mod views;
pub mod weights;

pub use apis::RuntimeApi;

use alloc::{borrow::Cow, vec::Vec};
use sp_runtime::{
	generic, impl_opaque_keys,
	traits::{BlakeTwo256, IdentifyAccount, Verify},
	MultiAddress, MultiSignature,
};
use sp_version::RuntimeVersion;

/// The signature of a transaction: sr25519, ed25519 or ECDSA.
pub type Signature = MultiSignature;
/// An account: the public key, or the hash of it, that signs for it.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// An amount of the native token BRW in its smallest unit (twelve decimals), or of an asset.
pub type Balance = u128;
/// The number of a block.
pub type BlockNumber = u32;
/// How many transactions an account has sent.
pub type Nonce = u32;
/// A hash of the chain.
pub type Hash = sp_core::H256;
/// How an account is named in a transaction.
pub type Address = MultiAddress<AccountId, ()>;
/// A block's header.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A block with its justifications.
pub type SignedBlock = generic::SignedBlock<Block>;
/// The number or hash of a block.
pub type BlockId = generic::BlockId<Block>;

/// What is checked of a transaction, and in which order, before it is dispatched.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	frame_system::CheckNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	pallet_transaction_payment::ChargeTransactionPayment<Runtime>,
	frame_metadata_hash_extension::CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// A transaction as it comes from outside.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// What is signed of a transaction.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;

/// Runs blocks: inherents, transactions, hooks. Migrations are named in
/// [`configs::system`].
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Types for a node that needs no knowledge of calls and storage.
pub mod opaque {
	use super::*;
	pub use sp_runtime::OpaqueExtrinsic as UncheckedExtrinsic;

	/// A block's header.
	pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
	/// A block of opaque transactions.
	pub type Block = generic::Block<Header, UncheckedExtrinsic>;
	/// The number or hash of a block.
	pub type BlockId = generic::BlockId<Block>;
	/// The hash of a block.
	pub type Hash = <BlakeTwo256 as sp_runtime::traits::Hash>::Output;
}

impl_opaque_keys! {
	/// The keys with which a validator authors and finalises. The order is that of
	/// `SessionHandler`.
	pub struct SessionKeys {
		/// Authors blocks.
		pub aura: Aura,
		/// Finalises blocks.
		pub grandpa: Grandpa,
	}
}

#[sp_version::runtime_version]
pub const VERSION: RuntimeVersion = RuntimeVersion {
	spec_name: Cow::Borrowed("breakwater"),
	impl_name: Cow::Borrowed("breakwater"),
	authoring_version: 1,
	spec_version: 100,
	impl_version: 1,
	apis: apis::RUNTIME_API_VERSIONS,
	transaction_version: 1,
	// State trie version 1; new code takes effect in the block that sets it.
	system_version: 1,
};

/// Milliseconds of a slot, and so of a block.
pub const MILLISECS_PER_BLOCK: u64 = 1_000;
/// A minute in blocks. Nothing of ours counts time in blocks; pallets of the SDK that do get their
/// durations from here.
pub const MINUTES: BlockNumber = 60_000 / (MILLISECS_PER_BLOCK as BlockNumber);
/// An hour in blocks.
pub const HOURS: BlockNumber = 60 * MINUTES;
/// A day in blocks.
pub const DAYS: BlockNumber = 24 * HOURS;

/// One BRW in its smallest unit.
pub const BRW: Balance = 1_000_000_000_000;
/// A thousandth of a BRW.
pub const MILLI_BRW: Balance = BRW / 1_000;
/// A millionth of a BRW.
pub const MICRO_BRW: Balance = BRW / 1_000_000;
/// The least balance that keeps an account alive.
pub const EXISTENTIAL_DEPOSIT: Balance = MILLI_BRW;

/// The number of the collateral asset, USDC with six decimals, in pallet-assets.
pub const USDC: u32 = 1;
/// One USDC in its smallest unit.
pub const USDC_UNIT: Balance = 1_000_000;
/// The number of wrapped bitcoin with eight decimals, collateral beside USDC where a preset lists it.
pub const WBTC: u32 = 2;
/// One wrapped bitcoin in its smallest unit.
pub const WBTC_UNIT: Balance = 100_000_000;

#[frame_support::runtime]
mod runtime {
	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(2)]
	pub type Aura = pallet_aura;
	// Below Session: the session manager reads the members when Session builds its genesis.
	#[runtime::pallet_index(3)]
	pub type ValidatorMembership = pallet_membership<Instance5>;
	#[runtime::pallet_index(4)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(5)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(6)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(7)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(8)]
	pub type Assets = pallet_assets;
	#[runtime::pallet_index(9)]
	pub type Migrations = pallet_migrations;

	// Transport only: feeders call `PriceGuard::feed`, so this pallet has no calls of its own.
	#[runtime::pallet_index(40)]
	#[runtime::disable_call]
	pub type Oracle = pallet_oracle;

	#[runtime::pallet_index(50)]
	pub type PriceGuard = pallet_price_guard;
	#[runtime::pallet_index(51)]
	pub type CircuitBreaker = pallet_circuit_breaker;
	#[runtime::pallet_index(52)]
	pub type Margin = pallet_margin;
	#[runtime::pallet_index(53)]
	pub type Insurance = pallet_insurance;
	#[runtime::pallet_index(54)]
	pub type Perpetuals = pallet_perpetuals;
	#[runtime::pallet_index(55)]
	pub type Incidents = pallet_incidents;
	#[runtime::pallet_index(56)]
	pub type Timelock = pallet_timelock;

	#[runtime::pallet_index(60)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(61)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(62)]
	pub type TechnicalCommittee = pallet_collective<Instance1>;
	#[runtime::pallet_index(63)]
	pub type Council = pallet_collective<Instance2>;
	#[runtime::pallet_index(64)]
	pub type CommitteeMembership = pallet_membership<Instance1>;
	#[runtime::pallet_index(65)]
	pub type CouncilMembership = pallet_membership<Instance2>;
	#[runtime::pallet_index(66)]
	pub type Feeders = pallet_membership<Instance3>;
	#[runtime::pallet_index(67)]
	pub type Observers = pallet_membership<Instance4>;
	#[runtime::pallet_index(70)]
	pub type SafeMode = pallet_safe_mode;
	#[runtime::pallet_index(71)]
	pub type TxPause = pallet_tx_pause;

	#[runtime::pallet_index(80)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(81)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(82)]
	pub type Multisig = pallet_multisig;
}
