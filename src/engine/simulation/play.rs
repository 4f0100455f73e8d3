//! What people and software may do, chosen by luck: with a liking for what was done before, so that repeats, conflicts
//! and races happen.

use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;

use crate::api::{Agency, Policy, Role, Scope};
use crate::domain::{BusinessType, Code, Digest, Priority, StatusCode, Timestamp};
use crate::engine::simulation::acts::{AccessAct, Act, Letter, Name, Report};
use crate::engine::simulation::check::{Names, document_id, organ};
use crate::engine::simulation::contents;
use crate::engine::simulation::held;
use crate::engine::simulation::luck::Luck;
use crate::engine::simulation::model::{Message, Model};
use crate::hub::content::{DocumentHeader, StatusHeader};
use crate::hub::decide::{Command, Ids};
use crate::hub::delivery::{Confirm, Fetch};
use crate::hub::entry::{Salt, Verdict};
use crate::hub::register::{AcceptedClock, Access, Directory, RefusedCall};
use crate::hub::status::SubmitStatus;
use crate::hub::submit::{Likeness, Submit};
use crate::journal::{Body, JournalError, PayloadName, Payloads};

/// The last one is in no directory at first.
pub(super) const AGENCIES: [Name; 5] = ["G22", "H14", "H24", "H41", "A44"];
const SYSTEMS: [Name; 3] = ["one", "two", "three"];
const CODES: [Name; 9] = ["01", "02", "03", "04", "05", "06", "13", "15", "16"];
const NAMES: [Name; 2] = ["Cơ-quan", "Bộ"];
/// Documents of a sender; two of them share a số/ký hiệu.
const DOCUMENTS: u64 = 4;
const CERTIFICATES: u64 = 3;
const TOKENS: u64 = 1_000;

/// What somebody does next.
pub(super) fn choose(luck: &mut Luck, model: &Model) -> Act {
    match luck.below(24) {
        22 | 23 if !model.messages.is_empty() => held::choose(luck, model).map_or_else(|| refused(luck), Act::Settle),
        20 | 21 => Act::Content(contents::choose(luck, model)),
        0..7 => {
            let letter = letter(luck, model);
            let held = model.held(letter.from, letter.document);
            let alike = held.map(|(_, held, _)| (held.content, held.business) == (letter.content, letter.business));
            if luck.once_in(4) { Act::Hold(letter, alike) } else { Act::Send(letter, alike) }
        }
        7..13 => Act::Report(report(luck, model)),
        13 | 14 => delivery(luck, model, |message, agency| Act::Fetch { message, agency }),
        15 | 16 => delivery(luck, model, |message, agency| Act::Confirm { message, agency }),
        17 => {
            let closed = luck.once_in(4);
            Act::Agency { agency: luck.pick(&AGENCIES), name: luck.pick(&NAMES), closed }
        }
        18 => Act::Access(access(luck)),
        _ => refused(luck),
    }
}

fn refused(luck: &mut Luck) -> Act {
    Act::Refused { by: luck.pick(&SYSTEMS), size: luck.below(1000) }
}

fn letter(luck: &mut Luck, model: &Model) -> Letter {
    let before = model.messages.iter().filter_map(|message| match message {
        Message::Letter { letter, .. } => Some(letter.clone()),
        Message::Report { .. } => None,
    });
    let before: Vec<Letter> = before.collect();
    if !before.is_empty() && luck.once_in(4) {
        let mut again = luck.pick(&before);
        if luck.once_in(2) {
            again.to = recipients(luck);
        }
        return again;
    }
    let document = u8::try_from(luck.below(DOCUMENTS)).unwrap();
    let small = |luck: &mut Luck, limit| u8::try_from(luck.below(limit)).unwrap();
    Letter {
        from: luck.pick(&AGENCIES[..2]),
        to: recipients(luck),
        document,
        number: document % 2,
        content: small(luck, 2),
        business: if luck.once_in(2) { 0 } else { small(luck, 4) },
        priority: small(luck, 4),
        names: luck.once_in(2).then(|| small(luck, DOCUMENTS)),
        large: luck.once_in(12),
    }
}

fn recipients(luck: &mut Luck) -> Vec<Name> {
    let chosen: Vec<Name> = AGENCIES.iter().copied().filter(|_| luck.once_in(3)).collect();
    if chosen.is_empty() { vec![luck.pick(&AGENCIES)] } else { chosen }
}

fn report(luck: &mut Luck, model: &Model) -> Report {
    let code = luck.pick(&CODES);
    let (mut sender, mut recipient) = (luck.pick(&AGENCIES[..2]), luck.pick(&AGENCIES));
    let mut document = u8::try_from(luck.below(DOCUMENTS)).unwrap();
    if let (false, Some((letter, to))) = (luck.once_in(5), addressed(luck, model)) {
        (sender, recipient, document) = (letter.from, to, letter.document);
    }
    let (from, to) = if code == "13" { (sender, recipient) } else { (recipient, sender) };
    let number = luck.once_in(2).then_some(document % 2);
    let document = (!luck.once_in(3)).then_some(document);
    let stamp = u8::try_from(luck.below(3)).unwrap();
    Report { from, to, code, document, number, stamp, record: luck.once_in(4) }
}

fn addressed(luck: &mut Luck, model: &Model) -> Option<(Letter, Name)> {
    let letters = model.messages.iter().filter_map(|message| match message {
        Message::Letter { letter, .. } => Some(letter),
        Message::Report { .. } => None,
    });
    let all: Vec<(&Letter, Name)> = letters.flat_map(|letter| letter.to.iter().map(move |to| (letter, *to))).collect();
    (!all.is_empty()).then(|| luck.pick(&all)).map(|(letter, to)| (letter.clone(), to))
}

fn delivery(luck: &mut Luck, model: &Model, act: impl Fn(usize, Name) -> Act) -> Act {
    let handles: Vec<usize> = (0..model.messages.len()).collect();
    if handles.is_empty() {
        return Act::Refused { by: luck.pick(&SYSTEMS), size: 0 };
    }
    let message = luck.pick(&handles);
    match &model.messages[message] {
        Message::Letter { letter, .. } if !luck.once_in(6) => act(message, luck.pick(&letter.to)),
        _ => act(message, luck.pick(&AGENCIES)),
    }
}

fn access(luck: &mut Luck) -> AccessAct {
    let some = |luck: &mut Luck, limit| (0..limit).filter(|_| luck.once_in(3)).collect::<Vec<u64>>();
    AccessAct {
        system: luck.pick(&SYSTEMS),
        agencies: recipients(luck),
        certificates: some(luck, CERTIFICATES).into_iter().map(|number| u8::try_from(number).unwrap()).collect(),
        token: luck.once_in(2).then(|| luck.below(TOKENS)),
        closed: luck.once_in(4),
    }
}

pub(super) fn token(number: u64) -> Digest {
    Digest::of(format!("token {number}").as_bytes())
}

pub(super) fn certificate(number: u8) -> Digest {
    Digest::of(format!("certificate {number}").as_bytes())
}

/// Every credential that was ever given.
pub(super) fn credentials(model: &Model) -> Vec<Digest> {
    let tokens = model.accesses.values().flat_map(|access| access.tokens.iter().map(|number| token(*number)));
    tokens.chain((0..CERTIFICATES).map(|number| certificate(u8::try_from(number).unwrap()))).collect()
}

/// The command that the hub makes of an act: large bodies are durable in `payloads/` before.
pub(super) fn command(act: &Act, names: &Names, payloads: &Payloads, luck: &mut Luck) -> Result<Command, JournalError> {
    Ok(match act {
        Act::Send(letter, alike) => {
            let body = body(letter.bytes(), payloads, luck)?;
            Command::Submit(Box::new(submit(letter, *alike, body)))
        }
        Act::Hold(letter, alike) => {
            let body = body(letter.bytes(), payloads, luck)?;
            held::hold(submit(letter, *alike, body))
        }
        Act::Settle(settle) => held::command(settle, names),
        Act::Report(report) => Command::Status(Box::new(status(report))),
        Act::Fetch { message, agency } => {
            Command::Fetch(Fetch { by: Arc::from("by"), message: names.id(*message), agency: organ(agency) })
        }
        Act::Confirm { message, agency } => {
            Command::Confirm(Confirm { by: Arc::from("by"), message: names.id(*message), agency: organ(agency) })
        }
        Act::Agency { agency, name, closed } => {
            let agency = Agency { code: organ(agency), name: (*name).to_owned(), closed: *closed };
            Command::Directory(Directory { by: "operator".to_owned(), agency })
        }
        Act::AcceptClock(clock) => {
            Command::AcceptClock(AcceptedClock { by: "operator".to_owned(), clock: Timestamp::from_millis(*clock) })
        }
        Act::Content(act) => contents::command(act, names),
        Act::Access(act) => Command::Access(Box::new(access_of(act))),
        Act::Refused { by, size } => Command::Refused(RefusedCall {
            by: (*by).to_owned(),
            agency: None,
            code: Code::DigestMismatch,
            path: String::new(),
            size: *size,
            unwritten: 0,
        }),
    })
}

fn body(bytes: Vec<u8>, payloads: &Payloads, luck: &mut Luck) -> Result<Body, JournalError> {
    if bytes.len() <= crate::journal::INLINE_BYTES_MAX {
        return Ok(Body::Inline(bytes.into()));
    }
    let failed = |source| JournalError::Io { action: "spool", source };
    let mut spool = payloads.spool()?;
    spool.write_all(&bytes).map_err(failed)?;
    let name = PayloadName(luck.message(Timestamp::from_millis(0)).0);
    Ok(Body::Payload(spool.persist(name, Digest::of(&bytes))?))
}

pub(super) fn verdict(record: bool) -> Verdict {
    Verdict {
        policy: if record { Policy::Record } else { Policy::Envelope },
        indication: "TOTAL-PASSED".to_owned(),
        sub_indication: None,
        signer: None,
        evidence: Vec::new(),
    }
}

pub(super) const fn business(number: u8) -> BusinessType {
    match number {
        0 => BusinessType::New,
        1 => BusinessType::Revoke,
        2 => BusinessType::Update,
        _ => BusinessType::Replace,
    }
}

const fn priority(number: u8) -> Priority {
    match number {
        0 => Priority::Ordinary,
        1 => Priority::Urgent,
        2 => Priority::VeryUrgent,
        _ => Priority::Express,
    }
}

fn submit(letter: &Letter, alike: Option<bool>, body: Body) -> Submit {
    let bytes = letter.bytes();
    Submit {
        by: Arc::from("by"),
        from: organ(letter.from),
        to: letter.to.iter().map(|to| organ(to)).collect(),
        document: document_id(letter.document),
        business: business(letter.business),
        priority: priority(letter.priority),
        header: DocumentHeader {
            salt: Salt([0; 16]),
            code_number: (letter.number + 1).to_string(),
            code_notation: "TH".to_owned(),
            subject: letter.content.to_string(),
            type_name: "Công văn".to_owned(),
            promulgation_date: "2026/11/22".to_owned(),
            due_date: String::new(),
            signer: String::new(),
            reason: String::new(),
        },
        targets: letter.speaks_of().into_iter().map(document_id).collect(),
        sha256: Digest::of(&bytes),
        size: u64::try_from(bytes.len()).unwrap(),
        body,
        verdict: verdict(false),
        materials: Vec::new(),
        remarks: Vec::new(),
        likeness: alike.map(|alike| if alike { Likeness::EqualButTo } else { Likeness::Other }),
    }
}

fn status(report: &Report) -> SubmitStatus {
    let bytes = Bytes::from(report.bytes());
    SubmitStatus {
        by: Arc::from("by"),
        from: organ(report.from),
        to: organ(report.to),
        status: StatusCode::from_wire(report.code).unwrap(),
        document: report.document.map(document_id),
        notation: report.number.map(|number| crate::domain::notation::key(&format!("{}/TH", number + 1)).unwrap()),
        header: StatusHeader {
            salt: Salt([0; 16]),
            description: report.stamp.to_string(),
            staff: String::new(),
            timestamp: String::new(),
        },
        sha256: Digest::of(&bytes),
        size: u64::try_from(bytes.len()).unwrap(),
        body: Body::Inline(bytes),
        verdict: verdict(report.record),
        materials: Vec::new(),
        remarks: Vec::new(),
    }
}

fn access_of(act: &AccessAct) -> Access {
    Access {
        by: "operator".to_owned(),
        system: act.system.to_owned(),
        role: Role::System,
        agencies: act.agencies.iter().map(|code| Scope { code: organ(code), subtree: false }).collect(),
        policy: Policy::Envelope,
        client_certificates: act.certificates.iter().map(|number| certificate(*number)).collect(),
        new_token: act.token.map(token),
        signers: Vec::new(),
        certificates: Vec::new(),
        closed: act.closed,
    }
}
