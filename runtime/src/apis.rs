//! What a node and clients may ask of the runtime.

use crate::{
	genesis_presets, AccountId, Aura, Balance, Block, Executive, Grandpa, InherentDataExt, Margin,
	Nonce, Perpetuals, PriceGuard, Runtime, RuntimeCall, RuntimeGenesisConfig, SessionKeys, System,
	TransactionPayment, VERSION,
};
use alloc::{string::String, vec::Vec};
use breakwater_primitives::{
	api::{
		AccountSummary, AuctionPrice, BacklogStatus, CustodyStatus, Depth, DryRun, FundingStatus,
		InsuranceSummary, LevelOrder, LiquidationPreview, MaintenanceStatus, MarketStatus,
		SettlementStatus, VaultSummary,
	},
	MarketId, ReferencePrice, Side, Ticks,
};
use frame_support::{
	genesis_builder_helper,
	view_functions::{ViewFunctionDispatchError, ViewFunctionId},
	weights::Weight,
};
use pallet_grandpa::fg_primitives;
use pallet_perpetuals::PlaceOrder;
use sp_api::impl_runtime_apis;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::{crypto::KeyTypeId, OpaqueMetadata};
use sp_runtime::{
	traits::{Block as BlockT, NumberFor},
	transaction_validity::{TransactionSource, TransactionValidity},
	ApplyExtrinsicResult, DispatchError, ExtrinsicInclusionMode,
};
use sp_session::OpaqueGeneratedSessionKeys;
use sp_version::RuntimeVersion;

impl_runtime_apis! {
	impl sp_api::Core<Block> for Runtime {
		fn version() -> RuntimeVersion {
			VERSION
		}
		fn execute_block(block: <Block as BlockT>::LazyBlock) {
			Executive::execute_block(block);
		}
		fn initialize_block(header: &<Block as BlockT>::Header) -> ExtrinsicInclusionMode {
			Executive::initialize_block(header)
		}
	}

	impl sp_api::Metadata<Block> for Runtime {
		fn metadata() -> OpaqueMetadata {
			OpaqueMetadata::new(Runtime::metadata().into())
		}
		fn metadata_at_version(version: u32) -> Option<OpaqueMetadata> {
			Runtime::metadata_at_version(version)
		}
		fn metadata_versions() -> Vec<u32> {
			Runtime::metadata_versions()
		}
	}

	impl frame_support::view_functions::runtime_api::RuntimeViewFunction<Block> for Runtime {
		fn execute_view_function(
			id: ViewFunctionId,
			input: Vec<u8>,
		) -> Result<Vec<u8>, ViewFunctionDispatchError> {
			Runtime::execute_view_function(id, input)
		}
	}

	impl sp_block_builder::BlockBuilder<Block> for Runtime {
		fn apply_extrinsic(extrinsic: <Block as BlockT>::Extrinsic) -> ApplyExtrinsicResult {
			Executive::apply_extrinsic(extrinsic)
		}
		fn finalize_block() -> <Block as BlockT>::Header {
			Executive::finalize_block()
		}
		fn inherent_extrinsics(
			data: sp_inherents::InherentData,
		) -> Vec<<Block as BlockT>::Extrinsic> {
			data.create_extrinsics()
		}
		fn check_inherents(
			block: <Block as BlockT>::LazyBlock,
			data: sp_inherents::InherentData,
		) -> sp_inherents::CheckInherentsResult {
			data.check_extrinsics(&block)
		}
	}

	impl sp_transaction_pool::runtime_api::TaggedTransactionQueue<Block> for Runtime {
		fn validate_transaction(
			source: TransactionSource,
			transaction: <Block as BlockT>::Extrinsic,
			block_hash: <Block as BlockT>::Hash,
		) -> TransactionValidity {
			Executive::validate_transaction(source, transaction, block_hash)
		}
	}

	impl sp_offchain::OffchainWorkerApi<Block> for Runtime {
		fn offchain_worker(header: &<Block as BlockT>::Header) {
			Executive::offchain_worker(header)
		}
	}

	impl sp_consensus_aura::AuraApi<Block, AuraId> for Runtime {
		fn slot_duration() -> sp_consensus_aura::SlotDuration {
			sp_consensus_aura::SlotDuration::from_millis(Aura::slot_duration())
		}
		fn authorities() -> Vec<AuraId> {
			pallet_aura::Authorities::<Runtime>::get().into_inner()
		}
	}

	impl sp_session::SessionKeys<Block> for Runtime {
		fn generate_session_keys(
			owner: Vec<u8>,
			seed: Option<Vec<u8>>,
		) -> OpaqueGeneratedSessionKeys {
			SessionKeys::generate(&owner, seed).into()
		}
		fn decode_session_keys(encoded: Vec<u8>) -> Option<Vec<(Vec<u8>, KeyTypeId)>> {
			SessionKeys::decode_into_raw_public_keys(&encoded)
		}
	}

	impl fg_primitives::GrandpaApi<Block> for Runtime {
		fn grandpa_authorities() -> fg_primitives::AuthorityList {
			Grandpa::grandpa_authorities()
		}
		fn current_set_id() -> fg_primitives::SetId {
			Grandpa::current_set_id()
		}
		fn submit_report_equivocation_unsigned_extrinsic(
			_: fg_primitives::EquivocationProof<<Block as BlockT>::Hash, NumberFor<Block>>,
			_: fg_primitives::OpaqueKeyOwnershipProof,
		) -> Option<()> {
			None
		}
		fn generate_key_ownership_proof(
			_: fg_primitives::SetId,
			_: fg_primitives::AuthorityId,
		) -> Option<fg_primitives::OpaqueKeyOwnershipProof> {
			// Validators are members of a committee and have no stake to lose.
			None
		}
	}

	impl frame_system_rpc_runtime_api::AccountNonceApi<Block, AccountId, Nonce> for Runtime {
		fn account_nonce(account: AccountId) -> Nonce {
			System::account_nonce(account)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentApi<Block, Balance>
		for Runtime
	{
		fn query_info(
			extrinsic: <Block as BlockT>::Extrinsic,
			length: u32,
		) -> pallet_transaction_payment_rpc_runtime_api::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_info(extrinsic, length)
		}
		fn query_fee_details(
			extrinsic: <Block as BlockT>::Extrinsic,
			length: u32,
		) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_fee_details(extrinsic, length)
		}
		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}
		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl pallet_transaction_payment_rpc_runtime_api::TransactionPaymentCallApi<
		Block,
		Balance,
		RuntimeCall,
	> for Runtime
	{
		fn query_call_info(
			call: RuntimeCall,
			length: u32,
		) -> pallet_transaction_payment::RuntimeDispatchInfo<Balance> {
			TransactionPayment::query_call_info(call, length)
		}
		fn query_call_fee_details(
			call: RuntimeCall,
			length: u32,
		) -> pallet_transaction_payment::FeeDetails<Balance> {
			TransactionPayment::query_call_fee_details(call, length)
		}
		fn query_weight_to_fee(weight: Weight) -> Balance {
			TransactionPayment::weight_to_fee(weight)
		}
		fn query_length_to_fee(length: u32) -> Balance {
			TransactionPayment::length_to_fee(length)
		}
	}

	impl sp_genesis_builder::GenesisBuilder<Block> for Runtime {
		fn build_state(json: Vec<u8>) -> sp_genesis_builder::Result {
			genesis_presets::refuse_placeholders(&json)?;
			genesis_builder_helper::build_state::<RuntimeGenesisConfig>(json)
		}
		fn get_preset(id: &Option<String>) -> Option<Vec<u8>> {
			genesis_builder_helper::get_preset::<RuntimeGenesisConfig>(id, genesis_presets::get_preset)
		}
		fn preset_names() -> Vec<String> {
			genesis_presets::names()
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	impl frame_benchmarking::Benchmark<Block> for Runtime {
		fn benchmark_metadata(
			extra: bool,
		) -> (Vec<frame_benchmarking::BenchmarkList>, Vec<frame_support::traits::StorageInfo>) {
			crate::benchmarking::metadata(extra)
		}
		fn dispatch_benchmark(
			config: frame_benchmarking::BenchmarkConfig,
		) -> Result<Vec<frame_benchmarking::BenchmarkBatch>, String> {
			crate::benchmarking::dispatch(&config)
		}
	}

	impl breakwater_primitives::api::BreakwaterApi<Block, AccountId, PlaceOrder> for Runtime {
		fn market_status(market: MarketId) -> Option<MarketStatus> {
			crate::views::market_status(market)
		}
		fn depth(market: MarketId, levels: u32) -> Depth {
			crate::views::depth(market, levels)
		}
		fn account_summary(owner: AccountId, sub: u8) -> Option<AccountSummary> {
			crate::views::account_summary(owner, sub)
		}
		fn level(market: MarketId, side: Side, price: Ticks) -> Vec<LevelOrder> {
			Perpetuals::level_orders(market, side, price)
		}
		fn indicative(market: MarketId) -> Option<AuctionPrice> {
			Perpetuals::indicative_price(market)
		}
		fn funding(market: MarketId) -> Option<FundingStatus> {
			Perpetuals::funding_of(market)
		}
		fn dry_run(
			owner: AccountId,
			sub: u8,
			order: PlaceOrder,
		) -> Result<DryRun, DispatchError> {
			crate::views::dry_run(owner, sub, &order)
		}
		fn liquidation_preview(
			owner: AccountId,
			sub: u8,
			prices: Vec<(MarketId, Ticks)>,
		) -> Option<LiquidationPreview> {
			Margin::liquidation_preview_of(&owner, sub, &prices)
		}
		fn backlog(market: MarketId) -> BacklogStatus {
			Margin::backlog_status(market)
		}
		fn maintenance(market: MarketId) -> Option<MaintenanceStatus> {
			Margin::maintenance_status(market)
		}
		fn custody() -> CustodyStatus {
			crate::views::custody()
		}
		fn vault() -> VaultSummary {
			crate::views::vault()
		}
		fn insurance() -> InsuranceSummary {
			crate::views::insurance()
		}
		fn settlement(market: MarketId) -> Option<SettlementStatus> {
			Margin::settlement_status(market)
		}
		fn settlement_price(market: MarketId) -> Option<ReferencePrice> {
			PriceGuard::settlement_price(market)
		}
	}
}
