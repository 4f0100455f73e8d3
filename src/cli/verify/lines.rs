//! Byte ranges of a file as ranges of lines.

use std::io::{self, BufRead as _};
use std::ops::Range;

use serde::Serialize;

use crate::xml::Source;

/// First and last line, from 1. Lines end with LF.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Lines {
    pub(super) first: u64,
    pub(super) last: u64,
}

/// The lines of each range, in one reading.
pub(super) fn of(file: &impl Source, ranges: &[Range<u64>]) -> io::Result<Vec<Lines>> {
    let mut places: Vec<u64> = ranges.iter().flat_map(|range| [range.start, last_of(range)]).collect();
    places.sort_unstable();
    places.dedup();
    let numbers = numbers(file, &places)?;
    let number = |place| places.binary_search(&place).ok().and_then(|at| numbers.get(at)).copied().unwrap_or(1);
    Ok(ranges.iter().map(|range| Lines { first: number(range.start), last: number(last_of(range)) }).collect())
}

fn last_of(range: &Range<u64>) -> u64 {
    range.end.saturating_sub(1).max(range.start)
}

/// The line numbers of places that are sorted.
fn numbers(file: &impl Source, places: &[u64]) -> io::Result<Vec<u64>> {
    let mut read = file.open()?;
    let (mut line, mut at) = (1, 0);
    let mut numbers = Vec::with_capacity(places.len());
    for &place in places {
        while at < place {
            let chunk = read.fill_buf()?;
            let wanted = usize::try_from(place - at).unwrap_or(usize::MAX);
            let part = chunk.get(..wanted).unwrap_or(chunk);
            if part.is_empty() {
                break;
            }
            line += count(memchr::memchr_iter(b'\n', part).count());
            let taken = part.len();
            at += count(taken);
            read.consume(taken);
        }
        numbers.push(line);
    }
    Ok(numbers)
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
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
