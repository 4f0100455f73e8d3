//! What a crash has left in `payloads/`: a large document gets its file before the record that names it, so a hub that
//! ends in between leaves a file that nothing names. Such files are listed at the start, before anybody can send, and
//! removed once both the index and the journal, read to its end, have said that no record names them. What was refused
//! or destroyed so leaves no copy behind (law 8).

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::{Arc, Weak};

use crate::domain::Seq;
use crate::engine::hub::{Hub, Inner};
use crate::hub::keys;
use crate::hub::rows::{MaterialRow, Rows, decode};
use crate::index::{self, IndexError};
use crate::journal::{Body, BodyLocation, JournalError, PayloadName, Payloads, Record};

/// Most files that are looked at in one start: 16 MB of names. More are looked at after the next.
const FILES_MAX: usize = 1_000_000;

/// The files that stand there before anybody can send.
pub(super) fn files(payloads: &Payloads) -> Result<HashSet<PayloadName>, JournalError> {
    let mut names = HashSet::new();
    payloads.list(&mut |name, _| {
        names.insert(name);
        if names.len() < FILES_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    Ok(names)
}

/// Removes those that nothing names, on a thread of its own.
pub(super) fn sweep(hub: &Arc<Inner>, files: HashSet<PayloadName>) -> std::io::Result<()> {
    if files.is_empty() {
        return Ok(());
    }
    let hub = Arc::downgrade(hub);
    let thread = std::thread::Builder::new().name("truc-leftovers".to_owned());
    thread.spawn(move || swept(&hub, files)).map(|_| ())
}

fn swept(hub: &Weak<Inner>, mut files: HashSet<PayloadName>) {
    let Some(hub) = hub.upgrade().map(Hub) else { return };
    let materials = match hub.read(|rows| Ok(known(rows, &mut files)?)) {
        Ok(materials) => materials,
        Err(refusal) => return tracing::error!(%refusal, "payloads without a record cannot be looked for"),
    };
    for seq in materials {
        let position = hub.0.shared.journal.find(seq).ok().flatten();
        let record = position.and_then(|position| hub.0.shared.journal.record_at(position).ok());
        if let Some(record) = record {
            keep(&record, &mut files);
        }
    }
    let hub = Arc::downgrade(&hub.0);
    if !files.is_empty() && named(&hub, &mut files) {
        for name in files {
            remove(&hub, name);
        }
    }
}

/// Takes out the bodies that the index knows, which is nearly all; gives the entries of the CRLs and answers that may
/// name others.
fn known(rows: &Rows<'_>, files: &mut HashSet<PayloadName>) -> Result<Vec<Seq>, IndexError> {
    let prefix = keys::body_prefix();
    index::for_each(rows.0, prefix.as_slice(), &prefix.after_prefix(), |_, value| {
        if let BodyLocation::Payload(payload) = decode(value)? {
            files.remove(&payload.name);
        }
        Ok(())
    })?;
    if files.is_empty() {
        return Ok(Vec::new());
    }
    let materials = rows.under(&keys::material_prefix(), |_, value| decode::<MaterialRow>(value))?;
    Ok(materials.into_iter().filter(|row| !row.is_certificate).map(|row| row.seq).collect())
}

/// Takes out what any record names: the index is derived, and nothing is removed on its word alone. False where the
/// journal was not read to its end.
fn named(hub: &Weak<Inner>, files: &mut HashSet<PayloadName>) -> bool {
    let Some(journal) = hub.upgrade().map(|hub| Arc::clone(&hub.shared.journal)) else { return false };
    let mut to_the_end = true;
    let read = journal.replay(None, &mut |record| {
        keep(&record, files);
        to_the_end = hub.strong_count() > 0;
        if to_the_end && !files.is_empty() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    if let Err(error) = &read {
        tracing::error!(%error, "payloads without a record are left: the journal cannot be read to its end");
    }
    to_the_end && read.is_ok()
}

fn keep(record: &Record, files: &mut HashSet<PayloadName>) {
    for content in &record.batch.contents {
        if let Body::Payload(payload) = &content.body {
            files.remove(&payload.name);
        }
    }
}

fn remove(hub: &Weak<Inner>, name: PayloadName) {
    let Some(hub) = hub.upgrade() else { return };
    match hub.payloads.remove(name) {
        Ok(()) => tracing::info!(%name, "a payload that no record names, left by a crash, was removed"),
        Err(error) => tracing::warn!(%error, %name, "a payload that no record names could not be removed"),
    }
}
