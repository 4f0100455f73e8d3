//! The documents attached to a message, each taken out for a moment and examined. Decides nothing: it is asked after
//! acceptance, or by whoever holds the file (DESIGN 4).

use std::io;
use std::path::Path;

use crate::api::AttachmentSignatures;
use crate::document::{Examiner, FileReport, Spool, Spooled, any, signed_name};
use crate::edxml::{Attachment, ContentKind, open_attachment};
use crate::xml::Source;

/// Most octets of one attachment that are looked at.
const ATTACHMENT_OCTETS_MAX: u64 = 1 << 30;
/// Largest file that is looked at as a `.p7s`.
const SIGNATURE_FILE_OCTETS_MAX: u64 = 4 << 20;
/// Most signatures of one message that are looked at.
const SIGNATURES_MAX: usize = 256;

/// Examines the attachments of a message that was read from `source`. Each is decoded into `folder`, into a file without
/// a name, for as long as it is looked at. Attachments that cannot hold a signature are left out.
///
/// # Errors
/// When the source cannot be read, or the folder not be written to.
pub fn examine<S: Source>(
    source: &S,
    attachments: &[Attachment],
    examiner: &Examiner<'_>,
    folder: &Path,
) -> io::Result<Vec<AttachmentSignatures>> {
    let mut reports = Vec::new();
    let mut signatures = 0_usize;
    for (number, attachment) in (1_u64..).zip(attachments).filter(|(_, attachment)| may_be_signed(attachment)) {
        let files = if signatures < SIGNATURES_MAX {
            files(source, attachments, attachment, examiner, folder)?
        } else {
            vec![FileReport::unread("there are more signatures in the message than are looked at")]
        };
        signatures = files.iter().fold(signatures, |sum, file| sum.saturating_add(file.signatures.len()));
        reports.push(AttachmentSignatures { attachment: number, name: name(attachment).to_owned(), files });
    }
    Ok(reports)
}

/// By its first bytes; what is neither PDF nor zip may still be CMS, or a PDF with something before its header.
fn may_be_signed(attachment: &Attachment) -> bool {
    match attachment.kind {
        ContentKind::Pdf | ContentKind::Zip => true,
        ContentKind::Other => is_named(attachment, ".pdf") || attachment.size <= SIGNATURE_FILE_OCTETS_MAX,
        ContentKind::Compound | ContentKind::Image | ContentKind::Archive => is_named(attachment, ".pdf"),
    }
}

fn is_named(attachment: &Attachment, ending: &str) -> bool {
    name(attachment).to_lowercase().ends_with(ending)
}

fn files<S: Source>(
    source: &S,
    all: &[Attachment],
    attachment: &Attachment,
    examiner: &Examiner<'_>,
    folder: &Path,
) -> io::Result<Vec<FileReport>> {
    if attachment.size > ATTACHMENT_OCTETS_MAX {
        return Ok(vec![FileReport::unread("the attachment is larger than is looked at")]);
    }
    let signed = signed_name(name(attachment));
    let beside = signed.and_then(|signed| all.iter().find(|other| name(other) == signed));
    let beside = beside.map(|beside| decoded(source, beside, folder)).transpose()?;
    let content = beside.as_ref().map(any);
    examiner.examine(&decoded(source, attachment, folder)?, content, folder)
}

fn decoded<S: Source>(source: &S, attachment: &Attachment, folder: &Path) -> io::Result<Spooled> {
    let mut spool = Spool::new(folder, ATTACHMENT_OCTETS_MAX);
    io::copy(&mut open_attachment(source, attachment)?, &mut spool)?;
    spool.finish()
}

fn name(attachment: &Attachment) -> &str {
    attachment.attachment_name.as_ref().map_or("", |name| name.as_str())
}
