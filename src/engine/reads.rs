//! Reading: documents, lists, feed, trail, exact bytes. What a caller may see is decided by its standing (law 9).

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::api::{ContentState, DocumentView, EventView, ListItem, Page, Role, Trail, TrailEntry};
use crate::delivery::standing::{Caller, Standing};
use crate::delivery::{document, feed, find, lists};
use crate::domain::{Code, Digest, DocumentId, MessageId, OrganId, Refusal, Seq};
use crate::engine::examined::document_only;
use crate::engine::hub::Hub;
use crate::engine::receipt::{entry, proof};
use crate::engine::writer::Job;
use crate::hub::decide::Command;
use crate::hub::delivery::Fetch;
use crate::hub::rows::{ContentRow, MessageBody, MessageRow, Rows, decode};
use crate::hub::{Entry, Event, keys};
use crate::intake::BodyReader;
use crate::journal::disk::FileSource;
use crate::journal::{BodyLocation, JournalError};
use crate::xml::Source;

/// Most entries of one trail answer.
const TRAIL_MAX: usize = 20_000;

/// A message's exact bytes (law 2).
pub struct Content {
    /// Octets.
    pub len: u64,
    /// SHA-256 of them.
    pub sha256: Digest,
    bytes: Kept,
}

enum Kept {
    Memory(Bytes),
    File(FileSource),
}

impl Content {
    /// Reads from `offset`; fewer octets than asked for, or none, only at the end.
    ///
    /// # Errors
    /// The operating system's.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &self.bytes {
            Kept::Memory(bytes) => {
                let from = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
                let rest = bytes.get(from..).unwrap_or_default();
                let taken = rest.len().min(buffer.len());
                if let (Some(to), Some(from)) = (buffer.get_mut(..taken), rest.get(..taken)) {
                    to.copy_from_slice(from);
                }
                Ok(taken)
            }
            Kept::File(file) => file.read_at(offset, buffer),
        }
    }

    /// All of it, where it is in memory already.
    #[must_use]
    pub const fn in_memory(&self) -> Option<&Bytes> {
        match &self.bytes {
            Kept::Memory(bytes) => Some(bytes),
            Kept::File(_) => None,
        }
    }
}

impl Source for Content {
    type Read<'a> = BodyReader<'a>;

    fn open(&self) -> io::Result<BodyReader<'_>> {
        Ok(match &self.bytes {
            Kept::Memory(bytes) => BodyReader::Memory(bytes),
            Kept::File(file) => BodyReader::File(file.reader()),
        })
    }

    fn len(&self) -> u64 {
        self.len
    }

    fn whole(&self) -> Option<&[u8]> {
        self.in_memory().map(AsRef::as_ref)
    }
}

impl Hub {
    /// One document message.
    ///
    /// # Errors
    /// `not_found` for whom it does not concern.
    pub fn document(&self, caller: &Caller, id: MessageId) -> Result<DocumentView, Refusal> {
        self.read(|rows| document::view(rows, caller, id))
    }

    /// The documents with a số/ký hiệu.
    ///
    /// # Errors
    /// `not_found` if there is none that the caller may see.
    pub fn find(
        &self,
        caller: &Caller,
        code: &str,
        from: Option<&OrganId>,
        year: Option<i16>,
    ) -> Result<Vec<DocumentView>, Refusal> {
        self.read(|rows| find::find(rows, caller, code, from, year))
    }

    /// What waits for an agency.
    ///
    /// # Errors
    /// `bad_request`, `not_found` as [`Caller::agency`] says.
    pub fn inbox(
        &self,
        caller: &Caller,
        agency: Option<&OrganId>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ListItem>, Refusal> {
        let agency = caller.agency(agency)?;
        self.read(|rows| lists::inbox(rows, &agency, cursor, limit))
    }

    /// What an agency has sent.
    ///
    /// # Errors
    /// As [`Hub::inbox`].
    pub fn outbox(
        &self,
        caller: &Caller,
        agency: Option<&OrganId>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<ListItem>, Refusal> {
        let agency = caller.agency(agency)?;
        self.read(|rows| lists::outbox(rows, &agency, cursor, limit))
    }

    /// The feed of an agency.
    ///
    /// # Errors
    /// As [`Hub::inbox`].
    pub fn events(
        &self,
        caller: &Caller,
        agency: Option<&OrganId>,
        after: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<EventView>, Refusal> {
        let agency = caller.agency(agency)?;
        self.read(|rows| feed::events(rows, &agency, after, limit))
    }

    /// The exact bytes of a message. The first fetch by a recipient becomes an entry; nobody waits for it.
    ///
    /// # Errors
    /// `not_found`; `not_allowed` for roles that see no bodies.
    pub fn content(&self, caller: &Caller, id: MessageId, agency: Option<&OrganId>) -> Result<Content, Refusal> {
        caller.needs(&[Role::System, Role::Clerk])?;
        let (standing, location) = self.read(|rows| {
            let standing = caller.standing(rows, id)?;
            check_given_out(rows, id, &standing.message)?;
            let location: Option<BodyLocation> = rows.row(&keys::body(id))?;
            Ok((standing, location))
        })?;
        let content = self.open_body(&standing, &location.ok_or_else(gone)?)?;
        self.tell_fetch(caller, id, &standing, agency);
        Ok(content)
    }

    /// A document message and its bytes, to look at what is attached. Nothing is fetched by it.
    pub(super) fn attached(&self, caller: &Caller, id: MessageId) -> Result<(MessageRow, Content), Refusal> {
        let (standing, location) = self.read(|rows| {
            let standing = caller.standing(rows, id)?;
            check_given_out(rows, id, &standing.message)?;
            let location: Option<BodyLocation> = rows.row(&keys::body(id))?;
            Ok((standing, location))
        })?;
        document_only(&standing.message)?;
        let content = self.open_body(&standing, &location.ok_or_else(gone)?)?;
        Ok((standing.message, content))
    }

    /// Length and digest of a message's exact bytes. Nothing is fetched by it.
    ///
    /// # Errors
    /// As [`Hub::content`].
    pub fn content_facts(&self, caller: &Caller, id: MessageId) -> Result<(u64, Digest), Refusal> {
        caller.needs(&[Role::System, Role::Clerk])?;
        let message = self.read(|rows| {
            let message = caller.standing(rows, id)?.message;
            check_given_out(rows, id, &message).map(|()| message)
        })?;
        Ok((message.size, message.sha256))
    }

    pub(super) fn open_body(&self, standing: &Standing, location: &BodyLocation) -> Result<Content, Refusal> {
        let bytes = match location {
            BodyLocation::Inline { .. } => {
                Kept::Memory(self.0.shared.journal.body(location).map_err(|error| not_read(&error))?)
            }
            BodyLocation::Payload(payload) => {
                Kept::File(self.0.payloads.read(payload).map_err(|error| unreadable(&error))?)
            }
            BodyLocation::Destroyed => return Err(gone()),
        };
        Ok(Content { len: standing.message.size, sha256: standing.message.sha256, bytes })
    }

    fn tell_fetch(&self, caller: &Caller, id: MessageId, standing: &Standing, agency: Option<&OrganId>) {
        let first = standing.deliveries.iter().filter(|(to, delivery)| {
            delivery.fetched.is_none() && caller.speaks_for(to) && agency.is_none_or(|agency| agency == to)
        });
        for (to, _) in first {
            let fetch = Fetch { by: Arc::clone(&caller.system), message: id, agency: to.clone() };
            // Told at the next fetch if the queue is full just now.
            drop(self.enqueue(Job::untold(Command::Fetch(fetch))));
        }
    }

    /// The bytes of the newest version held of a document, for comparison.
    pub(super) fn held_body(&self, from: &OrganId, document: &DocumentId) -> Result<Option<Content>, Refusal> {
        let held = self.read(|rows| {
            let Some(held) = rows.document(from, document)? else { return Ok(None) };
            let location: Option<BodyLocation> = rows.row(&keys::body(held.newest))?;
            let is_hidden = rows.content(held.newest)?.is_some();
            Ok(rows.message(held.newest)?.zip(location).filter(|_| !is_hidden))
        })?;
        let Some((message, location)) = held else { return Ok(None) };
        let standing = Standing { message, is_sender: true, deliveries: Vec::new() };
        self.open_body(&standing, &location).map(Some)
    }

    /// The entries about a document message that the caller may see, each with its proof against one checkpoint.
    ///
    /// # Errors
    /// `not_found` for whom it does not concern.
    pub fn trail(&self, caller: &Caller, id: MessageId) -> Result<Trail, Refusal> {
        let (standing, seqs) = self.read(|rows| Ok((caller.standing(rows, id)?, trail_seqs(rows, id)?)))?;
        let signed = self.0.shared.signed();
        let mut entries = Vec::new();
        for seq in seqs.into_iter().filter(|seq| *seq < signed.view.size()).take(TRAIL_MAX) {
            let bytes = entry(self.0.shared.journal.as_ref(), seq)?;
            if standing.is_sender || concerns(caller, &bytes, standing.deliveries.is_empty()) {
                let proof = proof(&signed, seq, &bytes)?;
                entries.push(TrailEntry { seq, entry: String::from_utf8_lossy(&bytes).into_owned(), proof });
            }
        }
        Ok(Trail { id, entries })
    }

    /// The proof of a message's own entry, in the newest signed tree.
    ///
    /// # Errors
    /// `not_found` for whom it does not concern.
    pub fn proof(&self, caller: &Caller, id: MessageId) -> Result<String, Refusal> {
        let seq = self.read(|rows| Ok(caller.standing(rows, id)?.message.seq))?;
        let bytes = entry(self.0.shared.journal.as_ref(), seq)?;
        proof(&self.0.shared.signed(), seq, &bytes)
    }

    /// The newest signed checkpoint.
    #[must_use]
    pub fn checkpoint(&self) -> String {
        self.0.shared.signed().checkpoint.as_ref().to_owned()
    }
}

fn trail_seqs(rows: &Rows<'_>, id: MessageId) -> Result<Vec<Seq>, Refusal> {
    let runs = rows.under(&keys::trail_prefix(id), |rest, value| {
        let first = Seq::from_be_bytes(rest.first_chunk::<8>().copied().unwrap_or_default());
        let count: u64 = decode(value)?;
        Ok(first..first.saturating_add(count))
    })?;
    Ok(runs.into_iter().flatten().collect())
}

/// Its own entries; and what became of the content, which every side of a message may know.
fn concerns(caller: &Caller, entry: &[u8], is_stranger: bool) -> bool {
    let Ok(entry) = Entry::from_bytes(entry) else { return false };
    let of_content =
        matches!(entry.event, Event::Withheld { .. } | Event::Released { .. } | Event::Destroyed { target: None, .. });
    (of_content && !is_stranger) || entry.parties.iter().any(|party| caller.speaks_for(&party.agency))
}

/// Refuses what is withheld or destroyed; a status goes with the document that it speaks of.
fn check_given_out(rows: &Rows<'_>, id: MessageId, message: &MessageRow) -> Result<(), Refusal> {
    let target = match &message.body {
        MessageBody::Status { target, .. } => *target,
        MessageBody::Document(_) => None,
    };
    let own = rows.content(id)?;
    let of_target = target.map(|target| rows.content(target)).transpose()?.flatten();
    match own.or(of_target.filter(|content| content.state == ContentState::Withheld)) {
        Some(content) => Err(hidden(&content)),
        None => Ok(()),
    }
}

/// Destroyed when and under which rule, or withheld since when.
fn hidden(content: &ContentRow) -> Refusal {
    let since = content.since;
    match (content.state, &content.rule) {
        (ContentState::Withheld, _) => Refusal::new(Code::ContentWithheld, format!("withheld since {since}")),
        (ContentState::Destroyed, None) => Refusal::new(Code::ContentDestroyed, format!("destroyed on {since}")),
        (ContentState::Destroyed, Some(rule)) => {
            Refusal::new(Code::ContentDestroyed, format!("destroyed on {since} under the rule {rule}"))
        }
    }
}

fn gone() -> Refusal {
    Refusal::new(Code::ContentDestroyed, "the bytes were destroyed")
}

/// Destroyed between the look at the index and the reading, or damaged.
fn not_read(error: &JournalError) -> Refusal {
    if matches!(error, JournalError::Gone) { gone() } else { unreadable(error) }
}

fn unreadable(error: &JournalError) -> Refusal {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    tracing::error!(%error, ?cause, "a body cannot be read");
    if error.lacks_files() {
        return Refusal::new(Code::TryLater, "the hub has too many files open");
    }
    Refusal::new(Code::ContentDamaged, "the bytes cannot be read as they were written")
}
