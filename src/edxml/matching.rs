//! Manifest and attachments must name the same files (REFERENCE 1.4).

use std::collections::HashSet;

use crate::domain::Code;
use crate::edxml::{Attachment, Manifest};
use crate::xml::Fault;
use unicode_normalization::UnicodeNormalization;

const REFERENCE: &str = "/edXML/edXMLEnvelope/edXMLBody/edXMLManifest/Reference";
const ATTACHMENT: &str = "/edXML/AttachmentEncoded/Attachment";

/// Each reference has its attachment, each attachment its reference, and no key stands twice.
/// The marks tell where the elements stand.
pub(super) fn check(
    manifest: &Manifest,
    reference_marks: &[u64],
    attachments: &[Attachment],
    attachment_marks: &[u64],
) -> Result<(), Fault> {
    let listed: Vec<String> = manifest.references.iter().map(|reference| normal(reference.key())).collect();
    let carried: Vec<String> = attachments.iter().map(|attachment| normal(attachment.key())).collect();
    if let Some(index) = first_repeat(&listed) {
        let detail = "an earlier Reference has the same ContentId";
        return Err(fault(Code::AttachmentRepeated, REFERENCE, index, reference_marks, detail));
    }
    if let Some(index) = first_repeat(&carried) {
        let detail = "an earlier Attachment has the same ContentId";
        return Err(fault(Code::AttachmentRepeated, ATTACHMENT, index, attachment_marks, detail));
    }
    if let Some(index) = first_outside(&listed, &carried) {
        let detail = "no Attachment has its ContentId";
        return Err(fault(Code::AttachmentMissing, REFERENCE, index, reference_marks, detail));
    }
    if let Some(index) = first_outside(&carried, &listed) {
        let detail = "no Reference of the manifest has its ContentId";
        return Err(fault(Code::AttachmentUnlisted, ATTACHMENT, index, attachment_marks, detail));
    }
    Ok(())
}

/// A status message carries no files.
pub(super) fn check_no_files(reference_marks: &[u64], attachment_marks: &[u64]) -> Result<(), Fault> {
    let detail = "a status message carries no files";
    if !reference_marks.is_empty() {
        return Err(fault(Code::ValueInvalid, REFERENCE, 0, reference_marks, detail));
    }
    if !attachment_marks.is_empty() {
        return Err(fault(Code::ValueInvalid, ATTACHMENT, 0, attachment_marks, detail));
    }
    Ok(())
}

fn normal(key: &str) -> String {
    if key.is_ascii() { key.to_owned() } else { key.nfc().collect() }
}

fn first_repeat(keys: &[String]) -> Option<usize> {
    let mut seen = HashSet::new();
    keys.iter().position(|key| !seen.insert(key))
}

fn first_outside(keys: &[String], others: &[String]) -> Option<usize> {
    let others: HashSet<&String> = others.iter().collect();
    keys.iter().position(|key| !others.contains(key))
}

fn fault(code: Code, path: &str, index: usize, marks: &[u64], detail: &'static str) -> Fault {
    let number = if index == 0 { String::new() } else { format!("[{}]", index + 1) };
    let offset = marks.get(index).copied().unwrap_or_default();
    Fault { path: format!("{path}{number}"), ..Fault::new(code, offset, detail) }
}
