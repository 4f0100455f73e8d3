//! Long polling: an answer with nothing in it waits for something to happen.

use std::time::Duration;

use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::api::Page;
use crate::delivery::standing::Caller;
use crate::domain::{Code, Refusal};
use crate::http::answer;
use crate::http::problem::Refused;
use crate::http::state::App;

/// Longest wait that can be asked for, seconds.
const WAIT_SECS_MAX: u64 = 60;
/// A waiting call looks again at most this often: other agencies' traffic also wakes it.
const LOOK_PAUSE: Duration = Duration::from_millis(25);

/// Checks `wait`, in seconds.
pub(super) fn wait(seconds: Option<u64>) -> Result<Duration, Refusal> {
    match seconds.unwrap_or_default() {
        seconds @ 0..=WAIT_SECS_MAX => Ok(Duration::from_secs(seconds)),
        _ => Err(Refusal::new(Code::BadRequest, format!("wait: at most {WAIT_SECS_MAX} seconds"))),
    }
}

/// Answers with what `look` finds, looking again whenever something happened, until there is something or until the time
/// is over. Each look has its turn.
pub(super) async fn until<T: Serialize>(
    app: &App,
    caller: &Caller,
    wait: Duration,
    mut look: impl FnMut() -> Result<Page<T>, Refusal>,
) -> Result<Response, Refused> {
    // Subscribed before looking, so that nothing is missed in between.
    let (mut head, mut stopping) = (app.hub.head(), app.stopping.clone());
    let deadline = Instant::now() + wait;
    loop {
        head.mark_unchanged();
        let turn = app.hub.turn_to_list(caller).await?;
        let page = look()?;
        let looked = Instant::now();
        if !page.items.is_empty() || looked >= deadline || *stopping.borrow() {
            return answer::json(StatusCode::OK, &page);
        }
        drop(turn);
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
