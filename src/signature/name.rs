//! Distinguished names as text, after RFC 4514: one text for one name. A register that compares texts must not be
//! fooled by a CN that holds `,O=` or by characters that turn the direction of writing.

use std::fmt::Write;

use x509_parser::der_parser::asn1_rs::{Tag, ToDer};
use x509_parser::x509::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name};

/// The short names of RFC 4514, section 3, and those that signers' certificates have beside them. The last is
/// PKCS#9 emailAddress. Other types stand as dotted numbers.
const KEYWORDS: [(&str, &str); 13] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "E"),
];

/// A name as text, the last part first: `CN=CỤC THUẾ,O=BỘ TÀI CHÍNH,L=Hà Nội,C=VN`. Two names have the same text
/// only if they have the same types and values in the same order, whatever string type the values are written in.
pub(super) fn rfc4514(name: &X509Name<'_>) -> String {
    let parts: Vec<_> = name.iter_rdn().map(part).collect();
    parts.into_iter().rev().collect::<Vec<_>>().join(",")
}

fn part(part: &RelativeDistinguishedName<'_>) -> String {
    part.iter().map(attribute).collect::<Vec<_>>().join("+")
}

fn attribute(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type().to_id_string();
    let keyword = KEYWORDS.iter().find(|(oid, _)| *oid == kind).map(|(_, keyword)| *keyword);
    match (keyword, text(attribute)) {
        (Some(keyword), Some(text)) => format!("{keyword}={}", escaped(&text)),
        _ => format!("{}={}", keyword.unwrap_or(&kind), hexadecimal(attribute)),
    }
}

fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    if attribute.attr_value().tag() != Tag::BmpString {
        return attribute.as_str().ok().map(str::to_owned);
    }
    let (units, rest) = attribute.as_slice().as_chunks::<2>();
    let units: Vec<_> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
    String::from_utf16(&units).ok().filter(|_| rest.is_empty())
}

/// `#` and the value's DER (RFC 4514, 2.4).
fn hexadecimal(attribute: &AttributeTypeAndValue<'_>) -> String {
    let value = attribute.attr_value();
    let der = value.to_der_vec().unwrap_or_else(|_| attribute.as_slice().to_vec());
    format!("#{}", hex::encode(der))
}

fn escaped(text: &str) -> String {
    let last = text.chars().count().saturating_sub(1);
    let mut out = String::with_capacity(text.len());
    for (n, character) in text.chars().enumerate() {
        let is_outer_blank = character == ' ' && (n == 0 || n == last);
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' | '=' => out.extend(['\\', character]),
            '#' if n == 0 => out.push_str("\\#"),
            _ if is_outer_blank => out.push_str("\\ "),
            _ if is_invisible(character) => octets(&mut out, character),
            _ => out.push(character),
        }
    }
    out
}

/// Control characters, and what changes the direction of writing or shows nothing.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}')
        || matches!(character, '\u{2060}'..='\u{206F}' | '\u{FEFF}')
}

fn octets(out: &mut String, character: char) {
    for octet in character.encode_utf8(&mut [0; 4]).bytes() {
        // Unwrap safety: writing to a String cannot fail.
        let _ = write!(out, "\\{octet:02X}");
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};
    use x509_parser::prelude::{FromDer, X509Certificate};

    use super::*;

    fn subject(parts: &[(DnType, DnValue)]) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in parts {
            params.distinguished_name.push(kind.clone(), value.clone());
        }
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        rfc4514(X509Certificate::from_der(certificate.der()).unwrap().1.subject())
    }

    fn utf8(text: &str) -> DnValue {
        DnValue::Utf8String(text.to_owned())
    }

    #[test]
    fn a_name_reads_from_the_holder_to_the_country() {
        let parts = [
            (DnType::CountryName, DnValue::PrintableString("VN".try_into().unwrap())),
            (DnType::LocalityName, utf8("Hà Nội")),
            (DnType::OrganizationName, utf8("BỘ TÀI CHÍNH")),
            (DnType::CommonName, utf8("CỤC THUẾ")),
        ];
        assert_eq!(subject(&parts), "CN=CỤC THUẾ,O=BỘ TÀI CHÍNH,L=Hà Nội,C=VN");
    }

    #[test]
    fn a_value_cannot_pretend_to_be_two_parts() {
        let one = subject(&[(DnType::CommonName, utf8("X,O=BỘ TÀI CHÍNH"))]);
        let two = subject(&[(DnType::OrganizationName, utf8("BỘ TÀI CHÍNH")), (DnType::CommonName, utf8("X"))]);
        assert_eq!(one, "CN=X\\,O\\=BỘ TÀI CHÍNH");
        assert_eq!(two, "CN=X,O=BỘ TÀI CHÍNH");
        assert_eq!(subject(&[(DnType::CommonName, utf8(" #a+b\\\"; "))]), "CN=\\ #a\\+b\\\\\\\"\\;\\ ");
        assert_eq!(subject(&[(DnType::CommonName, utf8("#1"))]), "CN=\\#1");
    }

    #[test]
    fn what_cannot_be_seen_is_written_out() {
        assert_eq!(subject(&[(DnType::CommonName, utf8("A\u{202E}B\n\0"))]), "CN=A\\E2\\80\\AEB\\0A\\00");
    }

    #[test]
    fn the_string_type_does_not_matter_and_other_values_are_octets() {
        let bmp = DnValue::BmpString("CỤC THUẾ".try_into().unwrap());
        assert_eq!(subject(&[(DnType::CommonName, bmp)]), "CN=CỤC THUẾ");
        let teletex = DnValue::TeletexString("A".try_into().unwrap());
        assert_eq!(subject(&[(DnType::CommonName, teletex)]), "CN=#140141");
        let other = DnType::CustomDnType(vec![1, 2, 3, 4]);
        assert_eq!(subject(&[(other, utf8("A"))]), "1.2.3.4=#0c0141");
    }
}
