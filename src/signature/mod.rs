//! XML signatures (XML-DSig 1.1) over the strict reader and the canonicaliser of [`crate::xml`]: verified in one
//! pass with whoever reads the message, and made. It knows no edXML: what is signed where is a [`Profile`], and who
//! may sign is a [`ChainCheck`]. A [`Verified`] value can be made only here, by a signature that TOTAL-PASSED.

mod algorithm;
#[allow(dead_code)]
mod certificate;
mod chain;
#[allow(dead_code)]
mod der;
mod key;
mod name;
mod profile;
#[allow(dead_code)]
mod verdict;
#[allow(dead_code)]
mod verified;

pub use algorithm::{DigestMethod, SignatureMethod};
pub use chain::{Chain, ChainCheck, Material, MaterialKind, SignerInfo};
pub use key::{KeyKind, PublicKey};
pub use profile::{ExpandedName, Limits, Profile};
pub use verdict::{Algorithms, Covered, Indication, SubIndication, Verdict, Weakness};
pub use verified::{Examined, Verified};
