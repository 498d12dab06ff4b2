#!/bin/sh
# No locked crate lies below its floor, and none that was rejected is locked: floors.txt says which and why.
# `floors.sh FILE` looks at another lock file. Every version of a crate that is locked counts, unless a later floor
# (`sha2 0.11`) would have to refuse what others bring along: such crates have no line.
set -eu
cd "$(dirname "$0")/../.."

awk '
# Whether version a is lower than b: number by number, what follows a dash or plus left out.
function lower(a, b,    x, y, i, n) {
    sub(/[-+].*/, "", a); sub(/[-+].*/, "", b)
    n = split(a, x, "."); if (split(b, y, ".") > n) n = split(b, y, ".")
    for (i = 1; i <= n; i++) if ((x[i] + 0) != (y[i] + 0)) return (x[i] + 0) < (y[i] + 0)
    return 0
}
FNR == NR {
    if ($0 ~ /^#/ || NF == 0) next
    least[$1] = $2
    why = $3; for (i = 4; i <= NF; i++) why = why " " $i
    reason[$1] = why
    next
}
/^name = /    { name = $3; gsub(/"/, "", name) }
/^version = / && name != "" {
    version = $3; gsub(/"/, "", version)
    if (name in least) {
        if (least[name] == "never") {
            print "floors: " name " is rejected: " reason[name] > "/dev/stderr"; bad = 1
        } else {
            found[name] = 1
            if (lower(version, least[name])) {
                print "floors: " name " " version " is below " least[name] ": " reason[name] > "/dev/stderr"; bad = 1
            }
        }
    }
    name = ""
}
END {
    for (name in least) if (least[name] != "never" && !(name in found)) {
        print "floors: " name " has a floor and is not locked: take the line out" > "/dev/stderr"; bad = 1
    }
    if (!bad) print "floors: versions and rejected crates: clean"
    exit bad
}
' deploy/check/floors.txt "${1:-Cargo.lock}"
