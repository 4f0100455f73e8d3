//! The table of contents of a sealed segment: where its records start. It is written without a sync and trusted only as
//! far as its checksum and the segment agree with it; whoever misses it builds it again from the record headers.

use bytes::Buf;

use crate::domain::{Digest, Seq};
use crate::journal::files::record::{Chain, Nonce};
use crate::journal::files::row::take;

/// First bytes of the file; the last of them is the format version.
const MAGIC: [u8; 8] = *b"TRUCTOC\x01";

/// Largest table that is looked at, in bytes: a record takes at least 163 bytes of a segment, and 16 here.
pub(super) const BYTES_MAX: u64 = 512 << 20;

/// A record in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    /// Sequence number of its first entry.
    pub(super) seq: Seq,
    /// Number of its entries.
    pub(super) entries: u32,
    /// Where it starts, in bytes.
    pub(super) offset: u32,
}

/// What a sealed segment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Toc {
    /// Length of the segment in bytes.
    pub(super) end: u32,
    /// What the first record after it continues.
    pub(super) next: Chain,
    /// Its records, in order.
    pub(super) rows: Vec<Row>,
}

impl Toc {
    pub(super) fn to_bytes(&self, segment: u32, nonce: Nonce) -> Vec<u8> {
        let mut bytes = Vec::from(MAGIC);
        bytes.extend_from_slice(&nonce);
        bytes.extend([segment, self.end].into_iter().flat_map(u32::to_be_bytes));
        bytes.extend([self.next.record, self.next.seq].into_iter().flat_map(u64::to_be_bytes));
        bytes.extend_from_slice(self.next.digest.as_bytes());
        for row in &self.rows {
            bytes.extend_from_slice(&row.seq.to_be_bytes());
            bytes.extend([row.entries, row.offset].into_iter().flat_map(u32::to_be_bytes));
        }
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// From a file; `None` if it is not the table of this segment, whole.
    pub(super) fn parse(bytes: &[u8], segment: u32, nonce: Nonce) -> Option<Self> {
        let (mut rest, crc) = bytes.split_last_chunk::<4>()?;
        if u32::from_be_bytes(*crc) != crc32c::crc32c(rest) {
            return None;
        }
        let ours = take(&mut rest)? == MAGIC && take(&mut rest)? == nonce && rest.try_get_u32().ok()? == segment;
        let end = rest.try_get_u32().ok()?;
        let (record, seq) = (rest.try_get_u64().ok()?, rest.try_get_u64().ok()?);
        let next = Chain { record, seq, digest: Digest(take(&mut rest)?) };
        let mut rows = Vec::with_capacity(rest.len() / 16);
        while !rest.is_empty() {
            let (seq, entries) = (rest.try_get_u64().ok()?, rest.try_get_u32().ok()?);
            rows.push(Row { seq, entries, offset: rest.try_get_u32().ok()? });
        }
        ours.then_some(Self { end, next, rows })
    }
}

/// The record among `rows` that holds the entry `seq`.
pub(super) fn find(rows: &[Row], seq: Seq) -> Option<Row> {
    let after = rows.partition_point(|row| row.seq <= seq);
    let row = rows.get(after.checked_sub(1)?)?;
    (seq - row.seq < u64::from(row.entries)).then_some(*row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_back_and_a_flipped_bit_is_seen() {
        let rows = vec![Row { seq: 5, entries: 3, offset: 128 }, Row { seq: 8, entries: 0, offset: 900 }];
        let toc = Toc { end: 1200, next: Chain { record: 9, seq: 8, digest: Digest::of(b"x") }, rows };
        let bytes = toc.to_bytes(7, [3; 16]);
        assert_eq!(Toc::parse(&bytes, 7, [3; 16]), Some(toc));
        assert_eq!(Toc::parse(&bytes, 8, [3; 16]), None);
        assert_eq!(Toc::parse(&bytes, 7, [4; 16]), None);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Toc::parse(&damaged, 7, [3; 16]), None, "bit {bit}");
        }
    }

    #[test]
    fn an_entry_is_found_beside_records_without_entries() {
        let rows = [(0, 0, 1), (0, 2, 2), (2, 0, 3), (2, 3, 4), (5, 0, 5)];
        let rows = rows.map(|(seq, entries, offset)| Row { seq, entries, offset });
        let found = |seq| find(&rows, seq).map(|row| row.offset);
        assert_eq!([0, 1, 2, 4, 5].map(found), [Some(2), Some(2), Some(4), Some(4), None]);
    }
}
