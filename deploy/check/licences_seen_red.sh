#!/bin/sh
# The rules of licences.sh do refuse: a crate of no harm passes, and then each with one thing wrong is refused for it.
set -eu
cd "$(dirname "$0")/../.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

crate() { # folder, name, licence
    mkdir -p "$1/src"
    : >"$1/src/lib.rs"
    printf '[package]\nname = "%s"\nversion = "1.0.0"\nedition = "2021"\nlicense = "%s"\npublish = false\n' "$2" "$3" >"$1/Cargo.toml"
}

# A workspace of its own that depends on one crate; prints what the check says of it.
check() { # name, licence, source: path or git
    rm -rf "$scratch/on" "$scratch/with"
    crate "$scratch/on" "$1" "$2"
    crate "$scratch/with" with Apache-2.0
    if [ "$3" = git ]; then
        git -C "$scratch/on" init -q
        git -C "$scratch/on" add .
        git -C "$scratch/on" -c user.name=check -c user.email=check -c commit.gpgsign=false commit -qm crate
        source="git = \"file://$scratch/on\""
    else
        source="path = \"../on\""
    fi
    printf '[dependencies]\n%s = { %s }\n[workspace]\n' "$1" "$source" >>"$scratch/with/Cargo.toml"
    CARGO_HOME="${CARGO_HOME:-$HOME/.cargo}" cargo generate-lockfile -q --manifest-path "$scratch/with/Cargo.toml"
    sh deploy/check/licences.sh "$scratch/with" 2>&1
}

said=$(check harmless MIT path) || {
    echo "licences: a crate of no harm is refused: $said" >&2
    exit 1
}
seen=0
while read -r name licence source sign; do
    if said=$(check "$name" "$licence" "$source"); then
        echo "licences: $name under $licence by $source passes" >&2
        exit 1
    fi
    case "$said" in
    *"$sign"*) seen=$((seen + 1)) ;;
    *)
        echo "licences: $name is refused for something else than $sign: $said" >&2
        exit 1
        ;;
    esac
done <<LIST
copyleft GPL-3.0-only path error[rejected]
network AGPL-3.0-or-later path error[rejected]
ring MIT path error[banned]
rsa MIT path error[banned]
openssl-sys MIT path error[banned]
figment MIT path error[banned]
elsewhere MIT git error[source-not-allowed]
LIST
echo "licences: $seen crates with one thing wrong each: refused"
