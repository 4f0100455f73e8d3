//! What everybody is told about everything, as far as it must never change: states, counts, digests, proofs. Sentences for
//! people may be worded anew, and fields may be added.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};
use truc::delivery::standing::Caller;
use truc::domain::{Digest, MessageId, Refusal};
use truc::engine::{Credential, Hub};
use truc::trail::{VerifierKey, verify};

/// Sentences for people.
const WORDED: [&str; 4] = ["text_vi", "text_en", "detail", "remedy"];

/// Whom we are.
pub struct Known {
    callers: BTreeMap<String, Caller>,
    keys: Vec<VerifierKey>,
}

impl Known {
    pub fn new(hub: &Hub, tokens: &BTreeMap<String, String>) -> Self {
        let caller = |token: &String| hub.identify(&Credential::Bearer(token.clone())).unwrap();
        let callers = tokens.iter().map(|(name, token)| (name.clone(), caller(token))).collect();
        let view = hub.view();
        let keys = std::iter::once(&view.verifier_key).chain(&view.earlier_keys);
        Self { callers, keys: keys.map(|key| key.parse().unwrap()).collect() }
    }

    pub fn answers(&self, hub: &Hub) -> Value {
        let operator = Hub::operator_of_folder();
        let mut all = json!({
            "view": worded_out(hub.view(), &["version"]),
            "agencies": said(hub.agencies(&operator)),
            "accesses": said(hub.accesses(&operator)),
            "rules": said(hub.retention_rules(&operator)),
            "blocks": said(hub.blocks(&operator)),
            "backups": said(hub.backups(&operator)),
            "waiting": said(hub.waiting()),
        });
        for (name, caller) in &self.callers {
            all[name] = self.told(hub, caller);
        }
        all
    }

    /// The bytes of every message, as each may have them. The last question: to fetch is an entry of its own.
    pub fn contents(&self, hub: &Hub) -> Value {
        let of = |caller: &Caller| {
            let ids = messages(&hub.events(caller, None, None, 1000));
            ids.into_iter().map(|id| (id.to_string(), said(bytes(hub, caller, id)))).collect::<Map<_, _>>()
        };
        let callers: Vec<_> =
            self.callers.iter().map(|(name, caller)| (name.clone(), Value::from(of(caller)))).collect();
        callers.into_iter().collect::<Map<_, _>>().into()
    }

    fn told(&self, hub: &Hub, caller: &Caller) -> Value {
        let events = hub.events(caller, None, None, 1000);
        let messages = messages(&events).into_iter().map(|id| (id.to_string(), self.message(hub, caller, id)));
        json!({
            "caller": said(Ok::<_, Refusal>(hub.caller_view(caller))),
            "inbox": said(hub.inbox(caller, None, None, 500)),
            "outbox": said(hub.outbox(caller, None, None, 500)),
            "events": said(events),
            "messages": messages.collect::<Map<_, _>>(),
        })
    }

    fn message(&self, hub: &Hub, caller: &Caller, id: MessageId) -> Value {
        json!({
            "document": said(hub.document(caller, id)),
            "evidence": said(hub.evidence(caller, id).map(|evidence| self.evidence(&evidence))),
            "trail": said(hub.trail(caller, id).map(|trail| self.leaves(&trail.entries))),
        })
    }

    /// What a verdict rested on; the proof of its entry must verify.
    fn evidence(&self, evidence: &truc::api::Evidence) -> Value {
        let proven = verify::proof(&evidence.proof, &self.keys).unwrap();
        assert_eq!(proven.entry(), evidence.entry.as_bytes());
        let materials = Digest::of(&serde_json::to_vec(&evidence.materials).unwrap());
        json!([Digest::of(evidence.entry.as_bytes()), materials])
    }

    /// Each entry with its place; its proof must verify.
    fn leaves(&self, entries: &[truc::api::TrailEntry]) -> Vec<Value> {
        let leaf = |entry: &truc::api::TrailEntry| {
            let proven = verify::proof(&entry.proof, &self.keys).unwrap();
            assert_eq!((proven.index(), proven.entry()), (entry.seq, entry.entry.as_bytes()));
            json!([entry.seq, Digest::of(entry.entry.as_bytes())])
        };
        entries.iter().map(leaf).collect()
    }
}

/// Length and digest of the exact bytes.
fn messages(events: &Result<Vec<truc::api::EventView>, Refusal>) -> BTreeSet<MessageId> {
    events.iter().flatten().filter_map(|event| event.message).collect()
}

fn bytes(hub: &Hub, caller: &Caller, id: MessageId) -> Result<(u64, Digest), Refusal> {
    let content = hub.content(caller, id, None)?;
    let mut bytes = vec![0; usize::try_from(content.len).unwrap()];
    let mut read = 0;
    while read < bytes.len() {
        read += content.read_at(read as u64, &mut bytes[read..]).unwrap();
    }
    Ok((content.len, Digest::of(&bytes)))
}

/// An answer, or the code of a refusal.
fn said<T: Serialize>(answer: Result<T, Refusal>) -> Value {
    match answer {
        Ok(answer) => worded_out(answer, &[]),
        Err(refusal) => json!({ "refused": refusal.code.as_str() }),
    }
}

/// Without what may be said otherwise later.
fn worded_out(answer: impl Serialize, also: &[&str]) -> Value {
    fn strip(value: &mut Value, also: &[&str]) {
        match value {
            Value::Object(fields) => {
                fields.retain(|name, _| !WORDED.contains(&name.as_str()) && !also.contains(&name.as_str()));
                fields.values_mut().for_each(|value| strip(value, also));
            }
            Value::Array(items) => items.iter_mut().for_each(|value| strip(value, also)),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(answer).unwrap();
    strip(&mut value, also);
    value
}

/// Everything that is expected is said; more may be.
pub fn covers(said: &Value, expected: &Value, at: &mut Vec<String>) {
    match (said, expected) {
        (Value::Object(said), Value::Object(expected)) => {
            for (name, expected) in expected {
                at.push(name.clone());
                covers(said.get(name).unwrap_or(&Value::Null), expected, at);
                at.pop();
            }
        }
        (Value::Array(said), Value::Array(expected)) => {
            assert_eq!(said.len(), expected.len(), "{}", at.join("/"));
            for (number, (said, expected)) in said.iter().zip(expected).enumerate() {
                at.push(number.to_string());
                covers(said, expected, at);
                at.pop();
            }
        }
        _ => assert_eq!(said, expected, "{}", at.join("/")),
    }
}
