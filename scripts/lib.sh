# shellcheck shell=bash
# What every script here shares; source it, do not run it:
#
#   source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
#
# Sets ROOT, CARGO_TARGET_DIR, WASM_BUILD_WORKSPACE_HINT and NODE, and defines say, fail,
# build_bin, build_book_bench and build_node.

# shellcheck disable=SC2034 # for the scripts that source this file
ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"

# One target directory for node, wasm and tests, outside the repository so that every checkout
# shares it. BREAKWATER_TARGET_DIR wins over a CARGO_TARGET_DIR that is already set.
export CARGO_TARGET_DIR="${BREAKWATER_TARGET_DIR:-${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/breakwater/target}}"

# The wasm builder looks for Cargo.lock above the target directory, where it is not.
export WASM_BUILD_WORKSPACE_HINT="$ROOT"

# The node that build_node makes.
# shellcheck disable=SC2034
NODE="$CARGO_TARGET_DIR/release/breakwater-node"

# Tells what happens; on standard error, so that a script's output stays its result.
say() {
	printf '%s\n' "$*" >&2
}

# Ends the script with one sentence that names the remedy.
fail() {
	printf 'error: %s\n' "$*" >&2
	exit 1
}

# Builds one program of the workspace, and what it needs. With --workspace every command here asks
# for the same features of the same dependencies, so that these are built once.
build_bin() {
	command -v cargo >/dev/null || fail "cargo is missing: run scripts/setup.sh"
	say "building $1 (minutes when cold, seconds when warm)"
	(cd "$ROOT" && cargo build --release --locked --workspace --bin "$1") ||
		fail "$1 did not build: run scripts/setup.sh, then read the compiler's message above"
}

# Builds the bench of the matching core, with the order books that it is compared with. It is built by
# itself: these bring packages that nothing else here needs.
build_book_bench() {
	say "building breakwater-book-bench (two minutes when cold)"
	(cd "$ROOT" && cargo build --release --locked -p breakwater-book-bench --features peers) ||
		fail "breakwater-book-bench did not build: run scripts/setup.sh, then read the compiler's message above"
}

# Builds the node and with it the wasm runtime.
build_node() {
	build_bin breakwater-node
}
