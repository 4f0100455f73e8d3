//! A message with changes to it, read like any other and held nowhere: the bytes between the changes come from the
//! message itself. What is signed is a message without its old Signature; what comes out is one with a new Signature.

use std::io::{self, BufRead, Read};
use std::ops::Range;

use crate::xml::Source;

/// Bytes in the place of others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    /// What goes; where it is empty, the text is put in front of the byte that stands there.
    range: Range<u64>,
    text: Vec<u8>,
}

impl Edit {
    /// These bytes go.
    pub(super) const fn cut(range: Range<u64>) -> Self {
        Self { range, text: Vec::new() }
    }

    /// This text comes, in the place of these bytes.
    pub(super) fn replace(range: Range<u64>, text: impl Into<Vec<u8>>) -> Self {
        Self { range, text: text.into() }
    }

    /// This text comes in front of this byte.
    pub(super) fn insert(at: u64, text: impl Into<Vec<u8>>) -> Self {
        Self::replace(at..at, text)
    }
}

/// A message with its changes, which are disjoint.
#[derive(Debug, Clone)]
pub struct Edited<'a, S> {
    source: &'a S,
    /// In the order in which they stand.
    edits: Vec<Edit>,
}

impl<'a, S: Source> Edited<'a, S> {
    pub(super) fn new(source: &'a S, mut edits: Vec<Edit>) -> Self {
        edits.sort_by_key(|edit| edit.range.start);
        Self { source, edits }
    }

    /// The same with one more.
    pub(super) fn with(&self, edit: Edit) -> Self {
        Self::new(self.source, self.edits.iter().cloned().chain([edit]).collect())
    }
}

impl<S: Source> Source for Edited<'_, S> {
    type Read<'r>
        = EditedRead<'r, S::Read<'r>>
    where
        Self: 'r;

    fn open(&self) -> io::Result<Self::Read<'_>> {
        Ok(EditedRead { inner: self.source.open()?, edits: &self.edits, at: 0, told: 0 })
    }

    fn len(&self) -> u64 {
        let octets = |text: &[u8]| u64::try_from(text.len()).unwrap_or(u64::MAX);
        self.edits.iter().fold(self.source.len(), |len, edit| {
            let gone = edit.range.end.saturating_sub(edit.range.start);
            len.saturating_sub(gone).saturating_add(octets(&edit.text))
        })
    }
}

/// One reading.
#[derive(Debug)]
pub struct EditedRead<'a, R> {
    inner: R,
    /// Those that are not behind us.
    edits: &'a [Edit],
    /// The place in the message that `inner` has come to.
    at: u64,
    /// How much of the next change's text was read.
    told: usize,
}

/// What comes next.
enum Next {
    Text,
    /// So many bytes of the message.
    Message(u64),
}

impl<R: BufRead> EditedRead<'_, R> {
    /// Goes over what is cut, to the next byte that is read.
    fn next(&mut self) -> io::Result<Next> {
        while let Some(edit) = self.edits.first() {
            if self.at < edit.range.start {
                return Ok(Next::Message(edit.range.start - self.at));
            }
            if self.told < edit.text.len() {
                return Ok(Next::Text);
            }
            self.skip(edit.range.end)?;
            (self.edits, self.told) = (self.edits.get(1..).unwrap_or_default(), 0);
        }
        Ok(Next::Message(u64::MAX))
    }

    fn skip(&mut self, end: u64) -> io::Result<()> {
        while self.at < end {
            let left = usize::try_from(end - self.at).unwrap_or(usize::MAX);
            let skipped = self.inner.fill_buf()?.len().min(left);
            if skipped == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.pass(skipped);
        }
        Ok(())
    }

    fn pass(&mut self, octets: usize) {
        self.inner.consume(octets);
        self.at = self.at.saturating_add(u64::try_from(octets).unwrap_or(u64::MAX));
    }
}

impl<R: BufRead> BufRead for EditedRead<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        match self.next()? {
            Next::Text => Ok(self.edits.first().and_then(|edit| edit.text.get(self.told..)).unwrap_or_default()),
            Next::Message(octets) => {
                let bytes = self.inner.fill_buf()?;
                let octets = usize::try_from(octets).unwrap_or(usize::MAX).min(bytes.len());
                Ok(bytes.get(..octets).unwrap_or_default())
            }
        }
    }

    fn consume(&mut self, octets: usize) {
        let is_text = self.edits.first().is_some_and(|edit| self.at >= edit.range.start);
        if is_text {
            self.told = self.told.saturating_add(octets);
        } else {
            self.pass(octets);
        }
    }
}

impl<R: BufRead> Read for EditedRead<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(edited: &Edited<'_, &[u8]>) -> String {
        let mut text = String::new();
        edited.open().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(edited.len(), u64::try_from(text.len()).unwrap());
        text
    }

    #[test]
    fn changes_stand_where_they_are_put_in_whatever_order() {
        let source: &[u8] = b"0123456789";
        let edits = vec![Edit::replace(8..10, "Z"), Edit::insert(0, "A"), Edit::cut(2..4), Edit::insert(4, "B")];
        assert_eq!(read(&Edited::new(&source, edits)), "A01B4567Z");
        assert_eq!(read(&Edited::new(&source, vec![Edit::cut(0..10)]).with(Edit::insert(10, "end"))), "end");
        assert_eq!(read(&Edited::new(&source, Vec::new())), "0123456789");
    }

    #[test]
    fn a_message_that_became_shorter_is_an_error_and_no_quiet_end() {
        let source: &[u8] = b"0123";
        let edited = Edited::new(&source, vec![Edit::cut(2..6)]);
        assert!(edited.open().unwrap().read_to_end(&mut Vec::new()).is_err());
    }

    proptest! {
        #[test]
        fn however_it_is_read_the_bytes_are_the_same(step in 1_usize..5, capacity in 1_usize..7) {
            let source: &[u8] = b"0123456789";
            let edits = vec![Edit::insert(0, "ABC"), Edit::cut(2..4), Edit::replace(4..5, "DEF"), Edit::insert(10, "G")];
            let edited = Edited::new(&source, edits);
            let inner = io::BufReader::with_capacity(capacity, source);
            let mut reading = EditedRead { inner, edits: &edited.edits, at: 0, told: 0 };
            let (mut buffer, mut bytes) = (vec![0; step], Vec::new());
            loop {
                match reading.read(&mut buffer).unwrap() {
                    0 => break,
                    octets => bytes.extend_from_slice(&buffer[..octets]),
                }
            }
            prop_assert_eq!(String::from_utf8(bytes).unwrap(), "ABC01DEF56789G");
        }
    }
}
