//! Is a certificate an agency's (its seal) or a person's? The register says so; where it is silent, the words of the
//! subject are a hint, and are called that.

use crate::document::Examiner;
use crate::document::report::{Holder, HolderBasis, HolderKind};
use crate::domain::Timestamp;
use crate::signature::SignerInfo;

/// How the names of agencies begin.
const AGENCY_WORDS: [&str; 31] = [
    "ỦY BAN",
    "UỶ BAN",
    "UBND",
    "HỘI ĐỒNG",
    "HĐND",
    "VĂN PHÒNG",
    "BỘ ",
    "SỞ ",
    "CỤC ",
    "TỔNG CỤC",
    "CHI CỤC",
    "VỤ ",
    "BAN ",
    "THANH TRA",
    "KHO BẠC",
    "TÒA ÁN",
    "TOÀ ÁN",
    "VIỆN ",
    "TRUNG TÂM",
    "TRƯỜNG ",
    "HỌC VIỆN",
    "ĐẠI HỌC",
    "CÔNG AN",
    "BẢO HIỂM",
    "NGÂN HÀNG",
    "TỔNG CÔNG TY",
    "TẬP ĐOÀN",
    "CÔNG TY",
    "BỆNH VIỆN",
    "ĐÀI ",
    "CƠ QUAN",
];

/// What the holder is, for all that is known at `at`.
pub(super) fn of(signer: &SignerInfo, at: Timestamp, examiner: &Examiner<'_>) -> Holder {
    let agencies = (examiner.register)(signer, at);
    let is_senders = examiner.sender.map(|sender| agencies.contains(sender));
    let (kind, basis) =
        if agencies.is_empty() { by_subject(&signer.subject) } else { (HolderKind::Agency, HolderBasis::Register) };
    Holder { kind, basis, agencies, is_senders }
}

/// CN of an agency is its name, or that of O again; CN of a person stands beside an O or OU that is an agency.
fn by_subject(subject: &str) -> (HolderKind, HolderBasis) {
    let field = |name: &str| fields(subject).find_map(|field| field.strip_prefix(name)).map(str::to_uppercase);
    let Some(name) = field("CN=") else { return (HolderKind::Unknown, HolderBasis::None) };
    let organization = field("O=");
    let is_agency = |text: &str| AGENCY_WORDS.iter().any(|word| text.starts_with(word));
    if is_agency(&name) || organization.as_deref() == Some(name.as_str()) {
        return (HolderKind::Agency, HolderBasis::Subject);
    }
    let words = name.split_whitespace().count();
    let is_name = (2..=6).contains(&words) && name.chars().all(|letter| letter.is_alphabetic() || letter == ' ');
    let stands_in_agency = [organization, field("OU=")].iter().flatten().any(|text| is_agency(text));
    if is_name && stands_in_agency {
        return (HolderKind::Person, HolderBasis::Subject);
    }
    (HolderKind::Unknown, HolderBasis::None)
}

/// The parts of an RFC 4514 name; a comma in a value stands behind a backslash.
fn fields(subject: &str) -> impl Iterator<Item = &str> {
    let mut is_escaped = false;
    subject.split(move |letter| {
        let is_end = letter == ',' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        is_end
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_subject_hints_at_agency_or_person() {
        for (subject, kind) in [
            ("CN=CỤC THUẾ,O=BỘ TÀI CHÍNH,L=Hà Nội,C=VN", HolderKind::Agency),
            ("CN=Văn phòng Chính phủ,O=Văn phòng Chính phủ,C=VN", HolderKind::Agency),
            ("CN=Nguyễn Văn An,OU=Vụ Pháp chế,O=Bộ Tài chính,C=VN", HolderKind::Person),
            ("CN=Nguyễn Văn An\\,O\\=Bộ Tài chính,C=VN", HolderKind::Unknown),
            ("CN=user05,O=Ban Co yeu Chinh phu,C=VN", HolderKind::Unknown),
            ("C=VN", HolderKind::Unknown),
        ] {
            assert_eq!(by_subject(subject).0, kind, "{subject}");
        }
    }
}
