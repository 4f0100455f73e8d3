//! Damage by a text conversion (REFERENCE 1.4): bytes of a binary file read as UTF-8, every one that is none replaced
//! by U+FFFD (`EF BF BD`). Such a file cannot be repaired; it is found at the door.
//!
//! A conversion leaves nothing but valid UTF-8 behind, and a real PDF, zip or Office file is never that beyond its
//! first bytes. So the test is exact and nearly free: a binary file drops out at its first invalid byte.

use memchr::memmem;

use crate::edxml::ContentKind;

/// U+FFFD in UTF-8.
const REPLACEMENT: &[u8] = "\u{FFFD}".as_bytes();

/// Fewest replacements that count as damage: a PDF's second line is a comment of at least four bytes above 127
/// (ISO 32000-1, 7.5.2), so even the smallest damaged PDF shows four.
const REPLACEMENTS_MIN: usize = 4;

/// Longest head that is kept to tell kinds by.
const HEAD: usize = 16;

/// Looks at decoded content as it passes.
#[derive(Debug, Default)]
pub(super) struct Inspector {
    size: u64,
    head: Vec<u8>,
    /// Something came that is not UTF-8: this content was not converted.
    binary: bool,
    /// The begun bytes of a character that is not whole yet.
    begun: Vec<u8>,
    replacements: usize,
}

impl Inspector {
    pub(super) fn take(&mut self, bytes: &[u8]) {
        self.size = self.size.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        let room = HEAD.saturating_sub(self.head.len()).min(bytes.len());
        self.head.extend_from_slice(bytes.get(..room).unwrap_or_default());
        if !self.binary {
            self.binary = self.take_text(bytes).is_none();
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    pub(super) fn kind(&self) -> ContentKind {
        kind_of(&self.head)
    }

    /// Whether the content is a binary file (by its first bytes or by its label) that went through a conversion.
    pub(super) fn is_damaged(&self, labelled_binary: bool) -> bool {
        let binary_kind = labelled_binary || self.kind() != ContentKind::Other || self.head.starts_with(REPLACEMENT);
        binary_kind && !self.binary && self.begun.is_empty() && self.replacements >= REPLACEMENTS_MIN
    }

    /// Nothing if it is not UTF-8.
    fn take_text(&mut self, bytes: &[u8]) -> Option<()> {
        let mut rest = bytes;
        while let (false, [first, tail @ ..]) = (self.begun.is_empty(), rest) {
            self.begun.push(*first);
            rest = tail;
            let begun = std::mem::take(&mut self.begun);
            self.begun = self.characters(&begun)?.to_vec();
        }
        let begun = self.characters(rest)?;
        self.begun.extend_from_slice(begun);
        Some(())
    }

    /// Counts replacements among the whole characters; gives the begun one behind them.
    fn characters<'b>(&mut self, bytes: &'b [u8]) -> Option<&'b [u8]> {
        let (whole, begun) = match std::str::from_utf8(bytes) {
            Ok(_) => (bytes, [].as_slice()),
            Err(error) if error.error_len().is_none() => bytes.split_at(error.valid_up_to()),
            Err(_) => return None,
        };
        if self.replacements < REPLACEMENTS_MIN {
            self.replacements += memmem::find_iter(whole, REPLACEMENT).take(REPLACEMENTS_MIN).count();
        }
        Some(begun)
    }
}

/// The kind by the first bytes.
fn kind_of(head: &[u8]) -> ContentKind {
    const MAGIC: &[(&[u8], ContentKind)] = &[
        (b"PK\x03\x04", ContentKind::Zip),
        (b"%PDF", ContentKind::Pdf),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", ContentKind::Compound),
        (b"\xFF\xD8\xFF", ContentKind::Image),
        (b"\x89PNG", ContentKind::Image),
        (b"GIF8", ContentKind::Image),
        (b"II*\0", ContentKind::Image),
        (b"MM\0*", ContentKind::Image),
        (b"Rar!", ContentKind::Archive),
        (b"7z\xBC\xAF\x27\x1C", ContentKind::Archive),
    ];
    MAGIC.iter().find(|(magic, _)| head.starts_with(magic)).map(|&(_, kind)| kind).unwrap_or_default()
}

/// Whether a file with this name or content type is binary, so that as a whole it cannot be text.
pub(super) fn is_labelled_binary(name: &str, content_type: &str) -> bool {
    const EXTENSIONS: &[&str] = &[
        "pdf", "zip", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "rar", "7z", "jpg", "jpeg", "png",
        "gif", "tif", "tiff",
    ];
    let extension = name.trim().rsplit_once('.').map_or("", |(_, extension)| extension);
    let content_type = content_type.trim();
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
        || (content_type.starts_with("application/")
            && ["pdf", "zip", "msword", "officedocument", "ms-excel", "ms-powerpoint", "opendocument", "rar"]
                .iter()
                .any(|part| content_type.contains(part)))
        || (content_type.starts_with("image/") && !content_type.contains("svg"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] =
        b"%PDF-1.4\n%\xE2\xE3\xCF\xD3\n1 0 obj\n<</Type/Catalog>>\nendobj\nstream\n\x00\x9C\xFF\xED\nendstream";

    fn inspect(content: &[u8], piece: usize) -> Inspector {
        let mut inspector = Inspector::default();
        content.chunks(piece).for_each(|part| inspector.take(part));
        inspector
    }

    #[test]
    fn a_converted_file_is_found_however_it_is_cut() {
        let converted = String::from_utf8_lossy(PDF).into_owned();
        for piece in 1..40 {
            assert!(inspect(converted.as_bytes(), piece).is_damaged(false), "pieces of {piece}");
            assert!(!inspect(PDF, piece).is_damaged(true), "pieces of {piece}");
        }
        let compound = String::from_utf8_lossy(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0\0\xFF\xFF").into_owned();
        assert!(inspect(compound.as_bytes(), 5).is_damaged(false), "the magic itself is gone");
    }

    #[test]
    fn text_with_replacement_characters_is_text() {
        let text = "kết nối \u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD} liên thông";
        assert!(!inspect(text.as_bytes(), 3).is_damaged(is_labelled_binary("a.txt", "text/plain")));
        assert!(inspect(text.as_bytes(), 3).is_damaged(is_labelled_binary("a.DOC", "")));
        assert!(!inspect(b"%PDF-1.4 plain ASCII", 3).is_damaged(true));
    }

    #[test]
    fn kinds_are_told_by_the_first_bytes() {
        for (head, kind) in [
            (b"PK\x03\x04\x14".as_slice(), ContentKind::Zip),
            (b"%PDF-1.7", ContentKind::Pdf),
            (b"\xFF\xD8\xFF\xE0", ContentKind::Image),
            (b"Rar!\x1A", ContentKind::Archive),
            (b"PK", ContentKind::Other),
            (b"", ContentKind::Other),
        ] {
            assert_eq!(inspect(head, 1).kind(), kind, "{head:?}");
            assert_eq!(inspect(head, 1).size(), u64::try_from(head.len()).unwrap());
        }
    }

    #[test]
    fn labels_name_binary_files() {
        assert!(is_labelled_binary(" Báo cáo.PDF ", ""));
        assert!(is_labelled_binary("", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"));
        assert!(is_labelled_binary("", "image/png"));
        assert!(!is_labelled_binary("a.xml", "application/xml"));
        assert!(!is_labelled_binary("pdf", "text/plain"));
    }
}
