//! Opening a journal: what a crash may leave is put right, what it may not is a refusal.
//!
//! A crash can leave, in the last segment only, a last record that is not whole: it was never acknowledged and is cut
//! off. Anything else that is not as it was written is damage. `docs/journal-format.md` tells each case.

use std::collections::BTreeMap;
use std::io::IoSlice;
use std::path::Path;
use std::sync::Arc;

use crate::domain::Seq;
use crate::journal::disk::{Disk, read_full_at, write_all_at};
use crate::journal::files::record::{self, Chain};
use crate::journal::files::segment::{self, NotAHeader};
use crate::journal::files::shared::{Segment, Shared, damaged};
use crate::journal::files::toc::{self, Toc};
use crate::journal::files::window::{Flaw, SEQUENTIAL_BYTES, Window, end_of};
use crate::journal::{Damage, JournalError, Position, RECORD_BYTES_MAX};

/// What opening had to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovery {
    /// The journal was not closed; its last segment was read again, whole.
    pub unclean: bool,
    /// A record that was never acknowledged, and that was cut off because it was not whole.
    pub cut: Option<Cut>,
}

/// Bytes that were cut off the last segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cut {
    /// The segment.
    pub segment: u32,
    /// Where it ends now, in bytes.
    pub offset: u32,
    /// How many bytes went.
    pub bytes: u32,
}

/// A journal as it was found and put right.
pub(super) struct Opened {
    pub(super) shared: Shared,
    pub(super) recovery: Recovery,
    /// What the next record continues.
    pub(super) next: Chain,
    pub(super) last: Option<Position>,
}

/// Opens the journal in `folder`, which exists. The first `promised` entries were durable.
pub(super) fn open(disk: Arc<dyn Disk>, folder: &Path, promised: Seq) -> Result<Opened, JournalError> {
    let lengths = segments_in(disk.as_ref(), folder)?;
    let mut segments = Vec::with_capacity(lengths.len());
    for (expected, (&number, &length)) in (1..).zip(&lengths) {
        if number != expected {
            return Err(damaged(expected, 0, Damage::SegmentMissing));
        }
        let end = u32::try_from(length).map_err(|_| damaged(number, 0, Damage::SegmentLength))?;
        let header = read_header(disk.as_ref(), folder, number)?;
        check_order(&header, segments.last())?;
        segments.push(Segment { header, end, rows: None });
    }
    recover_last(Shared::new(disk, folder.to_owned(), segments), promised)
}

/// The segments by number, with their lengths; what was not finished is removed.
fn segments_in(disk: &dyn Disk, folder: &Path) -> Result<BTreeMap<u32, u64>, JournalError> {
    let failed = |action| move |source| JournalError::Io { action, source };
    let mut segments = BTreeMap::new();
    for file in disk.list(folder).map_err(failed("list the journal"))? {
        if file.name.ends_with(segment::UNFINISHED) {
            disk.remove(&folder.join(&file.name)).map_err(failed("remove an unfinished file"))?;
        } else if let Some(number) = segment::number_of(&file.name) {
            segments.insert(number, file.length);
        }
    }
    // Also for what an earlier process created or removed and did not come to sync.
    disk.sync_folder(folder).map_err(failed("sync the journal's folder"))?;
    Ok(segments)
}

fn read_header(disk: &dyn Disk, folder: &Path, number: u32) -> Result<segment::Header, JournalError> {
    let failed = |source| JournalError::Io { action: "read a segment", source };
    let file = disk.open(&folder.join(segment::file_name(number)), false).map_err(failed)?;
    let mut bytes = vec![0; usize::try_from(segment::HEADER_BYTES).unwrap_or_default()];
    let read = read_full_at(file.as_ref(), &mut bytes, 0).map_err(failed)?;
    match segment::Header::parse(bytes.get(..read).unwrap_or_default()) {
        Ok(header) if header.number == number => Ok(header),
        Ok(_) => Err(damaged(number, 0, Damage::SegmentChain)),
        Err(NotAHeader::Invalid) => Err(damaged(number, 0, Damage::SegmentHeader)),
        Err(NotAHeader::Version(version)) => Err(JournalError::Version(version)),
    }
}

/// Whether `header` can follow the segment `before`, as far as headers and lengths tell.
fn check_order(header: &segment::Header, before: Option<&Segment>) -> Result<(), JournalError> {
    let Some(before) = before else {
        let first = header.follows == Chain::START && header.previous_bytes == 0;
        return if first { Ok(()) } else { Err(damaged(header.number, 0, Damage::SegmentChain)) };
    };
    let Segment { header: previous, end, .. } = before;
    if header.previous_bytes != u64::from(*end) {
        return Err(damaged(previous.number, *end, Damage::SegmentLength));
    }
    let grows = header.follows.record > previous.follows.record && header.follows.seq >= previous.follows.seq;
    let follows = grows && header.journal == previous.journal;
    if follows { Ok(()) } else { Err(damaged(header.number, 0, Damage::SegmentChain)) }
}

/// Puts the last segment right: it is sealed, unless it has no record yet.
fn recover_last(shared: Shared, promised: Seq) -> Result<Opened, JournalError> {
    let Some(last) = shared.segments().last().cloned() else {
        let recovery = Recovery::default();
        return Ok(Opened { shared, recovery, next: Chain::START, last: None });
    };
    let number = last.header.number;
    let Some(mut window) = shared.window(number, SEQUENTIAL_BYTES)? else {
        return Err(damaged(number, 0, Damage::SegmentMissing));
    };
    let (toc, recovery) = match shared.read_toc(&last.header) {
        Some(toc) => (check_sealed(&mut window, toc)?, Recovery::default()),
        None => recover_unsealed(&shared, &mut window, promised)?,
    };
    let last = match toc.rows.last() {
        Some(row) => Some(Position { segment: number, offset: row.offset }),
        None => remove_empty(&shared, number)?,
    };
    if let Some(segment) = shared.segments_mut().last_mut().filter(|segment| segment.header.number == number) {
        segment.end = toc.end;
    }
    Ok(Opened { next: toc.next, shared, recovery, last })
}

/// Removes the last segment, which has no record: its name may be visible and yet not on the disk, so nothing may be
/// acknowledged in it. Gives the last record of the segment before it.
fn remove_empty(shared: &Shared, number: u32) -> Result<Option<Position>, JournalError> {
    let failed = |source| JournalError::Io { action: "remove a segment without records", source };
    shared.disk.remove(&shared.folder.join(segment::file_name(number))).map_err(failed)?;
    shared.disk.sync_folder(&shared.folder).map_err(failed)?;
    shared.removed_last();
    last_before(shared, number)
}

/// The last record of the segment before this one.
fn last_before(shared: &Shared, number: u32) -> Result<Option<Position>, JournalError> {
    let segment = number.saturating_sub(1);
    if segment == 0 {
        return Ok(None);
    }
    Ok(shared.toc(segment)?.rows.last().map(|row| Position { segment, offset: row.offset }))
}

/// A segment with a table of contents was sealed: it is as long as the table says, and its last record is whole.
fn check_sealed(window: &mut Window, toc: Toc) -> Result<Toc, JournalError> {
    let number = window.segment.number;
    if toc.end != window.end {
        return Err(damaged(number, window.end.min(toc.end), Damage::SegmentLength));
    }
    let Some(row) = toc.rows.last() else { return Err(damaged(number, 0, Damage::SegmentChain)) };
    let at = |flaw: Flaw| flaw.at(number, row.offset);
    let header = window.header(row.offset).map_err(at)?;
    window.record(&header, row.offset).map_err(at)?;
    if header.next() != toc.next || end_of(&header, row.offset) != toc.end {
        return Err(damaged(number, row.offset, Damage::RecordChain));
    }
    Ok(toc)
}

/// A segment without one was being written to when the process ended. What was promised is never cut off: it was durable.
fn recover_unsealed(shared: &Shared, window: &mut Window, promised: Seq) -> Result<(Toc, Recovery), JournalError> {
    let scanned = scan(window)?;
    if let Some(damage) = scanned.flaw {
        judge(window, scanned.toc.end, &scanned.toc.next, damage)?;
        if scanned.toc.next.seq < promised {
            return Err(damaged(window.segment.number, scanned.toc.end, damage));
        }
    }
    let (segment, offset) = (window.segment.number, scanned.toc.end);
    let bytes = window.end.saturating_sub(offset);
    let cut = (bytes > 0).then_some(Cut { segment, offset, bytes });
    if let Some(last) = scanned.toc.rows.last() {
        settle(shared, window, last.offset, offset)?;
        shared.write_toc(&scanned.toc, &window.segment);
    }
    Ok((scanned.toc, Recovery { unclean: true, cut }))
}

struct Scanned {
    /// The whole records from the start on.
    toc: Toc,
    /// Why they end before the segment does.
    flaw: Option<Damage>,
}

fn scan(window: &mut Window) -> Result<Scanned, JournalError> {
    let mut toc = Toc { end: segment::HEADER_BYTES, next: window.segment.follows, rows: Vec::new() };
    while toc.end < window.end {
        let offset = toc.end;
        let read = window.header_after(offset, &toc.next);
        let header = match read.and_then(|header| window.record(&header, offset).map(|_| header)) {
            Ok(header) => header,
            Err(Flaw::Damage(damage)) => return Ok(Scanned { toc, flaw: Some(damage) }),
            Err(flaw) => return Err(flaw.at(window.segment.number, offset)),
        };
        toc.rows.push(toc::Row { seq: header.follows.seq, entries: header.entries, offset });
        (toc.end, toc.next) = (end_of(&header, offset), header.next());
    }
    Ok(Scanned { toc, flaw: None })
}

/// Whether what stands from `offset` on can be a record that a crash interrupted. Each record is durable before the
/// next one is written, so nothing can stand after such a record.
fn judge(window: &mut Window, offset: u32, next: &Chain, damage: Damage) -> Result<(), JournalError> {
    let number = window.segment.number;
    let torn = match damage {
        Damage::Truncated | Damage::Entries | Damage::Body => {
            let header = window.header_after(offset, next).map_err(|flaw| flaw.at(number, offset))?;
            end_of(&header, offset) >= window.end
        }
        Damage::RecordHeader => !a_record_follows(window, offset).map_err(|flaw| flaw.at(number, offset))?,
        _ => false,
    };
    if torn { Ok(()) } else { Err(damaged(number, offset, damage)) }
}

/// Whether there is anything after `offset` that an interrupted record cannot have left: more bytes than a record has,
/// or the header of a record of this segment.
fn a_record_follows(window: &mut Window, offset: u32) -> Result<bool, Flaw> {
    let rest = usize::try_from(window.end.saturating_sub(offset)).unwrap_or(usize::MAX);
    if rest > RECORD_BYTES_MAX {
        return Ok(true);
    }
    let bytes = window.get(offset, rest)?;
    let nonce = window.segment.nonce;
    let mut starts = memchr::memmem::find_iter(&bytes, &nonce)
        .filter_map(|at| at.checked_sub(record::NONCE_OFFSET).filter(|start| *start > 0));
    Ok(starts.any(|start| {
        let header = bytes.get(start..).and_then(record::Header::parse);
        header.is_some_and(|header| window.owns(&header))
    }))
}

/// Cuts off what stands after `end`, and writes the last whole record, from `start`, once more: after a sync that failed
/// it may be readable and yet not on the disk, and a sync alone would not bring it there.
fn settle(shared: &Shared, window: &mut Window, start: u32, end: u32) -> Result<(), JournalError> {
    let failed = |source| JournalError::Io { action: "put the last segment right", source };
    let number = window.segment.number;
    let length = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
    let bytes = window.get(start, length).map_err(|flaw| flaw.at(number, start))?;
    let file = shared.disk.open(&shared.folder.join(segment::file_name(number)), true).map_err(failed)?;
    if window.end > end {
        file.truncate(u64::from(end)).map_err(failed)?;
    }
    write_all_at(file.as_ref(), &mut [IoSlice::new(&bytes)], u64::from(start)).map_err(failed)?;
    file.sync().map_err(failed)
}
