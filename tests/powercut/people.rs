//! The agencies of the demo: who calls, and what they write.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use truc::client::{Client, Profile};
use truc::config::DataFolder;
use truc::domain::{Digest, DocumentId, MessageId, OrganId, StatusCode};
use truc::edxml::signature_profile;
use truc::signature::{SigningKey, SigningOptions, sign};

use crate::authorities::{Authorities, Late};
use crate::trouble::Done;

/// The systems that `truc init --demo` makes.
const NAMES: [&str; 4] = ["vpcp", "nghean", "caobang", "haiphong"];

/// An agency's place in [`People`].
pub(crate) type Who = usize;

/// An agency with its software: how it calls, and how it signs.
pub(crate) struct Agency {
    pub(crate) code: OrganId,
    profile: Profile,
    key: SigningKey,
    certificates: Vec<Vec<u8>>,
}

/// All of them, and the operator of the hub.
pub(crate) struct People {
    agencies: Vec<Agency>,
    operator: Profile,
    pub(crate) late: Authorities,
}

/// The signer of a letter of whom nothing is known yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signer {
    pub(crate) late: Late,
    pub(crate) is_revoked: bool,
}

/// A document message as it was signed: sent as often as needed, always the same bytes.
pub(crate) struct Letter {
    pub(crate) from: Who,
    pub(crate) to: Vec<Who>,
    pub(crate) document: DocumentId,
    /// The document that it revokes.
    pub(crate) revokes: Option<MessageId>,
    /// Nothing for the agency's usual signer.
    pub(crate) signer: Option<Signer>,
    pub(crate) sha256: Digest,
    pub(crate) bytes: Bytes,
}

/// A status message as it was signed.
pub(crate) struct Note {
    pub(crate) from: Who,
    pub(crate) to: Who,
    /// The delivery that it speaks of.
    pub(crate) about: (MessageId, Who),
    pub(crate) code: StatusCode,
    pub(crate) sha256: Digest,
    pub(crate) bytes: Bytes,
}

impl People {
    /// From a data folder; what they need is copied out of it into `folder`.
    pub(crate) fn of(data: &Path, folder: &Path) -> Done<Self> {
        for part in ["access", "keys/tls", "test-pki/agencies"] {
            copy(&data.join(part), &folder.join(part))?;
        }
        let agencies = NAMES.iter().map(|name| Agency::read(folder, name)).collect::<Done<_>>()?;
        let late = Authorities::make(&DataFolder::new(data), NAMES.len())?;
        Ok(Self { agencies, operator: Profile::read(&folder.join("access/operator.toml"))?, late })
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (Who, &Agency)> {
        self.agencies.iter().enumerate()
    }

    pub(crate) fn count(&self) -> usize {
        self.agencies.len()
    }

    pub(crate) fn agency(&self, who: Who) -> &Agency {
        &self.agencies[who]
    }

    pub(crate) fn who(&self, code: &OrganId) -> Option<Who> {
        self.agencies.iter().position(|agency| agency.code == *code)
    }

    /// A client each, for a hub at this address; the operator's is the last.
    pub(crate) fn clients(&self, address: &str) -> Done<Arc<Vec<Client>>> {
        let profiles = self.agencies.iter().map(|agency| &agency.profile).chain([&self.operator]);
        let clients = profiles.map(|profile| {
            let profile = Profile { hub: address.to_owned(), ..profile.clone() };
            Ok(Client::new(&profile)?)
        });
        clients.collect::<Done<_>>().map(Arc::new)
    }

    /// Writes and signs a document, perhaps by a late signer. `number` is used once.
    pub(crate) fn letter(
        &self,
        (from, to): (Who, Vec<Who>),
        late: Option<Late>,
        number: &str,
        file: &[u8],
    ) -> Done<Letter> {
        let document = format!("{},2026/11/22,{number}/PC", self.agency(from).code).parse()?;
        self.signed_letter(Content { from, to, document, revokes: None, late, number, file })
    }

    /// Writes and signs the revocation (business type 1) of a letter, to everyone who has it.
    pub(crate) fn revocation(&self, of: MessageId, letter: &Letter, number: &str) -> Done<Letter> {
        let (to, document) = (letter.to.clone(), letter.document.clone());
        let (from, revokes, late) = (letter.from, Some(of), None);
        self.signed_letter(Content { from, to, document, revokes, late, number, file: b"revoked" })
    }

    fn signed_letter(&self, content: Content<'_>) -> Done<Letter> {
        let text = self.document_text(&content);
        let bytes = match content.late.map(|late| self.late.signer(late)) {
            None => self.agency(content.from).sign(&text)?,
            Some((key, certificate)) => signed(&text, key, &[certificate.to_vec()])?,
        };
        let signer = content.late.map(|late| Signer { late, is_revoked: self.late.is_revoked(late) });
        let Content { from, to, document, revokes, .. } = content;
        Ok(Letter { from, to, document, revokes, signer, sha256: Digest::of(&bytes), bytes })
    }

    /// Writes and signs a status about a letter at a recipient.
    pub(crate) fn note(
        &self,
        (message, letter): (MessageId, &Letter),
        recipient: Who,
        code: StatusCode,
        number: &str,
    ) -> Done<Note> {
        let (from, to) = if code.is_from_sender() { (letter.from, recipient) } else { (recipient, letter.from) };
        let text = self.status_text(from, to, letter, code, number);
        let bytes = self.agency(from).sign(&text)?;
        Ok(Note { from, to, about: (message, recipient), code, sha256: Digest::of(&bytes), bytes })
    }

    fn document_text(&self, content: &Content<'_>) -> String {
        let Content { from, to, document, revokes, number, file, .. } = content;
        let from = &self.agency(*from).code;
        let to = to.iter().map(|to| format!("<e:To><e:OrganId>{}</e:OrganId></e:To>", self.agency(*to).code));
        let (to, business) = (to.collect::<String>(), u8::from(revokes.is_some()));
        let file = STANDARD.encode(file);
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><e:edXMLEnvelope xmlns:e="http://www.mic.gov.vn/TBT/QCVN_102_2016">
<e:edXMLHeader><e:MessageHeader><e:From><e:OrganId>{from}</e:OrganId></e:From>{to}
<e:DocumentId>{document}</e:DocumentId>
<e:Code><e:CodeNumber>{number}</e:CodeNumber><e:CodeNotation>PC</e:CodeNotation></e:Code>
<e:PromulgationInfo><e:Place>Hà Nội</e:Place><e:PromulgationDate>2026/11/22</e:PromulgationDate></e:PromulgationInfo>
<e:DocumentType><e:Type>2</e:Type><e:TypeName>Công văn</e:TypeName></e:DocumentType>
<e:Subject>V/v thử cắt điện số {number}</e:Subject><e:OtherInfo><e:Priority>0</e:Priority></e:OtherInfo></e:MessageHeader>
<e:TraceHeaderList><e:TraceHeader><e:OrganId>{from}</e:OrganId><e:Timestamp>2026/11/22 08:00:00</e:Timestamp></e:TraceHeader>
<e:Bussiness><e:BussinessDocType>{business}</e:BussinessDocType></e:Bussiness></e:TraceHeaderList></e:edXMLHeader>
<e:edXMLBody><e:edXMLManifest version="1.0"><e:Reference><e:ContentId>cid:1</e:ContentId><e:AttachmentName>vb.txt</e:AttachmentName></e:Reference></e:edXMLManifest></e:edXMLBody>
</e:edXMLEnvelope><AttachmentEncoded><Attachment><ContentId>cid:1</ContentId><AttachmentName>vb.txt</AttachmentName><ContentTransferEncoded>{file}</ContentTransferEncoded></Attachment></AttachmentEncoded></edXML>
"#
        )
    }

    fn status_text(&self, from: Who, to: Who, letter: &Letter, code: StatusCode, number: &str) -> String {
        let (from, to, document) = (&self.agency(from).code, &self.agency(to).code, &letter.document);
        let printed = document.as_str().rsplit(',').next().unwrap_or_default();
        format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<edXML xmlns="http://www.mic.gov.vn/TBT/QCVN_102_2016"><e:edXMLEnvelope xmlns:e="http://www.mic.gov.vn/TBT/QCVN_102_2016">
<e:edXMLHeader><e:MessageHeader><e:From><e:OrganId>{from}</e:OrganId></e:From>
<e:ResponseFor><e:OrganId>{to}</e:OrganId><e:Code>{printed}</e:Code><e:PromulgationDate>2026/11/22</e:PromulgationDate><e:DocumentId>{document}</e:DocumentId></e:ResponseFor>
<e:StaffInfo><e:Department>Văn thư</e:Department><e:Staff>Nguyễn Văn Mẫu</e:Staff></e:StaffInfo>
<e:StatusCode>{code}</e:StatusCode><e:Description>Lý do {number}</e:Description><e:Timestamp>2026/11/22 09:00:00</e:Timestamp>
</e:MessageHeader></e:edXMLHeader></e:edXMLEnvelope></edXML>
"#
        )
    }
}

/// What is written into a document.
struct Content<'a> {
    from: Who,
    to: Vec<Who>,
    document: DocumentId,
    revokes: Option<MessageId>,
    late: Option<Late>,
    number: &'a str,
    file: &'a [u8],
}

impl Agency {
    fn read(folder: &Path, name: &str) -> Done<Self> {
        let profile = Profile::read(&folder.join("access").join(format!("{name}.toml")))?;
        let signer = folder.join("test-pki/agencies").join(name);
        let certificate = std::fs::read(signer.with_extension("crt"))?;
        let certificates = CertificateDer::pem_slice_iter(&certificate).collect::<Result<Vec<_>, _>>();
        Ok(Self {
            code: profile.agency.clone().ok_or("a profile of the demo names its agency")?,
            profile,
            key: SigningKey::from_pem(&std::fs::read(signer.with_extension("key"))?)?,
            certificates: certificates?.iter().map(|certificate| certificate.to_vec()).collect(),
        })
    }

    fn sign(&self, text: &str) -> Done<Bytes> {
        signed(text, &self.key, &self.certificates)
    }
}

fn signed(text: &str, key: &SigningKey, certificates: &[Vec<u8>]) -> Done<Bytes> {
    let signed = sign(text.as_bytes(), &signature_profile(), key, certificates, SigningOptions::default());
    Ok(signed.map_err(|refusal| refusal.to_string())?.into())
}

fn copy(from: &Path, to: &Path) -> Done<()> {
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let file = file?;
        if file.file_type()?.is_file() {
            std::fs::copy(file.path(), to.join(file.file_name()))?;
        }
    }
    Ok(())
}
