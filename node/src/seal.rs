//! Blocks for tests: sealed on request, for every transaction or at an interval, without consensus
//! and final at once.
//!
//! The chain's clock moves by one slot for every block, so that a test decides how fast time goes
//! and gets the same times on every machine but for the first.

use crate::service::{FullClient, FullPool, FullSelectChain};
use breakwater_runtime::{opaque::Block, Hash};
use futures::{
	channel::mpsc,
	future::BoxFuture,
	stream::{self, BoxStream},
	FutureExt, StreamExt,
};
use futures_timer::Delay;
use sc_basic_authorship::ProposerFactory;
use sc_consensus_aura::standalone::{find_pre_digest, slot_duration_at};
use sc_consensus_manual_seal::{
	consensus::aura::AuraConsensusDataProvider, run_manual_seal, EngineCommand, ManualSealParams,
};
use sc_transaction_pool_api::TransactionPool;
use sp_consensus_aura::{sr25519::AuthoritySignature, Slot};
use sp_timestamp::Timestamp;
use std::{error::Error, str::FromStr, sync::Arc, time::Duration};

/// When a block is sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seal {
	/// As soon as the pool has a transaction for it.
	Instant,
	/// When engine_createBlock asks for it, and only then.
	Manual,
	/// At this interval, with transactions or without.
	Every(Duration),
}

impl FromStr for Seal {
	type Err = String;

	fn from_str(text: &str) -> Result<Self, String> {
		match text {
			"instant" => Ok(Self::Instant),
			"manual" => Ok(Self::Manual),
			_ => match text.parse() {
				Ok(millis) if millis > 0 => Ok(Self::Every(Duration::from_millis(millis))),
				_ => Err("give instant, manual or a number of milliseconds above 0".into()),
			},
		}
	}
}

/// Where engine_createBlock and engine_finalizeBlock send what is asked of them.
pub type Commands = mpsc::Sender<EngineCommand<Hash>>;

/// The other end of [`Commands`].
pub type Requests = mpsc::Receiver<EngineCommand<Hash>>;

/// A channel for requests over RPC.
pub fn channel() -> (Commands, Requests) {
	mpsc::channel(1024)
}

/// The task that seals blocks, for as long as the node runs.
pub fn run(
	seal: Seal,
	requests: Requests,
	client: Arc<FullClient>,
	pool: Arc<FullPool>,
	select_chain: FullSelectChain,
	env: ProposerFactory<FullPool, FullClient>,
) -> BoxFuture<'static, ()> {
	let clock = client.clone();
	run_manual_seal(ManualSealParams {
		block_import: client.clone(),
		env,
		client: client.clone(),
		pool: pool.clone(),
		commands_stream: stream::select(requests, occasions(seal, pool)),
		select_chain,
		consensus_data_provider: Some(Box::new(AuraConsensusDataProvider::new(client))),
		create_inherent_data_providers: move |parent, ()| {
			let clock = clock.clone();
			async move { Ok(sp_timestamp::InherentDataProvider::new(next_slot(&clock, parent)?)) }
		},
	})
	.boxed()
}

/// Blocks to make without being asked.
fn occasions(seal: Seal, pool: Arc<FullPool>) -> BoxStream<'static, EngineCommand<Hash>> {
	match seal {
		Seal::Manual => stream::pending().boxed(),
		// One block takes all transactions that are there, so one request for them is enough.
		Seal::Instant => {
			pool.import_notification_stream().ready_chunks(1024).map(|_| block(false)).boxed()
		},
		Seal::Every(interval) => stream::unfold((), move |()| async move {
			Delay::new(interval).await;
			Some((block(true), ()))
		})
		.boxed(),
	}
}

fn block(create_empty: bool) -> EngineCommand<Hash> {
	EngineCommand::SealNewBlock { create_empty, finalize: true, parent_hash: None, sender: None }
}

/// The start of the slot after `parent`'s; of the present one after genesis, which has no slot.
///
/// Asked of the chain rather than counted, so that it holds for forks, after failed attempts and
/// after a restart.
fn next_slot(client: &FullClient, parent: Hash) -> Result<Timestamp, Box<dyn Error + Send + Sync>> {
	let duration = slot_duration_at(client, parent)?;
	let header = client.header(parent)?.ok_or("the parent is not in the database")?;
	let slot = if header.number == 0 {
		Slot::from_timestamp(Timestamp::current(), duration)
	} else {
		find_pre_digest::<Block, AuthoritySignature>(&header)? + 1
	};
	Ok(slot.timestamp(duration).ok_or("the slot is beyond the clock's range")?)
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn seal_is_read_from_the_command_line() {
		assert_eq!("instant".parse(), Ok(Seal::Instant));
		assert_eq!("manual".parse(), Ok(Seal::Manual));
		assert_eq!("250".parse(), Ok(Seal::Every(Duration::from_millis(250))));
	}

	#[test]
	fn an_unknown_seal_is_refused_with_what_is_possible() {
		for text in ["", "0", "-5", "fast"] {
			let error = text.parse::<Seal>().unwrap_err();
			assert!(error.contains("instant, manual or a number of milliseconds"), "{error}");
		}
	}
}
