//! One DER value after the other. Strict: definite, minimal lengths; what is not expected is an error.

use crate::domain::Timestamp;
use crate::signature::der;

/// Constructed and context-specific: `[n] EXPLICIT`.
pub(super) const fn explicit(n: u8) -> u8 {
    0xA0 | n
}

/// Primitive and context-specific: `[n] IMPLICIT` of a primitive type.
pub(super) const fn implicit(n: u8) -> u8 {
    0x80 | n
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const ENUMERATED: u8 = 0x0A;
const GENERALIZED_TIME: u8 = 0x18;

/// What is left of a value's contents.
#[derive(Debug, Clone, Copy)]
pub(in crate::trust) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(contents: &'a [u8]) -> Self {
        Self(contents)
    }

    /// The contents of the next value, which has this tag.
    pub(super) fn next(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.both(tag).map(|(_, contents)| contents)
    }

    /// The next value whole, which has this tag.
    pub(super) fn whole(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.both(tag).map(|(whole, _)| whole)
    }

    /// The next value, which has this tag: the whole of it, and its contents.
    pub(super) fn both(&mut self, tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        let (contents, rest) = der::expect(tag, self.0)?;
        let whole = self.0.get(..self.0.len().checked_sub(rest.len())?)?;
        self.0 = rest;
        Some((whole, contents))
    }

    /// The contents of the next value if it has this tag: `Some(None)` where it has another or there is none.
    #[expect(clippy::option_option, reason = "not there is something else than malformed")]
    pub(super) fn optional(&mut self, tag: u8) -> Option<Option<&'a [u8]>> {
        if self.0.first() == Some(&tag) { self.next(tag).map(Some) } else { Some(None) }
    }

    /// The tag of the next value.
    pub(super) fn tag(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Nothing is left.
    pub(super) fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What signed DER has in common (certificates, CRLs): what is signed, the contents of the AlgorithmIdentifier, and
    /// the signature's octets.
    pub(in crate::trust) fn signed_parts(whole: &'a [u8]) -> Option<(&'a [u8], &'a [u8], &'a [u8])> {
        let mut parts = Self::new(only(der::SEQUENCE, whole)?);
        let found = (parts.whole(der::SEQUENCE)?, parts.next(der::SEQUENCE)?, parts.bits()?);
        parts.end().map(|()| found)
    }

    /// RFC 5280, 4.1.2.5.2: `YYYYMMDDHHMMSSZ`.
    pub(super) fn time(&mut self) -> Option<Timestamp> {
        time(self.next(GENERALIZED_TIME)?)
    }

    /// The octets of a BIT STRING without unused bits.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        match self.next(der::BIT_STRING)?.split_first()? {
            (0, octets) => Some(octets),
            _ => None,
        }
    }
}

/// The one value that fills `input`: its contents.
pub(super) fn only(tag: u8, input: &[u8]) -> Option<&[u8]> {
    der::whole(tag, input)
}

fn time(text: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(text).ok().filter(|text| text.len() == 15)?;
    let digits = text.strip_suffix('Z').filter(|digits| digits.bytes().all(|octet| octet.is_ascii_digit()))?;
    let part = |range| digits.get(range).unwrap_or_default();
    let (date, clock) = ((part(0..4), part(4..6), part(6..8)), (part(8..10), part(10..12), part(12..14)));
    format!("{}-{}-{}T{}:{}:{}Z", date.0, date.1, date.2, clock.0, clock.1, clock.2).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_one_form() {
        assert_eq!(time(b"20261122080000Z"), "2026-11-22T08:00:00Z".parse().ok());
        for wrong in ["20261122080000", "202611220800Z", "20261122080000.5Z", "20261122080000+0700", "20261322080000Z"]
        {
            assert_eq!(time(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
