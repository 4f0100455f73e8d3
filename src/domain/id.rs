//! Identifiers: of agencies, documents, messages, and places in the trail.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// Longest identifier that is looked at, in octets. The standards say 35 characters for an agency
/// (QĐ 20/2020) and 75 for a document (REFERENCE 1.1); real ids are shorter. Larger ones are refused.
const ID_OCTETS_MAX: usize = 256;

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Empty after trimming, or the literal text `null` (REFERENCE 1.9, item 4).
    #[error("the identifier is empty")]
    Empty,
    /// More than 256 octets.
    #[error("the identifier is longer than {ID_OCTETS_MAX} octets")]
    TooLong,
    /// Holds a control character.
    #[error("the identifier holds a control character")]
    Control,
}

fn normalised(text: &str) -> Result<Arc<str>, IdError> {
    let text = text.trim();
    if text.is_empty() || text == "null" {
        return Err(IdError::Empty);
    }
    if text.len() > ID_OCTETS_MAX {
        return Err(IdError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(IdError::Control);
    }
    Ok(if is_nfc(text) { Arc::from(text) } else { text.nfc().collect::<String>().into() })
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl $name {
            /// The identifier, trimmed and in Unicode NFC.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                normalised(text).map(Self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), self.as_str())
            }
        }
    };
}

text_id! {
    /// `OrganId`, mã định danh cơ quan: an agency's code, old (`000.00.00.G22`) or new (`G22.01`) form.
    /// Which codes exist is a matter of the directory, not of syntax (REFERENCE 3.3).
    OrganId
}
text_id! {
    /// `DocumentId`, mã định danh văn bản: opaque, chosen by the sending software (REFERENCE 1.3).
    DocumentId
}

/// The hub's own id of one message: a UUID version 7. The `{id}` of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MessageId(pub uuid::Uuid);

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for MessageId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A place in the trail: the zero-based number of an entry, which is its leaf index in the Merkle tree.
pub type Seq = u64;
