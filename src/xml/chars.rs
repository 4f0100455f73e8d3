//! The productions of XML 1.0 that say which characters may stand where: Char, NameStartChar, NameChar, white space.

use std::ops::Range;

use crate::domain::Code;

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

/// The bytes as text, if they are UTF-8 and every character may stand in a document. Carriage returns pass.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Flaw> {
    let (control, high) = survey(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| (Code::XmlEncoding, error.valid_up_to(), "not UTF-8"))?;
    if control || (high && has_noncharacter(bytes)) {
        return Err(forbidden(text));
    }
    Ok(text)
}

/// Whether there are control characters that no document may have, and whether there is anything beyond ASCII.
fn survey(bytes: &[u8]) -> (bool, bool) {
    let (mut control, mut high) = (0, 0);
    for &byte in bytes {
        control |= u8::from(byte < b' ') & u8::from(byte != b'\t') & u8::from(byte != b'\n') & u8::from(byte != b'\r');
        high |= byte;
    }
    (control != 0, high >= 0x80)
}

/// Whether U+FFFE or U+FFFF stands in UTF-8 bytes.
fn has_noncharacter(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0xEF, bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])))
}

fn forbidden(text: &str) -> Flaw {
    let at = text.char_indices().find(|(_, c)| !is_char(*c)).map_or(0, |(at, _)| at);
    (Code::XmlMalformed, at, "a character that XML does not allow")
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

/// A QName found at the beginning of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct QName {
    /// Empty for none.
    pub(super) prefix: Range<usize>,
    pub(super) local: Range<usize>,
}

/// Reads a QName (Namespaces in XML, production 7) at `at`. What stands behind it is the caller's to judge.
pub(super) fn qname(text: &str, at: usize, limit: usize) -> Result<QName, Flaw> {
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
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    let mut length = rest.iter().position(|byte| !in_ascii_name(*byte)).unwrap_or(rest.len());
    if rest.get(length).is_some_and(|byte| *byte >= 0x80) {
        length = beyond_ascii(text.get(at..).unwrap_or_default(), length);
    }
    let first = rest.first().copied().unwrap_or_default();
    if length == 0 || matches!(first, b'0'..=b'9' | b'-' | b'.') || first >= 0x80 && !starts(text, at) {
        return Err(no_name(first, at));
    }
    if length > limit { Err((Code::XmlLimit, at, "a name is too long")) } else { Ok(at + length) }
}

/// Whether a byte is one of the ASCII characters of an NCName.
#[inline]
fn in_ascii_name(byte: u8) -> bool {
    IN_ASCII_NAME.get(usize::from(byte)).copied().unwrap_or_default()
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

/// Goes on behind the first `length` bytes of a name where a character beyond ASCII stands.
#[cold]
fn beyond_ascii(text: &str, length: usize) -> usize {
    let rest = text.get(length..).unwrap_or_default();
    let end = rest.find(|c| !is_name_char(c)).unwrap_or(rest.len());
    length + end
}

fn starts(text: &str, at: usize) -> bool {
    text.get(at..).and_then(|rest| rest.chars().next()).is_some_and(is_name_start)
}

#[cold]
fn no_name(first: u8, at: usize) -> Flaw {
    match first {
        b':' => (Code::XmlNamespace, at, "a name begins with a colon"),
        _ => (Code::XmlMalformed, at, "a name is expected"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            assert_eq!(text(piece.as_bytes()).is_ok(), allowed, "{c:?}");
        }
    }

    #[test]
    fn a_fault_is_placed_at_its_byte() {
        assert_eq!(text("đ\u{1}".as_bytes()).unwrap_err().1, 2);
        assert_eq!(text(b"ab\xFFc").unwrap_err(), (Code::XmlEncoding, 2, "not UTF-8"));
        assert_eq!(text(b"\xED\xA0\x80").unwrap_err().0, Code::XmlEncoding, "a surrogate");
        assert_eq!(text(b"\xC0\xBC").unwrap_err().0, Code::XmlEncoding, "an overlong form");
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
