#!/usr/bin/env bash
# Replays real order flow through the matching core and says after how many messages its best prices
# are those of the exchange that the flow is from.
#
#   ./scripts/order-flow.sh [MESSAGES BOOK] [--reseed N]
#
# MESSAGES and BOOK are a pair of files as LOBSTER publishes them: messages, and the book after each of
# them or snapshots of it. Without them, the samples in the directory that BREAKWATER_DATA names.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		sed -n '2,8p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'
		exit 0
		;;
esac

"$ROOT/scripts/setup.sh"
build_book_bench
exec "$CARGO_TARGET_DIR/release/breakwater-book-bench" lobster "$@"
