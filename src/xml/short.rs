//! Searches in pieces of a few bytes, eight at a time: names and words are so short that a branch for every byte, taken
//! wrongly at their end, would cost more than everything else about them.

/// The byte 1 eight times, and the highest bit of each byte.
const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHEST: u64 = 0x8080_8080_8080_8080;

/// The highest bit of every byte that is `byte`. Above the first such byte others may be marked as well: the lowest mark
/// is right, and so is whether there is one.
#[inline]
pub(super) fn marks(eight: u64, byte: u8) -> u64 {
    let differing = eight ^ ONES.wrapping_mul(u64::from(byte));
    differing.wrapping_sub(ONES) & !differing & HIGHEST
}

/// The highest bit of every byte below a space; above the first one others may be marked as well.
#[inline]
pub(super) fn marks_of_controls(eight: u64) -> u64 {
    eight.wrapping_sub(ONES.wrapping_mul(u64::from(b' '))) & !eight & HIGHEST
}

/// The eight bytes at a place, the first one lowest.
#[inline]
pub(super) fn eight(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|chunk| u64::from_le_bytes(*chunk))
}

/// Which byte carries the lowest mark.
#[inline]
pub(super) fn first(marks: u64) -> usize {
    usize::try_from(marks.trailing_zeros() / 8).unwrap_or(usize::MAX)
}

/// Where the first of two bytes stands among the first `limit` bytes, about.
#[inline]
pub(super) fn position_of_two(bytes: &[u8], [a, b]: [u8; 2], limit: usize) -> Option<usize> {
    let mut at = 0;
    while at < limit {
        let Some(eight) = eight(bytes, at) else {
            return bytes.get(at..)?.iter().position(|found| *found == a || *found == b).map(|found| at + found);
        };
        let found = marks(eight, a) | marks(eight, b);
        if found != 0 {
            return Some(at + first(found));
        }
        at += 8;
    }
    None
}

/// Where the byte stands first.
#[inline]
pub(super) fn position(bytes: &[u8], byte: u8) -> Option<usize> {
    position_of_two(bytes, [byte, byte], bytes.len())
}

/// Whether that is so of all bytes, asked of eight at a time; of fewer it is asked with `filler` behind them.
#[inline]
pub(super) fn are_all(bytes: &[u8], filler: u8, is_so: impl Fn(u64) -> bool) -> bool {
    let Some(last) = bytes.last_chunk::<8>() else {
        let filled =
            bytes.iter().rev().fold(ONES.wrapping_mul(u64::from(filler)), |eight, byte| eight << 8 | u64::from(*byte));
        return is_so(filled);
    };
    bytes.as_chunks::<8>().0.iter().all(|eight| is_so(u64::from_le_bytes(*eight))) && is_so(u64::from_le_bytes(*last))
}

/// Whether each of the bytes is an ASCII character of a QName.
#[inline]
pub(super) fn are_in_qname(eight: u64) -> bool {
    let small = eight | ONES.wrapping_mul(0x20);
    let known = between(small, b'a', b'z') | between(eight, b'0', b':') | between(eight, b'-', b'.');
    eight & HIGHEST == 0 && (known | between(eight, b'_', b'_')) & HIGHEST == HIGHEST
}

/// The highest bit of every byte from `low` to `high`, if all are ASCII.
#[inline]
fn between(eight: u64, low: u8, high: u8) -> u64 {
    let reaches = |least: u8| eight.wrapping_add(ONES.wrapping_mul(u64::from(0x80 - least)));
    reaches(low) & !reaches(high + 1)
}

/// A word by its ends: two that have the same are the same, unless they are longer than [`Key::WHOLE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Key {
    length: usize,
    first: u64,
    last: u64,
}

impl Key {
    /// So many bytes are all in the key.
    pub(super) const WHOLE: usize = 16;

    #[inline]
    pub(super) fn of(word: &[u8]) -> Self {
        let (first, last) = match (word.first_chunk::<8>(), word.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => ends(word),
        };
        Self { length: word.len(), first, last }
    }

    /// A small number that is another for most other words.
    #[inline]
    pub(super) fn spread(&self, bits: u32) -> usize {
        let mixed = (self.first ^ self.last.rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        usize::try_from(mixed >> (64 - bits)).unwrap_or_default()
    }
}

/// The ends of a word of less than eight bytes.
#[inline]
fn ends(word: &[u8]) -> (u64, u64) {
    match (word.first_chunk::<4>(), word.last_chunk::<4>(), word) {
        (Some(first), Some(last), _) => (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last))),
        (_, _, [first, .., last]) => {
            let middle = word.get(1).copied().unwrap_or_default();
            (u64::from(*first) << 8 | u64::from(middle), u64::from(*last))
        }
        _ => (word.first().copied().map_or(0, u64::from), 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_where_it_stands() {
        for length in 0..40 {
            let mut bytes = vec![b'x'; length];
            assert_eq!(position_of_two(&bytes, [b'>', b' '], 32), None);
            for at in 0..length {
                bytes[at] = b'>';
                bytes[length - 1] = b'>';
                let wanted = (at < 32).then_some(at);
                assert_eq!(position_of_two(&bytes, [b'>', b' '], 32), wanted, "{at} of {length}");
                bytes[at] = b' ';
                assert_eq!(position_of_two(&bytes, [b'>', b' '], 32), wanted, "{at} of {length}");
                bytes[at] = b'?'; // differs from it by one: the borrow of a subtraction must not reach it
            }
        }
    }

    #[test]
    fn words_have_the_same_key_only_if_they_are_the_same() {
        let text = b"abcdefghijklmnopqrstuvwxyz";
        for length in 0..=Key::WHOLE {
            let word = text[..length].to_vec();
            assert_eq!(Key::of(&word), Key::of(&word.clone()));
            assert_ne!(Key::of(&word), Key::of(&text[..=length]));
            for at in 0..length {
                let mut other = word.clone();
                other[at] = b'-';
                assert_ne!(Key::of(&word), Key::of(&other), "{at} of {length}");
            }
        }
    }

    #[test]
    fn controls_are_marked_from_the_lowest_on() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                let mut bytes = [0xE1; 8];
                bytes[at] = byte;
                let marks = marks_of_controls(u64::from_le_bytes(bytes));
                assert_eq!((marks != 0).then(|| first(marks)), (byte < b' ').then_some(at), "{byte}");
            }
        }
    }

    #[test]
    fn every_byte_is_asked() {
        for length in 0..60 {
            let mut bytes = vec![b'x'; length];
            assert!(are_all(&bytes, b'x', |eight| marks(eight, b'-') == 0));
            assert_eq!(position(&bytes, b'-'), None);
            for at in 0..length {
                bytes[at] = b'-';
                assert!(!are_all(&bytes, b'x', |eight| marks(eight, b'-') == 0), "{at} of {length}");
                assert_eq!(position(&bytes, b'-'), Some(at));
                bytes[at] = b'x';
            }
        }
    }

    #[test]
    fn characters_of_names_are_told_in_every_place() {
        for byte in 0..=u8::MAX {
            let wanted = byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'-' | b'.');
            for at in 0..8 {
                let mut bytes = *b"aZ09:_-.";
                bytes[at] = byte;
                assert_eq!(are_in_qname(u64::from_le_bytes(bytes)), wanted, "{byte} at {at}");
            }
        }
    }
}
