//! The state table (law 6): how one delivery (a message at one recipient) moves. Pure; published in docs/states.md.

use serde::{Deserialize, Serialize};

use crate::domain::{Lang, StatusCode};

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// In the recipient's list; no status yet.
    #[default]
    Delivered,
    /// 01.
    Arrived,
    /// 03.
    Accepted,
    /// 04.
    Assigned,
    /// 05.
    InProgress,
    /// 06. An end.
    Finished,
    /// 02. An end.
    Rejected,
    /// 13 answered by 15. An end.
    TakenBack,
}

impl DeliveryState {
    /// Whether nothing moves it any more.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Rejected | Self::TakenBack)
    }

    /// The word for people.
    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Delivered, Lang::Vi) => "Chưa nhận",
            (Self::TakenBack, Lang::Vi) => "Đã lấy lại",
            (Self::Delivered, Lang::En) => "not yet received",
            (Self::TakenBack, Lang::En) => "taken back",
            (Self::Arrived, _) => StatusCode::Arrived.name(lang),
            (Self::Accepted, _) => StatusCode::Accepted.name(lang),
            (Self::Assigned, _) => StatusCode::Assigned.name(lang),
            (Self::InProgress, _) => StatusCode::InProgress.name(lang),
            (Self::Finished, _) => StatusCode::Finished.name(lang),
            (Self::Rejected, _) => StatusCode::Rejected.name(lang),
        }
    }

    const fn of(code: StatusCode) -> Option<Self> {
        match code {
            StatusCode::Arrived => Some(Self::Arrived),
            StatusCode::Rejected => Some(Self::Rejected),
            StatusCode::Accepted => Some(Self::Accepted),
            StatusCode::Assigned => Some(Self::Assigned),
            StatusCode::InProgress => Some(Self::InProgress),
            StatusCode::Finished => Some(Self::Finished),
            StatusCode::TakeBack | StatusCode::Agreed | StatusCode::Declined => None,
        }
    }
}

/// What a status does to a delivery. Every status that passes the checks is an entry, whatever its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The state moves forward, or to an end.
    Moved,
    /// The same code again: kept, not told twice.
    Repeated,
    /// A lower code after a higher one: kept, the state stays.
    OutOfOrder,
    /// After an end (rejected or taken back): kept, the state stays.
    AfterEnd,
    /// 13 opens a question.
    Asked,
    /// 15 (or 03 from software that answers so, once accepted) closes the open question with yes.
    Agreed,
    /// 16 (or 02 from software that answers so, once accepted) closes the open question with no.
    Declined,
    /// 03 or 02 while a question is open and the document is not yet accepted: it moves the state; whether it
    /// was meant as the answer is not guessed, and the question stays open unless the delivery has ended.
    Ambiguous,
    /// 15 or 16 without an open question: kept.
    NotAsked,
    /// The document that the status speaks of is not held here: kept.
    TargetNotHeld,
}

impl Effect {
    /// Whether the status says where the delivery stands now: what is late, repeated or unasked for is kept, but its
    /// reason does not take the place of the one that counts.
    #[must_use]
    pub const fn counts(self) -> bool {
        matches!(self, Self::Moved | Self::Asked | Self::Agreed | Self::Declined | Self::Ambiguous)
    }
}

/// The table: the state and question after `code`, and what happened. `asked` is whether a 13 is open.
#[must_use]
pub fn next(state: DeliveryState, asked: bool, code: StatusCode) -> (DeliveryState, bool, Effect) {
    use DeliveryState as S;
    use StatusCode as C;
    match code {
        _ if state.is_end() && DeliveryState::of(code) == Some(state) => (state, false, Effect::Repeated),
        _ if state.is_end() => (state, false, Effect::AfterEnd),
        C::TakeBack if asked => (state, true, Effect::Repeated),
        C::TakeBack => (state, true, Effect::Asked),
        C::Agreed | C::Declined if !asked => (state, false, Effect::NotAsked),
        C::Agreed => (S::TakenBack, false, Effect::Agreed),
        C::Declined => (state, false, Effect::Declined),
        C::Accepted if asked && state >= S::Accepted => (S::TakenBack, false, Effect::Agreed),
        C::Rejected if asked && state >= S::Accepted => (state, false, Effect::Declined),
        C::Accepted if asked => (S::Accepted, true, Effect::Ambiguous),
        C::Rejected if asked => (S::Rejected, false, Effect::Ambiguous),
        C::Rejected if state >= S::Accepted => (state, false, Effect::OutOfOrder),
        C::Arrived | C::Rejected | C::Accepted | C::Assigned | C::InProgress | C::Finished => {
            let to = S::of(code).unwrap_or(state);
            match to.cmp(&state) {
                std::cmp::Ordering::Greater => (to, asked, Effect::Moved),
                std::cmp::Ordering::Equal => (state, asked, Effect::Repeated),
                std::cmp::Ordering::Less => (state, asked, Effect::OutOfOrder),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [DeliveryState; 8] = [
        DeliveryState::Delivered,
        DeliveryState::Arrived,
        DeliveryState::Accepted,
        DeliveryState::Assigned,
        DeliveryState::InProgress,
        DeliveryState::Finished,
        DeliveryState::Rejected,
        DeliveryState::TakenBack,
    ];

    #[test]
    fn law_6_no_status_moves_a_state_backwards_or_out_of_an_end() {
        for state in STATES {
            for asked in [false, true] {
                for code in StatusCode::ALL {
                    let (to, _, effect) = next(state, asked, code);
                    if state.is_end() {
                        assert_eq!(to, state);
                    } else if to != state {
                        assert!(to > state, "{state:?} {code} -> {to:?}");
                        assert!(matches!(effect, Effect::Moved | Effect::Agreed | Effect::Ambiguous));
                    }
                }
            }
        }
    }

    #[test]
    fn real_software_skips_and_repeats() {
        use {DeliveryState as S, StatusCode as C};
        assert_eq!(next(S::Delivered, false, C::Accepted), (S::Accepted, false, Effect::Moved));
        assert_eq!(next(S::Accepted, false, C::Finished), (S::Finished, false, Effect::Moved));
        assert_eq!(next(S::Accepted, false, C::Accepted), (S::Accepted, false, Effect::Repeated));
        assert_eq!(next(S::Accepted, false, C::Arrived), (S::Accepted, false, Effect::OutOfOrder));
        assert_eq!(next(S::Finished, false, C::Rejected), (S::Finished, false, Effect::OutOfOrder));
    }

    #[test]
    fn a_take_back_is_asked_and_answered_once() {
        use {DeliveryState as S, StatusCode as C};
        assert_eq!(next(S::Accepted, false, C::TakeBack), (S::Accepted, true, Effect::Asked));
        assert_eq!(next(S::Accepted, true, C::Agreed), (S::TakenBack, false, Effect::Agreed));
        assert_eq!(next(S::Accepted, true, C::Declined), (S::Accepted, false, Effect::Declined));
        assert_eq!(next(S::Accepted, false, C::Agreed), (S::Accepted, false, Effect::NotAsked));
        assert_eq!(next(S::TakenBack, false, C::Accepted), (S::TakenBack, false, Effect::AfterEnd));
    }

    #[test]
    fn an_answer_with_03_is_read_as_one_only_where_it_can_mean_nothing_else() {
        use {DeliveryState as S, StatusCode as C};
        assert_eq!(next(S::InProgress, true, C::Accepted), (S::TakenBack, false, Effect::Agreed));
        assert_eq!(next(S::InProgress, true, C::Rejected), (S::InProgress, false, Effect::Declined));
        assert_eq!(next(S::Arrived, true, C::Accepted), (S::Accepted, true, Effect::Ambiguous));
    }
}
