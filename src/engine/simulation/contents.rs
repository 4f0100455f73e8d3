//! What becomes of contents, by docs/retention.md: withheld, released, destroyed by a rule or as a spill, and the rules
//! themselves. The reference model's part, the commands, and what is looked at on the disk.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::api::ContentState;
use crate::domain::{HoldState, Timestamp};
use crate::engine::simulation::acts::{Handle, Name, Told};
use crate::engine::simulation::check::Names;
use crate::engine::simulation::luck::Luck;
use crate::engine::simulation::model::{Delivery, Message, Model};
use crate::engine::simulation::world::World;
use crate::hub::decide::Command;
use crate::hub::destroy::{Cause, Destroy, Withhold};
use crate::hub::retention::{Rule, SetRule};
use crate::hub::rows::{ContentRow, Rows};
use crate::hub::{Entry, Event};
use crate::journal::{Body, ContentKind};

const RULES: [Name; 2] = ["mot", "hai"];

/// Where a content stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Whole,
    Withheld,
    Destroyed { header: bool },
}

/// What an operator does to contents.
#[derive(Debug, Clone)]
pub(super) enum ContentAct {
    Rule {
        rule: Name,
        days: u32,
        closed: bool,
    },
    Withhold {
        message: Handle,
        release: bool,
    },
    /// By a rule, or as a spill, which is never without the header data.
    Destroy {
        message: Handle,
        header: bool,
        spill: bool,
    },
    /// The segment that is written to is to be sealed.
    Seal,
    /// What was ordered destroyed in a segment is gone: an entry as the engine makes it.
    Erased(Box<Event>),
}

/// One of them, by luck.
pub(super) fn choose(luck: &mut Luck, model: &Model) -> ContentAct {
    let handles: Vec<Handle> = (0..model.messages.len()).collect();
    if handles.is_empty() || luck.once_in(8) {
        return ContentAct::Rule {
            rule: luck.pick(&RULES),
            days: u32::try_from(luck.below(2)).unwrap(),
            closed: luck.once_in(4),
        };
    }
    let message = luck.pick(&handles);
    match luck.below(4) {
        0 | 1 => ContentAct::Withhold { message, release: luck.once_in(2) },
        2 => ContentAct::Destroy { message, header: luck.once_in(2), spill: false },
        _ => ContentAct::Destroy { message, header: true, spill: true },
    }
}

/// The command that the hub makes of it.
pub(super) fn command(act: &ContentAct, names: &Names) -> Command {
    let by = || "operator".to_owned();
    match act {
        ContentAct::Rule { rule, days, closed } => Command::Retention(Box::new(SetRule(rule_of(rule, *days, *closed)))),
        ContentAct::Withhold { message, release } => {
            let (message, reason) = (names.id(*message), "vì".to_owned());
            Command::Withhold(Withhold { by: by(), message, reason, release: *release })
        }
        ContentAct::Destroy { message, header, spill } => {
            let cause = if *spill { Cause::Spill { reason: "vì".to_owned() } } else { Cause::Rule("mot".to_owned()) };
            Command::Destroy(Destroy { by: by(), messages: vec![names.id(*message)], header: *header, cause })
        }
        ContentAct::Seal => Command::Seal,
        ContentAct::Erased(event) => Command::Erased(Box::new(crate::hub::destroy::Erased(event.as_ref().clone()))),
    }
}

fn rule_of(rule: Name, days: u32, closed: bool) -> Rule {
    Rule {
        rule: rule.to_owned(),
        years: 0,
        days,
        business: None,
        type_name: None,
        header: false,
        basis: "Điều 15".to_owned(),
        from: Timestamp::from_millis(0),
        closed,
        by: "operator".to_owned(),
    }
}

/// What an entry about contents says, in the model's words.
pub(super) fn says(event: &Event, names: &Names) -> Option<String> {
    Some(match event {
        Event::Retention(rule) => format!("retention {} {} {}", rule.rule, rule.days, rule.closed),
        Event::Withheld { message, .. } => format!("withheld m{}", names.handle(*message)),
        Event::Released { message, .. } => format!("released m{}", names.handle(*message)),
        Event::Destroyed { message, header, spill, target, .. } => {
            let target = target.map(|target| names.handle(target));
            format!("destroyed m{} {header} {spill} {target:?}", names.handle(*message))
        }
        Event::Spilled { message, from, to, fetched, confirmed } => {
            format!("spilled m{} {from} {to} {fetched} {confirmed}", names.handle(*message))
        }
        Event::Erased { segment, generation, contents, bytes, payloads, through } => {
            format!("erased {segment} {generation} {contents} {bytes} {payloads} {through}")
        }
        _ => return None,
    })
}

impl Message {
    pub(super) const fn fate(&self) -> Fate {
        match self {
            Self::Letter { fate, .. } | Self::Report { fate, .. } => *fate,
        }
    }

    fn fate_mut(&mut self) -> &mut Fate {
        match self {
            Self::Letter { fate, .. } | Self::Report { fate, .. } => fate,
        }
    }
}

impl Model {
    pub(super) fn content(&mut self, act: &ContentAct) -> Told {
        match act {
            ContentAct::Rule { rule, days, closed } => self.rule(rule, *days, *closed),
            ContentAct::Withhold { message, release } => self.withhold(*message, *release),
            ContentAct::Destroy { message, header, spill } => self.destroy(*message, *header, *spill),
            ContentAct::Seal => Told::Nothing,
            ContentAct::Erased(event) => {
                self.tell(says(event, &Names::default()).unwrap(), Vec::new(), None);
                self.newly(None, None)
            }
        }
    }

    fn rule(&mut self, rule: Name, days: u32, closed: bool) -> Told {
        if self.rules.insert(rule, (days, closed)) == Some((days, closed)) {
            return Told::Nothing;
        }
        self.tell(format!("retention {rule} {days} {closed}"), Vec::new(), None);
        self.newly(None, None)
    }

    fn withhold(&mut self, message: Handle, release: bool) -> Told {
        let Message::Letter { letter, fate, .. } = &mut self.messages[message] else {
            return Told::Refused("not_found");
        };
        let (before, after, word) = match (*fate, release) {
            (Fate::Destroyed { .. }, _) => return Told::Refused("content_destroyed"),
            (before, false) => (before, Fate::Withheld, "withheld"),
            (before, true) => (before, Fate::Whole, "released"),
        };
        if before == after {
            return Told::Nothing;
        }
        *fate = after;
        let from = letter.from;
        self.tell(format!("{word} m{message}"), vec![from], None);
        self.newly(Some(message), None)
    }

    fn destroy(&mut self, message: Handle, header: bool, spill: bool) -> Told {
        let Message::Letter { letter, fate, deliveries, hold, .. } = &self.messages[message] else {
            return Told::Refused("not_found");
        };
        // What waits is left alone by every rule.
        let confirmed = *hold != Some(HoldState::Held) && deliveries.values().all(|delivery| delivery.confirmed);
        let due = match fate {
            Fate::Destroyed { header: gone } if *gone || !header => false,
            _ if spill => true,
            Fate::Withheld => false,
            Fate::Whole | Fate::Destroyed { .. } => confirmed,
        };
        if !due {
            return Told::Nothing;
        }
        let (from, deliveries) = (letter.from, deliveries.clone());
        self.tell(format!("destroyed m{message} {header} {spill} None"), vec![from], None);
        let told = self.newly(Some(message), None);
        if header {
            self.destroy_statuses(message, spill);
            self.blank(message);
        }
        if spill {
            for (to, Delivery { fetched, confirmed, .. }) in deliveries {
                self.tell(format!("spilled m{message} {from} {to} {fetched} {confirmed}"), vec![from, to], None);
            }
        }
        *self.messages[message].fate_mut() = Fate::Destroyed { header };
        told
    }

    /// With the header data go the statuses about it.
    fn destroy_statuses(&mut self, message: Handle, spill: bool) {
        for status in 0..self.messages.len() {
            let Message::Report { report, target, fate, .. } = &mut self.messages[status] else { continue };
            if *target == Some(message) {
                *fate = Fate::Destroyed { header: true };
                let parties = vec![report.from, report.to];
                self.tell(format!("destroyed m{status} true {spill} Some({message})"), parties, None);
            }
        }
    }

    /// And the words of the newest status at each recipient.
    fn blank(&mut self, message: Handle) {
        if let Message::Letter { deliveries, .. } = &mut self.messages[message] {
            for last in deliveries.values_mut().filter_map(|delivery| delivery.last.as_mut()) {
                last.1 = None;
            }
        }
    }
}

/// What the index says of a content is what the model says.
pub(super) fn row(rows: &Rows<'_>, names: &Names, handle: Handle, message: &Message) {
    let row = rows.content(names.id(handle)).unwrap();
    let stands = row.map(|ContentRow { state, header, .. }| (state, header));
    let expected = match message.fate() {
        Fate::Whole => None,
        Fate::Withheld => Some((ContentState::Withheld, false)),
        Fate::Destroyed { header } => Some((ContentState::Destroyed, header)),
    };
    assert_eq!(stands, expected, "the content of m{handle}");
}

/// Nothing is left to be done: of every destroyed message the bytes are gone from the journal and from `payloads/`, of
/// every other one they are there.
pub(super) fn on_disk(world: &World, model: &Model, names: &Names) {
    let fates: BTreeMap<Handle, Fate> = model.messages.iter().map(Message::fate).enumerate().collect();
    let visited = world.writer().shared.journal.replay(None, &mut |record| {
        for content in record.batch.contents.iter().filter(|content| content.kind == ContentKind::Body) {
            let entry = &record.batch.entries[usize::try_from(content.entry).unwrap()];
            let (Event::Accepted { message, .. } | Event::Status { message, .. } | Event::Held { message, .. }) =
                Entry::from_bytes(entry).unwrap().event
            else {
                continue;
            };
            let destroyed = matches!(fates[&names.handle(message)], Fate::Destroyed { .. });
            let gone = matches!(content.body, Body::Destroyed { .. });
            assert_eq!(gone, destroyed, "m{} at {}", names.handle(message), record.placed.position);
            if let Body::Destroyed { payload: Some(name), .. } = &content.body {
                let mut left = false;
                let mut look = |found, _| {
                    left |= found == *name;
                    ControlFlow::Continue(())
                };
                world.payloads().list(&mut look).unwrap();
                assert!(!left, "the file of m{}", names.handle(message));
            }
        }
        ControlFlow::Continue(())
    });
    visited.unwrap();
}
