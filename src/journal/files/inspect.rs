//! Looking at a journal without changing it and without its lock: every segment, every record, past damage as far as
//! that can be done. For `truc doctor` and for the scrub of a running hub; whoever serves documents reads through
//! `read`, which never goes past damage.

use std::collections::BTreeMap;
use std::ops::{ControlFlow, Range};
use std::path::Path;

use bytes::Bytes;

use crate::domain::Seq;
use crate::journal::disk::{Disk, read_full_at};
use crate::journal::files::record::{self, Chain};
use crate::journal::files::segment::{self, NotAHeader};
use crate::journal::files::toc::{self, Toc};
use crate::journal::files::window::{Flaw, SEQUENTIAL_BYTES, Window, end_of};
use crate::journal::{Damage, JournalError, RECORD_BYTES_MAX, Record};

/// What was come by, in order.
#[derive(Debug)]
pub enum Inspected {
    /// A segment of this length begins.
    Segment {
        /// Its number.
        number: u32,
        /// Its length in bytes.
        bytes: u64,
        /// How often contents in it were destroyed, if its header is whole.
        generation: Option<u32>,
    },
    /// A whole record.
    Record(Record),
    /// Something is not as it was written.
    Damaged(Wound),
}

/// A damaged place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wound {
    /// The segment.
    pub segment: u32,
    /// Where the damage begins, in bytes.
    pub offset: u32,
    /// What is wrong.
    pub damage: Damage,
    /// The entries that are concerned, as far as that can be told.
    pub seqs: Option<Range<Seq>>,
    /// Those entries, where only bodies beside them are damaged.
    pub entries: Vec<Bytes>,
    /// The contents of the record whose bodies are damaged, by their number.
    pub bodies: Vec<u32>,
    /// It may be the record that a crash interrupted: the next start cuts it off, and nothing acknowledged is in it
    /// unless the disk has lied.
    pub may_be_torn: bool,
}

/// What to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Only the segments from this number on.
    pub from: u32,
    /// Only segments before this number.
    pub before: Option<u32>,
    /// Not the last segment, which may be written to just now.
    pub sealed_only: bool,
}

impl From<&Wound> for JournalError {
    fn from(wound: &Wound) -> Self {
        let Wound { segment, offset, damage, .. } = wound;
        Self::Damaged { segment: *segment, offset: u64::from(*offset), damage: *damage }
    }
}

/// Visits everything in the journal in `folder`, until `visit` breaks. Memory is bounded by a record.
///
/// # Errors
/// [`JournalError::Io`]: the folder or a segment cannot be read at all; [`JournalError::Version`].
pub fn inspect(
    disk: &dyn Disk,
    folder: &Path,
    extent: Extent,
    visit: &mut dyn FnMut(Inspected) -> ControlFlow<()>,
) -> Result<(), JournalError> {
    let segments = segments(disk, folder)?;
    let last = segments.keys().next_back().copied().unwrap_or_default();
    let before = if extent.sealed_only { Some(last) } else { extent.before };
    let mut inspector = Inspector { disk, folder, visit, next: None, before: None };
    for number in extent.from.max(1)..=last {
        if before.is_some_and(|before| number >= before) {
            break;
        }
        let flow = match segments.get(&number) {
            Some(bytes) => inspector.segment(number, *bytes, number == last)?,
            None => inspector.missing(number),
        };
        if flow.is_break() {
            break;
        }
    }
    Ok(())
}

fn segments(disk: &dyn Disk, folder: &Path) -> Result<BTreeMap<u32, u64>, JournalError> {
    let listed = disk.list(folder).map_err(|source| JournalError::Io { action: "list the journal", source })?;
    Ok(listed.into_iter().filter_map(|file| Some((segment::number_of(&file.name)?, file.length))).collect())
}

struct Inspector<'a> {
    disk: &'a dyn Disk,
    folder: &'a Path,
    visit: &'a mut dyn FnMut(Inspected) -> ControlFlow<()>,
    /// What the next record has to continue, where that is known.
    next: Option<Chain>,
    /// The segment before, and its length.
    before: Option<(segment::Header, u64)>,
}

impl Inspector<'_> {
    fn missing(&mut self, number: u32) -> ControlFlow<()> {
        (self.next, self.before) = (None, None);
        (self.visit)(Inspected::Damaged(wound(number, 0, Damage::SegmentMissing)))
    }

    fn segment(&mut self, number: u32, bytes: u64, is_last: bool) -> Result<ControlFlow<()>, JournalError> {
        let failed = |source| JournalError::Io { action: "read a segment", source };
        let file = self.disk.open(&self.folder.join(segment::file_name(number)), false).map_err(failed)?;
        let mut start = vec![0; header_bytes() + record::HEADER_BYTES];
        let read = read_full_at(file.as_ref(), &mut start, 0).map_err(failed)?;
        start.truncate(read);
        let parsed = header_of(number, &start);
        let generation = parsed.as_ref().ok().map(|header| header.generation);
        if (self.visit)(Inspected::Segment { number, bytes, generation }).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let sound = parsed.is_ok();
        let (header, flow) = match parsed {
            Ok(header) => (Some(header), self.check_order(&header)),
            Err(NotAHeader::Version(version)) => return Err(JournalError::Version(version)),
            Err(NotAHeader::Invalid) => (guess(number, &start), self.say(wound(number, 0, Damage::SegmentHeader))),
        };
        let Some(header) = header.filter(|_| flow.is_continue()) else {
            (self.next, self.before) = (None, None);
            return Ok(flow);
        };
        let end = u32::try_from(bytes).unwrap_or(u32::MAX);
        let toc = self.toc(&header);
        let mut window = Window::new(file, header, end, SEQUENTIAL_BYTES);
        let mut scan = Scan { window: &mut window, toc: toc.as_ref(), is_open: is_last && toc.is_none() };
        let flow = self.records(&mut scan)?;
        self.before = sound.then_some((header, bytes));
        Ok(flow)
    }

    /// Whether the segment goes on where the one before ended.
    fn check_order(&mut self, header: &segment::Header) -> ControlFlow<()> {
        let wrong = match (self.before, self.next) {
            (Some((before, bytes)), _) if header.previous_bytes != bytes => {
                Some(wound(before.number, u32::try_from(bytes).unwrap_or(u32::MAX), Damage::SegmentLength))
            }
            (_, Some(next)) if header.follows != next => Some(wound(header.number, 0, Damage::SegmentChain)),
            (Some((before, _)), _) if header.journal != before.journal => {
                Some(wound(header.number, 0, Damage::SegmentChain))
            }
            _ => None,
        };
        self.next = Some(header.follows);
        wrong.map_or(ControlFlow::Continue(()), |wound| self.say(wound))
    }

    fn toc(&self, header: &segment::Header) -> Option<Toc> {
        let file = self.disk.open(&self.folder.join(segment::toc_name(header.number)), false).ok()?;
        let mut bytes = vec![0; usize::try_from(file.length().ok()?.min(toc::BYTES_MAX)).ok()?];
        let read = read_full_at(file.as_ref(), &mut bytes, 0).ok()?;
        Toc::parse(bytes.get(..read)?, header.number, header.nonce)
    }

    fn records(&mut self, scan: &mut Scan<'_>) -> Result<ControlFlow<()>, JournalError> {
        let mut offset = segment::HEADER_BYTES;
        while offset < scan.window.end {
            let (inspected, next) = self.record(scan, offset)?;
            if (self.visit)(inspected).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            offset = next;
        }
        let number = scan.window.segment.number;
        let shorter = scan.toc.is_some_and(|toc| toc.end != scan.window.end);
        Ok(if shorter {
            self.say(wound(number, scan.window.end, Damage::SegmentLength))
        } else {
            ControlFlow::Continue(())
        })
    }

    /// The record at `offset`, or what is wrong there; and where to go on.
    fn record(&mut self, scan: &mut Scan<'_>, offset: u32) -> Result<(Inspected, u32), JournalError> {
        let number = scan.window.segment.number;
        let header = match scan.window.header(offset) {
            Ok(header) => header,
            Err(Flaw::Io(source)) => return Err(Flaw::Io(source).at(number, offset)),
            Err(Flaw::Damage(damage)) => return self.without_header(scan, offset, damage),
        };
        let follows = self.next.replace(header.next()).is_none_or(|next| next == header.follows);
        let next = end_of(&header, offset);
        let damage = match scan.window.record(&header, offset) {
            Ok(record) if follows => return Ok((Inspected::Record(record), next)),
            Ok(_) => Damage::RecordChain,
            Err(Flaw::Damage(damage)) => damage,
            Err(Flaw::Io(source)) => return Err(Flaw::Io(source).at(number, offset)),
        };
        let mut wound = wound(number, offset, damage);
        wound.seqs = Some(header.follows.seq..header.next().seq);
        wound.may_be_torn = scan.is_open && next >= scan.window.end && damage != Damage::RecordChain;
        if damage == Damage::Body {
            (wound.entries, wound.bodies) = bodies(scan.window, &header, offset);
        }
        Ok((Inspected::Damaged(wound), next.min(scan.window.end)))
    }

    /// Nothing can be told from the header: goes on at the next record that can be found.
    fn without_header(
        &mut self,
        scan: &mut Scan<'_>,
        offset: u32,
        damage: Damage,
    ) -> Result<(Inspected, u32), JournalError> {
        let mut wound = wound(scan.window.segment.number, offset, damage);
        let found = scan.next_record(offset).map_err(|flaw| flaw.at(wound.segment, offset))?;
        let (next, chain) = match found {
            Some((next, header)) => (next, Some(header.follows)),
            None => (scan.window.end, scan.toc.map(|toc| toc.next)),
        };
        wound.seqs = self.next.zip(chain).map(|(from, to)| from.seq..to.seq.max(from.seq));
        wound.may_be_torn = scan.is_open && found.is_none();
        self.next = chain;
        Ok((Inspected::Damaged(wound), next))
    }

    fn say(&mut self, wound: Wound) -> ControlFlow<()> {
        (self.visit)(Inspected::Damaged(wound))
    }
}

/// One segment under inspection.
struct Scan<'a> {
    window: &'a mut Window,
    toc: Option<&'a Toc>,
    /// It was, or is, being written to.
    is_open: bool,
}

impl Scan<'_> {
    /// The first record after `offset`, by the table of contents or by its nonce.
    fn next_record(&mut self, offset: u32) -> Result<Option<(u32, record::Header)>, Flaw> {
        let rows = self.toc.map(|toc| toc.rows.as_slice()).unwrap_or_default();
        for row in rows.iter().filter(|row| row.offset > offset) {
            match self.window.header(row.offset) {
                Ok(header) => return Ok(Some((row.offset, header))),
                Err(flaw @ Flaw::Io(_)) => return Err(flaw),
                Err(Flaw::Damage(_)) => {}
            }
        }
        self.search(offset)
    }

    fn search(&mut self, offset: u32) -> Result<Option<(u32, record::Header)>, Flaw> {
        let rest = usize::try_from(self.window.end.saturating_sub(offset)).unwrap_or(usize::MAX).min(RECORD_BYTES_MAX);
        let bytes = self.window.get(offset, rest)?;
        let nonce = self.window.segment.nonce;
        let starts = memchr::memmem::find_iter(&bytes, &nonce)
            .filter_map(|at| at.checked_sub(record::NONCE_OFFSET).filter(|start| *start > 0));
        for start in starts {
            let header = bytes.get(start..).and_then(record::Header::parse).filter(|header| self.window.owns(header));
            if let (Some(header), Ok(start)) = (header, u32::try_from(start)) {
                return Ok(Some((offset.saturating_add(start), header)));
            }
        }
        Ok(None)
    }
}

/// The entries of a record with damaged bodies, and which bodies those are.
fn bodies(window: &mut Window, header: &record::Header, offset: u32) -> (Vec<Bytes>, Vec<u32>) {
    let Ok(entries) = window.entries(header, offset) else { return (Vec::new(), Vec::new()) };
    let start = offset.saturating_add(u32::try_from(record::HEADER_BYTES).unwrap_or(u32::MAX));
    let rest = window.get(start, header.length().saturating_sub(record::HEADER_BYTES));
    let damaged = rest.map(|rest| record::damaged_bodies(header, rest)).unwrap_or_default();
    (entries, damaged)
}

/// The header at the start of a segment.
fn header_of(number: u32, start: &[u8]) -> Result<segment::Header, NotAHeader> {
    let header = segment::Header::parse(start.get(..header_bytes()).unwrap_or_default())?;
    if header.number == number { Ok(header) } else { Err(NotAHeader::Invalid) }
}

/// A header for a segment whose own is damaged, from its first record.
fn guess(number: u32, start: &[u8]) -> Option<segment::Header> {
    let first = start.get(header_bytes()..).and_then(record::Header::parse)?;
    (first.segment == number).then_some(segment::Header {
        nonce: first.nonce,
        number,
        generation: 0,
        journal: uuid::Uuid::nil(),
        follows: first.follows,
        previous_bytes: 0,
        created: first.time,
    })
}

fn wound(segment: u32, offset: u32, damage: Damage) -> Wound {
    Wound { segment, offset, damage, seqs: None, entries: Vec::new(), bodies: Vec::new(), may_be_torn: false }
}

fn header_bytes() -> usize {
    usize::try_from(segment::HEADER_BYTES).unwrap_or(usize::MAX)
}
