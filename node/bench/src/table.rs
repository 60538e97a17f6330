//! What each call reads, writes and proves, and what it is charged beside what it takes.
//!
//! A block with one call is compared with an empty one: keys looked at and keys changed beyond those
//! of every block, and how much larger its storage proof is. Blocks full of the call from accounts
//! of their own tell the time, which the charged weight must cover and must not exceed twice. Weights
//! are those of the machine that made them; how fast this one is tells a signed remark, which is
//! what the base weight of an extrinsic was measured by.

use crate::{
	accounts::Account,
	chain::{declared, Chain},
	promise::{Report, CHARGED_COVERS, CHARGED_EXCEEDS},
	throughput::{feed_all, feeders, order, place, ratio, resting_price, MARKET, START},
	Result,
};
use breakwater_primitives::{OrderId, Side, Ticks};
use breakwater_runtime::{
	weights::REMARK, RuntimeCall, UncheckedExtrinsic, USDC_UNIT, WBTC, WBTC_UNIT,
};
use frame_support::BoundedVec;
use pallet_perpetuals::{BatchAction, Crossing, PlaceOrder, StopOrder, TimeInForce};
use std::{fmt::Write as _, time::Duration};

/// Calls of one kind in a timed block.
const CALLS: usize = 128;
/// Makers behind each taker of the timed blocks.
const MAKERS: usize = 3;
/// The number that each caller gave his order that rests.
const CLIENT: u64 = 1;
/// What each caller backs the global fund with.
const BACKING: u128 = 100 * USDC_UNIT;
/// Other collateral that each caller deposits: a thousandth of a coin.
const OTHER: u128 = WBTC_UNIT / 1_000;

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
	let bench = Bench::new(runs)?;
	let remark =
		bench.row("system.remark", &|_| frame_system::Call::remark { remark: vec![] }.into())?;
	// More than one where this machine is slower than that of the weights.
	let pace = ratio(remark.took, REMARK);
	let mut rows = vec![remark];
	for (name, call) in calls(&bench.resting) {
		rows.push(bench.row(name, &call)?);
	}
	rows.push(bench.feed()?);
	let table = markdown(&rows);
	print!("{table}");
	if let Some(file) = file {
		std::fs::write(file, &table)?;
	}
	report.note(format_args!(
		"a signed remark takes {pace:.2} times as long as where weights were made"
	));
	let shares = || rows.iter().map(|row| ratio(row.charged, row.took) * pace);
	report.add(CHARGED_COVERS, shares().fold(f64::INFINITY, f64::min));
	report.add(CHARGED_EXCEEDS, shares().fold(0.0, f64::max));
	Ok(())
}

/// A bid of the `i`th caller that rests, in pages that the other callers' bids share.
fn bid(i: usize) -> PlaceOrder {
	order(Side::Bid, resting_price(Side::Bid, i as u32), 10, TimeInForce::GoodTilCancelled)
}

/// Bids away from the touch when the mark falls.
fn stop(i: usize) -> StopOrder {
	StopOrder {
		when: Crossing::AtOrBelow,
		trigger: Ticks(START.0 - 1_000 - i as u32),
		order: bid(i),
	}
}

fn take(lots: u64) -> RuntimeCall {
	let limit = Ticks(START.0 + 1 + CALLS as u32);
	place(order(Side::Bid, limit, lots, TimeInForce::ImmediateOrCancel))
}

fn batch(actions: Vec<BatchAction>) -> RuntimeCall {
	pallet_perpetuals::Call::batch { sub: 0, actions: BoundedVec::truncate_from(actions) }.into()
}

fn row<'a>(
	name: &'static str,
	call: impl Fn(usize) -> RuntimeCall + 'a,
) -> (&'static str, Call<'a>) {
	(name, Box::new(call))
}

/// What anybody may send, by what it does.
fn calls(resting: &[OrderId]) -> Vec<(&'static str, Call<'_>)> {
	let mut calls = orders(resting);
	calls.extend(collateral());
	calls.extend(insurance());
	calls
}

fn orders(resting: &[OrderId]) -> Vec<(&'static str, Call<'_>)> {
	use pallet_perpetuals::Call;
	vec![
		row("perpetuals.place, rests", |i| place(bid(i))),
		row("perpetuals.place, one maker", |_| take(10)),
		row("perpetuals.place, three makers", |_| take(10 * MAKERS as u64)),
		row("perpetuals.batch of 32", |i| {
			batch((0..32).map(|n| BatchAction::Place(bid(i * 32 + n))).collect())
		}),
		row("perpetuals.batch, one replaced", |i| {
			batch(vec![BatchAction::Replace { id: resting[i], order: bid(i + 1) }])
		}),
		row("perpetuals.cancel", |i| Call::cancel { sub: 0, id: resting[i] }.into()),
		row("perpetuals.cancel_client", |_| Call::cancel_client { sub: 0, client: CLIENT }.into()),
		row("perpetuals.cancel_all, one order", |_| {
			Call::cancel_all { sub: 0, market: None }.into()
		}),
		row("perpetuals.set_switch", |_| Call::set_switch { sub: 0, blocks: 100 }.into()),
		row("perpetuals.place_stop", |i| Call::place_stop { sub: 0, stop: stop(i) }.into()),
		row("perpetuals.cancel_stop", |_| Call::cancel_stop { sub: 0, slot: Some(0) }.into()),
	]
}

fn collateral() -> Vec<(&'static str, Call<'static>)> {
	use pallet_margin::Call;
	let key = |i: usize| crate::state::stranger(i as u64);
	vec![
		row("margin.deposit", |_| Call::deposit { sub: 0, amount: USDC_UNIT }.into()),
		row("margin.deposit, new account", |_| {
			Call::deposit { sub: 2, amount: 20 * USDC_UNIT }.into()
		}),
		row("margin.withdraw", |_| Call::withdraw { sub: 0, amount: USDC_UNIT }.into()),
		row("margin.transfer", |_| Call::transfer { from: 0, to: 1, amount: USDC_UNIT }.into()),
		row("margin.deposit_asset", |_| deposit_other()),
		row("margin.withdraw_asset", |_| {
			Call::withdraw_asset { sub: 0, asset: WBTC, amount: OTHER / 2 }.into()
		}),
		row("margin.set_leverage", |_| {
			Call::set_leverage { sub: 0, market: MARKET, leverage: 5 }.into()
		}),
		row("margin.set_key", move |i| {
			Call::set_key { sub: 0, key: key(i), until: u64::MAX }.into()
		}),
	]
}

fn insurance() -> Vec<(&'static str, Call<'static>)> {
	use pallet_insurance::Call;
	vec![
		row("insurance.contribute", |_| {
			Call::contribute { market: Some(MARKET), amount: USDC_UNIT }.into()
		}),
		row("insurance.back", |_| Call::back { amount: BACKING }.into()),
		row("insurance.notice", |_| Call::notice { shares: 1_000_000 }.into()),
	]
}

fn deposit_other() -> RuntimeCall {
	pallet_margin::Call::deposit_asset { sub: 0, asset: WBTC, amount: OTHER }.into()
}

impl Bench {
	fn new(runs: u32) -> Result<Self> {
		let accounts = (0..CALLS * (1 + MAKERS))
			.map(|i| Account::known(&format!("//table//{i}")))
			.collect::<Result<Vec<_>>>()?;
		let (chain, feeders) = (Chain::new(&accounts)?, feeders()?);
		let mut bench = Self { chain, feeders, accounts, resting: Vec::new(), runs };
		bench.fresh_price()?;
		let everybody = 1 + MAKERS;
		bench.send(everybody, |_| {
			pallet_margin::Call::deposit { sub: 0, amount: 1_000_000 * USDC_UNIT }.into()
		})?;
		bench.send(1, |_| {
			pallet_margin::Call::deposit { sub: 1, amount: 1_000 * USDC_UNIT }.into()
		})?;
		bench.send(1, |_| deposit_other())?;
		bench.send(1, |_| pallet_insurance::Call::back { amount: BACKING }.into())?;
		bench.fresh_price()?;
		bench.send(1, |i| pallet_perpetuals::Call::place_stop { sub: 0, stop: stop(i) }.into())?;
		bench.send(everybody, |i| {
			place(match i.checked_sub(CALLS) {
				None => PlaceOrder { client: CLIENT, ..bid(i) },
				// Three to a level, so that each taker of three sweeps one.
				Some(maker) => order(
					Side::Ask,
					resting_price(Side::Ask, (maker / MAKERS) as u32),
					10,
					TimeInForce::GoodTilCancelled,
				),
			})
		})?;
		bench.fresh_price()?;
		Ok(bench)
	}

	fn fresh_price(&mut self) -> Result<()> {
		feed_all(&mut self.chain, &mut self.feeders, START)
	}

	/// A call by each of the first accounts, so many times as many as there are callers; and remember
	/// the callers' orders that come to rest.
	fn send(&mut self, times: usize, call: impl Fn(usize) -> RuntimeCall) -> Result<()> {
		let genesis = self.chain.genesis();
		for chunk in 0..times {
			let range = chunk * CALLS..(chunk + 1) * CALLS;
			let signed = range.map(|i| self.accounts[i].sign(genesis, call(i))).collect::<Vec<_>>();
			let authored = self.chain.author(signed, None)?;
			if authored.included < CALLS {
				return Err("the calls that prepare the table do not fit a block".into());
			}
			self.chain.expect_success(&authored)?;
			if chunk == 0 {
				self.resting.extend(self.chain.placed(&authored)?);
			}
			self.chain.import(authored)?;
		}
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
