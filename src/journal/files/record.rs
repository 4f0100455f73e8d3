//! The bytes of a record: how a batch is written and how it is read back. No I/O. `docs/journal-format.md` has the
//! tables; nothing here changes without a new format version.
//!
//! A record is a header of fixed size, the *directory* (checkpoint, entries, list of contents) and the in-line bodies.
//! All numbers are big-endian.

use bytes::{Buf, Bytes};

use crate::domain::{Digest, Seq, Timestamp};
use crate::journal::files::row::{ROW_BYTES_MIN, ROW_BYTES_PAYLOAD, Row, take};
use crate::journal::{
    Batch, Body, Damage, ENTRY_BYTES_MAX, INLINE_BYTES_MAX, JournalError, Placed, Position, RECORD_BYTES_MAX, Record,
};

/// First bytes of a record; the last of them is the format version.
pub(super) const MAGIC: [u8; 8] = *b"TRUCREC\x01";

/// Length of a record's header in bytes.
pub(super) const HEADER_BYTES: usize = 160;

/// Where the segment's nonce stands in a header.
pub(super) const NONCE_OFFSET: usize = 8;

/// Bytes of the header, from its start, that the record's digest covers.
const DIGESTED_HEADER_BYTES: usize = 76;

/// Random bytes that every record of a segment repeats: nobody outside can make bytes that look like its records.
pub(super) type Nonce = [u8; 16];

/// What the next record has to continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chain {
    /// Its number.
    pub(super) record: u64,
    /// Sequence number of its first entry.
    pub(super) seq: Seq,
    /// Digest of the record before it; zeros before the first.
    pub(super) digest: Digest,
}

impl Chain {
    /// Before the first record of a journal.
    pub(super) const START: Self = Self { record: 0, seq: 0, digest: Digest([0; 32]) };
}

/// The header of a record, checked by its own checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) nonce: Nonce,
    pub(super) segment: u32,
    pub(super) entries: u32,
    pub(super) follows: Chain,
    pub(super) time: Timestamp,
    pub(super) contents: u32,
    checkpoint_bytes: u32,
    entries_bytes: u32,
    contents_bytes: u32,
    bodies_bytes: u32,
    directory_crc: u32,
    pub(super) digest: Digest,
}

impl Header {
    /// From the first bytes of a record; `None` if they are not a header as it was written.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (covered, _) = bytes.split_at_checked(HEADER_BYTES - 4)?;
        let mut rest = bytes.get(..HEADER_BYTES)?;
        let magic = take::<8>(&mut rest)?;
        let nonce = take(&mut rest)?;
        let (segment, entries) = (rest.try_get_u32().ok()?, rest.try_get_u32().ok()?);
        let (record, seq) = (rest.try_get_u64().ok()?, rest.try_get_u64().ok()?);
        let time = Timestamp::from_millis(rest.try_get_i64().ok()?);
        let (contents, checkpoint_bytes) = (rest.try_get_u32().ok()?, rest.try_get_u32().ok()?);
        let (entries_bytes, contents_bytes) = (rest.try_get_u32().ok()?, rest.try_get_u32().ok()?);
        let (bodies_bytes, directory_crc) = (rest.try_get_u32().ok()?, rest.try_get_u32().ok()?);
        let previous = Digest(take(&mut rest)?);
        let digest = Digest(take(&mut rest)?);
        let (zero, crc) = (take::<12>(&mut rest)?, rest.try_get_u32().ok()?);
        let header = Self {
            nonce,
            segment,
            entries,
            follows: Chain { record, seq, digest: previous },
            time,
            contents,
            checkpoint_bytes,
            entries_bytes,
            contents_bytes,
            bodies_bytes,
            directory_crc,
            digest,
        };
        let sound = magic == MAGIC && zero == [0; 12] && crc == crc32c::crc32c(covered) && header.is_bounded();
        sound.then_some(header)
    }

    /// Whether it says a length that [`encode`] can make: an entry takes at least 3 bytes, a content 56.
    fn is_bounded(&self) -> bool {
        self.length() <= RECORD_BYTES_MAX
            && u64::from(self.entries) * 3 <= u64::from(self.entries_bytes)
            && u64::from(self.contents) * 56 <= u64::from(self.contents_bytes)
            && self.follows.seq.checked_add(u64::from(self.entries)).is_some()
    }

    /// Length of the record in bytes.
    pub(super) fn length(&self) -> usize {
        HEADER_BYTES.saturating_add(self.directory_length()).saturating_add(size(self.bodies_bytes))
    }

    /// Length of checkpoint, entries and list of contents in bytes.
    pub(super) fn directory_length(&self) -> usize {
        let parts = [self.checkpoint_bytes, self.entries_bytes, self.contents_bytes];
        parts.into_iter().map(size).fold(0, usize::saturating_add)
    }

    /// What the record after this one has to continue.
    pub(super) fn next(&self) -> Chain {
        Chain {
            record: self.follows.record.saturating_add(1),
            seq: self.follows.seq.saturating_add(u64::from(self.entries)),
            digest: self.digest,
        }
    }

    fn write(&self, to: &mut Vec<u8>) {
        let start = to.len();
        to.extend_from_slice(&MAGIC);
        to.extend_from_slice(&self.nonce);
        to.extend([self.segment, self.entries].into_iter().flat_map(u32::to_be_bytes));
        to.extend([self.follows.record, self.follows.seq].into_iter().flat_map(u64::to_be_bytes));
        to.extend_from_slice(&self.time.as_millis().to_be_bytes());
        let lengths =
            [self.contents, self.checkpoint_bytes, self.entries_bytes, self.contents_bytes, self.bodies_bytes];
        to.extend(lengths.into_iter().flat_map(u32::to_be_bytes));
        to.extend_from_slice(&self.directory_crc.to_be_bytes());
        to.extend_from_slice(self.follows.digest.as_bytes());
        to.extend_from_slice(self.digest.as_bytes());
        to.extend_from_slice(&[0; 12]);
        let crc = crc32c::crc32c(to.get(start..).unwrap_or_default());
        to.extend_from_slice(&crc.to_be_bytes());
    }

    /// SHA-256 of what never changes in a record: its header, `fixed` (checkpoint and entries), and the permanent parts
    /// of its rows.
    fn digest_over(&self, fixed: &[u8], rows: &[Row]) -> Digest {
        let mut header = Vec::with_capacity(HEADER_BYTES);
        self.write(&mut header);
        let mut permanent = Vec::new();
        for row in rows {
            row.write_permanent(&mut permanent);
        }
        let header = header.get(..DIGESTED_HEADER_BYTES).unwrap_or_default();
        Digest::of_parts(&[header, self.follows.digest.as_bytes(), fixed, &permanent])
    }

    /// Where the record and its bodies are if it stands at `position`.
    fn place(&self, rows: &[Row], position: Position) -> Placed {
        let before_bodies = self.length().saturating_sub(size(self.bodies_bytes));
        let mut offset = position.offset.saturating_add(count(before_bodies));
        let locate = |(content, row): (usize, &Row)| {
            let location = row.location(position, count(content), offset);
            offset = offset.saturating_add(u32::try_from(row.inline_length()).unwrap_or(u32::MAX));
            location
        };
        Placed { position, bodies: rows.iter().enumerate().map(locate).collect() }
    }
}

/// A record ready to be written: `head` first, then the in-line bodies as they stand in the batch.
#[derive(Debug)]
pub(super) struct Encoded {
    /// Header and directory.
    pub(super) head: Vec<u8>,
    /// Length of the whole record in bytes.
    pub(super) length: usize,
    /// What the next record has to continue.
    pub(super) next: Chain,
    /// Where it will be.
    pub(super) placed: Placed,
}

/// Checks that `batch` keeps the contract of `append`, and gives the length of its record in bytes.
pub(in crate::journal) fn measure(batch: &Batch) -> Result<usize, JournalError> {
    let wrong = |what| Err(JournalError::NotABatch(what));
    if batch.entries.is_empty() && batch.checkpoint.as_ref().is_none_or(Bytes::is_empty) {
        return wrong("there is nothing in it");
    }
    if batch.entries.iter().any(|entry| entry.is_empty() || entry.len() > ENTRY_BYTES_MAX) {
        return wrong("an entry is empty or too long");
    }
    for content in &batch.contents {
        if size(content.entry) >= batch.entries.len() {
            return wrong("a content belongs to no entry");
        }
        match &content.body {
            Body::Inline(bytes) if bytes.len() > INLINE_BYTES_MAX => return wrong("an in-line body is too long"),
            Body::Destroyed { .. } => return wrong("a destroyed content cannot be appended"),
            Body::Inline(_) | Body::Payload(_) => {}
        }
    }
    let entries = batch.entries.iter().map(|entry| entry.len() + 2).sum::<usize>();
    let rows = batch
        .contents
        .iter()
        .map(|content| {
            if matches!(content.body, Body::Inline(_)) {
                ROW_BYTES_MIN + usize::try_from(content.body.len()).unwrap_or(usize::MAX)
            } else {
                ROW_BYTES_PAYLOAD
            }
        })
        .sum::<usize>();
    let length = HEADER_BYTES + batch.checkpoint.as_ref().map_or(0, Bytes::len) + entries + rows;
    if length > RECORD_BYTES_MAX { wrong("it is too long for a record") } else { Ok(length) }
}

/// The record of a batch that [`measure`] has passed, at `position`. Contents may be destroyed ones.
pub(super) fn encode(batch: &Batch, nonce: Nonce, follows: Chain, position: Position) -> Encoded {
    let mut directory = Vec::from(batch.checkpoint.as_deref().unwrap_or_default());
    let checkpoint_bytes = directory.len();
    for entry in &batch.entries {
        directory.extend_from_slice(&u16::try_from(entry.len()).unwrap_or(u16::MAX).to_be_bytes());
        directory.extend_from_slice(entry);
    }
    let fixed_bytes = directory.len();
    let rows: Vec<Row> = batch.contents.iter().map(Row::of).collect();
    for row in &rows {
        row.write(&mut directory);
    }
    let mut header = Header {
        nonce,
        segment: position.segment,
        entries: count(batch.entries.len()),
        follows,
        time: batch.time,
        contents: count(rows.len()),
        checkpoint_bytes: count(checkpoint_bytes),
        entries_bytes: count(fixed_bytes - checkpoint_bytes),
        contents_bytes: count(directory.len() - fixed_bytes),
        bodies_bytes: rows.iter().map(|row| u32::try_from(row.inline_length()).unwrap_or(u32::MAX)).sum(),
        directory_crc: crc32c::crc32c(&directory),
        digest: Digest([0; 32]),
    };
    header.digest = header.digest_over(directory.get(..fixed_bytes).unwrap_or_default(), &rows);
    let mut head = Vec::with_capacity(HEADER_BYTES + directory.len());
    header.write(&mut head);
    head.append(&mut directory);
    Encoded { head, length: header.length(), next: header.next(), placed: header.place(&rows, position) }
}

/// The in-line bodies of a batch, in order.
pub(super) fn inline_bodies(batch: &Batch) -> impl Iterator<Item = &Bytes> {
    batch.contents.iter().filter_map(|content| match &content.body {
        Body::Inline(bytes) => Some(bytes),
        Body::Payload(_) | Body::Destroyed { .. } => None,
    })
}

/// The record with this header: `rest` is all of it after the header. Every checksum is checked.
pub(super) fn decode(header: &Header, mut rest: Bytes, position: Position) -> Result<Record, Damage> {
    if rest.len() < header.length() - HEADER_BYTES {
        return Err(Damage::Truncated);
    }
    let (mut batch, rows) = decode_directory(header, &rest.split_to(header.directory_length()))?;
    for row in &rows {
        let inline = usize::try_from(row.inline_length()).unwrap_or(usize::MAX).min(rest.len());
        batch.contents.push(row.content(rest.split_to(inline))?);
    }
    let placed = header.place(&rows, position);
    Ok(Record { number: header.follows.record, first_seq: header.follows.seq, placed, batch })
}

/// The contents of a record whose in-line bodies are not as they were written, by their number; `rest` as for
/// [`decode`]. None if the directory itself is damaged.
pub(super) fn damaged_bodies(header: &Header, mut rest: Bytes) -> Vec<u32> {
    let directory = rest.split_to(header.directory_length().min(rest.len()));
    let Ok((_, rows)) = decode_directory(header, &directory) else { return Vec::new() };
    let mut damaged = Vec::new();
    for (number, row) in (0..).zip(&rows) {
        let inline = usize::try_from(row.inline_length()).unwrap_or(usize::MAX).min(rest.len());
        if row.content(rest.split_to(inline)).is_err() {
            damaged.push(number);
        }
    }
    damaged
}

/// Checkpoint, entries and list of contents: what stands between the header and the bodies. Checked, and the batch
/// has no contents yet.
pub(super) fn decode_directory(header: &Header, bytes: &Bytes) -> Result<(Batch, Vec<Row>), Damage> {
    if bytes.len() != header.directory_length() {
        return Err(Damage::Truncated);
    }
    if crc32c::crc32c(bytes) != header.directory_crc {
        return Err(Damage::Entries);
    }
    let mut rest = bytes.clone();
    let checkpoint = rest.split_to(size(header.checkpoint_bytes));
    let entries = read_entries(header, rest.split_to(size(header.entries_bytes))).ok_or(Damage::Unknown)?;
    let rows = read_rows(header, &rest).ok_or(Damage::Unknown)?;
    let fixed = bytes.len() - rest.len();
    if header.digest_over(bytes.get(..fixed).unwrap_or_default(), &rows) != header.digest {
        return Err(Damage::Digest);
    }
    let checkpoint = Some(checkpoint).filter(|text| !text.is_empty());
    Ok((Batch { time: header.time, checkpoint, entries, contents: Vec::with_capacity(rows.len()) }, rows))
}

fn read_entries(header: &Header, mut bytes: Bytes) -> Option<Vec<Bytes>> {
    let mut entries = Vec::with_capacity(size(header.entries));
    while !bytes.is_empty() {
        let length = usize::from(bytes.try_get_u16().ok()?);
        if length == 0 || length > bytes.len() {
            return None;
        }
        entries.push(bytes.split_to(length));
    }
    (entries.len() == size(header.entries)).then_some(entries)
}

fn read_rows(header: &Header, mut bytes: &[u8]) -> Option<Vec<Row>> {
    let mut rows = Vec::with_capacity(size(header.contents));
    while !bytes.is_empty() {
        rows.push(Row::read(&mut bytes)?);
    }
    let inline = rows.iter().fold(0, |sum: u64, row| sum.saturating_add(row.inline_length()));
    let sound = rows.len() == size(header.contents)
        && inline == u64::from(header.bodies_bytes)
        && rows.iter().all(|row| row.entry < header.entries);
    sound.then_some(rows)
}

fn size(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Of something that [`measure`] has bounded.
fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
