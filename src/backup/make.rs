//! Making a backup. The hub may run: segments are only ever replaced as a whole, and what is copied ends where a signed
//! checkpoint says that everything is durable. Only what is new, or was rewritten by retention, is copied.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::backup::error::{BackupError, at};
use crate::backup::manifest::{FORMAT, File, Manifest, Segment};
use crate::backup::segments::{self, Held};
use crate::backup::{files, leftovers};
use crate::config::{Config, DataFolder};
use crate::domain::{Seq, Timestamp};
use crate::journal::disk::Real;
use crate::journal::{Payload, PayloadName, Peek};
use crate::trail::frontier::Frontier;
use crate::trail::{Checkpoint, LogKey, VerifierKey};

/// How often a segment is read again because retention has just replaced it.
const ATTEMPTS: usize = 5;
/// Longest wait for the hub to sign for what stands in its journal; an idle one keeps its checkpoint within a second.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked whether it has.
const LOOK: Duration = Duration::from_millis(50);

/// What a run has done.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Made {
    /// Entries that the backup holds now.
    pub size: Seq,
    /// Segments that were copied.
    pub segments: u64,
    /// Of them, those that were rewritten since: what was destroyed is now gone from this backup as well.
    pub rewritten: u64,
    /// Large documents that were copied.
    pub payloads: u64,
    /// Large documents that were removed, since they were destroyed.
    pub removed: u64,
    /// Octets that were copied.
    pub bytes: u64,
}

struct Run<'a> {
    data: &'a DataFolder,
    to: &'a Path,
    before: Option<&'a Manifest>,
    checkpoint: Checkpoint,
    made: Made,
    /// Of the backup before, no longer named: removed when the new manifest is durable.
    doomed: BTreeSet<PathBuf>,
}

/// Makes a backup of `data` in the folder `to`, or brings the one there up to date.
///
/// # Errors
/// As [`BackupError`] says; the backup that was there before stays whole.
pub fn make(data: &DataFolder, to: &Path, name: &str, now: Timestamp) -> Result<(Manifest, Made), BackupError> {
    std::fs::metadata(data.config()).map_err(at(&data.config()))?;
    let config = Config::read(&data.config())
        .map_err(|error| BackupError::Manifest { path: data.config(), reason: error.to_string() })?;
    let key = verifier_key(data)?;
    files::make_folder(to)?;
    let before = Manifest::read(to)?;
    if let Some(before) = before.as_ref().filter(|before| before.verifier_key != key.to_string()) {
        return Err(BackupError::AnotherLog { theirs: before.origin.clone(), ours: key.name().to_owned() });
    }
    let (text, checkpoint) = checkpoint_of_now(data, &key)?;
    let mut run = Run { data, to, before: before.as_ref(), checkpoint, made: Made::default(), doomed: BTreeSet::new() };
    let segments = run.segments()?;
    let files = run.files(&text)?;
    let manifest = Manifest {
        format: FORMAT,
        name: name.to_owned(),
        made: now,
        software: env!("CARGO_PKG_VERSION").to_owned(),
        origin: config.hub.origin,
        verifier_key: key.to_string(),
        size: run.checkpoint.size,
        root: run.checkpoint.root,
        checkpoint: text,
        segments,
        files,
    };
    // From here on the new backup counts. A crash before leaves the old one, with copies that nobody names.
    manifest.write(to)?;
    run.clean(&manifest)?;
    Ok((manifest, run.made))
}

/// The log's verifier key, as it stands in the data folder.
fn verifier_key(data: &DataFolder) -> Result<VerifierKey, BackupError> {
    let path = data.log_vkey();
    let text = std::fs::read_to_string(&path).map_err(at(&path))?;
    text.trim_end().parse().map_err(|source| BackupError::Note { what: path.display().to_string(), source })
}

/// A checkpoint over everything that stands in the journal now: what was acknowledged before the backup began is in it. The
/// hub keeps the checkpoint of a record with the next one, or after a while where none comes: that is waited for. A hub that
/// was killed has none to come.
fn checkpoint_of_now(data: &DataFolder, key: &VerifierKey) -> Result<(String, Checkpoint), BackupError> {
    let started = Instant::now();
    let (mut newest, end) = newest_checkpoint(data, key)?;
    while newest.as_ref().is_none_or(|(_, checkpoint)| checkpoint.size < end) && started.elapsed() < PATIENCE {
        std::thread::sleep(LOOK);
        newest = newest_checkpoint(data, key)?.0;
    }
    newest.ok_or(BackupError::NoCheckpoint)
}

/// The largest checkpoint by this key, if there is one: everything before it is durable, since it was signed afterwards. And
/// the end of the journal.
fn newest_checkpoint(data: &DataFolder, key: &VerifierKey) -> Result<(Option<(String, Checkpoint)>, Seq), BackupError> {
    let last = data.checkpoints().join("last");
    let mut texts: Vec<String> = match std::fs::read_to_string(&last) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        text => vec![text.map_err(at(&last))?],
    };
    let mut end = 0;
    for number in Peek::segments(&Real, &data.journal())?.into_iter().rev().take(2) {
        let path = data.journal().join(Peek::file_name(number));
        let tail = segments::tail(&mut Peek::open(&Real, &path, number)?)?;
        texts.extend(tail.checkpoints);
        end = end.max(tail.end);
    }
    let signed = texts.into_iter().filter_map(|text| {
        let opened = Checkpoint::open(&text, std::slice::from_ref(key)).ok()?;
        Some((text, opened))
    });
    Ok((signed.max_by_key(|(_, checkpoint)| checkpoint.size), end))
}

impl Run<'_> {
    fn segments(&mut self) -> Result<Vec<Segment>, BackupError> {
        let (mut frontier, mut done) = (Frontier::default(), Vec::new());
        for number in Peek::segments(&Real, &self.data.journal())? {
            if frontier.size() >= self.checkpoint.size {
                break;
            }
            let segment = self.segment(number, &frontier)?;
            frontier = segment.frontier.clone();
            done.push(segment);
        }
        if frontier.size() != self.checkpoint.size {
            return Err(BackupError::TooShort { entries: frontier.size(), size: self.checkpoint.size });
        }
        if !segments::is_root(&frontier, &self.checkpoint.root) {
            return Err(BackupError::Root { size: self.checkpoint.size });
        }
        self.made.size = frontier.size();
        Ok(done)
    }

    /// The copy that is there already, or a new one.
    fn segment(&mut self, number: u32, frontier: &Frontier) -> Result<Segment, BackupError> {
        let held = self.before.and_then(|before| before.segments.iter().find(|held| held.number == number));
        for _ in 0..ATTEMPTS {
            let path = self.data.journal().join(Peek::file_name(number));
            let peek = Peek::open(&Real, &path, number)?;
            if let Some(held) = held.filter(|held| is_same(held, &peek)) {
                return Ok(held.clone());
            }
            let generation = peek.version().generation;
            match self.copy(number, peek, frontier) {
                // Retention may have replaced the segment and removed the file while we looked.
                Err(BackupError::Payload(_)) if Peek::open(&Real, &path, number)?.version().generation > generation => {
                }
                Err(error) => return Err(error),
                Ok(segment) => {
                    self.made.rewritten += u64::from(held.is_some_and(|held| held.generation < generation));
                    return Ok(segment);
                }
            }
        }
        Err(BackupError::TooShort { entries: frontier.size(), size: self.checkpoint.size })
    }

    fn copy(&mut self, number: u32, mut peek: Peek, frontier: &Frontier) -> Result<Segment, BackupError> {
        let mut frontier = frontier.clone();
        let Held { present, destroyed } = segments::read(&mut peek, self.checkpoint.size, &mut frontier, &mut |_| ())?;
        for payload in present {
            self.payload(&payload)?;
        }
        self.doomed.extend(destroyed.into_iter().map(|name: PayloadName| segments::payload_path(self.to, name)));
        let version = peek.version();
        let mut segment = Segment {
            number,
            nonce: hex::encode(version.nonce),
            generation: version.generation,
            bytes: peek.end(),
            sha256: crate::domain::Digest([0; 32]),
            frontier,
        };
        let (path, mut offset, end) = (self.to.join("journal").join(segment.file_name()), 0, u64::from(peek.end()));
        let (length, sha256) = files::put(&path, &mut |buffer| {
            let left = usize::try_from(end.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
            let count = peek.read_at(buffer.get_mut(..left).unwrap_or_default(), offset)?;
            offset = offset.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
            Ok(count)
        })?;
        segment.sha256 = sha256;
        self.made.segments = self.made.segments.saturating_add(1);
        self.made.bytes = self.made.bytes.saturating_add(length);
        Ok(segment)
    }

    fn payload(&mut self, payload: &Payload) -> Result<(), BackupError> {
        let [from, to] = [self.data.path(), self.to].map(|folder| segments::payload_path(folder, payload.name));
        if std::fs::metadata(&to).is_ok_and(|metadata| metadata.len() == payload.length) {
            return Ok(());
        }
        let copied = match files::copy(&from, &to) {
            Err(BackupError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Err(BackupError::Payload(payload.name));
            }
            copied => copied?,
        };
        if copied != (payload.length, payload.sha256) {
            files::remove(&to)?;
            return Err(BackupError::Payload(payload.name));
        }
        self.made.payloads = self.made.payloads.saturating_add(1);
        self.made.bytes = self.made.bytes.saturating_add(payload.length);
        Ok(())
    }

    /// Keys but the log key, trust, accesses, configuration, checkpoints. They are small: all of them, each time.
    fn files(&mut self, checkpoint: &str) -> Result<Vec<File>, BackupError> {
        let data = self.data;
        let folders = [data.keys(), data.trust(), data.access(), data.checkpoints(), data.test_pki()];
        let mut paths = vec![PathBuf::from("truc.toml")];
        for folder in folders {
            paths.extend(files::below(data.path(), &folder)?);
        }
        let last = PathBuf::from("checkpoints/last");
        paths.retain(|path| is_kept(path) && *path != last);
        let mut copied = Vec::new();
        for path in paths {
            let from = data.path().join(&path);
            let bytes = std::fs::read(&from).map_err(at(&from))?;
            if !is_log_key(&bytes) {
                copied.push(self.file(path, &bytes)?);
            }
        }
        copied.push(self.file(last, checkpoint.as_bytes())?);
        Ok(copied)
    }

    fn file(&self, path: PathBuf, bytes: &[u8]) -> Result<File, BackupError> {
        let file = File { path, sha256: crate::domain::Digest::of(bytes) };
        files::write(&file.copy_in(self.to), bytes)?;
        Ok(file)
    }

    /// Removes what the manifest does not name any more.
    fn clean(&mut self, manifest: &Manifest) -> Result<(), BackupError> {
        let named: BTreeSet<String> = manifest.segments.iter().map(Segment::file_name).collect();
        let journal = self.to.join("journal");
        for path in files::below(&journal, &journal)? {
            if path.to_str().is_none_or(|name| !named.contains(name)) {
                files::remove(&journal.join(path))?;
            }
        }
        let kept: BTreeSet<PathBuf> = manifest.files.iter().map(|file| file.copy_in(self.to)).collect();
        for path in files::below(self.to, &self.to.join("files"))? {
            let path = self.to.join(path);
            if !kept.contains(&path) {
                files::remove(&path)?;
            }
        }
        for path in std::mem::take(&mut self.doomed) {
            if path.exists() {
                files::remove(&path)?;
                self.made.removed = self.made.removed.saturating_add(1);
            }
        }
        self.made.removed = self.made.removed.saturating_add(leftovers::remove(self.data, self.to, manifest)?);
        Ok(())
    }
}

/// Whether the copy is of this version of the segment, and as long.
fn is_same(held: &Segment, peek: &Peek) -> bool {
    let version = peek.version();
    held.nonce == hex::encode(version.nonce) && held.generation == version.generation && held.bytes == peek.length()
}

/// Drafts are not ours; the log key is not looked at.
fn is_kept(path: &Path) -> bool {
    let is_draft = path.extension().is_some_and(|extension| extension == "new" || extension == "part");
    path != Path::new("keys/log.key") && !path.ends_with("draft") && !is_draft
}

/// The log key never leaves the hub: who holds it can sign in the hub's name. Neither do copies of it, whatever their
/// names.
fn is_log_key(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| LogKey::parse(text.trim()).is_ok())
}
