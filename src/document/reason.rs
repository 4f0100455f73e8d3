//! Why a signature in a document is not valid, and what else is to be said about it: stable codes, words for people.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::{Code, Lang};
use crate::signature::{Indication, SubIndication, classify};

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident $code:literal $indication:ident $sub:ident $vi:literal $en:literal;)*) => {
        /// Why a signature is not TOTAL-PASSED.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
            /// What is wrong with the certificate or its path, in the words of the door.
            Certificate(Code),
        }

        impl Reason {
            /// The stable code.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $code,)*
                    Self::Certificate(code) => code.as_str(),
                }
            }

            /// From the stable code.
            #[must_use]
            pub fn from_wire(code: &str) -> Option<Self> {
                match code {
                    $($code => Some(Self::$variant),)*
                    _ => Code::from_wire(code).map(Self::Certificate),
                }
            }

            /// What it is, for people.
            #[must_use]
            pub const fn title(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Vi) => $vi, (Self::$variant, Lang::En) => $en,)*
                    (Self::Certificate(code), lang) => code.title(lang),
                }
            }

            /// The standard's words (EN 319 102-1, tables 5 and 6).
            #[must_use]
            pub fn classify(self) -> (Indication, Option<SubIndication>) {
                match self {
                    $(Self::$variant => (Indication::$indication, Some(SubIndication::$sub)),)*
                    Self::Certificate(code) => classify(code),
                }
            }
        }
    };
}

reasons! {
    /// CMS that is none, or against its own rules.
    Malformed "signature_malformed" TotalFailed FormatFailure
        "cấu trúc chữ ký hỏng" "the signature's structure is damaged";
    /// ByteRange does not cover everything but the place of the signature.
    ByteRange "byte_range_invalid" TotalFailed FormatFailure
        "phạm vi ký (ByteRange) không hợp lệ" "ByteRange does not cover all but the signature";
    /// Larger than is looked at.
    TooLarge "signature_too_large" Indeterminate FormatFailure
        "chữ ký lớn quá mức được kiểm tra" "the signature is larger than is looked at";
    /// A kind of signature that is not looked at.
    FormatUnknown "signature_format_unknown" Indeterminate FormatFailure
        "kiểu chữ ký chưa hỗ trợ" "the kind of signature is not supported";
    /// What was signed is not the content.
    DigestMismatch "digest_mismatch" TotalFailed HashFailure
        "nội dung đã bị thay đổi sau khi ký" "the content was changed after it was signed";
    /// The value does not verify with the certificate's key.
    SignatureInvalid "signature_invalid" TotalFailed SigCryptoFailure
        "giá trị chữ ký không đúng" "the signature value is not right";
    /// The file was changed after it was signed, by more than further signatures.
    ChangedAfter "changed_after_signing" Indeterminate SigConstraintsFailure
        "tệp có thay đổi sau khi ký" "the file was changed after it was signed";
    /// No certificate of the signer.
    CertificateMissing "signer_certificate_missing" Indeterminate NoSigningCertificateFound
        "không có chứng thư số của người ký" "the signer's certificate is missing";
    /// The signature names another certificate than the one it comes with.
    CertificateOther "signer_certificate_other" Indeterminate NoSigningCertificateFound
        "chữ ký gắn với chứng thư số khác" "the signature is bound to another certificate";
    /// No such algorithm here.
    AlgorithmUnsupported "algorithm_not_supported" Indeterminate CryptoConstraintsFailure
        "thuật toán không được hỗ trợ" "the algorithm is not supported";
    /// Right, but by SHA-1 or a short key.
    AlgorithmWeak "algorithm_weak" Indeterminate CryptoConstraintsFailure
        "thuật toán yếu (SHA-1 hoặc khóa ngắn)" "a weak algorithm (SHA-1 or a short key)";
    /// Expired since, without a time stamp.
    ExpiredNoProof "certificate_expired_no_time_stamp" Indeterminate OutOfBoundsNoPoe
        "chứng thư số đã hết hạn, không có dấu thời gian chứng minh ký trước đó"
        "the certificate has expired, and no time stamp proves an earlier signature";
    /// Revoked since, without a time stamp.
    RevokedNoProof "certificate_revoked_no_time_stamp" Indeterminate RevokedNoPoe
        "chứng thư số đã bị thu hồi, không có dấu thời gian chứng minh ký trước đó"
        "the certificate was revoked, and no time stamp proves an earlier signature";
    /// A signature without what it signs.
    ContentMissing "signed_content_missing" Indeterminate SignedDataNotFound
        "không có tệp được ký" "the file that was signed is not there";
    /// A time stamp that is not as RFC 3161 says.
    TimeStampMalformed "time_stamp_malformed" TotalFailed FormatFailure
        "dấu thời gian sai cấu trúc" "the time stamp is malformed";
    /// A time stamp of something else.
    TimeStampOther "time_stamp_of_other_content" TotalFailed HashFailure
        "dấu thời gian của nội dung khác" "the time stamp is of other content";
    /// A time stamp by a certificate that may not make one.
    TimeStampUsage "time_stamp_certificate_usage" Indeterminate ChainConstraintsFailure
        "chứng thư số không được dùng để cấp dấu thời gian" "the certificate may not issue time stamps";
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Reason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_wire(&code).ok_or_else(|| serde::de::Error::custom("unknown reason"))
    }
}

macro_rules! notes {
    ($($variant:ident $code:literal $vi:literal $en:literal;)*) => {
        /// What else is to be said about a signature.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum Note {
            $(#[doc = $en] #[serde(rename = $code)] $variant,)*
        }

        impl Note {
            /// What it is, for people.
            #[must_use]
            pub const fn title(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Vi) => $vi, (Self::$variant, Lang::En) => $en,)*
                }
            }
        }
    };
}

notes! {
    Sha1 "sha1" "dùng SHA-1 (yếu)" "rests on SHA-1 (weak)";
    ShortKey "short_key" "khóa RSA dưới 2048 bit (yếu)" "an RSA key below 2048 bits (weak)";
    NoSignedAttributes "no_signed_attributes"
        "không có thuộc tính được ký" "there are no signed attributes";
    AttributesUnsorted "signed_attributes_unsorted"
        "thuộc tính được ký không theo thứ tự DER" "the signed attributes are not in the order of DER";
    CertificateUnbound "certificate_not_bound"
        "chữ ký không gắn với chứng thư số (thiếu signingCertificateV2)" "the signature is not bound to the certificate (no signingCertificateV2)";
    CertificateBoundBySha1 "certificate_bound_by_sha1"
        "chữ ký gắn với chứng thư số bằng SHA-1" "the signature is bound to the certificate by SHA-1";
    SigningTimeLocal "signing_time_local"
        "giờ ký ghi giờ Việt Nam như giờ UTC" "the signing time is local time written as UTC";
    SigningTimeFuture "signing_time_in_the_future"
        "giờ ký tự khai sau lúc tiếp nhận" "the claimed signing time lies after the receipt";
    TimeStampNotProven "time_stamp_not_proven"
        "có dấu thời gian nhưng chưa tin được" "there is a time stamp, but it proves nothing";
    SigningTimeAfterTimeStamp "signing_time_after_time_stamp"
        "giờ ký tự khai sau dấu thời gian" "the claimed signing time lies after the time stamp";
    EarlierRevision "earlier_revision"
        "chữ ký của phiên bản trước, sau đó chỉ thêm chữ ký" "of an earlier revision; only signatures were added since";
    ZerosBehind "filled_up" "có byte đệm sau dấu kết thúc tệp" "octets that say nothing stand behind the end of the file";
}
