//! How a certificate is named on the command line: a file, or its SHA-256. And times: RFC 3339, or a day in Hanoi.

use std::path::PathBuf;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cli::exit::{Exit, Failure};
use crate::cli::files;
use crate::domain::{Digest, Timestamp};
use crate::trust::files::certificates;

/// A certificate.
#[derive(Debug, Clone)]
pub(super) enum Named {
    /// By the SHA-256 of its DER.
    Sha256(Digest),
    /// In a file, PEM or DER: the first in it.
    File(PathBuf),
}

impl FromStr for Named {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digest = text.replace(':', "").to_lowercase().parse();
        Ok(digest.map_or_else(|_| Self::File(PathBuf::from(text)), Self::Sha256))
    }
}

impl Named {
    /// Its SHA-256.
    pub(super) fn sha256(&self) -> Result<Digest, Failure> {
        match self {
            Self::Sha256(digest) => Ok(*digest),
            Self::File(_) => Ok(Digest::of(&self.der()?)),
        }
    }

    /// The certificate as PEM, where it is in a file.
    pub(super) fn pem(&self) -> Result<Option<String>, Failure> {
        if matches!(self, Self::Sha256(_)) {
            return Ok(None);
        }
        let text = STANDARD.encode(self.der()?);
        let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
        Ok(Some(format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))))
    }

    fn der(&self) -> Result<Vec<u8>, Failure> {
        let Self::File(path) = self else { return Ok(Vec::new()) };
        let found = certificates(files::read(path)?).map(|found| found.into_iter().next());
        found.ok().flatten().ok_or_else(|| {
            let path = path.display();
            Failure::new(
                Exit::NoInput,
                format!("{path} không có chứng thư số (PEM hoặc DER)"),
                format!("{path} holds no certificate (PEM or DER)"),
            )
        })
    }
}

/// A time, or the first instant of a day in Asia/Ho_Chi_Minh.
pub(super) fn first_instant(text: &str) -> Result<Timestamp, String> {
    instant(text, "T00:00:00+07:00")
}

/// A time, or the last second of a day in Asia/Ho_Chi_Minh.
pub(super) fn last_instant(text: &str) -> Result<Timestamp, String> {
    instant(text, "T23:59:59+07:00")
}

fn instant(text: &str, of_day: &str) -> Result<Timestamp, String> {
    let text = if text.len() == 10 { format!("{text}{of_day}") } else { text.to_owned() };
    text.parse().map_err(|_| "2026-11-22, 2026-11-22T14:05:00+07:00".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_as_people_write_it() {
        let digest = Digest::of(b"x");
        let text = digest.to_string().to_uppercase();
        let pairs: Vec<_> = text.as_bytes().chunks(2).map(String::from_utf8_lossy).collect();
        for text in [digest.to_string(), text.clone(), pairs.join(":")] {
            assert!(matches!(text.parse(), Ok(Named::Sha256(read)) if read == digest), "{text}");
        }
        assert!(matches!("agency.crt".parse(), Ok(Named::File(_))));
    }

    #[test]
    fn a_day_begins_and_ends_in_hanoi() {
        assert_eq!(first_instant("2026-11-22").unwrap().to_string(), "2026-11-21T17:00:00.000Z");
        assert_eq!(last_instant("2026-11-22").unwrap().to_string(), "2026-11-22T16:59:59.000Z");
        assert!(first_instant("hôm qua").is_err());
    }
}
