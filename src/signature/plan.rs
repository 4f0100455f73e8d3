//! What one pass computes: it must be known before the pass begins, and is known only once SignedInfo was read. So a
//! pass begins with a guess at it, and begins again, once, where the message turns out to ask for something else. A
//! wrong guess costs time and nothing else.

use memchr::memmem;

use crate::domain::{Code, Refusal};
use crate::signature::DigestMethod;
use crate::signature::contents::{Canonicalization, Contents, IMPLIED, Reference};
use crate::signature::grammar::MISSPELT_EXCLUSIVE;
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
    const fn usual() -> Self {
        let exclusive = Canonicalization::plain(Algorithm::new(Method::Exclusive, false));
        let document = Canonicalization::plain(Algorithm::new(Method::Exclusive, false));
        Self { signed_info: exclusive, document, digest: DigestMethod::Sha256 }
    }

    /// A guess from the first bytes of a message, in which the Signature often stands: the algorithms named between
    /// two mentions of SignedInfo, in their order.
    pub(super) fn guess(beginning: &[u8]) -> Self {
        let mut plan = Self::usual();
        let Some(signed_info) = between(beginning, b"SignedInfo").map(|found| found.get(..GUESS_MAX).unwrap_or(found))
        else {
            return plan;
        };
        let mut canonicalizations = named(signed_info).filter_map(canonicalization).map(Canonicalization::plain);
        if let Some(first) = canonicalizations.next() {
            plan.signed_info = first;
            plan.document = canonicalizations.next().unwrap_or(Canonicalization::plain(IMPLIED));
        }
        plan.digest = named(signed_info).find_map(DigestMethod::from_uri).unwrap_or(plan.digest);
        plan
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

/// Bytes of SignedInfo that are looked at for a guess.
const GUESS_MAX: usize = 4 << 10;

fn between<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let (_, behind) = text.split_at_checked(memmem::find(text, mark)? + mark.len())?;
    behind.get(..memmem::find(behind, mark)?)
}

/// The values of all attributes named Algorithm.
fn named(text: &[u8]) -> impl Iterator<Item = &str> {
    const NAME: &[u8] = b"Algorithm=";
    memmem::find_iter(text, NAME).filter_map(|at| {
        let (quote, value) = text.get(at + NAME.len()..)?.split_first()?;
        let end = memchr::memchr(*quote, value)?;
        std::str::from_utf8(value.get(..end)?).ok()
    })
}

fn canonicalization(uri: &str) -> Option<Algorithm> {
    let misspelt = (uri == MISSPELT_EXCLUSIVE).then_some(Algorithm::new(Method::Exclusive, false));
    Algorithm::from_uri(uri).or(misspelt)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(algorithms: &[&str]) -> Plan {
        let elements: String = algorithms.iter().flat_map(|uri| ["<a Algorithm='", uri, "'/>"]).collect();
        Plan::guess(format!("<x><SignedInfo>{elements}</SignedInfo></x>").as_bytes())
    }

    #[test]
    fn the_algorithms_of_signed_info_are_guessed_in_their_order() {
        let inclusive = Algorithm::new(Method::Inclusive10, false);
        let exclusive = Algorithm::new(Method::Exclusive, false);
        let sha512 = DigestMethod::Sha512.uri();
        let plan = guess(&[inclusive.uri(), "urn:x", MISSPELT_EXCLUSIVE, sha512]);
        assert_eq!((plan.signed_info.algorithm, plan.document.algorithm), (inclusive, exclusive));
        assert_eq!(plan.digest, DigestMethod::Sha512);
        assert_eq!(guess(&[exclusive.uri()]).document.algorithm, IMPLIED);
    }

    #[test]
    fn without_a_hint_the_usual_is_guessed() {
        for beginning in ["", "<a/>", "SignedInfo", "SignedInfo Algorithm=", "SignedInfo Algorithm='SignedInfo"] {
            assert_eq!(Plan::guess(beginning.as_bytes()), Plan::usual(), "{beginning}");
        }
    }
}
