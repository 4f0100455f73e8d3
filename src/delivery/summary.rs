//! The line that answers "where is my document": how many recipients stand where.

use crate::api::Summary;
use crate::domain::{DeliveryState, HoldState, Lang};
use crate::hub::rows::{DeliveryRow, HoldRow};

/// The order in which states are told: the furthest first, what waits last.
const TOLD: [DeliveryState; 8] = [
    DeliveryState::Finished,
    DeliveryState::InProgress,
    DeliveryState::Assigned,
    DeliveryState::Accepted,
    DeliveryState::TakenBack,
    DeliveryState::Rejected,
    DeliveryState::Arrived,
    DeliveryState::Delivered,
];

/// Counts deliveries.
#[must_use]
pub fn summary<'d>(deliveries: impl IntoIterator<Item = &'d DeliveryRow>) -> Summary {
    let states: Vec<DeliveryState> = deliveries.into_iter().map(|delivery| delivery.state).collect();
    let counted: Vec<(DeliveryState, u64)> =
        TOLD.into_iter().map(|told| (told, count(&states, told))).filter(|(_, number)| *number > 0).collect();
    let recipients = u64::try_from(states.len()).unwrap_or(u64::MAX);
    Summary {
        recipients,
        text_vi: line(recipients, &counted, Lang::Vi),
        text_en: line(recipients, &counted, Lang::En),
        states: counted,
    }
}

/// Where a message stands: with its recipients, or with the hub while it waits and after it was turned away.
#[must_use]
pub fn standing_of<'d>(
    hold: &Option<HoldRow>,
    deliveries: impl IntoIterator<Item = &'d DeliveryRow>,
    recipients: u32,
) -> Summary {
    match hold.map(|hold| hold.state) {
        Some(state @ (HoldState::Held | HoldState::TurnedAway)) => Summary {
            recipients: u64::from(recipients),
            states: Vec::new(),
            text_vi: state.name(Lang::Vi).to_owned(),
            text_en: state.name(Lang::En).to_owned(),
        },
        Some(HoldState::Released) | None => summary(deliveries),
    }
}

fn count(states: &[DeliveryState], told: DeliveryState) -> u64 {
    u64::try_from(states.iter().filter(|state| **state == told).count()).unwrap_or(u64::MAX)
}

fn line(recipients: u64, counted: &[(DeliveryState, u64)], lang: Lang) -> String {
    let head = match (lang, recipients) {
        (Lang::Vi, _) => format!("{recipients} nơi nhận"),
        (Lang::En, 1) => "1 recipient".to_owned(),
        (Lang::En, _) => format!("{recipients} recipients"),
    };
    let parts: Vec<String> = counted.iter().map(|(state, number)| format!("{number} {}", word(*state, lang))).collect();
    if parts.is_empty() { head } else { format!("{head}: {}", parts.join(" · ")) }
}

/// The state's word inside a sentence.
fn word(state: DeliveryState, lang: Lang) -> String {
    match (state, lang) {
        (DeliveryState::Rejected, Lang::Vi) => "từ chối".to_owned(),
        _ => state.name(lang).to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;

    fn at(state: DeliveryState) -> DeliveryRow {
        let since = Timestamp::from_millis(0);
        DeliveryRow { seq: 0, state, since, asked: false, fetched: None, confirmed: None, last: None }
    }

    #[test]
    fn a_clerk_reads_one_line() {
        let rows = [at(DeliveryState::Delivered), at(DeliveryState::Finished), at(DeliveryState::Rejected)];
        let summary = summary(&rows);
        assert_eq!(summary.text_vi, "3 nơi nhận: 1 hoàn thành · 1 từ chối · 1 chưa nhận");
        assert_eq!(summary.text_en, "3 recipients: 1 finished · 1 rejected · 1 not yet received");
    }
}
