//! Backups: a copy of a data folder in another one, made while the hub runs, without its lock and without its log key;
//! checked against the signed checkpoint that it reaches; and restored from. Before: the files of `journal`. After:
//! `cli::backup`, `cli::restore`. The layout is told in docs/backup.md.

mod error;
mod files;
mod leftovers;
mod make;
mod manifest;
mod restore;
mod segments;
mod verify;

pub use error::BackupError;
pub use make::{Made, make};
pub use manifest::Manifest;
pub use restore::{Epoch, Promise, Restored, Wish, restore};
pub use verify::{Verified, verify};
