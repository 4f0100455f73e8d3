#!/bin/sh
# The counts of all rows of ../shared/vectors, by kind and class, as the tests print them.
set -eu
cd "$(dirname "$0")/.."
documents=$([ ! -d tests/document ] || echo --test document)
# shellcheck disable=SC2086 # no or two words
cargo test --locked --quiet --test vectors --test signature --test trust $documents -- --nocapture --test-threads=1 2>/dev/null |
    grep -oE 'vectors: .*' | sort -u
