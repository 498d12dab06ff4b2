#!/bin/sh
# The committed query data (.sqlx) are those of the migrations and the SQL in the code. `--renew` writes them anew.
# Runs on a private PostgreSQL that ends with it.
set -eu
cd "$(dirname "$0")/../.."
exec cargo run --locked -q -p bangfu-postgres --example with_databases -- sh deploy/check/queries_inside.sh "${1:-}"
