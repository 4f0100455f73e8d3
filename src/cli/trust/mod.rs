//! `truc trust`: what signers' certificates are checked against. One file a subcommand.

use clap::{Args, Subcommand};

use crate::cli::Context;
use crate::cli::exit::Failure;

mod list;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Act,
}

/// In the order of the help.
#[derive(Debug, Subcommand)]
enum Act {
    List(list::Options),
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    match &options.act {
        Act::List(options) => list::run(context, options),
    }
}
