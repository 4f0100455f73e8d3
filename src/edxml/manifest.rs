//! `edXMLManifest` and `AttachmentEncoded`: what files a message says it carries, and what it carries
//! (REFERENCE 1.4).

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::domain::Code;
use crate::edxml::Text;
use crate::edxml::remark::RemarkCode;
use crate::edxml::tree::Cursor;
use crate::xml::Fault;

/// Of the attributes that .NET writes on `Reference`.
pub(super) const XLINK: &str = "http://www.w3.org/1999/xlink";

/// Most files of one message.
pub const ATTACHMENTS_MAX: usize = 1_000;

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

impl Manifest {
    /// Reads the section, and where its references stand.
    pub(super) fn read(at: &Cursor<'_>) -> Result<(Self, Vec<u64>), Fault> {
        if let Some(over) = at.children("Reference").nth(ATTACHMENTS_MAX) {
            return Err(over.fault(Code::XmlLimit, format!("more than {ATTACHMENTS_MAX} Reference")));
        }
        let marks = at.children("Reference").map(|at| at.offset()).collect();
        let references = at.children("Reference").map(|at| Reference::read(&at)).collect::<Result<_, _>>()?;
        Ok((Self { version: at.attribute("", "version"), references }, marks))
    }
}

impl Reference {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let reference = Self {
            content_id: at.sole("ContentId")?.map_or(Ok(None), |id| id.value())?,
            content_type: at.text("ContentType")?,
            description: at.text("Description")?,
            attachment_name: at.text("AttachmentName")?,
            href: at.attribute(XLINK, "href"),
            role: at.attribute(XLINK, "role"),
            r#type: at.attribute(XLINK, "type"),
        };
        match (&reference.content_id, &reference.href) {
            (None, None) => return Err(at.missing("ContentId")),
            (Some(id), Some(href)) if content_key(id.as_str()) != content_key(href.as_str()) => {
                at.remark(RemarkCode::ReferenceDiffers);
            }
            _ => {}
        }
        Ok(reference)
    }

    /// What its attachment is found by: `ContentId`, or where that is missing `xlink:href`.
    #[must_use]
    pub fn key(&self) -> &str {
        self.content_id.as_ref().or(self.href.as_ref()).map_or("", |id| content_key(id.as_str()))
    }
}

impl Attachment {
    /// Reads the section but for the content.
    pub(super) fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            content_id: at.required_text("ContentId")?,
            attachment_name: at.text("AttachmentName")?,
            description: at.text("Description")?,
            content_type: at.text("ContentType")?,
            field_name: at.text("FieldName")?,
            mime_type: at.text("MimeType")?,
            format: at.text("Format")?,
            size: 0,
            kind: ContentKind::Other,
            span: 0..0,
        })
    }

    /// What its reference is found by.
    #[must_use]
    pub fn key(&self) -> &str {
        content_key(self.content_id.as_str())
    }
}
