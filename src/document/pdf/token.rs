//! The little PDF syntax (ISO 32000-2, 7.2 and 7.3) that signature dictionaries need: where a value ends. Bounded in
//! depth; what it does not know ends the reading.

use std::ops::Range;

/// Deepest nesting of arrays and dictionaries in a value.
const DEPTH_MAX: u32 = 32;

/// White space (table 1).
pub(super) const fn is_space(octet: u8) -> bool {
    matches!(octet, 0 | 9 | 10 | 12 | 13 | 32)
}

const fn is_delimiter(octet: u8) -> bool {
    matches!(octet, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

const fn is_regular(octet: u8) -> bool {
    !is_space(octet) && !is_delimiter(octet)
}

/// The place of the next octet that is neither white space nor in a comment.
pub(super) fn skip(text: &[u8], mut at: usize) -> usize {
    while let Some(&octet) = text.get(at) {
        if octet == b'%' {
            let line = text.get(at..).unwrap_or_default();
            at = line
                .iter()
                .position(|end| matches!(end, b'\n' | b'\r'))
                .map_or(text.len(), |end| at.saturating_add(end));
        } else if is_space(octet) {
            at = at.saturating_add(1);
        } else {
            break;
        }
    }
    at
}

/// The end of a run of regular characters.
pub(super) fn regular_end(text: &[u8], at: usize) -> usize {
    let run = text.get(at..).unwrap_or_default().iter().take_while(|octet| is_regular(**octet)).count();
    at.saturating_add(run)
}

/// The end of the value that begins at `at`. `12 0 R` is one value.
pub(super) fn value_end(text: &[u8], at: usize) -> Option<usize> {
    value(text, at, 0)
}

fn value(text: &[u8], at: usize, depth: u32) -> Option<usize> {
    let rest = text.get(at..)?;
    match rest {
        _ if depth > DEPTH_MAX => None,
        [b'<', b'<', ..] => entries(text, at, depth).map(|(_, end)| end),
        [b'<', ..] => hexadecimal(rest).map(|end| at.saturating_add(end)),
        [b'(', ..] => literal(rest).map(|end| at.saturating_add(end)),
        [b'[', ..] => array(text, at.saturating_add(1), depth),
        [b'/', ..] => Some(regular_end(text, at.saturating_add(1))),
        [first, ..] if is_regular(*first) => Some(reference_end(text, at).unwrap_or_else(|| regular_end(text, at))),
        _ => None,
    }
}

fn hexadecimal(text: &[u8]) -> Option<usize> {
    let end = text.iter().position(|&octet| octet == b'>')?;
    let inner = text.get(1..end)?;
    inner.iter().all(|&octet| octet.is_ascii_hexdigit() || is_space(octet)).then_some(end.saturating_add(1))
}

fn literal(text: &[u8]) -> Option<usize> {
    let (mut open, mut is_escaped) = (0_u32, false);
    for (at, &octet) in text.iter().enumerate() {
        match octet {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'(' => open = open.saturating_add(1),
            b')' => {
                open = open.saturating_sub(1);
                if open == 0 {
                    return Some(at.saturating_add(1));
                }
            }
            _ => {}
        }
    }
    None
}

fn array(text: &[u8], mut at: usize, depth: u32) -> Option<usize> {
    loop {
        at = skip(text, at);
        if text.get(at)? == &b']' {
            return Some(at.saturating_add(1));
        }
        at = value(text, at, depth.saturating_add(1))?;
    }
}

/// The end of `12 0 R`.
fn reference_end(text: &[u8], at: usize) -> Option<usize> {
    let (_, end) = number(text, at)?;
    let (_, end) = number(text, skip(text, end))?;
    let key = skip(text, end);
    let end = regular_end(text, key);
    (text.get(key..end)? == b"R").then_some(end)
}

/// A whole number without sign, and its end.
pub(super) fn number(text: &[u8], at: usize) -> Option<(u64, usize)> {
    let end = regular_end(text, at);
    let digits = text.get(at..end)?;
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let number = is_number.then(|| std::str::from_utf8(digits).ok()?.parse().ok()).flatten()?;
    Some((number, end))
}

/// A dictionary's entries: keys without slash, and where their values stand; and its end.
pub(super) type Entries<'a> = Vec<(&'a [u8], Range<usize>)>;

/// Most entries of one dictionary.
const ENTRIES_MAX: usize = 1_000;

/// The entries of the dictionary that begins at `at`.
pub(super) fn dictionary(text: &[u8], at: usize) -> Option<(Entries<'_>, usize)> {
    entries(text, at, 0)
}

fn entries(text: &[u8], at: usize, depth: u32) -> Option<(Entries<'_>, usize)> {
    (text.get(at..)?.starts_with(b"<<") && depth <= DEPTH_MAX).then_some(())?;
    let mut entries = Vec::new();
    let mut at = skip(text, at.saturating_add(2));
    while !text.get(at..)?.starts_with(b">>") {
        (text.get(at)? == &b'/' && entries.len() < ENTRIES_MAX).then_some(())?;
        let key = at.saturating_add(1);
        let key_end = regular_end(text, key);
        let from = skip(text, key_end);
        let end = value(text, from, depth.saturating_add(1))?;
        entries.push((text.get(key..key_end)?, from..end));
        at = skip(text, end);
    }
    Some((entries, at.saturating_add(2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_end_where_they_end() {
        for value in [
            "<</A 1/B[1 0 R<41>(a\\)b(c))]>>",
            "<4 1>",
            "(a(b)\\\\)",
            "[ 1 %x]\n 2 ]",
            "/Name",
            "12 0 R",
            "12",
            "true",
            "[[[]]]",
        ] {
            let text = format!("{value} /Next");
            assert_eq!(value_end(text.as_bytes(), 0), Some(value.len()), "{value}");
        }
        for bad in ["<<", "<</A>>", "<</A 1", "<4x>", "(a", "[1", "]", ">", "<<1 2>>", ""] {
            assert_eq!(value_end(bad.as_bytes(), 0), None, "{bad}");
        }
        assert_eq!(value_end("[".repeat(100_000).as_bytes(), 0), None);
    }
}
