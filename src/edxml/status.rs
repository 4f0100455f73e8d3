//! A V1s status message: one agency tells another how a document fares (REFERENCE 1.5).

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::domain::{Code, DocumentId, OrganId, StatusCode};
use crate::edxml::date::{parse_date, parse_date_time};
use crate::edxml::envelope::MESSAGE_HEADER;
use crate::edxml::header::date;
use crate::edxml::remark::RemarkCode;
use crate::edxml::tree::Cursor;
use crate::edxml::{Mode, Organization, Remark, StaffInfo, Text};
use crate::xml::Fault;

/// A status message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusMessage {
    /// Who reports.
    pub from: Organization,
    /// What it speaks of, and whom it goes to.
    pub response_for: StatusTarget,
    /// Cán bộ xử lý.
    pub staff_info: Option<StaffInfo>,
    /// Mã trạng thái.
    pub status_code: StatusCode,
    /// Free text; the reason for 02, 13, 15, 16.
    pub description: Option<Text>,
    /// Local time (UTC+7), as written.
    pub timestamp: Option<Text>,
    /// What was let pass but should be known.
    pub remarks: Vec<Remark>,
    /// Byte offsets of the elements that later checks name.
    #[serde(skip)]
    pub marks: StatusMarks,
}

impl StatusMessage {
    /// A fault at `From/OrganId`.
    #[must_use]
    pub fn sender_fault(&self, code: Code, detail: &'static str) -> Fault {
        Fault { path: format!("{MESSAGE_HEADER}/From/OrganId"), ..Fault::new(code, self.marks.from, detail) }
    }

    /// The reporter's local time, if it can be read.
    #[must_use]
    pub fn time(&self) -> Option<DateTime> {
        let (day, time) = parse_date_time(self.timestamp.as_ref()?.as_str())?;
        Some(day.to_datetime(time.unwrap_or(Time::midnight())))
    }
}

/// `ResponseFor` of a status message: an agency, and at least one of `code` and `document_id`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusTarget {
    /// Whom the report goes to: the sender of the document, or for 13 its recipient.
    pub organ_id: OrganId,
    /// Số/ký hiệu, joined: `7816/VPCP-TTĐT`.
    pub code: Option<Text>,
    /// Ngày ban hành, as written.
    pub promulgation_date: Option<Text>,
    /// Mã định danh văn bản.
    pub document_id: Option<DocumentId>,
}

impl StatusTarget {
    /// The day of `PromulgationDate`, if one is stated and can be read.
    #[must_use]
    pub fn promulgation_date(&self) -> Option<Date> {
        parse_date(self.promulgation_date.as_ref()?.as_str())
    }
}

/// Byte offsets in the source of elements of a status message.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatusMarks {
    /// `From/OrganId`.
    pub from: u64,
    /// `ResponseFor`.
    pub response_for: u64,
    /// `StatusCode`.
    pub status_code: u64,
}

impl StatusMessage {
    /// Reads the header of a status message; the remarks come later.
    pub(super) fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let (from, from_mark) = Organization::read(&at.required("From")?)?;
        let target = at.required("ResponseFor")?;
        let status = at.required("StatusCode")?;
        let status_code = status_code(&status)?;
        let description = at.text("Description")?;
        if status_code.needs_reason() && description.is_none() {
            reason_missing(at)?;
        }
        Ok(Self {
            from,
            response_for: StatusTarget::read(&target)?,
            staff_info: at.child("StaffInfo")?.map(|at| StaffInfo::read(&at)).transpose()?,
            status_code,
            description,
            timestamp: date(at, "Timestamp")?,
            remarks: Vec::new(),
            marks: StatusMarks { from: from_mark, response_for: target.offset(), status_code: status.offset() },
        })
    }
}

fn status_code(at: &Cursor<'_>) -> Result<StatusCode, Fault> {
    let text = at.value()?.ok_or_else(|| at.fault(Code::ElementMissing, "StatusCode is empty"))?;
    StatusCode::from_wire(text.as_str())
        .ok_or_else(|| at.fault(Code::ValueInvalid, "StatusCode is 01 to 06, 13, 15 or 16"))
}

fn reason_missing(at: &Cursor<'_>) -> Result<(), Fault> {
    match at.notes().mode {
        Mode::Strict => Err(at.fault(Code::ReasonMissing, "Description is missing or empty")),
        Mode::Tolerant => {
            at.remark(RemarkCode::ReasonAbsent);
            Ok(())
        }
    }
}

impl StatusTarget {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let id = at.required("OrganId")?;
        let organ_id = id.organ_id()?.ok_or_else(|| id.fault(Code::ElementMissing, "OrganId is empty"))?;
        let code = at.text("Code")?;
        let document_id = at.sole("DocumentId")?.map_or(Ok(None), |id| id.document_id())?;
        if code.is_none() && document_id.is_none() {
            return Err(at.fault(Code::ElementMissing, "DocumentId or Code is missing"));
        }
        Ok(Self { organ_id, code, promulgation_date: date(at, "PromulgationDate")?, document_id })
    }
}
