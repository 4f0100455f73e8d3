#!/bin/sh
# Keeps what fuzzing found: fuzz-keep.sh [TARGET...]. Of target/fuzz-corpus and the kept corpus, the fewest files that reach
# all that the seeds do not, none larger than FUZZ_KEEP_BYTES, come to stand in tests/fuzz/corpus/TARGET. Run after fuzz.sh.
set -eu
cd "$(dirname "$0")/.."

build=${CARGO_TARGET_DIR:-target}
found=$build/fuzz-corpus
bytes=${FUZZ_KEEP_BYTES:-2048}
[ $# -gt 0 ] || set -- $(sed -n 's/^name = "fuzz-\(.*\)"/\1/p' tests/fuzz/Cargo.toml)

# What the target starts from, as in fuzz.sh, but for what is kept.
seeds() {
    echo "tests/fuzz/seeds/$1"
    case $1 in
        reader | c14n) echo tests/fuzz/seeds/verify fixtures/accept ;;
        edxml) echo fixtures/accept ;;
    esac
}

for target; do
    work=$(mktemp -d)
    mkdir "$work/seeds" "$work/small" "$work/kept"
    for folder in $(seeds "$target"); do
        [ ! -d "$folder" ] || cp "$folder"/* "$work/seeds/"
    done
    for folder in "tests/fuzz/corpus/$target" "$found/$target"; do
        [ ! -d "$folder" ] || find "$folder" -type f -size -"$((bytes + 1))"c -exec cp {} "$work/small/" ';'
    done
    cp "$work/seeds"/* "$work/kept/" 2>/dev/null || true
    "$build/release/fuzz-$target" -set_cover_merge=1 -max_len=65536 -timeout=20 "$work/kept" "$work/small" >"$work/log" 2>&1 || {
        tail -n 20 "$work/log"
        exit 1
    }
    for seed in "$work/seeds"/*; do rm -f "$work/kept/$(basename "$seed")"; done
    rm -rf "tests/fuzz/corpus/$target"
    mkdir -p "tests/fuzz/corpus/$target"
    find "$work/kept" -type f -exec cp {} "tests/fuzz/corpus/$target/" ';'
    echo "$target: $(find "tests/fuzz/corpus/$target" -type f | wc -l) files, $(du -sb "tests/fuzz/corpus/$target" | cut -f1) octets"
    rm -rf "$work"
done
