//! `Priority`, độ khẩn (REFERENCE 2.2).

use serde::{Deserialize, Serialize};

use crate::domain::Lang;

/// How urgent a document is. The order is the order of the inbox: greater comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// 0, Thường. Also when nothing is stated.
    #[default]
    Ordinary,
    /// 1, Khẩn.
    Urgent,
    /// 2, Thượng khẩn.
    VeryUrgent,
    /// 3, Hỏa tốc.
    Express,
    /// 4, Hỏa tốc hẹn giờ (old).
    ExpressAtHour,
}

impl Priority {
    /// From the text of `Priority`.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        match text.trim() {
            "0" => Some(Self::Ordinary),
            "1" => Some(Self::Urgent),
            "2" => Some(Self::VeryUrgent),
            "3" => Some(Self::Express),
            "4" => Some(Self::ExpressAtHour),
            _ => None,
        }
    }

    /// 0 to 4, as on the wire.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Ordinary => 0,
            Self::Urgent => 1,
            Self::VeryUrgent => 2,
            Self::Express => 3,
            Self::ExpressAtHour => 4,
        }
    }

    /// The word for people (USERS 3.1).
    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Ordinary, Lang::Vi) => "Thường",
            (Self::Urgent, Lang::Vi) => "Khẩn",
            (Self::VeryUrgent, Lang::Vi) => "Thượng khẩn",
            (Self::Express, Lang::Vi) => "Hỏa tốc",
            (Self::ExpressAtHour, Lang::Vi) => "Hỏa tốc hẹn giờ",
            (Self::Ordinary, Lang::En) => "ordinary",
            (Self::Urgent, Lang::En) => "urgent",
            (Self::VeryUrgent, Lang::En) => "very urgent",
            (Self::Express, Lang::En) => "express",
            (Self::ExpressAtHour, Lang::En) => "express at a fixed hour",
        }
    }
}
