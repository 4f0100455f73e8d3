//! `truc verify --as-of`: the verdict of a hub, computed again years later from the evidence that was kept with the
//! message and nothing else; without any hub. The evidence is believed as far as the signed log vouches for it: the
//! entry by its proof, everything else by the digests in the entry.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::api::{Evidence, EvidenceMaterial};
use crate::cli::exit::Failure;
use crate::cli::message::MessageFile;
use crate::cli::{Context, files, receipt, words};
use crate::domain::{Digest, Lang, Timestamp};
use crate::edxml::{self, Mode};
use crate::hub::entry::{Entry, Event, Verdict as Recorded};
use crate::signature::{self, Material, MaterialKind, Verdict};
use crate::trail::{VerifierKey, verify};
use crate::trust::KeptEvidence;

/// What the log vouches for.
struct Proven {
    origin: String,
    seq: u64,
    /// When the verdict was made, and for which time of receipt.
    known: Timestamp,
    received: Timestamp,
    sha256: Digest,
    recorded: Recorded,
    materials: Vec<Material>,
}

/// Computes the verdict on `file` again.
pub(super) fn run(
    context: &Context,
    file: &Path,
    evidence: &Path,
    anchors: &[PathBuf],
    key: Option<&str>,
) -> Result<(), Failure> {
    let keys = receipt::verifier_keys(context, key)?;
    let evidence: Evidence =
        serde_json::from_slice(&files::read(evidence)?).map_err(|error| receipt::not_json(&error))?;
    let proven = proven(&evidence, &keys).map_err(|reason| altered(context, &reason))?;
    if Digest::of(&files::read(file)?) != proven.sha256 {
        return Err(altered(context, "the evidence is of another message than the file"));
    }
    let verdict = again(context, file, &proven, anchors)?;
    let is_same = verdict.indication.as_str() == proven.recorded.indication
        && verdict.sub_indication.map(signature::SubIndication::as_str) == proven.recorded.sub_indication.as_deref();
    if context.out.is_json() {
        context.out.json(&answer(&proven, &verdict, is_same))?;
    } else {
        for line in lines(&proven, &verdict, is_same, context.lang) {
            context.out.line(words::shown(&line))?;
        }
    }
    if verdict.passed() && is_same { Ok(()) } else { Err(Failure::Negative) }
}

fn again(context: &Context, file: &Path, proven: &Proven, anchors: &[PathBuf]) -> Result<Verdict, Failure> {
    let refused = |refusal: crate::domain::Refusal| Failure::refused(&refusal, context.lang);
    let chains = KeptEvidence::open(&proven.materials, anchors, proven.known).map_err(refused)?;
    let message = MessageFile::open(file)?;
    let profile = edxml::signature_profile();
    signature::examine(&message, &profile, &chains, proven.received, || edxml::Builder::new(Mode::Strict))
        .map(|examined| examined.verdict)
        .map_err(refused)
}

/// The evidence, if every part of it is what the signed log says.
fn proven(evidence: &Evidence, keys: &[VerifierKey]) -> Result<Proven, String> {
    if evidence.version != 1 {
        return Err(format!("version {} of the evidence is not known", evidence.version));
    }
    let proof = verify::proof(&evidence.proof, keys).map_err(|error| error.to_string())?;
    if proof.entry() != evidence.entry.as_bytes() {
        return Err("the proof is of other bytes than the entry".to_owned());
    }
    let entry = Entry::from_bytes(proof.entry()).map_err(|error| format!("the entry cannot be read: {error}"))?;
    let (sha256, received, recorded) = match entry.event {
        Event::Accepted { sha256, verdict, .. } | Event::Status { sha256, verdict, .. } => {
            (sha256, entry.time, verdict)
        }
        Event::HoldReleased { sha256, received, verdict, .. } => (sha256, received, verdict),
        _ => return Err("the entry holds no verdict".to_owned()),
    };
    let materials = evidence.materials.iter().map(material).collect::<Result<Vec<_>, _>>()?;
    if !materials.iter().map(|material| material.sha256).eq(recorded.evidence.iter().copied()) {
        return Err("the certificates and CRLs are not those that the entry names".to_owned());
    }
    let (origin, seq) = (proof.origin().to_owned(), proof.index());
    Ok(Proven { origin, seq, known: entry.time, received, sha256, recorded, materials })
}

/// By the digest of its bytes, whatever the file says of it.
fn material(kept: &EvidenceMaterial) -> Result<Material, String> {
    let kind = match kept.kind.as_str() {
        "certificate" => MaterialKind::Certificate,
        "crl" => MaterialKind::Crl,
        "ocsp" => MaterialKind::Ocsp,
        other => return Err(format!("a material of an unknown kind: {other}")),
    };
    let der = STANDARD.decode(&kept.der).map_err(|_| "a material is not base64".to_owned())?;
    Ok(Material::new(kind, der))
}

fn altered(context: &Context, reason: &str) -> Failure {
    if context.out.is_json() {
        let answer = json!({ "evidence": "not valid", "reason": reason });
        return context.out.json(&answer).err().unwrap_or(Failure::Negative);
    }
    receipt::invalid(&format!("căn cứ không dùng được: {reason}"), &format!("the evidence cannot be used: {reason}"))
}

fn lines(proven: &Proven, verdict: &Verdict, is_same: bool, lang: Lang) -> Vec<String> {
    let sub = |sub: Option<&str>| sub.map(|sub| format!("/{sub}")).unwrap_or_default();
    let now = sub(verdict.sub_indication.map(signature::SubIndication::as_str));
    let then = sub(proven.recorded.sub_indication.as_deref());
    let people = verdict.for_people(lang);
    let (received, known) = (words::time(proven.received, lang), words::time(proven.known, lang));
    let count = |kind| proven.materials.iter().filter(|material| material.kind == kind).count();
    let (certificates, crls) =
        (count(MaterialKind::Certificate), proven.materials.len() - count(MaterialKind::Certificate));
    let (indication, before) = (verdict.indication, &proven.recorded.indication);
    let mut lines = match lang {
        Lang::Vi => vec![
            format!("Chữ ký hệ thống (gói tin), như khi trục nhận lúc {received}: {people} [{indication}{now}]"),
            format!("  Trục đã kết luận lúc {known}: {before}{then}, mục {} của nhật ký {}", proven.seq, proven.origin),
            format!("  Căn cứ: {certificates} chứng thư số, {crls} CRL hoặc OCSP, đúng như mục đó ghi"),
        ],
        Lang::En => vec![
            format!("System signature (envelope), as of its receipt at {received}: {people} [{indication}{now}]"),
            format!(
                "  The hub's verdict at {known}: {before}{then}, entry {} of the log {}",
                proven.seq, proven.origin
            ),
            format!(
                "  Rests on: certificates: {certificates}, CRLs or OCSP answers: {crls}, just as that entry names them"
            ),
        ],
    };
    let signer = verdict.signer.as_ref().map(|signer| &signer.subject);
    lines.extend(signer.map(|subject| format!("  {}: {subject}", words::pick(lang, "Người ký", "Signer"))));
    lines.extend(verdict.refusal.as_ref().map(|refusal| format!("  {}", refusal.detail)));
    lines.push(match (is_same, lang) {
        (true, Lang::Vi) => "  Kết luận tính lại giống kết luận đã ghi.".to_owned(),
        (true, Lang::En) => "  The verdict computed now is the one recorded then.".to_owned(),
        (false, Lang::Vi) => "  Kết luận tính lại KHÁC kết luận đã ghi.".to_owned(),
        (false, Lang::En) => "  The verdict computed now is NOT the one recorded then.".to_owned(),
    });
    lines
}

fn answer(proven: &Proven, verdict: &Verdict, is_same: bool) -> Value {
    json!({
        "indication": verdict.indication,
        "sub_indication": verdict.sub_indication,
        "code": verdict.code,
        "detail": verdict.refusal.as_ref().map(|refusal| &refusal.detail),
        "signer": verdict.signer,
        "received_at": proven.received,
        "same_as_recorded": is_same,
        "recorded": {
            "indication": proven.recorded.indication,
            "sub_indication": proven.recorded.sub_indication,
            "time": proven.known,
            "seq": proven.seq,
            "origin": proven.origin,
        },
        "evidence": proven.materials.iter().map(|it| json!({ "kind": it.kind, "sha256": it.sha256 })).collect::<Vec<_>>(),
    })
}
