//! The printing of promises, in the form of the other benchmarks.

use serde_json::{json, Value};

/// A promise and its goal.
#[derive(Clone, Copy, Debug)]
pub struct Promise {
	/// Its name, as in the design.
	pub name: &'static str,
	/// Whether a smaller value is better.
	pub at_most: bool,
	/// The goal.
	pub goal: f64,
}

/// The figures of a run.
#[derive(Default)]
pub struct Report {
	lines: Vec<Value>,
	notes: Vec<Value>,
}

impl Report {
	/// Print and keep one figure.
	pub fn add(&mut self, promise: Promise, value: f64) {
		let Promise { name, at_most, goal } = promise;
		let holds = if at_most { value <= goal } else { value >= goal };
		let (op, verdict) = (if at_most { "<=" } else { ">=" }, if holds { "ok" } else { "short" });
		println!("promise {name} {value:.2} x goal {op} {goal:?} {verdict}");
		self.lines.push(json!({
			"name": name, "value": value, "unit": "x", "op": op, "goal": goal, "ok": holds,
		}));
	}

	/// Print and keep a figure that no promise is about.
	pub fn note(&mut self, name: &str, value: f64, unit: &str) {
		println!("note    {name} {value:.1} {unit}");
		self.notes.push(json!({ "name": name, "value": value, "unit": unit }));
	}

	/// All figures as JSON.
	pub fn json(&self) -> String {
		format!("{:#}\n", json!({ "promises": self.lines, "notes": self.notes }))
	}
}
