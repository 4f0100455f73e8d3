//! The scrub: reads every sealed segment and every payload again, slowly, so that what the disk has lost is found while
//! backups and recipients still have it, and not when it is asked for. Damage is an alarm: in the log, in `/metrics`; what
//! is damaged is never handed out, and `truc doctor` says which documents it touches and what can be done.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use ring::digest::{Context, SHA256};

use crate::domain::{Digest, MessageId};
use crate::engine::hub::Inner;
use crate::hub::{Entry, Event};
use crate::journal::disk::{Disk, FileSource};
use crate::journal::{Body, Extent, Inspected, JournalError, Payload, Record, inspect};

/// How long it sleeps at a time: a hub that closes is not kept.
const NAP: Duration = Duration::from_secs(1);
/// Bytes of a payload that are read at a time.
const BLOCK_BYTES: usize = 1 << 20;

/// What the scrub reads.
pub(super) struct Ground {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) folder: PathBuf,
    /// Bytes a second; 0 for none at all.
    pub(super) bytes_per_second: u64,
    /// Before the first pass, and between two.
    pub(super) pause: Duration,
}

/// Reads on and on until the hub is gone.
pub(super) fn start(hub: &Arc<Inner>, ground: Ground) -> std::io::Result<()> {
    if ground.bytes_per_second == 0 {
        return Ok(());
    }
    let hub = Arc::downgrade(hub);
    let run = move || {
        while rest(&hub, ground.pause.max(NAP)) {
            Pass { hub: &hub, ground: &ground, owed: 0, damaged: 0 }.run();
        }
    };
    std::thread::Builder::new().name("truc-scrub".to_owned()).spawn(run).map(|_| ())
}

/// Sleeps; false when the hub is gone.
fn rest(hub: &Weak<Inner>, time: Duration) -> bool {
    let mut left = time;
    while !left.is_zero() {
        let nap = left.min(NAP);
        std::thread::sleep(nap);
        left = left.saturating_sub(nap);
        if hub.strong_count() == 0 {
            return false;
        }
    }
    hub.strong_count() > 0
}

/// One pass.
struct Pass<'a> {
    hub: &'a Weak<Inner>,
    ground: &'a Ground,
    /// Bytes read since the last nap.
    owed: u64,
    damaged: u64,
}

impl Pass<'_> {
    /// Gives the number of damaged places.
    fn run(mut self) -> u64 {
        let extent = Extent { sealed_only: true, ..Extent::default() };
        let (disk, folder) = (Arc::clone(&self.ground.disk), self.ground.folder.clone());
        let inspected = inspect(disk.as_ref(), &folder, extent, &mut |inspected| self.visit(inspected));
        if let Err(error) = inspected {
            self.alarm(&error.to_string());
        }
        if let Some(hub) = self.hub.upgrade() {
            hub.shared.damaged.store(self.damaged, Ordering::Relaxed);
        }
        self.damaged
    }

    fn visit(&mut self, inspected: Inspected) -> ControlFlow<()> {
        match inspected {
            Inspected::Segment { .. } => {}
            Inspected::Damaged(wound) => self.alarm(&JournalError::from(&wound).to_string()),
            Inspected::Record(record) => {
                self.owed = self.owed.saturating_add(bytes(&record));
                for content in &record.batch.contents {
                    if let Body::Payload(payload) = &content.body {
                        self.payload(payload, content.entry, &record);
                    }
                }
            }
        }
        self.pace()
    }

    fn payload(&mut self, payload: &Payload, entry: u32, record: &Record) {
        let Some(hub) = self.hub.upgrade() else { return };
        let file = hub.payloads.read(payload);
        drop(hub);
        let read = file.is_ok_and(|file| {
            self.digest(&file).is_ok_and(|sha256| sha256.is_none_or(|sha256| sha256 == payload.sha256))
        });
        if !read && !self.was_destroyed(payload, record) {
            let damaged = JournalError::PayloadDamaged { name: payload.name };
            self.alarm(&format!("{damaged}; {}", whose(entry, record)));
        }
    }

    /// The digest of the bytes; nothing if the hub is gone meanwhile.
    fn digest(&mut self, file: &FileSource) -> std::io::Result<Option<Digest>> {
        let (mut reader, mut hash, mut block) = (file.reader(), Context::new(&SHA256), vec![0; BLOCK_BYTES]);
        loop {
            let read = reader.read(&mut block)?;
            let Some(bytes) = block.get(..read).filter(|bytes| !bytes.is_empty()) else { break };
            hash.update(bytes);
            self.owed = self.owed.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            if self.pace().is_break() {
                return Ok(None);
            }
        }
        Ok(Some(hash.finish().into()))
    }

    /// Whether it went by retention while it was read.
    fn was_destroyed(&self, payload: &Payload, record: &Record) -> bool {
        let Some(hub) = self.hub.upgrade() else { return true };
        let now = hub.shared.journal.record_at(record.placed.position);
        now.is_ok_and(|now| !now.batch.contents.iter().any(|content| content.body == Body::Payload(*payload)))
    }

    fn alarm(&mut self, what: &str) {
        self.damaged = self.damaged.saturating_add(1);
        tracing::error!(what, "DAMAGE was found while reading what is kept: run truc doctor");
        if let Some(hub) = self.hub.upgrade() {
            hub.shared.damaged.fetch_max(self.damaged, Ordering::Relaxed);
        }
    }

    /// Not faster than it may.
    fn pace(&mut self) -> ControlFlow<()> {
        let a_nap = self.ground.bytes_per_second;
        while self.owed >= a_nap {
            self.owed = self.owed.saturating_sub(a_nap);
            if !rest(self.hub, NAP) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

/// The message whose bytes they are.
fn whose(entry: u32, record: &Record) -> String {
    let seq = record.first_seq.saturating_add(u64::from(entry));
    let bytes = usize::try_from(entry).ok().and_then(|entry| record.batch.entries.get(entry));
    let message = bytes.and_then(|bytes| Entry::from_bytes(bytes).ok()).and_then(|entry| message_of(&entry));
    message.map_or_else(|| format!("entry {seq}"), |message| format!("message {message}, entry {seq}"))
}

fn message_of(entry: &Entry) -> Option<MessageId> {
    match &entry.event {
        Event::Status { message, .. } => Some(*message),
        _ => entry.subject(),
    }
}

fn bytes(record: &Record) -> u64 {
    let inline = record.batch.contents.iter().map(|content| match &content.body {
        Body::Inline(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        _ => 0,
    });
    let entries = record.batch.entries.iter().map(|entry| u64::try_from(entry.len()).unwrap_or(u64::MAX));
    inline.chain(entries).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::domain::Timestamp;
    use crate::journal::disk::Simulated;
    use crate::journal::{Batch, FileJournal, Journal, Options};

    fn pass(disk: &Simulated) -> u64 {
        let disk = Arc::new(disk.clone());
        let ground = Ground { disk, folder: PathBuf::from("/j"), bytes_per_second: u64::MAX, pause: NAP };
        Pass { hub: &Weak::new(), ground: &ground, owed: 0, damaged: 0 }.run()
    }

    #[test]
    fn a_flipped_byte_in_an_old_segment_is_found() {
        let disk = Simulated::new();
        let folder = PathBuf::from("/j");
        let options = Options { segment_bytes: 2_000 };
        let mut journal = FileJournal::open(Arc::new(disk.clone()), &folder, options).unwrap();
        for number in 0..30 {
            let entries = vec![Bytes::from(vec![b'x'; 300])];
            let batch = Batch { time: Timestamp::from_millis(1), checkpoint: None, entries, contents: Vec::new() };
            journal.append(number, &batch).unwrap();
        }
        assert_eq!(pass(&disk), 0, "also beside a segment that is written to");
        disk.tamper(&folder.join("0000000002.segment"), |file| file[400] ^= 1).unwrap();
        assert_eq!(pass(&disk), 1, "one place, and everything after it is read");
        disk.tamper(&folder.join("0000000004.segment"), |file| file[130] ^= 1).unwrap();
        assert_eq!(pass(&disk), 2);
    }

    #[test]
    fn a_pass_ends_with_its_hub() {
        assert!(!rest(&Weak::new(), Duration::from_millis(1)));
    }
}
