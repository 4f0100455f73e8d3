//! Room on the disk, as the writer sees it. When little is left, ordinary messages are told 507 before anything of them
//! is kept; revokes, recalls, retention and the operator's acts go on, at last with what the reserve has kept. When there
//! is room again, intake goes on by itself and the reserve is filled again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::domain::{Code, Refusal};
use crate::journal::Reserve;

/// A reserve up to this size is filled at once, a larger one on a thread of its own.
const AT_ONCE_BYTES: u64 = 1 << 20;

/// The room of one data folder. Clones are the same room.
#[derive(Clone)]
pub(super) struct Room {
    reserve: Reserve,
    free_bytes_min: u64,
    filling: Arc<AtomicBool>,
}

impl Room {
    pub(super) fn new(reserve: Reserve, free_bytes_min: u64) -> Self {
        Self { reserve, free_bytes_min, filling: Arc::default() }
    }

    /// The refusal of ordinary messages, while little room is left. Where nothing can be learnt of the room, the write
    /// itself will tell.
    pub(super) fn refusal(&self) -> Option<Refusal> {
        let free = self.reserve.free().unwrap_or(u64::MAX);
        (free < self.free_bytes_min).then(|| {
            let needed = self.free_bytes_min;
            Refusal::new(Code::InsufficientStorage, format!("{free} octets are free; {needed} are kept for others"))
        })
    }

    /// Gives up the reserve; whether there was one.
    pub(super) fn spend(&self) -> bool {
        if self.reserve.bytes() == 0 || !matches!(self.reserve.is_held(), Ok(true)) {
            return false;
        }
        tracing::error!("the disk is full: the reserve is given up for what must not wait");
        match self.reserve.release() {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(%error, "the reserve could not be given up");
                false
            }
        }
    }

    /// Fills the reserve again where there is plenty of room. Called when nothing else is to be done.
    pub(super) fn restore(&self) {
        let plenty = self.free_bytes_min.saturating_add(self.reserve.bytes().saturating_mul(2));
        let wanted = self.reserve.bytes() > 0
            && matches!(self.reserve.is_held(), Ok(false))
            && self.reserve.free().is_ok_and(|free| free >= plenty);
        if !wanted || self.filling.swap(true, Ordering::SeqCst) {
            return;
        }
        let (reserve, filling) = (self.reserve.clone(), Arc::clone(&self.filling));
        let fill = move || {
            if let Err(error) = reserve.restore() {
                tracing::warn!(%error, "the reserve could not be filled");
            }
            filling.store(false, Ordering::SeqCst);
        };
        if self.reserve.bytes() <= AT_ONCE_BYTES {
            fill();
        } else if std::thread::Builder::new().name("truc-reserve".to_owned()).spawn(fill).is_err() {
            self.filling.store(false, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::journal::disk::{Disk, Simulated};

    #[test]
    fn room_is_refused_spent_and_restored() {
        let disk = Simulated::new();
        let reserve = Reserve::new(Arc::new(disk.clone()), Path::new("/j"), 100_000);
        let room = Room::new(reserve.clone(), 1_000_000);
        disk.set_room(1_100_000);
        room.restore();
        assert!(!reserve.is_held().unwrap(), "not while it would take what is kept for others");
        disk.set_room(1_500_000);
        room.restore();
        assert!(reserve.is_held().unwrap());
        assert_eq!(room.refusal(), None);
        disk.set_room(999_999);
        assert_eq!(room.refusal().unwrap().code, Code::InsufficientStorage);
        assert!(room.spend() && !room.spend());
        assert!(disk.list(Path::new("/j")).unwrap().is_empty());
    }
}
