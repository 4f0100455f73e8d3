//! Which kind of message this is: told by the root element's name and namespace, one variant a shape, no fallback
//! (REFERENCE 1). Only QCVN 102 is read; the others get a refusal that says what they are.

use crate::domain::Code;
use crate::edxml::QCVN_102;
use crate::xml::{Fault, Name, Start};

/// SOAP 1.1.
const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// V2, provincial hubs of 2014 to 2018.
const EDOC_VN: &str = "http://www.e-doc.vn/Schema/";
/// V3, one client's guess.
const GO_VN: &str = "http://www.go.vn/eDoc";
/// V4, malware reports in SOAP.
const SECURITY_REPORT: &str = "http://edxml.gov.vn/schema";

/// What is written on every refusal of an unknown root.
const EXPECTED: &str = "expected the root edXML in the namespace http://www.mic.gov.vn/TBT/QCVN_102_2016";

/// The shapes that bear the name of edXML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// V1 and V1s.
    Qcvn102,
    /// V2.
    SoapEdoc,
    /// V3.
    FlatGoVn,
    /// V4.
    SecurityReport,
}

/// A root that alone does not tell: what stands inside it does.
#[derive(Debug)]
pub(super) struct Undecided {
    offset: u64,
    path: String,
    root: Root,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Root {
    /// A SOAP envelope: its first element from outside SOAP tells.
    Soap,
    /// `edXMLEnvelope` or the like as the root: a malware report (V4) if `AVReport` stands in it.
    Bare,
}

/// Looks at the root. Nothing: it is QCVN 102. Else what it may be, if that is not told yet.
pub(super) fn of_root(start: &Start<'_>, offset: u64) -> Result<Option<Undecided>, Fault> {
    let name = start.name();
    let declared = |uri: &str| start.declarations().any(|(_, declared)| declared == uri);
    let dialect = match (name.ns, name.local) {
        (QCVN_102, "edXML") => Dialect::Qcvn102,
        (SOAP, "Envelope") if declared(EDOC_VN) => Dialect::SoapEdoc,
        (SOAP, "Envelope") if declared(SECURITY_REPORT) => Dialect::SecurityReport,
        (SOAP, "Envelope") => return Ok(Some(Undecided::new(Root::Soap, name, offset))),
        (GO_VN, _) => Dialect::FlatGoVn,
        (SECURITY_REPORT, _) | (_, "AVReport") => Dialect::SecurityReport,
        (_, "EdXML" | "edXMLEnvelope" | "EdXMLEnvelope") => {
            return Ok(Some(Undecided::new(Root::Bare, name, offset)));
        }
        _ => return Err(unknown(offset)),
    };
    match dialect {
        Dialect::Qcvn102 => Ok(None),
        other => Err(refused(other, offset)),
    }
}

impl Undecided {
    fn new(root: Root, name: Name<'_>, offset: u64) -> Self {
        Self { offset, path: format!("/{}", name.local), root }
    }

    /// Looks at the next element inside; a fault once it tells.
    pub(super) fn element(&self, name: Name<'_>) -> Result<(), Fault> {
        let dialect = match (self.root, name.ns, name.local) {
            (Root::Soap, SOAP, _) => None,
            (Root::Soap, EDOC_VN, _) => Some(Dialect::SoapEdoc),
            (_, SECURITY_REPORT, _) | (_, _, "AVReport") => Some(Dialect::SecurityReport),
            (Root::Soap, _, _) => return Err(self.end()),
            (Root::Bare, _, _) => None,
        };
        let at_root = |fault| Fault { path: self.path.clone(), ..fault };
        dialect.map_or(Ok(()), |dialect| Err(at_root(refused(dialect, self.offset))))
    }

    /// Nothing inside told.
    pub(super) fn end(&self) -> Fault {
        Fault { path: self.path.clone(), ..unknown(self.offset) }
    }
}

fn refused(dialect: Dialect, offset: u64) -> Fault {
    let (code, detail) = match dialect {
        Dialect::Qcvn102 => (Code::EdxmlUnknownRoot, EXPECTED),
        Dialect::SoapEdoc => (Code::EdxmlSoap, "a SOAP envelope of http://www.e-doc.vn/Schema/"),
        Dialect::FlatGoVn => (Code::EdxmlFlat, "the namespace is http://www.go.vn/eDoc"),
        Dialect::SecurityReport => (Code::EdxmlNotDocument, "a security report, not a document"),
    };
    Fault::new(code, offset, detail)
}

fn unknown(offset: u64) -> Fault {
    Fault::new(Code::EdxmlUnknownRoot, offset, EXPECTED)
}
