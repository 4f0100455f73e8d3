//! Writes messages in the shape that real receivers accept (REFERENCE 1.9): the prefix `edXML:` on everything inside
//! the envelope, none on `AttachmentEncoded` and below, children in the order of the Java SDK, dates as `yyyy/MM/dd`,
//! files as plain base64, not zipped. Only for messages of our own: what others send is passed on as it came.

use base64::Engine as _;

use crate::domain::{OrganId, StatusCode, Timestamp};
use crate::edxml::date::format_date_time;
use crate::edxml::{
    Bussiness, BussinessDocumentInfo, MessageHeader, Organization, OtherInfo, QCVN_102, ReplacementInfo, ResponseFor,
    StaffInfo, StatusTarget, Text, TraceHeaderList,
};

/// A document to be written. Ids are the caller's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// `MessageHeader`.
    pub header: MessageHeader,
    /// `TraceHeaderList`.
    pub trace: TraceHeaderList,
    /// The files, in order.
    pub files: Vec<DraftFile>,
}

/// A file of a [`Draft`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftFile {
    /// `ContentId`, without `cid:`; each file its own.
    pub content_id: String,
    /// `AttachmentName`.
    pub attachment_name: String,
    /// `Description`.
    pub description: Option<String>,
    /// `ContentType`.
    pub content_type: String,
    /// What is in it.
    pub content: Vec<u8>,
}

/// A status message to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusDraft {
    /// Who reports.
    pub from: Organization,
    /// What of, and to whom.
    pub response_for: StatusTarget,
    /// Cán bộ xử lý.
    pub staff_info: Option<StaffInfo>,
    /// Mã trạng thái.
    pub status_code: StatusCode,
    /// Free text; the reason for 02, 13, 15, 16.
    pub description: Option<Text>,
    /// When; written as local time.
    pub timestamp: Timestamp,
}

/// The octets of a document message, unsigned.
#[must_use]
pub fn write_document(draft: &Draft) -> Vec<u8> {
    let content: usize = draft.files.iter().map(|file| file.content.len()).sum();
    let mut out = Writer::new(content / 3 * 4 + 8192);
    out.open_root();
    out.within("edXMLEnvelope", |out| {
        out.within("edXMLHeader", |out| {
            out.within("MessageHeader", |out| out.header(&draft.header));
            out.trace(&draft.trace);
        });
        out.within("edXMLBody", |out| out.manifest(&draft.files));
    });
    out.attachments(&draft.files);
    out.close_root()
}

/// The octets of a status message, unsigned.
#[must_use]
pub fn write_status(draft: &StatusDraft) -> Vec<u8> {
    let mut out = Writer::new(4096);
    out.open_root();
    out.within("edXMLEnvelope", |out| {
        out.within("edXMLHeader", |out| out.within("MessageHeader", |out| out.status(draft)));
    });
    out.close_root()
}

/// Text that grows, and how deep it stands.
struct Writer {
    text: String,
    prefix: &'static str,
    depth: usize,
}

impl Writer {
    fn new(capacity: usize) -> Self {
        Self { text: String::with_capacity(capacity), prefix: "edXML:", depth: 0 }
    }

    fn open_root(&mut self) {
        self.text.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<edXML xmlns=\"");
        self.text.push_str(QCVN_102);
        self.text.push_str("\">");
        self.depth = 1;
    }

    fn close_root(mut self) -> Vec<u8> {
        self.text.push_str("\n</edXML>\n");
        self.text.into_bytes()
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.text.extend(std::iter::repeat_n("  ", self.depth));
    }

    fn tag(&mut self, mark: &str, name: &str, attributes: &str) {
        let prefix = self.prefix;
        self.text.extend([mark, prefix, name, attributes, ">"]);
    }

    /// An element that holds elements. The envelope declares the prefix.
    fn within(&mut self, name: &str, inside: impl FnOnce(&mut Self)) {
        let attributes = match name {
            "edXMLEnvelope" => format!(" xmlns:edXML=\"{QCVN_102}\""),
            "edXMLManifest" => " version=\"1.0\"".to_owned(),
            _ => String::new(),
        };
        self.line();
        self.tag("<", name, &attributes);
        self.depth += 1;
        inside(self);
        self.depth -= 1;
        self.line();
        self.tag("</", name, "");
    }

    /// An element that holds elements, unless nothing is inside.
    fn within_some<T: PartialEq + Default>(&mut self, name: &str, value: &T, inside: impl FnOnce(&mut Self, &T)) {
        if *value != T::default() {
            self.within(name, |out| inside(out, value));
        }
    }

    fn element(&mut self, name: &str, value: &str) {
        self.line();
        self.tag("<", name, "");
        self.escaped(value);
        self.tag("</", name, "");
    }

    fn optional<'t>(&mut self, name: &str, value: impl Into<Option<&'t Text>>) {
        if let Some(text) = value.into() {
            self.element(name, text.original());
        }
    }

    /// Characters that XML cannot hold become U+FFFD.
    fn escaped(&mut self, value: &str) {
        for c in value.chars() {
            match c {
                '&' => self.text.push_str("&amp;"),
                '<' => self.text.push_str("&lt;"),
                '>' => self.text.push_str("&gt;"),
                '\r' => self.text.push_str("&#xD;"),
                '\t' | '\n' => self.text.push(c),
                '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => self.text.push('\u{FFFD}'),
                _ => self.text.push(c),
            }
        }
    }

    fn organization(&mut self, organization: &Organization) {
        self.element("OrganId", organization.organ_id.as_str());
        self.optional("OrganizationInCharge", &organization.organization_in_charge);
        self.optional("OrganName", &organization.organ_name);
        self.optional("OrganAdd", &organization.organ_add);
        self.optional("Email", &organization.email);
        self.optional("Telephone", &organization.telephone);
        self.optional("Fax", &organization.fax);
        self.optional("Website", &organization.website);
    }

    fn header(&mut self, header: &MessageHeader) {
        self.within("From", |out| out.organization(&header.from));
        for to in &header.to {
            self.within("To", |out| out.organization(to));
        }
        self.element("DocumentId", header.document_id.as_str());
        self.within("Code", |out| {
            out.optional("CodeNumber", &header.code.code_number);
            out.optional("CodeNotation", &header.code.code_notation);
        });
        self.within("PromulgationInfo", |out| {
            out.optional("Place", &header.promulgation_info.place);
            out.optional("PromulgationDate", &header.promulgation_info.promulgation_date);
        });
        self.within("DocumentType", |out| {
            out.optional("Type", &header.document_type.r#type);
            out.optional("TypeDetail", &header.document_type.type_detail);
            out.optional("TypeName", &header.document_type.type_name);
        });
        self.optional("Subject", &header.subject);
        self.optional("Content", &header.content);
        self.within_some("SignerInfo", &header.signer_info, |out, signer| {
            out.optional("Competence", &signer.competence);
            out.optional("Position", &signer.position);
            out.optional("FullName", &signer.full_name);
        });
        self.optional("DueDate", &header.due_date);
        self.within_some("OtherInfo", &header.other_info, Self::other_info);
        for response in &header.response_for {
            self.within("ResponseFor", |out| out.response_for(response));
        }
        self.optional("SteeringType", &header.steering_type);
        self.list("ResponseForTask", "TaskCode", &header.response_for_task);
        self.optional("ApplicationType", &header.application_type);
        self.list("ToPlaces", "Place", &header.to_places);
    }

    fn other_info(&mut self, other: &OtherInfo) {
        self.optional("Priority", &other.priority);
        self.optional("SphereOfPromulgation", &other.sphere_of_promulgation);
        self.optional("TyperNotation", &other.typer_notation);
        self.optional("PromulgationAmount", &other.promulgation_amount);
        self.optional("PageAmount", &other.page_amount);
        self.optional("Direction", &other.direction);
        self.list("Appendixes", "Appendix", &other.appendixes);
        self.list("ReplyFors", "ReplyFor", &other.reply_fors);
        self.list("ReferenceCodes", "ReferenceCode", &other.reference_codes);
    }

    fn list(&mut self, name: &str, item: &str, texts: &Vec<Text>) {
        self.within_some(name, texts, |out, texts| texts.iter().for_each(|text| out.optional(item, text)));
    }

    fn response_for(&mut self, response: &ResponseFor) {
        if let Some(organ_id) = &response.organ_id {
            self.element("OrganId", organ_id.as_str());
        }
        self.optional("Code", &response.code);
        if let Some(document_id) = &response.document_id {
            self.element("DocumentId", document_id.as_str());
        }
        self.optional("PromulgationDate", &response.promulgation_date);
    }

    /// The attributes of .NET are not written: they say nothing.
    fn trace(&mut self, trace: &TraceHeaderList) {
        if trace.trace_headers.is_empty() && trace.bussiness.is_none() {
            return;
        }
        self.within("TraceHeaderList", |out| {
            for header in &trace.trace_headers {
                out.within("TraceHeader", |out| {
                    out.organ_id(header.organ_id.as_ref());
                    out.optional("Timestamp", &header.timestamp);
                });
            }
            if let Some(bussiness) = &trace.bussiness {
                out.within("Bussiness", |out| out.bussiness(bussiness));
            }
        });
    }

    fn organ_id(&mut self, organ_id: Option<&OrganId>) {
        if let Some(organ_id) = organ_id {
            self.element("OrganId", organ_id.as_str());
        }
    }

    fn bussiness(&mut self, bussiness: &Bussiness) {
        if let Some(document_id) = &bussiness.document_id {
            self.element("DocumentId", document_id.as_str());
        }
        self.element("BussinessDocType", bussiness.bussiness_doc_type.wire());
        self.optional("BussinessDocReason", &bussiness.bussiness_doc_reason);
        self.optional("Paper", &bussiness.paper);
        if let Some(info) = &bussiness.bussiness_document_info {
            self.within("BussinessDocumentInfo", |out| out.document_info(info));
        }
        self.within_some("ReplacementInfoList", &bussiness.replacement_info, |out, list| {
            for info in list {
                out.within("ReplacementInfo", |out| out.replacement(info));
            }
        });
        if let Some(staff) = &bussiness.staff_info {
            self.within("StaffInfo", |out| out.staff(staff));
        }
    }

    fn document_info(&mut self, info: &BussinessDocumentInfo) {
        self.optional("DocumentInfo", &info.document_info);
        self.optional("DocumentReceiver", &info.document_receiver);
        self.within_some("ReceiverList", &info.receivers, |out, receivers| {
            for receiver in receivers {
                out.within("Receiver", |out| {
                    out.organ_id(receiver.organ_id.as_ref());
                    out.optional("ReceiverType", &receiver.receiver_type);
                });
            }
        });
    }

    fn replacement(&mut self, info: &ReplacementInfo) {
        if let Some(document_id) = &info.document_id {
            self.element("DocumentId", document_id.as_str());
        }
        self.within_some("OrganIdList", &info.organ_ids, |out, ids| {
            for id in ids {
                out.organ_id(Some(id));
            }
        });
    }

    fn staff(&mut self, staff: &StaffInfo) {
        self.optional("Department", &staff.department);
        self.optional("DepartmentId", &staff.department_id);
        self.optional("Staff", &staff.staff);
        self.optional("StaffId", &staff.staff_id);
        self.optional("Email", &staff.email);
        self.optional("Mobile", &staff.mobile);
    }

    fn manifest(&mut self, files: &[DraftFile]) {
        self.within("edXMLManifest", |out| {
            for file in files {
                out.within("Reference", |out| out.file(file));
            }
        });
    }

    fn file(&mut self, file: &DraftFile) {
        self.element("ContentId", &format!("cid:{}", file.content_id));
        self.element("AttachmentName", &file.attachment_name);
        if let Some(description) = &file.description {
            self.element("Description", description);
        }
        self.element("ContentType", &file.content_type);
    }

    fn attachments(&mut self, files: &[DraftFile]) {
        self.prefix = "";
        self.within("AttachmentEncoded", |out| {
            for file in files {
                out.within("Attachment", |out| {
                    out.file(file);
                    out.content(&file.content);
                });
            }
        });
    }

    fn content(&mut self, content: &[u8]) {
        self.line();
        self.tag("<", "ContentTransferEncoded", "");
        base64::prelude::BASE64_STANDARD.encode_string(content, &mut self.text);
        self.tag("</", "ContentTransferEncoded", "");
    }

    /// In the order of the real ones: the target's fields differ from those of a document.
    fn status(&mut self, draft: &StatusDraft) {
        self.within("From", |out| out.organization(&draft.from));
        self.within("ResponseFor", |out| {
            let target = &draft.response_for;
            out.element("OrganId", target.organ_id.as_str());
            out.optional("Code", &target.code);
            out.optional("PromulgationDate", &target.promulgation_date);
            if let Some(document_id) = &target.document_id {
                out.element("DocumentId", document_id.as_str());
            }
        });
        if let Some(staff) = &draft.staff_info {
            self.within("StaffInfo", |out| out.staff(staff));
        }
        self.element("StatusCode", draft.status_code.wire());
        self.optional("Description", &draft.description);
        self.element("Timestamp", &format_date_time(draft.timestamp.local().datetime()));
    }
}
