//! Which certificates the hub believes, and for whom they may speak: anchors, paths, revocation, the evidence that is
//! kept. After `signature`, which hands over the one certificate whose key verified; before `intake`, which compares
//! the signer with the register. Nothing here opens a connection: CRLs come from configured folders only, never from
//! a URL inside a certificate.

pub mod files;
pub mod pki;
pub mod registration;
pub mod roots;
mod sources;

pub use registration::{CertificateRule, Registration};
pub use sources::Sources;
