//! Gives the node its version: the crate's, followed by the commit where the source is in git.

use std::{path::Path, process::Command};
use substrate_build_script_utils::{generate_cargo_keys, rerun_if_git_head_changed};

fn main() {
	println!("cargo:rerun-if-changed=build.rs");
	println!("cargo:rerun-if-env-changed=SUBSTRATE_CLI_GIT_COMMIT_HASH");
	match git(&["rev-parse", "--short=11", "HEAD"]) {
		// Cargo reruns this script on every build when a file it watches does not exist, and a
		// branch has no file of its own once git has packed it.
		Some(_) if branch_has_file() => rerun_if_git_head_changed(),
		Some(_) => {},
		None => std::env::set_var("SUBSTRATE_CLI_GIT_COMMIT_HASH", ""),
	}
	generate_cargo_keys();
}

fn branch_has_file() -> bool {
	git(&["symbolic-ref", "--quiet", "HEAD"])
		.and_then(|branch| git(&["rev-parse", "--git-path", &branch]))
		.is_some_and(|path| Path::new(&path).exists())
}

fn git(arguments: &[&str]) -> Option<String> {
	let output = Command::new("git").args(arguments).output().ok()?;
	output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
