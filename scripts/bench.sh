#!/usr/bin/env bash
# Measures the promises of the design on real blocks of the wasm runtime and prints one line each:
#   promise <name> <value> <unit> goal <op> <goal> ok|short
#
#   ./scripts/bench.sh [NAME...] [--runs N] [--size N] [--json FILE]
#
# A NAME is the beginning of a promise's name, such as `order` or `breaker.blocks`. Without --json
# the figures also go to .run/bench.json.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		sed -n '2,9p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'
		exit 0
		;;
esac

"$ROOT/scripts/setup.sh"
build_bin breakwater-bench
json=("--json" "$ROOT/.run/bench.json")
for argument in "$@"; do
	[ "$argument" = --json ] && json=()
done
mkdir -p "$ROOT/.run"
exec "$CARGO_TARGET_DIR/release/breakwater-bench" "$@" "${json[@]}"
