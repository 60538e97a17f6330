//! Blocks full of orders beside blocks full of transfers.

use crate::{
	accounts::Account,
	chain::{Authored, Chain},
	liquidation::best,
	promise::{
		Report, AUTHORED, BATCH32, BATCH32_AUTHORED, CANCEL, CANCEL_AUTHORED, DECLARED, IOC3,
		IOC3_AUTHORED, RESTING, RESTING_AUTHORED,
	},
	Result,
};
use breakwater_primitives::{Lots, MarketId, OrderId, Side, Ticks};
use breakwater_runtime::{RuntimeCall, RuntimeEvent, UncheckedExtrinsic};
use frame_support::BoundedVec;
use pallet_perpetuals::{BatchAction, OrderKind, PlaceOrder, TimeInForce};
use sp_core::{sr25519, Pair};
use std::{hint::black_box, time::Duration};

/// The market of the development preset.
pub const MARKET: MarketId = MarketId(0);
/// The index price at which everything starts: 7,000 at a tick of 0.1.
pub const START: Ticks = Ticks(70_000);

/// Levels of each side over which resting orders spread: eight pages of a book.
const LEVELS: u32 = 256;
/// Two thirds of a slot, less what the proposer keeps back for finalising the block.
const AUTHORING: Duration = Duration::from_millis(588);
/// How often each block is authored; the best time counts.
const AUTHORINGS: u32 = 3;

/// The feeders of the development preset.
pub fn feeders() -> Result<Vec<Account>> {
	breakwater_runtime::genesis_presets::DEVELOPMENT_FEEDERS
		.iter()
		.map(|path| Account::known(path))
		.collect()
}

/// Every feeder reports `price`, in one block.
pub fn feed_all(chain: &mut Chain, feeders: &mut [Account], price: Ticks) -> Result<()> {
	let genesis = chain.genesis();
	let call = || pallet_price_guard::Call::feed {
		prices: BoundedVec::truncate_from(vec![(MARKET, price)]),
	};
	let feeds = feeders.iter_mut().map(|feeder| feeder.sign(genesis, call())).collect();
	chain.include(feeds)
}

pub(crate) fn order(side: Side, price: Ticks, lots: u64, time_in_force: TimeInForce) -> PlaceOrder {
	PlaceOrder::new(MARKET, side, OrderKind::Limit { price, time_in_force }, Lots(lots))
}

pub(crate) fn place(order: PlaceOrder) -> RuntimeCall {
	pallet_perpetuals::Call::place { sub: 0, order }.into()
}

/// A price of `side` that does not cross, spread over [`LEVELS`] ticks by `i`.
pub(crate) fn resting_price(side: Side, i: u32) -> Ticks {
	match side {
		Side::Bid => Ticks(START.0 - 1 - i % LEVELS),
		Side::Ask => Ticks(START.0 + 1 + i % LEVELS),
	}
}

fn resting(i: u32) -> PlaceOrder {
	let side = if i.is_multiple_of(2) { Side::Bid } else { Side::Ask };
	order(side, resting_price(side, i / 2), 10, TimeInForce::GoodTilCancelled)
}

struct Bench {
	chain: Chain,
	feeders: Vec<Account>,
	accounts: Vec<Account>,
	runs: u32,
}

/// Measure and add to `report`. A block holds `size` extrinsics, each from an account of its own.
pub fn measure(report: &mut Report, size: u32, runs: u32) -> Result<()> {
	// Enough accounts to fill a block to its declared weight, and three makers for each taker.
	let accounts = (0..size.max(750) * 4)
		.map(|i| Account::known(&format!("//bench//{i}")))
		.collect::<Result<Vec<_>>>()?;
	let mut bench = Bench { chain: Chain::new(&accounts)?, feeders: feeders()?, accounts, runs };
	bench.set_up()?;

	let remark = frame_system::Call::remark { remark: Vec::new() };
	let remark = bench.cost(bench.signed(size, |_| remark.clone().into()))?;
	let transfer = bench.cost(bench.transfers(size))?;
	let rest = bench.cost(bench.signed(size, |i| place(resting(i))))?;
	let batch = bench.cost(bench.batches(size / 8))?;
	bench.blocks(report)?;
	let cancel = bench.cancelled(size)?;
	let ioc = bench.against_three_makers(size / 2)?;

	let signature = signature_check();
	for (what, cost) in [
		("signed remark", remark),
		("transfer", transfer),
		("resting limit order", rest),
		("cancelling an order", cancel),
		("immediate-or-cancel, three makers", ioc),
		("batch of 32", batch),
	] {
		report.note(format_args!(
			"{what}: executed in {:.0} us, {:.2} of a transfer, {:.1} signature checks; authored in \
			 {:.0} us",
			micros(cost.executed),
			ratio(cost.executed, transfer.executed),
			ratio(cost.executed, signature),
			micros(cost.authored),
		));
	}
	report.note(format_args!("order in a batch of 32 {:.1} us", micros(batch.executed) / 32.0));
	report.add(RESTING, ratio(rest.executed, transfer.executed));
	report.add(RESTING_AUTHORED, ratio(rest.authored, transfer.authored));
	report.add(CANCEL, ratio(cancel.executed, transfer.executed));
	report.add(CANCEL_AUTHORED, ratio(cancel.authored, transfer.authored));
	report.add(IOC3, ratio(ioc.executed, transfer.executed));
	report.add(IOC3_AUTHORED, ratio(ioc.authored, transfer.authored));
	report.add(BATCH32, ratio(rest.executed, batch.executed) * 32.0);
	report.add(BATCH32_AUTHORED, ratio(rest.authored, batch.authored) * 32.0);
	Ok(())
}

/// What one extrinsic of a block costs.
#[derive(Clone, Copy)]
struct Cost {
	/// What it adds to executing the block, state root included.
	executed: Duration,
	/// What it adds to building the block.
	authored: Duration,
}

/// The time of a signature check, natively.
fn signature_check() -> Duration {
	let pair = sr25519::Pair::from_seed(&[7; 32]);
	let (message, public) = ([9u8; 128], pair.public());
	let signature = pair.sign(&message);
	Duration::from_secs_f64(best(20, 50, || {
		black_box(sr25519::Pair::verify(black_box(&signature), black_box(&message[..]), &public));
	}))
}

fn micros(duration: Duration) -> f64 {
	duration.as_secs_f64() * 1e6
}

pub(crate) fn ratio(a: Duration, b: Duration) -> f64 {
	a.as_secs_f64() / b.as_secs_f64()
}

impl Bench {
	fn set_up(&mut self) -> Result<()> {
		feed_all(&mut self.chain, &mut self.feeders, START)?;
		let genesis = self.chain.genesis();
		let deposits: Vec<_> = self
			.accounts
			.iter_mut()
			.map(|account| {
				let call = pallet_margin::Call::deposit { sub: 0, amount: 1_000_000_000_000 };
				account.sign(genesis, call)
			})
			.collect();
		self.chain.include(deposits)?;
		self.fresh_price()
	}

	/// Feed again, so that the next block trades on a fresh price.
	fn fresh_price(&mut self) -> Result<()> {
		feed_all(&mut self.chain, &mut self.feeders, START)
	}

	fn signed(&self, count: u32, call: impl Fn(u32) -> RuntimeCall) -> Vec<UncheckedExtrinsic> {
		let genesis = self.chain.genesis();
		(0..count)
			.zip(&self.accounts)
			.map(|(i, account)| account.sign_next(genesis, call(i)))
			.collect()
	}

	/// Transfers to accounts that exist and send nothing in this block.
	fn transfers(&self, count: u32) -> Vec<UncheckedExtrinsic> {
		self.signed(count, |i| {
			let dest = self.accounts[(count + i) as usize].id().into();
			pallet_balances::Call::transfer_keep_alive { dest, value: 1_000_000_000 }.into()
		})
	}

	fn batches(&self, count: u32) -> Vec<UncheckedExtrinsic> {
		self.signed(count, |i| {
			let actions = (0..32).map(|n| BatchAction::Place(resting(i * 32 + n))).collect();
			let actions = BoundedVec::truncate_from(actions);
			pallet_perpetuals::Call::batch { sub: 0, actions }.into()
		})
	}

	/// What one of the extrinsics costs in a block that holds them all.
	fn cost(&self, extrinsics: Vec<UncheckedExtrinsic>) -> Result<Cost> {
		let count = extrinsics.len();
		let mut authored = self.chain.author(extrinsics.clone(), None)?;
		if authored.included != count {
			return Err(format!("only {} of {count} fit a block", authored.included).into());
		}
		self.chain.expect_success(&authored)?;
		for _ in 1..AUTHORINGS {
			let again = self.chain.author(extrinsics.clone(), None)?;
			authored.pushing = authored.pushing.min(again.pushing);
		}
		let empty = self.chain.author([], None)?;
		let base = self.chain.execute(&empty, self.runs)?;
		let full = self.chain.execute(&authored, self.runs)?;
		let each = |all: Duration| all / count.max(1) as u32;
		Ok(Cost { executed: each(full.saturating_sub(base)), authored: each(authored.pushing) })
	}

	/// How many single orders fit a block by declared weight, and in the time of a slot.
	fn blocks(&self, report: &mut Report) -> Result<()> {
		let orders = || self.signed(self.accounts.len() as u32, |i| place(resting(i)));
		let declared = self.chain.author(orders(), None)?;
		self.chain.expect_success(&declared)?;
		report.add(DECLARED, declared.included as f64);
		report.note(format_args!(
			"declared for each, base included {:.0} us",
			micros(self.chain.charged(&declared)?)
		));
		let limit = AUTHORING.saturating_sub(declared.sealing);
		let authored = self.chain.author(orders(), Some(limit))?;
		report.add(AUTHORED, authored.included as f64);
		Ok(())
	}

	/// One order each of `count` accounts rests, then each is cancelled by its id.
	fn cancelled(&mut self, count: u32) -> Result<Cost> {
		let genesis = self.chain.genesis();
		let accounts = &mut self.accounts[..count as usize];
		let sign =
			|(i, account): (usize, &mut Account)| account.sign(genesis, place(resting(i as u32)));
		let signed: Vec<_> = accounts.iter_mut().enumerate().map(sign).collect();
		let authored = self.chain.author(signed, None)?;
		self.chain.expect_success(&authored)?;
		let placed = self.chain.placed(&authored)?;
		self.chain.import(authored)?;
		let cancel = |id: &OrderId| pallet_perpetuals::Call::cancel { sub: 0, id: *id };
		let sign = |(account, id): (&mut Account, _)| account.sign(genesis, cancel(id));
		let signed: Vec<_> = self.accounts.iter_mut().zip(&placed).map(sign).collect();
		let cost = self.cost(signed.clone())?;
		// Those who come next find the book as it was.
		self.chain.include(signed)?;
		self.fresh_price()?;
		Ok(cost)
	}

	/// Makers rest three to a level, then each taker sweeps one level.
	fn against_three_makers(&mut self, takers: u32) -> Result<Cost> {
		let genesis = self.chain.genesis();
		let takers = takers as usize;
		let makers: Vec<_> = self.accounts[takers..takers * 4]
			.iter_mut()
			.enumerate()
			.map(|(i, account)| {
				let price = Ticks(START.0 + 1 + (i / 3) as u32);
				let order = order(Side::Ask, price, 10, TimeInForce::GoodTilCancelled);
				account.sign(genesis, place(order))
			})
			.collect();
		self.chain.include(makers)?;
		self.fresh_price()?;
		let limit = Ticks(START.0 + 1 + takers as u32);
		let sweep = order(Side::Bid, limit, 30, TimeInForce::ImmediateOrCancel);
		let signed = self.signed(takers as u32, |_| place(sweep));
		let fills = self.fills(&self.chain.author(signed.clone(), None)?)?;
		if fills != 3 * takers {
			return Err(format!("{takers} takers had {fills} fills and not three each").into());
		}
		self.cost(signed)
	}

	fn fills(&self, authored: &Authored) -> Result<usize> {
		let is_fill = |event: &RuntimeEvent| {
			matches!(event, RuntimeEvent::Perpetuals(pallet_perpetuals::Event::Filled { .. }))
		};
		Ok(self.chain.events(authored)?.iter().filter(|record| is_fill(&record.event)).count())
	}
}
