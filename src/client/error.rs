//! What can go wrong between a client and a hub, told apart by what the caller can do about it.

use std::error::Error as StdError;
use std::fmt::Display;
use std::path::Path;

use crate::api::Problem;
use crate::domain::Code;

/// Why a call has no answer of the kind that was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The hub has said no, and why.
    #[error("{} ({}){}", .0.title, .0.code, separated(&.0.detail))]
    Refused(Box<Problem>),
    /// No connection, a connection lost, or no answer in time. Whether the hub has done it is not known: what is
    /// idempotent may be sent again.
    #[error("the hub at {hub} cannot be reached: {reason}")]
    Unreachable {
        /// Address of the hub.
        hub: String,
        /// Why.
        reason: String,
    },
    /// The hub is not the one that the profile trusts, or TLS cannot be agreed on.
    #[error("no trusted TLS connection to {hub}: {reason}")]
    Tls {
        /// Address of the hub.
        hub: String,
        /// Why.
        reason: String,
    },
    /// The answer is not what HTTP v1 says.
    #[error("the answer is not that of a hub: {reason}")]
    Protocol {
        /// What is wrong with it.
        reason: String,
    },
    /// Something on this side: a file, the profile, a value that cannot be sent.
    #[error("{what}: {reason}")]
    Local {
        /// The file or value.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
}

fn separated(detail: &str) -> String {
    if detail.is_empty() { String::new() } else { format!(": {detail}") }
}

impl ClientError {
    pub(crate) fn local(path: &Path, reason: impl Display) -> Self {
        Self::Local { what: path.display().to_string(), reason: reason.to_string() }
    }

    pub(crate) fn protocol(reason: impl Display) -> Self {
        Self::Protocol { reason: reason.to_string() }
    }

    /// The stable code, where the hub has given one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused(problem) => Some(problem.code),
            _ => None,
        }
    }

    /// Whether the very same call may succeed later.
    #[must_use]
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Refused(problem) => matches!(problem.status, 408 | 429 | 503),
            Self::Unreachable { .. } => true,
            Self::Tls { .. } | Self::Protocol { .. } | Self::Local { .. } => false,
        }
    }
}

/// An error and its causes in one line, each said once.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !line.contains(&text) {
            line.push_str(": ");
            line.push_str(&text);
        }
        cause = error.source();
    }
    line
}
