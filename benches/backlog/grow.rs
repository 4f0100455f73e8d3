//! Two hubs grow side by side, the same documents in both: in one they wait, in the other they are fetched and
//! confirmed. At each decade: what the next accepts and the pages of the lists cost, beside a hub that is empty.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::figures::{Cost, cost, median, memory_mib, micros, octets, thread_time};
use crate::people::{DEAD, HEALTHY, People, unsigned};
use crate::site::Site;

/// Documents sent and, in the second hub, confirmed in one go.
const BLOCK: usize = 5_000;
/// Accepts that are timed at a decade: rounds, and in each so many in every hub, one hub after the other.
const ROUNDS: usize = 5;
const TIMED: usize = 2_000;
/// Documents that wait for the healthy recipient, and the first ones of the dead recipient, which the second hub does not
/// confirm either: so both show the same pages.
const LEFT: usize = 300;
/// The folders of the two hubs.
pub(crate) const WAITING: &str = "waiting";
pub(crate) const CONFIRMED: &str = "confirmed";
/// Lines of a page.
const PAGE: usize = 100;

/// Fills one hub, and measures nothing.
pub(crate) async fn fill(folder: &Path, people: &People, documents: usize) {
    let mut filled = Filled::open(folder, people).await;
    filled.until(documents).await;
    filled.site.hub.close();
}

pub(crate) async fn measure(folder: &Path, people: &People, documents: usize) {
    let waiting = Filled::open(&folder.join(WAITING), people).await;
    let confirmed = Filled::open(&folder.join(CONFIRMED), people).await;
    let mut grown = Grown { waiting, confirmed };
    let started = grown.waiting.count.max(grown.confirmed.count);
    println!(
        "{} octets a signed document, {} an unsigned one; {started} documents at the start",
        people.document("n-1", 1, DEAD).len(),
        unsigned("n", 1..2, DEAD)[0].len()
    );
    let decades = (4..).map(|power| 10_usize.pow(power)).take_while(|decade| *decade <= documents);
    for decade in decades.filter(|decade| *decade >= started) {
        grown.waiting.until(decade).await;
        grown.confirmed.until(decade).await;
        grown.accepts(people, decade).await;
        grown.lists(decade);
    }
    let (now, most) = memory_mib("self");
    println!("memory of this process with both hubs open: {now} MiB now, {most} MiB at most");
    for filled in [&grown.waiting, &grown.confirmed] {
        filled.tell_size();
        filled.site.hub.close();
    }
}

/// A hub and how many documents it was filled with, beside those of [`LEFT`] and the timed ones.
struct Filled {
    site: Site,
    count: usize,
    /// Its recipient fetches and confirms.
    takes: bool,
}

struct Grown {
    waiting: Filled,
    confirmed: Filled,
}

impl Filled {
    async fn open(folder: &Path, people: &People) -> Self {
        let site = Site::open(folder, people).await;
        let takes = folder.ends_with(CONFIRMED);
        let count = std::fs::read_to_string(folder.join("count")).map_or(0, |text| text.parse().unwrap());
        if count == 0 {
            site.send(&Arc::new(people.signed("h", 0..LEFT, HEALTHY))).await;
        }
        Self { site, count, takes }
    }

    async fn until(&mut self, until: usize) {
        let (started, before, series) = (Instant::now(), self.count, format!("n{}", std::process::id()));
        while self.count < until {
            let next = until.min(self.count + BLOCK);
            let ids = self.site.send_unsigned(&Arc::new(unsigned(&series, self.count..next, DEAD))).await;
            if self.takes {
                let left = if self.count == 0 { LEFT } else { 0 };
                self.site.take(&ids[left..]).await;
            }
            self.count = next;
            std::fs::write(self.site.data.path().join("count"), next.to_string()).unwrap();
            if next.is_multiple_of(50_000) {
                let per_second = (next - before) as f64 / started.elapsed().as_secs_f64();
                eprintln!("{}: {next} documents, {per_second:.0} a second", self.site.data.path().display());
            }
        }
    }

    fn tell_size(&self) {
        let (data, mib) = (&self.site.data, |folder: std::path::PathBuf| octets(&folder) >> 20);
        println!(
            "{}: journal {} MiB, index {} MiB, tiles {} MiB, {} entries",
            data.path().file_name().unwrap().display(),
            mib(data.journal()),
            mib(data.index()),
            mib(data.tiles()),
            self.site.hub.health().head
        );
    }
}

impl Grown {
    /// The next accepts: the same documents in an empty hub and in both, one after the other, several times.
    async fn accepts(&self, people: &People, decade: usize) {
        let mut costs: [Vec<Cost>; 3] = Default::default();
        for round in 0..ROUNDS {
            let series = format!("t-{decade}-{}-{round}", std::process::id());
            let messages = Arc::new(people.signed(&series, 0..TIMED, DEAD));
            let folder = people.beside("empty");
            let empty = Site::open(&folder, people).await;
            for (site, costs) in [&empty, &self.waiting.site, &self.confirmed.site].into_iter().zip(&mut costs) {
                let (ids, cost) = cost(site.send(&messages)).await;
                costs.push(cost);
                if std::ptr::eq(site, &raw const self.confirmed.site) {
                    site.take(&ids).await;
                }
            }
            empty.hub.close();
            drop(empty);
            std::fs::remove_dir_all(folder).unwrap();
        }
        tell_accepts(decade, &costs);
    }

    fn lists(&self, decade: usize) {
        let (waiting, confirmed) = (&self.waiting.site, &self.confirmed.site);
        let cursors = waiting.cursors();
        let middle = &cursors[cursors.len() / 2..];
        let first = |site: &Site, recipient: &str| pages(site, recipient, std::iter::repeat_n(None, 51));
        let dead = first(waiting, DEAD);
        let dead_confirmed = first(confirmed, DEAD);
        let healthy = first(waiting, HEALTHY);
        let healthy_confirmed = first(confirmed, HEALTHY);
        let middle =
            pages(waiting, DEAD, middle.iter().step_by(middle.len().div_ceil(50)).map(|cursor| Some(cursor.as_str())));
        println!(
            "{decade:>8}  page, dead recipient: first {:>6.0}, in the middle {:>6.0}, confirmed {:>6.0}: {:.2} and {:.2};  \
             healthy one: {:>6.0}, confirmed {:>6.0}: {:.2}",
            micros(dead),
            micros(middle),
            micros(dead_confirmed),
            ratio(dead, dead_confirmed),
            ratio(middle, dead_confirmed),
            micros(healthy),
            micros(healthy_confirmed),
            ratio(healthy, healthy_confirmed),
        );
    }
}

impl Site {
    /// Walks the whole list of the recipient that never fetches; the cursors on the way.
    fn cursors(&self) -> Vec<String> {
        let (start, mut cursors, mut lines) = (Instant::now(), Vec::<String>::new(), 0);
        loop {
            let (count, next) = self.page(DEAD, cursors.last().map(String::as_str), 500);
            lines += count;
            match next {
                Some(next) => cursors.push(next),
                None => break,
            }
        }
        println!("          the whole list: {lines} lines in {:.1} s", start.elapsed().as_secs_f64());
        cursors
    }
}

/// Median processor time of a page that must be full.
fn pages<'c>(site: &Site, recipient: &str, cursors: impl Iterator<Item = Option<&'c str>>) -> Duration {
    let times: Vec<Duration> = cursors
        .map(|cursor| {
            let start = thread_time();
            let (lines, _) = site.page(recipient, cursor, PAGE);
            assert_eq!(lines, PAGE, "{recipient}");
            thread_time().saturating_sub(start)
        })
        .collect();
    median(&times)
}

fn tell_accepts(decade: usize, costs: &[Vec<Cost>; 3]) {
    let sum =
        |costs: &[Cost], of: fn(&Cost) -> Duration| costs.iter().map(of).sum::<Duration>() / (ROUNDS * TIMED) as u32;
    let wall = costs.each_ref().map(|costs| sum(costs, |cost| cost.wall));
    let cpu = costs.each_ref().map(|costs| sum(costs, |cost| cost.cpu));
    let rounds = |of: usize| {
        let ratios: Vec<String> =
            costs[1].iter().zip(&costs[of]).map(|(one, other)| format!("{:.2}", ratio(one.wall, other.wall))).collect();
        ratios.join(" ")
    };
    println!(
        "{decade:>8}  accept: empty {:.0}, {:.0}; waiting {:.0}, {:.0}; confirmed {:.0}, {:.0}",
        micros(wall[0]),
        micros(cpu[0]),
        micros(wall[1]),
        micros(cpu[1]),
        micros(wall[2]),
        micros(cpu[2])
    );
    println!(
        "          waiting / confirmed {:.2} (processor {:.2}; rounds {}), waiting / empty {:.2} (processor {:.2}; rounds {})",
        ratio(wall[1], wall[2]),
        ratio(cpu[1], cpu[2]),
        rounds(2),
        ratio(wall[1], wall[0]),
        ratio(cpu[1], cpu[0]),
        rounds(0),
    );
}

fn ratio(one: Duration, other: Duration) -> f64 {
    one.as_secs_f64() / other.as_secs_f64()
}
