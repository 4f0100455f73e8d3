//! Erasing: what entries have ordered destroyed is taken off the disk, one segment of the journal at a time. What is still
//! to be done stands in the index (`keys::doomed`) until an `erased` entry says that it is done; so it goes on after a
//! crash, and whoever else dooms a content by an entry (`hub::apply`) is served as well.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use crate::domain::{Code, MessageId, Refusal, Seq};
use crate::engine::hub::{Hub, Inner};
use crate::hub::Event;
use crate::hub::decide::Command;
use crate::hub::destroy::{self, Erased};
use crate::hub::keys;
use crate::hub::rows::{DoomedRow, Rows};
use crate::index::{Durability, IndexError, Writes};
use crate::journal::{Content, ContentKind, Destroyed, JournalError};

/// What was erased.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Erasure {
    pub(super) segments: u64,
    pub(super) contents: u64,
    pub(super) bytes: u64,
    pub(super) payloads: u64,
    /// An index engine that could not be freed of what was deleted from it.
    pub(super) index_unclean: bool,
}

/// What is doomed in one segment.
pub(super) struct Doomed {
    pub(super) segment: u32,
    /// Entry of the content, and whether its header data goes too.
    contents: HashMap<Seq, bool>,
    spill: bool,
    /// Every order that is seen here is of an entry before this one.
    through: Seq,
}

impl Hub {
    /// Erases what is doomed in at most `segments_max` segments. One at a time: others wait.
    pub(super) async fn erase(&self, segments_max: usize) -> Result<Erasure, Refusal> {
        let _one = self.0.erasing.lock().await;
        let mut done = Erasure::default();
        for _ in 0..segments_max {
            let Some(doomed) = self.read(|rows| Ok(doomed(rows)?))? else { break };
            self.erase_segment(&doomed, &mut done).await?;
        }
        Ok(done)
    }

    async fn erase_segment(&self, doomed: &Doomed, done: &mut Erasure) -> Result<(), Refusal> {
        let retention = &self.0.retention;
        if !retention.sealed().contains(&doomed.segment) {
            retention.ask_to_seal();
            self.commit(Command::Seal).await?;
        }
        // 1. The segment without the bytes, durable. A crash before: nothing has changed, and this is done again.
        let mut choose = |seq: Seq, content: &Content| is_doomed(doomed, seq, content);
        let destroyed = match retention.destroy(doomed.segment, &mut choose) {
            // On a full disk the reserve makes room for the new segment.
            Err(error) if error.lacks_room() && self.0.room.spend() => retention.destroy(doomed.segment, &mut choose),
            answer => answer,
        };
        let destroyed = destroyed.map_err(|error| failed(&error))?;
        // 2. The files of large documents. A crash before 4: they are named and removed again.
        for name in &destroyed.payloads {
            self.0.payloads.remove(*name).map_err(|error| failed(&error))?;
        }
        // 3. Of a spill nothing may stay in the index's files either.
        if doomed.spill && !self.clean_index()? {
            done.index_unclean = true;
        }
        // 4. It is done.
        let generation = retention.generation(doomed.segment).unwrap_or_default();
        let erased = Erased(event(doomed, generation, &destroyed));
        self.commit(Command::Erased(Box::new(erased))).await?;
        done.add(&destroyed);
        Ok(())
    }

    /// Writes the index anew, so that what was deleted from it is not left in its files; false if its engine cannot.
    fn clean_index(&self) -> Result<bool, Refusal> {
        let index = &self.0.shared.index;
        index.apply(&Writes::new(), Durability::Checkpoint)?;
        Ok(index.renew()?)
    }
}

/// What is doomed in the first segment that has anything doomed.
pub(super) fn doomed(rows: &Rows<'_>) -> Result<Option<Doomed>, IndexError> {
    let Some(segment) = first_segment(rows)? else { return Ok(None) };
    let found: Vec<(MessageId, DoomedRow)> = rows.under(&keys::doomed_segment(segment), destroy::doomed)?;
    let spill = found.iter().any(|(_, row)| row.spill);
    let mut contents = HashMap::new();
    for (_, row) in found {
        *contents.entry(row.at).or_default() |= row.header;
    }
    Ok(Some(Doomed { segment, contents, spill, through: rows.head()?.next }))
}

fn first_segment(rows: &Rows<'_>) -> Result<Option<u32>, IndexError> {
    let prefix = keys::doomed_prefix();
    let mut first = None;
    rows.0.scan(prefix.as_slice(), &prefix.after_prefix(), false, &mut |key, _| {
        let rest = key.get(prefix.as_slice().len()..).unwrap_or_default();
        first = rest.first_chunk::<4>().copied().map(u32::from_be_bytes);
        std::ops::ControlFlow::Break(())
    })?;
    Ok(first)
}

/// Bodies, and header data where the order says so. Certificates and CRLs are entries of their own and never doomed;
/// the reasons of operators stay.
pub(super) fn is_doomed(doomed: &Doomed, seq: Seq, content: &Content) -> bool {
    let Some(header) = doomed.contents.get(&seq) else { return false };
    match content.kind {
        ContentKind::Body => true,
        ContentKind::Header => *header,
        ContentKind::Evidence | ContentKind::Material | ContentKind::Text => false,
    }
}

pub(super) fn event(doomed: &Doomed, generation: u32, destroyed: &Destroyed) -> Event {
    let Doomed { segment, through, .. } = doomed;
    let Destroyed { contents, bytes, payloads } = destroyed;
    let payloads = u64::try_from(payloads.len()).unwrap_or(u64::MAX);
    Event::Erased { segment: *segment, generation, contents: *contents, bytes: *bytes, payloads, through: *through }
}

impl Erasure {
    fn add(&mut self, destroyed: &Destroyed) {
        self.segments = self.segments.saturating_add(1);
        self.contents = self.contents.saturating_add(destroyed.contents);
        self.bytes = self.bytes.saturating_add(destroyed.bytes);
        let payloads = u64::try_from(destroyed.payloads.len()).unwrap_or(u64::MAX);
        self.payloads = self.payloads.saturating_add(payloads);
    }
}

fn failed(error: &JournalError) -> Refusal {
    tracing::error!(%error, "contents could not be destroyed; it is tried again at the next call or start");
    Refusal::new(Code::StorageFailed, "contents could not be destroyed")
}

/// Carries out, on a thread of its own, what a crash has kept from being carried out.
pub(super) fn resume(hub: &Arc<Inner>) -> std::io::Result<()> {
    let hub = Arc::downgrade(hub);
    let thread = std::thread::Builder::new().name("truc-erase".to_owned());
    thread.spawn(move || resumed(&hub)).map(|_| ())
}

fn resumed(hub: &Weak<Inner>) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().build() else { return };
    loop {
        let Some(hub) = hub.upgrade().map(Hub) else { return };
        match runtime.block_on(hub.erase(1)) {
            Ok(Erasure { segments: 0, .. }) => return,
            Ok(erasure) => tracing::info!(?erasure, "a destruction that was interrupted has been carried out"),
            Err(refusal) => return tracing::error!(%refusal, "a destruction that was interrupted cannot go on"),
        }
    }
}
