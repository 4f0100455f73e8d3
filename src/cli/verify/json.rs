//! What `truc verify --json` prints.

use serde_json::{Value, json};

use crate::cli::documents::Documents;
use crate::cli::verify::envelope::Envelope;
use crate::cli::verify::profile::Name;
use crate::domain::Refusal;
use crate::signature::{Algorithms, Verdict};

pub(super) fn answer(envelope: &Envelope, documents: Option<&Documents>) -> Value {
    let verdict = &envelope.verdict;
    let mut answer = json!({
        "indication": verdict.indication,
        "sub_indication": verdict.sub_indication,
        "code": verdict.code,
        "at": verdict.refusal.as_ref().and_then(|refusal| refusal.at.as_ref()),
        "detail": verdict.refusal.as_ref().map(|refusal| &refusal.detail),
        "also": verdict.also,
        "profile": envelope.profile.as_str(),
        "profile_vouches": envelope.profile == Name::Edxml && verdict.passed(),
        "signer": verdict.signer,
        "chain": envelope.chain,
        "algorithms": verdict.algorithms.map(algorithms),
        "covered": covered(envelope),
        "weaknesses": verdict.weaknesses,
        "evidence": evidence(verdict),
        "content": envelope.content.as_ref().map(refused),
        "documents": documents.map(Documents::json),
    });
    if let Some(fields) = answer.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    answer
}

fn algorithms(used: Algorithms) -> Value {
    json!({
        "canonicalization": used.canonicalization.uri(),
        "signature": used.signature,
        "digest": used.digest,
        "transform": used.transform.uri(),
    })
}

fn covered(envelope: &Envelope) -> Vec<Value> {
    let parts = envelope.verdict.covered.iter().zip(&envelope.covered);
    let part = parts.map(|(part, (lines, except))| {
        json!({
            "uri": part.uri,
            "path": part.path,
            "octets": part.octets,
            "bytes": { "from": part.span.start, "to": part.span.end },
            "lines": lines,
            "without_lines": except,
        })
    });
    part.collect()
}

fn evidence(verdict: &Verdict) -> Vec<Value> {
    verdict.evidence.iter().map(|material| json!({ "kind": material.kind, "sha256": material.sha256 })).collect()
}

fn refused(refusal: &Refusal) -> Value {
    json!({ "code": refusal.code, "at": refusal.at, "detail": refusal.detail })
}
