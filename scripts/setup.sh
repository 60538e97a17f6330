#!/usr/bin/env bash
# Installs what building and testing Breakwater needs and this machine lacks: Debian packages, the
# wasm target of the Rust toolchain, the scripts' npm packages. Safe to run again; does nothing,
# quickly, when nothing is missing.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

WASM_TARGET=wasm32v1-none
# The Debian suite that carries the standard library's source for current compilers.
RUST_SRC_SUITE=trixie-backports
NODE_MAJOR=20

main() {
	install_packages
	check_rust
	install_wasm_target
	check_node_version
	install_npm_packages
	say "ready: $(rustc --version | cut -d' ' -f1,2), $WASM_TARGET, $(protoc --version), node $(node --version)"
}

# --- Debian packages ---------------------------------------------------------------------------

install_packages() {
	local missing=()
	command -v protoc >/dev/null || missing+=(protobuf-compiler)
	command -v git >/dev/null || missing+=(git)
	command -v cc >/dev/null && command -v make >/dev/null || missing+=(build-essential)
	command -v node >/dev/null || missing+=(nodejs)
	# Some packages of Node.js bring npm along.
	command -v npm >/dev/null || { command -v node >/dev/null && missing+=(npm); }
	[ ${#missing[@]} -eq 0 ] || apt_install "${missing[@]}"
	command -v npm >/dev/null || apt_install npm
}

apt_install() {
	command -v apt-get >/dev/null ||
		fail "this is not Debian: install what provides $* with this system's package manager and run scripts/setup.sh again"
	say "installing Debian packages: $*"
	as_root apt-get update -qq ||
		fail "apt-get update failed: check the network and the configured Debian mirror, then run scripts/setup.sh again"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2 ||
		fail "apt-get could not install $*: install them by hand and run scripts/setup.sh again"
}

as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		fail "installing packages needs root: run scripts/setup.sh as root or install sudo"
	fi
}

# --- Rust --------------------------------------------------------------------------------------

check_rust() {
	local wanted have
	wanted="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml")"
	{ command -v rustc && command -v cargo; } >/dev/null ||
		fail "Rust is missing: install stable Rust $wanted or newer with rustup and run scripts/setup.sh again"
	have="$(rust_version)"
	printf '%s\n%s\n' "$wanted" "$have" | sort -CV ||
		fail "Rust $have is too old: install $wanted or newer (rustup update stable) and run scripts/setup.sh again"
}

rust_version() {
	rustc --version | cut -d' ' -f2
}

has_wasm_target() {
	compgen -G "$(rustc --print target-libdir --target "$WASM_TARGET")/libcore-*.rlib" >/dev/null
}

install_wasm_target() {
	has_wasm_target && return
	say "adding the Rust target $WASM_TARGET"
	if command -v rustup >/dev/null && rustup target add "$WASM_TARGET" >&2 && has_wasm_target; then
		return
	fi
	say "rustup did not provide it: building it from Debian's source of the standard library"
	build_wasm_target
	has_wasm_target ||
		fail "the target $WASM_TARGET is still missing: run 'rustup target add $WASM_TARGET' where rustup has a network"
}

# Makes the target's core, alloc and compiler_builtins once, with the compiler that is installed.
# Every later build is then an ordinary one: RUSTC_BOOTSTRAP in it would change fingerprints and
# rebuild everything.
build_wasm_target() (
	work="$(mktemp -d)"
	trap 'rm -rf "$work"' EXIT
	sysroot="$(rustc --print sysroot)"
	[ -w "$sysroot/lib/rustlib" ] ||
		fail "$sysroot belongs to somebody else: run scripts/setup.sh as the user who installed Rust"
	unpack_rust_src "$work" "$sysroot"
	say "compiling core and alloc for $WASM_TARGET"
	write_crate "$work/crate"
	# Bitcode has to be in the libraries for the runtime's link time optimisation.
	(cd "$work/crate" && CARGO_TARGET_DIR="$work/target" RUSTFLAGS="-C embed-bitcode=yes" RUSTC_BOOTSTRAP=1 \
		cargo build --release --quiet -Z build-std=core,alloc --target "$WASM_TARGET") ||
		fail "core did not compile for $WASM_TARGET: read the compiler's message above or run 'rustup target add $WASM_TARGET' with a network"
	libdir="$(rustc --print target-libdir --target "$WASM_TARGET")"
	mkdir -p "$libdir"
	cp "$work/target/$WASM_TARGET/release/deps"/lib{core,alloc,compiler_builtins}-*.rlib "$libdir/"
)

# Downloads rust-src of the installed compiler's version through the Debian mirror this machine
# already uses, with apt's state in a private directory so that the system's lists stay as they are.
unpack_rust_src() {
	local work="$1" sysroot="$2" version mirror deb
	local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
	version="$(rust_version)"
	mirror="$(debian_mirror)"
	[[ -n "$mirror" && -r "$keyring" ]] ||
		fail "no Debian mirror and archive keyring to take rust-src from: run 'rustup target add $WASM_TARGET' with a network"
	mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$work/src"
	# apt drops to an unprivileged user for downloads.
	chmod 755 "$work"
	printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$mirror" "$RUST_SRC_SUITE" >"$work/sources.list"
	private_apt() {
		local tool="$1"
		shift
		"$tool" -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=- \
			-o Dir::State::Lists="$work/lists" -o Dir::Cache="$work/cache" -o APT::Sandbox::User=root "$@"
	}
	private_apt apt-get update >&2 ||
		fail "the suite $RUST_SRC_SUITE cannot be read: check the network and the configured Debian mirror, then run scripts/setup.sh again"
	deb="$(private_apt apt-cache madison rust-src | awk -v wanted="$version+" 'index($3, wanted) == 1 && !seen++ { print $3 }')"
	[ -n "$deb" ] ||
		fail "$RUST_SRC_SUITE has no rust-src for Rust $version: run 'rustup target add $WASM_TARGET' with a network or install the Rust version that 'apt-cache madison rust-src' shows for $RUST_SRC_SUITE"
	say "downloading rust-src $deb"
	(cd "$work/src" && private_apt apt-get download "rust-src=$deb" >&2 && dpkg -x rust-src_*.deb .) ||
		fail "rust-src $deb could not be downloaded: check the network and run scripts/setup.sh again"
	mkdir -p "$sysroot/lib/rustlib/src/rust"
	rm -rf "$work/src/usr/src/rustc-$version/library/vendor"
	cp -a "$work/src/usr/src/rustc-$version/library" "$sysroot/lib/rustlib/src/rust/"
}

# The mirror of the Debian archive proper (not of its security updates) that apt is configured for.
debian_mirror() {
	local targets=(apt-get indextargets --format "\$(REPO_URI)" "Created-By: Packages" "Origin: Debian" "Label: Debian")
	command -v apt-get >/dev/null || return 0
	[ -n "$("${targets[@]}")" ] || as_root apt-get update -qq >&2 || true
	"${targets[@]}" | sed -n 1p
}

write_crate() {
	mkdir -p "$1/src"
	cat >"$1/Cargo.toml" <<-'TOML'
		[package]
		name = "target"
		version = "0.0.0"
		edition = "2021"
		[workspace]
	TOML
	printf '#![no_std]\nextern crate alloc;\npub fn f() -> alloc::vec::Vec<u8> {\n\talloc::vec![1]\n}\n' \
		>"$1/src/lib.rs"
}

# --- npm ---------------------------------------------------------------------------------------

check_node_version() {
	local major
	major="$(node --version | sed 's/^v\([0-9]*\).*/\1/')"
	[ "$major" -ge "$NODE_MAJOR" ] ||
		fail "Node.js $major is too old: install Node.js $NODE_MAJOR or newer and run scripts/setup.sh again"
}

# A stamp in node_modules holds the hash of the lock file it was installed from.
install_npm_packages() {
	local lock="$ROOT/scripts/package-lock.json" stamp="$ROOT/scripts/node_modules/.installed-from" hash
	[ -f "$lock" ] || return 0
	hash="$(node --version) $(sha256sum <"$lock" | cut -d' ' -f1)"
	[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$hash" ] && return
	say "installing the npm packages of scripts/package-lock.json"
	(cd "$ROOT/scripts" && npm ci --no-audit --no-fund --loglevel=error >&2) ||
		fail "npm ci failed: check the network and that scripts/package-lock.json matches package.json, then run scripts/setup.sh again"
	mkdir -p "$(dirname "$stamp")"
	printf '%s\n' "$hash" >"$stamp"
}

main "$@"
