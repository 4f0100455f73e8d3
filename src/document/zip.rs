//! The files in a zip (APPNOTE 6.3.10): by its central directory, inflated one at a time, within bounds. Zips in zips,
//! encrypted entries, other methods than stored and deflated, and zip64 are not opened.

use std::io::{self, Read, Write as _};
use std::path::Path;

use flate2::Crc;
use flate2::read::DeflateDecoder;

use crate::document::source::{ReadAt, bytes};
use crate::document::spool::{Spool, Spooled};

/// Most entries that are looked at. Source: the hub's zips hold one file (REFERENCE 1.4).
pub(super) const ENTRIES_MAX: usize = 64;
/// Octets of the central directory that are read.
const DIRECTORY_OCTETS_MAX: u64 = 256 << 10;
/// Most octets that one entry may unpack to.
const UNPACKED_OCTETS_MAX: u64 = 1 << 30;
/// How many times its size an entry may unpack to, and what it may in any case. Source: deflate's limit is 1032; PDFs
/// and office files, packed already, stay below 20.
const RATIO_MAX: u64 = 100;
const UNPACKED_ANYWAY: u64 = 1 << 20;

const LOCAL: &[u8] = b"PK\x03\x04";
const CENTRAL: &[u8] = b"PK\x01\x02";
const END: &[u8] = b"PK\x05\x06";

/// A file in a zip.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    /// Its name; what is no UTF-8 is replaced.
    pub(super) name: String,
    is_encrypted: bool,
    method: u16,
    crc: u32,
    packed: u64,
    unpacked: u64,
    local: u64,
}

/// Why an entry is not opened, in English.
pub(super) type Fault = &'static str;

/// Whether these bytes are a zip's.
pub(super) fn is_zip(source: &dyn ReadAt) -> io::Result<bool> {
    Ok(bytes(source, 0..4)? == LOCAL)
}

/// The files of a zip, and whether there are more than are looked at. Nothing if it has no directory that can be read.
pub(super) fn entries(source: &dyn ReadAt) -> io::Result<Option<(Vec<Entry>, bool)>> {
    /// The end record is the last but for a comment of at most 65,535 octets.
    const END_WITHIN: u64 = 22 + 65_535;
    let octets = source.octets();
    let tail = bytes(source, octets.saturating_sub(END_WITHIN)..octets)?;
    let end = memchr::memmem::rfind(&tail, END).and_then(|at| tail.get(at..));
    let place = end.and_then(|end| Some((u64::from(number32(end, 12)?), u64::from(number32(end, 16)?))));
    let Some((length, start)) = place.filter(|(length, _)| *length <= DIRECTORY_OCTETS_MAX) else { return Ok(None) };
    let directory = bytes(source, start..start.saturating_add(length))?;
    Ok(read_directory(&directory))
}

fn read_directory(mut directory: &[u8]) -> Option<(Vec<Entry>, bool)> {
    let mut entries = Vec::new();
    while !directory.is_empty() {
        let (entry, rest) = Entry::read(directory)?;
        if entries.len() == ENTRIES_MAX {
            return Some((entries, true));
        }
        if !entry.name.ends_with('/') {
            entries.push(entry);
        }
        directory = rest;
    }
    Some((entries, false))
}

impl Entry {
    fn read(text: &[u8]) -> Option<(Self, &[u8])> {
        text.starts_with(CENTRAL).then_some(())?;
        let [name, extra, comment] = [28, 30, 32].map(|at| number16(text, at).map(usize::from));
        let name_end = 46_usize.checked_add(name?)?;
        let end = name_end.checked_add(extra?)?.checked_add(comment?)?;
        let entry = Self {
            name: String::from_utf8_lossy(text.get(46..name_end)?).into_owned(),
            is_encrypted: number16(text, 8)? & 1 == 1,
            method: number16(text, 10)?,
            crc: number32(text, 16)?,
            packed: number32(text, 20)?.into(),
            unpacked: number32(text, 24)?.into(),
            local: number32(text, 42)?.into(),
        };
        Some((entry, text.get(end..)?))
    }

    /// Unpacks it. The sizes that it declares are believed for nothing but to refuse it early.
    pub(super) fn unpack(&self, source: &dyn ReadAt, folder: &Path) -> io::Result<Result<Spooled, Fault>> {
        let limit = self.packed.saturating_mul(RATIO_MAX).clamp(UNPACKED_ANYWAY, UNPACKED_OCTETS_MAX);
        if self.is_encrypted {
            return Ok(Err("the file in the zip is encrypted"));
        }
        if [self.packed, self.unpacked, self.local].contains(&u64::from(u32::MAX)) {
            return Ok(Err("the zip is a zip64"));
        }
        if self.unpacked > limit {
            return Ok(Err("the file in the zip unpacks to more than is looked at"));
        }
        let header = bytes(source, self.local..self.local.saturating_add(30))?;
        let lengths =
            header.starts_with(LOCAL).then(|| Some((number16(&header, 26)?, number16(&header, 28)?))).flatten();
        let Some((name, extra)) = lengths else { return Ok(Err("the zip's directory points to no file")) };
        let start = self.local.saturating_add(30).saturating_add(name.into()).saturating_add(extra.into());
        let packed = Part { source, at: start, end: start.saturating_add(self.packed) };
        match self.method {
            0 => self.copy(packed, folder, limit),
            8 => self.copy(DeflateDecoder::new(packed), folder, limit),
            _ => Ok(Err("the file in the zip is packed by a method that is not supported")),
        }
    }

    fn copy(&self, mut unpacked: impl Read, folder: &Path, limit: u64) -> io::Result<Result<Spooled, Fault>> {
        let (mut spool, mut crc) = (Spool::new(folder, limit), Crc::new());
        let mut buffer = vec![0; 64 << 10];
        let mut octets = 0_u64;
        loop {
            let Ok(read) = unpacked.read(&mut buffer) else { return Ok(Err("the file in the zip is damaged")) };
            let piece = buffer.get(..read).unwrap_or_default();
            octets = octets.saturating_add(piece.octets());
            if octets > limit {
                return Ok(Err("the file in the zip unpacks to more than is looked at"));
            }
            if piece.is_empty() {
                break;
            }
            crc.update(piece);
            spool.write_all(piece)?;
        }
        if crc.sum() != self.crc || octets != self.unpacked {
            return Ok(Err("the file in the zip is damaged"));
        }
        spool.finish().map(Ok)
    }
}

/// A part of a source as a stream.
struct Part<'a> {
    source: &'a dyn ReadAt,
    at: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end.saturating_sub(self.at)).unwrap_or(usize::MAX);
        let room = buffer.len().min(left);
        let read = self.source.read_at(self.at, buffer.get_mut(..room).unwrap_or_default())?;
        self.at = self.at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        Ok(read)
    }
}

fn number16(text: &[u8], at: usize) -> Option<u16> {
    text.get(at..)?.first_chunk().map(|octets| u16::from_le_bytes(*octets))
}

fn number32(text: &[u8], at: usize) -> Option<u32> {
    text.get(at..)?.first_chunk().map(|octets| u32::from_le_bytes(*octets))
}
