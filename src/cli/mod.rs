//! The command line: server and client in one binary. One file a subcommand, each with its `Options` and `run`; the
//! only module that reads arguments and environment.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgAction, FromArgMatches as _, Parser, Subcommand, ValueEnum};

use crate::config::DataFolder;
use crate::domain::Lang;

mod access;
mod agency;
mod backup;
mod compose;
mod confirm;
mod connect;
mod demo;
mod doctor;
mod documents;
mod exit;
mod fetch;
mod files;
mod help;
mod help_texts;
mod inbox;
mod init;
mod message;
mod out;
mod outbox;
mod progress;
mod rebuild;
mod receipt;
mod restore;
mod retention;
mod select;
mod send;
mod serve;
mod sign;
mod signer;
mod spill;
mod status;
mod token;
mod track;
mod trail;
mod trust;
mod usage;
mod verify;
mod words;

use exit::{Exit, Failure};
use out::Out;

/// The whole command line. Texts for people stand in `help_texts`.
#[derive(Debug, Parser)]
#[command(name = "truc", version, subcommand_required = true)]
struct Arguments {
    #[arg(long, value_enum, global = true, value_name = "LANG")]
    lang: Option<LangName>,
    #[arg(long, global = true)]
    json: bool,
    #[arg(long, global = true, value_name = "FILE")]
    profile: Option<PathBuf>,
    #[arg(long, global = true, value_name = "DIR", env = "TRUC_DATA", default_value = "data")]
    data: PathBuf,
    #[arg(short, long, global = true, action = ArgAction::HelpLong)]
    help: Option<bool>,
    #[arg(short = 'V', long, action = ArgAction::Version)]
    version: Option<bool>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LangName {
    Vi,
    En,
}

/// In the order of the help: making and running a hub, sending, receiving, looking, checking, operating.
#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Options),
    Init(init::Options),
    Serve(serve::Options),
    Send(Box<send::Options>),
    Outbox(outbox::Options),
    Track(track::Options),
    Inbox(inbox::Options),
    Fetch(fetch::Options),
    Confirm(confirm::Options),
    Status(Box<status::Options>),
    Trail(trail::Options),
    Receipt(receipt::Options),
    Sign(sign::Options),
    Verify(verify::Options),
    Trust(trust::Options),
    Agency(agency::Options),
    Access(access::Options),
    Retention(retention::Options),
    Spill(spill::Options),
    Backup(backup::Options),
    Restore(restore::Options),
    Doctor(doctor::Options),
}

/// What every command is given.
#[derive(Debug)]
struct Context {
    lang: Lang,
    out: Out,
    profile: Option<PathBuf>,
    data: DataFolder,
}

/// Runs one command line, prints, and says how it ended.
#[must_use]
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    let lang = words::language(&args, variable("TRUC_LANG").as_deref(), variable("LANG").as_deref());
    match parsed(args, lang) {
        Ok(arguments) => ended(&arguments.context(lang), arguments.command),
        Err(error) => not_parsed(&error, lang),
    }
}

/// A variable of the environment that says something.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn parsed(args: Vec<OsString>, lang: Lang) -> Result<Arguments, clap::Error> {
    let command = help::localised(<Arguments as clap::CommandFactory>::command(), lang);
    Arguments::from_arg_matches(&command.try_get_matches_from(args)?)
}

/// Help and version are answers; everything else is a usage error. Who says nothing at all is shown the help.
fn not_parsed(error: &clap::Error, lang: Lang) -> ExitCode {
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        let _ = error.print(); // to stderr; the exit code says the same
        return Exit::Usage.into();
    }
    if error.use_stderr() {
        Out::new(lang, false).note(usage::explain(error, lang), usage::explain(error, lang));
        return Exit::Usage.into();
    }
    match error.print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => Exit::CannotCreate.into(),
    }
}

fn ended(context: &Context, command: Command) -> ExitCode {
    match dispatch(context, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            match &failure {
                Failure::Refused(problem) => context.out.refusal(problem),
                Failure::Other(_, says) => context.out.note(&says.vi, &says.en),
                Failure::Negative | Failure::Closed => {}
            }
            failure.exit().map_or(ExitCode::SUCCESS, ExitCode::from)
        }
    }
}

fn dispatch(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Demo(options) => demo::run(context, &options),
        Command::Init(options) => init::run(context, &options),
        Command::Serve(options) => serve::run(context, &options),
        Command::Send(options) => send::run(context, &options),
        Command::Outbox(options) => outbox::run(context, &options),
        Command::Track(options) => track::run(context, &options),
        Command::Inbox(options) => inbox::run(context, &options),
        Command::Fetch(options) => fetch::run(context, &options),
        Command::Confirm(options) => confirm::run(context, &options),
        Command::Status(options) => status::run(context, &options),
        Command::Trail(options) => trail::run(context, &options),
        Command::Receipt(options) => receipt::run(context, &options),
        Command::Sign(options) => sign::run(context, &options),
        Command::Verify(options) => verify::run(context, &options),
        Command::Trust(options) => trust::run(context, &options),
        Command::Agency(options) => agency::run(context, &options),
        Command::Access(options) => access::run(context, &options),
        Command::Retention(options) => retention::run(context, &options),
        Command::Spill(options) => spill::run(context, &options),
        Command::Backup(options) => backup::run(context, &options),
        Command::Restore(options) => restore::run(context, &options),
        Command::Doctor(options) => doctor::run(context, &options),
    }
}

impl Arguments {
    fn context(&self, lang: Lang) -> Context {
        Context {
            lang,
            out: Out::new(lang, self.json),
            profile: self.profile.clone().or_else(|| variable("TRUC_PROFILE").map(PathBuf::from)),
            data: DataFolder::new(&self.data),
        }
    }
}
