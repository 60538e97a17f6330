//! A pallet's `weights.rs`, and the table of all of them. What is written is formatted afterwards.

use crate::cost::{Cost, Line};
use std::fmt::Write;

/// Which database weights a function uses.
const RUNTIME: &str = "T::DbWeight::get()";
const ROCKS: &str = "RocksDbWeight::get()";

/// The file of a pallet, whose benchmarks were run `how`.
pub fn weights(pallet: &str, how: &str, costs: &[Cost]) -> String {
	let mut out = format!(
		"//! Weights of `{pallet}`, made of its benchmarks by `scripts/weights.sh`\n\
		 //! ({how}). Change the benchmarks and make it again.\n//!\n\
		 //! Reads and writes are distinct keys; those that every block touches anyway are charged once per\n\
		 //! block and not counted here. Proof sizes are those of a large state: each value as long as it\n\
		 //! may be, in a map of a million entries or the most it may have.\n\n\
		 use core::marker::PhantomData;\n\
		 use frame_support::{{traits::Get, weights::{{constants::RocksDbWeight, Weight}}}};\n\n\
		 /// The weight of each benchmark.\npub trait WeightInfo {{\n"
	);
	for cost in costs {
		let _ = writeln!(out, "/// Benchmark `{}`.", cost.name);
		for (name, (low, high)) in &cost.components {
			let _ = writeln!(out, "/// `{name}` was run from {low} to {high}.");
		}
		let _ = writeln!(out, "fn {}({}) -> Weight;", cost.name, parameters(cost, false));
	}
	out += "}\n\n/// [`WeightInfo`] with the database weights of the runtime.\n\
		pub struct SubstrateWeight<T>(PhantomData<T>);\n\n\
		impl<T: frame_system::Config> WeightInfo for SubstrateWeight<T> {\n";
	costs.iter().for_each(|cost| function(&mut out, cost, RUNTIME));
	out += "}\n\n// For tests.\nimpl WeightInfo for () {\n";
	costs.iter().for_each(|cost| function(&mut out, cost, ROCKS));
	out += "}\n";
	out
}

fn parameters(cost: &Cost, defined: bool) -> String {
	let each = cost.components.keys().map(|name| {
		let unused = if defined && !cost.uses(name) { "_" } else { "" };
		format!("{unused}{name}: u32, ")
	});
	each.collect()
}

fn function(out: &mut String, cost: &Cost, db: &str) {
	if db == RUNTIME {
		for item in &cost.items {
			let _ = writeln!(out, "// {item}");
		}
	}
	let _ = writeln!(out, "fn {}({}) -> Weight {{", cost.name, parameters(cost, true));
	if db == RUNTIME {
		let _ = writeln!(out, "// The shortest run took {} picoseconds.", number(cost.least_time));
	}
	let _ = write!(out, "{}", weight(cost.time.base, cost.proof.base));
	for name in cost.components.keys() {
		let (time, proof) = (cost.time.slope(name), cost.proof.slope(name));
		if time > 0 || proof > 0 {
			let one = weight(time, proof);
			let _ = write!(out, ".saturating_add({one}.saturating_mul({name}.into()))");
		}
	}
	accesses(out, &format!("{db}.reads"), &cost.reads);
	accesses(out, &format!("{db}.writes"), &cost.writes);
	let _ = writeln!(out, "\n}}");
}

fn weight(time: u128, proof: u128) -> String {
	format!("Weight::from_parts({}, {})", number(time), number(proof))
}

fn accesses(out: &mut String, charge: &str, line: &Line) {
	if line.base > 0 {
		let _ = write!(out, ".saturating_add({charge}({}_u64))", line.base);
	}
	for (name, slope) in &line.slopes {
		let _ = write!(out, ".saturating_add({charge}({slope}_u64.saturating_mul({name}.into())))");
	}
}

/// A number with its thousands apart, as in code.
fn number(value: u128) -> String {
	let digits = value.to_string();
	let mut out = String::new();
	for (place, digit) in digits.chars().enumerate() {
		if place > 0 && (digits.len() - place) % 3 == 0 {
			out.push('_');
		}
		out.push(digit);
	}
	out
}

/// What each benchmark takes with its components at their lowest and at their highest.
pub fn table(pallets: &[(String, Vec<Cost>)]) -> String {
	let mut out = String::from(
		"| Benchmark | components | time, us | reads | writes | proof, bytes |\n\
		 | --- | --- | ---: | ---: | ---: | ---: |\n",
	);
	for (pallet, costs) in pallets {
		for cost in costs {
			let ranges = cost.components.iter();
			let ranges: Vec<_> =
				ranges.map(|(name, (low, high))| format!("{name} {low}..{high}")).collect();
			let columns =
				[(&cost.time, 1_000_000), (&cost.reads, 1), (&cost.writes, 1), (&cost.proof, 1)]
					.map(|(line, unit)| range(cost, line, unit));
			let _ = writeln!(
				out,
				"| `{pallet}::{}` | {} | {} |",
				cost.name,
				ranges.join(", "),
				columns.join(" | ")
			);
		}
	}
	out
}

fn range(cost: &Cost, line: &Line, unit: u128) -> String {
	let of = |name: &str| cost.components.get(name).copied().unwrap_or_default();
	let [low, high] =
		[line.at(|name| of(name).0), line.at(|name| of(name).1)].map(|value| value / unit);
	if low == high {
		low.to_string()
	} else {
		format!("{low} to {high}")
	}
}
