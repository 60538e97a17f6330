//! What a crash cost, and whom.

use crate::{
	incident::Shape,
	people::MARKET,
	runtime::{Margin, Runtime, RuntimeEvent},
};
use breakwater_math::{Health, Leg};
use breakwater_primitives::{AccountRef, Prices, Ticks};
use std::collections::BTreeSet;

/// Quote units of one whole unit.
const UNIT: f64 = 1e6;
/// After so many seconds the price is looked at again, to tell what a winner would have gained.
const LATER: usize = 1_800;

/// What a crash cost. Amounts are in whole quote units.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
	/// Deficits of closed accounts that nobody paid.
	pub bad_debt: f64,
	/// Deficits of accounts that are bankrupt and still open at the end.
	pub open_deficit: f64,
	/// What the market's fund paid.
	pub market_fund: f64,
	/// What the global fund paid.
	pub global_fund: f64,
	/// The value of positions that the vault took over.
	pub vault: f64,
	/// What the vault lost, with what it still holds at the worse of index and mark.
	pub vault_loss: f64,
	/// The value of positions of winners that were closed for others.
	pub deleveraged: f64,
	/// What those winners were paid less than the price at which the others were examined.
	pub given_up: f64,
	/// What those positions would have gained in the half hour after, at the index; negative where they
	/// would have lost.
	pub missed: f64,
	/// What the winning side paid through its funding index.
	pub haircut: f64,
	/// The value liquidated into the book.
	pub book: f64,
	/// What that brought less than the prices at which the accounts were examined.
	pub slippage: f64,
	/// Penalties of liquidations.
	pub penalties: f64,
	/// Accounts that were liquidated or closed against others.
	pub accounts: usize,
	/// The most accounts that were under their maintenance margin at the end of a second.
	pub backlog: usize,
	/// Seconds in which positions could be opened at all by takers.
	pub open_seconds: usize,
	/// Seconds in all.
	pub seconds: usize,
}

impl Outcome {
	/// What somebody else than the account that lost it paid: funds, winners, or nobody.
	pub fn others_loss(&self) -> f64 {
		self.bad_debt
			+ self.open_deficit
			+ self.market_fund
			+ self.global_fund
			+ self.vault_loss.max(0.0)
			+ self.haircut
			+ self.given_up
	}
	/// Its figures by name.
	pub fn figures(&self) -> [(&'static str, f64); 16] {
		[
			("bad_debt", self.bad_debt),
			("open_deficit", self.open_deficit),
			("market_fund", self.market_fund),
			("global_fund", self.global_fund),
			("vault", self.vault),
			("vault_loss", self.vault_loss),
			("deleveraged", self.deleveraged),
			("given_up", self.given_up),
			("missed", self.missed),
			("haircut", self.haircut),
			("book", self.book),
			("slippage", self.slippage),
			("penalties", self.penalties),
			("accounts", self.accounts as f64),
			("backlog", self.backlog as f64),
			("open_share", self.open_seconds as f64 / self.seconds.max(1) as f64),
		]
	}
}

/// Counts while a crash runs.
#[derive(Debug)]
pub struct Counter {
	shape: Shape,
	/// What came of it so far.
	pub outcome: Outcome,
	/// Closed for others: when, lots with the sign of the winner, and the price.
	given: Vec<(usize, i64, u32)>,
	prices: Vec<u32>,
	touched: BTreeSet<AccountRef>,
}

impl Counter {
	/// Nothing happened yet.
	pub fn new(shape: Shape) -> Self {
		Self {
			shape,
			outcome: Outcome::default(),
			given: Vec::new(),
			prices: Vec::new(),
			touched: BTreeSet::new(),
		}
	}

	/// A second is over.
	pub fn second(&mut self, index: u32, open: bool) {
		self.prices.push(index);
		self.outcome.seconds += 1;
		self.outcome.open_seconds += usize::from(open);
	}

	/// The value of a difference of prices, in quote units: positive where `a` is above `b` and the lots
	/// are.
	fn difference(&self, lots: i64, a: Ticks, b: Ticks) -> f64 {
		let value = self.shape.value(lots.unsigned_abs(), 1) * lots.signum() as f64;
		value * (f64::from(a.0) - f64::from(b.0))
	}

	/// What happened in a block.
	pub fn saw(&mut self, events: Vec<RuntimeEvent>) {
		for event in events {
			match event {
				RuntimeEvent::Margin(event) => self.saw_margin(event),
				RuntimeEvent::Insurance(pallet_insurance::Event::Covered {
					market_fund_paid,
					global_fund_paid,
					..
				}) => {
					self.outcome.market_fund += market_fund_paid as f64 / UNIT;
					self.outcome.global_fund += global_fund_paid as f64 / UNIT;
				},
				_ => (),
			}
		}
	}

	fn saw_margin(&mut self, event: pallet_margin::Event<Runtime>) {
		use pallet_margin::Event;
		match event {
			Event::Liquidated { account, lots, price, examined, penalty, .. } => {
				self.touched.insert(account);
				self.outcome.book += self.shape.value(lots.unsigned_abs(), price.0);
				self.outcome.slippage += self.difference(lots, examined, price);
				self.outcome.penalties += penalty as f64 / UNIT;
			},
			Event::Deleveraged { account, lots, price, examined, .. } => {
				self.touched.insert(account);
				self.outcome.deleveraged += self.shape.value(lots.unsigned_abs(), examined.0);
				self.outcome.given_up += self.difference(lots, price, examined);
				self.given.push((self.prices.len(), -lots, price.0));
			},
			Event::VaultTook { account, lots, examined, .. } => {
				self.touched.insert(account);
				self.outcome.vault += self.shape.value(lots.unsigned_abs(), examined.0);
			},
			Event::DeficitCovered { uncovered, .. } => {
				self.outcome.bad_debt += uncovered as f64 / UNIT;
			},
			Event::Haircut { taken, .. } => self.outcome.haircut += taken as f64 / UNIT,
			_ => (),
		}
	}

	/// Look at every account.
	pub fn scan(&mut self) {
		let waiting = healths().filter(Health::liquidatable).count();
		self.outcome.backlog = self.outcome.backlog.max(waiting);
	}

	/// The end.
	pub fn finish(mut self) -> Outcome {
		let open = healths().map(|health| health.equity.min(0).unsigned_abs()).sum::<u128>();
		self.outcome.open_deficit = open as f64 / UNIT;
		self.outcome.accounts = self.touched.len();
		let last = self.prices.len().saturating_sub(1);
		for (at, lots, price) in core::mem::take(&mut self.given) {
			let later = self.prices.get((at + LATER).min(last)).copied().unwrap_or(price);
			self.outcome.missed += self.difference(lots, Ticks(later), Ticks(price));
		}
		self.outcome
	}
}

/// The health of every account with a position, by a full scan and apart from the clearing house.
fn healths() -> impl Iterator<Item = Health> {
	let terms = pallet_margin::Risk::<Runtime>::get(MARKET).expect("the market is listed");
	let board = pallet_margin::Board::<Runtime>::get(0);
	let entry = board.first().copied().unwrap_or_default();
	let Prices { long, short, .. } = entry.prices;
	let end = pallet_margin::NextAccount::<Runtime>::get().0;
	(0..end).filter_map(move |n| {
		let account = pallet_margin::Accounts::<Runtime>::get(AccountRef(n))?;
		let position = account.positions.iter().find(|position| position.lots != 0)?;
		let leg = Leg {
			terms: &terms,
			lots: position.lots,
			cost: position.cost,
			funding: position.accrual(&entry),
			price: if position.lots > 0 { long } else { short },
		};
		Some(Health::of(account.quote, [leg]))
	})
}

/// Deficits that nobody paid, by the ledger, in whole quote units.
pub fn booked_debt() -> f64 {
	Margin::bad_debt() as f64 / UNIT
}
