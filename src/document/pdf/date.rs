//! Dates of PDFs: `(D:20261122140500+07'00')` (ISO 32000-2, 7.9.4).

use crate::domain::Timestamp;

/// The time of a string as it stands, with its parentheses. Without an offset it is taken for UTC.
pub(super) fn date(text: &[u8]) -> Option<Timestamp> {
    let inner = plain(text.strip_prefix(b"(")?.strip_suffix(b")")?)?;
    let digits = inner.strip_prefix("D:").unwrap_or(&inner);
    let (date, offset) = digits.split_at_checked(14)?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", date).ok()?;
    let at = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond();
    Some(Timestamp::from_millis(at.checked_sub(offset_ms(offset)?)?))
}

/// `+07'00'`, `+07'00`, `Z` or nothing.
fn offset_ms(text: &str) -> Option<i64> {
    let sign = match text.get(..1) {
        None | Some("Z") => return Some(0),
        Some("+") => 1,
        Some("-") => -1,
        Some(_) => return None,
    };
    let number =
        |at: usize| text.get(at..at.checked_add(2)?)?.parse::<i64>().ok().filter(|number| (0..60).contains(number));
    let minutes = number(1)?.checked_mul(60)?.checked_add(number(4).unwrap_or(0))?;
    minutes.checked_mul(sign * 60_000)
}

/// The characters of a literal string; octal numbers are the only escapes in a date.
fn plain(text: &[u8]) -> Option<String> {
    const LENGTH_MAX: usize = 128;
    (text.len() <= LENGTH_MAX).then_some(())?;
    let mut out = String::new();
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'\\' {
            out.push(char::from(first));
            continue;
        }
        let (octal, after) = after.split_at_checked(3)?;
        let octal = std::str::from_utf8(octal).ok()?;
        out.push(char::from(u8::from_str_radix(octal, 8).ok()?));
        rest = after;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_with_their_offset() {
        let read = |text: &str| date(text.as_bytes()).map(|at| at.to_string());
        assert_eq!(read("(D:20261122140500+07'00')").as_deref(), Some("2026-11-22T07:05:00.000Z"));
        assert_eq!(read("(D\\07220261122070500Z)").as_deref(), Some("2026-11-22T07:05:00.000Z"));
        assert_eq!(read("(20261122070500)").as_deref(), Some("2026-11-22T07:05:00.000Z"));
        assert_eq!(read("(D:20261122000500-01'30)").as_deref(), Some("2026-11-22T01:35:00.000Z"));
        for bad in ["(D:20261322140500Z)", "(D:2026)", "()", "D:20261122140500Z", "(D:20261122140500?)", "(\\9)"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
