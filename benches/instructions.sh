#!/usr/bin/env bash
# Compares how many instructions framing and extraction take with the recorded figures, by callgrind.
#
#     bash benches/instructions.sh            compare; ends with 1 if a case takes more than allowed
#     bash benches/instructions.sh --record   measure and write benches/record/instructions.csv
#
# No clock is involved: the same program takes the same instructions on every run, give or take a
# few hundred. Another compiler takes others; the one that the record was made with stands in it.
# Valgrind shows programs a processor with AVX2 and without AVX-512, where this one has AVX2, so that
# is the path that is counted. Ends with 77 where valgrind or AVX2 is missing or the compiler is
# another one: nothing was compared then.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
record=benches/record/instructions.csv
cases=({diagnostic,az}/{frame,few-columns,every-column})
# A recorded figure may be passed by this much, in per mille: inlining moves a little with every
# change nearby.
allowed=30

if ! command -v valgrind >/dev/null; then
    printf 'NOT COMPARED: valgrind is not installed, instructions were not counted\n' >&2
    exit 77
fi

grep -qw avx2 /proc/cpuinfo || {
    printf 'NOT COMPARED: this processor has no AVX2, another path would be counted\n' >&2
    exit 77
}

# Instructions of one case of a program.
count() {
    local told
    told=$(valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        '--toggle-collect=*counted_instructions*' "$1" "$2" 2>&1 >/dev/null)
    told=$(sed -n 's/.*Collected : \([1-9][0-9]*\).*/\1/p' <<<"$told")
    [ -n "$told" ] || {
        printf 'error: callgrind counted nothing of %s\n' "$2" >&2
        exit 2
    }
    printf '%s' "$told"
}

compiler=$(rustc --version)
program=$(cargo build --release --bench instructions --locked --message-format json |
    sed -n 's/.*"executable":"\([^"]*instructions-[0-9a-f]*\)".*/\1/p' | tail -1)
[ -n "$program" ] || {
    printf 'error: cargo named no program for the benchmark `instructions`\n' >&2
    exit 2
}

if [ "${1:-}" = --record ]; then
    rows=()
    for case in "${cases[@]}"; do
        rows+=("$case,$(count "$program" "$case"),$compiler,$(valgrind --version)")
    done
    printf '%s\n' case,instructions,compiler,valgrind "${rows[@]}" >"$record"
    printf 'recorded %d cases in %s\n' "${#cases[@]}" "$record"
    exit 0
fi

grep -qF ",$compiler," "$record" || {
    printf 'NOT COMPARED: the record was made with another compiler than %s; record anew\n' "$compiler" >&2
    exit 77
}
status=0
for case in "${cases[@]}"; do
    now=$(count "$program" "$case")
    before=$(awk -F, -v case="$case" '$1 == case { print $2 }' "$record")
    if [ -z "$before" ]; then
        printf '%s: %d instructions, NOTHING RECORDED\n' "$case" "$now"
        status=1
        continue
    fi
    change=$(((now - before) * 1000 / before))
    verdict=ok
    if [ "$change" -gt "$allowed" ]; then
        verdict="TOO MANY, at most $allowed per mille more are allowed"
        status=1
    elif [ "$change" -lt "-$allowed" ]; then
        verdict='fewer: record it with --record, or the gain may be lost unseen'
    fi
    printf '%s: %d instructions, recorded %d, %+d per mille: %s\n' \
        "$case" "$now" "$before" "$change" "$verdict"
done
exit "$status"
