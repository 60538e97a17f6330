//! Runs benchmarks in wasm.

use crate::Result;
use codec::{Decode, Encode};
use frame_benchmarking::{
	BenchmarkBatch, BenchmarkConfig, BenchmarkList, BenchmarkMetadata, BenchmarkParameter,
	BenchmarkResult,
};
use frame_support::traits::StorageInfo;
use sc_chain_spec::GenesisConfigBuilderRuntimeCaller;
use sc_client_db::BenchmarkingState;
use sc_executor::WasmExecutor;
use sp_core::traits::{CallContext, RuntimeCode, WrappedRuntimeCode};
use sp_runtime::traits::BlakeTwo256;
use sp_state_machine::{OverlayedChanges, StateMachine};
use std::path::Path;

/// What the runtime may ask of its host.
type HostFunctions =
	(sp_io::SubstrateHostFunctions, frame_benchmarking::benchmarking::HostFunctions);
type State = BenchmarkingState<BlakeTwo256>;
type Components = Vec<(BenchmarkParameter, u32)>;

/// The benchmarks of a pallet.
pub struct Pallet {
	/// The name of its crate.
	pub name: String,
	instance: Vec<u8>,
	/// Its benchmarks.
	pub benchmarks: Vec<Benchmark>,
}

/// A benchmark.
pub struct Benchmark {
	/// Its name.
	pub name: String,
	/// Its components, each with its lowest and its highest value.
	pub components: Vec<(BenchmarkParameter, u32, u32)>,
}

/// What the runs of a benchmark gave.
pub struct Runs {
	/// Time, of every repeat.
	pub times: Vec<BenchmarkResult>,
	/// Storage accesses and proof size, once for each set of components.
	pub accesses: Vec<BenchmarkResult>,
}

impl Benchmark {
	fn of(found: BenchmarkMetadata) -> Result<Self> {
		Ok(Self { name: String::from_utf8(found.name)?, components: found.components })
	}

	/// The sets of components to run with: each over its range, the others at their highest.
	fn sets(&self, steps: u32) -> Vec<Components> {
		let mut sets = Vec::new();
		for (varied, low, high) in &self.components {
			for step in 0..steps {
				let value =
					low + (u64::from(high - low) * u64::from(step) / u64::from(steps - 1)) as u32;
				let each = self.components.iter();
				let set =
					each.map(|(name, _, top)| (*name, if name == varied { value } else { *top }));
				sets.push(set.collect::<Components>());
			}
		}
		// Narrow ranges have fewer values than steps. The same set is run once.
		sets.dedup();
		if sets.is_empty() {
			sets.push(Components::new());
		}
		sets
	}
}

/// A runtime with benchmarks, and two states to run them in.
pub struct Bench {
	code: Vec<u8>,
	executor: WasmExecutor<HostFunctions>,
	/// Keeps account of what is read and written.
	tracking: State,
	/// Keeps none, which takes time.
	timing: State,
	lists: Vec<BenchmarkList>,
	storage: Vec<StorageInfo>,
}

impl Bench {
	/// The runtime of a file, in the state of one of its presets.
	pub fn load(runtime: &Path, preset: &str) -> Result<Self> {
		let code = std::fs::read(runtime)
			.map_err(|error| format!("{} cannot be read: {error}", runtime.display()))?;
		let builder = GenesisConfigBuilderRuntimeCaller::<HostFunctions>::new(&code);
		let genesis = builder.get_storage_for_named_preset(Some(&preset.to_string()))?;
		// Nothing proves storage here, so that recording a proof would only add to the time.
		let timing = State::new(genesis.clone(), None, false, false)?;
		let tracking = State::new(genesis, None, true, true)?;
		let executor = WasmExecutor::builder()
			.with_max_runtime_instances(2)
			.with_runtime_cache_size(2)
			.build();
		let mut bench =
			Self { code, executor, tracking, timing, lists: Vec::new(), storage: Vec::new() };
		(bench.lists, bench.storage) =
			bench.call(&bench.timing, "Benchmark_benchmark_metadata", &false.encode())?;
		Ok(bench)
	}

	/// What the pallets store.
	pub fn storage(&self) -> &[StorageInfo] {
		&self.storage
	}

	/// The pallets that have benchmarks.
	pub fn pallets(&self) -> Result<Vec<Pallet>> {
		let pallet = |list: BenchmarkList| -> Result<Pallet> {
			let benchmarks = list.benchmarks.into_iter().map(Benchmark::of);
			Ok(Pallet {
				name: String::from_utf8(list.pallet)?,
				instance: list.instance,
				benchmarks: benchmarks.collect::<Result<_>>()?,
			})
		};
		self.lists.iter().cloned().map(pallet).collect()
	}

	/// Run a benchmark over its components: verified, then with its accesses counted, then `repeat`
	/// times for its time.
	pub fn run(
		&self,
		pallet: &Pallet,
		benchmark: &Benchmark,
		steps: u32,
		repeat: u32,
	) -> Result<Runs> {
		let mut runs = Runs { times: Vec::new(), accesses: Vec::new() };
		for set in benchmark.sets(steps) {
			let config = |verify, internal_repeats| BenchmarkConfig {
				pallet: pallet.name.as_bytes().to_vec(),
				instance: pallet.instance.clone(),
				benchmark: benchmark.name.as_bytes().to_vec(),
				selected_components: set.clone(),
				verify,
				internal_repeats,
			};
			self.dispatch(&self.timing, &config(true, 1))?;
			runs.accesses.extend(self.dispatch(&self.tracking, &config(false, 1))?);
			runs.times.extend(self.dispatch(&self.timing, &config(false, repeat))?);
		}
		Ok(runs)
	}

	fn dispatch(&self, state: &State, config: &BenchmarkConfig) -> Result<Vec<BenchmarkResult>> {
		let batches: std::result::Result<Vec<BenchmarkBatch>, String> =
			self.call(state, "Benchmark_dispatch_benchmark", &config.encode())?;
		let results: Vec<_> = batches?.into_iter().flat_map(|batch| batch.results).collect();
		// Without time it is one that the runtime could not set up.
		match results.iter().all(|result| result.extrinsic_time > 0) && !results.is_empty() {
			true => Ok(results),
			false => Err("it was skipped or is weightless".into()),
		}
	}

	fn call<R: Decode>(&self, state: &State, function: &str, input: &[u8]) -> Result<R> {
		let fetcher = WrappedRuntimeCode((&self.code[..]).into());
		let hash = sp_io::hashing::blake2_256(&self.code).to_vec();
		let code = RuntimeCode { code_fetcher: &fetcher, heap_pages: None, hash };
		let mut overlay = OverlayedChanges::<BlakeTwo256>::default();
		let mut extensions = Default::default();
		let output = StateMachine::new(
			state,
			&mut overlay,
			&self.executor,
			function,
			input,
			&mut extensions,
			&code,
			CallContext::Offchain,
		)
		.execute()
		.map_err(|error| format!("{function}: {error}"))?;
		Ok(R::decode(&mut &output[..])?)
	}
}
