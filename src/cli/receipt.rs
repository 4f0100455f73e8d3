//! `truc receipt`: the proof that the hub accepted a document; checked without any hub.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::api::TrailEntry;
use crate::cli::exit::{Exit, Failure};
use crate::cli::select::DocumentOptions;
use crate::cli::{Context, files, trail, words};
use crate::domain::Digest;
use crate::trail::{VerifiedEntry, VerifierKey, verify};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    Get {
        #[command(flatten)]
        document: DocumentOptions,
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    Verify {
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
        #[arg(long, value_name = "FILE")]
        message: Option<PathBuf>,
    },
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    match &options.act {
        Act::Get { document, output } => get(context, document, output.as_deref()),
        Act::Verify { file, key, message } => check(context, file, key.as_deref(), message.as_deref()),
    }
}

fn get(context: &Context, document: &DocumentOptions, output: Option<&Path>) -> Result<(), Failure> {
    let hub = context.connect()?;
    let view = document.find(context, &hub)?;
    let proof = hub.call(hub.client().proof(view.id))?;
    match output {
        Some(path) => {
            files::write(path, proof.as_bytes())?;
            let path = path.display();
            context.out.say(format!("Đã ghi biên nhận ra {path}."), format!("The receipt is in {path}."))
        }
        None => context.out.bytes(proof.as_bytes()),
    }
}

fn check(context: &Context, file: &Path, key: Option<&str>, message: Option<&Path>) -> Result<(), Failure> {
    let keys = verifier_keys(context, key)?;
    let text = files::read_text(file)?;
    let proven = verify::proof(&text, &keys).map_err(|error| no(context, &error.to_string()))?;
    let entry: Value = serde_json::from_slice(proven.entry()).map_err(|error| not_json(&error))?;
    if let Some(path) = message {
        let digest = Digest::of(&files::read(path)?).to_string();
        if entry.get("sha256").and_then(Value::as_str) != Some(digest.as_str()) {
            return Err(no(context, "the receipt is for another message"));
        }
    }
    if context.out.is_json() {
        return context.out.json(&answer(&proven, &entry));
    }
    shown(context, &text, &proven)
}

fn answer(proven: &VerifiedEntry, entry: &Value) -> Value {
    serde_json::json!({
        "verified": true,
        "origin": proven.origin(),
        "seq": proven.index(),
        "size": proven.size(),
        "entry": entry,
    })
}

fn shown(context: &Context, proof: &str, proven: &VerifiedEntry) -> Result<(), Failure> {
    let entry = String::from_utf8_lossy(proven.entry()).into_owned();
    let entry = TrailEntry { seq: proven.index(), entry, proof: proof.to_owned() };
    context.out.table(&trail::header(context.lang), &trail::rows(&[entry], context.lang))?;
    let (origin, size) = (words::shown(proven.origin()), proven.size());
    context.out.say(
        format!("Hợp lệ: mục này nằm trong nhật ký {origin}, tại lúc nhật ký có {size} mục."),
        format!("Valid: this entry is in the log {origin} as it stood with {size} entries."),
    )
}

/// The log's verifier keys, one a line: the text itself, a file that holds them, or those in the data folder, the ones
/// of earlier epochs after the present one.
pub(super) fn verifier_keys(context: &Context, named: Option<&str>) -> Result<Vec<VerifierKey>, Failure> {
    if let Some(Ok(key)) = named.map(str::parse) {
        return Ok(vec![key]);
    }
    let path = named.map_or_else(|| context.data.log_vkey(), PathBuf::from);
    let mut keys = keys_in(&path)?;
    let earlier = context.data.earlier_vkeys();
    if named.is_none() && earlier.exists() {
        keys.extend(keys_in(&earlier)?);
    }
    Ok(keys)
}

fn keys_in(path: &Path) -> Result<Vec<VerifierKey>, Failure> {
    let not_a_key = |error: &dyn std::fmt::Display| {
        let path = path.display();
        Failure::new(
            Exit::NoInput,
            format!("{path} không phải khóa kiểm tra của nhật ký: {error}"),
            format!("{path} is not a log's verifier key: {error}"),
        )
    };
    let text = files::read_text(path)?;
    let keys: Result<Vec<VerifierKey>, _> =
        text.lines().map(str::trim).filter(|it| !it.is_empty()).map(str::parse).collect();
    match keys {
        Ok(keys) if keys.is_empty() => Err(not_a_key(&"it is empty")),
        Ok(keys) => Ok(keys),
        Err(error) => Err(not_a_key(&error)),
    }
}

/// The verdict is no.
pub(super) fn invalid(vi: &str, en: &str) -> Failure {
    Failure::new(Exit::No, format!("Không hợp lệ: {vi}"), format!("Not valid: {en}"))
}

fn no(context: &Context, reason: &str) -> Failure {
    if context.out.is_json() {
        let answer = serde_json::json!({ "verified": false, "reason": reason });
        return context.out.json(&answer).err().unwrap_or(Failure::Negative);
    }
    invalid(reason, reason)
}

pub(super) fn not_json(error: &serde_json::Error) -> Failure {
    invalid(&format!("không phải JSON: {error}"), &format!("not JSON: {error}"))
}
