//! Paths that were checked and hold for a while. A hit compares bytes and hashes nothing but a few of them; the exact
//! certificates decide, not a digest. Bounded, in two generations: when the young one is full it becomes the old one,
//! and what the old one held and nobody asked for since is forgotten.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::Timestamp;
use crate::signature::Chain;
use crate::trust::window::Window;

/// Entries of one generation. With the limit on sent certificates, both together hold at most 40 MB.
const GENERATION_ENTRIES_MAX: usize = 1_024;
/// Messages that send more than this beside the signer's certificate are checked every time.
const OTHERS_OCTETS_MAX: usize = 16 * 1024;
/// Octets at the end of a certificate that choose the slot: they are part of its signature.
const TAIL_OCTETS: usize = 32;

/// A bounded cache of checked paths.
#[derive(Debug, Default)]
pub(super) struct Cache {
    generations: RwLock<Generations>,
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<u64, Arc<Entry>>,
    old: HashMap<u64, Arc<Entry>>,
}

#[derive(Debug)]
struct Entry {
    others: Vec<Vec<u8>>,
    chain: Chain,
    window: Window,
}

impl Entry {
    fn is_for(&self, leaf: &[u8], others: &[Vec<u8>]) -> bool {
        self.chain.evidence.first().is_some_and(|own| own.der.as_ref() == leaf) && self.others == others
    }
}

impl Cache {
    /// The path of exactly these certificates, if it was checked and holds at `at`.
    pub(super) fn get(&self, leaf: &[u8], others: &[Vec<u8>], at: Timestamp) -> Option<Chain> {
        let slot = self.slot(leaf, others);
        let (entry, is_old) = {
            let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
            match generations.young.get(&slot) {
                Some(entry) => (Arc::clone(entry), false),
                None => (Arc::clone(generations.old.get(&slot)?), true),
            }
        };
        if !entry.is_for(leaf, others) || !entry.window.contains(at) {
            return None;
        }
        let chain = entry.chain.clone();
        if is_old {
            self.insert(slot, entry);
        }
        Some(chain)
    }

    /// Keeps a path for its window.
    pub(super) fn put(&self, leaf: &[u8], others: &[Vec<u8>], chain: &Chain, window: Window) {
        if others.iter().map(Vec::len).sum::<usize>() <= OTHERS_OCTETS_MAX {
            let entry = Entry { others: others.to_vec(), chain: chain.clone(), window };
            self.insert(self.slot(leaf, others), Arc::new(entry));
        }
    }

    fn insert(&self, slot: u64, entry: Arc<Entry>) {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= GENERATION_ENTRIES_MAX {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.young.insert(slot, entry);
    }

    /// Keyed by a secret of the process, so that nobody can aim at a slot.
    fn slot(&self, leaf: &[u8], others: &[Vec<u8>]) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        for certificate in std::iter::once(leaf).chain(others.iter().map(Vec::as_slice)) {
            let tail = certificate.len().saturating_sub(TAIL_OCTETS);
            (certificate.len(), certificate.get(tail..)).hash(&mut hasher);
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Digest;
    use crate::signature::{Material, MaterialKind, PublicKey, SignerInfo};
    use crate::trust::pki::{Authority, Key, Subject, Validity};

    fn chain(leaf: &[u8]) -> Chain {
        let at = Timestamp::from_millis(0);
        let validity = Validity { from: at, until: at };
        let root = Authority::root(&Subject::named("CA"), validity, Key::generate().unwrap()).unwrap();
        let text = String::new;
        let signer = SignerInfo {
            sha256: Digest::of(leaf),
            subject: text(),
            issuer: text(),
            serial: text(),
            not_before: at,
            not_after: at,
        };
        Chain {
            leaf: Arc::new(signer),
            key: Arc::new(PublicKey::from_certificate(root.certificate()).unwrap()),
            evidence: Arc::new([Material::new(MaterialKind::Certificate, leaf)]),
        }
    }

    fn ms(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_hit_needs_the_same_bytes_and_the_right_time() {
        let cache = Cache::default();
        let window = Window { from: ms(10), until: ms(20) };
        let others = vec![b"sub".to_vec()];
        cache.put(b"leaf", &others, &chain(b"leaf"), window);
        assert!(cache.get(b"leaf", &others, ms(10)).is_some());
        assert!(cache.get(b"leaf", &others, ms(19)).is_some());
        assert!(cache.get(b"leaf", &others, ms(9)).is_none());
        assert!(cache.get(b"leaf", &others, ms(20)).is_none());
        assert!(cache.get(b"leaf", &[], ms(10)).is_none());
        assert!(cache.get(b"Leaf", &others, ms(10)).is_none());
        assert!(cache.get(b"leaf", &[b"suc".to_vec()], ms(10)).is_none());
    }

    #[test]
    fn certificates_that_fall_into_one_slot_are_told_apart() {
        let cache = Cache::default();
        let (one, two) = ([[1_u8; 40], [7; 40]].concat(), [[2_u8; 40], [7; 40]].concat());
        assert_eq!(cache.slot(&one, &[]), cache.slot(&two, &[]));
        cache.put(&one, &[], &chain(&one), Window::always());
        assert!(cache.get(&one, &[], ms(0)).is_some());
        assert!(cache.get(&two, &[], ms(0)).is_none());
    }

    #[test]
    fn it_is_bounded_and_keeps_what_is_asked_for() {
        let cache = Cache::default();
        let template = chain(b"leaf");
        let put = |n: usize| {
            let leaf = n.to_be_bytes();
            let evidence = Arc::new([Material::new(MaterialKind::Certificate, leaf.as_slice())]);
            cache.put(&leaf, &[], &Chain { evidence, ..template.clone() }, Window::always());
        };
        for n in 0..5 * GENERATION_ENTRIES_MAX {
            put(n);
            assert!(cache.get(&0_usize.to_be_bytes(), &[], ms(0)).is_some());
        }
        let generations = cache.generations.read().unwrap();
        assert!(generations.young.len() <= GENERATION_ENTRIES_MAX);
        assert!(generations.old.len() <= GENERATION_ENTRIES_MAX);
        drop(generations);
        assert!(cache.get(&1_usize.to_be_bytes(), &[], ms(0)).is_none());
        cache.put(b"x", &[vec![0; OTHERS_OCTETS_MAX + 1]], &chain(b"x"), Window::always());
        assert!(cache.get(b"x", &[vec![0; OTHERS_OCTETS_MAX + 1]], ms(0)).is_none());
    }
}
