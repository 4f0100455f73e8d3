//! Remarks: what the reader let pass but somebody should know. A remark names a place, never a value.

use serde::{Deserialize, Serialize};

use crate::domain::Lang;

macro_rules! remark_codes {
    ($($variant:ident $code:literal $vi:literal $en:literal;)*) => {
        /// The stable code of a remark. Codes are only added.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum RemarkCode {
            $(#[doc = $en] $variant,)*
        }

        impl RemarkCode {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The code in JSON and metrics.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// What it says to a person.
            #[must_use]
            pub const fn text(self, lang: Lang) -> &'static str {
                match (self, lang) {
                    $((Self::$variant, Lang::Vi) => $vi, (Self::$variant, Lang::En) => $en,)*
                }
            }
        }
    };
}

remark_codes! {
    UnknownElement "unknown_element"
        "Phần tử không có trong QCVN 102:2016, đã bỏ qua"
        "An element that QCVN 102:2016 does not have; it was not read";
    UnknownText "unknown_text"
        "Chữ nằm ở chỗ không được có chữ, đã bỏ qua"
        "Text where none belongs; it was not read";
    RepeatedElement "repeated_element"
        "Phần tử chỉ được có một lần; chỉ đọc phần tử đầu"
        "An element that may stand once stands again; only the first was read";
    LongValue "long_value"
        "Giá trị dài hơn độ dài đã công bố"
        "A value longer than the documented length";
    DateUnreadable "date_unreadable"
        "Ngày tháng không đọc được; giữ nguyên như bên gửi ghi"
        "A date that cannot be read; kept as the sender wrote it";
    ValueUnknown "value_unknown"
        "Giá trị nằm ngoài danh mục; coi như không ghi"
        "A value outside the list; taken as not stated";
    ReasonAbsent "reason_absent"
        "Trạng thái 02, 13, 16 không nêu lý do"
        "Status 02, 13 or 16 without a reason";
    ReferenceDiffers "reference_differs"
        "xlink:href và ContentId của cùng một Reference khác nhau; dùng ContentId"
        "xlink:href and ContentId of one Reference differ; ContentId was used";
    SecrecyWord "secrecy_word"
        "Có từ chỉ mức độ mật trong nội dung; người vận hành nên xem"
        "A word of a secrecy level stands in the text; an operator should look";
    LeadingBytes "leading_bytes"
        "Có ký tự lạ trước khai báo XML, đã bỏ qua khi đọc"
        "Bytes before the XML declaration; skipped in reading";
    PrefixUndeclared "prefix_undeclared"
        "Tiền tố edXML hoặc xlink không được khai báo; đọc theo nghĩa thông dụng"
        "The prefix edXML or xlink is not declared; read in its usual meaning";
    MoreRemarks "more_remarks"
        "Còn nhiều điểm khác nữa, không liệt kê"
        "There is more of this; it is not listed";
}

/// One remark and its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remark {
    /// What.
    pub code: RemarkCode,
    /// Element path by local names, as in [`Place::path`](crate::domain::Place::path).
    pub path: String,
    /// Byte offset of the element in the source.
    pub offset: u64,
}

/// Most remarks that are kept of one message; then one [`RemarkCode::MoreRemarks`].
pub const REMARKS_MAX: usize = 100;

/// Collects remarks up to [`REMARKS_MAX`].
#[derive(Debug, Default)]
pub(super) struct Remarks(Vec<Remark>);

impl Remarks {
    pub(super) fn add(&mut self, code: RemarkCode, offset: u64, path: impl FnOnce() -> String) {
        match self.0.len() {
            n if n < REMARKS_MAX => self.0.push(Remark { code, path: path(), offset }),
            REMARKS_MAX => self.0.push(Remark { code: RemarkCode::MoreRemarks, path: path(), offset }),
            _ => {}
        }
    }

    pub(super) fn into_vec(self) -> Vec<Remark> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_travel_under_their_names() {
        let mut seen = std::collections::HashSet::new();
        for &code in RemarkCode::ALL {
            assert!(seen.insert(code.as_str()));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!(!code.text(Lang::Vi).is_empty() && !code.text(Lang::En).is_empty());
        }
    }

    #[test]
    fn remarks_are_bounded() {
        let mut remarks = Remarks::default();
        for offset in 0..1000 {
            remarks.add(RemarkCode::UnknownElement, offset, String::new);
        }
        let kept = remarks.into_vec();
        assert_eq!(kept.len(), REMARKS_MAX + 1);
        assert_eq!(kept.last().unwrap().code, RemarkCode::MoreRemarks);
    }
}
