//! Words, numbers and times for people, in Vietnamese and English (USERS 3.1, 3.5). Everything that leaves here is NFC.

use std::ffi::OsString;

use unicode_normalization::UnicodeNormalization as _;

use crate::api::Party;
use crate::domain::{Lang, Timestamp};

/// The language of this run: `--lang`, else `TRUC_LANG`, else `LANG`, else Vietnamese. It is needed before the
/// command line is parsed, since help and usage errors are in it as well.
pub(super) fn language(args: &[OsString], truc_lang: Option<&str>, lang: Option<&str>) -> Lang {
    flag(args).or(truc_lang).or(lang).map_or(Lang::Vi, of_name)
}

/// The last `--lang` before `--`.
fn flag(args: &[OsString]) -> Option<&str> {
    let mut found = None;
    let mut args = args.iter().filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        if arg == "--lang" {
            found = args.next().or(found);
        } else if let Some(value) = arg.strip_prefix("--lang=") {
            found = Some(value);
        }
    }
    found
}

fn of_name(name: &str) -> Lang {
    let is_english = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("en"));
    if is_english { Lang::En } else { Lang::Vi }
}

/// One of two texts.
pub(super) const fn pick<'t>(lang: Lang, vi: &'t str, en: &'t str) -> &'t str {
    match lang {
        Lang::Vi => vi,
        Lang::En => en,
    }
}

/// Unicode NFC: how all Vietnamese text is shown.
pub(super) fn nfc(text: &str) -> String {
    text.nfc().collect()
}

/// Text of others, made safe for a terminal: NFC, and every control character, also bidi controls, as `·`.
pub(super) fn shown(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.nfc().map(|c| if hidden(c) { '·' } else { c }).collect()
}

/// `8.243` in Vietnamese, `8,243` in English.
pub(super) fn count(number: u64, lang: Lang) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(if lang == Lang::Vi { '.' } else { ',' });
        }
        out.push(digit);
    }
    out
}

/// `1,4 MB` in Vietnamese, `1.4 MB` in English; powers of 1000, one decimal, half up.
pub(super) fn size(octets: u64, lang: Lang) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    let Some((unit, name)) = UNITS.into_iter().find(|(unit, _)| octets >= *unit) else {
        return format!("{octets} B");
    };
    let tenths = (octets / (unit / 10)).saturating_add(u64::from(octets % (unit / 10) >= unit / 20));
    let point = if lang == Lang::Vi { ',' } else { '.' };
    format!("{}{point}{} {name}", count(tenths / 10, lang), tenths % 10)
}

/// `14:05 ngày 22/11/2026` in Vietnamese, `14:05, 22 November 2026` in English; both in Asia/Ho_Chi_Minh.
pub(super) fn time(at: Timestamp, lang: Lang) -> String {
    match lang {
        Lang::Vi => at.for_people(),
        Lang::En => at.local().strftime("%H:%M, %-d %B %Y").to_string(),
    }
}

/// `Ủy ban nhân dân tỉnh Nghệ An (H41)`; the code alone where the directory has no name.
pub(super) fn party(party: &Party) -> String {
    if party.name.is_empty() { party.code.to_string() } else { format!("{} ({})", party.name, party.code) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(args: &[&str]) -> Vec<OsString> {
        args.iter().map(Into::into).collect()
    }

    #[test]
    fn the_language_is_vietnamese_unless_somebody_says_otherwise() {
        assert_eq!(language(&args(&["truc", "track"]), None, None), Lang::Vi);
        assert_eq!(language(&args(&["truc"]), None, Some("C.UTF-8")), Lang::Vi);
        assert_eq!(language(&args(&["truc"]), None, Some("en_US.UTF-8")), Lang::En);
        assert_eq!(language(&args(&["truc"]), Some("vi"), Some("en_US.UTF-8")), Lang::Vi);
        assert_eq!(language(&args(&["truc", "--lang", "en"]), Some("vi"), None), Lang::En);
        assert_eq!(language(&args(&["truc", "--lang=en", "x"]), Some("vi"), None), Lang::En);
        assert_eq!(language(&args(&["truc", "--", "--lang=en"]), None, None), Lang::Vi);
        assert_eq!(language(&args(&["truc", "--lang"]), None, None), Lang::Vi);
    }

    #[test]
    fn numbers_are_written_as_the_reader_writes_them() {
        assert_eq!(count(8_243, Lang::Vi), "8.243");
        assert_eq!(count(150_000_000, Lang::En), "150,000,000");
        assert_eq!(count(0, Lang::Vi), "0");
        assert_eq!(size(999, Lang::Vi), "999 B");
        assert_eq!(size(1_449, Lang::Vi), "1,4 KB");
        assert_eq!(size(1_450, Lang::En), "1.5 KB");
        assert_eq!(size(104_857_600, Lang::Vi), "104,9 MB");
        assert_eq!(size(u64::MAX, Lang::En), "18,446,744,073.7 GB");
    }

    #[test]
    fn times_are_those_of_hanoi() {
        let at: Timestamp = "2026-11-22T07:05:00Z".parse().unwrap();
        assert_eq!(time(at, Lang::Vi), "14:05 ngày 22/11/2026");
        assert_eq!(time(at, Lang::En), "14:05, 22 November 2026");
    }

    #[test]
    fn text_of_others_cannot_move_the_cursor_or_turn_the_line() {
        assert_eq!(shown("a\u{1b}[2Jb\n\u{202e}c"), "a·[2Jb··c");
        assert_eq!(shown("Ho\u{0309}a to\u{0302}\u{0301}c"), "Hỏa tốc".nfc().collect::<String>());
    }
}
