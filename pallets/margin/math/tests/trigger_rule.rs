//! The trigger rule against a full scan: random portfolios in markets whose prices and funding move,
//! at times so that they offset each other, with other assets as collateral whose haircuts are cut, at
//! once or by a ramp, with interest on what is owed, with jumps, fills and flips. The rule never misses an
//! account that is liquidatable; each way of weakening it does, so the test can fail.

use breakwater_core::units::{Contract, Lots, Side, Ticks};
use breakwater_math::{
	apply_fill,
	collateral::{interest, worth, Cut, Holding, Scale, Value},
	funding::width,
	ramp::{raise, Rates},
	trigger::{boosted, crossed, holds_all, place_all, place_by, price_crossed, weight, Weighed},
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
	/// Thresholds that know nothing of maintenance rates that were announced.
	NoAnnouncedRates,
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

/// Steps between two announcements of higher maintenance rates in a market.
const CYCLE: usize = 200;
/// Steps that the sweep takes after an announcement; the rise begins when it is over.
const SWEEP: usize = 20;
/// Steps after which the rates of a market are what they were at first.
const LOWERED: usize = 70;

struct World {
	variant: Variant,
	/// Maintenance rates that were announced.
	announced: [Option<Rates>; MARKETS],
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
			announced: [None; MARKETS],
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
		// A third of them have other assets in the place of most of their quote balance; half of those owe,
		// and hold less.
		let mut most = 7_000_000_000;
		if self.dice.roll(3) == 0 {
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
		self.legs_under(account, &self.terms)
	}

	/// The parameters by which thresholds are placed.
	fn armed_by(&self) -> [RiskTerms; MARKETS] {
		let mut terms = self.terms;
		for (terms, announced) in terms.iter_mut().zip(&self.announced) {
			if let (Some(rates), true) = (announced, self.variant != Variant::NoAnnouncedRates) {
				*terms = terms.at_most(rates);
			}
		}
		terms
	}

	fn legs_under<'a>(
		&self,
		account: &Account,
		terms: &'a [RiskTerms; MARKETS],
	) -> (Vec<Leg<'a>>, Vec<usize>) {
		let held = (0..MARKETS).filter(|m| account.held[*m].lots != 0);
		let leg = |m: usize| Leg {
			terms: &terms[m],
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
		let terms = self.armed_by();
		let (legs, markets) = self.legs_under(account, &terms);
		let holdings: Vec<_> = self.holdings(account).into_iter().map(|(held, _)| held).collect();
		let placed = place_all(account.quote, &legs, &holdings);
		let assets: Vec<_> = (0..ASSETS).filter(|asset| account.amounts[*asset] > 0).collect();
		for (asset, value) in assets.into_iter().zip(placed.holdings) {
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
		let recheck = turned || self.variant != Variant::NoRecheckOnFill;
		if recheck && (!self.follows_the_rule() || !self.holds(&account)) {
			self.arm(&mut account);
		}
		self.accounts[who] = account;
	}

	/// Whether thresholds stay where they are as long as the rule holds.
	fn follows_the_rule(&self) -> bool {
		matches!(self.variant, Variant::Rule | Variant::NoAnnouncedRates)
	}

	fn holds(&self, account: &Account) -> bool {
		let terms = self.armed_by();
		let (legs, markets) = self.legs_under(account, &terms);
		let armed = legs.into_iter().zip(markets.iter().map(|m| account.held[*m].armed));
		holds_all(account.quote, armed, self.holdings(account).into_iter())
	}

	/// Maintenance rates are announced, all accounts swept, the rates raised step by step, and lowered
	/// again at once.
	fn ramp(&mut self, number: usize) {
		for market in 0..MARKETS {
			let at = number % CYCLE;
			let rates = self.terms[market].rates();
			if at == 0 {
				self.announced[market] = Some(rates.map(|rate| Ppm(rate.0 * 3 / 2)));
			} else if at < SWEEP {
				for who in (0..ACCOUNTS).filter(|who| who % SWEEP == at || at == SWEEP - 1) {
					let mut account = self.accounts[who].clone();
					if !self.holds(&account) {
						self.arm(&mut account);
						self.accounts[who] = account;
					}
				}
			} else if at == LOWERED {
				self.terms[market] = self.terms[market].with_rates(&terms(1).rates());
				self.announced[market] = None;
			} else if let Some(target) = self.announced[market] {
				let raised = (0..5).fold(rates, |rates, _| raise(rates, &target));
				self.terms[market] = self.terms[market].with_rates(&raised);
			}
		}
	}

	/// Prices and funding move; now and then they jump, and for long stretches they offset each other
	/// while the price climbs. While rates rise they stand: what
	/// moves hides what rates do.
	fn step(&mut self, number: usize) {
		for market in 0..MARKETS {
			let tick = width(self.terms[market].contract) * 8;
			let price = self.prices[market] as i64;
			let offset = (number / 100 + market).is_multiple_of(2);
			// Nothing else wakes an account meanwhile.
			if self.announced[market].is_some() {
				continue;
			}
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
			self.ramp(number);
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

fn world(variant: Variant, seed: u64) -> World {
	World::new(variant, 0x9E37_79B9_7F4A_7C15u64.wrapping_mul(seed))
}

/// How many are missed in the first world in which a weakened rule misses any.
fn misses(variant: Variant) -> usize {
	(1..16).map(|seed| world(variant, seed).misses()).find(|missed| *missed > 0).unwrap_or(0)
}

#[test]
fn the_rule_never_misses_a_liquidatable_account() {
	assert!((1..4).all(|seed| world(Variant::Rule, seed).misses() == 0));
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

#[test]
fn with_thresholds_that_ignore_announced_rates_accounts_are_missed() {
	let missed = misses(Variant::NoAnnouncedRates);
	println!("{missed} missed");
	assert!(missed > 0);
}

/// How often an account is woken until less than a thousandth of its slack is left, with `legs` positions
/// of equal value whose prices move alone or all at once, each as far as a threshold lets it.
fn wakes(legs: usize, together: bool) -> usize {
	let terms = terms(100);
	let leg = Leg {
		terms: &terms,
		lots: 10_000,
		cost: 0,
		funding: Accrual::default(),
		price: Ticks(1_000_000),
	};
	let leg = Leg { cost: leg.notional() as i128, ..leg };
	let mut legs = vec![leg; legs];
	let mut boosts = vec![0; legs.len()];
	let margin: u128 = legs.iter().map(Leg::maintenance).sum();
	let quote = (margin + 100_000_000_000) as i128;
	let surplus = |legs: &[Leg<'_>]| Health::of(quote, legs.iter().copied()).surplus();
	let first = surplus(&legs);
	for wakes in 0..100 {
		if surplus(&legs) < first / 1_000 {
			return wakes;
		}
		let weights: Vec<u128> =
			legs.iter().zip(&boosts).map(|(leg, boost)| weight(leg, Ppm(1_000), *boost)).collect();
		let weighed = Weighed { of: &legs, by: &weights };
		let armed = place_by(quote, weighed, Weighed { of: &[], by: &[] }, true).legs;
		let moved = if together { legs.len() } else { 1 };
		for (leg, armed) in legs.iter_mut().zip(&armed).take(moved) {
			*leg = leg.at(armed.price.expect("every position waits somewhere"));
		}
		for (index, (leg, armed)) in legs.iter().zip(&armed).enumerate() {
			assert_eq!(price_crossed(leg, armed), index < moved);
			boosts[index] = boosted(boosts[index], index < moved);
		}
	}
	100
}

#[test]
fn boosts_bring_the_slack_to_the_positions_whose_prices_move() {
	// With an even split it would be 12, 28 and 58 for two, four and eight positions.
	assert_eq!([1, 2, 4, 8].map(|legs| wakes(legs, false)), [3, 5, 6, 8]);
	assert!([2, 4, 8].map(|legs| wakes(legs, true)).iter().all(|wakes| *wakes <= 6));
}
