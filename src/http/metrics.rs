//! Figures for operators: what is counted at the door, and how Prometheus reads it. There is no listener of its own.

use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::response::Response;
use http::{Method, StatusCode};
use metrics::{Counter, Histogram, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tower::{Layer, Service};

use crate::api::Policy;
use crate::engine::{Health, Hub, Load};
use crate::http::state::App;
use crate::trust::EndKind;

/// Seconds: from a small message on a quiet machine to a large one on a busy one.
const BUCKETS_SECONDS: [f64; 14] =
    [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 60.0];
/// Histograms are drained this often.
const UPKEEP: Duration = Duration::from_secs(5);

static PROMETHEUS: OnceLock<PrometheusHandle> = OnceLock::new();

/// Starts to collect for this process; a second call gives what the first one made.
fn prometheus() -> &'static PrometheusHandle {
    PROMETHEUS.get_or_init(|| {
        let seconds = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new();
        // Fails for an empty list only; without buckets, summaries are kept.
        let builder = builder.set_buckets_for_metric(seconds, &BUCKETS_SECONDS);
        let recorder = builder.unwrap_or_else(|_| PrometheusBuilder::new()).build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::warn!("another recorder of metrics stands already; /metrics stays empty");
        }
        describe();
        handle
    })
}

fn describe() {
    describe_counter!("truc_documents_accepted_total", "Document messages accepted for the first time");
    describe_counter!("truc_repeats_total", "Messages that had been accepted before and got the first answer again");
    describe_counter!("truc_statuses_accepted_total", "Status messages accepted for the first time");
    describe_counter!(
        "truc_documents_held_total",
        "Document messages that wait, or waited, for revocation to be known"
    );
    describe_counter!("truc_refusals_total", "Calls refused, by stable code");
    describe_counter!("truc_http_requests_total", "Calls answered, by call, method and class of status");
    describe_histogram!("truc_http_request_duration_seconds", "Time to the head of the answer, long polls included");
    describe_counter!("truc_tls_handshakes_failed_total", "TLS handshakes that failed or were too slow");
    describe_gauge!("truc_documents_waiting", "Document messages held now: revocation is not known");
    describe_gauge!("truc_trail_entries", "Entries in the trail");
    describe_gauge!("truc_last_backup_timestamp_seconds", "When a backup last told that it was made; 0 if none has");
    describe_gauge!("truc_trust_crls", "CRLs in force");
    describe_gauge!("truc_trust_ocsp_answers", "Certificates about which an OCSP answer is held");
    describe_gauge!("truc_trust_faults", "Files of revocation data that were not taken");
    describe_gauge!("truc_trust_near_end", "Certificates that end soon and CRLs that have run out, by kind");
    describe_gauge!("truc_trust_days_left", "Days until the first of its kind ends");
    describe_counter!("truc_trust_fetches_total", "Fetches of revocation data, by kind and outcome");
    describe_gauge!("truc_requests_bytes", "Memory that calls under way hold, octets");
    describe_gauge!("truc_requests_bytes_max", "Memory for calls, octets: limits.memory_bytes less what else needs it");
    describe_gauge!("truc_requests_holders", "Systems with calls under way");
    describe_gauge!("truc_connections", "Connections open");
    describe_gauge!("truc_connections_max", "Connections that may be open: limits.connections");
    describe_gauge!("truc_connections_origins", "Addresses with connections open");
    describe_counter!("truc_connections_turned_away_total", "Connections closed at once: over their address's share");
    describe_gauge!("truc_turns_running", "Calls that are being worked on, by kind of work");
    describe_gauge!("truc_turns_waiting", "Calls that wait for their turn, by kind of work");
    describe_gauge!("truc_damaged_places", "Damaged places found while reading again what is kept: run truc doctor");
    describe_gauge!("truc_index_info", "1, by the engine of the index");
    describe_gauge!(
        "truc_index_start_entries",
        "Entries applied to the index when the hub started: all that there were where it was built again"
    );
    describe_gauge!("truc_writable", "1 while the hub takes documents");
}

/// Counters that are kept at hand.
pub(super) struct Figures {
    prometheus: &'static PrometheusHandle,
    envelope: Counter,
    record: Counter,
    pub(super) statuses: Counter,
    pub(super) held: Counter,
    pub(super) repeats: Counter,
}

impl Figures {
    pub(super) fn new() -> Self {
        let prometheus = prometheus();
        Self {
            prometheus,
            envelope: counter!("truc_documents_accepted_total", "policy" => "envelope"),
            record: counter!("truc_documents_accepted_total", "policy" => "record"),
            statuses: counter!("truc_statuses_accepted_total"),
            held: counter!("truc_documents_held_total"),
            repeats: counter!("truc_repeats_total"),
        }
    }

    pub(super) const fn documents(&self, policy: Policy) -> &Counter {
        match policy {
            Policy::Envelope => &self.envelope,
            Policy::Record => &self.record,
        }
    }

    /// The text format of Prometheus.
    pub(super) fn render(&self, health: &Health, last_backup_secs: i64, hub: &Hub) -> String {
        // Exact up to 2^53 entries.
        #[allow(clippy::cast_precision_loss, clippy::as_conversions)]
        gauge!("truc_trail_entries").set(health.head as f64);
        #[allow(clippy::cast_precision_loss, clippy::as_conversions)]
        gauge!("truc_last_backup_timestamp_seconds").set(last_backup_secs as f64);
        #[allow(clippy::cast_precision_loss, clippy::as_conversions)]
        gauge!("truc_damaged_places").set(health.damaged as f64);
        gauge!("truc_index_info", "engine" => health.index.engine.name()).set(1.0);
        #[allow(clippy::cast_precision_loss, clippy::as_conversions)]
        gauge!("truc_index_start_entries").set(health.index.applied as f64);
        gauge!("truc_writable").set(if health.writable { 1.0 } else { 0.0 });
        show_trust(hub);
        self.prometheus.render()
    }
}

/// How full what is shared is, and who waits.
pub(super) fn show_load(app: &App) {
    // Exact up to 2^53.
    #[allow(clippy::cast_precision_loss, clippy::as_conversions)]
    let figure = |number: u64| number as f64;
    let (memory, connections) = (app.admission.level(), app.connections.level());
    gauge!("truc_requests_bytes").set(figure(memory.held));
    gauge!("truc_requests_bytes_max").set(figure(memory.capacity));
    gauge!("truc_requests_holders").set(count(memory.holders));
    gauge!("truc_connections").set(figure(connections.held));
    gauge!("truc_connections_max").set(figure(connections.capacity));
    gauge!("truc_connections_origins").set(count(connections.holders));
    let Load { short, large, commits, readings, lists } = app.hub.load();
    let works = [("short", short), ("large", large), ("commit", commits), ("reading", readings), ("list", lists)];
    for (work, busy) in works {
        gauge!("truc_turns_running", "work" => work).set(count(busy.running));
        gauge!("truc_turns_waiting", "work" => work).set(count(busy.waiting));
    }
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// What revocation rests on, and the days until the first of each kind ends.
fn show_trust(hub: &Hub) {
    let trust = hub.trust();
    let report = trust.report();
    gauge!("truc_trust_crls").set(count(report.crls));
    gauge!("truc_trust_ocsp_answers").set(count(report.answers));
    gauge!("truc_trust_faults").set(count(report.faults.len()));
    let ends = hub.trust_ends();
    for kind in EndKind::ALL {
        let own = || ends.iter().filter(|end| end.kind == kind);
        let near = own().filter(|end| end.is_near(trust.warn_days())).count();
        gauge!("truc_trust_near_end", "kind" => kind.as_str()).set(count(near));
        if let Some(first) = own().next() {
            let days = i32::try_from(first.days_left).unwrap_or(i32::MAX);
            gauge!("truc_trust_days_left", "kind" => kind.as_str()).set(f64::from(days));
        }
    }
}

/// Drains the histograms for as long as it runs.
pub(super) async fn upkeep() {
    let mut tick = tokio::time::interval(UPKEEP);
    loop {
        tick.tick().await;
        prometheus().run_upkeep();
    }
}

/// Counts and times one call of the table.
#[derive(Clone)]
pub(super) struct Measure(Arc<Gauges>);

struct Gauges {
    call: &'static str,
    methods: [Cells; 3],
}

#[derive(Default)]
struct Cells {
    /// By the first digit of the status, from 2 to 5.
    requests: [OnceLock<Counter>; 4],
    seconds: OnceLock<Histogram>,
}

impl Measure {
    /// For the call with this path.
    pub(super) fn new(call: &'static str) -> Self {
        Self(Arc::new(Gauges { call, methods: Default::default() }))
    }
}

impl Gauges {
    fn count(&self, method: &Method, status: StatusCode, started: Instant) {
        let (cells, method) = match (*method == Method::POST, *method == Method::GET, &self.methods) {
            (true, _, [post, _, _]) => (post, "POST"),
            (_, true, [_, get, _]) => (get, "GET"),
            (_, _, [_, _, other]) => (other, "other"),
        };
        let (index, class) = match status.as_u16() {
            ..300 => (0, "2xx"),
            300..400 => (1, "3xx"),
            400..500 => (2, "4xx"),
            500.. => (3, "5xx"),
        };
        if let Some(cell) = cells.requests.get(index) {
            let register =
                || counter!("truc_http_requests_total", "call" => self.call, "method" => method, "status" => class);
            cell.get_or_init(register).increment(1);
        }
        let register = || histogram!("truc_http_request_duration_seconds", "call" => self.call, "method" => method);
        cells.seconds.get_or_init(register).record(started.elapsed());
    }
}

impl<S> Layer<S> for Measure {
    type Service = Measured<S>;

    fn layer(&self, service: S) -> Measured<S> {
        Measured { service, gauges: Arc::clone(&self.0) }
    }
}

/// A handler, counted and timed.
#[derive(Clone)]
pub(super) struct Measured<S> {
    service: S,
    gauges: Arc<Gauges>,
}

impl<S> Service<Request> for Measured<S>
where
    S: Service<Request, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (started, method, gauges) = (Instant::now(), request.method().clone(), Arc::clone(&self.gauges));
        let answering = self.service.call(request);
        Box::pin(async move {
            let response = answering.await?;
            gauges.count(&method, response.status(), started);
            Ok(response)
        })
    }
}
