//! What the operator does to contents, as it was acknowledged: withheld, released, destroyed by a rule, destroyed because
//! of a spill. After a cut, what was acknowledged is so, and nothing else is so by halves.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::Bytes;
use truc::api::{Acted, RuleRequest, Run, RunRequest, SpillReport};
use truc::client::ClientError;
use truc::domain::{Code, MessageId, Seq};

use crate::ledger::{Kind, Ledger, Operation};

/// The rules of retention, and whether the header data goes with the body. Both are due at once: no term, but only what
/// every recipient has confirmed.
pub(crate) const RULES: [(&str, bool); 2] = [("than-van-ban", false), ("ca-phan-dau", true)];

/// Where a content stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Fate {
    #[default]
    Whole,
    Withheld,
    Destroyed,
}

/// What the operator asks for. One act at a time is on its way.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Rule(RuleRequest),
    /// With the messages that it must destroy if it says that there is no more.
    Run(RunRequest, Vec<MessageId>),
    Withhold(MessageId),
    Release(MessageId),
    Spill(MessageId),
}

/// What the operator was answered.
pub(crate) enum Done {
    Rule,
    Run(Run),
    Acted(Acted),
    Spill(Box<SpillReport>),
}

/// An entry about a content: what the feeds must show for ever.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Mark {
    pub(crate) message: MessageId,
    pub(crate) kind: &'static str,
    pub(crate) seq: Seq,
}

/// Everything about contents of one data folder.
#[derive(Default)]
pub(crate) struct Contents {
    fates: HashMap<MessageId, Fate>,
    /// Acknowledged, or seen after a cut.
    pub(crate) marks: HashSet<Mark>,
    /// The entries of what was acknowledged.
    pub(crate) entries: Vec<(Seq, Bytes)>,
    pub(crate) rules: BTreeMap<String, RuleRequest>,
    /// Withholding or a spill of it has set out at some time.
    touched: HashSet<MessageId>,
    spilled: HashSet<MessageId>,
    /// A rule was set out to be carried out at some time.
    ran: bool,
    /// No longer on the disk: acknowledged.
    pub(crate) gone: HashSet<MessageId>,
    /// Nor anything of what it said, by spills: the place of their entries.
    pub(crate) silent: HashMap<MessageId, Seq>,
    pub(crate) figures: Figures,
}

/// How many acts were acknowledged.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) withheld: u64,
    pub(crate) released: u64,
    pub(crate) runs: u64,
    pub(crate) spills: u64,
}

impl Act {
    /// It is done: others may deal with its deliveries again.
    pub(crate) fn release_deliveries(&self, ledger: &mut Ledger) {
        let Self::Spill(id) = self else { return };
        let to = ledger.letter(*id).map(|held| held.letter.to.clone()).unwrap_or_default();
        to.into_iter().for_each(|to| ledger.change((*id, to), |delivery| delivery.busy = false));
    }
}

impl Contents {
    pub(crate) fn fate(&self, message: MessageId) -> Fate {
        self.fates.get(&message).copied().unwrap_or_default()
    }

    pub(crate) fn set_fate(&mut self, message: MessageId, fate: Fate) {
        self.fates.insert(message, fate);
    }

    pub(crate) fn was_spilled(&self, message: MessageId) -> bool {
        self.spilled.contains(&message)
    }

    pub(crate) fn was_touched(&self, message: MessageId) -> bool {
        self.touched.contains(&message)
    }

    /// Before an act is on its way.
    pub(crate) fn sets_out(&mut self, act: &Act) {
        match act {
            Act::Rule(_) | Act::Release(_) => {}
            Act::Run(..) => self.ran = true,
            Act::Withhold(id) => drop(self.touched.insert(*id)),
            Act::Spill(id) => {
                self.touched.insert(*id);
                self.spilled.insert(*id);
            }
        }
    }

    fn mark(&mut self, message: MessageId, kind: &'static str, (seq, entry): (Seq, Bytes)) {
        self.marks.insert(Mark { message, kind, seq });
        self.entries.push((seq, entry));
    }
}

impl Ledger {
    /// Whether a rule may have destroyed it, or a spill.
    pub(crate) fn may_be_destroyed(&self, id: MessageId) -> bool {
        let confirmed = |held: &crate::ledger::Held| {
            held.letter.to.iter().all(|to| self.may_be((id, *to)).iter().any(|delivery| delivery.confirmed))
        };
        self.contents.was_spilled(id) || (self.contents.ran && self.letter(id).is_some_and(confirmed))
    }

    /// Whether this refusal is one that the operator's acts explain.
    pub(crate) fn explains(&self, id: MessageId, error: &ClientError) -> bool {
        match error.code() {
            Some(Code::ContentWithheld) => self.contents.was_touched(id),
            Some(Code::ContentDestroyed) => self.may_be_destroyed(id),
            _ => false,
        }
    }

    /// A message was read. `before` is where its content stood when it was asked for.
    pub(crate) fn was_read(&mut self, id: MessageId, before: Fate) {
        let release = |operation: &Operation| matches!(operation, Operation::Act(Act::Release(of)) if *of == id);
        let is_so_still = self.contents.fate(id) == before && !self.in_flight.values().any(release);
        if before == Fate::Destroyed || (before == Fate::Withheld && is_so_still) {
            self.find(Kind::Wrong, format!("{id} is {before:?}, acknowledged, and was handed out"));
        }
    }

    /// What the operator was answered. `again` is whether it may have been done before.
    pub(crate) fn done(&mut self, act: &Act, done: &Done, again: bool) {
        self.acknowledged += 1;
        match (act, done) {
            (Act::Rule(rule), Done::Rule) => drop(self.contents.rules.insert(rule.rule.clone(), rule.clone())),
            (Act::Run(_, due), Done::Run(run)) => self.ran(due, run),
            (Act::Withhold(id), Done::Acted(acted)) => {
                self.contents.figures.withheld += 1;
                self.acted(*id, ("withheld", Fate::Withheld), acted, again);
            }
            (Act::Release(id), Done::Acted(acted)) => {
                self.contents.figures.released += 1;
                self.acted(*id, ("released", Fate::Whole), acted, again);
            }
            (Act::Spill(id), Done::Spill(report)) => self.was_spilled(*id, report, again),
            _ => self.find(Kind::Wrong, "an answer of another kind"),
        }
    }

    fn ran(&mut self, due: &[MessageId], run: &Run) {
        self.contents.figures.runs += 1;
        if run.more {
            return;
        }
        for id in due {
            self.contents.set_fate(*id, Fate::Destroyed);
            self.contents.gone.insert(*id);
        }
    }

    fn acted(&mut self, id: MessageId, (kind, fate): (&'static str, Fate), acted: &Acted, again: bool) {
        self.contents.set_fate(id, fate);
        match (acted.seq, &acted.proof) {
            (Some(seq), Some(proof)) => {
                if let Some(entry) = self.proof(id, seq, proof) {
                    self.contents.mark(id, kind, (seq, entry));
                }
            }
            (None, None) if again || (kind == "destroyed" && self.may_be_destroyed(id)) => {}
            _ => self.find(Kind::Lost, format!("{id}: {kind} is answered with the entry {:?}", acted.seq)),
        }
    }

    fn was_spilled(&mut self, id: MessageId, report: &SpillReport, again: bool) {
        self.contents.figures.spills += 1;
        let [spilled] = report.messages.as_slice() else {
            return self.find(Kind::Wrong, format!("the spill of {id} is answered with other messages"));
        };
        if !report.index_clean {
            self.find(Kind::Wrong, format!("the spill of {id} leaves the index as it was"));
        }
        self.acted(id, ("destroyed", Fate::Destroyed), &spilled.destroyed, again);
        self.contents.gone.insert(id);
        if let Some(seq) = spilled.destroyed.seq {
            self.contents.silent.insert(id, seq);
        }
    }
}

impl std::ops::AddAssign for Figures {
    fn add_assign(&mut self, other: Self) {
        self.withheld += other.withheld;
        self.released += other.released;
        self.runs += other.runs;
        self.spills += other.spills;
    }
}
