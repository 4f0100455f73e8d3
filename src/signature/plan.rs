//! What one pass computes: it must be known before the pass begins, and is known only once SignedInfo was read. So a
//! pass begins with what most messages use, and begins again, once, where a message asks for something else.

use crate::domain::{Code, Refusal};
use crate::signature::DigestMethod;
use crate::signature::contents::{Canonicalization, Contents, Reference};
use crate::xml::c14n::{Algorithm, Method};

/// How SignedInfo and the document become octets, and the digest of the latter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) signed_info: Canonicalization,
    pub(super) document: Canonicalization,
    pub(super) digest: DigestMethod,
}

impl Plan {
    /// What most messages use: exclusive canonicalisation and SHA-256.
    pub(super) const fn usual() -> Self {
        let exclusive = Canonicalization::plain(Algorithm::new(Method::Exclusive, false));
        let document = Canonicalization::plain(Algorithm::new(Method::Exclusive, false));
        Self { signed_info: exclusive, document, digest: DigestMethod::Sha256 }
    }

    /// What a Signature asks for, and its Reference: one, `URI=""`, with the enveloped transform and at most one
    /// canonicalisation. Else the refusal, and where the Reference begins that is refused.
    pub(super) fn of(contents: &Contents) -> Result<(Self, &Reference), (u64, Refusal)> {
        let [reference] = contents.references.as_slice() else {
            let second = contents.references.get(1).map_or(0, |reference| reference.offset);
            return Err((second, Refusal::new(Code::ReferenceNotAllowed, "exactly one Reference is accepted")));
        };
        let refused = |code, detail| Err((reference.offset, Refusal::new(code, detail)));
        if !reference.uri.is_empty() {
            return refused(Code::ReferenceNotAllowed, "the URI of the Reference is not empty");
        }
        if !reference.is_enveloped() {
            let detail = "the Transforms are not enveloped-signature and then at most one canonicalisation";
            return refused(Code::TransformNotAllowed, detail);
        }
        let (Some(signed_info), Some(digest)) = (contents.canonicalization.clone(), reference.method) else {
            return refused(Code::SignatureStructure, "SignedInfo is not whole");
        };
        Ok((Self { signed_info, document: reference.canonicalization(), digest }, reference))
    }
}
