#!/bin/bash
# The programs' compiler hardening, read from the binaries: hardening.sh BIN_DIR
set -euo pipefail
bin=$1
status=0

need() {  # need PROGRAM "what" "how to look" PATTERN
    if ! grep -qE "$4" <<<"$3"; then
        echo "$1: no $2"
        status=1
    fi
}

for program in echo-prefork echo-threads echo-coroutine loadgen; do
    header=$(readelf -hW "$bin/$program")
    segments=$(readelf -lW "$bin/$program")
    dynamic=$(readelf -dW "$bin/$program")
    symbols=$(readelf -sW --dyn-syms "$bin/$program")
    need "$program" "position independent executable" "$header" 'Type: +DYN'
    need "$program" "PIE flag" "$dynamic" 'FLAGS_1.*\bPIE\b'
    need "$program" "RELRO segment" "$segments" 'GNU_RELRO'
    need "$program" "immediate binding (full RELRO)" "$dynamic" 'BIND_NOW|FLAGS_1.*\bNOW\b'
    need "$program" "stack protector" "$symbols" '__stack_chk_fail'
    need "$program" "fortified libc calls" "$symbols" '__[a-z]+_chk\b'
    need "$program" "non-executable stack" "$segments" 'GNU_STACK +0x0+ 0x0+ 0x0+ 0x0+ 0x0+ RW +0x'
done
exit $status
