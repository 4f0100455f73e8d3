//! What one pass computes: it must be known before the pass begins, and is known only once SignedInfo was read. So a
//! pass begins with a guess at it, and begins again, once, where the message turns out to ask for something else. A
//! wrong guess costs time and nothing else.

use memchr::memmem;

use crate::domain::{Code, Refusal};
use crate::signature::contents::{Canonicalization, Contents, IMPLIED, Reference};
use crate::signature::grammar::{ENVELOPED, MISSPELT_EXCLUSIVE};
use crate::signature::{DigestMethod, References};
use crate::xml::c14n::{Algorithm, Method};

/// How SignedInfo becomes octets, and what is digested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) signed_info: Canonicalization,
    pub(super) targets: Vec<Target>,
}

/// What one Reference points at, and how that becomes a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The Id of an element; None for the whole document.
    pub(super) id: Option<String>,
    pub(super) enveloped: bool,
    pub(super) canonicalization: Canonicalization,
    pub(super) digest: DigestMethod,
}

impl Plan {
    /// What most messages use: the whole document, exclusive canonicalisation and SHA-256.
    fn usual() -> Self {
        let exclusive = Canonicalization::plain(Algorithm::new(Method::Exclusive, false));
        let document =
            Target { id: None, enveloped: true, canonicalization: exclusive.clone(), digest: DigestMethod::Sha256 };
        Self { signed_info: exclusive, targets: vec![document] }
    }

    /// Whether a Reference points at an element.
    pub(super) fn is_by_id(&self) -> bool {
        self.targets.iter().any(|target| target.id.is_some())
    }

    /// A guess from the first bytes of a message, in which the Signature often stands: the algorithms and References
    /// named between two mentions of SignedInfo, in their order.
    pub(super) fn guess(beginning: &[u8]) -> Self {
        let mut plan = Self::usual();
        let Some(signed_info) = between(beginning, b"SignedInfo").map(|found| found.get(..GUESS_MAX).unwrap_or(found))
        else {
            return plan;
        };
        let mut targets = Vec::new();
        let mut signed_info_found = None;
        for (name, value) in named(signed_info) {
            match (name, targets.last_mut()) {
                (Named::Uri, _) => targets.push(Target::named(value)),
                (Named::Algorithm, None) => {
                    let found = canonicalization(value).map(Canonicalization::plain);
                    signed_info_found = signed_info_found.or(found);
                }
                (Named::Algorithm, Some(target)) => target.take(value),
                (Named::Prefixes, None) => {
                    if let Some(found) = &mut signed_info_found {
                        found.prefixes = prefixes(value);
                    }
                }
                (Named::Prefixes, Some(target)) => target.canonicalization.prefixes = prefixes(value),
            }
            if targets.len() > GUESSED_TARGETS_MAX {
                break;
            }
        }
        plan.signed_info = signed_info_found.unwrap_or(plan.signed_info);
        if !targets.is_empty() {
            plan.targets = targets;
        }
        plan
    }

    /// What a Signature asks for, if the profile lets it. Else the refusal, and where the Reference begins that is
    /// refused.
    pub(super) fn of(contents: &Contents, allowed: &References) -> Result<Self, (u64, Refusal)> {
        let references = contents.references.as_slice();
        let refused = |at: u64, code, detail| Err((at, Refusal::new(code, detail)));
        for (at, reference) in references.iter().enumerate() {
            if references.iter().take(at).any(|earlier| earlier.uri == reference.uri) {
                return refused(reference.offset, Code::ReferenceNotAllowed, "two References with the same URI");
            }
            if reference.uri.is_empty() && references.len() > 1 && *allowed != References::Any {
                let detail = "the Reference with URI=\"\" stands alone where there is one";
                return refused(reference.offset, Code::ReferenceNotAllowed, detail);
            }
        }
        let targets = references.iter().map(|reference| target(reference, allowed));
        let targets = targets.collect::<Result<Vec<_>, _>>()?;
        let Some(signed_info) = contents.canonicalization.clone().filter(|_| !targets.is_empty()) else {
            let offset = references.first().map_or(0, |first| first.offset);
            return refused(offset, Code::SignatureStructure, "SignedInfo is not whole");
        };
        Ok(Self { signed_info, targets })
    }
}

impl Target {
    /// As a Reference with this URI and nothing else would have it.
    fn named(uri: &str) -> Self {
        Self {
            id: uri.strip_prefix('#').map(str::to_owned),
            enveloped: false,
            canonicalization: Canonicalization::plain(IMPLIED),
            digest: DigestMethod::Sha256,
        }
    }

    /// Takes over an algorithm, whatever it is for.
    fn take(&mut self, uri: &str) {
        if uri == ENVELOPED {
            self.enveloped = true;
        } else if let Some(algorithm) = canonicalization(uri) {
            self.canonicalization.algorithm = algorithm;
        } else if let Some(digest) = DigestMethod::from_uri(uri) {
            self.digest = digest;
        }
    }
}

/// What one Reference points at.
fn target(reference: &Reference, allowed: &References) -> Result<Target, (u64, Refusal)> {
    let refused = |code, detail| Err((reference.offset, Refusal::new(code, detail)));
    let id = match reference.uri.strip_prefix('#') {
        None if reference.uri.is_empty() => None,
        Some(id) if is_id(id) && *allowed != References::Document => Some(id.to_owned()),
        Some(_) if *allowed == References::Document => {
            return refused(Code::ReferenceNotAllowed, "the URI of the Reference is not empty");
        }
        _ => return refused(Code::ReferenceNotAllowed, "the URI of the Reference is neither empty nor #Id"),
    };
    if !reference.is_plain() {
        let detail = "the Transforms are not at most enveloped-signature and then at most one canonicalisation";
        return refused(Code::TransformNotAllowed, detail);
    }
    if id.is_none() && !reference.is_enveloped() {
        let detail = "the Transforms of URI=\"\" are not enveloped-signature and then at most one canonicalisation";
        return refused(Code::TransformNotAllowed, detail);
    }
    let Some(digest) = reference.method else {
        return refused(Code::SignatureStructure, "SignedInfo is not whole");
    };
    let (enveloped, canonicalization) = (reference.is_enveloped(), reference.canonicalization());
    Ok(Target { id, enveloped, canonicalization, digest })
}

/// Whether this is a bare name: no XPointer, no blanks.
fn is_id(id: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !id.is_empty() && id.chars().all(is_name)
}

/// Bytes of SignedInfo that are looked at for a guess.
const GUESS_MAX: usize = 8 << 10;

/// References that a guess looks at.
const GUESSED_TARGETS_MAX: usize = 10;

fn between<'a>(text: &'a [u8], mark: &[u8]) -> Option<&'a [u8]> {
    let (_, behind) = text.split_at_checked(memmem::find(text, mark)? + mark.len())?;
    behind.get(..memmem::find(behind, mark)?)
}

/// The attributes that say what is computed.
#[derive(Debug, Clone, Copy)]
enum Named {
    Algorithm,
    Uri,
    Prefixes,
}

/// The values of all attributes named so, in their order.
fn named(text: &[u8]) -> impl Iterator<Item = (Named, &str)> {
    const NAMES: [(Named, &[u8]); 3] =
        [(Named::Algorithm, b"Algorithm"), (Named::Uri, b"URI"), (Named::Prefixes, b"PrefixList")];
    memchr::memchr_iter(b'=', text).filter_map(|at| {
        let before = text.get(..at)?;
        let (name, _) = NAMES.into_iter().find(|(_, name)| before.ends_with(name))?;
        let (quote, value) = text.get(at + 1..)?.split_first()?;
        let end = memchr::memchr(*quote, value)?;
        Some((name, std::str::from_utf8(value.get(..end)?).ok()?))
    })
}

fn canonicalization(uri: &str) -> Option<Algorithm> {
    let misspelt = (uri == MISSPELT_EXCLUSIVE).then_some(Algorithm::new(Method::Exclusive, false));
    Algorithm::from_uri(uri).or(misspelt)
}

/// The prefixes of a PrefixList as they are compared.
pub(super) fn prefixes(list: &str) -> Vec<String> {
    let mut prefixes: Vec<String> = list.split_ascii_whitespace().map(str::to_owned).collect();
    prefixes.sort_unstable();
    prefixes.dedup();
    prefixes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guess(algorithms: &[&str]) -> Plan {
        let elements: String = algorithms.iter().flat_map(|uri| ["<a ", uri, "/>"]).collect();
        Plan::guess(format!("<x><SignedInfo>{elements}</SignedInfo></x>").as_bytes())
    }

    #[test]
    fn what_signed_info_asks_for_is_guessed_in_its_order() {
        let inclusive = Algorithm::new(Method::Inclusive10, false);
        let exclusive = Algorithm::new(Method::Exclusive, false);
        let plan = guess(&[
            "Algorithm='http://www.w3.org/TR/2001/REC-xml-c14n-20010315'",
            "Algorithm='urn:x'",
            "URI=''",
            "Algorithm='http://www.w3.org/2000/09/xmldsig#enveloped-signature'",
            "Algorithm='http://www.w3.org/TR/xml-exc-c14n#'",
            "Algorithm='http://www.w3.org/2001/04/xmlenc#sha512'",
        ]);
        let [target] = plan.targets.as_slice() else { panic!("{plan:?}") };
        assert_eq!((plan.signed_info.algorithm, target.canonicalization.algorithm), (inclusive, exclusive));
        assert_eq!((target.digest, target.enveloped, &target.id), (DigestMethod::Sha512, true, &None));
    }

    #[test]
    fn several_references_are_guessed_each_with_its_own() {
        let plan = guess(&[
            "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "PrefixList=\"b a b\"",
            "Id=\"r\" URI=\"#a\"",
            "Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
            "PrefixList=\"c\"",
            "Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#sha384\"",
            "URI=\"#b\"",
            "Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"",
        ]);
        let [a, b] = plan.targets.as_slice() else { panic!("{plan:?}") };
        assert_eq!(plan.signed_info.prefixes, ["a", "b"]);
        assert_eq!(
            (a.id.as_deref(), a.digest, a.canonicalization.prefixes.len()),
            (Some("a"), DigestMethod::Sha384, 1)
        );
        assert_eq!((b.id.as_deref(), b.digest), (Some("b"), DigestMethod::Sha256));
        assert_eq!(b.canonicalization, Canonicalization::plain(IMPLIED));
        assert!(plan.is_by_id());
    }

    #[test]
    fn without_a_hint_the_usual_is_guessed() {
        for beginning in ["", "<a/>", "SignedInfo", "SignedInfo Algorithm=", "SignedInfo Algorithm='SignedInfo"] {
            assert_eq!(Plan::guess(beginning.as_bytes()), Plan::usual(), "{beginning}");
        }
    }
}
