//! The tree, computed from the journal by somebody who does not ask the hub: every checkpoint that was ever shown is the
//! root of its first entries, and every acknowledged entry is a leaf at its place.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use truc::domain::{Digest, Seq};
use truc::journal::disk::Real;
use truc::journal::{FileJournal, Journal as _, JournalError, Options};
use truc::trail::{leaf_hash, node_hash};

use crate::ledger::{Kind, Ledger};
use crate::trouble::Done;

/// Reads a copy of the journal's folder, made in `scratch`.
pub(crate) fn check(journal: &Path, scratch: &Path, ledger: &mut Ledger) -> Done<()> {
    match leaves_of(journal, scratch)? {
        Ok(leaves) => against(&leaves, ledger),
        Err(error) => ledger.find(Kind::Refuses, format!("the journal cannot be read: {error}")),
    }
    Ok(())
}

/// The leaves of a journal, read from a copy of its folder: opening one changes it.
pub(crate) fn leaves_of(journal: &Path, scratch: &Path) -> Done<Result<Vec<Digest>, JournalError>> {
    let copy = scratch.join("journal");
    let _ = std::fs::remove_dir_all(&copy);
    std::fs::create_dir_all(&copy)?;
    for file in std::fs::read_dir(journal)? {
        let file = file?;
        std::fs::copy(file.path(), copy.join(file.file_name()))?;
    }
    Ok(leaves(&copy))
}

fn leaves(journal: &Path) -> Result<Vec<Digest>, JournalError> {
    let journal = FileJournal::open(Arc::new(Real), journal, Options::default())?;
    let mut leaves = Vec::new();
    journal.reader().replay(None, &mut |record| {
        leaves.extend(record.batch.entries.iter().map(|entry| leaf_hash(entry)));
        ControlFlow::Continue(())
    })?;
    Ok(leaves)
}

fn against(leaves: &[Digest], ledger: &mut Ledger) {
    let shown: Vec<_> = ledger.checkpoints.iter().map(|(size, root)| (*size, *root)).collect();
    let mut frontier = Frontier::default();
    let mut taken = 0;
    for (size, root) in shown {
        let Some(more) = leaves.get(taken..size as usize) else {
            let what = format!("a tree of {size} entries was signed, the journal has {}", leaves.len());
            return ledger.find(Kind::Lost, what);
        };
        more.iter().for_each(|leaf| frontier.push(*leaf));
        taken = size as usize;
        if frontier.root() != Some(root) {
            ledger.find(Kind::Lost, format!("the first {size} entries are not those of the tree that was signed"));
        }
    }
    for seq in missing(leaves, &ledger.entries()) {
        ledger.find(Kind::Lost, format!("entry {seq} is not the one that the receipt proves"));
    }
}

/// The places at which other leaves stand than those of these entries, or none.
pub(crate) fn missing(leaves: &[Digest], entries: &[(Seq, Bytes)]) -> Vec<Seq> {
    let is_there = |(seq, entry): &&(Seq, Bytes)| leaves.get(*seq as usize) == Some(&leaf_hash(entry));
    entries.iter().filter(|it| !is_there(it)).map(|(seq, _)| *seq).collect()
}

/// The complete subtrees of a growing tree (RFC 6962, 2.1), largest first.
#[derive(Default)]
struct Frontier(Vec<(u32, Digest)>);

impl Frontier {
    fn push(&mut self, leaf: Digest) {
        let (mut level, mut hash) = (0, leaf);
        while let Some((_, left)) = self.0.pop_if(|(of, _)| *of == level) {
            (level, hash) = (level + 1, node_hash(&left, &hash));
        }
        self.0.push((level, hash));
    }

    fn root(&self) -> Option<Digest> {
        self.0.iter().rev().map(|(_, hash)| *hash).reduce(|right, left| node_hash(&left, &right))
    }
}
