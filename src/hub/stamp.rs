//! Stamp: drafts become entries. Gives each its place, time, salt and the links of its agencies' chains.

use std::collections::HashMap;

use bytes::Bytes;

use crate::domain::{OrganId, Refusal, Seq, Timestamp};
use crate::hub::decide::{Draft, Ids, unserialisable};
use crate::hub::entry::{ENTRY_VERSION, Entry, Link};
use crate::hub::rows::{ChainRow, Rows};
use crate::index::IndexError;
use crate::journal::Content;

/// One entry with the bytes that are hashed and what stands beside it.
#[derive(Debug)]
pub struct Stamped {
    /// The entry.
    pub entry: Entry,
    /// Its JSON.
    pub bytes: Bytes,
    /// Its contents; `entry` is set when the batch is put together.
    pub contents: Vec<Content>,
}

/// Gives places. One per command, over the view that holds what stands before.
pub struct Stamper<'a> {
    rows: Rows<'a>,
    next: Seq,
    time: Timestamp,
    chains: HashMap<OrganId, ChainRow>,
}

impl<'a> Stamper<'a> {
    /// Stamps from the head of `rows` on. `now` is never before the time of the last entry: the later one counts.
    pub fn new(rows: Rows<'a>, now: Timestamp) -> Result<Self, IndexError> {
        let head = rows.head()?;
        let time = now.max(Timestamp::from_millis(head.time));
        Ok(Self { rows, next: head.next, time, chains: HashMap::new() })
    }

    /// Turns drafts into entries, in order.
    pub fn stamp(&mut self, drafts: Vec<Draft>, ids: &mut dyn Ids) -> Result<Vec<Stamped>, Refusal> {
        drafts.into_iter().map(|draft| self.one(draft, ids)).collect()
    }

    fn one(&mut self, draft: Draft, ids: &mut dyn Ids) -> Result<Stamped, Refusal> {
        let seq = self.next;
        let parties = draft.parties.into_iter().map(|agency| self.link(agency, seq)).collect::<Result<_, _>>()?;
        let entry = Entry { v: ENTRY_VERSION, seq, time: self.time, salt: ids.salt(), parties, event: draft.event };
        let bytes = entry.to_bytes().map_err(|error| unserialisable(&error))?.into();
        self.next = self.next.saturating_add(1);
        Ok(Stamped { entry, bytes, contents: draft.contents })
    }

    fn link(&mut self, agency: OrganId, seq: Seq) -> Result<Link, IndexError> {
        let chain = match self.chains.get(&agency) {
            Some(chain) => *chain,
            None => self.rows.chain(&agency)?,
        };
        let n = chain.n.saturating_add(1);
        self.chains.insert(agency.clone(), ChainRow { n, last: Some(seq) });
        Ok(Link { agency, n, prev: chain.last })
    }
}
