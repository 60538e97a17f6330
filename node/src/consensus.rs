//! Aura makes the blocks, GRANDPA makes them final.

use crate::{
	seal::{self, Seal},
	service::{
		BlockImport, FullClient, FullPool, FullSelectChain, GrandpaLink, JUSTIFICATION_PERIOD,
	},
};
use breakwater_runtime::opaque::Block;
use sc_basic_authorship::ProposerFactory;
use sc_consensus::DefaultImportQueue;
use sc_consensus_aura::{
	standalone::slot_duration_at, CheckForEquivocation, ImportQueueParams, SlotProportion,
	StartAuraParams,
};
use sc_consensus_grandpa::{
	run_grandpa_voter, Config, GrandpaParams, SharedVoterState, VotingRulesBuilder,
};
use sc_consensus_slots::BackoffAuthoringOnFinalizedHeadLagging;
use sc_network::{
	config::Role, service::traits::NetworkService, NotificationService, ProtocolName,
};
use sc_network_sync::SyncingService;
use sc_service::{error::Error, Configuration, TaskManager};
use sc_telemetry::TelemetryHandle;
use sc_transaction_pool_api::OffchainTransactionPoolFactory;
use sp_consensus_aura::{inherents::InherentDataProvider, sr25519::AuthorityPair, SlotDuration};
use sp_keystore::KeystorePtr;
use std::{sync::Arc, time::Duration};
use substrate_prometheus_endpoint::Registry;

/// How long a vote takes through the network; a round waits for multiples of it. Enough for
/// validators within a continent.
const GOSSIP: Duration = Duration::from_millis(150);

/// Validators skip slots when finality lags, so that fewer blocks are at risk; yet liquidations
/// cannot wait, so never more slots than these in a row.
const MAX_BACKOFF: u32 = 10;

/// The share of a slot in which a block is built; the rest is for its way to the others.
const PROPOSAL_PORTION: f32 = 2. / 3.;

/// The queue that verifies and imports the blocks of other validators.
pub(crate) fn aura_queue(
	config: &Configuration,
	client: &Arc<FullClient>,
	block_import: &BlockImport,
	task_manager: &TaskManager,
	telemetry: Option<TelemetryHandle>,
) -> Result<DefaultImportQueue<Block>, Error> {
	let clock = client.clone();
	let queue =
		sc_consensus_aura::import_queue::<AuthorityPair, _, _, _, _, _>(ImportQueueParams {
			block_import: block_import.clone(),
			justification_import: Some(Box::new(block_import.clone())),
			client: client.clone(),
			// The slot's duration is asked for at every block, for an upgrade may change it.
			create_inherent_data_providers: move |parent, ()| {
				let duration = slot_duration_at(&*clock, parent);
				async move { Ok(now(duration?)) }
			},
			spawner: &task_manager.spawn_essential_handle(),
			registry: config.prometheus_registry(),
			check_for_equivocation: CheckForEquivocation::default(),
			telemetry,
			compatibility_mode: Default::default(),
		})?;
	Ok(queue)
}

/// The slot and the time by the wall clock.
fn now(duration: SlotDuration) -> (InherentDataProvider, sp_timestamp::InherentDataProvider) {
	let time = sp_timestamp::InherentDataProvider::from_system_time();
	(InherentDataProvider::from_timestamp_and_slot_duration(*time, duration), time)
}

/// What it takes to make blocks.
pub(crate) struct Author {
	pub client: Arc<FullClient>,
	pub pool: Arc<FullPool>,
	pub select_chain: FullSelectChain,
	pub block_import: BlockImport,
	pub keystore: KeystorePtr,
	pub sync: Arc<SyncingService<Block>>,
	/// Make blocks even when no peer is connected.
	pub force: bool,
	pub registry: Option<Registry>,
	pub telemetry: Option<TelemetryHandle>,
}

impl Author {
	/// Makes a block in every slot that is this validator's.
	pub fn spawn_aura(self, tasks: &TaskManager) -> Result<(), Error> {
		let proposer_factory = self.proposer_factory(tasks);
		let slot_duration = sc_consensus_aura::slot_duration(&*self.client)?;
		let aura = sc_consensus_aura::start_aura::<AuthorityPair, _, _, _, _, _, _, _, _, _, _>(
			StartAuraParams {
				slot_duration,
				client: self.client,
				select_chain: self.select_chain,
				block_import: self.block_import,
				proposer_factory,
				create_inherent_data_providers: move |_, ()| async move { Ok(now(slot_duration)) },
				force_authoring: self.force,
				backoff_authoring_blocks: Some(BackoffAuthoringOnFinalizedHeadLagging {
					max_interval: MAX_BACKOFF,
					..Default::default()
				}),
				keystore: self.keystore,
				sync_oracle: self.sync.clone(),
				justification_sync_link: self.sync,
				block_proposal_slot_portion: SlotProportion::new(PROPOSAL_PORTION),
				// Without it a block that follows skipped slots may take longer than its own slot.
				max_block_proposal_slot_portion: Some(SlotProportion::new(PROPOSAL_PORTION)),
				telemetry: self.telemetry,
				compatibility_mode: Default::default(),
			},
		)?;
		tasks.spawn_essential_handle().spawn_blocking("aura", Some("block-authoring"), aura);
		Ok(())
	}

	/// Makes blocks without consensus.
	pub fn spawn_seal(self, tasks: &TaskManager, seal: Seal, requests: seal::Requests) {
		let proposer_factory = self.proposer_factory(tasks);
		let sealing =
			seal::run(seal, requests, self.client, self.pool, self.select_chain, proposer_factory);
		tasks.spawn_essential_handle().spawn_blocking("seal", Some("block-authoring"), sealing);
	}

	fn proposer_factory(&self, tasks: &TaskManager) -> ProposerFactory<FullPool, FullClient> {
		ProposerFactory::new(
			tasks.spawn_handle(),
			self.client.clone(),
			self.pool.clone(),
			self.registry.as_ref(),
			self.telemetry.clone(),
		)
	}
}

/// What it takes to vote on finality, or to follow the votes of others.
pub(crate) struct Voter {
	pub link: GrandpaLink,
	pub network: Arc<dyn NetworkService>,
	pub votes: Box<dyn NotificationService>,
	pub protocol_name: ProtocolName,
	pub pool: Arc<FullPool>,
	/// None on a node that does not validate.
	pub keystore: Option<KeystorePtr>,
	pub sync: Arc<SyncingService<Block>>,
	pub role: Role,
	pub name: String,
	pub state: SharedVoterState,
	pub registry: Option<Registry>,
	pub telemetry: Option<TelemetryHandle>,
}

impl Voter {
	/// Starts to vote. A validator that cannot go on with it stops, so that it is noticed.
	pub fn spawn(self, tasks: &TaskManager) -> Result<(), Error> {
		let voter = run_grandpa_voter(GrandpaParams {
			config: Config {
				gossip_duration: GOSSIP,
				justification_generation_period: JUSTIFICATION_PERIOD,
				name: Some(self.name),
				observer_enabled: false,
				keystore: self.keystore,
				local_role: self.role,
				telemetry: self.telemetry.clone(),
				protocol_name: self.protocol_name,
			},
			link: self.link,
			network: self.network,
			sync: self.sync,
			notification_service: self.votes,
			voting_rule: VotingRulesBuilder::default().build(),
			prometheus_registry: self.registry,
			shared_voter_state: self.state,
			telemetry: self.telemetry,
			// Lets the voter report validators that vote for two blocks.
			offchain_tx_pool_factory: OffchainTransactionPoolFactory::new(self.pool),
		})?;
		tasks.spawn_essential_handle().spawn_blocking("grandpa-voter", None, voter);
		Ok(())
	}
}
