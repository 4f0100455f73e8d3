//! The identity table against a small model, by random sequences of sends, repeats and rejections. Test only.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use crate::api::{Agency, Policy};
use crate::domain::{BusinessType, Code, Digest, DocumentId, MessageId, OrganId, Priority, StatusCode, Timestamp};
use crate::hub::content::{DocumentHeader, StatusHeader};
use crate::hub::decide::{Command, Decision, Ids, decide};
use crate::hub::entry::{Entry, Salt, Verdict};
use crate::hub::register::Directory;
use crate::hub::status::SubmitStatus;
use crate::hub::submit::{Likeness, Submit};
use crate::hub::{Rows, Stamper, apply};
use crate::index::{Durability, Index, Memory};
use crate::journal::{Body, Content};

pub(super) const SENDER: &str = "G22";
pub(super) const RECIPIENTS: [&str; 3] = ["H14", "H24", "H41"];

#[derive(Debug, Clone)]
enum Op {
    Send { document: u8, content: u8, to: Vec<usize>, business: BusinessType },
    Again(usize),
    Reject { document: u8, by: usize },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let business = prop_oneof![
        4 => Just(BusinessType::New),
        1 => Just(BusinessType::Update),
        1 => Just(BusinessType::Revoke),
    ];
    let send = (0u8..3, 0u8..2, proptest::sample::subsequence(vec![0usize, 1, 2], 1..=3), business)
        .prop_map(|(document, content, to, business)| Op::Send { document, content, to, business });
    let op = prop_oneof![
        5 => send,
        2 => (0usize..20).prop_map(Op::Again),
        3 => (0u8..3, 0usize..3).prop_map(|(document, by)| Op::Reject { document, by }),
    ];
    proptest::collection::vec(op, 1..30)
}

/// Ids and salts that count.
#[derive(Default)]
struct Counting(u128);

impl Ids for Counting {
    fn salt(&mut self) -> Salt {
        self.0 += 1;
        Salt(self.0.to_be_bytes())
    }
    fn message(&mut self, _now: Timestamp) -> MessageId {
        self.0 += 1;
        MessageId(uuid::Uuid::from_u128(self.0))
    }
}

/// The hub without a disk: decide, stamp, apply.
#[derive(Default)]
pub(super) struct Pure {
    pub(super) index: Memory,
    ids: Counting,
    pub(super) entries: Vec<Entry>,
    pub(super) contents: Vec<Vec<Content>>,
}

impl Pure {
    pub(super) fn fill_directory(&mut self) {
        for code in RECIPIENTS.iter().chain([&SENDER]) {
            let agency = Agency { code: id(code), name: (*code).to_owned(), closed: false };
            self.run(&Command::Directory(Directory { by: "test".to_owned(), agency })).unwrap();
        }
    }

    pub(super) fn run(&mut self, command: &Command) -> Result<Option<MessageId>, Code> {
        let reader = self.index.reader().unwrap();
        let now = Timestamp::from_millis(1_000);
        match decide(command, reader.as_ref(), now, &mut self.ids).map_err(|refusal| refusal.code)? {
            Decision::New { drafts, answer, .. } => {
                let stamped = Stamper::new(Rows(reader.as_ref()), now).unwrap().stamp(drafts, &mut self.ids).unwrap();
                drop(reader);
                for one in stamped {
                    let writes = apply(&one.entry, &one.contents, self.index.reader().unwrap().as_ref()).unwrap();
                    self.index.apply(&writes, Durability::Relaxed).unwrap();
                    self.entries.push(one.entry);
                    self.contents.push(one.contents);
                }
                Ok(answer.message)
            }
            Decision::Known(answer) => Ok(answer.message),
            Decision::Nothing => Ok(None),
        }
    }
}

pub(super) fn id(code: &str) -> OrganId {
    code.parse().unwrap()
}

pub(super) fn document_id(document: u8) -> DocumentId {
    format!("d{document}").parse().unwrap()
}

fn verdict() -> Verdict {
    Verdict {
        policy: Policy::Envelope,
        indication: "TOTAL-PASSED".to_owned(),
        sub_indication: None,
        signer: None,
        evidence: Vec::new(),
    }
}

/// A held version, as the model sees it.
#[derive(Debug, Clone)]
pub(super) struct Version {
    message: MessageId,
    content: u8,
    business: BusinessType,
    /// Recipient -> whether it has rejected.
    to: BTreeMap<usize, bool>,
}

#[derive(Default)]
struct Model {
    accepted: BTreeMap<Vec<u8>, MessageId>,
    newest: BTreeMap<u8, Version>,
}

/// What the published table says.
enum Expected {
    Repeat(MessageId),
    Accepted,
    Refused(Code),
}

impl Model {
    fn expected(&self, document: u8, content: u8, to: &[usize], business: BusinessType) -> Expected {
        if let Some(id) = self.accepted.get(&bytes(document, content, to, business)) {
            return Expected::Repeat(*id);
        }
        match self.newest.get(&document) {
            Some(held) if business == BusinessType::New => Expected::Refused(refusal(held, content, to)),
            _ => Expected::Accepted,
        }
    }
}

fn refusal(held: &Version, content: u8, to: &[usize]) -> Code {
    if to.iter().all(|recipient| held.to.get(recipient) == Some(&true)) {
        return Code::NewAttempt;
    }
    let further = to.iter().any(|recipient| !held.to.contains_key(recipient));
    if further && held.content == content && held.business == BusinessType::New {
        return Code::FurtherRecipients;
    }
    Code::DocumentConflict
}

fn bytes(document: u8, content: u8, to: &[usize], business: BusinessType) -> Vec<u8> {
    format!("{document} {content} {to:?} {business:?}").into_bytes()
}

pub(super) fn submit(
    document: u8,
    content: u8,
    to: &[usize],
    business: BusinessType,
    held: Option<&Version>,
) -> Submit {
    let bytes = bytes(document, content, to, business);
    let alike = held.map(|held| {
        let equal = held.content == content && held.business == business;
        if equal { Likeness::EqualButTo } else { Likeness::Other }
    });
    Submit {
        by: Arc::from("g22"),
        from: id(SENDER),
        to: to.iter().map(|index| id(RECIPIENTS[*index])).collect(),
        document: document_id(document),
        business,
        priority: Priority::Ordinary,
        header: DocumentHeader {
            salt: Salt([0; 16]),
            code_number: document.to_string(),
            code_notation: "TH".to_owned(),
            subject: content.to_string(),
            type_name: "Công văn".to_owned(),
            promulgation_date: "2026/11/22".to_owned(),
            due_date: String::new(),
            signer: String::new(),
            reason: String::new(),
        },
        targets: if business == BusinessType::New { Vec::new() } else { vec![document_id(document)] },
        sha256: Digest::of(&bytes),
        size: 1,
        body: Body::Inline(bytes.into()),
        verdict: verdict(),
        materials: Vec::new(),
        remarks: Vec::new(),
        likeness: alike,
    }
}

fn reject(document: u8, by: usize, serial: usize) -> SubmitStatus {
    let bytes = format!("status {document} {by} {serial}").into_bytes();
    SubmitStatus {
        by: Arc::from("h"),
        from: id(RECIPIENTS[by]),
        to: id(SENDER),
        status: StatusCode::Rejected,
        document: Some(document_id(document)),
        notation: None,
        header: StatusHeader {
            salt: Salt([0; 16]),
            description: "Sai địa chỉ".to_owned(),
            staff: String::new(),
            timestamp: String::new(),
        },
        sha256: Digest::of(&bytes),
        size: 1,
        body: Body::Inline(bytes.into()),
        verdict: verdict(),
        materials: Vec::new(),
        remarks: Vec::new(),
    }
}

fn play(ops: &[Op]) {
    let (mut hub, mut model) = (Pure::default(), Model::default());
    hub.fill_directory();
    let mut sent: Vec<(u8, u8, Vec<usize>, BusinessType)> = Vec::new();
    for (serial, op) in ops.iter().enumerate() {
        match op {
            Op::Send { document, content, to, business } => {
                sent.push((*document, *content, to.clone(), *business));
                send(&mut hub, &mut model, sent.last().unwrap());
            }
            Op::Again(index) => {
                if let Some(message) = sent.get(*index).cloned() {
                    send(&mut hub, &mut model, &message);
                }
            }
            Op::Reject { document, by } => {
                let told = hub.run(&Command::Status(Box::new(reject(*document, *by, serial))));
                let held = model.newest.get_mut(document).and_then(|held| held.to.get_mut(by));
                if let Some(rejected) = held {
                    *rejected = true;
                    told.unwrap();
                }
            }
        }
    }
    chains_have_no_gaps(&hub.entries);
}

fn send(hub: &mut Pure, model: &mut Model, (document, content, to, business): &(u8, u8, Vec<usize>, BusinessType)) {
    let before = hub.entries.len();
    let expected = model.expected(*document, *content, to, *business);
    let command = submit(*document, *content, to, *business, model.newest.get(document));
    let told = hub.run(&Command::Submit(Box::new(command)));
    match expected {
        Expected::Repeat(id) => {
            assert_eq!(told, Ok(Some(id)));
            assert_eq!(hub.entries.len(), before, "a repeat makes nothing happen");
        }
        Expected::Refused(code) => {
            assert_eq!(told, Err(code));
            assert_eq!(hub.entries.len(), before, "a refusal leaves nothing");
        }
        Expected::Accepted => {
            let message = told.unwrap().unwrap();
            assert_eq!(hub.entries.len(), before + 1 + to.len(), "accepted, and one addressed a recipient");
            model.accepted.insert(bytes(*document, *content, to, *business), message);
            if *business != BusinessType::Revoke || !model.newest.contains_key(document) {
                let to = to.iter().map(|recipient| (*recipient, false)).collect();
                let version = Version { message, content: *content, business: *business, to };
                model.newest.insert(*document, version);
            }
            let held = Rows(hub.index.reader().unwrap().as_ref())
                .document(&id(SENDER), &document_id(*document))
                .unwrap()
                .unwrap();
            assert_eq!(held.newest, model.newest[document].message);
        }
    }
}

pub(super) fn chains_have_no_gaps(entries: &[Entry]) {
    let mut ends: BTreeMap<OrganId, (u64, u64)> = BTreeMap::new();
    for (seq, entry) in (0u64..).zip(entries) {
        assert_eq!(entry.seq, seq);
        for link in &entry.parties {
            let before = ends.insert(link.agency.clone(), (link.n, seq));
            assert_eq!(link.prev, before.map(|(_, seq)| seq));
            assert_eq!(link.n, before.map_or(1, |(n, _)| n + 1));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn law_3_holds_for_every_sequence(ops in ops()) {
        play(&ops);
    }
}
