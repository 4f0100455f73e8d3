//! Randomness of the running hub: salts and message ids from the operating system, drawn in bulk.

use ring::rand::{SecureRandom, SystemRandom};
use uuid::{Builder, Uuid};

use crate::domain::{MessageId, Timestamp};
use crate::hub::decide::Ids;
use crate::hub::entry::Salt;

const POOL: usize = 4_096;

/// Salts and ids from the operating system's generator.
pub struct RandomIds {
    random: SystemRandom,
    pool: Box<[u8; POOL]>,
    used: usize,
}

impl Default for RandomIds {
    fn default() -> Self {
        Self { random: SystemRandom::new(), pool: Box::new([0; POOL]), used: POOL }
    }
}

impl RandomIds {
    /// Sixteen fresh octets. Each octet of the pool is given out once. Without randomness the hub cannot go on: a
    /// repeated salt would be worse than a stop.
    fn draw(&mut self) -> [u8; 16] {
        if self.used + 16 > POOL {
            while self.random.fill(self.pool.as_mut_slice()).is_err() {
                tracing::error!("the operating system gives no randomness; waiting");
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            self.used = 0;
        }
        let drawn = self.pool.get(self.used..).and_then(|rest| rest.first_chunk::<16>()).copied().unwrap_or_default();
        self.used += 16;
        drawn
    }
}

impl Ids for RandomIds {
    fn salt(&mut self) -> Salt {
        Salt(self.draw())
    }

    fn message(&mut self, now: Timestamp) -> MessageId {
        let drawn = self.draw();
        let random = drawn.first_chunk::<10>().copied().unwrap_or_default();
        let millis = u64::try_from(now.as_millis()).unwrap_or_default();
        let id: Uuid = Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        MessageId(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_and_ids_do_not_repeat() {
        let mut ids = RandomIds::default();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..1_000 {
            assert!(seen.insert(ids.salt().0));
            let id = ids.message(Timestamp::from_millis(1_800_000_000_000));
            assert_eq!(id.0.get_version_num(), 7);
            assert!(seen.insert(*id.0.as_bytes()));
        }
    }
}
