//! The figures of runs beside each other, as text and as JSON.

use crate::outcome::Outcome;
use serde_json::{json, Map, Value};
use std::fmt::Write as _;

/// The runs of an incident, by what they left out.
pub type Runs = [(&'static str, Outcome)];

/// A table for people: a row for each run. Amounts are in thousands of quote units.
pub fn text(runs: &Runs) -> String {
	let mut table = String::new();
	let names = Outcome::default().figures().map(|(name, _)| name);
	// Writing to a string cannot fail.
	let _ = write!(table, "{:<22}", "");
	names.iter().for_each(|name| {
		let _ = write!(table, "{name:>13}");
	});
	table.push('\n');
	for (name, outcome) in runs {
		let _ = write!(table, "{name:<22}");
		for (figure, value) in outcome.figures() {
			let cell = match figure {
				"accounts" | "backlog" => format!("{value:.0}"),
				"open_share" => format!("{:.1}%", value * 100.0),
				_ => format!("{:.1}", value / 1_000.0),
			};
			let _ = write!(table, "{cell:>13}");
		}
		table.push('\n');
	}
	table
}

/// The same for programs: amounts are in quote units.
pub fn json(incident: &str, runs: &Runs) -> Value {
	let rows = runs.iter().map(|(name, outcome)| {
		let mut row = Map::new();
		row.insert("run".into(), json!(name));
		outcome.figures().into_iter().for_each(|(figure, value)| {
			row.insert(figure.into(), json!(value));
		});
		row.insert("others_loss".into(), json!(outcome.others_loss()));
		Value::Object(row)
	});
	json!({ "incident": incident, "runs": rows.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_run_has_a_row_and_every_figure_a_column() {
		let some = Outcome { bad_debt: 12_345.0, accounts: 7, ..Default::default() };
		let runs = [("whole", Outcome::default()), ("none", some)];
		let text = text(&runs);
		assert_eq!(text.lines().count(), 3);
		assert!(text.contains("12.3") && text.contains("bad_debt"));
		let json = json("x", &runs);
		assert_eq!(json["runs"][1]["bad_debt"], 12_345.0);
		assert_eq!(json["runs"][1]["others_loss"], 12_345.0);
	}
}
