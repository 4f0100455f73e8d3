//! The signers whose paths were looked at lately, so that answers about them can be fetched beforehand and the end of
//! their certificates be told. Bounded; only certificates that an authority of the store did sign come in.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Digest, Timestamp};
use crate::signature::SignerInfo;

/// Most signers that are remembered. Beyond it the one that was not seen for the longest time is forgotten.
const SIGNERS_MAX: usize = 2_000;

/// A signer that was seen.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    pub(super) info: Arc<SignerInfo>,
    /// The serial number, as the contents of its INTEGER stand.
    pub(super) serial: Box<[u8]>,
    /// The whole DER of the issuer's name.
    pub(super) issuer: Box<[u8]>,
    pub(super) last: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<HashMap<Digest, Signer>>);

impl Seen {
    pub(super) fn note(&self, leaf: &[u8], at: Timestamp) {
        let Some(signer) = Signer::of(leaf, at) else { return };
        let mut signers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if signers.len() >= SIGNERS_MAX && !signers.contains_key(&signer.info.sha256) {
            let oldest = signers.iter().min_by_key(|(_, known)| known.last).map(|(sha256, _)| *sha256);
            oldest.and_then(|oldest| signers.remove(&oldest));
        }
        signers.insert(signer.info.sha256, signer);
    }

    /// Every signer, the one that was seen last first.
    pub(super) fn all(&self) -> Vec<Signer> {
        let mut all: Vec<_> = self.0.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect();
        all.sort_by_key(|signer| std::cmp::Reverse(signer.last));
        all
    }
}

impl Signer {
    fn of(leaf: &[u8], last: Timestamp) -> Option<Self> {
        let info = Arc::new(SignerInfo::from_certificate(leaf).ok()?);
        let (_, certificate) = X509Certificate::from_der(leaf).ok()?;
        Some(Self { info, serial: certificate.raw_serial().into(), issuer: certificate.issuer().as_raw().into(), last })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::pki::{Authority, Key, Profile, Subject, Validity};

    #[test]
    fn whoever_was_not_seen_for_the_longest_time_is_forgotten_first() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let validity = Validity { from: at("2026-01-01T00:00:00Z"), until: at("2027-01-01T00:00:00Z") };
        let ca = Authority::root(&Subject::named("CA"), validity, Key::generate().unwrap()).unwrap();
        let key = Key::generate().unwrap();
        let leaf = |n: usize| ca.issue(&Profile::system(), &Subject::named(&format!("{n}")), validity, &key).unwrap();
        let seen = Seen::default();
        let first = leaf(0);
        for n in 0..SIGNERS_MAX + 10 {
            seen.note(&leaf(n), Timestamp::from_millis(i64::try_from(n).unwrap()));
            seen.note(&first, Timestamp::from_millis(i64::try_from(n).unwrap() + 1));
        }
        let all = seen.all();
        assert_eq!(all.len(), SIGNERS_MAX);
        assert_eq!(all[0].info.subject, "CN=0,C=VN");
        assert!(all.iter().all(|signer| signer.info.subject != "CN=1,C=VN"));
    }
}
