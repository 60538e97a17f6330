#!/usr/bin/env bash
# Makes chain-specs/ from the node, and so from the runtime's genesis presets:
#
#   dev.json                 dev-raw.json      one validator, well-known keys
#   local.json               local-raw.json    four validators, well-known keys
#   production-example.json                    placeholders instead of keys
#
# The production example has no raw form: raw is the genesis state itself, and there is none before
# the chain's founders have filled in their keys. They make it from their own copy:
#
#   breakwater-node export-chain-spec --chain FILLED-IN.json --raw --output RAW.json
#
# With --check nothing is written; the script fails when a file is missing or stale. The runtime's
# code in the specs is left out of that comparison, for the compiler puts paths of the machine into
# it and so no two machines make the same bytes. What decides is the genesis, to which the runtime's
# spec version belongs: raise it and the specs are stale, code included.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

SPECS="$ROOT/chain-specs"
USAGE="usage: scripts/chain-specs.sh [--check]    (BREAKWATER_NODE names a node to use as it is)"

main() {
	local check=false
	case "${1:-}" in
	"") ;;
	--check) check=true ;;
	-h | --help)
		echo "$USAGE"
		exit
		;;
	*) fail "$USAGE" ;;
	esac
	command -v node >/dev/null || fail "Node.js is missing: run scripts/setup.sh"
	if [ -n "${BREAKWATER_NODE:-}" ]; then NODE="$BREAKWATER_NODE"; else build_node; fi
	made="$(mktemp -d)"
	trap 'rm -rf "$made"' EXIT
	export_all "$made"
	if $check; then
		compare "$made"
	else
		mkdir -p "$SPECS"
		cp "$made"/*.json "$SPECS/"
		say "made $(cd "$SPECS" && echo *.json) in chain-specs"
	fi
}

export_all() {
	local name
	for name in dev local; do
		export_spec "$name" >"$1/$name.json"
		export_spec "$name" --raw >"$1/$name-raw.json"
	done
	export_spec production-example >"$1/production-example.json"
	# Were it to succeed, somebody could start a chain whose keys nobody or everybody has.
	! "$NODE" export-chain-spec --chain production-example --raw >/dev/null 2>&1 ||
		fail "the production example has a raw form: put placeholders back into the preset production_example"
}

export_spec() {
	"$NODE" export-chain-spec --chain "$@" || fail "the node could not export the chain spec $1: see above"
}

compare() {
	local path name stale=()
	for path in "$1"/*.json; do
		name="$(basename "$path")"
		same "$path" "$SPECS/$name" || stale+=("$name")
	done
	[ ${#stale[@]} -eq 0 ] ||
		fail "stale in chain-specs: ${stale[*]}; run scripts/chain-specs.sh and commit what it makes"
	say "chain-specs are up to date"
}

# Whether two specs are the same but for the runtime's code, which both must have.
same() {
	[ -f "$2" ] && node -e '
		const { readFileSync } = require("node:fs");
		const CODE = "0x3a636f6465"; // ":code"
		const [made, kept] = process.argv.slice(1).map((path) => {
			const spec = JSON.parse(readFileSync(path, "utf8"));
			const { runtimeGenesis, raw } = spec.genesis;
			const [holder, key] = raw ? [raw.top, CODE] : [runtimeGenesis, "code"];
			if (!(holder[key].startsWith("0x") && holder[key].length > 1000)) process.exit(1);
			holder[key] = "the runtime";
			return JSON.stringify(spec);
		});
		process.exit(made === kept ? 0 : 1);
	' "$1" "$2" 2>/dev/null
}

main "$@"
