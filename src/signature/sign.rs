//! Signing by a profile: the message's own bytes stay as they are, a Signature is spliced in as the last child of its
//! parent, and one that stood there before, alive or dead, is cut out.

use std::ops::Range;

use ring::digest;

use crate::domain::{Code, Refusal, Timestamp};
use crate::signature::grammar::{DSIG, Element};
use crate::signature::hasher::Hasher;
use crate::signature::watch::{Seen, Watch};
use crate::signature::{Chain, ChainCheck, DigestMethod, Material, MaterialKind, Profile, PublicKey, SignatureMethod};
use crate::signature::{SignerInfo, SigningKey, base64, verify};
use crate::xml::c14n::{Algorithm, Canonicalizer, Method};
use crate::xml::{Consumer, Event, Fault, Kind, Reader};

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

/// Where a Signature goes.
enum Place {
    /// In front of the end tag that begins here.
    Before(usize),
    /// Into the empty-element tag that stands here and has this name.
    Into(Range<usize>, String),
}

impl Place {
    fn fill(&self, message: &[u8], signature: &str) -> Vec<u8> {
        let part = |range: Range<usize>| message.get(range).unwrap_or_default();
        match self {
            Self::Before(at) => [part(0..*at), signature.as_bytes(), part(*at..message.len())].concat(),
            Self::Into(tag, name) => {
                let open = part(0..tag.end.saturating_sub(2));
                [open, b">", signature.as_bytes(), b"</", name.as_bytes(), b">", part(tag.end..message.len())].concat()
            }
        }
    }
}

/// The message without the Signature or placeholder that stood in it, and the place for the new one.
fn clear(message: &[u8], profile: &Profile) -> Result<(Vec<u8>, Place), Refusal> {
    let mut survey = Survey::default();
    walk(message, profile, |watch, event| survey.event(watch, event)).map_err(|fault| fault.locate(&message))?;
    let (name, span) = survey.end.ok_or_else(|| {
        let detail = format!("there is no {} for the Signature", profile.parent_path());
        Refusal::new(Code::ElementMissing, detail)
    })?;
    let index = |offset: u64| usize::try_from(offset).unwrap_or(usize::MAX);
    let mut cut = survey.cut;
    cut.sort_unstable_by_key(|range| range.start);
    let mut kept = Vec::with_capacity(message.len());
    let mut from = 0;
    let mut place = index(span.start);
    for range in cut {
        kept.extend_from_slice(message.get(from..index(range.start)).unwrap_or_default());
        from = index(range.end);
        if range.start < span.start {
            place -= index(range.end - range.start);
        }
    }
    kept.extend_from_slice(message.get(from..).unwrap_or_default());
    let tag = place..place + index(span.end - span.start);
    let is_empty_tag = survey.start == Some(span);
    Ok((kept, if is_empty_tag { Place::Into(tag, name) } else { Place::Before(place) }))
}

/// What a message holds already.
#[derive(Default)]
struct Survey {
    /// The tags of the Signature's parent: the start, the name and the end.
    start: Option<Range<u64>>,
    end: Option<(String, Range<u64>)>,
    /// What goes.
    cut: Vec<Range<u64>>,
    /// Depth inside the parent.
    depth: usize,
    /// The placeholder whose start was the last event.
    placeholder: Option<u64>,
}

impl Survey {
    fn event(&mut self, seen: Seen, event: &Event<'_>) -> Result<(), Fault> {
        let span = event.span.clone();
        let fault = |code, detail| Err(Fault::new(code, span.start, detail));
        if let Some(start) = self.placeholder.take() {
            let Kind::End(_) = event.kind else {
                return fault(Code::SignatureStructure, "the placeholder for the Signature is not empty");
            };
            self.cut.push(start..span.end);
        }
        match seen {
            Seen::Parent if self.start.is_some() => {
                return fault(Code::ElementRepeated, "a second place for the Signature");
            }
            Seen::Parent => self.start = Some(span.clone()),
            Seen::Opens => self.cut.push(span.clone()),
            Seen::Closes => {
                if let Some(open) = self.cut.last_mut() {
                    open.end = span.end;
                }
            }
            Seen::Placeholder => self.placeholder = Some(span.start),
            Seen::Repeated => return fault(Code::SignatureRepeated, "a second Signature"),
            Seen::Misplaced => {
                return fault(Code::SignatureStructure, "a Signature in another place than the profile's");
            }
            Seen::Outside | Seen::Inside | Seen::WrongNamespace => {}
        }
        if self.start.is_some() && self.end.is_none() {
            self.inside_parent(event);
        }
        Ok(())
    }

    fn inside_parent(&mut self, event: &Event<'_>) {
        match event.kind {
            Kind::Start(_) => self.depth += 1,
            Kind::End(name) => {
                self.depth -= 1;
                if self.depth == 0 {
                    let prefix = if name.prefix.is_empty() { String::new() } else { format!("{}:", name.prefix) };
                    self.end = Some((format!("{prefix}{}", name.local), event.span.clone()));
                }
            }
            _ => {}
        }
    }
}

/// Reads a message and says what each event is to its Signature, in whatever namespace that is.
fn walk(
    message: &[u8],
    profile: &Profile,
    mut visit: impl FnMut(Seen, &Event<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut reader = Reader::new(message, profile.xml.clone());
    let mut watch = Watch::new(profile, true);
    while let Some(event) = reader.next()? {
        let seen = watch.event(&event);
        let visited = visit(seen, &event);
        visited.map_err(|fault| fault.within(|| reader.path()))?;
    }
    Ok(())
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
        let is_tag = |name: crate::xml::Name<'_>| name.is(DSIG, Element::SignedInfo.local());
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
