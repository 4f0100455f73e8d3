//! Who is next: the order in which systems take turns. No clock and no threads: what a turn cost is told when it is over.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::engine::turns::Kind;

/// Of a turn under way of a system that has had none yet.
const LEAST: Duration = Duration::from_micros(1);

/// Those who wait, each with a `T` by which it is called, and what each system has had.
///
/// The next turn goes to the system whose turns have cost the least so far; one that is under way counts as much as the
/// system's last one did, until it is over. Who comes new, or again, starts with what the one that was served last had:
/// having been idle earns nothing. Among equals, the one that came first.
pub(super) struct Order<T> {
    at_a_time: usize,
    running: usize,
    /// What the system that was served last had had before.
    now: Duration,
    /// How often somebody has lined up.
    arrivals: u64,
    /// One for each system that ever called: there are as many as operators have registered.
    lines: HashMap<Arc<str>, Line<T>>,
    /// The systems that wait.
    ranks: BTreeMap<Rank, Arc<str>>,
}

/// What a system has had, and its arrival.
type Rank = (Duration, u64);

/// One system.
struct Line<T> {
    running: u32,
    /// Of the turns that are over.
    cost: Duration,
    /// Of the last one.
    last: Duration,
    arrival: u64,
    new: VecDeque<T>,
    repeats: VecDeque<T>,
}

impl<T> Default for Line<T> {
    fn default() -> Self {
        let (new, repeats) = (VecDeque::new(), VecDeque::new());
        Self { running: 0, cost: Duration::ZERO, last: LEAST, arrival: 0, new, repeats }
    }
}

impl<T> Line<T> {
    fn waits(&self) -> bool {
        !(self.new.is_empty() && self.repeats.is_empty())
    }

    /// What it has had, with what is under way.
    const fn had(&self) -> Duration {
        self.cost.saturating_add(self.under_way())
    }

    const fn under_way(&self) -> Duration {
        self.last.saturating_mul(self.running)
    }

    const fn rank(&self) -> Rank {
        (self.had(), self.arrival)
    }

    /// It was idle until now.
    fn come(&mut self, now: Duration) {
        self.cost = self.cost.max(now.saturating_sub(self.under_way()));
    }

    fn begin(&mut self) {
        self.running = self.running.saturating_add(1);
    }

    fn pop(&mut self) -> Option<T> {
        self.new.pop_front().or_else(|| self.repeats.pop_front())
    }
}

impl<T> Order<T> {
    /// So many turns at a time.
    pub(super) fn new(at_a_time: usize) -> Self {
        let (lines, ranks) = (HashMap::new(), BTreeMap::new());
        Self { at_a_time, running: 0, now: Duration::ZERO, arrivals: 0, lines, ranks }
    }

    /// Begins a turn of a system that has none under way, waits for none, and has not had more than others: it goes
    /// before all who wait, though as many turns as there may be are under way.
    pub(super) fn go_ahead(&mut self, system: &Arc<str>) -> bool {
        let line = self.lines.entry(Arc::clone(system)).or_default();
        if line.running > 0 || line.waits() || line.cost > self.now {
            return false;
        }
        line.come(self.now);
        line.begin();
        self.running = self.running.saturating_add(1);
        true
    }

    /// Lines up.
    pub(super) fn line_up(&mut self, system: &Arc<str>, kind: Kind, waiting: T) {
        self.arrivals = self.arrivals.saturating_add(1);
        let (now, arrival) = (self.now, self.arrivals);
        self.change(system, |line| {
            if !line.waits() {
                line.come(now);
                line.arrival = arrival;
            }
            match kind {
                Kind::New => line.new.push_back(waiting),
                Kind::Repeat => line.repeats.push_back(waiting),
            }
        });
    }

    /// Begins the next turn, if one is free and somebody waits.
    pub(super) fn next(&mut self) -> Option<(Arc<str>, T)> {
        let (&(had, _), system) = self.ranks.first_key_value().filter(|_| self.running < self.at_a_time)?;
        let system = Arc::clone(system);
        let waiting = self.change(&system, |line| {
            line.begin();
            line.pop()
        })?;
        self.now = self.now.max(had);
        self.running = self.running.saturating_add(1);
        Some((system, waiting))
    }

    /// A turn of `system` is over; how long it took, if it was begun at all.
    pub(super) fn end(&mut self, system: &Arc<str>, cost: Option<Duration>) {
        self.running = self.running.saturating_sub(1);
        self.change(system, |line| {
            line.running = line.running.saturating_sub(1);
            if let Some(cost) = cost {
                line.last = cost.max(LEAST);
                line.cost = line.cost.saturating_add(line.last);
            }
        });
    }

    /// Turns under way.
    pub(super) const fn running(&self) -> usize {
        self.running
    }

    /// Those who wait.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &T> {
        self.lines.values().flat_map(|line| line.new.iter().chain(&line.repeats))
    }

    /// Changes the line of a system and puts it where it then belongs.
    fn change<R>(&mut self, system: &Arc<str>, change: impl FnOnce(&mut Line<T>) -> R) -> R {
        let line = self.lines.entry(Arc::clone(system)).or_default();
        self.ranks.remove(&line.rank());
        let changed = change(line);
        if line.waits() {
            self.ranks.insert(line.rank(), Arc::clone(system));
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Waiting = Order<&'static str>;

    fn new(order: &mut Waiting, system: &'static str) {
        order.line_up(&Arc::from(system), Kind::New, system);
    }

    fn many(order: &mut Waiting, system: &'static str, times: usize) {
        for _ in 0..times {
            new(order, system);
        }
    }

    fn next(order: &mut Waiting) -> Option<Arc<str>> {
        order.next().map(|(system, _)| system)
    }

    fn end(order: &mut Waiting, system: &str, millis: u64) {
        order.end(&Arc::from(system), Some(Duration::from_millis(millis)));
    }

    /// Which systems get the next `turns`, one at a time, each costing what `cost` says.
    fn served(order: &mut Waiting, turns: usize, cost: impl Fn(&str) -> u64) -> Vec<Arc<str>> {
        let one = |order: &mut Waiting| {
            let system = next(order)?;
            end(order, &system, cost(&system));
            Some(system)
        };
        (0..turns).map_while(|_| one(order)).collect()
    }

    fn count(served: &[Arc<str>], system: &str) -> usize {
        served.iter().filter(|name| &***name == system).count()
    }

    #[test]
    fn who_comes_new_is_next_however_many_others_wait() {
        let mut order = Order::new(1);
        many(&mut order, "noisy", 100);
        served(&mut order, 10, |_| 1);
        new(&mut order, "quiet");
        new(&mut order, "quiet");
        assert_eq!(served(&mut order, 4, |_| 1), ["quiet", "noisy", "quiet", "noisy"].map(Arc::from));
    }

    #[test]
    fn who_waits_is_served_by_what_its_turns_have_cost_not_by_their_number() {
        let mut order = Order::new(1);
        for system in ["lists", "messages"] {
            many(&mut order, system, 200);
        }
        let served = served(&mut order, 110, |system| if system == "lists" { 30 } else { 3 });
        assert_eq!((count(&served, "lists"), count(&served, "messages")), (10, 100));
    }

    #[test]
    fn having_been_idle_earns_nothing() {
        let mut order = Order::new(1);
        many(&mut order, "busy", 200);
        served(&mut order, 100, |_| 1);
        many(&mut order, "idle", 50);
        let served = served(&mut order, 40, |_| 1);
        assert_eq!((count(&served, "busy"), count(&served, "idle")), (20, 20));
    }

    #[test]
    fn what_is_under_way_counts_as_much_as_the_last_one_did() {
        let mut order = Order::new(4);
        many(&mut order, "a", 10);
        many(&mut order, "b", 10);
        let begun: Vec<_> = std::iter::from_fn(|| next(&mut order)).collect();
        assert_eq!(begun, ["a", "b", "a", "b"].map(Arc::from), "nothing is known of either yet");
        for (system, millis) in [("a", 30), ("a", 30), ("b", 10), ("b", 10)] {
            end(&mut order, system, millis);
        }
        let begun: Vec<_> = std::iter::from_fn(|| next(&mut order)).collect();
        assert_eq!(begun, ["b", "b", "b", "b"].map(Arc::from), "a has had 60, b has 20 and 10 more with each");
        assert_eq!(order.running(), 4);
    }

    #[test]
    fn who_has_nothing_under_way_and_has_not_had_more_need_not_wait() {
        let (mut order, quiet) = (Order::new(1), Arc::from("quiet"));
        assert!(order.go_ahead(&quiet), "nobody has had anything");
        assert!(!order.go_ahead(&quiet), "it has one under way");
        end(&mut order, "quiet", 5);
        assert!(!order.go_ahead(&quiet), "it has had more than others");
        many(&mut order, "noisy", 10);
        served(&mut order, 2, |_| 5);
        assert_eq!(next(&mut order).as_deref(), Some("noisy"));
        assert!(order.go_ahead(&quiet), "though all turns are taken");
        assert_eq!((next(&mut order), order.running()), (None, 2));
        end(&mut order, "quiet", 5);
        assert_eq!((next(&mut order), order.running()), (None, 1));
    }

    #[test]
    fn one_cheap_turn_at_all_times_earns_nothing_either() {
        let (mut order, sly) = (Order::new(4), Arc::from("sly"));
        many(&mut order, "busy", 300);
        new(&mut order, "sly");
        assert_eq!((next(&mut order).as_deref(), next(&mut order).as_deref()), (Some("busy"), Some("sly")));
        end(&mut order, "busy", 1);
        for _ in 0..100 {
            let system = next(&mut order).unwrap();
            end(&mut order, &system, 1);
        }
        (0..50).for_each(|_| order.line_up(&sly, Kind::New, "sly"));
        let served = served(&mut order, 40, |_| 1);
        assert!(count(&served, "sly") <= 21, "{served:?}");
    }

    #[test]
    fn what_is_new_goes_before_repeats_of_the_same_system() {
        let (mut order, system) = (Order::new(1), Arc::from("a"));
        order.line_up(&system, Kind::Repeat, "repeat");
        order.line_up(&system, Kind::Repeat, "repeat");
        order.line_up(&system, Kind::New, "new");
        let mut next = || {
            let (system, waiting) = order.next()?;
            order.end(&system, None);
            Some(waiting)
        };
        assert_eq!([next(), next(), next(), next()], [Some("new"), Some("repeat"), Some("repeat"), None]);
    }

    proptest::proptest! {
        #[test]
        fn among_those_who_always_wait_nobody_gets_ahead_by_more_than_a_turn(
            costs in proptest::collection::vec(1_u64..50, 30..200),
        ) {
            let (mut order, mut had) = (Order::new(1), BTreeMap::new());
            for system in ["a", "b", "c"] {
                new(&mut order, system);
                had.insert(system, 0);
            }
            for cost in costs {
                let (system, name) = order.next().unwrap();
                order.line_up(&system, Kind::New, name);
                order.end(&system, Some(Duration::from_millis(cost)));
                *had.get_mut(name).unwrap() += cost;
                let ahead = had.values().max().unwrap() - had.values().min().unwrap();
                assert!(ahead <= 50, "{had:?}");
            }
        }
    }
}
