//! The signatures of real messages (REFERENCE 4.2), under policy record: not one verifies, and each is told precisely
//! what is wrong with it. The same shapes stand here, so that a clone without the samples tests them, too.

use truc::domain::{Code, Lang};
use truc::signature::{Indication, SigningOptions, SubIndication, Verdict, Weakness};

use crate::support::{MESSAGE, Nobody, QCVN, Recorder, examined, now, openssl, profile, rsa, shared, verified};

/// As the national hub's SDK writes it: no namespace, SHA-1, a misspelt transform, a certificate cut short.
const AS_SEEN: &str = r#"<Signature>
  <SignedInfo>
    <CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315" />
    <SignatureMethod Algorithm="http://www.w3.org/2000/09/xmldsig#rsa-sha1" />
    <Reference URI="">
      <Transforms>
        <Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature" />
        <Transform Algorithm="http://www.w3.org/TR/xml-exc-c14n#" />
      </Transforms>
      <DigestMethod Algorithm="http://www.w3.org/2000/09/xmldsig#sha1" />
      <DigestValue>FwgIqsSYJshUS2+wlOM61L+q7Aw=</DigestValue>
    </Reference>
  </SignedInfo>
  <SignatureValue>GbVb8n9+qFxz466Ag0sbpQ==</SignatureValue>
  <KeyInfo>
    <X509Data>
      <X509SubjectName>CN=user05</X509SubjectName>
      <X509Certificate>MIIFqTCCBJG</X509Certificate>
    </X509Data>
  </KeyInfo>
  <!-- <Object><SignatureProperties/></Object> -->
</Signature>"#;

fn with(signature: &str) -> String {
    MESSAGE.replace("</edXML:edXMLHeader>", &format!("{signature}</edXML:edXMLHeader>"))
}

fn verdict(message: &str) -> Verdict {
    examined(message, &profile().tolerant(), &Nobody(Code::ChainNotFound)).verdict
}

fn is_as_seen(verdict: &Verdict) {
    assert_eq!(verdict.indication, Indication::TotalFailed);
    assert_eq!(verdict.sub_indication, Some(SubIndication::HashFailure));
    assert_eq!((verdict.code, verdict.also.as_slice()), (Some(Code::DigestMismatch), &[Code::CertificateInvalid][..]));
    let expected = [
        Weakness::NamespaceMissing,
        Weakness::Sha1Signature,
        Weakness::MisspeltTransform,
        Weakness::Sha1Digest,
        Weakness::DigestCopied,
        Weakness::CertificateCutShort,
    ];
    assert_eq!(verdict.weaknesses, expected);
    assert!(verdict.weaknesses.iter().all(|weakness| !weakness.title(Lang::Vi).is_empty()));
    let refusal = verdict.refusal.as_ref().unwrap();
    assert_eq!(refusal.detail, "the digest of the document is not DigestValue");
    assert!(refusal.at.as_ref().unwrap().path.ends_with("/Signature/SignedInfo/Reference"), "{refusal}");
    assert_eq!(verdict.for_people(Lang::Vi), "Không hợp lệ (Nội dung đã bị thay đổi sau khi ký)");
}

fn is_not_signed(verdict: &Verdict) {
    assert_eq!((verdict.indication, verdict.sub_indication), (Indication::Indeterminate, None));
    assert_eq!(verdict.code, Some(Code::SignatureMissing));
    assert_eq!(verdict.for_people(Lang::Vi), "Không có chữ ký");
    assert!(verdict.signer.is_none() && verdict.weaknesses.is_empty() && verdict.covered.is_empty());
}

#[test]
fn the_signature_of_the_sdk_is_told_everything_that_is_wrong_with_it() {
    is_as_seen(&verdict(&with(AS_SEEN)));
}

#[test]
fn a_message_without_a_signature_and_an_empty_placeholder_are_not_signed() {
    is_not_signed(&verdict(MESSAGE));
    is_not_signed(&verdict(&with("<edXML:DigitalSignature />")));
}

#[test]
fn under_policy_envelope_a_signature_without_its_namespace_is_none() {
    let refusal = verified(&with(AS_SEEN), rsa()).unwrap_err();
    assert_eq!(refusal.code, Code::SignatureMissing);
    assert_eq!(refusal.detail, "the Signature here is not in the namespace of XML-DSig");
    let strict = examined(&with(AS_SEEN), &profile(), &Nobody(Code::ChainNotFound)).verdict;
    assert_eq!(strict.code, Some(Code::SignatureMissing));
}

#[test]
fn a_signature_that_is_only_weak_is_computed_and_named_but_never_passes() {
    for (digest, weaknesses, code, sub_indication) in [
        ("sha256", 2, Code::SignatureStructure, SubIndication::SigConstraintsFailure),
        ("sha1", 4, Code::AlgorithmNotAllowed, SubIndication::CryptoConstraintsFailure),
    ] {
        let message = weakly_signed(digest);
        let verdict = examined(&message, &profile().tolerant(), &crate::support::Only(&rsa().certificate)).verdict;
        assert_eq!(verdict.weaknesses.len(), weaknesses, "{verdict:?}");
        assert_eq!((verdict.indication, verdict.sub_indication), (Indication::Indeterminate, Some(sub_indication)));
        assert_eq!(verdict.code, Some(code));
        assert_eq!(verdict.covered.len(), 1, "the digest was computed and is right");
        let altered = examined(
            &message.replace("SGVsbG8=", "SGVsbG9="),
            &profile().tolerant(),
            &crate::support::Only(&rsa().certificate),
        );
        assert_eq!(altered.verdict.code, Some(Code::DigestMismatch));
        assert!(verified(&message, rsa()).is_err());
    }
}

/// A right signature without its namespace and with the misspelt transform, made by hand.
fn weakly_signed(digest: &str) -> String {
    let (signature_method, digest_method) = match digest {
        "sha1" => ("http://www.w3.org/2000/09/xmldsig#rsa-sha1", "http://www.w3.org/2000/09/xmldsig#sha1"),
        _ => ("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256", "http://www.w3.org/2001/04/xmlenc#sha256"),
    };
    let octets = canonical(&with(""));
    let element = |name: &str, uri: &str| format!("<{name} Algorithm=\"{uri}\"></{name}>");
    let signed_info = |namespace: &str| {
        format!(
            "<SignedInfo{namespace}>{}{}<Reference URI=\"\"><Transforms>{}{}</Transforms>{}<DigestValue>{}</DigestValue></Reference></SignedInfo>",
            element("CanonicalizationMethod", "http://www.w3.org/2001/10/xml-exc-c14n#"),
            element("SignatureMethod", signature_method),
            element("Transform", "http://www.w3.org/2000/09/xmldsig#enveloped-signature"),
            element("Transform", "http://www.w3.org/TR/xml-exc-c14n#"),
            element("DigestMethod", digest_method),
            base64(&openssl_digest(digest, &octets)),
        )
    };
    let canonical_info = signed_info(&format!(" xmlns=\"{QCVN}\""));
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("info"), canonical_info).unwrap();
    let key = rsa().folder.join("key.pem");
    openssl(folder.path(), &["dgst", &format!("-{digest}"), "-sign", key.to_str().unwrap(), "-out", "value", "info"]);
    let value = base64(&std::fs::read(folder.path().join("value")).unwrap());
    with(&format!(
        "<Signature>{}<SignatureValue>{value}</SignatureValue><KeyInfo><X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></Signature>",
        signed_info(""),
        base64(&rsa().certificate),
    ))
}

fn canonical(message: &str) -> Vec<u8> {
    use truc::xml::c14n::{Algorithm, Canonicalizer, Method};
    let mut reader = truc::xml::Reader::new(message.as_bytes(), truc::xml::Limits::default());
    let mut out = Canonicalizer::new(Algorithm::new(Method::Exclusive, false), Vec::new(), Vec::new());
    while let Some(event) = reader.next().unwrap() {
        out.event(&event);
    }
    out.into_sink()
}

fn openssl_digest(digest: &str, octets: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("octets"), octets).unwrap();
    openssl(folder.path(), &["dgst", &format!("-{digest}"), "-binary", "-out", "digest", "octets"]);
    std::fs::read(folder.path().join("digest")).unwrap()
}

fn base64(octets: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(octets)
}

#[test]
fn the_samples_get_the_verdicts_of_their_shapes() {
    let Some(folder) = shared("edxml/samples") else { return };
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let (mut as_seen, mut not_signed, mut whole) = (0, 0, 0);
    for path in names.iter().filter(|path| path.extension().is_some_and(|extension| extension == "edxml")) {
        let bytes = std::fs::read(path).unwrap();
        let examined = truc::signature::examine(
            &bytes.as_slice(),
            &profile().tolerant(),
            &Nobody(Code::ChainNotFound),
            now(),
            Recorder::default,
        );
        let verdict = examined.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display())).verdict;
        println!("{}: {}, {:?}", path.file_name().unwrap().display(), verdict.for_people(Lang::Vi), verdict.weaknesses);
        if verdict.code == Some(Code::SignatureMissing) {
            is_not_signed(&verdict);
            not_signed += 1;
        } else if verdict.code == Some(Code::SignatureInvalid) {
            assert_eq!(verdict.also, [Code::ChainNotFound, Code::DigestMismatch]);
            assert_eq!(verdict.weaknesses, [Weakness::NamespaceMissing, Weakness::Sha1Signature, Weakness::Sha1Digest]);
            whole += 1;
        } else {
            is_as_seen(&verdict);
            as_seen += 1;
        }
    }
    assert_eq!((as_seen, not_signed, whole), (3, 7, 1));
}

#[test]
fn the_samples_can_be_signed_again() {
    let Some(folder) = shared("edxml/samples") else { return };
    for name in [
        "01_new.edxml",
        "02_update.edxml",
        "03_revocation_with_responsefor.edxml",
        "11_dotnet_sdk_shape_RECONSTRUCTED.edxml",
    ] {
        let message = std::fs::read_to_string(folder.join(name)).unwrap();
        let signed = rsa().sign(&message, SigningOptions::default());
        assert_eq!(signed.matches("SignedInfo>").count(), 2, "{name}: the dead Signature has gone");
        assert!(!signed.contains("DigitalSignature"), "{name}");
        assert!(verified(&signed, rsa()).unwrap().verdict().passed(), "{name}");
    }
}
