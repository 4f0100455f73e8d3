//! C2SP signed-note: a text with signature lines, and verifier keys. Ed25519 (type 0x01) only; signatures by other
//! keys, of whatever type, are passed over as the text demands.

use std::fmt;
use std::str::FromStr;

use ring::signature::{ED25519, UnparsedPublicKey};

use crate::domain::Digest;
use crate::trail::encoding::{base64, from_base64};

/// Largest note that is looked at. Source: 16 signatures must be accepted and one may take 5 kB (signed-note,
/// "Format"), about 110 kB in base64; twice that.
pub const NOTE_BYTES_MAX: usize = 256 * 1024;
/// Most signature lines in a note; signed-note demands at least 16.
pub const SIGNATURES_MAX: usize = 64;
/// Longest key name in bytes; tlog-cosignature bounds a cosigner's name by one length byte.
pub const KEY_NAME_BYTES_MAX: usize = 255;
/// The signature type identifier of Ed25519 (signed-note, "Signature types").
pub(super) const ED25519_TYPE: u8 = 0x01;

/// What opens a signature line: em dash and space.
const SIGNATURE_MARK: &str = "\u{2014} ";

/// Why a note or a key is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Over [`NOTE_BYTES_MAX`].
    #[error("the note is larger than {NOTE_BYTES_MAX} bytes")]
    TooLarge,
    /// Not of the form of signed-note, "Format".
    #[error("not a signed note: {0}")]
    Malformed(&'static str),
    /// A verifier key or signing key that is not of the form of signed-note, "Verifier keys".
    #[error("not a usable key: {0}")]
    Key(&'static str),
    /// A known key's name and id, but its signature does not verify.
    #[error("the signature by {0} is wrong")]
    WrongSignature(String),
    /// No signature by any known key.
    #[error("no signature by a key that is trusted here")]
    NoKnownSignature,
}

/// A note after parsing: nothing in it is verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note<'t> {
    /// The signed text, with its last newline.
    pub text: &'t str,
    /// The signature lines, in their order.
    pub signatures: Vec<Signature<'t>>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature<'t> {
    /// The key name.
    pub name: &'t str,
    /// The key id.
    pub id: [u8; 4],
    /// What follows the key id: for Ed25519 64 bytes.
    pub signature: Vec<u8>,
}

impl<'t> Note<'t> {
    /// Splits a note into text and signatures, strictly (signed-note, "Format").
    pub fn parse(note: &'t str) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge);
        }
        if note.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
            return Err(NoteError::Malformed("a control character"));
        }
        let split = note.rfind("\n\n").ok_or(NoteError::Malformed("no empty line before the signatures"))?;
        let (text, rest) = note.split_at(split.saturating_add(1));
        let lines = rest.strip_prefix('\n').and_then(|lines| lines.strip_suffix('\n'));
        let lines = lines.ok_or(NoteError::Malformed("the last line has no end"))?;
        Ok(Self { text, signatures: signatures(lines)? })
    }

    /// Checks every signature by one of `keys`; at least one must be there and all of them must verify. Gives the
    /// keys that signed. Signatures by other keys are ignored.
    pub fn verify<'k>(&self, keys: &'k [VerifierKey]) -> Result<Vec<&'k VerifierKey>, NoteError> {
        let mut signers = Vec::new();
        for line in &self.signatures {
            if let Some(key) = keys.iter().find(|key| key.name == line.name && key.id == line.id) {
                key.verify(self.text, &line.signature)?;
                signers.push(key);
            }
        }
        if signers.is_empty() { Err(NoteError::NoKnownSignature) } else { Ok(signers) }
    }
}

fn signatures(lines: &str) -> Result<Vec<Signature<'_>>, NoteError> {
    let mut signatures = Vec::new();
    for line in lines.split('\n') {
        if signatures.len() == SIGNATURES_MAX {
            return Err(NoteError::Malformed("too many signatures"));
        }
        signatures.push(signature(line).ok_or(NoteError::Malformed("a signature line"))?);
    }
    Ok(signatures)
}

fn signature(line: &str) -> Option<Signature<'_>> {
    let (name, encoded) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let mut bytes = from_base64(encoded)?;
    if bytes.len() < 5 || !is_key_name(name) {
        return None;
    }
    let signature = bytes.split_off(4);
    Some(Signature { name, id: bytes.try_into().ok()?, signature })
}

/// The signature line of a note, with its newline.
pub(super) fn signature_line(name: &str, id: [u8; 4], signature: &[u8]) -> String {
    format!("{SIGNATURE_MARK}{name} {}\n", base64(&[&id, signature].concat()))
}

/// Key names: not empty, no Unicode space, no plus, no control character, at most [`KEY_NAME_BYTES_MAX`] bytes.
#[must_use]
pub fn is_key_name(name: &str) -> bool {
    let allowed = |c: char| !c.is_whitespace() && c != '+' && c >= ' ';
    !name.is_empty() && name.len() <= KEY_NAME_BYTES_MAX && name.chars().all(allowed)
}

/// `SHA-256(name || 0x0A || 0x01 || public key)[..4]`.
pub(super) fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = Digest::of_parts(&[name.as_bytes(), &[0x0A, ED25519_TYPE], public]).0;
    [a, b, c, d]
}

/// An Ed25519 verifier key. Written `<name>+<hex key id>+<base64 of 0x01 and the public key>`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    public: [u8; 32],
}

impl VerifierKey {
    /// From a name and the 32 bytes of RFC 8032.
    pub fn new(name: &str, public: [u8; 32]) -> Result<Self, NoteError> {
        if !is_key_name(name) {
            return Err(NoteError::Key("the name"));
        }
        Ok(Self { name: name.to_owned(), id: key_id(name, &public), public })
    }

    /// The key name: for a log, its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The public key (RFC 8032).
    #[must_use]
    pub const fn public(&self) -> &[u8; 32] {
        &self.public
    }

    fn verify(&self, text: &str, signature: &[u8]) -> Result<(), NoteError> {
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(text.as_bytes(), signature)
            .map_err(|_| NoteError::WrongSignature(self.name.clone()))
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&written(&self.name, self.id, &self.public))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({self})")
    }
}

impl FromStr for VerifierKey {
    type Err = NoteError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, id, public) = read(text)?;
        let key = Self::new(name, public)?;
        if key.id == id { Ok(key) } else { Err(NoteError::Key("the key id is not that of name and key")) }
    }
}

/// `<name>+<hex id>+<base64 of type and material>`: the form of verifier keys and, behind a prefix, of signing keys.
pub(super) fn written(name: &str, id: [u8; 4], material: &[u8; 32]) -> String {
    format!("{name}+{}+{}", hex::encode(id), base64(&[&[ED25519_TYPE], &material[..]].concat()))
}

/// Reads [`written`] apart; whether the id fits is for the caller, who knows the public key.
pub(super) fn read(text: &str) -> Result<(&str, [u8; 4], [u8; 32]), NoteError> {
    let (name, rest) = text.split_once('+').ok_or(NoteError::Key("it has no + after the name"))?;
    let (id, material) = rest.split_once('+').ok_or(NoteError::Key("it has no + after the key id"))?;
    let id = lower_hex(id).ok_or(NoteError::Key("the key id is not eight lower-case hexadecimal digits"))?;
    let material = from_base64(material).ok_or(NoteError::Key("the key is not base64"))?;
    let (kind, material) = material.split_first().ok_or(NoteError::Key("the key is empty"))?;
    if *kind != ED25519_TYPE {
        return Err(NoteError::Key("only Ed25519 keys (type 1) are known here"));
    }
    let material = material.try_into().map_err(|_| NoteError::Key("an Ed25519 key has 32 bytes"))?;
    Ok((name, id, material))
}

fn lower_hex(id: &str) -> Option<[u8; 4]> {
    let mut bytes = [0; 4];
    hex::decode_to_slice(id, &mut bytes).ok()?;
    (hex::encode(bytes) == id).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // c2sp.org/signed-note, "Verifier keys", "Example".
    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_specification_verifies() {
        let keys = [VKEY.parse().unwrap()];
        let note = Note::parse(NOTE).unwrap();
        assert_eq!(note.text, "This is an example message.\n");
        assert_eq!(note.verify(&keys).unwrap(), [&keys[0]]);
        assert_eq!(keys[0].to_string(), VKEY);
    }

    #[test]
    fn one_changed_byte_of_the_text_is_refused() {
        let note = NOTE.replace("example message", "exemple message");
        let keys = [VKEY.parse().unwrap()];
        let refused = Note::parse(&note).unwrap().verify(&keys);
        assert_eq!(refused, Err(NoteError::WrongSignature("example.com/foo".to_owned())));
    }

    #[test]
    fn signatures_by_unknown_keys_are_ignored_even_with_a_known_name_or_a_known_id() {
        let key: VerifierKey = VKEY.parse().unwrap();
        let foreign = [
            signature_line("example.com/foo", [1, 2, 3, 4], &[0; 64]),
            signature_line("example.com/bar", key.id, &[7; 2420]),
        ];
        let note = format!("{NOTE}{}", foreign.concat());
        assert_eq!(Note::parse(&note).unwrap().verify(std::slice::from_ref(&key)).unwrap(), [&key]);
        let unsigned = format!("This is an example message.\n\n{}", foreign.concat());
        assert_eq!(Note::parse(&unsigned).unwrap().verify(&[key]), Err(NoteError::NoKnownSignature));
    }

    #[test]
    fn a_wrong_signature_by_a_known_key_refuses_the_note_even_beside_a_right_one() {
        let key: VerifierKey = VKEY.parse().unwrap();
        let note = format!("{NOTE}{}", signature_line(&key.name, key.id, &[0; 64]));
        assert!(matches!(Note::parse(&note).unwrap().verify(&[key]), Err(NoteError::WrongSignature(_))));
    }

    #[test]
    fn the_text_may_hold_empty_lines_and_signature_like_lines() {
        let line = signature_line("a", [0; 4], &[0; 64]);
        let note = format!("one\n\n{line}\n{line}");
        assert_eq!(Note::parse(&note).unwrap().text, format!("one\n\n{line}"));
    }

    #[test]
    fn notes_of_another_form_are_refused() {
        let line = signature_line("a", [0; 4], &[0; 64]);
        let spoilt = |from: &str, to: &str| format!("text\n\n{}", line.replace(from, to));
        let wrong = [
            String::new(),
            "text\n".to_owned(),
            "text\n\n".to_owned(),
            format!("text\n{line}"),
            format!("text\n\n{}", line.trim_end()),
            format!("text\r\n\n{line}"),
            format!("te\txt\n\n{line}"),
            format!("text\n\n{line}tail\n"),
            spoilt("\u{2014}", "-"),
            spoilt(" a ", " a  "),
            spoilt(" a ", "  "),
            spoilt(" a ", " a+b "),
            spoilt(" a ", " a\u{a0}b "),
            spoilt("=", ""),
            "text\n\n\u{2014} a AAAAAA==\n".to_owned(),
            format!("text\n\n{}", line.repeat(SIGNATURES_MAX + 1)),
            format!("{}\n\n{line}", "x".repeat(NOTE_BYTES_MAX)),
        ];
        for note in wrong {
            assert!(Note::parse(&note).is_err(), "{:?}", note.get(..note.len().min(80)));
        }
        assert!(Note::parse(&format!("text\n\n{}", line.repeat(SIGNATURES_MAX))).is_ok());
    }

    #[test]
    fn keys_of_another_form_are_refused() {
        for wrong in [
            "",
            "example.com/foo",
            "example.com/foo+530d903a",
            "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=",
            "example.com/foo+530d903a+",
            "example com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        ] {
            assert!(matches!(wrong.parse::<VerifierKey>(), Err(NoteError::Key(_))), "{wrong}");
        }
    }
}
