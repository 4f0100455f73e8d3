//! The table of calls. Nothing else decides which address does what.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{MethodRouter, get, post};

use crate::domain::{Code, Refusal};
use crate::http::metrics::Measure;
use crate::http::problem::Refused;
use crate::http::state::App;
use crate::http::v1::{access, agencies, backups, documents, events, hub, lists, retention, spill, statuses, trust};
use crate::http::{admission, health, tlog};

/// The calls of callers, who have a share each.
fn calls() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![
        // documents
        ("/v1/documents", post(documents::send).get(documents::find)),
        ("/v1/documents/{id}", get(documents::view)),
        ("/v1/documents/{id}/content", get(documents::content).head(documents::content_head)),
        ("/v1/documents/{id}/trail", get(documents::trail)),
        ("/v1/documents/{id}/proof", get(documents::proof)),
        ("/v1/documents/{id}/signatures", get(documents::signatures)),
        ("/v1/documents/{id}/evidence", get(trust::evidence)),
        ("/v1/documents/{id}/confirm", post(documents::confirm)),
        ("/v1/statuses", post(statuses::send)),
        // what waits, what was sent, what happened
        ("/v1/inbox", get(lists::inbox)),
        ("/v1/outbox", get(lists::outbox)),
        ("/v1/events", get(events::feed)),
        // directory and access
        ("/v1/agencies", get(agencies::list).post(agencies::put)),
        ("/v1/access", get(access::list).post(access::put)),
        // trust in an emergency
        ("/v1/trust/blocks", get(trust::blocks).post(trust::put)),
        ("/v1/trust/impact", get(trust::impact)),
        // life with data
        ("/v1/retention", get(retention::rules).post(retention::put)),
        ("/v1/retention/preview", post(retention::preview)),
        ("/v1/retention/run", post(retention::run)),
        ("/v1/documents/{id}/withhold", post(retention::withhold)),
        ("/v1/documents/{id}/release", post(retention::release)),
        ("/v1/spill", get(spill::find).post(spill::destroy)),
        ("/v1/backups", get(backups::list).post(backups::made)),
        // the hub and the caller
        ("/v1/hub", get(hub::hub)),
        ("/v1/caller", get(hub::caller)),
        // the log
        ("/tlog/checkpoint", get(tlog::checkpoint)),
    ]
}

/// What must be answered while everybody pushes: nothing of it takes much.
fn probes() -> Vec<(&'static str, MethodRouter<Arc<App>>)> {
    vec![("/healthz", get(health::live)), ("/readyz", get(health::ready)), ("/metrics", get(health::figures))]
}

/// The calls of a hub.
pub(super) fn router(app: Arc<App>) -> Router {
    let measured = |router: Router<Arc<App>>, (path, methods): (&'static str, MethodRouter<Arc<App>>)| {
        router.route(path, methods.layer(Measure::new(path)))
    };
    let admitted = from_fn_with_state(Arc::clone(&app), admission::admit);
    let calls = calls().into_iter().map(|(path, methods)| (path, methods.route_layer(admitted.clone())));
    let unknown = async || Refused(Refusal::new(Code::NotFound, "there is no such call"));
    let wrong_method = async || Refused(Refusal::new(Code::MethodNotAllowed, "see Allow"));
    calls
        .chain(probes())
        .fold(Router::new(), measured)
        .fallback(unknown)
        .method_not_allowed_fallback(wrong_method)
        .with_state(app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_stands_in_the_documentation() {
        let text = include_str!("../../docs/http.md");
        for (path, _) in calls().into_iter().chain(probes()) {
            assert!(text.contains(&format!("{path}`")), "docs/http.md does not speak of {path}");
        }
    }
}
