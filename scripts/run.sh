#!/usr/bin/env bash
# Sets up, builds, starts a development chain and replays a crash against it.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

usage() {
	cat <<'TEXT'
Usage: scripts/run.sh [options]

Sets up, builds the node, starts a development chain and replays BTC on 12 March 2020 against it:
four feeders report the price, makers quote, leveraged traders hold positions, the circuit breaker
trips, liquidations run, insurance pays, the committee votes a pause, it expires, and the market
reopens. Ends with a summary, a picture and checks, and leaves the node running for polkadot.js.

  --fast        seal blocks as fast as they come instead of one a second; chain time still advances
                one second a block
  --data DIR    read the prices from DIR/2020-03-12_BTCUSDT-perp_binance_1m.csv; BREAKWATER_DATA
                does the same. Without either: a few well-known published prices of that day
  --port PORT   the node's JSON-RPC port (default 9944, or a free one when that is taken)
  --out DIR     where the picture, the summary and the node's log go (default .run/TIME)
  --exit        stop the node at the end instead of leaving it running
  --help        this text

Ctrl-C stops the node and whatever else this script started, and nothing else.
TEXT
}

for argument in "$@"; do
	case "$argument" in
	-h | --help)
		usage
		exit
		;;
	esac
done

"$ROOT/scripts/setup.sh"
node "$ROOT/scripts/replay/options.mjs" "$@"
build_node
BREAKWATER_NODE="$NODE" exec node "$ROOT/scripts/replay/main.mjs" "$@"
