//! The log key: signs checkpoints. It lives in `keys/`, readable by its owner only, and is not part of a backup
//! (a restored log signs as a new epoch with a new key).

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use ring::rand::SecureRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use crate::domain::Digest;
use crate::trail::checkpoint::Checkpoint;
use crate::trail::note::{NoteError, VerifierKey, read, signature_line, written};

/// What stands before a signing key in the Go form of signed notes.
const PREFIX: &str = "PRIVATE+KEY+";
/// No key file is longer: prefix, name, id and key.
const FILE_BYTES_MAX: u64 = 1024;

/// An Ed25519 signing key with the name of its log. Its text form is
/// `PRIVATE+KEY+<name>+<hex key id>+<base64 of 0x01 and the seed>`.
pub struct LogKey {
    pair: Ed25519KeyPair,
    seed: [u8; 32],
    verifier: VerifierKey,
}

/// Why a log key cannot be made, read or kept.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The text of the key or its name.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// The file.
    #[error("the log key file: {0}")]
    File(#[from] io::Error),
    /// Others than the owner may read the file.
    #[error("the log key file is open to others: its mode is {0:o} and must be 600")]
    OpenToOthers(u32),
    /// The system gave no random bytes.
    #[error("no random bytes from the system")]
    Random,
}

impl LogKey {
    /// A new key for the log with this origin.
    pub fn generate(origin: &str, random: &dyn SecureRandom) -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        random.fill(&mut seed).map_err(|_| KeyError::Random)?;
        Ok(Self::from_seed(origin, seed)?)
    }

    pub(crate) fn from_seed(origin: &str, seed: [u8; 32]) -> Result<Self, NoteError> {
        let unusable = |_| NoteError::Key("not an Ed25519 seed");
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(unusable)?;
        let public = pair.public_key().as_ref().try_into().map_err(|_| NoteError::Key("not an Ed25519 key"))?;
        Ok(Self { pair, seed, verifier: VerifierKey::new(origin, public)? })
    }

    /// From the text form.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let text = text.strip_prefix(PREFIX).ok_or(NoteError::Key("it does not begin with PRIVATE+KEY+"))?;
        let (name, id, seed) = read(text)?;
        let key = Self::from_seed(name, seed)?;
        if key.verifier.id() == id { Ok(key) } else { Err(NoteError::Key("the key id is not that of name and key")) }
    }

    /// Reads a key file; a file that others may read or write is refused.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let file = File::open(path)?;
        let mode = file.metadata()?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::OpenToOthers(mode));
        }
        let mut text = String::new();
        file.take(FILE_BYTES_MAX).read_to_string(&mut text)?;
        Ok(Self::parse(text.strip_suffix('\n').unwrap_or(&text))?)
    }

    /// Writes a new key file with mode 0600, durably. A key that is already there is never replaced.
    pub fn save(&self, path: &Path) -> Result<(), KeyError> {
        let folder = path.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let draft = path.with_extension("new");
        let written = self.write_draft(&draft).and_then(|()| fs::hard_link(&draft, path));
        let removed = fs::remove_file(&draft);
        written.and(removed).and_then(|()| File::open(folder)?.sync_all())?;
        Ok(())
    }

    fn write_draft(&self, draft: &Path) -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
        writeln!(file, "{PREFIX}{}", written(self.origin(), self.verifier.id(), &self.seed))?;
        file.sync_all()
    }

    /// The name of the log.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.verifier.name()
    }

    /// What others verify by.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// A signed checkpoint of this log. The caller answers for it: the first `size` entries are durable and it never
    /// asks for another root at a size that it asked for before.
    #[must_use]
    pub fn checkpoint(&self, size: u64, root: Digest) -> String {
        let mut note = Checkpoint { origin: self.origin().to_owned(), size, root }.to_string();
        let signature = self.pair.sign(note.as_bytes());
        note.push('\n');
        note.push_str(&signature_line(self.origin(), self.verifier.id(), signature.as_ref()));
        note
    }
}

/// Without the key.
impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({}, secret)", self.verifier)
    }
}

#[cfg(test)]
mod tests {
    use ring::rand::SystemRandom;

    use super::*;
    use crate::trail::note::Note;

    // golang.org/x/mod/sumdb/note, example_test.go and note_test.go.
    const SKEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const VKEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    const TEXT: &str =
        "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    const LINE: &str = "\u{2014} PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

    #[test]
    fn keys_and_signatures_are_those_of_the_go_implementation() {
        let key = LogKey::parse(SKEY).unwrap();
        assert_eq!(key.verifier().to_string(), VKEY);
        let signature = key.pair.sign(TEXT.as_bytes());
        assert_eq!(signature_line(key.origin(), key.verifier.id(), signature.as_ref()), LINE);
        let note = format!("{TEXT}\n{LINE}");
        Note::parse(&note).unwrap().verify(&[VKEY.parse().unwrap()]).unwrap();
    }

    #[test]
    fn a_saved_key_is_the_same_key_and_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let key = LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap();
        key.save(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert_eq!(LogKey::load(&path).unwrap().verifier(), key.verifier());
    }

    #[test]
    fn a_key_that_is_there_is_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        let first = LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap();
        first.save(&path).unwrap();
        let second = LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap();
        assert!(matches!(second.save(&path), Err(KeyError::File(_))));
        assert_eq!(LogKey::load(&path).unwrap().verifier(), first.verifier());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_file_open_to_others_or_damaged_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.key");
        LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap().save(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(LogKey::load(&path), Err(KeyError::OpenToOthers(0o640))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, SKEY.replace("c74f20a3", "c74f20a4")).unwrap();
        assert!(matches!(LogKey::load(&path), Err(KeyError::Note(NoteError::Key(_)))));
    }

    #[test]
    fn debug_says_nothing_secret() {
        let key = LogKey::parse(SKEY).unwrap();
        let shown = format!("{key:?}");
        assert!(shown.contains(VKEY) && !shown.contains("AYEKFALVFGyNhPJEMzD1QIDr"), "{shown}");
    }

    #[test]
    fn a_signed_checkpoint_opens_with_the_key_of_its_origin_only() {
        let key = LogKey::generate("hub.example/1", &SystemRandom::new()).unwrap();
        let other = LogKey::generate("hub.example/2", &SystemRandom::new()).unwrap();
        let signed = key.checkpoint(7, Digest::of(b"root"));
        let opened = Checkpoint::open(&signed, std::slice::from_ref(key.verifier())).unwrap();
        assert_eq!(opened, Checkpoint { origin: "hub.example/1".to_owned(), size: 7, root: Digest::of(b"root") });
        let refused = Checkpoint::open(&signed, std::slice::from_ref(other.verifier()));
        assert_eq!(refused, Err(NoteError::NoKnownSignature));
    }

    #[test]
    fn a_checkpoint_signed_by_a_trusted_key_of_another_name_is_not_the_logs() {
        let witness = LogKey::generate("witness.example", &SystemRandom::new()).unwrap();
        let text = Checkpoint { origin: "hub.example/1".to_owned(), size: 7, root: Digest::of(b"root") }.to_string();
        let signature = witness.pair.sign(text.as_bytes());
        let note = format!("{text}\n{}", signature_line(witness.origin(), witness.verifier.id(), signature.as_ref()));
        let refused = Checkpoint::open(&note, std::slice::from_ref(witness.verifier()));
        assert_eq!(refused, Err(NoteError::NoKnownSignature));
    }
}
