//! What `truc verify` prints for people: two lines, the envelope's signature and the document's, then what they rest on.

use crate::cli::documents::Documents;
use crate::cli::verify::envelope::Envelope;
use crate::cli::verify::lines::Lines;
use crate::cli::verify::profile::Name;
use crate::cli::words;
use crate::domain::{Lang, Refusal, Timestamp};
use crate::signature::{MaterialKind, Verdict};

/// The verdict for people: the envelope's line and what it rests on, then the documents' lines.
pub(super) fn lines(envelope: &Envelope, documents: Option<&Documents>, lang: Lang) -> Vec<String> {
    let verdict = &envelope.verdict;
    let sub = verdict.sub_indication.map(|sub| format!("/{sub}")).unwrap_or_default();
    let system = words::pick(lang, "Chữ ký hệ thống (gói tin)", "System signature (envelope)");
    let first = format!("{system}: {} [{}{sub}]", verdict.for_people(lang), verdict.indication);
    let parts = [reason(verdict, lang), signer(verdict, lang), chain(envelope, lang), basis(envelope, lang)];
    let fact = |(name, value): (&str, String)| format!("  {name}: {}", words::shown(&value));
    let documents = documents.map(|documents| documents.lines(lang)).unwrap_or_default();
    [first].into_iter().chain(parts.concat().into_iter().map(fact)).chain(documents).collect()
}

/// A name and what it is.
type Fact = (&'static str, String);

/// Why it is not valid.
fn reason(verdict: &Verdict, lang: Lang) -> Vec<Fact> {
    let Some(refusal) = &verdict.refusal else { return Vec::new() };
    let also = verdict.also.iter().map(|code| (words::pick(lang, "Ngoài ra", "Also"), code.title(lang).to_owned()));
    refused(refusal, lang).into_iter().chain(also).collect()
}

fn refused(refusal: &Refusal, lang: Lang) -> Vec<Fact> {
    let place = refusal.at.as_ref().map(|at| (words::pick(lang, "Vị trí", "Place"), at.to_string()));
    let detail = (words::pick(lang, "Chi tiết", "Detail"), format!("{} [{}]", refusal.detail, refusal.code));
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

/// The certificates above the signer's, up to the root.
fn chain(envelope: &Envelope, lang: Lang) -> Vec<Fact> {
    if !envelope.has_anchors {
        let note = match lang {
            Lang::Vi => "chưa tin gốc nào: chỉ ra bằng --trust",
            Lang::En => "nothing is trusted: name anchors with --trust",
        };
        return vec![(words::pick(lang, "Gốc tin cậy", "Trusted root"), note.to_owned())];
    }
    let Some((root, below)) = envelope.chain.split_last() else { return Vec::new() };
    let authorities = below.iter().skip(1).map(|link| (words::pick(lang, "Dưới CA", "Below"), link.text(lang)));
    let root = (words::pick(lang, "Gốc tin cậy", "Trusted root"), root.text(lang));
    authorities.chain([root]).collect()
}

/// What was signed, how, and what the verdict rests on.
fn basis(envelope: &Envelope, lang: Lang) -> Vec<Fact> {
    let verdict = &envelope.verdict;
    let algorithms = verdict.algorithms.map(|used| format!("{}, {}", used.signature.as_str(), used.digest.as_str()));
    let covered = verdict.covered.iter().zip(&envelope.covered);
    let covered = covered.map(|(part, (lines, except))| {
        format!("{} ({}), {}", part.path, words::size(part.octets, lang), range(*lines, *except, lang))
    });
    let profile = match (envelope.profile, lang) {
        (Name::Edxml, _) => "edxml",
        (Name::None, Lang::Vi) => "none: không hồ sơ nào xác nhận rằng phần được ký nêu trên là đủ",
        (Name::None, Lang::En) => "none: no profile vouches that what is covered is enough",
    };
    let weaknesses = verdict.weaknesses.iter().map(|weakness| weakness.title(lang).to_owned());
    let named = |vi, en| move |value| (words::pick(lang, vi, en), value);
    algorithms
        .into_iter()
        .map(named("Thuật toán", "Algorithms"))
        .chain(covered.map(named("Phần được ký", "Covered")))
        .chain([profile.to_owned()].map(named("Hồ sơ", "Profile")))
        .chain(evidence(verdict, lang).map(named("Căn cứ", "Rests on")))
        .chain(weaknesses.map(named("Điểm yếu", "Weakness")))
        .chain(content(envelope, lang).map(named("Nội dung", "Content")))
        .collect()
}

/// `dòng 3–80, trừ dòng 20–61 (Signature)`
fn range(lines: Lines, except: Option<Lines>, lang: Lang) -> String {
    let (line, but) = match lang {
        Lang::Vi => ("dòng", "trừ"),
        Lang::En => ("lines", "without"),
    };
    let except = except.map(|except| format!(", {but} {line} {}–{} (Signature)", except.first, except.last));
    format!("{line} {}–{}{}", lines.first, lines.last, except.unwrap_or_default())
}

fn evidence(verdict: &Verdict, lang: Lang) -> Option<String> {
    let count = |kind| verdict.evidence.iter().filter(|material| material.kind == kind).count();
    let (certificates, crls) = (count(MaterialKind::Certificate), count(MaterialKind::Crl));
    let answers = count(MaterialKind::Ocsp);
    let text = match (lang, answers) {
        (Lang::Vi, 0) => format!("{certificates} chứng thư số, {crls} CRL"),
        (Lang::En, 0) => format!("certificates: {certificates}, CRLs: {crls}"),
        (Lang::Vi, _) => format!("{certificates} chứng thư số, {crls} CRL, {answers} trả lời OCSP"),
        (Lang::En, _) => format!("certificates: {certificates}, CRLs: {crls}, OCSP answers: {answers}"),
    };
    (!verdict.evidence.is_empty()).then_some(text)
}

/// What a hub would refuse in it.
fn content(envelope: &Envelope, lang: Lang) -> Option<String> {
    let refusal = envelope.content.as_ref()?;
    let place = refusal.at.as_ref().map(|at| format!(" ({at})")).unwrap_or_default();
    let title = refusal.code.title(lang);
    Some(match lang {
        Lang::Vi => format!("trục sẽ từ chối: {title} [{}]{place}", refusal.code),
        Lang::En => format!("a hub would refuse it: {title} [{}]{place}", refusal.code),
    })
}
