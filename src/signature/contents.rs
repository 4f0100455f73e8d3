//! What a Signature says, read but not yet believed, and how the octets it signs are made.

use crate::signature::{Algorithms, DigestMethod, SignatureMethod, Weakness};
use crate::xml::c14n::{self, Method};

/// What a Reference means that names no canonicalisation (XML-DSig 1.1, 4.4.3.2).
pub(super) const IMPLIED: c14n::Algorithm = c14n::Algorithm::new(Method::Inclusive10, false);

/// A canonicalisation with its InclusiveNamespaces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Canonicalization {
    pub(super) algorithm: c14n::Algorithm,
    pub(super) prefixes: Vec<String>,
}

impl Canonicalization {
    pub(super) const fn plain(algorithm: c14n::Algorithm) -> Self {
        Self { algorithm, prefixes: Vec::new() }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Transform {
    Enveloped,
    Canonicalize(Canonicalization),
}

/// One Reference.
#[derive(Debug, Default)]
pub(super) struct Reference {
    pub(super) uri: String,
    pub(super) transforms: Vec<Transform>,
    pub(super) method: Option<DigestMethod>,
    pub(super) digest: Vec<u8>,
    pub(super) offset: u64,
}

/// What a Signature says.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) canonicalization: Option<Canonicalization>,
    pub(super) method: Option<SignatureMethod>,
    pub(super) references: Vec<Reference>,
    pub(super) value: Vec<u8>,
    /// Where SignatureValue begins.
    pub(super) value_offset: u64,
    pub(super) certificates: Vec<Vec<u8>>,
    /// Where KeyInfo begins.
    pub(super) key_info_offset: u64,
    pub(super) weaknesses: Vec<Weakness>,
}

impl Contents {
    /// The algorithms of a Signature, once all are read; of several References those of the first.
    pub(super) fn algorithms(&self) -> Option<Algorithms> {
        let reference = self.references.first()?;
        Some(Algorithms {
            canonicalization: self.canonicalization.as_ref()?.algorithm,
            signature: self.method?,
            digest: reference.method?,
            transform: reference.canonicalization().algorithm,
        })
    }
}

impl Reference {
    /// Whether its transforms begin with the enveloped one.
    pub(super) fn is_enveloped(&self) -> bool {
        matches!(self.transforms.first(), Some(Transform::Enveloped))
    }

    /// Whether its transforms are at most the enveloped one and then at most one canonicalisation.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self.transforms.as_slice(), [] | [_] | [Transform::Enveloped, Transform::Canonicalize(_)])
    }

    /// How its octets are made. `URI=""` and `#Id` select no comments, whatever the algorithm says (XML-DSig 1.1,
    /// 4.4.3.3).
    pub(super) fn canonicalization(&self) -> Canonicalization {
        let named = self.transforms.iter().find_map(|transform| match transform {
            Transform::Canonicalize(named) => Some(named.clone()),
            Transform::Enveloped => None,
        });
        named.unwrap_or(Canonicalization::plain(IMPLIED))
    }
}
