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

/// What stands somewhere in a piece of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Classes(u8);

impl Classes {
    /// `<`, `&` or CR: text does not go on as it stands.
    const STOP: u8 = 1;
    /// A control character that no document may have.
    const CONTROL: u8 = 2;
    /// A byte beyond ASCII.
    const HIGH: u8 = 4;
    /// `]`
    const BRACKET: u8 = 8;
    /// `>`
    const GREATER: u8 = 16;

    pub(super) fn has_greater(self) -> bool {
        self.0 & Self::GREATER != 0
    }

    pub(super) fn has_bracket(self) -> bool {
        self.0 & Self::BRACKET != 0
    }
}

/// By byte: its classes.
const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut rest = table.as_mut_slice();
    let mut byte = 0u8;
    while let Some((entry, tail)) = rest.split_first_mut() {
        *entry = match byte {
            b'<' | b'&' | b'\r' => Classes::STOP,
            b'\t' | b'\n' => 0,
            0..=0x1F => Classes::CONTROL,
            b']' => Classes::BRACKET,
            b'>' => Classes::GREATER,
            0x80.. => Classes::HIGH,
            _ => 0,
        };
        rest = tail;
        byte = byte.wrapping_add(1);
    }
    table
};

/// So many bytes are looked at one by one before the vector searches are worth their beginning.
const SHORT: usize = 32;

/// How far the piece goes before `<`, `&` or CR, whether it meets one, and what stands before it.
#[inline]
pub(super) fn run(piece: &[u8]) -> (usize, bool, Classes) {
    let mut classes = 0;
    for (at, byte) in piece.iter().take(SHORT).enumerate() {
        let class = CLASSES.get(usize::from(*byte)).copied().unwrap_or_default();
        if class & Classes::STOP != 0 {
            return (at, true, Classes(classes));
        }
        classes |= class;
    }
    let rest = piece.get(SHORT..).unwrap_or_default();
    let stop = memchr::memchr3(b'<', b'&', b'\r', rest);
    let rest = rest.get(..stop.unwrap_or(rest.len())).unwrap_or(rest);
    (piece.len().min(SHORT) + rest.len(), stop.is_some(), Classes(classes | survey(rest)))
}

/// The classes of a piece. CR is none here.
pub(super) fn classes(bytes: &[u8]) -> Classes {
    Classes(survey(bytes))
}

/// The same, by vector operations.
fn survey(bytes: &[u8]) -> u8 {
    let (mut control, mut high, mut bracket, mut greater) = (0, 0, 0, 0);
    for &byte in bytes {
        control |= u8::from(byte < b' ') & u8::from(byte != b'\t') & u8::from(byte != b'\n') & u8::from(byte != b'\r');
        high |= byte;
        bracket |= u8::from(byte == b']');
        greater |= u8::from(byte == b'>');
    }
    (u8::from(control != 0) * Classes::CONTROL)
        | (u8::from(high >= 0x80) * Classes::HIGH)
        | (bracket * Classes::BRACKET)
        | (greater * Classes::GREATER)
}

/// The bytes as text, if they are UTF-8 and every character may stand in a document. Carriage returns pass.
pub(super) fn text(bytes: &[u8]) -> Result<&str, Flaw> {
    checked(bytes, classes(bytes))
}

/// The same for bytes whose classes are known.
#[inline]
pub(super) fn checked(bytes: &[u8], classes: Classes) -> Result<&str, Flaw> {
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(bytes, error.valid_up_to()))?;
    let control = classes.0 & Classes::CONTROL != 0;
    if control || (classes.0 & Classes::HIGH != 0 && has_noncharacter(bytes)) {
        return Err(forbidden(text));
    }
    Ok(text)
}

/// The first flaw of bytes that are not UTF-8 from `at` on.
#[cold]
fn not_utf8(bytes: &[u8], at: usize) -> Flaw {
    text(bytes.get(..at).unwrap_or_default()).err().unwrap_or((Code::XmlEncoding, at, "not UTF-8"))
}

/// Whether U+FFFE or U+FFFF stands in UTF-8 bytes.
fn has_noncharacter(bytes: &[u8]) -> bool {
    memchr::memchr_iter(0xEF, bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])))
}

#[cold]
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

/// A QName in ASCII at the beginning of a piece, with `>` right behind it: the length of its prefix with the colon, and its
/// own. None for everything else, which needs a closer look.
#[inline]
pub(super) fn plain_name(piece: &[u8], limit: usize) -> Option<(usize, usize)> {
    let first = ascii_name(piece, 0);
    let (prefix, end) = match piece.get(first) {
        Some(b':') => (first + 1, ascii_name(piece, first + 1)),
        _ => (0, first),
    };
    let is_plain = piece.get(end) == Some(&b'>')
        && end <= limit
        && starts_ascii(piece, 0)
        && (prefix == 0 || starts_ascii(piece, prefix));
    is_plain.then_some((prefix, end))
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
    fn plain_names_are_those_that_need_no_closer_look() {
        assert_eq!(plain_name(b"a>", 10), Some((0, 1)));
        assert_eq!(plain_name(b"edXML:To>x", 10), Some((6, 8)));
        for other in
            ["", "a", "a/>", "a >", "1a>", ":a>", "a:>", "a:1>", "a:b:c>", "ab\u{1EA1}>", "abcdefghijk>", "xml:a"]
        {
            assert_eq!(plain_name(other.as_bytes(), 10), None, "{other}");
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
