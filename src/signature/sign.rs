//! Signing by a profile: the message's own bytes stay as they are, a Signature is spliced in as the last child of its
//! parent, and one that stood there before, alive or dead, is cut out. Parts signed by their Id get one if they have none.

use std::io::Read as _;
use std::ops::ControlFlow;

use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::contents::Canonicalization;
use crate::signature::edited::Edited;
use crate::signature::grammar::{DSIG, ENVELOPED, Element};
use crate::signature::identify::identify;
use crate::signature::plan::{Plan, Target};
use crate::signature::survey::{clear, walk};
use crate::signature::targets::Targets;
use crate::signature::watch::Seen;
use crate::signature::{Chain, ChainCheck, DigestMethod, Material, MaterialKind, Profile, PublicKey, SignatureMethod};
use crate::signature::{SignerInfo, SigningKey, base64, verify};
use crate::xml::c14n::{Algorithm, Canonicalizer, Method};
use crate::xml::{Consumer, Event, Fault, Kind, Name, Source};

/// How a message is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SigningOptions {
    /// The canonicalisation of SignedInfo and of the document.
    pub canonicalization: Method,
    /// DigestMethod. RSA signs with the same hash; ECDSA with that of its curve.
    pub digest: DigestMethod,
    /// What is covered.
    pub coverage: Coverage,
}

/// What a signature covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Coverage {
    /// The whole document, by `URI=""`.
    #[default]
    Document,
    /// Each part that the profile names, by `URI="#Id"`.
    Parts,
}

impl Default for SigningOptions {
    fn default() -> Self {
        Self { canonicalization: Method::Exclusive, digest: DigestMethod::Sha256, coverage: Coverage::Document }
    }
}

/// Signs a message over the whole document (`URI=""`, enveloped) or over its parts (`URI="#Id"`). `certificates` are
/// those of KeyInfo in DER, the signer's first. What comes out passes [`verify`] wherever the certificate is trusted.
///
/// # Errors
/// As [`sign_source`].
pub fn sign(
    message: &[u8],
    profile: &Profile,
    key: &SigningKey,
    certificates: &[Vec<u8>],
    options: SigningOptions,
) -> Result<Vec<u8>, Refusal> {
    let signed = sign_source(&message, profile, key, certificates, options)?;
    let mut bytes = Vec::with_capacity(usize::try_from(signed.len()).unwrap_or_default());
    signed.open().and_then(|mut read| read.read_to_end(&mut bytes)).map_err(|_| unreadable())?;
    Ok(bytes)
}

/// As [`sign`], of a message that is never held: it is read once for what stands in it, once for its digest and once
/// to verify what was made. The signed message is read from the same source.
///
/// # Errors
/// What is wrong with the message, such as an undeclared prefix; [`Code::ElementMissing`] without a place for the
/// Signature; [`Code::SignatureRepeated`] or `SignatureStructure` where Signatures stand that signing would not
/// replace; [`Code::CertificateInvalid`] if the key is not the certificate's; [`Code::ReferenceNotCovering`] if something
/// stands beside the parts that are to be signed; [`Code::TryLater`] if the message cannot be read.
pub fn sign_source<'a, S: Source>(
    message: &'a S,
    profile: &Profile,
    key: &SigningKey,
    certificates: &[Vec<u8>],
    options: SigningOptions,
) -> Result<Edited<'a, S>, Refusal> {
    let own = Own::new(key, certificates)?;
    let method = key.method(options.digest).ok_or_else(|| not_allowed("SHA-1 is not signed with"))?;
    let canonicalization = Algorithm::new(options.canonicalization, false);
    let (mut edits, ids) = match options.coverage {
        Coverage::Document => (Vec::new(), Vec::new()),
        Coverage::Parts => identify(message, profile)?,
    };
    let (cuts, place) = clear(message, profile)?;
    edits.extend(cuts);
    let unsigned = Edited::new(message, edits);
    let plan = plan(canonicalization, options, ids);
    let digests = digests(&unsigned, profile, &plan)?;
    let signature = Template { plan: &plan, method, digests, certificates };
    let draft = unsigned.with(place.fill(&signature.text("")));
    let octets = signed_info(&draft, profile, canonicalization).map_err(|fault| fault.locate(&draft))?;
    let value = key.sign(method, &octets).map_err(|error| not_allowed(error.to_string()))?;
    let signed = unsigned.with(place.fill(&signature.text(&base64::encode(&value))));
    verify(&signed, profile, &own, Timestamp::from_millis(0), || Nobody)?;
    Ok(signed)
}

fn unreadable() -> Refusal {
    Refusal::new(Code::TryLater, "the message could not be read")
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

/// What is digested: the parts of these Ids, or without any the whole document.
fn plan(algorithm: Algorithm, options: SigningOptions, ids: Vec<String>) -> Plan {
    let canonicalization = Canonicalization::plain(algorithm);
    let target = |id: Option<String>| Target {
        enveloped: id.is_none(),
        id,
        canonicalization: canonicalization.clone(),
        digest: options.digest,
    };
    let targets = if ids.is_empty() { vec![target(None)] } else { ids.into_iter().map(Some).map(target).collect() };
    Plan { signed_info: Canonicalization::plain(algorithm), targets }
}

/// The digest of each target, in their order.
fn digests<S: Source>(message: &S, profile: &Profile, plan: &Plan) -> Result<Vec<String>, Refusal> {
    let mut targets = Targets::new(plan, false);
    walk(message, profile, |_, event| {
        targets.content(event);
        Ok(ControlFlow::Continue(()))
    })
    .map_err(|fault| fault.locate(message))?;
    let mut slots = targets.finish(0);
    slots.sort_by_key(|slot| slot.at);
    Ok(slots.iter().filter_map(|slot| slot.digest).map(|digest| base64::encode(digest.as_ref())).collect())
}

/// The canonical octets of SignedInfo where it stands. What stands behind it is not read.
fn signed_info<S: Source>(message: &S, profile: &Profile, algorithm: Algorithm) -> Result<Vec<u8>, Fault> {
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
        match event.kind {
            Kind::End(end) if is_inside && is_tag(end.name()) => Ok(ControlFlow::Break(())),
            _ => Ok(ControlFlow::Continue(())),
        }
    })?;
    Ok(octets.into_sink())
}

/// Everything in a Signature but its value.
struct Template<'a> {
    plan: &'a Plan,
    method: SignatureMethod,
    digests: Vec<String>,
    certificates: &'a [Vec<u8>],
}

impl Template<'_> {
    fn text(&self, value: &str) -> String {
        let canonicalization = self.plan.signed_info.algorithm.uri();
        let references = self.plan.targets.iter().zip(&self.digests);
        let references: String = references.map(|(target, digest)| reference(target, digest)).collect();
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
             <ds:SignatureMethod Algorithm=\"{method}\"/>{references}\
             </ds:SignedInfo><ds:SignatureValue>{value}</ds:SignatureValue>\
             <ds:KeyInfo><ds:X509Data>{certificates}</ds:X509Data></ds:KeyInfo></ds:Signature>",
            method = self.method.uri(),
        )
    }
}

fn reference(target: &Target, digest: &str) -> String {
    let uri = target.id.as_ref().map(|id| format!("#{id}")).unwrap_or_default();
    let enveloped = if target.enveloped { format!("<ds:Transform Algorithm=\"{ENVELOPED}\"/>") } else { String::new() };
    format!(
        "<ds:Reference URI=\"{uri}\"><ds:Transforms>{enveloped}\
         <ds:Transform Algorithm=\"{canonicalization}\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{digest_method}\"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>",
        canonicalization = target.canonicalization.algorithm.uri(),
        digest_method = target.digest.uri(),
    )
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
