//! Restoring from a backup into another folder: it is whole, the doctor finds nothing, and everything that was
//! acknowledged before the backup began is in it.

use std::path::Path;
use std::sync::Arc;

use truc::api::DocumentView;
use truc::client::{Client, ClientError};
use truc::config::DataFolder;
use truc::domain::{Code, HoldState};

use crate::backup::{self, Acknowledged, Message};
use crate::check::trail;
use crate::hub::{Program, Started};
use crate::ledger::{Key, Kind};
use crate::load::{Shared, bytes_of, lock};
use crate::people::Who;
use crate::stage::{Stage, clear};
use crate::trouble::Done;

/// Restores from the newest backup if one has begun since; how often that was done.
pub(crate) async fn check(stage: &Stage, truc: &Path, ledger: &Shared) -> Done<u64> {
    let (acknowledged, newest) = {
        let mut ledger = lock(ledger);
        if !std::mem::take(&mut ledger.backups.is_touched) {
            return Ok(0);
        }
        (ledger.backups.newest.clone(), ledger.newest.clone())
    };
    let (Some(acknowledged), Some(newest)) = (acknowledged, newest) else { return Ok(0) };
    let data = stage.scratch().join("restored");
    clear(&data)?;
    let restored = Restored { stage, program: stage.program_on(truc, &data), ledger };
    if restored.unpacks(&acknowledged, newest)? {
        restored.serves(&acknowledged).await?;
    }
    clear(&data)?;
    Ok(1)
}

struct Restored<'a> {
    stage: &'a Stage,
    program: Program,
    ledger: &'a Shared,
}

impl Restored<'_> {
    fn find(&self, kind: Kind, what: String) {
        lock(self.ledger).find(kind, what);
    }

    /// `truc restore` with what a sender holds: it says what is missing, and the journal has every entry.
    fn unpacks(&self, acknowledged: &Acknowledged, (size, proof): (u64, String)) -> Done<bool> {
        let receipt = self.stage.scratch().join("newest.tlog-proof");
        std::fs::write(&receipt, proof)?;
        let (from, receipt) =
            (backup::folder(self.stage.scratch()).display().to_string(), receipt.display().to_string());
        let arguments = ["--json", "--lang", "en", "restore", from.as_str(), "--checkpoint", receipt.as_str()];
        let (is_well, said) = self.program.run(&arguments)?;
        if !is_well {
            self.find(Kind::Lost, format!("a backup cannot be restored from: {said}"));
            return Ok(false);
        }
        let said: serde_json::Value = serde_json::from_str(&said)?;
        let number = |path: &str| said.pointer(path).and_then(serde_json::Value::as_u64).unwrap_or(u64::MAX);
        let (entries, missing) = (number("/verified/entries"), number("/missing"));
        if missing != size.saturating_sub(entries) {
            self.find(Kind::Wrong, format!("{missing} entries are told as missing: of {size} {entries} are there"));
        }
        let journal = DataFolder::new(&self.program.data).journal();
        match trail::leaves_of(&journal, self.stage.scratch())? {
            Err(error) => self.find(Kind::Refuses, format!("the restored journal cannot be read: {error}")),
            Ok(leaves) => {
                for seq in trail::missing(&leaves, &acknowledged.entries) {
                    let what = format!("entry {seq} was acknowledged before the backup began, which has {entries}");
                    self.find(Kind::Lost, what);
                }
            }
        }
        Ok(true)
    }

    /// A hub on it gives out everything; then the doctor looks at what it leaves.
    async fn serves(&self, acknowledged: &Acknowledged) -> Done<()> {
        let hub = match self.program.start(&mut self.stage.power.subscribe()).await? {
            Started::Ready(hub) => hub,
            Started::Refused(words) => {
                self.find(Kind::Refuses, format!("the restored folder: {words}"));
                return Ok(());
            }
            Started::Cut => return Err("the power went while nothing was to be cut".into()),
        };
        let clients = self.stage.people.clients(&hub.address)?;
        self.messages(&clients, &acknowledged.messages).await;
        self.confirmations(&clients, &acknowledged.confirmed).await;
        hub.stop()?;
        let (is_well, said) = self.program.run(&["--lang", "en", "doctor", "--deep"])?;
        if !is_well {
            self.find(Kind::Wrong, format!("the doctor finds something in the restored folder: {said}"));
        }
        Ok(())
    }

    async fn messages(&self, clients: &Arc<Vec<Client>>, messages: &[Message]) {
        for message in messages {
            let given = bytes_of(&clients[message.from], message.id).await;
            let is_as_it_was = match &given {
                Ok(bytes) => *bytes == message.sha256 && !message.is_destroyed,
                Err(error) => message.is_destroyed || self.explains(message, error),
            };
            if !is_as_it_was {
                let what = format!("{} was acknowledged before the backup, and is given as {given:?}", message.id);
                self.find(Kind::Lost, what);
            }
        }
    }

    /// Whether something that was done since the backup began explains it: the backup may have that as well.
    fn explains(&self, message: &Message, error: &ClientError) -> bool {
        let ledger = lock(self.ledger);
        let waits = ledger.limbo.get(message.id);
        match waits.map(|waiting| ledger.limbo.end_of(&waiting.letter)) {
            Some(end) => end == HoldState::TurnedAway && error.code() == Some(Code::ContentDestroyed),
            None => ledger.explains(message.document, error),
        }
    }

    async fn confirmations(&self, clients: &Arc<Vec<Client>>, confirmed: &[(Key, Who)]) {
        for ((id, who), from) in confirmed {
            let code = &self.stage.people.agency(*who).code;
            let is_confirmed = |view: DocumentView| {
                view.deliveries.iter().any(|delivery| delivery.to.code == *code && delivery.confirmed_at.is_some())
            };
            if !clients[*from].document(*id).await.is_ok_and(is_confirmed) {
                self.find(Kind::Lost, format!("{id} was confirmed by {code} before the backup, and is not in it"));
            }
        }
    }
}
