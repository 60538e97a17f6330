//! What placing, cancelling and matching near the touch cost in whole blocks, with more and more orders
//! behind them in the store of the runtime.

use crate::{
	accounts::Account,
	chain::Chain,
	promise::{Report, GROWTH},
	state,
	throughput::{feeders, order, place, ratio},
	Result,
};
use breakwater_primitives::{OrderId, Side, Ticks};
use breakwater_runtime::{Perpetuals, RuntimeCall, USDC_UNIT};
use pallet_perpetuals::{BatchAction, TimeInForce};
use std::time::{Duration, Instant};

/// Extrinsics of a kind in a block.
const SIGNERS: u32 = 50;
/// The index: so high that a million orders find room within the collar around it.
const INDEX: u32 = 7_000_000;
/// Orders of one account.
const EACH: u32 = 64;
/// Ticks on a side over which the orders spread.
const REACH: u32 = 150_000;
/// Orders that rest, with those that the traffic needs.
const SIZES: [u32; 3] = [2 * SIGNERS, 10_000, 1_000_000];

/// What one operation of each kind costs.
struct Cost {
	place: Duration,
	cancel: Duration,
	take: Duration,
}

/// Measure and add to `report`.
pub fn measure(report: &mut Report, runs: u32) -> Result<()> {
	let mut costs = Vec::new();
	for size in SIZES {
		costs.push(at_size(report, size, runs)?);
	}
	let (Some(first), Some(last)) = (costs.first(), costs.last()) else { return Ok(()) };
	let ratios = [
		ratio(last.place, first.place),
		ratio(last.cancel, first.cancel),
		ratio(last.take, first.take),
	];
	report.note(format_args!(
		"with a million resting orders placing costs {:.2} times as much, cancelling {:.2}, taking {:.2}",
		ratios[0], ratios[1], ratios[2]
	));
	report.add(GROWTH, ratios.into_iter().fold(0.0, f64::max));
	Ok(())
}

fn at_size(report: &Report, size: u32, runs: u32) -> Result<Cost> {
	let signers = (0..SIGNERS)
		.map(|i| Account::known(&format!("//growth//{i}")))
		.collect::<Result<Vec<_>>>()?;
	let start = Instant::now();
	let mut resting = Vec::new();
	let mut chain = state::chain(&signers, || {
		resting = fill(&signers, size - 2 * SIGNERS)?;
		Ok(())
	})?;
	let built = start.elapsed();
	let mut feeders = feeders()?;
	crate::throughput::feed_all(&mut chain, &mut feeders, Ticks(INDEX))?;
	let near = |i: u32| Ticks(INDEX - 1 - i % SIGNERS);
	let cost = Cost {
		place: cost(&chain, &signers, runs, |i| {
			place(order(Side::Bid, near(i), 1, TimeInForce::GoodTilCancelled))
		})?,
		cancel: cost(&chain, &signers, runs, |i| {
			pallet_perpetuals::Call::cancel { sub: 0, id: resting[i as usize] }.into()
		})?,
		take: cost(&chain, &signers, runs, |_| {
			let worst = Ticks(INDEX + 1 + SIGNERS);
			place(order(Side::Bid, worst, 10, TimeInForce::ImmediateOrCancel))
		})?,
	};
	let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
	report.note(format_args!(
		"{} resting orders, made in {:.0} s: placing {:.0} us, cancelling {:.0} us, taking {:.0} us",
		size,
		built.as_secs_f64(),
		micros(cost.place),
		micros(cost.cancel),
		micros(cost.take),
	));
	Ok(cost)
}

/// Orders of strangers everywhere, by the runtime's own calls; near the touch a bid of each signer, which
/// he will cancel, and asks of ten lots, which the takers will take. Returns the signers' orders.
fn fill(signers: &[Account], size: u32) -> Result<Vec<OrderId>> {
	state::feed(Ticks(INDEX))?;
	let deposit = |who, usdc: u128| {
		state::call(who, pallet_margin::Call::deposit { sub: 0, amount: usdc * USDC_UNIT })
	};
	let makers = genesis_holders();
	let mut placed = 0;
	let mut maker = 0u64;
	while placed < size {
		let who = state::stranger(maker);
		give(&who, 100_000)?;
		deposit(who.clone(), 90_000)?;
		let actions: Vec<_> = (0..EACH.min(size - placed)).map(|n| behind(placed + n)).collect();
		for batch in actions.chunks(32) {
			let actions = frame_support::BoundedVec::truncate_from(batch.to_vec());
			state::call(who.clone(), pallet_perpetuals::Call::batch { sub: 0, actions })?;
		}
		placed += EACH.min(size - placed);
		maker += 1;
	}
	for maker in &makers {
		deposit(maker.clone(), 1_000_000)?;
	}
	for i in 0..SIGNERS {
		let who = makers[i as usize % makers.len()].clone();
		let ask = order(Side::Ask, Ticks(INDEX + 1 + i), 10, TimeInForce::PostOnly);
		state::call(who, place(ask))?;
	}
	let mut own = Vec::new();
	for (i, signer) in signers.iter().enumerate() {
		deposit(signer.id(), 100_000)?;
		let bid = order(Side::Bid, Ticks(INDEX - 1 - i as u32), 10, TimeInForce::PostOnly);
		state::call(signer.id(), place(bid))?;
		let open = Perpetuals::open_orders(signer.id(), 0);
		own.push(open.first().ok_or("the order does not rest")?.id);
	}
	Ok(own)
}

/// The `n`th order of those that fill the book: spread evenly, in no order.
fn behind(n: u32) -> BatchAction {
	let away = (f64::from(n) * 0.618_033_988_749_895).fract() * f64::from(REACH);
	let away = 1 + away as u32;
	let (side, price) = if n.is_multiple_of(2) {
		(Side::Bid, INDEX - away)
	} else {
		(Side::Ask, INDEX + SIGNERS + away)
	};
	BatchAction::Place(order(side, Ticks(price), 1, TimeInForce::PostOnly))
}

fn genesis_holders() -> Vec<breakwater_runtime::AccountId> {
	breakwater_runtime::genesis_presets::accounts::committee()
}

fn give(who: &breakwater_runtime::AccountId, usdc: u128) -> Result<()> {
	use frame_support::traits::fungibles::Mutate;
	breakwater_runtime::Assets::mint_into(breakwater_runtime::USDC, who, usdc * USDC_UNIT)
		.map(|_| ())
		.map_err(|error| format!("{error:?}").into())
}

/// What one call of each signer adds to a block.
fn cost(
	chain: &Chain,
	signers: &[Account],
	runs: u32,
	call: impl Fn(u32) -> RuntimeCall,
) -> Result<Duration> {
	let genesis = chain.genesis();
	let signed = (0..SIGNERS).zip(signers).map(|(i, who)| who.sign_next(genesis, call(i)));
	let authored = chain.author(signed.collect::<Vec<_>>(), None)?;
	if authored.included != SIGNERS as usize {
		return Err(format!("only {} of {SIGNERS} fit a block", authored.included).into());
	}
	chain.expect_success(&authored)?;
	let empty = chain.author([], None)?;
	let base = chain.execute(&empty, runs)?;
	let full = chain.execute(&authored, runs)?;
	Ok(full.saturating_sub(base) / SIGNERS)
}
