//! A crash, from the first candle to the last, with some steps of the ladder taken.

use crate::{
	chain,
	incident::Shape,
	outcome::{Counter, Outcome},
	people::{self, Makers, Trader, FIRST_TRADER, MARKET},
	prices::Candle,
	random::Random,
	runtime::{self, CircuitBreaker, Ladder, Margin, Runtime, ISSUER, USDC_UNIT},
};
use breakwater_primitives::{Action, Gate, MarketId, Ticks, Vault};
use pallet_margin::steps::Steps;

/// Milliseconds of a block.
const BLOCK: u64 = 1_000;
/// Seconds before the crash, in which makers fill the book.
const WARM_UP: u32 = 20;
/// Seconds after it, in which the ladder finishes what waits.
const AFTER: usize = 120;
/// What backers put into the vault, as a part of the open interest.
const VAULT_SHARE: f64 = 0.04;
/// Seconds between two scans of all accounts.
const SCAN: usize = 5;

/// A step of the ladder, or several, that a run leaves out.
pub type Variant = (&'static str, Steps);

/// The whole ladder, each step taken away, and the last ones together.
pub fn variants() -> Vec<Variant> {
	let no_haircut = Steps::ALL.without(Steps::HAIRCUT);
	let no_winners = no_haircut.without(Steps::DELEVERAGING);
	let nobody = no_winners.without(Steps::MARKET_FUND).without(Steps::GLOBAL_FUND);
	vec![
		("whole", Steps::ALL),
		("orders not cancelled", Steps::ALL.without(Steps::ORDERS)),
		("all closed at once", Steps::ALL.without(Steps::SIZE)),
		("no book limit", Steps::ALL.without(Steps::BOOK_LIMIT)),
		("no capacity", Steps::ALL.without(Steps::CAPACITY)),
		("no vault", Steps::ALL.without(Steps::VAULT)),
		("no market fund", Steps::ALL.without(Steps::MARKET_FUND)),
		("no global fund", Steps::ALL.without(Steps::GLOBAL_FUND)),
		("no deleveraging", Steps::ALL.without(Steps::DELEVERAGING)),
		("no haircut", no_haircut),
		("neither of these two", no_winners),
		("nor funds", nobody),
	]
}

/// How a crash is run.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
	/// Traders at the beginning; a third as many come later.
	pub traders: u64,
	/// What the drawing of traders begins with.
	pub seed: u64,
	/// The funds at the beginning, in parts of what they should hold.
	pub funds: f64,
}

impl Default for Setting {
	fn default() -> Self {
		Self { traders: 3_000, seed: 1, funds: 0.5 }
	}
}

/// Run a crash through `candles` with the steps `ladder`.
pub fn run(candles: &[Candle], shape: Shape, setting: Setting, ladder: Steps) -> Outcome {
	let purse = setting.traders as f64 * 10_000.0;
	runtime::state(people::purses(setting.traders, purse)).execute_with(|| {
		Ladder::set(ladder);
		let outcome = Crash::begin(candles, shape, setting).run(candles);
		Ladder::set(Steps::ALL);
		outcome
	})
}

struct Crash {
	shape: Shape,
	setting: Setting,
	random: Random,
	makers: Makers,
	counter: Counter,
	arrived: u64,
	/// What the vault was worth at the beginning.
	backed: u128,
}

impl Crash {
	fn begin(candles: &[Candle], shape: Shape, setting: Setting) -> Self {
		let mut random = Random::new(setting.seed);
		let first = candles.first().expect("there are candles");
		let index = shape.ticks(first.open);
		chain::begin(1, first.at - u64::from(WARM_UP) * BLOCK);
		list(shape);
		chain::feed(&[(MARKET, Ticks(index))]);
		let traders: Vec<_> = (0..setting.traders)
			.map(|n| Trader::draw(FIRST_TRADER + n, 8, &shape, &mut random))
			.collect();
		let interest = people::open_positions(&traders, index, &shape, &mut random);
		contribute(interest, shape, setting.funds);
		let amount = (interest * VAULT_SHARE) as u128 * USDC_UNIT;
		let back = pallet_insurance::Call::<Runtime>::back_vault { amount };
		chain::call(ISSUER, back).expect("the issuer has enough");
		let backed = Margin::worth().low;
		let makers = Makers::new(interest, candles, shape);
		makers.fund();
		for second in 0..WARM_UP {
			chain::next(BLOCK);
			chain::feed(&[(MARKET, Ticks(index))]);
			makers.quote(second, index);
		}
		let counter = Counter::new(shape);
		Self { shape, setting, random, makers, counter, arrived: 0, backed }
	}

	fn run(mut self, candles: &[Candle]) -> Outcome {
		let seconds = candles.len() * crate::prices::MINUTE;
		let mut passed = 0;
		for candle in candles {
			for price in candle.path() {
				self.second(self.shape.ticks(price));
				passed += 1;
				let due = self.setting.traders / 3 * passed as u64 / seconds as u64;
				while self.arrived < due {
					self.arrive(self.shape.ticks(price));
				}
			}
			self.makers.saw(candle);
		}
		let last = candles.last().map_or(1, |candle| self.shape.ticks(candle.close));
		(0..AFTER).for_each(|_| self.second(last));
		self.counter.scan();
		let lost = self.backed as f64 - Margin::worth().low as f64;
		self.counter.outcome.vault_loss = lost / USDC_UNIT as f64;
		assert!(people::custody_agrees(), "custody holds what is claimed of it");
		chain::check().expect("every invariant holds after a crash");
		self.counter.finish()
	}

	fn second(&mut self, index: u32) {
		let events = chain::next(BLOCK);
		self.counter.saw(events);
		chain::feed(&[(MARKET, Ticks(index))]);
		let block = crate::runtime::System::block_number();
		self.makers.quote(block, index);
		let open = CircuitBreaker::view(MARKET).allows(Action::OpenMarket).is_ok();
		self.counter.second(index, open);
		if self.counter.outcome.seconds.is_multiple_of(SCAN) {
			self.counter.scan();
		}
	}

	fn arrive(&mut self, index: u32) {
		let id = FIRST_TRADER + self.setting.traders + self.arrived;
		self.arrived += 1;
		people::arrive(&Trader::draw(id, 7, &self.shape, &mut self.random), index, &self.shape);
	}
}

/// List the market and set its tier's parameters.
fn list(shape: Shape) {
	assert_eq!(chain::list(&shape.market()), MARKET);
	let (guard, detectors) = shape.judged();
	let (market, params) = (MARKET, guard);
	chain::govern(pallet_price_guard::Call::<Runtime>::set_params { market, params })
		.expect("the parameters of a tier are sound");
	chain::govern(pallet_circuit_breaker::Call::<Runtime>::set_detectors {
		market: MARKET,
		params: detectors,
	})
	.expect("the parameters of a tier are sound");
}

/// The funds begin with a part of what the market's should hold, the global one with four times that.
fn contribute(interest: f64, shape: Shape, part: f64) {
	use pallet_perpetuals::Tier;
	let target = match shape.tier {
		Tier::A => 0.005,
		Tier::B => 0.02,
		Tier::C => 0.06,
	};
	for (market, times) in [(Some(MARKET), 1.0), (None::<MarketId>, 4.0)] {
		let amount = (interest * target * part * times) as u128 * USDC_UNIT;
		let give = pallet_insurance::Call::<Runtime>::contribute { market, amount };
		chain::call(ISSUER, give).expect("the issuer has enough");
	}
}
