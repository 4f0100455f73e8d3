//! A hub in a temporary folder with a PKI of its own, a clock that is set, and systems that send for their agencies.

use std::sync::Arc;

use truc::api::{AccessRequest, Agency, Policy, Receipt, Role, Scope};
use truc::clock::SetClock;
use truc::config::{Config, DataFolder};
use truc::delivery::standing::Caller;
use truc::domain::{Code, OrganId, Refusal, Timestamp};
use truc::edxml::signature_profile;
use truc::engine::{Credential, Hub, OpenError};
use truc::index::IndexError;
use truc::journal::JournalError;
use truc::signature::{SigningKey, SigningOptions, sign};
use truc::trail::LogKey;
use truc::trust::pki::{Holder, Key, Layout, Plan, Standing, Subject};

pub const NOW: &str = "2026-11-22T01:00:00Z";

/// Agencies whose system certificate is good.
pub const AGENCIES: [&str; 5] = ["G22", "H41", "H14", "H24", "000.00.00.G22"];

pub struct TestHub {
    pub folder: tempfile::TempDir,
    pub hub: Hub,
    pub clock: Arc<SetClock>,
    pub config: Config,
    pub pki: Layout,
}

/// Opens what a closed hub may still hold: a thread of it that was at work ends a moment later.
pub fn once_free(open: impl Fn() -> Result<Hub, OpenError>) -> Result<Hub, OpenError> {
    for _ in 0..1_000 {
        match open() {
            Err(OpenError::Index(IndexError::InUse) | OpenError::Journal(JournalError::InUse)) => {
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            opened => return opened,
        }
    }
    open()
}

impl TestHub {
    /// Opens a new hub with the agencies of [`AGENCIES`], each with a system under policy `envelope`.
    pub async fn new() -> Self {
        Self::at(NOW.parse().unwrap(), None).await
    }

    /// The same at a time, with this key (PKCS#8 PEM) for the first agency.
    pub async fn at(at: Timestamp, key: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(SetClock::at(at));
        let mut config = Config::new("hub.example/test");
        // Nobody fills the disk here.
        config.journal.reserve_bytes = 0;
        let pki = make_folder(folder.path(), &config, at, key);
        let hub = Hub::open(&config, &DataFolder::new(folder.path()), clock.clone()).unwrap();
        let test = Self { folder, hub, clock, config, pki };
        for code in AGENCIES {
            test.agency(code).await;
            test.system(code, &[code], Policy::Envelope, &[code]).await;
        }
        test
    }

    pub async fn agency(&self, code: &str) {
        let agency = Agency { code: id(code), name: format!("Cơ quan {code}"), closed: false };
        self.hub.put_agency(&Hub::operator_of_folder(), agency).await.unwrap();
    }

    /// Gives a system access; gives the caller that its token makes.
    pub async fn system(&self, name: &str, agencies: &[&str], policy: Policy, signers: &[&str]) -> Caller {
        let request = AccessRequest {
            system: name.to_ascii_lowercase(),
            role: Role::System,
            agencies: agencies.iter().map(|code| Scope { code: id(code), subtree: false }).collect(),
            policy,
            client_certificates: Vec::new(),
            token: true,
            signing_certificates: signers.iter().map(|file| self.certificate(file)).collect(),
            closed: false,
        };
        let view = self.hub.put_access(&Hub::operator_of_folder(), request).await.unwrap();
        self.hub.identify(&Credential::Bearer(view.new_token.unwrap())).unwrap()
    }

    /// The system of an agency of [`AGENCIES`], with a new token.
    pub async fn caller(&self, code: &str) -> Caller {
        self.system(code, &[code], Policy::Envelope, &[code]).await
    }

    /// Signs with the system certificate in `file` of the test PKI.
    pub fn signed(&self, message: &str, file: &str) -> Vec<u8> {
        signed(&self.pki, message, file)
    }

    /// The system certificate in `file` of the test PKI, PEM.
    pub fn certificate(&self, file: &str) -> String {
        std::fs::read_to_string(self.pki.certificate(file)).unwrap()
    }

    pub async fn send(&self, caller: &Caller, message: &[u8]) -> Result<Receipt, Refusal> {
        let mut incoming = self.hub.receive(None)?;
        incoming.write(message)?;
        self.hub.submit_document(caller, incoming).await
    }

    pub async fn report(&self, caller: &Caller, message: &[u8]) -> Result<Receipt, Refusal> {
        let mut incoming = self.hub.receive(None)?;
        incoming.write(message)?;
        self.hub.submit_status(caller, incoming).await
    }

    /// Closes the hub and opens it again on the same folder.
    pub fn restart(self) -> Self {
        let Self { folder, hub, clock, config, pki } = self;
        hub.close();
        drop(hub);
        let hub = once_free(|| Hub::open(&config, &DataFolder::new(folder.path()), clock.clone())).unwrap();
        Self { folder, hub, clock, config, pki }
    }

    /// The same, with the index, the tiles and everything else that is derived gone in between.
    pub fn restart_without_index(self) -> Self {
        let Self { folder, hub, clock, config, pki } = self;
        hub.close();
        drop(hub);
        let data = DataFolder::new(folder.path());
        std::fs::remove_dir_all(data.index()).unwrap();
        std::fs::remove_dir_all(data.tiles()).unwrap();
        let hub = once_free(|| Hub::open(&config, &data, clock.clone())).unwrap();
        Self { folder, hub, clock, config, pki }
    }

    pub fn inbox(&self, caller: &Caller) -> Vec<truc::api::ListItem> {
        self.hub.inbox(caller, None, None, 500).unwrap().items
    }

    pub fn bytes(&self, caller: &Caller, id: truc::domain::MessageId) -> Vec<u8> {
        let content = self.hub.content(caller, id, None).unwrap();
        let mut bytes = vec![0; usize::try_from(content.len).unwrap()];
        let mut read = 0;
        while read < bytes.len() {
            read += content.read_at(read as u64, &mut bytes[read..]).unwrap();
        }
        bytes
    }

    /// What nobody may get past policy `envelope`, whether revocation is known or not: who sends it, and the refusal.
    /// `sender` speaks for G22, `other` for H41.
    #[allow(dead_code)] // not every suite asks
    pub(crate) fn unacceptable<'c>(
        &self,
        sender: &'c Caller,
        other: &'c Caller,
        text: &str,
    ) -> [(&'c Caller, Vec<u8>, Code); 7] {
        let mut altered = self.signed(text, "G22");
        let at = altered.windows(8).position(|part| part == b"aGVsbG8=").unwrap();
        altered[at] = b'b';
        [
            (sender, text.as_bytes().to_vec(), Code::SignatureMissing),
            (sender, altered, Code::DigestMismatch),
            (sender, self.signed(text, "outside"), Code::ChainNotFound),
            (sender, self.signed(text, "revoked"), Code::CertificateRevoked),
            (sender, self.signed(text, "expired"), Code::CertificateExpired),
            (sender, self.signed(text, "H41"), Code::CertificateNotRegistered),
            (other, self.signed(text, "H41"), Code::SenderNotCaller),
        ]
    }
}

pub fn make_folder(path: &std::path::Path, config: &Config, at: Timestamp, key: Option<&str>) -> Layout {
    let data = DataFolder::new(path);
    for folder in data.folders() {
        std::fs::create_dir_all(folder).unwrap();
    }
    LogKey::generate(&config.hub.origin, &ring::rand::SystemRandom::new()).unwrap().save(&data.log_key()).unwrap();
    let pki = Layout::new(path.join("pki"));
    let holder = |file: &str, standing| Holder {
        file: file.to_owned(),
        subject: Subject::named(&format!("Hệ thống {file}")),
        standing,
        key: None,
    };
    let mut good = AGENCIES.map(|code| holder(code, Standing::Good));
    good[0].key = key.map(|pem| Key::from_pkcs8_pem(pem).unwrap());
    let bad = [
        holder("expired", Standing::Expired),
        holder("revoked", Standing::Revoked),
        holder("outside", Standing::Outside),
    ];
    let crl_until = Timestamp::from_millis(at.as_millis() + 30 * 86_400_000);
    let holders = good.into_iter().chain(bad).collect();
    pki.create_signers(&Plan { at, crl_until, holders, server_names: Vec::new(), clients: Vec::new() }).unwrap();
    let copies = [
        (pki.ca("root"), data.roots().join("root.crt")),
        (pki.ca("sub"), data.intermediates().join("sub.crt")),
        (pki.crl("root"), data.crl().join("root.crl")),
        (pki.crl("sub"), data.crl().join("sub.crl")),
    ];
    for (from, to) in copies {
        std::fs::copy(from, to).unwrap();
    }
    pki
}

/// Signs with the system certificate in `file`.
pub fn signed(pki: &Layout, message: &str, file: &str) -> Vec<u8> {
    let key = SigningKey::from_pem(&std::fs::read(pki.key(file)).unwrap()).unwrap();
    let mut certificates = vec![der(&pki.certificate(file))];
    if file != "outside" {
        certificates.push(der(&pki.ca("sub")));
    }
    sign(message.as_bytes(), &signature_profile(), &key, &certificates, SigningOptions::default()).unwrap()
}

fn der(pem: &std::path::Path) -> Vec<u8> {
    use rustls_pki_types::pem::PemObject;
    rustls_pki_types::CertificateDer::from_pem_file(pem).unwrap().to_vec()
}

pub fn id(code: &str) -> OrganId {
    code.parse().unwrap()
}

/// What a test document says. The rest of the message is as real software writes it.
#[derive(Clone)]
pub struct Document<'a> {
    pub from: &'a str,
    pub to: &'a [&'a str],
    pub id: &'a str,
    pub number: &'a str,
    pub business: &'a str,
    pub priority: &'a str,
    pub subject: &'a str,
    pub file: &'a str,
}

impl Default for Document<'_> {
    fn default() -> Self {
        Self {
            from: "G22",
            to: &["H41", "H14", "H24"],
            id: "G22,2026/11/22,1234/VPCP-TH",
            number: "1234",
            business: "0",
            priority: "0",
            subject: "V/v triển khai nhiệm vụ cuối năm",
            file: "aGVsbG8=",
        }
    }
}

impl Document<'_> {
    pub fn text(&self) -> String {
        let to: String =
            self.to.iter().map(|code| format!("<edXML:To><edXML:OrganId>{code}</edXML:OrganId></edXML:To>")).collect();
        let Self { from, id, number, business, priority, subject, file, .. } = self;
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">
  <edXML:edXMLEnvelope xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">
    <edXML:edXMLHeader>
      <edXML:MessageHeader>
        <edXML:From><edXML:OrganId>{from}</edXML:OrganId></edXML:From>
        {to}
        <edXML:DocumentId>{id}</edXML:DocumentId>
        <edXML:Code><edXML:CodeNumber>{number}</edXML:CodeNumber><edXML:CodeNotation>VPCP-TH</edXML:CodeNotation></edXML:Code>
        <edXML:PromulgationInfo><edXML:Place>Hà Nội</edXML:Place><edXML:PromulgationDate>2026/11/22</edXML:PromulgationDate></edXML:PromulgationInfo>
        <edXML:DocumentType><edXML:Type>2</edXML:Type><edXML:TypeName>Công văn</edXML:TypeName></edXML:DocumentType>
        <edXML:Subject>{subject}</edXML:Subject>
        <edXML:OtherInfo><edXML:Priority>{priority}</edXML:Priority></edXML:OtherInfo>
      </edXML:MessageHeader>
      <edXML:TraceHeaderList>
        <edXML:TraceHeader><edXML:OrganId>{from}</edXML:OrganId><edXML:Timestamp>2026/11/22 08:00:00</edXML:Timestamp></edXML:TraceHeader>
        <edXML:Bussiness><edXML:BussinessDocType>{business}</edXML:BussinessDocType></edXML:Bussiness>
      </edXML:TraceHeaderList>
    </edXML:edXMLHeader>
    <edXML:edXMLBody><edXML:edXMLManifest version="1.0"><edXML:Reference><edXML:ContentId>cid:1</edXML:ContentId><edXML:AttachmentName>vb.txt</edXML:AttachmentName></edXML:Reference></edXML:edXMLManifest></edXML:edXMLBody>
  </edXML:edXMLEnvelope>
  <AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>vb.txt</AttachmentName><ContentTransferEncoded>{file}</ContentTransferEncoded></Attachment></AttachmentEncoded>
</edXML>
"#
        )
    }
}

/// A status message about the default document.
pub fn status(from: &str, to: &str, code: &str, reason: &str, stamp: &str) -> String {
    status_about(from, to, code, reason, stamp, "G22,2026/11/22,1234/VPCP-TH")
}

pub fn status_about(from: &str, to: &str, code: &str, reason: &str, stamp: &str, document: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016">
  <edXML:edXMLEnvelope xmlns:edXML="http://www.mic.gov.vn/TBT/QCVN_102_2016">
    <edXML:edXMLHeader><edXML:MessageHeader>
      <edXML:From><edXML:OrganId>{from}</edXML:OrganId></edXML:From>
      <edXML:ResponseFor><edXML:OrganId>{to}</edXML:OrganId><edXML:Code>1234/VPCP-TH</edXML:Code><edXML:PromulgationDate>2026/11/22</edXML:PromulgationDate><edXML:DocumentId>{document}</edXML:DocumentId></edXML:ResponseFor>
      <edXML:StaffInfo><edXML:Department>Văn thư</edXML:Department><edXML:Staff>Nguyễn Văn Mẫu</edXML:Staff></edXML:StaffInfo>
      <edXML:StatusCode>{code}</edXML:StatusCode><edXML:Description>{reason}</edXML:Description>
      <edXML:Timestamp>{stamp}</edXML:Timestamp>
    </edXML:MessageHeader></edXML:edXMLHeader>
  </edXML:edXMLEnvelope>
</edXML>
"#
    )
}
