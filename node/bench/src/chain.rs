//! A chain in a temporary ParityDB, whose blocks are authored and imported one by one.

use crate::{accounts::Account, Result};
use breakwater_primitives::OrderId;
use breakwater_runtime::{
	opaque::Block, weights::ExtrinsicBaseWeight, Hash, Header, RuntimeApi, RuntimeCall,
	RuntimeEvent, UncheckedExtrinsic, USDC, USDC_UNIT, WASM_BINARY, WBTC, WBTC_UNIT,
};

use codec::{Decode, Encode};
use frame_support::{dispatch::GetDispatchInfo, weights::Weight};
use frame_system::EventRecord;
use sc_block_builder::{BlockBuilder, BlockBuilderBuilder, BuiltBlock};
use sc_chain_spec::ChainType;
use sc_client_api::{execution_extensions::ExecutionExtensions, HeaderBackend};
use sc_consensus::{
	BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction, StorageChanges,
};
use sc_executor::WasmExecutor;
use sc_service::{ClientConfig, GenesisBlockBuilder};
use sp_api::{ApiExt, Core, ProvideRuntimeApi};
use sp_consensus::BlockOrigin;
use sp_consensus_aura::{digests::CompatibleDigestItem, sr25519::AuthoritySignature, Slot};
use sp_core::storage::Storage;
use sp_inherents::InherentData;
use sp_runtime::{
	traits::{Block as BlockT, Header as _},
	BuildStorage, Digest, DigestItem,
};
use std::{
	sync::Arc,
	time::{Duration, Instant},
};

type Executor = WasmExecutor<sp_io::SubstrateHostFunctions>;
type Backend = sc_service::TFullBackend<Block>;
type Client = sc_service::TFullClient<Block, RuntimeApi, Executor>;

/// What happens in one block; `RuntimeEvent` records with their extrinsics.
type Event = EventRecord<breakwater_runtime::RuntimeEvent, Hash>;

/// Milliseconds of a slot.
pub(crate) const SLOT: u64 = 1_000;
/// A slot in 2023, so that chain time is a plausible one.
pub(crate) const FIRST_SLOT: u64 = 1_700_000_000;

/// The chain.
pub struct Chain {
	client: Arc<Client>,
	slot: u64,
	genesis: Hash,
	_folder: tempfile::TempDir,
}

/// A block that was authored and not imported yet.
pub struct Authored {
	block: Block,
	changes: sp_state_machine::StorageChanges<sp_runtime::traits::BlakeTwo256>,
	/// Extrinsics that found room.
	pub included: usize,
	/// How long authoring them took, without initialising and finalising the block.
	pub pushing: Duration,
	/// How long finalising took, storage root included.
	pub sealing: Duration,
}

/// What a block touches.
pub struct Touched {
	/// Distinct keys looked at.
	pub reads: usize,
	/// Distinct keys changed.
	pub writes: usize,
	/// Bytes of the storage proof.
	pub proof: usize,
}

fn time(weight: Weight) -> Duration {
	Duration::from_nanos(weight.ref_time() / 1_000)
}

/// The time that a call declares before it is dispatched, base included.
pub fn declared(call: &RuntimeCall) -> Duration {
	// The weight of a wrapper may depend on what is stored; of what is measured here, none does.
	let mut empty = sp_io::TestExternalities::default();
	let info = empty.execute_with(|| call.get_dispatch_info());
	time(info.total_weight().saturating_add(ExtrinsicBaseWeight::get()))
}

impl Chain {
	/// A chain of the development preset in which `accounts` also hold BRW and both other assets.
	pub fn new(accounts: &[Account]) -> Result<Self> {
		Self::of(genesis_storage(accounts)?)
	}

	/// A chain that begins with this state.
	pub fn of(storage: Storage) -> Result<Self> {
		let folder = tempfile::tempdir()?;
		let backend: Arc<Backend> = sc_service::new_db_backend(sc_client_db::DatabaseSettings {
			trie_cache_maximum_size: Some(64 * 1024 * 1024),
			state_pruning: None,
			source: sc_client_db::DatabaseSource::ParityDb { path: folder.path().join("db") },
			blocks_pruning: sc_client_db::BlocksPruning::KeepAll,
			pruning_filters: Vec::new(),
			metrics_registry: None,
		})?;
		let executor = Executor::builder().build();
		let builder = GenesisBlockBuilder::new_with_storage(
			storage,
			true,
			backend.clone(),
			executor.clone(),
		)?;
		let client = sc_service::new_client::<_, Block, RuntimeApi, _>(
			backend,
			executor.clone(),
			builder,
			Default::default(),
			Default::default(),
			ExecutionExtensions::new(None, Arc::new(executor)),
			Box::new(sp_core::testing::TaskExecutor::new()),
			None,
			None,
			ClientConfig::default(),
		)?;
		let genesis = client.info().genesis_hash;
		Ok(Self { client: Arc::new(client), slot: FIRST_SLOT, genesis, _folder: folder })
	}

	/// The hash of the genesis block, for signing.
	pub fn genesis(&self) -> Hash {
		self.genesis
	}

	/// The client, for runtime APIs.
	pub fn client(&self) -> &Client {
		&self.client
	}

	/// The best block's hash.
	pub fn best(&self) -> Hash {
		self.client.info().best_hash
	}

	fn open(&self) -> Result<BlockBuilder<'_, Block, Client>> {
		let slot = Slot::from(self.slot);
		let digest =
			<DigestItem as CompatibleDigestItem<AuthoritySignature>>::aura_pre_digest(slot);
		let info = self.client.info();
		let mut builder = BlockBuilderBuilder::new(&*self.client)
			.on_parent_block(info.best_hash)
			.with_parent_block_number(info.best_number)
			.with_inherent_digests(Digest { logs: vec![digest] })
			.build()?;
		let mut inherents = InherentData::new();
		inherents.put_data(
			sp_timestamp::INHERENT_IDENTIFIER,
			&sp_timestamp::InherentType::from(self.slot * SLOT),
		)?;
		for inherent in builder.create_inherents(inherents)? {
			builder.push(inherent)?;
		}
		Ok(builder)
	}

	/// Author a block of `extrinsics`, stopping at the first that finds no room or after `limit`.
	pub fn author(
		&self,
		extrinsics: impl IntoIterator<Item = UncheckedExtrinsic>,
		limit: Option<Duration>,
	) -> Result<Authored> {
		let mut builder = self.open()?;
		let mut included = 0;
		let encoded: Vec<_> =
			extrinsics.into_iter().map(|extrinsic| opaque(&extrinsic)).collect::<Result<_>>()?;
		let start = Instant::now();
		for extrinsic in encoded {
			if limit.is_some_and(|limit| start.elapsed() >= limit) {
				break;
			}
			match builder.push(extrinsic) {
				Ok(()) => included += 1,
				Err(sp_blockchain::Error::ApplyExtrinsicFailed(
					sp_blockchain::ApplyExtrinsicFailed::Validity(e),
				)) if e.exhausted_resources() => break,
				Err(e) => return Err(format!("extrinsic {included}: {e}").into()),
			}
		}
		let pushing = start.elapsed();
		let start = Instant::now();
		let BuiltBlock { block, storage_changes: changes, .. } = builder.build()?;
		Ok(Authored { block, changes, included, pushing, sealing: start.elapsed() })
	}

	/// How long executing the block takes from the parent's state, storage root included: the best
	/// of `runs`.
	pub fn execute(&self, authored: &Authored, runs: u32) -> Result<Duration> {
		let parent = *authored.block.header().parent_hash();
		let mut best = Duration::MAX;
		for _ in 0..runs {
			let block = authored.block.clone().into();
			let start = Instant::now();
			self.client.runtime_api().execute_block(parent, block)?;
			best = best.min(start.elapsed());
		}
		Ok(best)
	}

	/// Events of an authored block.
	pub fn events(&self, authored: &Authored) -> Result<Vec<Event>> {
		let key = frame_support::storage::storage_prefix(b"System", b"Events");
		let bytes = authored
			.changes
			.main_storage_changes
			.iter()
			.find(|(k, _)| k.as_slice() == key.as_slice())
			.and_then(|(_, value)| value.clone())
			.ok_or("the block has no events")?;
		Ok(Vec::<Event>::decode(&mut &bytes[..])?)
	}

	/// The orders that came to rest in an authored block, in the order of its extrinsics.
	pub fn placed(&self, authored: &Authored) -> Result<Vec<OrderId>> {
		use pallet_perpetuals::Event::OrderPlaced;
		let placed = |event| match event {
			RuntimeEvent::Perpetuals(OrderPlaced { id, .. }) => Some(id),
			_ => None,
		};
		Ok(self.events(authored)?.into_iter().filter_map(|record| placed(record.event)).collect())
	}

	/// The median time that the block was charged for an extrinsic, base included.
	pub fn charged(&self, authored: &Authored) -> Result<Duration> {
		let time = |event: &RuntimeEvent| match event {
			RuntimeEvent::System(frame_system::Event::ExtrinsicSuccess { dispatch_info }) => {
				Some(time(dispatch_info.weight))
			},
			_ => None,
		};
		let events = self.events(authored)?;
		let mut times: Vec<_> = events.iter().filter_map(|record| time(&record.event)).collect();
		times.sort_unstable();
		Ok(times.get(times.len() / 2).copied().unwrap_or_default())
	}

	/// What executing an authored block looks at and changes.
	pub fn touched(&self, authored: &Authored) -> Result<Touched> {
		let parent = *authored.block.header().parent_hash();
		let mut api = self.client.runtime_api();
		api.record_proof();
		api.execute_block(parent, authored.block.clone().into())?;
		let recorder = api.proof_recorder().ok_or("the client records no proof")?;
		let reads = recorder.recorded_keys().values().map(|keys| keys.len()).sum();
		let writes = authored.changes.main_storage_changes.len();
		Ok(Touched { reads, writes, proof: recorder.to_storage_proof().encoded_size() })
	}

	/// How many keys under `prefix` an authored block changes.
	pub fn changed(&self, authored: &Authored, prefix: &[u8]) -> usize {
		let changes = authored.changes.main_storage_changes.iter();
		changes.filter(|(key, _)| key.starts_with(prefix)).count()
	}

	/// Fails when any extrinsic of the authored block failed.
	pub fn expect_success(&self, authored: &Authored) -> Result<()> {
		for record in self.events(authored)? {
			if let breakwater_runtime::RuntimeEvent::System(
				frame_system::Event::ExtrinsicFailed { dispatch_error, .. },
			) = record.event
			{
				return Err(format!("{:?} failed: {dispatch_error:?}", record.phase).into());
			}
		}
		Ok(())
	}

	/// Import an authored block as the new best one.
	pub fn import(&mut self, authored: Authored) -> Result<Hash> {
		let Authored { block, changes, .. } = authored;
		let (header, body): (Header, _) = block.deconstruct();
		let hash = header.hash();
		let mut params = BlockImportParams::new(BlockOrigin::Own, header);
		params.body = Some(body);
		params.state_action = StateAction::ApplyChanges(StorageChanges::Changes(changes));
		params.fork_choice = Some(ForkChoiceStrategy::LongestChain);
		futures::executor::block_on(self.client.import_block(params))?;
		self.slot += 1;
		Ok(hash)
	}

	/// Author and import an empty block.
	pub fn include_empty(&mut self) -> Result<()> {
		let authored = self.author([], None)?;
		self.import(authored).map(|_| ())
	}

	/// Author and import blocks until all `extrinsics` are in; each must succeed.
	pub fn include(&mut self, extrinsics: Vec<UncheckedExtrinsic>) -> Result<()> {
		let mut rest = &extrinsics[..];
		while !rest.is_empty() {
			let authored = self.author(rest.iter().cloned(), None)?;
			if authored.included == 0 {
				return Err("an extrinsic does not fit into an empty block".into());
			}
			self.expect_success(&authored)?;
			rest = &rest[authored.included..];
			self.import(authored)?;
		}
		Ok(())
	}
}

fn opaque(extrinsic: &UncheckedExtrinsic) -> Result<<Block as BlockT>::Extrinsic> {
	Ok(<Block as BlockT>::Extrinsic::decode(&mut &extrinsic.encode()[..])?)
}

/// The genesis of the development preset in which `accounts` also hold BRW and both other assets.
pub fn genesis_storage(accounts: &[Account]) -> Result<Storage> {
	let wasm = WASM_BINARY.ok_or("the runtime was built without wasm")?;
	let spec = sc_chain_spec::GenericChainSpec::<Option<()>>::builder(wasm, None)
		.with_name("Breakwater Bench")
		.with_id("bench")
		.with_chain_type(ChainType::Development)
		.with_genesis_config_patch(genesis(accounts)?)
		.build();
	Ok(spec.build_storage()?)
}

/// The development preset with more holders of everything.
fn genesis(accounts: &[Account]) -> Result<serde_json::Value> {
	let preset = breakwater_runtime::genesis_presets::get_preset(&"development".into())
		.ok_or("the runtime has no development preset")?;
	let mut genesis: serde_json::Value = serde_json::from_slice(&preset)?;
	let push = |genesis: &mut serde_json::Value, path: &str, row: serde_json::Value| {
		genesis
			.pointer_mut(path)
			.and_then(|rows| rows.as_array_mut())
			.ok_or(format!("the preset has no {path}"))
			.map(|rows| rows.push(row))
	};
	for account in accounts {
		let id = serde_json::to_value(account.id())?;
		push(
			&mut genesis,
			"/balances/balances",
			serde_json::json!([id, 1_000_000_000_000_000u64]),
		)?;
		for (asset, amount) in [(USDC, 10_000_000 * USDC_UNIT), (WBTC, WBTC_UNIT)] {
			push(&mut genesis, "/assets/accounts", serde_json::json!([asset, id, amount as u64]))?;
		}
	}
	Ok(genesis)
}
