//! The story that a kept data folder tells: everything that can happen to a hub, once.

use std::collections::BTreeMap;
use std::sync::Arc;

use truc::api::{
    AccessRequest, Agency, BackupRequest, BlockRequest, Policy, ReasonRequest, Receipt, Role, RuleRequest, RunRequest,
    Scope, SpillRequest,
};
use truc::backup::{self, Wish};
use truc::clock::{Clock as _, SetClock};
use truc::config::{Config, DataFolder, template};
use truc::delivery::standing::Caller;
use truc::domain::{MessageId, Timestamp};
use truc::engine::{Credential, Hub};
use truc::trail::{VerifierKey, verify};
use truc::trust::pki::RevocationReason;

use crate::support::{Document, TestHub, id, status_about};

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;

/// What was told.
pub struct Told {
    pub folder: tempfile::TempDir,
    pub clock: Timestamp,
    pub tokens: BTreeMap<String, String>,
}

/// Who acts.
struct Cast {
    tokens: BTreeMap<String, String>,
    callers: BTreeMap<String, Caller>,
}

fn operator() -> Caller {
    Hub::operator_of_folder()
}

fn access(hub: &TestHub, name: &str, role: Role, agency: &str, policy: Policy) -> AccessRequest {
    let signs = role == Role::System && policy == Policy::Envelope;
    AccessRequest {
        system: name.to_owned(),
        role,
        agencies: vec![Scope { code: id(agency), subtree: role == Role::Auditor }],
        policy,
        client_certificates: if signs { vec![hub.certificate(agency)] } else { Vec::new() },
        token: true,
        signing_certificates: if signs { vec![hub.certificate(agency)] } else { Vec::new() },
        closed: false,
    }
}

impl Cast {
    async fn new(hub: &TestHub) -> Self {
        let mut cast = Self { tokens: BTreeMap::new(), callers: BTreeMap::new() };
        for agency in ["G22", "H41", "H14"] {
            cast.add(hub, access(hub, &agency.to_lowercase(), Role::System, agency, Policy::Envelope)).await;
        }
        cast.add(hub, access(hub, "cu", Role::System, "H24", Policy::Record)).await;
        cast.add(hub, access(hub, "van-thu", Role::Clerk, "H41", Policy::Envelope)).await;
        cast.add(hub, access(hub, "thanh-tra", Role::Auditor, "G22", Policy::Envelope)).await;
        cast
    }

    async fn add(&mut self, hub: &TestHub, request: AccessRequest) {
        let name = request.system.clone();
        let token = hub.hub.put_access(&operator(), request).await.unwrap().new_token.unwrap();
        self.callers.insert(name.clone(), hub.hub.identify(&Credential::Bearer(token.clone())).unwrap());
        self.tokens.insert(name, token);
    }

    fn caller(&self, name: &str) -> &Caller {
        &self.callers[name]
    }
}

/// Everything, and the folder that is left.
pub async fn tell() -> Told {
    let mut hub = TestHub::new().await;
    let cast = Cast::new(&hub).await;
    directory(&hub).await;
    let sent = documents(&hub, &cast).await;
    statuses(&hub, &cast).await;
    deliveries(&hub, &cast, &sent).await;
    refusals(&hub, &cast).await;
    clock(&hub).await;
    blocks(&hub).await;
    life(&hub, &cast, &sent).await;
    hub = hub.restart();
    held(&hub, &cast).await;
    restore(hub, cast).await
}

async fn send(hub: &TestHub, cast: &Cast, document: Document<'_>) -> Receipt {
    hub.clock.advance(60_000);
    let signer = document.from;
    let message = hub.signed(&document.text(), signer);
    hub.send(cast.caller(&signer.to_lowercase()), &message).await.unwrap()
}

async fn directory(hub: &TestHub) {
    let closed = Agency { code: id("000.00.00.G22"), name: "Cơ quan đã giải thể".to_owned(), closed: true };
    hub.hub.put_agency(&operator(), closed).await.unwrap();
    let gone =
        AccessRequest { closed: true, token: false, ..access(hub, "h24", Role::System, "H24", Policy::Envelope) };
    hub.hub.put_access(&operator(), gone).await.unwrap();
}

/// By what they are for: the first is the one that statuses speak of.
async fn documents(hub: &TestHub, cast: &Cast) -> BTreeMap<&'static str, MessageId> {
    let mut sent = BTreeMap::new();
    let large = "QUJD".repeat(18_000);
    let stories = [
        ("plain", Document::default()),
        ("urgent", Document { id: "khan", number: "2", priority: "3", to: &["H14"], ..Document::default() }),
        ("large", Document { id: "lon", number: "3", to: &["H41"], file: &large, ..Document::default() }),
        ("revoke", Document { id: "thu-hoi", number: "4", business: "1", to: &["H41"], ..Document::default() }),
        ("expires", Document { id: "het-han", number: "5", to: &["H41"], ..Document::default() }),
        (
            "spilled",
            Document { id: "lo-lot", number: "6", to: &["H41", "H14"], subject: "Lộ lọt", ..Document::default() },
        ),
        ("withheld", Document { id: "tam-giu", number: "7", to: &["H14"], ..Document::default() }),
        ("released", Document { id: "giu-roi-tha", number: "8", to: &["H14"], ..Document::default() }),
        ("answer", Document { from: "H41", id: "H41-1", number: "1", to: &["G22"], ..Document::default() }),
    ];
    for (what, document) in stories {
        sent.insert(what, send(hub, cast, document).await.id);
    }
    let unsigned = Document { from: "H24", id: "H24-1", number: "9", to: &["G22", "H41"], ..Document::default() };
    let receipt = hub.send(cast.caller("cu"), unsigned.text().as_bytes()).await.unwrap();
    sent.insert("unsigned", receipt.id);
    sent
}

/// About the first document: accepted and finished by one, rejected by another, asked back from a third.
async fn statuses(hub: &TestHub, cast: &Cast) {
    let document = Document::default().id.to_owned();
    let told = [
        ("H41", "G22", "01", ""),
        ("H41", "G22", "03", ""),
        ("H41", "G22", "06", ""),
        ("H14", "G22", "02", "Sai thẩm quyền"),
        ("G22", "H24", "13", "Gửi nhầm"),
        ("H24", "G22", "15", ""),
    ];
    for (minute, (from, to, code, reason)) in told.into_iter().enumerate() {
        hub.clock.advance(60_000);
        let text = status_about(from, to, code, reason, &format!("2026/11/22 09:{minute:02}:00"), &document);
        let (caller, bytes) = match from {
            "H24" => ("cu".to_owned(), text.into_bytes()),
            signer => (signer.to_lowercase(), hub.signed(&text, signer)),
        };
        hub.report(cast.caller(&caller), &bytes).await.unwrap();
    }
}

async fn deliveries(hub: &TestHub, cast: &Cast, sent: &BTreeMap<&'static str, MessageId>) {
    for what in ["plain", "large", "spilled"] {
        hub.bytes(cast.caller("h41"), sent[what]);
        comes(hub, cast.caller("h41"), "fetched", sent[what]).await;
    }
    for (who, what) in [("h41", "plain"), ("h41", "expires"), ("h14", "released")] {
        hub.hub.confirm(cast.caller(who), sent[what], None).await.unwrap();
    }
}

/// Waits for an entry that nobody is answered for.
async fn comes(hub: &TestHub, caller: &Caller, kind: &str, message: MessageId) {
    for _ in 0..1000 {
        let events = hub.hub.events(caller, None, None, 1000).unwrap();
        if events.iter().any(|event| event.kind == kind && event.message == Some(message)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("no entry {kind} has come");
}

async fn refusals(hub: &TestHub, cast: &Cast) {
    let head = *hub.hub.head().borrow();
    let broken = hub.signed(&Document { id: "hong", ..Document::default() }.text(), "G22");
    let broken = String::from_utf8(broken).unwrap().replacen("aGVsbG8=", "aGVsbG9=", 1);
    hub.send(cast.caller("g22"), broken.as_bytes()).await.unwrap_err();
    let mut seen = hub.hub.head();
    seen.wait_for(|seen| *seen > head).await.unwrap();
}

/// A step back that is told, and one so far that somebody must say that the clock is right.
async fn clock(hub: &TestHub) {
    hub.clock.advance(HOUR_MS);
    hub.hub.put_agency(&operator(), agency("H42", "Trước")).await.unwrap();
    hub.clock.jump(-20_000);
    hub.hub.put_agency(&operator(), agency("H43", "Sau")).await.unwrap();
    hub.clock.jump(-HOUR_MS / 2);
    hub.hub.accept_clock(&operator()).await.unwrap();
    hub.clock.advance(HOUR_MS);
}

fn agency(code: &str, name: &str) -> Agency {
    Agency { code: id(code), name: name.to_owned(), closed: false }
}

async fn blocks(hub: &TestHub) {
    let block = |reason: &str, lift| BlockRequest {
        certificate: Some(hub.certificate("H24")),
        reason: reason.to_owned(),
        lift,
        ..BlockRequest::default()
    };
    hub.hub.put_block(&operator(), block("Mất token", false)).await.unwrap();
    hub.hub.put_block(&operator(), block("Tìm thấy", true)).await.unwrap();
    let key = BlockRequest { key: true, ..block("Lộ khóa", false) };
    hub.hub.put_block(&operator(), key).await.unwrap();
}

/// Retention, withholding, a spill.
async fn life(hub: &TestHub, cast: &Cast, sent: &BTreeMap<&'static str, MessageId>) {
    let why = || ReasonRequest { reason: "Theo công văn 12/CAT".to_owned() };
    for what in ["withheld", "released"] {
        hub.hub.withhold(&operator(), sent[what], why(), false).await.unwrap();
    }
    hub.hub.withhold(&operator(), sent["released"], why(), true).await.unwrap();
    let rule = RuleRequest {
        rule: "mot-ngay".to_owned(),
        years: 0,
        days: 1,
        business: None,
        type_name: None,
        header: false,
        basis: "Luật Lưu trữ, Điều 15".to_owned(),
        from: None,
        closed: false,
    };
    hub.hub.put_retention_rule(&operator(), rule).await.unwrap();
    hub.clock.advance(2 * DAY_MS);
    let preview = hub.hub.retention_preview(&operator(), "mot-ngay").unwrap();
    let request = RunRequest { rule: preview.rule, cutoff: preview.cutoff, steps: 100, after: None };
    assert!(hub.hub.retention_run(&operator(), &request).await.unwrap().documents > 0);
    let spill = SpillRequest { messages: vec![sent["spilled"]], reason: "Gửi nhầm".to_owned() };
    assert!(hub.hub.spill_destroy(&operator(), spill).await.unwrap().contents > 0);
    assert!(hub.hub.content(cast.caller("h41"), sent["large"], None).is_ok(), "not every content is gone");
}

/// Two messages wait for the CRLs: one is released, one is turned away. At the end one waits.
async fn held(hub: &TestHub, cast: &Cast) {
    hub.clock.advance(30 * DAY_MS);
    let waiting = Document { id: "cho", number: "11", to: &["H14"], ..Document::default() };
    assert!(send(hub, cast, waiting.clone()).await.held);
    let wrong = Document { from: "H41", id: "H41-2", number: "12", to: &["H14"], ..Document::default() };
    assert!(send(hub, cast, wrong).await.held);
    hub.clock.advance(HOUR_MS);
    hub.new_crls(&[("H41", 2 * HOUR_MS, RevocationReason::KeyCompromise)]);
    let settled = hub.hub.settle_held().await.unwrap();
    assert_eq!((settled.released, settled.turned_away), (1, 1));
    hub.clock.advance(20 * DAY_MS);
    assert!(send(hub, cast, Document { id: "con-cho", number: "13", ..waiting }).await.held);
}

/// A backup that is told of, something after it, and a restore that finds that missing: a new epoch.
async fn restore(hub: TestHub, cast: Cast) -> Told {
    let data = DataFolder::new(hub.folder.path());
    std::fs::write(data.config(), template(&hub.config)).unwrap();
    std::fs::write(data.log_vkey(), format!("{}\n", hub.hub.view().verifier_key)).unwrap();
    let hub = hub.restart();
    let (copy, target) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let made = backup::make(&data, copy.path(), "dem", hub.clock.now()).unwrap().0;
    let told = BackupRequest { name: "hang-dem".to_owned(), size: made.size, root: made.root };
    hub.hub.backup_made(&operator(), told).await.unwrap();
    let hub = hub.restart();
    backup::make(&data, copy.path(), "dem", hub.clock.now()).unwrap();
    let lost = Document { from: "H24", id: "mat", number: "14", to: &["H14"], ..Document::default() };
    let receipt = hub.send(cast.caller("cu"), lost.text().as_bytes()).await.unwrap();
    let witness = copy.path().join("receipt");
    std::fs::write(&witness, receipt.proof).unwrap();
    hub.hub.close();
    let new = DataFolder::new(target.path());
    let wish = Wish { checkpoints: vec![witness], ..Wish::default() };
    assert!(backup::restore(copy.path(), &new, &wish).unwrap().missing > 0);
    let opened = Hub::open(&Config::read(&new.config()).unwrap(), &new, hub.clock.clone()).unwrap();
    goes_on(&opened, &hub.clock).await;
    opened.close();
    Told { folder: target, clock: hub.clock.now(), tokens: cast.tokens }
}

/// A hub on these data takes another document, proves it and delivers it.
pub async fn goes_on(hub: &Hub, clock: &Arc<SetClock>) {
    clock.advance(60_000);
    let [sender, recipient] = ["H24", "H14"].map(|code| AccessRequest {
        system: format!("moi-{}", code.to_lowercase()),
        role: Role::System,
        agencies: vec![Scope { code: id(code), subtree: false }],
        policy: Policy::Record,
        client_certificates: Vec::new(),
        token: true,
        signing_certificates: Vec::new(),
        closed: false,
    });
    let mut callers = Vec::new();
    for request in [sender, recipient] {
        let token = hub.put_access(&operator(), request).await.unwrap().new_token.unwrap();
        callers.push(hub.identify(&Credential::Bearer(token)).unwrap());
    }
    let document = format!("di-tiep-{}", hub.health().head);
    let text = Document { from: "H24", id: &document, number: "15", to: &["H14"], ..Document::default() }.text();
    let mut incoming = hub.receive(None).unwrap();
    incoming.write(text.as_bytes()).unwrap();
    let receipt = hub.submit_document(&callers[0], incoming).await.unwrap();
    let key: VerifierKey = hub.view().verifier_key.parse().unwrap();
    assert_eq!(verify::proof(&receipt.proof, &[key]).unwrap().index(), receipt.seq);
    let listed = hub.inbox(&callers[1], None, None, 500).unwrap().items;
    assert!(listed.iter().any(|item| item.id == receipt.id));
    hub.confirm(&callers[1], receipt.id, None).await.unwrap();
}
