//! Retention: rules, what they would destroy, and carrying them out in bounded steps. A step is one segment of the
//! journal: entries for everything in it that is due, then one rewriting.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::api::{Acted, ContentState};
use crate::api::{Due, Preview, ReasonRequest, Role, RuleRequest, Run, RunRequest};
use crate::delivery::standing::Caller;
use crate::domain::{Code, MessageId, Refusal, Timestamp};
use crate::engine::hub::Hub;
use crate::engine::receipt;
use crate::engine::writer::Committed;
use crate::hub::decide::Command;
use crate::hub::destroy::{Cause, Destroy, MESSAGES_MAX, Withhold, is_confirmed};
use crate::hub::keys;
use crate::hub::retention::{Rule, SetRule};
use crate::hub::rows::{MessageBody, MessageRow, Rows, decode};
use crate::index::IndexError;

/// Documents named in a preview.
const NAMED_MAX: usize = 20;
/// Rows looked at in one go.
const CHUNK_ROWS: usize = 1_000;
/// Most document messages of one step; a segment with more takes several.
const STEP_MESSAGES_MAX: usize = 20_000;
/// Most steps of one call.
const STEPS_MAX: u32 = 100;
/// How far the time in an id may be before the time of its entry: what the clock may lag before intake stops.
const ID_LAG_MS: i64 = 600_000;

/// Whether and why a document message is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Due,
    Done,
    Unconfirmed,
    Withheld,
}

/// A document message that falls under a rule by its age and kind.
struct Candidate {
    id: MessageId,
    row: MessageRow,
    standing: Standing,
    segment: u32,
}

impl Hub {
    /// The rules of retention, closed ones too.
    ///
    /// # Errors
    /// `not_allowed` for others than operators and auditors.
    pub fn retention_rules(&self, caller: &Caller) -> Result<Vec<Rule>, Refusal> {
        caller.needs(&[Role::Operator, Role::Auditor])?;
        self.read(|rows| {
            Ok(rows.under(&keys::retention_prefix(), |_, value| Rule::from_row(&decode::<String>(value)?))?)
        })
    }

    /// Makes, changes or closes a rule. Nothing is destroyed by it.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `bad_request`.
    pub async fn put_retention_rule(&self, caller: &Caller, request: RuleRequest) -> Result<Rule, Refusal> {
        caller.needs(&[Role::Operator])?;
        let by = caller.system.as_ref().to_owned();
        let RuleRequest { rule, years, days, business, type_name, header, basis, from, closed } = request;
        let before = self.read(|rows| Ok(rows.retention(&rule)?))?;
        let rule = match before {
            Some(before) if closed => Rule { closed, by, ..before },
            before => {
                let from = from.or(before.map(|before| before.from)).unwrap_or_else(|| self.now());
                Rule { rule, years, days, business, type_name, header, basis, from, closed, by }
            }
        };
        self.commit(Command::Retention(Box::new(SetRule(rule.clone())))).await?;
        Ok(rule)
    }

    /// What a rule would destroy now.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `not_found`; `bad_request` while the rule is not in force.
    pub fn retention_preview(&self, caller: &Caller, name: &str) -> Result<Preview, Refusal> {
        caller.needs(&[Role::Operator])?;
        let (rule, cutoff) = self.rule_in_force(name)?;
        let mut preview = Preview {
            rule: rule.rule.clone(),
            cutoff,
            documents: 0,
            bytes: 0,
            segments: 0,
            first: Vec::new(),
            unconfirmed: 0,
            first_unconfirmed: Vec::new(),
            withheld: 0,
        };
        let mut segments = BTreeSet::new();
        self.candidates(&rule, cutoff, None, &mut |candidate| {
            look(&mut preview, &mut segments, candidate);
            ControlFlow::Continue(())
        })?;
        preview.segments = u64::try_from(segments.len()).unwrap_or(u64::MAX);
        Ok(preview)
    }

    /// Carries a rule out, as far as `request` allows. Interrupted, it is simply called again.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `not_found`; `bad_request` for a cut-off that no preview can have
    /// given; `storage_failed`.
    pub async fn retention_run(&self, caller: &Caller, request: &RunRequest) -> Result<Run, Refusal> {
        caller.needs(&[Role::Operator])?;
        let (rule, latest) = self.rule_in_force(&request.rule)?;
        if request.cutoff > latest {
            return Err(Refusal::new(Code::BadRequest, "cutoff: later than the rule allows; take it from a preview"));
        }
        if !(1..=STEPS_MAX).contains(&request.steps) {
            return Err(Refusal::new(Code::BadRequest, "steps: from 1 to 100"));
        }
        let mut run = Run { more: true, next: request.after, ..Run::default() };
        // What an earlier run has ordered, and was kept from erasing.
        self.erase_ordered(&mut run).await?;
        for _ in 0..request.steps {
            let due = self.step(&rule, request.cutoff, run.next)?;
            if due.is_empty() {
                run.more = false;
                break;
            }
            run.next = due.last().copied().or(run.next);
            self.carry_out(caller, &rule, due, &mut run).await?;
        }
        Ok(run)
    }

    /// Orders what is due in one segment destroyed, then erases it.
    async fn carry_out(&self, caller: &Caller, rule: &Rule, due: Vec<MessageId>, run: &mut Run) -> Result<(), Refusal> {
        for chunk in due.chunks(MESSAGES_MAX) {
            let mut ordered = true;
            while ordered {
                let (by, messages) = (caller.system.as_ref().to_owned(), chunk.to_vec());
                let cause = Cause::Rule(rule.rule.clone());
                let destroy = Destroy { by, messages, header: rule.header, cause };
                ordered = self.commit(Command::Destroy(destroy)).await?.answer.is_some();
            }
        }
        run.documents = run.documents.saturating_add(u64::try_from(due.len()).unwrap_or(u64::MAX));
        self.erase_ordered(run).await
    }

    /// Erases all that is ordered: statuses that go with their documents may stand in later segments.
    async fn erase_ordered(&self, run: &mut Run) -> Result<(), Refusal> {
        loop {
            let erasure = self.erase(1).await?;
            run.contents = run.contents.saturating_add(erasure.contents);
            run.bytes = run.bytes.saturating_add(erasure.bytes);
            run.payloads = run.payloads.saturating_add(erasure.payloads);
            run.segments = run.segments.saturating_add(erasure.segments);
            if erasure.segments == 0 {
                return Ok(());
            }
        }
    }

    /// Withholds a message's content from everybody, or releases it.
    ///
    /// # Errors
    /// `not_allowed` for others than operators; `not_found`; `bad_request` without a reason; `content_destroyed`.
    pub async fn withhold(
        &self,
        caller: &Caller,
        message: MessageId,
        request: ReasonRequest,
        release: bool,
    ) -> Result<Acted, Refusal> {
        caller.needs(&[Role::Operator])?;
        let by = caller.system.as_ref().to_owned();
        let withhold = Withhold { by, message, reason: request.reason, release };
        let committed = self.commit(Command::Withhold(withhold)).await?;
        self.acted(&committed)
    }

    /// The entry that a command has left, with its proof.
    pub(super) fn acted(&self, committed: &Committed) -> Result<Acted, Refusal> {
        let Some(proven) = &committed.proven else { return Ok(Acted { seq: None, proof: None }) };
        let proof = receipt::prove(self.0.shared.journal.as_ref(), proven)?;
        Ok(Acted { seq: Some(proven.seq), proof: Some(proof) })
    }

    fn rule_in_force(&self, name: &str) -> Result<(Rule, Timestamp), Refusal> {
        let rule = self.read(|rows| Ok(rows.retention(name)?))?;
        let rule = rule.ok_or_else(|| Refusal::new(Code::NotFound, "there is no rule of this name"))?;
        match rule.cutoff(self.now()) {
            Some(cutoff) => Ok((rule, cutoff)),
            None => Err(Refusal::new(Code::BadRequest, "the rule is closed, or not in force yet")),
        }
    }

    /// What is due in the first segment that has anything due after a message.
    fn step(&self, rule: &Rule, cutoff: Timestamp, after: Option<MessageId>) -> Result<Vec<MessageId>, Refusal> {
        let (mut due, mut segment) = (Vec::new(), None);
        self.candidates(rule, cutoff, after, &mut |candidate| {
            if candidate.standing != Standing::Due {
                return ControlFlow::Continue(());
            }
            if segment.is_some_and(|segment| segment != candidate.segment) || due.len() >= STEP_MESSAGES_MAX {
                return ControlFlow::Break(());
            }
            segment = Some(candidate.segment);
            due.push(candidate.id);
            ControlFlow::Continue(())
        })?;
        Ok(due)
    }

    /// Visits every document message after another one that falls under a rule, oldest first.
    fn candidates(
        &self,
        rule: &Rule,
        cutoff: Timestamp,
        after: Option<MessageId>,
        visit: &mut dyn FnMut(&Candidate) -> ControlFlow<()>,
    ) -> Result<(), Refusal> {
        let mut from = after.map_or_else(|| keys::message_prefix().into_vec(), following);
        loop {
            let next = self.read(|rows| {
                let chunk = chunk(rows, &from, cutoff)?;
                let next = chunk.last().filter(|_| chunk.len() == CHUNK_ROWS).map(|(id, _)| *id);
                for (id, row) in chunk {
                    let Some(candidate) = candidate(rows, rule, cutoff, id, row)? else { continue };
                    if visit(&candidate).is_break() {
                        return Ok(None);
                    }
                }
                Ok(next)
            })?;
            let Some(last) = next else { return Ok(()) };
            from = following(last);
        }
    }
}

/// The first key after a message's.
fn following(message: MessageId) -> Vec<u8> {
    [keys::message(message).as_slice(), &[0]].concat()
}

/// The next messages by the time in their ids, up to the cut-off.
fn chunk(rows: &Rows<'_>, from: &[u8], cutoff: Timestamp) -> Result<Vec<(MessageId, MessageRow)>, IndexError> {
    let mut found = Vec::new();
    let mut damaged = None;
    let to = keys::message(last_id(cutoff)).after_prefix();
    rows.0.scan(from, &to, false, &mut |key, value| {
        let id = key.last_chunk::<16>().map(|id| MessageId(uuid::Uuid::from_bytes(*id)));
        match (id, decode(value)) {
            (Some(id), Ok(row)) => found.push((id, row)),
            (_, Err(error)) => damaged = Some(error),
            (None, Ok(_)) => {}
        }
        if found.len() < CHUNK_ROWS && damaged.is_none() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    damaged.map_or(Ok(found), Err)
}

/// The last UUID version 7 that a message accepted before `cutoff` can have.
fn last_id(cutoff: Timestamp) -> MessageId {
    let millis = u64::try_from(cutoff.as_millis().saturating_add(ID_LAG_MS)).unwrap_or_default();
    let [_, _, time @ ..] = millis.to_be_bytes();
    let mut id = [0xff; 16];
    if let Some(first) = id.get_mut(..6) {
        first.copy_from_slice(&time);
    }
    MessageId(uuid::Uuid::from_bytes(id))
}

fn candidate(
    rows: &Rows<'_>,
    rule: &Rule,
    cutoff: Timestamp,
    id: MessageId,
    row: MessageRow,
) -> Result<Option<Candidate>, IndexError> {
    let MessageBody::Document(fields) = &row.body else { return Ok(None) };
    if row.time >= cutoff || !rule.covers(fields) {
        return Ok(None);
    }
    let standing = match rows.content(id)? {
        Some(content) if content.state == ContentState::Withheld => Standing::Withheld,
        Some(content) if content.header || !rule.header => Standing::Done,
        // What is held has no deliveries yet: that is not the same as confirmed by all.
        _ if row.is_held() => Standing::Unconfirmed,
        _ if rows.deliveries(id)?.iter().all(|(_, delivery)| is_confirmed(delivery)) => Standing::Due,
        _ => Standing::Unconfirmed,
    };
    let segment = match standing {
        Standing::Due => rows.position(row.seq)?.map_or(0, |position| position.segment),
        _ => 0,
    };
    Ok(Some(Candidate { id, row, standing, segment }))
}

fn look(preview: &mut Preview, segments: &mut BTreeSet<u32>, candidate: &Candidate) {
    match candidate.standing {
        Standing::Due => {
            preview.documents = preview.documents.saturating_add(1);
            preview.bytes = preview.bytes.saturating_add(candidate.row.size);
            segments.insert(candidate.segment);
            name(&mut preview.first, candidate);
        }
        Standing::Unconfirmed => {
            preview.unconfirmed = preview.unconfirmed.saturating_add(1);
            name(&mut preview.first_unconfirmed, candidate);
        }
        Standing::Withheld => preview.withheld = preview.withheld.saturating_add(1),
        Standing::Done => {}
    }
}

fn name(named: &mut Vec<Due>, candidate: &Candidate) {
    let MessageBody::Document(fields) = &candidate.row.body else { return };
    if named.len() < NAMED_MAX {
        named.push(Due {
            id: candidate.id,
            document_id: fields.document.clone(),
            from: candidate.row.from.clone(),
            accepted_at: candidate.row.time,
            size: candidate.row.size,
        });
    }
}
