//! Emergency blocks: certificates and keys that the operator believes no more, before their authority has said so.
//! The engine keeps them in the trail and hands them over; a block counts from the next check on.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::domain::{Code, Digest, Refusal, Timestamp};
use crate::trust::path::Place;
use crate::trust::window::Window;

/// One block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// What is blocked.
    pub rule: BlockRule,
    /// From which time of receipt on, inclusive.
    pub since: Timestamp,
    /// Up to which, exclusive; without an end where there is none.
    pub until: Option<Timestamp>,
    /// Why, in the operator's words.
    pub reason: String,
}

/// What a block means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockRule {
    /// This very certificate, by the SHA-256 of its DER.
    Certificate(Digest),
    /// Every certificate with this key, by the SHA-256 of its SubjectPublicKeyInfo.
    Key(Digest),
}

impl BlockRule {
    /// Every certificate with the key of this one.
    ///
    /// # Errors
    /// `certificate_invalid`.
    pub fn of_key(der: &[u8]) -> Result<Self, Refusal> {
        match X509Certificate::from_der(der) {
            Ok(([], certificate)) => Ok(Self::Key(Digest::of(certificate.public_key().raw))),
            _ => Err(Refusal::new(Code::CertificateInvalid, "the certificate is malformed")),
        }
    }
}

/// Every block in force.
#[derive(Debug, Default)]
pub(super) struct Blocks(HashMap<BlockRule, Vec<Block>>);

impl Blocks {
    pub(super) fn new(blocks: Vec<Block>) -> Self {
        let mut of_rule: HashMap<BlockRule, Vec<Block>> = HashMap::new();
        for block in blocks {
            of_rule.entry(block.rule).or_default().push(block);
        }
        Self(of_rule)
    }

    /// For how long around `at` neither the certificate nor its key is blocked.
    pub(super) fn check(&self, der: &[u8], spki: &[u8], place: Place, at: Timestamp) -> Result<Window, Refusal> {
        if self.0.is_empty() {
            return Ok(Window::always());
        }
        let rules = [BlockRule::Certificate(Digest::of(der)), BlockRule::Key(Digest::of(spki))];
        let mut window = Window::always();
        for block in rules.iter().filter_map(|rule| self.0.get(rule)).flatten() {
            window = window.and(block.free_around(at).ok_or_else(|| refused(place, block))?);
        }
        Ok(window)
    }
}

impl Block {
    /// The time around `at` in which the block does not count, if it does not count at `at`.
    fn free_around(&self, at: Timestamp) -> Option<Window> {
        let Window { from, until } = Window::always();
        match self.until {
            _ if at < self.since => Some(Window { from, until: self.since }),
            Some(end) if end <= at => Some(Window { from: end, until }),
            _ => None,
        }
    }
}

fn refused(place: Place, block: &Block) -> Refusal {
    let what = match block.rule {
        BlockRule::Certificate(_) => place.to_string(),
        BlockRule::Key(_) => format!("the key of {place}"),
    };
    Refusal::new(Code::CertificateBlocked, format!("{what} is blocked by the operator since {}", block.since))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn block(rule: BlockRule, since: i64, until: Option<i64>) -> Block {
        Block { rule, since: ms(since), until: until.map(ms), reason: "lộ khóa".to_owned() }
    }

    #[test]
    fn a_block_counts_from_its_first_instant_to_before_its_last() {
        let rule = BlockRule::Certificate(Digest::of(b"certificate"));
        let blocks = Blocks::new(vec![block(rule, 10, Some(20)), block(rule, 30, None)]);
        let check = |at: i64| blocks.check(b"certificate", b"key", Place::Leaf, ms(at));
        let free = |from: i64, until: i64| Window { from: ms(from), until: ms(until) };
        assert_eq!(check(9).unwrap(), free(i64::MIN, 10));
        assert_eq!(check(10).unwrap_err().code, Code::CertificateBlocked);
        assert_eq!(check(19).unwrap_err().code, Code::CertificateBlocked);
        assert_eq!(check(20).unwrap(), free(20, 30));
        assert_eq!(check(30).unwrap_err().code, Code::CertificateBlocked);
    }

    #[test]
    fn a_key_is_blocked_in_every_certificate_that_has_it() {
        let blocks = Blocks::new(vec![block(BlockRule::Key(Digest::of(b"key")), 0, None)]);
        assert!(blocks.check(b"one", b"key", Place::Leaf, ms(0)).is_err());
        assert!(blocks.check(b"two", b"key", Place::Anchor, ms(0)).is_err());
        assert!(blocks.check(b"key", b"other", Place::Leaf, ms(0)).is_ok());
    }
}
