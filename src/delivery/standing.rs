//! Law 9: nobody sees what is not theirs. What a caller is to a message decides what it sees of it.

use std::sync::Arc;

use crate::api::{CallerView, Role};
use crate::domain::{Code, MessageId, OrganId, Refusal};
use crate::hub::rows::{AccessRow, DeliveryRow, MessageBody, MessageRow, Rows};
use crate::hub::scope::covers;
use crate::index::IndexError;

/// An authenticated caller. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Name of its access.
    pub system: Arc<str>,
    /// What it may do.
    pub access: Arc<AccessRow>,
}

/// What a caller is to a message.
#[derive(Debug)]
pub struct Standing {
    /// The message.
    pub message: MessageRow,
    /// Whether the caller speaks for the sender (of a status: for who reports).
    pub is_sender: bool,
    /// The deliveries at agencies that the caller speaks for. For the sender of a document: all of them.
    pub deliveries: Vec<(OrganId, DeliveryRow)>,
}

impl Caller {
    /// As shown to itself, without what only the trust store knows.
    #[must_use]
    pub fn view(&self) -> CallerView {
        CallerView {
            system: self.system.as_ref().to_owned(),
            role: self.access.role,
            agencies: self.access.agencies.clone(),
            policy: self.access.policy,
            certificates_near_end: Vec::new(),
        }
    }

    /// Whether it speaks for `agency`.
    #[must_use]
    pub fn speaks_for(&self, agency: &OrganId) -> bool {
        self.access.agencies.iter().any(|scope| covers(scope, agency))
    }

    /// The agency meant by a call: the one named, or the only one it speaks for.
    ///
    /// # Errors
    /// `not_found` for an agency that is not its own; `bad_request` where one must be named.
    pub fn agency(&self, named: Option<&OrganId>) -> Result<OrganId, Refusal> {
        match (named, self.access.agencies.as_slice()) {
            (Some(agency), _) if self.speaks_for(agency) => Ok(agency.clone()),
            (Some(_), _) => Err(Refusal::new(Code::NotFound, "the caller does not speak for that agency")),
            (None, [only]) => Ok(only.code.clone()),
            (None, _) => Err(Refusal::new(Code::BadRequest, "name the agency: the caller speaks for several or none")),
        }
    }

    /// Asks for a role.
    ///
    /// # Errors
    /// `not_allowed`.
    pub fn needs(&self, roles: &[Role]) -> Result<(), Refusal> {
        if roles.contains(&self.access.role) {
            return Ok(());
        }
        Err(Refusal::new(Code::NotAllowed, format!("needs one of the roles {roles:?}")))
    }

    /// What it is to a message.
    ///
    /// # Errors
    /// `not_found` when it is nothing to it, or there is no such message.
    pub fn standing(&self, rows: &Rows<'_>, id: MessageId) -> Result<Standing, Refusal> {
        let message = rows.message(id)?.ok_or_else(nothing)?;
        let is_sender = self.speaks_for(&message.from);
        let deliveries = match &message.body {
            MessageBody::Document(_) if is_sender => rows.deliveries(id)?,
            MessageBody::Document(_) => self.own_deliveries(rows, id)?,
            MessageBody::Status { to, .. } => {
                let is_party = is_sender || self.speaks_for(to);
                return is_party.then_some(Standing { message, is_sender, deliveries: Vec::new() }).ok_or_else(nothing);
            }
        };
        if is_sender || !deliveries.is_empty() {
            return Ok(Standing { message, is_sender, deliveries });
        }
        Err(nothing())
    }

    /// Its own among the deliveries of a message: a look-up each where its codes are plain, a scan for subtrees.
    fn own_deliveries(&self, rows: &Rows<'_>, id: MessageId) -> Result<Vec<(OrganId, DeliveryRow)>, IndexError> {
        if self.access.agencies.iter().any(|scope| scope.subtree) {
            let all = rows.deliveries(id)?;
            return Ok(all.into_iter().filter(|(to, _)| self.speaks_for(to)).collect());
        }
        let mut own = Vec::new();
        for scope in &self.access.agencies {
            if let Some(delivery) = rows.delivery(id, &scope.code)? {
                own.push((scope.code.clone(), delivery));
            }
        }
        Ok(own)
    }
}

fn nothing() -> Refusal {
    Refusal::new(Code::NotFound, "no such message for this caller")
}
