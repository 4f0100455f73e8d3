//! Keys, messages, a consumer that remembers what it saw, and answers to the question of trust.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};

use truc::domain::{Code, Refusal, Timestamp};
use truc::signature::{
    Chain, ChainCheck, Examined, Material, MaterialKind, Profile, PublicKey, SignerInfo, SigningKey, SigningOptions,
    Verified, examine, sign, verify,
};
use truc::trust::{Sources, TrustStore};
use truc::xml::{Consumer, Event, Fault, Kind};

pub(crate) const QCVN: &str = "http://www.mic.gov.vn/TBT/QCVN_102_2016";

/// The place of the Signature in an edXML message.
pub(crate) fn profile() -> Profile {
    Profile::at(&[(QCVN, "edXML"), (QCVN, "edXMLEnvelope"), (QCVN, "edXMLHeader")])
        .placeholder(QCVN, "DigitalSignature")
}

/// A small message with everything that canonicalisation cares about.
pub(crate) const MESSAGE: &str = concat!(
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n",
    "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\" xml:lang=\"vi\">\n",
    "  <edXML:edXMLEnvelope xmlns:edXML=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">\n",
    "    <edXML:edXMLHeader>\n",
    "      <edXML:MessageHeader><edXML:Subject>Về việc A &amp; B &lt;2026&gt;&#13;</edXML:Subject></edXML:MessageHeader>\n",
    "      <edXML:TraceHeaderList id=\"1\" a='\"x\"'/>\n",
    "    </edXML:edXMLHeader>\n",
    "    <?keep me?><!-- not me -->\n",
    "    <edXML:edXMLBody><![CDATA[<text>]]></edXML:edXMLBody>\n",
    "  </edXML:edXMLEnvelope>\n",
    "  <AttachmentEncoded><Attachment>SGVsbG8=</Attachment></AttachmentEncoded>\n",
    "</edXML>\n",
);

/// A private key in PEM and its self-signed certificate.
pub(crate) struct Identity {
    pub(crate) pem: String,
    pub(crate) certificate: Vec<u8>,
    pub(crate) folder: PathBuf,
}

impl Identity {
    pub(crate) fn key(&self) -> SigningKey {
        SigningKey::from_pem(self.pem.as_bytes()).unwrap()
    }

    pub(crate) fn sign(&self, message: &str, options: SigningOptions) -> String {
        let chain = [self.certificate.clone()];
        let signed = sign(message.as_bytes(), &profile(), &self.key(), &chain, options).unwrap();
        String::from_utf8(signed).unwrap()
    }
}

/// Runs openssl, which every test machine has; its absence is a failure.
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) {
    let output =
        Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is not installed");
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

pub(crate) fn identity(algorithm: &[&str]) -> Identity {
    let folder = tempfile::tempdir().unwrap().keep();
    openssl(&folder, &[&["genpkey", "-out", "key.pem", "-algorithm"], algorithm].concat());
    let request =
        ["req", "-x509", "-key", "key.pem", "-subj", "/C=VN/O=Test/CN=Signer", "-days", "3650", "-out", "cert.pem"];
    openssl(&folder, &request);
    openssl(&folder, &["x509", "-in", "cert.pem", "-outform", "DER", "-out", "cert.der"]);
    let pem = std::fs::read_to_string(folder.join("key.pem")).unwrap();
    Identity { pem, certificate: std::fs::read(folder.join("cert.der")).unwrap(), folder }
}

pub(crate) fn rsa() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| identity(&["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]))
}

pub(crate) fn p256() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| identity(&["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]))
}

pub(crate) fn p384() -> &'static Identity {
    static IDENTITY: OnceLock<Identity> = OnceLock::new();
    IDENTITY.get_or_init(|| identity(&["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]))
}

/// Trusts this very certificate.
pub(crate) struct Only<'a>(pub(crate) &'a [u8]);

impl ChainCheck for Only<'_> {
    fn check(&self, leaf: &[u8], _: &[Vec<u8>], _: Timestamp) -> Result<Chain, Refusal> {
        if leaf != self.0 {
            return Err(Refusal::new(Code::ChainNotFound, "not the certificate of the test"));
        }
        Ok(Chain {
            leaf: Arc::new(SignerInfo::from_certificate(leaf)?),
            key: Arc::new(PublicKey::from_certificate(leaf)?),
            evidence: [Material::new(MaterialKind::Certificate, leaf)].into(),
        })
    }
}

/// Trusts none, for one reason.
pub(crate) struct Nobody(pub(crate) Code);

impl ChainCheck for Nobody {
    fn check(&self, _: &[u8], _: &[Vec<u8>], _: Timestamp) -> Result<Chain, Refusal> {
        Err(Refusal::new(self.0, "by order of the test"))
    }
}

/// Writes down what it sees in a form in which chunks of text make no difference.
#[derive(Default)]
pub(crate) struct Recorder(String);

impl Recorder {
    fn put(&mut self, what: std::fmt::Arguments<'_>) {
        self.0.write_fmt(what).unwrap();
    }
}

impl Consumer for Recorder {
    type Output = String;

    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match &event.kind {
            Kind::Start(start) => {
                let name = start.name();
                let mut attributes: Vec<_> = start
                    .attributes()
                    .map(|found| format!(" {{{}}}{}={:?}", found.ns, found.local, found.value))
                    .collect();
                attributes.sort();
                self.put(format_args!("<{{{}}}{}{}>", name.ns, name.local, attributes.concat()));
            }
            Kind::End(_) => self.0 += "</>",
            Kind::Text(text) => self.0 += text,
            Kind::Comment(text) => self.put(format_args!("<!--{text}-->")),
            Kind::ProcessingInstruction { target, data } => self.put(format_args!("<?{target} {data}?>")),
        }
        Ok(())
    }

    fn finish(self) -> Result<String, Fault> {
        Ok(self.0)
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-11-22T00:00:00Z".parse().unwrap()
}

pub(crate) fn verified(message: &str, signer: &Identity) -> Result<Verified<String>, Refusal> {
    verify(&message.as_bytes(), &profile(), &Only(&signer.certificate), now(), Recorder::default)
}

pub(crate) fn examined(message: &str, profile: &Profile, chains: &dyn ChainCheck) -> Examined<String> {
    examine(&message.as_bytes(), profile, chains, now(), Recorder::default).unwrap()
}

/// Says that a test has tested nothing, past the capture of output.
pub(crate) fn say_skipped(why: &str) {
    std::io::stderr().write_all(format!("SKIPPED: {why}\n").as_bytes()).unwrap();
}

/// A path in the material that is shared between the project's parts; None, said loudly, where it is not there.
pub(crate) fn shared(path: &str) -> Option<PathBuf> {
    let found = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared").join(path);
    if !found.exists() {
        say_skipped(&format!("../shared/{path} is not there: its signatures were NOT tested"));
        return None;
    }
    Some(found)
}

/// The product's own trust, with the root of the vectors, its authorities and their CRLs.
pub(crate) fn trust(folder: &Path) -> TrustStore {
    let files = |names: &[&str]| names.iter().map(|name| folder.join("generated/pki").join(name)).collect();
    let sources = Sources {
        anchors: files(&["root.cert.pem"]),
        intermediates: files(&["sub.cert.pem", "subec.cert.pem"]),
        crls: files(&["root.crl.pem", "sub.crl.pem", "subec.crl.pem"]),
        ..Sources::default()
    };
    TrustStore::open(sources, now()).unwrap()
}
