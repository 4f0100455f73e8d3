//! Base64 as XML-DSig writes it: the standard alphabet with padding, white space anywhere (RFC 2045 line breaks),
//! nothing else, and one spelling for each value.

use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

/// Decodes a text, which loses its white space if it has any; None if it is anything but base64.
pub(super) fn decode(text: &mut String) -> Option<Vec<u8>> {
    if let Ok(octets) = standard().decode(text.as_bytes()) {
        return Some(octets);
    }
    text.retain(|character| !matches!(character, ' ' | '\t' | '\n' | '\r'));
    standard().decode(text.as_bytes()).ok()
}

/// The vectorised engine, where there is one: the standard alphabet, padding as it must be.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) type Standard = ::base64::engine::Simd;
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) type Standard = ::base64::engine::GeneralPurpose;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
pub(crate) fn standard() -> Standard {
    Standard::standard(::base64::engine::general_purpose::PAD)
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn standard() -> Standard {
    STANDARD
}

/// The octets of the longest beginning of whole groups: to say what a text would have been.
pub(super) fn decode_beginning(text: &str) -> Vec<u8> {
    let whole = text.len() / 4 * 4;
    text.get(..whole).and_then(|whole| STANDARD_NO_PAD.decode(whole).ok()).unwrap_or_default()
}

/// Writes one line.
pub(super) fn encode(octets: &[u8]) -> String {
    STANDARD.encode(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Option<Vec<u8>> {
        decode(&mut text.to_owned())
    }

    #[test]
    fn line_breaks_are_no_fault() {
        assert_eq!(decoded("\n  aGVs\r\n bG8= \t"), Some(b"hello".to_vec()));
        assert_eq!(decoded(""), Some(Vec::new()));
    }

    #[test]
    fn a_value_has_one_spelling() {
        for text in ["aGVsbG8", "aGVsbG9=", "aGVsbG8==", "aGVs!bG8=", "aGVsbG8=aGVs", "aGVsbG8-", "aGVs\u{a0}bG8=", "="]
        {
            assert_eq!(decoded(text), None, "{text}");
        }
    }
}
