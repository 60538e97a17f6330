#!/usr/bin/env bash
# Sends whatever can be sent to the whole exchange, at any price and in any order, and looks at every
# invariant: a million steps unless told otherwise.
#
#   ./scripts/fuzz.sh [--steps N] [--seed N] [--length N] [--check-every N]
#
# What fails is told with its seed, and how to run it again.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
-h | --help)
	sed -n '2,7p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'
	exit 0
	;;
esac

"$ROOT/scripts/setup.sh"
build_bin breakwater-crash
exec "$CARGO_TARGET_DIR/release/breakwater-crash" fuzz "$@"
