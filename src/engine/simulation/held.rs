//! Held messages, by docs/identity.md: what waits because revocation is not known, until somebody knows. The reference
//! model's part, the commands, and what the index must say.

use std::collections::BTreeMap;

use crate::domain::{Code, Digest, HoldState, MessageId};
use crate::engine::simulation::acts::{Handle, Letter, Name, Told};
use crate::engine::simulation::check::{Names, document_id, organ};
use crate::engine::simulation::contents::Fate;
use crate::engine::simulation::luck::Luck;
use crate::engine::simulation::model::{Message, Model};
use crate::engine::simulation::play;
use crate::hub::decide::Command;
use crate::hub::held::{Hold, HoldQuota, Release, TurnAway};
use crate::hub::rows::{HoldRow, MessageRow, Rows, WaitingRow, decode};
use crate::hub::submit::Submit;
use crate::hub::{Event, keys};

/// What one sender may have waiting.
const WAITING_MAX: u64 = 3;

/// It is known at last whether a certificate was good.
#[derive(Debug, Clone)]
pub(super) struct Settle {
    pub(super) message: Handle,
    pub(super) letter: Letter,
    pub(super) good: bool,
}

/// One of the letters, rather one that waits.
pub(super) fn choose(luck: &mut Luck, model: &Model) -> Option<Settle> {
    let any = luck.once_in(6);
    let letters = model.messages.iter().enumerate().filter_map(|(handle, message)| match message {
        Message::Letter { letter, .. } if any || message.waits() => Some((handle, letter)),
        _ => None,
    });
    let letters: Vec<(Handle, &Letter)> = letters.collect();
    (!letters.is_empty()).then(|| {
        let (message, letter) = luck.pick(&letters);
        Settle { message, letter: letter.clone(), good: !luck.once_in(3) }
    })
}

pub(super) fn hold(submit: Submit) -> Command {
    Command::Hold(Box::new(Hold { submit, quota: HoldQuota { messages: WAITING_MAX, bytes: u64::MAX } }))
}

/// The command that a pass over what waits makes of it.
pub(super) fn command(settle: &Settle, names: &Names) -> Command {
    let (message, letter) = (names.id(settle.message), &settle.letter);
    if !settle.good {
        return Command::TurnAway(TurnAway { message, code: Code::CertificateRevoked });
    }
    Command::Release(Box::new(Release {
        message,
        sha256: Digest::of(&letter.bytes()),
        to: letter.to.iter().map(|to| organ(to)).collect(),
        business: play::business(letter.business),
        targets: letter.speaks_of().into_iter().map(document_id).collect(),
        verdict: play::verdict(false),
        materials: Vec::new(),
        remarks: Vec::new(),
    }))
}

/// What an entry about what waits says, in the model's words.
pub(super) fn says(event: &Event, names: &Names) -> Option<String> {
    Some(match event {
        Event::Held { message, from, document, business, priority, recipients, .. } => {
            let (message, business, priority) = (names.handle(*message), business.wire(), priority.rank());
            format!("held m{message} {from} {document} {business} {priority} {recipients}")
        }
        Event::HoldReleased { message, from, recipients, target, remarks, .. } => {
            let target = target.map(|target| names.handle(target));
            format!("hold_released m{} {from} {recipients} {target:?} {remarks:?}", names.handle(*message))
        }
        Event::TurnedAway { message, from, code } => format!("turned_away m{} {from} {code:?}", names.handle(*message)),
        _ => return None,
    })
}

impl Message {
    pub(super) const fn hold(&self) -> Option<HoldState> {
        match self {
            Self::Letter { hold, .. } => *hold,
            Self::Report { .. } => None,
        }
    }

    fn waits(&self) -> bool {
        self.hold() == Some(HoldState::Held)
    }
}

impl Model {
    /// As what is accepted, but for its recipients and its place among the versions.
    pub(super) fn hold(&mut self, letter: &Letter) -> Told {
        if self.waiting(letter.from).len() >= usize::try_from(WAITING_MAX).unwrap() {
            return Told::Refused("held_quota");
        }
        let message = self.messages.len();
        let Letter { from, document, business, priority, .. } = letter;
        let says = format!("held m{message} {from} d{document} {business} {priority} {}", letter.to.len());
        self.tell(says, vec![letter.from], Some(message));
        let (told, seq) = (self.newly(Some(message), None), self.trail.len() - 1);
        let (deliveries, fate, hold) = (BTreeMap::new(), Fate::Whole, Some(HoldState::Held));
        self.messages.push(Message::Letter { letter: letter.clone(), seq, deliveries, fate, hold });
        self.known.insert(letter.name(), message);
        self.documents.entry((letter.from, letter.document)).or_insert((message, Vec::new())).1.push(message);
        told
    }

    /// What waits of a sender, in the order in which it came.
    pub(super) fn waiting(&self, from: Name) -> Vec<Handle> {
        let is_his = |message: &Message| matches!(message, Message::Letter { letter, .. } if letter.from == from);
        let all = self.messages.iter().enumerate();
        all.filter(|(_, message)| message.waits() && is_his(message)).map(|(handle, _)| handle).collect()
    }

    pub(super) fn settle(&mut self, Settle { message, letter, good }: &Settle) -> Told {
        match (good, self.messages[*message].fate()) {
            _ if !self.messages[*message].waits() => Told::Nothing,
            // Nobody is given what is destroyed: it is turned away for that, at the next look.
            (true, Fate::Destroyed { .. }) => Told::Nothing,
            (true, _) => self.release(*message, letter),
            (false, _) => self.turn_away(*message, letter),
        }
    }

    fn release(&mut self, message: Handle, letter: &Letter) -> Told {
        let newest = |document| self.documents.get(&(letter.from, document)).map(|(newest, _)| *newest);
        let target = letter.speaks_of().into_iter().filter_map(newest).find(|newest| *newest != message);
        let remarks = if letter.business != 0 && target.is_none() { vec!["target_not_held"] } else { vec![] };
        let (from, count) = (letter.from, letter.to.len());
        self.tell(format!("hold_released m{message} {from} {count} {target:?} {remarks:?}"), vec![from], None);
        let told = self.newly(Some(message), None);
        let addressed = self.address(message, letter);
        // Before it ceases to wait: else nothing would be known of what has waited alone.
        let takes_its_place = self.is_newer(message, letter);
        if let Message::Letter { hold, deliveries, .. } = &mut self.messages[message] {
            (*hold, *deliveries) = (Some(HoldState::Released), addressed);
        }
        if takes_its_place {
            self.documents.get_mut(&(from, letter.document)).unwrap().0 = message;
        }
        told
    }

    /// A version that nobody has is older than one that somebody has; else the order in which they came decides, and a
    /// revocation is no version.
    fn is_newer(&self, message: Handle, letter: &Letter) -> bool {
        let newest = self.documents[&(letter.from, letter.document)].0;
        let (waits, revokes) = self.standing(newest);
        waits || (letter.business != 1 && (newest < message || revokes))
    }

    /// Whether it waits, and whether it is a revocation.
    fn standing(&self, message: Handle) -> (bool, bool) {
        let message = &self.messages[message];
        (message.waits(), matches!(message, Message::Letter { letter, .. } if letter.business == 1))
    }

    fn turn_away(&mut self, message: Handle, letter: &Letter) -> Told {
        self.tell(format!("turned_away m{message} {} CertificateRevoked", letter.from), vec![letter.from], None);
        if let Message::Letter { hold, fate, .. } = &mut self.messages[message] {
            (*hold, *fate) = (Some(HoldState::TurnedAway), Fate::Destroyed { header: true });
        }
        self.known.remove(&letter.name());
        self.forget((letter.from, letter.document), message);
        self.newly(Some(message), None)
    }

    /// The last version that somebody has is the newest one then; without one the last revocation, or what waits.
    fn forget(&mut self, document: (Name, u8), message: Handle) {
        let (newest, mut all) = self.documents.remove(&document).unwrap();
        all.retain(|known| *known != message);
        let rank = |known: &Handle| {
            let (waits, revokes) = self.standing(*known);
            (!waits, !revokes)
        };
        let best = all.iter().copied().max_by_key(rank);
        if let Some(best) = best {
            self.documents.insert(document, (if newest == message { best } else { newest }, all));
        }
    }
}

/// The state of a message, and that its bytes are claimed by it unless it was turned away.
pub(super) fn row(rows: &Rows<'_>, names: &Names, (handle, message): (Handle, &Message), row: &MessageRow) {
    assert_eq!(row.hold.as_ref().map(|HoldRow { state, .. }| *state), message.hold(), "how m{handle} is held");
    let claimed = rows.claimed(&row.sha256).unwrap();
    let is_claimed = claimed == Some(names.id(handle));
    assert_eq!(is_claimed, message.hold() != Some(HoldState::TurnedAway), "whose bytes those of m{handle} are");
}

/// What waits, in the order in which it came, and how much of it there is of each sender.
pub(super) fn lists(rows: &Rows<'_>, model: &Model, names: &Names) {
    let all = rows.under(&keys::held_prefix(), |_, value| decode::<MessageId>(value)).unwrap();
    let waiting = model.messages.iter().enumerate().filter(|(_, message)| message.waits());
    assert_eq!(all, waiting.map(|(handle, _)| names.id(handle)).collect::<Vec<_>>(), "what waits");
    for from in play::AGENCIES {
        let waiting = model.waiting(from);
        let bytes = |handle: &Handle| match &model.messages[*handle] {
            Message::Letter { letter, .. } => letter.bytes().len(),
            Message::Report { .. } => 0,
        };
        let bytes: usize = waiting.iter().map(bytes).sum();
        let of = (u64::try_from(waiting.len()).unwrap(), u64::try_from(bytes).unwrap());
        let WaitingRow { messages, bytes } = rows.waiting(&organ(from)).unwrap();
        assert_eq!((messages, bytes), of, "what waits of {from}");
    }
}
