//! The feed of an agency: every entry that concerns it, strictly by seq, complete, resumable.

use std::ops::ControlFlow;

use crate::api::EventView;
use crate::delivery::lists::PAGE_MAX;
use crate::domain::{OrganId, Refusal, Seq};
use crate::hub::keys;
use crate::hub::rows::{EventRow, Rows, decode};
use crate::index::IndexError;

/// The events of `agency` after `after` (from the first one if `None`), at most `limit`.
pub fn events(rows: &Rows<'_>, agency: &OrganId, after: Option<Seq>, limit: usize) -> Result<Vec<EventView>, Refusal> {
    let prefix = keys::event_prefix(agency);
    let from = after.map_or_else(|| prefix.clone(), |seq| keys::event(agency, seq.saturating_add(1)));
    let limit = limit.clamp(1, PAGE_MAX);
    let mut found: Vec<(Seq, Vec<u8>)> = Vec::new();
    rows.0.scan(from.as_slice(), &prefix.after_prefix(), false, &mut |key, value| {
        found.push((seq_of(key), value.to_vec()));
        if found.len() >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(found.into_iter().map(|(seq, value)| Ok(view(seq, decode(&value)?))).collect::<Result<_, IndexError>>()?)
}

fn seq_of(key: &[u8]) -> Seq {
    let number = key.last_chunk::<8>().copied().unwrap_or_default();
    Seq::from_be_bytes(number)
}

fn view(seq: Seq, row: EventRow) -> EventView {
    EventView {
        seq,
        n: row.n,
        time: row.time,
        kind: row.kind,
        message: row.message,
        target: row.target,
        other: row.other,
        status: row.status,
        effect: row.effect,
        code: row.code,
    }
}
