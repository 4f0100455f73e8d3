//! From a profile to a hub: the one place where commands make calls, and where what went wrong becomes an exit code.

use std::future::Future;
use std::path::PathBuf;
use std::time::Duration;

use tokio::runtime::Runtime;

use crate::cli::exit::{Exit, Failure};
use crate::cli::{Context, inbox};
use crate::client::{Client, ClientError, ListQuery, Profile, Retry};
use crate::domain::OrganId;

/// A client and the runtime that its calls run on.
#[derive(Debug)]
pub(super) struct Connection {
    runtime: Runtime,
    client: Client,
    profile: Profile,
}

impl Context {
    /// The profile's path, which a command that talks to a hub cannot do without.
    pub(super) fn profile_path(&self) -> Result<&PathBuf, Failure> {
        self.profile.as_ref().ok_or_else(|| {
            let folder = self.data.access();
            let folder = folder.display();
            Failure::usage(
                format!("Cần biết gọi trục nào, với danh nghĩa nào: thêm --profile TỆP hoặc đặt TRUC_PROFILE (hồ sơ nằm trong {folder})"),
                format!("Which hub, and as whom? Give --profile FILE or set TRUC_PROFILE (profiles stand in {folder})"),
            )
        })
    }

    /// The profile, for commands that can do without one.
    pub(super) fn profile(&self) -> Result<Option<Profile>, Failure> {
        self.profile.as_deref().map(Profile::read).transpose().map_err(failure)
    }

    /// A connection by the profile. Nothing is sent yet.
    pub(super) fn connect(&self) -> Result<Connection, Failure> {
        let profile = Profile::read(self.profile_path()?).map_err(failure)?;
        let runtime = runtime()?;
        let client = {
            let _guard = runtime.enter();
            Client::new(&profile).map_err(failure)?
        };
        let retry = Retry { attempts: 3, pause_max: Duration::from_secs(5) };
        Ok(Connection { runtime, client: client.with_language(self.lang).with_retry(retry), profile })
    }
}

/// One thread is enough for a command: it waits for one answer.
fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Failure::new(Exit::Software, format!("Không khởi động được: {error}"), format!("Cannot start: {error}"))
    })
}

impl Connection {
    pub(super) const fn profile(&self) -> &Profile {
        &self.profile
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    /// Makes a call and waits for its answer.
    pub(super) fn call<T>(&self, call: impl Future<Output = Result<T, ClientError>>) -> Result<T, Failure> {
        self.runtime.block_on(call).map_err(failure)
    }

    /// The agency that was named, else the profile's; `None` leaves it to the hub, which knows whom the caller
    /// speaks for.
    pub(super) fn agency(&self, named: Option<&OrganId>) -> Option<OrganId> {
        named.or(self.profile.agency.as_ref()).cloned()
    }

    pub(super) fn list_query(&self, options: &inbox::Options) -> ListQuery {
        ListQuery {
            agency: self.agency(options.agency.as_ref()),
            cursor: options.cursor.clone(),
            limit: Some(usize::from(options.limit)),
            wait: options.wait.map(|seconds| Duration::from_secs(u64::from(seconds))),
        }
    }
}

/// What went wrong between client and hub, as a failure of the command.
pub(super) fn failure(error: ClientError) -> Failure {
    match error {
        ClientError::Refused(problem) => Failure::Refused(problem),
        ClientError::Unreachable { hub, reason } => Failure::new(
            Exit::Unavailable,
            format!("Không nối được tới trục {hub}: {reason}"),
            format!("The hub at {hub} cannot be reached: {reason}"),
        ),
        ClientError::Tls { hub, reason } => Failure::new(
            Exit::Unavailable,
            format!("Không lập được kết nối TLS tin cậy tới {hub}: {reason}"),
            format!("No trusted TLS connection to {hub}: {reason}"),
        ),
        ClientError::Protocol { reason } => Failure::new(
            Exit::Software,
            format!("Câu trả lời không phải của trục: {reason}"),
            format!("The answer is not that of a hub: {reason}"),
        ),
        ClientError::Local { what, reason } => Failure::new(
            Exit::NoInput,
            format!("Không dùng được {what}: {reason}"),
            format!("Cannot use {what}: {reason}"),
        ),
    }
}
