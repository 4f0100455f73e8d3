//! State secrets must not pass (REFERENCE 6; QĐ 28/2018 Art. 1.2): the search for their markers. V1 has no field for
//! them, so this is best effort: stamps are refused, loose words are remarks.
//!
//! The Vietnamese words: *mật*, *tối mật*, *tuyệt mật*. They also stand inside ordinary words (*bảo mật* security,
//! *mật độ* density, *mật mã* cipher, *mật khẩu* password), which must pass.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

use crate::domain::Code;
use crate::edxml::remark::RemarkCode;
use crate::edxml::tree::Cursor;
use crate::xml::Fault;

/// What a text shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Finding {
    /// Nothing.
    Nothing,
    /// A word of a secrecy level among others: a remark.
    Word,
    /// The text is a marker or bears a stamp: refused.
    Marked,
}

/// Looks at the fields of `MessageHeader` in which a marker may stand, repeats too.
pub(super) fn check_header(at: &Cursor<'_>) -> Result<(), Fault> {
    let inside = |around, name| at.look(around).flat_map(move |around| around.look(name));
    at.look("Subject").chain(at.look("Content")).try_for_each(|field| judge(&field, examine(field.own_text())))?;
    inside("DocumentType", "TypeName").try_for_each(|field| judge(&field, examine(field.own_text())))?;
    inside("Code", "CodeNotation").try_for_each(|field| judge(&field, examine_notation(field.own_text())))
}

/// Looks at what is said of files, in the manifest or with the attachments. In a file's name a marker is a remark.
pub(super) fn check_files<'t>(files: impl Iterator<Item = Cursor<'t>>) -> Result<(), Fault> {
    for file in files {
        file.look("Description").try_for_each(|field| judge(&field, examine(field.own_text())))?;
        for name in file.look("AttachmentName") {
            judge(&name, examine(name.own_text()).min(Finding::Word))?;
        }
    }
    Ok(())
}

fn judge(field: &Cursor<'_>, finding: Finding) -> Result<(), Fault> {
    match finding {
        Finding::Nothing => {}
        Finding::Word => field.remark(RemarkCode::SecrecyWord),
        Finding::Marked => return Err(field.fault(Code::StateSecret, "a marker of a state secret stands here")),
    }
    Ok(())
}

/// What a text shows: a title, a description, a type name.
fn examine(text: &str) -> Finding {
    if is_plain(text) && !may_hold_level(text) {
        return Finding::Nothing;
    }
    let normal = normalised(text);
    if !may_hold_level(&normal) {
        return Finding::Nothing;
    }
    let words = words(&normal);
    if is_whole(&words) || is_leading_stamp(&words) || is_bracketed(&words) || is_trailing_stamp(&words) {
        return Finding::Marked;
    }
    if (0..words.len()).any(|at| is_loose_level(&words, at)) { Finding::Word } else { Finding::Nothing }
}

/// What a `CodeNotation` shows: there each part between `-` and `/` stands for itself (`UBND-MẬT`).
fn examine_notation(text: &str) -> Finding {
    let finding = examine(text);
    let stamped = || normalised(text).split(['-', '/', ' ']).any(|part| part.to_lowercase() == "mật");
    if finding != Finding::Nothing && stamped() { Finding::Marked } else { finding }
}

/// Whether an element of this name states a secrecy level (V2 and older, REFERENCE 1.7).
pub(super) fn is_level_element(local: &str) -> bool {
    const NAMES: [&str; 6] = ["Secret", "SecretLevel", "Security", "SecurityLevel", "DoMat", "MucDoMat"];
    NAMES.iter().any(|name| local.eq_ignore_ascii_case(name))
}

/// Whether the value of a level element says that there is a secret.
pub(super) fn is_telling(value: &str) -> bool {
    const OPEN: [&str; 16] = [
        "thường",
        "thuong",
        "bình thường",
        "binh thuong",
        "không mật",
        "khong mat",
        "không",
        "khong",
        "công khai",
        "cong khai",
        "false",
        "no",
        "none",
        "null",
        "n/a",
        "-",
    ];
    let value = normalised(value).to_lowercase();
    let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
    !value.chars().all(|c| c == '0') && !OPEN.contains(&value.as_str())
}

/// Compatibility composition (decomposed letters and full width become ordinary ones), without invisible characters.
fn normalised(text: &str) -> String {
    text.nfkc().filter(|c| !is_invisible(*c)).collect()
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}')
}

/// Whether [`normalised`] would change no letter.
fn is_plain(text: &str) -> bool {
    is_nfkc_quick(text.chars()) == IsNormalized::Yes
}

/// Cheap: most texts end here.
fn may_hold_level(normal: &str) -> bool {
    normal.match_indices(['m', 'M']).any(|(at, _)| {
        let mut behind = normal.get(at + 1..).unwrap_or_default().chars().filter(|c| c.is_alphanumeric());
        matches!(behind.next(), Some('a' | 'A' | 'ậ' | 'Ậ')) && matches!(behind.next(), Some('t' | 'T'))
    })
}

/// A word with what stands around it.
#[derive(Debug)]
struct Word<'t> {
    /// In small letters.
    folded: String,
    original: &'t str,
    /// What stands between the word before and this one.
    before: &'t str,
    /// What stands between this one and the word behind.
    after: &'t str,
}

impl Word<'_> {
    fn is_upper(&self) -> bool {
        self.original.chars().all(|c| !c.is_lowercase())
    }

    fn is_accented(&self) -> bool {
        !self.folded.is_ascii()
    }
}

fn words(text: &str) -> Vec<Word<'_>> {
    let (mut words, mut rest, mut before): (Vec<Word<'_>>, _, _) = (Vec::new(), text, "");
    while let Some(from) = rest.find(char::is_alphanumeric) {
        let (gap, tail) = rest.split_at(from);
        let (word, behind) = tail.split_at(tail.find(|c: char| !c.is_alphanumeric()).unwrap_or(tail.len()));
        if let Some(last) = words.last_mut() {
            last.after = gap;
        } else {
            before = gap;
        }
        let gap_before = if words.is_empty() { before } else { gap };
        words.push(Word { folded: word.to_lowercase(), original: word, before: gap_before, after: "" });
        rest = behind;
    }
    if let Some(last) = words.last_mut() {
        last.after = rest;
    }
    words
}

/// How many words of a level stand at `at`: *mật*, *tối mật*, *tuyệt mật*, with or without accents.
fn level_at(words: &[Word<'_>], at: usize) -> Option<usize> {
    let folded = |at: usize| words.get(at).map_or("", |word| word.folded.as_str());
    match (folded(at), folded(at + 1)) {
        ("mật" | "mat", _) => Some(1),
        ("tối" | "tuyệt" | "toi" | "tuyet", "mật" | "mat") => Some(2),
        _ => None,
    }
}

/// Words that may stand before a level without making it less of a marker: *Độ mật: Tối mật*, *Văn bản mật*.
const CARRIERS: &[&[&str]] = &[
    &["mức", "độ", "mật"],
    &["độ", "mật"],
    &["mức", "mật"],
    &["muc", "do", "mat"],
    &["do", "mat"],
    &["muc", "mat"],
    &["dấu"],
    &["đóng", "dấu"],
    &["chế", "độ"],
    &["loại"],
    &["văn", "bản"],
    &["van", "ban"],
    &["tài", "liệu"],
    &["tai", "lieu"],
    &["hồ", "sơ"],
    &["ho", "so"],
    &["phụ", "lục"],
    &["tệp"],
    &["file"],
    &["nghị", "quyết"],
    &["quyết", "định"],
    &["chỉ", "thị"],
    &["quy", "chế"],
    &["quy", "định"],
    &["thông", "cáo"],
    &["thông", "báo"],
    &["hướng", "dẫn"],
    &["chương", "trình"],
    &["kế", "hoạch"],
    &["phương", "án"],
    &["đề", "án"],
    &["dự", "án"],
    &["báo", "cáo"],
    &["biên", "bản"],
    &["tờ", "trình"],
    &["hợp", "đồng"],
    &["công", "văn"],
    &["cong", "van"],
    &["công", "điện"],
    &["giấy", "mời"],
    &["phiếu", "gửi"],
    &["phiếu", "chuyển"],
    &["phiếu", "báo"],
];

/// How many words the carriers at the front take.
fn carriers(words: &[Word<'_>]) -> usize {
    let mut taken = 0;
    while let Some(carrier) = CARRIERS.iter().find(|carrier| {
        carrier.iter().enumerate().all(|(i, part)| words.get(taken + i).is_some_and(|word| word.folded == *part))
    }) {
        taken += carrier.len();
    }
    taken
}

/// The whole text is a level, behind nothing but carriers; or its letters stand apart: *M Ậ T*.
fn is_whole(words: &[Word<'_>]) -> bool {
    let skipped = carriers(words);
    let whole = |at: usize| level_at(words, at).is_some_and(|length| at + length == words.len());
    let apart = words.iter().all(|word| word.folded.chars().count() == 1)
        && ["mật", "mat", "tốimật", "toimat", "tuyệtmật", "tuyetmat"]
            .contains(&words.iter().map(|word| word.folded.as_str()).collect::<String>().as_str());
    whole(0) || whole(skipped) || apart
}

/// The text begins with a level that something sets apart: *MẬT - …*, *[Tối mật] …*, *Tuyệt mật: …*, *MẬT V/v …*.
fn is_leading_stamp(words: &[Word<'_>]) -> bool {
    [0, carriers(words)].into_iter().any(|at| {
        let Some(last) = level_at(words, at).and_then(|length| words.get(at + length - 1)) else { return false };
        let next = |by: usize| last_index(words, at, by).map_or("", |word| word.folded.as_str());
        let named = (next(1) == "v" && next(2) == "v") || (next(1) == "về" && next(2) == "việc");
        let apart = named || sets_apart(last.after);
        apart && (last.is_accented() || last.is_upper()) && !(is_hyphen(last.after) && BEHIND.contains(&next(1)))
    })
}

/// The word `by` places behind the level at `at`.
fn last_index<'w, 't>(words: &'w [Word<'t>], at: usize, by: usize) -> Option<&'w Word<'t>> {
    level_at(words, at).and_then(|length| words.get(at + length - 1 + by))
}

/// A level alone in brackets anywhere: *… (Mật)*, *[ĐỘ MẬT: TỐI MẬT] …*.
fn is_bracketed(words: &[Word<'_>]) -> bool {
    (0..words.len()).any(|from| {
        let opened = words.get(from).is_some_and(|word| word.before.contains(['(', '[', '{', '<', '«', '【', '《']));
        let inside = words.get(from..).unwrap_or_default();
        let closed = |at: usize| {
            let last = level_at(inside, at).and_then(|length| inside.get(at + length - 1));
            last.is_some_and(|word| word.after.contains([')', ']', '}', '>', '»', '】', '》']))
        };
        opened && (closed(0) || closed(carriers(inside)))
    })
}

/// The text ends with an accented level behind a dash or colon: *V/v … - MẬT*.
fn is_trailing_stamp(words: &[Word<'_>]) -> bool {
    (1..words.len()).any(|at| {
        let ends = level_at(words, at).is_some_and(|length| at + length == words.len());
        let set_apart = words
            .get(at)
            .is_some_and(|word| word.before.contains(['-', '–', '—', ':', '|']) && !is_hyphen(word.before));
        ends && set_apart && words.last().is_some_and(Word::is_accented)
    })
}

fn sets_apart(gap: &str) -> bool {
    gap.contains([
        '-', '–', '—', ':', '.', ',', ';', '|', '/', '\\', '*', '_', '\n', ')', ']', '}', '>', '»', '】', '》', '"',
        '”',
    ])
}

/// A hyphen between two words without blanks binds them: *mật-mã*.
fn is_hyphen(gap: &str) -> bool {
    gap == "-"
}

/// Second parts of ordinary words that begin with *mật*.
const BEHIND: &[&str] = &[
    "mã", "độ", "khẩu", "vụ", "thư", "báo", "lệnh", "danh", "ong", "hiệu", "thám", "nghị", "ước", "đàm", "chỉ", "khu",
    "thiết",
];

/// First parts of ordinary words that end with *mật*.
const BEFORE: &[&str] =
    &["bảo", "bí", "cơ", "thân", "tuần", "sốt", "túi", "hũ", "nước", "đường", "dịch", "lấy", "giữ", "nội"];

/// A level among other words that is no part of an ordinary one. Without accents only in capitals among small letters.
fn is_loose_level(words: &[Word<'_>], at: usize) -> bool {
    let Some(last) = level_at(words, at).and_then(|length| words.get(at + length - 1)) else { return false };
    let before = at.checked_sub(1).and_then(|at| words.get(at)).map_or("", |word| word.folded.as_str());
    let behind = last_index(words, at, 1).map_or("", |word| word.folded.as_str());
    let shouted = last.is_upper() && words.iter().any(|word| !word.is_upper());
    (last.is_accented() || shouted) && !BEFORE.contains(&before) && !BEHIND.contains(&behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decomposed(text: &str) -> String {
        text.nfd().collect()
    }

    #[test]
    fn whole_field_markers_are_refused_in_any_writing() {
        for text in [
            "Mật",
            "MẬT",
            "mật",
            "mẬt",
            " Mật ",
            "Tối mật",
            "TỐI MẬT",
            "Tuyệt mật",
            "TUYỆT  MẬT",
            "MAT",
            "TOI MAT",
            "Tuyet mat",
            "(Mật)",
            "[MẬT]",
            "* MẬT *",
            "M Ậ T",
            "T U Y Ệ T M Ậ T",
            "ＭẬＴ",
            "M\u{200B}ẬT",
            "MẬT\u{FEFF}",
            "Độ mật: Mật",
            "Mức độ mật: TỐI MẬT",
            "Do mat: TUYET MAT",
            "Văn bản mật",
            "Tài liệu tuyệt mật",
            "Công văn mật",
            "Quyết định (Mật)",
            "Công văn - Mật",
            "Mật.",
            "\"MẬT\"",
        ] {
            assert_eq!(examine(text), Finding::Marked, "{text}");
            assert_eq!(examine(&decomposed(text)), Finding::Marked, "{text}, decomposed");
        }
    }

    #[test]
    fn stamps_before_behind_and_inside_are_refused() {
        for text in [
            "MẬT - Kế hoạch diễn tập",
            "Mật – V/v bố trí lực lượng",
            "MẬT: Phương án",
            "[MẬT] Kế hoạch",
            "(Tối mật) Phương án",
            "TUYỆT MẬT. Báo cáo",
            "Mật/Khẩn: điều động",
            "MẬT V/v kiểm tra",
            "Tối mật về việc kiểm tra",
            "MẬT\nKế hoạch",
            "MẬT-Kế hoạch",
            "MAT - Ke hoach",
            "[Mat] Ke hoach",
            "TOI MAT: Ke hoach",
            "Kế hoạch diễn tập (Mật)",
            "V/v diễn tập [TỐI MẬT], năm 2026",
            "Kế hoạch diễn tập - MẬT",
            "Báo cáo (độ mật: Tối mật) quý I",
            "Văn bản mật: kế hoạch",
            "Độ mật: Mật - Kế hoạch",
        ] {
            assert_eq!(examine(text), Finding::Marked, "{text}");
            assert_eq!(examine(&decomposed(text)), Finding::Marked, "{text}, decomposed");
        }
    }

    #[test]
    fn ordinary_words_pass() {
        for text in [
            "",
            "Công văn",
            "V/v tăng cường bảo mật hệ thống thông tin",
            "BẢO MẬT THÔNG TIN",
            "Bảo mật",
            "Bảo mật - yêu cầu",
            "Mật độ xây dựng",
            "MẬT ĐỘ DÂN SỐ",
            "Mật mã dân sự",
            "Mật-mã",
            "mật-độ",
            "Đổi mật khẩu",
            "Mật khẩu: quy định",
            "Bảo vệ bí mật nhà nước",
            "Cơ mật viện",
            "Nuôi ong lấy mật",
            "Mật ong rừng",
            "Bề mặt đường",
            "Mất điện",
            "Mắt kính",
            "mạt sắt",
            "Toi mat the can cuoc",
            "mat bang san xuat",
            "Giai phong mat bang",
            "Automatic",
            "format",
            "ATM",
            "Thỏa thuận bảo mật",
            "Bộ mật danh",
            "GIẢI PHÓNG MẶT BẰNG",
            "Không",
            "V/v an toàn, bảo mật",
            "1234/UBND-TH",
        ] {
            assert_eq!(examine(text), Finding::Nothing, "{text}");
            assert_eq!(examine(&decomposed(text)), Finding::Nothing, "{text}, decomposed");
        }
    }

    #[test]
    fn loose_words_are_remarks() {
        for text in [
            "V/v quản lý văn bản mật tại cơ quan",
            "Hướng dẫn xác định độ mật của tài liệu",
            "Rà soát tài liệu Tối mật năm 2025",
            "Ke hoach MAT nam 2026",
        ] {
            assert_eq!(examine(text), Finding::Word, "{text}");
        }
    }

    #[test]
    fn a_notation_is_read_part_by_part() {
        assert_eq!(examine_notation("UBND-MẬT"), Finding::Marked);
        assert_eq!(examine_notation("MẬT/UBND"), Finding::Marked);
        assert_eq!(examine_notation("MAT"), Finding::Marked);
        for text in ["VPCP-TTĐT", "UBND-TH", "QĐ-BMAT", "BMTT-MĐ", "GW-AUTO", "2025/QĐ-UBND"] {
            assert_eq!(examine_notation(text), Finding::Nothing, "{text}");
        }
    }

    #[test]
    fn level_elements_and_their_values() {
        for name in ["Secret", "SecretLevel", "Security", "secretlevel"] {
            assert!(is_level_element(name));
        }
        for name in ["Subject", "SecretRoom", "Priority"] {
            assert!(!is_level_element(name));
        }
        for value in ["", " ", "0", "00", "thường", "Thường", "THUONG", "không  mật", "Không", "false"] {
            assert!(!is_telling(value), "{value}");
            assert!(!is_telling(&decomposed(value)), "{value}, decomposed");
        }
        for value in ["1", "2", "Mật", "A", "TỐI MẬT", "true", "x"] {
            assert!(is_telling(value), "{value}");
        }
    }
}
