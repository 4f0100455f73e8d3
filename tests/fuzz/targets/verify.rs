//! The verifier: whatever is done to a signed message, if it still passes, the consumer sees what the signer signed.
#![no_main]

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use libfuzzer_sys::fuzz_target;
use truc::domain::{Code, Refusal, Timestamp};
use truc::edxml;
use truc::signature::{Chain, ChainCheck, Material, MaterialKind, PublicKey, SignerInfo, examine, verify};
use truc_fuzz::{Pki, Recorder, files, now, seeds};

/// Trusts the signer of the seeds and nobody else.
struct Only(Vec<u8>);

impl ChainCheck for Only {
    fn check(&self, leaf: &[u8], _: &[Vec<u8>], _: Timestamp) -> Result<Chain, Refusal> {
        if leaf != self.0 {
            return Err(Refusal::new(Code::ChainNotFound, "not the signer of the seeds"));
        }
        Ok(Chain {
            leaf: Arc::new(SignerInfo::from_certificate(leaf)?),
            key: Arc::new(PublicKey::from_certificate(leaf)?),
            evidence: [Material::new(MaterialKind::Certificate, leaf)].into(),
        })
    }
}

fn shown(message: &[u8], chains: &Only) -> Option<String> {
    let verified = verify(&message, &edxml::signature_profile(), chains, now(), Recorder::default).ok()?;
    Some(verified.into_parts().0)
}

/// The trust, and everything that was ever signed.
fn genuine() -> &'static (Only, HashSet<String>) {
    static GENUINE: OnceLock<(Only, HashSet<String>)> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let chains = Only(Pki::load().leaf);
        let signed = files(&seeds("verify")).into_iter();
        let contents = signed
            .map(|(name, message)| shown(&message, &chains).unwrap_or_else(|| panic!("the seed {name} does not pass")));
        let contents = contents.collect();
        (chains, contents)
    })
}

fuzz_target!(|data: &[u8]| {
    let (chains, signed) = genuine();
    let strict = shown(data, chains);
    if let Some(content) = &strict {
        assert!(signed.contains(content), "passed, and shows what nobody signed: {content}");
    }
    let tolerant = edxml::signature_profile().tolerant();
    let examined = examine(&data, &tolerant, chains, now(), Recorder::default);
    if strict.is_some() {
        assert!(examined.is_ok_and(|examined| examined.verdict.passed()), "verify and examine differ");
    }
});
