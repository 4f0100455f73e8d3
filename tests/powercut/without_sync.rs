//! The negative control of `make powercut`: the hub without the sync of its journal. It acknowledges what is not durable,
//! and the test must find that out. Built only with the feature `powercut-control`, under a name of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    eprintln!("truc-without-sync: THIS BUILD DOES NOT SYNC AND LOSES DOCUMENTS. It is for `make powercut` only.");
    truc::cli::main(std::env::args_os())
}
