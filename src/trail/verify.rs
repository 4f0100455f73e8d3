//! Offline verification: pure functions over texts and hashes that somebody handed over. Nothing here reads a store,
//! a clock or a network; an auditor with the log's verifier key needs nothing else.

use crate::domain::Digest;
use crate::trail::checkpoint::Checkpoint;
use crate::trail::leaf::{empty_root, leaf_hash, node_hash};
use crate::trail::note::{NoteError, VerifierKey};
use crate::trail::proof::{Malformed, Proof};

/// Why something does not prove what it claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not of the form of tlog-proof.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// The checkpoint: its form or its signatures.
    #[error("the checkpoint: {0}")]
    Checkpoint(#[from] NoteError),
    /// The proof carries no entry.
    #[error("the proof has no extra line with the entry")]
    NoEntry,
    /// The index is not within the size of the checkpoint.
    #[error("the index {index} is not within a log of {size} entries")]
    BeyondSize {
        /// Of the entry.
        index: u64,
        /// Of the checkpoint.
        size: u64,
    },
    /// The path has not the length that index and size demand (RFC 9162, 2.1.3.2).
    #[error("the proof has the wrong number of hashes for its index and size")]
    WrongLength,
    /// The entry is not in the tree with this root.
    #[error("the entry does not lead to the root hash of the checkpoint")]
    NotIncluded,
    /// The earlier tree is not a prefix of the later one.
    #[error("the two checkpoints do not belong to one growing log")]
    NotConsistent,
}

/// An entry that a log has signed for. Made only by [`proof`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedEntry {
    checkpoint: Checkpoint,
    index: u64,
    entry: Vec<u8>,
}

impl VerifiedEntry {
    /// The log's name.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.checkpoint.origin
    }

    /// The place of the entry in the log: its seq.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// The entries that the log had when it signed.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.checkpoint.size
    }

    /// The checkpoint under which the entry stands.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The entry's bytes as they were hashed.
    #[must_use]
    pub fn entry(&self) -> &[u8] {
        &self.entry
    }
}

/// Verifies a tlog-proof that carries its entry, by the verifier keys that the reader trusts (tlog-proof, "Verifying").
pub fn proof(text: &str, keys: &[VerifierKey]) -> Result<VerifiedEntry, VerifyError> {
    let Proof { extra, index, path, checkpoint } = Proof::parse(text)?;
    let entry = extra.ok_or(VerifyError::NoEntry)?;
    let checkpoint = Checkpoint::open(checkpoint, keys)?;
    inclusion(&leaf_hash(&entry), index, checkpoint.size, &path, &checkpoint.root)?;
    Ok(VerifiedEntry { checkpoint, index, entry })
}

/// Verifies that a leaf is at `index` in the tree with this size and root (RFC 9162, 2.1.3.2).
pub fn inclusion(leaf: &Digest, index: u64, size: u64, path: &[Digest], root: &Digest) -> Result<(), VerifyError> {
    if index >= size {
        return Err(VerifyError::BeyondSize { index, size });
    }
    let (mut node, mut last, mut hash) = (index, size.saturating_sub(1), *leaf);
    for sibling in path {
        if last == 0 {
            return Err(VerifyError::WrongLength);
        }
        if node % 2 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            skip_missing_siblings(&mut node, &mut last);
        } else {
            hash = node_hash(&hash, sibling);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last != 0 {
        return Err(VerifyError::WrongLength);
    }
    if hash == *root { Ok(()) } else { Err(VerifyError::NotIncluded) }
}

/// Verifies that the tree of `old` leaves is a prefix of the tree of `new` leaves (RFC 9162, 2.1.4.2). Every tree
/// grows from the empty one, and a size has one root.
pub fn consistency(
    (old, old_root): (u64, &Digest),
    (new, new_root): (u64, &Digest),
    path: &[Digest],
) -> Result<(), VerifyError> {
    if old > new {
        return Err(VerifyError::NotConsistent);
    }
    if old == new || old == 0 {
        let expected = if old == new { new_root } else { &empty_root() };
        return if path.is_empty() { consistent(old_root == expected) } else { Err(VerifyError::WrongLength) };
    }
    let (first, rest) =
        if old.is_power_of_two() { (old_root, path) } else { path.split_first().ok_or(VerifyError::WrongLength)? };
    let (was, is) = grow(old, new, *first, rest)?;
    consistent(was == *old_root && is == *new_root)
}

fn consistent(same: bool) -> Result<(), VerifyError> {
    if same { Ok(()) } else { Err(VerifyError::NotConsistent) }
}

/// Steps 4 to 6: the roots of both trees as the path has them.
fn grow(old: u64, new: u64, first: Digest, path: &[Digest]) -> Result<(Digest, Digest), VerifyError> {
    let complete = old.trailing_zeros();
    let (mut node, mut last) = (old.saturating_sub(1) >> complete, new.saturating_sub(1) >> complete);
    let (mut was, mut is) = (first, first);
    for hash in path {
        if last == 0 {
            return Err(VerifyError::WrongLength);
        }
        if node % 2 == 1 || node == last {
            (was, is) = (node_hash(hash, &was), node_hash(hash, &is));
            skip_missing_siblings(&mut node, &mut last);
        } else {
            is = node_hash(&is, hash);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    if last == 0 { Ok((was, is)) } else { Err(VerifyError::WrongLength) }
}

/// The last node of a layer, if it is a left child, has no sibling: it goes up unchanged.
fn skip_missing_siblings(node: &mut u64, last: &mut u64) {
    while node.is_multiple_of(2) && *node != 0 {
        (*node, *last) = (*node >> 1, *last >> 1);
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::trail::key::LogKey;
    use crate::trail::model::Model;
    use crate::trail::proof;

    const ENTRY: &[u8] = br#"{"seq":5}"#;

    /// A proof for entry 5 of 11, and the key.
    fn example() -> (String, LogKey) {
        let key = LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap();
        let mut model = Model::counting(11);
        model.leaves[5] = leaf_hash(ENTRY);
        let checkpoint = key.checkpoint(11, model.root(11));
        (proof::write(ENTRY, 5, &model.path(5, 11), &checkpoint), key)
    }

    #[test]
    fn law_5_a_proof_verifies_with_the_key_alone() {
        let (text, key) = example();
        let verified = super::proof(&text, std::slice::from_ref(key.verifier())).unwrap();
        assert_eq!((verified.origin(), verified.index(), verified.size()), ("hub.example/1", 5, 11));
        assert_eq!(verified.entry(), ENTRY);
    }

    #[test]
    fn law_5_a_proof_changed_in_any_byte_is_refused() {
        let (text, key) = example();
        let keys = [key.verifier().clone()];
        for at in 0..text.len() {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= 1;
            let Ok(changed) = String::from_utf8(changed) else { continue };
            assert!(super::proof(&changed, &keys).is_err(), "byte {at} of\n{changed}");
        }
    }

    #[test]
    fn law_5_a_proof_with_any_line_left_out_doubled_or_swapped_is_refused() {
        let (text, key) = example();
        let keys = [key.verifier().clone()];
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for at in 0..lines.len() {
            let without: String = [&lines[..at], &lines[at + 1..]].concat().concat();
            assert!(super::proof(&without, &keys).is_err(), "without line {at}");
            let doubled: String = [&lines[..=at], &lines[at..]].concat().concat();
            // A right signature may stand twice.
            assert_eq!(super::proof(&doubled, &keys).is_ok(), at + 1 == lines.len(), "line {at} twice");
            let mut swapped = lines.clone();
            swapped.swap(at, (at + 1) % lines.len());
            assert!(super::proof(&swapped.concat(), &keys).is_err(), "line {at} swapped");
        }
    }

    #[test]
    fn a_proof_by_another_log_is_refused() {
        let (text, _) = example();
        let other = LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap();
        let refused = super::proof(&text, std::slice::from_ref(other.verifier()));
        assert_eq!(refused, Err(VerifyError::Checkpoint(NoteError::NoKnownSignature)));
        assert!(super::proof(&text, &[]).is_err());
    }

    #[test]
    fn a_proof_without_its_entry_or_beyond_its_tree_is_refused() {
        let (text, key) = example();
        let keys = [key.verifier().clone()];
        let extra = text.lines().nth(1).unwrap();
        assert_eq!(super::proof(&text.replace(&format!("{extra}\n"), ""), &keys), Err(VerifyError::NoEntry));
        let beyond = super::proof(&text.replace("index 5", "index 11"), &keys);
        assert_eq!(beyond, Err(VerifyError::BeyondSize { index: 11, size: 11 }));
    }

    fn size(count: usize) -> u64 {
        u64::try_from(count).unwrap()
    }

    #[test]
    fn inclusion_is_what_the_model_says_and_nothing_else() {
        let mut model = Model::counting(70);
        for n in 1..=70 {
            let root = model.root(n);
            for m in 0..n {
                let (leaf, path) = (model.leaves[m], model.path(m, n));
                let check = |leaf, index, path: &[Digest]| inclusion(leaf, size(index), size(n), path, &root);
                assert_eq!(check(&leaf, m, &path), Ok(()));
                assert!(check(&root, m, &path).is_err() || n == 1);
                assert!(check(&leaf, m + n, &path).is_err());
                assert!(check(&leaf, (m + 1) % n, &path).is_err() || n == 1);
                assert!(check(&leaf, m, &[&path[..], &[root]].concat()).is_err());
                for cut in 0..path.len() {
                    assert!(check(&leaf, m, &path[..cut]).is_err());
                    assert!(check(&leaf, m, &path[cut + 1..]).is_err());
                }
            }
        }
    }

    #[test]
    fn consistency_is_what_the_model_says_and_nothing_else() {
        let (mut model, forged) = (Model::counting(70), leaf_hash(b"forged"));
        for n in 0..=70 {
            for m in 0..=n {
                let (was, is, path) = (model.root(m), model.root(n), model.consistency(m, n));
                let check =
                    |was: &Digest, is: &Digest, path: &[Digest]| consistency((size(m), was), (size(n), is), path);
                assert_eq!(check(&was, &is, &path), Ok(()), "{m} {n}");
                assert!(check(&forged, &is, &path).is_err(), "{m} {n}");
                assert!((m == 0 && n > 0) || check(&was, &forged, &path).is_err(), "{m} {n}");
                assert!(check(&was, &is, &[&path[..], &[forged]].concat()).is_err(), "{m} {n}");
                for cut in 0..path.len() {
                    assert!(check(&was, &is, &path[..cut]).is_err(), "{m} {n}");
                }
                assert!(m == n || consistency((size(n), &is), (size(m), &was), &path).is_err(), "{m} {n}");
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_verification_panic(
            parts in proptest::collection::vec(proptest::sample::select(vec![
                "c2sp.org/tlog-proof@v1", "extra ", "index ", "0", "7", "18446744073709551615", "\n", "\n\n", " ", "+",
                "\u{2014} ", "log", "AAAA", "=", "é", "\u{a0}", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            ]), 0..24),
        ) {
            let text = parts.concat();
            let key = LogKey::generate("log", &SystemRandom::new()).unwrap();
            let bare = format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{text}");
            assert!(super::proof(&text, std::slice::from_ref(key.verifier())).is_err());
            assert!(super::proof(&bare, std::slice::from_ref(key.verifier())).is_err());
            assert!(text.parse::<VerifierKey>().is_err());
            let _ = Checkpoint::parse(&text);
        }
    }
}
