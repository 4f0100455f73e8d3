//! The trail: one append-only Merkle tree over all entries (RFC 6962), with signed checkpoints and proofs in the
//! C2SP formats (signed-note, tlog-checkpoint, tlog-tiles, tlog-proof). Before: the journal, which holds the entries
//! and is the truth; tiles are derived from it. After: receipts, auditors, and [`verify`], which never sees a store.

pub mod checkpoint;
mod encoding;
pub mod frontier;
pub mod key;
pub mod leaf;
pub mod note;
pub mod promised;
pub mod proof;
mod shelf;
pub mod tile;
pub mod tiles;
pub mod tree;
pub mod verify;
pub mod view;

#[cfg(test)]
mod model;

pub use checkpoint::Checkpoint;
pub use key::LogKey;
pub use leaf::{leaf_hash, node_hash};
pub use note::VerifierKey;
pub use promised::Promised;
pub use proof::Proof;
pub use shelf::{Leaves, TreeError};
pub use tiles::{FileTiles, MemoryTiles, Tiles};
pub use tree::Tree;
pub use verify::VerifiedEntry;
pub use view::{Head, View};
