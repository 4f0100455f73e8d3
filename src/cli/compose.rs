//! Writing a new document from the command line: for offices without software of their own.

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::civil::Date;
use uuid::Uuid;

use crate::cli::connect::Connection;
use crate::cli::exit::{Exit, Failure};
use crate::cli::signer::SignerOptions;
use crate::cli::{Context, files, words};
use crate::clock::{Clock as _, SystemClock};
use crate::domain::{DocumentId, OrganId, Timestamp};
use crate::edxml::{
    Bussiness, DocumentCode, DocumentType, Draft, DraftFile, MessageHeader, Organization, OtherInfo, PromulgationInfo,
    SignerInfo, Text, TraceHeader, TraceHeaderList, format_date, format_date_time, parse_date, write_document,
};

#[derive(Debug, Args)]
pub(super) struct ComposeOptions {
    #[arg(long, value_name = "AGENCY", value_delimiter = ',', conflicts_with = "file", required_if_eq("new", "true"))]
    to: Vec<OrganId>,
    #[arg(long, value_name = "CODE", conflicts_with = "file", required_if_eq("new", "true"))]
    code: Option<String>,
    #[arg(long, value_name = "TEXT", conflicts_with = "file", required_if_eq("new", "true"))]
    subject: Option<String>,
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    attach: Vec<PathBuf>,
    #[arg(long = "type", id = "type", value_name = "TEXT", conflicts_with = "file", default_value = "Công văn")]
    type_name: String,
    #[arg(long, value_name = "DATE", conflicts_with = "file", value_parser = day)]
    date: Option<Date>,
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    place: Option<String>,
    #[arg(long, value_name = "NUMBER", conflicts_with = "file", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=4))]
    priority: u8,
    #[arg(long, value_name = "NAME", conflicts_with = "file")]
    signed_by: Option<String>,
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    position: Option<String>,
    #[arg(long, value_name = "AGENCY", conflicts_with = "file")]
    from: Option<OrganId>,
    #[arg(long, value_name = "TEXT", conflicts_with = "file")]
    document_id: Option<DocumentId>,
    #[arg(long, value_name = "FILE", conflicts_with = "file")]
    save: Option<PathBuf>,
}

/// `22/11/2026` or `2026-11-22`.
fn day(text: &str) -> Result<Date, String> {
    parse_date(text).ok_or_else(|| "22/11/2026, 2026-11-22".to_owned())
}

impl ComposeOptions {
    /// Writes, signs and keeps the document; gives its file.
    pub(super) fn write(
        &self,
        context: &Context,
        hub: &Connection,
        signer: &SignerOptions,
    ) -> Result<PathBuf, Failure> {
        let signer = signer.load(Some(hub.profile()))?;
        let from = hub.agency(self.from.as_ref()).ok_or_else(|| {
            Failure::usage(
                "Cần mã cơ quan gửi: thêm --from MÃ, hoặc ghi agency vào hồ sơ",
                "The sender is needed: give --from CODE, or write agency into the profile",
            )
        })?;
        let draft = self.draft(from, SystemClock.now())?;
        let path = self
            .save
            .clone()
            .unwrap_or_else(|| PathBuf::from(format!("{}.edxml", files::name(&draft.header.code.printed()))));
        if path.exists() {
            let path = path.display();
            return Err(Failure::new(
                Exit::CannotCreate,
                format!(
                    "{path} đã có. Gửi lại đúng văn bản đó: truc send {path}; nếu là văn bản khác: thêm --save TỆP"
                ),
                format!(
                    "{path} is there already. To send that document again: truc send {path}; for another one: add --save FILE"
                ),
            ));
        }
        let signed = signer.sign(context, &write_document(&draft))?;
        files::write(&path, &signed)?;
        Ok(path)
    }

    fn draft(&self, from: OrganId, now: Timestamp) -> Result<Draft, Failure> {
        let code = self.code()?;
        let date = self.date.unwrap_or_else(|| now.local().date());
        let header = MessageHeader {
            document_id: self.document_id(&from, date, &code)?,
            from: Organization::of(from.clone()),
            to: self.to.iter().cloned().map(Organization::of).collect(),
            code,
            promulgation_info: PromulgationInfo {
                place: text(self.place.as_deref()),
                promulgation_date: format_date(date).into(),
            },
            document_type: DocumentType {
                r#type: None,
                type_detail: None,
                type_name: words::nfc(&self.type_name).into(),
            },
            subject: words::nfc(self.subject.as_deref().unwrap_or_default()).into(),
            content: None,
            signer_info: SignerInfo {
                competence: None,
                position: text(self.position.as_deref()),
                full_name: text(self.signed_by.as_deref()),
            },
            due_date: None,
            to_places: Vec::new(),
            other_info: OtherInfo { priority: Some(self.priority.to_string().into()), ..OtherInfo::default() },
            response_for: Vec::new(),
            steering_type: None,
            response_for_task: Vec::new(),
            application_type: None,
        };
        let passed =
            TraceHeader { organ_id: Some(from), timestamp: Some(format_date_time(now.local().datetime()).into()) };
        let trace = TraceHeaderList {
            trace_headers: vec![passed],
            bussiness: Some(Bussiness::default()),
            ..TraceHeaderList::default()
        };
        let files = self.attach.iter().map(|path| file(path)).collect::<Result<_, _>>()?;
        Ok(Draft { header, trace, files })
    }

    /// `1234/VPCP-TH`: number and notation.
    fn code(&self) -> Result<DocumentCode, Failure> {
        let code = words::nfc(self.code.as_deref().unwrap_or_default().trim());
        match code.split_once('/') {
            Some((number, notation)) if !number.trim().is_empty() && !notation.trim().is_empty() => {
                Ok(DocumentCode { code_number: number.trim().into(), code_notation: notation.trim().into() })
            }
            _ => Err(Failure::usage(
                "--code: viết số/ký hiệu, ví dụ 1234/VPCP-TH",
                "--code: number/notation, for example 1234/VPCP-TH",
            )),
        }
    }

    /// The form of the standard (REFERENCE 1.3): `G22,2026/11/22,1234/VPCP-TH`.
    fn document_id(&self, from: &OrganId, date: Date, code: &DocumentCode) -> Result<DocumentId, Failure> {
        if let Some(id) = &self.document_id {
            return Ok(id.clone());
        }
        let id = format!("{from},{},{}", format_date(date), code.printed());
        id.parse().map_err(|error| Failure::usage(format!("--document-id: {error}"), format!("--document-id: {error}")))
    }
}

fn text(value: Option<&str>) -> Option<Text> {
    value.and_then(|value| Text::from_wire(&words::nfc(value)))
}

fn file(path: &Path) -> Result<DraftFile, Failure> {
    let name = path.file_name().map(|name| words::nfc(&name.to_string_lossy())).unwrap_or_default();
    Ok(DraftFile {
        content_id: Uuid::new_v4().to_string(),
        content_type: content_type(&name).to_owned(),
        attachment_name: name,
        description: None,
        content: files::read(path)?,
    })
}

/// What the field sends; everything else is octets.
fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()).as_deref() {
        Some("pdf") => "application/pdf",
        Some("doc") => "application/msword",
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("xls") => "application/vnd.ms-excel",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("zip") => "application/zip",
        Some("xml") => "application/xml",
        Some("txt") => "text/plain",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(code: &str) -> ComposeOptions {
        ComposeOptions {
            to: vec!["H41".parse().unwrap(), "H14".parse().unwrap()],
            code: Some(code.to_owned()),
            subject: Some("V/v mưa lu\u{0303}".to_owned()),
            attach: Vec::new(),
            type_name: "Công văn".to_owned(),
            date: None,
            place: Some("Hà Nội".to_owned()),
            priority: 3,
            signed_by: None,
            position: None,
            from: None,
            document_id: None,
            save: None,
        }
    }

    #[test]
    fn a_document_is_written_as_the_standard_names_it() {
        // 18:00 in London on the 22nd is the 23rd in Hanoi.
        let at: Timestamp = "2026-11-22T18:00:00Z".parse().unwrap();
        let draft = options("05/VPCP-TTĐT").draft("G22".parse().unwrap(), at).unwrap();
        assert_eq!(draft.header.document_id.as_str(), "G22,2026/11/23,05/VPCP-TTĐT");
        assert_eq!(draft.header.code.printed(), "05/VPCP-TTĐT");
        assert_eq!(draft.header.subject, "V/v mưa lũ");
        assert_eq!(draft.header.to.len(), 2);
        assert_eq!(draft.trace.trace_headers[0].timestamp.as_ref().unwrap(), &"2026/11/23 01:00:00");
    }

    #[test]
    fn a_code_is_number_and_notation() {
        for wrong in ["1234", "/VPCP", "1234/", " / "] {
            assert!(options(wrong).code().is_err(), "{wrong}");
        }
        assert_eq!(options(" 12 / QĐ-BTC ").code().unwrap().printed(), "12/QĐ-BTC");
    }

    #[test]
    fn file_types_go_by_their_endings() {
        assert_eq!(content_type("Công văn.PDF"), "application/pdf");
        assert_eq!(content_type("pdf"), "application/octet-stream");
    }
}
