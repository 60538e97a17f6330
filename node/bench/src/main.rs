//! The promises of the design, measured on real blocks of the wasm runtime.
//!
//! Every figure is a ratio of two things measured in the same run, or a count. A real ParityDB is
//! initialised from the development preset, a thousand accounts are funded and deposit collateral
//! through ordinary extrinsics, and then whole blocks of signed extrinsics from distinct accounts
//! are authored with the block builder and executed through the runtime API, state root included.
//!
//! ```text
//!   breakwater-bench [NAME..] [--runs N] [--size N] [--json FILE] [--table FILE] [--check]
//! ```

mod accounts;
mod chain;
mod growth;
mod liquidation;
mod promise;
mod state;
mod table;
mod throughput;
mod trips;

use clap::Parser;
use promise::{Promise, Report, DELEVERAGING, GROWTH, HEALTH, LIQUIDATED, STEP};

/// Measure the promises.
#[derive(Debug, Parser)]
#[command(name = "breakwater-bench", version, about)]
struct Options {
	/// Only promises whose names start with one of these.
	names: Vec<String>,
	/// How often each block is executed; the best run counts.
	#[arg(long, default_value_t = 7)]
	runs: u32,
	/// Signed extrinsics in a measured block.
	#[arg(long, default_value_t = 500)]
	size: u32,
	/// Write the table of what each call reads, writes, proves and is charged to this file.
	#[arg(long)]
	table: Option<std::path::PathBuf>,
	/// Write the figures to this file as JSON.
	#[arg(long)]
	json: Option<std::path::PathBuf>,
	/// Fail when a promise does not hold.
	#[arg(long)]
	check: bool,
}

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

fn main() -> Result<()> {
	let options = Options::parse();
	let mut report = Report::new(options.names.clone());
	if report.wants_any(Promise::TRIPS) {
		trips::measure(&mut report)?;
	}
	if report.wants_any(Promise::THROUGHPUT) {
		throughput::measure(&mut report, options.size, options.runs)?;
	}
	if report.wants_any(Promise::WEIGHTS) {
		table::measure(&mut report, options.runs, options.table.as_deref())?;
	}
	if report.wants_any(&[HEALTH]) {
		liquidation::health(&mut report)?;
	}
	if report.wants_any(&[LIQUIDATED]) {
		liquidation::rate(&mut report, options.runs)?;
	}
	if report.wants_any(&[DELEVERAGING]) {
		liquidation::deleveraging(&mut report, options.runs)?;
	}
	if report.wants_any(&[STEP]) {
		liquidation::step(&mut report, options.runs)?;
	}
	if report.wants_any(&[GROWTH]) {
		growth::measure(&mut report, options.runs)?;
	}
	if report.is_empty() {
		return Err(format!("no promise has a name like {:?}", options.names).into());
	}
	if let Some(path) = &options.json {
		std::fs::write(path, report.json())?;
	}
	let short = report.short();
	if options.check && !short.is_empty() {
		return Err(format!("short: {}", short.join(", ")).into());
	}
	Ok(())
}
