//! The acts of the operator and of the hub itself: opening, directory, access, refusals. Each is an entry.

use crate::api::{Agency, Policy, Role, Scope};
use crate::domain::{Code, Digest, OrganId, Refusal, Timestamp};
use crate::hub::decide::{Answer, Decision, Draft};
use crate::hub::entry::Event;
use crate::hub::rows::Rows;
use crate::hub::submit::{KeptMaterial, missing};
use crate::trust::Registration;

/// The first entry of an epoch.
#[derive(Debug)]
pub struct Opening {
    /// Origin of the log.
    pub origin: String,
    /// Verifier key of the log.
    pub verifier_key: String,
    /// Version of the software.
    pub software: String,
}

/// A change of the directory.
#[derive(Debug)]
pub struct Directory {
    /// Who does it.
    pub by: String,
    /// The agency as it shall stand.
    pub agency: Agency,
}

/// A change of an access: it replaces what stood before.
#[derive(Debug)]
pub struct Access {
    /// Who does it.
    pub by: String,
    /// Name of the access.
    pub system: String,
    /// Role.
    pub role: Role,
    /// Agencies.
    pub agencies: Vec<Scope>,
    /// Policy.
    pub policy: Policy,
    /// Pinned TLS client certificates.
    pub client_certificates: Vec<Digest>,
    /// Digest of a new token: the newest token before stays valid beside it.
    pub new_token: Option<Digest>,
    /// Signing registrations.
    pub signers: Vec<Registration>,
    /// Their certificates, kept so that their end can be told before they have signed anything.
    pub certificates: Vec<KeptMaterial>,
    /// Whether all access is taken away.
    pub closed: bool,
}

/// A refusal of an authenticated caller.
#[derive(Debug)]
pub struct RefusedCall {
    /// Name of the access.
    pub by: String,
    /// The agency it speaks for, if it is one.
    pub agency: Option<OrganId>,
    /// Why.
    pub code: Code,
    /// Element path.
    pub path: String,
    /// Octets received.
    pub size: u64,
    /// How many were not written.
    pub unwritten: u64,
}

/// The operator's word that the clock is right, although the trail is ahead of it or long behind.
#[derive(Debug)]
pub struct AcceptedClock {
    /// Who says so.
    pub by: String,
    /// What the clock says.
    pub clock: Timestamp,
}

impl AcceptedClock {
    /// Always an entry.
    #[must_use]
    pub fn decide(&self) -> Decision {
        one(Draft::new(Vec::new(), Event::Clock { clock: self.clock, by: Some(self.by.clone()) }))
    }
}

impl Opening {
    /// Only an empty trail is opened.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        if rows.head()?.next != 0 {
            return Err(Refusal::new(Code::BadRequest, "the trail is open already"));
        }
        Ok(one(Draft::new(
            Vec::new(),
            Event::Opened {
                origin: self.origin.clone(),
                verifier_key: self.verifier_key.clone(),
                software: self.software.clone(),
            },
        )))
    }
}

impl Directory {
    /// The same again is nothing.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        let Agency { code, name, closed } = &self.agency;
        if rows.agency(code)?.is_some_and(|row| row.name == *name && row.closed == *closed) {
            return Ok(Decision::Nothing);
        }
        let event = Event::Agency { agency: code.clone(), name: name.clone(), closed: *closed, by: self.by.clone() };
        Ok(one(Draft::new(vec![code.clone()], event)))
    }
}

impl Access {
    /// Agencies must stand in the directory; a credential belongs to one access.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        for scope in &self.agencies {
            if rows.agency(&scope.code)?.is_none() {
                return Err(Refusal::new(Code::BadRequest, "an agency of the access is not in the directory"));
            }
        }
        for digest in &self.client_certificates {
            let owner: Option<String> = rows.row(&crate::hub::keys::credential(digest))?;
            if owner.is_some_and(|owner| owner != self.system) {
                return Err(Refusal::new(Code::BadRequest, "a client certificate is pinned to another access"));
            }
        }
        let kept = missing(rows, &self.certificates)?.into_iter().filter_map(|index| self.certificates.get(index));
        let mut drafts: Vec<Draft> = kept.map(KeptMaterial::draft).collect();
        let answer_at = drafts.len();
        drafts.push(Draft::new(Vec::new(), self.event(rows)?));
        Ok(Decision::New { drafts, answer_at, answer: Answer { message: None, effect: None, seq: None } })
    }

    fn event(&self, rows: &Rows<'_>) -> Result<Event, Refusal> {
        let before = rows.access(&self.system)?.map(|row| row.tokens).unwrap_or_default();
        let tokens = if self.new_token.is_some() {
            self.new_token.into_iter().chain(before.into_iter().take(1)).collect()
        } else {
            before
        };
        Ok(Event::Access {
            system: self.system.clone(),
            role: self.role,
            agencies: self.agencies.clone(),
            policy: self.policy,
            client_certificates: self.client_certificates.clone(),
            tokens,
            signers: self.signers.clone(),
            closed: self.closed,
            by: self.by.clone(),
        })
    }
}

impl RefusedCall {
    /// Always an entry; the engine limits the rate.
    #[must_use]
    pub fn decide(&self) -> Decision {
        let event = Event::Refused {
            code: self.code,
            path: self.path.clone(),
            size: self.size,
            by: self.by.clone(),
            unwritten: self.unwritten,
        };
        one(Draft::new(self.agency.clone().into_iter().collect(), event))
    }
}

fn one(draft: Draft) -> Decision {
    Decision::New { drafts: vec![draft], answer_at: 0, answer: Answer { message: None, effect: None, seq: None } }
}
