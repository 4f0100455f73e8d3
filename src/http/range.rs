//! Which part of a content is asked for (RFC 9110, 14): one range of octets; several at once are answered with all.

use std::ops::Range;

/// What to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Selection {
    /// All of it: no range, or one that is not understood and so not heeded.
    Whole,
    /// 206
    Part(Range<u64>),
    /// 416
    Outside,
}

/// Reads a `Range` header for a content of `len` octets.
pub(super) fn select(header: &str, len: u64) -> Selection {
    let Some(spec) = header.trim().strip_prefix("bytes=") else { return Selection::Whole };
    let Some((first, last)) = spec.trim().split_once('-') else { return Selection::Whole };
    match (first, last) {
        ("", "") => Selection::Whole,
        ("", suffix) => number(suffix).map_or(Selection::Whole, |suffix| part(len.saturating_sub(suffix), len, len)),
        (first, "") => number(first).map_or(Selection::Whole, |first| part(first, len, len)),
        (first, last) => match (number(first), number(last)) {
            (Some(first), Some(last)) if first <= last => part(first, last.saturating_add(1), len),
            _ => Selection::Whole,
        },
    }
}

fn part(first: u64, end: u64, len: u64) -> Selection {
    if first < len { Selection::Part(first..end.min(len)) } else { Selection::Outside }
}

/// Digits only; larger than everything where it does not fit.
fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ranges_as_in_the_standard() {
        let cases = [
            ("bytes=0-499", Selection::Part(0..500)),
            ("bytes=500-999", Selection::Part(500..1000)),
            ("bytes=-500", Selection::Part(9500..10_000)),
            ("bytes=9500-", Selection::Part(9500..10_000)),
            ("bytes=9999-10500", Selection::Part(9999..10_000)),
            ("bytes=-20000", Selection::Part(0..10_000)),
            ("bytes=10000-", Selection::Outside),
            ("bytes=-0", Selection::Outside),
            ("bytes=99999999999999999999999-", Selection::Outside),
            ("bytes=0-99999999999999999999999", Selection::Part(0..10_000)),
            ("bytes=0-0,-1", Selection::Whole),
            ("bytes=5-4", Selection::Whole),
            ("bytes=-", Selection::Whole),
            ("bytes=+1-2", Selection::Whole),
            ("bytes=a-b", Selection::Whole),
            ("items=0-1", Selection::Whole),
            ("", Selection::Whole),
        ];
        for (header, expected) in cases {
            assert_eq!(select(header, 10_000), expected, "{header}");
        }
        assert_eq!(select("bytes=0-", 0), Selection::Outside);
    }

    proptest! {
        #[test]
        fn a_part_lies_within_and_is_what_was_asked_for(first in 0_u64..200, last in 0_u64..200, len in 0_u64..150) {
            let wanted: Vec<u64> = (0..len).filter(|at| (first..=last).contains(at)).collect();
            match select(&format!("bytes={first}-{last}"), len) {
                Selection::Part(range) => prop_assert_eq!(range.collect::<Vec<_>>(), wanted),
                Selection::Outside => prop_assert!(wanted.is_empty() && first >= len),
                Selection::Whole => prop_assert!(first > last),
            }
        }

        #[test]
        fn a_suffix_is_the_end(suffix in 0_u64..200, len in 0_u64..150) {
            let wanted = len.saturating_sub(suffix)..len;
            let expected = if wanted.is_empty() { Selection::Outside } else { Selection::Part(wanted) };
            prop_assert_eq!(select(&format!("bytes=-{suffix}"), len), expected);
        }

        #[test]
        fn no_header_is_too_strange(header in "(bytes=)?[ -~]{0,40}", len in any::<u64>()) {
            if let Selection::Part(range) = select(&header, len) {
                prop_assert!(range.start < range.end && range.end <= len);
            }
        }
    }
}
