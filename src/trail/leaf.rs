//! The two hashes of the tree: RFC 6962, 2.1. Leaves and nodes are kept apart by their first byte, so that no entry
//! can be made to look like a node.

use crate::domain::Digest;

/// `SHA-256(0x00 || entry)`: the leaf of an entry, over its bytes as they stand in the journal.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Digest {
    Digest::of_parts(&[&[0], entry])
}

/// `SHA-256(0x01 || left || right)`.
#[must_use]
pub fn node_hash(left: &Digest, right: &Digest) -> Digest {
    Digest::of_parts(&[&[1], left.as_bytes(), right.as_bytes()])
}

/// The root of the tree without leaves: SHA-256 of nothing.
#[must_use]
pub fn empty_root() -> Digest {
    Digest::of(&[])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_never_a_node() {
        let (left, right) = (leaf_hash(b"left"), leaf_hash(b"right"));
        let forged = [&[1][..], left.as_bytes(), right.as_bytes()].concat();
        assert_eq!(Digest::of(&forged), node_hash(&left, &right));
        assert_ne!(leaf_hash(&forged), node_hash(&left, &right));
        assert_ne!(leaf_hash(forged.get(1..).unwrap()), node_hash(&left, &right));
    }

    #[test]
    fn the_empty_tree_and_the_empty_leaf_are_those_of_rfc_6962() {
        assert_eq!(empty_root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
        assert_eq!(leaf_hash(b"").to_string(), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    }
}
