//! The parser of one ds:Signature, fed with the reader's events. Strict: nothing but what [`grammar`] names, no
//! comments, no instructions; algorithms are decided on as they are read, before anything is computed with them.

use crate::domain::Code;
use crate::signature::contents::{Canonicalization, Contents, Reference, Transform};
use crate::signature::grammar::{
    COPIED_DIGEST, Content, DSIG, ENVELOPED, EXC_C14N, Element, MISSPELT_EXCLUSIVE, Occurs,
};
use crate::signature::{
    DigestMethod, KeyInfo, Limits, Profile, References, SignatureMethod, Weakness, base64, der, plan,
};
use crate::xml::c14n::{self, Method};
use crate::xml::{Event, Fault, Kind, Name, Start};

#[derive(Debug)]
struct Frame {
    element: Element,
    offset: u64,
    /// Position in the parent's sequence that is open now, and how many elements stand there.
    slot: usize,
    count: usize,
}

/// The state of parsing.
#[derive(Debug)]
pub(super) struct Parser<'a> {
    profile: &'a Profile,
    limits: &'a Limits,
    tolerant: bool,
    namespace: Box<str>,
    frames: Vec<Frame>,
    text: String,
    /// Elements open inside one whose content is ignored.
    ignored: usize,
    x509_data: bool,
    contents: Contents,
}

impl<'a> Parser<'a> {
    /// A parser for the Signature of this name. In a tolerant profile its namespace may be its parent's.
    pub(super) fn new(profile: &'a Profile, tolerant: bool, name: Name<'_>) -> Self {
        let mut contents = Contents::default();
        if name.ns != DSIG {
            contents.weaknesses.push(Weakness::NamespaceMissing);
        }
        Self {
            profile,
            limits: &profile.limits,
            tolerant,
            namespace: name.ns.into(),
            frames: Vec::with_capacity(8),
            text: String::new(),
            ignored: 0,
            x509_data: false,
            contents,
        }
    }

    /// What was read so far.
    pub(super) fn into_contents(self) -> Contents {
        self.contents
    }

    /// Whether the event after the last one belongs to SignedInfo.
    pub(super) fn in_signed_info(&self) -> bool {
        self.frames.get(1).is_some_and(|frame| frame.element == Element::SignedInfo)
    }

    /// Takes the next event; the first is the Signature's start.
    pub(super) fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        self.check_extent(event)?;
        match &event.kind {
            Kind::Start(start) => self.open(start, event.span.start),
            Kind::End(_) => self.close(event.span.start),
            Kind::Text(text) => self.text(text, event.span.start),
            Kind::Comment(_) | Kind::ProcessingInstruction { .. } if self.is_ignoring() => Ok(()),
            Kind::Comment(_) if self.takes_comments() && !self.is_text() => Ok(()),
            Kind::Comment(_) => Err(self.fault(event.span.start, "a comment inside Signature")),
            Kind::ProcessingInstruction { .. } => {
                Err(self.fault(event.span.start, "a processing instruction inside Signature"))
            }
        }
    }

    /// XML-DSig has nothing against comments; a profile of ours that says what must be covered has.
    fn takes_comments(&self) -> bool {
        self.tolerant && self.profile.references == References::Any
    }

    /// SignedInfo and KeyInfo end before their limits.
    fn check_extent(&self, event: &Event<'_>) -> Result<(), Fault> {
        let Some(part) = self.frames.get(1) else { return Ok(()) };
        let limit = match part.element {
            Element::KeyInfo => self.limits.key_info,
            Element::Object => return Ok(()),
            _ => self.limits.signed_info,
        };
        if event.span.end.saturating_sub(part.offset) > limit {
            return Err(Fault::new(Code::XmlLimit, part.offset, format!("{} is too long", part.element.local())));
        }
        Ok(())
    }

    fn is_ignoring(&self) -> bool {
        self.content().is_some_and(|content| matches!(content, Content::Ignored))
    }

    fn is_text(&self) -> bool {
        self.content().is_some_and(|content| matches!(content, Content::Text(_)))
    }

    fn content(&self) -> Option<Content> {
        self.frames.last().map(|frame| self.content_of(frame.element))
    }

    fn content_of(&self, element: Element) -> Content {
        element.content_by(self.profile.key_info, self.profile.objects)
    }

    fn open(&mut self, start: &Start<'_>, offset: u64) -> Result<(), Fault> {
        if self.is_ignoring() {
            self.ignored += 1;
            return Ok(());
        }
        let element = self.place(start.name(), offset)?;
        self.frames.push(Frame { element, offset, slot: 0, count: 0 });
        self.text.clear();
        let allowed = element.attributes(self.profile.objects);
        let is_allowed = |name: &str| allowed.is_none_or(|allowed| allowed.contains(&name));
        if allowed.is_some() && start.attributes().any(|found| !found.ns.is_empty() || !is_allowed(found.local)) {
            return Err(self.fault(offset, format!("{} has an attribute that is not allowed", element.local())));
        }
        self.read_start(element, start, offset)
    }

    /// Which element this is in the place where it stands.
    fn place(&mut self, name: Name<'_>, offset: u64) -> Result<Element, Fault> {
        let is = |element: Element| {
            let ns = if element == Element::InclusiveNamespaces { EXC_C14N } else { &self.namespace };
            name.is(ns, element.local())
        };
        let content = self.content();
        let Some(parent) = self.frames.last_mut() else { return Ok(Element::Signature) };
        let around = parent.element;
        let found = match content.unwrap_or(Content::Empty) {
            Content::Sequence(slots) => next_in_sequence(slots, parent, is),
            Content::AnyOf(elements) => elements.iter().copied().find(|element| is(*element)),
            _ => None,
        };
        let detail = || format!("an element that may not stand in this place of {}", around.local());
        found.ok_or_else(|| self.fault(offset, detail()))
    }

    fn close(&mut self, offset: u64) -> Result<(), Fault> {
        if self.ignored > 0 {
            self.ignored -= 1;
            return Ok(());
        }
        if let Some(frame) = self.frames.last()
            && let Content::Sequence(slots) = self.content_of(frame.element)
            && let Some(missing) = missing_in_sequence(slots, frame)
        {
            let detail = format!("{} ends without {}", frame.element.local(), missing.local());
            return Err(self.fault(offset, detail));
        }
        self.read_end()?;
        self.frames.pop();
        Ok(())
    }

    fn text(&mut self, text: &str, offset: u64) -> Result<(), Fault> {
        match self.content() {
            Some(Content::Ignored) => Ok(()),
            Some(Content::Text(limit)) if self.text.len() + text.len() <= limit => {
                self.text.push_str(text);
                Ok(())
            }
            Some(Content::Text(_)) => Err(Fault::new(Code::XmlLimit, offset, "a text inside Signature is too long")),
            _ if text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')) => Ok(()),
            _ => Err(self.fault(offset, "text between the elements of Signature")),
        }
    }

    /// What a start tag says.
    fn read_start(&mut self, element: Element, start: &Start<'_>, offset: u64) -> Result<(), Fault> {
        let algorithm = start.attribute("", "Algorithm").unwrap_or_default();
        match element {
            Element::CanonicalizationMethod => self.canonicalization_method(algorithm, offset),
            Element::SignatureMethod => self.signature_method(algorithm, offset),
            Element::Reference => self.reference(start.attribute("", "URI"), offset),
            Element::Transform => self.transform(algorithm, offset),
            Element::InclusiveNamespaces => self.prefixes(start.attribute("", "PrefixList"), offset),
            Element::DigestMethod => self.digest_method(algorithm, offset),
            Element::SignatureValue => {
                self.contents.value_offset = offset;
                Ok(())
            }
            Element::KeyInfo => {
                self.contents.key_info_offset = offset;
                Ok(())
            }
            Element::X509Data if self.has_x509_data() => Err(self.fault(offset, "a second X509Data")),
            Element::KeyValue if !self.tolerant => Err(self.fault(offset, "a KeyValue beside the certificate")),
            Element::KeyValue => {
                self.weak(Weakness::KeyValuePresent);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn canonicalization_method(&mut self, uri: &str, offset: u64) -> Result<(), Fault> {
        let algorithm = c14n::Algorithm::from_uri(uri)
            .ok_or_else(|| Fault::new(Code::AlgorithmNotAllowed, offset, "CanonicalizationMethod is not allowed"))?;
        self.contents.canonicalization = Some(Canonicalization::plain(algorithm));
        Ok(())
    }

    fn signature_method(&mut self, uri: &str, offset: u64) -> Result<(), Fault> {
        let method = SignatureMethod::from_uri(uri)
            .filter(|method| self.tolerant || !method.is_weak())
            .ok_or_else(|| Fault::new(Code::AlgorithmNotAllowed, offset, "SignatureMethod is not allowed"))?;
        if method.is_weak() {
            self.weak(Weakness::Sha1Signature);
        }
        self.contents.method = Some(method);
        Ok(())
    }

    fn reference(&mut self, uri: Option<&str>, offset: u64) -> Result<(), Fault> {
        if self.contents.references.len() >= self.limits.references {
            return Err(Fault::new(Code::XmlLimit, offset, "too many References"));
        }
        let uri = uri.ok_or_else(|| Fault::new(Code::ReferenceNotAllowed, offset, "a Reference without URI"))?;
        self.contents.references.push(Reference { uri: uri.to_owned(), offset, ..Reference::default() });
        Ok(())
    }

    fn transform(&mut self, uri: &str, offset: u64) -> Result<(), Fault> {
        let (transform, is_misspelt) = match c14n::Algorithm::from_uri(uri) {
            Some(algorithm) => (Transform::Canonicalize(Canonicalization::plain(algorithm)), false),
            None if uri == ENVELOPED => (Transform::Enveloped, false),
            None if uri == MISSPELT_EXCLUSIVE && self.tolerant => {
                let exclusive = c14n::Algorithm::new(Method::Exclusive, false);
                (Transform::Canonicalize(Canonicalization::plain(exclusive)), true)
            }
            None => return Err(Fault::new(Code::TransformNotAllowed, offset, "a Transform that is not allowed")),
        };
        if is_misspelt {
            self.weak(Weakness::MisspeltTransform);
        }
        let limit = self.limits.transforms;
        let Some(reference) = self.contents.references.last_mut() else { return Ok(()) };
        if reference.transforms.len() >= limit {
            return Err(Fault::new(Code::XmlLimit, offset, "too many Transforms"));
        }
        reference.transforms.push(transform);
        Ok(())
    }

    /// InclusiveNamespaces belongs to the canonicalisation that is open, which must be exclusive.
    fn prefixes(&mut self, list: Option<&str>, offset: u64) -> Result<(), Fault> {
        let structure = |detail| Fault::new(Code::SignatureStructure, offset, detail);
        let list = list.ok_or_else(|| structure("InclusiveNamespaces without PrefixList"))?;
        if list.split_ascii_whitespace().count() > self.limits.prefixes {
            return Err(Fault::new(Code::XmlLimit, offset, "too many prefixes in PrefixList"));
        }
        let prefixes = plan::prefixes(list);
        match self.open_canonicalization() {
            Some(open) if open.algorithm.method == Method::Exclusive => open.prefixes = prefixes,
            _ => return Err(structure("InclusiveNamespaces outside an exclusive canonicalisation")),
        }
        Ok(())
    }

    fn open_canonicalization(&mut self) -> Option<&mut Canonicalization> {
        match self.contents.references.last_mut().map(|reference| reference.transforms.last_mut()) {
            None => self.contents.canonicalization.as_mut(),
            Some(Some(Transform::Canonicalize(open))) => Some(open),
            Some(_) => None,
        }
    }

    fn digest_method(&mut self, uri: &str, offset: u64) -> Result<(), Fault> {
        let method = DigestMethod::from_uri(uri)
            .filter(|method| self.tolerant || !method.is_weak())
            .ok_or_else(|| Fault::new(Code::AlgorithmNotAllowed, offset, "DigestMethod is not allowed"))?;
        if method.is_weak() {
            self.weak(Weakness::Sha1Digest);
        }
        if let Some(reference) = self.contents.references.last_mut() {
            reference.method = Some(method);
        }
        Ok(())
    }

    /// Whether the X509Data that has just been opened is not the first.
    fn has_x509_data(&mut self) -> bool {
        std::mem::replace(&mut self.x509_data, true)
    }

    /// What an element says that has ended.
    fn read_end(&mut self) -> Result<(), Fault> {
        let Some(frame) = self.frames.last() else { return Ok(()) };
        let (element, offset) = (frame.element, frame.offset);
        match element {
            Element::DigestValue => self.digest_value(offset),
            Element::SignatureValue => {
                self.contents.value = base64::decode(&mut self.text)
                    .filter(|value| !value.is_empty())
                    .ok_or_else(|| self.fault(offset, "SignatureValue is not base64"))?;
                Ok(())
            }
            Element::X509Certificate => self.certificate(offset),
            Element::KeyInfo
                if self.contents.certificates.is_empty() && self.profile.key_info == KeyInfo::Certificates =>
            {
                Err(self.fault(offset, "KeyInfo without a certificate"))
            }
            _ => Ok(()),
        }
    }

    fn digest_value(&mut self, offset: u64) -> Result<(), Fault> {
        let digest = base64::decode(&mut self.text);
        if self.text == COPIED_DIGEST {
            self.weak(Weakness::DigestCopied);
        }
        let length =
            self.contents.references.last().and_then(|reference| reference.method).map(DigestMethod::output_len);
        let digest = digest
            .filter(|digest| Some(digest.len()) == length)
            .ok_or_else(|| self.fault(offset, "DigestValue is not base64 of a digest by DigestMethod"))?;
        if let Some(reference) = self.contents.references.last_mut() {
            reference.digest = digest;
        }
        Ok(())
    }

    fn certificate(&mut self, offset: u64) -> Result<(), Fault> {
        let invalid = |detail| Fault::new(Code::CertificateInvalid, offset, detail);
        let decoded = base64::decode(&mut self.text);
        let extent = match &decoded {
            Some(der) => der::extent(der),
            None => der::extent(&base64::decode_beginning(&self.text)),
        };
        match (decoded, extent) {
            (_, der::Extent::CutShort) => {
                self.weak(Weakness::CertificateCutShort);
                Err(invalid("the certificate is cut short"))
            }
            (None, _) => Err(self.fault(offset, "X509Certificate is not base64")),
            (Some(_), der::Extent::Wrong) => Err(invalid("X509Certificate is not exactly one certificate in DER")),
            (Some(der), der::Extent::Exact) if der.len() > self.limits.certificate => {
                Err(Fault::new(Code::XmlLimit, offset, "a certificate is too long"))
            }
            (Some(_), _) if self.contents.certificates.len() >= self.limits.certificates => {
                Err(Fault::new(Code::XmlLimit, offset, "too many certificates"))
            }
            (Some(der), der::Extent::Exact) => {
                self.contents.certificates.push(der);
                Ok(())
            }
        }
    }

    fn weak(&mut self, weakness: Weakness) {
        if !self.contents.weaknesses.contains(&weakness) {
            self.contents.weaknesses.push(weakness);
        }
    }

    /// A fault in the structure of the element that is open.
    fn fault(&self, offset: u64, detail: impl Into<std::borrow::Cow<'static, str>>) -> Fault {
        let code = self.frames.last().map_or(Code::SignatureStructure, |frame| frame.element.code());
        Fault::new(code, offset, detail)
    }
}

/// Moves on in a sequence to the element that stands here; none if it may not.
fn next_in_sequence(slots: &[(Element, Occurs)], parent: &mut Frame, is: impl Fn(Element) -> bool) -> Option<Element> {
    while let Some(&(element, occurs)) = slots.get(parent.slot) {
        let may_stand = parent.count == 0 || matches!(occurs, Occurs::OnceOrMore | Occurs::AnyNumber);
        if may_stand && is(element) {
            parent.count += 1;
            return Some(element);
        }
        if parent.count == 0 && !matches!(occurs, Occurs::Optional | Occurs::AnyNumber) {
            return None;
        }
        parent.slot += 1;
        parent.count = 0;
    }
    None
}

/// What a sequence still lacks at its end.
fn missing_in_sequence(slots: &[(Element, Occurs)], frame: &Frame) -> Option<Element> {
    let mut rest = slots.iter().skip(frame.slot + usize::from(frame.count > 0));
    rest.find(|(_, occurs)| !matches!(occurs, Occurs::Optional | Occurs::AnyNumber)).map(|(element, _)| *element)
}
