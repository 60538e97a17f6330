//! How many blocks pass between a cause and its restriction.

use crate::{
	accounts::Account,
	chain::Chain,
	promise::{Report, ENFORCEMENT, RESTRICTION},
	throughput::{feed_all, feeders, MARKET, START},
	Result,
};
use breakwater_primitives::{api::MarketStatus, Level, Scope, Ticks};
use breakwater_runtime::{Hash, RuntimeCall};
use codec::Encode;
use sp_api::ProvideRuntimeApi;
use sp_runtime::traits::{BlakeTwo256, Hash as _};

type StatusApi = dyn Fn(&Chain, Hash) -> Result<MarketStatus>;

fn status(chain: &Chain, at: Hash) -> Result<MarketStatus> {
	use breakwater_primitives::api::BreakwaterApi;
	chain
		.client()
		.runtime_api()
		.market_status(at, MARKET)?
		.ok_or_else(|| "the preset lists no market".into())
}

/// Blocks until `status` shows at least `level`, counted from the block of the cause itself.
fn blocks_until(
	chain: &mut Chain,
	level: Level,
	mut next: impl FnMut(&mut Chain) -> Result<()>,
	status: &StatusApi,
) -> Result<f64> {
	for blocks in 0..10 {
		if status(chain, chain.best())?.level >= level {
			return Ok(blocks as f64);
		}
		next(chain)?;
	}
	Err("no restriction within ten blocks".into())
}

/// Measure both and add them to `report`.
pub fn measure(report: &mut Report) -> Result<()> {
	automatic(report)?;
	committee(report)
}

fn automatic(report: &mut Report) -> Result<()> {
	let mut chain = Chain::new(&[])?;
	let mut feeders = feeders()?;
	for _ in 0..3 {
		feed_all(&mut chain, &mut feeders, START)?;
	}
	let before = status(&chain, chain.best())?;
	if before.level != Level::Normal {
		return Err("the market is restricted before anything happened".into());
	}
	// Four per cent in a second: beyond the 60 s band, within what one jump may be.
	feed_all(&mut chain, &mut feeders, Ticks(START.0 / 100 * 96))?;
	let blocks = blocks_until(&mut chain, Level::ReduceOnly, |c| c.include_empty(), &status)?;
	report.add(RESTRICTION, blocks);
	Ok(())
}

fn committee(report: &mut Report) -> Result<()> {
	let mut chain = Chain::new(&[])?;
	let genesis = chain.genesis();
	let mut feeders = feeders()?;
	feed_all(&mut chain, &mut feeders, START)?;
	let mut members = ["//Alice", "//Bob", "//Charlie"]
		.into_iter()
		.map(Account::known)
		.collect::<Result<Vec<_>>>()?;
	// The feeders of the preset may be the same accounts.
	for member in &mut members {
		member.follow(&chain)?;
	}
	let pause: RuntimeCall = pallet_circuit_breaker::Call::restrict {
		scope: Scope::Market(MARKET),
		level: Level::Freeze,
		duration: 60_000,
	}
	.into();
	let length = pause.encoded_size() as u32;
	let hash = BlakeTwo256::hash_of(&pause);
	let propose = RuntimeCall::TechnicalCommittee(pallet_collective::Call::propose {
		threshold: 3,
		proposal: Box::new(pause),
		length_bound: length,
	});
	let vote = || {
		RuntimeCall::TechnicalCommittee(pallet_collective::Call::vote {
			proposal: hash,
			index: 0,
			approve: true,
		})
	};
	let close = RuntimeCall::TechnicalCommittee(pallet_collective::Call::close {
		proposal_hash: hash,
		index: 0,
		proposal_weight_bound: sp_weights_bound(),
		length_bound: length,
	});
	chain.include(vec![members[0].sign(genesis, propose)])?;
	chain.include(vec![members[0].sign(genesis, vote()), members[1].sign(genesis, vote())])?;
	if status(&chain, chain.best())?.level != Level::Normal {
		return Err("restricted before the deciding vote".into());
	}
	let deciding = pallet_utility::Call::batch_all { calls: vec![vote(), close] };
	chain.include(vec![members[2].sign(genesis, RuntimeCall::Utility(deciding))])?;
	let blocks = blocks_until(&mut chain, Level::Freeze, |c| c.include_empty(), &status)?;
	report.add(ENFORCEMENT, blocks);
	Ok(())
}

/// A bound on the weight of the decided call that any restriction stays below.
fn sp_weights_bound() -> frame_support::weights::Weight {
	frame_support::weights::Weight::from_parts(20_000_000_000, 1_000_000)
}
