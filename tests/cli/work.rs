//! Sending, receiving, tracking.

use crate::support::{TestHub, altered};

#[test]
fn a_document_goes_out_and_its_files_come_back_as_they_were() {
    let hub = TestHub::running();
    let attachment = hub.file("Kế hoạch.docx");
    std::fs::write(&attachment, b"PK\x03\x04 not really").unwrap();
    let sent = hub.send("H41", "1/VPCP-TH", &["--attach", &attachment, "--priority", "3"]);
    let inbox = hub.by("nghean", &["--json", "inbox"]).yes().json();
    assert_eq!(inbox["items"][0]["code"], "1/VPCP-TH");
    assert_eq!(inbox["items"][0]["priority"], "express");
    let (file, files) = (hub.file("in.edxml"), hub.file("files"));
    let fetched =
        hub.by("nghean", &["--json", "fetch", "1/vpcp-th", "-o", &file, "--attachments", &files]).yes().json();
    assert_eq!(std::fs::read(&file).unwrap(), std::fs::read(&sent).unwrap());
    let taken = fetched["attachments"][0].as_str().unwrap();
    assert!(taken.ends_with("Kế-hoạch.docx"), "{taken}");
    assert_eq!(std::fs::read(taken).unwrap(), b"PK\x03\x04 not really");
    let piped = hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", "-"]).yes();
    assert_eq!(piped.stdout, std::fs::read_to_string(&sent).unwrap());
    hub.by("nghean", &["confirm", "1/VPCP-TH"]).yes();
    assert_eq!(hub.by("nghean", &["--json", "inbox"]).yes().json()["items"].as_array().unwrap().len(), 0);
}

#[test]
fn an_ambiguous_number_gives_a_short_list_and_a_year_settles_it() {
    let hub = TestHub::running();
    hub.send("H41", "7/VPCP-TH", &["--date", "15/11/2025"]);
    let again = hub.file("again.edxml");
    hub.by(
        "vpcp",
        &[
            "send",
            "--new",
            "--to",
            "H14",
            "--code",
            "7/VPCP-TH",
            "--subject",
            "Năm nay",
            "--date",
            "20/11/2026",
            "--save",
            &again,
        ],
    )
    .yes();
    let several = hub.by("vpcp", &["track", "7/VPCP-TH"]);
    assert_eq!(several.code, 64, "{several:?}");
    assert!(several.stderr.contains("2025/11/15") && several.stderr.contains("2026/11/20"), "{several:?}");
    let one = hub.by("vpcp", &["--json", "track", "07 / VPCP-TH", "--year", "2026"]).yes().json();
    assert_eq!(one["subject"], "Năm nay");
    let by_id = hub.by("vpcp", &["track", one["id"].as_str().unwrap()]).yes();
    assert!(by_id.stdout.contains("1 nơi nhận: 1 chưa nhận"), "{by_id:?}");
    hub.by("vpcp", &["track", "8/VPCP-TH"]).refused("not_found", 1);
    hub.by("haiphong", &["track", "7/VPCP-TH"]).refused("not_found", 1);
}

#[test]
fn a_trial_keeps_nothing_and_a_repeat_gets_the_first_answer() {
    let hub = TestHub::running();
    let file = hub.file("a.edxml");
    let new = ["--new", "--to", "H41", "--code", "2/VPCP-TH", "--subject", "Thử", "--save", &file];
    let trial = hub.by("vpcp", &[&["send", "--dry-run"], &new[..]].concat()).yes();
    assert!(trial.stdout.contains("gửi được (thử"), "{trial:?}");
    hub.by("vpcp", &["track", "2/VPCP-TH"]).refused("not_found", 1);
    let first = hub.by("vpcp", &["--json", "send", &file]).yes().json();
    let again = hub.by("vpcp", &["--json", "send", &file]).yes().json();
    assert_eq!((first["repeat"].as_bool(), again["repeat"].as_bool()), (Some(false), Some(true)));
    assert_eq!(first["id"], again["id"]);
    hub.by("vpcp", &[&["send"], &new[..]].concat()).code_is(73);
}

#[test]
fn a_document_is_asked_back_and_given_back() {
    let hub = TestHub::running();
    hub.send("H41,H14", "3/VPCP-TH", &[]);
    hub.by("nghean", &["status", "3", "3/VPCP-TH", "--staff", "Lan", "--department", "Văn phòng"]).yes();
    hub.by("caobang", &["status", "02", "3/VPCP-TH"]).refused("reason_missing", 1);
    hub.by("vpcp", &["status", "13", "3/VPCP-TH", "--to", "H41", "--reason", "Nhầm phụ lục"]).yes();
    let asked = hub.by("vpcp", &["track", "3/VPCP-TH"]).yes();
    assert!(asked.stdout.contains("đang đề nghị lấy lại"), "{asked:?}");
    hub.by("nghean", &["status", "15", "3/VPCP-TH"]).yes();
    let given = hub.by("vpcp", &["--json", "track", "3/VPCP-TH"]).yes().json();
    assert_eq!(given["summary"]["text_vi"], "2 nơi nhận: 1 đã lấy lại · 1 chưa nhận");
    let kept = hub.by("nghean", &["status", "06", "3/VPCP-TH"]).yes();
    assert!(kept.stdout.contains("chỉ ghi lại"), "{kept:?}");
}

#[test]
fn what_is_wrong_is_refused_with_code_and_exit_code() {
    let mut hub = TestHub::running();
    let sent = hub.send("H41", "4/VPCP-TH", &[]);
    hub.by("vpcp", &["send", &altered(&sent, "thử nghiệm", "thử nghiêm")]).refused("digest_mismatch", 1);
    let expired = hub.file("expired.edxml");
    let (key, certificate) =
        (hub.path("test-pki/agencies/vpcp-expired.key"), hub.path("test-pki/agencies/vpcp-expired.crt"));
    let (key, certificate) = (key.display().to_string(), certificate.display().to_string());
    hub.run(&["sign", &sent, "--sign-key", &key, "--sign-cert", &certificate, "-o", &expired]).yes();
    hub.by("vpcp", &["send", &expired]).refused("certificate_expired", 1);
    std::fs::write(hub.file("no.xml"), "<edXML").unwrap();
    hub.by("vpcp", &["send", &hub.file("no.xml")]).refused("xml_malformed", 1);
    hub.by("vpcp", &["send", &hub.file("nowhere.edxml")]).code_is(66);
    hub.stop();
    hub.by("vpcp", &["send", &sent]).code_is(69);
}

#[test]
fn a_status_that_software_wrote_is_sent_as_one() {
    const NS: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";
    let hub = TestHub::running();
    hub.send("H41", "5/VPCP-TH", &["--document-id", "vb-5"]);
    let (unsigned, signed) = (hub.file("01.xml"), hub.file("01.edxml"));
    let text = format!(
        "<edXML xmlns=\"{NS}\"><e:edXMLEnvelope xmlns:e=\"{NS}\"><e:edXMLHeader><e:MessageHeader>\
         <e:From><e:OrganId>H41</e:OrganId></e:From><e:ResponseFor><e:OrganId>G22</e:OrganId><e:Code>5/VPCP-TH</e:Code>\
         <e:DocumentId>vb-5</e:DocumentId></e:ResponseFor><e:StatusCode>01</e:StatusCode>\
         <e:Timestamp>2026/11/22 08:00:00</e:Timestamp></e:MessageHeader></e:edXMLHeader></e:edXMLEnvelope></edXML>"
    );
    std::fs::write(&unsigned, text).unwrap();
    hub.by("nghean", &["sign", &unsigned, "-o", &signed]).yes();
    let receipt = hub.by("nghean", &["--json", "send", &signed]).yes().json();
    assert_eq!(receipt["effect"], "moved");
    assert!(hub.by("vpcp", &["track", "5/VPCP-TH"]).yes().stdout.contains("1 nơi nhận: 1 đã đến"));
}
