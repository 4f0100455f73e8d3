//! A whole infrastructure as files in a folder:
//!
//! ```text
//! ca/{root,sub,outside}.{crt,key}   the hierarchy, and a root that nobody trusts
//! agencies/<file>.{crt,key}         system certificates
//! crl/{root,sub}.crl                one CRL an authority, DER
//! tls/{ca,server,<client>}.{crt,key}
//! ```
//!
//! Certificates and keys are PEM; keys have mode 0600.

use std::fs;
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;

use super::files::{pem, read_authority, replace, write_key, write_public};
use super::reissue::revocation;
use super::{Authority, CrlPlan, Key, PkiError, Profile, Subject, Validity};
use crate::domain::Timestamp;
use crate::trust::Sources;

const DAY_MS: i64 = 86_400_000;
const YEAR_MS: i64 = 365 * DAY_MS;

/// How a system certificate stands at the date of the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Valid for three years.
    Good,
    /// Ended a year ago.
    Expired,
    /// Revoked a day ago, key compromise.
    Revoked,
    /// Issued by a root that stands nowhere in the trust store.
    Outside,
}

/// One agency's system certificate in the plan.
#[derive(Debug)]
pub struct Holder {
    /// File name in `agencies/`, without ending.
    pub file: String,
    /// Whose certificate it is.
    pub subject: Subject,
    /// Good, or one of the bad ones that a test needs.
    pub standing: Standing,
    /// The holder's own key; a new P-256 key where there is none.
    pub key: Option<Key>,
}

/// What is to be made.
#[derive(Debug)]
pub struct Plan {
    /// The date to which everything refers; CRLs are issued at it.
    pub at: Timestamp,
    /// nextUpdate of the CRLs.
    pub crl_until: Timestamp,
    /// System certificates.
    pub holders: Vec<Holder>,
    /// DNS names and addresses of the TLS server certificate: `localhost`, `127.0.0.1`, `::1`.
    pub server_names: Vec<String>,
    /// TLS client certificates: file names in `tls/`, without ending.
    pub clients: Vec<String>,
}

/// Where the files stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    dir: PathBuf,
}

impl Layout {
    /// The layout of an infrastructure in this folder.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Makes everything in the plan. The folder must not hold an infrastructure yet.
    ///
    /// # Errors
    /// When a file stands there already or cannot be written, or a name cannot be certified.
    pub fn create(&self, plan: &Plan) -> Result<(), PkiError> {
        self.create_signers(plan)?;
        self.create_tls(plan)
    }

    fn create_folders(&self, names: &[&str]) -> Result<(), PkiError> {
        for name in names {
            let path = self.dir.join(name);
            fs::create_dir_all(&path).map_err(|source| PkiError::File { path, source })?;
        }
        Ok(())
    }

    /// Adds one more system certificate, by the authority that is there. It puts nothing on a CRL:
    /// [`reissue_crl`](super::reissue_crl) does.
    ///
    /// # Errors
    /// When the files of the name stand there already, or the authority's cannot be read.
    pub fn add_holder(&self, holder: &Holder, at: Timestamp) -> Result<(), PkiError> {
        let issuer = if holder.standing == Standing::Outside { "outside" } else { "sub" };
        self.create_holder(holder, &read_authority(&self.ca(issuer))?, at).map(|_| ())
    }

    /// Adds one more TLS client certificate, by the TLS authority that is there.
    ///
    /// # Errors
    /// As [`add_holder`](Self::add_holder).
    pub fn add_client(&self, file: &str, at: Timestamp) -> Result<(), PkiError> {
        let ca = read_authority(&self.tls_certificate("ca"))?;
        self.create_tls_pair(&ca, file, &Profile::tls_client(), at)
    }

    /// The certificate of an authority: `root`, `sub` or `outside`.
    #[must_use]
    pub fn ca(&self, name: &str) -> PathBuf {
        self.dir.join("ca").join(format!("{name}.crt"))
    }

    /// The system certificate of an agency, by its file name in the plan.
    #[must_use]
    pub fn certificate(&self, file: &str) -> PathBuf {
        self.dir.join("agencies").join(format!("{file}.crt"))
    }

    /// The key of an agency's system certificate.
    #[must_use]
    pub fn key(&self, file: &str) -> PathBuf {
        self.dir.join("agencies").join(format!("{file}.key"))
    }

    /// The CRL of an authority: `root` or `sub`.
    #[must_use]
    pub fn crl(&self, name: &str) -> PathBuf {
        self.dir.join("crl").join(format!("{name}.crl"))
    }

    /// A TLS certificate: `ca`, `server` or a client's file name.
    #[must_use]
    pub fn tls_certificate(&self, file: &str) -> PathBuf {
        self.dir.join("tls").join(format!("{file}.crt"))
    }

    /// The key of a TLS certificate.
    #[must_use]
    pub fn tls_key(&self, file: &str) -> PathBuf {
        self.dir.join("tls").join(format!("{file}.key"))
    }

    /// What a trust store loads from here: root, issuing authority, CRLs.
    #[must_use]
    pub fn sources(&self) -> Sources {
        Sources {
            anchors: vec![self.ca("root")],
            intermediates: vec![self.ca("sub")],
            crls: vec![self.crl("root"), self.crl("sub")],
            ocsp: Vec::new(),
        }
    }

    /// Makes authorities, system certificates and CRLs alone.
    ///
    /// # Errors
    /// As [`Layout::create`].
    pub fn create_signers(&self, plan: &Plan) -> Result<(), PkiError> {
        self.create_folders(&["ca", "agencies", "crl"])?;
        let validity = ca_validity(plan.at);
        let root = Authority::root(&ca_subject("Trục thử nghiệm: CA gốc"), validity, Key::generate()?)?;
        let sub = root.subordinate(&ca_subject("Trục thử nghiệm: CA cấp chứng thư số"), validity, Key::generate()?)?;
        let outside = Authority::root(&ca_subject("CA gốc ngoài hệ thống"), validity, Key::generate()?)?;
        for (name, authority) in [("root", &root), ("sub", &sub), ("outside", &outside)] {
            self.write_pair(&self.ca(name), authority.certificate(), &authority.key_pem())?;
        }
        let mut revoked = Vec::new();
        for holder in &plan.holders {
            let issuer = if holder.standing == Standing::Outside { &outside } else { &sub };
            let certificate = self.create_holder(holder, issuer, plan.at)?;
            if holder.standing == Standing::Revoked {
                revoked.push(revocation(&certificate, before(plan.at, DAY_MS), &self.certificate(&holder.file))?);
            }
        }
        let crl = |revoked| CrlPlan { number: 1, this_update: plan.at, next_update: plan.crl_until, revoked };
        replace(&self.crl("root"), &root.crl(&crl(Vec::new()))?)?;
        replace(&self.crl("sub"), &sub.crl(&crl(revoked))?)
    }

    fn create_holder(
        &self,
        holder: &Holder,
        issuer: &Authority,
        at: Timestamp,
    ) -> Result<CertificateDer<'static>, PkiError> {
        let made;
        let key = if let Some(key) = &holder.key {
            key
        } else {
            made = Key::generate()?;
            &made
        };
        let certificate = issuer.issue(&Profile::system(), &holder.subject, holder.standing.validity(at), key)?;
        self.write_pair(&self.certificate(&holder.file), &certificate, &key.to_pkcs8_pem())?;
        Ok(certificate)
    }

    /// Makes the TLS certificates alone, under an authority of their own.
    ///
    /// # Errors
    /// As [`Layout::create`].
    pub fn create_tls(&self, plan: &Plan) -> Result<(), PkiError> {
        self.create_folders(&["tls"])?;
        let ca = Authority::root(&Subject::named("Trục: CA TLS"), ca_validity(plan.at), Key::generate()?)?;
        self.write_pair(&self.tls_certificate("ca"), ca.certificate(), &ca.key_pem())?;
        let server = Profile::tls_server(&plan.server_names);
        let profiles = plan.clients.iter().map(|client| (client.as_str(), Profile::tls_client()));
        for (file, profile) in std::iter::once(("server", server)).chain(profiles) {
            self.create_tls_pair(&ca, file, &profile, plan.at)?;
        }
        Ok(())
    }

    fn create_tls_pair(&self, ca: &Authority, file: &str, profile: &Profile, at: Timestamp) -> Result<(), PkiError> {
        let key = Key::generate()?;
        let certificate = ca.issue(profile, &Subject::named(file), Standing::Good.validity(at), &key)?;
        self.write_pair(&self.tls_certificate(file), &certificate, &key.to_pkcs8_pem())
    }

    fn write_pair(&self, path: &Path, certificate: &CertificateDer<'_>, key_pem: &str) -> Result<(), PkiError> {
        debug_assert!(path.starts_with(&self.dir), "every file stands in the folder");
        write_key(&path.with_extension("key"), key_pem)?;
        write_public(path, &pem("CERTIFICATE", certificate))
    }
}

impl Standing {
    fn validity(self, at: Timestamp) -> Validity {
        match self {
            Self::Expired => Validity { from: before(at, 4 * YEAR_MS), until: before(at, YEAR_MS) },
            Self::Good | Self::Revoked | Self::Outside => {
                Validity { from: before(at, 30 * DAY_MS), until: after(at, 3 * YEAR_MS) }
            }
        }
    }
}

fn ca_subject(common_name: &str) -> Subject {
    Subject::named(common_name).of("Trục (thử nghiệm, không có giá trị pháp lý)")
}

fn ca_validity(at: Timestamp) -> Validity {
    Validity { from: before(at, 5 * YEAR_MS), until: after(at, 20 * YEAR_MS) }
}

fn before(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_sub(millis))
}

fn after(at: Timestamp, millis: i64) -> Timestamp {
    Timestamp::from_millis(at.as_millis().saturating_add(millis))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use x509_parser::revocation_list::RevokedCertificate;

    use super::*;
    use crate::trust::pki::{RevocationReason, reissue_crl};

    fn plan(at: Timestamp) -> Plan {
        let holder = |file: &str, standing| Holder {
            file: file.to_owned(),
            subject: Subject::named("VĂN PHÒNG CHÍNH PHỦ").of("CHÍNH PHỦ").at("Hà Nội"),
            standing,
            key: None,
        };
        Plan {
            at,
            crl_until: after(at, 7 * DAY_MS),
            holders: vec![holder("g22", Standing::Good), holder("g23", Standing::Revoked)],
            server_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()],
            clients: vec!["g22".to_owned()],
        }
    }

    #[test]
    fn keys_are_for_their_owner_alone_and_nothing_is_written_over() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let at = "2026-11-22T00:00:00Z".parse().unwrap();
        layout.create(&plan(at)).unwrap();
        for key in [layout.key("g22"), layout.tls_key("server"), layout.ca("root").with_extension("key")] {
            assert_eq!(fs::metadata(key).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let before = fs::read(layout.certificate("g22")).unwrap();
        assert!(matches!(layout.create(&plan(at)), Err(PkiError::File { .. })));
        assert_eq!(fs::read(layout.certificate("g22")).unwrap(), before);
    }

    #[test]
    fn the_next_crl_keeps_every_entry_and_counts_on() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let at: Timestamp = "2026-11-22T00:00:00Z".parse().unwrap();
        layout.create(&plan(at)).unwrap();
        let revoke = [(layout.certificate("g22"), RevocationReason::CertificateHold)];
        let later = after(at, DAY_MS);
        assert_eq!(reissue_crl(&layout, "sub", later, after(later, DAY_MS), &revoke).unwrap(), 2);
        assert_eq!(reissue_crl(&layout, "sub", later, after(later, DAY_MS), &[]).unwrap(), 3);
        let bytes = fs::read(layout.crl("sub")).unwrap();
        let (_, crl) = x509_parser::parse_x509_crl(&bytes).unwrap();
        let reasons: Vec<_> =
            crl.iter_revoked_certificates().filter_map(RevokedCertificate::reason_code).map(|r| r.1.0).collect();
        assert_eq!(reasons, [1, 6]);
    }

    #[test]
    fn openssl_reads_what_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        layout.create(&plan("2026-11-22T00:00:00Z".parse().unwrap())).unwrap();
        let verify = std::process::Command::new("openssl")
            .args(["verify", "-attime", "1795305600", "-purpose", "smimesign", "-CAfile"])
            .arg(layout.ca("root"))
            .arg("-untrusted")
            .arg(layout.ca("sub"))
            .arg(layout.certificate("g22"))
            .output();
        match verify {
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr)),
            Err(error) => eprintln!("SKIPPED openssl_reads_what_is_made: openssl: {error}"),
        }
    }
}
