#!/usr/bin/env bash
# Every check there is: format, lints, Rust tests, chain specs, and the end-to-end tests against
# live nodes. Cold on two cores this takes well under an hour, warm a few minutes.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# What is built, in a way that every step below shares.
BUILD=(--release --locked --workspace)
LOGS="$(mktemp -d)"
trap 'rm -rf "$LOGS"' EXIT

main() {
	case "${1:-}" in
	-h | --help)
		echo "Usage: scripts/test.sh    runs every check; BREAKWATER_DATA names a directory of market data"
		exit
		;;
	"") ;;
	*) fail "test.sh takes no arguments: run it alone" ;;
	esac
	cd "$ROOT"
	step "set up" scripts/setup.sh
	step "format" cargo fmt --all --check
	# First everything at once, so that dependencies are compiled in one go.
	step "build" cargo build "${BUILD[@]}" --all-targets
	step "lints" cargo clippy "${BUILD[@]}" --all-targets -- -D warnings
	step "Rust tests" rust_tests
	step "chain specs" scripts/chain-specs.sh --check
	step "end-to-end tests" end_to_end
	say ""
	say "all passed in $(clock "$SECONDS"): $(rust_count) Rust tests, $(e2e_count) end-to-end tests"
}

# Runs a step under a heading that says when it began; the first that fails ends the script.
step() {
	local name="$1"
	shift
	printf '\n== %s (after %s)\n' "$name" "$(clock "$SECONDS")"
	"$@" || fail "$name failed: see above"
}

clock() {
	printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

rust_tests() {
	if cargo nextest --version >/dev/null 2>&1; then
		cargo nextest run "${BUILD[@]}" --no-fail-fast 2>&1 | tee "$LOGS/rust" || return 1
		# nextest does not run what stands in the documentation.
		cargo test "${BUILD[@]}" --doc 2>&1 | tee "$LOGS/doc" || return 1
	else
		cargo test "${BUILD[@]}" --no-fail-fast 2>&1 | tee "$LOGS/rust" || return 1
	fi
}

# The tests that passed, in the words of cargo test ("ok. 12 passed") and of nextest ("12 passed").
rust_count() {
	sed 's/\x1b\[[0-9;]*m//g' "$LOGS"/{rust,doc} 2>/dev/null |
		awk '/^test result: ok\./ { n += $4 } /Summary.* tests run:/ { match($0, /[0-9]+ passed/); n += substr($0, RSTART) } END { print n + 0 }'
}

end_to_end() {
	BREAKWATER_NODE="$NODE" node --test --test-concurrency=1 --test-reporter=spec \
		scripts/e2e/*.test.mjs 2>&1 | tee "$LOGS/e2e"
}

e2e_count() {
	sed 's/\x1b\[[0-9;]*m//g' "$LOGS/e2e" | awk '$2 == "pass" { n = $3 } END { print n + 0 }'
}

main "$@"
