//! What the simulation has found, each as a story of its own, and rules of the journal that only the whole writer can
//! break.

use std::sync::mpsc::channel;

use crate::clock::Clock as _;
use crate::domain::{MessageId, Timestamp};
use crate::engine::simulation::acts::{AccessAct, Act, Letter, Name, Report};
use crate::engine::simulation::check::{Names, document_id, organ};
use crate::engine::simulation::contents::ContentAct;
use crate::engine::simulation::held::Settle;
use crate::engine::simulation::luck::Luck;
use crate::engine::simulation::play::{self, certificate};
use crate::engine::simulation::world::{End, IndexEnd, World};
use crate::engine::writer::{Committed, Job};
use crate::hub::Event;
use crate::hub::decide::{Command, Ids};
use crate::hub::destroy::Erased;
use crate::hub::entry::Salt;
use crate::hub::keys;
use crate::hub::rows::Rows;
use crate::journal::disk::Step;

type Answers = Vec<Result<Committed, crate::domain::Refusal>>;

fn world() -> World {
    let mut world = World::new(1);
    let agencies = ["G22", "H14", "H24"].map(|agency| Act::Agency { agency, name: "Bộ", closed: false });
    act(&mut world, &agencies);
    world
}

fn act(world: &mut World, acts: &[Act]) -> Answers {
    let payloads = world.payloads();
    let mut luck = Luck::new(world.ids.next());
    let commands = acts.iter().map(|act| play::command(act, &Names::default(), &payloads, &mut luck).unwrap());
    let commands = commands.collect();
    world.batch(commands)
}

fn letter(document: u8, priority: u8) -> Act {
    let letter = Letter {
        from: "G22",
        to: vec!["H14"],
        document,
        number: 0,
        content: 0,
        business: 0,
        priority,
        names: None,
        large: false,
    };
    Act::Send(letter, None)
}

fn refused(size: u64) -> Act {
    Act::Refused { by: "one", size }
}

#[test]
fn after_an_index_has_failed_nothing_is_written_and_no_checkpoint_is_signed() {
    for after in [false, true] {
        let mut world = world();
        world.fail_index(after);
        assert!(act(&mut world, &[refused(1), refused(2)]).iter().all(Result::is_err));
        let (size, head) = (world.writer().shared.signed().view.size(), world.writer().journal.head().seq);
        world.clock.jump(-20_000);
        assert!(act(&mut world, &[refused(3)]).iter().all(Result::is_err));
        assert_eq!(world.writer().shared.signed().view.size(), size);
        assert_eq!(world.writer().journal.head().seq, head, "not even that the clock has stepped back");
        world.end(End::Stopped, IndexEnd::Kept);
        world.open().unwrap();
        assert_eq!(world.writer().shared.signed().view.size(), head, "what was not told is whole after a restart");
    }
}

#[test]
fn a_status_by_notation_means_the_message_that_was_accepted_last() {
    let mut world = world();
    // The newer message gets the smaller id.
    let first = act(&mut world, &[letter(0, 0)]);
    world.clock.jump(-4_000);
    let second = act(&mut world, &[letter(2, 0)]);
    let id = |answers: &Answers| answers[0].as_ref().unwrap().answer.as_ref().unwrap().message.unwrap();
    assert!(id(&second) < id(&first));
    let (from, to, code): (Name, Name, Name) = ("H14", "G22", "01");
    let report = Report { from, to, code, document: None, number: Some(0), stamp: 0, record: false };
    act(&mut world, &[Act::Report(report)]);
    let reader = world.writer().shared.index.reader().unwrap();
    let state = |id| Rows(reader.as_ref()).delivery(id, &organ("H14")).unwrap().unwrap().state;
    assert_eq!(format!("{:?} {:?}", state(id(&first)), state(id(&second))), "Delivered Arrived");
    let held = Rows(reader.as_ref()).document(&organ("G22"), &document_id(2)).unwrap();
    assert_eq!(held.unwrap().newest, id(&second));
}

/// A status may stand in the same record as the spill of its document, and that record may begin a segment: then the
/// bytes were looked for in the segment before, and stayed for ever.
#[test]
fn a_status_beside_the_spill_of_its_document_is_erased_where_it_stands() {
    let mut world = world();
    let mut names = Names::default();
    let sent = act(&mut world, &[letter(0, 0)]);
    names.learn(0, sent[0].as_ref().unwrap().answer.as_ref().unwrap().message.unwrap());
    let report =
        Report { from: "H14", to: "G22", code: "01", document: Some(0), number: None, stamp: 0, record: false };
    let spill = ContentAct::Destroy { message: 0, header: true, spill: true };
    world.writer().retention.ask_to_seal();
    let payloads = world.payloads();
    let mut luck = Luck::new(7);
    let both = [Act::Report(report), Act::Content(spill)];
    let commands = both.iter().map(|act| play::command(act, &names, &payloads, &mut luck).unwrap()).collect();
    assert!(world.batch(commands).iter().all(Result::is_ok));
    let segments = *world.writer().retention.sealed().end() + 1;
    let mut erased = 0;
    loop {
        if world.wants_sealing() {
            world.batch(vec![Command::Seal]);
        }
        let Some(event) = world.erase() else { break };
        let Event::Erased { contents, .. } = &event else { unreachable!() };
        erased += contents;
        world.batch(vec![Command::Erased(Box::new(Erased(event)))]);
    }
    assert_eq!((segments, erased), (2, 4), "bytes and header data of the document, and of its status");
}

/// A pass over what waits had verified the bytes, and then an operator had them destroyed: the release went through, and
/// recipients were listed a document that nobody could give them.
#[test]
fn what_is_destroyed_while_it_waits_goes_to_nobody() {
    let (mut world, mut names) = (world(), Names::default());
    let Act::Send(letter, _) = letter(0, 0) else { unreachable!() };
    let held = act(&mut world, &[Act::Hold(letter.clone(), None)]);
    let message = held[0].as_ref().unwrap().answer.as_ref().unwrap().message.unwrap();
    names.learn(0, message);
    let spill = Act::Content(ContentAct::Destroy { message: 0, header: true, spill: true });
    let release = Act::Settle(Settle { message: 0, letter, good: true });
    let payloads = world.payloads();
    let mut luck = Luck::new(7);
    let both = [spill, release];
    let commands = both.iter().map(|act| play::command(act, &names, &payloads, &mut luck).unwrap()).collect();
    assert!(world.batch(commands)[1].as_ref().unwrap().answer.is_none(), "nothing happens");
    let reader = world.writer().shared.index.reader().unwrap();
    let rows = Rows(reader.as_ref());
    assert!(rows.deliveries(message).unwrap().is_empty());
    assert!(rows.message(message).unwrap().unwrap().is_held(), "until the next pass turns it away");
}

/// Ids, and something that happens while the first of them is drawn.
struct Meanwhile(Luck, Option<Box<dyn FnOnce() + Send>>);

impl Ids for Meanwhile {
    fn salt(&mut self) -> Salt {
        if let Some(then) = self.1.take() {
            then();
        }
        self.0.salt()
    }

    fn message(&mut self, now: Timestamp) -> MessageId {
        self.0.message(now)
    }
}

/// A destruction asks for the segment to be sealed and waits for the writer: where its command joined a batch that was
/// being taken, it was answered before the sealing, and the destruction failed as if the disk had.
#[test]
fn a_sealing_that_is_asked_for_while_a_batch_is_taken_is_done_when_it_is_answered() {
    let mut world = world();
    act(&mut world, &[refused(1)]);
    let ((jobs, waiting), (seal, mut told)) = (channel(), Job::told(Command::Seal, None));
    let (retention, asking) = (world.writer().retention.clone(), jobs.clone());
    let before = *retention.sealed().end();
    let ask = move || {
        retention.ask_to_seal();
        asking.send(seal).unwrap();
    };
    let writer = world.writer.as_mut().unwrap();
    writer.ids = Box::new(Meanwhile(Luck::new(3), Some(Box::new(ask))));
    let command = play::command(&refused(2), &Names::default(), &world.payloads(), &mut Luck::new(1)).unwrap();
    world.writer.as_mut().unwrap().run_batch(Job::untold(command), &waiting);
    drop(jobs);
    assert!(told.try_recv().unwrap().is_ok(), "it came with the batch");
    assert_eq!(*world.writer().retention.sealed().end(), before + 1);
}

#[test]
fn a_credential_is_not_taken_from_who_has_it_now() {
    let mut world = world();
    let change = |system, certificates, closed| {
        Act::Access(AccessAct { system, agencies: vec!["G22"], certificates, token: None, closed })
    };
    act(&mut world, &[change("one", vec![1], true)]);
    act(&mut world, &[change("two", vec![1], false)]);
    act(&mut world, &[change("one", vec![], false)]);
    let reader = world.writer().shared.index.reader().unwrap();
    let owner: Option<String> = Rows(reader.as_ref()).row(&keys::credential(&certificate(1))).unwrap();
    assert_eq!(owner.as_deref(), Some("two"));
}

#[test]
fn a_step_of_the_clock_is_told_until_it_is_written() {
    let mut world = world();
    world.clock.jump(-20_000);
    world.set_room(crate::engine::simulation::world::Room::None);
    let agency = |name| Act::Agency { agency: "H14", name, closed: false };
    assert!(act(&mut world, &[agency("Cơ-quan")])[0].is_err(), "no reserve was kept");
    world.set_room(crate::engine::simulation::world::Room::Plenty);
    let before = world.writer().journal.head().seq;
    act(&mut world, &[agency("Cơ-quan")]);
    assert_eq!(world.writer().journal.head().seq, before + 2, "the step, and the act");
    assert!(world.clock.now().as_millis() > 0);
}

#[test]
fn the_word_of_the_operator_counts_also_where_others_came_first() {
    let mut world = world();
    world.clock.jump(-400_000);
    assert!(act(&mut world, &[letter(0, 0)])[0].is_err());
    let accept = Act::AcceptClock(world.clock.now().as_millis());
    assert!(act(&mut world, &[refused(1), accept]).iter().all(Result::is_ok));
    assert!(world.writer().shared.halted().is_none());
    assert!(act(&mut world, &[letter(0, 0)])[0].is_ok());
}

/// STORAGE 10, rule 9, and DESIGN 2: group commit without a timer, one sync a batch, bounded batches.
#[test]
fn what_waits_is_one_record_and_one_sync_within_bounds() {
    let mut world = world();
    let (syncs, record) = (world.disk().count(Step::Sync), world.writer().journal.head().record);
    let some: Vec<Act> = (0..100).map(refused).collect();
    assert!(act(&mut world, &some[..20]).iter().all(Result::is_ok));
    assert_eq!(world.writer().journal.head().record, record + 1);
    assert!(world.disk().count(Step::Sync) <= syncs + 2, "one for the record, one more if a segment was begun");
    let many: Vec<Act> = (0..300).map(refused).collect();
    assert!(act(&mut world, &many).iter().all(Result::is_ok));
    assert_eq!(world.writer().journal.head().record, record + 4, "at most 128 commands a batch");
}
