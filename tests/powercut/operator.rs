//! The operator's part of the load: one person who withholds, releases, runs retention and deals with spills, one act
//! after the other, while everybody else goes on.

use std::time::Duration;

use truc::api::{RuleRequest, RunRequest};
use truc::client::{Client, ClientError};
use truc::domain::MessageId;

use crate::contents::{Act, Done, Fate, RULES};
use crate::ledger::{Held, Ledger, Operation};
use crate::load::{Load, lock};
use crate::random::Random;

/// Longest rest between two acts, milliseconds; short ones are as likely as long ones.
const REST_MS_MAX: u64 = 128;
/// Steps of a run that carries a rule out to the end.
const STEPS: u32 = 100;

impl Load {
    pub(crate) async fn operate_hub(&self, mut random: Random) {
        while *self.power.borrow() {
            tokio::time::sleep(Duration::from_millis(random.doubling(REST_MS_MAX))).await;
            if let Some(act) = self.decide_act(&mut random).await {
                self.operate(Operation::Act(act)).await;
            }
        }
    }

    async fn decide_act(&self, random: &mut Random) -> Option<Act> {
        if let Some(rule) = missing_rule(&lock(&self.ledger)) {
            return Some(Act::Rule(rule));
        }
        match random.below(100) {
            0..5 => random.pick(&RULES).map(|(name, header)| Act::Rule(rule(name, *header, random.below(1_000)))),
            5..25 => self.run_of_rule(random).await,
            kind => act(&mut lock(&self.ledger), kind, random),
        }
    }

    /// First the preview: nothing that is accepted after it is destroyed.
    async fn run_of_rule(&self, random: &mut Random) -> Option<Act> {
        let (name, _) = *random.pick(&RULES)?;
        let previewed = self.operator().retention_preview(name).await;
        let mut cutoff = None;
        self.note(previewed, |_, preview| cutoff = Some(preview.cutoff));
        let steps = if random.chance(60) { STEPS } else { 1 };
        let request = RunRequest { rule: name.to_owned(), cutoff: cutoff?, steps, after: None };
        let due = due(&lock(&self.ledger), &request);
        Some(Act::Run(request, due))
    }
}

fn missing_rule(ledger: &Ledger) -> Option<RuleRequest> {
    let (name, header) = RULES.iter().find(|(name, _)| !ledger.contents.rules.contains_key(*name))?;
    Some(rule(name, *header, 0))
}

fn rule(name: &str, header: bool, number: u64) -> RuleRequest {
    RuleRequest {
        rule: name.to_owned(),
        years: 0,
        days: 0,
        business: None,
        type_name: None,
        header,
        basis: format!("Quyết định {number}"),
        from: None,
        closed: false,
    }
}

/// What was accepted before the cut-off and confirmed by everybody, and is not withheld.
fn due(ledger: &Ledger, request: &RunRequest) -> Vec<MessageId> {
    let confirmed = |held: &&Held| {
        held.letter.to.iter().all(|to| ledger.deliveries.get(&(held.id, *to)).is_some_and(|it| it.confirmed))
    };
    let old = ledger.held.iter().filter(|held| held.time < request.cutoff);
    let due = old.filter(confirmed).map(|held| held.id);
    due.filter(|id| ledger.contents.fate(*id) == Fate::Whole).collect()
}

fn act(ledger: &mut Ledger, kind: u64, random: &mut Random) -> Option<Act> {
    let held = random.pick(&ledger.held)?.clone();
    match (kind, ledger.contents.fate(held.id)) {
        (25..85, Fate::Withheld) => Some(Act::Release(held.id)),
        (25..85, Fate::Whole) => Some(Act::Withhold(held.id)),
        (85.., Fate::Whole | Fate::Withheld) if is_quiet(ledger, &held) => {
            held.letter.to.iter().for_each(|to| ledger.change((held.id, *to), |delivery| delivery.busy = true));
            Some(Act::Spill(held.id))
        }
        _ => None,
    }
}

/// Nothing about it is on its way: of a status that arrives beside a spill nobody could say whether it went with it.
fn is_quiet(ledger: &Ledger, held: &Held) -> bool {
    held.letter.to.iter().all(|to| ledger.deliveries.get(&(held.id, *to)).is_some_and(|delivery| !delivery.busy))
}

/// Makes the operator's call.
pub(crate) async fn done(operator: &Client, act: &Act) -> Result<Done, ClientError> {
    const REASON: &str = "Theo công văn 12/CAT";
    match act {
        Act::Rule(rule) => operator.put_retention_rule(rule).await.map(|_| Done::Rule),
        Act::Run(request, _) => operator.retention_run(request).await.map(Done::Run),
        Act::Withhold(id) => operator.withhold(*id, REASON).await.map(Done::Acted),
        Act::Release(id) => operator.release(*id, REASON).await.map(Done::Acted),
        Act::Spill(id) => {
            let request = truc::api::SpillRequest { messages: vec![*id], reason: REASON.to_owned() };
            operator.spill_destroy(&request).await.map(|report| Done::Spill(Box::new(report)))
        }
    }
}
