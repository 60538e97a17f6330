//! Chain specs, made from the runtime's genesis presets.

use breakwater_runtime::WASM_BINARY;
use sc_service::{ChainType, GenericChainSpec, Properties};
use std::path::Path;

/// A chain spec without extensions.
pub type ChainSpec = GenericChainSpec;

/// The name of the chain that has placeholders in place of keys.
pub const PRODUCTION_EXAMPLE: &str = "production-example";

/// One validator, well-known keys, short governance delays.
pub fn development() -> Result<ChainSpec, String> {
	from_preset("Breakwater Development", "breakwater_dev", ChainType::Development, "development")
}

/// Four validators with well-known keys.
pub fn local() -> Result<ChainSpec, String> {
	from_preset("Breakwater Local", "breakwater_local", ChainType::Local, "local_testnet")
}

/// Production delays, and placeholders where a real chain has its keys.
pub fn production_example() -> Result<ChainSpec, String> {
	from_preset("Breakwater", "breakwater", ChainType::Live, "production_example")
}

/// Reads a chain spec file, plain or raw.
pub fn from_file(path: &str) -> Result<ChainSpec, String> {
	if !Path::new(path).is_file() {
		return Err(format!(
			"there is no chain spec `{path}`: give dev, local, production-example or the path of a \
			 file made with `breakwater-node export-chain-spec`"
		));
	}
	ChainSpec::from_json_file(path.into()).map_err(|error| {
		format!(
			"`{path}` is not a chain spec ({error}): make one with \
			 `breakwater-node export-chain-spec`"
		)
	})
}

/// Whether the runtime can build a genesis from the spec that was asked for as `name`. It cannot
/// while placeholders are left in it.
pub fn check_genesis(spec: &dyn sc_service::ChainSpec, name: &str) -> Result<(), String> {
	let Err(error) = spec.as_storage_builder().build_storage() else { return Ok(()) };
	// What follows is the whole genesis.
	let reason = error.split(" for blob:").next().unwrap_or_default();
	let remedy = if name == PRODUCTION_EXAMPLE {
		"write it to a file with `breakwater-node export-chain-spec --chain production-example`, \
		 fill in every placeholder and give that file to --chain"
	} else {
		"correct that file, or make a new one with `breakwater-node export-chain-spec`"
	};
	Err(format!("no chain can start from `{name}` as it is: {reason}; {remedy}"))
}

fn from_preset(
	name: &str,
	id: &str,
	chain_type: ChainType,
	preset: &str,
) -> Result<ChainSpec, String> {
	let code = WASM_BINARY.ok_or(
		"this node was built without the wasm runtime: build it again with SKIP_WASM_BUILD unset",
	)?;
	Ok(ChainSpec::builder(code, None)
		.with_name(name)
		.with_id(id)
		.with_chain_type(chain_type)
		.with_properties(properties())
		.with_genesis_config_preset_name(preset)
		.build())
}

fn properties() -> Properties {
	let mut properties = Properties::new();
	properties.insert("tokenSymbol".into(), "BRW".into());
	properties.insert("tokenDecimals".into(), 12.into());
	properties.insert("ss58Format".into(), 42.into());
	properties
}
