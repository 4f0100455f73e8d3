//! Faults while contents are destroyed: each operation of the disk fails once, at each step of a run of retention and of
//! a spill. The operator is told 503 or 507, the next call does the rest, and nothing of it comes back with a power cut.

use truc::api::{RuleRequest, RunRequest, SpillRequest};
use truc::journal::disk::Disk as _;

use super::*;

/// Stands in the abstract of what is destroyed, and nowhere else.
const MARK: &str = "V/v phép thử 739155";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Rule,
    Spill,
}

/// A disk with two documents more that are to go: in a record, and in a file of its own.
struct Doomed {
    soil: Soil,
    ids: [MessageId; 2],
}

async fn doomed(stage: &Stage) -> Doomed {
    let soil = stage.soil.copy();
    let hub = stage.open(&soil).unwrap();
    let pki = Layout::new(stage.folder.path().join("pki"));
    let mut ids = Vec::new();
    for (id, file) in [("doomed", "aGVsbG8=".to_owned()), ("doomed-large", "QUJD".repeat(30_000))] {
        let text =
            Document { id, number: "77", subject: MARK, file: &file, to: &["H41"], ..Document::default() }.text();
        let id = send(&hub, &stage.sender, &signed(&pki, &text, "G22"), false).await.unwrap();
        hub.confirm(&stage.recipient, id, None).await.unwrap();
        ids.push(id);
    }
    let rule = RuleRequest {
        rule: "ngay".to_owned(),
        years: 0,
        days: 0,
        business: None,
        type_name: None,
        header: true,
        basis: "Điều 15".to_owned(),
        from: None,
        closed: false,
    };
    stage.clock.advance(1_000);
    hub.put_retention_rule(&Hub::operator_of_folder(), rule).await.unwrap();
    hub.close();
    assert_eq!(payloads(&soil, stage), 1);
    assert!(holding(&soil, stage) > 0);
    Doomed { soil, ids: ids.try_into().unwrap() }
}

async fn destroy(hub: &Hub, ids: &[MessageId], way: Way) -> Result<(), Refusal> {
    let operator = Hub::operator_of_folder();
    match way {
        Way::Rule => {
            let cutoff = hub.retention_preview(&operator, "ngay")?.cutoff;
            let request = RunRequest { rule: "ngay".to_owned(), cutoff, steps: 100, after: None };
            hub.retention_run(&operator, &request).await.map(|_| ())
        }
        Way::Spill => {
            let request = SpillRequest { messages: ids.to_vec(), reason: "Gửi nhầm".to_owned() };
            hub.spill_destroy(&operator, request).await.map(|_| ())
        }
    }
}

/// Files of the journal and of `payloads/` in which the mark stands.
fn holding(soil: &Soil, stage: &Stage) -> usize {
    let data = DataFolder::new(stage.folder.path());
    let inner = soil.disk.list_folders(&data.payloads()).unwrap();
    let folders = inner.iter().map(|name| data.payloads().join(name)).chain([data.journal()]);
    let files = folders.flat_map(|folder| {
        let names = soil.disk.list(&folder).unwrap().into_iter().map(move |file| folder.join(file.name));
        names.collect::<Vec<_>>()
    });
    let holds = |path: &std::path::PathBuf| {
        // It may be swept away at this very moment.
        let Ok(bytes) = soil.disk.contents(path) else { return false };
        bytes.windows(MARK.len()).any(|part| part == MARK.as_bytes())
    };
    files.filter(holds).count()
}

/// Destroys what is left, and looks for it on the disk: as it is, and after a power cut.
async fn is_gone_at_last(stage: &Stage, soil: &Soil, doomed: &Doomed, way: Way, case: &str) {
    let hub = stage.open(soil).unwrap_or_else(|error| panic!("{case}: {error}"));
    destroy(&hub, &doomed.ids, way).await.unwrap_or_else(|refusal| panic!("{case}: {refusal}"));
    for id in doomed.ids {
        let refusal = hub.content(&stage.recipient, id, None).map(|_| ()).unwrap_err();
        assert_eq!(refusal.code, Code::ContentDestroyed, "{case}");
        assert!(hub.proof(&stage.sender, id).is_ok(), "{case}: its proof stays");
    }
    stage.reads_go_on(&hub);
    // A file whose record a power cut has taken is nobody's, and swept away.
    until(|| payloads(soil, stage) == 0, case).await;
    hub.close();
    assert_eq!((holding(soil, stage), payloads(soil, stage)), (0, 0), "{case}");
    let after = soil.after_power_cut(3);
    let hub = stage.open(&after).unwrap_or_else(|error| panic!("{case}: {error}"));
    // A file whose end was not durable is nobody's now, and swept away.
    until(|| payloads(&after, stage) == 0, case).await;
    assert_eq!(holding(&after, stage), 0, "{case}: nothing comes back");
    hub.close();
}

#[tokio::test(flavor = "multi_thread")]
async fn law_8_a_destruction_that_fails_at_any_step_is_told_and_the_next_one_does_it() {
    let stage = Stage::new().await;
    let doomed = doomed(&stage).await;
    let mut cases = 0;
    for (way, step) in [Way::Rule, Way::Spill].into_iter().flat_map(|way| Step::CHANGES.map(|step| (way, step))) {
        for fault in [Fault::Failed, Fault::FailedButPersisted] {
            for skip in 0.. {
                let soil = doomed.soil.copy();
                let hub = stage.open(&soil).unwrap();
                soil.disk.arm(step, skip, fault);
                let told = destroy(&hub, &doomed.ids, way).await;
                stage.reads_go_on(&hub);
                hub.close();
                if !soil.disk.all_happened() {
                    break;
                }
                cases += 1;
                let case = format!("{way:?}, {step:?} number {skip}, {fault:?}");
                match told {
                    Ok(()) => {
                        assert_eq!((holding(&soil, &stage), payloads(&soil, &stage)), (0, 0), "{case}: told, and done");
                        let after = soil.after_power_cut(u64::from(skip) + 1);
                        assert_eq!(holding(&after, &stage), 0, "{case}: told, and durably done");
                    }
                    Err(refusal) => {
                        assert!([503, 507].contains(&refusal.code.http_status()), "{case}: {refusal}");
                    }
                }
                let after = soil.after_power_cut(u64::from(skip));
                is_gone_at_last(&stage, &after, &doomed, way, &case).await;
                is_gone_at_last(&stage, &soil, &doomed, way, &case).await;
            }
        }
    }
    eprintln!("{cases} cases");
    assert!(cases > 40, "{cases} cases");
}
