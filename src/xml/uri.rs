//! Which namespace URIs are read: absolute ones by RFC 3986. A relative one has no canonical form (C14N 1.0, 1.3), and
//! what libraries make of a malformed one differs.

/// Whether this is an absolute URI: a scheme, something behind it, only characters of RFC 3986, each in its place.
/// Host addresses in brackets are not read.
pub(super) fn is_absolute(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else { return false };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at_checked(rest.find('/').unwrap_or(rest.len())).unwrap_or((rest, "")),
        None => ("", rest),
    };
    is_scheme(scheme)
        && !rest.is_empty()
        && is_authority(authority)
        && consists_of(path, b":@/")
        && consists_of(query, b":@/?")
        && consists_of(fragment, b":@/?")
}

/// RFC 3986, 3.1.
fn is_scheme(scheme: &str) -> bool {
    let scheme = scheme.as_bytes();
    scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
}

/// RFC 3986, 3.2: user@host:port. A colon without a port, which it allows, is refused as libxml2 does.
fn is_authority(authority: &str) -> bool {
    let (user, host) = authority.split_once('@').unwrap_or(("", authority));
    let (host, port) = host.split_once(':').unwrap_or((host, "80"));
    consists_of(user, b":")
        && consists_of(host, b"")
        && !port.is_empty()
        && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Unreserved characters, percent encodings, sub-delimiters, and these.
fn consists_of(part: &str, also: &[u8]) -> bool {
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let fine = match byte {
            b'%' => {
                [bytes.next(), bytes.next()].iter().flatten().filter(|digit| digit.is_ascii_hexdigit()).count() == 2
            }
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || also.contains(&byte),
        };
        if !fine {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespace_uris_are_absolute() {
        for good in [
            "http://a",
            "urn:x:y",
            "HTTP://A:80/b;c=1?d=/e#f/?",
            "a+b.c-1:d",
            "http://u:p@a/%C3%A9#",
            "http://www.w3.org/2001/10/xml-exc-c14n#",
            "file:///a",
        ] {
            assert!(is_absolute(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "a/b",
            "1",
            "1a:b",
            ":a",
            "a:",
            "../x:y",
            "//a",
            "#a",
            "a_b:c",
            "é:a",
            "http://a b",
            "http://é",
            "http:]a",
            "http://[::1]/",
            "a:b#c#d",
            "a:%4",
            "a:%zz",
            "a:<",
            "http://a:b/",
            "a:\"",
            "a:\\b",
        ] {
            assert!(!is_absolute(bad), "{bad}");
        }
    }
}
