//! UTCTime and GeneralizedTime, as DER has them: in UTC, with `Z`.

use crate::domain::Timestamp;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// The time of a value with tag and contents.
pub(super) fn time(tag: u8, contents: &[u8]) -> Option<Timestamp> {
    match tag {
        UTC_TIME => {
            let year = number(contents, 0, 2)?;
            let century = if year < 50 { 2000 } else { 1900 };
            civil(century + year, contents.get(2..)?)
        }
        GENERALIZED_TIME => civil(number(contents, 0, 4)?, contents.get(4..)?),
        _ => None,
    }
}

/// Month to second, perhaps a fraction, and `Z`.
fn civil(year: i64, rest: &[u8]) -> Option<Timestamp> {
    let [month, day, hour, minute, second] = [0, 2, 4, 6, 8].map(|at| number(rest, at, 2));
    let millis = match rest.get(10..)? {
        b"Z" => 0,
        [b'.', fraction @ .., b'Z'] if (1..=9).contains(&fraction.len()) => milliseconds(fraction)?,
        _ => return None,
    };
    let date = jiff::civil::Date::new(year.try_into().ok()?, narrow(month)?, narrow(day)?).ok()?;
    let time = jiff::civil::Time::new(narrow(hour)?, narrow(minute)?, narrow(second)?, 0).ok()?;
    let at = date.to_datetime(time).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Timestamp::from_millis(at.timestamp().as_millisecond().saturating_add(millis)))
}

fn narrow(number: Option<i64>) -> Option<i8> {
    number.and_then(|number| i8::try_from(number).ok())
}

fn milliseconds(fraction: &[u8]) -> Option<i64> {
    let digits: Vec<u8> = fraction.iter().copied().chain(*b"00").take(3).collect();
    fraction.iter().all(u8::is_ascii_digit).then(|| number(&digits, 0, 3)).flatten()
}

fn number(text: &[u8], at: usize, digits: usize) -> Option<i64> {
    let text = text.get(at..at.checked_add(digits)?)?;
    if !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_der_writes_them() {
        let read = |tag, text: &str| time(tag, text.as_bytes()).map(|at| at.to_string());
        assert_eq!(read(0x17, "261122070500Z").as_deref(), Some("2026-11-22T07:05:00.000Z"));
        assert_eq!(read(0x17, "500101000000Z").as_deref(), Some("1950-01-01T00:00:00.000Z"));
        assert_eq!(read(0x18, "20261122070500Z").as_deref(), Some("2026-11-22T07:05:00.000Z"));
        assert_eq!(read(0x18, "20261122070500.12Z").as_deref(), Some("2026-11-22T07:05:00.120Z"));
        for bad in
            ["20261122070500", "20261322070500Z", "20261122070500+0700", "2026112207050", "20261122070500.Z", "x"]
        {
            assert_eq!(read(0x18, bad), None, "{bad}");
        }
    }
}
