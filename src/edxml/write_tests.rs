//! What is written must read back, and stand as receivers want it.

use super::*;
use crate::domain::{BusinessType, StatusCode};
use crate::edxml::{
    DocumentCode, DocumentType, Message, Mode, PromulgationInfo, Receiver, SignerInfo, TraceHeader, attachment_digest,
    read,
};

fn text<T: From<Text>>(text: &str) -> T {
    Text::from(text).into()
}

fn full(organ_id: &str) -> Organization {
    Organization {
        organ_id: organ_id.parse().unwrap(),
        organization_in_charge: text("Cơ quan chủ quản"),
        organ_name: text("Tên & <cơ quan>"),
        organ_add: text(" Số 1 "),
        email: text("lienhe@example.vn"),
        telephone: text("0"),
        fax: text("1"),
        website: text("example.vn"),
    }
}

fn staff() -> StaffInfo {
    StaffInfo {
        department: text("Văn thư"),
        department_id: text("VT"),
        staff: text("Nguyễn Văn Mẫu"),
        staff_id: text("7"),
        email: text("a@example.vn"),
        mobile: text("0"),
    }
}

fn header() -> MessageHeader {
    MessageHeader {
        from: full("G22"),
        to: vec![full("H41"), Organization::of("H14".parse().unwrap())],
        document_id: "G22,2026/03/05,12/VPCP-TTĐT".parse().unwrap(),
        code: DocumentCode { code_number: "12".into(), code_notation: "VPCP-TTĐT".into() },
        promulgation_info: PromulgationInfo { place: text("Hà Nội"), promulgation_date: "2026/03/05".into() },
        document_type: DocumentType { r#type: text("18"), type_detail: text("0"), type_name: "Công văn".into() },
        subject: "V/v \"thử\" <&> \u{1}".into(),
        content: text("dòng 1\r\ndòng 2"),
        signer_info: SignerInfo { competence: text("TL."), position: text("Cục trưởng"), full_name: text("A") },
        due_date: text("2026/03/20"),
        to_places: vec!["Các bộ".into(), "Lưu: VT".into()],
        other_info: OtherInfo {
            priority: text("3"),
            sphere_of_promulgation: text("Công khai"),
            typer_notation: text("TVC"),
            promulgation_amount: text("2"),
            page_amount: text("22"),
            direction: text("false"),
            appendixes: vec!["Phụ lục I".into(), "Phụ lục II".into()],
            reply_fors: vec!["1/A".into()],
            reference_codes: vec!["2/B".into()],
        },
        response_for: vec![ResponseFor {
            organ_id: Some("H14".parse().unwrap()),
            code: text("267/VPCP-TTĐT"),
            promulgation_date: text("2026/01/02"),
            document_id: Some("x".parse().unwrap()),
        }],
        steering_type: text("1"),
        response_for_task: vec!["T1".into(), "T2".into()],
        application_type: text("QLVB"),
    }
}

fn trace() -> TraceHeaderList {
    let info = BussinessDocumentInfo {
        document_info: text("1"),
        document_receiver: text("1"),
        receivers: vec![Receiver { organ_id: Some("H41".parse().unwrap()), receiver_type: text("0") }],
    };
    let replacement =
        ReplacementInfo { document_id: Some("y".parse().unwrap()), organ_ids: vec!["H41".parse().unwrap()] };
    TraceHeaderList {
        trace_headers: vec![TraceHeader {
            organ_id: Some("G22".parse().unwrap()),
            timestamp: text("2026/03/05 08:00:00"),
        }],
        bussiness: Some(Bussiness {
            document_id: Some("z".parse().unwrap()),
            bussiness_doc_type: BusinessType::Update,
            bussiness_doc_reason: text("Cập nhật"),
            paper: text("0"),
            bussiness_document_info: Some(info),
            replacement_info: vec![replacement],
            staff_info: Some(staff()),
        }),
        ..TraceHeaderList::default()
    }
}

#[test]
fn a_written_document_reads_back_with_every_field() {
    let file = |id: &str, content: &[u8]| DraftFile {
        content_id: id.to_owned(),
        attachment_name: format!("{id}.pdf"),
        description: Some("Tệp".to_owned()),
        content_type: "application/pdf".to_owned(),
        content: content.to_owned(),
    };
    let draft = Draft {
        header: header(),
        trace: trace(),
        files: vec![file("a", b"%PDF-1.7 \xFF\xFE"), file("b", &[7; 100_000])],
    };
    let bytes = write_document(&draft);
    let Ok(Message::Document(envelope)) = read(&bytes.as_slice(), Mode::Strict) else { panic!("not read") };
    assert_eq!(envelope.remarks, []);
    let expected = MessageHeader { subject: "V/v \"thử\" <&> \u{FFFD}".into(), ..draft.header.clone() };
    assert_eq!(envelope.header, expected);
    assert_eq!(envelope.trace, draft.trace);
    assert_eq!(envelope.manifest.references.len(), 2);
    for (file, attachment) in draft.files.iter().zip(&envelope.attachments) {
        assert_eq!(attachment.size, u64::try_from(file.content.len()).unwrap());
        let digest = attachment_digest(&bytes.as_slice(), attachment).unwrap();
        assert_eq!(digest, crate::domain::Digest::of(&file.content));
        assert_eq!(attachment.content_id.as_str(), format!("cid:{}", file.content_id));
    }
}

#[test]
fn prefixes_stand_where_dotnet_receivers_want_them() {
    let files = vec![DraftFile {
        content_id: "a".to_owned(),
        attachment_name: "a.txt".to_owned(),
        description: None,
        content_type: "text/plain".to_owned(),
        content: b"hello".to_vec(),
    }];
    let bytes = write_document(&Draft { header: header(), trace: trace(), files });
    let written = String::from_utf8(bytes).unwrap();
    let (envelope, rest) = written.split_once("</edXML:edXMLEnvelope>").unwrap();
    let inside = envelope.split_once("<edXML:edXMLEnvelope").unwrap().1;
    assert!(inside.matches('<').count() == inside.matches("<edXML:").count() + inside.matches("</edXML:").count());
    assert!(!rest.contains("edXML:"));
    assert!(rest.contains("<ContentTransferEncoded>aGVsbG8=</ContentTransferEncoded>"));
}

#[test]
fn a_written_status_reads_back_with_every_field() {
    let draft = StatusDraft {
        from: full("H41"),
        response_for: StatusTarget {
            organ_id: "G22".parse().unwrap(),
            code: text("12/VPCP-TTĐT"),
            promulgation_date: text("2026/03/05"),
            document_id: Some("G22,2026/03/05,12/VPCP-TTĐT".parse().unwrap()),
        },
        staff_info: Some(staff()),
        status_code: StatusCode::Rejected,
        description: text("Gửi nhầm nơi nhận"),
        timestamp: "2026-03-05T17:30:00Z".parse().unwrap(),
    };
    let bytes = write_status(&draft);
    let Ok(Message::Status(status)) = read(&bytes.as_slice(), Mode::Strict) else { panic!("not read") };
    assert_eq!(status.remarks, []);
    assert_eq!(status.from, draft.from);
    assert_eq!(status.response_for, draft.response_for);
    assert_eq!((status.staff_info, status.description), (draft.staff_info, draft.description));
    assert_eq!(status.status_code, StatusCode::Rejected);
    assert_eq!(status.timestamp, Some(Text::from("2026/03/06 00:30:00")));
}

/// The children of `MessageHeader` in reverse order.
fn reversed(message: &str) -> String {
    let (before, rest) = message.split_once("<edXML:MessageHeader>\n").unwrap();
    let (children, after) = rest.split_once("\n      </edXML:MessageHeader>").unwrap();
    let marked = children.replace("\n        <edXML:", "\n|        <edXML:");
    let mut blocks: Vec<&str> = marked.split("\n|").collect();
    blocks.reverse();
    format!("{before}<edXML:MessageHeader>\n{}\n      </edXML:MessageHeader>{after}", blocks.join("\n"))
}

#[test]
fn the_order_of_children_means_nothing() {
    let header = MessageHeader { to: vec![full("H41")], ..header() };
    let draft = Draft { header, trace: trace(), files: Vec::new() };
    let message = String::from_utf8(write_document(&draft)).unwrap();
    let turned = reversed(&message);
    assert_ne!(turned, message);
    let header = |text: &str| match read(&text.as_bytes(), Mode::Strict) {
        Ok(Message::Document(envelope)) => envelope.header,
        other => panic!("{other:?}"),
    };
    assert_eq!(header(&turned), header(&message));
}
