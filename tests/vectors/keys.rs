//! Keys given out of band: what stands in KeyInfo or in a file beside the case, for the tests alone. The product takes keys
//! from certificates only.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use truc::domain::{Code, Digest, Refusal, Timestamp};
use truc::signature::{Chain, ChainCheck, Material, MaterialKind, PublicKey, SignerInfo};
use truc::xml::{Kind, Limits, Reader};

/// Cases whose certificate stands in a file of another name (index.json, `reference_check`).
const OF_OTHER_NAMES: [(&str, &str); 2] = [
    ("windows_store_signature", "windows_store_certificate.pem"),
    ("valid_signature_with_unused_prefixes", "client_public.pem"),
];

/// Every key that a document or the files named for it could mean, and how many were no acceptable keys.
#[derive(Default)]
pub(crate) struct Keys {
    pub(crate) usable: Vec<Arc<PublicKey>>,
    pub(crate) refused: usize,
}

impl Keys {
    fn add(&mut self, key: Result<PublicKey, Refusal>) {
        match key {
            Ok(key) => self.usable.push(Arc::new(key)),
            Err(_) => self.refused += 1,
        }
    }

    /// Of the document's KeyInfo, of the files in these command-line options, and of a PEM file of the same name.
    pub(crate) fn of(document: &[u8], file: &Path, options: &str) -> Self {
        let mut keys = Self::default();
        keys.read_key_info(document);
        keys.read_options(file, options);
        let stem = file.file_stem().unwrap().to_string_lossy();
        let beside =
            OF_OTHER_NAMES.iter().filter(|(known, _)| *known == stem).map(|(_, name)| file.with_file_name(name));
        for name in beside.chain([file.with_extension("pem")]) {
            if let Ok(pem) = fs::read_to_string(name) {
                keys.add(PublicKey::from_certificate(&unarmoured(&pem)));
            }
        }
        keys
    }

    fn read_key_info(&mut self, document: &[u8]) {
        let mut reader = Reader::new(document, Limits::default());
        let (mut curve, mut modulus, mut value) = (String::new(), Vec::new(), String::new());
        while let Ok(Some(event)) = reader.next() {
            match event.kind {
                Kind::Start(start) => {
                    value.clear();
                    if start.name().local == "NamedCurve" {
                        start.attribute("", "URI").unwrap_or_default().clone_into(&mut curve);
                    }
                }
                Kind::Text(text) => value.push_str(text),
                Kind::End(end) => {
                    let octets = || decoded(&value);
                    match end.name().local {
                        "Modulus" => modulus = octets(),
                        "Exponent" => self.add(PublicKey::from_spki(&rsa(&modulus, &octets()))),
                        "PublicKey" => self.add(PublicKey::from_spki(&ec(&curve, &octets()))),
                        "DEREncodedKeyValue" => self.add(PublicKey::from_spki(&octets())),
                        "X509Certificate" => self.add(PublicKey::from_certificate(&octets())),
                        _ => {}
                    }
                    value.clear();
                }
                _ => {}
            }
        }
    }

    /// `--pubkey-der:name path`, `--pubkey-pem`, `--pubkey-cert-der` and their like, of xmlsec's test scripts.
    fn read_options(&mut self, file: &Path, options: &str) {
        let folder = file.parent().unwrap();
        let mut words = options.split_whitespace();
        while let Some(word) = words.next() {
            let option = word.split(':').next().unwrap_or_default();
            if !option.starts_with("--pubkey") {
                continue;
            }
            let Some(name) = words.next() else { break };
            let places = [folder.join(name), folder.join("..").join(name)];
            let Some(bytes) = places.iter().find_map(|place| fs::read(place).ok()) else { continue };
            let der = std::str::from_utf8(&bytes).map_or(bytes.clone(), unarmoured);
            let key =
                if option.contains("cert") { PublicKey::from_certificate(&der) } else { PublicKey::from_spki(&der) };
            self.add(key);
        }
    }
}

fn decoded(text: &str) -> Vec<u8> {
    STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap_or_default()
}

/// The bytes of a PEM text, or of base64 without its armour.
fn unarmoured(pem: &str) -> Vec<u8> {
    decoded(
        &pem.lines().filter(|line| !line.starts_with("-----")).take_while(|line| !line.is_empty()).collect::<String>(),
    )
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let header = match u8::try_from(length) {
        Ok(short) if short < 0x80 => vec![tag, short],
        _ => vec![tag, 0x82, u8::try_from(length >> 8).unwrap(), u8::try_from(length & 0xFF).unwrap()],
    };
    [header, content.to_vec()].concat()
}

fn integer(octets: &[u8]) -> Vec<u8> {
    let magnitude: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
    let sign = if magnitude.first().is_none_or(|octet| *octet >= 0x80) { &[0][..] } else { &[] };
    tagged(2, &[sign, &magnitude].concat())
}

/// SubjectPublicKeyInfo (RFC 5280, 4.1) of an RSAKeyValue.
fn rsa(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    const ALGORITHM: [u8; 15] = [0x30, 0x0D, 6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 1, 5, 0];
    let key = tagged(0x30, &[integer(modulus), integer(exponent)].concat());
    tagged(0x30, &[ALGORITHM.to_vec(), tagged(3, &[&[0][..], &key].concat())].concat())
}

/// SubjectPublicKeyInfo of an ECKeyValue.
fn ec(curve: &str, point: &[u8]) -> Vec<u8> {
    let oid: &[u8] = match curve.rsplit(':').next().unwrap_or_default() {
        "1.2.840.10045.3.1.7" => &[6, 8, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 3, 1, 7],
        "1.3.132.0.34" => &[6, 5, 0x2B, 0x81, 4, 0, 0x22],
        _ => &[6, 5, 0x2B, 0x81, 4, 0, 0x23],
    };
    let algorithm = tagged(0x30, &[&[6, 7, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 2, 1], oid].concat());
    tagged(0x30, &[algorithm, tagged(3, &[&[0][..], point].concat())].concat())
}

/// Trusts a key that is given, whoever signed.
pub(crate) struct Given(pub(crate) Arc<PublicKey>);

impl ChainCheck for Given {
    fn check(&self, leaf: &[u8], _: &[Vec<u8>], _: Timestamp) -> Result<Chain, Refusal> {
        assert!(leaf.is_empty(), "KeyInfo was read");
        Ok(Chain { leaf: Arc::new(nobody()), key: Arc::clone(&self.0), evidence: evidence(leaf) })
    }
}

/// Trusts whatever certificate is there.
pub(crate) struct Anyone;

impl ChainCheck for Anyone {
    fn check(&self, leaf: &[u8], _: &[Vec<u8>], _: Timestamp) -> Result<Chain, Refusal> {
        let key = PublicKey::from_certificate(leaf)?;
        Ok(Chain { leaf: Arc::new(SignerInfo::from_certificate(leaf)?), key: Arc::new(key), evidence: evidence(leaf) })
    }
}

/// Trusts nobody, and knows that it was asked.
pub(crate) struct NeverAsked;

impl ChainCheck for NeverAsked {
    fn check(&self, _: &[u8], _: &[Vec<u8>], _: Timestamp) -> Result<Chain, Refusal> {
        Err(Refusal::new(Code::Internal, "the chain was asked for"))
    }
}

fn evidence(leaf: &[u8]) -> Arc<[Material]> {
    [Material::new(MaterialKind::Certificate, leaf)].into()
}

fn nobody() -> SignerInfo {
    SignerInfo {
        sha256: Digest::of(b""),
        subject: String::new(),
        issuer: String::new(),
        serial: String::new(),
        not_before: Timestamp::from_millis(0),
        not_after: Timestamp::from_millis(0),
    }
}
