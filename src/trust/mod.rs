//! Which certificates the hub believes, and for whom they may speak: anchors, paths, revocation, the evidence that is
//! kept. After `signature`, which hands over the one certificate whose key verified; before `intake`, which compares
//! the signer with the register. Nothing here opens a connection: CRLs and OCSP answers come from configured folders
//! only, never from a URL inside a certificate.
//!
//! A check goes `store` (cache) -> `snapshot` -> `path` (webpki, then `usage`, keys, dates) -> `revocation` -> evidence.

mod account;
mod algorithms;
mod asked;
mod block;
mod cache;
mod crl;
mod crls;
mod ends;
mod evidence;
mod explain;
pub mod files;
pub(crate) mod floors;
pub mod import;
pub mod inventory;
pub mod ocsp;
mod path;
pub mod pki;
pub mod read;
pub mod registration;
mod revocation;
pub mod roots;
mod rules;
mod seen;
mod snapshot;
mod sources;
mod store;
mod supply;
mod usage;
mod window;

pub use account::{Account, Finding, Link, Step};
pub use asked::{Asked, AskedCrls};
pub use block::{Block, BlockRule};
pub use ends::{End, EndKind, own_certificate};
pub use evidence::{KeptEvidence, check_with_evidence};
pub use floors::CrlFloors;
pub use inventory::{Inventory, days_left};
pub use registration::{CertificateRule, Registration};
pub use revocation::Revocation;
pub use rules::{Ages, Rules};
pub use snapshot::Fault;
pub use sources::Sources;
pub use store::{Report, TrustError, TrustStore};
pub use supply::{Novelty, Wanted};
pub use usage::Usage;
