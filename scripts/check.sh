#!/bin/sh
# Everything that must hold before a change goes in. Ends with one line that sums up all tests.
set -eu
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$*"; }

step formatting
cargo fmt --check

step lints
cargo clippy --locked --all-targets --quiet -- -D warnings

step documentation
RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --quiet

step 'dependencies: bans, licences, sources'
cargo deny --log-level error --locked check bans licenses sources

step 'dependencies: advisories'
if timeout 120 cargo deny --log-level off fetch db >/dev/null 2>&1; then
    cargo deny --log-level error --locked --offline check advisories
else
    echo '!! ADVISORIES WERE NOT CHECKED: the database at https://github.com/RustSec/advisory-db cannot be had from here.'
    echo '!! Run "cargo deny check advisories" where it can.'
fi

step tests
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
started=$(date +%s)
{ cargo test --locked --no-fail-fast 2>&1 && touch "$work/passed"; } | tee "$work/results" || true
sum=$(awk '/^test result:/ { for (i = 4; i <= 12; i += 2) n[i] += $i }
    END { printf "%d passed; %d failed; %d ignored; %d measured; %d filtered out", n[4], n[6], n[8], n[10], n[12] }' \
    "$work/results")
verdict=FAILED
[ ! -e "$work/passed" ] || verdict=ok
printf '\ntest result: %s. %s; finished in %d.00s\n' "$verdict" "$sum" "$(($(date +%s) - started))"
[ "$verdict" = ok ]
