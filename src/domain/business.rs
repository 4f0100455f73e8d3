//! `BussinessDocType`, nghiệp vụ văn bản (REFERENCE 2.5).

use serde::{Deserialize, Serialize};

use crate::domain::Lang;

/// What a document message does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessType {
    /// 0, văn bản mới. Also when the message carries no `Bussiness` at all.
    #[default]
    New,
    /// 1, thu hồi.
    Revoke,
    /// 2, cập nhật.
    Update,
    /// 3, thay thế.
    Replace,
}

impl BusinessType {
    /// From the text of `BussinessDocType`.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        match text.trim() {
            "0" => Some(Self::New),
            "1" => Some(Self::Revoke),
            "2" => Some(Self::Update),
            "3" => Some(Self::Replace),
            _ => None,
        }
    }

    /// Whether it finds room on a full disk: a revoke must not wait.
    #[must_use]
    pub const fn is_vital(self) -> bool {
        matches!(self, Self::Revoke)
    }

    /// The digit on the wire.
    #[must_use]
    pub const fn wire(self) -> &'static str {
        match self {
            Self::New => "0",
            Self::Revoke => "1",
            Self::Update => "2",
            Self::Replace => "3",
        }
    }

    /// The word for people (USERS 3.1).
    #[must_use]
    pub const fn name(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::New, Lang::Vi) => "văn bản mới",
            (Self::Revoke, Lang::Vi) => "thu hồi",
            (Self::Update, Lang::Vi) => "cập nhật",
            (Self::Replace, Lang::Vi) => "thay thế",
            (Self::New, Lang::En) => "new document",
            (Self::Revoke, Lang::En) => "revoke",
            (Self::Update, Lang::En) => "update",
            (Self::Replace, Lang::En) => "replace",
        }
    }
}
