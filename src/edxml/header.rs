//! `MessageHeader` of a document: who sends what to whom (REFERENCE 1.1). Fields bear the names of the elements.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::{DocumentId, OrganId, Priority};
use crate::edxml::Text;
use crate::edxml::date::parse_date;

/// `MessageHeader` of a document message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageHeader {
    /// Cơ quan gửi.
    pub from: Organization,
    /// Cơ quan nhận: one or more, each `OrganId` once.
    pub to: Vec<Organization>,
    /// Mã định danh văn bản.
    pub document_id: DocumentId,
    /// Số, ký hiệu.
    pub code: DocumentCode,
    /// Nơi và ngày ban hành.
    pub promulgation_info: PromulgationInfo,
    /// Loại văn bản.
    pub document_type: DocumentType,
    /// Trích yếu.
    pub subject: Text,
    /// Nội dung tóm tắt.
    pub content: Option<Text>,
    /// Người ký.
    pub signer_info: SignerInfo,
    /// Hạn trả lời, as written.
    pub due_date: Option<Text>,
    /// Nơi nhận và lưu, as on the paper.
    pub to_places: Vec<Text>,
    /// Thông tin khác.
    pub other_info: OtherInfo,
    /// Phúc đáp văn bản: what this document answers. Without empty ones.
    pub response_for: Vec<ResponseFor>,
    /// Loại chỉ đạo, as written: sources disagree about its values (REFERENCE 2.4).
    pub steering_type: Option<Text>,
    /// Trả lời nhiệm vụ: the `TaskCode`s.
    pub response_for_task: Vec<Text>,
    /// Of the Java SDK; meaning not documented.
    pub application_type: Option<Text>,
}

impl MessageHeader {
    /// The day of `PromulgationDate`, if it can be read.
    #[must_use]
    pub fn promulgation_date(&self) -> Option<Date> {
        parse_date(self.promulgation_info.promulgation_date.as_str())
    }

    /// The day of `DueDate`, if one is stated and can be read.
    #[must_use]
    pub fn due_date(&self) -> Option<Date> {
        self.due_date.as_ref().and_then(|text| parse_date(text.as_str()))
    }

    /// Độ khẩn; ordinary where nothing readable is stated.
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.other_info.priority.as_ref().and_then(|text| Priority::from_wire(text.as_str())).unwrap_or_default()
    }

    /// Whether nothing differs but the recipients: then a repeat names further recipients (law 3).
    #[must_use]
    pub fn equals_but_recipients(&self, other: &Self) -> bool {
        let to = self.to.clone();
        *self == Self { to, ..other.clone() }
    }
}

/// An agency as a message describes it. Only `organ_id` can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organization {
    /// Mã định danh cơ quan.
    pub organ_id: OrganId,
    /// Cơ quan chủ quản.
    pub organization_in_charge: Option<Text>,
    /// Tên cơ quan.
    pub organ_name: Option<Text>,
    /// Địa chỉ.
    pub organ_add: Option<Text>,
    /// Thư điện tử.
    pub email: Option<Text>,
    /// Điện thoại.
    pub telephone: Option<Text>,
    /// Fax.
    pub fax: Option<Text>,
    /// Trang thông tin.
    pub website: Option<Text>,
}

impl Organization {
    /// An agency of which only the code is stated.
    #[must_use]
    pub fn of(organ_id: OrganId) -> Self {
        Self {
            organ_id,
            organization_in_charge: None,
            organ_name: None,
            organ_add: None,
            email: None,
            telephone: None,
            fax: None,
            website: None,
        }
    }
}

/// `Code` of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentCode {
    /// Số: text, not a number (`74fass22` occurs).
    pub code_number: Text,
    /// Ký hiệu.
    pub code_notation: Text,
}

impl DocumentCode {
    /// Số/ký hiệu as printed: `7816/VPCP-TTĐT`.
    #[must_use]
    pub fn printed(&self) -> String {
        format!("{}/{}", self.code_number, self.code_notation)
    }
}

/// `PromulgationInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PromulgationInfo {
    /// Nơi ban hành; `N/A` occurs.
    pub place: Option<Text>,
    /// Ngày ban hành, as written.
    pub promulgation_date: Text,
}

/// `DocumentType`. Only `type_name` means the same everywhere (REFERENCE 2.3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentType {
    /// `Type`, as written.
    pub r#type: Option<Text>,
    /// `TypeDetail`, as written.
    pub type_detail: Option<Text>,
    /// Tên loại văn bản.
    pub type_name: Text,
}

/// `SignerInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignerInfo {
    /// Quyền hạn, `KT. CHỦ TỊCH`.
    pub competence: Option<Text>,
    /// Chức vụ.
    pub position: Option<Text>,
    /// Họ và tên.
    pub full_name: Option<Text>,
}

/// `OtherInfo`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OtherInfo {
    /// Độ khẩn, as written; see [`MessageHeader::priority`].
    pub priority: Option<Text>,
    /// Phạm vi ban hành.
    pub sphere_of_promulgation: Option<Text>,
    /// Ký hiệu người đánh máy (sic).
    pub typer_notation: Option<Text>,
    /// Số lượng bản phát hành, as written.
    pub promulgation_amount: Option<Text>,
    /// Số trang, as written.
    pub page_amount: Option<Text>,
    /// `true` or `false`; meaning not documented.
    pub direction: Option<Text>,
    /// Tên các phụ lục.
    pub appendixes: Vec<Text>,
    /// Texts of the elements inside `ReplyFors`.
    pub reply_fors: Vec<Text>,
    /// Texts of the elements inside `ReferenceCodes`.
    pub reference_codes: Vec<Text>,
}

/// `ResponseFor` of a document. Real messages hold contradictions between the four (REFERENCE 1.1).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseFor {
    /// The agency.
    pub organ_id: Option<OrganId>,
    /// Số/ký hiệu, joined: `267/VPCP-TTĐT`.
    pub code: Option<Text>,
    /// Ngày ban hành, as written.
    pub promulgation_date: Option<Text>,
    /// Mã định danh văn bản.
    pub document_id: Option<DocumentId>,
}

impl ResponseFor {
    /// Whether nothing stands in it: then it counts as absent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
