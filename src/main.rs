//! The `truc` binary: server and client in one.

use std::process::ExitCode;

#[cfg(feature = "powercut-control")]
compile_error!("powercut-control is a build without the sync: `make powercut` makes it, under another name");

fn main() -> ExitCode {
    truc::cli::main(std::env::args_os())
}
