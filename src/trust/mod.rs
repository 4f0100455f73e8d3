//! Which certificates the hub believes, and for whom they may speak: anchors, paths, revocation, the evidence that is
//! kept. After `signature`, which hands over the one certificate whose key verified; before `intake`, which compares
//! the signer with the register. Nothing here opens a connection: CRLs come from configured folders only, never from
//! a URL inside a certificate.
//!
//! A check goes `store` (cache) -> `snapshot` -> `path` (webpki, then `usage`, keys, dates) -> `revocation` -> evidence.

mod algorithms;
mod asked;
mod block;
mod cache;
mod crl;
mod crls;
mod evidence;
mod explain;
pub mod files;
pub mod inventory;
mod path;
pub mod pki;
pub mod registration;
mod revocation;
pub mod roots;
mod snapshot;
mod sources;
mod store;
mod usage;
mod window;

pub use asked::{Asked, AskedCrls};
pub use block::{Block, BlockRule};
pub use crls::CrlFloors;
pub use evidence::check_with_evidence;
pub use inventory::Inventory;
pub use registration::{CertificateRule, Registration};
pub use revocation::Revocation;
pub use snapshot::Fault;
pub use sources::Sources;
pub use store::{Report, TrustError, TrustStore};
pub use usage::Usage;
