//! The highest cRLNumber seen of every series, so that an older CRL is refused after a restart too.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::domain::Digest;
use crate::trust::crl::Number;

/// Largest file of floors: some 100,000 series.
const OCTETS_MAX: u64 = 16 * 1024 * 1024;

/// The highest cRLNumber seen of every series. The keys say nothing to people; the numbers are hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CrlFloors(BTreeMap<Digest, String>);

impl CrlFloors {
    pub(super) fn new(numbers: impl Iterator<Item = (Digest, String)>) -> Self {
        Self(numbers.collect())
    }

    pub(super) fn of(&self, series: &Digest) -> Option<Number> {
        self.0.get(series).and_then(|number| hex::decode(number).ok()).map(|number| Number::new(&number))
    }

    /// Of every series the higher of two numbers.
    #[must_use]
    pub fn raised(mut self, other: &Self) -> Self {
        for (series, number) in &other.0 {
            if self.of(series) < other.of(series) {
                self.0.insert(*series, number.clone());
            }
        }
        self
    }

    /// The floors of a file; none where there is no file yet.
    ///
    /// # Errors
    /// When it cannot be read, or is not what was written.
    pub fn load(path: &Path) -> io::Result<Self> {
        let length = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            other => other?.len(),
        };
        if length > OCTETS_MAX {
            return Err(io::Error::other("the file is too large"));
        }
        let floors: Self = serde_json::from_slice(&fs::read(path)?)?;
        if floors.0.values().any(|number| hex::decode(number).is_err()) {
            return Err(io::Error::other("a number is not hexadecimal"));
        }
        Ok(floors)
    }

    /// Writes them, durably and whole.
    ///
    /// # Errors
    /// Of the file system.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        replace(path, &serde_json::to_vec_pretty(self)?)
    }
}

/// Puts a file in place of what stood there: written beside it, synced, renamed, and the folder synced.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().ok_or_else(|| io::Error::other("the path has no folder"))?;
    let name = path.file_name().ok_or_else(|| io::Error::other("the path has no name"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(".part");
    let part = folder.join(hidden);
    let mut file = File::create(&part)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn floors(numbers: &[(&str, &str)]) -> CrlFloors {
        CrlFloors::new(numbers.iter().map(|(series, number)| (Digest::of(series.as_bytes()), (*number).to_owned())))
    }

    #[test]
    fn a_floor_is_only_ever_raised() {
        let before = floors(&[("a", "0a"), ("b", "0100")]);
        let after = before.clone().raised(&floors(&[("a", "0b"), ("b", "ff"), ("c", "01")]));
        assert_eq!(after, floors(&[("a", "0b"), ("b", "0100"), ("c", "01")]));
    }

    #[test]
    fn floors_are_kept_in_a_file_and_damage_is_told() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("floors.json");
        assert_eq!(CrlFloors::load(&path).unwrap(), CrlFloors::default());
        let kept = floors(&[("a", "0a")]);
        kept.save(&path).unwrap();
        assert_eq!(CrlFloors::load(&path).unwrap(), kept);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "nothing is left beside it");
        for damaged in ["", "{", "{\"a\": \"1\"}", &serde_json::to_string(&floors(&[("a", "x")])).unwrap()] {
            fs::write(&path, damaged).unwrap();
            assert!(CrlFloors::load(&path).is_err(), "{damaged}");
        }
    }
}
