//! What each call reads, writes and proves, and what it is charged beside what it takes.
//!
//! A block with one call is compared with an empty one: keys looked at and keys changed beyond those
//! of every block, and how much larger its storage proof is. Blocks full of the call from accounts
//! of their own tell the time, which the charged weight must cover and must not exceed twice.

use crate::{
	accounts::Account,
	chain::{declared, Authored, Chain},
	promise::{Report, CHARGED_COVERS, CHARGED_EXCEEDS},
	throughput::{feed_all, feeders, order, place, ratio, resting_price, MARKET, START},
	Result,
};
use breakwater_primitives::{OrderId, Side, Ticks};
use breakwater_runtime::{RuntimeCall, RuntimeEvent, UncheckedExtrinsic};
use frame_support::BoundedVec;
use pallet_perpetuals::{BatchAction, TimeInForce};
use std::{fmt::Write as _, time::Duration};

/// Calls of one kind in a timed block.
const CALLS: usize = 128;
/// Makers behind each taker of the timed blocks.
const MAKERS: usize = 3;

/// One row.
struct Row {
	name: &'static str,
	reads: usize,
	writes: usize,
	proof: usize,
	took: Duration,
	declared: Duration,
	charged: Duration,
}

/// A call by the `i`th account.
type Call<'a> = Box<dyn Fn(usize) -> RuntimeCall + 'a>;

struct Bench {
	chain: Chain,
	feeders: Vec<Account>,
	/// First those that call, then the makers of the takers among them.
	accounts: Vec<Account>,
	/// An order of each caller that rests.
	resting: Vec<OrderId>,
	runs: u32,
}

/// Print the table, and add to `report` how the charged weights lie to what was measured.
pub fn measure(report: &mut Report, runs: u32, file: Option<&std::path::Path>) -> Result<()> {
	let mut bench = Bench::new(runs)?;
	let mut rows = Vec::new();
	for (name, call) in calls(&bench.resting) {
		rows.push(bench.row(name, &call)?);
	}
	rows.push(bench.feed()?);
	let table = markdown(&rows);
	print!("{table}");
	if let Some(file) = file {
		std::fs::write(file, &table)?;
	}
	let shares = || rows.iter().map(|row| ratio(row.charged, row.took));
	report.add(CHARGED_COVERS, shares().fold(f64::INFINITY, f64::min));
	report.add(CHARGED_EXCEEDS, shares().fold(0.0, f64::max));
	bench.feeders.clear();
	Ok(())
}

fn calls(resting: &[OrderId]) -> Vec<(&'static str, Call<'_>)> {
	let take = |lots| {
		let limit = Ticks(START.0 + 1 + CALLS as u32);
		place(order(Side::Bid, limit, lots, TimeInForce::ImmediateOrCancel))
	};
	let bid = |i: usize| {
		order(Side::Bid, resting_price(Side::Bid, i as u32), 10, TimeInForce::GoodTilCancelled)
	};
	let batch = move |i: usize| {
		let actions = (0..32).map(|n| BatchAction::Place(bid(i * 32 + n))).collect();
		let actions = BoundedVec::truncate_from(actions);
		RuntimeCall::from(pallet_perpetuals::Call::batch { sub: 0, actions })
	};
	vec![
		("system.remark", Box::new(|_| frame_system::Call::remark { remark: vec![] }.into())),
		("perpetuals.place, rests", Box::new(move |i| place(bid(i)))),
		("perpetuals.place, one maker", Box::new(move |_| take(10))),
		("perpetuals.place, three makers", Box::new(move |_| take(10 * MAKERS as u64))),
		("perpetuals.batch of 32", Box::new(batch)),
		(
			"perpetuals.cancel",
			Box::new(|i| pallet_perpetuals::Call::cancel { sub: 0, id: resting[i] }.into()),
		),
		(
			"perpetuals.cancel_all, one order",
			Box::new(|_| pallet_perpetuals::Call::cancel_all { sub: 0, market: None }.into()),
		),
		(
			"margin.deposit",
			Box::new(|_| pallet_margin::Call::deposit { sub: 0, amount: 1_000_000 }.into()),
		),
		(
			"margin.withdraw",
			Box::new(|_| pallet_margin::Call::withdraw { sub: 0, amount: 1_000_000 }.into()),
		),
		(
			"insurance.contribute",
			Box::new(|_| {
				let (market, amount) = (Some(MARKET), 1_000_000);
				pallet_insurance::Call::contribute { market, amount }.into()
			}),
		),
	]
}

impl Bench {
	fn new(runs: u32) -> Result<Self> {
		let accounts = (0..CALLS * (1 + MAKERS))
			.map(|i| Account::known(&format!("//table//{i}")))
			.collect::<Result<Vec<_>>>()?;
		let (chain, feeders) = (Chain::new(&accounts)?, feeders()?);
		let mut bench = Self { chain, feeders, accounts, resting: Vec::new(), runs };
		feed_all(&mut bench.chain, &mut bench.feeders, START)?;
		bench.each(|_, _| {
			pallet_margin::Call::deposit { sub: 0, amount: 1_000_000_000_000 }.into()
		})?;
		feed_all(&mut bench.chain, &mut bench.feeders, START)?;
		bench.each(|i, caller| {
			let (side, at) = match caller {
				true => (Side::Bid, i as u32),
				// Three to a level, so that each taker of three sweeps one.
				false => (Side::Ask, (i - CALLS) as u32 / MAKERS as u32),
			};
			place(order(side, resting_price(side, at), 10, TimeInForce::GoodTilCancelled))
		})?;
		feed_all(&mut bench.chain, &mut bench.feeders, START)?;
		Ok(bench)
	}

	/// A call by every account, which is told its number and whether it is one of the callers; and
	/// remember the callers' orders that rest.
	fn each(&mut self, call: impl Fn(usize, bool) -> RuntimeCall) -> Result<()> {
		let genesis = self.chain.genesis();
		for chunk in 0..=MAKERS {
			let range = chunk * CALLS..(chunk + 1) * CALLS;
			let signed = range
				.map(|i| self.accounts[i].sign(genesis, call(i, i < CALLS)))
				.collect::<Vec<_>>();
			let authored = self.chain.author(signed, None)?;
			if authored.included < CALLS {
				return Err("the calls that prepare the table do not fit a block".into());
			}
			self.chain.expect_success(&authored)?;
			if chunk == 0 {
				self.remember(&authored)?;
			}
			self.chain.import(authored)?;
		}
		Ok(())
	}

	fn remember(&mut self, authored: &Authored) -> Result<()> {
		let placed =
			self.chain.events(authored)?.into_iter().filter_map(|record| match record.event {
				RuntimeEvent::Perpetuals(pallet_perpetuals::Event::OrderPlaced { id, .. }) => {
					Some(id)
				},
				_ => None,
			});
		self.resting.extend(placed);
		Ok(())
	}

	fn row(&self, name: &'static str, call: &dyn Fn(usize) -> RuntimeCall) -> Result<Row> {
		let genesis = self.chain.genesis();
		let calls = (0..CALLS).map(call).collect::<Vec<_>>();
		let signed = calls
			.iter()
			.zip(&self.accounts)
			.map(|(call, account)| account.sign_next(genesis, call.clone()))
			.collect();
		self.measure(name, &calls[0], signed)
	}

	/// Four feeders is all there are, and each feeds once a block.
	fn feed(&self) -> Result<Row> {
		let genesis = self.chain.genesis();
		let prices = BoundedVec::truncate_from(vec![(MARKET, START)]);
		let call = RuntimeCall::from(pallet_price_guard::Call::feed { prices });
		let sign = |feeder: &Account| feeder.sign_next(genesis, call.clone());
		let signed = self.feeders.iter().map(sign).collect();
		self.measure("price_guard.feed, one market", &call, signed)
	}

	fn measure(
		&self,
		name: &'static str,
		call: &RuntimeCall,
		signed: Vec<UncheckedExtrinsic>,
	) -> Result<Row> {
		let empty = self.chain.author([], None)?;
		let one = self.chain.author(signed.first().cloned(), None)?;
		let many = self.chain.author(signed, None)?;
		self.chain.expect_success(&one)?;
		self.chain.expect_success(&many)?;
		let (before, after) = (self.chain.touched(&empty)?, self.chain.touched(&one)?);
		let base = self.chain.execute(&empty, self.runs)?;
		let full = self.chain.execute(&many, self.runs)?;
		let included = many.included.max(1) as u32;
		Ok(Row {
			name,
			reads: after.reads.saturating_sub(before.reads),
			writes: after.writes.saturating_sub(before.writes),
			proof: after.proof.saturating_sub(before.proof),
			took: full.saturating_sub(base) / included,
			declared: declared(call),
			charged: self.chain.charged(&many)?,
		})
	}
}

fn markdown(rows: &[Row]) -> String {
	let mut table = String::from(
		"| call | keys read | keys changed | proof, bytes | took, us | charged, us | declared, us |\n\
		 |---|---:|---:|---:|---:|---:|---:|\n",
	);
	for row in rows {
		let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
		let Row { name, reads, writes, proof, .. } = row;
		let (took, charged, declared) =
			(micros(row.took), micros(row.charged), micros(row.declared));
		// Writing to a string cannot fail.
		let _ = writeln!(
			table,
			"| {name} | {reads} | {writes} | {proof} | {took:.0} | {charged:.0} | {declared:.0} |"
		);
	}
	table
}
