//! A message in a file: read in pieces, however large, and its attachments taken out.

use std::fs::File;
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::files::{self, Draft};
use crate::edxml::{self, Attachment, ContentKind, Message, Mode};
use crate::xml::Source;

/// A file that is read again from its first byte as often as needed.
#[derive(Debug)]
pub(super) struct MessageFile {
    path: PathBuf,
    len: u64,
}

impl MessageFile {
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let metadata =
            File::open(path).and_then(|file| file.metadata()).map_err(|error| Failure::read(path, &error))?;
        Ok(Self { path: path.to_owned(), len: metadata.len() })
    }
}

impl Source for MessageFile {
    type Read<'a> = BufReader<File>;

    fn open(&self) -> io::Result<BufReader<File>> {
        File::open(&self.path).map(BufReader::new)
    }

    fn len(&self) -> u64 {
        self.len
    }
}

/// Takes the attachments of a document out into a folder, under names that stay in it; gives their paths.
pub(super) fn take_out(context: &Context, message: &Path, folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let source = MessageFile::open(message)?;
    let read = edxml::read(&source, Mode::Tolerant).map_err(|refusal| Failure::refused(&refusal, context.lang))?;
    let Message::Document(document) = read else { return Ok(Vec::new()) };
    std::fs::create_dir_all(folder).map_err(|error| Failure::write(folder, &error))?;
    let mut taken: Vec<PathBuf> = Vec::new();
    for (number, attachment) in document.attachments.iter().enumerate() {
        let mut path = folder.join(name(attachment, number + 1));
        if taken.contains(&path) {
            path = folder.join(format!("{}-{}", number + 1, name(attachment, number + 1)));
        }
        let content = edxml::open_attachment(&source, attachment);
        let mut draft = Draft::new(&path)?;
        content
            .and_then(|mut content| io::copy(&mut content, &mut draft))
            .map_err(|error| Failure::write(&path, &error))?;
        draft.finish()?;
        taken.push(path);
    }
    Ok(taken)
}

/// The attachment's name, safe. The Java SDK packs files into zips without saying so (REFERENCE 1.4): the name says it.
fn name(attachment: &Attachment, number: usize) -> String {
    let given = attachment.attachment_name.as_ref().map_or("", |name| name.as_str());
    let name = if given.is_empty() { format!("{number}") } else { files::name(given) };
    let is_packed = attachment.kind == ContentKind::Zip && !name.to_lowercase().ends_with(".zip");
    if is_packed && !is_office(&name) { format!("{name}.zip") } else { name }
}

/// Office files are zips by nature.
fn is_office(name: &str) -> bool {
    let ending = name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| ["docx", "xlsx", "pptx", "odt", "ods", "odp"].contains(&ending.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(name: &str, kind: ContentKind) -> Attachment {
        Attachment { attachment_name: Some(name.into()), kind, ..Attachment::default() }
    }

    #[test]
    fn a_packed_file_is_called_a_zip() {
        assert_eq!(name(&attachment("Công văn.pdf", ContentKind::Zip), 1), "Công-văn.pdf.zip");
        assert_eq!(name(&attachment("Công văn.pdf", ContentKind::Pdf), 1), "Công-văn.pdf");
        assert_eq!(name(&attachment("a.docx", ContentKind::Zip), 1), "a.docx");
        assert_eq!(name(&attachment("../../x", ContentKind::Pdf), 1), "x");
        assert_eq!(name(&Attachment::default(), 3), "3");
    }
}
