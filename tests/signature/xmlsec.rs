//! xmlsec1, the other implementation: what it signs passes here, and what is signed here passes there.

use std::path::Path;
use std::process::Command;

use truc::signature::{DigestMethod, SigningOptions};
use truc::xml::c14n::Method;

use crate::support::{Identity, MESSAGE, p256, p384, rsa, say_skipped, verified};

/// Whether xmlsec1 is here; says loudly, past the capture of output, if it is not.
fn is_here() -> bool {
    let is_here = Command::new("xmlsec1").arg("--version").output().is_ok();
    if !is_here {
        say_skipped("xmlsec1 is not installed (apt-get install xmlsec1): NOTHING was compared with it");
    }
    is_here
}

fn xmlsec(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("xmlsec1").args(arguments).current_dir(folder).output().unwrap();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn verify(message: &str, identity: &Identity) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("message.xml"), message).unwrap();
    let trusted = identity.folder.join("cert.pem");
    let arguments =
        ["--verify", "--trusted-pem", trusted.to_str().unwrap(), "--enabled-reference-uris", "empty", "message.xml"];
    xmlsec(folder.path(), &arguments)
}

/// Has xmlsec1 fill in a template that stands in the message.
fn sign(template: &str, identity: &Identity) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("template.xml"), template).unwrap();
    let keys = ["key.pem", "cert.pem"].map(|name| identity.folder.join(name).to_str().unwrap().to_owned()).join(",");
    xmlsec(folder.path(), &["--sign", "--privkey-pem", &keys, "--output", "signed.xml", "template.xml"]).unwrap();
    std::fs::read_to_string(folder.path().join("signed.xml")).unwrap()
}

/// A template as integrators write them: the default namespace, line breaks and blanks everywhere.
fn template(canonicalization: &str, signature: &str, digest: &str, transforms: &str) -> String {
    format!(
        "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\">
  <SignedInfo>
    <CanonicalizationMethod Algorithm=\"{canonicalization}\"/>
    <SignatureMethod Algorithm=\"{signature}\"/>
    <Reference URI=\"\">
      <Transforms><Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>{transforms}</Transforms>
      <DigestMethod Algorithm=\"{digest}\"/>
      <DigestValue/>
    </Reference>
  </SignedInfo>
  <SignatureValue/>
  <KeyInfo><X509Data/></KeyInfo>
</Signature>"
    )
}

fn in_header(signature: &str) -> String {
    MESSAGE.replace("</edXML:edXMLHeader>", &format!("{signature}</edXML:edXMLHeader>"))
}

#[test]
fn what_is_signed_here_passes_there() {
    if !is_here() {
        return;
    }
    for identity in [rsa(), p256(), p384()] {
        for canonicalization in [Method::Exclusive, Method::Inclusive10, Method::Inclusive11] {
            for digest in [DigestMethod::Sha256, DigestMethod::Sha384, DigestMethod::Sha512] {
                let options = SigningOptions { canonicalization, digest, ..SigningOptions::default() };
                let signed = identity.sign(MESSAGE, options);
                verify(&signed, identity).unwrap_or_else(|error| panic!("{options:?}: {error}"));
                assert!(verify(&signed.replace("SGVsbG8=", "SGVsbG9="), identity).is_err(), "xmlsec1 looks at nothing");
            }
        }
    }
}

#[test]
fn line_ends_and_a_byte_order_mark_make_no_difference() {
    if !is_here() {
        return;
    }
    let windows = format!("\u{FEFF}{}", MESSAGE.replace('\n', "\r\n"));
    for canonicalization in [Method::Exclusive, Method::Inclusive10] {
        let signed = rsa().sign(&windows, SigningOptions { canonicalization, ..SigningOptions::default() });
        assert!(signed.starts_with('\u{FEFF}') && signed.contains("\r\n"));
        verify(&signed, rsa()).unwrap();
        verified(&signed, rsa()).unwrap();
        verified(&signed.replace("\r\n", "\n"), rsa()).unwrap();
    }
}

#[test]
fn what_is_signed_there_passes_here() {
    if !is_here() {
        return;
    }
    let methods = [
        (rsa(), "rsa-sha256"),
        (rsa(), "rsa-sha384"),
        (rsa(), "rsa-sha512"),
        (p256(), "ecdsa-sha256"),
        (p256(), "ecdsa-sha384"),
        (p384(), "ecdsa-sha256"),
        (p384(), "ecdsa-sha384"),
    ];
    let digests = [
        "http://www.w3.org/2001/04/xmlenc#sha256",
        "http://www.w3.org/2001/04/xmldsig-more#sha384",
        "http://www.w3.org/2001/04/xmlenc#sha512",
    ];
    let canonicalizations = [
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
    ];
    for (at, canonicalization) in canonicalizations.into_iter().enumerate() {
        for (identity, method) in methods {
            let method = format!("http://www.w3.org/2001/04/xmldsig-more#{method}");
            let transform = format!("<Transform Algorithm=\"{canonicalization}\"/>");
            let signed = sign(&in_header(&template(canonicalization, &method, digests[at % 3], &transform)), identity);
            let verified =
                verified(&signed, identity).unwrap_or_else(|refusal| panic!("{canonicalization} {method}: {refusal}"));
            assert_eq!(verified.verdict().algorithms.unwrap().canonicalization.uri(), canonicalization);
        }
    }
}

#[test]
fn the_ways_in_which_templates_differ_pass_as_well() {
    if !is_here() {
        return;
    }
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    let listed = format!(
        "<Transform Algorithm=\"{exclusive}\"><InclusiveNamespaces xmlns=\"{exclusive}\" PrefixList=\"#default edXML xsi\"/></Transform>"
    );
    let plain = format!("<Transform Algorithm=\"{exclusive}\"/>");
    let listed_method = template(exclusive, method, sha256, &plain).replace(
        &format!("<CanonicalizationMethod Algorithm=\"{exclusive}\"/>"),
        &format!("<CanonicalizationMethod Algorithm=\"{exclusive}\"><InclusiveNamespaces xmlns=\"{exclusive}\" PrefixList=\"edXML\"/></CanonicalizationMethod>"),
    );
    let templates = [
        template(inclusive, method, sha256, ""),
        template(exclusive, method, sha256, ""),
        template(inclusive, method, sha256, &plain),
        template(exclusive, method, sha256, &listed),
        template(exclusive, method, sha256, &plain)
            .replace("<X509Data/>", "<X509Data><X509SubjectName/><X509Certificate/></X509Data>"),
        template(exclusive, method, sha256, &plain).replace("<Signature ", "<Signature Id=\"s\" "),
        listed_method,
    ];
    for template in templates {
        let signed = sign(&in_header(&template), rsa());
        verified(&signed, rsa()).unwrap_or_else(|refusal| panic!("{refusal}\n{signed}"));
    }
}
