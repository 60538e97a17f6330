//! What liquidating costs: waking accounts by a price step, closing them into the book, closing them
//! against others, and the arithmetic of health.

use crate::{
	accounts::Account,
	chain::{Authored, Chain},
	promise::{Report, DELEVERAGING, HEALTH, LIQUIDATED, STEP},
	state::{self, Pairs, Wanted},
	throughput::{feed_all, feeders, order, place, ratio, MARKET, START},
	Result,
};
use breakwater_math::{Accrual, Bracket, Health, Leg, RiskTerms};
use breakwater_primitives::{AccountRef, Contract, Lots, Ppm, Side, Ticks};
use breakwater_runtime::{weights::MAX_BLOCK, Runtime, RuntimeEvent, USDC_UNIT};
use codec::{Encode, MaxEncodedLen};
use pallet_margin::types::{Account as Stored, KeyRecord, Position};
use pallet_perpetuals::TimeInForce;
use sp_core::{sr25519, Pair};
use std::{
	collections::BTreeSet,
	hint::black_box,
	time::{Duration, Instant},
};

/// Accounts of the two states that are compared.
const FEW: u32 = 1_000;
const MANY: u32 = 1_000_000;
/// Triggers that the step crosses in either.
const CROSSED: u32 = 100;
/// The price after the step, in parts of the price before.
const STEP_TO: f64 = 0.9951;

/// Accounts under their margin at once, more than a block can close.
const LIQUIDATABLE: u32 = 1_500;
/// The price at which they are, in parts of the price before.
const FALL_TO: f64 = 0.983;

/// Accounts closed against others in one block, each against as many as one visit looks at.
const BANKRUPT: u32 = 4;
/// Counterparties of a block.
const COUNTERPARTIES: usize = 128;

fn at(part: f64) -> f64 {
	f64::from(START.0) * part
}

fn price(part: f64) -> Ticks {
	Ticks(at(part) as u32)
}

/// Numbers from zero to below one, the same in every run, that fill the range evenly.
fn spread(n: u32) -> f64 {
	(f64::from(n) * 0.618_033_988_749_895).fract()
}

/// Measure what waking accounts costs and add it to `report`.
pub fn step(report: &mut Report, runs: u32) -> Result<()> {
	let few = Woken::measure(report, FEW, runs)?;
	let many = Woken::measure(report, MANY, runs)?;
	report.add(STEP, ratio(many.took, few.took));
	Ok(())
}

/// What a step did.
struct Woken {
	took: Duration,
}

impl Woken {
	fn measure(report: &Report, accounts: u32, runs: u32) -> Result<Self> {
		let start = Instant::now();
		let mut chain = state::chain(&[], || populate(accounts))?;
		let built = start.elapsed();
		let mut feeders = feeders()?;
		feed_all(&mut chain, &mut feeders, START)?;
		let still = chain.author(reports(&chain, &feeders, START), None)?;
		let fall = chain.author(reports(&chain, &feeders, price(STEP_TO)), None)?;
		chain.expect_success(&fall)?;
		let prefix = frame_support::storage::storage_prefix(b"Margin", b"Accounts");
		let mut woken = chain.changed(&fall, &prefix);
		let (mut took, mut keys) = (Duration::ZERO, Keys::default());
		took += chain.execute(&fall, runs)?.saturating_sub(chain.execute(&still, runs)?);
		keys.add(&chain, &fall, &still)?;
		chain.import(fall)?;
		// What the feeds left is done by the blocks after them.
		for _ in 0..4 {
			let next = chain.author([], None)?;
			let changed = chain.changed(&next, &prefix);
			woken += changed;
			if changed > 0 {
				let parent = chain.author([], None)?;
				took += chain.execute(&next, runs)?;
				keys.add_all(&chain, &next)?;
				chain.import(parent)?;
			} else {
				// As many empty blocks were paid for as had something to do.
				let empty = chain.execute(&next, runs)?;
				took = took.saturating_sub(empty * keys.blocks);
				keys.subtract(&chain, &next)?;
				break;
			}
		}
		let Keys { reads, writes, .. } = keys;
		report.note(format_args!(
			"{accounts} accounts, made in {:.0} s: a step wakes {woken} accounts in {:.2} ms, reads \
			 {reads} keys and changes {writes}",
			built.as_secs_f64(),
			took.as_secs_f64() * 1e3,
		));
		Ok(Self { took })
	}
}

/// Keys that blocks looked at and changed beyond those of empty ones.
#[derive(Default)]
struct Keys {
	reads: i64,
	writes: i64,
	/// Blocks of which the keys of an empty one are to be taken off.
	blocks: u32,
}

impl Keys {
	fn add(&mut self, chain: &Chain, block: &Authored, base: &Authored) -> Result<()> {
		let (block, base) = (chain.touched(block)?, chain.touched(base)?);
		self.reads += block.reads as i64 - base.reads as i64;
		self.writes += block.writes as i64 - base.writes as i64;
		Ok(())
	}
	fn add_all(&mut self, chain: &Chain, block: &Authored) -> Result<()> {
		let block = chain.touched(block)?;
		self.reads += block.reads as i64;
		self.writes += block.writes as i64;
		self.blocks += 1;
		Ok(())
	}
	fn subtract(&mut self, chain: &Chain, empty: &Authored) -> Result<()> {
		let empty = chain.touched(empty)?;
		self.reads -= i64::from(self.blocks) * empty.reads as i64;
		self.writes -= i64::from(self.blocks) * empty.writes as i64;
		Ok(())
	}
}

/// `accounts` accounts, of which the triggers of [`CROSSED`] longs lie between the prices before and
/// after the step, and nobody else's within 5 %.
fn populate(accounts: u32) -> Result<()> {
	state::feed(START)?;
	let mut pairs = Pairs::default();
	for n in 0..accounts / 2 {
		let long = if n < CROSSED { 0.9946 + 0.0004 * spread(n) } else { 0.4 + 0.55 * spread(n) };
		pairs.add(Wanted {
			lots: 20 + u64::from(n % 60),
			long: at(long),
			short: at(1.05 + 0.55 * spread(n + 7)),
			price: at(0.97 + 0.06 * spread(n + 3)) as u32,
		})?;
	}
	pairs.finish()
}

fn reports(
	chain: &Chain,
	feeders: &[Account],
	price: Ticks,
) -> Vec<breakwater_runtime::UncheckedExtrinsic> {
	let prices = frame_support::BoundedVec::truncate_from(vec![(MARKET, price)]);
	let call = pallet_price_guard::Call::<Runtime>::feed { prices };
	feeders.iter().map(|feeder| feeder.sign_next(chain.genesis(), call.clone())).collect()
}

/// Measure how many accounts a block closes into the book, and add it to `report`.
pub fn rate(report: &mut Report, runs: u32) -> Result<()> {
	let mut chain = state::chain(&[], crowd)?;
	let mut feeders = feeders()?;
	feed_all(&mut chain, &mut feeders, START)?;
	feed_all(&mut chain, &mut feeders, price(FALL_TO))?;
	let (mut most, mut left) = (0, 0);
	for _ in 0..12 {
		let block = chain.author([], None)?;
		let closed = closed_into_book(&chain, &block)?;
		if closed > most {
			let empty = Duration::from_millis(2);
			let took = chain.execute(&block, runs)?.saturating_sub(empty);
			report.note(format_args!(
				"a block that closes {closed} accounts into the book takes {:.0} ms, {:.0} us each",
				took.as_secs_f64() * 1e3,
				took.as_secs_f64() * 1e6 / closed as f64,
			));
			most = closed;
		}
		left += closed;
		chain.import(block)?;
	}
	report.note(format_args!("twelve blocks closed {left} accounts of {LIQUIDATABLE}"));
	report.add(LIQUIDATED, most as f64);
	Ok(())
}

/// Many small longs close to their margin, and a book that takes them all.
fn crowd() -> Result<()> {
	state::feed(START)?;
	let mut pairs = Pairs::default();
	for n in 0..LIQUIDATABLE {
		pairs.add(Wanted {
			// Some 700 quote units, so that each is closed whole.
			lots: 80 + u64::from(n % 40),
			long: at(0.9835 + 0.0065 * spread(n)),
			short: at(1.5),
			price: START.0,
		})?;
	}
	pairs.finish()?;
	let rich = breakwater_runtime::genesis_presets::accounts::issuer();
	let amount = 10_000_000 * USDC_UNIT;
	state::call(rich.clone(), pallet_margin::Call::deposit { sub: 0, amount })?;
	for n in 0..60 {
		let bid =
			order(Side::Bid, price(0.9825 - 0.00004 * f64::from(n)), 20_000, TimeInForce::PostOnly);
		state::call(rich.clone(), place(bid))?;
	}
	Ok(())
}

fn closed_into_book(chain: &Chain, block: &Authored) -> Result<usize> {
	let accounts: BTreeSet<AccountRef> = chain
		.events(block)?
		.into_iter()
		.filter_map(|record| match record.event {
			RuntimeEvent::Margin(pallet_margin::Event::Liquidated { account, .. }) => Some(account),
			_ => None,
		})
		.collect();
	Ok(accounts.len())
}

/// Measure deleveraging against [`COUNTERPARTIES`] accounts in one block, and add it to `report`.
pub fn deleveraging(report: &mut Report, runs: u32) -> Result<()> {
	let mut chain = state::chain(&[], || {
		state::feed(START)?;
		let mut pairs = Pairs::default();
		for n in 0..BANKRUPT {
			// Large longs that are bankrupt after the fall.
			let (long, short) = (at(0.9995), at(3.0));
			pairs.add(Wanted { lots: 30_000 + u64::from(n), long, short, price: START.0 })?;
		}
		for n in 0..4 * COUNTERPARTIES as u32 {
			// Small shorts with much leverage, against longs with little.
			let (long, short) = (at(0.5), at(1.02 + 0.02 * spread(n)));
			pairs.add(Wanted { lots: 100 + u64::from(n % 50), long, short, price: START.0 })?;
		}
		pairs.finish()
	})?;
	let mut feeders = feeders()?;
	feed_all(&mut chain, &mut feeders, START)?;
	let before = chain.author(reports(&chain, &feeders, START), None)?;
	let fall = chain.author(reports(&chain, &feeders, price(0.974)), None)?;
	let mut closed = counterparties(&chain, &fall)?;
	let mut took = chain.execute(&fall, runs)?.saturating_sub(chain.execute(&before, runs)?);
	chain.import(fall)?;
	for _ in 0..4 {
		let block = chain.author([], None)?;
		let now = counterparties(&chain, &block)?;
		if now > closed {
			(closed, took) = (now, chain.execute(&block, runs)?);
		}
		chain.import(block)?;
	}
	report.note(format_args!(
		"a block that deleverages against {closed} counterparties takes {:.1} ms for it",
		took.as_secs_f64() * 1e3
	));
	if closed < COUNTERPARTIES {
		return Err(format!("a block deleveraged against {closed} of {COUNTERPARTIES}").into());
	}
	let block = Duration::from_nanos(MAX_BLOCK.ref_time() / 1_000);
	report.add(DELEVERAGING, ratio(took, block));
	Ok(())
}

fn counterparties(chain: &Chain, block: &Authored) -> Result<usize> {
	let closed = chain.events(block)?.into_iter().filter(|record| {
		matches!(record.event, RuntimeEvent::Margin(pallet_margin::Event::Deleveraged { .. }))
	});
	Ok(closed.count())
}

/// Measure the arithmetic of health and what accounts take to store, and add them to `report`.
pub fn health(report: &mut Report) -> Result<()> {
	let usd = |amount: u128| amount * USDC_UNIT;
	let bracket = |floor, percent: u32| Bracket { floor: usd(floor), rate: Ppm(percent * 10_000) };
	let terms = RiskTerms {
		contract: Contract { unit: 100 },
		brackets: [
			bracket(0, 2),
			bracket(250_000, 3),
			bracket(1_000_000, 5),
			bracket(5_000_000, 10),
		],
		..Default::default()
	};
	let leg = |n: i64| Leg {
		terms: &terms,
		lots: (n * 150_000 - 600_000) | 1,
		cost: i128::from(n) * 1_050_000_000_000,
		funding: Accrual { since: 0, now: i128::from(n) << 30 },
		price: Ticks(70_000 + n as u32),
	};
	let legs: Vec<_> = (0..8).map(leg).collect();
	let healths = best(50, 2_000, || {
		black_box(Health::of(black_box(1_000_000_000), black_box(&legs).iter().copied()));
	});
	let key = sr25519::Pair::from_seed(&[7; 32]);
	let (message, public) = ([9u8; 128], key.public());
	let signature = key.sign(&message);
	let checks = best(20, 50, || {
		black_box(sr25519::Pair::verify(black_box(&signature), black_box(&message[..]), &public));
	});
	report.note(format_args!(
		"health of eight positions {:.2} us, a signature check {:.1} us",
		healths * 1e6,
		checks * 1e6
	));
	report.add(HEALTH, healths / checks);
	stored(report);
	Ok(())
}

/// Seconds of one run: the best of `rounds` means over `times`.
pub(crate) fn best(rounds: u32, times: u32, mut run: impl FnMut()) -> f64 {
	let mut least = f64::INFINITY;
	for _ in 0..rounds {
		let start = Instant::now();
		(0..times).for_each(|_| run());
		least = least.min(start.elapsed().as_secs_f64() / f64::from(times));
	}
	least
}

/// What an account and a position take to store: values, and the keys under which they are.
fn stored(report: &Report) {
	let account = Stored::new(state::stranger(1), 0);
	let mut with_position = account.clone();
	let position = Position { market: MARKET, lots: 1_000, ..Default::default() };
	// An account has room for more than one.
	let _ = with_position.positions.try_push(position);
	let (bare, one) = (account.encoded_size(), with_position.encoded_size());
	let account_key = pallet_margin::Accounts::<Runtime>::hashed_key_for(AccountRef(1)).len();
	let key = pallet_margin::Keys::<Runtime>::hashed_key_for((state::stranger(1), 0)).len();
	let record = KeyRecord::max_encoded_len();
	report.note(format_args!(
		"stored for an account: {bare} bytes under a key of {account_key}, its owner's record of \
		 {record} under a key of {key}: {} in all, at most {}",
		bare + account_key + record + key,
		Stored::<breakwater_runtime::AccountId>::max_encoded_len() + account_key + record + key,
	));
	let trigger = breakwater_core::trigger::Trigger::max_encoded_len();
	report.note(format_args!(
		"stored for a position: {} bytes in its account, {trigger} for each of its two triggers and \
		 its place on the grid: {} in all, without a key of its own",
		one - bare,
		one - bare + 3 * trigger,
	));
	debug_assert_eq!(Lots::max_encoded_len(), 8);
}
