//! `edXMLManifest` and `AttachmentEncoded`: what files a message says it carries, and what it carries
//! (REFERENCE 1.4).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::edxml::Text;

/// `edXMLManifest`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Attribute `version`.
    pub version: Option<Text>,
    /// One for each file, in order.
    pub references: Vec<Reference>,
}

/// `Reference` of the manifest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// `ContentId`, as written; see [`content_key`].
    pub content_id: Option<Text>,
    /// `ContentType`, as written: not to be relied on.
    pub content_type: Option<Text>,
    /// `Description`.
    pub description: Option<Text>,
    /// `AttachmentName`.
    pub attachment_name: Option<Text>,
    /// Attribute `xlink:href` (.NET).
    pub href: Option<Text>,
    /// Attribute `xlink:role` (.NET).
    pub role: Option<Text>,
    /// Attribute `xlink:type` (.NET).
    pub r#type: Option<Text>,
}

/// `Attachment`, without its content: that stays in the message and is read from there
/// ([`open_attachment`](crate::edxml::open_attachment)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// `ContentId`, as written; see [`content_key`].
    pub content_id: Text,
    /// `AttachmentName`.
    pub attachment_name: Option<Text>,
    /// `Description`.
    pub description: Option<Text>,
    /// `ContentType`, as written: not to be relied on.
    pub content_type: Option<Text>,
    /// `FieldName` (SDK classes).
    pub field_name: Option<Text>,
    /// `MimeType` (SDK classes).
    pub mime_type: Option<Text>,
    /// `Format` (SDK classes).
    pub format: Option<Text>,
    /// Size of the decoded content in bytes.
    pub size: u64,
    /// What the content is by its first bytes.
    pub kind: ContentKind,
    /// Byte span of what stands inside `ContentTransferEncoded` in the source that was read.
    pub span: Range<u64>,
}

/// What a file is by its first bytes; labels are not trusted (REFERENCE 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentKind {
    /// `PK\x03\x04`: a zip file; the Java SDK packs every file into one.
    Zip,
    /// `%PDF`.
    Pdf,
    /// Compound file: DOC, XLS, PPT of old.
    Compound,
    /// JPEG, PNG, GIF or TIFF.
    Image,
    /// RAR or 7z.
    Archive,
    /// Something else, text for example.
    #[default]
    Other,
}

/// A `ContentId` or `href` as it is compared: trimmed, without a leading `cid:`.
#[must_use]
pub fn content_key(text: &str) -> &str {
    let text = text.trim();
    match text.get(..4) {
        Some(scheme) if scheme.eq_ignore_ascii_case("cid:") => text.get(4..).unwrap_or_default().trim_start(),
        _ => text,
    }
}
