//! Signing keys that stay in a token (smart card, USB token, HSM), by PKCS#11. Before: `signature`, whose
//! [`HeldKey`] they are. The token's own module is loaded into the process: only the one that the caller names.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error as Pkcs11Error, RvError};
use cryptoki::mechanism::{Mechanism, MechanismType};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use ring::digest;

use crate::signature::{HeldKey, KeyError, PublicKey, SignatureMethod, SignerInfo, SigningKey};

/// What unlocks a token. Shown nowhere, wiped when it is dropped.
pub use cryptoki::types::AuthPin as Pin;

/// Most objects of a kind that are looked at.
const OBJECTS_MAX: usize = 200;
/// Most authorities that are taken along from the token.
const AUTHORITIES_MAX: usize = 4;

/// Why a token does not sign.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The module cannot be loaded or does not start.
    #[error("the PKCS#11 module cannot be used: {0}")]
    Module(String),
    /// There is no such token.
    #[error("no such token; present: {0}")]
    NoToken(String),
    /// Several tokens are there, and none was named.
    #[error("several tokens are present, name one: {0}")]
    SeveralTokens(String),
    /// The PIN is wrong, or the token is locked.
    #[error("the token does not accept the PIN: {0}")]
    Pin(&'static str),
    /// There is no such key.
    #[error("no such signing key in the token; there are: {0}")]
    NoKey(String),
    /// Several keys are there, and none was named.
    #[error("several signing keys are in the token, name one: {0}")]
    SeveralKeys(String),
    /// The token has no certificate for the key, and none was given.
    #[error("the token holds no certificate with the id of the key")]
    NoCertificate,
    /// The certificate, or the key in it, is none that signs here.
    #[error("the certificate cannot be used: {0}")]
    Certificate(String),
    /// The token said something else.
    #[error("the token refused: {0}")]
    Token(String),
}

impl From<Pkcs11Error> for TokenError {
    fn from(error: Pkcs11Error) -> Self {
        Self::Token(error.to_string())
    }
}

/// Which key is wanted.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted<'a> {
    /// Label of the token, or the number of its slot; not needed where there is only one.
    pub token: Option<&'a str>,
    /// Label of the key, or its id in hexadecimal; not needed where there is only one.
    pub key: Option<&'a str>,
}

/// Logs in to a token and gives its key with the key's certificate and those of the authorities above it that stand in
/// the token. `certificates` are taken instead of the token's if there are any.
///
/// # Errors
/// [`TokenError`].
pub fn open(
    module: &Path,
    wanted: Wanted<'_>,
    pin: &Pin,
    certificates: Vec<Vec<u8>>,
) -> Result<(SigningKey, Vec<Vec<u8>>), TokenError> {
    let pkcs11 = Pkcs11::new(module).map_err(|error| TokenError::Module(error.to_string()))?;
    let arguments = CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK);
    pkcs11.initialize(arguments).map_err(|error| TokenError::Module(error.to_string()))?;
    let slot = token(&pkcs11, wanted.token)?;
    let session = pkcs11.open_ro_session(slot)?;
    session.login(UserType::User, Some(pin)).map_err(|error| not_logged_in(&error))?;
    let (handle, id) = key(&session, wanted.key)?;
    let certificates = if certificates.is_empty() { chain(&session, &id)? } else { certificates };
    let leaf = certificates.first().ok_or(TokenError::NoCertificate)?;
    let public = PublicKey::from_certificate(leaf).map_err(|refusal| TokenError::Certificate(refusal.to_string()))?;
    let mechanisms = pkcs11.get_mechanism_list(slot)?;
    let key = Key { session: Mutex::new(session), _pkcs11: pkcs11, handle, public, mechanisms };
    Ok((SigningKey::held(Box::new(key)), certificates))
}

/// The one token that is meant.
fn token(pkcs11: &Pkcs11, wanted: Option<&str>) -> Result<Slot, TokenError> {
    let mut found = Vec::new();
    let mut names = Vec::new();
    for slot in pkcs11.get_slots_with_initialized_token()? {
        let label = pkcs11.get_token_info(slot)?.label().trim().to_owned();
        if wanted.is_none_or(|wanted| wanted == label || wanted == slot.id().to_string()) {
            found.push(slot);
        }
        names.push(format!("{label} ({})", slot.id()));
    }
    match found.as_slice() {
        [only] => Ok(*only),
        [] => Err(TokenError::NoToken(names.join(", "))),
        _ => Err(TokenError::SeveralTokens(names.join(", "))),
    }
}

fn not_logged_in(error: &Pkcs11Error) -> TokenError {
    TokenError::Pin(match error {
        Pkcs11Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange, _) => "wrong PIN",
        Pkcs11Error::Pkcs11(RvError::PinLocked, _) => "the token is locked",
        Pkcs11Error::Pkcs11(RvError::PinExpired, _) => "the PIN has expired",
        other => return TokenError::Token(other.to_string()),
    })
}

/// The one private key that is meant, and its id.
fn key(session: &Session, wanted: Option<&str>) -> Result<(ObjectHandle, Vec<u8>), TokenError> {
    let mut found = Vec::new();
    let mut names = Vec::new();
    for handle in session.find_objects(&[Attribute::Class(ObjectClass::PRIVATE_KEY)])?.into_iter().take(OBJECTS_MAX) {
        let (id, label) = (bytes(session, handle, AttributeType::Id)?, bytes(session, handle, AttributeType::Label)?);
        let (label, hexadecimal) = (String::from_utf8_lossy(&label).trim().to_owned(), hex::encode(&id));
        if wanted.is_none_or(|wanted| wanted == label || wanted.eq_ignore_ascii_case(&hexadecimal)) {
            found.push((handle, id));
        }
        names.push(format!("{label} ({hexadecimal})"));
    }
    match (found.pop(), found.is_empty()) {
        (Some(only), true) => Ok(only),
        (Some(_), false) => Err(TokenError::SeveralKeys(names.join(", "))),
        (None, _) => Err(TokenError::NoKey(names.join(", "))),
    }
}

/// The certificate with this id, then those of its authorities without the root, as far as the token has them.
fn chain(session: &Session, id: &[u8]) -> Result<Vec<Vec<u8>>, TokenError> {
    let mut leaf = None;
    let mut others = Vec::new();
    for handle in session.find_objects(&[Attribute::Class(ObjectClass::CERTIFICATE)])?.into_iter().take(OBJECTS_MAX) {
        let der = bytes(session, handle, AttributeType::Value)?;
        if leaf.is_none() && bytes(session, handle, AttributeType::Id)? == id {
            leaf = Some(der);
        } else if let Ok(named) = SignerInfo::from_certificate(&der) {
            others.push((named, der));
        }
    }
    let leaf = leaf.ok_or(TokenError::NoCertificate)?;
    let named = SignerInfo::from_certificate(&leaf).map_err(|refusal| TokenError::Certificate(refusal.to_string()))?;
    let (mut issuer, mut chain) = (named.issuer, vec![leaf]);
    while chain.len() <= AUTHORITIES_MAX
        && let Some(at) = others.iter().position(|(other, _)| other.subject == issuer && other.issuer != issuer)
    {
        let (named, der) = others.swap_remove(at);
        issuer = named.issuer;
        chain.push(der);
    }
    Ok(chain)
}

/// An attribute's octets; none where the object lacks it.
fn bytes(session: &Session, handle: ObjectHandle, kind: AttributeType) -> Result<Vec<u8>, TokenError> {
    let attributes = session.get_attributes(handle, &[kind])?;
    Ok(attributes
        .into_iter()
        .find_map(|attribute| match attribute {
            Attribute::Id(octets) | Attribute::Label(octets) | Attribute::Value(octets) => Some(octets),
            _ => None,
        })
        .unwrap_or_default())
}

/// A key in a token that is logged in to.
struct Key {
    // One call at a time (PKCS#11, 6.7). Dropped in this order: the session before the module
    session: Mutex<Session>,
    _pkcs11: Pkcs11,
    handle: ObjectHandle,
    public: PublicKey,
    mechanisms: Vec<MechanismType>,
}

impl HeldKey for Key {
    fn public(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, method: SignatureMethod, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let unknown = || KeyError::Token("it has no mechanism for this signature".to_owned());
        let way = Way::of(method).ok_or_else(unknown)?;
        let session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let signed = match way {
            Way::Rsa(_, kind, hash, prefix) if !self.mechanisms.contains(&kind) => {
                let digest = digest::digest(hash, message);
                session.sign(&Mechanism::RsaPkcs, self.handle, &[prefix, digest.as_ref()].concat())
            }
            Way::Rsa(whole, ..) => session.sign(&whole, self.handle, message),
            Way::Ecdsa(hash) => session.sign(&Mechanism::Ecdsa, self.handle, digest::digest(hash, message).as_ref()),
        };
        signed.map_err(|error| KeyError::Token(error.to_string()))
    }
}

/// How a token is asked: RSA with the hash, or over a DigestInfo where it cannot hash; ECDSA over a digest.
enum Way {
    Rsa(Mechanism<'static>, MechanismType, &'static digest::Algorithm, &'static [u8]),
    Ecdsa(&'static digest::Algorithm),
}

/// RFC 8017, 9.2, note 1: what stands before a digest.
const DIGEST_INFO_SHA256: &[u8] =
    &[0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20];
const DIGEST_INFO_SHA384: &[u8] =
    &[0x30, 0x41, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30];
const DIGEST_INFO_SHA512: &[u8] =
    &[0x30, 0x51, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40];

impl Way {
    fn of(method: SignatureMethod) -> Option<Self> {
        use SignatureMethod as Method;
        Some(match method {
            Method::RsaSha256 => {
                Self::Rsa(Mechanism::Sha256RsaPkcs, MechanismType::SHA256_RSA_PKCS, &digest::SHA256, DIGEST_INFO_SHA256)
            }
            Method::RsaSha384 => {
                Self::Rsa(Mechanism::Sha384RsaPkcs, MechanismType::SHA384_RSA_PKCS, &digest::SHA384, DIGEST_INFO_SHA384)
            }
            Method::RsaSha512 => {
                Self::Rsa(Mechanism::Sha512RsaPkcs, MechanismType::SHA512_RSA_PKCS, &digest::SHA512, DIGEST_INFO_SHA512)
            }
            Method::EcdsaSha256 => Self::Ecdsa(&digest::SHA256),
            Method::EcdsaSha384 => Self::Ecdsa(&digest::SHA384),
            Method::RsaSha1 => return None,
        })
    }
}
