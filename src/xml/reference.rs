//! Character references and the five entities of XML; there are no others.

use crate::domain::Code;
use crate::xml::chars;

/// The longest reference that is accepted, with its marks.
pub(super) const LENGTH_MAX: usize = 64;

/// Resolves the reference whose bytes behind the `&` begin with `after`: the character, and the length of the
/// reference without the `&`. A reference of more than a few dozen bytes is none.
pub(super) fn resolve(after: &[u8]) -> Result<(char, usize), (Code, &'static str)> {
    let window = after.get(..LENGTH_MAX - 1).unwrap_or(after);
    let end = memchr::memchr(b';', window).ok_or_else(|| unclosed(window))?;
    let name = window.get(..end).unwrap_or_default();
    let c = match name {
        b"lt" => '<',
        b"gt" => '>',
        b"amp" => '&',
        b"quot" => '"',
        b"apos" => '\'',
        [b'#', b'x', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return Err(unknown(name)),
    };
    Ok((c, end + 1))
}

/// The character of a character reference (XML 1.0, 4.1): digits only, and a Char.
fn number(digits: &[u8], radix: u32) -> Result<char, (Code, &'static str)> {
    let mut value = 0u32;
    for digit in digits {
        let digit =
            char::from(*digit).to_digit(radix).ok_or((Code::XmlMalformed, "a malformed character reference"))?;
        value = value.saturating_mul(radix).saturating_add(digit);
    }
    if digits.is_empty() {
        return Err((Code::XmlMalformed, "a character reference without digits"));
    }
    let allowed = char::from_u32(value).filter(|c| chars::is_char(*c));
    allowed.ok_or((Code::XmlMalformed, "a reference to a character that XML does not allow"))
}

/// There is no semicolon near.
fn unclosed(window: &[u8]) -> (Code, &'static str) {
    match window {
        [b'#', rest @ ..] if rest.len() + 2 == LENGTH_MAX && rest.iter().all(u8::is_ascii_alphanumeric) => {
            (Code::XmlLimit, "a character reference is too long")
        }
        _ => (Code::XmlMalformed, "an ampersand that begins no reference; write &amp; for the character"),
    }
}

fn unknown(name: &[u8]) -> (Code, &'static str) {
    let text = std::str::from_utf8(name).unwrap_or_default();
    match chars::ncname(text, 0, text.len()) {
        Ok(end) if end == text.len() => (Code::XmlEntity, "an entity that is not one of lt, gt, amp, quot, apos"),
        _ => (Code::XmlMalformed, "an ampersand that begins no reference; write &amp; for the character"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_of_every_kind() {
        for (text, c) in [
            ("lt;", '<'),
            ("gt;", '>'),
            ("amp;", '&'),
            ("quot;", '"'),
            ("apos;x", '\''),
            ("#13;", '\r'),
            ("#x1EC7;", 'ệ'),
            ("#x10FFFF;", '\u{10FFFF}'),
            ("#00000065;", 'A'),
        ] {
            let (found, length) = resolve(text.as_bytes()).unwrap();
            assert_eq!((found, length), (c, text.trim_end_matches('x').len()), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let zeros = format!("#{}65;", "0".repeat(100));
        for (text, code) in [
            ("", Code::XmlMalformed),
            (" ;", Code::XmlMalformed),
            (";", Code::XmlMalformed),
            ("amp", Code::XmlMalformed),
            ("a b;", Code::XmlMalformed),
            ("nbsp;", Code::XmlEntity),
            ("LT;", Code::XmlEntity),
            ("#;", Code::XmlMalformed),
            ("#x;", Code::XmlMalformed),
            ("#X41;", Code::XmlMalformed),
            ("#-1;", Code::XmlMalformed),
            ("#0;", Code::XmlMalformed),
            ("#xD800;", Code::XmlMalformed),
            ("#xFFFE;", Code::XmlMalformed),
            ("#x110000;", Code::XmlMalformed),
            ("#x100000041;", Code::XmlMalformed),
            ("#99999999999999999;", Code::XmlMalformed),
            (zeros.as_str(), Code::XmlLimit),
        ] {
            assert_eq!(resolve(text.as_bytes()).unwrap_err().0, code, "{text}");
        }
    }
}
