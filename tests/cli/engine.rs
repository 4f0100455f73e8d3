//! sled as the engine of the index: built again after a kill and after nothing else, and the answers are the same.

use crate::support::{Said, TestHub};

const BUILT_AGAIN: &str = "the index was not closed in order";

/// What everybody is told, and what the trail proves.
fn answers(hub: &TestHub) -> Vec<String> {
    let inbox = hub.by("nghean", &["--json", "inbox"]).yes();
    let track = hub.by("vpcp", &["--json", "track", "1/VPCP-TH"]).yes();
    let trail = hub.by("vpcp", &["--json", "trail", "1/VPCP-TH"]).yes();
    [inbox, track, trail].map(|said: Said| said.stdout).into()
}

/// How many entries were applied to the index when the hub was started, and whether it was built again.
fn start(hub: &TestHub) -> (u64, bool) {
    let log = hub.log();
    let (_, applied) = log.split_once("engine=\"sled\" applied=").unwrap_or_else(|| panic!("{log}"));
    (applied.split_whitespace().next().unwrap().parse().unwrap(), log.contains(BUILT_AGAIN))
}

#[test]
fn sled_is_built_again_after_a_kill_and_not_after_a_stop_in_order() {
    let mut hub = TestHub::made();
    hub.configure("engine", "\"sled\"");
    hub.start();
    let (all, again) = start(&hub);
    assert!(!again, "there was nothing before");
    hub.send("H41,H14", "1/VPCP-TH", &[]);
    hub.send("H41", "2/VPCP-TH", &[]);
    hub.by("nghean", &["confirm", "2/VPCP-TH"]).yes();
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", "-"]).yes();
    let before = answers(&hub);

    hub.stop();
    hub.run(&["doctor", "--deep"]).yes();
    hub.start();
    assert_eq!(start(&hub), (0, false), "a stop in order, and the doctor");
    assert_eq!(answers(&hub), before);

    hub.kill();
    let told = hub.run(&["--json", "doctor"]).yes().json();
    assert_eq!((&told["index_engine"], &told["findings"][0]["code"]), (&"sled".into(), &"index_unclosed".into()));
    hub.start();
    let (applied, again) = start(&hub);
    assert!(again && applied > all + 5, "{applied} entries of {all}");
    assert_eq!(answers(&hub), before);
    hub.send("H41", "3/VPCP-TH", &[]);
    hub.stop();
    hub.run(&["doctor", "--deep"]).yes();
}

#[test]
fn another_engine_begins_anew_and_leaves_nothing_of_the_first() {
    let mut hub = TestHub::running();
    hub.send("H41", "1/VPCP-TH", &[]);
    hub.by("nghean", &["fetch", "1/VPCP-TH", "-o", "-"]).yes();
    let before = answers(&hub);
    for (engine, own, other) in
        [("\"sled\"", "index/sled", "index/index.redb"), ("\"redb\"", "index/index.redb", "index/sled")]
    {
        hub.stop();
        hub.configure("engine", engine);
        hub.start();
        assert_eq!(answers(&hub), before);
        assert!(hub.path(own).exists() && !hub.path(other).exists());
    }
}
