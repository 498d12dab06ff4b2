#!/bin/sh
# The contract: lint, and no breaking change against the image of the last release (proto/released.binpb).
# `--release` renews that image; do it when a version is released, never to silence a finding.
set -eu
cd "$(dirname "$0")/../.."

tools=target/buf
buf="$tools/node_modules/.bin/buf"
[ -x "$buf" ] || npm install --silent --no-audit --no-fund --no-save --prefix "$tools" @bufbuild/buf@1.75.0 >&2

cd proto
if [ "${1:-}" = --release ]; then
    "../$buf" build -o released.binpb
    exit
fi
"../$buf" lint
"../$buf" breaking --against released.binpb
echo "contract: lint and breaking changes: clean"
