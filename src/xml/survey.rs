//! What comes in is looked at once, in vectors of the widest kind that the processor has: is every character one that XML
//! allows, and is there anything in it but text as it stands?

use std::sync::LazyLock;

use fearless_simd::{Level, dispatch};

/// Bytes are surveyed in blocks: of a file's text most are calm and pass at once, of markup few are.
const BLOCK: usize = 512;
const LINE: usize = 64;

/// What the processor can do; asking it takes longer than a survey.
static LEVEL: LazyLock<Level> = LazyLock::new(Level::new);

/// What was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    /// Whether all of the bytes are ASCII without `<`, `&`, CR, `>` and control characters but LF: text as it stands,
    /// whatever comes behind.
    pub(super) is_calm: bool,
    /// Where the first character begins that no document may have, if the bytes before it are UTF-8.
    pub(super) forbidden: Option<usize>,
}

/// Looks at bytes.
pub(super) fn survey(bytes: &[u8]) -> Survey {
    dispatch!(*LEVEL, _simd => blocks(bytes))
}

// All of these are compiled anew for each kind of vector, so they must be inlined.

#[allow(clippy::inline_always)]
#[inline(always)]
fn blocks(bytes: &[u8]) -> Survey {
    let mut seen = Survey { is_calm: true, forbidden: None };
    for (number, block) in bytes.chunks(BLOCK).enumerate() {
        let (line, rest) = block.split_at_checked(LINE).unwrap_or((block, &[]));
        if is_calm(line) && is_calm(rest) {
            continue;
        }
        seen.is_calm = false;
        let from = number * BLOCK;
        // a non-character may begin in this block and end in the next
        let block = bytes.get(from..bytes.len().min(from + BLOCK + 2)).unwrap_or(block);
        if seen.forbidden.is_none() {
            seen.forbidden = forbidden(block).map(|at| from + at);
        }
    }
    seen
}

#[allow(clippy::inline_always)]
#[inline(always)]
fn is_calm(bytes: &[u8]) -> bool {
    let mut odd = 0;
    for &byte in bytes {
        let is_angle = byte | 2 == b'>'; // `<` differs from it by that bit
        let is_outside = byte.cast_signed() < b' '.cast_signed() && byte != b'\n'; // beyond ASCII is negative
        odd |= u8::from(is_angle) | u8::from(byte == b'&') | u8::from(is_outside);
    }
    odd == 0
}

#[allow(clippy::inline_always)]
#[inline(always)]
fn forbidden(bytes: &[u8]) -> Option<usize> {
    let control = if has_control(bytes) { bytes.iter().position(|byte| is_control(*byte)) } else { None };
    let is_noncharacter = |at: &usize| matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF]));
    let noncharacter = memchr::memchr_iter(0xEF, bytes).find(is_noncharacter);
    control.into_iter().chain(noncharacter).min()
}

#[allow(clippy::inline_always)]
#[inline(always)]
fn has_control(bytes: &[u8]) -> bool {
    let mut found = 0;
    for &byte in bytes {
        found |= u8::from(byte < b' ') & u8::from(byte != b'\t') & u8::from(byte != b'\n') & u8::from(byte != b'\r');
    }
    found != 0
}

const fn is_control(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_forbidden_character_is_found() {
        for (text, at) in [("đ\u{1}\u{FFFF}", Some(2)), ("đ\u{FFFF}\u{1}", Some(2)), ("\t\r\n\u{FFFD}", None)] {
            for before in [0, 1, 63, 64, 509, 510, 511, 512, 2000] {
                let text = "x".repeat(before) + text;
                assert_eq!(survey(text.as_bytes()).forbidden, at.map(|at| before + at), "{text:?}");
            }
        }
    }

    #[test]
    fn calm_text_has_nothing_that_needs_a_closer_look() {
        for byte in 0..=u8::MAX {
            let wanted = matches!(byte, b'\n' | b' '..=0x7F) && !matches!(byte, b'<' | b'>' | b'&');
            for length in [1, 15, 16, 33, 100, 600, 1500] {
                let mut bytes = vec![b'x'; length];
                bytes[length / 2] = byte;
                assert_eq!(survey(&bytes).is_calm, wanted, "{byte} in {length}");
            }
        }
    }

    #[test]
    fn every_kind_of_vector_sees_the_same() {
        let text = "Trục liên thông \u{1}<a>&amp;\r\n\u{FFFE}".repeat(200);
        for length in 0..text.len() {
            let bytes = &text.as_bytes()[length..];
            assert_eq!(survey(bytes), blocks(bytes), "from {length}");
        }
    }
}
