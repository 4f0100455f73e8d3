//! The exact bytes: whole, in parts, known already, and whether they count as fetched.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use truc::client::{EventQuery, Upload};
use truc::domain::{Code, Digest};

use crate::fixture::Door;

#[tokio::test]
async fn law_2_the_exact_bytes_come_back_whole_or_in_parts_with_their_digest() {
    let door = Door::open().await;
    for (number, size) in [("1", 10), ("2", 60_000), ("3", 2_500_000)] {
        let file = STANDARD.encode((0..=255_u8).cycle().take(size).collect::<Vec<u8>>());
        let bytes = door.signed(number, &file);
        let len = bytes.len();
        let receipt = door.client("g22").send_document(&Upload::bytes(bytes.clone())).await.unwrap();
        assert_eq!(receipt.sha256, Digest::of(&bytes));
        let download = door.client("h41").content(receipt.id, None).await.unwrap();
        assert_eq!((download.size(), download.sha256()), (Some(len as u64), Some(receipt.sha256)));
        assert_eq!(download.bytes(usize::MAX).await.unwrap(), bytes);

        let path = format!("/v1/documents/{}/content", receipt.id);
        let answer = door.get(&path, "h41").await;
        assert_eq!((answer.status, answer.body.as_slice()), (200, bytes.as_slice()));
        assert_eq!(answer.headers["content-type"], "application/xml");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["content-length"], len.to_string());
        let digest = STANDARD.encode(receipt.sha256.as_bytes());
        assert_eq!(answer.headers["repr-digest"], format!("sha-256=:{digest}:"));
        let etag = format!("\"{}\"", receipt.sha256);
        assert_eq!(answer.headers["etag"], etag);

        let known = door.raw("GET", &path, "h41", &[("If-None-Match", &etag)], b"").await;
        assert_eq!((known.status, known.body.len()), (304, 0));
        let last = door.raw("GET", &path, "h41", &[("Range", "bytes=-1")], b"").await;
        assert_eq!((last.status, last.body.as_slice()), (206, &bytes[len - 1..]));
        assert_eq!(last.headers["content-range"], format!("bytes {}-{}/{len}", len - 1, len - 1));
        assert_eq!(last.headers["repr-digest"], answer.headers["repr-digest"]);
        let rest = door.raw("GET", &path, "h41", &[("Range", "bytes=1000-"), ("If-Range", &etag)], b"").await;
        assert_eq!((rest.status, rest.body.as_slice()), (206, &bytes[1000..]));
        let changed = door.raw("GET", &path, "h41", &[("Range", "bytes=0-0"), ("If-Range", "\"x\"")], b"").await;
        assert_eq!((changed.status, changed.body.len()), (200, len));
        let outside = door.raw("GET", &path, "h41", &[("Range", "bytes=99999999-")], b"").await;
        assert_eq!((outside.status, outside.code().as_str()), (416, "range_not_satisfiable"));
        assert_eq!(outside.headers["content-range"], format!("bytes */{len}"));
    }
}

#[tokio::test]
async fn only_a_fetch_is_a_fetch() {
    let door = Door::open().await;
    let bytes = door.signed("4", "aGVsbG8=");
    let receipt = door.client("g22").send_document(&Upload::bytes(bytes.clone())).await.unwrap();
    let path = format!("/v1/documents/{}/content", receipt.id);
    let head = door.raw("HEAD", &path, "h41", &[], b"").await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.headers["content-length"], bytes.len().to_string());
    assert_eq!(head.headers["etag"], format!("\"{}\"", receipt.sha256));

    let kinds = async || {
        let events = door.client("g22").events(&EventQuery::default()).await.unwrap();
        events.into_iter().map(|event| event.kind).collect::<Vec<_>>()
    };
    assert!(!kinds().await.contains(&"fetched".to_owned()));
    door.get(&path, "h41").await;
    // Nobody waits for this entry: it comes with the next batch.
    for _ in 0..100 {
        if kinds().await.contains(&"fetched".to_owned()) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the fetch did not become an entry");
}

#[tokio::test]
async fn law_9_what_concerns_others_does_not_exist() {
    let door = Door::open().await;
    let message = Upload::bytes(door.signed("5", "aGVsbG8="));
    let id = door.client("g22").send_document(&message).await.unwrap().id;
    let path = format!("/v1/documents/{id}");
    for call in ["", "/content", "/trail", "/proof"] {
        assert_eq!(door.get(&format!("{path}{call}"), "h41").await.status, 200, "{call}");
        let answer = door.get(&format!("{path}{call}"), "h14").await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{call}");
    }
    let stranger = door.client("h14");
    assert_eq!(stranger.confirm(id, None).await.unwrap_err().code(), Some(Code::NotFound));
    assert_eq!(stranger.find("5/VPCP-TH", None, None).await.unwrap_err().code(), Some(Code::NotFound));
    assert!(stranger.inbox(&truc::client::ListQuery::default()).await.unwrap().items.is_empty());
}
