//! The signatures inside documents: in PDFs and in CMS files beside them. They carry legal force (REFERENCE 4.1), and they
//! are examined and reported here, bytes to report; nothing here decides whether a message is admitted. It knows no
//! edXML and no HTTP.
//!
//! A signature goes `pdf` or `detached` (where it is, what it covers) -> `check` (is it right) -> `time_stamp` (when)
//! -> `judge` (may its certificate be believed) -> `report`.

mod algorithm;
mod attributes;
mod ber;
mod check;
mod cursor;
mod detached;
mod holder;
mod judge;
mod oid;
mod pdf;
mod reason;
mod report;
mod signed_data;
mod signer;
mod source;
mod spool;
mod time;
mod time_stamp;
pub mod words;
mod zip;

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::path::Path;

pub use reason::{Note, Reason};
pub use report::{
    Coverage, FileKind, FileReport, Holder, HolderBasis, HolderKind, Later, Revocation, RevocationSource, Root,
    SignatureKind, SignatureReport, TimeBasis, TimeStampReport,
};
pub use source::{FileAt, ReadAt, any};
pub use spool::{Spool, Spooled};

use crate::domain::{OrganId, Timestamp};
use crate::signature::SignerInfo;
use crate::trust::TrustStore;

/// Most certificates that are taken down.
const MET_MAX: usize = 256;

/// Who looks at documents, and with what.
#[derive(Clone, Copy)]
pub struct Examiner<'a> {
    /// Whom to believe.
    pub trust: &'a TrustStore,
    /// When the documents were received: nothing proves that they are older, but for time stamps.
    pub received_at: Timestamp,
    /// The agencies for which a certificate is registered at a time.
    pub register: &'a dyn Fn(&SignerInfo, Timestamp) -> Vec<OrganId>,
    /// From/OrganId of the message that the documents came in.
    pub sender: Option<&'a OrganId>,
    /// Takes down the certificates that came with the signatures, in DER.
    pub met: Option<&'a RefCell<Vec<Vec<u8>>>>,
}

/// The name of the file that a detached signature of this name signs: `letter.docx` of `letter.docx.p7s`.
#[must_use]
pub fn signed_name(name: &str) -> Option<&str> {
    let at = name.len().checked_sub(4)?;
    name.get(at..).filter(|ending| ending.eq_ignore_ascii_case(".p7s")).and_then(|_| name.get(..at))
}

fn is_signed_name(name: &str) -> bool {
    let name = name.to_lowercase();
    [".pdf", ".p7s"].iter().any(|ending| name.ends_with(ending))
}

/// What a `.p7s` in a zip signs: the file of the same name without that ending.
fn beside(entries: &[zip::Entry], name: &str, source: &dyn ReadAt, folder: &Path) -> io::Result<Option<Spooled>> {
    let signed = signed_name(name).and_then(|signed| entries.iter().find(|entry| entry.name == signed));
    match signed {
        Some(entry) => Ok(entry.unpack(source, folder)?.ok()),
        None => Ok(None),
    }
}

/// A register without lines.
fn nobody(_: &SignerInfo, _: Timestamp) -> Vec<OrganId> {
    Vec::new()
}

impl fmt::Debug for Examiner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Examiner").field("received_at", &self.received_at).finish_non_exhaustive()
    }
}

impl<'a> Examiner<'a> {
    /// Without a register and a sender.
    #[must_use]
    pub fn alone(trust: &'a TrustStore, received_at: Timestamp) -> Self {
        Self { trust, received_at, register: &nobody, sender: None, met: None }
    }

    fn meet(&self, certificates: &[&[u8]]) {
        if let Some(met) = self.met {
            let room = MET_MAX.saturating_sub(met.borrow().len());
            met.borrow_mut().extend(certificates.iter().take(room).map(|der| der.to_vec()));
        }
    }

    /// Examines a file, whatever it is: its bytes say. `content` is what a CMS without content of its own signs. A zip
    /// gives a report of each file in it, which is unpacked into `folder` for as long as it is looked at.
    ///
    /// # Errors
    /// When the bytes cannot be had.
    pub fn examine(
        &self,
        source: &dyn ReadAt,
        content: Option<&dyn ReadAt>,
        folder: &Path,
    ) -> io::Result<Vec<FileReport>> {
        if zip::is_zip(source)? {
            self.zip(source, folder)
        } else {
            self.file(source, content).map(|report| vec![report])
        }
    }

    fn file(&self, source: &dyn ReadAt, content: Option<&dyn ReadAt>) -> io::Result<FileReport> {
        // What a CMS signs may stand inside, a PDF too, and its header may be found where a PDF's may stand.
        if let Some(der) = detached::read(source)? {
            return detached::examine(&der, content, self);
        }
        if pdf::is_pdf(source)? {
            return pdf::examine(source, self);
        }
        Ok(FileReport::without(FileKind::Other))
    }

    fn zip(&self, source: &dyn ReadAt, folder: &Path) -> io::Result<Vec<FileReport>> {
        let Some((entries, cut_off)) = zip::entries(source)? else {
            let unread = Some("the zip has no directory that can be read".to_owned());
            return Ok(vec![FileReport { unread, ..FileReport::without(FileKind::Zip) }]);
        };
        // Office files are zips by nature: only what calls itself a signed file is unpacked from them.
        let is_office = entries.iter().any(|entry| matches!(entry.name.as_str(), "[Content_Types].xml" | "mimetype"));
        let mut reports = Vec::new();
        for entry in entries.iter().filter(|entry| !is_office || is_signed_name(&entry.name)) {
            let mut report = match entry.unpack(source, folder)? {
                Ok(file) => {
                    let beside = beside(&entries, &entry.name, source, folder)?;
                    self.file(&file, beside.as_ref().map(any))?
                }
                Err(fault) => FileReport { unread: Some(fault.to_owned()), ..FileReport::without(FileKind::Other) },
            };
            report.entry = Some(entry.name.clone());
            reports.push(report);
        }
        if cut_off {
            reports.push(FileReport { cut_off, ..FileReport::without(FileKind::Zip) });
        }
        Ok(reports)
    }

    /// Examines an RFC 3161 time stamp, or the response that holds one, of `content`. `known` are certificates that did
    /// not come with it.
    ///
    /// # Errors
    /// When the bytes of the content cannot be had.
    pub fn time_stamp(&self, token: &[u8], content: &[u8], known: &[Vec<u8>]) -> io::Result<TimeStampReport> {
        let token = time_stamp::token_of_response(token).unwrap_or(token);
        time_stamp::examine(token, &content, self.trust, known)
    }
}
