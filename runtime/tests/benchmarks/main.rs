//! Every benchmark, run natively with its verification: once with the lowest and once with the highest
//! of its components.
//!
//! ```text
//! BENCHMARK=pallet_margin            those of a pallet
//! BENCHMARK=pallet_margin::deposit   one
//! BENCHMARK_KEYS=1                   names what each read and wrote
//! ```
//!
//! It tells which benchmarks fail, and what the others touch. Time is that of native code: weights are
//! made by `scripts/weights.sh`.
#![cfg(feature = "runtime-benchmarks")]

#[path = "../common/mod.rs"]
mod common;
mod scene;
mod state;

use breakwater_runtime::benchmarking::{dispatch, metadata};
use frame_benchmarking::{BenchmarkConfig, BenchmarkParameter, BenchmarkResult};
use frame_support::traits::StorageInfo;
use sp_core::Blake2Hasher;
use sp_state_machine::{Ext, OverlayedChanges};
use state::State;
use std::{
	collections::BTreeMap,
	panic::{catch_unwind, AssertUnwindSafe},
};

type Components = Vec<(BenchmarkParameter, u32)>;

/// Run `of` in the state, as a call of the runtime does.
fn run<R>(state: &State, of: impl FnOnce() -> R) -> R {
	let mut overlay = OverlayedChanges::<Blake2Hasher>::default();
	let mut ext = Ext::new(&mut overlay, state, None);
	sp_externalities::set_and_run_with_externalities(&mut ext, of)
}

/// What one run of a benchmark gave, or why it gave nothing.
fn measure(state: &State, config: &BenchmarkConfig) -> Result<BenchmarkResult, String> {
	let caught = catch_unwind(AssertUnwindSafe(|| run(state, || dispatch(config))));
	let batches = caught.map_err(|panic| match panic.downcast::<String>() {
		Ok(message) => *message,
		Err(panic) => panic.downcast::<&str>().map_or("panicked".into(), |text| text.to_string()),
	})??;
	let result = batches.into_iter().next().and_then(|batch| batch.results.into_iter().next());
	match result {
		None => Err("it was skipped".into()),
		// What is weightless has no time at all.
		Some(result) if result.extrinsic_time == 0 => Err("it is weightless".into()),
		Some(result) => Ok(result),
	}
}

fn shown(components: &Components) -> String {
	components.iter().map(|(name, value)| format!(" {name}={value}")).collect()
}

/// What was read and written but is not hot, by storage item.
fn items(result: &BenchmarkResult, infos: &[StorageInfo]) -> String {
	let mut items = BTreeMap::<String, (u32, u32)>::new();
	for (key, _, writes, hot) in &result.keys {
		if *hot {
			continue;
		}
		let info = infos.iter().find(|info| key.starts_with(&info.prefix));
		let name = info.map_or_else(
			|| sp_core::hexdisplay::HexDisplay::from(key).to_string(),
			|info| {
				let [pallet, storage] = [&info.pallet_name, &info.storage_name];
				format!("{}::{}", text(pallet), text(storage))
			},
		);
		let (reads, written) = items.entry(name).or_default();
		(*reads, *written) = (*reads + 1, *written + writes.min(&1));
	}
	let lines = items.iter().map(|(name, (r, w))| format!("      {name} r {r} w {w}\n"));
	lines.collect()
}

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn benchmarks_measure_what_they_mean_to() {
	let asked = std::env::var("BENCHMARK").unwrap_or_default();
	let (only_pallet, only_name) = asked.split_once("::").unwrap_or((&asked, ""));
	let with_keys = std::env::var_os("BENCHMARK_KEYS").is_some();
	let mut genesis = common::build(&common::genesis("development")).expect("the preset builds");
	let state = State::new(genesis.as_backend());
	let (lists, infos) = run(&state, || metadata(false));

	let (mut ran, mut failed) = (0, Vec::new());
	for list in &lists {
		let pallet = text(&list.pallet);
		for benchmark in &list.benchmarks {
			let name = text(&benchmark.name);
			let wanted = (only_pallet.is_empty() || pallet == only_pallet)
				&& (only_name.is_empty() || name == only_name);
			if !wanted {
				continue;
			}
			let [lowest, highest] = [false, true].map(|highest| -> Components {
				let each = benchmark.components.iter();
				each.map(|(name, low, high)| (*name, if highest { *high } else { *low })).collect()
			});
			let mut runs = vec![lowest, highest];
			runs.dedup();
			for components in runs {
				ran += 1;
				let label = format!("{pallet}::{name}{}", shown(&components));
				let config = BenchmarkConfig {
					pallet: list.pallet.clone(),
					instance: list.instance.clone(),
					benchmark: benchmark.name.clone(),
					selected_components: components,
					verify: true,
					internal_repeats: 0,
				};
				match measure(&state, &config) {
					Ok(result) => {
						let micros = result.extrinsic_time / 1_000;
						println!("{label}: r {} w {}, {micros} us", result.reads, result.writes);
						if with_keys {
							print!("{}", items(&result, &infos));
						}
					},
					Err(why) => {
						println!("{label}: FAILED: {why}");
						failed.push(format!("{label}: {why}"));
					},
				}
			}
		}
	}
	assert!(ran > 0, "no benchmark is called {asked}");
	assert!(failed.is_empty(), "{} of {ran} runs failed:\n{}", failed.len(), failed.join("\n"));
}
