//! The `truc` binary: server and client in one.

use std::process::ExitCode;

fn main() -> ExitCode {
    truc::cli::main(std::env::args_os())
}
