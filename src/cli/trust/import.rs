//! `truc trust import`: roots, authorities below them and CRLs into the trust folder, each looked at first. A root that
//! is not among the published ones is taken only with its fingerprint, which the operator has from elsewhere.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use crate::cli::exit::{Exit, Failure};
use crate::cli::trust::list::open;
use crate::cli::{Context, files, words};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{CRL_FLOORS, trust_sources};
use crate::domain::{Digest, Lang};
use crate::trust::files::{CRL_FILE_OCTETS_MAX, FileError};
use crate::trust::import::{Candidate, Kind, candidates};
use crate::trust::{CrlFloors, Novelty, TrustStore, Usage};

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "FILE", required = true)]
    file: Vec<PathBuf>,
    #[arg(long, value_name = "DIGEST", value_parser = fingerprint)]
    sha256: Vec<Digest>,
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
}

/// Hexadecimal, in whatever case and with or without colons.
fn fingerprint(text: &str) -> Result<Digest, String> {
    let digits: String = text.chars().filter(|c| !matches!(c, ':' | ' ')).collect();
    digits.to_ascii_lowercase().parse().map_err(|_| "f04ba4b4…, 64 hex".to_owned())
}

/// What became of one thing in a file.
struct Done<'a> {
    file: &'a Path,
    candidate: Candidate,
    outcome: Result<Novelty, String>,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let folder = options.trust.clone().unwrap_or_else(|| context.data.trust());
    let mut found = Vec::new();
    for file in &options.file {
        let items = candidates(bounded(file)?).map_err(|error| not_taken(file, &error))?;
        found.extend(items.into_iter().map(|candidate| (file.as_path(), candidate)));
    }
    found.sort_by_key(|(_, candidate)| candidate.kind);
    let mut done = Vec::new();
    for (file, candidate) in found {
        let outcome = take(context, &folder, &candidate, &options.sha256)?;
        done.push(Done { file, candidate, outcome });
    }
    report(context, &done)?;
    if done.iter().all(|done| done.outcome.is_ok()) { Ok(()) } else { Err(Failure::Negative) }
}

fn bounded(file: &Path) -> Result<Vec<u8>, Failure> {
    let length = std::fs::metadata(file).map_err(|error| Failure::read(file, &error))?.len();
    if length > CRL_FILE_OCTETS_MAX {
        return Err(not_taken(file, &FileError::TooLarge(CRL_FILE_OCTETS_MAX)));
    }
    files::read(file)
}

fn not_taken(file: &Path, error: &FileError) -> Failure {
    let file = file.display();
    Failure::new(Exit::No, format!("Không nhận {file}: {error}"), format!("{file} is not taken: {error}"))
}

/// Into its folder, if it fits what stands there by now.
fn take(
    context: &Context,
    folder: &Path,
    candidate: &Candidate,
    fingerprints: &[Digest],
) -> Result<Result<Novelty, String>, Failure> {
    let store = store(folder)?;
    let novelty = match store.fits(candidate, SystemClock.now()) {
        Ok(novelty) => novelty,
        Err(error) => return Ok(Err(error.to_string())),
    };
    if novelty == Novelty::Same {
        return Ok(Ok(novelty));
    }
    let is_confirmed = candidate.published.is_some() || fingerprints.contains(&candidate.sha256);
    if candidate.kind == Kind::Root && !is_confirmed {
        return Ok(Err(unconfirmed(&candidate.sha256, context.lang)));
    }
    let path = folder.join(name(candidate));
    files::write(&path, &candidate.der)?;
    synced(&path)?;
    Ok(Ok(novelty))
}

/// As the hub would load it, and with the numbers of CRLs that it remembers.
fn store(folder: &Path) -> Result<TrustStore, Failure> {
    for name in ["roots", "intermediates", "crl"] {
        let path = folder.join(name);
        std::fs::create_dir_all(&path).map_err(|error| Failure::write(&path, &error))?;
    }
    let path = folder.join(CRL_FLOORS);
    let floors = CrlFloors::load(&path).map_err(|error| Failure::read(&path, &error))?;
    let now = SystemClock.now();
    open(TrustStore::open_for(Usage::SIGNER, trust_sources(folder), &floors, now))
}

fn synced(path: &Path) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(path);
    let synced = std::fs::File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| Failure::write(folder, &error))
}

/// `roots/RootCA-chuyen-dung-f04ba4b4.crt`: never a name from the file alone.
fn name(candidate: &Candidate) -> String {
    let short: String = candidate.sha256.to_string().chars().take(8).collect();
    let subject = candidate.certificate.as_ref().map(|info| info.subject.as_str()).unwrap_or_default();
    let common_name = subject.split(',').find_map(|part| part.strip_prefix("CN=")).unwrap_or("ca");
    let common_name = files::name(&common_name.chars().take(60).collect::<String>());
    match candidate.kind {
        Kind::Root => format!("roots/{common_name}-{short}.crt"),
        Kind::Intermediate => format!("intermediates/{common_name}-{short}.crt"),
        Kind::Crl => format!("crl/imported-{short}.crl"),
    }
}

fn unconfirmed(sha256: &Digest, lang: Lang) -> String {
    match lang {
        Lang::Vi => format!(
            "CA gốc này không có trong danh sách đã công bố; so dấu vân tay qua một kênh khác (công văn, điện thoại) \
             rồi nhập lại với --sha256 {sha256}"
        ),
        Lang::En => format!(
            "this root is not among the published ones; compare its fingerprint over another channel (a letter, a \
             telephone call), then import it with --sha256 {sha256}"
        ),
    }
}

fn report(context: &Context, done: &[Done<'_>]) -> Result<(), Failure> {
    if context.out.is_json() {
        return context.out.json(&done.iter().map(Done::json).collect::<Vec<_>>());
    }
    let lang = context.lang;
    for Done { file, candidate, outcome } in done {
        let what = candidate.certificate.as_ref().map_or("CRL", |info| info.subject.as_str());
        let line = format!("{} ({}): {}", words::shown(what), file.display(), says(outcome, lang));
        context.out.line(line)?;
        if candidate.certificate.is_some() {
            context.out.line(format!("  SHA-256: {}", candidate.sha256))?;
            context.out.line(format!("  {}", identity(candidate, lang)))?;
        }
    }
    let changed = done.iter().any(|done| matches!(done.outcome, Ok(Novelty::New { .. })));
    if !changed {
        return Ok(());
    }
    context.out.say(
        "Trục đang chạy dùng ngay trong vòng một giây, không cần khởi động lại.",
        "A running hub takes it up within a second, without a restart.",
    )
}

fn says(outcome: &Result<Novelty, String>, lang: Lang) -> String {
    match (outcome, lang) {
        (Ok(Novelty::New { .. }), Lang::Vi) => "đã nhập".to_owned(),
        (Ok(Novelty::New { .. }), Lang::En) => "imported".to_owned(),
        (Ok(Novelty::Same), Lang::Vi) => "đã có sẵn".to_owned(),
        (Ok(Novelty::Same), Lang::En) => "is there already".to_owned(),
        (Err(why), Lang::Vi) => format!("KHÔNG nhập: {why}"),
        (Err(why), Lang::En) => format!("NOT imported: {why}"),
    }
}

/// Whether it is a published certificate, and how far that is known.
fn identity(candidate: &Candidate, lang: Lang) -> String {
    match (candidate.published, lang) {
        (Some(known), Lang::Vi) => format!(
            "Dấu vân tay trùng với {} đã công bố ({}). Danh sách này chưa được đối chiếu trực tiếp với CA: hãy so lại \
             qua một kênh khác.",
            known.name(lang),
            known.common_name
        ),
        (Some(known), Lang::En) => format!(
            "By its fingerprint this is the published {} ({}). The list was not compared with the authority itself: \
             compare it over another channel.",
            known.name(lang),
            known.common_name
        ),
        (None, Lang::Vi) => {
            "Không phải chứng thư số đã công bố của Ban Cơ yếu Chính phủ hay của CA gốc quốc gia.".to_owned()
        }
        (None, Lang::En) => {
            "Not a published certificate of the Government Cipher Committee or of the national root.".to_owned()
        }
    }
}

impl Done<'_> {
    fn json(&self) -> Value {
        let kind = match self.candidate.kind {
            Kind::Root => "root",
            Kind::Intermediate => "intermediate",
            Kind::Crl => "crl",
        };
        let (imported, error) = match &self.outcome {
            Ok(novelty) => (*novelty != Novelty::Same, None),
            Err(error) => (false, Some(error)),
        };
        json!({
            "file": self.file,
            "kind": kind,
            "sha256": self.candidate.sha256,
            "certificate": self.candidate.certificate,
            "published": self.candidate.published,
            "imported": imported,
            "error": error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_people_write_it() {
        let plain = "f04ba4b459a7c9a1b971ad9b1cb833e695a80c79aea63b174b66a70edfe2fdb8";
        let colons: Vec<_> = plain.as_bytes().chunks(2).map(|pair| String::from_utf8(pair.to_vec()).unwrap()).collect();
        for text in [plain.to_owned(), plain.to_uppercase(), colons.join(":").to_uppercase()] {
            assert_eq!(fingerprint(&text).unwrap().to_string(), plain);
        }
        assert!(fingerprint("f04b").is_err());
    }
}
