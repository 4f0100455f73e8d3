//! A log that was restored goes on under another key: the first thing that happens is the entry that says so. A key that
//! changed without a restore is a refusal to start.

use std::fs;
use std::io;

use crate::backup::Epoch;
use crate::config::DataFolder;
use crate::domain::Refusal;
use crate::engine::open::OpenError;
use crate::engine::writer::Writer;
use crate::hub::backup::NewEpoch;
use crate::hub::decide::Command;
use crate::hub::rows::EpochRow;
use crate::hub::{Event, Rows, keys};

/// Tells of a new epoch, if a restore has left one; else checks that the key is that of the trail.
pub(super) fn begin(writer: &mut Writer, data: &DataFolder) -> Result<(), OpenError> {
    let ours = writer.key.verifier().to_string();
    let Some(epoch) = restored(data)?.filter(|epoch| epoch.verifier_key == ours) else {
        let known = known(writer).map_err(OpenError::First)?;
        return match known.filter(|epoch| epoch.verifier_key != ours) {
            Some(epoch) => Err(OpenError::AnotherKey { key: ours, trail: epoch.verifier_key }),
            None => Ok(()),
        };
    };
    let Epoch { origin, verifier_key, previous_checkpoint, previous_key, restored, missing } = epoch;
    tracing::warn!(origin, restored, missing, "a new epoch of the log begins: it was restored from a backup");
    let software = env!("CARGO_PKG_VERSION").to_owned();
    let event = Event::Epoch { origin, verifier_key, software, previous_checkpoint, previous_key, restored, missing };
    writer.first(Command::Epoch(Box::new(NewEpoch(event)))).map_err(OpenError::First)?;
    // The entry stands. A crash before this finds it, and only renames.
    fs::rename(data.epoch(), data.epoch().with_extension("told"))
        .map_err(|source| OpenError::Io { what: "checkpoints/epoch.json", source })
}

fn known(writer: &Writer) -> Result<Option<EpochRow>, Refusal> {
    let reader = writer.shared.index.reader()?;
    Ok(Rows(reader.as_ref()).row(&keys::epoch())?)
}

fn restored(data: &DataFolder) -> Result<Option<Epoch>, OpenError> {
    let failed = |source| OpenError::Io { what: "checkpoints/epoch.json", source };
    match fs::read(data.epoch()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
        Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(io::Error::other(error))),
    }
}

/// Verifier keys of earlier epochs, one a line.
pub(super) fn earlier_keys(data: &DataFolder) -> Vec<String> {
    let text = fs::read_to_string(data.earlier_vkeys()).unwrap_or_default();
    text.lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()
}
