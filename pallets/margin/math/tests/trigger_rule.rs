//! The trigger rule against a full scan: random portfolios in markets whose prices and funding move,
//! at times so that they offset each other, with other assets as collateral whose haircuts are cut, at
//! once or by a ramp, with interest on what is owed, with jumps, fills and flips. The rule never misses an
//! account that is liquidatable; each way of weakening it does, so the test can fail.

use breakwater_core::units::{Contract, Lots, Side, Ticks};
use breakwater_math::{
	apply_fill,
	collateral::{interest, worth, Cut, Holding, Scale, Value},
	funding::width,
	trigger::{crossed, holds_all, place_all},
	Accrual, Armed, Bracket, Health, Leg, Ppm, RiskTerms,
};

const MARKETS: usize = 3;
const ACCOUNTS: usize = 60;
const STEPS: usize = 600;
/// The markets that price the other assets; the last asset stands at par.
const PRICED_BY: [Option<usize>; ASSETS] = [Some(1), Some(2), None];
const ASSETS: usize = 3;
/// Milliseconds of a step.
const STEP: u64 = 60_000;

/// What is tested: the rule, or one of its weakened forms.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Variant {
	Rule,
	/// Thresholds of prices only.
	NoFundingKey,
	/// Thresholds of positions only.
	NoValueKey,
	/// One threshold for each position, of the price less the funding index.
	DifferenceKey,
	/// Thresholds stay as they are when a fill changes a position without turning it.
	NoRecheckOnFill,
}

/// Numbers that are the same on every run.
struct Dice(u64);

impl Dice {
	fn roll(&mut self, below: u64) -> u64 {
		self.0 ^= self.0 << 13;
		self.0 ^= self.0 >> 7;
		self.0 ^= self.0 << 17;
		(self.0 >> 11) % below
	}
	fn between(&mut self, low: i64, high: i64) -> i64 {
		low + self.roll((high - low + 1) as u64) as i64
	}
}

#[derive(Clone, Copy, Default)]
struct Held {
	lots: i64,
	cost: i128,
	since: i128,
	armed: Armed,
	/// Of the weakened rule: the price less funding, in ticks, at which it waits.
	difference: Option<i64>,
}

#[derive(Clone, Default)]
struct Account {
	quote: i128,
	held: [Held; MARKETS],
	amounts: [u128; ASSETS],
	values: [Option<Value>; ASSETS],
	/// When it was written last.
	at: u64,
}

struct World {
	variant: Variant,
	terms: [RiskTerms; MARKETS],
	prices: [u32; MARKETS],
	indices: [i128; MARKETS],
	weights: [Ppm; ASSETS],
	cuts: [Option<Cut>; ASSETS],
	now: u64,
	accounts: Vec<Account>,
	dice: Dice,
}

fn terms(unit: u32) -> RiskTerms {
	let bracket = |floor: u128, rate| Bracket { floor: floor * 1_000_000, rate: Ppm(rate) };
	RiskTerms {
		contract: Contract { unit },
		brackets: [
			bracket(0, 20_000),
			bracket(25_000, 30_000),
			bracket(100_000, 50_000),
			bracket(500_000, 100_000),
		],
		initial_factor: Ppm(2_000_000),
		max_leverage: 20,
		profit_credit: Ppm::one(),
		liquidation_fee: Ppm(5_000),
		max_open_interest: Lots(100_000_000),
		open_interest_lower: Lots(100_000_000),
		open_interest_upper: Lots(100_000_000),
	}
}

impl World {
	fn new(variant: Variant, seed: u64) -> Self {
		let mut world = Self {
			variant,
			terms: [terms(100), terms(7), terms(1_000)],
			prices: [100_000, 20_000, 300],
			indices: [0; MARKETS],
			weights: [Ppm(900_000), Ppm(750_000), Ppm(980_000)],
			cuts: [None; ASSETS],
			now: 0,
			accounts: Vec::new(),
			dice: Dice(seed),
		};
		for _ in 0..ACCOUNTS {
			let account = world.fresh();
			world.accounts.push(account);
		}
		world
	}

	/// A new account with one to three positions at up to twenty times its balance.
	fn fresh(&mut self) -> Account {
		let mut account = Account { quote: 1_000_000_000, at: self.now, ..Default::default() };
		// Half of them have other assets in the place of most of their quote balance; half of those owe,
		// and hold less.
		let mut most = 7_000_000_000;
		if self.dice.roll(2) == 0 {
			for asset in 0..ASSETS {
				if self.dice.roll(2) == 0 || asset == 0 {
					let wanted = self.dice.between(300_000_000, 900_000_000) as u128;
					account.amounts[asset] =
						self.scale(asset).amount_for(wanted, self.value(asset));
				}
			}
			account.quote = self.dice.between(0, 200_000_000) as i128;
			if self.dice.roll(2) == 0 {
				let owed = self.dice.between(50, 85) as i128;
				account.quote = -(self.health(&account).equity * owed / 100);
				most = 700_000_000;
			}
		}
		for market in 0..MARKETS {
			if self.dice.roll(2) == 0 || market == 0 {
				let notional = self.dice.between(most / 14, most) as u64;
				let per_lot = self.prices[market] as u64 * self.terms[market].contract.unit as u64;
				let side = if self.dice.roll(2) == 0 { Side::Bid } else { Side::Ask };
				self.fill(&mut account, market, side, notional / per_lot + 1);
			}
		}
		self.arm(&mut account);
		account
	}

	fn legs(&self, account: &Account) -> (Vec<Leg<'_>>, Vec<usize>) {
		let held = (0..MARKETS).filter(|m| account.held[*m].lots != 0);
		let leg = |m: usize| Leg {
			terms: &self.terms[m],
			lots: account.held[m].lots,
			cost: account.held[m].cost,
			funding: Accrual { since: account.held[m].since, now: self.indices[m] },
			price: Ticks(self.prices[m]),
		};
		(held.clone().map(leg).collect(), held.collect())
	}

	fn scale(&self, asset: usize) -> Scale {
		let market = PRICED_BY[asset].unwrap_or(0);
		Scale {
			contract: self.terms[market].contract,
			per_lot: [1_000_000, 77_777, 1 << 60][asset],
		}
	}

	fn value(&self, asset: usize) -> Value {
		let price = PRICED_BY[asset].map_or(1_000, |market| self.prices[market]);
		Value::of(Ticks(price), self.weights[asset])
	}

	/// The other assets of an account, each with its threshold.
	fn holdings(&self, account: &Account) -> Vec<(Holding, Option<Value>)> {
		let held = (0..ASSETS).filter(|asset| account.amounts[*asset] > 0);
		let holding = |asset| Holding {
			scale: self.scale(asset),
			amount: account.amounts[asset],
			value: self.value(asset),
		};
		held.map(|asset| (holding(asset), account.values[asset])).collect()
	}

	fn health(&self, account: &Account) -> Health {
		let holdings: Vec<_> = self.holdings(account).into_iter().map(|(held, _)| held).collect();
		Health::of(account.quote + worth(&holdings) as i128, self.legs(account).0)
	}

	fn liquidatable(&self, account: &Account) -> bool {
		self.health(account).liquidatable()
	}

	/// Interest on what the account owes, taken when it is written: never more than its surplus.
	fn charge(&self, account: &mut Account) {
		let debt = account.quote.min(0).unsigned_abs();
		let due = interest(debt, self.now - account.at) as i128;
		account.quote -= due.min(self.health(account).surplus().max(0));
		account.at = self.now;
	}

	/// The price less the funding index, in ticks.
	fn difference(&self, market: usize) -> i64 {
		let tick = width(self.terms[market].contract) * 8;
		self.prices[market] as i64 - self.indices[market].div_euclid(tick) as i64
	}

	fn woken(&self, account: &Account) -> bool {
		let (legs, markets) = self.legs(account);
		let valued = self.holdings(account).iter().any(|(held, armed)| held.crossed(*armed));
		valued
			|| legs.iter().zip(markets).any(|(leg, m)| {
				match (self.variant, account.held[m].difference) {
					(Variant::DifferenceKey, Some(at)) if leg.lots > 0 => self.difference(m) <= at,
					(Variant::DifferenceKey, Some(at)) => self.difference(m) >= at,
					_ => crossed(leg, &account.held[m].armed),
				}
			})
	}

	fn arm(&self, account: &mut Account) {
		let (legs, markets) = self.legs(account);
		let holdings: Vec<_> = self.holdings(account).into_iter().map(|(held, _)| held).collect();
		let placed = place_all(account.quote, &legs, &holdings);
		let assets = (0..ASSETS).filter(|asset| account.amounts[*asset] > 0);
		for (asset, value) in assets.collect::<Vec<_>>().into_iter().zip(placed.holdings) {
			account.values[asset] = value.filter(|_| self.variant != Variant::NoValueKey);
		}
		for (armed, market) in placed.legs.into_iter().zip(markets) {
			let held = &mut account.held[market];
			held.armed = armed;
			match self.variant {
				Variant::NoFundingKey => held.armed.funding = None,
				Variant::DifferenceKey => {
					let moved = self.difference(market) - self.prices[market] as i64;
					held.difference = armed.price.map(|tick| tick.0 as i64 + moved);
				},
				_ => (),
			}
		}
	}

	/// Settle funding and fill at the price, as the clearing house does.
	fn fill(&self, account: &mut Account, market: usize, side: Side, lots: u64) {
		let held = &mut account.held[market];
		let funding = Accrual { since: held.since, now: self.indices[market] };
		account.quote -= funding.due(held.lots);
		held.since = funding.now;
		let price = Ticks(self.prices[market]);
		let notional = self.terms[market].contract.notional(Lots(lots), price);
		let after = apply_fill(held.lots, held.cost, side, Lots(lots), notional);
		account.quote += after.realised;
		if after.lots.signum() != held.lots.signum() {
			(held.armed, held.difference) = Default::default();
		}
		(held.lots, held.cost) = (after.lots, after.cost);
	}

	fn trade(&mut self, who: usize) {
		let market = self.dice.roll(MARKETS as u64) as usize;
		let mut account = self.accounts[who].clone();
		self.charge(&mut account);
		let turned = account.held[market].lots;
		let side = if self.dice.roll(2) == 0 { Side::Bid } else { Side::Ask };
		let lots = turned.unsigned_abs() / 2 + self.dice.roll(turned.unsigned_abs() + 20) + 1;
		self.fill(&mut account, market, side, lots);
		if self.liquidatable(&account) {
			return;
		}
		let turned = turned.signum() != account.held[market].lots.signum();
		let (legs, markets) = self.legs(&account);
		let pairs = legs.iter().copied().zip(markets.iter().map(|m| account.held[*m].armed));
		let recheck = turned || self.variant != Variant::NoRecheckOnFill;
		let values = self.holdings(&account);
		let holds = || holds_all(account.quote, pairs.clone(), values.iter().copied());
		if recheck && (self.variant != Variant::Rule || !holds()) {
			self.arm(&mut account);
		}
		self.accounts[who] = account;
	}

	/// Prices and funding move; now and then they jump, and for long stretches they offset each other
	/// while the price climbs.
	fn step(&mut self, number: usize) {
		for market in 0..MARKETS {
			let tick = width(self.terms[market].contract) * 8;
			let price = self.prices[market] as i64;
			let offset = (number / 100 + market).is_multiple_of(2);
			let jump = if self.dice.roll(40) == 0 { 60 } else { 4 };
			let climb = if offset { 8 } else { -8 };
			let moved = price * (self.dice.between(-jump, jump) + climb) / 1_000;
			let next = (price + moved).clamp(200, 10_000_000);
			self.prices[market] = next as u32;
			let paid = if offset {
				// Longs pay what the price gives them: the difference stands still.
				(next - price) as i128 * tick
			} else {
				self.dice.between(-20, 20) as i128 * tick / 7
			};
			self.indices[market] += paid;
		}
		self.now += STEP;
		for asset in 0..ASSETS {
			self.step_weight(asset);
		}
	}

	/// Weights are cut by ramps, now and then at once, and restored.
	fn step_weight(&mut self, asset: usize) {
		if let Some(cut) = self.cuts[asset] {
			self.weights[asset] = cut.at(self.now);
			if self.weights[asset] == cut.to {
				self.cuts[asset] = None;
			}
			return;
		}
		let from = self.weights[asset];
		match self.dice.roll(150) {
			0 if from > Ppm(500_000) => {
				let begins = self.now + 5 * STEP;
				self.cuts[asset] = Some(Cut { from, to: Ppm(from.0 * 3 / 4), begins });
			},
			1 => self.weights[asset] = Ppm(from.0 * 4 / 5),
			2 => self.weights[asset] = Ppm(900_000),
			_ => (),
		}
	}

	/// Go through a market's life; how many liquidatable accounts no threshold had seen.
	fn misses(mut self) -> usize {
		let mut misses = 0;
		for number in 0..STEPS {
			self.step(number);
			for who in 0..ACCOUNTS {
				let account = self.accounts[who].clone();
				let (woken, fallen) = (self.woken(&account), self.liquidatable(&account));
				misses += (fallen && !woken) as usize;
				if fallen {
					self.accounts[who] = self.fresh();
				} else if woken {
					let mut account = account;
					self.charge(&mut account);
					self.arm(&mut account);
					self.accounts[who] = account;
				}
				if self.dice.roll(10) == 0 {
					self.trade(who);
				}
			}
		}
		misses
	}
}

fn misses(variant: Variant) -> usize {
	(1..4)
		.map(|seed| World::new(variant, 0x9E37_79B9_7F4A_7C15u64.wrapping_mul(seed)).misses())
		.sum()
}

#[test]
fn the_rule_never_misses_a_liquidatable_account() {
	assert_eq!(misses(Variant::Rule), 0);
}

#[test]
fn without_a_funding_key_accounts_are_missed() {
	let missed = misses(Variant::NoFundingKey);
	println!("{missed} missed");
	assert!(missed > 0);
}

#[test]
fn without_a_value_key_accounts_are_missed() {
	let missed = misses(Variant::NoValueKey);
	println!("{missed} missed");
	assert!(missed > 0);
}

#[test]
fn with_one_key_in_the_price_less_funding_accounts_are_missed() {
	let missed = misses(Variant::DifferenceKey);
	println!("{missed} missed");
	assert!(missed > 0);
}

#[test]
fn without_a_check_on_fills_accounts_are_missed() {
	let missed = misses(Variant::NoRecheckOnFill);
	println!("{missed} missed");
	assert!(missed > 0);
}
