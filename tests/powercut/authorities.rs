//! Authorities whose CRLs come late. Each has certified one signer of one agency; until its CRL is there, what that signer
//! sends is held. Half of the CRLs release it, half say that the certificate was revoked before.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use truc::api::{AccessRequest, Policy, Role, Scope};
use truc::clock::{Clock as _, SystemClock};
use truc::config::DataFolder;
use truc::domain::{OrganId, Timestamp};
use truc::signature::SigningKey;
use truc::trust::pki::{Authority, CrlPlan, Key, Profile, RevocationReason, Revoked, Subject, Validity};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use crate::people::Who;
use crate::trouble::Done;

/// How many there are: as many generations of ends as a data folder sees, about.
const COUNT: usize = 8;
const HOUR_MS: i64 = 3_600_000;
const YEAR_MS: i64 = 365 * 24 * HOUR_MS;

/// An authority's place among the late ones.
pub(crate) type Late = usize;

/// One of them, with its only signer.
pub(crate) struct Authorities(Vec<Made>);

struct Made {
    agency: Who,
    is_revoked: bool,
    root: Vec<u8>,
    crl: Vec<u8>,
    key: SigningKey,
    certificate: Vec<u8>,
}

impl Authorities {
    /// All of them, for so many agencies. Their roots are trusted from now on; their CRLs are nowhere yet.
    pub(crate) fn make(data: &DataFolder, agencies: usize) -> Done<Self> {
        let made = (0..COUNT).map(|late| Made::new(late, late % agencies)).collect::<Done<Vec<_>>>()?;
        for (late, made) in made.iter().enumerate() {
            std::fs::write(data.roots().join(format!("late-{late}.crt")), pem(&made.root))?;
        }
        Ok(Self(made))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn agency(&self, late: Late) -> Who {
        self.0[late].agency
    }

    pub(crate) fn is_revoked(&self, late: Late) -> bool {
        self.0[late].is_revoked
    }

    pub(crate) fn signer(&self, late: Late) -> (&SigningKey, &[u8]) {
        (&self.0[late].key, &self.0[late].certificate)
    }

    /// The access that registers the late signers of an agency.
    pub(crate) fn access(&self, agency: Who, code: &OrganId) -> AccessRequest {
        let own = self.0.iter().filter(|made| made.agency == agency);
        AccessRequest {
            system: format!("late-{agency}"),
            role: Role::System,
            agencies: vec![Scope { code: code.clone(), subtree: false }],
            policy: Policy::Envelope,
            client_certificates: Vec::new(),
            token: false,
            signing_certificates: own.map(|made| pem(&made.certificate)).collect(),
            closed: false,
        }
    }

    /// Its CRL is there, durably, from now on; perhaps it was before.
    pub(crate) fn publish(&self, late: Late, data: &Path) -> Done<()> {
        let folder = DataFolder::new(data).crl();
        let (name, draft) = (folder.join(format!("late-{late}.crl")), folder.join(format!(".late-{late}")));
        if std::fs::read(&name).is_ok_and(|crl| crl == self.0[late].crl) {
            return Ok(());
        }
        put(&draft, &name, &self.0[late].crl)?;
        Ok(File::open(&folder)?.sync_all()?)
    }
}

fn put(draft: &PathBuf, name: &PathBuf, bytes: &[u8]) -> Done<()> {
    let mut file = File::create(draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    Ok(std::fs::rename(draft, name)?)
}

impl Made {
    fn new(late: Late, agency: Who) -> Done<Self> {
        let now = SystemClock.now();
        let validity = Validity { from: after(now, -YEAR_MS), until: after(now, YEAR_MS) };
        let authority = Authority::root(&Subject::named(&format!("CA muộn {late}")), validity, Key::generate()?)?;
        let key = Key::generate()?;
        let subject = Subject::named(&format!("Hệ thống {late}"));
        let certificate = authority.issue(&Profile::system(), &subject, validity, &key)?.to_vec();
        // Both kinds for every agency.
        let is_revoked = (late / 4 + late) % 2 == 1;
        let plan = CrlPlan {
            number: 1,
            this_update: after(now, -HOUR_MS),
            next_update: after(now, YEAR_MS),
            revoked: if is_revoked { vec![revoked(&certificate, after(now, -HOUR_MS))?] } else { Vec::new() },
        };
        let (root, crl) = (authority.certificate().to_vec(), authority.crl(&plan)?);
        let key = SigningKey::from_pem(key.to_pkcs8_pem().as_bytes())?;
        Ok(Self { agency, is_revoked, root, crl, key, certificate })
    }
}

fn revoked(certificate: &[u8], at: Timestamp) -> Done<Revoked> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let reason = Some(RevocationReason::KeyCompromise);
    Ok(Revoked { serial: certificate.serial.to_bytes_be(), at, reason, invalid_since: None })
}

fn after(time: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(time.as_millis() + millis)
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
