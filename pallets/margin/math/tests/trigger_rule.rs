//! The trigger rule against a full scan: random portfolios in markets whose prices and funding move,
//! at times so that they offset each other, with jumps, fills and flips. The rule never misses an
//! account that is liquidatable; each way of weakening it does, so the test can fail.

use breakwater_core::units::{Contract, Lots, Side, Ticks};
use breakwater_math::{
	apply_fill,
	funding::width,
	trigger::{crossed, holds, place},
	Accrual, Armed, Bracket, Health, Leg, Ppm, RiskTerms,
};

const MARKETS: usize = 3;
const ACCOUNTS: usize = 60;
const STEPS: usize = 600;

/// What is tested: the rule, or one of its weakened forms.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Variant {
	Rule,
	/// Thresholds of prices only.
	NoFundingKey,
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
}

struct World {
	variant: Variant,
	terms: [RiskTerms; MARKETS],
	prices: [u32; MARKETS],
	indices: [i128; MARKETS],
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
		let mut account = Account { quote: 1_000_000_000, ..Default::default() };
		for market in 0..MARKETS {
			if self.dice.roll(2) == 0 || market == 0 {
				let notional = self.dice.between(500_000_000, 7_000_000_000) as u64;
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

	fn liquidatable(&self, account: &Account) -> bool {
		Health::of(account.quote, self.legs(account).0).liquidatable()
	}

	/// The price less the funding index, in ticks.
	fn difference(&self, market: usize) -> i64 {
		let tick = width(self.terms[market].contract) * 8;
		self.prices[market] as i64 - self.indices[market].div_euclid(tick) as i64
	}

	fn woken(&self, account: &Account) -> bool {
		let (legs, markets) = self.legs(account);
		legs.iter().zip(markets).any(|(leg, m)| match (self.variant, account.held[m].difference) {
			(Variant::DifferenceKey, Some(at)) if leg.lots > 0 => self.difference(m) <= at,
			(Variant::DifferenceKey, Some(at)) => self.difference(m) >= at,
			_ => crossed(leg, &account.held[m].armed),
		})
	}

	fn arm(&self, account: &mut Account) {
		let (legs, markets) = self.legs(account);
		let armed = place(account.quote, &legs);
		for (armed, market) in armed.into_iter().zip(markets) {
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
		if recheck && (self.variant != Variant::Rule || !holds(account.quote, pairs)) {
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
