//! `TraceHeaderList`: the systems that a message has passed, and the business that it carries (REFERENCE 1.2).

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessType, DocumentId, OrganId};
use crate::edxml::Text;

/// `TraceHeaderList`. Everything empty where the message has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeaderList {
    /// Attribute `id` (.NET).
    pub id: Option<Text>,
    /// Attribute `version` (.NET).
    pub version: Option<Text>,
    /// Attribute `mustUnderstand` (.NET).
    pub must_understand: Option<Text>,
    /// Attribute `actor` (.NET).
    pub actor: Option<Text>,
    /// One for each system, in order.
    pub trace_headers: Vec<TraceHeader>,
    /// Nghiệp vụ văn bản. The national axis sends messages without: they are new documents.
    pub bussiness: Option<Bussiness>,
}

/// `TraceHeader`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TraceHeader {
    /// The system or agency. The text `null` was read as absent.
    pub organ_id: Option<OrganId>,
    /// Local time (UTC+7), as written.
    pub timestamp: Option<Text>,
}

/// `Bussiness` (sic). The spelling `Business` was read as the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bussiness {
    /// The document acted on. For types 0 and 1 it proves nothing: it may name an unrelated one.
    pub document_id: Option<DocumentId>,
    /// `BussinessDocType`; new where it is absent.
    pub bussiness_doc_type: BusinessType,
    /// Lý do.
    pub bussiness_doc_reason: Option<Text>,
    /// Văn bản giấy kèm theo, 0 or 1, as written.
    pub paper: Option<Text>,
    /// For type 2.
    pub bussiness_document_info: Option<BussinessDocumentInfo>,
    /// `ReplacementInfoList`, for type 3.
    pub replacement_info: Vec<ReplacementInfo>,
    /// Cán bộ xử lý.
    pub staff_info: Option<StaffInfo>,
}

/// `BussinessDocumentInfo`: what an update changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BussinessDocumentInfo {
    /// 0 or 1: header data changed (meaning inferred), as written.
    pub document_info: Option<Text>,
    /// 0 or 1: recipients changed (meaning inferred), as written.
    pub document_receiver: Option<Text>,
    /// `ReceiverList`.
    pub receivers: Vec<Receiver>,
}

/// `Receiver` of an update: 0 = taken off, 1 = added.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receiver {
    /// The recipient.
    pub organ_id: Option<OrganId>,
    /// As written.
    pub receiver_type: Option<Text>,
}

/// `ReplacementInfo` of a replacement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplacementInfo {
    /// The document that is replaced.
    pub document_id: Option<DocumentId>,
    /// The recipients for whom it is replaced.
    pub organ_ids: Vec<OrganId>,
}

/// `StaffInfo`, cán bộ xử lý: personal data.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffInfo {
    /// Đơn vị.
    pub department: Option<Text>,
    /// Mã đơn vị.
    pub department_id: Option<Text>,
    /// Cán bộ.
    pub staff: Option<Text>,
    /// Mã cán bộ.
    pub staff_id: Option<Text>,
    /// Thư điện tử.
    pub email: Option<Text>,
    /// Điện thoại.
    pub mobile: Option<Text>,
}
