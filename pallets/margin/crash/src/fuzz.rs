//! Whatever can be sent, in any order, at any price: after each step the sums agree, and every few
//! steps all invariants of all pallets are checked.
//!
//! A sequence is determined by its seed: the traders of a small exchange with three markets, one of
//! them trading in batches, send every signed call there is, with arguments that mostly make sense and
//! sometimes none; prices drift, jump and are disputed; blocks and years pass; governance restricts
//! and changes terms. What is refused must change nothing that matters; what is accepted must leave
//! every unit where it belongs.
//!
//! A call for which nothing here knows sensible arguments is drawn from random bytes, so that a new
//! call is tried without anybody remembering to add it.

mod draw;

use crate::{
	chain,
	incident::Shape,
	random::Random,
	runtime::{
		self, AccountId, Assets, Insurance, Margin, Quarantine, Runtime, RuntimeCall, RuntimeEvent,
		Timestamp, ISSUER, USDC, USDC_UNIT,
	},
};
use breakwater_primitives::{Backstop, Level, Lots, MarketId, Scope, Side, Ticks};
use draw::Draw;
use frame_support::{traits::GetCallMetadata, BoundedVec};
use pallet_margin::types::MarketTotals;
use pallet_perpetuals::{Mode, NewMarket, OrderKind, PlaceOrder, Tier, TimeInForce};
use sp_runtime::traits::Dispatchable;
use std::collections::BTreeMap;

/// The traders.
const TRADERS: core::ops::Range<AccountId> = 10..22;
/// Markets of the exchange.
const MARKETS: u16 = 3;
/// What everybody holds, in whole units.
const PURSE: u128 = 5_000_000;
/// When a sequence begins, in milliseconds since the Unix epoch.
const START: u64 = 1_700_000_000_000;
/// The prices at which the markets begin, in ticks.
const PRICES: [u32; MARKETS as usize] = [100_000, 20_000, 50_000];

/// What many sequences did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
	/// Sequences.
	pub sequences: u64,
	/// Steps: calls, prices, blocks.
	pub steps: u64,
	/// Full checks of all invariants.
	pub checks: u64,
	/// How often each call was tried and accepted, by `Pallet.call`.
	pub calls: BTreeMap<String, (u64, u64)>,
	/// How often each error refused a call.
	pub refusals: BTreeMap<&'static str, u64>,
	/// How often what happened that matters most here, by name.
	pub events: BTreeMap<&'static str, u64>,
}

/// An invariant that does not hold, with what repeats it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
	/// The seed of the sequence.
	pub seed: u64,
	/// The step after which it was found, from 1.
	pub step: u64,
	/// What the step was.
	pub told: String,
	/// What does not hold.
	pub what: String,
}

impl core::fmt::Display for Failure {
	fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
		let Self { seed, step, told, what } = self;
		write!(f, "seed {seed}, step {step}: {what}, after {told}")
	}
}

/// How long sequences are and how often everything is checked.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
	/// Steps of a sequence.
	pub length: u64,
	/// Steps between two full checks; one comes at the end of a sequence in any case.
	pub check_every: u64,
}

impl Report {
	/// Add a sequence: that of `seed`.
	pub fn sequence(&mut self, seed: u64, plan: Plan) -> Result<(), Failure> {
		let run = || {
			runtime::state(TRADERS.map(|who| (who, PURSE))).execute_with(|| {
				Quarantine::set(true);
				let mut fuzz = Fuzz { random: Random::new(seed), seed, step: 0, report: self };
				let done = fuzz.begin().and_then(|()| fuzz.run(plan));
				Quarantine::set(false);
				done
			})
		};
		// The message of a panic is told where it happens; here its seed is added.
		std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|_| {
			let (told, what) = ("whatever it was".into(), "it panicked".into());
			Err(Failure { seed, step: 0, told, what })
		})
	}

	/// Put two reports together.
	pub fn merge(&mut self, other: Self) {
		self.sequences += other.sequences;
		self.steps += other.steps;
		self.checks += other.checks;
		for (name, (tried, accepted)) in other.calls {
			let sum = self.calls.entry(name).or_default();
			*sum = (sum.0 + tried, sum.1 + accepted);
		}
		for (name, times) in other.refusals {
			*self.refusals.entry(name).or_default() += times;
		}
		for (name, times) in other.events {
			*self.events.entry(name).or_default() += times;
		}
	}

	/// Calls of traders that were never tried.
	pub fn untried(&self) -> Vec<String> {
		let all = draw::PALLETS.iter().flat_map(|pallet| {
			RuntimeCall::get_call_names(pallet).iter().map(move |call| format!("{pallet}.{call}"))
		});
		all.filter(|name| !self.calls.contains_key(name)).collect()
	}
}

struct Fuzz<'a> {
	random: Random,
	seed: u64,
	step: u64,
	report: &'a mut Report,
}

impl Fuzz<'_> {
	fn fail(&self, told: &str, what: impl Into<String>) -> Failure {
		Failure { seed: self.seed, step: self.step, told: told.into(), what: what.into() }
	}

	/// Markets with prices and funds, and traders with collateral.
	fn begin(&mut self) -> Result<(), Failure> {
		chain::begin(1, START);
		for (tier, symbol, mode) in [
			(Tier::A, "ONE", Mode::Continuous),
			(Tier::B, "TWO", Mode::Continuous),
			(Tier::C, "BATCH", Mode::FrequentBatch),
		] {
			let shape = Shape { tier, ticks_per_unit: 10.0, lots_per_unit: 1_000 };
			let symbol = BoundedVec::truncate_from(symbol.into());
			chain::list(&NewMarket { symbol, mode, ..shape.market() });
		}
		let prices = (0..).map(MarketId).zip(PRICES.map(Ticks));
		chain::feed(&prices.collect::<Vec<_>>());
		for market in [Some(MarketId(0)), None] {
			let amount = u128::from(self.random.below(20_000) + 1) * USDC_UNIT;
			let give = pallet_insurance::Call::<Runtime>::contribute { market, amount };
			chain::call(ISSUER, give)
				.map_err(|error| self.fail("contribute", format!("{error:?}")))?;
		}
		for who in TRADERS {
			// From a hundred to a hundred thousand: accounts of every size.
			let amount = (100 * USDC_UNIT) << self.random.below(11);
			let deposit = pallet_margin::Call::<Runtime>::deposit { sub: 0, amount };
			chain::call(who, deposit)
				.map_err(|error| self.fail("deposit", format!("{error:?}")))?;
		}
		self.open();
		Ok(())
	}

	/// Each two traders open a position against each other, with much leverage: whoever has less decides
	/// how much, and it may be refused.
	fn open(&mut self) {
		for buyer in TRADERS.step_by(2) {
			let (seller, market) = (buyer + 1, MarketId(self.random.below(2) as u16));
			let price = Ticks(draw::index(market));
			let leverage = if market.0 == 0 { 24 } else { 11 };
			let least = draw::quote(buyer).min(draw::quote(seller));
			let value = least * u128::from(2 + self.random.below(leverage - 1));
			let lots = Lots(u64::try_from(value / (u128::from(price.0) * 100)).unwrap_or(1).max(1));
			for (who, side) in [(seller, Side::Ask), (buyer, Side::Bid)] {
				let time_in_force = TimeInForce::GoodTilCancelled;
				let kind = OrderKind::Limit { price, time_in_force };
				let order = PlaceOrder::new(market, side, kind, lots);
				let place = pallet_perpetuals::Call::<Runtime>::place { sub: 0, order };
				let _ = chain::call(who, place);
			}
		}
	}

	fn run(&mut self, plan: Plan) -> Result<(), Failure> {
		for step in 1..=plan.length {
			self.step = step;
			let told = self.act();
			self.report.steps += 1;
			quick_check().map_err(|what| self.fail(&told, what))?;
			if step % plan.check_every == 0 || step == plan.length {
				self.report.checks += 1;
				chain::check().map_err(|error| self.fail(&told, format!("{error:?}")))?;
			}
		}
		self.count(chain::end());
		quick_check().map_err(|what| self.fail("the last block", what))?;
		self.report.sequences += 1;
		Ok(())
	}

	/// One step. Returns what it was.
	fn act(&mut self) -> String {
		match self.random.below(100) {
			0..66 => self.signed(),
			66..80 => self.price(),
			80..90 => self.blocks(1, 1_000),
			90..96 => {
				let blocks = 1 + self.random.below(6);
				let millis = 1_000 * (1 + self.random.below(60));
				self.blocks(blocks, millis)
			},
			96..99 => {
				// From seconds to a year: notices, leases, prices, funding.
				let most = 1u64 << self.random.below(36);
				let millis = 1 + self.random.below(most);
				self.blocks(1, millis)
			},
			_ => self.govern(),
		}
	}

	/// A trader sends something.
	fn signed(&mut self) -> String {
		let who = TRADERS.start + self.random.below(TRADERS.end - TRADERS.start);
		let Some(call) = Draw { random: &mut self.random, who }.call() else {
			return "nothing".into();
		};
		let told = format!("{who}: {call:?}");
		let metadata = call.get_call_metadata();
		let name = format!("{}.{}", metadata.pallet_name, metadata.function_name);
		let done = chain::call(who, call);
		let accepted = done.is_ok();
		if let Err(error) = done {
			*self.report.refusals.entry(error.into()).or_default() += 1;
		}
		let counts = self.report.calls.entry(name).or_default();
		*counts = (counts.0 + 1, counts.1 + u64::from(accepted));
		told
	}

	/// Feeders report: mostly a little more or less, sometimes a jump, sometimes not all the same.
	fn price(&mut self) -> String {
		// Nobody reports twice in a block.
		self.count(chain::next(1_000));
		let market = MarketId(self.random.below(MARKETS.into()) as u16);
		let index = draw::index(market);
		// Mostly so little that nothing is restricted, or nobody would ever hold a position.
		let reach = match self.random.below(100) {
			0..35 => 3,
			35..65 => 10,
			65..82 => 22,
			82..92 => 45,
			92..97 => 150,
			_ => 600,
		};
		let moved = |random: &mut Random, reach: i64| {
			let permille = 1_000 + random.between(-reach, reach);
			(i64::from(index) * permille / 1_000).clamp(10, 100_000_000) as u32
		};
		let price = moved(&mut self.random, reach);
		let disputed = self.random.one_in(20);
		for feeder in runtime::FEEDERS {
			if disputed && self.random.one_in(2) {
				continue;
			}
			let price = if disputed { moved(&mut self.random, 100) } else { price };
			let prices = BoundedVec::truncate_from(vec![(market, Ticks(price))]);
			let _ = chain::call(feeder, pallet_price_guard::Call::<Runtime>::feed { prices });
		}
		format!("market {} at {price}{}", market.0, if disputed { ", disputed" } else { "" })
	}

	/// So many blocks pass, `millis` apart. In most of them somebody has reported before, so that prices
	/// are seldom too old to trade on.
	fn blocks(&mut self, blocks: u64, millis: u64) -> String {
		for _ in 0..blocks {
			self.count(chain::next(millis));
			if !self.random.one_in(6) {
				let now = |market| (MarketId(market), Ticks(draw::index(MarketId(market))));
				chain::feed(&(0..MARKETS).map(now).collect::<Vec<_>>());
			}
		}
		format!("{blocks} blocks, {millis} ms apart")
	}

	/// Governance restricts, changes terms, winds down funds.
	fn govern(&mut self) -> String {
		let market = MarketId(self.random.below(MARKETS.into()) as u16);
		let call: Option<RuntimeCall> = match self.random.below(4) {
			0 => {
				let levels = [Level::Watch, Level::Guarded, Level::ReduceOnly, Level::Auction];
				let level = levels[self.random.below(4) as usize];
				let duration = 1_000 + self.random.below(60_000);
				let scope = Scope::Market(market);
				Some(pallet_circuit_breaker::Call::restrict { scope, level, duration }.into())
			},
			1 => Some(pallet_insurance::Call::wind_down { market }.into()),
			_ => {
				let pallets = ["Margin", "Perpetuals", "Insurance"];
				let pallet = pallets[self.random.below(3) as usize];
				Draw { random: &mut self.random, who: 0 }.any_of(pallet)
			},
		};
		let Some(call) = call else { return "nothing".into() };
		let told = format!("governance: {call:?}");
		let _ = call.dispatch(runtime::RuntimeOrigin::root());
		told
	}

	fn count(&mut self, events: Vec<RuntimeEvent>) {
		for event in events {
			let RuntimeEvent::Margin(event) = event else { continue };
			use pallet_margin::Event;
			let name = match event {
				Event::Liquidated { .. } => "liquidated",
				Event::BankruptCovered { .. } => "bankrupt covered",
				Event::DeficitCovered { uncovered: 0, .. } => "deficit covered",
				Event::DeficitCovered { .. } => "deficit left",
				Event::Deleveraged { .. } => "deleveraged",
				Event::Haircut { .. } => "haircut",
				Event::VaultTook { .. } => "taken over",
				Event::SettlementBegan { .. } => "settlement begun",
				Event::FundingSettled { .. } => "funding settled",
				Event::PositionChanged { .. } => "position changed",
				_ => continue,
			};
			*self.report.events.entry(name).or_default() += 1;
		}
	}
}

/// The sums that must agree after every step, whatever it was: cheap enough for that.
fn quick_check() -> Result<(), String> {
	let custody = Margin::custody_status();
	if i128::try_from(custody.held) != Ok(custody.claimed) {
		return Err(format!("custody holds {} of {}", custody.held, custody.claimed));
	}
	let balance = Assets::balance(USDC, Margin::custody_account());
	if balance != custody.held {
		return Err(format!("custody has {balance} and counts {}", custody.held));
	}
	let funds = pallet_insurance::MarketFunds::<Runtime>::iter_values().map(|fund| fund.balance);
	if funds.sum::<u128>() + Insurance::global() != Insurance::total() {
		return Err("the funds are not their total".into());
	}
	for (market, totals) in pallet_margin::Totals::<Runtime>::iter() {
		if !MarketTotals::agree(&totals) {
			return Err(format!("the totals of market {} disagree: {totals:?}", market.0));
		}
	}
	let everybody = TRADERS.chain([ISSUER]).map(|who| Assets::balance(USDC, who)).sum::<u128>();
	let minted = runtime::MINTED + (TRADERS.end - TRADERS.start) as u128 * PURSE * USDC_UNIT;
	if everybody + balance != minted {
		return Err(format!("{} units of {minted} are left", everybody + balance));
	}
	if Timestamp::get() < START {
		return Err("time went backwards".into());
	}
	Ok(())
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn a_seed_repeats_its_sequence() {
		let plan = Plan { length: 60, check_every: 60 };
		let run = || {
			let mut report = Report::default();
			report.sequence(7, plan).map(|()| report)
		};
		assert_eq!(run(), run());
	}

	#[test]
	fn a_unit_that_is_lost_is_found() {
		runtime::state(TRADERS.map(|who| (who, PURSE))).execute_with(|| {
			chain::begin(1, START);
			let deposit =
				pallet_margin::Call::<Runtime>::deposit { sub: 0, amount: 50 * USDC_UNIT };
			chain::call(TRADERS.start, deposit).expect("is funded");
			quick_check().expect("nothing is lost");
			pallet_margin::Ledger::<Runtime>::mutate(|ledger| ledger.quote -= 1);
			assert!(quick_check().is_err());
			pallet_margin::Ledger::<Runtime>::mutate(|ledger| ledger.quote += 1);
			pallet_insurance::GlobalFund::<Runtime>::put(1);
			assert!(quick_check().is_err());
		});
	}
}
