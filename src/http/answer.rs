//! Answers: JSON that no cache keeps, text, and the exact bytes of a message.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, HeaderName,
    HeaderValue, IF_NONE_MATCH, IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, StatusCode};
use serde::Serialize;

use crate::domain::{Code, Digest, MessageId, Refusal};
use crate::engine::Content;
use crate::http::admission::Weight;
use crate::http::chunks::{Chunks, ReadAt, read_exactly};
use crate::http::problem::Refused;
use crate::http::range::{Selection, select};

/// Parts up to this length are read at once, where they are asked for: they were written lately or are small.
const INLINE_BYTES_MAX: u64 = 64 * 1024;
/// RFC 9530.
const REPR_DIGEST: HeaderName = HeaderName::from_static("repr-digest");

/// `value` as JSON.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Result<Response, Refused> {
    let json = serde_json::to_vec(value).map_err(|error| Refusal::new(Code::Internal, error.to_string()))?;
    Ok(plain(status, "application/json", json))
}

/// Text, as it stands.
pub(super) fn text(text: String) -> Response {
    plain(StatusCode::OK, "text/plain; charset=utf-8", text)
}

fn plain(status: StatusCode, kind: &'static str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl ReadAt for Content {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_at(&self, offset: u64, buf: &mut [u8]) -> io::Result<usize> {
        Self::read_at(self, offset, buf)
    }
}

/// The exact bytes of a message, or the part asked for. `application/xml` is what software that reads edXML expects;
/// browsers are told to save it, never to show it: what agencies write must not run as a page of the hub.
pub(super) fn content(id: MessageId, content: Content, asked: &HeaderMap) -> Result<Response, Refused> {
    let (len, sha256) = (content.len, content.sha256);
    let etag = format!("\"{sha256}\"");
    if is_known(asked, &etag) {
        return Ok(described(StatusCode::NOT_MODIFIED, id, sha256, Body::empty()));
    }
    let streamed = content.in_memory().is_none();
    let mut response = match selection(asked, &etag, len) {
        Selection::Whole => described(StatusCode::OK, id, sha256, body(content, 0..len)?),
        Selection::Part(range) => {
            let field = format!("bytes {}-{}/{len}", range.start, range.end.saturating_sub(1));
            let mut response = described(StatusCode::PARTIAL_CONTENT, id, sha256, body(content, range)?);
            insert(response.headers_mut(), CONTENT_RANGE, &field);
            response
        }
        Selection::Outside => outside(len),
    };
    if streamed {
        response.extensions_mut().insert(Weight::STREAMED);
    }
    Ok(response)
}

/// The headers of a message of `len` octets, without its bytes.
pub(super) fn content_head(id: MessageId, len: u64, sha256: Digest) -> Response {
    let mut response = described(StatusCode::OK, id, sha256, Body::empty());
    response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(len));
    response
}

fn described(status: StatusCode, id: MessageId, sha256: Digest, body: Body) -> Response {
    let mut response = plain(status, "application/xml", body);
    let headers = response.headers_mut();
    insert(headers, ETAG, &format!("\"{sha256}\""));
    insert(headers, REPR_DIGEST, &format!("sha-256=:{}:", STANDARD.encode(sha256.as_bytes())));
    insert(headers, CONTENT_DISPOSITION, &format!("attachment; filename=\"{id}.edxml\""));
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn outside(len: u64) -> Response {
    let refusal = Refusal::new(Code::RangeNotSatisfiable, format!("the content has {len} octets"));
    let mut response = Refused(refusal).into_response();
    insert(response.headers_mut(), CONTENT_RANGE, &format!("bytes */{len}"));
    response
}

/// Digits, hexadecimal and base64 are always valid in a header.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// RFC 9110, 13.1.2, by weak comparison.
fn is_known(asked: &HeaderMap, etag: &str) -> bool {
    let values = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

/// RFC 9110, 13.1.5: with an `If-Range` that is not this very content, the range does not count.
fn selection(asked: &HeaderMap, etag: &str, len: u64) -> Selection {
    let mut ranges = asked.get_all(RANGE).iter();
    let (Some(range), None) = (ranges.next(), ranges.next()) else { return Selection::Whole };
    if asked.get(IF_RANGE).is_some_and(|condition| condition.as_bytes() != etag.as_bytes()) {
        return Selection::Whole;
    }
    range.to_str().map_or(Selection::Whole, |range| select(range, len))
}

fn body(content: Content, range: Range<u64>) -> Result<Body, Refusal> {
    let len = range.end.saturating_sub(range.start);
    if let Some(bytes) = content.in_memory() {
        return part(bytes, range).map(Body::from).ok_or_else(|| unreadable(&"shorter than it should be"));
    }
    if len <= INLINE_BYTES_MAX {
        let len = usize::try_from(len).unwrap_or_default();
        return read_exactly(&content, range.start, len).map(Body::from).map_err(|error| unreadable(&error));
    }
    Ok(Body::new(Chunks::range(Arc::new(content), range.start, range.end)))
}

fn part(bytes: &Bytes, range: Range<u64>) -> Option<Bytes> {
    let (first, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
    (first <= end && end <= bytes.len()).then(|| bytes.slice(first..end))
}

fn unreadable(reason: &dyn std::fmt::Display) -> Refusal {
    Refusal::new(Code::StorageFailed, format!("a body cannot be read: {reason}"))
}
