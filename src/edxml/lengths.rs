//! Lengths of values as data (REFERENCE 1.6). In characters, after trimming.
//!
//! A value over its length is a remark. Under [`Mode::Strict`](crate::edxml::Mode::Strict) it is refused where the row
//! says so: where two independent sources give the same number (or a decision sets it) and no real message exceeds it.
//! `CodeNumber` shows why that matters: the documents say 11, real gateways send 14.

/// Most octets of any one text, whatever its element.
pub const TEXT_OCTETS_MAX: usize = 64 << 10;

/// One row: an element below one of these parents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Length {
    /// Parent elements.
    pub parents: &'static [&'static str],
    /// The element.
    pub name: &'static str,
    /// Most characters.
    pub chars_max: usize,
    /// Whether more is refused under `Strict`.
    pub refused: bool,
    /// Who says so.
    pub source: &'static str,
}

const ORGANIZATION: &[&str] = &["From", "To"];
const BKAV: &str = "Bkav checker";
const BKAV_AND_ND30: &str = "Bkav checker; NĐ 30/2020 Phụ lục VI";

const fn length(
    parents: &'static [&'static str],
    name: &'static str,
    chars_max: usize,
    source: &'static str,
) -> Length {
    Length { parents, name, chars_max, refused: false, source }
}

const fn refused(
    parents: &'static [&'static str],
    name: &'static str,
    chars_max: usize,
    source: &'static str,
) -> Length {
    Length { parents, name, chars_max, refused: true, source }
}

/// The table.
pub const LENGTHS: &[Length] = &[
    refused(ORGANIZATION, "OrganId", 35, "QĐ 20/2020/QĐ-TTg"),
    length(ORGANIZATION, "OrganizationInCharge", 500, "Bkav checker; 7197/BKHCN says 200"),
    refused(ORGANIZATION, "OrganName", 200, BKAV_AND_ND30),
    length(ORGANIZATION, "OrganAdd", 500, "Bkav checker, 250 to 500"),
    length(ORGANIZATION, "Email", 100, BKAV),
    length(ORGANIZATION, "Telephone", 20, BKAV),
    length(ORGANIZATION, "Fax", 20, BKAV),
    length(ORGANIZATION, "Website", 100, BKAV),
    length(&["Code"], "CodeNumber", 11, "7197/BKHCN; NĐ 30/2020 Phụ lục VI; real messages exceed it"),
    refused(&["Code"], "CodeNotation", 30, BKAV_AND_ND30),
    length(&["PromulgationInfo"], "Place", 50, BKAV),
    refused(&["DocumentType"], "TypeName", 100, BKAV_AND_ND30),
    refused(&["MessageHeader"], "Subject", 500, BKAV_AND_ND30),
    length(&["MessageHeader"], "Content", 500, BKAV),
    length(&["MessageHeader"], "DocumentId", 75, "Bkav database"),
    length(&["SignerInfo"], "Competence", 100, BKAV),
    length(&["SignerInfo"], "Position", 100, BKAV),
    length(&["SignerInfo"], "FullName", 255, "Bkav checker; NĐ 30/2020 Phụ lục VI says 50"),
    length(&["ToPlaces"], "Place", 150, BKAV),
    length(&["OtherInfo"], "SphereOfPromulgation", 100, BKAV),
    length(&["OtherInfo"], "TyperNotation", 10, BKAV),
    length(&["Bussiness", "Business"], "BussinessDocReason", 500, "Bkav database"),
    length(&["Reference", "Attachment"], "AttachmentName", 500, BKAV),
];

/// The row for an element, if its length is documented.
pub(super) fn length_of(parent: &str, name: &str) -> Option<&'static Length> {
    LENGTHS.iter().find(|row| row.name == name && row.parents.contains(&parent))
}

/// Shortest documented length: shorter values need no look at the table.
pub(super) const CHARS_MAX_LEAST: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_unique_and_none_is_below_the_least() {
        let mut seen = std::collections::HashSet::new();
        for row in LENGTHS {
            assert!(row.chars_max >= CHARS_MAX_LEAST);
            for parent in row.parents {
                assert!(seen.insert((parent, row.name)), "{parent}/{}", row.name);
                assert_eq!(length_of(parent, row.name), Some(row));
            }
        }
        assert_eq!(length_of("ResponseFor", "OrganId"), None);
    }
}
