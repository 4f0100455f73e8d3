//! The content of attachments: looked at while the message is read, streamed out of the message later.

use std::io::{self, BufRead, Chain, Read, Take};
use std::ops::Range;

use crate::domain::{Code, Digest};
use crate::edxml::Attachment;
use crate::edxml::base64::{Decoder, NotBase64};
use crate::edxml::damage::{Inspector, is_labelled_binary};
use crate::edxml::tree::Cursor;
use crate::xml::{Fault, Kind, Limits, Reader, Source, Stream};

/// The content of the attachment that is being read: decoded as it passes, and forgotten.
#[derive(Debug)]
pub(super) struct Payload {
    decoder: Decoder,
    inspector: Inspector,
    span: Option<Range<u64>>,
    spoilt: bool,
}

impl Payload {
    pub(super) fn new() -> Self {
        Self { decoder: Decoder::new(), inspector: Inspector::default(), span: None, spoilt: false }
    }

    /// For the next attachment.
    pub(super) fn restart(&mut self) {
        self.decoder.restart();
        (self.inspector, self.span, self.spoilt) = (Inspector::default(), None, false);
    }

    /// The element opens; false if there was one before.
    pub(super) fn open(&mut self, content: u64) -> bool {
        self.span.replace(content..content).is_none()
    }

    pub(super) fn text(&mut self, text: &str) {
        let Self { decoder, inspector, .. } = self;
        self.spoilt = self.spoilt || decoder.feed(text.as_bytes(), &mut |bytes| inspector.take(bytes)).is_err();
    }

    /// Something else than text stands in the element.
    pub(super) fn spoil(&mut self) {
        self.spoilt = true;
    }

    /// The element closes: its content ends here.
    pub(super) fn close(&mut self, end: u64) {
        self.spoilt = self.spoilt || self.decoder.finish().is_err();
        if let Some(span) = &mut self.span {
            span.end = end.max(span.start);
        }
    }

    /// Checks the content once all fields of the attachment are known, and enters what was seen of it.
    pub(super) fn complete(&self, attachment: Attachment, at: &Cursor<'_>) -> Result<Attachment, Fault> {
        let content = at.required("ContentTransferEncoded")?;
        content.value()?;
        if self.spoilt {
            return Err(content.fault(Code::Base64Invalid, "the text is not base64"));
        }
        if self.inspector.size() == 0 {
            return Err(content.fault(Code::ElementMissing, "ContentTransferEncoded is empty"));
        }
        let name = attachment.attachment_name.as_ref().map_or("", |name| name.as_str());
        let content_type = attachment.content_type.as_ref().map_or("", |label| label.as_str());
        if self.inspector.is_damaged(is_labelled_binary(name, content_type)) {
            return Err(content.fault(Code::AttachmentCorrupt, "bytes were replaced by U+FFFD (EF BF BD)"));
        }
        let span = self.span.clone().unwrap_or_default();
        Ok(Attachment { size: self.inspector.size(), kind: self.inspector.kind(), span, ..attachment })
    }
}

/// The decoded content of an attachment as a stream, out of the source that the message was read from. Memory stays
/// bounded. Zip files are given as they are.
///
/// # Errors
/// If the source cannot be read, or is not the one that the message was read from.
pub fn open_attachment<'s, S: Source>(
    source: &'s S,
    attachment: &Attachment,
) -> io::Result<AttachmentReader<S::Read<'s>>> {
    let mut read = Portions(source.open()?);
    skip(&mut read, attachment.span.start)?;
    let inside = read.take(attachment.span.end.saturating_sub(attachment.span.start));
    let element = (&b"<c>"[..]).chain(inside).chain(&b"</c>"[..]);
    let reader = Reader::new(element, Limits::default());
    Ok(AttachmentReader { reader, decoder: Decoder::new(), decoded: Vec::new(), given: 0 })
}

/// SHA-256 of the decoded content of an attachment. See [`open_attachment`].
pub fn attachment_digest<S: Source>(source: &S, attachment: &Attachment) -> io::Result<Digest> {
    let mut context = ring::digest::Context::new(&ring::digest::SHA256);
    let mut content = open_attachment(source, attachment)?;
    loop {
        let bytes = content.fill_buf()?;
        if bytes.is_empty() {
            return Ok(context.finish().into());
        }
        context.update(bytes);
        let length = bytes.len();
        content.consume(length);
    }
}

/// Gives decoded content; see [`open_attachment`].
pub struct AttachmentReader<R: BufRead> {
    reader: Reader<Stream<Element<R>>>,
    decoder: Decoder,
    decoded: Vec<u8>,
    given: usize,
}

impl<R: BufRead> std::fmt::Debug for AttachmentReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AttachmentReader").finish_non_exhaustive()
    }
}

impl<R: BufRead> AttachmentReader<R> {
    /// Decodes the next piece of text; false at the end.
    fn advance(&mut self) -> io::Result<bool> {
        self.decoded.clear();
        self.given = 0;
        let Self { reader, decoder, decoded, .. } = self;
        match reader.next().map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault.detail))? {
            None => {
                decoder.finish().map_err(not_base64)?;
                return Ok(false);
            }
            Some(event) => {
                if let Kind::Text(text) = event.kind {
                    let mut keep = |bytes: &[u8]| decoded.extend_from_slice(bytes);
                    decoder.feed(text.as_bytes(), &mut keep).map_err(not_base64)?;
                }
            }
        }
        Ok(true)
    }
}

impl<R: BufRead> BufRead for AttachmentReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.given >= self.decoded.len() && self.advance()? {}
        Ok(self.decoded.get(self.given..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.given = self.given.saturating_add(amount).min(self.decoded.len());
    }
}

impl<R: BufRead> Read for AttachmentReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut content = self.fill_buf()?;
        let length = content.read(buffer)?;
        self.consume(length);
        Ok(length)
    }
}

/// What stands inside the element, made an element again: so references, CDATA and comments in it are understood.
type Element<R> = Chain<Chain<&'static [u8], Take<Portions<R>>>, &'static [u8]>;

/// Hands out at most [`PORTION`] bytes at once, so that a source that has all its bytes at hand is decoded in pieces.
#[derive(Debug)]
struct Portions<R>(R);

const PORTION: usize = 64 << 10;

impl<R: BufRead> BufRead for Portions<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.0.fill_buf()?;
        Ok(bytes.get(..PORTION).unwrap_or(bytes))
    }

    fn consume(&mut self, amount: usize) {
        self.0.consume(amount);
    }
}

impl<R: BufRead> Read for Portions<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

fn not_base64(_: NotBase64) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the content is not base64")
}

/// Passes over bytes from the beginning.
fn skip(read: &mut impl BufRead, mut amount: u64) -> io::Result<()> {
    while amount > 0 {
        let available = read.fill_buf()?.len();
        if available == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let taken = usize::try_from(amount).unwrap_or(usize::MAX).min(available);
        read.consume(taken);
        amount -= u64::try_from(taken).unwrap_or(amount);
    }
    Ok(())
}
