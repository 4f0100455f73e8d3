//! Byte ranges of a file as ranges of lines.

use std::io;
use std::ops::Range;

use serde::Serialize;

use crate::xml::{Source, line_ranges};

/// First and last line, from 1. Lines end with LF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Lines {
    pub(super) first: u64,
    pub(super) last: u64,
}

/// The lines of each range, in one reading.
pub(super) fn of(file: &impl Source, ranges: &[Range<u64>]) -> io::Result<Vec<Lines>> {
    let lines = line_ranges(file, ranges)?;
    Ok(lines.into_iter().map(|lines| Lines { first: *lines.start(), last: *lines.end() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_become_lines() {
        let text = "a\nbc\n\nd".as_bytes();
        let lines = of(&text, &[0..7, 2..5, 5..6, 6..7, 0..1, 3..3]).unwrap();
        let pairs: Vec<_> = lines.iter().map(|lines| (lines.first, lines.last)).collect();
        assert_eq!(pairs, [(1, 4), (2, 2), (3, 3), (4, 4), (1, 1), (2, 2)]);
    }
}
