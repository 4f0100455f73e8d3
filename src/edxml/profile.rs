//! The signature profile of edXML, as data for `signature`: where the Signature stands, what it covers, and what says
//! "not signed". `docs/signature-profile.md` says the same to integrators.

use crate::edxml::QCVN_102;
use crate::signature::Profile;

const ROOT: (&str, &str) = (QCVN_102, "edXML");
const ENVELOPE: (&str, &str) = (QCVN_102, "edXMLEnvelope");
const HEADER: (&str, &str) = (QCVN_102, "edXMLHeader");

/// One XML-DSig in `edXML/edXMLEnvelope/edXMLHeader` over the whole document (`URI=""`, enveloped), or by `#Id` over
/// all of `MessageHeader`, `TraceHeaderList`, `edXMLBody` and `AttachmentEncoded` that there are. The empty
/// `edXML:DigitalSignature` of .NET software in its place means "not signed" (REFERENCE 4.2).
#[must_use]
pub fn signature_profile() -> Profile {
    Profile::at(&[ROOT, ENVELOPE, HEADER])
        .placeholder(QCVN_102, "DigitalSignature")
        .part(&[ROOT, ENVELOPE, HEADER, (QCVN_102, "MessageHeader")])
        .part(&[ROOT, ENVELOPE, HEADER, (QCVN_102, "TraceHeaderList")])
        .part(&[ROOT, ENVELOPE, (QCVN_102, "edXMLBody")])
        .part(&[ROOT, (QCVN_102, "AttachmentEncoded")])
}
