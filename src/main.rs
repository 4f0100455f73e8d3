//! The `truc` binary: server and client in one.

fn main() {}
