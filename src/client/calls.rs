//! The calls of HTTP v1, typed. One method a call, in the order of the hub's own table (`http/router.rs`).

use std::fmt::Write as _;
use std::time::Duration;

use crate::api::{
    AccessRequest, AccessView, Acted, Agency, BackupRequest, BackupView, BlockRequest, BlockView, CallerView,
    DeliveryView, DocumentSignatures, DocumentView, DryRun, EventView, Evidence, Found, HubView, ImpactPage, ListItem,
    Page, Preview, PreviewRequest, ReasonRequest, Receipt, RuleRequest, Run, RunRequest, SpillReport, SpillRequest,
    Trail,
};
use crate::client::download::Download;
use crate::client::transport::{Call, Content, to_json};
use crate::client::upload::Upload;
use crate::client::{Client, ClientError};
use crate::domain::{Digest, MessageId, OrganId, Seq, Timestamp};
use crate::hub::retention::Rule;

/// How long a call that rewrites much may take beyond the usual.
const LONG: Duration = Duration::from_mins(10);

/// Which part of an inbox or outbox.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    /// The agency, where the caller speaks for several.
    pub agency: Option<OrganId>,
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Lines a page, at most 500.
    pub limit: Option<usize>,
    /// How long to wait for a line where there is none; at most 60 s.
    pub wait: Option<Duration>,
}

/// Which part of a feed.
#[derive(Debug, Clone, Default)]
pub struct EventQuery {
    /// The agency, where the caller speaks for several.
    pub agency: Option<OrganId>,
    /// `seq` of the last event that is known.
    pub after: Option<Seq>,
    /// Events an answer, at most 500.
    pub limit: Option<usize>,
    /// How long to wait for an event where there is none; at most 60 s.
    pub wait: Option<Duration>,
}

impl Client {
    /// `POST /v1/documents`: sends a document message.
    pub async fn send_document(&self, message: &Upload) -> Result<Receipt, ClientError> {
        self.json(Call::post("/v1/documents", Content::Edxml(message))).await
    }

    /// `POST /v1/documents?dry_run=true`: the verdict, and nothing kept.
    pub async fn dry_run(&self, message: &Upload) -> Result<DryRun, ClientError> {
        self.json(Call::post("/v1/documents?dry_run=true", Content::Edxml(message))).await
    }

    /// `GET /v1/documents?code=`: by số/ký hiệu; more than one where it is ambiguous, `not_found` where there is none.
    pub async fn find(
        &self,
        code: &str,
        from: Option<&OrganId>,
        year: Option<i16>,
    ) -> Result<Vec<DocumentView>, ClientError> {
        let path = Path::new("/v1/documents").with("code", Some(code)).with("from", from).with("year", year);
        self.json::<Page<_>>(Call::get(path.0)).await.map(|page| page.items)
    }

    /// `GET /v1/documents/{id}`.
    pub async fn document(&self, id: MessageId) -> Result<DocumentView, ClientError> {
        self.json(Call::get(format!("/v1/documents/{id}"))).await
    }

    /// `GET /v1/documents/{id}/content`: the exact bytes, fetched for `agency` where the caller speaks for several.
    pub async fn content(&self, id: MessageId, agency: Option<&OrganId>) -> Result<Download, ClientError> {
        let path = Path(format!("/v1/documents/{id}/content")).with("agency", agency);
        Ok(Download::new(self.clone(), self.answer(Call::get(path.0)).await?))
    }

    /// `GET /v1/documents/{id}/trail`.
    pub async fn trail(&self, id: MessageId) -> Result<Trail, ClientError> {
        self.json(Call::get(format!("/v1/documents/{id}/trail"))).await
    }

    /// `GET /v1/documents/{id}/proof`: a C2SP tlog-proof.
    pub async fn proof(&self, id: MessageId) -> Result<String, ClientError> {
        self.text(Call::get(format!("/v1/documents/{id}/proof"))).await
    }

    /// `GET /v1/documents/{id}/signatures`: what is to be said about the signatures in its documents.
    pub async fn signatures(&self, id: MessageId) -> Result<DocumentSignatures, ClientError> {
        self.json(Call::get(format!("/v1/documents/{id}/signatures"))).await
    }

    /// `POST /v1/documents/{id}/confirm`: the recipient's software has stored it.
    pub async fn confirm(&self, id: MessageId, agency: Option<&OrganId>) -> Result<DeliveryView, ClientError> {
        let body = agency.map_or_else(|| serde_json::json!({}), |agency| serde_json::json!({ "agency": agency }));
        self.json(Call::post(format!("/v1/documents/{id}/confirm"), to_json(&body)?)).await
    }

    /// `POST /v1/statuses`: sends a status message.
    pub async fn send_status(&self, message: &Upload) -> Result<Receipt, ClientError> {
        self.json(Call::post("/v1/statuses", Content::Edxml(message))).await
    }

    /// `GET /v1/inbox`: all that is not confirmed, most urgent first.
    pub async fn inbox(&self, query: &ListQuery) -> Result<Page<ListItem>, ClientError> {
        self.list("/v1/inbox", query).await
    }

    /// `GET /v1/outbox`: what the agency has sent, newest first.
    pub async fn outbox(&self, query: &ListQuery) -> Result<Page<ListItem>, ClientError> {
        self.list("/v1/outbox", query).await
    }

    async fn list(&self, path: &str, query: &ListQuery) -> Result<Page<ListItem>, ClientError> {
        let path = Path::new(path)
            .with("agency", query.agency.as_ref())
            .with("cursor", query.cursor.as_ref())
            .with("limit", query.limit)
            .with("wait", query.wait.map(|wait| wait.as_secs()));
        self.json(Call::get(path.0).waiting(query.wait.unwrap_or_default())).await
    }

    /// `GET /v1/events`: the feed, strictly by `seq`.
    pub async fn events(&self, query: &EventQuery) -> Result<Vec<EventView>, ClientError> {
        let path = Path::new("/v1/events")
            .with("agency", query.agency.as_ref())
            .with("after", query.after)
            .with("limit", query.limit)
            .with("wait", query.wait.map(|wait| wait.as_secs()));
        let call = Call::get(path.0).waiting(query.wait.unwrap_or_default());
        self.json::<Page<_>>(call).await.map(|page| page.items)
    }

    /// `GET /v1/agencies`: the directory.
    pub async fn agencies(&self) -> Result<Vec<Agency>, ClientError> {
        self.json::<Page<_>>(Call::get("/v1/agencies")).await.map(|page| page.items)
    }

    /// `POST /v1/agencies`: adds an agency or changes it. Operators.
    pub async fn put_agency(&self, agency: &Agency) -> Result<Agency, ClientError> {
        self.json(Call::post("/v1/agencies", to_json(agency)?)).await
    }

    /// `GET /v1/access`: who has access. Operators.
    pub async fn accesses(&self) -> Result<Vec<AccessView>, ClientError> {
        self.json::<Page<_>>(Call::get("/v1/access")).await.map(|page| page.items)
    }

    /// `POST /v1/access`: gives or changes access. Operators. Never repeated where it makes a token.
    pub async fn put_access(&self, request: &AccessRequest) -> Result<AccessView, ClientError> {
        let call = Call::post("/v1/access", to_json(request)?);
        self.json(Call { idempotent: !request.token, ..call }).await
    }

    /// `GET /v1/trust/blocks`: every block of a certificate or key. Operators.
    pub async fn blocks(&self) -> Result<Vec<BlockView>, ClientError> {
        self.json::<Page<_>>(Call::get("/v1/trust/blocks")).await.map(|page| page.items)
    }

    /// `POST /v1/trust/blocks`: blocks a certificate or key, or lifts its block. Operators.
    pub async fn put_block(&self, request: &BlockRequest) -> Result<BlockView, ClientError> {
        self.json(Call { idempotent: false, ..Call::post("/v1/trust/blocks", to_json(request)?) }).await
    }

    /// `GET /v1/trust/impact`: what was accepted on a certificate, or under it as an issuer. Operators.
    pub async fn impact(
        &self,
        (certificate, issuer): (Digest, bool),
        since: Option<Timestamp>,
        cursor: Option<&str>,
        limit: Option<usize>,
    ) -> Result<ImpactPage, ClientError> {
        let path = Path::new("/v1/trust/impact")
            .with(if issuer { "issuer" } else { "certificate" }, Some(certificate))
            .with("since", since)
            .with("cursor", cursor)
            .with("limit", limit);
        self.json(Call::get(path.0)).await
    }

    /// `GET /v1/documents/{id}/evidence`: what the verdict on a message rests on.
    pub async fn evidence(&self, id: MessageId) -> Result<Evidence, ClientError> {
        self.json(Call::get(format!("/v1/documents/{id}/evidence"))).await
    }

    /// `GET /v1/retention`: the rules. Operators, auditors.
    pub async fn retention_rules(&self) -> Result<Vec<Rule>, ClientError> {
        self.json::<Page<_>>(Call::get("/v1/retention")).await.map(|page| page.items)
    }

    /// `POST /v1/retention`: makes, changes or closes a rule. Operators.
    pub async fn put_retention_rule(&self, rule: &RuleRequest) -> Result<Rule, ClientError> {
        self.json(Call::post("/v1/retention", to_json(rule)?)).await
    }

    /// `POST /v1/retention/preview`: what a rule would destroy now. Operators.
    pub async fn retention_preview(&self, rule: &str) -> Result<Preview, ClientError> {
        let request = PreviewRequest { rule: rule.to_owned() };
        self.json(Call::post("/v1/retention/preview", to_json(&request)?).waiting(LONG)).await
    }

    /// `POST /v1/retention/run`: the next steps of a rule. Operators.
    pub async fn retention_run(&self, request: &RunRequest) -> Result<Run, ClientError> {
        self.json(Call::post("/v1/retention/run", to_json(request)?).waiting(LONG)).await
    }

    /// `POST /v1/documents/{id}/withhold`. Operators.
    pub async fn withhold(&self, id: MessageId, reason: &str) -> Result<Acted, ClientError> {
        let request = ReasonRequest { reason: reason.to_owned() };
        self.json(Call::post(format!("/v1/documents/{id}/withhold"), to_json(&request)?)).await
    }

    /// `POST /v1/documents/{id}/release`. Operators.
    pub async fn release(&self, id: MessageId, reason: &str) -> Result<Acted, ClientError> {
        let request = ReasonRequest { reason: reason.to_owned() };
        self.json(Call::post(format!("/v1/documents/{id}/release"), to_json(&request)?)).await
    }

    /// `GET /v1/spill?what=`: by id, SHA-256, số/ký hiệu or DocumentId. Operators.
    pub async fn spill_find(&self, what: &str) -> Result<Vec<Found>, ClientError> {
        let path = Path::new("/v1/spill").with("what", Some(what));
        self.json::<Page<_>>(Call::get(path.0)).await.map(|page| page.items)
    }

    /// `POST /v1/spill`: destroys what should never have been sent. Operators.
    pub async fn spill_destroy(&self, request: &SpillRequest) -> Result<SpillReport, ClientError> {
        self.json(Call::post("/v1/spill", to_json(request)?).waiting(LONG)).await
    }

    /// `GET /v1/backups`: the backups that have told of themselves. Operators.
    pub async fn backups(&self) -> Result<Vec<BackupView>, ClientError> {
        self.json::<Page<_>>(Call::get("/v1/backups")).await.map(|page| page.items)
    }

    /// `POST /v1/backups`: a backup was made. Operators.
    pub async fn backup_made(&self, request: &BackupRequest) -> Result<Acted, ClientError> {
        self.json(Call::post("/v1/backups", to_json(request)?)).await
    }

    /// `GET /v1/hub`: what a client must know of the hub.
    pub async fn hub(&self) -> Result<HubView, ClientError> {
        self.json(Call::get("/v1/hub")).await
    }

    /// `GET /v1/caller`: whom the hub takes this client for.
    pub async fn caller(&self) -> Result<CallerView, ClientError> {
        self.json(Call::get("/v1/caller")).await
    }

    /// `GET /tlog/checkpoint`: the newest signed checkpoint, a C2SP signed note.
    pub async fn checkpoint(&self) -> Result<String, ClientError> {
        self.text(Call::get("/tlog/checkpoint")).await
    }

    /// `GET /readyz`: whether the hub takes documents; needs no credential.
    pub async fn ready(&self) -> Result<(), ClientError> {
        self.text(Call::get("/readyz")).await.map(drop)
    }

    /// `GET /metrics`: figures in the text format of Prometheus. Operators.
    pub async fn metrics(&self) -> Result<String, ClientError> {
        self.text(Call::get("/metrics")).await
    }
}

/// A path to which query parameters are added.
struct Path(String);

impl Path {
    fn new(path: &str) -> Self {
        Self(path.to_owned())
    }

    fn with(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.push_str(name);
            self.0.push('=');
            percent_encode(&mut self.0, &value.to_string());
        }
        self
    }
}

/// RFC 3986, 2.3: unreserved characters stand for themselves.
fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded_and_absent_ones_left_out() {
        let path = Path::new("/v1/documents")
            .with("code", Some("12/QĐ&x= +"))
            .with("from", None::<u8>)
            .with("year", Some(2026));
        assert_eq!(path.0, "/v1/documents?code=12%2FQ%C4%90%26x%3D%20%2B&year=2026");
    }
}
