//! What is said about a signature, in the words of ETSI EN 319 102-1 and in words for people.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{Code, Lang, Refusal};
use crate::signature::{DigestMethod, Material, SignatureMethod, SignerInfo};
use crate::xml::c14n;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// The word of the standard.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Status indication (EN 319 102-1, table 5).
    Indication {
        /// Everything that the profile asks for was checked and is right.
        TotalPassed "TOTAL-PASSED";
        /// The signature is not right, and nothing can make it so.
        TotalFailed "TOTAL-FAILED";
        /// What is known is not enough for either; a message without a signature is here as well.
        Indeterminate "INDETERMINATE";
    }
}

words! {
    /// Sub-indication (EN 319 102-1, table 6). The time of receipt counts as the time of signing.
    SubIndication {
        /// The Signature is not built as it must be.
        FormatFailure "FORMAT_FAILURE";
        /// A digest differs: the content was changed.
        HashFailure "HASH_FAILURE";
        /// The signature value does not verify with the certificate's key.
        SigCryptoFailure "SIG_CRYPTO_FAILURE";
        /// The certificate was revoked.
        Revoked "REVOKED";
        /// The certificate had expired.
        Expired "EXPIRED";
        /// The certificate was not valid yet.
        NotYetValid "NOT_YET_VALID";
        /// The signature does not meet the profile.
        SigConstraintsFailure "SIG_CONSTRAINTS_FAILURE";
        /// The chain does not meet the policy, such as the certificate's usage.
        ChainConstraintsFailure "CHAIN_CONSTRAINTS_FAILURE";
        /// The chain could not be checked.
        CertificateChainGeneralFailure "CERTIFICATE_CHAIN_GENERAL_FAILURE";
        /// An algorithm or key is below what the policy asks for.
        CryptoConstraintsFailure "CRYPTO_CONSTRAINTS_FAILURE";
        /// There is no certificate to check with.
        NoSigningCertificateFound "NO_SIGNING_CERTIFICATE_FOUND";
        /// The certificate does not lead to a trust anchor.
        NoCertificateChainFound "NO_CERTIFICATE_CHAIN_FOUND";
        /// The certificate has expired since, and nothing proves that the signature is older.
        OutOfBoundsNoPoe "OUT_OF_BOUNDS_NO_POE";
        /// The certificate was revoked since, and nothing proves that the signature is older.
        RevokedNoPoe "REVOKED_NO_POE";
        /// What was signed is not there, or not at hand.
        SignedDataNotFound "SIGNED_DATA_NOT_FOUND";
        /// Revocation is not known at this moment.
        TryLater "TRY_LATER";
    }
}

words! {
    /// Something about a signature that a tolerant profile computes with nevertheless. It never passes.
    Weakness {
        /// Signature and its children have no XML-DSig namespace: they fell into their parent's.
        NamespaceMissing "namespace_missing";
        /// SignatureMethod is RSA with SHA-1.
        Sha1Signature "sha1_signature";
        /// DigestMethod is SHA-1.
        Sha1Digest "sha1_digest";
        /// DigestValue is one that stands in public messages of different content: it was copied, not computed.
        DigestCopied "digest_copied";
        /// A Transform is `http://www.w3.org/TR/xml-exc-c14n#`, which is no algorithm; read as exclusive C14N.
        MisspeltTransform "misspelt_transform";
        /// KeyInfo carries a raw key beside the certificate; it was not used.
        KeyValuePresent "key_value_present";
        /// The certificate in KeyInfo is only the beginning of one.
        CertificateCutShort "certificate_cut_short";
    }
}

impl Weakness {
    /// What it is, for people.
    #[must_use]
    pub const fn title(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::NamespaceMissing, Lang::Vi) => "Signature thiếu không gian tên XML-DSig",
            (Self::NamespaceMissing, Lang::En) => "Signature lacks the XML-DSig namespace",
            (Self::Sha1Signature, Lang::Vi) => "ký bằng RSA với SHA-1 (yếu)",
            (Self::Sha1Signature, Lang::En) => "signed with RSA and SHA-1 (weak)",
            (Self::Sha1Digest, Lang::Vi) => "băm bằng SHA-1 (yếu)",
            (Self::Sha1Digest, Lang::En) => "digested with SHA-1 (weak)",
            (Self::DigestCopied, Lang::Vi) => "DigestValue chép từ thông điệp khác, không phải tính từ thông điệp này",
            (Self::DigestCopied, Lang::En) => "DigestValue is copied from other messages, not computed from this one",
            (Self::MisspeltTransform, Lang::Vi) => "URI của phép biến đổi exc-c14n viết sai",
            (Self::MisspeltTransform, Lang::En) => "the URI of the exc-c14n transform is misspelt",
            (Self::KeyValuePresent, Lang::Vi) => "KeyInfo kèm khóa KeyValue ngoài chứng thư số",
            (Self::KeyValuePresent, Lang::En) => "KeyInfo has a KeyValue beside the certificate",
            (Self::CertificateCutShort, Lang::Vi) => "chứng thư số trong KeyInfo bị cắt cụt",
            (Self::CertificateCutShort, Lang::En) => "the certificate in KeyInfo is cut short",
        }
    }

    /// The code with which a strict profile refuses it.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::NamespaceMissing => Code::SignatureStructure,
            Self::Sha1Signature | Self::Sha1Digest => Code::AlgorithmNotAllowed,
            Self::DigestCopied => Code::DigestMismatch,
            Self::MisspeltTransform => Code::TransformNotAllowed,
            Self::KeyValuePresent => Code::KeyInfoInvalid,
            Self::CertificateCutShort => Code::CertificateInvalid,
        }
    }
}

/// The algorithms of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Algorithms {
    /// CanonicalizationMethod of SignedInfo.
    pub canonicalization: c14n::Algorithm,
    /// SignatureMethod.
    pub signature: SignatureMethod,
    /// DigestMethod of the first Reference.
    pub digest: DigestMethod,
    /// The canonicalisation of the first Reference: its transform, or inclusive 1.0 where it has none.
    pub transform: c14n::Algorithm,
}

/// A part of the document that the signature covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered {
    /// The URI of the Reference; empty for the whole document.
    pub uri: String,
    /// Path of the element covered, by local names.
    pub path: String,
    /// Its bytes in the source; [`line_ranges`](crate::xml::line_ranges) turns them into lines.
    pub span: Range<u64>,
    /// The bytes inside `span` that are left out: the enveloped Signature.
    pub except: Option<Range<u64>>,
    /// Canonical octets digested.
    pub octets: u64,
    /// The digest of its octets.
    pub digest: DigestMethod,
    /// How its octets were made.
    pub transform: c14n::Algorithm,
}

/// What is said about the signature of a message.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The standard's three words.
    pub indication: Indication,
    /// Why not TOTAL-PASSED, in the standard's words. None as well where there is no signature at all.
    pub sub_indication: Option<SubIndication>,
    /// Why not TOTAL-PASSED, as a code of refusal.
    pub code: Option<Code>,
    /// The same, with its place and detail: what `verify` would have refused with.
    pub refusal: Option<Refusal>,
    /// What else is wrong, beside `code`.
    pub also: Vec<Code>,
    /// Whom the certificate names. Proven only under TOTAL-PASSED.
    pub signer: Option<Arc<SignerInfo>>,
    /// The algorithms, as far as they could be read.
    pub algorithms: Option<Algorithms>,
    /// What is covered. Proven only under TOTAL-PASSED.
    pub covered: Vec<Covered>,
    /// What was tolerated.
    pub weaknesses: Vec<Weakness>,
    /// What the verdict rests on.
    pub evidence: Arc<[Material]>,
}

impl Verdict {
    /// Whether the signature is TOTAL-PASSED.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.indication == Indication::TotalPassed
    }

    /// The verdict for people (USERS 3.1): Hợp lệ · Không hợp lệ (lý do) · Chưa kết luận được (chờ …).
    #[must_use]
    pub fn for_people(&self, lang: Lang) -> String {
        let reason = self.code.map_or("", |code| code.title(lang));
        match (self.indication, self.code, lang) {
            (Indication::TotalPassed, _, Lang::Vi) => "Hợp lệ".to_owned(),
            (Indication::TotalPassed, _, Lang::En) => "valid".to_owned(),
            (_, Some(Code::SignatureMissing), Lang::Vi) => "Không có chữ ký".to_owned(),
            (_, Some(Code::SignatureMissing), Lang::En) => "not signed".to_owned(),
            (_, Some(Code::RevocationUnknown), Lang::Vi) => {
                "Chưa kết luận được (chờ danh sách chứng thư số bị thu hồi)".to_owned()
            }
            (_, Some(Code::RevocationUnknown), Lang::En) => "undecided (waiting for revocation data)".to_owned(),
            (Indication::TotalFailed, _, Lang::Vi) => format!("Không hợp lệ ({reason})"),
            (Indication::TotalFailed, _, Lang::En) => format!("not valid ({reason})"),
            (Indication::Indeterminate, _, Lang::Vi) => format!("Chưa kết luận được ({reason})"),
            (Indication::Indeterminate, _, Lang::En) => format!("undecided ({reason})"),
        }
    }
}

/// The standard's words for a code of refusal. The codes of the message itself say nothing about its signature.
pub(crate) fn classify(code: Code) -> (Indication, Option<SubIndication>) {
    use Indication::{Indeterminate, TotalFailed};
    use SubIndication as Sub;
    match code {
        Code::SignatureMissing => (Indeterminate, None),
        Code::SignatureRepeated | Code::SignatureStructure | Code::IdRepeated | Code::XmlLimit => {
            (TotalFailed, Some(Sub::FormatFailure))
        }
        Code::DigestMismatch => (TotalFailed, Some(Sub::HashFailure)),
        Code::SignatureInvalid => (TotalFailed, Some(Sub::SigCryptoFailure)),
        Code::CertificateRevoked => (TotalFailed, Some(Sub::Revoked)),
        Code::CertificateExpired => (TotalFailed, Some(Sub::Expired)),
        Code::CertificateNotYetValid => (TotalFailed, Some(Sub::NotYetValid)),
        Code::AlgorithmNotAllowed => (Indeterminate, Some(Sub::CryptoConstraintsFailure)),
        Code::KeyInfoInvalid => (Indeterminate, Some(Sub::NoSigningCertificateFound)),
        Code::ChainNotFound => (Indeterminate, Some(Sub::NoCertificateChainFound)),
        Code::CertificateUsage | Code::CertificateBlocked => (Indeterminate, Some(Sub::ChainConstraintsFailure)),
        Code::RevocationUnknown | Code::CertificateOnHold => (Indeterminate, Some(Sub::TryLater)),
        Code::ReferenceUnresolved => (Indeterminate, Some(Sub::SignedDataNotFound)),
        Code::TransformNotAllowed | Code::ReferenceNotAllowed | Code::ReferenceNotCovering => {
            (Indeterminate, Some(Sub::SigConstraintsFailure))
        }
        _ => (Indeterminate, Some(Sub::CertificateChainGeneralFailure)),
    }
}
