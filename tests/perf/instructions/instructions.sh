#!/bin/sh
# Instructions per request of the protocol core, by valgrind's callgrind: the same on every run and
# under any load, so that a regression shows.   instructions.sh PROGRAM
set -eu
program=$1
command -v valgrind >/dev/null || { echo "error: install valgrind" >&2; exit 1; }
count() { # count KIND N: all instructions of a run
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        awk '/Collected/ { print $NF }'
}
printf '%-8s %s\n' request instructions
for kind in raw get post; do
    printf '%-8s %s\n' "$kind" $((($(count $kind 3000) - $(count $kind 1000)) / 2000))
done
