//! Names, goals and the printing of promises.

use serde_json::{json, Value};

/// A promise and its goal.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
	/// Its name, as in the design.
	pub name: &'static str,
	/// What the value counts.
	pub unit: &'static str,
	/// Whether a smaller value is better.
	pub at_most: bool,
	/// The goal.
	pub goal: f64,
}

const fn at_most(name: &'static str, unit: &'static str, goal: f64) -> Promise {
	Promise { name, unit, at_most: true, goal }
}

const fn at_least(name: &'static str, unit: &'static str, goal: f64) -> Promise {
	Promise { name, unit, at_most: false, goal }
}

/// Blocks between a tripping price and the restriction.
pub const RESTRICTION: Promise = at_most("breaker.blocks_to_restriction", "blocks", 0.0);
/// Blocks between the deciding vote and its enforcement.
pub const ENFORCEMENT: Promise = at_most("committee.blocks_to_enforcement", "blocks", 0.0);
/// A resting limit order against a balance transfer, executed.
pub const RESTING: Promise = at_most("order.resting_vs_transfer", "x", 1.5);
/// Cancelling an order by its id against a balance transfer, executed.
pub const CANCEL: Promise = at_most("order.cancel_vs_transfer", "x", 1.5);
/// An immediate-or-cancel order against three makers, against a balance transfer, executed.
pub const IOC3: Promise = at_most("order.ioc3_vs_transfer", "x", 3.0);
/// Orders a second in batches of 32 against single orders, executed.
pub const BATCH32: Promise = at_least("order.batch32_vs_single", "x", 4.0);
/// A resting limit order against a balance transfer, authored.
pub const RESTING_AUTHORED: Promise = at_most("order.resting_authored_vs_transfer", "x", 1.5);
/// Cancelling an order by its id against a balance transfer, authored.
pub const CANCEL_AUTHORED: Promise = at_most("order.cancel_authored_vs_transfer", "x", 1.5);
/// An immediate-or-cancel order against three makers, against a balance transfer, authored.
pub const IOC3_AUTHORED: Promise = at_most("order.ioc3_authored_vs_transfer", "x", 3.0);
/// Orders a second in batches of 32 against single orders, authored.
pub const BATCH32_AUTHORED: Promise = at_least("order.batch32_authored_vs_single", "x", 4.0);
/// Single limit orders that fit one block by declared weight.
pub const DECLARED: Promise = at_least("block.orders_declared", "orders", 1_000.0);
/// Single limit orders that are authored in a block's share of the slot.
pub const AUTHORED: Promise = at_least("block.orders_authored", "orders", 1_000.0);

/// The least that any call is charged, as a share of the time that it takes.
pub const CHARGED_COVERS: Promise = at_least("weights.least_charged_vs_measured", "x", 1.0);
/// The most that any call is charged, as a share of the time that it takes.
pub const CHARGED_EXCEEDS: Promise = at_most("weights.most_charged_vs_measured", "x", 2.0);

/// A price step that crosses a hundred triggers, with a million accounts against a thousand.
pub const STEP: Promise = at_most("liquidation.step_1m_vs_1k", "x", 1.7);
/// Accounts closed into the book by one block of a second.
pub const LIQUIDATED: Promise = at_least("liquidation.per_second", "accounts", 200.0);
/// Deleveraging against 128 counterparties, as a share of what a block may take.
pub const DELEVERAGING: Promise = at_most("liquidation.deleveraging_share_of_block", "x", 1.0);
/// The health of an account of eight positions against a signature check.
pub const HEALTH: Promise = at_most("margin.health_vs_signature", "x", 0.2);
/// Placing, cancelling and taking near the touch in whole blocks, with a million resting orders against
/// a hundred.
pub const GROWTH: Promise = at_most("block.growth", "x", 1.7);

impl Promise {
	/// What every call is charged.
	pub const WEIGHTS: &'static [Promise] = &[CHARGED_COVERS, CHARGED_EXCEEDS];
	/// What a few blocks show.
	pub const TRIPS: &'static [Promise] = &[RESTRICTION, ENFORCEMENT];
	/// What needs a thousand accounts.
	pub const THROUGHPUT: &'static [Promise] = &[
		RESTING,
		RESTING_AUTHORED,
		CANCEL,
		CANCEL_AUTHORED,
		IOC3,
		IOC3_AUTHORED,
		BATCH32,
		BATCH32_AUTHORED,
		DECLARED,
		AUTHORED,
	];
}

/// The figures of a run.
pub struct Report {
	names: Vec<String>,
	lines: Vec<Value>,
}

impl Report {
	/// A report of the promises whose names start with one of `names`; of all when there is none.
	pub fn new(names: Vec<String>) -> Self {
		Self { names, lines: Vec::new() }
	}

	/// Whether any of `promises` is asked for.
	pub fn wants_any(&self, promises: &[Promise]) -> bool {
		promises.iter().any(|promise| self.wants(promise))
	}

	/// Whether nothing was asked for that exists.
	pub fn is_empty(&self) -> bool {
		self.lines.is_empty()
	}

	fn wants(&self, promise: &Promise) -> bool {
		self.names.is_empty() || self.names.iter().any(|name| promise.name.starts_with(name))
	}

	/// Print and keep one figure.
	pub fn add(&mut self, promise: Promise, value: f64) {
		if !self.wants(&promise) {
			return;
		}
		let Promise { name, unit, at_most, goal } = promise;
		let holds = if at_most { value <= goal } else { value >= goal };
		let (op, verdict) = (if at_most { "<=" } else { ">=" }, if holds { "ok" } else { "short" });
		let digits = if value.fract() == 0.0 { 0 } else { 2 };
		println!("promise {name} {value:.digits$} {unit} goal {op} {goal} {verdict}");
		self.lines.push(json!({
			"name": name, "value": value, "unit": unit, "op": op, "goal": goal, "ok": holds,
		}));
	}

	/// The names of the promises that do not hold.
	pub fn short(&self) -> Vec<&str> {
		let short = |line: &&Value| line["ok"] == false;
		self.lines.iter().filter(short).filter_map(|line| line["name"].as_str()).collect()
	}

	/// Print a figure that no promise is about, for context.
	pub fn note(&self, text: impl core::fmt::Display) {
		println!("note    {text}");
	}

	/// All figures as JSON.
	pub fn json(&self) -> String {
		format!("{:#}\n", json!({ "promises": self.lines }))
	}
}
