//! Every way to build a Signature wrongly that the literature knows (SIGNATURES 3), on one small message: each is
//! refused by its code, at its place.

use std::cell::Cell;

use truc::domain::{Code, Refusal};
use truc::signature::{Profile, SigningOptions, verify};
use truc::xml::c14n::Method;
use truc::xml::{Consumer, Event, Fault, Kind};

use crate::support::{MESSAGE, Only, Recorder, now, p256, profile, rsa, verified};

fn signed() -> String {
    rsa().sign(MESSAGE, SigningOptions::default())
}

/// What stands between two marks, the marks included.
fn part<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let start = text.find(from).unwrap();
    let end = start + text[start..].find(to).unwrap() + to.len();
    &text[start..end]
}

/// The refusal of a signed message in which `old` was replaced, once.
fn refused(old: &str, new: &str) -> Refusal {
    let signed = signed();
    assert!(signed.contains(old), "{old} is not in the message");
    let altered = signed.replacen(old, new, 1);
    let refusal = verified(&altered, rsa()).err().unwrap_or_else(|| panic!("{old} -> {new} was accepted"));
    let at = refusal.at.as_ref().unwrap_or_else(|| panic!("{refusal} has no place"));
    assert!(at.line > 0 && at.column > 0 && at.path.starts_with("/edXML"), "{refusal}");
    refusal
}

#[track_caller]
fn check(code: Code, cases: &[(&str, &str)]) {
    for (old, new) in cases {
        assert_eq!(refused(old, new).code, code, "{old} -> {new}");
    }
}

#[test]
fn a_signature_holds_three_elements_in_order_and_nothing_else() {
    let signed = signed();
    let signed_info = part(&signed, "<ds:SignedInfo>", "</ds:SignedInfo>");
    let value = part(&signed, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let key_info = part(&signed, "<ds:KeyInfo>", "</ds:KeyInfo>");
    let method = part(&signed, "<ds:SignatureMethod", "/>");
    let reference = part(&signed, "<ds:Reference ", "</ds:Reference>");
    let twice = |text: &str| text.repeat(2);
    check(
        Code::SignatureStructure,
        &[
            (signed_info, &twice(signed_info)),
            (value, &twice(value)),
            (key_info, &twice(key_info)),
            (method, &twice(method)),
            (method, ""),
            (reference, ""),
            (value, ""),
            (key_info, ""),
            (value, &format!("{key_info}{value}")),
            ("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>"),
            ("</ds:KeyInfo>", "</ds:KeyInfo><ds:Object><ds:Manifest/></ds:Object>"),
            ("<ds:SignedInfo>", "<ds:Object/><ds:SignedInfo>"),
            ("<ds:SignedInfo>", "<edXML:SignedInfo/><ds:SignedInfo>"),
            ("<ds:SignedInfo>", "text<ds:SignedInfo>"),
            ("<ds:SignedInfo>", "<!-- --><ds:SignedInfo>"),
            ("<ds:SignedInfo>", "<?p i?><ds:SignedInfo>"),
            ("<ds:SignedInfo>", "<ds:SignedInfo xml:id=\"a\">"),
            ("<ds:SignedInfo>", "<ds:SignedInfo Other=\"a\">"),
            ("<ds:Reference URI=\"\"", "<ds:Reference URI=\"\" Type=\"http://www.w3.org/2000/09/xmldsig#Manifest\""),
            ("<ds:DigestValue>", "<ds:DigestValue><!-- -->"),
            ("<ds:DigestValue>", "<ds:DigestValue><b/>"),
            ("<ds:SignatureValue>", "<ds:SignatureValue><!-- -->"),
            ("<ds:SignatureValue>", "<ds:SignatureValue>!"),
            (part(&signed, "<ds:DigestValue>", "</ds:DigestValue>"), "<ds:DigestValue></ds:DigestValue>"),
            (value, "<ds:SignatureValue></ds:SignatureValue>"),
            (value, "<ds:SignatureValue/>"),
            ("<ds:KeyInfo>", "<ds:Signature/><ds:KeyInfo>"),
        ],
    );
}

#[test]
fn key_info_is_certificates_and_nothing_else() {
    let signed = signed();
    let data = part(&signed, "<ds:X509Data>", "</ds:X509Data>");
    let certificate = part(&signed, "<ds:X509Certificate>", "</ds:X509Certificate>");
    let other = rsa_certificate_of(&p256().sign(MESSAGE, SigningOptions::default()));
    check(
        Code::KeyInfoInvalid,
        &[
            (data, ""),
            (data, "<ds:KeyName>a</ds:KeyName>"),
            (data, "<ds:RetrievalMethod URI=\"http://127.0.0.1:9/\"/>"),
            (data, "<ds:KeyValue><ds:RSAKeyValue/></ds:KeyValue>"),
            (data, &format!("<ds:KeyValue/>{data}")),
            (data, &data.repeat(2)),
            (certificate, ""),
            (certificate, "<ds:X509SubjectName>CN=Signer</ds:X509SubjectName>"),
            (certificate, "<ds:X509CRL>AAAA</ds:X509CRL>"),
            (certificate, &certificate.repeat(2)),
            (certificate, &format!("{other}{certificate}")),
            (certificate, &format!("{certificate}{other}")),
            ("<ds:X509Certificate>", "<ds:X509Certificate>!"),
            ("<ds:X509Certificate>", "<ds:X509Certificate><!-- -->"),
        ],
    );
    check(
        Code::CertificateInvalid,
        &[
            (certificate, "<ds:X509Certificate>MIIFqTCCBJG</ds:X509Certificate>"),
            (certificate, "<ds:X509Certificate>AAAA</ds:X509Certificate>"),
            (certificate, &with_a_tail(certificate)),
        ],
    );
    check(Code::ChainNotFound, &[(certificate, &other)]);
}

fn rsa_certificate_of(signed: &str) -> String {
    part(signed, "<ds:X509Certificate>", "</ds:X509Certificate>").to_owned()
}

fn with_a_tail(certificate: &str) -> String {
    use base64::Engine;
    let engine = base64::engine::general_purpose::STANDARD;
    let text = certificate.strip_prefix("<ds:X509Certificate>").unwrap().strip_suffix("</ds:X509Certificate>").unwrap();
    let tailed = [engine.decode(text).unwrap(), b"tail".to_vec()].concat();
    format!("<ds:X509Certificate>{}</ds:X509Certificate>", engine.encode(tailed))
}

#[test]
fn names_of_the_signer_are_tolerated_but_not_trusted() {
    let named = "<ds:X509Data><ds:X509SubjectName>CN=Somebody else</ds:X509SubjectName><ds:X509IssuerSerial>\
                 <ds:X509IssuerName>CN=x</ds:X509IssuerName><ds:X509SerialNumber>1</ds:X509SerialNumber></ds:X509IssuerSerial>";
    let verified = verified(&signed().replace("<ds:X509Data>", named), rsa()).unwrap();
    assert_eq!(verified.verdict().signer.as_ref().unwrap().subject, "CN=Signer,O=Test,C=VN");
}

#[test]
fn algorithms_are_allowed_by_exact_uri_before_anything_is_computed() {
    let rsa_sha256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    check(
        Code::AlgorithmNotAllowed,
        &[
            (rsa_sha256, "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
            (rsa_sha256, "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
            (rsa_sha256, "http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
            (rsa_sha256, "http://www.w3.org/2000/09/xmldsig#dsa-sha1"),
            (rsa_sha256, "http://www.w3.org/2001/04/xmldsig-more#RSA-SHA256"),
            (rsa_sha256, "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256 "),
            (rsa_sha256, "none"),
            (rsa_sha256, ""),
            (rsa_sha256, "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
            (sha256, "http://www.w3.org/2000/09/xmldsig#sha1"),
            (sha256, "http://www.w3.org/2001/04/xmldsig-more#md5"),
            (sha256, "urn:x"),
            (
                "CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
                "CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/xml-exc-c14n#\"",
            ),
        ],
    );
}

#[test]
fn transforms_are_the_enveloped_one_and_at_most_one_canonicalisation() {
    let enveloped = "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>";
    let exclusive = "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let other = |uri: &str| format!("<ds:Transform Algorithm=\"{uri}\"/>");
    let signed = signed();
    check(
        Code::TransformNotAllowed,
        &[
            (exclusive, &other("http://www.w3.org/TR/1999/REC-xslt-19991116")),
            (exclusive, &other("http://www.w3.org/TR/1999/REC-xpath-19991116")),
            (exclusive, &other("http://www.w3.org/2002/06/xmldsig-filter2")),
            (exclusive, &other("http://www.w3.org/2000/09/xmldsig#base64")),
            (exclusive, &other("http://www.w3.org/TR/xml-exc-c14n#")),
            (enveloped, ""),
            (exclusive, &exclusive.repeat(2)),
            (enveloped, &enveloped.repeat(2)),
            (&format!("{enveloped}{exclusive}"), &format!("{exclusive}{enveloped}")),
            (part(&signed, "<ds:Transforms>", "</ds:Transforms>"), ""),
        ],
    );
    check(Code::XmlLimit, &[(exclusive, &exclusive.repeat(3))]);
    check(Code::SignatureStructure, &[(&format!("{enveloped}{exclusive}"), "")]);
}

#[test]
fn the_one_reference_is_the_whole_document() {
    let uri = "<ds:Reference URI=\"\">";
    let signed = signed();
    let reference = part(&signed, "<ds:Reference ", "</ds:Reference>");
    check(
        Code::ReferenceNotAllowed,
        &[
            (uri, "<ds:Reference>"),
            (uri, "<ds:Reference URI=\"#body\">"),
            (uri, "<ds:Reference URI=\"#xpointer(/)\">"),
            (uri, "<ds:Reference URI=\"cid:1\">"),
            (uri, "<ds:Reference URI=\"http://127.0.0.1:9/x\">"),
            (uri, "<ds:Reference URI=\"file:///etc/hostname\">"),
            (uri, "<ds:Reference URI=\" \">"),
            (reference, &reference.repeat(2)),
        ],
    );
    check(Code::XmlLimit, &[(reference, &reference.repeat(11))]);
}

#[test]
fn prefix_lists_belong_to_exclusive_canonicalisation_and_are_short() {
    let method = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"/>";
    let with = |uri: &str, list: &str| {
        format!(
            "<ds:CanonicalizationMethod Algorithm=\"{uri}\"><InclusiveNamespaces \
             xmlns=\"http://www.w3.org/2001/10/xml-exc-c14n#\"{list}/></ds:CanonicalizationMethod>"
        )
    };
    let many = "p ".repeat(40);
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    check(Code::SignatureStructure, &[(method, &with(inclusive, " PrefixList=\"a\"")), (method, &with(exclusive, ""))]);
    check(Code::XmlLimit, &[(method, &with(exclusive, &format!(" PrefixList=\"{many}\"")))]);
    check(Code::SignatureInvalid, &[(method, &with(exclusive, " PrefixList=\"#default edXML\""))]);
}

#[test]
fn there_is_one_signature_in_one_place() {
    let signed = signed();
    let signature = part(&signed, "<ds:Signature ", "</ds:Signature>");
    check(
        Code::SignatureRepeated,
        &[
            (signature, &signature.repeat(2)),
            ("<AttachmentEncoded>", &format!("<AttachmentEncoded>{signature}")),
            ("<AttachmentEncoded>", "<AttachmentEncoded><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>"),
        ],
    );
    check(
        Code::SignatureStructure,
        &[
            ("<edXML:MessageHeader>", &format!("<edXML:MessageHeader>{signature}")),
            (
                "<edXML:edXMLHeader>",
                "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/><edXML:edXMLHeader>",
            ),
        ],
    );
    check(
        Code::SignatureMissing,
        &[
            (signature, ""),
            (signature, "<edXML:DigitalSignature/>"),
            (signature, &signature.replace("http://www.w3.org/2000/09/xmldsig#\">", "urn:fake\">")),
            (signature, "<Signature/>"),
        ],
    );
    assert_eq!(refused(signature, "").at.unwrap().path, "/edXML/edXMLEnvelope/edXMLHeader");
}

#[test]
fn a_true_signature_inside_a_fake_one_is_misplaced() {
    let signed = signed();
    let signature = part(&signed, "<ds:Signature ", "</ds:Signature>");
    let wrapped = format!("<f:Signature xmlns:f=\"urn:fake\">{signature}</f:Signature>");
    check(Code::SignatureStructure, &[(signature, &wrapped)]);
}

#[test]
fn signed_info_and_key_info_are_bounded() {
    let blanks = " ".repeat(70_000);
    check(Code::XmlLimit, &[("<ds:SignedInfo>", &format!("<ds:SignedInfo>{blanks}"))]);
    let names = "<ds:X509SubjectName>CN=a</ds:X509SubjectName>".repeat(6000);
    check(Code::XmlLimit, &[("<ds:X509Data>", &format!("<ds:X509Data>{names}"))]);
    let long = format!("<ds:X509SubjectName>{}", "a".repeat(9000));
    check(Code::XmlLimit, &[("<ds:X509Data>", &format!("<ds:X509Data>{long}</ds:X509SubjectName>"))]);
}

#[test]
fn a_value_that_does_not_verify_is_signature_invalid() {
    for identity in [rsa(), p256()] {
        let signed = identity.sign(MESSAGE, SigningOptions::default());
        let value = part(&signed, "<ds:SignatureValue>", "</ds:SignatureValue>");
        let zeros = if std::ptr::eq(identity, p256()) { "A".repeat(86) + "==" } else { "A".repeat(342) + "==" };
        for wrong in [zeros.as_str(), "AAAA", &format!("AAAA{zeros}")] {
            let altered = signed.replace(value, &format!("<ds:SignatureValue>{wrong}</ds:SignatureValue>"));
            assert_eq!(verified(&altered, identity).unwrap_err().code, Code::SignatureInvalid, "{wrong}");
        }
    }
}

#[test]
fn void_canonicalisation_is_no_way_in() {
    check(Code::XmlNamespace, &[("<edXML:edXMLBody>", "<edXML:edXMLBody xmlns:v=\"1\">")]);
    let nowhere = Profile::at(&[]);
    let refusal = verify(&signed().as_bytes(), &nowhere, &Only(&rsa().certificate), now(), Recorder::default);
    assert_eq!(refusal.unwrap_err().code, Code::SignatureStructure);
}

/// Faults at the start of an element of this name.
struct Faulting<'a>(&'static str, Code, &'a Cell<u32>);

impl Consumer for Faulting<'_> {
    type Output = ();

    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match &event.kind {
            Kind::Start(start) if start.name().local == self.0 => {
                self.2.set(self.2.get() + 1);
                Err(Fault::new(self.1, event.span.start, "by order of the test"))
            }
            _ => Ok(()),
        }
    }

    fn finish(self) -> Result<(), Fault> {
        Ok(())
    }
}

fn faulting(message: &str, element: &'static str, code: Code) -> (Code, u32) {
    let faults = Cell::new(0);
    let chains = Only(&rsa().certificate);
    let refusal = verify(&message.as_bytes(), &profile(), &chains, now(), || Faulting(element, code, &faults));
    (refusal.unwrap_err().code, faults.get())
}

#[test]
fn a_fault_of_the_message_waits_for_the_digest_once_the_signature_is_checked() {
    let signed = signed();
    let altered = signed.replace("SGVsbG8=", "SGVsbG9=");
    let twice = signed.replace("</AttachmentEncoded>", "</AttachmentEncoded><AttachmentEncoded/>");
    let fault = Code::AttachmentMissing;
    assert_eq!(faulting(&signed, "AttachmentEncoded", fault), (fault, 1), "the content is as signed");
    assert_eq!(faulting(&altered, "AttachmentEncoded", fault), (Code::DigestMismatch, 1));
    assert_eq!(faulting(&twice, "AttachmentEncoded", fault), (Code::DigestMismatch, 1), "it is not asked again");
    assert_eq!(faulting(&altered, "MessageHeader", fault), (fault, 1), "in front of the Signature");
}

#[test]
fn a_state_secret_ends_everything_at_once() {
    let altered = signed().replace("SGVsbG8=", "SGVsbG9=");
    assert_eq!(faulting(&altered, "AttachmentEncoded", Code::StateSecret), (Code::StateSecret, 1));
}

/// How often a message is read that has `junk` in front of its Signature.
fn readings(canonicalization: Method, junk: &str) -> u32 {
    let message = MESSAGE.replace("<edXML:Subject>", &format!("<edXML:Subject>{junk}"));
    let signed = rsa().sign(&message, SigningOptions { canonicalization, ..SigningOptions::default() });
    let made = Cell::new(0);
    let count = || {
        made.set(made.get() + 1);
        Recorder::default()
    };
    verify(&signed.as_bytes(), &profile(), &Only(&rsa().certificate), now(), count).unwrap();
    made.get()
}

#[test]
fn a_message_is_read_once_or_where_the_guess_at_its_algorithms_was_wrong_twice() {
    for method in [Method::Exclusive, Method::Inclusive10, Method::Inclusive11] {
        assert_eq!(readings(method, ""), 1);
    }
    assert_eq!(
        readings(Method::Exclusive, "SignedInfo Algorithm='http://www.w3.org/2006/12/xml-c14n11' SignedInfo"),
        2
    );
    assert_eq!(readings(Method::Inclusive10, "SignedInfo SignedInfo"), 2);
}
