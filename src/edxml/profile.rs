//! The signature profile of edXML, as data for `signature`: where the Signature stands and what says "not signed".

use crate::edxml::QCVN_102;
use crate::signature::Profile;

/// One XML-DSig in `edXML/edXMLEnvelope/edXMLHeader` over the whole document (`URI=""`, enveloped). The empty
/// `edXML:DigitalSignature` of .NET software in its place means "not signed" (REFERENCE 4.2).
#[must_use]
pub fn signature_profile() -> Profile {
    let path = [(QCVN_102, "edXML"), (QCVN_102, "edXMLEnvelope"), (QCVN_102, "edXMLHeader")];
    Profile::at(&path).placeholder(QCVN_102, "DigitalSignature")
}
