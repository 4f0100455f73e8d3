//! Bytes that can be read from any place: a file, or what is in memory. Digested in pieces, however large.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;

use ring::digest::Context;

use crate::signature::DigestMethod;

/// Octets read at once.
const PIECE: usize = 64 << 10;

/// Bytes that can be read from any place.
pub trait ReadAt {
    /// Reads some bytes from `offset` on; none at the end.
    ///
    /// # Errors
    /// When the bytes cannot be had.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// How many there are.
    fn octets(&self) -> u64;
}

impl ReadAt for &[u8] {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(self.len());
        let rest = self.get(from..).unwrap_or_default();
        let take = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(take)
    }

    fn octets(&self) -> u64 {
        u64::try_from(self.len()).unwrap_or(u64::MAX)
    }
}

/// A file whose length was looked at once.
#[derive(Debug)]
pub struct FileAt {
    file: File,
    octets: u64,
}

impl FileAt {
    /// An open file.
    ///
    /// # Errors
    /// When its length cannot be had.
    pub fn new(file: File) -> io::Result<Self> {
        let octets = file.metadata()?.len();
        Ok(Self { file, octets })
    }
}

impl ReadAt for FileAt {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(buffer, offset)
    }

    fn octets(&self) -> u64 {
        self.octets
    }
}

/// A source of any kind.
pub fn any(source: &impl ReadAt) -> &dyn ReadAt {
    source
}

/// The bytes of a range, as far as there are any; the caller bounds it.
pub(super) fn bytes(source: &dyn ReadAt, range: Range<u64>) -> io::Result<Vec<u8>> {
    let end = range.end.min(source.octets());
    let length = usize::try_from(end.saturating_sub(range.start)).unwrap_or(0);
    let mut bytes = vec![0; length];
    let mut filled = 0;
    while let Some(free) = bytes.get_mut(filled..).filter(|free| !free.is_empty()) {
        let offset = range.start.saturating_add(u64::try_from(filled).unwrap_or(u64::MAX));
        match source.read_at(offset, free)? {
            0 => break,
            read => filled = filled.saturating_add(read),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// What a signature signs.
pub(super) trait Content {
    /// Its digest.
    fn digest(&self, method: DigestMethod) -> io::Result<Vec<u8>>;

    /// The whole of it, if it is no longer than `max`.
    fn whole(&self, max: u64) -> io::Result<Option<Vec<u8>>>;
}

impl Content for &[u8] {
    fn digest(&self, method: DigestMethod) -> io::Result<Vec<u8>> {
        Ok(ring::digest::digest(method.ring(), self).as_ref().to_vec())
    }

    fn whole(&self, max: u64) -> io::Result<Option<Vec<u8>>> {
        Ok((self.octets() <= max).then(|| self.to_vec()))
    }
}

/// Ranges of a source, one after the other.
pub(super) struct Ranges<'a> {
    pub(super) source: &'a dyn ReadAt,
    pub(super) ranges: Vec<Range<u64>>,
}

impl<'a> Ranges<'a> {
    /// The whole of a source.
    pub(super) fn whole(source: &'a dyn ReadAt) -> Self {
        Self { source, ranges: std::iter::once(0..source.octets()).collect() }
    }

    fn pieces(&self, mut take: impl FnMut(&[u8])) -> io::Result<()> {
        let mut buffer = vec![0; PIECE];
        for range in &self.ranges {
            let mut at = range.start;
            while at < range.end {
                let room = usize::try_from(range.end.saturating_sub(at)).map_or(PIECE, |left| left.min(PIECE));
                let read = self.source.read_at(at, buffer.get_mut(..room).unwrap_or_default())?;
                if read == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                take(buffer.get(..read).unwrap_or_default());
                at = at.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            }
        }
        Ok(())
    }
}

impl Content for Ranges<'_> {
    fn digest(&self, method: DigestMethod) -> io::Result<Vec<u8>> {
        let mut context = Context::new(method.ring());
        self.pieces(|piece| context.update(piece))?;
        Ok(context.finish().as_ref().to_vec())
    }

    fn whole(&self, max: u64) -> io::Result<Option<Vec<u8>>> {
        let octets =
            self.ranges.iter().fold(0_u64, |sum, range| sum.saturating_add(range.end.saturating_sub(range.start)));
        if octets > max {
            return Ok(None);
        }
        let mut whole = Vec::new();
        self.pieces(|piece| whole.extend_from_slice(piece))?;
        Ok(Some(whole))
    }
}
