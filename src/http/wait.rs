//! Long polling: an answer with nothing in it waits for something to happen.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::api::Page;
use crate::delivery::standing::Caller;
use crate::domain::{Code, Refusal};
use crate::engine::Turn;
use crate::http::answer;
use crate::http::problem::Refused;
use crate::http::state::App;

/// Longest wait that can be asked for, seconds.
const WAIT_SECS_MAX: u64 = 60;
/// Lines that are read in one turn: about what verifying a message costs.
const LINES_A_TURN: usize = 25;
/// A waiting call looks again at most this often: other agencies' traffic also wakes it.
const LOOK_PAUSE: Duration = Duration::from_millis(25);

/// Reads at most so many lines, behind those that ended with this cursor or from where the caller asked.
pub(super) trait Look<T>: Fn(Option<&str>, usize) -> Result<Page<T>, Refusal> {}

impl<T, F: Fn(Option<&str>, usize) -> Result<Page<T>, Refusal>> Look<T> for F {}

/// Checks `wait`, in seconds.
pub(super) fn wait(seconds: Option<u64>) -> Result<Duration, Refusal> {
    match seconds.unwrap_or_default() {
        seconds @ 0..=WAIT_SECS_MAX => Ok(Duration::from_secs(seconds)),
        _ => Err(Refusal::new(Code::BadRequest, format!("wait: at most {WAIT_SECS_MAX} seconds"))),
    }
}

/// Answers with the first `limit` lines that `look` finds, looking again whenever something happened, until there is
/// something or until the time is over.
pub(super) async fn until<T: Serialize>(
    app: &App,
    caller: &Caller,
    wait: Duration,
    limit: usize,
    look: impl Look<T>,
) -> Result<Response, Refused> {
    // Subscribed before looking, so that nothing is missed in between.
    let (mut head, mut stopping) = (app.hub.head(), app.stopping.clone());
    let deadline = Instant::now() + wait;
    loop {
        head.mark_unchanged();
        let turns = app.hub.turn_to_list(caller).await?;
        let (page, turn) = page(app, caller, limit, &look).await?;
        let looked = Instant::now();
        if !page.items.is_empty() || looked >= deadline || *stopping.borrow() {
            return answer::json(StatusCode::OK, &page);
        }
        drop((turn, turns));
        let something = async {
            let happened = head.changed().await.is_ok();
            sleep_until(looked + LOOK_PAUSE).await;
            happened
        };
        let goes_on = tokio::select! {
            happened = something => happened,
            _ = stopping.changed() => false,
            () = sleep_until(deadline) => true,
        };
        if !goes_on {
            return answer::json(StatusCode::OK, &page);
        }
    }
}

/// A page, some lines a turn: what a long list costs is counted while it is made, and others have their turns in between.
/// Gives the last of these turns, for what is still to be done with the page.
async fn page<T>(app: &App, caller: &Caller, limit: usize, look: &impl Look<T>) -> Result<(Page<T>, Turn), Refusal> {
    let (mut page, mut left) = (Page { items: Vec::new(), next: None }, limit);
    loop {
        let turn = app.hub.turn_at_lines(caller).await?;
        let lines = left.min(LINES_A_TURN);
        let part = look(page.next.as_deref(), lines)?;
        left = left.saturating_sub(lines);
        page.items.extend(part.items);
        page.next = part.next;
        if page.next.is_none() || left == 0 {
            return Ok((page, turn));
        }
    }
}
