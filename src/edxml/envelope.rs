//! A V1 document message as one value: everything but the contents of its attachments.

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessType, Code, DocumentId, OrganId};
use crate::edxml::{Attachment, Manifest, MessageHeader, Remark, StatusMessage, Text, TraceHeaderList};
use crate::xml::Fault;

/// What came: a document or a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// V1.
    Document(Box<Envelope>),
    /// V1s.
    Status(Box<StatusMessage>),
}

impl Message {
    /// `From/OrganId`.
    #[must_use]
    pub fn from(&self) -> &OrganId {
        match self {
            Self::Document(envelope) => &envelope.header.from.organ_id,
            Self::Status(status) => &status.from.organ_id,
        }
    }

    /// Whether it waits while the disk is nearly full.
    #[must_use]
    pub fn is_ordinary(&self) -> bool {
        match self {
            Self::Document(envelope) => !envelope.business().is_vital(),
            Self::Status(status) => !status.status_code.is_vital(),
        }
    }

    /// What was let pass but should be known.
    #[must_use]
    pub fn remarks(&self) -> &[Remark] {
        match self {
            Self::Document(envelope) => &envelope.remarks,
            Self::Status(status) => &status.remarks,
        }
    }
}

/// A document message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// `MessageHeader`.
    pub header: MessageHeader,
    /// `TraceHeaderList`.
    pub trace: TraceHeaderList,
    /// `edXMLManifest`.
    pub manifest: Manifest,
    /// `AttachmentEncoded`, in order; the same ContentIds as in the manifest.
    pub attachments: Vec<Attachment>,
    /// Whether a `Signature` stands in the header. An empty `DigitalSignature` (.NET) is none.
    pub has_signature: bool,
    /// What was let pass but should be known.
    pub remarks: Vec<Remark>,
    /// Byte offsets of the elements that later checks name.
    #[serde(skip)]
    pub marks: Marks,
}

/// Byte offsets in the source of elements of a document message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// `From/OrganId`.
    pub from: u64,
    /// `OrganId` of each `To`, in order.
    pub to: Vec<u64>,
    /// `DocumentId`.
    pub document_id: u64,
}

/// One way to find the document that a business message acts on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A document of this sender by its id.
    Document {
        /// Its sender; only the sender may act on it.
        from: OrganId,
        /// Its id.
        id: DocumentId,
    },
    /// A document by số/ký hiệu, of this sender.
    Code {
        /// Its sender.
        from: OrganId,
        /// Số/ký hiệu, joined.
        code: Text,
        /// Ngày ban hành, as written.
        promulgation_date: Option<Text>,
    },
}

impl Envelope {
    /// What the message does; new without `Bussiness`.
    #[must_use]
    pub fn business(&self) -> BusinessType {
        self.trace.bussiness.as_ref().map(|bussiness| bussiness.bussiness_doc_type).unwrap_or_default()
    }

    /// Where to look for the document that it acts on, best first; empty for a new document (REFERENCE 1.2).
    /// Of a replacement each is a document to be replaced; of other acts the first one held is meant.
    #[must_use]
    pub fn targets(&self) -> Vec<Target> {
        match self.business() {
            BusinessType::New => Vec::new(),
            BusinessType::Revoke | BusinessType::Update => self.acted_on(),
            BusinessType::Replace => self.replaced(),
        }
    }

    /// A fault at `From/OrganId`.
    #[must_use]
    pub fn sender_fault(&self, code: Code, detail: &'static str) -> Fault {
        Fault { path: format!("{MESSAGE_HEADER}/From/OrganId"), ..Fault::new(code, self.marks.from, detail) }
    }

    /// A fault at `OrganId` of the recipient with this index in `header.to`.
    #[must_use]
    pub fn recipient_fault(&self, index: usize, code: Code, detail: &'static str) -> Fault {
        let number = if index == 0 { String::new() } else { format!("[{}]", index + 1) };
        let offset = self.marks.to.get(index).copied().unwrap_or_default();
        Fault { path: format!("{MESSAGE_HEADER}/To{number}/OrganId"), ..Fault::new(code, offset, detail) }
    }

    /// A fault at `DocumentId`.
    #[must_use]
    pub fn document_id_fault(&self, code: Code, detail: &'static str) -> Fault {
        Fault { path: format!("{MESSAGE_HEADER}/DocumentId"), ..Fault::new(code, self.marks.document_id, detail) }
    }

    fn acted_on(&self) -> Vec<Target> {
        let from = &self.header.from.organ_id;
        let document = |id: &DocumentId| Target::Document { from: from.clone(), id: id.clone() };
        let named = self.trace.bussiness.iter().filter_map(|bussiness| bussiness.document_id.as_ref());
        let answered = self.header.response_for.iter().filter_map(|answered| answered.document_id.as_ref());
        let ids = std::iter::once(&self.header.document_id).chain(named).chain(answered).map(document);
        let codes = self.header.response_for.iter().filter_map(|answered| {
            let code = answered.code.clone()?;
            let from = answered.organ_id.clone()?;
            Some(Target::Code { from, code, promulgation_date: answered.promulgation_date.clone() })
        });
        ids.chain(codes).collect()
    }

    fn replaced(&self) -> Vec<Target> {
        let from = &self.header.from.organ_id;
        let replacements = self.trace.bussiness.iter().flat_map(|bussiness| &bussiness.replacement_info);
        let ids = replacements.filter_map(|replacement| replacement.document_id.clone());
        ids.map(|id| Target::Document { from: from.clone(), id }).collect()
    }
}

/// The path of `MessageHeader`.
pub(super) const MESSAGE_HEADER: &str = "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader";
