//! The line of the agency's and the person's signatures, beside that of the envelope: what a hub reports, and what a
//! file shows without any hub.

use std::cell::RefCell;
use std::fs::File;
use std::path::Path;

use serde_json::{Value, json};

use crate::api::{AttachmentSignatures, DocumentSignatures};
use crate::cli::exit::Failure;
use crate::cli::message::MessageFile;
use crate::cli::{Context, words};
use crate::document::{
    Examiner, FileAt, FileKind, FileReport, SignatureReport, any, signed_name, words as report_words,
};
use crate::domain::{Lang, Timestamp};
use crate::edxml::{self, Message, Mode};
use crate::intake::attached;
use crate::trust::TrustStore;

/// What was found in the documents that a command was given.
#[derive(Debug)]
pub(super) struct Documents(Vec<AttachmentSignatures>);

impl Documents {
    /// The documents attached to an edXML message; nothing of what is no document message, or cannot be read as one.
    pub(super) fn of_message(message: &MessageFile, trust: &Open<'_>, at: Timestamp) -> Result<Option<Self>, Failure> {
        let Ok(Message::Document(document)) = edxml::read(message, Mode::Tolerant) else { return Ok(None) };
        examined(trust, at, |examiner| {
            attached::examine(message, &document.attachments, examiner, &std::env::temp_dir()).map(Self).ok()
        })
    }

    /// A PDF, a CMS signature or a zip by itself; nothing if the file is none of these. `content` is what a detached
    /// signature signs; without it, the file beside it that has its name without `.p7s`.
    pub(super) fn of_file(
        path: &Path,
        content: Option<&Path>,
        trust: &Open<'_>,
        at: Timestamp,
    ) -> Result<Option<Self>, Failure> {
        let beside = path.to_str().and_then(signed_name).map(Path::new).filter(|beside| beside.is_file());
        let content = content.or(beside).map(open).transpose()?;
        let content = content.as_ref().map(any);
        let file = open(path)?;
        let mut unread = None;
        let documents = examined(trust, at, |examiner| {
            let files = examiner.examine(&file, content, &std::env::temp_dir());
            let files = files.map_err(|error| unread = Some(Failure::read(path, &error))).ok()?;
            if let [FileReport { kind: FileKind::Other, .. }] = files.as_slice() {
                return None;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            Some(Self(vec![AttachmentSignatures { attachment: 1, name, files }]))
        })?;
        unread.map_or(Ok(documents), Err)
    }

    /// Whether there are signatures, and every one of them is TOTAL-PASSED.
    fn passed(&self) -> bool {
        let files = || self.0.iter().flat_map(|attachment| &attachment.files);
        let is_whole = |file: &FileReport| file.unread.is_none() && !file.cut_off;
        let mut signatures = files().flat_map(|file| &file.signatures).peekable();
        files().all(is_whole) && signatures.peek().is_some() && signatures.all(SignatureReport::passed)
    }

    /// Prints what was found; whether all is well decides how the command ends.
    pub(super) fn tell(&self, context: &Context) -> Result<(), Failure> {
        if context.out.is_json() {
            context.out.json(&json!({ "documents": self.json() }))?;
        } else {
            for line in self.lines(context.lang) {
                context.out.line(line)?;
            }
        }
        if self.passed() { Ok(()) } else { Err(Failure::Negative) }
    }

    /// One line for all, and one for each signature.
    pub(super) fn lines(&self, lang: Lang) -> Vec<String> {
        lines(&self.0, lang)
    }

    /// The reports as they stand.
    pub(super) fn json(&self) -> Value {
        json!(self.0)
    }
}

/// Opens the trust store, to which certificates are offered that came with a file.
type Open<'a> = dyn Fn(&[Vec<u8>]) -> Result<TrustStore, Failure> + 'a;

/// Examines by the trust alone, and where that is not enough once more with the certificates that were met: an authority of
/// theirs may stand in no file of the verifier's, and its CRLs must be taken.
fn examined(
    trust: &Open<'_>,
    at: Timestamp,
    mut examine: impl FnMut(&Examiner<'_>) -> Option<Documents>,
) -> Result<Option<Documents>, Failure> {
    let (met, believed) = (RefCell::default(), trust(&[])?);
    let first = examine(&Examiner { met: Some(&met), ..Examiner::alone(&believed, at) });
    let met = met.into_inner();
    if met.is_empty() || first.as_ref().is_none_or(Documents::passed) {
        return Ok(first);
    }
    let believed = trust(&met)?;
    Ok(examine(&Examiner::alone(&believed, at)))
}

fn open(path: &Path) -> Result<FileAt, Failure> {
    File::open(path).and_then(FileAt::new).map_err(|error| Failure::read(path, &error))
}

/// What a hub said about a document's signatures; that it said nothing is no failure of the command.
pub(super) fn of_hub(answer: Result<DocumentSignatures, Failure>, lang: Lang) -> Vec<String> {
    if let Ok(report) = answer {
        return lines(&report.attachments, lang);
    }
    let unknown = words::pick(lang, "chưa kiểm tra được", "could not be looked at");
    vec![format!("{}: {unknown}", report_words::heading(lang))]
}

fn lines(attachments: &[AttachmentSignatures], lang: Lang) -> Vec<String> {
    let files = attachments.iter().flat_map(|attachment| &attachment.files);
    let first = format!("{}: {}", report_words::heading(lang), report_words::summary(files, lang));
    let details = attachments
        .iter()
        .flat_map(|attachment| attachment.files.iter().flat_map(move |file| of_file(&attachment.name, file, lang)));
    std::iter::once(first).chain(details.map(|line| format!("  {}", words::shown(&line)))).collect()
}

fn of_file(attachment: &str, file: &FileReport, lang: Lang) -> Vec<String> {
    let name = match &file.entry {
        Some(entry) if entry != attachment => format!("{attachment} › {entry}"),
        _ => attachment.to_owned(),
    };
    let unread =
        file.unread.iter().map(|why| format!("{}: {why}", words::pick(lang, "chưa kiểm tra", "not looked at")));
    let more = words::pick(lang, "còn chữ ký khác chưa kiểm tra", "there are more signatures than were looked at");
    let more = file.cut_off.then(|| more.to_owned());
    let signatures = file.signatures.iter().map(|one| one.line(lang));
    signatures.chain(unread).chain(more).map(|line| format!("{name}: {line}")).collect()
}
