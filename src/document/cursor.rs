//! Reading DER one value after the other; nothing may be left over.

use crate::signature::der;

/// What has not been read yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) const fn new(input: &'a [u8]) -> Self {
        Self(input)
    }

    /// Inside the one value of this tag that `input` is.
    pub(super) fn inside(tag: u8, input: &'a [u8]) -> Option<Self> {
        der::whole(tag, input).map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next value: tag and contents.
    pub(super) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, contents, rest) = der::take(self.0)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// The contents of the next value, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (contents, rest) = der::expect(tag, self.0)?;
        self.0 = rest;
        Some(contents)
    }

    /// The contents of the next value, if it has this tag.
    pub(super) fn optional(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.expect(tag)
    }

    /// The next value with tag and length.
    pub(super) fn raw(&mut self) -> Option<(u8, &'a [u8])> {
        let (tag, _, rest) = der::take(self.0)?;
        let whole = self.0.get(..self.0.len().checked_sub(rest.len())?)?;
        self.0 = rest;
        Some((tag, whole))
    }

    /// Nothing may be left.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Every value of a SET OF or SEQUENCE OF, with tags and lengths; at most `max`.
pub(super) fn items(contents: &[u8], max: usize) -> Option<Vec<&[u8]>> {
    let mut cursor = Cursor::new(contents);
    let mut items = Vec::new();
    while !cursor.is_empty() {
        if items.len() == max {
            return None;
        }
        items.push(cursor.raw()?.1);
    }
    Some(items)
}
