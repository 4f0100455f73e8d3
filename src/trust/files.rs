//! Certificates, CRLs and OCSP answers out of files: PEM or DER, every size and count bounded before it is looked at.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

/// Largest certificate, in octets of DER (SIGNATURES 4.4; the largest real one has 2 KB).
pub const CERTIFICATE_OCTETS_MAX: usize = 16 * 1024;
/// Largest file of certificates: room for a bundle of some hundred.
const CERTIFICATE_FILE_OCTETS_MAX: u64 = 1024 * 1024;
/// Largest CRL or file of CRLs: some 900,000 entries, 60 MB when read.
pub const CRL_FILE_OCTETS_MAX: u64 = 32 * 1024 * 1024;
/// Largest OCSP answer, as [`crate::trust::ocsp::OCTETS_MAX`].
const OCSP_FILE_OCTETS_MAX: u64 = 64 * 1024;
/// All files of one kind together.
const OCTETS_MAX: usize = 128 * 1024 * 1024;
/// Most files that one source may name, and most certificates or CRLs out of them.
const ITEMS_MAX: usize = 1_000;

/// What is wrong with a file, as a fact that an operator can act on.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is larger than a file of its kind may be.
    #[error("the file is larger than {0} octets")]
    TooLarge(u64),
    /// There are more files, certificates or CRLs than are loaded, or more octets in them.
    #[error("with it there are more than {ITEMS_MAX} items or {OCTETS_MAX} octets")]
    TooMany,
    /// Neither DER nor PEM with the right label.
    #[error("there is no {0} in it, neither as DER nor as PEM")]
    Empty(&'static str),
    /// The content is not what it says, or may not be used.
    #[error("{0}")]
    Content(String),
}

/// What a file is expected to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Certificate,
    Crl,
    Ocsp,
}

impl Kind {
    const fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Certificate => &["crt", "cer", "pem", "der"],
            Self::Crl => &["crl", "pem", "der"],
            Self::Ocsp => &["ocsp", "der"],
        }
    }

    const fn octets_max(self) -> u64 {
        match self {
            Self::Certificate => CERTIFICATE_FILE_OCTETS_MAX,
            Self::Crl => CRL_FILE_OCTETS_MAX,
            Self::Ocsp => OCSP_FILE_OCTETS_MAX,
        }
    }

    fn decode(self, bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, FileError> {
        match self {
            Self::Certificate => certificates(bytes),
            Self::Crl => crls(bytes),
            Self::Ocsp => Ok(vec![bytes]),
        }
    }
}

/// The items of one file.
pub(super) struct Loaded {
    /// Which file.
    pub(super) path: PathBuf,
    /// Its certificates or CRLs as DER, or what is wrong.
    pub(super) items: Result<Vec<Vec<u8>>, FileError>,
}

/// Reads every file that the paths name, folders in the order of file names. A path that cannot be read is an item
/// with its error, so that one bad file does not hide the others.
pub(super) fn load(paths: &[PathBuf], kind: Kind) -> Vec<Loaded> {
    let mut loaded: Vec<Loaded> = Vec::new();
    let mut room = Room { items: ITEMS_MAX, octets: OCTETS_MAX };
    for path in paths {
        match files(path, kind) {
            Ok(files) => loaded.extend(files.into_iter().map(|file| load_file(file, kind, &mut room))),
            Err(error) => loaded.push(Loaded { path: path.clone(), items: Err(error) }),
        }
    }
    loaded
}

/// What may still be loaded.
struct Room {
    items: usize,
    octets: usize,
}

impl Room {
    fn take(&mut self, items: &[Vec<u8>]) -> Result<(), FileError> {
        let octets = items.iter().map(Vec::len).sum();
        self.items = self.items.checked_sub(items.len()).ok_or(FileError::TooMany)?;
        self.octets = self.octets.checked_sub(octets).ok_or(FileError::TooMany)?;
        Ok(())
    }
}

fn load_file(path: PathBuf, kind: Kind, room: &mut Room) -> Loaded {
    let items = read(&path, kind.octets_max()).and_then(|bytes| kind.decode(bytes));
    Loaded { path, items: items.and_then(|items| room.take(&items).map(|()| items)) }
}

fn files(path: &Path, kind: Kind) -> Result<Vec<PathBuf>, FileError> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let file = entry?.path();
        if has_ending(&file, kind.endings()) && fs::metadata(&file)?.is_file() {
            files.push(file);
        }
        if files.len() > ITEMS_MAX {
            return Err(FileError::TooMany);
        }
    }
    files.sort();
    Ok(files)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let ending = path.extension().and_then(|ending| ending.to_str());
    !hidden && ending.is_some_and(|ending| endings.iter().any(|known| known.eq_ignore_ascii_case(ending)))
}

fn read(path: &Path, octets_max: u64) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    File::open(path)?.take(octets_max.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|len| len > octets_max) {
        return Err(FileError::TooLarge(octets_max));
    }
    Ok(bytes)
}

/// The certificates in a file's bytes, as DER: one DER certificate, or every `CERTIFICATE` block of a PEM file (other
/// blocks are passed over).
///
/// # Errors
/// When there is none, there are too many, or a block is not base64.
pub fn certificates(bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, FileError> {
    let items = items(bytes, "certificate", |pem| {
        CertificateDer::pem_slice_iter(pem).map(|der| der.map(|der| der.to_vec())).collect()
    })?;
    if items.iter().any(|der| der.len() > CERTIFICATE_OCTETS_MAX) {
        return Err(FileError::Content(format!("a certificate is larger than {CERTIFICATE_OCTETS_MAX} octets")));
    }
    Ok(items)
}

/// The CRLs in a file's bytes, as DER; as [`certificates`].
///
/// # Errors
/// When there is none, there are too many, or a block is not base64.
pub fn crls(bytes: Vec<u8>) -> Result<Vec<Vec<u8>>, FileError> {
    items(bytes, "CRL", |pem| {
        CertificateRevocationListDer::pem_slice_iter(pem).map(|der| der.map(|der| der.to_vec())).collect()
    })
}

type PemItems = Result<Vec<Vec<u8>>, rustls_pki_types::pem::Error>;

fn items(bytes: Vec<u8>, what: &'static str, pem: impl Fn(&[u8]) -> PemItems) -> Result<Vec<Vec<u8>>, FileError> {
    /// DER: a SEQUENCE. No PEM text begins with `0`.
    const SEQUENCE: u8 = 0x30;
    if bytes.first() == Some(&SEQUENCE) {
        return Ok(vec![bytes]);
    }
    let items = pem(&bytes).map_err(|error| FileError::Content(format!("the PEM is damaged: {error}")))?;
    match items.len() {
        0 => Err(FileError::Empty(what)),
        1..=ITEMS_MAX => Ok(items),
        _ => Err(FileError::TooMany),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEM: &str = "note\n-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    #[test]
    fn a_folder_gives_its_files_in_order_and_leaves_keys_alone() {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in [("b.crt", PEM), ("a.PEM", PEM), ("a.key", "secret"), (".c.crt", "x"), ("note.txt", "x")] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let loaded = load(&[dir.path().to_owned()], Kind::Certificate);
        let names: Vec<_> = loaded.iter().map(|file| file.path.file_name().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, ["a.PEM", "b.crt"]);
        assert!(loaded.iter().all(|file| file.items.as_ref().unwrap() == &[vec![0x30, 0x00]]));
    }

    #[test]
    fn a_bad_file_is_an_error_with_a_name_and_hides_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let bad = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
        for (name, text) in [("1.crt", bad), ("2.crt", "no PEM"), ("3.crt", ""), ("4.crt", PEM)] {
            fs::write(dir.path().join(name), text).unwrap();
        }
        let paths = [dir.path().to_owned(), dir.path().join("nothing")];
        let loaded = load(&paths, Kind::Certificate);
        let verdicts: Vec<_> = loaded.iter().map(|file| file.items.is_ok()).collect();
        assert_eq!(verdicts, [false, false, false, true, false]);
    }

    #[test]
    fn size_and_number_are_bounded() {
        let mut large = vec![b'0'; CERTIFICATE_OCTETS_MAX + 1];
        assert!(matches!(certificates(large.clone()), Err(FileError::Content(_))));
        large[0] = b' ';
        assert!(matches!(certificates(large), Err(FileError::Empty("certificate"))));
        assert!(matches!(certificates(PEM.repeat(ITEMS_MAX + 1).into_bytes()), Err(FileError::TooMany)));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large.crt");
        fs::write(&path, vec![b' '; 1024 * 1024 + 1]).unwrap();
        let loaded = load(&[path], Kind::Certificate);
        assert!(matches!(loaded[0].items, Err(FileError::TooLarge(_))));
    }
}
