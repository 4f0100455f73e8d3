//! `truc verify`: the verdict on the envelope signature of a file, without any hub, in the words of ETSI EN 319 102-1.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::exit::{Exit, Failure};
use crate::cli::message::MessageFile;
use crate::cli::{Context, words};
use crate::clock::{Clock as _, SystemClock};
use crate::config::trust_sources;
use crate::domain::{Lang, Timestamp};
use crate::edxml::{self, Mode};
use crate::signature::{self, MaterialKind, Verdict};
use crate::trust::TrustStore;

#[derive(Debug, Args)]
pub(super) struct Options {
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[arg(long, value_name = "DIR")]
    trust: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<Timestamp>,
    #[arg(long)]
    tolerant: bool,
}

/// RFC 3339, or a day, which is taken at its end in Asia/Ho_Chi_Minh.
fn time(text: &str) -> Result<Timestamp, String> {
    let text = if text.len() == 10 { format!("{text}T23:59:59+07:00") } else { text.to_owned() };
    text.parse().map_err(|_| "2026-11-22, 2026-11-22T14:05:00+07:00".to_owned())
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let verdict = examine(context, options)?;
    if context.out.is_json() {
        context.out.json(&answer(&verdict))?;
    } else {
        for line in lines(&verdict, context.lang) {
            context.out.line(line)?;
        }
    }
    if verdict.passed() { Ok(()) } else { Err(Failure::Negative) }
}

fn examine(context: &Context, options: &Options) -> Result<Verdict, Failure> {
    let folder = options.trust.clone().unwrap_or_else(|| context.data.trust());
    let mut sources = trust_sources(&folder);
    sources.crls.extend(options.crl.iter().cloned());
    let at = options.at.unwrap_or_else(|| SystemClock.now());
    let trust = TrustStore::open(sources, at).map_err(|error| {
        Failure::new(
            Exit::NoInput,
            format!("Không đọc được kho tin cậy: {error}"),
            format!("The trust folders cannot be read: {error}"),
        )
    })?;
    let message = MessageFile::open(&options.file)?;
    let strict = edxml::signature_profile();
    let (profile, mode) = if options.tolerant { (strict.tolerant(), Mode::Tolerant) } else { (strict, Mode::Strict) };
    signature::examine(&message, &profile, &trust, at, || edxml::Builder::new(mode))
        .map(|examined| examined.verdict)
        .map_err(|refusal| Failure::refused(&refusal, context.lang))
}

/// The verdict for people: two lines, then what it rests on.
fn lines(verdict: &Verdict, lang: Lang) -> Vec<String> {
    let sub = verdict.sub_indication.map(|sub| format!("/{sub}")).unwrap_or_default();
    let (system, document) = match lang {
        Lang::Vi => {
            ("Chữ ký hệ thống (gói tin)", "Chữ ký số của cơ quan, của người ký (văn bản): phiên bản này chưa kiểm tra")
        }
        Lang::En => (
            "System signature (envelope)",
            "Signatures of the agency and of the signer (document): not checked by this version",
        ),
    };
    let first = format!("{system}: {} [{}{sub}]", verdict.for_people(lang), verdict.indication);
    let facts = [reason(verdict, lang), signer(verdict, lang), basis(verdict, lang)].concat();
    let fact = |(name, value): (&str, String)| format!("  {name}: {}", words::shown(&value));
    [first, document.to_owned()].into_iter().chain(facts.into_iter().map(fact)).collect()
}

/// A name and what it is.
type Fact = (&'static str, String);

/// Why it is not valid.
fn reason(verdict: &Verdict, lang: Lang) -> Vec<Fact> {
    let Some(refusal) = &verdict.refusal else { return Vec::new() };
    let place = refusal.at.as_ref().map(|at| (words::pick(lang, "Vị trí", "Place"), at.to_string()));
    let detail = (words::pick(lang, "Chi tiết", "Detail"), refusal.detail.to_string());
    let remedy = (words::pick(lang, "Cách xử lý", "Remedy"), refusal.code.remedy(lang).to_owned());
    place.into_iter().chain([detail, remedy]).collect()
}

/// Whom the certificate names. Without a valid signature that is a claim.
fn signer(verdict: &Verdict, lang: Lang) -> Vec<Fact> {
    let Some(signer) = &verdict.signer else { return Vec::new() };
    let days = |at: Timestamp| at.local().strftime("%d/%m/%Y").to_string();
    let named = match (verdict.passed(), lang) {
        (true, Lang::Vi) => "Chứng thư số của",
        (true, Lang::En) => "Certificate of",
        (false, Lang::Vi) => "Tự khai là chứng thư số của (chưa chứng minh)",
        (false, Lang::En) => "Claims to be the certificate of (not proven)",
    };
    vec![
        (named, signer.subject.clone()),
        (words::pick(lang, "Do cấp", "Issued by"), signer.issuer.clone()),
        (words::pick(lang, "Số sê-ri", "Serial"), signer.serial.clone()),
        (words::pick(lang, "Hiệu lực", "Valid"), format!("{} – {}", days(signer.not_before), days(signer.not_after))),
        ("SHA-256", signer.sha256.to_string()),
    ]
}

/// What was signed, how, and what the verdict rests on.
fn basis(verdict: &Verdict, lang: Lang) -> Vec<Fact> {
    let algorithms = verdict.algorithms.map(|used| format!("{}, {}", used.signature.as_str(), used.digest.as_str()));
    let covered = verdict.covered.iter().map(|part| format!("{} ({})", part.path, words::size(part.octets, lang)));
    let count = |kind| verdict.evidence.iter().filter(|material| material.kind == kind).count();
    let (certificates, crls) = (count(MaterialKind::Certificate), count(MaterialKind::Crl));
    let evidence = match lang {
        Lang::Vi => format!("{certificates} chứng thư số, {crls} CRL"),
        Lang::En => format!("certificates: {certificates}, CRLs: {crls}"),
    };
    let evidence = (!verdict.evidence.is_empty()).then_some(evidence);
    let weaknesses = verdict.weaknesses.iter().map(|weakness| weakness.title(lang).to_owned());
    let named = |vi, en| move |value| (words::pick(lang, vi, en), value);
    algorithms
        .into_iter()
        .map(named("Thuật toán", "Algorithms"))
        .chain(covered.map(named("Phần được ký", "Covered")))
        .chain(evidence.into_iter().map(named("Căn cứ", "Rests on")))
        .chain(weaknesses.map(named("Lưu ý", "Note")))
        .collect()
}

fn answer(verdict: &Verdict) -> Value {
    let evidence: Vec<_> =
        verdict.evidence.iter().map(|material| json!({ "kind": material.kind, "sha256": material.sha256 })).collect();
    let covered: Vec<_> = verdict
        .covered
        .iter()
        .map(|covered| json!({ "uri": covered.uri, "path": covered.path, "octets": covered.octets }))
        .collect();
    let algorithms = verdict.algorithms.map(|used| {
        json!({
            "canonicalization": used.canonicalization.uri(),
            "signature": used.signature,
            "digest": used.digest,
            "transform": used.transform.uri(),
        })
    });
    let mut answer = json!({
        "indication": verdict.indication,
        "sub_indication": verdict.sub_indication,
        "code": verdict.code,
        "at": verdict.refusal.as_ref().and_then(|refusal| refusal.at.as_ref()),
        "detail": verdict.refusal.as_ref().map(|refusal| &refusal.detail),
        "signer": verdict.signer,
        "algorithms": algorithms,
        "covered": covered,
        "weaknesses": verdict.weaknesses,
        "evidence": evidence,
    });
    if let Some(fields) = answer.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    answer
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
