//! The two tolerances of REFERENCE 1.9 that change what the XML reader sees: bytes before the XML declaration, and the
//! prefixes `edXML` and `xlink` without a declaration. Only under policy `record`, and only after a first reading has
//! failed: the message itself stays what it is, byte for byte.

use std::io::{self, BufRead, Chain, Read};

use memchr::{memchr, memmem};

use crate::domain::Code;
use crate::edxml::manifest::XLINK;
use crate::edxml::remark::{Remark, RemarkCode};
use crate::edxml::{Message, QCVN_102};
use crate::xml::Source;

/// How far into a source junk is passed over and the root is looked for.
const HEAD: usize = 64 << 10;

/// A source as it has to be read: without what stands before the document, with the two declarations added to the
/// root. Itself a [`Source`].
#[derive(Debug)]
pub struct TolerantView<'s, S> {
    source: &'s S,
    /// Bytes passed over at the beginning.
    skipped: u64,
    /// Where in the view the declarations are added, and the declarations.
    added: Option<(u64, String)>,
}

impl<'s, S: Source> TolerantView<'s, S> {
    /// The source as it is.
    pub fn new(source: &'s S) -> Self {
        Self { source, skipped: 0, added: None }
    }

    /// After a reading has failed with `code`: allows what may help. False if nothing more can be allowed: then the
    /// refusal stands. Reading again after `true` ends, since each of the two is allowed once.
    ///
    /// # Errors
    /// If the source cannot be read.
    pub fn widen(&mut self, code: Code) -> io::Result<bool> {
        match code {
            Code::XmlMalformed | Code::XmlEncoding if self.skipped == 0 && self.added.is_none() => self.skip_junk(),
            Code::XmlNamespace if self.added.is_none() => self.add_declarations(),
            _ => Ok(false),
        }
    }

    /// What was allowed.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let junk = (self.skipped > 0).then_some((RemarkCode::LeadingBytes, 0));
        let prefixes = self.added.as_ref().map(|_| (RemarkCode::PrefixUndeclared, self.skipped));
        let remark = |(code, offset)| Remark { code, path: String::new(), offset };
        junk.into_iter().chain(prefixes).map(remark).collect()
    }

    /// Makes the offsets and spans of a message that was read from this view those of the source, and enters the
    /// remarks.
    pub fn restore(&self, message: &mut Message) {
        let remarks = match message {
            Message::Document(envelope) => {
                for attachment in &mut envelope.attachments {
                    attachment.span = self.original(attachment.span.start)..self.original(attachment.span.end);
                }
                let marks = &mut envelope.marks;
                for mark in marks.to.iter_mut().chain([&mut marks.from, &mut marks.document_id]) {
                    *mark = self.original(*mark);
                }
                &mut envelope.remarks
            }
            Message::Status(status) => {
                let marks = &mut status.marks;
                for mark in [&mut marks.from, &mut marks.response_for, &mut marks.status_code] {
                    *mark = self.original(*mark);
                }
                &mut status.remarks
            }
        };
        for remark in remarks.iter_mut() {
            remark.offset = self.original(remark.offset);
        }
        remarks.splice(0..0, self.remarks());
    }

    /// The offset in the source of an offset in the view.
    #[must_use]
    pub fn original(&self, offset: u64) -> u64 {
        let before = match &self.added {
            Some((at, added)) if offset > *at => offset.saturating_sub(octets(added.len())).max(*at),
            _ => offset,
        };
        before + self.skipped
    }

    fn head(&self) -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        self.source.open()?.take(self.skipped + octets(HEAD)).read_to_end(&mut head)?;
        Ok(head.split_off(usize::try_from(self.skipped).unwrap_or(usize::MAX).min(head.len())))
    }

    /// Passes over everything before the XML declaration, or before the first tag where there is none.
    fn skip_junk(&mut self) -> io::Result<bool> {
        let head = self.head()?;
        let Some(start) = memmem::find(&head, b"<?xml").or_else(|| memchr(b'<', &head)) else { return Ok(false) };
        self.skipped = octets(start);
        Ok(start > 0)
    }

    /// Adds to the root what its tag does not declare.
    fn add_declarations(&mut self) -> io::Result<bool> {
        let head = self.head()?;
        let Some((name_end, tag_end)) = root_tag(&head) else { return Ok(false) };
        let tag = head.get(name_end..tag_end).unwrap_or_default();
        let mut added = String::new();
        for (prefix, uri) in [("edXML", QCVN_102), ("xlink", XLINK)] {
            if memmem::find(tag, format!("xmlns:{prefix}").as_bytes()).is_none() {
                added.extend([" xmlns:", prefix, "=\"", uri, "\""]);
            }
        }
        let helps = !added.is_empty();
        self.added = helps.then_some((octets(name_end), added));
        Ok(helps)
    }
}

/// Where in `head` the root's name ends, and where its tag ends.
fn root_tag(head: &[u8]) -> Option<(usize, usize)> {
    let mut at = 0;
    loop {
        at += memchr(b'<', head.get(at..)?)?;
        let rest = head.get(at..)?;
        let end: &[u8] = match rest.get(1)? {
            b'?' => b"?>",
            b'!' => b"-->",
            _ => {
                let name =
                    rest.iter().skip(1).position(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>'))?;
                return Some((at + 1 + name, at + memchr(b'>', rest)?));
            }
        };
        at += memmem::find(rest, end)? + end.len();
    }
}

impl<S: Source> Source for TolerantView<'_, S> {
    type Read<'a>
        = Chain<Chain<io::Take<S::Read<'a>>, io::Cursor<Vec<u8>>>, S::Read<'a>>
    where
        Self: 'a;

    fn open(&self) -> io::Result<Self::Read<'_>> {
        let (at, added) = self.added.as_ref().map_or((0, ""), |(at, added)| (*at, added));
        let front = opened_at(self.source, self.skipped)?.take(at);
        let rest = opened_at(self.source, self.skipped + at)?;
        Ok(front.chain(io::Cursor::new(added.as_bytes().to_vec())).chain(rest))
    }

    fn len(&self) -> u64 {
        let added = self.added.as_ref().map_or(0, |(_, added)| octets(added.len()));
        self.source.len().saturating_sub(self.skipped) + added
    }
}

/// A reading that stands at `offset`, which is near the beginning.
fn opened_at<S: Source>(source: &S, offset: u64) -> io::Result<S::Read<'_>> {
    let mut read = source.open()?;
    let mut left = offset;
    while left > 0 {
        let available = read.fill_buf()?.len();
        if available == 0 {
            break;
        }
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(available);
        read.consume(taken);
        left -= octets(taken);
    }
    Ok(read)
}

fn octets(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Refusal;
    use crate::edxml::{Mode, attachment_digest, read};

    const XLINK_LESS: &str = include_str!("../../fixtures/tolerant/undeclared-xlink.edxml");
    const PREFIX_LESS: &str = include_str!("../../fixtures/tolerant/undeclared-prefix.edxml");
    const JUNK: &[u8] = include_bytes!("../../fixtures/tolerant/leading-junk.edxml");

    fn read_tolerantly(bytes: &[u8]) -> Result<Message, Refusal> {
        read(&bytes, Mode::Tolerant)
    }

    fn codes(message: &Message) -> Vec<RemarkCode> {
        message.remarks().iter().map(|remark| remark.code).collect()
    }

    fn offsets_are_those_of_the_source(bytes: &[u8]) {
        let Ok(Message::Document(envelope)) = read_tolerantly(bytes) else { panic!("not read") };
        let at = |offset: u64| &bytes[usize::try_from(offset).unwrap()..];
        assert!(at(envelope.marks.from).starts_with(b"<edXML:OrganId>"));
        assert!(at(envelope.marks.document_id).starts_with(b"<edXML:DocumentId>"));
        assert!(envelope.marks.to.iter().all(|&to| at(to).starts_with(b"<edXML:OrganId>")));
        for attachment in &envelope.attachments {
            assert_eq!(attachment_digest(&bytes, attachment).unwrap(), crate::domain::Digest::of(b"hello"));
        }
    }

    #[test]
    fn bytes_before_the_declaration_are_passed_over() {
        assert_eq!(codes(&read_tolerantly(JUNK).unwrap()), [RemarkCode::LeadingBytes]);
        offsets_are_those_of_the_source(JUNK);
    }

    #[test]
    fn the_two_usual_prefixes_need_no_declaration() {
        for text in [XLINK_LESS, PREFIX_LESS] {
            assert!(read(&text.as_bytes(), Mode::Strict).is_err());
            assert_eq!(codes(&read_tolerantly(text.as_bytes()).unwrap()), [RemarkCode::PrefixUndeclared]);
            offsets_are_those_of_the_source(text.as_bytes());
        }
    }

    #[test]
    fn both_at_once_are_read() {
        let bytes = [b"\xFF\xFEjunk ".as_slice(), PREFIX_LESS.as_bytes()].concat();
        assert_eq!(codes(&read_tolerantly(&bytes).unwrap()), [RemarkCode::LeadingBytes, RemarkCode::PrefixUndeclared]);
        offsets_are_those_of_the_source(&bytes);
    }

    #[test]
    fn other_faults_stay() {
        for (text, code) in [
            ("", Code::XmlMalformed),
            ("no xml at all", Code::XmlMalformed),
            ("junk <a", Code::XmlMalformed),
            ("<edXML xmlns=\"http://www.mic.gov.vn/TBT/QCVN_102_2016\"><other:b/></edXML>", Code::XmlNamespace),
            ("<!DOCTYPE a><a/>", Code::XmlDoctype),
        ] {
            assert_eq!(read_tolerantly(text.as_bytes()).unwrap_err().code, code, "{text}");
        }
    }
}
