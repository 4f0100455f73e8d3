//! Files that commands write: whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::exit::{Exit, Failure};
use crate::cli::words;
use crate::config::DataFolder;

/// There is no hub in the folder that was named.
pub(super) fn no_data_folder(data: &DataFolder) -> Failure {
    let data = data.path().display();
    Failure::new(
        Exit::NoInput,
        format!("{data} chưa phải thư mục dữ liệu của trục; tạo bằng: truc --data {data} init"),
        format!("{data} is not a hub's data folder yet; make it with: truc --data {data} init"),
    )
}

/// A file that comes to stand under its name only when it is complete.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    part: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Opens the draft beside `path`.
    pub(super) fn new(path: &Path) -> Result<Self, Failure> {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(name);
        let file = OpenOptions::new().write(true).create_new(true).open(&part);
        let file = file.map_err(|error| Failure::write(&part, &error))?;
        Ok(Self { file, part, path: path.to_owned() })
    }

    /// Puts it under its name, in place of what stood there.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let finished = self.file.sync_all().and_then(|()| fs::rename(&self.part, &self.path));
        finished.map_err(|error| Failure::write(&self.path, &error))
    }
}

impl Write for Draft {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A draft that was not finished leaves nothing behind.
impl Drop for Draft {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.part); // gone already after `finish`
    }
}

/// Writes a whole file, in place of what stood there.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let mut draft = Draft::new(path)?;
    draft.write_all(bytes).map_err(|error| Failure::write(path, &error))?;
    draft.finish()
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::read(path, &error))
}

pub(super) fn read_text(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| Failure::read(path, &error))
}

/// A file name out of what others wrote: letters, digits, `-`, `_` and inner dots; everything else is `-`.
pub(super) fn name(text: &str) -> String {
    const CHARS_MAX: usize = 120;
    let safe = |c: char| if c.is_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' };
    let name: String = words::nfc(text).chars().take(CHARS_MAX).map(safe).collect();
    let name = name.trim_matches(['.', '-']);
    if name.is_empty() { "-".into() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_stay_in_the_folder() {
        assert_eq!(name("1234/VPCP-TTĐT"), "1234-VPCP-TTĐT");
        assert_eq!(name("../../etc/passwd"), "etc-passwd");
        assert_eq!(name("a\0b\n.pdf"), "a-b-.pdf");
        assert_eq!(name(".."), "-");
        assert!(name(&"ạ".repeat(1_000)).len() <= 3 * 120);
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut draft = Draft::new(&path).unwrap();
        draft.write_all(b"half").unwrap();
        drop(draft);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        write(&path, b"whole").unwrap();
        write(&path, b"again").unwrap();
        assert_eq!(read(&path).unwrap(), b"again");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
