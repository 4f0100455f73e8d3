//! One seed, one history: a small generator (SplitMix64) for choices, ids and salts.

use uuid::Builder;

use crate::domain::{MessageId, Timestamp};
use crate::hub::decide::Ids;
use crate::hub::entry::Salt;

/// The luck of one run.
#[derive(Debug, Clone)]
pub(super) struct Luck(u64);

impl Luck {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than `limit`.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    /// Once in `times`.
    pub(super) fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }

    pub(super) fn pick<T: Clone>(&mut self, items: &[T]) -> T {
        let count = u64::try_from(items.len()).unwrap();
        items[usize::try_from(self.below(count)).unwrap()].clone()
    }

    fn octets(&mut self) -> [u8; 16] {
        let mut octets = [0; 16];
        octets[..8].copy_from_slice(&self.next().to_be_bytes());
        octets[8..].copy_from_slice(&self.next().to_be_bytes());
        octets
    }
}

/// Ids as the running hub makes them, from luck.
impl Ids for Luck {
    fn salt(&mut self) -> Salt {
        Salt(self.octets())
    }

    fn message(&mut self, now: Timestamp) -> MessageId {
        let octets = self.octets();
        let millis = u64::try_from(now.as_millis()).unwrap_or_default();
        MessageId(Builder::from_unix_timestamp_millis(millis, octets.first_chunk().unwrap()).into_uuid())
    }
}
