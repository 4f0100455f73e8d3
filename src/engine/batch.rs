//! One batch on its way: what was decided so far, over the index, before anything is durable.

use bytes::Bytes;

use crate::domain::{Refusal, Seq, Timestamp};
use crate::hub::decide::{Answer, Command, Decision, Ids, decide};
use crate::hub::stamp::{Stamped, Stamper};
use crate::hub::{Entry, Rows, apply};
use crate::index::{IndexError, Overlay, Writes};
use crate::journal::{self, Content, Placed};

/// What a command came to, before the batch is durable.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The answering entry is the batch's entry number `entry`.
    New {
        /// Index into the batch.
        entry: usize,
        /// What the caller is told.
        answer: Answer,
    },
    /// The first answer again.
    Known(Answer),
    /// Nothing to tell.
    Nothing,
    /// No.
    Refused(Refusal),
}

/// A batch under construction.
pub(super) struct Pending<'i> {
    view: Overlay<'i>,
    now: Timestamp,
    /// The entries, in order.
    pub(super) entries: Vec<Entry>,
    /// Their bytes.
    pub(super) leaves: Vec<Bytes>,
    contents: Vec<Content>,
}

impl<'i> Pending<'i> {
    /// An empty batch over the index.
    pub(super) const fn new(view: Overlay<'i>, now: Timestamp) -> Self {
        Self { view, now, entries: Vec::new(), leaves: Vec::new(), contents: Vec::new() }
    }

    /// Decides one command over everything before it. A refusal leaves nothing behind.
    pub(super) fn decide(&mut self, command: &Command, ids: &mut dyn Ids) -> Outcome {
        match decide(command, &self.view, self.now, ids) {
            Ok(Decision::New { drafts, answer_at, answer }) => {
                let entry = self.entries.len().saturating_add(answer_at);
                match self.stamp(drafts, ids) {
                    Ok(()) => Outcome::New { entry, answer },
                    Err(refusal) => Outcome::Refused(refusal),
                }
            }
            Ok(Decision::Known(answer)) => Outcome::Known(answer),
            Ok(Decision::Nothing) => Outcome::Nothing,
            Err(refusal) => Outcome::Refused(refusal),
        }
    }

    /// Tells that the clock stepped back.
    pub(super) fn clock(&mut self, clock: Timestamp, ids: &mut dyn Ids) {
        let draft = crate::hub::Draft::new(Vec::new(), crate::hub::Event::Clock { clock, by: None });
        if let Err(refusal) = self.stamp(vec![draft], ids) {
            tracing::error!(%refusal, "the step of the clock could not be told");
        }
    }

    fn stamp(&mut self, drafts: Vec<crate::hub::Draft>, ids: &mut dyn Ids) -> Result<(), Refusal> {
        let stamped = Stamper::new(Rows(&self.view), self.now)?.stamp(drafts, ids)?;
        for one in stamped {
            self.take(one)?;
        }
        Ok(())
    }

    fn take(&mut self, stamped: Stamped) -> Result<(), IndexError> {
        let Stamped { entry, bytes, mut contents } = stamped;
        self.view.extend(apply(&entry, &contents, &self.view)?);
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        for content in &mut contents {
            content.entry = number;
        }
        self.entries.push(entry);
        self.leaves.push(bytes);
        self.contents.append(&mut contents);
        Ok(())
    }

    /// The seq of the first entry.
    pub(super) fn first(&self) -> Option<Seq> {
        self.entries.first().map(|entry| entry.seq)
    }

    /// What the journal appends.
    pub(super) fn record(&self, checkpoint: Option<Bytes>) -> journal::Batch {
        let time = self.entries.last().map_or(self.now, |entry| entry.time);
        journal::Batch { time, checkpoint, entries: self.leaves.clone(), contents: self.contents.clone() }
    }

    /// What the index gets, once the record stands at `placed`.
    pub(super) fn writes(self, placed: &Placed) -> Result<(Writes, Vec<Bytes>), IndexError> {
        let places = crate::hub::apply::place(&self.entries, &self.contents, placed, &self.view)?;
        let mut writes = self.view.into_writes();
        writes.extend(places);
        Ok((writes, self.leaves))
    }
}
