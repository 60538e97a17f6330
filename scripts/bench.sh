#!/usr/bin/env bash
# Measures the promises of the design and prints one line each:
#   promise <name> <value> <unit> goal <op> <goal> ok|short
#
#   ./scripts/bench.sh [NAME...] [--runs N] [--size N] [--json FILE] [--table FILE]
#
# A NAME is the beginning of a promise's name, such as `order` or `breaker.blocks`; without one,
# everything is measured. `weights` also prints a table of what each call reads, writes and proves, and
# what it is charged beside what it takes. What begins with `book` is the matching core alone, in
# memory; the rest are whole blocks of the wasm runtime. Without --json the figures go to
# .run/bench.json, those of the book to bench-peers.json and bench-growth.json beside it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case "${1:-}" in
	-h | --help)
		sed -n '2,12p' "${BASH_SOURCE[0]}" | sed 's/^# \{0,1\}//'
		exit 0
		;;
esac

names=() options=() json="$ROOT/.run/bench.json"
while [ $# -gt 0 ]; do
	case "$1" in
	--json) json="${2:?--json needs a file}" && shift ;;
	--*) options+=("$1" "${2:?"$1 needs a value"}") && shift ;;
	*) names+=("$1") ;;
	esac
	shift
done

# The promises that start with a name of either kind.
books=() blocks=()
for name in "${names[@]}"; do
	case "$name" in
	book*) books+=("$name") ;;
	*) blocks+=("$name") ;;
	esac
done

"$ROOT/scripts/setup.sh"
mkdir -p "$(dirname "$json")"
if [ ${#names[@]} -eq 0 ] || [ ${#blocks[@]} -gt 0 ]; then
	build_bin breakwater-bench
	"$CARGO_TARGET_DIR/release/breakwater-bench" "${blocks[@]}" "${options[@]}" --json "$json"
fi
if [ ${#names[@]} -eq 0 ] || [ ${#books[@]} -gt 0 ]; then
	build_book_bench
	measured=0
	for what in "peers book.core_vs_fastest_peer" "growth book.growth"; do
		for name in "${books[@]:-book}"; do
			[[ "${what#* }" == "$name"* ]] || continue
			"$CARGO_TARGET_DIR/release/breakwater-book-bench" "${what% *}" \
				--json "${json%.json}-${what% *}.json"
			measured=1
			break
		done
	done
	[ "$measured" = 1 ] || fail "no promise has a name like ${books[*]}: try book"
fi
