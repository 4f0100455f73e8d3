//! The bytes of a document with look-ahead across the borders of the source's buffers. Nothing is copied that the
//! source has in one piece.

use std::io::{self, BufRead};

/// How far one can look ahead: the longest reference that is accepted, with its marks.
pub(super) const LOOKAHEAD_MAX: usize = 64;

/// A [`BufRead`] with look-ahead that knows its position.
#[derive(Debug)]
pub(super) struct Window<R> {
    inner: R,
    /// Bytes taken out of `inner` to see them in one piece; they come first.
    carry: [u8; LOOKAHEAD_MAX],
    from: usize,
    to: usize,
    position: u64,
}

impl<R: BufRead> Window<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, carry: [0; LOOKAHEAD_MAX], from: 0, to: 0, position: 0 }
    }

    /// Byte offset of what comes next.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// What comes next: at least `wanted` bytes (at most [`LOOKAHEAD_MAX`]), fewer only before the end of the source.
    #[inline]
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        if self.from == self.to && self.filled()? >= wanted {
            return self.inner.fill_buf();
        }
        self.gather(wanted)
    }

    /// Passes over bytes that were looked at.
    #[inline]
    pub(super) fn skip(&mut self, amount: usize) {
        let carried = amount.min(self.to - self.from);
        self.from += carried;
        self.inner.consume(amount - carried);
        self.position += u64::try_from(amount).unwrap_or(u64::MAX);
    }

    /// Fills the source's buffer if it is empty and says how much is in it.
    #[inline]
    fn filled(&mut self) -> io::Result<usize> {
        loop {
            match self.inner.fill_buf() {
                Ok(available) => return Ok(available.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    #[cold]
    fn gather(&mut self, wanted: usize) -> io::Result<&[u8]> {
        while self.to - self.from < wanted && self.pull()? {}
        Ok(self.carry.get(self.from..self.to).unwrap_or_default())
    }

    /// Takes more bytes over into `carry`; false at the end of the source.
    fn pull(&mut self) -> io::Result<bool> {
        self.carry.copy_within(self.from..self.to, 0);
        (self.from, self.to) = (0, self.to - self.from);
        self.filled()?;
        let available = self.inner.fill_buf()?;
        let room = self.carry.get_mut(self.to..).unwrap_or_default();
        let taken = room.len().min(available.len());
        for (to, from) in room.iter_mut().zip(available) {
            *to = *from;
        }
        self.inner.consume(taken);
        self.to += taken;
        Ok(taken > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looking_ahead_crosses_buffer_borders_and_consumes_nothing() {
        for capacity in 1..12 {
            let source = io::BufReader::with_capacity(capacity, b"0123456789".as_slice());
            let mut window = Window::new(source);
            assert!(window.peek(7).unwrap().starts_with(b"0123456"));
            window.skip(2);
            assert!(window.peek(3).unwrap().starts_with(b"234"));
            assert_eq!(window.peek(64).unwrap(), b"23456789");
            window.skip(3);
            assert_eq!(window.position(), 5);
            assert_eq!(window.peek(64).unwrap(), b"56789");
            window.skip(5);
            assert_eq!(window.peek(1).unwrap(), b"");
        }
    }
}
