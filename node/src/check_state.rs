//! Every pallet's invariants, checked on the state of a block.

use breakwater_runtime::{views, Runtime, VERSION};
use sc_cli::{CliConfiguration, Error, Result, SharedParams};
use serde_json::Value;
use sp_core::storage::Storage;
use sp_io::TestExternalities;
use std::{fs::File, io::BufReader, path::PathBuf};

/// `check-state`.
#[derive(Debug, Clone, clap::Parser)]
pub struct CheckStateCmd {
	/// The state: a raw chain spec, as `export-state` writes one for any block.
	#[arg(value_name = "STATE")]
	pub state: PathBuf,

	/// Logging and the like.
	#[clap(flatten)]
	pub shared_params: SharedParams,
}

impl CliConfiguration for CheckStateCmd {
	fn shared_params(&self) -> &SharedParams {
		&self.shared_params
	}
}

impl CheckStateCmd {
	/// Check, and say what was checked.
	///
	/// # Errors
	/// When the file is not a state, when another version of the runtime wrote it, or when an
	/// invariant does not hold.
	pub fn run(&self) -> Result<()> {
		let name = self.state.display();
		let storage = read(&self.state).map_err(|why| Error::Input(format!("{name}: {why}")))?;
		let items = storage.top.len();
		TestExternalities::new(storage).execute_with(|| {
			same_version().map_err(|why| Error::Input(format!("{name}: {why}")))?;
			views::try_state().map_err(|error| {
				let why: &'static str = error.into();
				Error::Input(format!("{name}: an invariant does not hold: {why}"))
			})
		})?;
		println!("every invariant holds in the {items} items of {name}");
		Ok(())
	}
}

/// The storage in a raw chain spec.
fn read(path: &PathBuf) -> std::result::Result<Storage, String> {
	let file = File::open(path).map_err(|error| error.to_string())?;
	let spec: Value = serde_json::from_reader(BufReader::new(file))
		.map_err(|error| format!("not a chain spec: {error}"))?;
	let items = spec
		.pointer("/genesis/raw/top")
		.and_then(Value::as_object)
		.ok_or("not a raw chain spec: it has no genesis.raw.top")?;
	let bytes = |hex: &str| {
		sp_core::bytes::from_hex(hex).map_err(|error| format!("not hexadecimal: {hex}: {error}"))
	};
	let item = |(key, value): (&String, &Value)| {
		let value = value.as_str().ok_or_else(|| format!("the item {key} is not text"))?;
		Ok((bytes(key)?, bytes(value)?))
	};
	let top = items.iter().map(item).collect::<std::result::Result<_, String>>()?;
	Ok(Storage { top, children_default: Default::default() })
}

/// Invariants are those of one version of the runtime, and so are the formats that they read.
fn same_version() -> std::result::Result<(), String> {
	let (ours, stored) = (VERSION.spec_version, frame_system::LastRuntimeUpgrade::<Runtime>::get());
	match stored {
		Some(stored) if stored.spec_version.0 == ours => Ok(()),
		Some(stored) => Err(format!(
			"the state is of runtime version {}, this program knows the invariants of {ours}",
			stored.spec_version.0,
		)),
		None => Err("no runtime of ours has run on this state".into()),
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use clap::Parser;

	fn check(content: &str) -> Result<()> {
		let folder = tempfile::tempdir().expect("a folder");
		let path = folder.path().join("state.json");
		std::fs::write(&path, content).expect("a file");
		CheckStateCmd::parse_from(["check-state", &path.display().to_string()]).run()
	}

	fn refusal(content: &str) -> String {
		check(content).expect_err("refused").to_string()
	}

	#[test]
	fn what_is_no_state_is_refused_by_name() {
		assert!(refusal("{").contains("not a chain spec"));
		assert!(refusal("{}").contains("it has no genesis.raw.top"));
		let odd = r#"{"genesis":{"raw":{"top":{"0xzz":"0x00"}}}}"#;
		assert!(refusal(odd).contains("not hexadecimal"));
		let empty = r#"{"genesis":{"raw":{"top":{}}}}"#;
		assert!(refusal(empty).contains("no runtime of ours has run"));
	}

	#[test]
	fn a_broken_invariant_is_found() {
		let spec = crate::chain_spec::development().expect("the preset");
		let json = sc_service::ChainSpec::as_json(&spec, true).expect("a raw spec");
		let mut spec: Value = serde_json::from_str(&json).expect("a spec");
		let top = spec.pointer_mut("/genesis/raw/top").and_then(Value::as_object_mut);
		let top = top.expect("a raw spec");
		// Genesis has run no block, so that the version is not stored yet.
		let upgrade = frame_system::LastRuntimeUpgradeInfo::from(VERSION);
		let key = frame_system::LastRuntimeUpgrade::<Runtime>::hashed_key();
		top.insert(hex(&key), hex(&codec::Encode::encode(&upgrade)).into());
		let sound = serde_json::to_string(&spec).expect("a spec");
		check(&sound).expect("the preset is sound");

		let key = pallet_insurance::GlobalFund::<Runtime>::hashed_key();
		let top = spec.pointer_mut("/genesis/raw/top").and_then(Value::as_object_mut);
		top.expect("a raw spec").insert(hex(&key), hex(&1u128.to_le_bytes()).into());
		let why = refusal(&serde_json::to_string(&spec).expect("a spec"));
		let broken = "an invariant does not hold: the running total is not the sum of the funds";
		assert!(why.contains(broken), "{why}");
	}

	fn hex(bytes: &[u8]) -> String {
		sp_core::bytes::to_hex(bytes, false)
	}
}
