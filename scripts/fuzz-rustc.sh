#!/bin/sh
# RUSTC_WORKSPACE_WRAPPER for scripts/fuzz.sh: compiles the crates of the workspace with coverage for libFuzzer and with every
# check of a debug build. Dependencies stay as they are in a release build.
exec "$@" -Cdebug-assertions=on -Coverflow-checks=on -Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares
