//! The reference model: what the published tables (docs/identity.md, docs/states.md, docs/entries.md) say, with plain
//! maps and without a line of `hub`. It is right where the hub is right, and it never forgets.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::HoldState;
use crate::engine::simulation::acts::{AccessAct, Act, Handle, Letter, Name, Report, Told};
use crate::engine::simulation::contents::Fate;

/// States by their place in the order; the last two are ends.
pub(super) const STATES: [Name; 8] =
    ["Delivered", "Arrived", "Accepted", "Assigned", "InProgress", "Finished", "Rejected", "TakenBack"];
const REJECTED: usize = 6;
const TAKEN_BACK: usize = 7;

/// What an entry says, and whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub(super) says: String,
    pub(super) parties: Vec<Name>,
    /// The message that it brings.
    pub(super) brings: Option<Handle>,
}

#[derive(Debug, Clone)]
pub(super) enum Message {
    Letter {
        letter: Letter,
        seq: usize,
        deliveries: BTreeMap<Name, Delivery>,
        fate: Fate,
        /// Only of what had to wait.
        hold: Option<HoldState>,
    },
    Report {
        report: Report,
        seq: usize,
        effect: Name,
        target: Option<Handle>,
        fate: Fate,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) seq: usize,
    pub(super) state: usize,
    pub(super) asked: bool,
    pub(super) fetched: bool,
    pub(super) confirmed: bool,
    /// Code and stamp of the newest status that counts; no stamp once its words are destroyed.
    pub(super) last: Option<(Name, Option<u8>)>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    pub(super) agencies: Vec<Name>,
    pub(super) certificates: Vec<u8>,
    pub(super) tokens: Vec<u64>,
    pub(super) closed: bool,
}

/// The hub, as promised.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) agencies: BTreeMap<Name, (Name, bool)>,
    pub(super) accesses: BTreeMap<Name, Access>,
    pub(super) messages: Vec<Message>,
    /// Messages by all that is in them.
    pub(super) known: BTreeMap<String, Handle>,
    /// Newest version, and all messages about it in order.
    pub(super) documents: BTreeMap<(Name, u8), (Handle, Vec<Handle>)>,
    pub(super) trail: Vec<Arc<Fact>>,
    /// Rules of retention: days, and whether closed.
    pub(super) rules: BTreeMap<Name, (u32, bool)>,
    /// The trail's time when the clock was said to be right, and how far it was ahead of it, milliseconds.
    pub(super) accepted: (i64, i64),
}

impl Message {
    /// Its own entry.
    pub(super) const fn seq(&self) -> usize {
        match self {
            Self::Letter { seq, .. } | Self::Report { seq, .. } => *seq,
        }
    }
}

impl Model {
    /// Somebody does something.
    pub(super) fn take(&mut self, act: &Act) -> Told {
        match act {
            Act::Send(letter, alike) => self.send(letter, *alike, Self::accept),
            Act::Hold(letter, alike) => self.send(letter, *alike, Self::hold),
            Act::Settle(settle) => self.settle(settle),
            Act::Report(report) => self.report(report),
            Act::Fetch { message, agency } => self.at(*message, agency, "fetched", |delivery| &mut delivery.fetched),
            Act::Confirm { message, agency } => {
                self.at(*message, agency, "confirmed", |delivery| &mut delivery.confirmed)
            }
            Act::Agency { agency, name, closed } => self.agency(agency, name, *closed),
            Act::Access(access) => self.access(access),
            Act::Content(act) => self.content(act),
            Act::AcceptClock(clock) => {
                self.tell(format!("clock {clock} true"), Vec::new(), None);
                self.newly(None, None)
            }
            Act::Refused { by, size } => {
                self.tell(format!("refused by {by} {size}"), Vec::new(), None);
                self.newly(None, None)
            }
        }
    }

    pub(super) fn tell(&mut self, says: String, parties: Vec<Name>, brings: Option<Handle>) {
        let parties = if parties.len() == 2 && parties[0] == parties[1] { vec![parties[0]] } else { parties };
        self.trail.push(Arc::new(Fact { says, parties, brings }));
    }

    /// The answer that speaks of the entry told last.
    pub(super) fn newly(&self, message: Option<Handle>, effect: Option<Name>) -> Told {
        Told::New { seq: self.trail.len() - 1, message, effect }
    }

    fn is_open(&self, agency: Name) -> bool {
        self.agencies.get(agency).is_some_and(|(_, closed)| !closed)
    }

    pub(super) fn held(&self, from: Name, document: u8) -> Option<(Handle, &Letter, &BTreeMap<Name, Delivery>)> {
        let (newest, _) = self.documents.get(&(from, document))?;
        match &self.messages[*newest] {
            Message::Letter { letter, deliveries, .. } => Some((*newest, letter, deliveries)),
            Message::Report { .. } => None,
        }
    }

    fn send(&mut self, letter: &Letter, alike: Option<bool>, take: fn(&mut Self, &Letter) -> Told) -> Told {
        if let Some(first) = self.known.get(&letter.name()) {
            return Told::Repeat(*first);
        }
        if !self.is_open(letter.from) {
            return Told::Refused("sender_unknown");
        }
        if !letter.to.iter().all(|to| self.is_open(to)) {
            return Told::Refused("recipient_unknown");
        }
        if let (0, Some((_, _, deliveries))) = (letter.business, self.held(letter.from, letter.document)) {
            return Told::Refused(conflict(letter, deliveries, alike));
        }
        take(self, letter)
    }

    fn accept(&mut self, letter: &Letter) -> Told {
        let message = self.messages.len();
        let target =
            letter.speaks_of().into_iter().find_map(|document| self.held(letter.from, document)).map(|held| held.0);
        let remark = if letter.business != 0 && target.is_none() { " target_not_held" } else { "" };
        let Letter { from, document, business, priority, .. } = letter;
        let count = letter.to.len();
        let says = format!("accepted m{message} {from} d{document} {business} {priority} {count} {target:?}{remark}");
        self.tell(says, vec![letter.from], Some(message));
        let told = self.newly(Some(message), None);
        let Told::New { seq, .. } = told else { unreachable!() };
        let deliveries = self.address(message, letter);
        self.messages.push(Message::Letter { letter: letter.clone(), seq, deliveries, fate: Fate::Whole, hold: None });
        self.known.insert(letter.name(), message);
        let (newest, all) = self.documents.entry((letter.from, letter.document)).or_insert((message, Vec::new()));
        all.push(message);
        if letter.business != 1 || self.messages[*newest].hold() == Some(HoldState::Held) {
            *newest = message;
        }
        told
    }

    /// One entry a recipient, and its delivery.
    pub(super) fn address(&mut self, message: Handle, letter: &Letter) -> BTreeMap<Name, Delivery> {
        let mut deliveries = BTreeMap::new();
        for (number, to) in (1..).zip(&letter.to) {
            let (seq, from) = (self.trail.len(), letter.from);
            self.tell(format!("addressed m{message} {from} {to} {number}"), vec![from, to], None);
            let fresh = Delivery { seq, state: 0, asked: false, fetched: false, confirmed: false, last: None };
            deliveries.insert(*to, fresh);
        }
        deliveries
    }

    fn report(&mut self, report: &Report) -> Told {
        if let Some(first) = self.known.get(&report.name()) {
            return Told::Repeat(*first);
        }
        if !self.is_open(report.from) {
            return Told::Refused("sender_unknown");
        }
        if !self.is_open(report.to) {
            return Told::Refused("recipient_unknown");
        }
        let target = self.meant(report);
        if target.is_none() && !report.record {
            return Told::Refused("target_not_held");
        }
        let (_, recipient) = report.sides();
        let (mut effect, mut after) = ("TargetNotHeld", None);
        if let Some(delivery) = target.and_then(|target| self.delivery_mut(target, recipient)) {
            let (state, asked, what) = table(delivery.state, delivery.asked, report.code);
            (delivery.state, delivery.asked) = (state, asked);
            if ["Moved", "Asked", "Agreed", "Declined", "Ambiguous"].contains(&what) {
                delivery.last = Some((report.code, Some(report.stamp)));
            }
            (effect, after) = (what, Some(STATES[state]));
        }
        let message = self.messages.len();
        let Report { from, to, code, .. } = report;
        let says = format!("status m{message} {from} {to} {code} {effect} {after:?} {target:?}");
        self.tell(says, vec![report.from, report.to], Some(message));
        let seq = self.trail.len() - 1;
        let fate = Fate::Whole;
        self.messages.push(Message::Report { report: report.clone(), seq, effect, target, fate });
        self.known.insert(report.name(), message);
        self.newly(Some(message), Some(effect))
    }

    /// By DocumentId, the newest version first; else by số/ký hiệu, the newest message first.
    fn meant(&self, report: &Report) -> Option<Handle> {
        let (sender, recipient) = report.sides();
        let document = report.document.and_then(|document| self.documents.get(&(sender, document)));
        let candidates: Vec<Handle> = match (document, report.number) {
            (Some((newest, all)), _) => std::iter::once(*newest).chain(all.iter().rev().copied()).collect(),
            (None, Some(number)) => (0..self.messages.len()).rev().filter(|at| self.has(*at, sender, number)).collect(),
            (None, None) => Vec::new(),
        };
        candidates.into_iter().find(|at| self.delivery(*at, recipient).is_some())
    }

    fn has(&self, message: Handle, sender: Name, wanted: u8) -> bool {
        match &self.messages[message] {
            // Once its header data is destroyed it is no longer found by its số/ký hiệu.
            Message::Letter { fate: Fate::Destroyed { header: true }, .. } | Message::Report { .. } => false,
            Message::Letter { letter, .. } => letter.from == sender && letter.number == wanted,
        }
    }

    pub(super) fn delivery(&self, message: Handle, to: Name) -> Option<&Delivery> {
        match self.messages.get(message)? {
            Message::Letter { deliveries, .. } => deliveries.get(to),
            Message::Report { .. } => None,
        }
    }

    fn delivery_mut(&mut self, message: Handle, to: Name) -> Option<&mut Delivery> {
        match self.messages.get_mut(message)? {
            Message::Letter { deliveries, .. } => deliveries.get_mut(to),
            Message::Report { .. } => None,
        }
    }

    fn at(&mut self, message: Handle, agency: Name, what: Name, mark: fn(&mut Delivery) -> &mut bool) -> Told {
        let Some(delivery) = self.delivery_mut(message, agency) else { return Told::Refused("not_found") };
        if std::mem::replace(mark(delivery), true) {
            return Told::Nothing;
        }
        let Message::Letter { letter, .. } = &self.messages[message] else { unreachable!() };
        let from = letter.from;
        self.tell(format!("{what} m{message} {agency}"), vec![agency, from], None);
        self.newly(Some(message), None)
    }

    fn agency(&mut self, agency: Name, name: Name, closed: bool) -> Told {
        if self.agencies.insert(agency, (name, closed)) == Some((name, closed)) {
            return Told::Nothing;
        }
        self.tell(format!("agency {agency} {name} {closed}"), vec![agency], None);
        self.newly(None, None)
    }

    fn access(&mut self, act: &AccessAct) -> Told {
        let AccessAct { system, agencies, certificates, closed, .. } = act;
        let pinned = |certificate: &u8| {
            let others = self.accesses.iter().filter(|(other, access)| *other != system && !access.closed);
            others.into_iter().any(|(_, access)| access.certificates.contains(certificate))
        };
        if !agencies.iter().all(|agency| self.agencies.contains_key(agency)) || certificates.iter().any(pinned) {
            return Told::Refused("bad_request");
        }
        let access = self.accesses.entry(system).or_default();
        if let Some(token) = act.token {
            access.tokens.truncate(1);
            access.tokens.insert(0, token);
        }
        (access.agencies, access.certificates, access.closed) = (agencies.clone(), certificates.clone(), *closed);
        let tokens = access.tokens.len();
        self.tell(format!("access {system} {agencies:?} {} {tokens} {closed}", certificates.len()), Vec::new(), None);
        self.newly(None, None)
    }
}

fn conflict(letter: &Letter, deliveries: &BTreeMap<Name, Delivery>, alike: Option<bool>) -> Name {
    let returned = |to: &Name| deliveries.get(to).is_some_and(|delivery| delivery.state >= REJECTED);
    if letter.to.iter().all(returned) {
        "new_attempt_not_offered"
    } else if alike == Some(true) && letter.to.iter().any(|to| !deliveries.contains_key(to)) {
        "further_recipients_not_offered"
    } else {
        "document_conflict"
    }
}

/// docs/states.md, row by row.
fn table(state: usize, asked: bool, code: Name) -> (usize, bool, Name) {
    let own = ["", "01", "03", "04", "05", "06", "02"].iter().position(|own| *own == code);
    let (accepted, ended) = (state >= 2, state >= REJECTED);
    match (code, asked) {
        ("02", _) if state == REJECTED => (state, false, "Repeated"),
        _ if ended => (state, false, "AfterEnd"),
        ("13", true) => (state, true, "Repeated"),
        ("13", false) => (state, true, "Asked"),
        ("15", true) => (TAKEN_BACK, false, "Agreed"),
        ("16", true) => (state, false, "Declined"),
        ("15" | "16", false) => (state, false, "NotAsked"),
        ("03", true) if accepted => (TAKEN_BACK, false, "Agreed"),
        ("02", true) if accepted => (state, false, "Declined"),
        ("03", true) => (2, true, "Ambiguous"),
        ("02", true) => (REJECTED, false, "Ambiguous"),
        ("02", false) if accepted => (state, false, "OutOfOrder"),
        _ if own == Some(state) => (state, asked, "Repeated"),
        _ if own < Some(state) => (state, asked, "OutOfOrder"),
        _ => (own.unwrap(), asked, "Moved"),
    }
}
