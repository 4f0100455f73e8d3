//! `src/cli/init/data/agencies.csv`: whole, and true to itself.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use truc::domain::OrganId;
use truc::edxml::parse_date;
use unicode_normalization::is_nfc;

const GROUPS: [&str; 7] =
    ["ministry", "ministry_level", "government_body", "province", "city", "peoples_council", "other"];

struct Row {
    name: String,
    group: String,
    closed_on: String,
    successor: String,
}

fn rows() -> BTreeMap<String, Row> {
    let text = include_str!("../src/cli/init/data/agencies.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("code,name,group,closed_on,successor"));
    let row = |line: &str| {
        // only names stand in quotes
        let (code, rest) = line.split_once(',').unwrap();
        let mut tail = rest.rsplitn(4, ',').map(str::to_owned);
        let (successor, closed_on, group) = (tail.next().unwrap(), tail.next().unwrap(), tail.next().unwrap());
        let name = tail.next().unwrap().trim_matches('"').to_owned();
        (code.to_owned(), Row { name, group, closed_on, successor })
    };
    let count = text.lines().count() - 1;
    let rows: BTreeMap<String, Row> = lines.map(row).collect();
    assert_eq!(rows.len(), count, "each code once");
    rows
}

#[test]
fn every_row_is_an_agency_and_closed_ones_name_an_open_successor() {
    let rows = rows();
    for (code, row) in &rows {
        assert!(code.parse::<OrganId>().is_ok() && code.len() == 3, "{code}");
        assert!(!row.name.is_empty() && is_nfc(&row.name), "{code}");
        assert!(GROUPS.contains(&row.group.as_str()), "{code}");
        assert_eq!(row.closed_on.is_empty(), row.successor.is_empty(), "{code}");
        if !row.closed_on.is_empty() {
            assert!(parse_date(&row.closed_on).is_some(), "{code}");
            let successor = rows.get(&row.successor).unwrap_or_else(|| panic!("{code}"));
            assert!(successor.closed_on.is_empty(), "{code}: the successor is closed");
        }
    }
}

#[test]
fn there_are_34_provinces_in_force_and_14_ministries() {
    let rows = rows();
    let open = |group: &str| rows.values().filter(|row| row.group == group && row.closed_on.is_empty()).count();
    assert_eq!((open("province"), open("city")), (28, 6));
    assert_eq!((open("ministry"), open("ministry_level"), open("government_body")), (14, 3, 5));
    assert_eq!(rows.keys().filter(|code| code.starts_with('H')).count(), 63);
}

#[test]
fn peoples_councils_follow_their_provinces() {
    let rows = rows();
    for (code, row) in rows.iter().filter(|(code, _)| code.starts_with('H')) {
        let council = &rows[&code.replace('H', "K")];
        assert_eq!(council.closed_on, row.closed_on, "{code}");
        assert_eq!(council.successor, row.successor.replace('H', "K"), "{code}");
    }
}
