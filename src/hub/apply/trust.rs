//! The rows of trust: what is blocked, and which messages rest on which certificate.

use crate::domain::{Digest, MessageId};
use crate::hub::apply::Rowser;
use crate::hub::content::Reason;
use crate::hub::entry::{Entry, Event, Verdict};
use crate::hub::keys;
use crate::hub::rows::{BlockRow, MessageRow};
use crate::index::IndexError;
use crate::journal::{Body, Content, ContentKind};
use crate::trust::Block;

impl Rowser<'_> {
    pub(super) fn block(&mut self, entry: &Entry, contents: &[Content]) -> Result<(), IndexError> {
        let Event::Block { rule, since, until, lifted, by, certificate, .. } = &entry.event else { return Ok(()) };
        let reason = read_reason(contents);
        let before: Option<BlockRow> = self.rows.row(&keys::block(rule))?;
        let row = match before {
            Some(row) if *lifted => BlockRow { lifted: Some((entry.time, by.clone(), reason)), ..row },
            _ => BlockRow {
                block: Block { rule: *rule, since: *since, until: *until, reason },
                at: entry.time,
                by: by.clone(),
                lifted: None,
                certificate: *certificate,
            },
        };
        self.put(&keys::block(rule), &row)
    }

    /// The message rests on its signer's certificate, and that on those above it. What stands above a certificate is
    /// written when its evidence changes, not with every message.
    pub(super) fn rests_on(
        &mut self,
        message: MessageId,
        row: &MessageRow,
        verdict: &Verdict,
    ) -> Result<(), IndexError> {
        let Some(signer) = verdict.signer else { return Ok(()) };
        self.put(&keys::signed(&signer, row.time, row.seq), &message)?;
        let parts: Vec<&[u8]> = verdict.evidence.iter().map(|digest| digest.as_bytes().as_slice()).collect();
        let evidence = Digest::of_parts(&parts);
        if self.rows.row(&keys::evidence_of(&signer))? == Some(evidence) {
            return Ok(());
        }
        for authority in verdict.evidence.iter().filter(|digest| **digest != signer) {
            if self.rows.material(authority)?.is_some_and(|material| material.is_certificate) {
                self.put(&keys::issued(authority, &signer), &())?;
            }
        }
        self.put(&keys::evidence_of(&signer), &evidence)
    }
}

/// Empty when it was destroyed.
fn read_reason(contents: &[Content]) -> String {
    let text = contents.iter().find(|content| content.kind == ContentKind::Text);
    let reason = text.and_then(|content| match &content.body {
        Body::Inline(bytes) => serde_json::from_slice::<Reason>(bytes).ok(),
        Body::Payload(_) | Body::Destroyed { .. } => None,
    });
    reason.map(|reason| reason.reason).unwrap_or_default()
}
