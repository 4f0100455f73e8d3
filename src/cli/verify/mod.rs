//! `truc verify`: the verdict on the signature of a file, without any hub, in the words of ETSI EN 319 102-1. First the
//! profile is chosen (`profile`) and the trust (`trust`), then the envelope is read once (`envelope`); `people` and
//! `json` say what was found. `as_of` computes a hub's verdict again from its kept evidence.

mod as_of;
mod chain;
mod envelope;
mod json;
mod lines;
mod people;
mod profile;
mod trust;

use std::path::PathBuf;

use clap::Args;

use crate::cli::Context;
use crate::cli::documents::Documents;
use crate::cli::exit::Failure;
use crate::cli::message::MessageFile;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::Timestamp;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, value_name = "PATH")]
    trust: Vec<PathBuf>,
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    #[arg(long, value_name = "FILE")]
    content: Option<PathBuf>,
    /// Takes the place of the caller's profile, of which nothing is needed here; of its type for that reason.
    #[arg(long, value_name = "NAME")]
    profile: Option<PathBuf>,
    #[arg(long, value_name = "FILE", conflicts_with_all = ["at", "crl"])]
    as_of: Option<PathBuf>,
    #[arg(long, value_name = "KEY", requires = "as_of")]
    key: Option<String>,
}

/// RFC 3339, or a day, which is taken at its end in Asia/Ho_Chi_Minh.
fn time(text: &str) -> Result<Timestamp, String> {
    let text = if text.len() == 10 { format!("{text}T23:59:59+07:00") } else { text.to_owned() };
    text.parse().map_err(|_| "2026-11-22, 2026-11-22T14:05:00+07:00".to_owned())
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    if let Some(evidence) = &options.as_of {
        let anchors = trust::sources(context, options).anchors;
        return as_of::run(context, &options.file, evidence, &anchors, options.key.as_deref());
    }
    let at = options.at.unwrap_or_else(|| SystemClock.now());
    let file = MessageFile::open(&options.file)?;
    let name = options.profile.as_deref().map(profile::Name::of).transpose()?;
    let trust = |offered: &[Vec<u8>]| trust::open(context, options, offered, at);
    if let Some(documents) = Documents::of_file(&options.file, options.content.as_deref(), &trust, at)? {
        return documents.tell(context);
    }
    let offered = profile::certificates(&file);
    let believed = trust(&offered)?;
    trust::tell_unused(context, &believed);
    let envelope = envelope::examine(&file, name, &believed, at)?;
    let documents = Documents::of_message(&file, &trust, at)?;
    if context.out.is_json() {
        context.out.json(&json::answer(&envelope, documents.as_ref()))?;
    } else {
        for line in people::lines(&envelope, documents.as_ref(), context.lang) {
            context.out.line(line)?;
        }
    }
    if envelope.verdict.passed() { Ok(()) } else { Err(Failure::Negative) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_meant_to_its_end_in_hanoi() {
        assert_eq!(time("2026-11-22").unwrap().to_string(), "2026-11-22T16:59:59.000Z");
        assert_eq!(time("2026-11-22T14:05:00+07:00").unwrap().to_string(), "2026-11-22T07:05:00.000Z");
        assert!(time("yesterday").is_err());
        assert!(time("22/11/2026").is_err());
    }
}
