//! Processing status codes, mã trạng thái xử lý (REFERENCE 2.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::domain::Lang;

/// `StatusCode` of a V1s message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum StatusCode {
    /// 01, Đã đến.
    Arrived,
    /// 02, Từ chối tiếp nhận; a reason is required.
    Rejected,
    /// 03, Đã tiếp nhận.
    Accepted,
    /// 04, Phân công.
    Assigned,
    /// 05, Đang xử lý.
    InProgress,
    /// 06, Hoàn thành.
    Finished,
    /// 13, Lấy lại: the sender asks, with a reason.
    TakeBack,
    /// 15, Đồng ý lấy lại/cập nhật.
    Agreed,
    /// 16, Từ chối lấy lại/cập nhật; a reason is required.
    Declined,
}

impl StatusCode {
    /// Every code, in the order of the list.
    pub const ALL: [Self; 9] = [
        Self::Arrived,
        Self::Rejected,
        Self::Accepted,
        Self::Assigned,
        Self::InProgress,
        Self::Finished,
        Self::TakeBack,
        Self::Agreed,
        Self::Declined,
    ];

    /// From the text of `StatusCode`: `1` and `01` are the same (REFERENCE 1.5). Codes 07-12 and 14 are reserved.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = if text.len() == 2 { text.strip_prefix('0').unwrap_or(text) } else { text };
        Self::ALL.into_iter().find(|code| code.wire().trim_start_matches('0') == text)
    }

    /// Two digits, as on the wire.
    #[must_use]
    pub const fn wire(self) -> &'static str {
        match self {
            Self::Arrived => "01",
            Self::Rejected => "02",
            Self::Accepted => "03",
            Self::Assigned => "04",
            Self::InProgress => "05",
            Self::Finished => "06",
            Self::TakeBack => "13",
            Self::Agreed => "15",
            Self::Declined => "16",
        }
    }

    /// Whether `Description` must carry a reason (REFERENCE 1.5, rule R7).
    #[must_use]
    pub const fn needs_reason(self) -> bool {
        matches!(self, Self::Rejected | Self::TakeBack | Self::Declined)
    }

    /// Whether it finds room on a full disk: taking back, and the answers to it, must not wait.
    #[must_use]
    pub const fn is_vital(self) -> bool {
        matches!(self, Self::TakeBack | Self::Agreed | Self::Declined)
    }

    /// Whether it travels from the sender of the document to a recipient. All others go the other way.
    #[must_use]
    pub const fn is_from_sender(self) -> bool {
        matches!(self, Self::TakeBack)
    }

    /// The word for people (USERS 3.1).
    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Arrived, Lang::Vi) => "Đã đến",
            (Self::Rejected, Lang::Vi) => "Từ chối tiếp nhận",
            (Self::Accepted, Lang::Vi) => "Đã tiếp nhận",
            (Self::Assigned, Lang::Vi) => "Phân công",
            (Self::InProgress, Lang::Vi) => "Đang xử lý",
            (Self::Finished, Lang::Vi) => "Hoàn thành",
            (Self::TakeBack, Lang::Vi) => "Lấy lại",
            (Self::Agreed, Lang::Vi) => "Đồng ý lấy lại/cập nhật",
            (Self::Declined, Lang::Vi) => "Từ chối lấy lại/cập nhật",
            (Self::Arrived, Lang::En) => "arrived",
            (Self::Rejected, Lang::En) => "rejected",
            (Self::Accepted, Lang::En) => "accepted",
            (Self::Assigned, Lang::En) => "assigned",
            (Self::InProgress, Lang::En) => "in progress",
            (Self::Finished, Lang::En) => "finished",
            (Self::TakeBack, Lang::En) => "take back",
            (Self::Agreed, Lang::En) => "agreed to take back/update",
            (Self::Declined, Lang::En) => "declined to take back/update",
        }
    }
}

impl fmt::Display for StatusCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.wire())
    }
}

impl From<StatusCode> for String {
    fn from(code: StatusCode) -> Self {
        code.wire().to_owned()
    }
}

impl TryFrom<String> for StatusCode {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::from_wire(&text).ok_or("not a processing status code")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_digit_and_two_digits_are_the_same_code() {
        for code in StatusCode::ALL {
            assert_eq!(StatusCode::from_wire(code.wire()), Some(code));
        }
        assert_eq!(StatusCode::from_wire("1"), Some(StatusCode::Arrived));
        for text in ["", "0", "00", "07", "14", "001", "1a", "31"] {
            assert_eq!(StatusCode::from_wire(text), None, "{text}");
        }
    }
}
