//! Rules of retention: which contents are destroyed when, and by what law. A rule is data, and each change of it an
//! entry. Before: the operator. After: `destroy`, which carries it out.

use serde::{Deserialize, Serialize};

use crate::domain::{BusinessType, Code, Refusal, Timestamp};
use crate::hub::decide::{Answer, Decision, Draft};
use crate::hub::entry::Event;
use crate::hub::rows::{DocumentFields, Rows};
use crate::index::IndexError;

/// Longest legal basis, octets.
const BASIS_MAX: usize = 500;
/// Longest type name of a rule, octets.
const TYPE_NAME_MAX: usize = 200;
/// Most years: the longest terms of the archives law, twice.
const YEARS_MAX: u16 = 200;
/// Most days.
const DAYS_MAX: u32 = 36_600;
const DAY_MS: i64 = 86_400_000;

/// A rule of retention. Its fields are those of the `retention` entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name: `[a-z0-9.-]`, at most 64 characters.
    pub rule: String,
    /// Kept for so many years after acceptance, and
    pub years: u16,
    /// so many days.
    pub days: u32,
    /// Only documents with this business type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business: Option<BusinessType>,
    /// Only documents with this type name (tên loại).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_name: Option<String>,
    /// Whether the header data (abstract, số/ký hiệu, names) and the statuses go with the body.
    pub header: bool,
    /// The law or decision that it rests on.
    pub basis: String,
    /// In force from.
    pub from: Timestamp,
    /// No longer in force.
    pub closed: bool,
    /// Who made it so.
    pub by: String,
}

impl Rule {
    /// What was accepted before this moment falls under the rule at `now`; `None` while it is not in force.
    #[must_use]
    pub fn cutoff(&self, now: Timestamp) -> Option<Timestamp> {
        if self.closed || now < self.from {
            return None;
        }
        let years = jiff::Span::new().try_years(i64::from(self.years)).ok()?;
        let local = now.local().checked_sub(years).ok()?.timestamp().as_millisecond();
        Some(Timestamp::from_millis(local.saturating_sub(i64::from(self.days).saturating_mul(DAY_MS))))
    }

    /// As a row of the index: its JSON, since fields may be absent.
    ///
    /// # Errors
    /// Never in practice: the type serialises.
    pub fn to_row(&self) -> Result<String, IndexError> {
        serde_json::to_string(self).map_err(|error| IndexError::Damaged(error.to_string()))
    }

    /// From a row of the index.
    ///
    /// # Errors
    /// [`IndexError::Damaged`].
    pub fn from_row(row: &str) -> Result<Self, IndexError> {
        serde_json::from_str(row).map_err(|error| IndexError::Damaged(error.to_string()))
    }

    /// Whether a document with these fields falls under it. Once the header data is destroyed, no type name is known.
    #[must_use]
    pub fn covers(&self, fields: &DocumentFields) -> bool {
        self.business.is_none_or(|business| business == fields.business)
            && self.type_name.as_ref().is_none_or(|name| *name == fields.type_name)
    }

    fn check(&self) -> Result<(), Refusal> {
        let fault = |detail: &'static str| Err(Refusal::new(Code::BadRequest, detail));
        if !is_name(&self.rule) {
            return fault("rule: 1 to 64 of a-z, 0-9, '.', '-'");
        }
        if self.years > YEARS_MAX || self.days > DAYS_MAX {
            return fault("years: at most 200, days: at most 36600");
        }
        if self.basis.trim().is_empty() || self.basis.len() > BASIS_MAX {
            return fault("basis: the law or decision that the rule rests on, 1 to 500 octets");
        }
        if self.type_name.as_ref().is_some_and(|name| name.is_empty() || name.len() > TYPE_NAME_MAX) {
            return fault("type_name: 1 to 200 octets");
        }
        Ok(())
    }
}

/// Whether `name` can name a rule or a backup.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b".-".contains(&octet);
    (1..=64).contains(&name.len()) && name.bytes().all(allowed)
}

/// A rule as it shall stand.
#[derive(Debug)]
pub struct SetRule(pub Rule);

impl SetRule {
    /// The same again is nothing.
    pub fn decide(&self, rows: &Rows<'_>) -> Result<Decision, Refusal> {
        self.0.check()?;
        if rows.retention(&self.0.rule)?.is_some_and(|before| Rule { by: self.0.by.clone(), ..before } == self.0) {
            return Ok(Decision::Nothing);
        }
        let drafts = vec![Draft::new(Vec::new(), Event::Retention(self.0.clone()))];
        Ok(Decision::New { drafts, answer_at: 0, answer: Answer { message: None, effect: None, seq: None } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(years: u16, days: u32) -> Rule {
        Rule {
            rule: "r".into(),
            years,
            days,
            business: None,
            type_name: None,
            header: false,
            basis: "x".into(),
            from: Timestamp::from_millis(0),
            closed: false,
            by: "o".into(),
        }
    }

    #[test]
    fn years_are_counted_by_the_calendar_of_hanoi() {
        let now: Timestamp = "2028-02-29T03:00:00Z".parse().unwrap();
        assert_eq!(rule(1, 0).cutoff(now), Some("2027-02-28T03:00:00Z".parse().unwrap()));
        assert_eq!(rule(0, 10).cutoff(now), Some("2028-02-19T03:00:00Z".parse().unwrap()));
        assert_eq!(rule(4, 1).cutoff(now), Some("2024-02-28T03:00:00Z".parse().unwrap()));
    }

    #[test]
    fn a_rule_counts_from_its_date_and_until_it_is_closed() {
        let now: Timestamp = "2028-01-01T00:00:00Z".parse().unwrap();
        let later = Rule { from: "2028-01-02T00:00:00Z".parse().unwrap(), ..rule(1, 0) };
        assert_eq!(later.cutoff(now), None);
        assert_eq!(Rule { closed: true, ..rule(1, 0) }.cutoff(now), None);
    }
}
