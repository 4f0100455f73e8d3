//! What can go wrong with a backup.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::Seq;
use crate::journal::{JournalError, PayloadName};
use crate::trail::key::KeyError;
use crate::trail::note::NoteError;

/// Why a backup cannot be made, is not whole, or cannot be restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// A file or folder.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The journal, or its copy.
    #[error("the journal: {0}")]
    Journal(#[from] JournalError),
    /// There is no manifest, or not one that this version reads.
    #[error("{path} is not a manifest of a backup: {reason}")]
    Manifest {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The backup is of another log.
    #[error("the backup is of the log {theirs}, not of {ours}")]
    AnotherLog {
        /// Origin in the manifest.
        theirs: String,
        /// Origin of the hub.
        ours: String,
    },
    /// No checkpoint signed by the log's key is found: nothing says what is durable.
    #[error("no checkpoint that the log has signed is found in its journal or in checkpoints/")]
    NoCheckpoint,
    /// A checkpoint or a key cannot be read.
    #[error("{what}: {source}")]
    Note {
        /// Which.
        what: String,
        /// Why.
        source: NoteError,
    },
    /// Entries do not have the root that was signed.
    #[error("the first {size} entries do not have the root that the checkpoint says")]
    Root {
        /// Size of the checkpoint.
        size: Seq,
    },
    /// Fewer entries than the checkpoint says.
    #[error("there are {entries} entries, and the checkpoint is over {size}")]
    TooShort {
        /// Entries that are there.
        entries: Seq,
        /// Size of the checkpoint.
        size: Seq,
    },
    /// A file of the backup is not what the manifest says.
    #[error("{path} is not as it was backed up")]
    Altered {
        /// The file.
        path: PathBuf,
    },
    /// A large document is missing or is not what its record says.
    #[error("the payload {0} is missing or damaged")]
    Payload(PayloadName),
    /// What is restored into must be empty.
    #[error("{0} is not empty")]
    NotEmpty(PathBuf),
    /// The log key.
    #[error("the log key: {0}")]
    Key(#[from] KeyError),
    /// The log key that was brought is not the log's.
    #[error("the log key that was given is not that of this log")]
    WrongKey,
    /// The log key without anybody's word of how far the log had come.
    #[error("to go on with the log key, bring the newest checkpoint that somebody else holds")]
    NoWitness,
}

/// Names the file in an error.
pub(super) fn at(path: &Path) -> impl Fn(io::Error) -> BackupError + '_ {
    move |source| BackupError::Io { path: path.to_owned(), source }
}
