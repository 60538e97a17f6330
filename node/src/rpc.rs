//! The node's JSON-RPC methods besides those every Substrate node has.

use crate::{
	seal,
	service::{FullBackend, FullClient, FullPool, GrandpaLink},
};
use breakwater_runtime::opaque::Block;
use jsonrpsee::RpcModule;
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use sc_consensus_grandpa::{
	FinalityProofProvider, GrandpaJustificationStream, SharedAuthoritySet, SharedVoterState,
};
use sc_consensus_grandpa_rpc::{Grandpa, GrandpaApiServer};
use sc_consensus_manual_seal::rpc::{ManualSeal, ManualSealApiServer};
use sc_rpc::SubscriptionTaskExecutor;
use sp_core::H256;
use std::sync::Arc;
use substrate_frame_rpc_system::{System, SystemApiServer};

/// What the methods work on.
pub struct Dependencies {
	/// The chain.
	pub client: Arc<FullClient>,
	/// The transactions that wait for a block.
	pub pool: Arc<FullPool>,
	/// The state of finality.
	pub finality: Finality,
	/// Where to ask for blocks, when the node seals them itself.
	pub seal: Option<seal::Commands>,
}

/// What the GRANDPA methods report on.
#[derive(Clone)]
pub struct Finality {
	/// Votes of the round in progress.
	pub voter_state: SharedVoterState,
	authorities: SharedAuthoritySet<H256, u32>,
	justifications: GrandpaJustificationStream<Block>,
	proofs: Arc<FinalityProofProvider<FullBackend, Block>>,
}

impl Finality {
	/// Reports on the finality of `backend`'s chain.
	pub fn new(link: &GrandpaLink, backend: Arc<FullBackend>) -> Self {
		let authorities = link.shared_authority_set().clone();
		let proofs = FinalityProofProvider::new_for_service(backend, Some(authorities.clone()));
		Self {
			voter_state: SharedVoterState::empty(),
			authorities,
			justifications: link.justification_stream(),
			proofs,
		}
	}
}

/// Puts the methods together.
///
/// # Errors
/// When two of them have the same name.
pub fn create(
	dependencies: &Dependencies,
	executor: SubscriptionTaskExecutor,
) -> Result<RpcModule<()>, sc_service::Error> {
	let Dependencies { client, pool, finality, seal } = dependencies;
	let mut module = RpcModule::new(());
	let merged = (|| {
		module.merge(System::new(client.clone(), pool.clone()).into_rpc())?;
		module.merge(TransactionPayment::new(client.clone()).into_rpc())?;
		module.merge(grandpa(finality, executor).into_rpc())?;
		if let Some(commands) = seal {
			module.merge(ManualSeal::new(commands.clone()).into_rpc())?;
		}
		Ok(())
	})();
	merged.map_err(|error: jsonrpsee::core::RegisterMethodError| {
		sc_service::Error::Application(error.into())
	})?;
	Ok(module)
}

fn grandpa(
	finality: &Finality,
	executor: SubscriptionTaskExecutor,
) -> Grandpa<
	SharedAuthoritySet<H256, u32>,
	SharedVoterState,
	Block,
	FinalityProofProvider<FullBackend, Block>,
> {
	Grandpa::new(
		executor,
		finality.authorities.clone(),
		finality.voter_state.clone(),
		finality.justifications.clone(),
		finality.proofs.clone(),
	)
}
