//! The little DER that keys and CMS need: one tag, length and value at a time, definite and minimal lengths only.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// 1.2.840.113549.1.1.1, rsaEncryption.
pub(crate) const OID_RSA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
/// 1.2.840.10045.2.1, id-ecPublicKey.
pub(crate) const OID_EC: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
/// 1.2.840.10045.3.1.7, secp256r1.
pub(crate) const OID_P256: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];
/// 1.3.132.0.34, secp384r1.
pub(crate) const OID_P384: &[u8] = &[0x2B, 0x81, 0x04, 0x00, 0x22];

/// Takes one value off the front: (tag, contents, rest).
pub(crate) fn take(input: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = input.split_first()?;
    let (length, rest) = length(rest)?;
    let (contents, rest) = rest.split_at_checked(length)?;
    Some((tag, contents, rest))
}

fn length(input: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = input.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let (octets, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
    let is_minimal = match octets {
        [] | [0, ..] => false,
        [one] => *one >= 0x80,
        _ => octets.len() <= 3,
    };
    let length = octets.iter().fold(0_usize, |sum, &octet| (sum << 8) | usize::from(octet));
    is_minimal.then_some((length, rest))
}

/// Takes a value of this tag off the front: (contents, rest).
pub(crate) fn expect(tag: u8, input: &[u8]) -> Option<(&[u8], &[u8])> {
    take(input).and_then(|(found, contents, rest)| (found == tag).then_some((contents, rest)))
}

/// The contents of a value of this tag with nothing behind it.
pub(crate) fn whole(tag: u8, input: &[u8]) -> Option<&[u8]> {
    expect(tag, input).and_then(|(contents, rest)| rest.is_empty().then_some(contents))
}

/// What an outer SEQUENCE says about the bytes it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// It fills them.
    Exact,
    /// It is longer than they are.
    CutShort,
    /// Something stands behind it, or it is no SEQUENCE.
    Wrong,
}

/// Whether `input` is exactly one SEQUENCE.
pub(crate) fn extent(input: &[u8]) -> Extent {
    match take(input) {
        Some((SEQUENCE, _, [])) => Extent::Exact,
        None if input.first() == Some(&SEQUENCE) && input.get(1..).and_then(length).is_some() => Extent::CutShort,
        _ => Extent::Wrong,
    }
}

/// Writes one value.
pub(crate) fn write(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|part| part.len()).sum();
    let octets = length.to_be_bytes();
    let significant: Vec<u8> = octets.iter().copied().skip_while(|&octet| octet == 0).collect();
    let mut out = vec![tag];
    match u8::try_from(length) {
        Ok(short) if short < 0x80 => out.push(short),
        _ => {
            out.push(0x80 | u8::try_from(significant.len()).unwrap_or_default());
            out.extend(significant);
        }
    }
    for part in contents {
        out.extend_from_slice(part);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let contents = vec![7; length];
            let written = write(OCTET_STRING, &[&contents]);
            assert_eq!(whole(OCTET_STRING, &written), Some(contents.as_slice()));
            assert_eq!(extent(&write(SEQUENCE, &[&contents])), Extent::Exact);
        }
    }

    #[test]
    fn lengths_that_are_not_der_are_refused() {
        assert_eq!(take(&[0x30, 0x80, 0, 0]), None, "indefinite");
        assert_eq!(take(&[0x30, 0x81, 1, 0]), None, "long form of a short length");
        assert_eq!(take(&[0x30, 0x82, 0, 0x80]), None, "leading zero");
        assert_eq!(take(&[0x30, 0x84, 1, 0, 0, 0]), None, "too long");
    }

    #[test]
    fn a_certificate_cut_short_is_told_from_one_with_a_tail() {
        let whole = write(SEQUENCE, &[&[1; 300]]);
        assert_eq!(extent(&whole[..100]), Extent::CutShort);
        assert_eq!(extent(&[whole.as_slice(), b"x"].concat()), Extent::Wrong);
        assert_eq!(extent(b""), Extent::Wrong);
    }
}
