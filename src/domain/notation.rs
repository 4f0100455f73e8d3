//! Số/ký hiệu as people type it: normalised for comparison only, the original is kept (USERS 3.4).

use unicode_normalization::UnicodeNormalization;

/// The form in which two spellings of one số/ký hiệu are equal: NFKC (so full width is narrow), lower case, without
/// `Số:` in front, without blanks around `/` and `-`, dashes as hyphens, without leading zeros and grouping dots in the
/// number. `đ` stays.
#[must_use]
pub fn exact(text: &str) -> Option<String> {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).map(plain_dash).collect();
    let folded = folded.trim();
    let folded = ["số:", "số ", "so:"].iter().find_map(|word| folded.strip_prefix(word)).unwrap_or(folded);
    let tight = without_blanks(folded);
    let (number, notation) = tight.split_once('/').unwrap_or((&tight, ""));
    let number = plain_number(number);
    let joined = if notation.is_empty() { number } else { format!("{number}/{notation}") };
    (!joined.is_empty()).then_some(joined)
}

/// [`exact`] with `đ` as `d`: what the index is keyed by, so that `QD` finds `QĐ` as second best.
#[must_use]
pub fn key(text: &str) -> Option<String> {
    exact(text).map(|text| text.replace('đ', "d"))
}

const fn plain_dash(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        letter => letter,
    }
}

/// Blanks around separators go; one blank inside stays one blank.
fn without_blanks(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    ["/", "-"].iter().fold(words, |text, separator| {
        let parts: Vec<&str> = text.split(separator).map(str::trim).collect();
        parts.join(separator)
    })
}

/// `05` is 5, `1.234` is 1234; what is no number stays as it is.
fn plain_number(number: &str) -> String {
    let digits: String = number.chars().filter(|letter| *letter != '.').collect();
    if digits.is_empty() || !digits.bytes().all(|octet| octet.is_ascii_digit()) {
        return number.to_owned();
    }
    let plain = digits.trim_start_matches('0');
    if plain.is_empty() { "0".to_owned() } else { plain.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_number_are_equal() {
        let want = exact("1234/UBND-TH");
        for text in ["1234/ubnd-th", " Số: 1234 / UBND – TH ", "1.234/UBND-TH", "01234/UBND‑TH", "１２３４/UBND-TH"]
        {
            assert_eq!(exact(text), want, "{text}");
        }
        assert_ne!(exact("1235/UBND-TH"), want);
        assert_ne!(exact("1234/UBND-TC"), want);
    }

    #[test]
    fn decomposed_and_composed_letters_are_equal() {
        assert_eq!(exact("7816/VPCP-TTĐT"), exact(&"7816/VPCP-TTĐT".nfd().collect::<String>()));
    }

    #[test]
    fn d_with_stroke_is_second_best() {
        assert_ne!(exact("05/QĐ-TTg"), exact("5/QD-TTg"));
        assert_eq!(key("05/QĐ-TTg"), key("5/QD-TTg"));
    }

    #[test]
    fn what_is_no_number_stays() {
        assert_eq!(exact("74fass22/VPCP-TTĐT").unwrap(), "74fass22/vpcp-ttđt");
        assert_eq!(exact("  "), None);
        assert_eq!(exact("00").unwrap(), "0");
    }
}
