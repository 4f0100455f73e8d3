//! `/healthz`, `/readyz`: for whoever restarts or routes, without credentials. `/metrics`: for operators only, on
//! every listener, since figures of refusals and of traffic belong to them and a proxy on the same machine would make
//! "loopback" mean "everybody"; Prometheus reads it with a bearer token.

use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;

use crate::api::Role;
use crate::domain::{Code, Refusal};
use crate::engine::Health;
use crate::http::answer;
use crate::http::auth::Authenticated;
use crate::http::metrics;
use crate::http::problem::{self, Refused};
use crate::http::state::{App, Shared};

/// `GET /healthz`: the process answers.
pub(super) async fn live() -> Response {
    answer::text("ok\n".to_owned())
}

/// `GET /readyz`: a document that comes now is taken; and whether what is kept is whole, as far as it was read again. Not
/// counted as a refusal: it is asked every few seconds.
pub(super) async fn ready(State(app): Shared, headers: HeaderMap) -> Response {
    let health = app.hub.health();
    let damaged = health.damaged;
    match not_ready(health, &app) {
        None if damaged == 0 => answer::text("ready\n".to_owned()),
        None => answer::text(format!("ready; {damaged} damaged places were found in what is kept: run truc doctor\n")),
        Some(refusal) => problem::answer(refusal, problem::language(&headers)),
    }
}

/// What somebody who comes now, and has nothing under way, would be told.
fn not_ready(health: Health, app: &App) -> Option<Refusal> {
    if !health.writable {
        let unknown = || Refusal::new(Code::TryLater, "the hub takes no documents");
        return Some(health.reason.unwrap_or_else(unknown));
    }
    app.admission.is_full().then(|| Refusal::new(Code::Overloaded, "the memory for calls is used up"))
}

/// `GET /metrics`
pub(super) async fn figures(State(app): Shared, Authenticated(caller): Authenticated) -> Result<Response, Refused> {
    caller.needs(&[Role::Operator])?;
    let waiting = u32::try_from(app.hub.waiting()?).unwrap_or(u32::MAX);
    ::metrics::gauge!("truc_documents_waiting").set(f64::from(waiting));
    metrics::show_load(&app);
    Ok(answer::text(app.figures.render(&app.hub.health(), app.hub.last_backup_secs()?, &app.hub)))
}
