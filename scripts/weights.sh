#!/usr/bin/env bash
# Makes the weights of the pallets: runs their benchmarks in the wasm runtime and writes what they take
# to pallets/*/src/weights.rs. Best on a machine that does nothing else.
#
#   ./scripts/weights.sh [PALLET...] [--steps N] [--repeat N] [--only NAME] [--table FILE] [--check]
#
# A PALLET is a folder of pallets/, such as margin; without one, all. Each component of a benchmark is run
# with so many values (--steps, 20) and each of them so often (--repeat, 10). --only runs the benchmarks
# of one name and, as --check does, which runs all with the fewest values, writes no weights and fails
# when a benchmark does. A table of what each takes goes to .run/weights.md, or to the file of --table.
#
# Proof sizes are those of a large state (MaxEncodedLen): each value as long as it may be, in a map of a
# million entries or the most it may have. A solo chain has no limit of them.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		sed -n '2,14p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'
		exit 0
		;;
esac

names=() steps=20 repeat=10 table="$ROOT/.run/weights.md" write=(--pallets "$ROOT/pallets") only=()
while [ $# -gt 0 ]; do
	case "$1" in
	--steps) steps="${2:?--steps needs a number}" && shift ;;
	--repeat) repeat="${2:?--repeat needs a number}" && shift ;;
	--table) table="${2:?--table needs a file}" && shift ;;
	--only) only=(--only "${2:?--only needs a name}") && write=() && shift ;;
	--check) steps=2 repeat=1 write=() ;;
	--*) fail "there is no option $1: see scripts/weights.sh --help" ;;
	*)
		[ -f "$ROOT/pallets/$1/Cargo.toml" ] || fail "there is no pallet $1: name a folder of pallets/"
		names+=("$1")
		;;
	esac
	shift
done

"$ROOT/scripts/setup.sh"
mkdir -p "$(dirname "$table")"

# The runtime with benchmarks, whose wasm must not take the place of the ordinary one. To check the native
# runtime is enough: its build script makes the wasm.
say "building the runtime with benchmarks (ten minutes when cold)"
(cd "$ROOT" && CARGO_TARGET_DIR="$CARGO_TARGET_DIR/benchmarking" env -u SKIP_WASM_BUILD \
	cargo check --release --locked -p breakwater-runtime --features runtime-benchmarks) ||
	fail "the runtime with benchmarks did not build: read the compiler's message above"
runtime="$CARGO_TARGET_DIR/benchmarking/release/wbuild/breakwater-runtime/breakwater_runtime.compact.compressed.wasm"

say "building breakwater-weights (minutes when cold, seconds when warm)"
(cd "$ROOT" && cargo build --release --locked --workspace --bin breakwater-weights \
	--features breakwater-bench/generate-weights) ||
	fail "breakwater-weights did not build: read the compiler's message above"

"$CARGO_TARGET_DIR/release/breakwater-weights" --runtime "$runtime" --steps "$steps" \
	--repeat "$repeat" --table "$table" "${write[@]}" "${only[@]}" "${names[@]}" ||
	fail "a benchmark failed: see above, then try BENCHMARK=pallet_x::name as in runtime/tests/benchmarks"
[ ${#write[@]} -eq 0 ] || (cd "$ROOT" && cargo fmt)
say "what each takes: $table"
