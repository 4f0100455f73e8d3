//! What is verified: a message of 20 KB, a message of 20 MB that is nearly all text, and 20 MB of small elements; signed
//! with RSA-2048 by a signer of a PKI with root, issuing authority and CRLs.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use base64::Engine as _;
use ring::rand::{SecureRandom as _, SystemRandom};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tempfile::TempDir;
use truc::clock::{Clock as _, SystemClock};
use truc::domain::Timestamp;
use truc::edxml::{Builder, Mode, signature_profile};
use truc::signature::{Profile, PublicKey, SignatureMethod, SigningKey, SigningOptions, sign, verify};
use truc::trust::pki::{Holder, Key, Layout, Plan, Standing, Subject as Holds};
use truc::trust::{Sources, TrustStore};
use truc::xml::{Consumer, Event, Fault};

use crate::support::Document;

const MB: usize = 1_000_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    Text,
    Dense,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Text => "text",
            Self::Dense => "dense",
        }
    }

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Text => "text-heavy",
            Self::Dense => "element-dense",
        }
    }
}

/// A signed file, in memory and on disk.
pub(crate) struct Subject {
    pub(crate) kind: Kind,
    pub(crate) bytes: Vec<u8>,
    pub(crate) path: PathBuf,
    profile: Profile,
}

pub(crate) struct Signer {
    folder: TempDir,
    pki: Layout,
    trust: TrustStore,
    at: Timestamp,
    key: PublicKey,
    /// Octets and their signature, for one verification by ring.
    octets: Vec<u8>,
    value: Vec<u8>,
}

impl Signer {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = SystemClock.now();
        let pki = Layout::new(folder.path());
        let pem = rsa_key();
        let holder = Holder {
            file: "signer".to_owned(),
            subject: Holds::named("Hệ thống"),
            standing: Standing::Good,
            key: Some(Key::from_pkcs8_pem(&pem).unwrap()),
        };
        let crl_until = Timestamp::from_millis(at.as_millis() + 30 * 86_400_000);
        pki.create_signers(&Plan {
            at,
            crl_until,
            holders: vec![holder],
            server_names: Vec::new(),
            clients: Vec::new(),
        })
        .unwrap();
        let sources = Sources {
            anchors: vec![pki.ca("root")],
            intermediates: vec![pki.ca("sub")],
            crls: vec![pki.crl("root"), pki.crl("sub")],
            ..Sources::default()
        };
        let trust = TrustStore::open(sources, at).unwrap();
        let key = PublicKey::from_certificate(&der(&pki.certificate("signer"))).unwrap();
        let octets = vec![b'x'; 700]; // about what SignedInfo has
        let value = raw_signature(&pem, &octets);
        Self { folder, pki, trust, at, key, octets, value }
    }

    /// What cannot be avoided, beside the hash of the file.
    pub(crate) fn verify_once(&self) {
        self.key.verify(SignatureMethod::RsaSha256, &self.octets, &self.value).unwrap();
    }

    pub(crate) fn verify(&self, subject: &Subject) {
        let bytes = subject.bytes.as_slice();
        let profile = &subject.profile;
        let verdict = match subject.kind {
            Kind::Dense => verify(&bytes, profile, &self.trust, self.at, || Nobody).map(|found| found.into_parts().1),
            _ => verify(&bytes, profile, &self.trust, self.at, || Builder::new(Mode::Strict))
                .map(|found| found.into_parts().1),
        };
        assert!(verdict.unwrap().passed());
    }

    pub(crate) fn subject(&self, kind: Kind) -> Subject {
        let text = match kind {
            Kind::Message => message(&[13_300]),
            Kind::Text => message(&[5 * MB; 3]), // three files: libxml2 takes no text of more than 10 MB
            Kind::Dense => dense(20 * MB),
        };
        let key = SigningKey::from_pem(&std::fs::read(self.pki.key("signer")).unwrap()).unwrap();
        let chain = [der(&self.pki.certificate("signer"))];
        let profile = profile(kind);
        let bytes = sign(text.as_bytes(), &profile, &key, &chain, SigningOptions::default()).unwrap();
        let path = self.folder.path().join(kind.name());
        std::fs::write(&path, &bytes).unwrap();
        Subject { kind, bytes, path, profile }
    }

    pub(crate) fn certificate(&self) -> PathBuf {
        self.pki.certificate("signer")
    }

    pub(crate) fn authority(&self, name: &str) -> PathBuf {
        self.pki.ca(name)
    }
}

fn profile(kind: Kind) -> Profile {
    match kind {
        Kind::Dense => Profile::at(&[("urn:bench", "list"), ("urn:bench", "head")]),
        _ => signature_profile(),
    }
}

fn message(files: &[usize]) -> String {
    let contents: Vec<_> = files.iter().map(|octets| base64(*octets)).collect();
    let one = Document { file: &contents[0], ..Document::default() }.text();
    let mut text = one;
    for (number, content) in contents.iter().enumerate().skip(1) {
        let name = format!("cid:{}", number + 1);
        let reference = format!(
            "<edXML:Reference><edXML:ContentId>{name}</edXML:ContentId><edXML:AttachmentName>{number}.txt</edXML:AttachmentName></edXML:Reference></edXML:edXMLManifest>"
        );
        let attachment = format!(
            "<Attachment><ContentId>{name}</ContentId><AttachmentName>{number}.txt</AttachmentName><ContentTransferEncoded>{content}</ContentTransferEncoded></Attachment></AttachmentEncoded>"
        );
        text = text.replacen("</edXML:edXMLManifest>", &reference, 1).replacen("</AttachmentEncoded>", &attachment, 1);
    }
    text
}

fn base64(octets: usize) -> String {
    let mut content = vec![0; octets];
    SystemRandom::new().fill(&mut content).unwrap();
    base64::engine::general_purpose::STANDARD.encode(content)
}

/// A list of small records, as data have it that were exported.
fn dense(octets: usize) -> String {
    let mut text = String::from("<list xmlns=\"urn:bench\"><head><title>Danh mục</title></head>\n");
    let mut number = 0;
    while text.len() < octets {
        number += 1;
        writeln!(
            text,
            "<item no=\"{number}\"><code>H41.{}</code><name>Đơn vị {number}</name><state>open</state></item>",
            number % 100
        )
        .unwrap();
    }
    text + "</list>\n"
}

/// RSA keys come from openssl: ring makes none.
fn rsa_key() -> String {
    let made = Command::new("openssl")
        .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .stderr(Stdio::null())
        .output()
        .expect("openssl");
    String::from_utf8(made.stdout).unwrap()
}

fn raw_signature(pem: &str, octets: &[u8]) -> Vec<u8> {
    let der = rustls_pki_types::PrivatePkcs8KeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let pair = ring::signature::RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).unwrap();
    let mut value = vec![0; pair.public().modulus_len()];
    pair.sign(&ring::signature::RSA_PKCS1_SHA256, &SystemRandom::new(), octets, &mut value).unwrap();
    value
}

fn der(path: &std::path::Path) -> Vec<u8> {
    CertificateDer::from_pem_file(path).unwrap().to_vec()
}

/// Reads nothing.
struct Nobody;

impl Consumer for Nobody {
    type Output = ();

    fn event(&mut self, _: &Event<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn finish(self) -> Result<(), Fault> {
        Ok(())
    }
}
