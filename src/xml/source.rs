//! Where a document's bytes come from: something that can be read again from its first byte.

use std::io::{self, BufRead};

/// A document's bytes, readable again and again from byte 0. Every reading gives the same bytes.
pub trait Source {
    /// One reading.
    type Read<'a>: BufRead
    where
        Self: 'a;

    /// Starts a reading at byte 0.
    fn open(&self) -> io::Result<Self::Read<'_>>;

    /// The size in bytes.
    fn len(&self) -> u64;

    /// All of it, where it is in memory as a whole.
    fn whole(&self) -> Option<&[u8]> {
        None
    }

    /// Whether there is nothing.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Source for &[u8] {
    type Read<'a>
        = &'a [u8]
    where
        Self: 'a;

    fn open(&self) -> io::Result<&[u8]> {
        Ok(self)
    }

    fn len(&self) -> u64 {
        u64::try_from(<[u8]>::len(self)).unwrap_or(u64::MAX)
    }

    fn whole(&self) -> Option<&[u8]> {
        Some(self)
    }
}
