//! While it is not known whether a certificate is revoked: 202 for documents, 503 for statuses.

use crate::fixture::Door;
use crate::support::status;

#[tokio::test]
async fn a_document_is_held_with_202_and_a_status_is_told_to_try_later() {
    let door = Door::open().await;
    door.test.clock.advance(31 * 86_400_000);
    let message = door.signed("1", "aGVsbG8=");
    for repeat in [false, true] {
        let answer = door.raw("POST", "/v1/documents", "g22", &[], &message).await;
        let receipt: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!((answer.status, receipt["held"].as_bool()), (202, Some(true)));
        assert_eq!(receipt["repeat"].as_bool(), Some(repeat));
        assert_eq!(answer.headers["location"], format!("/v1/documents/{}", receipt["id"].as_str().unwrap()));
        let path = &answer.headers["location"];
        let view: serde_json::Value = serde_json::from_slice(&door.get(path, "g22").await.body).unwrap();
        assert_eq!(view["hold"]["state"], "held");
        for hidden in ["", "/content", "/trail", "/proof", "/evidence"] {
            assert_eq!(door.get(&format!("{path}{hidden}"), "h41").await.code(), "not_found", "{hidden}");
        }
        assert_eq!(door.get(&format!("{path}/evidence"), "g22").await.code(), "not_found", "there is no verdict yet");
    }
    let trial = door.raw("POST", "/v1/documents?dry_run=true", "g22", &[], &door.signed("2", "aGVsbG8=")).await;
    let trial: serde_json::Value = serde_json::from_slice(&trial.body).unwrap();
    assert_eq!((trial["held"].as_bool(), trial["dry_run"].as_bool()), (Some(true), Some(true)));

    let report = status("H41", "G22", "03", "", "2026/11/22 08:30:00");
    let answer = door.raw("POST", "/v1/statuses", "h41", &[], &door.test.signed(&report, "H41")).await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "revocation_unknown"));
    assert_eq!(answer.headers["retry-after"], "60");
    let metrics = door.get("/metrics", "operator").await;
    assert!(String::from_utf8_lossy(&metrics.body).contains("truc_documents_waiting"));
}
