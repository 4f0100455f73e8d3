//! Contents: what was acknowledged as withheld, released or destroyed is so; what was on its way is so with its entry,
//! or not at all; and nothing is destroyed that no act explains.

use truc::api::{ContentState, DocumentView};
use truc::domain::{Code, MessageId, Seq};

use crate::check::feeds::Feeds;
use crate::contents::{Act, Fate, Mark, RULES};
use crate::ledger::{Held, Kind, Ledger, Operation};
use crate::load::{Load, lock};

const KINDS: [&str; 3] = ["withheld", "released", "destroyed"];

/// Finds out from the feeds where each content stands, and whether that can be.
pub(crate) async fn check(load: &Load, feeds: &Feeds) {
    rules(load).await;
    let mut ledger = lock(&load.ledger);
    let held = ledger.held.clone();
    let mut unexplained = Vec::new();
    for held in &held {
        let marks = marks(feeds, held);
        for mark in marks.iter().filter(|mark| !ledger.contents.marks.contains(mark)) {
            if !is_explained(&ledger, feeds, held, mark) {
                unexplained.push(format!("{} is {} at {}, and nobody asked for it", held.id, mark.kind, mark.seq));
            }
        }
        let fate = marks.last().map_or(Fate::Whole, |mark| fate(mark.kind));
        if ledger.contents.gone.contains(&held.id) && fate != Fate::Destroyed {
            ledger.find(Kind::Lost, format!("{} was acknowledged as destroyed, and is {fate:?}", held.id));
        }
        ledger.contents.set_fate(held.id, fate);
        ledger.contents.marks.extend(marks);
    }
    unexplained.into_iter().for_each(|what| ledger.find(Kind::Half, what));
    missing(&mut ledger, feeds);
}

/// The entries about a content, in the order of the trail.
fn marks(feeds: &Feeds, held: &Held) -> Vec<Mark> {
    let of = |kind: &'static str| {
        let places = feeds.places(held.letter.from, kind, held.id).iter();
        places.map(move |seq| Mark { message: held.id, kind, seq: *seq })
    };
    let mut marks: Vec<Mark> = KINDS.into_iter().flat_map(of).collect();
    marks.sort_by_key(|mark| mark.seq);
    marks
}

fn fate(kind: &str) -> Fate {
    match kind {
        "withheld" => Fate::Withheld,
        "destroyed" => Fate::Destroyed,
        _ => Fate::Whole,
    }
}

/// Whether an entry that nobody was told of comes from something that was on its way, or belongs to a larger act.
fn is_explained(ledger: &Ledger, feeds: &Feeds, held: &Held, mark: &Mark) -> bool {
    let on_its_way = |wanted: fn(&Act) -> Option<MessageId>| {
        let mut operations = ledger.in_flight.values();
        operations.any(|operation| matches!(operation, Operation::Act(act) if wanted(act) == Some(held.id)))
    };
    match mark.kind {
        // A spill withholds first; that entry has no answer of its own.
        "withheld" => ledger.contents.was_spilled(held.id) || on_its_way(withholds),
        "released" => on_its_way(releases),
        _ => ledger.contents.was_spilled(held.id) || confirmed_before(feeds, held, mark.seq),
    }
}

const fn withholds(act: &Act) -> Option<MessageId> {
    if let Act::Withhold(id) = act { Some(*id) } else { None }
}

const fn releases(act: &Act) -> Option<MessageId> {
    if let Act::Release(id) = act { Some(*id) } else { None }
}

/// A rule destroys only what every recipient has confirmed.
fn confirmed_before(feeds: &Feeds, held: &Held, seq: Seq) -> bool {
    let mut to = held.letter.to.iter();
    to.all(|to| feeds.places(*to, "confirmed", held.id).iter().any(|confirmed| *confirmed < seq))
}

/// Every entry that was acknowledged, or seen once, is there.
fn missing(ledger: &mut Ledger, feeds: &Feeds) {
    let is_there = |mark: &&Mark| {
        let from = ledger.letter(mark.message).map(|held| held.letter.from);
        from.is_some_and(|from| feeds.places(from, mark.kind, mark.message).contains(&mark.seq))
    };
    let missing: Vec<Mark> = ledger.contents.marks.iter().filter(|mark| !is_there(mark)).cloned().collect();
    for Mark { message, kind, seq } in missing {
        ledger.find(Kind::Lost, format!("{message} was {kind} at {seq}, and that entry is not there"));
    }
}

/// The rules are those that were acknowledged, or one that was on its way.
async fn rules(load: &Load) {
    let rules = load.operator().retention_rules().await;
    let mut ledger = lock(&load.ledger);
    let rules = match rules {
        Ok(rules) => rules,
        Err(error) => return ledger.find(Kind::Wrong, format!("the rules of retention: {error}")),
    };
    for wanted in ledger.contents.rules.clone().into_values() {
        let now = rules.iter().find(|rule| rule.rule == wanted.rule);
        let is_new = |operation: &Operation| match operation {
            Operation::Act(Act::Rule(new)) => now.is_some_and(|now| (&new.rule, &new.basis) == (&now.rule, &now.basis)),
            _ => false,
        };
        let holds = now.is_some_and(|now| (now.header, &now.basis) == (wanted.header, &wanted.basis));
        if !holds && !ledger.in_flight.values().any(is_new) {
            ledger.find(Kind::Lost, format!("the rule {} stands as {now:?}", wanted.rule));
        }
    }
}

/// With what a reader is turned away; a status goes with its document, or is withheld with it.
pub(crate) fn expected(ledger: &Ledger, feeds: &Feeds, id: MessageId) -> Option<Code> {
    let told = ledger.told.iter().find(|told| told.id == id);
    let fate = match told {
        Some(told) if !feeds.places(told.note.from, "destroyed", id).is_empty() => Fate::Destroyed,
        Some(told) if ledger.contents.fate(told.note.about.0) == Fate::Destroyed => Fate::Whole,
        Some(told) => ledger.contents.fate(told.note.about.0),
        None => ledger.contents.fate(id),
    };
    match fate {
        Fate::Whole => None,
        Fate::Withheld => Some(Code::ContentWithheld),
        Fate::Destroyed => Some(Code::ContentDestroyed),
    }
}

/// What the hub shows of a document agrees with its entries; a destruction is whole.
pub(crate) fn look_at(ledger: &mut Ledger, feeds: &Feeds, held: &Held, view: &DocumentView) {
    let id = held.id;
    let state = view.content.as_ref().map(|content| content.state);
    let wanted = match ledger.contents.fate(id) {
        Fate::Whole => None,
        Fate::Withheld => Some(ContentState::Withheld),
        Fate::Destroyed => Some(ContentState::Destroyed),
    };
    if state != wanted {
        ledger.find(Kind::Lost, format!("the content of {id} is shown as {state:?}, not as {wanted:?}"));
    }
    if state == Some(ContentState::Destroyed) {
        let rule = view.content.as_ref().and_then(|content| content.rule.as_deref());
        let at = feeds.places(held.letter.from, "destroyed", id).last().copied().unwrap_or_default();
        match rule {
            Some(_) if !confirmed_before(feeds, held, at) => {
                ledger.find(Kind::Wrong, format!("{id} was destroyed by a rule before everybody had confirmed it"));
            }
            None => spill(ledger, feeds, held),
            Some(_) => {}
        }
        if RULES.iter().any(|(name, header)| *header && rule == Some(*name)) || rule.is_none() {
            header(ledger, feeds, held, view, at);
        }
    }
}

/// Each recipient is told once.
fn spill(ledger: &mut Ledger, feeds: &Feeds, held: &Held) {
    if !ledger.contents.was_spilled(held.id) {
        ledger.find(Kind::Wrong, format!("{} was destroyed by no rule and no spill", held.id));
    }
    for to in &held.letter.to {
        if feeds.places(*to, "spilled", held.id).len() != 1 {
            ledger.find(Kind::Half, format!("the spill of {} is not told once to agency {to}", held.id));
        }
    }
}

/// Header data and statuses have gone in the same breath.
fn header(ledger: &mut Ledger, feeds: &Feeds, held: &Held, view: &DocumentView, at: Seq) {
    if !view.subject.is_empty() || !view.code.is_empty() {
        ledger.find(Kind::Half, format!("{} was destroyed with its header data, and shows it", held.id));
    }
    let told = ledger.told.iter().filter(|told| told.note.about.0 == held.id && told.seq < at);
    let left = told.filter(|told| feeds.places(told.note.from, "destroyed", told.id).len() != 1);
    let left: Vec<MessageId> = left.map(|told| told.id).collect();
    for status in left {
        ledger.find(Kind::Half, format!("{} was destroyed with its statuses, but for {status}", held.id));
    }
}
