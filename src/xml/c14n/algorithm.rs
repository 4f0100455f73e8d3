//! The six canonicalisation algorithms and their URIs.

/// The rules of canonicalisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Canonical XML 1.0.
    Inclusive10,
    /// Canonical XML 1.1.
    Inclusive11,
    /// Exclusive XML Canonicalization 1.0.
    Exclusive,
}

/// A method, with or without comments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Algorithm {
    /// The rules.
    pub method: Method,
    /// Whether comments are kept.
    pub comments: bool,
}

/// (algorithm, URI): W3C REC-xml-c14n-20010315, REC-xml-c14n11-20080502, REC-xml-exc-c14n-20020718.
const URIS: [(Algorithm, &str); 6] = [
    (Algorithm::new(Method::Inclusive10, false), "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"),
    (Algorithm::new(Method::Inclusive10, true), "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"),
    (Algorithm::new(Method::Inclusive11, false), "http://www.w3.org/2006/12/xml-c14n11"),
    (Algorithm::new(Method::Inclusive11, true), "http://www.w3.org/2006/12/xml-c14n11#WithComments"),
    (Algorithm::new(Method::Exclusive, false), "http://www.w3.org/2001/10/xml-exc-c14n#"),
    (Algorithm::new(Method::Exclusive, true), "http://www.w3.org/2001/10/xml-exc-c14n#WithComments"),
];

impl Algorithm {
    /// A method with or without comments.
    #[must_use]
    pub const fn new(method: Method, comments: bool) -> Self {
        Self { method, comments }
    }

    /// The algorithm of exactly this URI.
    #[must_use]
    pub fn from_uri(uri: &str) -> Option<Self> {
        URIS.iter().find(|(_, known)| *known == uri).map(|(algorithm, _)| *algorithm)
    }

    /// The algorithm's URI.
    #[must_use]
    pub fn uri(self) -> &'static str {
        URIS.iter().find(|(known, _)| *known == self).map_or("", |(_, uri)| uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_algorithm_has_one_uri() {
        for (algorithm, uri) in URIS {
            assert_eq!(Algorithm::from_uri(uri), Some(algorithm));
            assert_eq!(algorithm.uri(), uri);
        }
        assert_eq!(Algorithm::from_uri("http://www.w3.org/2001/10/xml-exc-c14n"), None);
    }
}
