//! `truc trust`: what signers' certificates are checked against. One file a subcommand.

use clap::{Args, Subcommand};

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::domain::Timestamp;

mod block;
mod explain;
mod impact;
mod import;
mod list;
mod named;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Act,
}

/// In the order of the help.
#[derive(Debug, Subcommand)]
enum Act {
    Import(import::Options),
    List(list::Options),
    Explain(explain::Options),
    Block(block::Block),
    Unblock(block::Unblock),
    Blocks,
    Impact(impact::Options),
}

/// RFC 3339, or a day, which is taken at its end in Asia/Ho_Chi_Minh.
fn moment(text: &str) -> Result<Timestamp, String> {
    let text = if text.len() == 10 { format!("{text}T23:59:59+07:00") } else { text.to_owned() };
    text.parse().map_err(|_| "2026-11-22, 2026-11-22T14:05:00+07:00".to_owned())
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    match &options.act {
        Act::Import(options) => import::run(context, options),
        Act::List(options) => list::run(context, options),
        Act::Explain(options) => explain::run(context, options),
        Act::Block(options) => block::block(context, options),
        Act::Unblock(options) => block::unblock(context, options),
        Act::Blocks => block::blocks(context),
        Act::Impact(options) => impact::run(context, options),
    }
}
