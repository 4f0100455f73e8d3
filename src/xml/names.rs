//! Names that were read before: a document has few different ones, so most are known by sight.

use crate::xml::chars;
use crate::xml::short::{self, Key};

/// How many names are kept, as a power of two; one takes the place of another.
const BITS: u32 = 6;

/// Names longer than this are looked at anew each time.
const NEAR: usize = 48;

/// A QName in ASCII.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct PlainName {
    /// Length of the prefix with its colon; 0 without a prefix.
    pub(super) prefix: usize,
    /// Length of all of it.
    pub(super) length: usize,
    /// The local name.
    pub(super) local: Key,
}

/// The names.
#[derive(Debug)]
pub(super) struct Names {
    known: [(Key, PlainName); 1 << BITS],
}

impl Names {
    pub(super) fn new() -> Self {
        Self { known: [(Key::default(), PlainName::default()); 1 << BITS] }
    }

    /// The name at the beginning of a piece, right in front of `>` or a space, if it is plain and at most so long.
    #[inline]
    pub(super) fn read(&mut self, piece: &[u8], limit: usize) -> Option<PlainName> {
        let length = short::position_of_two(piece, [b'>', b' '], NEAR)?;
        let name = piece.get(..length)?;
        if length == 0 || length > limit {
            return None;
        }
        if length > Key::WHOLE {
            return plain(name);
        }
        let key = Key::of(name);
        let (known, found) = self.known.get_mut(key.spread(BITS))?;
        if *known != key {
            (*known, *found) = (key, plain(name)?);
        }
        Some(*found)
    }
}

fn plain(name: &[u8]) -> Option<PlainName> {
    let prefix = chars::plain_qname(name)?;
    Some(PlainName { prefix, length: name.len(), local: Key::of(name.get(prefix..)?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_are_those_that_need_no_closer_look() {
        let mut names = Names::new();
        for _ in 0..2 {
            let mut read = |piece: &str| names.read(piece.as_bytes(), 20).map(|name| (name.prefix, name.length));
            assert_eq!(read("a>"), Some((0, 1)));
            assert_eq!(read("a b='c'>"), Some((0, 1)));
            assert_eq!(read("edXML:To>x"), Some((6, 8)));
            assert_eq!(read("edXML:AttachmentName>"), Some((6, 20)));
            for other in [
                "",
                "a",
                "a/>",
                ">",
                " a>",
                "1a>",
                ":a>",
                "a:>",
                "a:1>",
                "a:b:c>",
                "ab\u{1EA1}>",
                "abcdefghijklmnopqrstu>",
                "xml:a",
                "a\t>",
                "a=\"\">",
            ] {
                assert_eq!(read(other), None, "{other}");
            }
        }
    }

    #[test]
    fn a_name_is_never_taken_for_another() {
        let mut names = Names::new();
        for number in 0..2000 {
            let local = format!("n{number}");
            let found = names.read(format!("p:{local}>").as_bytes(), 20).unwrap();
            assert_eq!((found.prefix, found.length, found.local), (2, local.len() + 2, Key::of(local.as_bytes())));
        }
    }
}
