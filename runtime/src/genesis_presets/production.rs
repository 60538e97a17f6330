//! The production example: every account and key is a placeholder, and a genesis with a placeholder
//! left is refused with a list of what is missing.

use alloc::{format, string::String, vec::Vec};
use serde_json::{json, Value};

/// What every value begins with that the chain's founders must fill in.
pub const PLACEHOLDER: &str = "FILL_IN";

/// The patch of a production chain: four validators, committee and council of five, five feeders, no
/// market, and the delays of the pallets' defaults. Copy it, fill in every value that begins with
/// [`PLACEHOLDER`], and add or remove entries as needed.
pub fn production_example() -> Value {
	let accounts = |role: &str, count: usize| -> Vec<String> {
		(1..=count).map(|n| format!("{PLACEHOLDER}: SS58 address of {role} {n}")).collect()
	};
	let validators = accounts("validator", 4);
	let keys: Vec<Value> = validators
		.iter()
		.enumerate()
		.map(|(n, account)| {
			json!([account, account, {
				"aura": format!("{PLACEHOLDER}: Aura key (sr25519, SS58) of validator {}", n + 1),
				"grandpa": format!("{PLACEHOLDER}: GRANDPA key (ed25519, SS58) of validator {}", n + 1),
			}])
		})
		.collect();
	let treasury = format!("{PLACEHOLDER}: SS58 address that holds the initial BRW");
	let issuer = format!("{PLACEHOLDER}: SS58 address that issues the collateral asset");
	json!({
		"balances": { "balances": [[treasury, 10_000_000_u64 * 1_000_000_000_000_u64]] },
		"assets": {
			"assets": [[crate::USDC, issuer, true, 1]],
			"metadata": [[crate::USDC, b"USD Coin", b"USDC", 6]],
		},
		"validatorMembership": { "members": validators },
		"session": { "keys": keys },
		"committeeMembership": { "members": accounts("committee member", 5) },
		"councilMembership": { "members": accounts("council member", 5) },
		"feeders": { "members": accounts("feeder", 5) },
		"observers": { "members": accounts("observer", 3) },
	})
}

/// An error that names every placeholder left in a genesis, or nothing when there is none.
pub fn refuse_placeholders(genesis: &[u8]) -> Result<(), String> {
	// What is no JSON is refused, with its own message, by whoever reads it next.
	let Ok(value) = serde_json::from_slice::<Value>(genesis) else { return Ok(()) };
	let mut missing = Vec::new();
	find(&value, String::from("genesis"), &mut missing);
	if missing.is_empty() {
		return Ok(());
	}
	Err(format!(
		"this genesis is an example and still has {} values to fill in (production chains have no \
		 well-known keys); replace: {}",
		missing.len(),
		missing.join(", "),
	))
}

/// Collect the paths of all placeholders in `value`, which is found at `path`.
fn find(value: &Value, path: String, missing: &mut Vec<String>) {
	match value {
		Value::String(text) if text.starts_with(PLACEHOLDER) => missing.push(path),
		Value::Array(items) => {
			for (n, item) in items.iter().enumerate() {
				find(item, format!("{path}[{n}]"), missing);
			}
		},
		Value::Object(fields) => {
			for (name, field) in fields {
				find(field, format!("{path}.{name}"), missing);
			}
		},
		_ => (),
	}
}
