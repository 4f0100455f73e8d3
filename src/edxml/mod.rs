//! edXML by QCVN 102:2016: documents (V1) and statuses (V1s), read in one pass and written in the shape that real
//! receivers accept. Before: `xml`, `signature`. After: `intake`, `hub`. It knows no directory, no trail, no HTTP.

mod base64;
mod builder;
mod content;
mod damage;
mod date;
mod dialect;
mod envelope;
mod header;
mod lengths;
mod manifest;
mod matching;
mod profile;
mod read;
mod remark;
mod secrecy;
mod status;
mod text;
mod tolerant;
mod trace;
mod tree;
mod watch;
mod write;
#[cfg(test)]
mod write_tests;

pub use builder::{Builder, HEADER_OCTETS_MAX};
pub use content::{AttachmentReader, attachment_digest, open_attachment};
pub use date::{format_date, format_date_time, parse_date, parse_date_time};
pub use envelope::{Envelope, Marks, Message, Target};
pub use header::{
    DocumentCode, DocumentType, MessageHeader, Organization, OtherInfo, PromulgationInfo, RECIPIENTS_MAX, ResponseFor,
    SignerInfo,
};
pub use lengths::{LENGTHS, Length, TEXT_OCTETS_MAX};
pub use manifest::{ATTACHMENTS_MAX, Attachment, ContentKind, Manifest, Reference, content_key};
pub use profile::signature_profile;
pub use read::read;
pub use remark::{REMARKS_MAX, Remark, RemarkCode};
pub use status::{StatusMarks, StatusMessage, StatusTarget};
pub use text::Text;
pub use tolerant::TolerantView;
pub use trace::{Bussiness, BussinessDocumentInfo, Receiver, ReplacementInfo, StaffInfo, TraceHeader, TraceHeaderList};
pub use write::{Draft, DraftFile, StatusDraft, write_document, write_status};

/// The one namespace of V1 and V1s; the prefix `edXML` and the default namespace are both bound to it.
pub const QCVN_102: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";

/// How strictly a message is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Policy `envelope`: what real software sends passes unchanged; what is wrong beyond doubt is refused.
    #[default]
    Strict,
    /// Policy `record`: what can be understood is let pass, with remarks.
    Tolerant,
}
