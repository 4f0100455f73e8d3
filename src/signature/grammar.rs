//! The one shape of ds:Signature that is accepted (XML-DSig 1.1, 4, without what the profile leaves out): which
//! element stands where, with which attributes and what inside. Data only.

use crate::domain::Code;
use crate::signature::KeyInfo;

/// The namespace of XML-DSig.
pub(super) const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// The namespace of InclusiveNamespaces.
pub(super) const EXC_C14N: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// As the national hub's SDK writes exclusive canonicalisation (REFERENCE 4.2); no registered algorithm.
pub(super) const MISSPELT_EXCLUSIVE: &str = "http://www.w3.org/TR/xml-exc-c14n#";
/// A DigestValue that real software writes whatever the content (REFERENCE 4.2).
pub(super) const COPIED_DIGEST: &str = "FwgIqsSYJshUS2+wlOM61L+q7Aw=";
/// The enveloped-signature transform.
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// An element of a Signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    Signature,
    SignedInfo,
    CanonicalizationMethod,
    SignatureMethod,
    Reference,
    Transforms,
    Transform,
    InclusiveNamespaces,
    DigestMethod,
    DigestValue,
    SignatureValue,
    KeyInfo,
    Object,
    KeyValue,
    X509Data,
    X509Certificate,
    X509SubjectName,
    X509Ski,
    X509IssuerSerial,
    X509IssuerName,
    X509SerialNumber,
}

/// How often an element stands in its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occurs {
    Once,
    Optional,
    OnceOrMore,
    AnyNumber,
}

/// What may stand inside an element.
#[derive(Debug, Clone, Copy)]
pub(super) enum Content {
    /// These, in this order.
    Sequence(&'static [(Element, Occurs)]),
    /// These, in any order and number.
    AnyOf(&'static [Element]),
    /// Text of at most so many bytes, white space included.
    Text(usize),
    /// Nothing.
    Empty,
    /// Whatever: it is not looked at.
    Ignored,
}

/// Signature where the profile wants no certificate, where it lets Objects stand, and both.
const BARE: &[(Element, Occurs)] = &[
    (Element::SignedInfo, Occurs::Once),
    (Element::SignatureValue, Occurs::Once),
    (Element::KeyInfo, Occurs::Optional),
];
const WITH_OBJECTS: &[(Element, Occurs)] = &[
    (Element::SignedInfo, Occurs::Once),
    (Element::SignatureValue, Occurs::Once),
    (Element::KeyInfo, Occurs::Once),
    (Element::Object, Occurs::AnyNumber),
];
const BARE_WITH_OBJECTS: &[(Element, Occurs)] = &[
    (Element::SignedInfo, Occurs::Once),
    (Element::SignatureValue, Occurs::Once),
    (Element::KeyInfo, Occurs::Optional),
    (Element::Object, Occurs::AnyNumber),
];

impl Element {
    pub(super) const fn local(self) -> &'static str {
        match self {
            Self::Signature => "Signature",
            Self::SignedInfo => "SignedInfo",
            Self::CanonicalizationMethod => "CanonicalizationMethod",
            Self::SignatureMethod => "SignatureMethod",
            Self::Reference => "Reference",
            Self::Transforms => "Transforms",
            Self::Transform => "Transform",
            Self::InclusiveNamespaces => "InclusiveNamespaces",
            Self::DigestMethod => "DigestMethod",
            Self::DigestValue => "DigestValue",
            Self::SignatureValue => "SignatureValue",
            Self::KeyInfo => "KeyInfo",
            Self::Object => "Object",
            Self::KeyValue => "KeyValue",
            Self::X509Data => "X509Data",
            Self::X509Certificate => "X509Certificate",
            Self::X509SubjectName => "X509SubjectName",
            Self::X509Ski => "X509SKI",
            Self::X509IssuerSerial => "X509IssuerSerial",
            Self::X509IssuerName => "X509IssuerName",
            Self::X509SerialNumber => "X509SerialNumber",
        }
    }

    pub(super) const fn content(self) -> Content {
        use Occurs::{Once, OnceOrMore, Optional};
        match self {
            Self::Signature => {
                Content::Sequence(&[(Self::SignedInfo, Once), (Self::SignatureValue, Once), (Self::KeyInfo, Once)])
            }
            Self::SignedInfo => Content::Sequence(&[
                (Self::CanonicalizationMethod, Once),
                (Self::SignatureMethod, Once),
                (Self::Reference, OnceOrMore),
            ]),
            Self::CanonicalizationMethod | Self::Transform => {
                Content::Sequence(&[(Self::InclusiveNamespaces, Optional)])
            }
            Self::Reference => Content::Sequence(&[
                (Self::Transforms, Optional),
                (Self::DigestMethod, Once),
                (Self::DigestValue, Once),
            ]),
            Self::Transforms => Content::Sequence(&[(Self::Transform, OnceOrMore)]),
            Self::KeyInfo => Content::AnyOf(&[Self::X509Data, Self::KeyValue]),
            Self::X509Data => {
                Content::AnyOf(&[Self::X509Certificate, Self::X509SubjectName, Self::X509Ski, Self::X509IssuerSerial])
            }
            Self::X509IssuerSerial => {
                Content::Sequence(&[(Self::X509IssuerName, Once), (Self::X509SerialNumber, Once)])
            }
            Self::SignatureMethod | Self::DigestMethod | Self::InclusiveNamespaces => Content::Empty,
            Self::DigestValue => Content::Text(1 << 10),
            Self::SignatureValue | Self::X509Ski | Self::X509SerialNumber => Content::Text(4 << 10),
            Self::X509Certificate => Content::Text(32 << 10),
            Self::X509SubjectName | Self::X509IssuerName => Content::Text(8 << 10),
            Self::KeyValue | Self::Object => Content::Ignored,
        }
    }

    /// The same where the profile asks for less: no certificate, or Objects behind it.
    pub(super) const fn content_by(self, key_info: KeyInfo, objects: bool) -> Content {
        match (self, key_info, objects) {
            (Self::Signature, KeyInfo::Unread, true) => Content::Sequence(BARE_WITH_OBJECTS),
            (Self::Signature, KeyInfo::Unread, false) => Content::Sequence(BARE),
            (Self::Signature, KeyInfo::Certificates, true) => Content::Sequence(WITH_OBJECTS),
            (Self::KeyInfo, KeyInfo::Unread, _) => Content::Ignored,
            _ => self.content(),
        }
    }

    /// The attributes it may have, without a namespace; all others are refused. None: whatever it likes.
    pub(super) const fn attributes(self, objects: bool) -> Option<&'static [&'static str]> {
        Some(match self {
            Self::Object => return None,
            Self::Reference if objects => &["URI", "Id", "Type"],
            Self::CanonicalizationMethod | Self::SignatureMethod | Self::Transform | Self::DigestMethod => {
                &["Algorithm"]
            }
            Self::Reference => &["URI", "Id"],
            Self::InclusiveNamespaces => &["PrefixList"],
            Self::Signature | Self::SignedInfo | Self::SignatureValue | Self::KeyInfo => &["Id"],
            _ => &[],
        })
    }

    /// The code of a fault in its structure.
    pub(super) const fn code(self) -> Code {
        match self {
            Self::KeyInfo
            | Self::KeyValue
            | Self::X509Data
            | Self::X509Certificate
            | Self::X509SubjectName
            | Self::X509Ski
            | Self::X509IssuerSerial
            | Self::X509IssuerName
            | Self::X509SerialNumber => Code::KeyInfoInvalid,
            _ => Code::SignatureStructure,
        }
    }
}
