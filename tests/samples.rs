//! The real messages in ../shared/edxml/samples, read in both modes: every field that bears meaning is where it
//! belongs. Their way through the hub is told in `tests/hub/samples.rs`; the same shapes stand in `fixtures/accept`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeSet;
use std::path::Path;

use jiff::civil::date;
use truc::domain::{BusinessType, Code, DocumentId, Lang, OrganId, Priority, StatusCode};
use truc::edxml::{
    ContentKind, Envelope, Message, Mode, RemarkCode, StatusMessage, Target, Text, attachment_digest, open_attachment,
    read,
};

const MODES: [Mode; 2] = [Mode::Strict, Mode::Tolerant];

/// The bytes of a sample, or nothing where the samples are not there: then it says so.
fn sample(file: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/edxml/samples");
    if !folder.is_dir() {
        eprintln!("SKIPPED: ../shared/edxml/samples is not there; the same shapes stand in fixtures/");
        return None;
    }
    Some(std::fs::read(folder.join(file)).unwrap())
}

fn documents(file: &str) -> Vec<(Envelope, Vec<u8>)> {
    let Some(bytes) = sample(file) else { return Vec::new() };
    let read_in = |mode| match read(&bytes.as_slice(), mode) {
        Ok(Message::Document(envelope)) => (*envelope, bytes.clone()),
        other => panic!("{file} under {mode:?}: {other:?}"),
    };
    MODES.map(read_in).into()
}

fn statuses(file: &str) -> Vec<StatusMessage> {
    let Some(bytes) = sample(file) else { return Vec::new() };
    let read_in = |mode| match read(&bytes.as_slice(), mode) {
        Ok(Message::Status(status)) => *status,
        other => panic!("{file} under {mode:?}: {other:?}"),
    };
    MODES.map(read_in).into()
}

fn organ(code: &str) -> OrganId {
    code.parse().unwrap()
}

fn document_id(id: &str) -> DocumentId {
    id.parse().unwrap()
}

fn text(text: &str) -> Option<Text> {
    Text::from_wire(text)
}

fn recipients(envelope: &Envelope) -> Vec<&str> {
    envelope.header.to.iter().map(|to| to.organ_id.as_str()).collect()
}

fn remarks(envelope: &Envelope) -> Vec<RemarkCode> {
    envelope.remarks.iter().map(|remark| remark.code).collect()
}

#[test]
fn sample_01_is_a_new_document_with_every_field() {
    for (envelope, bytes) in documents("01_new.edxml") {
        let header = &envelope.header;
        assert_eq!(header.from.organ_id, organ("002.00.20.H13"));
        assert_eq!(header.from.website, text("vpcp.vn"));
        assert_eq!(recipients(&envelope), ["28.22.H17"]);
        let in_charge = header.to[0].organization_in_charge.as_ref().unwrap();
        assert!(in_charge.original().starts_with(" UBND xã Hòa Sơn"), "kept as it stands");
        assert_eq!(*in_charge, "UBND xã Hòa Sơn - UBND huyện Hòa Vang - Thành phố Đà Nẵng");
        assert_eq!(header.document_id, document_id("000.00.00.G22,2015/09/30,7816/VPCP-TTĐT"));
        assert_eq!(header.code.printed(), "74fass22/VPCP-TTĐT");
        assert_eq!(header.promulgation_date(), Some(date(2019, 1, 16)));
        assert_eq!(header.promulgation_info.place, text("Hà Nội"));
        assert_eq!((&header.document_type.r#type, &header.document_type.type_detail), (&text("1"), &text("0")));
        assert_eq!(header.document_type.type_name, "Công văn");
        assert_eq!(header.subject, "V/v kết nối, liên thông phần mềm quản lý văn bản");
        assert_eq!(header.content.as_ref(), Some(&header.subject));
        assert_eq!(header.signer_info.competence, text("TL. BO TRUONG"));
        assert_eq!(header.signer_info.full_name, text("Nguyễn Văn Mẫu"));
        assert_eq!(header.due_date(), Some(date(2018, 9, 28)));
        assert_eq!(header.priority(), Priority::Ordinary);
        assert_eq!(header.other_info.typer_notation, text("TVC"));
        assert_eq!(header.other_info.promulgation_amount, text("2"));
        assert_eq!(header.other_info.page_amount, text("22"));
        assert_eq!(header.other_info.direction, text("false"));
        assert_eq!(header.other_info.appendixes.len(), 1);
        assert_eq!(header.steering_type, text("1"));
        assert_eq!(header.to_places, ["Cac bo va co quan ngang bo", "Uy ban nhan dan cac tinh, TP"]);
        assert_eq!(header.response_for, []);

        let business = envelope.trace.bussiness.as_ref().unwrap();
        assert_eq!(business.bussiness_doc_type, BusinessType::New);
        assert_eq!(business.document_id, Some(document_id("000.00.00.G22,2014/02/30,7806/VPCP-TTĐT")), "opaque");
        assert_eq!(business.paper, text("0"));
        assert_eq!(business.staff_info.as_ref().unwrap().department, text("Văn thư văn phòng"));
        assert_eq!(envelope.trace.trace_headers[0].organ_id, Some(organ("000.00.00.G22")));
        assert_eq!(envelope.targets(), [], "a new document acts on none");

        assert!(envelope.has_signature);
        assert_eq!(envelope.manifest.version, text("1.0"));
        assert_eq!(envelope.manifest.references[0].content_type, text("application/zip"));
        let attachment = &envelope.attachments[0];
        assert_eq!((attachment.kind, attachment.key()), (ContentKind::Zip, "209"));
        assert_eq!(attachment.attachment_name, text("1896_QD-TTg_m_294779.doc"));
        let mut content = Vec::new();
        std::io::copy(&mut open_attachment(&bytes.as_slice(), attachment).unwrap(), &mut content).unwrap();
        assert!(memchr::memmem::find(&content, b"32da2890-1a55-4ccd-9ac9-cd0d98559e67.edxml").is_some());
        assert_eq!(attachment.size, u64::try_from(content.len()).unwrap());
        assert_eq!(envelope.remarks, []);
    }
}

#[test]
fn sample_02_is_an_update_with_a_receiver_list() {
    for (envelope, _) in documents("02_update.edxml") {
        assert_eq!(recipients(&envelope), ["000.00.00.H41", "000.00.00.H14", "000.00.00.G17"]);
        assert_eq!(envelope.business(), BusinessType::Update);
        let business = envelope.trace.bussiness.as_ref().unwrap();
        assert_eq!(business.bussiness_doc_reason, text("Cập nhật văn bản điện tử"));
        let info = business.bussiness_document_info.as_ref().unwrap();
        assert_eq!((&info.document_info, &info.document_receiver), (&text("1"), &text("1")));
        let receivers: Vec<_> = info.receivers.iter().map(|receiver| receiver.organ_id.clone().unwrap()).collect();
        assert_eq!(receivers, [organ("000.00.00.H41"), organ("000.00.00.H14")]);
        assert_eq!(info.receivers[1].receiver_type, text("1"));
        let from = organ("000.00.00.G22");
        let by_id = |id| Target::Document { from: from.clone(), id: document_id(id) };
        assert_eq!(
            envelope.targets(),
            [by_id("000.00.00.G22,2015/09/30,7816/VPCP-TTĐT"), by_id("000.00.00.G22,2014/02/30,7806/VPCP-TTĐT")]
        );
        assert_eq!(envelope.remarks, []);
    }
}

#[test]
fn sample_03_is_a_revocation_that_answers_another_document() {
    for (envelope, _) in documents("03_revocation_with_responsefor.edxml") {
        assert_eq!(envelope.business(), BusinessType::Revoke);
        let response = &envelope.header.response_for[0];
        assert_eq!(response.organ_id, Some(organ("000.00.00.H14")));
        assert_eq!(response.code, text("267/VPCP-TTĐT"));
        assert_eq!(response.document_id, Some(document_id("000.00.04.G14,2012/08/06,267/VPCP-TTĐT")));
        assert_eq!(response.promulgation_date, text("2018/09/28"));
        assert_eq!(envelope.targets().len(), 3, "its own id, the answered id, the answered code");
        assert_eq!(envelope.remarks, []);
    }
}

#[test]
fn samples_04_to_07_are_statuses() {
    for (file, code, from, to) in [
        ("04_status_01_inbox.edxml", StatusCode::Arrived, "000.00.00.H41", "000.00.00.G22"),
        ("05_status_03_acceptance.edxml", StatusCode::Accepted, "000.00.00.H41", "000.00.00.G22"),
        ("06_status_13_cancellation.edxml", StatusCode::TakeBack, "000.00.00.G22", "000.00.00.H41"),
        ("07_status_15_change_acceptance.edxml", StatusCode::Agreed, "000.00.00.H41", "000.00.00.G22"),
    ] {
        for status in statuses(file) {
            assert_eq!((status.status_code, &status.from.organ_id), (code, &organ(from)), "{file}");
            let target = &status.response_for;
            assert_eq!(target.organ_id, organ(to), "{file}");
            assert_eq!(target.code, text("7816/VPCP-TTĐT"));
            assert_eq!(target.document_id, Some(document_id("000.00.00.G22,2015/09/30,7816/VPCP-TTĐT")));
            assert_eq!(target.promulgation_date(), Some(date(2015, 9, 30)));
            assert_eq!(status.staff_info.as_ref().unwrap().department, text("Phong hanh chinh"));
            assert_eq!(status.time(), Some(date(2015, 9, 20).at(11, 8, 36, 0)));
            assert!(status.description.is_some());
            assert_eq!(status.remarks, []);
        }
    }
}

#[test]
fn sample_08_came_out_of_the_hub_without_business() {
    for (envelope, _) in documents("08_hub_output_2019.edxml") {
        assert_eq!((envelope.business(), &envelope.trace.bussiness), (BusinessType::New, &None));
        let traced: Vec<_> =
            envelope.trace.trace_headers.iter().map(|header| header.organ_id.clone().unwrap()).collect();
        assert_eq!(traced, [organ("01.02.G22"), organ("001.00.20.TT2")]);
        assert_eq!(envelope.header.response_for, [], "an empty ResponseFor counts as absent");
        assert_eq!(envelope.header.document_type.type_detail, None);
        assert_eq!(envelope.manifest.references[0].content_type, text("application/pdf"));
        let attachment = &envelope.attachments[0];
        assert_eq!((attachment.kind, &attachment.content_type), (ContentKind::Zip, &text("application/zip")));
        assert_eq!(envelope.remarks, []);
    }
}

#[test]
fn sample_09_has_only_codes_to_rely_on() {
    for (envelope, _) in documents("09_hub_output_2025_zipped_pdf.edxml") {
        assert_eq!(envelope.header.from.organ_id, organ("vxp.saas.03"));
        assert_eq!(envelope.header.from.organ_name, None);
        assert_eq!(envelope.header.code.printed(), "BINTEST123/GW-AUTO");
        assert_eq!(envelope.trace.trace_headers.len(), 2);
        assert!(envelope.trace.trace_headers.iter().all(|header| header.organ_id.is_none()), "null equals absent");
        assert!(!envelope.has_signature);
        let attachment = &envelope.attachments[0];
        assert_eq!((attachment.kind, &attachment.content_type), (ContentKind::Zip, &text("application/pdf")));
        assert_eq!(envelope.remarks, []);
    }
}

#[test]
fn sample_10_has_three_files_and_a_long_number() {
    for (envelope, bytes) in documents("10_gateway_three_attachments.edxml") {
        assert_eq!(envelope.header.code.code_number, "20251016110432");
        let names: Vec<_> = envelope.attachments.iter().map(|file| file.attachment_name.clone().unwrap()).collect();
        assert_eq!(names, ["localA.txt", "localB.txt", "localC.txt"]);
        assert!(envelope.attachments.iter().all(|file| file.kind == ContentKind::Zip));
        let digests: BTreeSet<_> =
            envelope.attachments.iter().map(|file| attachment_digest(&bytes.as_slice(), file).unwrap()).collect();
        assert_eq!(digests.len(), 3, "each its own content");
        assert_eq!(remarks(&envelope), [RemarkCode::LongValue], "14 characters where 11 are documented");
    }
}

#[test]
fn sample_11_is_written_by_dotnet() {
    for (envelope, bytes) in documents("11_dotnet_sdk_shape_RECONSTRUCTED.edxml") {
        let header = &envelope.header;
        assert_eq!(header.subject, "V/v thử nghiệm <kết nối> & liên thông");
        assert_eq!(header.other_info.appendixes, Vec::<Text>::new(), "an empty element equals an absent one");
        assert_eq!(envelope.trace.id, text("3490sd09"));
        assert_eq!(envelope.trace.must_understand, text("1"));
        assert_eq!(envelope.trace.actor, text("http://schemas.xmlsoap.org/soap/actor/next"));
        assert_eq!(envelope.trace.bussiness.as_ref().unwrap().staff_info.as_ref().unwrap().mobile, None);
        assert!(!envelope.has_signature, "an empty DigitalSignature is none");
        let reference = &envelope.manifest.references[0];
        assert_eq!(reference.href, text("cid:7d0d1987-0f1c-47a7-8fd6-cc5c7de4064f"));
        assert_eq!((&reference.role, &reference.r#type), (&text("XLinkRole"), &text("simple")));
        let attachment = &envelope.attachments[0];
        assert_eq!(reference.key(), attachment.key(), "one side bears cid:, the other does not");
        assert_eq!((attachment.size, attachment.kind), (5, ContentKind::Other));
        let digest = attachment_digest(&bytes.as_slice(), attachment).unwrap();
        assert_eq!(digest, truc::domain::Digest::of(b"hello"));
        assert_eq!(envelope.remarks, []);
    }
}

#[test]
fn sample_12_gets_its_named_refusal() {
    let Some(bytes) = sample("12_soap_edoc_vn_RECONSTRUCTED.xml") else { return };
    for mode in MODES {
        let refusal = read(&bytes.as_slice(), mode).unwrap_err();
        assert_eq!(refusal.code, Code::EdxmlSoap);
        let place = refusal.at.unwrap();
        assert_eq!((place.line, place.column, place.path.as_str()), (2, 1, "/Envelope"));
        assert!(refusal.code.remedy(Lang::En).contains("QCVN 102:2016"));
    }
}

#[test]
fn the_test_directory_holds_every_party_of_the_samples() {
    let directory: BTreeSet<&str> =
        include_str!("hub/sample-directory.csv").lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    for file in [
        "01_new.edxml",
        "02_update.edxml",
        "03_revocation_with_responsefor.edxml",
        "08_hub_output_2019.edxml",
        "09_hub_output_2025_zipped_pdf.edxml",
        "10_gateway_three_attachments.edxml",
        "11_dotnet_sdk_shape_RECONSTRUCTED.edxml",
    ] {
        for (envelope, _) in documents(file) {
            let parties = std::iter::once(&envelope.header.from).chain(&envelope.header.to);
            for party in parties {
                assert!(directory.contains(party.organ_id.as_str()), "{file}: {}", party.organ_id);
            }
        }
    }
}
