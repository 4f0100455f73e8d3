//! A small PDF of one page: the công văn of the demo. Written here so that the demo needs no file and no font. The
//! font is Courier, which every reader has; it lacks most Vietnamese letters, so they are drawn as letter and marks
//! (all cells are equally wide), and the text itself stands beside them as `ActualText` (ISO 32000-1, 14.9.4).

use std::fmt::Write as _;

use unicode_normalization::UnicodeNormalization as _;

/// Size of the letters, points.
const SIZE: f64 = 11.0;
/// Width of a cell of Courier, in em.
const CELL: f64 = 0.6;
/// From line to line, points.
const LEADING: f64 = 17.0;
/// Left edge and first base line on an A4 page of 595 by 842 points.
const ORIGIN: (f64, f64) = (85.0, 770.0);

/// The marks of Vietnamese as glyphs of Courier, from code 128 on in the font's encoding.
const DIFFERENCES: &str = "128 /grave /acute /circumflex /tilde /breve /quoteright /Dcroat /dcroat";

/// One page with these lines of text.
pub(super) fn page(lines: &[&str]) -> Vec<u8> {
    let content = lines.iter().enumerate().fold(String::new(), |mut out, (row, line)| {
        let base = f64::from(u32::try_from(row).unwrap_or(u32::MAX)).mul_add(-LEADING, ORIGIN.1);
        let _ = writeln!(out, "/Span <</ActualText <{}>>> BDC\n{}EMC", utf16(line), drawn(line, base));
        out
    });
    file(&[
        "<</Type /Catalog /Pages 2 0 R /Lang (vi-VN)>>".into(),
        "<</Type /Pages /Kids [3 0 R] /Count 1>>".into(),
        "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</Font <</F 5 0 R>>>>>>"
            .into(),
        format!("<</Length {}>>\nstream\n{content}endstream", content.len()),
        format!(
            "<</Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding \
             <</Type /Encoding /BaseEncoding /WinAnsiEncoding /Differences [{DIFFERENCES}]>>>>"
        ),
    ])
}

/// Header, objects, cross-reference table, trailer.
fn file(objects: &[String]) -> Vec<u8> {
    let mut out = String::from("%PDF-1.7\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in objects.iter().enumerate() {
        let _ = writeln!(table, "{:010} 00000 n ", out.len());
        let _ = writeln!(out, "{} 0 obj\n{object}\nendobj", number + 1);
    }
    let (start, size) = (out.len(), objects.len() + 1);
    let _ = write!(out, "xref\n0 {size}\n{table}trailer\n<</Size {size} /Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    out.into_bytes()
}

fn utf16(line: &str) -> String {
    line.nfc().collect::<String>().encode_utf16().fold("FEFF".into(), |mut out, unit| {
        let _ = write!(out, "{unit:04X}");
        out
    })
}

/// The letters of a line, each in its cell, with its marks.
fn drawn(line: &str, base: f64) -> String {
    let (mut out, mut x, mut letter, mut above) = (String::new(), ORIGIN.0, ' ', 0);
    for c in line.nfd() {
        if let Some(mark) = Mark::of(c) {
            let raised = if mark.is_above() { above } else { 0 };
            above += u8::from(mark.is_above());
            out += &mark.drawn(letter, raised, x - CELL * SIZE, base);
        } else {
            (letter, above) = (c, 0);
            out += &glyph(code(c), x, base);
            x += CELL * SIZE;
        }
    }
    out
}

fn glyph(code: u8, x: f64, y: f64) -> String {
    format!("BT /F {SIZE} Tf {x:.2} {y:.2} Td <{code:02X}> Tj ET\n")
}

/// What WinAnsi and the differences have; the rest is a question mark (its text is in `ActualText`).
fn code(c: char) -> u8 {
    match c {
        'Đ' => 134,
        'đ' => 135,
        '–' => 0x96,
        ' '..='~' => u8::try_from(c).unwrap_or(b'?'),
        _ => b'?',
    }
}

/// A combining mark of Vietnamese.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mark {
    Glyph(u8),
    Horn,
    Hook,
    DotBelow,
}

impl Mark {
    const fn of(c: char) -> Option<Self> {
        Some(match c {
            '\u{300}' => Self::Glyph(128),
            '\u{301}' => Self::Glyph(129),
            '\u{302}' => Self::Glyph(130),
            '\u{303}' => Self::Glyph(131),
            '\u{306}' => Self::Glyph(132),
            '\u{309}' => Self::Hook,
            '\u{31b}' => Self::Horn,
            '\u{323}' => Self::DotBelow,
            _ => return None,
        })
    }

    const fn is_above(self) -> bool {
        matches!(self, Self::Glyph(_) | Self::Hook)
    }

    /// The mark over, under or beside a letter whose cell begins at `x`; `raised` marks stand above it already.
    fn drawn(self, letter: char, raised: u8, x: f64, y: f64) -> String {
        let height = if letter.is_uppercase() { 0.14 } else { 0.0 };
        let lift = (f64::from(raised).mul_add(0.15, height)) * SIZE;
        match self {
            Self::Glyph(code) => glyph(code, x, y + lift),
            Self::Horn => glyph(133, 0.23f64.mul_add(SIZE, x), (height - 0.06).mul_add(SIZE, y)),
            Self::DotBelow => glyph(b'.', x, y - 0.2 * SIZE),
            Self::Hook => format!(
                "q 1 0 0 1 {:.2} {:.2} cm 0.5 w -1.1 0.9 m -1.1 2.3 1.3 2.3 1.2 1.1 c 1.1 0.5 0.1 0.6 0.1 -0.4 c S Q\n",
                x + CELL * SIZE / 2.0,
                y + lift + 0.58 * SIZE
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_offset_of_the_table_is_that_of_its_object() {
        let bytes = page(&["Kính gửi: Ủy ban nhân dân tỉnh Nghệ An", "Hỏa tốc (1/2) \\"]);
        let text = String::from_utf8(bytes).unwrap();
        let start: usize = text.lines().rev().nth(1).unwrap().parse().unwrap();
        assert!(text[start..].starts_with("xref\n0 6\n"));
        let entries = text[start..].lines().skip(3).take(5);
        for (number, entry) in entries.enumerate() {
            let offset: usize = entry[..10].parse().unwrap();
            assert_eq!(entry.len(), 19, "an entry has 20 octets with its LF");
            assert!(text[offset..].starts_with(&format!("{} 0 obj\n", number + 1)));
        }
        let content = text.split("stream\n").nth(1).unwrap().strip_suffix("end").unwrap();
        assert!(text.contains(&format!("/Length {}", content.len())));
    }

    #[test]
    fn the_text_itself_stands_beside_the_letters() {
        let text = String::from_utf8(page(&["Ề"])).unwrap();
        assert!(text.contains("/ActualText <FEFF1EC0>"));
        assert_eq!(text.matches(" Tj ").count(), 3, "letter, circumflex, grave");
    }

    #[test]
    fn every_vietnamese_letter_can_be_drawn() {
        let letters = "aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ";
        for c in
            letters.chars().chain(letters.to_uppercase().chars()).flat_map(|c| c.to_string().nfd().collect::<Vec<_>>())
        {
            assert!(Mark::of(c).is_some() || code(c) != b'?', "{c:?}");
        }
    }
}
