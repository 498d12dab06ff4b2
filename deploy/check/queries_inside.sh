#!/bin/sh
# Called by queries.sh with the databases of all services at hand (PLATFORM_DATABASE_URL, PEOPLE_DATABASE_URL, …).
set -eu
failed=0
for crate in platform people followup; do
    fresh="$PWD/target/sqlx/$crate"
    kept="services/$crate/.sqlx"
    rm -rf "$fresh"
    mkdir -p "$fresh"
    # The macros write what they find while the crate is checked; touching makes sure that it is.
    touch "services/$crate/src/lib.rs"
    SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$fresh" cargo check --locked -q -p "bangfu-$crate"
    # The ground is compiled again with every service, for the folder above is part of what it was compiled with.
    [ "$crate" = platform ] || for query in "$PWD"/target/sqlx/platform/*; do rm -f "$fresh/${query##*/}"; done
    if [ "${1:-}" = --renew ]; then
        rm -rf "$kept"
        mkdir -p "$kept"
        cp "$fresh"/* "$kept"/
    elif ! diff -rq "$kept" "$fresh" >&2; then
        echo "queries: services/$crate/.sqlx is not up to date: run 'make sqlx'" >&2
        failed=1
    fi
done
[ "$failed" = 0 ] && echo "queries: the data of platform, people and followup: up to date"
exit "$failed"
