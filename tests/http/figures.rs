//! What will end is told before it does: to the operator by the figures, to the agency by what it is told of itself;
//! whether anything was signed with it or not.

use truc::config::DataFolder;

use crate::fixture::Door;

const DAY_MS: i64 = 86_400_000;

/// The figures, when they say this. They are one for the process, so another test's hub may stand in them for a moment.
async fn figures_say(door: &Door, lines: &[&str]) {
    let mut text = String::new();
    for _ in 0..1_000 {
        text = String::from_utf8(door.get("/metrics", "operator").await.body).unwrap();
        if lines.iter().all(|line| text.lines().any(|told| told == *line)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{lines:?} are not said: {text}");
}

async fn told(door: &Door, system: &str) -> Vec<(String, i64)> {
    let caller: serde_json::Value = serde_json::from_slice(&door.get("/v1/caller", system).await.body).unwrap();
    let ends = caller["certificates_near_end"].as_array().cloned().unwrap_or_default();
    let text = |end: &serde_json::Value| end["subject"].as_str().unwrap().to_owned();
    ends.iter().map(|end| (text(end), end["days_left"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn the_hubs_own_certificate_near_its_end_is_told_to_the_operator() {
    let mut door = Door::open().await;
    let file = DataFolder::new(door.test.folder.path()).tls_certificate();
    let mut params = rcgen::CertificateParams::new(vec!["hub.example".to_owned()]).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    for (end, near, days) in [((2026, 12, 2), 1, 9), ((2027, 12, 2), 0, 374)] {
        params.not_after = rcgen::date_time_ymd(end.0, end.1, end.2);
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        door = door.restart().await;
        let near = format!(r#"truc_trust_near_end{{kind="server"}} {near}"#);
        let days = format!(r#"truc_trust_days_left{{kind="server"}} {days}"#);
        figures_say(&door, &[near.as_str(), days.as_str()]).await;
    }
}

#[tokio::test]
async fn certificates_near_their_end_are_told_to_operator_and_agency_before_they_have_signed_anything() {
    let mut door = Door::open().await;
    figures_say(&door, &[r#"truc_trust_near_end{kind="signer"} 0"#]).await;
    assert!(told(&door, "h41").await.is_empty());

    door.test.clock.advance((3 * 365 - 10) * DAY_MS);
    let mine = [("CN=Hệ thống H41,C=VN".to_owned(), 10)];
    for restarted in [false, true] {
        let signers = r#"truc_trust_near_end{kind="signer"} 5"#;
        let lines = [signers, r#"truc_trust_days_left{kind="signer"} 10"#, r#"truc_trust_near_end{kind="root"} 0"#];
        figures_say(&door, &lines).await;
        figures_say(&door, &[r#"truc_trust_near_end{kind="crl"} 2"#]).await;
        assert_eq!(told(&door, "h41").await, mine, "restarted: {restarted}");
        assert!(told(&door, "operator").await.is_empty(), "the operator has none of its own");
        if !restarted {
            door = door.restart().await;
        }
    }
}
