//! The join of xml:base values of Canonical XML 1.1, 2.4 ("join-URI-References"): RFC 3986, 5.2, on relative bases.

/// A URI reference in its parts (RFC 3986, appendix B); the fragment is dropped.
struct Parts<'a> {
    scheme: Option<&'a str>,
    authority: Option<&'a str>,
    path: &'a str,
    query: Option<&'a str>,
}

/// Joins an inner value to the next outer one. Nothing is resolved or fetched.
pub(super) fn join(outer: &str, inner: &str) -> String {
    let (base, reference) = (split(outer), split(inner));
    if reference.scheme.is_some() {
        return compose(reference.scheme, reference.authority, &normal(reference.path), reference.query);
    }
    if reference.authority.is_some() {
        return compose(base.scheme, reference.authority, &normal(reference.path), reference.query);
    }
    let (path, query) = match reference.path {
        "" => (open_end(base.path), reference.query.or(base.query)),
        path if path.starts_with('/') => (normal(path), reference.query),
        path => (normal(&merge(&base, path)), reference.query),
    };
    compose(base.scheme, base.authority, &path, query)
}

fn split(uri: &str) -> Parts<'_> {
    let uri = uri.split_once('#').map_or(uri, |(before, _)| before);
    let (scheme, rest) = match uri.split_once(':') {
        Some((scheme, rest)) if !scheme.is_empty() && !scheme.contains(['/', '?']) => (Some(scheme), rest),
        _ => (None, uri),
    };
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (rest.get(..end), rest.get(end..).unwrap_or_default())
        }
        None => (None, rest),
    };
    Parts { scheme, authority, path, query }
}

fn compose(scheme: Option<&str>, authority: Option<&str>, path: &str, query: Option<&str>) -> String {
    let mut uri = String::new();
    for (before, part, after) in [("", scheme, ":"), ("//", authority, ""), ("", Some(path), ""), ("?", query, "")] {
        if let Some(part) = part {
            uri.extend([before, part, after]);
        }
    }
    uri
}

/// RFC 3986, 5.2.3.
fn merge(base: &Parts<'_>, path: &str) -> String {
    if base.authority.is_some() && base.path.is_empty() {
        return format!("/{path}");
    }
    let base = open_end(base.path);
    let folder = base.rfind('/').and_then(|at| base.get(..=at)).unwrap_or_default();
    format!("{folder}{path}")
}

/// A last segment `..` is a folder.
fn open_end(path: &str) -> String {
    if path == ".." || path.ends_with("/..") { format!("{path}/") } else { path.to_owned() }
}

/// RFC 3986, 5.2.4, as modified: leading `../` stay, runs of `/` become one, a trailing `..` ends with `/`.
fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/').filter(|segment| !matches!(*segment, "" | ".")) {
        match (segment, kept.last()) {
            ("..", Some(last)) if *last != ".." => drop(kept.pop()),
            ("..", None) if absolute => {}
            _ => kept.push(segment),
        }
    }
    let folder = matches!(path.rsplit('/').next(), Some("" | "." | "..")) && !kept.is_empty();
    format!("{}{}{}", if absolute { "/" } else { "" }, kept.join("/"), if folder { "/" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_as_in_appendix_a() {
        for (from, to) in [
            ("no/.././/pseudo-netpath/seg/file.ext", "pseudo-netpath/seg/file.ext"),
            ("no/..//.///pseudo-netpath/seg/file.ext", "pseudo-netpath/seg/file.ext"),
            ("yes/no//..//.///pseudo-netpath/seg/file.ext", "yes/pseudo-netpath/seg/file.ext"),
            ("no/../yes", "yes"),
            ("no/../yes/", "yes/"),
            ("no/../yes/no/..", "yes/"),
            ("../../no/../..", "../../../"),
            ("no/../..", "../"),
            ("no/..", ""),
            ("no/../", ""),
            ("/a/b/c/./../../g", "/a/g"),
            ("mid/content=5/../6", "mid/6"),
            ("../../..", "../../../"),
            ("no/../../", "../"),
            ("..yes/..no/..no/..no/../../../..yes", "..yes/..yes"),
            ("../..", "../../"),
            (".", ""),
            ("./.", ""),
            ("//no/..", "/"),
            ("../../no/..", "../../"),
            ("yes/no/no/no/../../..", "yes/"),
            ("/yes/no/no/../..", "/yes/"),
            ("../../..no/../", "../../"),
            ("..yes/...no/..no/..no/../../..", "..yes/"),
            ("/..no/../", "/"),
            ("/", "/"),
            ("/./.", "/"),
            ("/../..", "/"),
            ("//..//..//..", "/"),
            ("/./.././.././..", "/"),
            ("..", "../"),
            ("../", "../"),
            ("", ""),
        ] {
            assert_eq!(normal(from), to, "{from}");
        }
    }

    #[test]
    fn joins_as_in_section_2_4_and_rfc_3986() {
        for (outer, inner, joined) in [
            ("abc/", "../", ""),
            ("../", "../", "../../"),
            ("..", "..", "../../"),
            ("..", "../x", "../../x"),
            ("something/else", "bar/foo", "something/bar/foo"),
            ("http://a/b/c/d;p?q", "g", "http://a/b/c/g"),
            ("http://a/b/c/d;p?q", "../g", "http://a/b/g"),
            ("http://a/b/c/d;p?q", "/g", "http://a/g"),
            ("http://a/b/c/d;p?q", "//g", "http://g"),
            ("http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y"),
            ("http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q"),
            ("http://a/b/c/d;p?q", "g#s", "http://a/b/c/g"),
            ("http://a/b/c/d;p?q", "g:h", "g:h"),
            ("http://a", "b", "http://a/b"),
        ] {
            assert_eq!(join(outer, inner), joined, "{outer} {inner}");
        }
    }
}
