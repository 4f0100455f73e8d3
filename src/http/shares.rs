//! Sharing what is bounded, such as memory or connections: nobody may hold more than is left free for the others. So one
//! busy holder gets up to a half, two get a third each, and whoever comes new finds room, without anybody being counted
//! or configured (the dynamic thresholds of shared-memory switches, Choudhury and Hahne 1998).

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What is shared. Clones share the same.
pub(super) struct Shares<K>(Arc<Mutex<Book<K>>>);

impl<K> Clone for Shares<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

struct Book<K> {
    capacity: u64,
    free: u64,
    /// Left for those who must always get in.
    reserve: u64,
    held: HashMap<K, u64>,
}

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    /// Everybody.
    Ordinary,
    /// Who must get in while others push: may take the reserve as well.
    Reserved,
}

/// Why there is nothing to be had just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Short {
    /// The holder has its share already.
    Own,
    /// Nobody who comes new gets any.
    Whole,
}

/// How full it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) capacity: u64,
    pub(super) held: u64,
    pub(super) holders: usize,
}

/// What somebody holds; given back when it is dropped.
pub(super) struct Share<K: Eq + Hash> {
    book: Arc<Mutex<Book<K>>>,
    holder: K,
    amount: u64,
    claim: Claim,
}

impl<K: Eq + Hash + Clone> Shares<K> {
    /// So much is shared; a part of it is left for [`Claim::Reserved`].
    pub(super) fn new(capacity: u64, reserve: u64) -> Self {
        Self(Arc::new(Mutex::new(Book { capacity, free: capacity, reserve, held: HashMap::new() })))
    }

    /// So much for `holder`.
    ///
    /// # Errors
    /// [`Short`]
    pub(super) fn take(&self, holder: &K, amount: u64, claim: Claim) -> Result<Share<K>, Short> {
        let mut share = Share { book: Arc::clone(&self.0), holder: holder.clone(), amount: 0, claim };
        share.resize(amount)?;
        Ok(share)
    }

    /// How full it is.
    pub(super) fn level(&self) -> Level {
        let book = lock(&self.0);
        Level { capacity: book.capacity, held: book.capacity.saturating_sub(book.free), holders: book.held.len() }
    }

    /// Whether somebody who comes new would be turned away.
    pub(super) fn is_full(&self, amount: u64) -> bool {
        let book = lock(&self.0);
        book.usable(Claim::Ordinary) < amount
    }
}

fn lock<K>(book: &Mutex<Book<K>>) -> MutexGuard<'_, Book<K>> {
    book.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Eq + Hash> Book<K> {
    fn usable(&self, claim: Claim) -> u64 {
        match claim {
            Claim::Ordinary => self.free.saturating_sub(self.reserve),
            Claim::Reserved => self.free,
        }
    }

    /// The rule. `own` is what the holder has already; the first thing that it asks for it gets as long as there is any.
    fn allows(&self, own: u64, more: u64, is_first: bool, claim: Claim) -> Result<(), Short> {
        let left = self.usable(claim).checked_sub(more);
        match left {
            None if own == 0 => Err(Short::Whole),
            Some(_) if is_first => Ok(()),
            Some(left) if own.saturating_add(more) <= left => Ok(()),
            _ => Err(Short::Own),
        }
    }
}

impl<K: Eq + Hash> Share<K> {
    /// What its holder holds in all.
    pub(super) fn of_holder(&self) -> u64 {
        lock(&self.book).held.get(&self.holder).copied().unwrap_or_default()
    }

    /// Makes it larger or smaller.
    ///
    /// # Errors
    /// [`Short`]: it stays as it was.
    pub(super) fn resize(&mut self, amount: u64) -> Result<(), Short>
    where
        K: Clone,
    {
        let mut book = lock(&self.book);
        let own = book.held.get(&self.holder).copied().unwrap_or_default();
        let more = amount.saturating_sub(self.amount);
        if more > 0 {
            book.allows(own, more, own == self.amount, self.claim)?;
        }
        let others = own.saturating_sub(self.amount);
        book.free = book.free.saturating_add(self.amount).saturating_sub(amount);
        match others.saturating_add(amount) {
            0 => book.held.remove(&self.holder),
            held => book.held.insert(self.holder.clone(), held),
        };
        self.amount = amount;
        Ok(())
    }
}

impl<K: Eq + Hash> Drop for Share<K> {
    fn drop(&mut self) {
        let mut book = lock(&self.book);
        book.free = book.free.saturating_add(self.amount);
        let Some(held) = book.held.get_mut(&self.holder) else { return };
        *held = held.saturating_sub(self.amount);
        if *held == 0 {
            book.held.remove(&self.holder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Taken = Vec<Share<&'static str>>;

    fn all_that_it_gets(shares: &Shares<&'static str>, holder: &'static str) -> Taken {
        std::iter::from_fn(|| shares.take(&holder, 1, Claim::Ordinary).ok()).collect()
    }

    #[test]
    fn one_gets_a_half_two_a_third_each_and_a_newcomer_always_something() {
        let shares = Shares::new(120, 0);
        let mut one = all_that_it_gets(&shares, "one");
        assert_eq!(one.len(), 60);
        let two = all_that_it_gets(&shares, "two");
        assert_eq!(two.len(), 30, "what is left is shared from the moment at which the second comes");
        one.truncate(30);
        one.extend(all_that_it_gets(&shares, "one"));
        assert!(one.len() <= 45, "{}", one.len());
        let third = all_that_it_gets(&shares, "three");
        assert!(third.len() >= 15, "{}", third.len());
    }

    #[test]
    fn the_first_thing_is_had_while_there_is_any_and_then_the_whole_is_full() {
        let shares = Shares::new(10, 0);
        let own = shares.take(&"large", 10, Claim::Ordinary).unwrap();
        assert_eq!(shares.take(&"large", 1, Claim::Ordinary).err(), Some(Short::Own));
        assert_eq!(shares.take(&"other", 1, Claim::Ordinary).err(), Some(Short::Whole));
        assert!(shares.is_full(1));
        drop(own);
        assert!(!shares.is_full(1));
        assert_eq!(shares.level(), Level { capacity: 10, held: 0, holders: 0 });
    }

    #[test]
    fn the_reserve_is_for_those_who_must_get_in() {
        let shares = Shares::new(10, 4);
        let _own = shares.take(&"a", 6, Claim::Ordinary).unwrap();
        assert_eq!(shares.take(&"b", 1, Claim::Ordinary).err(), Some(Short::Whole));
        assert!(shares.take(&"operator", 4, Claim::Reserved).is_ok());
    }

    #[test]
    fn a_share_grows_by_the_same_rule_and_shrinks_always() {
        let shares = Shares::new(100, 0);
        let mut only = shares.take(&"a", 1, Claim::Ordinary).unwrap();
        assert_eq!(only.resize(90), Ok(()), "the only thing that it holds");
        assert_eq!(only.resize(101), Err(Short::Own));
        let mut second = shares.take(&"b", 1, Claim::Ordinary).unwrap();
        let _other = shares.take(&"b", 1, Claim::Ordinary).unwrap();
        assert_eq!(second.resize(6), Err(Short::Own));
        assert_eq!((only.resize(1), second.resize(6)), (Ok(()), Ok(())));
        assert_eq!(shares.level(), Level { capacity: 100, held: 8, holders: 2 });
    }

    proptest::proptest! {
        #[test]
        fn what_is_held_is_never_more_than_there_is_and_all_comes_back(steps in proptest::collection::vec((0_u8..4, 0_u64..40), 0..60)) {
            let shares = Shares::new(100, 10);
            let mut taken = Vec::new();
            for (holder, amount) in steps {
                match (holder, taken.len()) {
                    (0, 1..) => drop(taken.swap_remove(0)),
                    _ => taken.extend(shares.take(&holder, amount, Claim::Ordinary).ok()),
                }
                let sum: u64 = taken.iter().map(|share: &Share<u8>| share.amount).sum();
                assert_eq!(shares.level().held, sum);
                assert!(sum <= 90);
            }
            taken.clear();
            assert_eq!(shares.level(), Level { capacity: 100, held: 0, holders: 0 });
        }
    }
}
