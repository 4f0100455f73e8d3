#!/bin/sh
# Installs what a target of the Makefile needs and this machine lacks: setup.sh run|test|bench|fuzz|powercut.
# Says nothing when everything is there. Debian packages come through apt-get, as root or with sudo.
set -eu

say() { printf 'setup: %s\n' "$*" >&2; }
has() { command -v "$1" >/dev/null 2>&1; }
fail() { say "$@"; exit 1; }

# command -> Debian package
package() {
    case $1 in
        cc) echo gcc libc6-dev ;;
        c++) echo g++ ;;
        xmllint) echo libxml2-utils ;;
        java | javac) echo openjdk-17-jdk-headless ;;
        fusermount3) echo fuse3 ;;
        mkfs.ext4) echo e2fsprogs ;;
        losetup) echo mount ;;
        unshare) echo util-linux ;;
        softhsm2-util) echo softhsm2 ;;
        pkcs11-tool) echo opensc ;;
        *) echo "$1" ;;
    esac
}

commands() {
    case $1 in
        run) echo cc ;;
        fuzz) echo cc c++ ;;                 # libFuzzer is C++
        bench) echo cc openssl xmlsec1 java ;; # RSA keys: ring makes none
        test) echo cc openssl xmlsec1 xmllint python3 javac fusermount3 mkfs.ext4 losetup unshare softhsm2-util pkcs11-tool ;;
        powercut) echo cc fusermount3 mkfs.ext4 losetup unshare ;;
        *) fail "usage: setup.sh run|test|bench|fuzz|powercut" ;;
    esac
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif has sudo; then sudo "$@"
    else fail "needs root or sudo for: $*"
    fi
}

install_packages() {
    has apt-get || fail "this is not a Debian system; install by hand: $*"
    say "installing $*"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

missing_packages() {
    for command in $1; do
        has "$command" || package "$command"
    done
}

rust_component() {
    has "$1" && cargo "$2" --version >/dev/null 2>&1 && return
    has rustup || fail "cargo $2 is missing: install the Rust component $3"
    say "installing the Rust component $3"
    rustup component add "$3"
}

# The independent signer of the tests of signatures in PDFs, in a folder of its own.
pyhanko() {
    venv=${CARGO_TARGET_DIR:-target}/pyhanko
    "$venv/bin/python" -c 'import pyhanko' 2>/dev/null && return
    say "installing pyHanko into $venv"
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    python3 -m venv --clear "$venv"
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check pyHanko==0.38.0
}

has cargo || fail "Rust is missing: see https://rustup.rs (this project needs the version in Cargo.toml, rust-version)"

wanted=$(commands "$1")
packages=$(missing_packages "$wanted")
# shellcheck disable=SC2086 # a list of words
[ -z "$packages" ] || install_packages $packages

if [ "$1" = test ]; then
    pyhanko
    rust_component rustfmt fmt rustfmt
    rust_component cargo-clippy clippy clippy
    if ! has cargo-deny; then
        say "building cargo-deny, once (some minutes)"
        cargo install cargo-deny --locked --quiet
    fi
fi
