#!/bin/sh
# Checks one property of threads_gil.pml with Spin over all interleavings.
#     threads_model.sh MODEL PROPERTY holds|fails [-DNAME[=VALUE]...]
# PROPERTY: safety (assertions and invalid end states), or the name of an ltl formula (under weak
# fairness). Exit status 0: it came out as expected; 77: there is no Spin here.
set -eu
model=$1 property=$2 expected=$3
shift 3
command -v spin > /dev/null || { echo "skipped: the package spin is not installed"; exit 77; }

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
spin -a "$@" "$model" > spin.log || { cat spin.log; exit 1; }
if [ "$property" = safety ]; then
    cc -O2 -w -DSAFETY -DNOCLAIM -o pan pan.c
    set -- -m5000000
else
    cc -O2 -w -DNFAIR=4 -o pan pan.c
    set -- -m5000000 -a -f -N "$property"
fi
./pan "$@" > pan.log
cat pan.log
if grep -q 'max search depth too small\|out of memory' pan.log; then exit 1; fi
grep -q 'errors: 0$' pan.log && found=holds || found=fails
echo "$property $found, expected: $expected"
[ "$found" = "$expected" ]
