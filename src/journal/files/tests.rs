//! The bytes, pinned: `docs/journal-format.md` shows exactly these. And what decoding makes of any other bytes.

use bytes::Bytes;
use proptest::prelude::*;

use super::record::{self, Chain, Header};
use super::segment;
use crate::domain::{Digest, Timestamp};
use crate::journal::{Batch, Body, BodyLocation, Content, ContentKind, Damage, Payload, PayloadName, Position, Record};

const NONCE: record::Nonce = [0x11; 16];
const FOLLOWS: Chain = Chain { record: 7, seq: 9, digest: Digest([0x22; 32]) };
const AT: Position = Position { segment: 3, offset: 128 };

fn batch() -> Batch {
    let content = |entry, kind, body| Content { entry, kind, key: Digest([0x33; 32]), body };
    let payload =
        Payload { name: PayloadName(uuid::Uuid::from_u128(0x4444)), length: 1 << 20, sha256: Digest([0x55; 32]) };
    Batch {
        time: Timestamp::from_millis(1_790_000_000_000),
        checkpoint: Some(Bytes::from_static(b"a checkpoint\n")),
        entries: vec![Bytes::from_static(b"{\"a\":1}"), Bytes::from_static(b"{\"b\":2}")],
        contents: vec![
            content(0, ContentKind::Text, Body::Inline(Bytes::from_static(b"a body"))),
            content(1, ContentKind::Body, Body::Payload(payload)),
        ],
    }
}

/// Header and directory of the record of `batch`, then its bodies.
fn bytes(batch: &Batch) -> Vec<u8> {
    let mut bytes = record::encode(batch, NONCE, FOLLOWS, AT).head;
    record::inline_bodies(batch).for_each(|body| bytes.extend_from_slice(body));
    bytes
}

fn decode(bytes: &[u8]) -> Option<Result<Record, Damage>> {
    let header = Header::parse(bytes)?;
    Some(record::decode(&header, Bytes::copy_from_slice(&bytes[record::HEADER_BYTES..]), AT))
}

#[test]
fn a_record_has_these_bytes() {
    let expected = [
        "5452554352454301",                                                 // magic, version 1
        "11111111111111111111111111111111",                                 // nonce of the segment
        "00000003",                                                         // segment
        "00000002",                                                         // entries
        "0000000000000007",                                                 // number of the record
        "0000000000000009",                                                 // seq of the first entry
        "000001a0c4506c00",                                                 // time
        "00000002",                                                         // contents
        "0000000d",                                                         // bytes of the checkpoint
        "00000012",                                                         // bytes of the entries
        "000000a0",                                                         // bytes of the list of contents
        "00000006",                                                         // bytes of the bodies
        "43906f26",                                                         // CRC32C of the directory
        "2222222222222222222222222222222222222222222222222222222222222222", // digest of the record before
        "39b95b73b0a9edb5c3db5dbfe2763e714eea3cc99e2355b1e3d0747f88813c0f", // digest of this record
        "000000000000000000000000",                                         // zero
        "2ae6a3bd",                                                         // CRC32C of the header
        "6120636865636b706f696e740a",                                       // the checkpoint
        "0007",
        "7b2261223a317d", // an entry
        "0007",
        "7b2262223a327d",                                                   // an entry
        "00000000",                                                         // a content in line: its entry
        "05",                                                               // kind: text
        "01",                                                               // form: in line
        "0000",                                                             // zero
        "0000000000000006",                                                 // length
        "3333333333333333333333333333333333333333333333333333333333333333", // key
        "00",                                                               // state: present
        "000000",                                                           // zero
        "461a6d35",                                                         // CRC32C of the body
        "00000001",                                                         // a payload: its entry
        "01",                                                               // kind: body
        "02",                                                               // form: payload
        "0000",                                                             // zero
        "0000000000100000",                                                 // length
        "3333333333333333333333333333333333333333333333333333333333333333", // key
        "00000000000000000000000000004444",                                 // name
        "00",                                                               // state: present
        "000000",                                                           // zero
        "00000000",                                                         // no CRC32C
        "5555555555555555555555555555555555555555555555555555555555555555", // SHA-256
        "6120626f6479",                                                     // the body
    ];
    assert_eq!(hex::encode(bytes(&batch())), expected.concat());
}

#[test]
fn a_segment_header_has_these_bytes() {
    let header = segment::Header {
        nonce: NONCE,
        number: 3,
        generation: 1,
        journal: uuid::Uuid::from_u128(0x6666),
        follows: FOLLOWS,
        previous_bytes: 1000,
        created: Timestamp::from_millis(1_790_000_000_000),
    };
    let expected = [
        "5452554353454701",                                                 // magic, version 1
        "11111111111111111111111111111111",                                 // nonce
        "00000003",                                                         // number
        "00000001",                                                         // generation
        "00000000000000000000000000006666",                                 // journal
        "0000000000000007",                                                 // number of the first record
        "0000000000000009",                                                 // seq of its first entry
        "2222222222222222222222222222222222222222222222222222222222222222", // digest of the record before
        "00000000000003e8",                                                 // bytes of the segment before
        "000001a0c4506c00",                                                 // time
        "000000000000000000000000",                                         // zero
        "4e39b9e7",                                                         // CRC32C
    ];
    assert_eq!(hex::encode(header.to_bytes()), expected.concat());
    assert_eq!(segment::Header::parse(&header.to_bytes()), Ok(header));
}

#[test]
fn a_destroyed_content_leaves_digest_and_places_as_they_were() {
    let whole = record::encode(&batch(), NONCE, FOLLOWS, AT);
    let mut less = batch();
    for content in &mut less.contents {
        let payload = if let Body::Payload(payload) = &content.body { Some(payload.name) } else { None };
        content.body = Body::Destroyed { length: content.body.len(), payload };
    }
    let rewritten = record::encode(&less, NONCE, FOLLOWS, AT);
    assert_eq!((rewritten.next, rewritten.length, rewritten.head.len()), (whole.next, whole.length, whole.head.len()));
    let mut bytes = rewritten.head;
    bytes.extend_from_slice(&[0; 6]);
    let record = decode(&bytes).unwrap().unwrap();
    assert_eq!(record.batch, less);
    assert_eq!(record.placed.bodies, [BodyLocation::Destroyed, BodyLocation::Destroyed]);
}

/// Makes the checksums right again, as a hand that knows them would.
fn fix_checksums(bytes: &mut [u8]) {
    let length = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
    let directory = [60, 64, 68].map(length).into_iter().map(|l| usize::try_from(l).unwrap()).sum::<usize>();
    if let Some(directory) = bytes.get(160..160 + directory) {
        let crc = crc32c::crc32c(directory);
        bytes[76..80].copy_from_slice(&crc.to_be_bytes());
    }
    let crc = crc32c::crc32c(&bytes[..156]);
    bytes[156..160].copy_from_slice(&crc.to_be_bytes());
}

proptest! {
    #![proptest_config(proptest::test_runner::Config { failure_persistence: None, ..proptest::test_runner::Config::default() })]

    /// Bytes with right checksums that nobody wrote: an answer, never a panic, and never taken for the record.
    #[test]
    fn a_forged_record_is_refused(changes in proptest::collection::vec((0_usize..700, any::<u8>()), 1..4)) {
        let mut forged = bytes(&batch());
        let whole = forged.clone();
        let length = forged.len();
        for (at, byte) in changes {
            forged[at % length] = byte;
        }
        fix_checksums(&mut forged);
        if forged != whole {
            // What a record's digest does not cover: zeros that are checked, and what destruction changes.
            let accepted = decode(&forged).and_then(Result::ok);
            let changed = accepted.filter(|record| record.batch.entries != batch().entries || record.first_seq != 9);
            prop_assert!(changed.is_none(), "{changed:?}");
        }
    }

    #[test]
    fn any_bytes_are_no_record(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(Header::parse(&bytes).is_none());
        prop_assert!(segment::Header::parse(&bytes).is_err());
        prop_assert!(super::toc::Toc::parse(&bytes, 1, NONCE).is_none());
    }
}
