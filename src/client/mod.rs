//! What the CLI and the adapter use to talk to a hub: HTTP v1 with typed calls, over TLS that trusts only what the
//! profile names. Knows the wire, never the store.

mod calls;
mod connect;
mod download;
mod error;
mod fetch;
mod problem;
mod profile;
mod transport;
mod upload;

pub use calls::{EventQuery, ListQuery};
pub use download::Download;
pub use error::ClientError;
pub use fetch::{FetchError, Fetcher};
pub use profile::{Profile, Token};
pub use transport::{Client, Retry};
pub use upload::{Progress, Upload};
