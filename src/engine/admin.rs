//! The operator's acts: directory and access. Each is an entry of the trail.

use std::sync::Arc;

use ring::rand::{SecureRandom, SystemRandom};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::api::{AccessRequest, AccessView, Agency, CallerView, CertificateEnd, Policy, Role, Scope};
use crate::delivery::standing::Caller;
use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::engine::hub::Hub;
use crate::engine::trust::kept;
use crate::hub::decide::Command;
use crate::hub::keys;
use crate::hub::register::{AcceptedClock, Access, Directory};
use crate::hub::rows::{AccessRow, AgencyRow, decode, text_id};
use crate::signature::SignerInfo;
use crate::trust::End;
use crate::trust::inventory::days_left;
use crate::trust::registration::{CertificateRule, Registration};

/// Longest name of an agency, octets.
const NAME_MAX: usize = 500;
/// Most certificates and agencies of one request.
const REQUEST_MAX: usize = 1_000;

impl Hub {
    /// Whoever can open the data folder is its operator: what `truc init` acts as.
    #[must_use]
    pub fn operator_of_folder() -> Caller {
        let access = AccessRow {
            role: Role::Operator,
            agencies: Vec::new(),
            policy: Policy::default(),
            client_certificates: Vec::new(),
            tokens: Vec::new(),
            signers: Vec::new(),
            closed: false,
        };
        Caller { system: "folder".into(), access: Arc::new(access) }
    }

    /// What the hub knows of a caller; with its signing certificates that end soon.
    #[must_use]
    pub fn caller_view(&self, caller: &Caller) -> CallerView {
        let now = self.now();
        let is_own = |info: &SignerInfo| caller.access.signers.iter().any(|line| line.certificate.matches(info));
        let ending = self.trust().signers_near_end(now).into_iter().filter(|info| is_own(info));
        let end = |info: Arc<SignerInfo>| CertificateEnd {
            sha256: info.sha256,
            subject: info.subject.clone(),
            not_after: info.not_after,
            days_left: days_left(info.not_after, now),
        };
        CallerView { certificates_near_end: ending.map(end).collect(), ..caller.view() }
    }

    /// What of the trust store will end, the first to end first.
    #[must_use]
    pub fn trust_ends(&self) -> Vec<End> {
        self.trust().ends(self.now())
    }

    /// The operator says that the clock is right, although the trail is ahead of it or long behind: intake goes on, and
    /// the act is an entry. Times in the trail still never go back.
    ///
    /// # Errors
    /// `not_allowed` for others than operators.
    pub async fn accept_clock(&self, caller: &Caller) -> Result<(), Refusal> {
        caller.needs(&[Role::Operator])?;
        let by = caller.system.as_ref().to_owned();
        let accepted = AcceptedClock { by, clock: self.now() };
        self.commit(Command::AcceptClock(accepted)).await.map(|_| ())
    }

    /// The directory.
    ///
    /// # Errors
    /// `storage_failed`.
    pub fn agencies(&self, _caller: &Caller) -> Result<Vec<Agency>, Refusal> {
        self.read(|rows| {
            Ok(rows.under(&keys::agency_prefix(), |rest, value| {
                let AgencyRow { name, closed } = decode(value)?;
                Ok(Agency { code: text_id(rest)?, name, closed })
            })?)
        })
    }

    /// Puts an agency into the directory, renames or closes it.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `bad_request`.
    pub async fn put_agency(&self, caller: &Caller, agency: Agency) -> Result<Agency, Refusal> {
        caller.needs(&[Role::Operator])?;
        if agency.name.trim().is_empty() || agency.name.len() > NAME_MAX {
            return Err(Refusal::new(Code::BadRequest, "name: 1 to 500 octets"));
        }
        let by = caller.system.as_ref().to_owned();
        self.commit(Command::Directory(Directory { by, agency: agency.clone() })).await?;
        Ok(agency)
    }

    /// All accesses.
    ///
    /// # Errors
    /// `not_allowed` for others than operators.
    pub fn accesses(&self, caller: &Caller) -> Result<Vec<AccessView>, Refusal> {
        caller.needs(&[Role::Operator])?;
        self.read(|rows| {
            Ok(rows.under(&keys::access_prefix(), |rest, value| {
                let name = rest.split(|octet| *octet == 0).next().unwrap_or_default();
                Ok(view(&String::from_utf8_lossy(name), &decode(value)?))
            })?)
        })
    }

    /// Gives, changes or takes away an access. A new token is shown in this answer and never again.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `bad_request`.
    pub async fn put_access(&self, caller: &Caller, request: AccessRequest) -> Result<AccessView, Refusal> {
        caller.needs(&[Role::Operator])?;
        let by = caller.system.as_ref().to_owned();
        check(&request)?;
        let token = if request.token { Some(new_token()?) } else { None };
        let pinned = certificates("client_certificates", &request.client_certificates)?;
        let signing = certificates("signing_certificates", &request.signing_certificates)?;
        let signers = self.signers(&request.agencies, &signing);
        let access = Access {
            by,
            system: request.system.clone(),
            role: request.role,
            agencies: request.agencies,
            policy: request.policy,
            client_certificates: pinned.iter().map(|der| Digest::of(der)).collect(),
            new_token: token.as_ref().map(|token| Digest::of(token.as_bytes())),
            signers,
            certificates: signing.iter().cloned().map(kept).collect(),
            closed: request.closed,
        };
        self.commit(Command::Access(Box::new(access))).await?;
        if !request.closed {
            self.take_over(&signing);
        }
        let row = self.read(|rows| Ok(rows.access(&request.system)?))?;
        let row = row.ok_or_else(|| Refusal::new(Code::StorageFailed, "the access cannot be read back"))?;
        Ok(AccessView { new_token: token, ..view(&request.system, &row) })
    }

    /// What ends of them is told from now on.
    fn take_over(&self, certificates: &[Vec<u8>]) {
        for info in certificates.iter().filter_map(|der| SignerInfo::from_certificate(der).ok()) {
            self.trust().add_registered(Arc::new(info));
        }
    }

    /// One line of the register for each certificate and agency, from now on.
    fn signers(&self, agencies: &[Scope], certificates: &[Vec<u8>]) -> Vec<Registration> {
        let from = self.now();
        let digests = certificates.iter().map(|der| Digest::of(der));
        let lines = digests.flat_map(|sha256| agencies.iter().map(move |scope| (sha256, scope)));
        lines.map(|(sha256, scope)| line(sha256, scope, from)).collect()
    }
}

fn line(sha256: Digest, scope: &Scope, from: Timestamp) -> Registration {
    Registration {
        agency: scope.code.clone(),
        subtree: scope.subtree,
        certificate: CertificateRule::BySha256(sha256),
        from,
        until: None,
    }
}

fn check(request: &AccessRequest) -> Result<(), Refusal> {
    let named = (1..=64).contains(&request.system.len())
        && request
            .system
            .bytes()
            .all(|octet| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b".-".contains(&octet));
    if !named {
        return Err(Refusal::new(Code::BadRequest, "system: 1 to 64 of a-z, 0-9, '.', '-'"));
    }
    let sizes = [request.agencies.len(), request.client_certificates.len(), request.signing_certificates.len()];
    if sizes.into_iter().any(|size| size > REQUEST_MAX) {
        return Err(Refusal::new(Code::BadRequest, format!("at most {REQUEST_MAX} agencies or certificates")));
    }
    Ok(())
}

fn certificates(field: &'static str, pems: &[String]) -> Result<Vec<Vec<u8>>, Refusal> {
    let der = |pem: &String| CertificateDer::from_pem_slice(pem.as_bytes()).map(|der| der.to_vec());
    let ders: Result<_, _> = pems.iter().map(der).collect();
    ders.map_err(|_| Refusal::new(Code::BadRequest, format!("{field}: not a certificate in PEM")))
}

/// 256 random bits, in hexadecimal.
fn new_token() -> Result<String, Refusal> {
    let mut octets = [0; 32];
    SystemRandom::new()
        .fill(&mut octets)
        .map_err(|_| Refusal::new(Code::TryLater, "the operating system gives no randomness"))?;
    Ok(format!("truc_{}", hex::encode(octets)))
}

fn view(system: &str, row: &AccessRow) -> AccessView {
    AccessView {
        system: system.to_owned(),
        role: row.role,
        agencies: row.agencies.clone(),
        policy: row.policy,
        client_certificates: row.client_certificates.clone(),
        tokens: u8::try_from(row.tokens.len()).unwrap_or(u8::MAX),
        closed: row.closed,
        new_token: None,
    }
}
