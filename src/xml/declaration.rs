//! The XML declaration (XML 1.0, production 23): version 1.0, encoding UTF-8 if it is named, standalone as it likes.

use crate::domain::Code;
use crate::xml::chars::{self, Flaw};

/// Checks what stands between `<?` and `?>` of a declaration. Offsets count from there.
pub(super) fn check(content: &str) -> Result<(), Flaw> {
    let mut at = "xml".len();
    let version = pseudo_attribute(content, &mut at, "version")?;
    match version {
        Some("1.0") => {}
        Some(_) => return Err((Code::XmlMalformed, at, "only XML version 1.0 is read")),
        None => return Err((Code::XmlMalformed, at, "the XML declaration has no version")),
    }
    if let Some(encoding) = pseudo_attribute(content, &mut at, "encoding")?
        && !encoding.eq_ignore_ascii_case("UTF-8")
    {
        return Err((Code::XmlEncoding, at, "the XML declaration names another encoding than UTF-8"));
    }
    if let Some(standalone) = pseudo_attribute(content, &mut at, "standalone")?
        && !matches!(standalone, "yes" | "no")
    {
        return Err((Code::XmlMalformed, at, "standalone is neither yes nor no"));
    }
    let rest = content.get(at..).unwrap_or_default();
    let malformed = (Code::XmlMalformed, at, "the XML declaration is malformed");
    if rest.bytes().all(chars::is_space) { Ok(()) } else { Err(malformed) }
}

/// Reads ` name = "value"` at `at` if it stands there, and moves `at` behind it.
fn pseudo_attribute<'a>(content: &'a str, at: &mut usize, name: &str) -> Result<Option<&'a str>, Flaw> {
    let rest = content.get(*at..).unwrap_or_default();
    let Some(after) = skip_space(rest).strip_prefix(name) else { return Ok(None) };
    let malformed = (Code::XmlMalformed, *at, "the XML declaration is malformed");
    if skip_space(rest).len() == rest.len() {
        return Err(malformed);
    }
    let value = skip_space(after).strip_prefix('=').map(skip_space).ok_or(malformed)?;
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\'')).ok_or(malformed)?;
    let (value, tail) = value.get(1..).and_then(|value| value.split_once(quote)).ok_or(malformed)?;
    *at = content.len() - tail.len();
    Ok(Some(value))
}

fn skip_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\n', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_that_are_read() {
        for good in [
            r#"xml version="1.0""#,
            r"xml version='1.0' ",
            r#"xml version="1.0" encoding="utf-8""#,
            r#"xml  version = "1.0"  encoding = 'UTF-8' standalone="no" "#,
            "xml\r\nversion=\"1.0\" standalone='yes'",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn declarations_that_are_refused() {
        for (bad, code) in [
            ("xml", Code::XmlMalformed),
            (r#"xml version="1.1""#, Code::XmlMalformed),
            (r#"xml version="1.0"encoding="UTF-8""#, Code::XmlMalformed),
            (r#"xml encoding="UTF-8" version="1.0""#, Code::XmlMalformed),
            (r#"xml version="1.0" standalone="yes" encoding="UTF-8""#, Code::XmlMalformed),
            (r#"xml version="1.0" encoding="ISO-8859-1""#, Code::XmlEncoding),
            (r#"xml version="1.0" encoding="""#, Code::XmlEncoding),
            (r#"xml version="1.0" standalone="YES""#, Code::XmlMalformed),
            (r#"xml version="1.0" x="y""#, Code::XmlMalformed),
            (r#"xml version="1.0' "#, Code::XmlMalformed),
            (r"xml version=1.0", Code::XmlMalformed),
            (r#"xmlversion="1.0""#, Code::XmlMalformed),
        ] {
            assert_eq!(check(bad).map_err(|flaw| flaw.0), Err(code), "{bad}");
        }
    }
}
