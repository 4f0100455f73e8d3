//! XML signatures (XML-DSig 1.1) over the strict reader and the canonicaliser of [`crate::xml`]: verified in one
//! pass with whoever reads the message, and made. It knows no edXML: what is signed where is a [`Profile`], and who
//! may sign is a [`ChainCheck`]. A [`Verified`] value can be made only here, by a signature that TOTAL-PASSED; an
//! [`Unsettled`] one only by a signature of which nothing but revocation is open.

mod algorithm;
pub(crate) mod base64;
mod certificate;
mod chain;
mod contents;
pub(crate) mod der;
mod edited;
mod findings;
mod grammar;
mod hasher;
mod identify;
mod ids;
mod key;
mod name;
mod parse;
mod pass;
mod plan;
mod profile;
mod sign;
mod signing_key;
mod skeleton;
mod survey;
mod targets;
mod verdict;
mod verified;
mod verify;
mod watch;

pub use algorithm::{DigestMethod, SignatureMethod};
pub use chain::{Chain, ChainCheck, Material, MaterialKind, SignerInfo};
pub use edited::Edited;
pub use key::{KeyKind, PublicKey};
pub use profile::{ExpandedName, KeyInfo, Limits, Part, Parts, Profile, References, SignaturePlace};
pub use sign::{Coverage, SigningOptions, sign, sign_source};
pub use signing_key::{HeldKey, KeyError, SigningKey};
pub(crate) use verdict::classify;
pub use verdict::{Algorithms, Covered, Indication, SubIndication, Verdict, Weakness};
pub use verified::{Examined, Judged, Unsettled, Verified};
pub use verify::{examine, verify, verify_or_hold};
