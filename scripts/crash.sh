#!/usr/bin/env bash
# Runs crashes on real prices through the real pallets, with thousands of accounts of varied leverage,
# and says what each cost and whom: with the whole ladder of liquidation and with each step taken away.
#
#   ./scripts/crash.sh [INCIDENT...] [--traders N] [--seed N] [--funds PART] [--run NAME] [--json FILE]
#
# An INCIDENT is the beginning of a name: btc-2020-03-12, btc-2020-03-13, btc-2021-05-19,
# luna-2022-05-09, luna-2022-05-11; without one, all are run. Prices are read from the directory that
# BREAKWATER_DATA names. Who trades is told in pallets/margin/crash/src/people.rs. Without --json the
# figures go to .run/crash.json.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
-h | --help)
	sed -n '2,11p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'
	exit 0
	;;
esac

json=(--json "$ROOT/.run/crash.json")
for argument in "$@"; do
	[ "$argument" != --json ] || json=()
done
if [ -z "${BREAKWATER_DATA:-}" ]; then
	say "skipped: BREAKWATER_DATA names no directory of market data"
	exit 0
fi

"$ROOT/scripts/setup.sh"
mkdir -p "$ROOT/.run"
build_bin breakwater-crash
exec "$CARGO_TARGET_DIR/release/breakwater-crash" crash "$@" "${json[@]}"
