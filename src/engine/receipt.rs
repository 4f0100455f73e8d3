//! The answer to who sent: what was accepted, and the proof that it stands in the trail.

use bytes::Bytes;

use crate::api::{Receipt, Remark};
use crate::delivery::document::{party, verdict};
use crate::domain::{Code, Digest, MessageId, Refusal, Seq};
use crate::engine::shared::Signed;
use crate::engine::writer::{Committed, Proven};
use crate::hub::rows::{MessageBody, MessageRow, Rows};
use crate::journal;

/// The receipt for a committed message.
pub(super) fn receipt(
    rows: &Rows<'_>,
    journal: &dyn journal::Read,
    committed: &Committed,
    sha256: Digest,
) -> Result<Receipt, Refusal> {
    let (Some(answer), Some(proven)) = (&committed.answer, &committed.proven) else { return Err(lost()) };
    let id = answer.message.ok_or_else(lost)?;
    let row = rows.message(id)?.ok_or_else(lost)?;
    let told = told_to(rows, id, &row)?;
    Ok(Receipt {
        id,
        seq: row.seq,
        time: row.time,
        repeat: committed.repeat,
        held: row.is_held(),
        sha256,
        recipients: told.iter().map(|to| party(rows, to)).collect::<Result<_, _>>()?,
        effect: answer.effect,
        verdict: verdict(&row.verdict),
        remarks: row.remarks.iter().map(|code| Remark { code: code.clone(), path: String::new() }).collect(),
        proof: prove(journal, proven)?,
    })
}

fn told_to(rows: &Rows<'_>, id: MessageId, row: &MessageRow) -> Result<Vec<crate::domain::OrganId>, Refusal> {
    Ok(match &row.body {
        MessageBody::Document(_) => rows.deliveries(id)?.into_iter().map(|(to, _)| to).collect(),
        MessageBody::Status { to, .. } => vec![to.clone()],
    })
}

pub(super) fn prove(journal: &dyn journal::Read, proven: &Proven) -> Result<String, Refusal> {
    let entry = match &proven.entry {
        Some(entry) => entry.clone(),
        None => entry(journal, proven.seq)?,
    };
    proof(&proven.signed, proven.seq, &entry)
}

/// The bytes of an entry.
pub(super) fn entry(journal: &dyn journal::Read, seq: Seq) -> Result<Bytes, Refusal> {
    let failed = |error: journal::JournalError| {
        tracing::error!(%error, seq, "an entry cannot be read");
        Refusal::new(Code::StorageFailed, "an entry of the trail cannot be read")
    };
    let record = match journal.find(seq).map_err(failed)? {
        Some(position) => journal.record_at(position).map_err(failed)?,
        None => return Err(lost()),
    };
    let index = usize::try_from(seq.saturating_sub(record.first_seq)).unwrap_or(usize::MAX);
    record.batch.entries.into_iter().nth(index).ok_or_else(lost)
}

/// The C2SP tlog-proof of an entry, in the tree as signed.
pub(super) fn proof(signed: &Signed, seq: Seq, entry: &[u8]) -> Result<String, Refusal> {
    let failed = |error: crate::trail::TreeError| {
        tracing::error!(%error, seq, "no inclusion proof");
        Refusal::new(Code::StorageFailed, "the proof cannot be made just now")
    };
    let head = signed.view.head().map_err(failed)?;
    let path = head.inclusion(seq).map_err(failed)?;
    Ok(crate::trail::proof::write(entry, seq, &path, &signed.checkpoint))
}

fn lost() -> Refusal {
    Refusal::new(Code::StorageFailed, "what was committed cannot be read back")
}
