//! What somebody does to a hub, in the words of the model, and what whoever did it is told. Here: the shapes. What is
//! promised about them stands in `model`.

use crate::engine::simulation::contents::ContentAct;
use crate::engine::simulation::held::Settle;

/// An agency, an access or a code.
pub(super) type Name = &'static str;
/// A message of the model, by its number.
pub(super) type Handle = usize;

/// A document message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) from: Name,
    pub(super) to: Vec<Name>,
    pub(super) document: u8,
    pub(super) number: u8,
    pub(super) content: u8,
    pub(super) business: u8,
    pub(super) priority: u8,
    /// The document that a business act names beside its own.
    pub(super) names: Option<u8>,
    /// Too large to stand in a record.
    pub(super) large: bool,
}

/// A status message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) from: Name,
    pub(super) to: Name,
    pub(super) code: Name,
    pub(super) document: Option<u8>,
    pub(super) number: Option<u8>,
    pub(super) stamp: u8,
    /// Under policy `record`.
    pub(super) record: bool,
}

/// Something that somebody does.
#[derive(Debug, Clone)]
pub(super) enum Act {
    /// With whether its content is that of the version held, as far as anybody looked.
    Send(Letter, Option<bool>),
    /// The same, while it is not known whether its certificate is revoked.
    Hold(Letter, Option<bool>),
    /// It is known of a message whether it was good.
    Settle(Settle),
    Report(Report),
    Fetch {
        message: Handle,
        agency: Name,
    },
    Confirm {
        message: Handle,
        agency: Name,
    },
    Agency {
        agency: Name,
        name: Name,
        closed: bool,
    },
    Access(AccessAct),
    Refused {
        by: Name,
        size: u64,
    },
    /// The operator says that the clock is right, at this time.
    AcceptClock(i64),
    /// What an operator does to contents.
    Content(ContentAct),
}

impl Act {
    /// Whether it waits for the clock to be right.
    pub(super) const fn comes_from_outside(&self) -> bool {
        matches!(self, Self::Send(..) | Self::Hold(..) | Self::Report(_))
    }

    /// Whether it waits for room on the disk: all but revokes, take-backs with their answers, fetches, and operators' acts.
    pub(super) fn waits_for_room(&self) -> bool {
        match self {
            Self::Send(letter, _) | Self::Hold(letter, _) => letter.business != 1,
            Self::Report(report) => !["13", "15", "16"].contains(&report.code),
            Self::Confirm { .. } | Self::Refused { .. } => true,
            Self::Fetch { .. }
            | Self::Agency { .. }
            | Self::Access(_)
            | Self::AcceptClock(_)
            | Self::Content(_)
            | Self::Settle(_) => false,
        }
    }
}

/// A change of an access.
#[derive(Debug, Clone)]
pub(super) struct AccessAct {
    pub(super) system: Name,
    pub(super) agencies: Vec<Name>,
    pub(super) certificates: Vec<u8>,
    pub(super) token: Option<u64>,
    pub(super) closed: bool,
}

/// What whoever did it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    New { seq: usize, message: Option<Handle>, effect: Option<Name> },
    Repeat(Handle),
    Nothing,
    Refused(Name),
}

impl Letter {
    /// All that is in it, as a text.
    pub(super) fn name(&self) -> String {
        let Self { from, to, document, number, content, business, priority, names, large } = self;
        format!("letter {from} {to:?} {document} {number} {content} {business} {priority} {names:?} {large}")
    }

    /// The documents that it may mean, best first; none where it is no business act.
    pub(super) fn speaks_of(&self) -> Vec<u8> {
        let named = std::iter::once(self.document).chain(self.names);
        if self.business == 0 { Vec::new() } else { named.collect() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.name().into_bytes();
        if self.large {
            bytes.extend(vec![b' '; crate::journal::INLINE_BYTES_MAX + 1 - bytes.len()]);
        }
        bytes
    }
}

impl Report {
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.name().into_bytes()
    }

    /// All that is in it, as a text.
    pub(super) fn name(&self) -> String {
        let Self { from, to, code, document, number, stamp, record } = self;
        format!("report {from} {to} {code} {document:?} {number:?} {stamp} {record}")
    }

    /// The sender of the document, and its recipient.
    pub(super) fn sides(&self) -> (Name, Name) {
        if self.code == "13" { (self.from, self.to) } else { (self.to, self.from) }
    }
}
