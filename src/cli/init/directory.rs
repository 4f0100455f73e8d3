//! The directory that a new hub begins with: the level-1 codes (REFERENCE 3.4), open ones and closed ones.

use crate::api::Agency;

/// `code,name,group,closed_on,successor` a line, after a header. Names may stand in double quotes.
const AGENCIES: &str = include_str!("data/agencies.csv");

/// Every line that is one; a test reads them all.
pub(super) fn agencies() -> Vec<Agency> {
    AGENCIES.lines().skip(1).filter_map(agency).collect()
}

fn agency(line: &str) -> Option<Agency> {
    let (code, rest) = line.split_once(',')?;
    let mut tail = rest.rsplitn(4, ',');
    let (_successor, closed_on, _group, name) = (tail.next()?, tail.next()?, tail.next()?, tail.next()?);
    Some(Agency { code: code.parse().ok()?, name: name.trim_matches('"').to_owned(), closed: !closed_on.is_empty() })
}

#[cfg(test)]
mod tests {
    use unicode_normalization::is_nfc;

    use super::*;

    #[test]
    fn every_line_is_an_agency_with_a_code_of_its_own() {
        let agencies = agencies();
        assert_eq!(agencies.len(), AGENCIES.lines().count() - 1);
        let mut codes: Vec<_> = agencies.iter().map(|agency| agency.code.as_str()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), agencies.len());
        assert!(agencies.iter().all(|agency| !agency.name.is_empty() && is_nfc(&agency.name)));
        let name =
            |code: &str| agencies.iter().find(|agency| agency.code.as_str() == code).map(|agency| agency.name.as_str());
        assert_eq!(name("G22"), Some("Văn phòng Chính phủ"));
        assert_eq!(name("H41"), Some("Ủy ban nhân dân tỉnh Nghệ An"));
    }
}
