//! `MessageHeader` of a document: who sends what to whom (REFERENCE 1.1). Fields bear the names of the elements.

use std::collections::HashSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::{Code, DocumentId, OrganId, Priority};
use crate::edxml::date::parse_date;
use crate::edxml::envelope::Marks;
use crate::edxml::remark::RemarkCode;
use crate::edxml::tree::Cursor;
use crate::edxml::{Mode, Text};
use crate::xml::Fault;

/// Most `To` of one message (DESIGN 2).
pub const RECIPIENTS_MAX: usize = 5_000;

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

impl MessageHeader {
    /// Reads the section of a document; the marks tell where its parties stand.
    pub(super) fn read(at: &Cursor<'_>) -> Result<(Self, Marks), Fault> {
        let (from, from_mark) = Organization::read(&at.required("From")?)?;
        let (to, to_marks) = recipients(at)?;
        let id = at.required("DocumentId")?;
        let document_id = id.document_id()?.ok_or_else(|| id.fault(Code::ElementMissing, "DocumentId is empty"))?;
        let marks = Marks { from: from_mark, to: to_marks, document_id: id.offset() };
        let header = Self {
            from,
            to,
            document_id,
            code: DocumentCode::read(&at.required("Code")?)?,
            promulgation_info: PromulgationInfo::read(&at.required("PromulgationInfo")?)?,
            document_type: DocumentType::read(&at.required("DocumentType")?)?,
            subject: at.required_text("Subject")?,
            content: at.text("Content")?,
            signer_info: at.child("SignerInfo")?.map_or(Ok(SignerInfo::default()), |at| SignerInfo::read(&at))?,
            due_date: date(at, "DueDate")?,
            to_places: at.child("ToPlaces")?.map_or(Ok(Vec::new()), |at| at.texts("Place"))?,
            other_info: at.child("OtherInfo")?.map_or(Ok(OtherInfo::default()), |at| OtherInfo::read(&at))?,
            response_for: responses(at)?,
            steering_type: at.text("SteeringType")?,
            response_for_task: at.child("ResponseForTask")?.map_or(Ok(Vec::new()), |at| at.texts("TaskCode"))?,
            application_type: at.text("ApplicationType")?,
        };
        Ok((header, marks))
    }
}

/// A date that may be missing; one that cannot be read is kept, with a remark.
pub(super) fn date(at: &Cursor<'_>, name: &'static str) -> Result<Option<Text>, Fault> {
    let Some(child) = at.child(name)? else { return Ok(None) };
    let text = child.value()?;
    if text.as_ref().is_some_and(|text| parse_date(text.as_str()).is_none()) {
        child.remark(RemarkCode::DateUnreadable);
    }
    Ok(text)
}

fn recipients(at: &Cursor<'_>) -> Result<(Vec<Organization>, Vec<u64>), Fault> {
    if let Some(over) = at.children("To").nth(RECIPIENTS_MAX) {
        return Err(over.fault(Code::TooManyRecipients, format!("more than {RECIPIENTS_MAX} To")));
    }
    let (mut to, mut marks, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
    for child in at.children("To") {
        let (organization, mark) = Organization::read(&child)?;
        if !seen.insert(organization.organ_id.clone()) {
            return Err(child
                .required("OrganId")?
                .fault(Code::RecipientRepeated, "an earlier To has the same OrganId"));
        }
        to.push(organization);
        marks.push(mark);
    }
    if to.is_empty() { Err(at.missing("To")) } else { Ok((to, marks)) }
}

fn responses(at: &Cursor<'_>) -> Result<Vec<ResponseFor>, Fault> {
    let read = at.children("ResponseFor").map(|at| ResponseFor::read(&at));
    read.filter(|response| !matches!(response, Ok(response) if response.is_empty())).collect()
}

impl Organization {
    /// The agency, and where its code stands.
    pub(super) fn read(at: &Cursor<'_>) -> Result<(Self, u64), Fault> {
        let id = at.required("OrganId")?;
        let organ_id = id.organ_id()?.ok_or_else(|| id.fault(Code::ElementMissing, "OrganId is empty"))?;
        let organization = Self {
            organ_id,
            organization_in_charge: at.text("OrganizationInCharge")?,
            organ_name: at.text("OrganName")?,
            organ_add: at.text("OrganAdd")?,
            email: at.text("Email")?,
            telephone: at.text("Telephone")?,
            fax: at.text("Fax")?,
            website: at.text("Website")?,
        };
        Ok((organization, id.offset()))
    }
}

impl DocumentCode {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { code_number: at.required_text("CodeNumber")?, code_notation: at.required_text("CodeNotation")? })
    }
}

impl PromulgationInfo {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        let promulgation_date = at.required_text("PromulgationDate")?;
        let day = at.required("PromulgationDate")?;
        match (parse_date(promulgation_date.as_str()), at.notes().mode) {
            (Some(_), _) => {}
            (None, Mode::Strict) => return Err(day.fault(Code::ValueInvalid, "not a date in the form yyyy/MM/dd")),
            (None, Mode::Tolerant) => day.remark(RemarkCode::DateUnreadable),
        }
        Ok(Self { place: at.text("Place")?, promulgation_date })
    }
}

impl DocumentType {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            r#type: at.text("Type")?,
            type_detail: at.text("TypeDetail")?,
            type_name: at.required_text("TypeName")?,
        })
    }
}

impl SignerInfo {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self { competence: at.text("Competence")?, position: at.text("Position")?, full_name: at.text("FullName")? })
    }
}

impl OtherInfo {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            priority: priority(at)?,
            sphere_of_promulgation: at.text("SphereOfPromulgation")?,
            typer_notation: at.text("TyperNotation")?,
            promulgation_amount: at.text("PromulgationAmount")?,
            page_amount: at.text("PageAmount")?,
            direction: at.text("Direction")?,
            appendixes: at.child("Appendixes")?.map_or(Ok(Vec::new()), |at| at.texts("Appendix"))?,
            reply_fors: at.child("ReplyFors")?.map_or(Ok(Vec::new()), |at| every_text(&at))?,
            reference_codes: at.child("ReferenceCodes")?.map_or(Ok(Vec::new()), |at| every_text(&at))?,
        })
    }
}

fn priority(at: &Cursor<'_>) -> Result<Option<Text>, Fault> {
    let Some(child) = at.child("Priority")? else { return Ok(None) };
    let text = child.value()?;
    if text.as_ref().is_some_and(|text| Priority::from_wire(text.as_str()).is_none()) {
        if child.notes().mode == Mode::Strict {
            return Err(child.fault(Code::ValueInvalid, "Priority is 0, 1, 2, 3 or 4"));
        }
        child.remark(RemarkCode::ValueUnknown);
    }
    Ok(text)
}

/// The texts of all children: lists whose items no sample shows.
fn every_text(at: &Cursor<'_>) -> Result<Vec<Text>, Fault> {
    at.every_child().filter_map(|child| child.value().transpose()).collect()
}

impl ResponseFor {
    fn read(at: &Cursor<'_>) -> Result<Self, Fault> {
        Ok(Self {
            organ_id: at.child("OrganId")?.map_or(Ok(None), |id| id.organ_id())?,
            code: at.text("Code")?,
            promulgation_date: date(at, "PromulgationDate")?,
            document_id: at.child("DocumentId")?.map_or(Ok(None), |id| id.document_id())?,
        })
    }
}
