//! Where in a message something is wrong.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a message: never a value from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Place {
    /// Line, from 1; lines end with LF.
    pub line: u64,
    /// Column in characters, from 1.
    pub column: u64,
    /// Element path by local names, `/edXML/edXMLEnvelope/edXMLHeader/MessageHeader/To[2]/OrganId`;
    /// an index stands only where it is above 1.
    pub path: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.line, self.column, self.path)
    }
}
