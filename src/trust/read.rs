//! The three kinds of bytes that come from outside, each read by one pure function that believes nothing: for tools
//! that show them, and for fuzzing.

use crate::domain::{Refusal, Timestamp};
use crate::signature::SignerInfo;
use crate::trust::crl::Crl;
use crate::trust::files::FileError;
use crate::trust::ocsp::{OcspError, Response, Status};

/// What a CRL says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlFacts {
    /// cRLNumber.
    pub number: String,
    /// thisUpdate.
    pub this_update: Timestamp,
    /// nextUpdate.
    pub next_update: Timestamp,
    /// Certificates that it names.
    pub entries: usize,
}

/// What an OCSP answer says, certificate by certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OcspFacts {
    /// Certificates that it calls good.
    pub good: usize,
    /// Certificates that it calls revoked or on hold.
    pub revoked: usize,
    /// Certificates that it does not know.
    pub unknown: usize,
    /// Whether it brings a nonce.
    pub has_nonce: bool,
}

/// One certificate in DER.
///
/// # Errors
/// `certificate_invalid`.
pub fn certificate(der: &[u8]) -> Result<SignerInfo, Refusal> {
    SignerInfo::from_certificate(der)
}

/// One CRL in DER.
///
/// # Errors
/// Why it cannot be applied.
pub fn crl(der: Vec<u8>) -> Result<CrlFacts, FileError> {
    let crl = Crl::parse(der)?;
    let (number, entries) = (crl.number.to_string(), crl.len());
    Ok(CrlFacts { number, this_update: crl.this_update, next_update: crl.next_update, entries })
}

/// One OCSP answer in DER.
///
/// # Errors
/// Why it is none.
pub fn ocsp(der: &[u8]) -> Result<OcspFacts, OcspError> {
    let response = Response::parse(der)?;
    let mut facts = OcspFacts { has_nonce: response.nonce.is_some(), ..OcspFacts::default() };
    for single in &response.singles {
        let count = match single.status {
            Status::Good => &mut facts.good,
            Status::Revoked(_) => &mut facts.revoked,
            Status::Unknown => &mut facts.unknown,
        };
        *count = count.saturating_add(1);
    }
    Ok(facts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::trust::pki::{Authority, Key, OcspPlan, OcspStatus, Subject, Validity};

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn answer() -> Vec<u8> {
        let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2036-01-01T00:00:00Z") };
        let ca = Authority::root(&Subject::named("CA"), validity, Key::generate().unwrap()).unwrap();
        let plan = OcspPlan {
            serial: vec![1],
            status: OcspStatus::Revoked(at("2026-11-22T00:00:00Z"), 1),
            this_update: at("2026-11-22T00:00:00Z"),
            next_update: Some(at("2026-11-23T00:00:00Z")),
            nonce: Some(vec![7; 32]),
        };
        ca.ocsp(&plan).unwrap()
    }

    #[test]
    fn an_answer_is_read_and_cut_short_it_is_none() {
        let answer = answer();
        let facts = ocsp(&answer).unwrap();
        assert_eq!(facts, OcspFacts { revoked: 1, has_nonce: true, ..OcspFacts::default() });
        for at in 0..answer.len() {
            assert!(ocsp(&answer[..at]).is_err(), "cut at {at}");
        }
        assert_eq!(ocsp(&[answer, vec![0]].concat()), Err(OcspError::Malformed), "something stands behind it");
        assert_eq!(ocsp(&vec![0x30; crate::trust::ocsp::OCTETS_MAX + 1]), Err(OcspError::TooLarge));
    }

    proptest! {
        #[test]
        fn whatever_the_octets_nothing_panics(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = (ocsp(&octets), crl(octets.clone()), certificate(&octets));
        }

        #[test]
        fn an_answer_with_octets_changed_panics_nowhere(at in 0_usize..400, octet in any::<u8>()) {
            let mut changed = answer();
            let at = at % changed.len();
            changed[at] = octet;
            let _ = ocsp(&changed);
        }
    }
}
