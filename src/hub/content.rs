//! Contents: bytes beside an entry. Text about people and documents stands here, never in an entry, so that it can be
//! destroyed and the entry stays. Each content but a message body carries its own salt and is named by its digest.

use serde::{Deserialize, Serialize};

use crate::domain::Digest;
use crate::hub::entry::Salt;
use crate::journal::{Body, Content, ContentKind};

/// Header content of an `accepted` entry: what lists and search show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentHeader {
    /// Makes the digest tell nothing.
    pub salt: Salt,
    /// Số.
    pub code_number: String,
    /// Ký hiệu.
    pub code_notation: String,
    /// Trích yếu.
    pub subject: String,
    /// Tên loại văn bản.
    pub type_name: String,
    /// Ngày ban hành, as written.
    pub promulgation_date: String,
    /// Hạn trả lời, as written.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub due_date: String,
    /// Người ký.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub signer: String,
    /// Lý do of a business act.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl DocumentHeader {
    /// Số/ký hiệu as printed.
    #[must_use]
    pub fn code(&self) -> String {
        format!("{}/{}", self.code_number, self.code_notation)
    }
}

/// Header content of a `status` entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusHeader {
    /// Makes the digest tell nothing.
    pub salt: Salt,
    /// Reason or description.
    pub description: String,
    /// Department and person.
    pub staff: String,
    /// Timestamp as told by the reporter.
    pub timestamp: String,
}

/// Why a person did something, as content beside the entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Makes the digest tell nothing.
    pub salt: Salt,
    /// As it was given.
    pub reason: String,
}

/// A reason as content: the digest of its JSON is its name.
///
/// # Errors
/// Never in practice: the type serialises.
pub fn reason(salt: Salt, reason: &str) -> Result<Content, serde_json::Error> {
    let bytes = serde_json::to_vec(&Reason { salt, reason: reason.to_owned() })?;
    Ok(Content { entry: 0, kind: ContentKind::Text, key: Digest::of(&bytes), body: Body::Inline(bytes.into()) })
}

/// Header data as content: the digest of its JSON is its name.
///
/// # Errors
/// Never in practice: the types serialise.
pub fn header<T: Serialize>(header: &T) -> Result<Content, serde_json::Error> {
    let bytes = serde_json::to_vec(header)?;
    Ok(Content { entry: 0, kind: ContentKind::Header, key: Digest::of(&bytes), body: Body::Inline(bytes.into()) })
}

/// A message's exact bytes as content.
#[must_use]
pub const fn body(sha256: Digest, body: Body) -> Content {
    Content { entry: 0, kind: ContentKind::Body, key: sha256, body }
}
