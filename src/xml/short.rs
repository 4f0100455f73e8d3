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

/// Where `byte` stands among the first `limit` bytes, about.
#[inline]
pub(super) fn position(bytes: &[u8], byte: u8, limit: usize) -> Option<usize> {
    let mut at = 0;
    while at < limit {
        let Some(eight) = eight(bytes, at) else {
            return bytes.get(at..)?.iter().position(|found| *found == byte).map(|found| at + found);
        };
        let found = marks(eight, byte);
        if found != 0 {
            return Some(at + first(found));
        }
        at += 8;
    }
    None
}

/// What the table says of all these bytes together, joined by AND and by OR.
#[inline]
pub(super) fn classes(bytes: &[u8], table: &[u8; 256]) -> (u8, u8) {
    match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(last), ..) => bytes.as_chunks::<8>().0.iter().fold(joined(last, table), |(all, any), chunk| {
            let (these, some) = joined(chunk, table);
            (all & these, any | some)
        }),
        (None, Some(first), Some(last)) => {
            let ((all, any), (these, some)) = (joined(first, table), joined(last, table));
            (all & these, any | some)
        }
        _ => joined(bytes, table),
    }
}

#[inline]
fn joined(bytes: &[u8], table: &[u8; 256]) -> (u8, u8) {
    let class = |byte: &u8| table.get(usize::from(*byte)).copied().unwrap_or_default();
    bytes.iter().fold((u8::MAX, 0), |(all, any), byte| (all & class(byte), any | class(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_found_where_it_stands() {
        for length in 0..40 {
            let mut bytes = vec![b'x'; length];
            assert_eq!(position(&bytes, b'>', 32), None);
            for at in 0..length {
                bytes[at] = b'>';
                bytes[length - 1] = b'>';
                let wanted = (at < 32).then_some(at);
                assert_eq!(position(&bytes, b'>', 32), wanted, "{at} of {length}");
                bytes[at] = b'?'; // differs from it by one: the borrow of a subtraction must not reach it
            }
        }
    }

    #[test]
    fn classes_are_those_of_every_byte() {
        let mut table = [1; 256];
        table[usize::from(b'-')] = 2;
        for length in 0..40 {
            let mut bytes = vec![b'x'; length];
            assert_eq!(classes(&bytes, &table), if length == 0 { (255, 0) } else { (1, 1) });
            for at in 0..length {
                bytes[at] = b'-';
                assert_eq!(classes(&bytes, &table), if length == 1 { (2, 2) } else { (0, 3) }, "{at} of {length}");
                bytes[at] = b'x';
            }
        }
    }
}
