//! What a benchmark takes, as a sum over its components.

use crate::{
	runs::{Benchmark, Runs},
	Result,
};
use frame_benchmarking::{Analysis, BenchmarkResult, BenchmarkSelector};
use frame_support::traits::StorageInfo;
use std::collections::BTreeMap;

/// Entries assumed of a map that says no number: the depth of its trie follows.
const MOST_ENTRIES: u32 = 1_000_000;
/// Layers of the trie above a storage item, each of which a proof holds in part.
const LAYERS_ABOVE: u32 = 2;
/// Bytes of a layer in a proof: the hashes of 15 siblings with their lengths.
const LAYER: u32 = 15 * 33;

/// Something that a benchmark takes: so much, and so much for each of its components.
#[derive(Debug, Default)]
pub struct Line {
	/// With all components at zero.
	pub base: u128,
	/// For each of a component, where it is not nothing.
	pub slopes: BTreeMap<String, u128>,
}

impl Line {
	fn fit(runs: &[BenchmarkResult], of: BenchmarkSelector) -> Result<(Self, u128)> {
		let fitted = Analysis::min_squares_iqr(&runs.to_vec(), of)?;
		let slopes = fitted.names.into_iter().zip(fitted.slopes);
		let line =
			Self { base: fitted.base, slopes: slopes.filter(|(_, slope)| *slope > 0).collect() };
		// Lines of time are in picoseconds, but not this.
		Ok((line, fitted.minimum * 1_000))
	}

	/// What it comes to with these components.
	pub fn at(&self, value: impl Fn(&str) -> u32) -> u128 {
		let each = self.slopes.iter().map(|(name, slope)| slope * u128::from(value(name)));
		self.base + each.sum::<u128>()
	}

	/// The part that a component adds to.
	pub fn slope(&self, component: &str) -> u128 {
		self.slopes.get(component).copied().unwrap_or_default()
	}
}

/// What a benchmark takes.
pub struct Cost {
	/// The benchmark.
	pub name: String,
	/// Its components by name, each with its lowest and its highest value.
	pub components: BTreeMap<String, (u32, u32)>,
	/// Picoseconds.
	pub time: Line,
	/// The shortest run, in picoseconds.
	pub least_time: u128,
	/// Distinct keys read.
	pub reads: Line,
	/// Distinct keys written.
	pub writes: Line,
	/// Bytes of a proof of what is read, of a large state.
	pub proof: Line,
	/// What is read and written at the most, by storage item.
	pub items: Vec<String>,
}

impl Cost {
	/// What the runs of a benchmark say.
	pub fn of(benchmark: &Benchmark, runs: &Runs, storage: &[StorageInfo]) -> Result<Self> {
		let proven: Vec<_> = runs.accesses.iter().map(|run| prove(run, storage)).collect();
		let (time, least_time) = Line::fit(&runs.times, BenchmarkSelector::ExtrinsicTime)?;
		let components = benchmark.components.iter();
		Ok(Self {
			name: benchmark.name.clone(),
			components: components
				.map(|(name, low, high)| (name.to_string(), (*low, *high)))
				.collect(),
			time,
			least_time,
			reads: Line::fit(&runs.accesses, BenchmarkSelector::Reads)?.0,
			writes: Line::fit(&runs.accesses, BenchmarkSelector::Writes)?.0,
			proof: Line::fit(&proven, BenchmarkSelector::ProofSize)?.0,
			items: runs.accesses.iter().max_by_key(|run| run.reads + run.writes).map_or_else(
				Vec::new,
				|run| {
					run.keys.iter().filter(|key| !key.3).map(|key| describe(key, storage)).collect()
				},
			),
		})
	}

	/// Whether the weight depends on a component.
	pub fn uses(&self, component: &str) -> bool {
		let lines = [&self.time, &self.reads, &self.writes, &self.proof];
		lines.iter().any(|line| line.slope(component) > 0)
	}
}

/// A prefix of keys, how many of them were read, how many written, and whether they are not counted.
type Touched = (Vec<u8>, u32, u32, bool);

fn item<'a>(prefix: &[u8], storage: &'a [StorageInfo]) -> Option<&'a StorageInfo> {
	storage.iter().find(|info| info.prefix == prefix)
}

fn describe((prefix, reads, writes, _): &Touched, storage: &[StorageInfo]) -> String {
	let name = match item(prefix, storage) {
		Some(info) => {
			let [pallet, name] = [&info.pallet_name, &info.storage_name].map(|bytes| text(bytes));
			format!("`{pallet}::{name}`")
		},
		None => format!("`{}`", sp_core::hexdisplay::HexDisplay::from(prefix)),
	};
	format!("{name} (r:{reads} w:{writes})")
}

fn text(bytes: &[u8]) -> String {
	String::from_utf8_lossy(bytes).into_owned()
}

/// The run with the size of a proof from a large state: each value as long as it may be, below all
/// the layers that a map of its most entries has. Values of no known length count with what was
/// recorded in the small state of the benchmark.
fn prove(run: &BenchmarkResult, storage: &[StorageInfo]) -> BenchmarkResult {
	let read = run.keys.iter().filter(|(_, reads, _, hot)| *reads > 0 && !hot);
	let each = read.map(|(prefix, reads, _, _)| {
		let info = item(prefix, storage);
		let entries = info.and_then(|info| info.max_values).unwrap_or(MOST_ENTRIES);
		// Sixteen children to a node.
		let layers = (entries.max(2) - 1).ilog2() / 4 + 1;
		let value = info.and_then(|info| info.max_size).unwrap_or(run.proof_size);
		let all = (layers * LAYER).saturating_add(value).saturating_mul(*reads);
		all.saturating_add(LAYERS_ABOVE * LAYER)
	});
	let proof_size = each.fold(0u32, u32::saturating_add);
	BenchmarkResult { proof_size, ..run.clone() }
}
