//! Signing by a profile: the message's own bytes stay as they are, a Signature is spliced in as the last child of its
//! parent, and one that stood there before, alive or dead, is cut out.

use ring::digest;

use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::grammar::{DSIG, Element};
use crate::signature::hasher::Hasher;
use crate::signature::survey::{clear, walk};
use crate::signature::watch::Seen;
use crate::signature::{Chain, ChainCheck, DigestMethod, Material, MaterialKind, Profile, PublicKey, SignatureMethod};
use crate::signature::{SignerInfo, SigningKey, base64, verify};
use crate::xml::c14n::{Algorithm, Canonicalizer, Method};
use crate::xml::{Consumer, Event, Fault, Kind, Name};

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningOptions {
    /// The canonicalisation of SignedInfo and of the document.
    pub canonicalization: Method,
    /// DigestMethod. RSA signs with the same hash; ECDSA with that of its curve.
    pub digest: DigestMethod,
}

impl Default for SigningOptions {
    fn default() -> Self {
        Self { canonicalization: Method::Exclusive, digest: DigestMethod::Sha256 }
    }
}

/// Signs a message over the whole document (`URI=""`, enveloped). `certificates` are those of KeyInfo in DER, the
/// signer's first. What comes out passes [`verify`] wherever the certificate is trusted.
///
/// # Errors
/// What is wrong with the message, such as an undeclared prefix; [`Code::ElementMissing`] without a place for the
/// Signature; [`Code::SignatureRepeated`] or `SignatureStructure` where Signatures stand that signing would not
/// replace; [`Code::CertificateInvalid`] if the key is not the certificate's.
pub fn sign(
    message: &[u8],
    profile: &Profile,
    key: &SigningKey,
    certificates: &[Vec<u8>],
    options: SigningOptions,
) -> Result<Vec<u8>, Refusal> {
    let own = Own::new(key, certificates)?;
    let method = key.method(options.digest).ok_or_else(|| not_allowed("SHA-1 is not signed with"))?;
    let canonicalization = Algorithm::new(options.canonicalization, false);
    let (unsigned, place) = clear(message, profile)?;
    let digest = digest_of(&unsigned, profile, canonicalization, options.digest)?;
    let signature = Template { canonicalization, method, digest_method: options.digest, digest, certificates };
    let draft = place.fill(&unsigned, &signature.text(""));
    let octets = signed_info(&draft, profile, canonicalization).map_err(|fault| fault.locate(&draft.as_slice()))?;
    let value = key.sign(method, &octets).map_err(|error| not_allowed(error.to_string()))?;
    let signed = place.fill(&unsigned, &signature.text(&base64::encode(&value)));
    verify(&signed.as_slice(), profile, &own, Timestamp::from_millis(0), || Nobody)?;
    Ok(signed)
}

fn not_allowed(detail: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::AlgorithmNotAllowed, detail)
}

/// The signer's own certificate, for a look at what was just made.
struct Own {
    chain: Chain,
    certificate: Vec<u8>,
}

impl Own {
    fn new(key: &SigningKey, certificates: &[Vec<u8>]) -> Result<Self, Refusal> {
        let invalid = |detail| Refusal::new(Code::CertificateInvalid, detail);
        let certificate = certificates.first().ok_or_else(|| invalid("there is no certificate to sign with"))?;
        let public = PublicKey::from_certificate(certificate)?;
        if !key.is_of(&public) {
            return Err(invalid("the key is not the one of the first certificate"));
        }
        let evidence = [Material::new(MaterialKind::Certificate, certificate.as_slice())];
        let leaf = SignerInfo::from_certificate(certificate)?.into();
        Ok(Self {
            chain: Chain { leaf, key: public.into(), evidence: evidence.into() },
            certificate: certificate.clone(),
        })
    }
}

impl ChainCheck for Own {
    fn check(&self, leaf: &[u8], _: &[Vec<u8>], _: Timestamp) -> Result<Chain, Refusal> {
        let refused = || Refusal::new(Code::KeyInfoInvalid, "the first certificate is not the signer's");
        (leaf == self.certificate).then(|| self.chain.clone()).ok_or_else(refused)
    }
}

fn digest_of(
    message: &[u8],
    profile: &Profile,
    algorithm: Algorithm,
    method: DigestMethod,
) -> Result<digest::Digest, Refusal> {
    let mut document = Canonicalizer::new(algorithm, Vec::new(), Hasher::new(method));
    walk(message, profile, |_, event| {
        document.event(event);
        Ok(())
    })
    .map_err(|fault| fault.locate(&message))?;
    Ok(document.into_sink().finish().0)
}

/// The canonical octets of SignedInfo where it stands.
fn signed_info(message: &[u8], profile: &Profile, algorithm: Algorithm) -> Result<Vec<u8>, Fault> {
    let mut octets = Canonicalizer::new(algorithm, Vec::new(), Vec::new());
    let mut is_inside = false;
    walk(message, profile, |seen, event| {
        let is_tag = |name: Name<'_>| name.is(DSIG, Element::SignedInfo.local());
        match event.kind {
            Kind::Start(start) if seen == Seen::Inside && is_tag(start.name()) => is_inside = true,
            _ => {}
        }
        if is_inside {
            octets.event(event);
        }
        if let Kind::End(name) = event.kind
            && is_tag(name)
        {
            is_inside = false;
        }
        Ok(())
    })?;
    Ok(octets.into_sink())
}

/// Everything in a Signature but its value.
struct Template<'a> {
    canonicalization: Algorithm,
    method: SignatureMethod,
    digest_method: DigestMethod,
    digest: digest::Digest,
    certificates: &'a [Vec<u8>],
}

impl Template<'_> {
    fn text(&self, value: &str) -> String {
        let canonicalization = self.canonicalization.uri();
        let certificates: String = self
            .certificates
            .iter()
            .flat_map(|der| {
                ["<ds:X509Certificate>".to_owned(), base64::encode(der), "</ds:X509Certificate>".to_owned()]
            })
            .collect();
        format!(
            "<ds:Signature xmlns:ds=\"{DSIG}\"><ds:SignedInfo>\
             <ds:CanonicalizationMethod Algorithm=\"{canonicalization}\"/>\
             <ds:SignatureMethod Algorithm=\"{method}\"/>\
             <ds:Reference URI=\"\"><ds:Transforms><ds:Transform Algorithm=\"{DSIG}enveloped-signature\"/>\
             <ds:Transform Algorithm=\"{canonicalization}\"/></ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{digest_method}\"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>\
             </ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>",
            method = self.method.uri(),
            digest_method = self.digest_method.uri(),
            digest = base64::encode(self.digest.as_ref()),
        )
    }
}

/// Reads nothing.
struct Nobody;

impl Consumer for Nobody {
    type Output = ();

    fn event(&mut self, _: &Event<'_>) -> Result<(), Fault> {
        Ok(())
    }

    fn finish(self) -> Result<(), Fault> {
        Ok(())
    }
}
