//! C2SP tlog-checkpoint: origin, size and root of the tree as the text of a signed note.

use std::fmt;

use crate::domain::Digest;
use crate::trail::encoding::{base64, decimal, digest};
use crate::trail::note::{Note, NoteError, VerifierKey};

/// What a log promises: its first `size` entries have the root hash `root`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Which log: one line, not empty.
    pub origin: String,
    /// How many entries.
    pub size: u64,
    /// The RFC 6962 root hash over them.
    pub root: Digest,
}

/// The text that is signed: three lines. No extension lines are written.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, base64(self.root.as_bytes()))
    }
}

impl Checkpoint {
    /// Reads the text of a checkpoint. Extension lines are allowed and passed over.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let lines: Vec<&str> = lines(text)?.split('\n').collect();
        if lines.iter().any(|line| line.is_empty()) {
            return Err(NoteError::Malformed("an empty line in a checkpoint"));
        }
        let [origin, size, root, ..] = lines.as_slice() else {
            return Err(NoteError::Malformed("a checkpoint has at least three lines"));
        };
        let size = decimal(size).ok_or(NoteError::Malformed("the size of a checkpoint"))?;
        let root = digest(root).ok_or(NoteError::Malformed("the root hash of a checkpoint"))?;
        Ok(Self { origin: (*origin).to_owned(), size, root })
    }

    /// Opens a signed checkpoint. Every signature by one of `keys` must verify, and one of them must be by a key
    /// whose name is the origin: the log itself has signed (tlog-proof, "Verifying", step 2).
    pub fn open(note: &str, keys: &[VerifierKey]) -> Result<Self, NoteError> {
        let note = Note::parse(note)?;
        let signers = note.verify(keys)?;
        let checkpoint = Self::parse(note.text)?;
        if signers.iter().any(|key| key.name() == checkpoint.origin) {
            Ok(checkpoint)
        } else {
            Err(NoteError::NoKnownSignature)
        }
    }
}

fn lines(text: &str) -> Result<&str, NoteError> {
    text.strip_suffix('\n').ok_or(NoteError::Malformed("the last line has no end"))
}

#[cfg(test)]
mod tests {
    use super::*;

    // c2sp.org/tlog-checkpoint, first example (its verifier key is not given there).
    const TEXT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    const LINE: &str = "\u{2014} example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    // c2sp.org/tlog-cosignature: the same checkpoint, cosigned.
    const COSIGNED: &str = "\u{2014} witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

    #[test]
    fn the_examples_of_the_specification_are_read() {
        let note = format!("{TEXT}\n{LINE}{COSIGNED}");
        let note = Note::parse(&note).unwrap();
        assert_eq!(note.signatures.len(), 2);
        assert_eq!(note.signatures[0].id, [0x03, 0x3d, 0xe0, 0xae]);
        let checkpoint = Checkpoint::parse(note.text).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
        assert_eq!(checkpoint.to_string(), TEXT);
    }

    #[test]
    fn extension_lines_are_passed_over() {
        let extended = Checkpoint::parse(&format!("{TEXT}extension\nanother one\n")).unwrap();
        assert_eq!(extended, Checkpoint::parse(TEXT).unwrap());
    }

    #[test]
    fn texts_of_another_form_are_refused() {
        for wrong in [
            "",
            "\n",
            "o\n0\n",
            "o\n\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "\n0\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n00\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n18446744073709551616\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
            "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\nextension\n",
        ] {
            assert!(Checkpoint::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
