//! C2SP tlog-proof: one small text that shows, without the hub, that an entry is in the log. The entry's own bytes
//! travel in the `extra` line. Before: an inclusion proof and a signed checkpoint. After: [`crate::trail::verify`].

use std::fmt::Write as _;

use crate::domain::Digest;
use crate::trail::encoding::{decimal, digest, from_base64, push_base64};
use crate::trail::note::NOTE_BYTES_MAX;

/// Largest entry in bytes: tlog-tiles gives entries in bundles a length of two bytes.
pub const ENTRY_BYTES_MAX: usize = 65_535;
/// Longest inclusion proof: the tree has fewer than 2^64 entries.
const PATH_MAX: usize = 64;
/// Largest proof that is looked at: an entry and a path in base64, and a checkpoint.
pub const PROOF_BYTES_MAX: usize = 128 * 1024 + NOTE_BYTES_MAX;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

/// A proof after parsing: nothing in it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof<'t> {
    /// The `extra` line: in proofs of this hub, the bytes of the entry.
    pub extra: Option<Vec<u8>>,
    /// The entry's place in the log, from 0.
    pub index: u64,
    /// From the leaf's sibling upwards.
    pub path: Vec<Digest>,
    /// The signed checkpoint, verbatim.
    pub checkpoint: &'t str,
}

/// Not of the form of tlog-proof, "Format".
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a tlog-proof: {0}")]
pub struct Malformed(pub(super) &'static str);

impl<'t> Proof<'t> {
    /// Reads a proof, strictly.
    pub fn parse(text: &'t str) -> Result<Self, Malformed> {
        if text.len() > PROOF_BYTES_MAX {
            return Err(Malformed("it is too large"));
        }
        let (head, checkpoint) = text.split_once("\n\n").ok_or(Malformed("no empty line before the checkpoint"))?;
        let mut lines = head.split('\n').peekable();
        if lines.next() != Some(FIRST_LINE) {
            return Err(Malformed("the first line"));
        }
        let extra = lines.next_if(|line| line.starts_with("extra ")).map(extra).transpose()?;
        let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(decimal);
        let index = index.ok_or(Malformed("the index line"))?;
        let path = lines.map(digest).collect::<Option<Vec<_>>>().filter(|path| path.len() <= PATH_MAX);
        Ok(Self { extra, index, path: path.ok_or(Malformed("the inclusion proof"))?, checkpoint })
    }
}

fn extra(line: &str) -> Result<Vec<u8>, Malformed> {
    line.strip_prefix("extra ").and_then(from_base64).ok_or(Malformed("the extra line"))
}

/// Writes the proof of an entry under a signed checkpoint.
#[must_use]
pub fn write(entry: &[u8], index: u64, path: &[Digest], checkpoint: &str) -> String {
    let size = entry.len() / 3 * 4 + path.len() * 45 + checkpoint.len() + 80;
    let mut text = String::with_capacity(size);
    text.push_str(FIRST_LINE);
    text.push_str("\nextra ");
    push_base64(&mut text, entry);
    // Writing to a String does not fail.
    let _ = writeln!(text, "\nindex {index}");
    for hash in path {
        push_base64(&mut text, hash.as_bytes());
        text.push('\n');
    }
    text.push('\n');
    text.push_str(checkpoint);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHECKPOINT: &str = "o\n2\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\u{2014} o AAAAAAA=\n";

    #[test]
    fn a_proof_is_written_as_the_specification_shows_it() {
        let text = write(b"entry", 1, &[Digest([0; 32])], CHECKPOINT);
        let zeroes = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert_eq!(text, format!("c2sp.org/tlog-proof@v1\nextra ZW50cnk=\nindex 1\n{zeroes}\n\n{CHECKPOINT}"));
        let proof = Proof::parse(&text).unwrap();
        assert_eq!(proof.extra.as_deref(), Some(&b"entry"[..]));
        assert_eq!((proof.index, proof.path.as_slice(), proof.checkpoint), (1, &[Digest([0; 32])][..], CHECKPOINT));
    }

    #[test]
    fn extra_and_path_may_be_absent() {
        let text = format!("c2sp.org/tlog-proof@v1\nindex 0\n\n{CHECKPOINT}");
        let proof = Proof::parse(&text).unwrap();
        assert_eq!((proof.extra, proof.path.len()), (None, 0));
    }

    #[test]
    fn proofs_of_another_form_are_refused() {
        let text = write(b"entry", 1, &[Digest([0; 32])], CHECKPOINT);
        let wrong = [
            String::new(),
            text.replace("@v1", "@v2"),
            text.replace("extra ", "Extra "),
            text.replace("ZW50cnk=", "ZW50cnk"),
            text.replace("index 1", "index 01"),
            text.replace("index 1\n", ""),
            text.replace("index 1", "index 1\nindex 1"),
            text.replace("=\n\n", "\n\n"),
            text.replace('\n', "\r\n"),
            format!("\n{text}"),
            write(b"entry", 1, &[Digest([0; 32]); PATH_MAX + 1], CHECKPOINT),
            write(b"entry", 1, &[], &"x".repeat(PROOF_BYTES_MAX)),
        ];
        for text in wrong {
            assert!(Proof::parse(&text).is_err(), "{:?}", text.get(..60));
        }
    }
}
