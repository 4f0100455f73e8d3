//! From events to a [`Message`] in one pass. The skeleton (edXML, edXMLEnvelope, edXMLHeader, edXMLBody,
//! AttachmentEncoded) is followed here; each section inside it is collected into a [`Tree`], checked for the markers
//! of state secrets, then read. Contents of attachments are looked at as they pass and not kept.
//!
//! A fault in a section is raised when the section closes, so that a marker in it comes first: of a secret not even a
//! digest is kept (law 8).

use crate::domain::Code;
use crate::edxml::content::Payload;
use crate::edxml::dialect::{self, Undecided};
use crate::edxml::manifest::ATTACHMENTS_MAX;
use crate::edxml::matching;
use crate::edxml::remark::RemarkCode;
use crate::edxml::secrecy;
use crate::edxml::tree::{Notes, Tree, is_space};
use crate::edxml::watch::Watch;
use crate::edxml::{
    Attachment, Envelope, Manifest, Marks, Message, MessageHeader, Mode, QCVN_102, StatusMessage, TraceHeaderList,
};
use crate::xml::{Consumer, Event, Fault, Kind, Name, Start};

/// Of `Signature`, where it is declared; real software also leaves it in the QCVN namespace (REFERENCE 4.2).
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// Most bytes of `edXMLHeader` as they stand in the source: it is kept in memory (law 8).
pub const HEADER_OCTETS_MAX: u64 = 1 << 20;

/// Most octets that are kept of the manifest and of the fields of all attachments together.
const KEPT_OCTETS_MAX: usize = 2 << 20;

/// Reads one message; an [`xml::Consumer`](Consumer).
#[derive(Debug)]
pub struct Builder {
    notes: Notes,
    watch: Watch,
    stage: Stage,
    /// The open elements of the skeleton, outermost first, each with where it begins.
    open: Vec<(Part, u64)>,
    /// The parts that may stand once and have, each with where.
    seen: Vec<(Part, u64)>,
    tree: Tree,
    payload: Payload,
    kept: usize,
    head: Option<Head>,
    trace: TraceHeaderList,
    manifest: Manifest,
    reference_marks: Vec<u64>,
    attachments: Vec<Attachment>,
    attachment_marks: Vec<u64>,
    has_signature: bool,
}

/// Where the reading stands.
#[derive(Debug)]
enum Stage {
    /// Before the root.
    Start,
    /// In a root that alone does not tell what it is.
    Undecided(Undecided),
    /// In the skeleton.
    Skeleton,
    /// In a section.
    Section(Part),
    /// In `ContentTransferEncoded`, so many elements deep.
    Payload(usize),
    /// In an element that is not read, so many elements deep.
    Skip(usize),
}

/// The elements of the skeleton and the sections; each but `Attachment` stands once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Root,
    Envelope,
    Header,
    MessageHeader,
    TraceHeaderList,
    Body,
    Manifest,
    Encoded,
    Attachment,
}

/// What the header says the message is.
#[derive(Debug)]
enum Head {
    Document(Box<MessageHeader>, Marks),
    Status(Box<StatusMessage>),
}

impl Part {
    const fn name(self) -> &'static str {
        match self {
            Self::Root => "edXML",
            Self::Envelope => "edXMLEnvelope",
            Self::Header => "edXMLHeader",
            Self::MessageHeader => "MessageHeader",
            Self::TraceHeaderList => "TraceHeaderList",
            Self::Body => "edXMLBody",
            Self::Manifest => "edXMLManifest",
            Self::Encoded => "AttachmentEncoded",
            Self::Attachment => "Attachment",
        }
    }

    /// The parts that may stand in this one.
    const fn inside(self) -> &'static [Self] {
        match self {
            Self::Root => &[Self::Envelope, Self::Encoded],
            Self::Envelope => &[Self::Header, Self::Body],
            Self::Header => &[Self::MessageHeader, Self::TraceHeaderList],
            Self::Body => &[Self::Manifest],
            Self::Encoded => &[Self::Attachment],
            Self::MessageHeader | Self::TraceHeaderList | Self::Manifest | Self::Attachment => &[],
        }
    }

    const fn is_section(self) -> bool {
        self.inside().is_empty()
    }
}

impl Consumer for Builder {
    type Output = Message;

    fn event(&mut self, event: &Event<'_>) -> Result<(), Fault> {
        match event.kind {
            Kind::Start(start) => {
                self.watch.start(&start, event.span.start)?;
                self.start(&start, &event.span)?;
            }
            Kind::Text(text) => {
                self.watch.text(text);
                self.text(text)?;
            }
            Kind::End(_) => {
                self.watch.end()?;
                self.end(&event.span)?;
            }
            Kind::Comment(_) | Kind::ProcessingInstruction { .. } => {}
        }
        self.check_bounds(event.span.end)
    }

    fn finish(self) -> Result<Message, Fault> {
        match (&self.stage, self.head.is_some()) {
            (Stage::Undecided(undecided), _) => Err(undecided.end()),
            (_, false) => Err(self.header_missing()),
            (_, true) => self.message(),
        }
    }
}

impl Builder {
    /// A builder for one message.
    #[must_use]
    pub fn new(mode: Mode) -> Self {
        Self {
            notes: Notes::new(mode),
            watch: Watch::default(),
            stage: Stage::Start,
            open: Vec::new(),
            seen: Vec::new(),
            tree: Tree::new(),
            payload: Payload::new(),
            kept: 0,
            head: None,
            trace: TraceHeaderList::default(),
            manifest: Manifest::default(),
            reference_marks: Vec::new(),
            attachments: Vec::new(),
            attachment_marks: Vec::new(),
            has_signature: false,
        }
    }

    fn start(&mut self, start: &Start<'_>, span: &std::ops::Range<u64>) -> Result<(), Fault> {
        let opens_payload = self.tree.depth() == 1 && start.name().is(QCVN_102, "ContentTransferEncoded");
        match &mut self.stage {
            Stage::Start => self.start_root(start, span.start),
            Stage::Undecided(undecided) => undecided.element(start.name()),
            Stage::Skeleton => self.start_part(start, span.start),
            Stage::Section(Part::Attachment) if opens_payload => self.start_payload(start, span),
            Stage::Section(_) => self.tree.start(start, span.start),
            Stage::Payload(depth) => {
                *depth += 1;
                self.payload.spoil();
                Ok(())
            }
            Stage::Skip(depth) => {
                *depth += 1;
                Ok(())
            }
        }
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        match &self.stage {
            Stage::Section(_) => self.tree.text(text),
            Stage::Payload(_) => {
                self.payload.text(text);
                Ok(())
            }
            Stage::Skeleton if !text.bytes().all(is_space) => {
                let offset = self.open.last().map_or(0, |&(_, offset)| offset);
                self.notes.remark(RemarkCode::UnknownText, offset, || self.path());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn end(&mut self, span: &std::ops::Range<u64>) -> Result<(), Fault> {
        match &mut self.stage {
            Stage::Start | Stage::Undecided(_) => {}
            Stage::Skeleton => {
                self.open.pop();
            }
            Stage::Section(part) => {
                let part = *part;
                self.tree.end();
                if self.tree.depth() == 0 {
                    self.stage = Stage::Skeleton;
                    return self.close_section(part);
                }
            }
            Stage::Payload(1) => {
                self.payload.close(span.start);
                self.tree.end();
                self.stage = Stage::Section(Part::Attachment);
            }
            Stage::Skip(1) => self.stage = Stage::Skeleton,
            Stage::Payload(depth) | Stage::Skip(depth) => *depth -= 1,
        }
        Ok(())
    }

    fn start_root(&mut self, start: &Start<'_>, offset: u64) -> Result<(), Fault> {
        self.stage = if let Some(undecided) = dialect::of_root(start, offset)? {
            Stage::Undecided(undecided)
        } else {
            self.open.push((Part::Root, offset));
            self.seen.push((Part::Root, offset));
            Stage::Skeleton
        };
        Ok(())
    }

    fn start_part(&mut self, start: &Start<'_>, offset: u64) -> Result<(), Fault> {
        let name = start.name();
        let around = self.open.last().map_or(Part::Root, |&(part, _)| part);
        let inside = around.inside().iter().find(|part| name.is(QCVN_102, part.name()));
        let Some(&part) = inside else {
            self.start_other(around, name, offset);
            return Ok(());
        };
        if part == Part::Attachment {
            self.start_attachment(offset)?;
        } else if self.seen.iter().any(|&(seen, _)| seen == part) {
            return Err(Fault::new(Code::ElementRepeated, offset, format!("{} may stand once", part.name())));
        } else {
            self.seen.push((part, offset));
        }
        if !part.is_section() {
            self.open.push((part, offset));
            return Ok(());
        }
        let number = if part == Part::Attachment { self.attachment_marks.len() } else { 1 };
        self.tree.restart(self.path(), number);
        self.stage = Stage::Section(part);
        self.tree.start(start, offset)
    }

    /// A signature (somebody else's matter), or an element that the standard does not have.
    fn start_other(&mut self, around: Part, name: Name<'_>, offset: u64) {
        let ours = name.ns == QCVN_102 || name.ns == DSIG;
        match name.local {
            "Signature" if ours && around == Part::Header => self.has_signature = true,
            "DigitalSignature" if ours && around == Part::Header => {}
            local => self.notes.remark(RemarkCode::UnknownElement, offset, || format!("{}/{local}", self.path())),
        }
        self.stage = Stage::Skip(1);
    }

    fn start_attachment(&mut self, offset: u64) -> Result<(), Fault> {
        if self.attachments.len() >= ATTACHMENTS_MAX {
            return Err(Fault::new(Code::XmlLimit, offset, format!("more than {ATTACHMENTS_MAX} Attachment")));
        }
        self.payload.restart();
        self.attachment_marks.push(offset);
        Ok(())
    }

    fn start_payload(&mut self, start: &Start<'_>, span: &std::ops::Range<u64>) -> Result<(), Fault> {
        if !self.payload.open(span.end) {
            return Err(Fault::new(Code::ElementRepeated, span.start, "ContentTransferEncoded may stand once"));
        }
        self.stage = Stage::Payload(1);
        self.tree.start(start, span.start)
    }

    fn close_section(&mut self, part: Part) -> Result<(), Fault> {
        let at = self.tree.root(&self.notes);
        match part {
            Part::MessageHeader => {
                secrecy::check_header(&at)?;
                self.head = Some(if at.look("StatusCode").next().is_some() {
                    Head::Status(Box::new(StatusMessage::read(&at)?))
                } else {
                    let (header, marks) = MessageHeader::read(&at)?;
                    Head::Document(Box::new(header), marks)
                });
            }
            Part::TraceHeaderList => self.trace = TraceHeaderList::read(&at)?,
            Part::Manifest => {
                secrecy::check_files(at.look("Reference"))?;
                (self.manifest, self.reference_marks) = Manifest::read(&at)?;
                self.kept += self.tree.size();
            }
            _ => {
                secrecy::check_files(std::iter::once(at))?;
                self.attachments.push(self.payload.complete(Attachment::read(&at)?, &at)?);
                self.kept += self.tree.size();
            }
        }
        self.tree.remark_unread(&self.notes);
        Ok(())
    }

    /// Memory: the header as it stands, and what is kept of the body.
    fn check_bounds(&self, end: u64) -> Result<(), Fault> {
        if let Some(&(Part::Header, offset)) = self.open.last()
            && end.saturating_sub(offset) > HEADER_OCTETS_MAX
        {
            let detail = format!("edXMLHeader is larger than {HEADER_OCTETS_MAX} bytes");
            return Err(Fault { path: self.path(), ..Fault::new(Code::XmlLimit, offset, detail) });
        }
        if self.kept + self.tree.size() > KEPT_OCTETS_MAX {
            return Err(Fault::new(
                Code::XmlLimit,
                end,
                format!("more than {KEPT_OCTETS_MAX} octets beside the files"),
            ));
        }
        Ok(())
    }

    /// Path of the innermost open element of the skeleton.
    fn path(&self) -> String {
        let mut path = String::with_capacity(64);
        path.extend(self.open.iter().flat_map(|(part, _)| ["/", part.name()]));
        path
    }

    fn header_missing(&self) -> Fault {
        let (mut path, mut offset) = (String::new(), 0);
        for part in [Part::Root, Part::Envelope, Part::Header, Part::MessageHeader] {
            let Some(&(_, seen)) = self.seen.iter().find(|&&(seen, _)| seen == part) else {
                let detail = format!("{} is missing", part.name());
                return Fault { path, ..Fault::new(Code::ElementMissing, offset, detail) };
            };
            path = format!("{path}/{}", part.name());
            offset = seen;
        }
        Fault { path, ..Fault::new(Code::ElementMissing, offset, "the message has no content") }
    }

    fn message(self) -> Result<Message, Fault> {
        match self.head {
            Some(Head::Document(header, marks)) => {
                matching::check(&self.manifest, &self.reference_marks, &self.attachments, &self.attachment_marks)?;
                Ok(Message::Document(Box::new(Envelope {
                    header: *header,
                    trace: self.trace,
                    manifest: self.manifest,
                    attachments: self.attachments,
                    has_signature: self.has_signature,
                    remarks: self.notes.into_remarks(),
                    marks,
                })))
            }
            Some(Head::Status(mut status)) => {
                matching::check_no_files(&self.reference_marks, &self.attachment_marks)?;
                status.remarks = self.notes.into_remarks();
                Ok(Message::Status(status))
            }
            None => Err(self.header_missing()),
        }
    }
}
