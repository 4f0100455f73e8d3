//! The counting reader below the tokenizer: it can look ahead across the borders of its source's buffers, and it
//! stops the tokenizer at a budget, so that nothing is collected before its size is known to be within a limit.

use std::io::{self, BufRead, Read};

/// How far one can look ahead: the longest reference that is accepted, with its marks.
pub(super) const LOOKAHEAD_MAX: usize = 64;

/// A [`BufRead`] with look-ahead and a budget.
#[derive(Debug)]
pub(super) struct Window<R> {
    inner: R,
    /// Bytes taken out of `inner` to see them in one piece; they come first.
    carry: [u8; LOOKAHEAD_MAX],
    from: usize,
    to: usize,
    /// Bytes that may still be consumed; `None` for no bound.
    budget: Option<usize>,
    /// Whether somebody asked for more than the budget.
    pub(super) overrun: bool,
}

impl<R: BufRead> Window<R> {
    pub(super) fn new(inner: R) -> Self {
        Self { inner, carry: [0; LOOKAHEAD_MAX], from: 0, to: 0, budget: None, overrun: false }
    }

    /// From now on so many bytes may be consumed.
    pub(super) fn allow(&mut self, budget: Option<usize>) {
        self.budget = budget;
    }

    /// What comes next: at least `wanted` bytes (at most [`LOOKAHEAD_MAX`]), fewer only before the end of the source.
    pub(super) fn peek(&mut self, wanted: usize) -> io::Result<&[u8]> {
        if self.from == self.to && self.filled()? >= wanted {
            return self.inner.fill_buf();
        }
        while self.to - self.from < wanted && self.pull()? {}
        Ok(self.carried())
    }

    fn carried(&self) -> &[u8] {
        self.carry.get(self.from..self.to).unwrap_or_default()
    }

    /// Fills the source's buffer if it is empty and says how much is in it.
    fn filled(&mut self) -> io::Result<usize> {
        loop {
            match self.inner.fill_buf() {
                Ok(available) => return Ok(available.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
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

impl<R: BufRead> BufRead for Window<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.budget == Some(0) {
            self.overrun = true;
            return Err(io::ErrorKind::QuotaExceeded.into());
        }
        let budget = self.budget.unwrap_or(usize::MAX);
        let available = if self.from < self.to {
            self.carry.get(self.from..self.to).unwrap_or_default()
        } else {
            self.inner.fill_buf()?
        };
        Ok(available.get(..budget).unwrap_or(available))
    }

    fn consume(&mut self, amount: usize) {
        let carried = amount.min(self.to - self.from);
        self.from += carried;
        self.inner.consume(amount - carried);
        self.budget = self.budget.map(|budget| budget.saturating_sub(amount));
    }
}

impl<R: BufRead> Read for Window<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let taken = available.read(out)?;
        self.consume(taken);
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(capacity: usize) -> Window<io::BufReader<&'static [u8]>> {
        Window::new(io::BufReader::with_capacity(capacity, b"0123456789".as_slice()))
    }

    #[test]
    fn looking_ahead_crosses_buffer_borders_and_consumes_nothing() {
        for capacity in 1..12 {
            let mut window = window(capacity);
            assert!(window.peek(7).unwrap().starts_with(b"0123456"));
            window.consume(2);
            assert!(window.peek(3).unwrap().starts_with(b"234"));
            assert_eq!(window.peek(64).unwrap(), b"23456789");
            let mut rest = Vec::new();
            window.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, b"23456789");
        }
    }

    #[test]
    fn the_budget_ends_the_reading() {
        let mut window = window(4);
        window.allow(Some(5));
        let mut all = Vec::new();
        assert!(window.read_to_end(&mut all).is_err());
        assert!(window.overrun);
        assert_eq!(all, b"01234");
        window.allow(None);
        assert_eq!(window.peek(1).unwrap().first(), Some(&b'5'));
    }
}
