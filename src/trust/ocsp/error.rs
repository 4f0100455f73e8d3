//! Why an OCSP answer is not believed.

use crate::trust::ocsp::response::{CERTIFICATES_MAX, OCTETS_MAX, SINGLES_MAX};

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// Looked at before anything else.
    #[error("the OCSP answer is larger than {OCTETS_MAX} octets")]
    TooLarge,
    /// Not the DER of RFC 6960, 4.2.1.
    #[error("not an OCSP answer in DER")]
    Malformed,
    /// More of something than is looked at.
    #[error("the OCSP answer has more than {SINGLES_MAX} responses or {CERTIFICATES_MAX} certificates")]
    TooMany,
    /// The responder gives no answer, and says why.
    #[error("the OCSP responder says {0} and answers nothing")]
    Unsuccessful(&'static str),
    /// Another type than id-pkix-ocsp-basic.
    #[error("the OCSP answer is not of the basic type")]
    Type,
    /// Another version than 1.
    #[error("the OCSP answer is not of version 1")]
    Version,
    /// A critical extension that is not known.
    #[error("the OCSP answer has a critical extension that is not known")]
    CriticalExtension,
    /// The nonce that was sent does not come back.
    #[error("the OCSP answer does not bring back the nonce that was sent")]
    Nonce,
    /// No authority of the store is meant.
    #[error("the OCSP answer speaks of no certificate of an authority among anchors and intermediates")]
    Issuer,
    /// RFC 6960, 4.2.2.2: neither the issuer itself nor a responder that it certified directly.
    #[error("the OCSP answer is not signed by the issuer or by a responder that the issuer certified for it")]
    Responder,
    /// Made later than the clock says, beyond what clocks may differ.
    #[error("thisUpdate of the OCSP answer lies in the future")]
    Future,
    /// Not the certificate that was asked about.
    #[error("the OCSP answer does not speak of the certificate that was asked about")]
    OtherCertificate,
    /// One that is held is as new.
    #[error("the OCSP answer is not later than the one held")]
    NotLater,
}
