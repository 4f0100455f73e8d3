//! Who takes part: a sender with a certificate, a recipient that never fetches, and a healthy one beside it; and the
//! small signed documents that the sender makes.

use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use truc::clock::{Clock as _, SystemClock};
use truc::config::DataFolder;
use truc::domain::Timestamp;
use truc::edxml::signature_profile;
use truc::signature::{Profile, SigningKey, SigningOptions, sign};
use truc::trust::pki::{Holder, Layout, Plan, Standing, Subject};

pub(crate) const SENDER: &str = "G22";
pub(crate) const DEAD: &str = "H41";
pub(crate) const HEALTHY: &str = "H14";

const DAY_MS: i64 = 86_400_000;

/// The sender's key and the authorities that every hub of the bench believes.
pub(crate) struct People {
    pki: Layout,
    folder: PathBuf,
    key: SigningKey,
    certificates: Vec<Vec<u8>>,
    profile: Profile,
}

impl People {
    /// Those in `folder`, made if they are not there.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        let pki = Layout::new(folder);
        if !pki.key(SENDER).exists() {
            make(&pki);
        }
        let key = SigningKey::from_pem(&std::fs::read(pki.key(SENDER)).unwrap()).unwrap();
        let certificates = vec![CertificateDer::from_pem_file(pki.certificate(SENDER)).unwrap().to_vec()];
        Self { pki, folder: folder.to_owned(), key, certificates, profile: signature_profile() }
    }

    /// Makes a hub's folder believe the authorities, and gives it what HTTPS needs.
    pub(crate) fn trusted_by(&self, data: &DataFolder) {
        let copies = [
            (self.pki.ca("root"), data.roots().join("root.crt")),
            (self.pki.ca("sub"), data.intermediates().join("sub.crt")),
            (self.pki.crl("root"), data.crl().join("root.crl")),
            (self.pki.crl("sub"), data.crl().join("sub.crl")),
            (self.pki.tls_certificate("server"), data.tls_certificate()),
            (self.pki.tls_key("server"), data.tls_key()),
        ];
        for (from, to) in copies {
            std::fs::create_dir_all(to.parent().unwrap()).unwrap();
            std::fs::copy(from, to).unwrap();
        }
    }

    pub(crate) fn certificate(&self) -> String {
        std::fs::read_to_string(self.pki.certificate(SENDER)).unwrap()
    }

    /// One signed document, as small as real software can make it.
    pub(crate) fn document(&self, id: &str, number: usize, to: &str) -> Vec<u8> {
        let text = text(id, number, to);
        sign(text.as_bytes(), &self.profile, &self.key, &self.certificates, SigningOptions::default()).unwrap()
    }

    /// Documents `{series}-{number}` for all numbers of the range, signed on all cores.
    pub(crate) fn signed(&self, series: &str, numbers: std::ops::Range<usize>, to: &str) -> Vec<Vec<u8>> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let part = numbers.len().div_ceil(cores).max(1);
        let starts: Vec<usize> = numbers.clone().step_by(part).collect();
        std::thread::scope(|scope| {
            let parts: Vec<_> = starts
                .into_iter()
                .map(|start| start..numbers.end.min(start + part))
                .map(|part| scope.spawn(move || self.signed_here(series, part, to)))
                .collect();
            parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
        })
    }

    fn signed_here(&self, series: &str, numbers: std::ops::Range<usize>, to: &str) -> Vec<Vec<u8>> {
        numbers.map(|number| self.document(&format!("{series}-{number}"), number, to)).collect()
    }

    /// The folder in which hubs may be made.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.parent().unwrap().join(name)
    }
}

/// Documents of 2 KB as software sends them that cannot sign yet: what a hub is filled with.
pub(crate) fn unsigned(series: &str, numbers: std::ops::Range<usize>, to: &str) -> Vec<Vec<u8>> {
    let file = "aGVsbG8h".repeat(70);
    let one = |number| text(&format!("{series}-{number}"), number, to).replacen("aGVsbG8=", &file, 1).into_bytes();
    numbers.map(one).collect()
}

fn make(pki: &Layout) {
    let at = SystemClock.now();
    let holder = Holder {
        file: SENDER.to_owned(),
        subject: Subject::named("Hệ thống G22"),
        standing: Standing::Good,
        key: None,
    };
    let crl_until = Timestamp::from_millis(at.as_millis() + 30 * DAY_MS);
    let server_names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    pki.create(&Plan { at, crl_until, holders: vec![holder], server_names, clients: Vec::new() }).unwrap();
}

fn text(id: &str, number: usize, to: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXML:edXMLEnvelope xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016"><edXML:edXMLHeader><edXML:MessageHeader><edXML:From><edXML:OrganId>{SENDER}</edXML:OrganId></edXML:From><edXML:To><edXML:OrganId>{to}</edXML:OrganId></edXML:To><edXML:DocumentId>{id}</edXML:DocumentId><edXML:Code><edXML:CodeNumber>{number}</edXML:CodeNumber><edXML:CodeNotation>VPCP-TH</edXML:CodeNotation></edXML:Code><edXML:PromulgationInfo><edXML:Place>Hà Nội</edXML:Place><edXML:PromulgationDate>2026/11/22</edXML:PromulgationDate></edXML:PromulgationInfo><edXML:DocumentType><edXML:Type>2</edXML:Type><edXML:TypeName>Công văn</edXML:TypeName></edXML:DocumentType><edXML:Subject>V/v triển khai nhiệm vụ</edXML:Subject><edXML:OtherInfo><edXML:Priority>0</edXML:Priority></edXML:OtherInfo></edXML:MessageHeader><edXML:TraceHeaderList><edXML:TraceHeader><edXML:OrganId>{SENDER}</edXML:OrganId><edXML:Timestamp>2026/11/22 08:00:00</edXML:Timestamp></edXML:TraceHeader><edXML:Bussiness><edXML:BussinessDocType>0</edXML:BussinessDocType></edXML:Bussiness></edXML:TraceHeaderList></edXML:edXMLHeader><edXML:edXMLBody><edXML:edXMLManifest version="1.0"><edXML:Reference><edXML:ContentId>cid:1</edXML:ContentId><edXML:AttachmentName>vb.txt</edXML:AttachmentName></edXML:Reference></edXML:edXMLManifest></edXML:edXMLBody></edXML:edXMLEnvelope><AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>vb.txt</AttachmentName><ContentTransferEncoded>aGVsbG8=</ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>
"#
    )
}
