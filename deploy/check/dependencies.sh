#!/bin/sh
# Dependencies point down: proto <- kernel <- platform <- services <- bangfu <- testkit, tests. A service never depends on another
# one. One TLS and crypto provider only: neither ring nor rsa.
set -eu
cd "$(dirname "$0")/../.."

failed=0
allow() { # crate, then what it may depend on
    crate=$1
    shift
    for found in $(cargo tree --locked -q -p "$crate" -e normal,build --depth 1 --prefix none --format '{p}' |
        awk '/^bangfu/ {print $1}' | grep -vx "$crate" | sort -u); do
        case " $* " in
        *" $found "*) ;;
        *)
            echo "dependencies: $crate must not depend on $found" >&2
            failed=1
            ;;
        esac
    done
}
allow bangfu-proto
allow bangfu-kernel bangfu-proto
allow bangfu-postgres
allow bangfu-platform bangfu-proto bangfu-kernel
allow bangfu-people bangfu-proto bangfu-kernel bangfu-platform
allow bangfu-followup bangfu-proto bangfu-kernel bangfu-platform
allow bangfu bangfu-proto bangfu-kernel bangfu-platform bangfu-postgres bangfu-people bangfu-followup
allow bangfu-testkit bangfu-proto bangfu-kernel bangfu-platform bangfu-postgres bangfu-people bangfu-followup bangfu
allow bangfu-tests bangfu-proto bangfu-kernel bangfu-platform bangfu-postgres bangfu-people bangfu-followup bangfu bangfu-testkit

# Every crate of the workspace stands above.
known=$(grep -c '^allow ' "$0")
crates=$(cargo metadata --locked --no-deps --format-version 1 | tr ',' '\n' | grep -c '"manifest_path"')
if [ "$known" != "$crates" ]; then
    echo "dependencies: $crates crates in the workspace, $known with a rule here" >&2
    failed=1
fi

for provider in ring rsa openssl-sys; do
    # Cargo knows of crates that other platforms would need; in the tree is what it prints.
    if [ -n "$(cargo tree --locked -q --workspace -e normal,build -i "$provider" 2>/dev/null)" ]; then
        echo "dependencies: $provider is in the tree; the only provider is aws-lc-rs" >&2
        failed=1
    fi
done
[ "$failed" = 0 ] && echo "dependencies: direction and providers: clean"
exit "$failed"
