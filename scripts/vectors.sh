#!/bin/sh
# The counts of all rows of ../shared/vectors, by kind and class, as the tests print them.
set -eu
cd "$(dirname "$0")/.."
cargo test --locked --quiet --test vectors --test signature --test trust -- --nocapture --test-threads=1 2>/dev/null |
    grep -oE 'vectors: .*' | sort -u
