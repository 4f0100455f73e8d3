//! BER made DER: some signers write CMS in a stream, with indefinite lengths and strings in pieces (X.690, 8.1.3.6,
//! 8.7.3.2). What is DER already comes back as the very bytes, so that nothing that was signed is written anew.

use std::borrow::Cow;

use crate::signature::der;

/// Deepest nesting. Source: a time stamp with certificates inside a signature nests 20 deep; half as much again.
const DEPTH_MAX: u32 = 32;
/// Most values in one structure. Source: a CRL of 1 MB inside a signature holds some 100,000.
const VALUES_MAX: u32 = 200_000;

const CONSTRUCTED: u8 = 0x20;
/// OCTET STRING in pieces.
const CONSTRUCTED_OCTETS: u8 = der::OCTET_STRING | CONSTRUCTED;

/// The first value of `input` in DER, and what stands behind it. Nothing if it is not BER or over the limits.
pub(super) fn to_der(input: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    value(input, 0, &mut VALUES_MAX.clone())
}

fn value<'a>(input: &'a [u8], depth: u32, budget: &mut u32) -> Option<(Cow<'a, [u8]>, &'a [u8])> {
    *budget = budget.checked_sub(1)?;
    let (&tag, after) = input.split_first()?;
    let has_long_tag = tag & 0x1F == 0x1F;
    if has_long_tag || tag == 0 || depth >= DEPTH_MAX {
        return None;
    }
    match length(after)? {
        Length::Definite { octets, is_minimal, after } => {
            let (contents, rest) = after.split_at_checked(octets)?;
            let whole = input.get(..input.len().checked_sub(rest.len())?)?;
            Some((definite(tag, whole, contents, is_minimal, depth, budget)?, rest))
        }
        Length::Indefinite { after } if tag & CONSTRUCTED != 0 => {
            let (parts, rest) = parts_to_the_end(after, depth, budget)?;
            Some((Cow::Owned(write(tag, &parts)?), rest))
        }
        Length::Indefinite { .. } => None,
    }
}

fn definite<'a>(
    tag: u8,
    whole: &'a [u8],
    contents: &'a [u8],
    is_minimal: bool,
    depth: u32,
    budget: &mut u32,
) -> Option<Cow<'a, [u8]>> {
    if tag & CONSTRUCTED == 0 {
        return Some(if is_minimal { Cow::Borrowed(whole) } else { Cow::Owned(der::write(tag, &[contents])) });
    }
    let mut parts = Vec::new();
    let mut left = contents;
    while !left.is_empty() {
        let (part, rest) = value(left, depth.saturating_add(1), budget)?;
        parts.push(part);
        left = rest;
    }
    let is_der = is_minimal && tag != CONSTRUCTED_OCTETS && parts.iter().all(|part| matches!(part, Cow::Borrowed(_)));
    if is_der { Some(Cow::Borrowed(whole)) } else { write(tag, &parts).map(Cow::Owned) }
}

type Parts<'a> = Vec<Cow<'a, [u8]>>;

/// The parts up to the end-of-contents octets.
fn parts_to_the_end<'a>(input: &'a [u8], depth: u32, budget: &mut u32) -> Option<(Parts<'a>, &'a [u8])> {
    let mut parts = Vec::new();
    let mut left = input;
    loop {
        if let [0, 0, rest @ ..] = left {
            return Some((parts, rest));
        }
        let (part, rest) = value(left, depth.saturating_add(1), budget)?;
        parts.push(part);
        left = rest;
    }
}

fn write(tag: u8, parts: &[Cow<'_, [u8]>]) -> Option<Vec<u8>> {
    if tag != CONSTRUCTED_OCTETS {
        let parts: Vec<_> = parts.iter().map(AsRef::as_ref).collect();
        return Some(der::write(tag, &parts));
    }
    let pieces = parts.iter().map(|part| der::whole(der::OCTET_STRING, part)).collect::<Option<Vec<_>>>()?;
    Some(der::write(der::OCTET_STRING, &pieces))
}

enum Length<'a> {
    Definite { octets: usize, is_minimal: bool, after: &'a [u8] },
    Indefinite { after: &'a [u8] },
}

fn length(input: &[u8]) -> Option<Length<'_>> {
    let (&first, after) = input.split_first()?;
    match first {
        0x80 => Some(Length::Indefinite { after }),
        0..0x80 => Some(Length::Definite { octets: usize::from(first), is_minimal: true, after }),
        _ => {
            let (digits, after) =
                after.split_at_checked(usize::from(first & 0x7F)).filter(|(digits, _)| digits.len() <= 4)?;
            let octets = digits.iter().fold(0_usize, |sum, &digit| (sum << 8) | usize::from(digit));
            let is_minimal = octets >= 0x80 && digits.first() != Some(&0);
            Some(Length::Definite { octets, is_minimal, after })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(input: &[u8]) -> Option<Vec<u8>> {
        to_der(input).map(|(value, _)| value.into_owned())
    }

    #[test]
    fn der_stays_the_very_bytes() {
        let der = der::write(0x30, &[&der::write(0x04, &[&[7; 300]]), &[0x05, 0x00], &[0xA0, 0x02, 0x05, 0x00]]);
        let with_padding = [der.as_slice(), &[0, 0, 0]].concat();
        let (value, rest) = to_der(&with_padding).unwrap();
        assert!(matches!(value, Cow::Borrowed(bytes) if bytes == der));
        assert_eq!(rest, [0, 0, 0]);
    }

    #[test]
    fn indefinite_lengths_and_strings_in_pieces_are_written_anew() {
        let streamed = [0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0xAA, 0x04, 0x82, 0x00, 0x01, 0xBB, 0, 0, 0x05, 0, 0, 0];
        assert_eq!(owned(&streamed), Some(vec![0x30, 0x06, 0x04, 0x02, 0xAA, 0xBB, 0x05, 0x00]));
    }

    #[test]
    fn what_is_no_ber_or_too_deep_is_refused() {
        for bad in [
            &[0x30_u8, 0x80, 0x05][..],
            &[0x04, 0x80, 0, 0],
            &[0x30, 0x02, 0x00, 0x00],
            &[0x1F, 0x01, 0x00],
            &[],
            &[0x30],
        ] {
            assert_eq!(owned(bad), None, "{bad:?}");
        }
        assert_eq!(owned(&[0x30_u8, 0x80].repeat(40)), None);
        assert_eq!(owned(&[&[0x30_u8, 0x84, 0x00, 0x40, 0, 0][..], &[0x05, 0x00].repeat(2 << 20)].concat()), None);
    }
}
