//! The command: crashes on real prices, and the long run of the fuzzer.

use breakwater_crash::{
	crash::{self, Setting, Variant},
	fuzz::{Plan, Report},
	incident::{Incident, INCIDENTS},
	outcome::Outcome,
	table,
};
use clap::{Args, Parser, Subcommand};
use std::{path::PathBuf, sync::Mutex};

#[derive(Debug, Parser)]
#[command(version, about)]
struct Options {
	#[command(subcommand)]
	what: What,
}

#[derive(Debug, Subcommand)]
enum What {
	/// Run crashes with the whole ladder and with each step taken away.
	Crash(Crashes),
	/// Send whatever can be sent, and look at every invariant.
	Fuzz(Fuzzing),
}

#[derive(Debug, Args)]
struct Fuzzing {
	/// Steps in all: calls, prices, blocks.
	#[arg(long, default_value_t = 1_000_000)]
	steps: u64,
	/// The seed of the first sequence; the next ones follow it.
	#[arg(long, default_value_t = 1)]
	seed: u64,
	/// Steps of a sequence.
	#[arg(long, default_value_t = 250)]
	length: u64,
	/// Steps between two checks of everything.
	#[arg(long, default_value_t = 25)]
	check_every: u64,
}

#[derive(Debug, Args)]
struct Crashes {
	/// Only incidents whose names start with one of these.
	incidents: Vec<String>,
	/// Traders at the beginning; a third as many come later.
	#[arg(long, default_value_t = Setting::default().traders)]
	traders: u64,
	/// What the drawing of traders begins with.
	#[arg(long, default_value_t = Setting::default().seed)]
	seed: u64,
	/// The funds at the beginning, in parts of what they should hold.
	#[arg(long, default_value_t = Setting::default().funds)]
	funds: f64,
	/// Only runs whose names start with this.
	#[arg(long)]
	run: Option<String>,
	/// Write all figures to this file as well.
	#[arg(long)]
	json: Option<PathBuf>,
}

fn main() -> Result<(), String> {
	match Options::parse().what {
		What::Crash(options) => crashes(&options),
		What::Fuzz(options) => fuzz(&options),
	}
}

fn crashes(options: &Crashes) -> Result<(), String> {
	let Some(data) = std::env::var_os("BREAKWATER_DATA").map(PathBuf::from) else {
		println!("skipped: BREAKWATER_DATA names no directory of market data");
		return Ok(());
	};
	let wanted = |incident: &&Incident| {
		let names = &options.incidents;
		names.is_empty() || names.iter().any(|name| incident.id.starts_with(name))
	};
	let chosen: Vec<_> = INCIDENTS.iter().filter(wanted).collect();
	if chosen.is_empty() {
		let known = INCIDENTS.map(|incident| incident.id).join(", ");
		return Err(format!("no incident is called {:?}: try {known}", options.incidents));
	}
	let mut all = Vec::new();
	for incident in chosen {
		let candles = incident.candles(&data)?;
		let runs = run_all(options, incident, &candles);
		println!("\n{}: {}, amounts in thousands", incident.id, incident.title);
		print!("{}", table::text(&runs));
		all.push(table::json(incident.id, &runs));
	}
	match &options.json {
		Some(file) => {
			let text = format!("{:#}\n", serde_json::Value::Array(all));
			std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
		},
		None => Ok(()),
	}
}

/// All runs of an incident, as many at once as there are processors.
fn run_all(
	options: &Crashes,
	incident: &Incident,
	candles: &[breakwater_crash::prices::Candle],
) -> Vec<(&'static str, Outcome)> {
	let setting = Setting { traders: options.traders, seed: options.seed, funds: options.funds };
	let named = |variant: &Variant| {
		options.run.as_ref().is_none_or(|name| variant.0.starts_with(name.as_str()))
	};
	let variants: Vec<Variant> = crash::variants().into_iter().filter(named).collect();
	let waiting = Mutex::new(variants.iter().enumerate());
	let done = Mutex::new(Vec::new());
	let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
	let threads = std::thread::available_parallelism().map_or(1, usize::from);
	std::thread::scope(|scope| {
		for _ in 0..threads {
			scope.spawn(|| {
				while let Some((place, (name, steps))) = next() {
					let outcome = crash::run(candles, incident.shape, setting, *steps);
					if let Ok(mut done) = done.lock() {
						done.push((place, (*name, outcome)));
					}
				}
			});
		}
	});
	let mut runs = done.into_inner().unwrap_or_default();
	runs.sort_by_key(|(place, _)| *place);
	runs.into_iter().map(|(_, run)| run).collect()
}

/// Sequences of consecutive seeds, as many at once as there are processors.
fn fuzz(options: &Fuzzing) -> Result<(), String> {
	let plan = Plan { length: options.length.max(1), check_every: options.check_every.max(1) };
	let seeds = options.seed..options.seed + options.steps.div_ceil(plan.length);
	let waiting = Mutex::new(seeds);
	let all = Mutex::new(Report::default());
	let next = || waiting.lock().ok().and_then(|mut waiting| waiting.next());
	let work = || {
		let mut report = Report::default();
		while let Some(seed) = next() {
			if let Err(failure) = report.sequence(seed, plan) {
				let Plan { length, check_every } = plan;
				return Err(format!(
					"{failure}\nagain with: fuzz --seed {seed} --steps {length} --length {length} \
					 --check-every {check_every}"
				));
			}
			if seed % 500 == 0 {
				println!("fuzz: sequence {seed}");
			}
		}
		if let Ok(mut all) = all.lock() {
			all.merge(report);
		}
		Ok(())
	};
	let threads = std::thread::available_parallelism().map_or(1, usize::from);
	let done: Vec<Result<(), String>> = std::thread::scope(|scope| {
		let working: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
		let join = |thread: std::thread::ScopedJoinHandle<'_, _>| {
			thread.join().unwrap_or_else(|_| Err("a thread panicked".into()))
		};
		working.into_iter().map(join).collect()
	});
	done.into_iter().collect::<Result<Vec<_>, _>>()?;
	let report = all.into_inner().unwrap_or_default();
	for (name, (tried, accepted)) in &report.calls {
		println!("{name:<32}{tried:>10} tried{accepted:>10} accepted");
	}
	for (name, times) in &report.refusals {
		println!("{name:<32}{times:>10} refused");
	}
	for (name, times) in &report.events {
		println!("{name:<32}{times:>10}");
	}
	println!(
		"fuzz: {} steps in {} sequences, {} full checks, no invariant broken",
		report.steps, report.sequences, report.checks
	);
	Ok(())
}
