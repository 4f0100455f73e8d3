#!/bin/sh
# Runs the fuzz targets of tests/fuzz: fuzz.sh SECONDS [TARGET...]. Each target runs that long, from its seeds, its kept corpus
# (tests/fuzz/corpus) and what earlier runs found (target/fuzz-corpus). libFuzzer on the stable toolchain: coverage by LLVM's pass, without a sanitizer.
# A finding stands in target/fuzz-findings and ends the script with 1. FUZZ_FLAGS are further flags of libFuzzer.
set -eu
cd "$(dirname "$0")/.."

seconds=${1:?usage: fuzz.sh SECONDS [TARGET...]}
shift
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "fuzz-\(.*\)"/\1/p' tests/fuzz/Cargo.toml)

build=${CARGO_TARGET_DIR:-target}
corpus=$build/fuzz-corpus findings=$build/fuzz-findings
# shellcheck disable=SC2046 # a list of targets
RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/fuzz-rustc.sh cargo build --locked --quiet --release --package truc-fuzz \
    $(for target; do echo --bin "fuzz-$target"; done)

# Seeds of other targets, and our own fixtures, are good food, too.
food() {
    echo "tests/fuzz/seeds/$1" "tests/fuzz/corpus/$1"
    case $1 in
        reader | c14n) echo tests/fuzz/seeds/verify fixtures/accept ;;
        edxml) echo fixtures/accept ;;
    esac
}

mkdir -p "$findings"
for target; do
    mkdir -p "$corpus/$target"
    echo "== fuzz $target, $seconds s"
    folders=$(for folder in $(food "$target"); do [ ! -d "$folder" ] || echo "$folder"; done)
    # shellcheck disable=SC2086 # lists of folders and of flags
    if ! "$build/release/fuzz-$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len=65536 \
        -dict=tests/fuzz/xml.dict -artifact_prefix="$findings/$target-" -print_final_stats=1 ${FUZZ_FLAGS-} \
        "$corpus/$target" $folders >"$corpus/$target.log" 2>&1; then
        tail -n 40 "$corpus/$target.log"
        echo "fuzz: $target found something: $findings/$target-*"
        exit 1
    fi
    grep -E '^(stat::number_of_executed_units|stat::new_units_added|stat::peak_rss_mb)|^Done' "$corpus/$target.log"
done
