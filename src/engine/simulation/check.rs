//! Compares the hub with the model: every entry, every row that somebody is shown, every byte.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::ops::ControlFlow;

use bytes::Bytes;

use crate::delivery::{feed, lists};
use crate::domain::{DocumentId, MessageId, OrganId};
use crate::engine::simulation::acts::{Handle, Name};
use crate::engine::simulation::contents::{self, Fate};
use crate::engine::simulation::held;
use crate::engine::simulation::model::{Delivery, Fact, Message, Model, STATES};
use crate::engine::simulation::world::World;
use crate::hub::rows::{DeliveryRow, MessageBody, MessageRow, Rows};
use crate::hub::{Entry, Event, keys};
use crate::journal::{BodyLocation, Position};

/// The model's names for the hub's ids.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    handles: BTreeMap<MessageId, Handle>,
    ids: BTreeMap<Handle, MessageId>,
}

impl Names {
    pub(super) fn id(&self, handle: Handle) -> MessageId {
        self.ids[&handle]
    }

    pub(super) fn handle(&self, id: MessageId) -> Handle {
        *self.handles.get(&id).unwrap_or(&usize::MAX)
    }

    pub(super) fn learn(&mut self, handle: Handle, id: MessageId) {
        assert!(self.handles.insert(id, handle).is_none_or(|before| before == handle), "an id is given once");
        assert!(self.ids.insert(handle, id).is_none_or(|before| before == id), "a message has one id");
    }
}

pub(super) fn organ(code: Name) -> OrganId {
    code.parse().unwrap()
}

pub(super) fn document_id(document: u8) -> DocumentId {
    format!("d{document}").parse().unwrap()
}

/// The entries as far as they were read, and the ends of the agencies' chains there.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    position: Option<Position>,
    next: u64,
    /// Time of the last entry, milliseconds.
    pub(super) time: i64,
    chains: BTreeMap<OrganId, (u64, u64)>,
}

/// How many entries the journal holds.
pub(super) fn length(world: &World) -> u64 {
    world.writer().journal.head().seq
}

impl Reading {
    /// Reads on to the end: every entry says what the model says, in its order, and no agency's chain has a gap.
    pub(super) fn go_on(&mut self, world: &World, model: &Model, names: &mut Names) {
        let mut leaves = Vec::new();
        let visited = world.writer().shared.journal.replay(self.position, &mut |record| {
            self.position = Some(record.placed.position);
            leaves.extend(record.batch.entries);
            ControlFlow::Continue(())
        });
        visited.unwrap();
        for leaf in leaves {
            let fact = model.trail.get(usize::try_from(self.next).unwrap()).expect("no more entries than facts");
            self.entry(&leaf, fact, names);
            self.next += 1;
        }
        assert_eq!(usize::try_from(self.next).unwrap(), model.trail.len(), "as many entries as facts");
    }

    fn entry(&mut self, leaf: &Bytes, fact: &Fact, names: &mut Names) {
        let (entry, seq) = (Entry::from_bytes(leaf).unwrap(), self.next);
        if let (
            Some(handle),
            Event::Accepted { message, .. } | Event::Status { message, .. } | Event::Held { message, .. },
        ) = (fact.brings, &entry.event)
        {
            names.learn(handle, *message);
        }
        assert_eq!(says(&entry.event, names), fact.says, "entry {seq}");
        assert_eq!(entry.seq, seq);
        assert!(entry.time.as_millis() >= self.time, "time never goes back: entry {seq}");
        self.time = entry.time.as_millis();
        let parties: Vec<OrganId> = entry.parties.iter().map(|link| link.agency.clone()).collect();
        assert_eq!(parties, fact.parties.iter().map(|party| organ(party)).collect::<Vec<_>>(), "entry {seq}");
        for link in &entry.parties {
            let before = self.chains.insert(link.agency.clone(), (link.n, seq));
            assert_eq!((link.n, link.prev), (before.map_or(1, |(n, _)| n + 1), before.map(|(_, seq)| seq)));
        }
    }
}

fn says(event: &Event, names: &Names) -> String {
    let target = |target: &Option<MessageId>| target.map(|target| names.handle(target));
    match event {
        Event::Opened { .. } => "opened".to_owned(),
        Event::Agency { agency, name, closed, .. } => format!("agency {agency} {name} {closed}"),
        Event::Access { system, agencies, client_certificates, tokens, closed, .. } => {
            let agencies: Vec<&str> = agencies.iter().map(|scope| scope.code.as_str()).collect();
            format!("access {system} {agencies:?} {} {} {closed}", client_certificates.len(), tokens.len())
        }
        Event::Accepted { message, from, document, business, priority, recipients, remarks, target: of, .. } => {
            let (message, business, priority) = (names.handle(*message), business.wire(), priority.rank());
            let remarks = remarks.iter().fold(String::new(), |all, remark| all + " " + remark);
            let of = target(of);
            format!("accepted m{message} {from} {document} {business} {priority} {recipients} {of:?}{remarks}")
        }
        Event::Addressed { message, from, to, number } => {
            format!("addressed m{} {from} {to} {number}", names.handle(*message))
        }
        Event::Status { message, from, to, status, effect, state, target: of, .. } => {
            let (message, of, state) = (names.handle(*message), target(of), state.map(|state| format!("{state:?}")));
            format!("status m{message} {from} {to} {status} {effect:?} {state:?} {of:?}")
        }
        Event::Fetched { message, agency, .. } => format!("fetched m{} {agency}", names.handle(*message)),
        Event::Confirmed { message, agency, .. } => format!("confirmed m{} {agency}", names.handle(*message)),
        Event::Refused { by, size, .. } => format!("refused by {by} {size}"),
        Event::Clock { clock, by } => format!("clock {} {}", clock.as_millis(), by.is_some()),
        Event::Material { sha256, .. } => format!("material {sha256}"),
        other => {
            let says = contents::says(other, names).or_else(|| held::says(other, names));
            says.unwrap_or_else(|| other.kind().to_owned())
        }
    }
}

/// Everything that the hub shows is what the model says.
pub(super) fn shown(world: &World, model: &Model, names: &Names) {
    let reader = world.writer().shared.index.reader().unwrap();
    let rows = Rows(reader.as_ref());
    for (handle, message) in model.messages.iter().enumerate() {
        let row = rows.message(names.id(handle)).unwrap().unwrap();
        self::message(&rows, names, handle, (message, &row));
        contents::row(&rows, names, handle, message);
        held::row(&rows, names, (handle, message), &row);
        body(world, &rows, names.id(handle), message);
    }
    for ((from, document), (newest, all)) in &model.documents {
        let row = rows.document(&organ(from), &document_id(*document)).unwrap().unwrap();
        assert_eq!(row.newest, names.id(*newest), "newest of {from} d{document}");
        assert_eq!(row.messages, all.iter().map(|handle| names.id(*handle)).collect::<Vec<_>>());
    }
    for agency in super::play::AGENCIES {
        lists_of(&rows, model, names, agency);
    }
    held::lists(&rows, model, names);
    register(&rows, model);
}

fn message(rows: &Rows<'_>, names: &Names, handle: Handle, (message, row): (&Message, &MessageRow)) {
    let id = names.id(handle);
    match (message, &row.body) {
        (Message::Letter { letter, seq, deliveries, fate, .. }, MessageBody::Document(fields)) => {
            assert_eq!(
                fields.subject.is_empty(),
                *fate == Fate::Destroyed { header: true },
                "the abstract of m{handle}"
            );
            assert_eq!((row.from.as_str(), row.seq), (letter.from, u64::try_from(*seq).unwrap()));
            assert_eq!(fields.document, document_id(letter.document));
            let held: BTreeMap<OrganId, DeliveryRow> = rows.deliveries(id).unwrap().into_iter().collect();
            assert_eq!(held.len(), deliveries.len());
            for (to, delivery) in deliveries {
                self::delivery(&held[&organ(to)], delivery, (handle, to));
            }
        }
        (Message::Report { report, seq, effect, target, .. }, MessageBody::Status { effect: done, target: of, .. }) => {
            assert_eq!((row.from.as_str(), row.seq), (report.from, u64::try_from(*seq).unwrap()));
            assert_eq!((format!("{done:?}").as_str(), of.map(|of| names.handle(of))), (*effect, *target));
        }
        other => panic!("m{handle} is {other:?}"),
    }
}

fn delivery(row: &DeliveryRow, delivery: &Delivery, at: (Handle, Name)) {
    assert_eq!(format!("{:?}", row.state), STATES[delivery.state], "{at:?}");
    let marks = (row.asked, row.fetched.is_some(), row.confirmed.is_some());
    assert_eq!(marks, (delivery.asked, delivery.fetched, delivery.confirmed), "{at:?}");
    let last = row.last.as_ref().map(|last| (last.code.wire(), last.description.clone()));
    assert_eq!(
        last,
        delivery.last.map(|(code, stamp)| (code, stamp.map(|stamp| stamp.to_string()).unwrap_or_default())),
        "{at:?}"
    );
}

/// Law 2, unless it is destroyed.
fn body(world: &World, rows: &Rows<'_>, id: MessageId, message: &Message) {
    let expected = match message {
        Message::Letter { letter, .. } => letter.bytes(),
        Message::Report { report, .. } => report.bytes(),
    };
    let location: BodyLocation = rows.row(&keys::body(id)).unwrap().unwrap();
    let destroyed = matches!(message.fate(), Fate::Destroyed { .. });
    assert_eq!(location == BodyLocation::Destroyed, destroyed, "where the bytes of {id} stand");
    if destroyed {
        return;
    }
    let bytes = match &location {
        BodyLocation::Payload(payload) => {
            let mut bytes = Vec::new();
            world.payloads().read(payload).unwrap().reader().read_to_end(&mut bytes).unwrap();
            bytes
        }
        inline => world.writer().shared.journal.body(inline).unwrap().to_vec(),
    };
    assert!(bytes == expected, "the bytes of {id}");
}

/// Law 7: listed once until confirmed, the most urgent first, then the oldest; and the feed is complete.
fn lists_of(rows: &Rows<'_>, model: &Model, names: &Names, agency: Name) {
    let letters = model.messages.iter().enumerate().filter_map(|(handle, message)| match message {
        Message::Letter { letter, deliveries, seq, fate, .. } => Some((handle, letter, deliveries, (*seq, *fate))),
        Message::Report { .. } => None,
    });
    let letters: Vec<_> = letters.collect();
    let mut waiting: Vec<(u8, usize, Handle)> = letters
        .iter()
        .filter(|(.., (_, fate))| !matches!(fate, Fate::Destroyed { .. }))
        .filter_map(|(handle, letter, deliveries, _)| {
            let delivery = deliveries.get(agency).filter(|delivery| !delivery.confirmed)?;
            Some((u8::MAX - letter.priority, delivery.seq, *handle))
        })
        .collect();
    waiting.sort_unstable();
    let expected: Vec<MessageId> = waiting.iter().map(|(_, _, handle)| names.id(*handle)).collect();
    assert_eq!(pages(|cursor| lists::inbox(rows, &organ(agency), cursor, 3)), expected, "inbox of {agency}");
    let sent = letters.iter().rev().filter(|(_, letter, _, _)| letter.from == agency);
    let expected: Vec<MessageId> = sent.map(|(handle, ..)| names.id(*handle)).collect();
    assert_eq!(pages(|cursor| lists::outbox(rows, &organ(agency), cursor, 3)), expected, "outbox of {agency}");
    let told = feed::events(rows, &organ(agency), None, 500).unwrap();
    let concerned = (0u64..).zip(&model.trail).filter(|(_, fact)| fact.parties.contains(&agency));
    let expected: Vec<(u64, String)> =
        concerned.map(|(seq, fact)| (seq, fact.says.split(' ').next().unwrap().to_owned())).collect();
    assert_eq!(told.into_iter().map(|event| (event.seq, event.kind)).collect::<Vec<_>>(), expected, "feed of {agency}");
}

fn pages(
    page: impl Fn(Option<&str>) -> Result<crate::api::Page<crate::api::ListItem>, crate::domain::Refusal>,
) -> Vec<MessageId> {
    let (mut ids, mut cursor) = (Vec::new(), None);
    loop {
        let next = page(cursor.as_deref()).unwrap();
        ids.extend(next.items.iter().map(|item| item.id));
        match next.next {
            Some(next) => cursor = Some(next),
            None => return ids,
        }
    }
}

fn register(rows: &Rows<'_>, model: &Model) {
    for (agency, (name, closed)) in &model.agencies {
        let row = rows.agency(&organ(agency)).unwrap().unwrap();
        assert_eq!((row.name.as_str(), row.closed), (*name, *closed), "{agency}");
    }
    let mut expected: BTreeMap<Vec<u8>, Name> = BTreeMap::new();
    for (system, access) in &model.accesses {
        let row = rows.access(system).unwrap().unwrap();
        assert_eq!(row.tokens, access.tokens.iter().map(|token| super::play::token(*token)).collect::<Vec<_>>());
        assert_eq!(row.closed, access.closed);
        if !access.closed {
            let tokens = access.tokens.iter().map(|token| super::play::token(*token));
            let certificates = access.certificates.iter().map(|number| super::play::certificate(*number));
            expected.extend(tokens.chain(certificates).map(|digest| (digest.as_bytes().to_vec(), *system)));
        }
    }
    for digest in super::play::credentials(model) {
        let owner: Option<String> = rows.row(&keys::credential(&digest)).unwrap();
        assert_eq!(owner.as_deref(), expected.get(digest.as_bytes().as_slice()).copied(), "who a credential is of");
    }
}
