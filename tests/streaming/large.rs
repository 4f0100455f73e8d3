//! A large signed message, written in pieces. Its text is its own canonical form, so the digest is made of the pieces
//! as they are written, and nothing is held but one of them.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{Context, Digest, SHA256};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// The code of the document that is written.
pub(crate) const CODE: &str = "7/VPCP-LON";

/// Where the Signature stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In an edXML header, in front of everything large.
    BeforeTheData,
    /// In an element behind it; no edXML, which has no such place.
    BehindTheData,
}

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Writes it with about so many octets, signed by the system of VPCP in this PKI; gives the SHA-256 of the file.
pub(crate) fn write_large(path: &str, octets: u64, place: Place, pki: &Path) -> [u8; 32] {
    let [before, between, behind] = around(place);
    let blank = " ".repeat(signature(pki, &[0; 32]).len());
    let mut writer = Writer::new(path);
    writer.put(before);
    let place_at = match place {
        Place::BeforeTheData => {
            let place_at = writer.leave(&blank);
            writer.put(between);
            writer.data(octets);
            place_at
        }
        Place::BehindTheData => {
            writer.data(octets);
            writer.put(between);
            writer.leave(&blank)
        }
    };
    writer.put(behind);
    let (mut file, digest) = writer.finish();
    let signature = signature(pki, digest.as_ref());
    assert_eq!(signature.len(), blank.len());
    file.seek(SeekFrom::Start(place_at)).unwrap();
    file.write_all(signature.as_bytes()).unwrap();
    drop(file);
    sha256(path)
}

/// Writes and digests.
struct Writer {
    file: BufWriter<File>,
    digest: Context,
    at: u64,
}

impl Writer {
    fn new(path: &str) -> Self {
        let file = BufWriter::with_capacity(1 << 20, File::create(path).unwrap());
        Self { file, digest: Context::new(&SHA256), at: 0 }
    }

    fn put(&mut self, text: &str) {
        self.digest.update(text.as_bytes());
        self.leave(text);
    }

    /// Writes what is not digested: the place of the Signature, which is filled in at the end. Gives where it begins.
    fn leave(&mut self, text: &str) -> u64 {
        let at = self.at;
        self.file.write_all(text.as_bytes()).unwrap();
        self.at += text.len() as u64;
        at
    }

    fn data(&mut self, octets: u64) {
        let piece = piece();
        (0..octets.div_ceil(piece.len() as u64)).for_each(|_| self.put(&piece));
    }

    fn finish(self) -> (File, Digest) {
        (self.file.into_inner().unwrap(), self.digest.finish())
    }
}

/// What stands around the data and the Signature.
fn around(place: Place) -> [&'static str; 3] {
    match place {
        Place::BehindTheData => ["<list xmlns=\"urn:test\"><data>", "</data><end>", "</end></list>"],
        Place::BeforeTheData => [
            concat!(
                "<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\">",
                "<edXML:edXMLEnvelope xmlns:edXML=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"><edXML:edXMLHeader>",
                "<edXML:MessageHeader><edXML:From><edXML:OrganId>G22</edXML:OrganId></edXML:From>",
                "<edXML:To><edXML:OrganId>H41</edXML:OrganId></edXML:To>",
                "<edXML:DocumentId>G22,2026/11/22,7/VPCP-LON</edXML:DocumentId>",
                "<edXML:Code><edXML:CodeNumber>7</edXML:CodeNumber><edXML:CodeNotation>VPCP-LON</edXML:CodeNotation></edXML:Code>",
                "<edXML:PromulgationInfo><edXML:Place>Hà Nội</edXML:Place><edXML:PromulgationDate>2026/11/22</edXML:PromulgationDate></edXML:PromulgationInfo>",
                "<edXML:DocumentType><edXML:Type>2</edXML:Type><edXML:TypeName>Công văn</edXML:TypeName></edXML:DocumentType>",
                "<edXML:Subject>V/v tệp lớn</edXML:Subject>",
                "<edXML:OtherInfo><edXML:Priority>0</edXML:Priority></edXML:OtherInfo></edXML:MessageHeader>",
                "<edXML:TraceHeaderList><edXML:TraceHeader><edXML:OrganId>G22</edXML:OrganId>",
                "<edXML:Timestamp>2026/11/22 08:00:00</edXML:Timestamp></edXML:TraceHeader>",
                "<edXML:Bussiness><edXML:BussinessDocType>0</edXML:BussinessDocType></edXML:Bussiness></edXML:TraceHeaderList>",
            ),
            concat!(
                "</edXML:edXMLHeader><edXML:edXMLBody><edXML:edXMLManifest version=\"1.0\"><edXML:Reference>",
                "<edXML:ContentId>cid:1</edXML:ContentId><edXML:AttachmentName>a.dat</edXML:AttachmentName>",
                "</edXML:Reference></edXML:edXMLManifest></edXML:edXMLBody></edXML:edXMLEnvelope>",
                "<AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>a.dat</AttachmentName>",
                "<ContentTransferEncoded>",
            ),
            "</ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>",
        ],
    }
}

/// Base64 of octets that look like anything.
fn piece() -> String {
    let mut state = 1_u64;
    let octets: Vec<u8> = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    })
    .take(48 << 10)
    .collect();
    STANDARD.encode(octets)
}

/// A Signature over the whole document, in canonical form as well, so that what is signed is its own text.
fn signature(pki: &Path, digest: &[u8]) -> String {
    let info = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256\"></ds:SignatureMethod>\
         <ds:Reference URI=\"\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{DSIG}enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXCLUSIVE}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        STANDARD.encode(digest)
    );
    let signed = format!("<ds:SignedInfo xmlns:ds=\"{DSIG}\">{info}");
    let key = PrivatePkcs8KeyDer::from_pem_file(pki.join("agencies/vpcp.key")).unwrap();
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.secret_pkcs8_der(), &random).unwrap();
    let value = pair.sign(&random, signed.as_bytes()).unwrap();
    let certificate = |name: &str| {
        let der = CertificateDer::from_pem_file(pki.join(name)).unwrap();
        format!("<ds:X509Certificate>{}</ds:X509Certificate>", STANDARD.encode(der))
    };
    format!(
        "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>{info}<ds:SignatureValue>{}</ds:SignatureValue>\
         <ds:KeyInfo><ds:X509Data>{}{}</ds:X509Data></ds:KeyInfo></ds:Signature>",
        STANDARD.encode(value.as_ref()),
        certificate("agencies/vpcp.crt"),
        certificate("ca/sub.crt"),
    )
}

pub(crate) fn sha256(path: &str) -> [u8; 32] {
    let mut file = BufReader::new(File::open(path).unwrap());
    let mut digest = Context::new(&SHA256);
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => break digest.finish().as_ref().try_into().unwrap(),
            read => digest.update(&buffer[..read]),
        }
    }
}
