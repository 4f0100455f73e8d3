//! Signatures by `#Id` over the parts of a real edXML message: what they must cover, and that nobody sees anything else.

use std::cell::Cell;

use truc::domain::{Code, Refusal};
use truc::edxml::signature_profile;
use truc::signature::{
    Coverage, DigestMethod, Indication, Profile, References, SigningOptions, Verified, examine, sign, verify,
};
use truc::xml::c14n::Method;
use truc::xml::line_ranges;

use crate::support::{Identity, Only, QCVN, Recorder, now, p256, p384, rsa};

/// A real message; the dead signature in it goes when it is signed.
const NEW: &str = include_str!("../../fixtures/accept/new.edxml");

const BY_ID: SigningOptions =
    SigningOptions { canonicalization: Method::Exclusive, digest: DigestMethod::Sha256, coverage: Coverage::Parts };

fn signed_as(
    message: &str,
    identity: &Identity,
    profile: &Profile,
    options: SigningOptions,
) -> Result<String, Refusal> {
    let chain = [identity.certificate.clone()];
    let signed = sign(message.as_bytes(), profile, &identity.key(), &chain, options)?;
    Ok(String::from_utf8(signed).unwrap())
}

fn signed() -> String {
    signed_as(NEW, rsa(), &signature_profile(), BY_ID).unwrap()
}

fn read(message: &str, identity: &Identity, profile: &Profile) -> Result<Verified<String>, Refusal> {
    verify(&message.as_bytes(), profile, &Only(&identity.certificate), now(), Recorder::default)
}

fn refused(message: &str) -> Refusal {
    read(message, rsa(), &signature_profile()).expect_err(message)
}

#[track_caller]
fn check(code: Code, cases: &[(&str, &str)]) {
    let signed = signed();
    for (old, new) in cases {
        assert!(signed.contains(old), "{old} is not in the message");
        let refusal = refused(&signed.replacen(old, new, 1));
        assert_eq!(refusal.code, code, "{old} -> {new}: {refusal}");
        assert!(refusal.at.is_some_and(|at| at.line > 0 && at.path.starts_with("/edXML")), "{old} -> {new}");
    }
}

/// From the first mark to the end of the second.
fn part<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap_or_else(|| panic!("no {from}"));
    let end = start + text[start..].find(to).unwrap_or_else(|| panic!("no {to}")) + to.len();
    &text[start..end]
}

#[test]
fn every_key_canonicalisation_and_digest_signs_the_parts() {
    for identity in [rsa(), p256(), p384()] {
        for canonicalization in [Method::Exclusive, Method::Inclusive10, Method::Inclusive11] {
            for digest in [DigestMethod::Sha256, DigestMethod::Sha384, DigestMethod::Sha512] {
                let options = SigningOptions { canonicalization, digest, ..BY_ID };
                let signed = signed_as(NEW, identity, &signature_profile(), options).unwrap();
                let verified =
                    read(&signed, identity, &signature_profile()).unwrap_or_else(|r| panic!("{options:?}: {r}"));
                assert_eq!(verified.verdict().indication, Indication::TotalPassed);
                assert_eq!(verified.verdict().covered.len(), 4);
            }
        }
    }
}

#[test]
fn the_verdict_says_which_parts_are_covered_by_bytes_and_by_lines() {
    let signed = signed();
    let verdict = read(&signed, rsa(), &signature_profile()).unwrap().into_parts().1;
    let paths: Vec<_> = verdict.covered.iter().map(|covered| (covered.uri.as_str(), covered.path.as_str())).collect();
    let expected = [
        ("#MessageHeader", "/edXML/edXMLEnvelope/edXMLHeader/MessageHeader"),
        ("#TraceHeaderList", "/edXML/edXMLEnvelope/edXMLHeader/TraceHeaderList"),
        ("#edXMLBody", "/edXML/edXMLEnvelope/edXMLBody"),
        ("#AttachmentEncoded", "/edXML/AttachmentEncoded"),
    ];
    assert_eq!(paths, expected);
    for covered in &verdict.covered {
        let bytes = &signed[usize::try_from(covered.span.start).unwrap()..usize::try_from(covered.span.end).unwrap()];
        let name = covered.path.rsplit('/').next().unwrap();
        assert!(bytes.starts_with('<') && bytes.ends_with(&format!("{name}>")), "{name}: {bytes}");
        assert!(covered.octets > 0 && covered.except.is_none());
    }
    let spans: Vec<_> = verdict.covered.iter().map(|covered| covered.span.clone()).collect();
    let lines = line_ranges(&signed.as_bytes(), &spans).unwrap();
    let text: Vec<_> = signed.lines().collect();
    for (lines, covered) in lines.iter().zip(&verdict.covered) {
        let at = |line: &u64| text[usize::try_from(*line).unwrap() - 1];
        let name = covered.path.rsplit('/').next().unwrap();
        assert!(at(lines.start()).contains(&format!("{name} Id=")) && at(lines.end()).contains(&format!("{name}>")));
    }
}

#[test]
fn signing_adds_ids_and_changes_nothing_else() {
    let whole = signed_as(NEW, rsa(), &signature_profile(), SigningOptions::default()).unwrap();
    let strip = |signed: &str| {
        let signature = part(signed, "<ds:Signature ", "</ds:Signature>");
        signed.replacen(signature, "", 1)
    };
    let mut by_id = strip(&signed());
    for name in ["MessageHeader", "TraceHeaderList", "edXMLBody", "AttachmentEncoded"] {
        let id = format!(" Id=\"{name}\"");
        assert_eq!(by_id.matches(&id).count(), 1);
        by_id = by_id.replacen(&id, "", 1);
    }
    assert_eq!(by_id, strip(&whole));
    assert_eq!(
        signed_as(&signed(), rsa(), &signature_profile(), BY_ID).unwrap(),
        signed(),
        "again, with the Ids there"
    );
}

#[test]
fn ids_that_stand_there_are_used_and_none_is_made_twice() {
    let message = NEW.replacen("<edXML:edXMLBody>", "<edXML:edXMLBody Id=\"than\">", 1).replacen(
        "<Attachment>",
        "<Attachment id=\"MessageHeader\">",
        1,
    );
    let signed = signed_as(&message, rsa(), &signature_profile(), BY_ID).unwrap();
    for uri in ["\"#MessageHeader-2\"", "\"#than\"", "\"#AttachmentEncoded\""] {
        assert!(signed.contains(uri), "{uri}");
    }
    read(&signed, rsa(), &signature_profile()).unwrap();
}

#[test]
fn a_message_without_files_has_fewer_parts_to_cover() {
    let message = include_str!("../../fixtures/accept/status-03-accepted.edxml");
    let signed = signed_as(message, rsa(), &signature_profile(), BY_ID).unwrap();
    let verdict = read(&signed, rsa(), &signature_profile()).unwrap().into_parts().1;
    assert!((1..4).contains(&verdict.covered.len()), "{:?}", verdict.covered);
}

#[test]
fn every_part_is_covered_and_nothing_else() {
    let signed = signed();
    let reference = |id: &str| part(&signed, &format!("<ds:Reference URI=\"#{id}\""), "</ds:Reference>").to_owned();
    // the signature value is asked first: what an attacker changes in SignedInfo never comes as far as coverage
    for id in ["MessageHeader", "TraceHeaderList", "edXMLBody", "AttachmentEncoded"] {
        assert_eq!(refused(&signed.replacen(&reference(id), "", 1)).code, Code::SignatureInvalid, "{id}");
    }
    check(
        Code::ReferenceNotCovering,
        &[
            ("</edXML:edXMLHeader>", "<edXML:MessageHeader/></edXML:edXMLHeader>"),
            ("</edXML:edXMLHeader>", "<edXML:TraceHeaderList/></edXML:edXMLHeader>"),
            ("</edXML:edXMLHeader>", "<Other xmlns=\"urn:x\"/></edXML:edXMLHeader>"),
            ("</edXML:edXMLHeader>", "<edXML:DigitalSignature/></edXML:edXMLHeader>"),
            ("</edXML:edXMLHeader>", "text</edXML:edXMLHeader>"),
            ("</edXML:edXMLHeader>", "<![CDATA[text]]></edXML:edXMLHeader>"),
            ("</edXML:edXMLHeader>", "<?p i?></edXML:edXMLHeader>"),
            ("<edXML:edXMLHeader>", "<edXML:edXMLHeader a=\"b\">"),
            ("<edXML:edXMLHeader>", "<edXML:edXMLHeader xml:lang=\"vi\">"),
            ("<edXML xmlns", "<edXML version=\"1\" xmlns"),
            ("<edXML xmlns", "<?p i?><edXML xmlns"),
            ("</edXML>", "<AttachmentEncoded/></edXML>"),
            ("</edXML>", "<edXMLEnvelope><edXMLHeader><MessageHeader/></edXMLHeader></edXMLEnvelope></edXML>"),
            ("<edXML:edXMLBody", "<edXML:edXMLBody/><edXML:edXMLBody"),
        ],
    );
    assert_eq!(refused(&format!("{}<?p i?>", signed.trim_end())).code, Code::ReferenceNotCovering);
}

#[test]
fn a_true_signature_over_less_is_refused_where_something_is_left_out() {
    let header_only = Profile::at(&[(QCVN, "edXML"), (QCVN, "edXMLEnvelope"), (QCVN, "edXMLHeader")]).part(&[
        (QCVN, "edXML"),
        (QCVN, "edXMLEnvelope"),
        (QCVN, "edXMLHeader"),
        (QCVN, "MessageHeader"),
    ]);
    let short = NEW.find("<edXML:TraceHeaderList").unwrap()..NEW.find("      <Signature>").unwrap();
    let message = NEW.replacen(&NEW[short], "", 1);
    let body = part(&message, "<edXML:edXMLBody>", "</edXML:edXMLBody>").to_owned();
    let files = part(&message, "<AttachmentEncoded>", "</AttachmentEncoded>").to_owned();
    let bare = message.replacen(&body, "", 1).replacen(&files, "", 1);
    let signed = signed_as(&bare, rsa(), &header_only, BY_ID).unwrap();
    read(&signed, rsa(), &signature_profile()).unwrap();
    let with_body = signed.replacen("</edXML:edXMLEnvelope>", &format!("{body}</edXML:edXMLEnvelope>"), 1);
    let with_files = signed.replacen("</edXML>", &format!("{files}</edXML>"), 1);
    for (message, path) in [(with_body, "/edXML/edXMLEnvelope/edXMLBody"), (with_files, "/edXML/AttachmentEncoded")] {
        let refusal = refused(&message);
        assert_eq!(refusal.code, Code::ReferenceNotCovering);
        assert_eq!(refusal.at.unwrap().path, path);
    }
}

#[test]
fn an_id_counts_in_one_spelling_and_stands_once_in_all() {
    let spelt = |attribute: &str| format!("<Attachment {attribute}=\"edXMLBody\">");
    let wsu = "xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" wsu:Id";
    for attribute in ["Id", "ID", "id", "iD", "xml:id", wsu, "xmlns:evil=\"urn:evil\" evil:Id"] {
        check(Code::IdRepeated, &[("<Attachment>", &spelt(attribute))]);
        check(Code::DigestMismatch, &[("<edXML:From>", &format!("<edXML:From {attribute}=\"edXMLBody\">"))]);
    }
    check(Code::IdRepeated, &[("<ds:KeyInfo>", "<ds:KeyInfo Id=\"MessageHeader\">")]);
    check(Code::DigestMismatch, &[("<ds:KeyInfo>", "<ds:KeyInfo Id=\"edXMLBody\">")]);
    for attribute in ["ID", "id", "xml:id", "xmlns:a=\"urn:a\" a:Id"] {
        let refusal = refused(&signed().replacen("edXMLBody Id=", &format!("edXMLBody {attribute}="), 1));
        assert_eq!(refusal.code, Code::ReferenceNotCovering, "{attribute}: {refusal}");
    }
    check(Code::ReferenceNotCovering, &[("edXMLBody Id=\"edXMLBody\"", "edXMLBody Id=\" edXMLBody\"")]);
    let many: String = (0..1001).map(|n| format!("<a id=\"{n}\"/>")).collect();
    check(Code::XmlLimit, &[("<Attachment>", &format!("<Attachment>{many}"))]);
}

#[test]
fn an_altered_part_is_called_by_its_reference() {
    let signed = signed();
    let cases = [
        ("<edXML:OrganId>H26<", "<edXML:OrganId>H27<", ""),
        ("<edXML:Staff>", "<edXML:Staff>x", "[2]"),
        ("Cong van 1052.doc</edXML:AttachmentName>", "Cong van 1053.doc</edXML:AttachmentName>", "[3]"),
        ("UEsDB", "UEsDC", "[4]"),
    ];
    for (old, new, number) in cases {
        let refusal = refused(&signed.replacen(old, new, 1));
        assert_eq!(refusal.code, Code::DigestMismatch, "{old}");
        let path = format!("/edXML/edXMLEnvelope/edXMLHeader/Signature/SignedInfo/Reference{number}");
        assert_eq!(refusal.at.unwrap().path, path);
    }
}

#[test]
fn references_are_one_document_or_ids_each_once() {
    let signed = signed();
    let first = part(&signed, "<ds:Reference ", "</ds:Reference>").to_owned();
    check(
        Code::ReferenceNotAllowed,
        &[
            ("URI=\"#edXMLBody\"", "URI=\"#xpointer(id('edXMLBody'))\""),
            ("URI=\"#edXMLBody\"", "URI=\"#xpointer(/)\""),
            ("URI=\"#edXMLBody\"", "URI=\"#\""),
            ("URI=\"#edXMLBody\"", "URI=\"# edXMLBody\""),
            ("URI=\"#edXMLBody\"", "URI=\"\""),
            ("URI=\"#edXMLBody\"", "URI=\"http://127.0.0.1:9/#edXMLBody\""),
            ("URI=\"#edXMLBody\"", "URI=\"cid:301\""),
            (" URI=\"#edXMLBody\"", ""),
            (&first, &first.repeat(2)),
        ],
    );
    check(Code::XmlLimit, &[(&first, &first.repeat(8))]);
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    check(
        Code::TransformNotAllowed,
        &[
            (exclusive, &exclusive.repeat(2)),
            (exclusive, "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"/>"),
            (exclusive, "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#base64\"/>"),
        ],
    );
}

/// A profile whose Signature stands in a part.
fn inside() -> Profile {
    Profile::at(&[(QCVN, "a"), (QCVN, "b")]).part(&[(QCVN, "a"), (QCVN, "b")])
}

#[test]
fn the_enveloped_transform_stands_where_the_signature_does_and_nowhere_else() {
    let enveloped = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    let message = format!("<a xmlns=\"{QCVN}\"><b>x</b></a>");
    // `sign` never asks for it by Id, and so cannot sign here
    assert_eq!(signed_as(&message, rsa(), &inside(), BY_ID).unwrap_err().code, Code::TransformNotAllowed);
    let refusal = refused(&signed().replacen("<ds:Transforms>", &format!("<ds:Transforms>{enveloped}"), 1));
    assert_eq!(refusal.code, Code::SignatureInvalid, "SignedInfo was changed");
}

#[test]
fn law_4_by_id_the_reader_sees_the_parts_and_bare_tags() {
    let (seen, _) = read(&signed(), rsa(), &signature_profile()).unwrap().into_parts();
    let whole = signed_as(NEW, rsa(), &signature_profile(), SigningOptions::default()).unwrap();
    let all = read(&whole, rsa(), &signature_profile()).unwrap().into_parts().0;
    let mut plain = seen.clone();
    for name in ["MessageHeader", "TraceHeaderList", "edXMLBody", "AttachmentEncoded"] {
        plain = plain.replacen(&format!(" {{}}Id={name:?}"), "", 1);
    }
    let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").replace("> <", "><");
    assert_eq!(squeezed(&plain), squeezed(&all));
    assert!(!seen.contains("Signature"));
    // where attributes may stand around the parts, nobody sees them
    let mut open = signature_profile();
    if let References::Parts(parts) = &mut open.references {
        parts.attributes = true;
    }
    let dressed = signed().replacen("<edXML:edXMLHeader>", "<edXML:edXMLHeader xml:lang=\"vi\" a=\"evil\">", 1);
    assert_eq!(read(&dressed, rsa(), &open).unwrap().value(), &seen);
}

#[test]
fn what_need_not_be_covered_is_not_seen() {
    let header = [(QCVN, "edXML"), (QCVN, "edXMLEnvelope"), (QCVN, "edXMLHeader"), (QCVN, "Note")];
    let lenient = signature_profile().unread(&header);
    let noted = signed().replacen("</edXML:edXMLHeader>", "<edXML:Note>evil</edXML:Note></edXML:edXMLHeader>", 1);
    let seen = read(&noted, rsa(), &lenient).unwrap();
    assert!(!seen.value().contains("evil") && !seen.value().contains("Note"));
    assert_eq!(refused(&noted).code, Code::ReferenceNotCovering);
}

/// How often a message is read.
fn readings(message: &str) -> u32 {
    let made = Cell::new(0);
    let count = || {
        made.set(made.get() + 1);
        Recorder::default()
    };
    verify(&message.as_bytes(), &signature_profile(), &Only(&rsa().certificate), now(), count).unwrap();
    made.get()
}

#[test]
fn parts_are_read_in_one_pass_or_in_two_where_the_signature_stands_far_behind() {
    for canonicalization in [Method::Exclusive, Method::Inclusive10, Method::Inclusive11] {
        let options = SigningOptions { canonicalization, ..BY_ID };
        assert_eq!(readings(&signed_as(NEW, rsa(), &signature_profile(), options).unwrap()), 1);
    }
    let long = NEW.replacen("<edXML:TraceHeader>", &format!("{}<edXML:TraceHeader>", " ".repeat(200 << 10)), 1);
    assert_eq!(readings(&signed_as(&long, rsa(), &signature_profile(), BY_ID).unwrap()), 2);
}

#[test]
fn a_signature_behind_its_parts_passes_as_well() {
    let behind = Profile::at(&[(QCVN, "edXML")])
        .part(&[(QCVN, "edXML"), (QCVN, "edXMLEnvelope")])
        .part(&[(QCVN, "edXML"), (QCVN, "AttachmentEncoded")]);
    let message = NEW.replacen(part(NEW, "      <Signature>", "</Signature>\n"), "", 1);
    for padding in [0, 300 << 10] {
        let long = message.replacen("UEsDB", &format!("{}UEsDB", "A".repeat(padding)), 1);
        let signed = signed_as(&long, rsa(), &behind, BY_ID).unwrap();
        assert!(signed.find("<ds:Signature ").unwrap() > signed.find("</AttachmentEncoded>").unwrap());
        let verdict = read(&signed, rsa(), &behind).unwrap().into_parts().1;
        assert_eq!(verdict.covered.len(), 2);
        let altered = signed.replacen("H26", "H27", 1);
        assert_eq!(read(&altered, rsa(), &behind).unwrap_err().code, Code::DigestMismatch);
    }
}

#[test]
fn under_record_the_whole_message_is_read_and_the_verdict_says_what_is_not_covered() {
    let evil = signed().replacen("</edXML:edXMLHeader>", "<edXML:Evil/></edXML:edXMLHeader>", 1);
    let profile = signature_profile().tolerant();
    let examined = examine(&evil.as_bytes(), &profile, &Only(&rsa().certificate), now(), Recorder::default).unwrap();
    assert!(examined.value.contains("Evil"));
    assert_eq!(examined.verdict.code, Some(Code::ReferenceNotCovering));
    assert_eq!(examined.verdict.sub_indication.unwrap().as_str(), "SIG_CONSTRAINTS_FAILURE");
    assert_eq!(examined.verdict.covered.len(), 4);
}

#[test]
fn without_a_profile_any_signature_is_judged_by_itself() {
    let strict = read(&signed(), rsa(), &Profile::any()).unwrap().into_parts();
    assert_eq!(strict.1.covered.len(), 4);
    let whole = signed_as(NEW, rsa(), &signature_profile(), SigningOptions::default()).unwrap();
    assert_eq!(read(&whole, rsa(), &Profile::any()).unwrap().verdict().covered[0].path, "/edXML");
    let unsigned = NEW.replacen(part(NEW, "      <Signature>", "</Signature>\n"), "", 1);
    assert_eq!(read(&unsigned, rsa(), &Profile::any()).unwrap_err().code, Code::SignatureMissing);
    let evil = signed().replacen("</edXML:edXMLHeader>", "<edXML:Evil/></edXML:edXMLHeader>", 1);
    assert!(!read(&evil, rsa(), &Profile::any()).unwrap().value().contains("Evil"));
}

#[test]
fn what_the_parts_stand_in_is_not_signed_and_so_is_fixed() {
    let signed = signed();
    let header = part(&signed, "<edXML:MessageHeader", "</edXML:MessageHeader>");
    let trace = part(&signed, "<edXML:TraceHeaderList", "</edXML:TraceHeaderList>");
    let files = part(&signed, "<AttachmentEncoded", "</AttachmentEncoded>");
    let swapped = signed.replacen(header, "@", 1).replacen(trace, header, 1).replacen('@', trace, 1);
    let ahead =
        signed.replacen(files, "", 1).replacen("<edXML:edXMLEnvelope", &format!("{files}<edXML:edXMLEnvelope"), 1);
    let twice = signed.replacen("<edXML:edXMLEnvelope", "<edXMLEnvelope/><edXML:edXMLEnvelope", 1);
    for message in [swapped, ahead, twice] {
        assert_eq!(refused(&message).code, Code::ReferenceNotCovering);
    }
}
