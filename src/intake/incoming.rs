//! Receiving: bytes as they arrive, bounded, hashed, kept in memory up to what stands in a record and beyond that in an
//! unlinked file. Dropped, nothing remains (law 8).

use std::error::Error;
use std::io::{self, BufRead, BufReader, Read, Write};

use bytes::Bytes;
use ring::digest::{Context, SHA256};

use crate::domain::{Code, Digest, Refusal};
use crate::journal::disk::Pread;
use crate::journal::{Body, INLINE_BYTES_MAX, PayloadName, Payloads, Spool, lacks_files};
use crate::xml::Source;

/// Largest message that is looked at while little room is left: a revoke carries a letter that says why.
const SPARING_BYTES_MAX: u64 = 8 << 20;

/// A message that is still arriving.
pub struct Incoming {
    hash: Context,
    size: u64,
    limit: u64,
    /// What is told beyond the limit, where it is not the usual one.
    beyond: Option<Refusal>,
    store: Store,
    payloads: Payloads,
}

enum Store {
    Memory(Vec<u8>),
    File(Spool),
}

/// A message that has arrived whole.
pub struct Received {
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Octets.
    pub size: u64,
    store: Kept,
}

enum Kept {
    Memory(Bytes),
    File(Spool),
}

impl Incoming {
    /// Starts to receive; `length` is what the caller announces.
    ///
    /// # Errors
    /// `too_large` before a byte was looked at.
    pub fn new(payloads: Payloads, limit: u64, length: Option<u64>) -> Result<Self, Refusal> {
        if length.is_some_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        let expected = usize::try_from(length.unwrap_or_default()).unwrap_or(usize::MAX).min(INLINE_BYTES_MAX);
        let store = Store::Memory(Vec::with_capacity(expected));
        Ok(Self { hash: Context::new(&SHA256), size: 0, limit, beyond: None, store, payloads })
    }

    /// While little room is left, only what a revoke may need is spooled; `refusal` is told beyond it.
    ///
    /// # Errors
    /// `refusal`, where the announced length is beyond it already.
    pub(crate) fn sparing(mut self, refusal: Refusal, length: Option<u64>) -> Result<Self, Refusal> {
        if length.is_some_and(|length| length > SPARING_BYTES_MAX) {
            return Err(refusal);
        }
        (self.limit, self.beyond) = (self.limit.min(SPARING_BYTES_MAX), Some(refusal));
        Ok(self)
    }

    /// Takes the next bytes. May write to disk.
    ///
    /// # Errors
    /// `too_large`; `storage_failed` where the spool cannot be written.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if self.size > self.limit {
            return Err(self.beyond.clone().unwrap_or_else(|| too_large(self.limit)));
        }
        self.hash.update(bytes);
        if let Store::Memory(memory) = &mut self.store {
            if memory.len().saturating_add(bytes.len()) <= INLINE_BYTES_MAX {
                memory.extend_from_slice(bytes);
                return Ok(());
            }
            let mut spool = self.payloads.spool().map_err(spool_failed)?;
            spool.write_all(memory).map_err(spool_failed)?;
            self.store = Store::File(spool);
        }
        match &mut self.store {
            Store::File(spool) => spool.write_all(bytes).map_err(spool_failed),
            Store::Memory(_) => Ok(()),
        }
    }

    /// All of it has arrived.
    ///
    /// # Errors
    /// `bad_request` for nothing at all; `storage_failed`.
    pub fn finish(self) -> Result<Received, Refusal> {
        if self.size == 0 {
            return Err(Refusal::new(Code::BadRequest, "the body is empty"));
        }
        let sha256 = self.hash.finish().into();
        let store = match self.store {
            Store::Memory(memory) => Kept::Memory(memory.into()),
            Store::File(spool) => Kept::File(spool),
        };
        Ok(Received { sha256, size: self.size, store })
    }
}

impl Received {
    /// Makes it the body of a record: in line, or durable in `payloads/` before the record names it.
    ///
    /// # Errors
    /// `storage_failed`.
    pub fn into_body(self) -> Result<Body, Refusal> {
        match self.store {
            Kept::Memory(bytes) => Ok(Body::Inline(bytes)),
            Kept::File(spool) => spool.persist(payload_name(), self.sha256).map(Body::Payload).map_err(spool_failed),
        }
    }

    /// Whether looking at it takes long enough to do it elsewhere than on the async threads.
    #[must_use]
    pub const fn is_large(&self) -> bool {
        matches!(self.store, Kept::File(_))
    }

    /// The bytes where they are in memory.
    #[must_use]
    pub fn in_memory(&self) -> Option<&[u8]> {
        match &self.store {
            Kept::Memory(bytes) => Some(bytes),
            Kept::File(_) => None,
        }
    }
}

impl Source for Received {
    type Read<'a> = BodyReader<'a>;

    fn open(&self) -> io::Result<BodyReader<'_>> {
        Ok(match &self.store {
            Kept::Memory(bytes) => BodyReader::Memory(bytes),
            Kept::File(spool) => BodyReader::File(spool.source().reader()),
        })
    }

    fn len(&self) -> u64 {
        self.size
    }

    fn whole(&self) -> Option<&[u8]> {
        self.in_memory()
    }
}

/// One reading of a message's bytes, wherever they are.
pub enum BodyReader<'a> {
    /// In memory.
    Memory(&'a [u8]),
    /// In a file.
    File(BufReader<Pread>),
}

impl Read for BodyReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Memory(bytes) => bytes.read(buffer),
            Self::File(file) => file.read(buffer),
        }
    }
}

impl BufRead for BodyReader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self {
            Self::Memory(bytes) => bytes.fill_buf(),
            Self::File(file) => file.fill_buf(),
        }
    }

    fn consume(&mut self, amount: usize) {
        match self {
            Self::Memory(bytes) => bytes.consume(amount),
            Self::File(file) => file.consume(amount),
        }
    }
}

fn too_large(limit: u64) -> Refusal {
    Refusal::new(Code::TooLarge, format!("at most {limit} octets"))
}

/// A name never used before. It names a file only; no decision rests on it.
pub(super) fn payload_name() -> PayloadName {
    PayloadName(uuid::Uuid::now_v7())
}

/// A spool that could not be made, written or kept: the disk is full, the process has too many files, or worse.
pub(super) fn spool_failed(error: impl Error + 'static) -> Refusal {
    tracing::error!(%error, cause = ?error.source(), "spool");
    let cause = system_error(&error);
    match cause.map(io::Error::kind) {
        Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) => {
            Refusal::new(Code::InsufficientStorage, "there is no room for the message")
        }
        _ if cause.is_some_and(lacks_files) => Refusal::new(Code::TryLater, "the hub has too many files open"),
        _ => Refusal::new(Code::StorageFailed, "the message could not be spooled"),
    }
}

/// The operating system's error behind another.
fn system_error<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}
