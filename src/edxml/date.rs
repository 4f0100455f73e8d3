//! Dates and times as real messages write them (REFERENCE 1.9, item 6). Written again only as `yyyy/MM/dd`.

use jiff::civil::{Date, DateTime, Time};

/// A day, with the time of day if one stands behind it: `yyyy/MM/dd`, `dd/MM/yyyy` or `yyyy-MM-dd`, then optionally
/// white space or `T` and `HH:mm`, `HH:mm:ss` or `HH:mm:ss.fff`. No zone: people write local time (UTC+7).
/// Nothing for an impossible date.
#[must_use]
pub fn parse_date_time(text: &str) -> Option<(Date, Option<Time>)> {
    let text = text.trim();
    let end = text.find(|c: char| c == 'T' || c.is_whitespace()).unwrap_or(text.len());
    let (day, rest) = text.split_at_checked(end)?;
    let time = rest.strip_prefix('T').unwrap_or(rest).trim_start();
    let day = parse_day(day)?;
    if time.is_empty() {
        return rest.is_empty().then_some((day, None));
    }
    parse_time(time).map(|time| (day, Some(time)))
}

/// The day of [`parse_date_time`].
#[must_use]
pub fn parse_date(text: &str) -> Option<Date> {
    parse_date_time(text).map(|(day, _)| day)
}

/// `2018/09/28`.
#[must_use]
pub fn format_date(day: Date) -> String {
    day.strftime("%Y/%m/%d").to_string()
}

/// `2018/09/28 16:35:56`.
#[must_use]
pub fn format_date_time(at: DateTime) -> String {
    at.strftime("%Y/%m/%d %H:%M:%S").to_string()
}

fn parse_day(text: &str) -> Option<Date> {
    let separator = if text.contains('/') { '/' } else { '-' };
    let mut parts = text.split(separator);
    let (first, second, third) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (year, month, day) = match (first.len(), third.len()) {
        (4, 1 | 2) => (first, second, third),
        (1 | 2, 4) if separator == '/' => (third, second, first),
        _ => return None,
    };
    Date::new(number(year)?, i8::try_from(number(month)?).ok()?, i8::try_from(number(day)?).ok()?).ok()
}

fn parse_time(text: &str) -> Option<Time> {
    let text = text.trim_end();
    let (clock, fraction) = text.split_once('.').unwrap_or((text, "0"));
    if fraction.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut parts = clock.split(':').map(|part| number(part).and_then(|n| i8::try_from(n).ok()));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next().unwrap_or(Some(0))?);
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

/// One to four digits.
fn number(text: &str) -> Option<i16> {
    if text.is_empty() || text.len() > 4 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn the_three_forms_of_a_day_are_read() {
        for text in ["2018/09/28", "28/09/2018", "2018-09-28", " 2018/9/28 ", "28/9/2018"] {
            assert_eq!(parse_date(text), Some(date(2018, 9, 28)), "{text}");
        }
    }

    #[test]
    fn a_time_of_day_may_follow() {
        let at = Some((date(2019, 5, 17), Some(time(18, 16, 33, 0))));
        for text in ["2019/05/17 18:16:33", "17/05/2019 18:16:33", "2019-05-17T18:16:33", "2019-05-17T18:16:33.123"] {
            assert_eq!(parse_date_time(text), at, "{text}");
        }
        assert_eq!(parse_date_time("2019/05/17 8:05").and_then(|(_, at)| at), Some(time(8, 5, 0, 0)));
    }

    #[test]
    fn impossible_and_other_texts_are_no_dates() {
        for text in [
            "",
            "2014/02/30",
            "2018/13/01",
            "2018/00/10",
            "28-09-2018",
            "2018/09",
            "2018/09/28/1",
            "18/09/28",
            "+2018/09/28",
            "2018/09/28 25:00:00",
            "2018/09/28 aa",
            "2018/09/28T",
            "2018/09/28 10:00:00:00",
            "20180928",
            "ngày 28/09/2018",
        ] {
            assert_eq!(parse_date_time(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_written_in_one_form() {
        assert_eq!(format_date(date(2026, 3, 5)), "2026/03/05");
        assert_eq!(format_date_time(date(2026, 3, 5).at(8, 5, 9, 0)), "2026/03/05 08:05:09");
    }
}
