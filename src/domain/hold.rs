//! Holding (DESIGN 4): what became of a message in which everything passed except that revocation was not known.

use serde::{Deserialize, Serialize};

use crate::domain::Lang;

/// Where a message stands that was held when it came. Ordinary messages have no such state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HoldState {
    /// It waits; no recipient sees it.
    Held,
    /// The certificate was good at the time of receipt: delivered.
    Released,
    /// The certificate was revoked at or before the time of receipt: the content is removed, the id is free again.
    TurnedAway,
}

impl HoldState {
    /// The words for people.
    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Held, Lang::Vi) => "Tạm giữ: chưa xác định được tình trạng thu hồi của chứng thư số",
            (Self::Held, Lang::En) => "held: it is not known yet whether the certificate is revoked",
            (Self::Released, Lang::Vi) => "Đã hết tạm giữ và chuyển đi",
            (Self::Released, Lang::En) => "was held, and has been delivered",
            (Self::TurnedAway, Lang::Vi) => {
                "Không chuyển: chứng thư số đã bị thu hồi từ trước khi gửi; nội dung đã được xóa"
            }
            (Self::TurnedAway, Lang::En) => {
                "not delivered: the certificate had been revoked before it was sent; the content is removed"
            }
        }
    }
}
