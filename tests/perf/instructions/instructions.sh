#!/bin/sh
# Instructions per request of the protocol core, by valgrind's callgrind: the same on every run and
# under any load, so that a regression shows. Status 1 when there is one: more than a tenth above
# reference.txt, which leaves room for another compiler or C library.   instructions.sh PROGRAM
set -eu
program=$1
reference=$(dirname "$0")/reference.txt
if ! command -v valgrind >/dev/null; then
    echo "instructions per request: skipped, valgrind is not installed"
    exit 0
fi
count() { # count KIND N: all instructions of a run
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        awk '/Collected/ { print $NF }'
}
status=0
printf '%-8s %12s %9s\n' request instructions reference
for kind in raw get post; do
    # the difference of two runs: starting does not count
    each=$((($(count $kind 3000) - $(count $kind 1000)) / 2000))
    expected=$(awk -v kind=$kind '$1 == kind { print $2 }' "$reference")
    verdict=
    if [ $((each * 10)) -gt $((expected * 11)) ]; then
        verdict=' REGRESSION'
        status=1
    fi
    printf '%-8s %12d %9d%s\n' $kind $each "$expected" "$verdict"
done
exit $status
