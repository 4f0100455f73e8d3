//! A V1s status message: one agency tells another how a document fares (REFERENCE 1.5).

use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::domain::{DocumentId, OrganId, StatusCode};
use crate::edxml::date::{parse_date, parse_date_time};
use crate::edxml::{Organization, Remark, StaffInfo, Text};

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
