//! The disk: what was acknowledged as destroyed stands nowhere in the data folder, whatever was cut. Looked for before
//! the hub starts, as somebody would who has found the disk.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use truc::config::DataFolder;
use truc::domain::{HoldState, MessageId};

use crate::ledger::{Kind, Ledger};
use crate::load::{Shared, lock};
use crate::trouble::Done;

/// The value of its signature is in each message and in no other.
const SIGNATURE: &[u8] = b"SignatureValue>";
const SIGNATURE_OCTETS: usize = 48;
/// Most messages that are looked for although they are there.
const WHOLE_MAX: usize = 50;
/// How long what was turned away may take to leave the disk.
const PATIENCE: Duration = Duration::from_mins(2);
const LOOK: Duration = Duration::from_millis(100);
/// What comes before the number in an abstract.
const ABSTRACT: &[u8] = "thử cắt điện số ".as_bytes();

/// What must not be found, and of which message it is.
#[derive(Default)]
struct Needles {
    signatures: HashMap<Vec<u8>, MessageId>,
    numbers: HashMap<Vec<u8>, MessageId>,
}

pub(crate) fn check(data: &Path, ledger: &mut Ledger) -> Done<()> {
    let (needles, mut whole) = (Needles::of(ledger), Needles::of_whole(ledger));
    if needles.signatures.is_empty() {
        return Ok(());
    }
    for file in files(data)? {
        let bytes = std::fs::read(&file)?;
        for id in needles.within(&bytes) {
            let what = format!("{id} was acknowledged as destroyed, and stands in {}", file.display());
            ledger.find(Kind::Lost, what);
        }
        let seen = whole.within(&bytes);
        whole.signatures.retain(|_, id| !seen.contains(id));
    }
    // A search that does not find what is there would prove nothing.
    for id in whole.signatures.into_values() {
        ledger.find(Kind::Lost, format!("{id} was never destroyed, and stands in no file"));
    }
    Ok(())
}

/// What was turned away leaves journal and payloads, within a while, under the running hub.
pub(crate) async fn turned_away(data: &Path, ledger: &Shared) -> Done<()> {
    let folders = [DataFolder::new(data).journal(), DataFolder::new(data).payloads()];
    let needles = Needles::of_turned_away(&lock(ledger));
    let started = Instant::now();
    loop {
        let mut left = Vec::new();
        for file in [files(&folders[0])?, files(&folders[1])?].concat() {
            match std::fs::read(&file) {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {} // replaced meanwhile
                bytes => left.extend(needles.within(&bytes?).into_iter().map(|id| (id, file.clone()))),
            }
        }
        let Some((id, file)) = left.first() else { return Ok(()) };
        if started.elapsed() > PATIENCE {
            let what = format!("{id} was turned away, and stands in {} after {PATIENCE:?}", file.display());
            lock(ledger).find(Kind::Lost, what);
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
}

impl Needles {
    fn of_turned_away(ledger: &Ledger) -> Self {
        let waiting = ledger.limbo.waiting.iter().filter(|it| it.outcome == Some(HoldState::TurnedAway));
        let waiting: Vec<_> = waiting.map(|it| (&it.letter.bytes, it.id)).collect();
        let signatures = waiting.iter().filter_map(|(bytes, id)| Some((signature(bytes)?, *id))).collect();
        let numbers = waiting.iter().filter_map(|(bytes, id)| Some((number(bytes)?, *id))).collect();
        Self { signatures, numbers }
    }

    fn of(ledger: &Ledger) -> Self {
        let mut needles = Self::default();
        for held in ledger.contents.gone.iter().filter_map(|id| ledger.letter(*id)) {
            needles.signatures.extend(signature(&held.letter.bytes).map(|value| (value, held.id)));
        }
        for (id, at) in &ledger.contents.silent {
            let told = ledger.told.iter().filter(|told| told.note.about.0 == *id && told.seq < *at);
            needles.signatures.extend(told.filter_map(|told| Some((signature(&told.note.bytes)?, *id))));
            let held = ledger.letter(*id);
            needles.numbers.extend(held.and_then(|held| Some((number(&held.letter.bytes)?, *id))));
        }
        needles
    }

    /// Of messages whose bytes must be there.
    fn of_whole(ledger: &Ledger) -> Self {
        let whole = ledger.held.iter().filter(|held| !ledger.may_be_destroyed(held.id)).take(WHOLE_MAX);
        let signatures = whole.filter_map(|held| Some((signature(&held.letter.bytes)?, held.id))).collect();
        Self { signatures, numbers: HashMap::new() }
    }

    fn within(&self, bytes: &[u8]) -> Vec<MessageId> {
        let signatures = after(bytes, SIGNATURE).filter_map(signature_at).filter_map(|it| self.signatures.get(it));
        let numbers = after(bytes, ABSTRACT).map(number_at).filter_map(|it| self.numbers.get(it));
        signatures.chain(numbers).copied().collect()
    }
}

/// What follows each place where `marker` stands.
fn after<'a>(bytes: &'a [u8], marker: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    memchr::memmem::find_iter(bytes, marker).map(|at| &bytes[at + marker.len()..])
}

fn signature_at(bytes: &[u8]) -> Option<&[u8]> {
    bytes.get(..SIGNATURE_OCTETS)
}

fn number_at(bytes: &[u8]) -> &[u8] {
    let length = bytes.iter().take_while(|octet| octet.is_ascii_hexdigit() || **octet == b'-').count();
    &bytes[..length]
}

fn signature(message: &[u8]) -> Option<Vec<u8>> {
    after(message, SIGNATURE).next().and_then(signature_at).map(<[u8]>::to_vec)
}

fn number(message: &[u8]) -> Option<Vec<u8>> {
    after(message, ABSTRACT).next().map(|rest| number_at(rest).to_vec())
}

fn files(folder: &Path) -> Done<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else if entry.file_type()?.is_file() {
            found.push(entry.path());
        }
    }
    Ok(found)
}
