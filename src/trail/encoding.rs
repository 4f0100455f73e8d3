//! How the C2SP texts write numbers and hashes in a line: one spelling each, everything else is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::domain::Digest;

/// Standard base64 with padding (RFC 4648, 4).
pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Appends standard base64 to a line under construction.
pub(super) fn push_base64(line: &mut String, bytes: &[u8]) {
    STANDARD.encode_string(bytes, line);
}

/// Canonical standard base64 only: padding and trailing bits must be right.
pub(super) fn from_base64(line: &str) -> Option<Vec<u8>> {
    STANDARD.decode(line).ok()
}

/// A line that is the base64 of a SHA-256 digest.
pub(super) fn digest(line: &str) -> Option<Digest> {
    from_base64(line)?.try_into().ok().map(Digest)
}

/// An ASCII decimal without sign and without leading zeroes (`0` itself excepted).
pub(super) fn decimal(line: &str) -> Option<u64> {
    let canonical = line == "0" || !line.starts_with('0');
    let digits = !line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit());
    if canonical && digits { line.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_spelling() {
        assert_eq!(decimal("0"), Some(0));
        assert_eq!(decimal("18446744073709551615"), Some(u64::MAX));
        for wrong in ["", "00", "01", "+1", "-1", " 1", "1 ", "1_0", "18446744073709551616", "٣"] {
            assert_eq!(decimal(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn a_hash_has_one_spelling() {
        let hash = Digest::of(b"x");
        let line = base64(hash.as_bytes());
        assert_eq!(digest(&line), Some(hash));
        let loose = line.replace('=', "");
        let mut bits = line.clone();
        bits.replace_range(42..43, if line.get(42..43) == Some("E") { "F" } else { "B" });
        for wrong in ["", &loose, &format!("{line}="), &format!(" {line}"), &line.repeat(2), &bits] {
            assert_eq!(digest(wrong), None, "{wrong:?}");
        }
    }
}
