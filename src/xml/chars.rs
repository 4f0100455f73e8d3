//! The productions of XML 1.0 that say which characters may stand where: Char, NameStartChar, NameChar, white space.

use std::ops::Range;

use crate::domain::Code;
use crate::xml::short;

/// A fault at an offset within the piece that was looked at.
pub(super) type Flaw = (Code, usize, &'static str);

/// XML 1.0, production 2.
pub(super) const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// XML 1.0, production 3.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// XML 1.0 (fifth edition), production 4, without the colon.
const fn is_name_start(c: char) -> bool {
    matches!(c, 'A'..='Z' | 'a'..='z' | '_' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

/// XML 1.0 (fifth edition), production 4a, without the colon.
const fn is_name_char(c: char) -> bool {
    is_name_start(c) || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// What is said of a character that is no Char.
pub(super) const FORBIDDEN: (Code, &str) = (Code::XmlMalformed, "a character that XML does not allow");

/// The beginning of a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// How far it goes before `<`, `&` or CR.
    pub(super) length: usize,
    /// Whether it meets one.
    pub(super) is_stopped: bool,
    /// Whether it has `]` or `>`.
    pub(super) is_odd: bool,
}

/// So many bytes are looked at eight by eight before the vector searches are worth their beginning.
const SHORT: usize = 32;

/// How far text goes as it stands.
#[inline]
pub(super) fn run(piece: &[u8]) -> Run {
    let (mut at, mut odd) = (0, 0);
    while at < SHORT {
        let Some(eight) = short::eight(piece, at) else { break };
        let stops = short::marks(eight, b'<') | short::marks(eight, b'&') | short::marks(eight, b'\r');
        let odds = short::marks(eight, b']') | short::marks(eight, b'>');
        if stops != 0 {
            let before = (stops & stops.wrapping_neg()) - 1;
            return Run { length: at + short::first(stops), is_stopped: true, is_odd: (odd | odds & before) != 0 };
        }
        odd |= odds;
        at += 8;
    }
    let rest = piece.get(at..).unwrap_or_default();
    let stop = memchr::memchr3(b'<', b'&', b'\r', rest);
    let rest = rest.get(..stop.unwrap_or(rest.len())).unwrap_or(rest);
    let is_odd = odd != 0 || memchr::memchr2(b']', b'>', rest).is_some();
    Run { length: at + rest.len(), is_stopped: stop.is_some(), is_odd }
}

/// How many `]` end a piece of text without `>`, up to two; `before` ended the text in front of it.
pub(super) fn brackets(piece: &[u8], before: u8) -> u8 {
    match piece {
        [.., b']', b']'] => 2,
        [b']'] => (before + 1).min(2),
        [.., b']'] => 1,
        _ => 0,
    }
}

/// How far text goes up to `<`, if that is near and nothing comes before that needs a closer look.
#[inline]
pub(super) fn words(piece: &[u8]) -> Option<usize> {
    let mut at = 0;
    while at < SHORT {
        let eight = short::eight(piece, at)?;
        let stop = short::marks(eight, b'<');
        let odds = short::marks(eight, b'&')
            | short::marks(eight, b'\r')
            | short::marks(eight, b']')
            | short::marks(eight, b'>');
        if stop != 0 {
            let before = (stop & stop.wrapping_neg()) - 1;
            return (odds & before == 0).then(|| at + short::first(stop));
        }
        if odds != 0 {
            return None;
        }
        at += 8;
    }
    None
}

/// How much of the bytes is whole characters: without a character at the end that goes on beyond them.
pub(super) fn whole(bytes: &[u8]) -> usize {
    for back in 1..=bytes.len().min(3) {
        let at = bytes.len() - back;
        match bytes.get(at) {
            Some(0x80..=0xBF) => {}
            Some(0xC0..=0xDF) if back < 2 => return at,
            Some(0xE0..=0xEF) if back < 3 => return at,
            Some(0xF0..) if back < 4 => return at,
            _ => break,
        }
    }
    bytes.len()
}

/// Appends text with its line ends normalised (XML 1.0, 2.11).
pub(super) fn push_lines(out: &mut String, text: &str) {
    let mut parts = text.split('\r');
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        if !part.starts_with('\n') {
            out.push('\n');
        }
        out.push_str(part);
    }
}

/// Equality of names, which are short: without a call into the C library.
#[inline]
pub(super) fn is_same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    match a.len() {
        8..=16 => a.first_chunk::<8>() == b.first_chunk::<8>() && a.last_chunk::<8>() == b.last_chunk::<8>(),
        4..8 => a.first_chunk::<4>() == b.first_chunk::<4>() && a.last_chunk::<4>() == b.last_chunk::<4>(),
        2 | 3 => a.first_chunk::<2>() == b.first_chunk::<2>() && a.last() == b.last(),
        0 | 1 => a.first() == b.first(),
        _ => a == b,
    }
}

/// A QName found at the beginning of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QName {
    /// Empty for none.
    pub(super) prefix: Range<usize>,
    pub(super) local: Range<usize>,
}

impl QName {
    /// The name with its prefix, as it stands in the text.
    #[inline]
    pub(super) fn qualified<'r>(&self, text: &'r str) -> &'r str {
        text.get(self.prefix.start..self.local.end).unwrap_or_default()
    }
}

/// Reads a QName (Namespaces in XML, production 7) at `at`. What stands behind it is the caller's to judge.
#[inline]
pub(super) fn qname(text: &str, at: usize, limit: usize) -> Result<QName, Flaw> {
    let bytes = text.as_bytes();
    let first = ascii_name(bytes, at);
    let (prefix, local) = match bytes.get(first) {
        Some(b':') => (at..first, first + 1..ascii_name(bytes, first + 1)),
        _ => (at..at, at..first),
    };
    let plain = starts_ascii(bytes, at) && starts_ascii(bytes, local.start) && local.end - at <= limit;
    match bytes.get(local.end) {
        Some(b':' | 0x80..) => unusual_qname(text, at, limit),
        _ if plain => Ok(QName { prefix, local }),
        _ => unusual_qname(text, at, limit),
    }
}

/// Whether all of this is a QName in ASCII: the length of its prefix with the colon, 0 without a prefix.
pub(super) fn plain_qname(name: &[u8]) -> Option<usize> {
    if !starts_ascii(name, 0) || !short::are_all(name, b'x', short::are_in_qname) {
        return None;
    }
    let Some(colon) = short::position(name, b':') else { return Some(0) };
    let local = name.get(colon + 1..)?;
    let is_plain = starts_ascii(local, 0) && short::are_all(local, b'x', |eight| short::marks(eight, b':') == 0);
    is_plain.then_some(colon + 1)
}

/// Where the name of an attribute ends that is a space, an NCName in ASCII and `="`; at least that is where a value begins.
#[inline]
pub(super) fn plain_attribute_name(bytes: &[u8], at: usize) -> Option<usize> {
    let end = ascii_name(bytes, at + 1);
    let is_plain =
        bytes.get(at) == Some(&b' ') && starts_ascii(bytes, at + 1) && bytes.get(end..end + 2) == Some(b"=\"");
    is_plain.then_some(end)
}

/// A QName that is not plain ASCII, or none.
#[cold]
fn unusual_qname(text: &str, at: usize, limit: usize) -> Result<QName, Flaw> {
    let first = ncname(text, at, limit)?;
    let (name, end) = if text.as_bytes().get(first) == Some(&b':') {
        let end = ncname(text, first + 1, limit).map_err(|(code, place, what)| match code {
            Code::XmlMalformed => (Code::XmlNamespace, place, "a local name is missing behind the colon"),
            _ => (code, place, what),
        })?;
        (QName { prefix: at..first, local: first + 1..end }, end)
    } else {
        (QName { prefix: at..at, local: at..first }, first)
    };
    match text.as_bytes().get(end) {
        Some(b':') => Err((Code::XmlNamespace, end, "a name has more than one colon")),
        _ if end - at > limit => Err((Code::XmlLimit, at, "a name is too long")),
        _ => Ok(name),
    }
}

/// The end of the NCName that begins at `at`.
pub(super) fn ncname(text: &str, at: usize, limit: usize) -> Result<usize, Flaw> {
    let mut end = ascii_name(text.as_bytes(), at);
    let rest = text.get(end..).unwrap_or_default();
    if !rest.is_ascii() {
        end += rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
    }
    match text.get(at..end).unwrap_or_default().chars().next() {
        Some(c) if is_name_start(c) && end - at <= limit => Ok(end),
        Some(c) if is_name_start(c) => Err((Code::XmlLimit, at, "a name is too long")),
        None if text.as_bytes().get(at) == Some(&b':') => Err((Code::XmlNamespace, at, "a name begins with a colon")),
        _ => Err((Code::XmlMalformed, at, "a name is expected")),
    }
}

/// The end of the ASCII characters of an NCName that stand at `at`.
#[inline]
fn ascii_name(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let in_name = |byte: &u8| IN_ASCII_NAME.get(usize::from(*byte)).copied().unwrap_or_default();
    at + rest.iter().position(|byte| !in_name(byte)).unwrap_or(rest.len())
}

#[inline]
fn starts_ascii(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), Some(b'a'..=b'z' | b'A'..=b'Z' | b'_'))
}

/// By byte: whether it is one of the ASCII characters of an NCName.
const IN_ASCII_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut rest = table.as_mut_slice();
    let mut byte = 0u8;
    while let Some((entry, tail)) = rest.split_first_mut() {
        *entry = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        rest = tail;
        byte = byte.wrapping_add(1);
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::survey::survey;

    #[test]
    fn characters_are_those_of_the_production() {
        for (c, allowed) in [
            ('\0', false),
            ('\u{8}', false),
            ('\t', true),
            ('\u{B}', false),
            ('\r', true),
            ('\u{1F}', false),
            ('\u{7F}', true),
            ('\u{85}', true),
            ('\u{FFFD}', true),
            ('\u{FFFE}', false),
            ('\u{FFFF}', false),
            ('\u{10000}', true),
            ('\u{1FFFE}', true),
            ('\u{10FFFF}', true),
        ] {
            assert_eq!(is_char(c), allowed, "{c:?}");
            let piece = format!("thông {c} điệp");
            assert_eq!(survey(piece.as_bytes()).forbidden, (!allowed).then_some(7), "{c:?}");
        }
    }

    #[test]
    fn brackets_at_the_end_are_counted_over_pieces() {
        for (piece, before, after) in [
            ("a", 2, 0),
            ("a]", 2, 1),
            ("a]]", 0, 2),
            ("]", 0, 1),
            ("]", 1, 2),
            ("]", 2, 2),
            ("]]]", 0, 2),
            ("]a", 1, 0),
        ] {
            assert_eq!(brackets(piece.as_bytes(), before), after, "{piece} behind {before}");
        }
    }

    #[test]
    fn a_run_ends_where_text_does_not_stand_as_it_is_meant() {
        for length in [0, 1, 31, 32, 33, 100] {
            let calm = "x".repeat(length);
            for (end, is_stopped) in [("", false), ("<", true), ("&", true), ("\r", true)] {
                assert_eq!(run(format!("{calm}{end}").as_bytes()), Run { length, is_stopped, is_odd: false });
                let odd = format!("{calm}]{end}>");
                let is_odd = true;
                let length = if is_stopped { length + 1 } else { length + 2 };
                assert_eq!(run(odd.as_bytes()), Run { length, is_stopped, is_odd });
            }
        }
    }

    #[test]
    fn a_cut_character_is_held_back() {
        for c in ["a", "đ", "ệ", "𝄞"] {
            let piece = format!("xyz{c}");
            for cut in 0..=piece.len() {
                let bytes = &piece.as_bytes()[..cut];
                let kept = whole(bytes);
                assert!(std::str::from_utf8(&bytes[..kept]).is_ok() && bytes.len() - kept < 4);
                assert!(cut != piece.len() || kept == cut);
            }
        }
    }

    #[test]
    fn line_ends_become_line_feeds() {
        for (from, to) in
            [("", ""), ("a\r\nb", "a\nb"), ("\r\r\n\n", "\n\n\n"), ("a\r", "a\n"), ("\ra", "\na"), ("a\nb", "a\nb")]
        {
            let mut out = String::new();
            push_lines(&mut out, from);
            assert_eq!(out, to, "{from:?}");
        }
    }

    #[test]
    fn names_are_the_same_byte_by_byte() {
        let name = b"abcdefghijklmnopqrstuvwxyz";
        for length in 0..name.len() {
            assert!(is_same(&name[..length], &name[..length]));
            assert!(!is_same(&name[..length], &name[..=length]));
            for at in 0..length {
                let mut other = name[..length].to_vec();
                other[at] = b'-';
                assert!(!is_same(&name[..length], &other), "{at} of {length}");
            }
        }
    }

    #[test]
    fn plain_names_are_those_that_the_productions_read() {
        for byte in 0..=u8::MAX {
            for length in 1..50 {
                let mut name = vec![b'x'; length];
                name[length / 2] = byte;
                let read = std::str::from_utf8(&name).ok().filter(|_| byte.is_ascii());
                let read = read.and_then(|name| qname(name, 0, 50).ok().filter(|read| read.local.end == length));
                assert_eq!(plain_qname(&name), read.map(|read| read.local.start), "{byte} in {length}");
            }
        }
    }

    #[test]
    fn qualified_names() {
        assert_eq!(qname("edXML:Từ-1.a=", 0, 50).unwrap(), QName { prefix: 0..5, local: 6..14 });
        assert_eq!(qname("a b", 2, 50).unwrap(), QName { prefix: 2..2, local: 2..3 });
        for (bad, code) in [
            ("", Code::XmlMalformed),
            ("1a", Code::XmlMalformed),
            ("-a", Code::XmlMalformed),
            (":a", Code::XmlNamespace),
            ("a:", Code::XmlNamespace),
            ("a:1", Code::XmlNamespace),
            ("a:b:c", Code::XmlNamespace),
            ("\u{D7}", Code::XmlMalformed),
            ("abcdefghijk", Code::XmlLimit),
        ] {
            assert_eq!(qname(bad, 0, 10).unwrap_err().0, code, "{bad}");
        }
    }
}
