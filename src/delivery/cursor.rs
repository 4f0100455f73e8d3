//! Opaque cursors: the last key of a page, so that a list that changes between pages skips and repeats nothing.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::{Code, Refusal};

/// Longest cursor that is looked at, characters.
const CURSOR_MAX: usize = 1_024;

/// A key as a cursor: only what comes after `prefix` travels.
#[must_use]
pub fn encode(prefix: &[u8], key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(key.get(prefix.len()..).unwrap_or_default())
}

/// The key that a cursor of this list names.
///
/// # Errors
/// `bad_request` for what this hub did not write.
pub fn decode(prefix: &[u8], cursor: &str) -> Result<Vec<u8>, Refusal> {
    let rest = (cursor.len() <= CURSOR_MAX).then(|| URL_SAFE_NO_PAD.decode(cursor).ok()).flatten();
    let rest = rest.ok_or_else(|| Refusal::new(Code::BadRequest, "cursor is not one of this hub"))?;
    Ok([prefix, &rest].concat())
}
