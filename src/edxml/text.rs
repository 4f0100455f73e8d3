//! A text out of a message: compared without the white space around it, kept as it stood.

use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Serialize};

/// The text of an element. Never empty when it was read from a message: an empty element equals an absent one
/// (REFERENCE 1.9, item 4). Equality and hash look at [`Text::as_str`].
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

impl Text {
    /// From the text of an element; nothing if only white space stands there.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        (!text.trim().is_empty()).then(|| Self(text.to_owned()))
    }

    /// Without white space around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.trim()
    }

    /// As it stood.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_text_is_kept_but_not_compared() {
        let text = Text::from_wire(" UBND xã \n").unwrap();
        assert_eq!(text, "UBND xã");
        assert_eq!(text, Text::from("UBND xã"));
        assert_eq!(text.original(), " UBND xã \n");
        assert_eq!(Text::from_wire(" \t\n"), None);
    }
}
