//! What the hub has acknowledged, written down before anything else happens, and what was on its way. After a cut, this
//! is what must be there.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use truc::api::{DeliveryView, Receipt};
use truc::domain::{DeliveryState, Digest, HoldState, MessageId, Seq, StatusCode, Timestamp, next};
use truc::trail::{Checkpoint, VerifierKey, verify};

use crate::backup::Backups;
use crate::contents::{Act, Contents};
use crate::people::{Letter, Note, Who};
use crate::random::Random;
use crate::waiting::Limbo;

/// A message at a recipient.
pub(crate) type Key = (MessageId, Who);

/// What is wrong, in the order of how bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// The hub does not open any more.
    Refuses,
    /// Something acknowledged is not there, or not as it was.
    Lost,
    /// Something unacknowledged is there in part.
    Half,
    /// The hub says something else that it must not.
    Wrong,
}

/// Something that must not be.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) kind: Kind,
    pub(crate) what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Refuses => "DOES NOT OPEN",
            Kind::Lost => "LOST",
            Kind::Half => "HALF",
            Kind::Wrong => "WRONG",
        };
        write!(f, "{kind}: {}", self.what)
    }
}

/// What a client asks for and waits for.
#[derive(Clone)]
pub(crate) enum Operation {
    Send(Arc<Letter>),
    Tell(Arc<Note>),
    Confirm(Key),
    Act(Act),
}

/// An acknowledged document message.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) id: MessageId,
    pub(crate) letter: Arc<Letter>,
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
    pub(crate) entry: Bytes,
}

/// An acknowledged status.
#[derive(Clone)]
pub(crate) struct Told {
    pub(crate) id: MessageId,
    pub(crate) note: Arc<Note>,
    pub(crate) seq: Seq,
    pub(crate) entry: Bytes,
}

/// Where a delivery stands by what was acknowledged.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Delivery {
    pub(crate) state: DeliveryState,
    pub(crate) asked: bool,
    pub(crate) confirmed: bool,
    /// Something about it is on its way: nobody else touches it.
    pub(crate) busy: bool,
    /// A revocation, or revoked: no more statuses.
    pub(crate) settled: bool,
}

/// Everything of one data folder.
pub(crate) struct Ledger {
    key: VerifierKey,
    pub(crate) held: Vec<Held>,
    places: HashMap<MessageId, usize>,
    pub(crate) told: Vec<Told>,
    pub(crate) deliveries: BTreeMap<Key, Delivery>,
    /// The deliveries at each agency, in the order in which they were acknowledged.
    at: Vec<Vec<Key>>,
    /// Every signed tree that was shown: size and root.
    pub(crate) checkpoints: BTreeMap<u64, Digest>,
    pub(crate) in_flight: BTreeMap<u64, Operation>,
    pub(crate) contents: Contents,
    pub(crate) limbo: Limbo,
    pub(crate) backups: Backups,
    /// The receipt that speaks of the largest tree.
    pub(crate) newest: Option<(u64, String)>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) acknowledged: u64,
    pub(crate) octets: u64,
    tickets: u64,
}

impl Ledger {
    pub(crate) fn new(key: VerifierKey, agencies: usize) -> Self {
        Self {
            key,
            held: Vec::new(),
            places: HashMap::new(),
            told: Vec::new(),
            deliveries: BTreeMap::new(),
            at: vec![Vec::new(); agencies],
            checkpoints: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            contents: Contents::default(),
            limbo: Limbo::default(),
            backups: Backups::default(),
            newest: None,
            findings: Vec::new(),
            acknowledged: 0,
            octets: 0,
            tickets: 0,
        }
    }

    pub(crate) fn find(&mut self, kind: Kind, what: impl Into<String>) {
        self.findings.push(Finding { kind, what: what.into() });
    }

    /// A letter that was acknowledged.
    pub(crate) fn letter(&self, id: MessageId) -> Option<&Held> {
        self.places.get(&id).map(|place| &self.held[*place])
    }

    pub(crate) fn knows(&self, id: MessageId) -> bool {
        self.places.contains_key(&id) || self.limbo.get(id).is_some()
    }

    /// A delivery at an agency, by chance.
    pub(crate) fn any_delivery(&self, at: Who, random: &mut Random) -> Option<(Key, Delivery)> {
        let key = *random.pick(&self.at[at])?;
        self.deliveries.get(&key).map(|delivery| (key, *delivery))
    }

    pub(crate) fn change(&mut self, key: Key, change: impl FnOnce(&mut Delivery)) {
        if let Some(delivery) = self.deliveries.get_mut(&key) {
            change(delivery);
        }
    }

    /// Something is on its way from now on, until it is acknowledged.
    pub(crate) fn sets_out(&mut self, operation: Operation) -> u64 {
        self.tickets += 1;
        if let Operation::Act(act) = &operation {
            self.contents.sets_out(act);
        }
        self.in_flight.insert(self.tickets, operation);
        self.tickets
    }

    /// A document was answered with a receipt. `repeat` is what the receipt must say.
    pub(crate) fn sent(&mut self, letter: &Arc<Letter>, receipt: &Receipt, repeat: bool) {
        let Some(entry) = self.receipt(letter.sha256, receipt, repeat) else { return };
        if is_held(&entry) {
            return self.holds(letter, receipt, entry);
        }
        let (id, seq) = (receipt.id, receipt.seq);
        if receipt.held || (letter.signer.is_some() && self.limbo.end_of(letter) != HoldState::Released) {
            self.find(Kind::Wrong, format!("{id} is accepted, and nothing is known of its certificate"));
        }
        if self.places.insert(id, self.held.len()).is_some() {
            return self.find(Kind::Wrong, format!("two messages have the id {id}"));
        }
        self.octets += letter.bytes.len() as u64;
        self.held.push(Held { id, letter: Arc::clone(letter), seq, time: receipt.time, entry });
        let settled = letter.revokes.is_some();
        for to in &letter.to {
            self.at[*to].push((id, *to));
            self.deliveries.insert((id, *to), Delivery { settled, ..Delivery::default() });
        }
    }

    /// A status was answered with a receipt.
    pub(crate) fn status(&mut self, note: &Arc<Note>, receipt: &Receipt, repeat: bool) {
        let Some(entry) = self.receipt(note.sha256, receipt, repeat) else { return };
        self.octets += note.bytes.len() as u64;
        self.told.push(Told { id: receipt.id, note: Arc::clone(note), seq: receipt.seq, entry });
        let before = self.deliveries.get(&note.about).copied().unwrap_or_default();
        let (state, asked, effect) = next(before.state, before.asked, note.code);
        self.change(note.about, |delivery| (delivery.state, delivery.asked, delivery.busy) = (state, asked, false));
        if receipt.effect != Some(effect) {
            let what = format!("status {} {}: effect {:?}, not {effect:?}", note.code, receipt.id, receipt.effect);
            self.find(Kind::Wrong, what);
        }
    }

    /// A confirmation was answered.
    pub(crate) fn confirmed(&mut self, key: Key, view: &DeliveryView) {
        self.acknowledged += 1;
        self.change(key, |delivery| (delivery.confirmed, delivery.busy) = (true, false));
        if view.confirmed_at.is_none() {
            self.find(Kind::Wrong, format!("the confirmation of {} is answered without its time", key.0));
        }
    }

    /// The same bytes again were answered.
    pub(crate) fn repeated(&mut self, held: &Held, receipt: &Receipt) {
        if (receipt.id, receipt.seq) != (held.id, held.seq) {
            let what = format!("{} is repeated as {}, seq {} as {}", held.id, receipt.id, held.seq, receipt.seq);
            self.find(Kind::Lost, what);
        }
        self.receipt(held.letter.sha256, receipt, true);
    }

    /// A receipt must prove itself; gives the entry that it proves.
    fn receipt(&mut self, sha256: Digest, receipt: &Receipt, repeat: bool) -> Option<Bytes> {
        self.acknowledged += 1;
        if receipt.sha256 != sha256 {
            self.find(Kind::Wrong, format!("the receipt of {} has another digest", receipt.id));
        }
        if receipt.repeat != repeat {
            let kind = if repeat { Kind::Lost } else { Kind::Wrong };
            self.find(kind, format!("{}: repeat is {}, not {repeat}", receipt.id, receipt.repeat));
        }
        self.proof(receipt.id, receipt.seq, &receipt.proof)
    }

    /// A proof must hold by the log's key alone, for this place in the trail.
    pub(crate) fn proof(&mut self, id: MessageId, seq: Seq, proof: &str) -> Option<Bytes> {
        let verified = match verify::proof(proof, std::slice::from_ref(&self.key)) {
            Ok(verified) if verified.index() == seq => verified,
            Ok(verified) => {
                self.find(Kind::Wrong, format!("{id}: its proof is of entry {}, not {seq}", verified.index()));
                return None;
            }
            Err(error) => {
                self.find(Kind::Wrong, format!("{id}: its proof does not hold: {error}"));
                return None;
            }
        };
        let Checkpoint { size, root, .. } = verified.checkpoint();
        self.shown(*size, *root);
        if self.newest.as_ref().is_none_or(|(newest, _)| newest < size) {
            self.newest = Some((*size, proof.to_owned()));
        }
        Some(Bytes::copy_from_slice(verified.entry()))
    }

    /// A signed note that was answered with.
    pub(crate) fn checkpoint(&mut self, note: &str) -> Option<Checkpoint> {
        match Checkpoint::open(note, std::slice::from_ref(&self.key)) {
            Ok(checkpoint) => {
                self.shown(checkpoint.size, checkpoint.root);
                Some(checkpoint)
            }
            Err(error) => {
                self.find(Kind::Wrong, format!("the checkpoint does not hold: {error}"));
                None
            }
        }
    }

    /// A log never signs two trees of one size.
    fn shown(&mut self, size: u64, root: Digest) {
        let first = *self.checkpoints.entry(size).or_insert(root);
        if first != root {
            self.find(Kind::Lost, format!("two signed trees of {size} entries: {first} and {root}"));
        }
    }

    /// What a delivery may be: what was acknowledged, or that with what was on its way about it.
    pub(crate) fn may_be(&self, key: Key) -> Vec<Delivery> {
        let Some(certain) = self.deliveries.get(&key).copied() else { return Vec::new() };
        let mut may = vec![certain];
        for operation in self.in_flight.values() {
            match operation {
                Operation::Confirm(about) if *about == key => may.push(Delivery { confirmed: true, ..certain }),
                Operation::Tell(note) if note.about == key => may.push(after(certain, note.code)),
                _ => {}
            }
        }
        may
    }

    /// Every entry that a receipt proves, and its place.
    pub(crate) fn entries(&self) -> Vec<(Seq, Bytes)> {
        let documents = self.held.iter().map(|held| (held.seq, held.entry.clone()));
        let statuses = self.told.iter().map(|told| (told.seq, told.entry.clone()));
        let waiting = self.limbo.waiting.iter().filter_map(|it| Some((it.seq, it.entry.clone()?)));
        documents.chain(statuses).chain(waiting).chain(self.contents.entries.iter().cloned()).collect()
    }

    /// Before a new load: nothing is on its way any more.
    pub(crate) fn settle(&mut self) {
        self.in_flight.clear();
        for delivery in self.deliveries.values_mut() {
            delivery.busy = false;
        }
    }
}

/// Whether an entry is that of a message that has to wait.
fn is_held(entry: &[u8]) -> bool {
    let entry = serde_json::from_slice::<serde_json::Value>(entry).unwrap_or_default();
    entry.get("kind").and_then(serde_json::Value::as_str) == Some("held")
}

fn after(delivery: Delivery, code: StatusCode) -> Delivery {
    let (state, asked, _) = next(delivery.state, delivery.asked, code);
    Delivery { state, asked, ..delivery }
}
