//! Weights, made of benchmarks: runs those of a wasm runtime that was built with them, fits time,
//! storage accesses and proof size to their components, and writes each pallet's `weights.rs`. Use
//! `scripts/weights.sh`, which builds that runtime.
//!
//! ```text
//!  wasm --genesis--> state, in memory --each benchmark, over its components--> runs
//!       runs --least squares (frame-benchmarking)--> cost --> pallets/X/src/weights.rs, a table
//! ```
//!
//! It is what `benchmark pallet` of the SDK does, with the SDK's state, host functions and analysis. That
//! command itself brings 189 packages, among them the parachain runtime of Polkadot and a light client,
//! which change the features of those that the node is made of and so have all of them compiled again.

mod cost;
mod file;
mod runs;

use clap::Parser;
use cost::Cost;
use runs::Bench;
use std::path::PathBuf;

/// Run the benchmarks of a runtime and write the weights of its pallets.
#[derive(Debug, Parser)]
#[command(name = "breakwater-weights", version, about)]
struct Options {
	/// The wasm of a runtime that was built with `runtime-benchmarks`.
	#[arg(long)]
	runtime: PathBuf,
	/// Only these pallets, such as `pallet_margin` or `margin`.
	names: Vec<String>,
	/// Only benchmarks with this name. Then nothing is written.
	#[arg(long)]
	only: Option<String>,
	/// The genesis preset in which benchmarks begin.
	#[arg(long, default_value = "development")]
	preset: String,
	/// How many values of each component are run, the others at their highest.
	#[arg(long, default_value_t = 20)]
	steps: u32,
	/// How often each is run for its time.
	#[arg(long, default_value_t = 10)]
	repeat: u32,
	/// Write each pallet's weights to `src/weights.rs` in its folder below this one.
	#[arg(long)]
	pallets: Option<PathBuf>,
	/// Write a table of what each benchmark takes to this file, as Markdown.
	#[arg(long)]
	table: Option<PathBuf>,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The folder of a pallet: `margin` for `pallet_margin`.
fn folder(pallet: &str) -> String {
	pallet.trim_start_matches("pallet_").replace('_', "-")
}

fn main() -> Result<()> {
	let options = Options::parse();
	if options.steps < 2 || options.repeat < 1 {
		return Err("a slope takes two steps at least, and a time one run".into());
	}
	let wanted: Vec<String> =
		options.names.iter().map(|name| folder(&name.replace('-', "_"))).collect();
	let bench = Bench::load(&options.runtime, &options.preset)?;
	let (mut measured, mut failed) = (Vec::new(), Vec::new());
	for pallet in bench.pallets()? {
		if !wanted.is_empty() && !wanted.contains(&folder(&pallet.name)) {
			continue;
		}
		let (mut costs, before) = (Vec::new(), failed.len());
		for benchmark in &pallet.benchmarks {
			if options.only.as_ref().is_some_and(|only| *only != benchmark.name) {
				continue;
			}
			eprintln!("{}::{}", pallet.name, benchmark.name);
			match bench.run(&pallet, benchmark, options.steps, options.repeat) {
				Ok(runs) => costs.push(Cost::of(benchmark, &runs, bench.storage())?),
				Err(error) => failed.push(format!("{}::{}: {error}", pallet.name, benchmark.name)),
			}
		}
		let whole = failed.len() == before && options.only.is_none();
		if let (Some(pallets), true) = (&options.pallets, whole) {
			let source = pallets.join(folder(&pallet.name)).join("src");
			// The SDK's pallets are not below it.
			if source.is_dir() {
				let how = format!("{} steps, {} repeats", options.steps, options.repeat);
				let weights = file::weights(&pallet.name, &how, &costs);
				std::fs::write(source.join("weights.rs"), weights)?;
				eprintln!("{}: weights written", pallet.name);
			}
		}
		measured.push((pallet.name, costs));
	}
	if measured.iter().all(|(_, costs)| costs.is_empty()) && failed.is_empty() {
		return Err("no benchmark has such a name".into());
	}
	let table = file::table(&measured);
	match &options.table {
		Some(path) => std::fs::write(path, table)?,
		None => print!("{table}"),
	}
	match failed.is_empty() {
		true => Ok(()),
		false => Err(format!("{} failed:\n{}", failed.len(), failed.join("\n")).into()),
	}
}
