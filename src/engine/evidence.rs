//! The evidence of a verdict, as it was kept: for parties and auditors, who compute the verdict again without the hub.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::api::{Evidence, EvidenceMaterial};
use crate::delivery::standing::Caller;
use crate::domain::{Code, Digest, MessageId, Refusal, Seq};
use crate::engine::hub::Hub;
use crate::engine::receipt::{entry, proof};
use crate::hub::rows::MessageRow;
use crate::hub::{Entry, Event};
use crate::journal::{Body, ContentKind};

/// Version of the shape.
const VERSION: u32 = 1;
/// Longest evidence in octets of DER: a CRL of 32 MiB and a chain fit.
const EVIDENCE_BYTES_MAX: usize = 40 << 20;

impl Hub {
    /// What the verdict on a message rests on.
    ///
    /// # Errors
    /// `not_found` for whom the message does not concern, and while it is held: there is no verdict yet.
    pub fn evidence(&self, caller: &Caller, id: MessageId) -> Result<Evidence, Refusal> {
        let row = self.read(|rows| Ok(caller.standing(rows, id)?.message))?;
        let seq = verdict_seq(&row)?;
        let bytes = entry(self.0.shared.journal.as_ref(), seq)?;
        let mut room = EVIDENCE_BYTES_MAX;
        let mut materials = Vec::new();
        for sha256 in named(&bytes)? {
            let (kind, der) = self.material(&sha256)?.ok_or_else(gone)?;
            room = room.checked_sub(der.len()).ok_or_else(too_large)?;
            materials.push(EvidenceMaterial { kind, sha256, der: STANDARD.encode(der) });
        }
        let proof = proof(&self.0.shared.signed(), seq, &bytes)?;
        Ok(Evidence { version: VERSION, id, entry: String::from_utf8_lossy(&bytes).into_owned(), proof, materials })
    }

    /// A kept certificate, CRL or OCSP answer: what it is, and its DER.
    pub(super) fn material(&self, sha256: &Digest) -> Result<Option<(String, Vec<u8>)>, Refusal> {
        let Some(row) = self.read(|rows| Ok(rows.material(sha256)?))? else { return Ok(None) };
        let journal = &self.0.shared.journal;
        let Some(position) = journal.find(row.seq).map_err(unreadable)? else { return Ok(None) };
        let record = journal.record_at(position).map_err(unreadable)?;
        let contents = record.batch.contents.iter();
        let content = contents.clone().find(|it| it.kind == ContentKind::Material && it.key == *sha256);
        let Some(der) = content.map(|content| self.bytes(&content.body)).transpose()?.flatten() else {
            return Ok(None);
        };
        let index = usize::try_from(row.seq.saturating_sub(record.first_seq)).unwrap_or(usize::MAX);
        let told = record.batch.entries.get(index).and_then(|entry| Entry::from_bytes(entry).ok());
        let Some(Event::Material { what, .. }) = told.map(|entry| entry.event) else { return Ok(None) };
        if Digest::of(&der) == *sha256 { Ok(Some((what, der))) } else { Err(unreadable("another digest")) }
    }

    fn bytes(&self, body: &Body) -> Result<Option<Vec<u8>>, Refusal> {
        match body {
            Body::Inline(bytes) => Ok(Some(bytes.to_vec())),
            Body::Payload(payload) => {
                let mut bytes = Vec::new();
                let file = self.0.payloads.read(payload).map_err(unreadable)?;
                let limit = u64::try_from(EVIDENCE_BYTES_MAX).unwrap_or(u64::MAX);
                file.reader().take(limit).read_to_end(&mut bytes).map_err(unreadable)?;
                Ok(Some(bytes))
            }
            Body::Destroyed { .. } => Ok(None),
        }
    }
}

/// The entry that holds the verdict: of a message that was held, the one that released it.
fn verdict_seq(row: &MessageRow) -> Result<Seq, Refusal> {
    match row.hold {
        None => Ok(row.seq),
        Some(hold) => match hold.settled {
            Some((_, seq)) if hold.code.is_none() => Ok(seq),
            _ => Err(Refusal::new(Code::NotFound, "the message is held or was turned away: there is no evidence")),
        },
    }
}

fn named(entry: &[u8]) -> Result<Vec<Digest>, Refusal> {
    match Entry::from_bytes(entry).map(|entry| entry.event) {
        Ok(Event::Accepted { verdict, .. } | Event::Status { verdict, .. } | Event::HoldReleased { verdict, .. }) => {
            Ok(verdict.evidence)
        }
        _ => Err(unreadable("the entry holds no verdict")),
    }
}

fn gone() -> Refusal {
    Refusal::new(Code::NotFound, "a part of the evidence was destroyed")
}

fn too_large() -> Refusal {
    Refusal::new(Code::TooLarge, format!("the evidence has more than {EVIDENCE_BYTES_MAX} octets"))
}

fn unreadable(error: impl std::fmt::Display) -> Refusal {
    tracing::error!(%error, "kept evidence cannot be read");
    Refusal::new(Code::ContentDamaged, "kept evidence cannot be read as it was written")
}
