//! Apply: an entry and its contents become rows. Live, in replay and in a simulation it is this one function, so the
//! index rebuilt from the journal equals the one that grew.

mod held;
mod life;
mod trust;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::domain::{
    BusinessType, DeliveryState, Digest, DocumentId, MessageId, OrganId, Priority, StatusCode, Timestamp, next,
    notation,
};
use crate::hub::content::{DocumentHeader, StatusHeader};
use crate::hub::entry::{Entry, Event};
use crate::hub::keys::{self, Key};
use crate::hub::rows::{
    AccessRow, AgencyRow, ChainRow, DeliveryRow, DocumentFields, DocumentRow, EventRow, HeadRow, LastStatus,
    MaterialRow, MessageBody, MessageRow, ROWS_VERSION, Rows, VerdictRow, encode,
};
use crate::hub::scope;
use crate::index::{IndexError, Read, Writes};
use crate::journal::{Body, BodyLocation, Content, ContentKind, Placed};

/// Rows to write, in the order in which an entry asks for them.
struct Rowser<'a> {
    rows: Rows<'a>,
    writes: &'a mut Writes,
}

/// Applies one entry over `view`, which holds everything before it. The rows go into `writes`.
pub fn apply(entry: &Entry, contents: &[Content], view: &dyn Read) -> Result<Writes, IndexError> {
    let mut writes = BTreeMap::new();
    let mut to = Rowser { rows: Rows(view), writes: &mut writes };
    to.put(
        &keys::head(),
        &HeadRow {
            next: entry.seq.saturating_add(1),
            time: entry.time.as_millis(),
            salt: Some(entry.salt.0),
            version: ROWS_VERSION,
        },
    )?;
    to.links(entry)?;
    if let Some(message) = entry.subject() {
        to.trail(message, entry)?;
    }
    to.event(entry, contents)?;
    Ok(writes)
}

/// Rows that say where a record and its bodies stand. Known only after the append. `view` holds the record's own rows.
pub fn place(entries: &[Entry], contents: &[Content], placed: &Placed, view: &dyn Read) -> Result<Writes, IndexError> {
    let mut writes = BTreeMap::new();
    if let Some(first) = entries.first() {
        writes.insert(keys::position(first.seq).into_vec(), Some(encode(&placed.position)?));
    }
    for (content, location) in contents.iter().zip(&placed.bodies).filter(|(it, _)| it.kind == ContentKind::Body) {
        let Some(entry) = entry_of(entries, content) else { continue };
        let Some(message) = message_of(entry) else { continue };
        let doomed = life::doomed_with(&Rows(view), entry.seq, message)?;
        let location = if doomed.is_some() { &BodyLocation::Destroyed } else { location };
        writes.insert(keys::body(message).into_vec(), Some(encode::<BodyLocation>(location)?));
        if let Some(row) = doomed {
            writes.insert(keys::doomed(placed.position.segment, message).into_vec(), Some(encode(&row)?));
        }
    }
    Ok(writes)
}

fn entry_of<'e>(entries: &'e [Entry], content: &Content) -> Option<&'e Entry> {
    entries.get(usize::try_from(content.entry).ok()?)
}

const fn message_of(entry: &Entry) -> Option<MessageId> {
    match &entry.event {
        Event::Accepted { message, .. } | Event::Status { message, .. } | Event::Held { message, .. } => Some(*message),
        _ => None,
    }
}

impl Rowser<'_> {
    fn put<T: Serialize>(&mut self, key: &Key, row: &T) -> Result<(), IndexError> {
        self.writes.insert(key.as_slice().to_vec(), Some(encode(row)?));
        Ok(())
    }

    fn delete(&mut self, key: Key) {
        self.writes.insert(key.into_vec(), None);
    }

    fn links(&mut self, entry: &Entry) -> Result<(), IndexError> {
        for link in &entry.parties {
            self.put(&keys::chain(&link.agency), &ChainRow { n: link.n, last: Some(entry.seq) })?;
            let other =
                entry.parties.iter().find(|party| party.agency != link.agency).map(|party| party.agency.clone());
            self.put(&keys::event(&link.agency, entry.seq), &feed_row(entry, link.n, other))?;
        }
        Ok(())
    }

    /// A message's trail is kept as runs: `accepted` or `hold_released` and its `addressed` entries stand side by side.
    fn trail(&mut self, message: MessageId, entry: &Entry) -> Result<(), IndexError> {
        match &entry.event {
            Event::Accepted { recipients, .. } | Event::HoldReleased { recipients, .. } => {
                self.put(&keys::trail(message, entry.seq), &u64::from(*recipients).saturating_add(1))
            }
            Event::Addressed { .. } => Ok(()),
            _ => self.put(&keys::trail(message, entry.seq), &1u64),
        }
    }

    fn event(&mut self, entry: &Entry, contents: &[Content]) -> Result<(), IndexError> {
        match &entry.event {
            Event::Accepted { .. } => self.accepted(entry, contents),
            Event::Addressed { message, from: _, to, .. } => self.addressed(entry, *message, to),
            Event::Status { .. } => self.status(entry, contents),
            Event::Fetched { message, agency, .. } => {
                self.change(*message, agency, |row| row.fetched = Some(entry.time)).map(|_| ())
            }
            Event::Confirmed { message, agency, .. } => self.confirmed(entry, *message, agency),
            Event::Agency { agency, name, closed, .. } => {
                self.put(&keys::agency(agency), &AgencyRow { name: name.clone(), closed: *closed })
            }
            Event::Access { .. } => self.access(&entry.event),
            Event::Material { sha256, what } => {
                let is_certificate = what == "certificate";
                self.put(&keys::material(sha256), &MaterialRow { seq: entry.seq, is_certificate })
            }
            Event::Block { .. } => self.block(entry, contents),
            Event::Held { .. } => self.held(entry, contents),
            Event::HoldReleased { .. } => self.hold_released(entry),
            Event::TurnedAway { message, code, .. } => self.turned_away(entry, *message, *code),
            Event::Retention(_)
            | Event::Withheld { .. }
            | Event::Released { .. }
            | Event::Destroyed { .. }
            | Event::Erased { .. }
            | Event::Backup { .. } => self.life(entry),
            Event::Opened { verifier_key, .. } => self.epoch(entry, verifier_key, 0),
            Event::Epoch { verifier_key, missing, .. } => self.epoch(entry, verifier_key, *missing),
            Event::Clock { clock, by: Some(_) } => {
                let time = entry.time.as_millis();
                self.put(&keys::clock(), &(time, time.saturating_sub(clock.as_millis())))
            }
            Event::Refused { .. } | Event::Clock { .. } | Event::Spilled { .. } => Ok(()),
        }
    }

    fn accepted(&mut self, entry: &Entry, contents: &[Content]) -> Result<(), IndexError> {
        let Event::Accepted {
            message,
            from,
            document,
            business,
            priority,
            recipients,
            sha256,
            size,
            verdict,
            remarks,
            ..
        } = &entry.event
        else {
            return Ok(());
        };
        let header: Option<DocumentHeader> = read_header(contents);
        let row = MessageRow {
            from: from.clone(),
            sha256: *sha256,
            size: *size,
            seq: entry.seq,
            time: entry.time,
            verdict: VerdictRow::from(verdict),
            remarks: remarks.clone(),
            body: MessageBody::Document(fields(document, (*business, *priority), *recipients, header.as_ref())),
            hold: None,
        };
        self.document_message(*message, &row, header.as_ref())?;
        self.rests_on(*message, &row, verdict)?;
        self.document(*message, &row)
    }

    /// What every document message has, delivered or held.
    fn document_message(
        &mut self,
        message: MessageId,
        row: &MessageRow,
        header: Option<&DocumentHeader>,
    ) -> Result<(), IndexError> {
        self.put(&keys::message(message), row)?;
        self.put(&keys::claim(&row.sha256), &message)?;
        self.put(&keys::outbox(&row.from, row.seq), &message)?;
        for notation in header.iter().filter_map(|header| notation::key(&header.code())) {
            self.put(&keys::notation(&notation, &row.from, message), &())?;
        }
        Ok(())
    }

    fn document(&mut self, message: MessageId, row: &MessageRow) -> Result<(), IndexError> {
        let MessageBody::Document(fields) = &row.body else { return Ok(()) };
        let mut document = self
            .rows
            .document(&row.from, &fields.document)?
            .unwrap_or_else(|| DocumentRow { newest: message, messages: Vec::new() });
        if fields.business != BusinessType::Revoke || self.is_waiting(document.newest)? {
            document.newest = message;
        }
        document.messages.push(message);
        self.put(&keys::document(&row.from, &fields.document), &document)
    }

    fn addressed(&mut self, entry: &Entry, message: MessageId, to: &OrganId) -> Result<(), IndexError> {
        let row = DeliveryRow {
            seq: entry.seq,
            state: DeliveryState::Delivered,
            since: entry.time,
            asked: false,
            fetched: None,
            confirmed: None,
            last: None,
        };
        self.put(&keys::delivery(message, to), &row)?;
        let priority = self.priority(message)?;
        self.put(&keys::inbox(to, priority, entry.seq), &message)
    }

    fn priority(&self, message: MessageId) -> Result<Priority, IndexError> {
        Ok(match self.rows.message(message)?.map(|row| row.body) {
            Some(MessageBody::Document(fields)) => fields.priority,
            _ => Priority::default(),
        })
    }

    fn change(
        &mut self,
        message: MessageId,
        to: &OrganId,
        change: impl FnOnce(&mut DeliveryRow),
    ) -> Result<Option<DeliveryRow>, IndexError> {
        let Some(mut row) = self.rows.delivery(message, to)? else { return Ok(None) };
        change(&mut row);
        self.put(&keys::delivery(message, to), &row)?;
        Ok(Some(row))
    }

    fn confirmed(&mut self, entry: &Entry, message: MessageId, agency: &OrganId) -> Result<(), IndexError> {
        let row = self.change(message, agency, |row| row.confirmed = Some(entry.time))?;
        let priority = self.priority(message)?;
        if let Some(row) = row {
            self.delete(keys::inbox(agency, priority, row.seq));
        }
        Ok(())
    }

    fn status(&mut self, entry: &Entry, contents: &[Content]) -> Result<(), IndexError> {
        let Event::Status { message, from, to, status, effect, target, sha256, size, verdict, remarks, .. } =
            &entry.event
        else {
            return Ok(());
        };
        let row = MessageRow {
            from: from.clone(),
            sha256: *sha256,
            size: *size,
            seq: entry.seq,
            time: entry.time,
            verdict: VerdictRow::from(verdict),
            remarks: remarks.clone(),
            body: MessageBody::Status { to: to.clone(), status: *status, effect: *effect, target: *target },
            hold: None,
        };
        self.put(&keys::message(*message), &row)?;
        self.put(&keys::claim(sha256), message)?;
        self.rests_on(*message, &row, verdict)?;
        match target {
            Some(target) => self.moved(entry, *target, contents),
            None => Ok(()),
        }
    }

    fn moved(&mut self, entry: &Entry, target: MessageId, contents: &[Content]) -> Result<(), IndexError> {
        let Event::Status { from, to, status, .. } = &entry.event else { return Ok(()) };
        let recipient = if status.is_from_sender() { to } else { from };
        let header: Option<StatusHeader> = read_header(contents);
        let last = LastStatus {
            code: *status,
            time: entry.time,
            description: header.as_ref().map(|header| header.description.clone()).unwrap_or_default(),
            staff: header.map(|header| header.staff).unwrap_or_default(),
        };
        self.change(target, recipient, |row| step(row, *status, entry.time, last)).map(|_| ())
    }

    fn access(&mut self, event: &Event) -> Result<(), IndexError> {
        let Event::Access { system, role, agencies, policy, client_certificates, tokens, signers, closed, .. } = event
        else {
            return Ok(());
        };
        let mut registered = Vec::new();
        if let Some(before) = self.rows.access(system)? {
            for digest in before.client_certificates.iter().chain(&before.tokens) {
                self.forget_credential(digest, system)?;
            }
            registered = before.signers;
        }
        let open = if *closed { &[] } else { signers.as_slice() };
        for (key, lines) in scope::changed(&self.rows, system, &registered, open)? {
            self.put(&keys::signer(&key), &lines)?;
        }
        if !closed {
            for digest in client_certificates.iter().chain(tokens) {
                self.put(&keys::credential(digest), system)?;
            }
        }
        let row = AccessRow {
            role: *role,
            agencies: agencies.clone(),
            policy: *policy,
            client_certificates: client_certificates.clone(),
            tokens: tokens.clone(),
            signers: signers.clone(),
            closed: *closed,
        };
        self.put(&keys::access(system), &row)
    }
}

impl Rowser<'_> {
    /// What a closed access had may belong to another one by now.
    fn forget_credential(&mut self, digest: &Digest, system: &str) -> Result<(), IndexError> {
        let key = keys::credential(digest);
        if self.rows.row::<String>(&key)?.is_some_and(|owner| owner == system) {
            self.delete(key);
        }
        Ok(())
    }
}

fn step(row: &mut DeliveryRow, status: StatusCode, time: Timestamp, last: LastStatus) {
    let (state, asked, effect) = next(row.state, row.asked, status);
    if state != row.state {
        row.since = time;
    }
    (row.state, row.asked) = (state, asked);
    if effect.counts() {
        row.last = Some(last);
    }
}

/// What lists show of a document message; without texts when its header was destroyed.
fn fields(
    document: &DocumentId,
    (business, priority): (BusinessType, Priority),
    recipients: u32,
    header: Option<&DocumentHeader>,
) -> DocumentFields {
    let text = |of: fn(&DocumentHeader) -> &String| header.map(of).cloned().unwrap_or_default();
    DocumentFields {
        document: document.clone(),
        business,
        priority,
        recipients,
        code: header.map(DocumentHeader::code).unwrap_or_default(),
        subject: text(|header| &header.subject),
        type_name: text(|header| &header.type_name),
        promulgation_date: text(|header| &header.promulgation_date),
    }
}

/// The header content of an entry; `None` when it was destroyed.
fn read_header<T: serde::de::DeserializeOwned>(contents: &[Content]) -> Option<T> {
    contents.iter().find(|content| content.kind == ContentKind::Header).and_then(|content| match &content.body {
        Body::Inline(bytes) => serde_json::from_slice(bytes).ok(),
        Body::Payload(_) | Body::Destroyed { .. } => None,
    })
}

fn feed_row(entry: &Entry, n: u64, other: Option<OrganId>) -> EventRow {
    let mut row = EventRow {
        n,
        time: entry.time,
        kind: entry.event.kind().to_owned(),
        message: message_of(entry).or_else(|| entry.subject()),
        target: None,
        other,
        status: None,
        effect: None,
        code: None,
    };
    match &entry.event {
        Event::Status { status, effect, target, .. } => {
            (row.status, row.effect, row.target) = (Some(*status), Some(*effect), *target);
        }
        Event::Refused { code, .. } | Event::TurnedAway { code, .. } => row.code = Some(*code),
        _ => {}
    }
    row
}
