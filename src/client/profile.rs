//! The profile of a client, a TOML file: which hub, how it is recognised, how the caller proves who it is.
//! `truc init` and `truc access` write it, every client command reads it.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::client::ClientError;
use crate::domain::OrganId;

/// A profile. Paths in the file are relative to the file's own folder, so that the folder can be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Address of the hub: `https://host[:port]`, or `http://` on this machine only.
    pub hub: String,
    /// PEM file of the certificates that the hub's own is checked against. Nothing else is trusted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// PEM file of the client certificate and what stands above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<PathBuf>,
    /// PEM file of its private key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// Bearer token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
    /// The agency that calls speak for where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency: Option<OrganId>,
    /// PEM file of the private key that signs envelopes and statuses for the agency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<PathBuf>,
    /// PEM file of its certificate and what stands above it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_certificate: Option<PathBuf>,
}

/// A bearer token: never shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// Takes the token's text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The token's text, for the one header that it belongs in.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Profile {
    /// A profile with nothing but the address.
    #[must_use]
    pub fn new(hub: impl Into<String>) -> Self {
        Self {
            hub: hub.into(),
            ca: None,
            certificate: None,
            key: None,
            token: None,
            agency: None,
            signing_key: None,
            signing_certificate: None,
        }
    }

    /// Reads a profile; the paths in it become relative to where the process runs.
    ///
    /// # Errors
    /// [`ClientError::Local`] where the file cannot be read or is not a profile.
    pub fn read(path: &Path) -> Result<Self, ClientError> {
        let text = std::fs::read_to_string(path).map_err(|error| ClientError::local(path, error))?;
        let mut profile: Self = toml::from_str(&text).map_err(|error| ClientError::local(path, error.message()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let Self { ca, certificate, key, signing_key, signing_certificate, .. } = &mut profile;
        for file in [ca, certificate, key, signing_key, signing_certificate].into_iter().flatten() {
            *file = folder.join(&*file);
        }
        Ok(profile)
    }

    /// The text of the file.
    ///
    /// # Errors
    /// [`ClientError::Local`] where a path is not Unicode.
    pub fn to_toml(&self) -> Result<String, ClientError> {
        toml::to_string(self).map_err(|error| ClientError::Local { what: "profile".into(), reason: error.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_relative_to_the_file_and_unknown_keys_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("g22.toml");
        std::fs::write(&path, "hub = \"https://127.0.0.1:8443\"\nca = \"ca.crt\"\nkey = \"/k\"\nsigning_key = \"s.key\"\nagency = \"G22\"\n")
            .unwrap();
        let profile = Profile::read(&path).unwrap();
        assert_eq!(profile.ca, Some(folder.path().join("ca.crt")));
        assert_eq!(profile.key, Some(PathBuf::from("/k")));
        assert_eq!(profile.signing_key, Some(folder.path().join("s.key")));
        assert_eq!(profile.agency.unwrap().as_str(), "G22");

        std::fs::write(&path, "hub = \"https://127.0.0.1:8443\"\ntokn = \"x\"\n").unwrap();
        assert!(Profile::read(&path).unwrap_err().to_string().contains("tokn"));
    }

    #[test]
    fn a_written_profile_reads_the_same_and_debug_hides_the_token() {
        let mut profile = Profile::new("https://hub.vn");
        profile.token = Some(Token::new("secret"));
        let again: Profile = toml::from_str(&profile.to_toml().unwrap()).unwrap();
        assert_eq!(again, profile);
        assert!(!format!("{profile:?}").contains("secret"));
    }
}
