//! `TraceHeaderList`: the systems that a message has passed, and the business that it carries (REFERENCE 1.2).

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessType, Code, DocumentId, OrganId};
use crate::edxml::Text;
use crate::edxml::tree::Cursor;
use crate::xml::Fault;

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

impl TraceHeaderList {
    pub(super) fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let bussiness = match at.sole("Bussiness")? {
            None => at.sole("Business")?,
            doubled => doubled,
        };
        Ok(Self {
            id: at.attribute("", "id"),
            version: at.attribute("", "version"),
            must_understand: at.attribute("", "mustUnderstand"),
            actor: at.attribute("", "actor"),
            trace_headers: at.children("TraceHeader").map(|at| TraceHeader::read(&at)).collect::<Result<_, _>>()?,
            bussiness: bussiness.map(|at| Bussiness::read(&at)).transpose()?,
        })
    }
}

impl TraceHeader {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { organ_id: organ_id(at)?, timestamp: at.text("Timestamp")? })
    }
}

/// The child of the first name, or of the second: double or single s.
fn spelled<'t>(at: &Cursor<'t>, doubled: &'static str, single: &'static str) -> Result<Option<Cursor<'t>>, Fault> {
    match at.child(doubled)? {
        None => at.child(single),
        found => Ok(found),
    }
}

fn organ_id(at: &Cursor<'_>) -> Result<Option<OrganId>, Fault> {
    at.child("OrganId")?.map_or(Ok(None), |id| id.organ_id())
}

fn document_id(at: &Cursor<'_>) -> Result<Option<DocumentId>, Fault> {
    at.child("DocumentId")?.map_or(Ok(None), |id| id.document_id())
}

impl Bussiness {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let reason = spelled(at, "BussinessDocReason", "BusinessDocReason")?;
        let info = spelled(at, "BussinessDocumentInfo", "BusinessDocumentInfo")?;
        Ok(Self {
            document_id: document_id(at)?,
            bussiness_doc_type: doc_type(at)?,
            bussiness_doc_reason: reason.map_or(Ok(None), |at| at.value())?,
            paper: at.text("Paper")?,
            bussiness_document_info: info.map(|at| BussinessDocumentInfo::read(&at)).transpose()?,
            replacement_info: at.child("ReplacementInfoList")?.map_or(Ok(Vec::new()), |at| replacements(&at))?,
            staff_info: at.child("StaffInfo")?.map(|at| StaffInfo::read(&at)).transpose()?,
        })
    }
}

/// An act that is not in the list cannot be guessed: refused in every mode.
fn doc_type(at: &Cursor<'_>) -> Result<BusinessType, Fault> {
    let Some(child) = spelled(at, "BussinessDocType", "BusinessDocType")? else { return Ok(BusinessType::New) };
    let Some(text) = child.value()? else { return Ok(BusinessType::New) };
    BusinessType::from_wire(text.as_str())
        .ok_or_else(|| child.fault(Code::ValueInvalid, "BussinessDocType is 0, 1, 2 or 3"))
}

impl BussinessDocumentInfo {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let receivers = at.child("ReceiverList")?.map_or(Ok(Vec::new()), |list| {
            list.children("Receiver").map(|at| Receiver::read(&at)).collect::<Result<_, _>>()
        })?;
        Ok(Self { document_info: at.text("DocumentInfo")?, document_receiver: at.text("DocumentReceiver")?, receivers })
    }
}

impl Receiver {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { organ_id: organ_id(at)?, receiver_type: at.text("ReceiverType")? })
    }
}

fn replacements(at: &Cursor<'_>) -> Result<Vec<ReplacementInfo>, Fault> {
    at.children("ReplacementInfo").map(|at| ReplacementInfo::read(&at)).collect()
}

impl ReplacementInfo {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let organ_ids = at.child("OrganIdList")?.map_or(Ok(Vec::new()), |list| {
            list.children("OrganId").filter_map(|id| id.organ_id().transpose()).collect()
        })?;
        Ok(Self { document_id: document_id(at)?, organ_ids })
    }
}

impl StaffInfo {
    pub(super) fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            department: at.text("Department")?,
            department_id: at.text("DepartmentId")?,
            staff: at.text("Staff")?,
            staff_id: at.text("StaffId")?,
            email: at.text("Email")?,
            mobile: at.text("Mobile")?,
        })
    }
}
