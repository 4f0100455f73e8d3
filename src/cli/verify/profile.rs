//! Which profile a file is judged by. `none` takes the one Signature wherever it stands, over whatever it covers.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::cli::exit::Failure;
use crate::edxml::{self, QCVN_102};
use crate::signature::Profile;
use crate::xml::{Kind, Limits, Reader, Source};

const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Bounds of what is looked at in a KeyInfo that nobody has checked yet (SIGNATURES 4.4).
const CERTIFICATES_MAX: usize = 10;
const CERTIFICATE_TEXT_MAX: usize = 32 << 10;

/// The profiles by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    /// That of edXML, which says what must be covered.
    Edxml,
    /// No profile: what is covered is reported, and nobody vouches that it is enough.
    None,
}

impl Name {
    pub(super) fn of(text: &Path) -> Result<Self, Failure> {
        match text.to_str() {
            Some("edxml") => Ok(Self::Edxml),
            Some("none") => Ok(Self::None),
            _ => Err(Failure::usage(
                format!("--profile: edxml hoặc none, không phải {}", text.display()),
                format!("--profile: edxml or none, not {}", text.display()),
            )),
        }
    }

    /// edXML by its root, else none.
    pub(super) fn of_file(file: &impl Source) -> Self {
        let is_edxml = |name: crate::xml::Name<'_>| name.is(QCVN_102, "edXML");
        let mut is_known = false;
        visit(file, |kind| match kind {
            Kind::Start(start) => {
                is_known = is_edxml(start.name());
                false
            }
            _ => true,
        });
        if is_known { Self::Edxml } else { Self::None }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Edxml => "edxml",
            Self::None => "none",
        }
    }

    /// The profile as data. Old algorithms are computed and named; with them nothing passes.
    pub(super) fn profile(self) -> Profile {
        let profile = match self {
            Self::Edxml => edxml::signature_profile(),
            Self::None => Profile::any(),
        };
        profile.tolerant()
    }
}

/// The certificates in the first ds:Signature, in DER, believed for nothing: authorities among them may stand in no file
/// of the verifier's, and their CRLs must be taken.
pub(super) fn certificates(file: &impl Source) -> Vec<Vec<u8>> {
    let mut certificates = Vec::new();
    let mut text: Option<String> = None;
    visit(file, |kind| {
        match kind {
            Kind::Start(start) if start.name().is(DSIG, "X509Certificate") => text = Some(String::new()),
            Kind::Text(piece) => {
                if let Some(text) = text.as_mut().filter(|text| text.len() < CERTIFICATE_TEXT_MAX) {
                    text.extend(piece.split_ascii_whitespace());
                }
            }
            Kind::End(end) if end.name().is(DSIG, "X509Certificate") => {
                certificates.extend(text.take().and_then(|text| STANDARD.decode(text).ok()));
            }
            Kind::End(end) if end.name().is(DSIG, "Signature") => return false,
            _ => {}
        }
        certificates.len() < CERTIFICATES_MAX
    });
    certificates
}

/// Reads a file as long as `visit` wants more. What is wrong with it is said by the reading that judges it.
fn visit(file: &impl Source, mut visit: impl FnMut(&Kind<'_>) -> bool) {
    let Ok(read) = file.open() else { return };
    let mut reader = Reader::new(read, Limits::default());
    while let Ok(Some(event)) = reader.next() {
        if !visit(&event.kind) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edxml_is_told_by_its_root() {
        let of = |text: &str| Name::of_file(&text.as_bytes());
        assert_eq!(of(&format!("<!-- --><e:edXML xmlns:e='{QCVN_102}'/>")), Name::Edxml);
        assert_eq!(of(&format!("<a><edXML xmlns='{QCVN_102}'/></a>")), Name::None);
        assert_eq!(of("<edXML/>"), Name::None);
        assert_eq!(of(""), Name::None);
    }
}
