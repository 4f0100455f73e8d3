//! Held messages against a small model, by random sequences of sending, holding, releasing and turning away. Test only.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::{BusinessType, Code, Digest, MessageId};
use crate::hub::block::{LiftBlock, PutBlock};
use crate::hub::decide::Command;
use crate::hub::entry::{Event, Verdict};
use crate::hub::held::{Hold, HoldQuota, Release, TurnAway};
use crate::hub::keys;
use crate::hub::law_3::{Pure, SENDER, chains_have_no_gaps, document_id, id, submit};
use crate::hub::{Rows, apply};
use crate::index::{Durability, Index, Memory};
use crate::journal::Body;
use crate::trust::BlockRule;

#[derive(Debug, Clone)]
enum Op {
    Send { document: u8, content: u8, business: BusinessType, waits: bool },
    Settle { which: usize, good: bool },
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let business = prop_oneof![Just(BusinessType::New), Just(BusinessType::Update), Just(BusinessType::Revoke)];
    let send = (0u8..2, 0u8..3, business, any::<bool>()).prop_map(|(document, content, business, waits)| Op::Send {
        document,
        content,
        business,
        waits,
    });
    let settle = (0usize..12, any::<bool>()).prop_map(|(which, good)| Op::Settle { which, good });
    proptest::collection::vec(prop_oneof![3 => send, 2 => settle], 1..40)
}

/// One message as the model has it; what was turned away is not in it.
#[derive(Debug, Clone, Copy)]
struct Known {
    message: MessageId,
    document: u8,
    content: u8,
    business: BusinessType,
    waits: bool,
    /// In the order in which they came.
    number: usize,
}

#[derive(Default)]
struct Model {
    known: Vec<Known>,
    came: usize,
    turned_away: Vec<MessageId>,
}

impl Model {
    fn find(&self, document: u8, content: u8, business: BusinessType) -> Option<Known> {
        let is_same = |it: &&Known| (it.document, it.content, it.business) == (document, content, business);
        self.known.iter().find(is_same).copied()
    }

    /// The messages that count as the newest version: the last one delivered, or any where there are revocations only.
    fn newest(&self, document: u8) -> Vec<MessageId> {
        let delivered: Vec<_> = self.known.iter().filter(|it| it.document == document && !it.waits).collect();
        let versions = delivered.iter().filter(|it| it.business != BusinessType::Revoke);
        match versions.max_by_key(|it| it.number) {
            Some(last) => vec![last.message],
            None => delivered.iter().map(|it| it.message).collect(),
        }
    }
}

const TO: &[usize] = &[0, 2];

fn send(hub: &mut Pure, model: &mut Model, document: u8, content: u8, business: BusinessType, waits: bool) {
    let submit = submit(document, content, TO, business, None);
    let before = hub.entries.len();
    let told = if waits {
        let quota = HoldQuota { messages: 5, bytes: u64::MAX };
        hub.run(&Command::Hold(Box::new(Hold { submit, quota })))
    } else {
        hub.run(&Command::Submit(Box::new(submit)))
    };
    let is_taken = model.known.iter().any(|it| it.document == document);
    let number_waiting = model.known.iter().filter(|it| it.waits).count();
    if let Some(known) = model.find(document, content, business) {
        assert_eq!((told, hub.entries.len()), (Ok(Some(known.message)), before), "the first answer again");
    } else if business == BusinessType::New && is_taken {
        assert_eq!(hub.entries.len(), before, "what is held claims its id as well");
        assert!(told.is_err());
    } else if waits && number_waiting == 5 {
        assert_eq!((told, hub.entries.len()), (Err(Code::HeldQuota), before));
    } else {
        let message = told.unwrap().unwrap();
        assert_eq!(hub.entries.len(), before + if waits { 1 } else { 1 + TO.len() });
        model.came += 1;
        model.known.push(Known { message, document, content, business, waits, number: model.came });
    }
}

fn settle(hub: &mut Pure, model: &mut Model, which: usize, good: bool) {
    let Some(at) = model.known.len().checked_sub(1).map(|last| which.min(last)) else { return };
    let Known { message, document, content, business, waits, .. } = model.known[at];
    let before = hub.entries.len();
    if good {
        let Submitted { sha256, to, targets, verdict } = submitted(document, content, business);
        let release =
            Release { message, sha256, to, business, targets, verdict, materials: Vec::new(), remarks: Vec::new() };
        hub.run(&Command::Release(Box::new(release))).unwrap();
        model.known[at].waits = false;
    } else {
        hub.run(&Command::TurnAway(TurnAway { message, code: Code::CertificateRevoked })).unwrap();
        if waits {
            model.turned_away.push(model.known.remove(at).message);
        }
    }
    let entries = match (waits, good) {
        (false, _) => 0,
        (true, true) => 1 + TO.len(),
        (true, false) => 1,
    };
    assert_eq!(hub.entries.len(), before + entries, "what waits no more is settled already");
}

struct Submitted {
    sha256: crate::domain::Digest,
    to: Vec<crate::domain::OrganId>,
    targets: Vec<crate::domain::DocumentId>,
    verdict: crate::hub::entry::Verdict,
}

fn submitted(document: u8, content: u8, business: BusinessType) -> Submitted {
    let submit = submit(document, content, TO, business, None);
    Submitted { sha256: submit.sha256, to: submit.to, targets: submit.targets, verdict: submit.verdict }
}

fn check(hub: &Pure, model: &Model) {
    let reader = hub.index.reader().unwrap();
    let rows = Rows(reader.as_ref());
    let waiting: Vec<_> = model.known.iter().filter(|it| it.waits).collect();
    let listed = rows.under(&keys::held_prefix(), |_, value| crate::hub::rows::decode::<MessageId>(value)).unwrap();
    assert_eq!(listed, waiting.iter().map(|it| it.message).collect::<Vec<_>>(), "in the order in which they came");
    let counted = rows.waiting(&id(SENDER)).unwrap();
    let number = u64::try_from(waiting.len()).unwrap();
    assert_eq!((counted.messages, counted.bytes), (number, number));
    for known in &model.known {
        let delivered = rows.deliveries(known.message).unwrap().len();
        assert_eq!(delivered, if known.waits { 0 } else { TO.len() }, "what waits is with nobody");
    }
    for document in 0..2 {
        let row = rows.document(&id(SENDER), &document_id(document)).unwrap();
        let known: Vec<_> = model.known.iter().filter(|it| it.document == document).collect();
        assert_eq!(row.as_ref().map_or(0, |row| row.messages.len()), known.len());
        let newest = model.newest(document);
        assert!(newest.is_empty() || row.is_some_and(|row| newest.contains(&row.newest)), "what waits takes no place");
    }
}

/// The index built again from the entries, with the contents of what was turned away destroyed, is the one that grew.
fn rebuilt_is_equal(hub: &Pure, model: &Model) {
    let index = Memory::new();
    for (entry, contents) in hub.entries.iter().zip(&hub.contents) {
        let is_gone = matches!(&entry.event, Event::Held { message, .. } if model.turned_away.contains(message));
        let mut contents = contents.clone();
        for content in contents.iter_mut().filter(|_| is_gone) {
            content.body = Body::Destroyed { length: content.body.len(), payload: None };
        }
        let writes = apply(entry, &contents, index.reader().unwrap().as_ref()).unwrap();
        index.apply(&writes, Durability::Relaxed).unwrap();
    }
    let (grown, rebuilt): (BTreeMap<_, _>, BTreeMap<_, _>) = (hub.index.rows(), index.rows());
    assert_eq!(grown, rebuilt);
}

fn play(ops: &[Op]) {
    let (mut hub, mut model) = (Pure::default(), Model::default());
    hub.fill_directory();
    for op in ops {
        match *op {
            Op::Send { document, content, business, waits } => {
                send(&mut hub, &mut model, document, content, business, waits);
            }
            Op::Settle { which, good } => settle(&mut hub, &mut model, which, good),
        }
        check(&hub, &model);
    }
    chains_have_no_gaps(&hub.entries);
    rebuilt_is_equal(&hub, &model);
}

/// The bytes are verified outside of the writer: what an operator does meanwhile comes before the release.
#[test]
fn a_block_between_verification_and_release_keeps_the_message_waiting() {
    let mut hub = Pure::default();
    hub.fill_directory();
    let signer = Digest::of(b"certificate");
    let quota = HoldQuota { messages: 5, bytes: u64::MAX };
    let submit = submit(0, 0, TO, BusinessType::New, None);
    let message = hub.run(&Command::Hold(Box::new(Hold { submit, quota }))).unwrap().unwrap();
    let Submitted { sha256, to, targets, verdict } = submitted(0, 0, BusinessType::New);
    let verdict = Verdict { signer: Some(signer), ..verdict };
    let business = BusinessType::New;
    let release = Command::Release(Box::new(Release {
        message,
        sha256,
        to,
        business,
        targets,
        verdict,
        materials: Vec::new(),
        remarks: Vec::new(),
    }));
    let (by, rule, reason) = ("operator".to_owned(), BlockRule::Certificate(signer), "stolen".to_owned());
    let put = PutBlock { by: by.clone(), rule, since: None, until: None, reason: reason.clone(), certificate: None };
    hub.run(&Command::PutBlock(Box::new(put))).unwrap();
    let before = hub.entries.len();
    assert_eq!(hub.run(&release), Ok(None));
    assert_eq!(hub.entries.len(), before, "nothing by a blocked certificate follows the block");
    hub.run(&Command::LiftBlock(LiftBlock { by, rule, reason })).unwrap();
    assert_eq!(hub.run(&release), Ok(Some(message)));
    assert_eq!(hub.entries.len(), before + 1 + 1 + TO.len(), "once the block is lifted it is delivered");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn law_3_held_messages_follow_the_table_for_every_sequence(ops in ops()) {
        play(&ops);
    }
}
