//! Puts the node's parts together and starts them.

use crate::{
	consensus::{self, Author, Voter},
	rpc,
	seal::{self, Seal},
};
use breakwater_runtime::{opaque::Block, Hash, RuntimeApi};
use futures::FutureExt;
use sc_client_api::{Backend, BlockBackend};
use sc_consensus::{DefaultImportQueue, LongestChain};
use sc_consensus_grandpa::{self as grandpa, GrandpaBlockImport, GrandpaPruningFilter, LinkHalf};
use sc_executor::WasmExecutor;
use sc_network::{
	config::{FullNetworkConfiguration, NetworkBackendType},
	service::{traits::NetworkService, NotificationMetrics},
	Litep2pNetworkBackend as Network, NetworkBackend, NotificationService, ProtocolName,
};
use sc_offchain::{OffchainWorkerOptions, OffchainWorkers};
use sc_service::{
	error::Error, BuildNetworkParams, Configuration, PartialComponents, SpawnTasksParams,
	TFullBackend, TFullClient, TaskManager, WarpSyncConfig,
};
use sc_telemetry::{Telemetry, TelemetryWorker};
use sc_transaction_pool::TransactionPoolHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use std::sync::Arc;

/// The client: the chain in its database, and the runtime that executes it.
pub type FullClient = TFullClient<Block, RuntimeApi, WasmExecutor<sp_io::SubstrateHostFunctions>>;
/// The database.
pub type FullBackend = TFullBackend<Block>;
/// The rule that picks among forks.
pub type FullSelectChain = LongestChain<FullBackend, Block>;
/// The transactions that wait for a block.
pub type FullPool = TransactionPoolHandle<Block, FullClient>;
/// Imports blocks and follows the authority changes and justifications in them.
pub type BlockImport = GrandpaBlockImport<FullBackend, Block, FullClient, FullSelectChain>;
/// The voter's end of [`BlockImport`].
pub type GrandpaLink = LinkHalf<Block, FullClient, FullSelectChain>;

/// The parts that exist before the network does.
pub type Parts = PartialComponents<
	FullClient,
	FullBackend,
	FullSelectChain,
	DefaultImportQueue<Block>,
	FullPool,
	Consensus,
>;

/// What authoring and finality need, and the telemetry that reports on them.
pub struct Consensus {
	/// Imports own blocks.
	pub block_import: BlockImport,
	/// Lets the voter see what is imported.
	pub grandpa: GrandpaLink,
	/// Reports to telemetry servers, when there are any.
	pub telemetry: Option<Telemetry>,
}

/// Blocks between the justifications that are stored and given to peers that sync.
pub(crate) const JUSTIFICATION_PERIOD: u32 = 32;

/// Opens the database and makes the parts that do not need a network.
///
/// # Errors
/// When the database, the keystore or the genesis state cannot be made or read.
pub fn new_partial(config: &Configuration, seal: Option<Seal>) -> Result<Parts, Error> {
	let telemetry = telemetry(config)?;
	let executor = sc_service::new_wasm_executor(&config.executor);
	// Blocks with a justification stay when bodies are pruned: warp sync proves finality with them.
	let (client, backend, keystore_container, task_manager) =
		sc_service::new_full_parts::<Block, RuntimeApi, _>(
			config,
			telemetry.as_ref().map(|(_, telemetry)| telemetry.handle()),
			executor,
			vec![Arc::new(GrandpaPruningFilter)],
		)?;
	let client = Arc::new(client);
	let telemetry = telemetry.map(|(worker, telemetry)| {
		task_manager.spawn_handle().spawn("telemetry", None, worker.run());
		telemetry
	});
	let select_chain = LongestChain::new(backend.clone());
	let transaction_pool = Arc::from(
		sc_transaction_pool::Builder::new(
			task_manager.spawn_essential_handle(),
			client.clone(),
			config.role.is_authority().into(),
		)
		.with_options(config.transaction_pool.clone())
		.with_prometheus(config.prometheus_registry())
		.build(),
	);
	let (block_import, grandpa) = grandpa::block_import(
		client.clone(),
		JUSTIFICATION_PERIOD,
		&client,
		select_chain.clone(),
		telemetry.as_ref().map(Telemetry::handle),
	)?;
	let import_queue = match seal {
		Some(_) => sc_consensus_manual_seal::import_queue(
			Box::new(client.clone()),
			&task_manager.spawn_essential_handle(),
			config.prometheus_registry(),
		),
		None => consensus::aura_queue(
			config,
			&client,
			&block_import,
			&task_manager,
			telemetry.as_ref().map(Telemetry::handle),
		)?,
	};
	Ok(PartialComponents {
		client,
		backend,
		task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool,
		other: Consensus { block_import, grandpa, telemetry },
	})
}

fn telemetry(config: &Configuration) -> Result<Option<(TelemetryWorker, Telemetry)>, Error> {
	let Some(endpoints) = config.telemetry_endpoints.clone().filter(|list| !list.is_empty()) else {
		return Ok(None);
	};
	let worker = TelemetryWorker::new(16)?;
	let telemetry = worker.handle().new_telemetry(endpoints);
	Ok(Some((worker, telemetry)))
}

/// Starts a node: the network, the RPC server, and on a validator authoring and voting. With `seal`
/// blocks come from there instead.
///
/// # Errors
/// When a part cannot be made or started.
pub fn new_full(config: Configuration, seal: Option<Seal>) -> Result<TaskManager, Error> {
	let mut network_config = network_config(&config)?;
	let PartialComponents {
		client,
		backend,
		mut task_manager,
		import_queue,
		keystore_container,
		select_chain,
		transaction_pool: pool,
		other: Consensus { block_import, grandpa: link, mut telemetry },
	} = new_partial(&config, seal)?;

	let metrics = <Network as NetworkBackend<Block, Hash>>::register_notification_metrics(
		config.prometheus_registry(),
	);
	let (protocol_name, votes) =
		add_grandpa_protocol(&config, &client, &mut network_config, metrics.clone())?;
	let (network, system_rpc_tx, tx_handler_controller, sync, _bitswap) =
		sc_service::build_network(BuildNetworkParams {
			config: &config,
			net_config: network_config,
			client: client.clone(),
			transaction_pool: pool.clone(),
			spawn_handle: task_manager.spawn_handle(),
			spawn_essential_handle: task_manager.spawn_essential_handle(),
			import_queue,
			block_announce_validator_builder: None,
			warp_sync_config: Some(WarpSyncConfig::WithProvider(Arc::new(
				grandpa::warp_proof::NetworkProvider::new(
					backend.clone(),
					link.shared_authority_set().clone(),
					Vec::new(),
				),
			))),
			block_relay: None,
			metrics,
			gap_sync_body_policy: None,
		})?;
	if config.offchain_worker.enabled {
		spawn_offchain_workers(&config, &task_manager, &client, &backend, &pool, network.clone())?;
	}

	let finality = rpc::Finality::new(&link, backend.clone());
	let voter_state = finality.voter_state.clone();
	let (commands, requests) = seal::channel();
	let methods = rpc::Dependencies {
		client: client.clone(),
		pool: pool.clone(),
		finality,
		seal: seal.map(|_| commands),
	};
	let keystore = keystore_container.keystore();
	let author = Author {
		client: client.clone(),
		pool: pool.clone(),
		select_chain,
		block_import,
		keystore: keystore.clone(),
		sync: sync.clone(),
		force: config.force_authoring,
		registry: config.prometheus_registry().cloned(),
		telemetry: telemetry.as_ref().map(Telemetry::handle),
	};
	let voter = Voter {
		link,
		network: network.clone(),
		votes,
		protocol_name,
		pool: pool.clone(),
		keystore: config.role.is_authority().then(|| keystore.clone()),
		sync: sync.clone(),
		role: config.role,
		name: config.network.node_name.clone(),
		state: voter_state,
		registry: config.prometheus_registry().cloned(),
		telemetry: telemetry.as_ref().map(Telemetry::handle),
	};
	let authors = config.role.is_authority();
	let votes = !config.disable_grandpa && seal.is_none();
	sc_service::spawn_tasks(SpawnTasksParams {
		config,
		client,
		backend,
		task_manager: &mut task_manager,
		keystore,
		transaction_pool: pool,
		rpc_builder: Box::new(move |executor| rpc::create(&methods, executor)),
		network,
		system_rpc_tx,
		tx_handler_controller,
		sync_service: sync,
		telemetry: telemetry.as_mut(),
		tracing_execute_block: None,
	})?;

	match seal {
		Some(seal) if authors => author.spawn_seal(&task_manager, seal, requests),
		None if authors => author.spawn_aura(&task_manager)?,
		_ => {},
	}
	if votes {
		voter.spawn(&task_manager)?;
	}
	Ok(task_manager)
}

type NetworkConfig = FullNetworkConfiguration<Block, Hash, Network>;

fn network_config(config: &Configuration) -> Result<NetworkConfig, Error> {
	if !matches!(config.network.network_backend, NetworkBackendType::Litep2p) {
		return Err(Error::Other(
			"this node speaks litep2p only: leave --network-backend out".into(),
		));
	}
	Ok(NetworkConfig::new(&config.network, config.prometheus_registry().cloned()))
}

/// Registers the protocol on which validators exchange their votes.
fn add_grandpa_protocol(
	config: &Configuration,
	client: &FullClient,
	network: &mut NetworkConfig,
	metrics: NotificationMetrics,
) -> Result<(ProtocolName, Box<dyn NotificationService>), Error> {
	let genesis = client
		.block_hash(0)?
		.ok_or_else(|| Error::Other("the database has no genesis block: purge the chain".into()))?;
	let name = grandpa::protocol_standard_name(&genesis, &config.chain_spec);
	let (protocol, votes) = grandpa::grandpa_peers_set_config::<Block, Network>(
		name.clone(),
		metrics,
		network.peer_store_handle(),
	);
	network.add_notification_protocol(protocol);
	Ok((name, votes))
}

fn spawn_offchain_workers(
	config: &Configuration,
	task_manager: &TaskManager,
	client: &Arc<FullClient>,
	backend: &Arc<FullBackend>,
	pool: &Arc<FullPool>,
	network: Arc<dyn NetworkService>,
) -> Result<(), Error> {
	let workers = OffchainWorkers::new(OffchainWorkerOptions {
		runtime_api_provider: client.clone(),
		keystore: None,
		offchain_db: backend.offchain_storage(),
		transaction_pool: Some(OffchainTransactionPoolFactory::new(pool.clone())),
		network_provider: Arc::new(network),
		is_validator: config.role.is_authority(),
		// The runtime has no use for the web, and a panic there would be a validator's.
		enable_http_requests: false,
		custom_extensions: |_| Vec::new(),
	})?;
	task_manager.spawn_handle().spawn(
		"offchain-workers-runner",
		"offchain-worker",
		workers.run(client.clone(), task_manager.spawn_handle()).boxed(),
	);
	Ok(())
}
