//! Certificates and CRLs near their end, each with its date: roots and authorities, the hub's own for TLS, and those of
//! the signers whose messages stand in the journal.

use crate::config::{Config, DataFolder};
use crate::doctor::trail::Seen;
use crate::doctor::{Finding, Severity, Text, found};
use crate::domain::{Digest, Timestamp};
use crate::signature::SignerInfo;
use crate::trust::{End, EndKind, TrustStore, days_left, own_certificate};

/// Most signers that are named.
const SIGNERS_NAMED_MAX: usize = 50;

/// What ends within `trust.warn_days`, or has ended, the first to end first.
pub(super) fn examine(data: &DataFolder, config: &Config, seen: &Seen, now: Timestamp, findings: &mut Vec<Finding>) {
    let warn_days = i64::from(config.trust.warn_days);
    let mut ends: Vec<(Text, End)> = Vec::new();
    let mut authorities: Vec<Digest> = Vec::new();
    if let Ok(store) = TrustStore::open(data.trust_sources(), now) {
        let of_store = store.ends(now);
        authorities.extend(of_store.iter().map(|end| end.sha256));
        let near = of_store.into_iter().filter(|end| end.is_near(warn_days));
        ends.extend(near.map(|end| (kind(end.kind), end)));
    }
    let near = |info: &SignerInfo| days_left(info.not_after, now) <= warn_days;
    let own = own_certificate(&data.tls_certificate()).filter(near);
    ends.extend(own.map(|info| (kind(EndKind::Server), end(EndKind::Server, &info, now))));
    let signers = seen.certificates.values().filter(|info| !authorities.contains(&info.sha256) && near(info));
    // Of a certificate that has ended there is nothing to renew: its holder has another, or has stopped sending.
    let signers = signers.filter(|info| days_left(info.not_after, now) >= 0).take(SIGNERS_NAMED_MAX);
    ends.extend(signers.map(|info| (kind(EndKind::Signer), end(EndKind::Signer, info, now))));
    ends.sort_by_key(|(_, end)| end.until);
    findings.extend(ends.iter().map(|(what, end)| ending(what, end)));
}

fn end(kind: EndKind, info: &SignerInfo, now: Timestamp) -> End {
    let (name, until) = (info.subject.clone(), info.not_after);
    End { kind, name, sha256: info.sha256, until, days_left: days_left(until, now) }
}

fn ending(what: &Text, end: &End) -> Finding {
    let End { name, until, days_left, .. } = end;
    let Text { vi, en } = what;
    let (left_vi, left_en) = match days_left {
        ..0 => ("đã hết hạn".to_owned(), "has ended".to_owned()),
        days => (format!("còn {days} ngày"), format!("{days} days left")),
    };
    found(
        Severity::Warning,
        "certificate_ends",
        Text::new(format!("{vi} {name}: đến {until}, {left_vi}."), format!("{en} {name}: until {until}, {left_en}.")),
        Text::new(
            "Xin cấp mới và đặt vào trước ngày đó (truc trust import, keys/tls/, truc agency).",
            "Have it renewed and put the new one in place before that day (truc trust import, keys/tls/, truc agency).",
        ),
    )
}

fn kind(kind: EndKind) -> Text {
    match kind {
        EndKind::Root => Text::new("Chứng thư số gốc", "The root"),
        EndKind::Intermediate => Text::new("Chứng thư số của CA", "The authority"),
        EndKind::Signer => Text::new("Chứng thư số của người ký", "The signer's certificate"),
        EndKind::Server => Text::new("Chứng thư số TLS của trục", "The hub's TLS certificate"),
        EndKind::Crl => Text::new("CRL của", "The CRL of"),
    }
}
