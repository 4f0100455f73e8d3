//! The allow-list of algorithms, by exact URI (XML-DSig 1.1, 6; RFC 9231). What is not here has no name in the
//! program and is never computed.

use serde::{Deserialize, Serialize};

macro_rules! methods {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident $word:literal $uri:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The algorithm of exactly this URI.
            #[must_use]
            pub fn from_uri(uri: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.uri() == uri)
            }

            /// The algorithm's URI.
            #[must_use]
            pub const fn uri(self) -> &'static str {
                match self { $(Self::$variant => $uri,)* }
            }

            /// A short name for people and programs.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

methods! {
    /// How SignedInfo is signed. ECDSA with SHA-512 is not here because ring has none.
    SignatureMethod {
        /// RSA PKCS#1 v1.5 with SHA-1: only ever computed for a tolerant profile, and never TOTAL-PASSED.
        RsaSha1 "rsa-sha1" "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
        /// RSA PKCS#1 v1.5 with SHA-256.
        RsaSha256 "rsa-sha256" "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
        /// RSA PKCS#1 v1.5 with SHA-384.
        RsaSha384 "rsa-sha384" "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
        /// RSA PKCS#1 v1.5 with SHA-512.
        RsaSha512 "rsa-sha512" "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
        /// ECDSA with SHA-256 over P-256 or P-384, the value as r||s.
        EcdsaSha256 "ecdsa-sha256" "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
        /// ECDSA with SHA-384 over P-256 or P-384, the value as r||s.
        EcdsaSha384 "ecdsa-sha384" "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
    }
}

methods! {
    /// How the octets of a Reference are digested.
    DigestMethod {
        /// SHA-1: only ever computed for a tolerant profile, and never TOTAL-PASSED.
        Sha1 "sha1" "http://www.w3.org/2000/09/xmldsig#sha1";
        /// SHA-256.
        Sha256 "sha256" "http://www.w3.org/2001/04/xmlenc#sha256";
        /// SHA-384.
        Sha384 "sha384" "http://www.w3.org/2001/04/xmldsig-more#sha384";
        /// SHA-512.
        Sha512 "sha512" "http://www.w3.org/2001/04/xmlenc#sha512";
    }
}

impl SignatureMethod {
    /// Whether it rests on SHA-1.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::RsaSha1)
    }
}

impl DigestMethod {
    /// Whether it is SHA-1.
    #[must_use]
    pub const fn is_weak(self) -> bool {
        matches!(self, Self::Sha1)
    }

    /// Octets of a digest.
    #[must_use]
    pub fn output_len(self) -> usize {
        self.ring().output_len()
    }

    pub(crate) fn ring(self) -> &'static ring::digest::Algorithm {
        match self {
            Self::Sha1 => &ring::digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &ring::digest::SHA256,
            Self::Sha384 => &ring::digest::SHA384,
            Self::Sha512 => &ring::digest::SHA512,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_matched_exactly() {
        for method in SignatureMethod::ALL {
            assert_eq!(SignatureMethod::from_uri(method.uri()), Some(*method));
            assert_eq!(SignatureMethod::from_uri(&format!("{} ", method.uri())), None);
        }
        for method in DigestMethod::ALL {
            assert_eq!(DigestMethod::from_uri(method.uri()), Some(*method));
            assert_eq!(DigestMethod::from_uri(&method.uri().to_uppercase()), None);
        }
        assert_eq!(SignatureMethod::from_uri("http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"), None);
        assert_eq!(DigestMethod::from_uri("http://www.w3.org/2001/04/xmldsig-more#md5"), None);
    }
}
