//! One history: what happens, what everybody is told, and what must be true after it.

use crate::domain::Refusal;
use crate::engine::simulation::check::{self, Names, Reading};
use crate::engine::simulation::luck::Luck;
use crate::engine::simulation::model::{Act, Model, Told};
use crate::engine::simulation::play::{self, AGENCIES};
use crate::engine::simulation::world::{End, IndexEnd, World};
use crate::engine::writer::Committed;
use crate::journal::disk::{Fault, Step};
use crate::trail::verify;

/// Steps of a history: a batch, a fault, a restart, a move of the clock.
const STEPS: u64 = 30;
/// A step back of the clock that is told, and one that stops acceptance, milliseconds (DESIGN 2).
const TOLD_MS: i64 = 5_000;
const STOPS_MS: i64 = 300_000;
const YEAR_MS: i64 = 365 * 86_400_000;

pub(super) struct History {
    world: World,
    luck: Luck,
    model: Model,
    /// What may have been kept although nobody was told so: one batch, whole or not at all.
    unsure: Option<Model>,
    names: Names,
    /// The step back of the clock was told.
    told: bool,
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
        let (unsure, told, read, shown) = (None, false, Reading::default(), Vec::new());
        let mut history = Self { world, luck, model, unsure, names, told, read, shown, loud };
        let known = AGENCIES[..4].iter().map(|agency| Act::Agency { agency, name: "Bộ", closed: false });
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
        match self.luck.below(25) {
            24 => self.die(step),
            0..14 => {
                let count = 1 + self.luck.below(5);
                let acts = (0..count).map(|_| play::choose(&mut self.luck, &self.model)).collect();
                self.batch(acts);
            }
            14 => {
                self.say(|| format!("{step}: idle"));
                self.world.idle();
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

    fn clock(&mut self, step: u64) {
        let steps = [1, 500, 60_000, -3_000, -20_000, -400_000, 400_000, YEAR_MS, -YEAR_MS];
        let by = self.luck.pick(&steps);
        self.say(|| format!("{step}: the clock moves by {by} ms"));
        self.world.clock.advance(by);
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
        let inline = acts.filter(|act| !matches!(act, Act::Send(letter, _) if letter.large)).collect();
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
        self.told = false;
        self.settle();
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
        let mut after = self.model.clone();
        let reading = self.read_clock(&mut after);
        let expected: Vec<Told> = taken.iter().map(|act| reading.take(&mut after, act)).collect();
        for (act, told) in taken.iter().zip(&expected) {
            self.say(|| format!("  {act:?} -> {told:?}"));
        }
        let poisoned = self.world.writer().shared.poisoned.get().is_some();
        let answers = self.world.batch(commands);
        if answers.iter().any(|answer| code(answer) == Some("storage_failed")) {
            self.failed(after, poisoned, &answers);
        } else {
            assert!(!poisoned, "a poisoned hub takes nothing");
            (self.model, self.told) = (after, reading == Clocked::Back || (self.told && reading == Clocked::Stopped));
            self.answered(&expected, &answers);
        }
    }

    fn failed(&mut self, after: Model, was_poisoned: bool, answers: &[Result<Committed, Refusal>]) {
        self.say(|| "  storage failed".to_owned());
        assert!(answers.iter().all(|answer| code(answer) == Some("storage_failed")), "a batch fails as a whole");
        let is_poisoned = self.world.writer().shared.poisoned.get().is_some();
        if is_poisoned && !was_poisoned {
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

    fn read_clock(&self, after: &mut Model) -> Clocked {
        let now = crate::clock::Clock::now(self.world.clock.as_ref());
        let back = self.read.time - now.as_millis();
        if back > STOPS_MS {
            return Clocked::Stopped;
        }
        if back <= TOLD_MS {
            return Clocked::Good;
        }
        if !self.told {
            after.tell(format!("clock {}", now.as_millis()), Vec::new(), None);
        }
        Clocked::Back
    }

    /// In order at last: everything is there, the index that grew is the one that is built from the journal, and every
    /// checkpoint that was shown holds.
    fn end(&mut self) {
        self.say(|| "end".to_owned());
        self.world.disk().disarm();
        self.world.forgive_index();
        self.world.end(End::Stopped, IndexEnd::Kept);
        self.world.open().unwrap();
        self.settle();
        check::shown(&self.world, &self.model, &self.names);
        let grown = self.world.rows();
        self.world.end(End::Killed, IndexEnd::Lost);
        self.world.open().unwrap();
        assert!(grown == self.world.rows(), "the index built from the journal is the one that grew");
        for (size, root) in &self.shown {
            assert_eq!(self.world.writer().tree.view().root_at(*size).unwrap(), *root, "the checkpoint over {size}");
        }
    }
}

/// What the model makes of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Clocked {
    Good,
    Back,
    Stopped,
}

impl Clocked {
    fn take(self, model: &mut Model, act: &Act) -> Told {
        match (self, act) {
            (Self::Stopped, Act::Send(..) | Act::Report(_)) => Told::Refused("clock_stopped"),
            _ => model.take(act),
        }
    }
}

fn code(answer: &Result<Committed, Refusal>) -> Option<&'static str> {
    answer.as_ref().err().map(|refusal| refusal.code.as_str())
}
