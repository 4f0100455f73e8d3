//! One fetch: asked, judged, and kept if it is worth it.

use std::path::Path;

use bytes::Bytes;
use metrics::counter;
use ring::rand::SecureRandom;

use crate::domain::{Digest, Timestamp};
use crate::refresh::Office;
use crate::trust::floors::replace;
use crate::trust::{Novelty, Wanted, ocsp};

/// Something to ask for.
#[derive(Debug, Clone)]
pub(super) struct Job {
    pub(super) address: String,
    /// SHA-256 of the authority's certificate.
    pub(super) issuer: Digest,
    pub(super) question: Question,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) enum Question {
    Crl,
    Ocsp { wanted: Wanted, nonce: bool },
}

/// What came, and until when it is current.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fresh {
    pub(super) is_new: bool,
    pub(super) until: Option<Timestamp>,
}

/// Or why nothing came of it.
pub(super) type Outcome = Result<Fresh, String>;

impl Job {
    /// What the schedule knows it by.
    pub(super) fn key(&self) -> String {
        match &self.question {
            Question::Crl => self.address.clone(),
            Question::Ocsp { wanted, .. } => {
                format!("{} {} {}", self.address, self.issuer, hex::encode(&wanted.serial))
            }
        }
    }

    pub(super) async fn run(&self, office: &Office) -> Outcome {
        let outcome = match &self.question {
            Question::Crl => self.crl(office).await,
            Question::Ocsp { wanted, nonce } => self.ocsp(office, wanted, *nonce).await,
        };
        self.tell(&outcome);
        outcome
    }

    async fn crl(&self, office: &Office) -> Outcome {
        let octets_max = usize::try_from(office.config.crl_bytes_max).unwrap_or(usize::MAX);
        let bytes = office.fetcher.get(&self.address, octets_max).await.map_err(|error| error.to_string())?;
        let (office, job) = (office.clone(), self.clone());
        aside(move || job.take_crl(&office, bytes)).await
    }

    /// CRLs come as DER; some servers give PEM.
    fn take_crl(&self, office: &Office, bytes: Bytes) -> Outcome {
        let mut lists = crate::trust::files::crls(bytes.into()).map_err(|error| error.to_string())?;
        let (Some(der), true) = (lists.pop(), lists.is_empty()) else { return Err("more than one CRL".to_owned()) };
        let looked = office.hub.trust().look_at_crl(&self.issuer, &der, office.clock.now());
        match looked.map_err(|error| error.to_string())? {
            Novelty::Same => Ok(Fresh { is_new: false, until: None }),
            Novelty::New { next_update } => {
                keep(&office.crl_folder, &format!("fetched-{}.crl", short(self.address.as_bytes())), &der)?;
                Ok(Fresh { is_new: true, until: next_update })
            }
        }
    }

    async fn ocsp(&self, office: &Office, wanted: &Wanted, with_nonce: bool) -> Outcome {
        let nonce = if with_nonce { Some(nonce(office)?) } else { None };
        let trust = office.hub.trust();
        let request = trust.ocsp_request(&self.issuer, &wanted.serial, nonce.as_ref().map(<[u8; 32]>::as_slice));
        let request = request.ok_or("the authority is not in the store")?;
        let fetched = office.fetcher.post(&self.address, "application/ocsp-request", request, ocsp::OCTETS_MAX);
        let bytes = fetched.await.map_err(|error| error.to_string())?;
        let (office, job, serial) = (office.clone(), self.clone(), wanted.serial.clone());
        aside(move || job.take_answer(&office, &serial, nonce, &bytes)).await
    }

    fn take_answer(&self, office: &Office, serial: &[u8], nonce: Option<[u8; 32]>, der: &[u8]) -> Outcome {
        let (trust, now) = (office.hub.trust(), office.clock.now());
        let nonce = nonce.as_ref().map(<[u8; 32]>::as_slice);
        match trust.look_at_answer(&self.issuer, serial, nonce, der, now) {
            Ok(()) => {
                let name = format!("{}-{}.ocsp", short(self.issuer.as_bytes()), short(serial));
                keep(&office.ocsp_folder, &name, der)?;
                Ok(Fresh { is_new: true, until: None })
            }
            Err(ocsp::OcspError::NotLater) => Ok(Fresh { is_new: false, until: None }),
            Err(error) => Err(error.to_string()),
        }
    }

    fn tell(&self, outcome: &Outcome) {
        let (address, kind) = (&self.address, self.kind());
        let result = match outcome {
            Ok(Fresh { is_new: true, .. }) => "new",
            Ok(_) => "same",
            Err(_) => "failed",
        };
        counter!("truc_trust_fetches_total", "kind" => kind, "outcome" => result).increment(1);
        match outcome {
            Ok(_) => tracing::debug!(%address, kind, result, "fetched"),
            Err(error) => tracing::warn!(%address, kind, %error, "not fetched; what was in force stays in force"),
        }
    }

    fn kind(&self) -> &'static str {
        match self.question {
            Question::Crl => "crl",
            Question::Ocsp { .. } => "ocsp",
        }
    }
}

/// RFC 9654: 32 octets.
fn nonce(office: &Office) -> Result<[u8; 32], String> {
    let mut octets = [0; 32];
    office.random.fill(&mut octets).map_err(|_| "the operating system gives no randomness".to_owned())?;
    Ok(octets)
}

async fn aside(work: impl FnOnce() -> Outcome + Send + 'static) -> Outcome {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}

fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    let kept = std::fs::create_dir_all(folder).and_then(|()| replace(&folder.join(name), bytes));
    kept.map_err(|error| format!("{}: {error}", folder.display()))
}

/// A name for a file: foreign text never becomes one.
fn short(octets: &[u8]) -> String {
    Digest::of(octets).to_string().chars().take(16).collect()
}
