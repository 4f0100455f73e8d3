//! Long polling: an answer with nothing in it waits for something to happen.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::domain::{Code, Refusal};
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

/// What `look` finds, looking again whenever something happened, until `enough` or until the time is over.
pub(super) async fn until<T>(
    app: &App,
    wait: Duration,
    enough: impl Fn(&T) -> bool,
    mut look: impl FnMut() -> Result<T, Refusal>,
) -> Result<T, Refusal> {
    // Subscribed before looking, so that nothing is missed in between.
    let (mut head, mut stopping) = (app.hub.head(), app.stopping.clone());
    let deadline = Instant::now() + wait;
    loop {
        head.mark_unchanged();
        let found = look()?;
        let looked = Instant::now();
        if enough(&found) || looked >= deadline || *stopping.borrow() {
            return Ok(found);
        }
        let something = async {
            let happened = head.changed().await.is_ok();
            sleep_until(looked + LOOK_PAUSE).await;
            happened
        };
        tokio::select! {
            happened = something => if !happened { return Ok(found) },
            _ = stopping.changed() => return Ok(found),
            () = sleep_until(deadline) => {}
        }
    }
}
