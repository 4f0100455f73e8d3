//! The index: does it open, does it belong to the journal, and, on request, is it row by row what the journal makes. It
//! also knows what stood in places of the journal that can no longer be read.

use std::ops::{ControlFlow, Range};

use crate::config::{Config, DataFolder};
use crate::doctor::trail::Seen;
use crate::doctor::{Finding, Severity, Text, Thoroughness, Touched, found};
use crate::domain::{MessageId, Seq};
use crate::hub::keys;
use crate::hub::rows::{MessageBody, MessageRow, Rows, decode};
use crate::index::{self, Engine, Index, IndexError, Memory, Read};
use crate::journal::disk::Real;
use crate::journal::{Extent, Inspected, inspect};

/// Looks at the index of a hub that is stopped.
pub(super) fn examine(
    data: &DataFolder,
    config: &Config,
    thoroughness: Thoroughness,
    seen: &mut Seen,
    findings: &mut Vec<Finding>,
) {
    let (engine, folder) = (config.index.engine, data.index());
    if !engine.is_in(&folder) {
        let built = found(Severity::Note, "index_missing", no_index(engine), built_at_start());
        return findings.push(built);
    }
    let opened = engine.open(&folder, config.index.cache_bytes);
    match opened.and_then(|index| look(index.as_ref(), data, thoroughness, seen)) {
        Ok(found) => findings.extend(found),
        Err(IndexError::Unclosed) => {
            findings.push(found(Severity::Note, "index_unclosed", not_closed(engine), built_at_start()));
        }
        Err(error) => findings.push(unusable(&error)),
    }
}

fn look(
    index: &dyn Index,
    data: &DataFolder,
    thoroughness: Thoroughness,
    seen: &mut Seen,
) -> Result<Option<Finding>, IndexError> {
    let reader = index.reader()?;
    let rows = Rows(reader.as_ref());
    let head = rows.head()?;
    tell_documents(&rows, seen)?;
    if !seen.is_whole {
        return Ok(None);
    }
    let foreign = seen.last.is_some_and(|(seq, salt)| head.next == seq.saturating_add(1) && head.salt != Some(salt));
    if head.next > seen.entries || foreign {
        return Ok(Some(found(Severity::Warning, "index_foreign", not_ours(), built_again())));
    }
    if !thoroughness.deep {
        return Ok(None);
    }
    let built = build(data, head.next)?;
    let differing = differences(reader.as_ref(), built.reader()?.as_ref())?;
    Ok((differing > 0).then(|| found(Severity::Damage, "index_differs", differs(differing), built_again())))
}

/// What the index knows of the entries in damaged places.
fn tell_documents(rows: &Rows<'_>, seen: &mut Seen) -> Result<(), IndexError> {
    let wanted: Vec<Range<Seq>> = seen.wanted().filter(|seqs| !seqs.is_empty()).cloned().collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let prefix = keys::message_prefix();
    let messages = rows.under(&prefix, |rest, value| {
        let id = rest.first_chunk::<16>().map(|id| MessageId(uuid::Uuid::from_bytes(*id)));
        let row: MessageRow = decode(value)?;
        Ok(id.filter(|_| wanted.iter().any(|seqs| seqs.contains(&row.seq))).map(|id| (id, row)))
    })?;
    for (id, row) in messages.into_iter().flatten() {
        let document = touched(rows, id, row)?;
        seen.documents.insert(document.seq, document);
    }
    Ok(())
}

fn touched(rows: &Rows<'_>, message: MessageId, row: MessageRow) -> Result<Touched, IndexError> {
    let (to, code) = match &row.body {
        MessageBody::Document(fields) => {
            (rows.deliveries(message)?.into_iter().map(|(to, _)| to).collect(), fields.code.clone())
        }
        MessageBody::Status { to, .. } => (vec![to.clone()], String::new()),
    };
    Ok(Touched { message, seq: row.seq, from: row.from, to, code, sha256: row.sha256, size: row.size })
}

/// The index that the journal makes, up to an entry.
fn build(data: &DataFolder, next: Seq) -> Result<Memory, IndexError> {
    let index = Memory::new();
    let mut failed = None;
    let inspected = inspect(&Real, &data.journal(), Extent::default(), &mut |inspected| {
        let Inspected::Record(record) = inspected else { return ControlFlow::Continue(()) };
        if record.first_seq >= next && !record.batch.entries.is_empty() {
            return ControlFlow::Break(());
        }
        match crate::engine::apply_records(&index, vec![record]) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(IndexError::Damaged(error.to_string()));
                ControlFlow::Break(())
            }
        }
    });
    inspected.map_err(|error| IndexError::Damaged(error.to_string()))?;
    failed.map_or(Ok(index), Err)
}

/// How many rows are in one and not in the other, or otherwise there.
fn differences(one: &dyn Read, other: &dyn Read) -> Result<u64, IndexError> {
    let mut counted = 0;
    for (from, to) in [(one, other), (other, one)] {
        index::for_each(from, &[], &[0xff; 64], |key, value| {
            counted += u64::from(to.get(key)?.as_deref() != Some(value));
            Ok(())
        })?;
    }
    Ok(counted)
}

fn unusable(error: &IndexError) -> Finding {
    found(
        Severity::Warning,
        "index_unusable",
        Text::new(format!("Không dùng được chỉ mục: {error}"), format!("The index cannot be used: {error}")),
        built_again(),
    )
}

fn no_index(engine: Engine) -> Text {
    let engine = engine.name();
    Text::new(format!("Chưa có chỉ mục ({engine})."), format!("There is no index ({engine})."))
}

fn not_closed(engine: Engine) -> Text {
    let engine = engine.name();
    Text::new(
        format!("Trục không được dừng đúng cách: chỉ mục ({engine}) không dùng được nữa."),
        format!("The hub was not stopped in order: the index ({engine}) is not used any more."),
    )
}

fn built_at_start() -> Text {
    Text::new(
        "Không mất gì, không phải làm gì: lần chạy tới, trục tự dựng lại chỉ mục từ nhật ký.",
        "Nothing is lost, and nothing is to be done: at its next start the hub builds the index from the journal.",
    )
}

fn not_ours() -> Text {
    Text::new("Chỉ mục không phải của nhật ký này.", "The index is not of this journal.")
}

fn differs(rows: u64) -> Text {
    Text::new(
        format!("{rows} dòng của chỉ mục khác với chỉ mục dựng lại từ nhật ký."),
        format!("{rows} rows of the index differ from those that the journal makes."),
    )
}

fn built_again() -> Text {
    Text::new(
        "Không mất gì: dừng trục, xoá thư mục index/, khởi động lại; trục tự dựng lại từ nhật ký.",
        "Nothing is lost: stop the hub, remove the folder index/, start again; it is built from the journal.",
    )
}
