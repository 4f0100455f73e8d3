//! Số/ký hiệu as people type it and as software writes it, in one form for comparison (USERS 3.4). The original is kept
//! elsewhere.

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The form in which two spellings of one số/ký hiệu are equal, as one text: `1234/ubnd-th`. `đ` stays.
#[must_use]
pub fn exact(text: &str) -> Option<String> {
    NotationKey::parse(text).map(|key| key.to_string())
}

/// [`exact`] with `đ` as `d`: what the index is keyed by, so that `QD` finds `QĐ` as second best.
#[must_use]
pub fn key(text: &str) -> Option<String> {
    NotationKey::parse(text).map(|key| key.without_bars().to_string())
}

/// The comparable form of a số/ký hiệu, or of a part of one.
///
/// Small letters in NFC, no blanks, one kind of hyphen, no leading zeros, no thousands dots. With agency and year it
/// finds a document: numbering begins anew each year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct NotationKey {
    /// The number, `1234`; empty if only a notation was given.
    pub number: String,
    /// The notation, `ubnd-th`; empty if only a number was given.
    pub notation: String,
}

impl NotationKey {
    /// From the two elements of `Code`.
    #[must_use]
    pub fn new(number: &str, notation: &str) -> Self {
        let notation = folded(notation);
        Self { number: number_key(&folded(number)), notation: notation.trim_start_matches('/').to_owned() }
    }

    /// From one text: `1234/UBND-TH`, `Số: 05 / QĐ–UBND`, `1234` or `UBND-TH`. A document with a year in its symbol,
    /// `12/2026/QĐ-UBND`, has the number 12. Nothing if no letter and no digit stands in it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = folded(strip_words(text.trim()));
        let key = match text.split_once('/') {
            Some((number, notation)) => Self { number: number_key(number), notation: notation.to_owned() },
            None if text.starts_with(|c: char| c.is_ascii_digit()) => {
                Self { number: number_key(&text), notation: String::new() }
            }
            None => Self { number: String::new(), notation: text },
        };
        (!key.number.is_empty() || !key.notation.is_empty()).then_some(key)
    }

    /// The second-best form: Đ as D, so that `QD` finds `QĐ`.
    #[must_use]
    pub fn without_bars(&self) -> Self {
        Self { number: self.number.replace('đ', "d"), notation: self.notation.replace('đ', "d") }
    }

    /// Whether this, as typed, may mean `whole`: the same number if one is stated, and a notation that begins so.
    #[must_use]
    pub fn finds(&self, whole: &Self) -> bool {
        (self.number.is_empty() || self.number == whole.number) && whole.notation.starts_with(&self.notation)
    }
}

impl fmt::Display for NotationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slash = if self.number.is_empty() || self.notation.is_empty() { "" } else { "/" };
        write!(f, "{}{slash}{}", self.number, self.notation)
    }
}

/// Words that people write before a số/ký hiệu.
fn strip_words(text: &str) -> &str {
    const WORDS: [&str; 8] = ["số", "so", "ký hiệu", "v/v", "công văn", "cv", "văn bản", "no."];
    let small = text.nfc().collect::<String>().to_lowercase();
    let found = WORDS.iter().find(|word| {
        let behind = small.strip_prefix(**word).unwrap_or_default();
        behind.starts_with([':', ' ', '.', '\u{A0}']) && behind.contains(|c: char| c.is_alphanumeric())
    });
    let Some(word) = found else { return text };
    let mut rest = text;
    for _ in 0..word.chars().count() {
        rest = next_character(rest);
    }
    rest.trim_start_matches([':', ' ', '.', '\u{A0}'])
}

/// What stands behind the first character and its combining marks.
fn next_character(text: &str) -> &str {
    let mut chars = text.chars();
    chars.next();
    chars.as_str().trim_start_matches(unicode_normalization::char::is_combining_mark)
}

/// NFKC (full width becomes ordinary), small letters, no blanks, one hyphen, one slash.
fn folded(text: &str) -> String {
    let characters =
        text.nfkc().filter(|c| !c.is_whitespace() && !matches!(c, '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{FEFF}'));
    characters.map(plain).flat_map(char::to_lowercase).nfc().collect()
}

fn plain(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => '-',
        '\u{2044}' | '\u{2215}' | '\\' => '/',
        // Ð and ð, the Icelandic letters, and Ɖ stand for Đ in old fonts
        'Ð' | 'Ɖ' => 'Đ',
        'ð' => 'đ',
        other => other,
    }
}

/// A number without thousands dots and leading zeros; other texts as they are.
fn number_key(text: &str) -> String {
    let joined = if is_dotted(text) { text.replace('.', "") } else { text.to_owned() };
    let stripped = joined.trim_start_matches('0');
    if stripped.starts_with(|c: char| c.is_ascii_digit()) {
        return stripped.to_owned();
    }
    if !joined.is_empty() && stripped.is_empty() { "0".to_owned() } else { joined }
}

/// `1.234` or `12.345.678`.
fn is_dotted(text: &str) -> bool {
    let mut groups = text.split('.');
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let first = groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && digits(first));
    let mut rest = groups.peekable();
    first && rest.peek().is_some() && rest.all(|group| group.len() == 3 && digits(group))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> NotationKey {
        NotationKey::parse(text).unwrap()
    }

    #[test]
    fn ways_to_write_one_number_are_one_key() {
        let expected = NotationKey { number: "1234".to_owned(), notation: "qđ-ubnd".to_owned() };
        for text in [
            "1234/QĐ-UBND",
            " 1234/qđ-ubnd ",
            "Số: 1234/QĐ-UBND",
            "số 1234/QĐ-UBND",
            "SỐ:1234/QĐ-UBND",
            "1234 / QĐ - UBND",
            "1234/QĐ–UBND",
            "1234/QĐ — UBND",
            "01234/QĐ-UBND",
            "1.234/QĐ-UBND",
            "１２３４／ＱĐ－ＵＢＮＤ",
            "1234/QÐ-UBND",
            "V/v 1234/QĐ-UBND",
            "1234\u{A0}/QĐ-UBND",
            "So\u{302}\u{301}: 1234/QĐ-UBND",
            "1234/\u{200B}QĐ-UBND",
        ] {
            assert_eq!(parsed(text), expected, "{text}");
        }
        assert_eq!(NotationKey::new("01234", "QĐ-UBND"), expected);
        assert_eq!(NotationKey::new("1.234", "/QĐ-UBND "), expected);
        assert_eq!(expected.to_string(), "1234/qđ-ubnd");
    }

    #[test]
    fn a_key_is_stable() {
        for text in
            ["1234/QĐ-UBND", "05/2026/TT-BTC", "74fass22/VPCP-TTĐT", "Số: 0/A", "1234", "UBND-TH", "sốt/a", "İ/x"]
        {
            let once = parsed(text);
            assert_eq!(parsed(&once.to_string()).number, once.number, "{text}");
            assert_eq!(NotationKey::new(&once.number, &once.notation), once, "{text}");
        }
    }

    #[test]
    fn letters_in_numbers_and_years_in_symbols_are_kept() {
        assert_eq!(parsed("74fass22/VPCP-TTĐT").number, "74fass22");
        assert_eq!(parsed("12/2026/QĐ-UBND"), NotationKey::new("12", "2026/QĐ-UBND"));
        assert_eq!(parsed("05a/BC").number, "5a");
        assert_eq!(parsed("1.23/BC").number, "1.23");
        assert_eq!(parsed("000/BC").number, "0");
    }

    #[test]
    fn accents_count_but_the_bar_of_d_has_a_second_chance() {
        assert_ne!(parsed("1/QD-UBND"), parsed("1/QĐ-UBND"));
        assert_eq!(parsed("1/QD-UBND"), parsed("1/QĐ-UBND").without_bars());
    }

    #[test]
    fn a_part_finds_the_whole() {
        let whole = parsed("1234/UBND-TH");
        for text in ["1234", "UBND-TH", "1234/UB", "ubnd", "1234/UBND-TH", "01234/"] {
            assert!(parsed(text).finds(&whole), "{text}");
        }
        for text in ["123", "12345", "1234/TH", "TH"] {
            assert!(!parsed(text).finds(&whole), "{text}");
        }
    }

    #[test]
    fn as_one_text_for_the_index() {
        for text in
            ["1234/ubnd-th", " Số: 1234 / UBND – TH ", "1.234/UBND-TH", "01234/UBND\u{2011}TH", "１２３４/UBND-TH"]
        {
            assert_eq!(exact(text).as_deref(), Some("1234/ubnd-th"), "{text}");
        }
        assert_eq!(exact("7816/VPCP-TTĐT"), exact(&"7816/VPCP-TTĐT".nfd().collect::<String>()));
        assert_ne!(exact("05/QĐ-TTg"), exact("5/QD-TTg"));
        assert_eq!(key("05/QĐ-TTg"), key("5/QD-TTg"));
        assert_eq!(exact("UBND-TH").as_deref(), Some("ubnd-th"));
        assert_eq!(exact("00").as_deref(), Some("0"));
    }

    #[test]
    fn nothing_is_no_key() {
        for text in ["", "  ", "/"] {
            assert_eq!(NotationKey::parse(text), None, "{text:?}");
        }
    }
}
