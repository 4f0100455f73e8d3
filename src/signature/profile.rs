//! What a signed message looks like, as data: where the Signature stands and what it may ask for.

use std::borrow::Cow;

use crate::xml;
use crate::xml::Name;

/// `{ns}local`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpandedName {
    /// Namespace URI; empty for none.
    pub ns: Cow<'static, str>,
    /// Local name.
    pub local: Cow<'static, str>,
}

impl ExpandedName {
    /// `{ns}local`.
    pub fn new(ns: impl Into<Cow<'static, str>>, local: impl Into<Cow<'static, str>>) -> Self {
        Self { ns: ns.into(), local: local.into() }
    }

    /// Whether an element has this name.
    #[must_use]
    pub fn matches(&self, name: &Name<'_>) -> bool {
        name.is(&self.ns, &self.local)
    }
}

/// A signature profile. Start from [`Profile::at`].
#[derive(Debug, Clone)]
pub struct Profile {
    /// The elements from the root to the parent of ds:Signature. A Signature anywhere else is refused.
    pub signature_path: Vec<ExpandedName>,
    /// Elements that stand in the Signature's place and, empty, say that the message is not signed.
    pub placeholders: Vec<ExpandedName>,
    /// What [`examine`](super::examine) may compute beyond the standard and say so: SHA-1, the misspelt URI of
    /// exclusive canonicalisation, a Signature in its parent's namespace. [`verify`](super::verify) never does.
    pub tolerant: bool,
    /// Limits of the Signature itself.
    pub limits: Limits,
    /// Limits of the document around it.
    pub xml: xml::Limits,
}

impl Profile {
    /// A strict profile for a Signature that is a child of the last of these elements, each `(ns, local)`.
    #[must_use]
    pub fn at(path: &[(&'static str, &'static str)]) -> Self {
        let signature_path = path.iter().map(|(ns, local)| ExpandedName::new(*ns, *local)).collect();
        Self {
            signature_path,
            placeholders: Vec::new(),
            tolerant: false,
            limits: Limits::default(),
            xml: xml::Limits::default(),
        }
    }

    /// Adds an element that, empty and in the Signature's place, says that the message is not signed.
    #[must_use]
    pub fn placeholder(mut self, ns: &'static str, local: &'static str) -> Self {
        self.placeholders.push(ExpandedName::new(ns, local));
        self
    }

    /// The path of the Signature's parent, by local names.
    pub(super) fn parent_path(&self) -> String {
        self.signature_path.iter().flat_map(|step| ["/", &step.local]).collect()
    }

    /// The same profile, tolerant.
    #[must_use]
    pub fn tolerant(self) -> Self {
        Self { tolerant: true, ..self }
    }
}

/// Limits of a Signature (SIGNATURES 4.4). Lengths in bytes as they stand in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// SignedInfo, whole.
    pub signed_info: u64,
    /// KeyInfo, whole.
    pub key_info: u64,
    /// References.
    pub references: usize,
    /// Transforms of one Reference.
    pub transforms: usize,
    /// Certificates in KeyInfo.
    pub certificates: usize,
    /// One certificate in DER.
    pub certificate: usize,
    /// Prefixes of one InclusiveNamespaces PrefixList.
    pub prefixes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            signed_info: 64 << 10,
            key_info: 256 << 10,
            references: 10,
            transforms: 3,
            certificates: 10,
            certificate: 16 << 10,
            prefixes: 32,
        }
    }
}
