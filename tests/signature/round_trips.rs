//! What is signed verifies, with every algorithm, and says precisely what it covers.

use truc::domain::{Code, Digest};
use truc::signature::{
    DigestMethod, Indication, Judged, KeyError, KeyKind, Profile, SignatureMethod, SigningKey, SigningOptions, sign,
    verify, verify_or_hold,
};
use truc::xml::c14n::Method;

use crate::support::{
    MESSAGE, Nobody, Only, QCVN, Recorder, examined, now, openssl, p256, p384, profile, rsa, verified,
};

const METHODS: [Method; 3] = [Method::Exclusive, Method::Inclusive10, Method::Inclusive11];
const DIGESTS: [DigestMethod; 3] = [DigestMethod::Sha256, DigestMethod::Sha384, DigestMethod::Sha512];

#[test]
fn every_key_canonicalisation_and_digest_makes_a_signature_that_passes() {
    for identity in [rsa(), p256(), p384()] {
        for canonicalization in METHODS {
            for digest in DIGESTS {
                let options = SigningOptions { canonicalization, digest, ..SigningOptions::default() };
                let signed = identity.sign(MESSAGE, options);
                let verified = verified(&signed, identity).unwrap_or_else(|refusal| panic!("{options:?}: {refusal}"));
                let verdict = verified.verdict();
                let algorithms = verdict.algorithms.unwrap();
                assert_eq!(verdict.indication, Indication::TotalPassed);
                assert_eq!((algorithms.digest, algorithms.transform.method), (digest, canonicalization));
                assert_eq!(verdict.signer.as_ref().unwrap().sha256, Digest::of(&identity.certificate));
                assert_eq!(verdict.for_people(truc::domain::Lang::Vi), "Hợp lệ");
            }
        }
    }
}

#[test]
fn the_verdict_says_what_is_covered() {
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let (seen, verdict) = verified(&signed, rsa()).unwrap().into_parts();
    let [covered] = verdict.covered.as_slice() else { panic!("one part is covered") };
    let except = covered.except.clone().unwrap();
    let left_out = &signed[usize::try_from(except.start).unwrap()..usize::try_from(except.end).unwrap()];
    assert_eq!((covered.uri.as_str(), covered.path.as_str()), ("", "/edXML"));
    assert_eq!(covered.span, 0..u64::try_from(signed.len()).unwrap());
    assert!(left_out.starts_with("<ds:Signature ") && left_out.ends_with("</ds:Signature>"));
    assert_eq!(verdict.algorithms.unwrap().signature, SignatureMethod::RsaSha256);
    assert_eq!(verdict.evidence.len(), 1);
    assert!(seen.contains("Về việc A & B <2026>\r"));
}

#[test]
fn law_4_the_reader_of_the_message_sees_only_what_is_signed() {
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let seen = verified(&signed, rsa()).unwrap().into_parts().0;
    for hidden in ["Signature", "DigestValue", "not me"] {
        assert!(!seen.contains(hidden), "{hidden} is not covered, but was seen");
    }
    assert!(seen.contains("<?keep me?>") && seen.contains("<text>"));
}

#[test]
fn signing_leaves_every_other_byte_as_it_is() {
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let start = signed.find("<ds:Signature ").unwrap();
    let end = signed.find("</ds:Signature>").unwrap() + "</ds:Signature>".len();
    assert_eq!(format!("{}{}", &signed[..start], &signed[end..]), MESSAGE);
    assert!(signed[end..].starts_with("</edXML:edXMLHeader>"), "it is the last child of the header");
}

#[test]
fn signing_again_replaces_a_signature_dead_or_alive() {
    let fresh = rsa().sign(MESSAGE, SigningOptions::default());
    assert_eq!(rsa().sign(&fresh, SigningOptions::default()), fresh, "RSA PKCS#1 v1.5 is deterministic");
    let dead = "<Signature><SignedInfo><odd/></SignedInfo></Signature>";
    for old in [dead, "<edXML:DigitalSignature/>", "<edXML:DigitalSignature></edXML:DigitalSignature>"] {
        let message = MESSAGE.replace("    </edXML:edXMLHeader>", &format!("{old}    </edXML:edXMLHeader>"));
        assert_eq!(rsa().sign(&message, SigningOptions::default()), fresh, "{old}");
    }
}

#[test]
fn a_place_that_is_an_empty_tag_is_opened() {
    let message = r#"<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXMLEnvelope><edXMLHeader  /></edXMLEnvelope></edXML>"#;
    let signed = rsa().sign(message, SigningOptions::default());
    assert!(signed.contains("<edXMLHeader  ><ds:Signature ") && signed.contains("</ds:Signature></edXMLHeader>"));
    verified(&signed, rsa()).unwrap();
}

#[test]
fn a_signature_behind_the_data_passes_as_well() {
    let at_the_end = Profile::at(&[(QCVN, "edXML")]);
    for canonicalization in METHODS {
        let options = SigningOptions { canonicalization, ..SigningOptions::default() };
        let chain = [rsa().certificate.clone()];
        let signed = sign(MESSAGE.as_bytes(), &at_the_end, &rsa().key(), &chain, options).unwrap();
        let read = |message: &[u8]| verify(&message, &at_the_end, &Only(&rsa().certificate), now(), Recorder::default);
        let verdict = read(&signed).unwrap().into_parts().1;
        assert_eq!(verdict.covered[0].path, "/edXML");
        let altered = String::from_utf8(signed).unwrap().replace("SGVsbG8=", "SGVsbG9=");
        assert_eq!(read(altered.as_bytes()).unwrap_err().code, Code::DigestMismatch);
    }
}

#[test]
fn what_cannot_be_signed_is_refused_by_code() {
    let refused = |message: &str| {
        let chain = [rsa().certificate.clone()];
        sign(message.as_bytes(), &profile(), &rsa().key(), &chain, SigningOptions::default()).unwrap_err().code
    };
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let signature = &signed[signed.find("<ds:Signature ").unwrap()
        ..signed.find("    </edXML:edXMLHeader>").unwrap_or_else(|| signed.find("</edXML:edXMLHeader>").unwrap())];
    assert_eq!(refused(&MESSAGE.replace("xmlns:edXML=", "xmlns:other=")), Code::XmlNamespace);
    assert_eq!(refused("<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"/>"), Code::ElementMissing);
    assert_eq!(
        refused(&MESSAGE.replace("<AttachmentEncoded>", &format!("<AttachmentEncoded>{signature}"))),
        Code::SignatureStructure
    );
    assert_eq!(refused(&signed.replace(signature, &signature.repeat(2))), Code::SignatureRepeated);
    let full = "<edXML:DigitalSignature>MII</edXML:DigitalSignature></edXML:edXMLHeader>";
    assert_eq!(refused(&MESSAGE.replace("</edXML:edXMLHeader>", full)), Code::SignatureStructure);
}

#[test]
fn a_key_that_is_not_the_certificates_signs_nothing() {
    let chain = [p256().certificate.clone()];
    let refused = sign(MESSAGE.as_bytes(), &profile(), &rsa().key(), &chain, SigningOptions::default()).unwrap_err();
    assert_eq!(refused.code, Code::CertificateInvalid);
    let refused = sign(MESSAGE.as_bytes(), &profile(), &rsa().key(), &[], SigningOptions::default()).unwrap_err();
    assert_eq!(refused.code, Code::CertificateInvalid);
}

#[test]
fn nothing_is_signed_with_sha_1() {
    let options = SigningOptions { digest: DigestMethod::Sha1, ..SigningOptions::default() };
    let chain = [rsa().certificate.clone()];
    let refused = sign(MESSAGE.as_bytes(), &profile(), &rsa().key(), &chain, options).unwrap_err();
    assert_eq!(refused.code, Code::AlgorithmNotAllowed);
}

#[test]
fn keys_are_read_in_all_their_forms_and_never_shown() {
    let read = |name: &str, folder: &std::path::Path| SigningKey::from_pem(&std::fs::read(folder.join(name)).unwrap());
    openssl(&rsa().folder, &["rsa", "-in", "key.pem", "-traditional", "-out", "pkcs1.pem"]);
    assert_eq!(read("pkcs1.pem", &rsa().folder).unwrap().kind(), KeyKind::Rsa { bits: 2048 });
    for (identity, kind) in [(p256(), KeyKind::P256), (p384(), KeyKind::P384)] {
        openssl(&identity.folder, &["ec", "-in", "key.pem", "-out", "sec1.pem"]);
        assert_eq!(read("sec1.pem", &identity.folder).unwrap().kind(), kind);
        assert_eq!(identity.key().kind(), kind);
    }
    openssl(&p256().folder, &["pkcs8", "-topk8", "-in", "key.pem", "-passout", "pass:x", "-out", "locked.pem"]);
    assert_eq!(read("locked.pem", &p256().folder).unwrap_err(), KeyError::NotFound);
    assert_eq!(SigningKey::from_pem(b"nothing").unwrap_err(), KeyError::NotFound);
    assert_eq!(format!("{:?}", rsa().key()), "SigningKey(Rsa { bits: 2048 })");
}

#[test]
fn a_chain_that_is_refused_refuses_the_message_before_its_digest_is_known() {
    let altered = rsa().sign(MESSAGE, SigningOptions::default()).replace("SGVsbG8=", "SGVsbG9=");
    let refused = |code| {
        let chains = Nobody(code);
        verify(&altered.as_bytes(), &profile(), &chains, now(), Recorder::default).unwrap_err()
    };
    for code in [Code::ChainNotFound, Code::CertificateExpired, Code::CertificateRevoked, Code::RevocationUnknown] {
        let refusal = refused(code);
        assert_eq!(refusal.code, code);
        assert_eq!(refusal.at.unwrap().path, "/edXML/edXMLEnvelope/edXMLHeader/Signature/KeyInfo");
    }
}

#[test]
fn only_a_message_in_which_nothing_is_open_but_revocation_can_wait() {
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let judged =
        |message: &str, code| verify_or_hold(&message.as_bytes(), &profile(), &Nobody(code), now(), Recorder::default);
    let Judged::Unsettled(waiting) = judged(&signed, Code::RevocationUnknown).unwrap() else { panic!("it passed") };
    let (seen, verdict) = waiting.into_parts();
    assert_eq!((verdict.indication, verdict.code), (Indication::Indeterminate, Some(Code::RevocationUnknown)));
    assert!(seen.contains("<text>") && !verdict.covered.is_empty() && verdict.evidence.is_empty());

    for code in [Code::ChainNotFound, Code::CertificateExpired, Code::CertificateRevoked, Code::CertificateUsage] {
        assert_eq!(judged(&signed, code).unwrap_err().code, code, "what is known to be wrong does not wait");
    }
    let altered = signed.replace("SGVsbG8=", "SGVsbG9=");
    assert_eq!(judged(&altered, Code::RevocationUnknown).unwrap_err().code, Code::DigestMismatch);
    let other = p256().sign(MESSAGE, SigningOptions::default());
    let value = |text: &str| text.split("SignatureValue>").nth(1).unwrap().to_owned();
    let forged = signed.replace(&value(&signed), &value(&other));
    assert_eq!(judged(&forged, Code::RevocationUnknown).unwrap_err().code, Code::SignatureInvalid);
    assert_eq!(judged(MESSAGE, Code::RevocationUnknown).unwrap_err().code, Code::SignatureMissing);

    let trusted = Only(&rsa().certificate);
    let passed = verify_or_hold(&signed.as_bytes(), &profile(), &trusted, now(), Recorder::default).unwrap();
    assert!(matches!(passed, Judged::Passed(verified) if verified.verdict().passed()));
}

#[test]
fn a_verdict_under_record_says_the_same_in_the_standards_words() {
    let signed = rsa().sign(MESSAGE, SigningOptions::default());
    let expected = [
        (Code::ChainNotFound, "INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND"),
        (Code::CertificateExpired, "TOTAL-FAILED", "EXPIRED"),
        (Code::CertificateRevoked, "TOTAL-FAILED", "REVOKED"),
        (Code::RevocationUnknown, "INDETERMINATE", "TRY_LATER"),
    ];
    for (code, indication, sub_indication) in expected {
        let verdict = examined(&signed, &profile(), &Nobody(code)).verdict;
        assert_eq!(verdict.indication.as_str(), indication);
        assert_eq!(verdict.sub_indication.unwrap().as_str(), sub_indication);
        assert_eq!(verdict.signer.unwrap().subject, "CN=Signer,O=Test,C=VN");
    }
}
