//! One history: what happens, what everybody is told, and what must be true after it.

use crate::clock::Clock as _;
use crate::domain::Refusal;
use crate::engine::simulation::acts::{Act, Told};
use crate::engine::simulation::check::{self, Names, Reading};
use crate::engine::simulation::contents::{self, ContentAct};
use crate::engine::simulation::luck::Luck;
use crate::engine::simulation::model::Model;
use crate::engine::simulation::play::{self, AGENCIES};
use crate::engine::simulation::world::{End, IndexEnd, Room, World};
use crate::engine::writer::Committed;
use crate::journal::disk::{Fault, Step};
use crate::trail::verify;

/// Steps of a history: a batch, a fault, a restart, a move of the clock.
const STEPS: u64 = 30;
/// A step back of the clock that is told, and one that stops acceptance, milliseconds (DESIGN 2).
const TOLD_MS: i64 = 5_000;
const STOPS_MS: i64 = 300_000;
const DAY_MS: i64 = 86_400_000;
const YEAR_MS: i64 = 365 * DAY_MS;

pub(super) struct History {
    world: World,
    luck: Luck,
    model: Model,
    /// What may have been kept although nobody was told so: one batch, whole or not at all.
    unsure: Option<Model>,
    names: Names,
    clockwork: Clockwork,
    room: Room,
    /// How far the trail was compared.
    read: Reading,
    /// Checkpoints that somebody was shown.
    shown: Vec<(u64, crate::domain::Digest)>,
    loud: bool,
}

impl History {
    /// Plays one seed to its end.
    pub(super) fn play(seed: u64, loud: bool) {
        Self::run(seed, loud);
    }

    /// What a seed comes to.
    pub(super) fn of(seed: u64) -> Vec<String> {
        Self::run(seed, false).model.trail.into_iter().map(|fact| fact.says.clone()).collect()
    }

    fn run(seed: u64, loud: bool) -> Self {
        let mut model = Model::default();
        model.tell("opened".to_owned(), Vec::new(), None);
        let (world, luck) = (World::new(seed), Luck::new(!seed));
        let names = Names::default();
        let (unsure, read, shown, room) = (None, Reading::default(), Vec::new(), Room::Plenty);
        let clockwork = Clockwork::default();
        let mut history = Self { world, luck, model, unsure, names, clockwork, room, read, shown, loud };
        let known = AGENCIES[..4].iter().map(|agency| Act::Agency { agency, name: "Bộ", closed: false });
        history.read.go_on(&history.world, &history.model, &mut history.names);
        history.clockwork.accept(history.world.clock.now().as_millis(), history.world.clock.steady_millis(), 0);
        history.batch(known.collect());
        for step in 0..STEPS {
            history.step(step);
        }
        history.end();
        history
    }

    fn say(&self, what: impl FnOnce() -> String) {
        if self.loud {
            eprintln!("{}", what());
        }
    }

    fn step(&mut self, step: u64) {
        match self.luck.below(29) {
            27 | 28 => self.erase(step),
            24 => self.die(step),
            25 | 26 => self.room(step),
            0..14 => {
                let count = 1 + self.luck.below(5);
                let acts = (0..count).map(|_| play::choose(&mut self.luck, &self.model)).collect();
                self.batch(acts);
            }
            14 => {
                self.say(|| format!("{step}: idle"));
                self.world.idle();
                if self.world.writer().shared.poisoned.get().is_none() {
                    self.look();
                }
            }
            15..18 => self.clock(step),
            18..20 => self.fault(step),
            20 => {
                let after = self.luck.once_in(2);
                self.say(|| format!("{step}: the index fails, after the fact: {after}"));
                self.world.fail_index(after);
            }
            _ => self.restart(step),
        }
    }

    /// What was ordered destroyed goes from the disk, or does not where that fails: then it goes at the next time.
    fn erase(&mut self, step: u64) {
        if self.world.writer().shared.poisoned.get().is_some() {
            return;
        }
        let erased = self.erase_one();
        self.say(|| format!("{step}: erased: {erased}"));
    }

    /// One segment; false where there is none, or where it fails.
    fn erase_one(&mut self) -> bool {
        if self.world.wants_sealing() {
            self.batch(vec![Act::Content(ContentAct::Seal)]);
        }
        let event = self.world.erase();
        let erased = event.is_some();
        self.batch(event.into_iter().map(|event| Act::Content(ContentAct::Erased(Box::new(event)))).collect());
        erased
    }

    fn clock(&mut self, step: u64) {
        let steps = [1, 500, 60_000, -3_000, -20_000, -400_000, 400_000, 3 * YEAR_MS, -3 * YEAR_MS];
        let (by, wrong) = (self.luck.pick(&steps), self.luck.once_in(2));
        self.say(|| format!("{step}: the clock moves by {by} ms, wrongly: {wrong}"));
        if wrong || by < 0 {
            self.world.clock.jump(by);
        } else {
            self.world.clock.advance(by);
        }
        if self.luck.once_in(3) {
            self.batch(vec![Act::AcceptClock(self.world.clock.now().as_millis())]);
        }
    }

    fn room(&mut self, step: u64) {
        self.room = self.luck.pick(&[Room::Plenty, Room::Plenty, Room::Little, Room::None]);
        self.say(|| format!("{step}: room on the disk: {:?}", self.room));
        self.world.set_room(self.room);
    }

    fn fault(&mut self, step: u64) {
        let at = self.luck.pick(&Step::CHANGES);
        let skip = u32::try_from(self.luck.below(3)).unwrap();
        let fault = self.luck.pick(&[Fault::Failed, Fault::FailedButPersisted, Fault::Short]);
        self.say(|| format!("{step}: {at:?} number {skip} from now: {fault:?}"));
        self.world.disk().arm(at, skip, fault);
    }

    /// The power goes while a batch is on its way.
    fn die(&mut self, step: u64) {
        let at = self.luck.pick(&Step::CHANGES);
        let skip = u32::try_from(self.luck.below(3)).unwrap();
        self.say(|| format!("{step}: {at:?} number {skip} from now: the power goes"));
        self.world.disk().arm(at, skip, Fault::Dead);
        let acts = (0..3).map(|_| play::choose(&mut self.luck, &self.model));
        let is_large = |act: &Act| matches!(act, Act::Send(letter, _) | Act::Hold(letter, _) if letter.large);
        let inline = acts.filter(|act| !is_large(act)).collect();
        self.batch(inline);
        let cut = End::PowerCut(self.luck.next());
        self.start_again(step, cut);
    }

    fn restart(&mut self, step: u64) {
        let cut = End::PowerCut(self.luck.next());
        let end = self.luck.pick(&[End::Stopped, End::Killed, cut]);
        self.start_again(step, end);
    }

    fn start_again(&mut self, step: u64, end: End) {
        let index =
            self.luck.pick(&[IndexEnd::Kept, IndexEnd::Kept, IndexEnd::Kept, IndexEnd::Lost, IndexEnd::Foreign]);
        self.say(|| format!("{step}: {end:?}, index {index:?}"));
        self.world.end(end, index);
        if self.luck.once_in(3) {
            let skip = u32::try_from(self.luck.below(8)).unwrap();
            let at = self.luck.pick(&[Step::Open, Step::Read]);
            self.world.disk().arm(at, skip, Fault::Failed);
        }
        if let Err(error) = self.world.open() {
            self.say(|| format!("  does not open: {error}"));
            // Faults that were armed before may strike while it opens: a refusal, and when they are gone it opens.
            self.world.disk().disarm();
            self.world.forgive_index();
            self.world.open().unwrap();
        }
        // Whoever checks reads, and must not meet what was meant for the hub.
        self.world.disk().disarm();
        // A power cut makes another disk; what it has room for is as before.
        self.world.set_room(self.room);
        self.settle();
        self.clockwork = Clockwork { accepted: self.model.accepted, ..Clockwork::default() };
        if self.luck.once_in(3) {
            check::shown(&self.world, &self.model, &self.names);
        }
    }

    /// After an opening it is known what was kept: every acknowledged thing, and at most one batch more, whole.
    fn settle(&mut self) {
        let length = usize::try_from(check::length(&self.world)).unwrap();
        if let Some(unsure) = self.unsure.take().filter(|unsure| unsure.trail.len() == length) {
            self.say(|| "  what nobody was told is there".to_owned());
            self.model = unsure;
        }
        self.read = Reading::default();
        self.read.go_on(&self.world, &self.model, &mut self.names);
    }

    /// Several clients at once.
    fn batch(&mut self, acts: Vec<Act>) {
        let payloads = self.world.payloads();
        let mut commands = Vec::new();
        let mut taken = Vec::new();
        for act in acts {
            // A body that cannot be kept is refused before its turn.
            if let Ok(command) = play::command(&act, &self.names, &payloads, &mut self.luck) {
                commands.push(command);
                taken.push(act);
            }
        }
        if commands.is_empty() {
            return;
        }
        if self.world.writer().shared.poisoned.get().is_some() {
            let answers = self.world.batch(commands);
            let none = answers.iter().all(|answer| code(answer) == Some("storage_failed"));
            return assert!(none, "a poisoned hub takes nothing");
        }
        let mut after = self.model.clone();
        if let [Act::AcceptClock(clock)] = taken.as_slice() {
            self.clockwork.accept(*clock, self.world.clock.steady_millis(), self.read.time);
            let time = self.read.time.max(*clock);
            after.accepted = (time, time - clock);
        }
        let clocked = self.look();
        if clocked == Clocked::Back && !self.clockwork.told {
            after.tell(format!("clock {} false", self.world.clock.now().as_millis()), Vec::new(), None);
        }
        let expected: Vec<Told> = taken.iter().map(|act| self.expect(clocked, &mut after, act)).collect();
        for (act, told) in taken.iter().zip(&expected) {
            self.say(|| format!("  {act:?} -> {told:?}"));
        }
        let answers = self.world.batch(commands);
        if self.has_failed(&after, &expected, &answers) {
            self.failed(after, &answers);
        } else {
            self.model = after;
            self.clockwork.told |= clocked == Clocked::Back;
            self.answered(&expected, &answers);
        }
    }

    fn look(&mut self) -> Clocked {
        let clock = &self.world.clock;
        self.clockwork.look(clock.now().as_millis(), clock.steady_millis(), self.read.time)
    }

    fn expect(&self, clocked: Clocked, after: &mut Model, act: &Act) -> Told {
        if clocked == Clocked::Stopped && act.comes_from_outside() {
            return Told::Refused("clock_stopped");
        }
        if self.room != Room::Plenty && act.waits_for_room() {
            return Told::Refused("insufficient_storage");
        }
        after.take(act)
    }

    fn has_failed(&self, after: &Model, expected: &[Told], answers: &[Result<Committed, Refusal>]) -> bool {
        let differs = |(expected, answer): (&Told, &Result<Committed, Refusal>)| {
            code(answer).is_some_and(|code| FAILURES.contains(&code) && *expected != Told::Refused(code))
        };
        expected.iter().zip(answers).any(differs)
            || (after.trail.len() > self.model.trail.len()
                && check::length(&self.world) == u64::try_from(self.model.trail.len()).unwrap())
    }

    fn failed(&mut self, after: Model, answers: &[Result<Committed, Refusal>]) {
        self.say(|| "  storage failed".to_owned());
        let failures = answers.iter().all(|answer| code(answer).is_some_and(|code| FAILURES.contains(&code)));
        assert!(failures, "a batch fails as a whole");
        if self.world.writer().shared.poisoned.get().is_some() {
            self.unsure = Some(after);
        }
    }

    fn answered(&mut self, expected: &[Told], answers: &[Result<Committed, Refusal>]) {
        self.read.go_on(&self.world, &self.model, &mut self.names);
        for (expected, answer) in expected.iter().zip(answers) {
            self.answer(expected, answer);
        }
        let signed = self.world.writer().shared.signed();
        let size = signed.view.size();
        assert_eq!(size, u64::try_from(self.model.trail.len()).unwrap());
        self.shown.push((size, signed.view.root_at(size).unwrap()));
        if self.luck.once_in(8) {
            check::shown(&self.world, &self.model, &self.names);
        }
    }

    fn answer(&mut self, expected: &Told, answer: &Result<Committed, Refusal>) {
        let told = match answer {
            Err(refusal) => return assert_eq!(Told::Refused(refusal.code.as_str()), *expected),
            Ok(told) => told,
        };
        let message = told.answer.as_ref().and_then(|answer| answer.message);
        match expected {
            Told::New { seq, message: handle, effect } => {
                assert!(!told.repeat);
                assert_eq!(message, handle.map(|handle| self.names.id(handle)));
                let done = told.answer.as_ref().and_then(|answer| answer.effect).map(|effect| format!("{effect:?}"));
                assert_eq!(done.as_deref(), *effect);
                self.proven(told, *seq);
            }
            Told::Repeat(handle) => {
                assert!(told.repeat);
                assert_eq!(message, Some(self.names.id(*handle)));
                self.proven(told, self.model.messages[*handle].seq());
            }
            Told::Nothing => assert!(told.repeat && told.answer.is_none()),
            Told::Refused(code) => panic!("{code} expected"),
        }
    }

    /// The receipt's proof, now and then: a signature costs.
    fn proven(&mut self, told: &Committed, seq: usize) {
        let proven = told.proven.as_ref().unwrap();
        assert_eq!(proven.seq, u64::try_from(seq).unwrap());
        if self.luck.once_in(8) {
            let entry = crate::engine::receipt::entry(self.world.writer().shared.journal.as_ref(), proven.seq).unwrap();
            let proof = crate::engine::receipt::proof(&proven.signed, proven.seq, &entry).unwrap();
            let keys = [self.world.writer().key.verifier().clone()];
            assert_eq!(verify::proof(&proof, &keys).unwrap().entry(), &entry[..]);
        }
    }

    /// In order at last: everything is there, the index that grew is the one that is built from the journal, and every
    /// checkpoint that was shown holds.
    fn end(&mut self) {
        self.say(|| "end".to_owned());
        self.world.disk().disarm();
        self.world.forgive_index();
        self.world.set_room(Room::Plenty);
        self.world.end(End::Stopped, IndexEnd::Kept);
        self.world.open().unwrap();
        self.settle();
        // A hub that was started anew tells a step back of the clock anew.
        self.clockwork = Clockwork { accepted: self.model.accepted, ..Clockwork::default() };
        while self.erase_one() {}
        check::shown(&self.world, &self.model, &self.names);
        contents::on_disk(&self.world, &self.model, &self.names);
        let grown = self.world.rows();
        self.world.end(End::Killed, IndexEnd::Lost);
        self.world.open().unwrap();
        assert!(grown == self.world.rows(), "the index built from the journal is the one that grew");
        for (size, root) in &self.shown {
            assert_eq!(self.world.writer().tree.view().root_at(*size).unwrap(), *root, "the checkpoint over {size}");
        }
    }
}

/// How a batch that was not kept is answered.
const FAILURES: [&str; 3] = ["storage_failed", "try_later", "insufficient_storage"];

/// What the published rule makes of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clocked {
    Good,
    Back,
    Stopped,
}

/// The rule: back over 5 s is told once, over 5 min stops; forward over a day while it runs, or 400 days over a start,
/// stops; the operator's word resumes.
#[derive(Debug, Clone, Copy, Default)]
struct Clockwork {
    told: bool,
    /// The trail's time when the clock was said to be right, and how far it was ahead.
    accepted: (i64, i64),
    /// Clock, steady time, and largest step from there.
    believed: Option<(i64, i64, i64)>,
}

impl Clockwork {
    fn look(&mut self, now: i64, steady: i64, last: i64) -> Clocked {
        let accepted = if self.accepted.0 == last { self.accepted.1 } else { 0 };
        let back = last - now - accepted;
        if back > STOPS_MS {
            return Clocked::Stopped;
        }
        let (clock, since, most) = *self.believed.get_or_insert((last, steady, 400 * DAY_MS));
        if now - clock - (steady - since) > most {
            return Clocked::Stopped;
        }
        self.believed = Some((now, steady, DAY_MS));
        self.told &= back > TOLD_MS;
        if back > TOLD_MS { Clocked::Back } else { Clocked::Good }
    }

    fn accept(&mut self, now: i64, steady: i64, last: i64) {
        self.accepted = (last, last - now);
        self.believed = Some((now, steady, DAY_MS));
    }
}

fn code(answer: &Result<Committed, Refusal>) -> Option<&'static str> {
    answer.as_ref().err().map(|refusal| refusal.code.as_str())
}
