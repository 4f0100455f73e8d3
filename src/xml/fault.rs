//! What is wrong with a document, and where: first as a byte offset, then for people as line and column.

use std::borrow::Cow;
use std::io::{self, BufRead};
use std::ops::{Range, RangeInclusive};

use crate::domain::{Code, Place, Refusal};
use crate::xml::Source;

/// A fault in a document at a byte offset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The stable code.
    pub code: Code,
    /// Byte offset in the source, from 0.
    pub offset: u64,
    /// Element path by local names, as in [`Place::path`]. Empty where whoever found the fault does not know it.
    pub path: String,
    /// More about it, in English; never a value out of the document.
    pub detail: Cow<'static, str>,
}

impl Fault {
    /// A fault whose path is filled in by the driver.
    pub fn new(code: Code, offset: u64, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, offset, path: String::new(), detail: detail.into() }
    }

    /// The same fault with this path, unless it has one.
    #[must_use]
    pub fn within(mut self, path: impl FnOnce() -> String) -> Self {
        if self.path.is_empty() {
            self.path = path();
        }
        self
    }

    /// The refusal for people: reads the source again up to the offset to count lines and columns.
    /// Where the source cannot be read any more the refusal stands without a place.
    #[must_use]
    pub fn locate(self, source: &impl Source) -> Refusal {
        let refusal = Refusal::new(self.code, self.detail);
        match source.open().and_then(|read| line_and_column(read, self.offset)) {
            Ok((line, column)) => refusal.at(Place { line, column, path: self.path }),
            Err(_) => refusal,
        }
    }
}

/// The lines, from 1, on which these bytes of a source stand, in one reading: for each range its first and its last line.
///
/// # Errors
/// If the source cannot be read.
pub fn line_ranges(source: &impl Source, ranges: &[Range<u64>]) -> io::Result<Vec<RangeInclusive<u64>>> {
    let last = |range: &Range<u64>| range.end.saturating_sub(1).max(range.start);
    let mut offsets: Vec<u64> = ranges.iter().flat_map(|range| [range.start, last(range)]).collect();
    offsets.sort_unstable();
    offsets.dedup();
    let lines = lines_of(source.open()?, &offsets)?;
    let line = |offset| offsets.binary_search(&offset).ok().and_then(|at| lines.get(at)).copied().unwrap_or(1);
    Ok(ranges.iter().map(|range| line(range.start)..=line(last(range))).collect())
}

/// The line of each of these offsets, which ascend.
fn lines_of(mut read: impl BufRead, offsets: &[u64]) -> io::Result<Vec<u64>> {
    let (mut line, mut at) = (1, 0);
    let mut lines = Vec::with_capacity(offsets.len());
    for &offset in offsets {
        while at < offset {
            let chunk = read.fill_buf()?;
            let wanted = usize::try_from(offset - at).unwrap_or(usize::MAX);
            let part = chunk.get(..wanted).unwrap_or(chunk);
            if part.is_empty() {
                break;
            }
            line += count(memchr::memchr_iter(b'\n', part).count());
            let taken = part.len();
            at += count(taken);
            read.consume(taken);
        }
        lines.push(line);
    }
    Ok(lines)
}

/// Line and column (in characters), both from 1, of the byte at `offset`. A byte order mark is no character.
fn line_and_column(mut read: impl BufRead, offset: u64) -> std::io::Result<(u64, u64)> {
    let (mut line, mut column, mut at) = (1, 1, 0);
    while at < offset {
        let chunk = read.fill_buf()?;
        let wanted = usize::try_from(offset - at).unwrap_or(usize::MAX);
        let part = chunk.get(..wanted).unwrap_or(chunk);
        if part.is_empty() {
            break;
        }
        let after_line_end = memchr::memrchr(b'\n', part).map_or(0, |i| i + 1);
        let tail = part.get(after_line_end..).unwrap_or_default();
        if after_line_end > 0 {
            line += count(memchr::memchr_iter(b'\n', part).count());
            column = 1;
        }
        column += count(tail.iter().filter(|&&byte| byte & 0xC0 != 0x80).count());
        let taken = part.len();
        if at == 0 && line == 1 && part.starts_with(b"\xEF\xBB\xBF") {
            column -= 1;
        }
        at += count(taken);
        read.consume(taken);
    }
    Ok((line, column))
}

fn count(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(text: &str, offset: u64) -> (u64, u64) {
        let reader = std::io::BufReader::with_capacity(3, text.as_bytes());
        line_and_column(reader, offset).unwrap()
    }

    #[test]
    fn lines_and_columns_are_counted_in_characters() {
        let text = "<a>\n<b>thông</b>\n</a>";
        assert_eq!(place(text, 0), (1, 1));
        assert_eq!(place(text, 4), (2, 1));
        let end_of_b = text.find("</b>").unwrap();
        assert_eq!(place(text, count(end_of_b)), (2, 9));
        assert_eq!(place(text, 1000), (3, 5));
    }

    #[test]
    fn ranges_of_bytes_are_ranges_of_lines() {
        let text = b"<a>\n<b>\n</b>\n</a>\n".as_slice();
        let ranges = [4..12, 0..18, 0..3, 13..13, 0..0, 30..40];
        let lines = line_ranges(&text, &ranges).unwrap();
        assert_eq!(lines, [2..=3, 1..=4, 1..=1, 4..=4, 1..=1, 5..=5]);
    }

    #[test]
    fn a_byte_order_mark_is_no_column() {
        assert_eq!(place("\u{FEFF}<a/>", 3), (1, 1));
        assert_eq!(place("\u{FEFF}<a/>", 5), (1, 3));
    }

    #[test]
    fn a_fault_becomes_a_refusal_with_a_place() {
        let fault = Fault::new(Code::XmlMalformed, 4, "what").within(|| "/a".to_owned());
        let refusal = fault.locate(&b"<a>\n&".as_slice());
        assert_eq!(refusal.at, Some(Place { line: 2, column: 1, path: "/a".to_owned() }));
    }
}
