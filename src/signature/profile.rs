//! What a signed message looks like, as data: where the Signature stands, what it may ask for and what it must cover.

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

/// A signature profile. Start from [`Profile::at`], or from [`Profile::any`].
#[derive(Debug, Clone)]
pub struct Profile {
    /// Where ds:Signature stands.
    pub place: SignaturePlace,
    /// Elements that stand in the Signature's place and, empty, say that the message is not signed.
    pub placeholders: Vec<ExpandedName>,
    /// What the References may point at, beside the whole document by `URI=""`.
    pub references: References,
    /// Where the signer's key comes from.
    pub key_info: KeyInfo,
    /// Whether the Signature may hold Objects, which References may point at, and a Reference may have a Type. Nobody
    /// sees what is in them.
    pub objects: bool,
    /// What [`examine`](super::examine) may compute beyond the standard and say so: SHA-1, the misspelt URI of
    /// exclusive canonicalisation, a Signature in its parent's namespace. [`verify`](super::verify) never does.
    pub tolerant: bool,
    /// Limits of the Signature itself.
    pub limits: Limits,
    /// Limits of the document around it.
    pub xml: xml::Limits,
}

/// Where ds:Signature stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SignaturePlace {
    /// In the last of these elements, which begin with the root. A Signature anywhere else is refused.
    In(Vec<ExpandedName>),
    /// Anywhere: the first one of the document is meant, and there may be no other.
    Anywhere,
}

/// What the References may point at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum References {
    /// `URI=""` and nothing else.
    Document,
    /// `URI=""`, or by `#Id` each of these parts that the message holds, and nothing else. Then nothing may stand
    /// beside the parts but the bare tags of the elements around them, the Signature, white space and comments.
    Parts(Parts),
    /// Whatever they like: what is covered is for the verdict to say, and what is not covered nobody sees.
    Any,
}

/// The parts of a message that a signature by `#Id` covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Parts {
    /// All of them, in the order in which they stand.
    pub list: Vec<Part>,
    /// Whether the elements around them may have attributes, which nobody sees. Namespace declarations are none.
    pub attributes: bool,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The elements from the root to the part itself.
    pub path: Vec<ExpandedName>,
    /// Whether it may stand uncovered. Then nobody sees it.
    pub unread: bool,
}

/// Where the signer's key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyInfo {
    /// From a certificate in KeyInfo.
    Certificates,
    /// KeyInfo may be missing and is not looked at. The [`ChainCheck`](super::ChainCheck) is asked about an empty
    /// certificate and must know the key by itself; a store of trust refuses that.
    Unread,
}

impl Profile {
    /// A strict profile for a Signature that is a child of the last of these elements, each `(ns, local)`, over the
    /// whole document.
    #[must_use]
    pub fn at(path: &[(&'static str, &'static str)]) -> Self {
        Self {
            place: SignaturePlace::In(names(path)),
            placeholders: Vec::new(),
            references: References::Document,
            key_info: KeyInfo::Certificates,
            objects: false,
            tolerant: false,
            limits: Limits::default(),
            xml: xml::Limits::default(),
        }
    }

    /// No profile: one Signature anywhere, over whatever it likes to cover.
    #[must_use]
    pub fn any() -> Self {
        Self { place: SignaturePlace::Anywhere, references: References::Any, objects: true, ..Self::at(&[]) }
    }

    /// Adds an element that, empty and in the Signature's place, says that the message is not signed.
    #[must_use]
    pub fn placeholder(mut self, ns: &'static str, local: &'static str) -> Self {
        self.placeholders.push(ExpandedName::new(ns, local));
        self
    }

    /// Adds a part that a signature by `#Id` covers, by its path from the root.
    #[must_use]
    pub fn part(self, path: &[(&'static str, &'static str)]) -> Self {
        self.with_part(Part { path: names(path), unread: false })
    }

    /// Adds a part that a signature by `#Id` need not cover. Then nobody sees it.
    #[must_use]
    pub fn unread(self, path: &[(&'static str, &'static str)]) -> Self {
        self.with_part(Part { path: names(path), unread: true })
    }

    fn with_part(mut self, part: Part) -> Self {
        match &mut self.references {
            References::Parts(parts) => parts.list.push(part),
            References::Document | References::Any => {
                self.references = References::Parts(Parts { list: vec![part], attributes: false });
            }
        }
        self
    }

    /// The path of the Signature's parent, by local names; empty where it may stand anywhere.
    pub(super) fn parent_path(&self) -> String {
        self.signature_path().iter().flat_map(|step| ["/", &step.local]).collect()
    }

    /// The elements from the root to the Signature's parent; none where it may stand anywhere.
    pub(super) fn signature_path(&self) -> &[ExpandedName] {
        match &self.place {
            SignaturePlace::In(path) => path,
            SignaturePlace::Anywhere => &[],
        }
    }

    /// The same profile, tolerant.
    #[must_use]
    pub fn tolerant(self) -> Self {
        Self { tolerant: true, ..self }
    }
}

fn names(path: &[(&'static str, &'static str)]) -> Vec<ExpandedName> {
    path.iter().map(|(ns, local)| ExpandedName::new(*ns, *local)).collect()
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
    /// Ids in a message whose signature points at some of them, in whatever spelling.
    pub ids: usize,
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
            ids: 1000,
        }
    }
}
