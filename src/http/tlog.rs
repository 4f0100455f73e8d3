//! `/tlog`: the signed log, for every caller that the hub knows.

use axum::extract::State;
use axum::response::Response;

use crate::http::answer;
use crate::http::auth::Authenticated;
use crate::http::state::Shared;

/// `GET /tlog/checkpoint`: the newest signed checkpoint, a C2SP signed note.
pub(super) async fn checkpoint(State(app): Shared, _: Authenticated) -> Response {
    answer::text(app.hub.checkpoint())
}
