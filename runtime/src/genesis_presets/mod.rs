//! Chains to start from: `development`, `local_testnet` and `production_example`.
//!
//! A preset is a JSON patch of the runtime's genesis. `breakwater-node export-chain-spec` or
//! `chain-spec-builder` make a chain spec of it by name.

mod development;
mod production;

pub use development::{
	accounts, btc_perp, development, local_testnet, BTC_PERP, DELAYS, DEVELOPMENT_FEEDERS,
};
pub use production::{production_example, refuse_placeholders, PLACEHOLDER};

use alloc::{string::String, vec::Vec};
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

/// The name of the preset without well-known keys.
pub const PRODUCTION_EXAMPLE_PRESET: &str = "production_example";

/// The names of all presets.
pub fn names() -> Vec<PresetId> {
	[DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET, PRODUCTION_EXAMPLE_PRESET]
		.map(String::from)
		.to_vec()
}

/// The preset of a name, as JSON.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let patch = match id.as_ref() {
		DEV_RUNTIME_PRESET => development(),
		LOCAL_TESTNET_RUNTIME_PRESET => local_testnet(),
		PRODUCTION_EXAMPLE_PRESET => production_example(),
		_ => return None,
	};
	serde_json::to_vec(&patch).ok()
}
