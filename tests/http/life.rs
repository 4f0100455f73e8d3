//! Retention, withholding and spills at the door: status, code, and who may.

use truc::client::Upload;

use crate::fixture::Door;

#[tokio::test]
async fn what_is_withheld_is_451_what_is_destroyed_410_and_only_operators_do_either() {
    let door = Door::open().await;
    let receipt = door.client("g22").send_document(&Upload::bytes(door.signed("1", "aGVsbG8="))).await.unwrap();
    let path = format!("/v1/documents/{}", receipt.id);
    let post = async |path: String, system: &'static str, body: String| {
        door.raw("POST", &path, system, &[("Content-Type", "application/json")], body.as_bytes()).await
    };
    let reason = || r#"{"reason": "Theo công văn 12"}"#.to_owned();
    let refused = post(format!("{path}/withhold"), "g22", reason()).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "not_allowed"));
    assert_eq!(post(format!("{path}/withhold"), "operator", reason()).await.status, 200);
    for (method, system) in [("GET", "h41"), ("GET", "g22")] {
        let answer = door.raw(method, &format!("{path}/content"), system, &[], b"").await;
        assert_eq!((answer.status, answer.code().as_str()), (451, "content_withheld"));
    }
    assert_eq!(door.raw("HEAD", &format!("{path}/content"), "h41", &[], b"").await.status, 451);
    assert_eq!(post(format!("{path}/release"), "operator", reason()).await.status, 200);
    assert_eq!(door.get(&format!("{path}/content"), "h41").await.status, 200);

    let body = format!(r#"{{"messages": ["{}"], "reason": "Gửi nhầm"}}"#, receipt.id);
    assert_eq!(post("/v1/spill".to_owned(), "h41", body.clone()).await.status, 403);
    let report = post("/v1/spill".to_owned(), "operator", body).await;
    assert_eq!(report.status, 200, "{}", String::from_utf8_lossy(&report.body));
    let report: serde_json::Value = serde_json::from_slice(&report.body).unwrap();
    assert_eq!(report["messages"][0]["recipients"][0]["to"], "H41");
    assert!(report["messages"][0]["recipients"][0]["fetched_at"].is_string(), "{report}");
    let gone = door.get(&format!("{path}/content"), "h41").await;
    assert_eq!((gone.status, gone.code().as_str()), (410, "content_destroyed"));
    let view = door.get(&path, "g22").await;
    let view: serde_json::Value = serde_json::from_slice(&view.body).unwrap();
    assert_eq!((view["content"]["state"].as_str(), view["subject"].as_str()), (Some("destroyed"), Some("")));
    assert_eq!(door.get(&format!("{path}/proof"), "h41").await.status, 200, "its receipt is still proven");
    let unknown = post("/v1/retention/run".to_owned(), "operator", r#"{"rule": "r"}"#.to_owned()).await;
    assert_eq!(
        (unknown.status, unknown.code().as_str()),
        (400, "bad_request"),
        "without a cut-off nothing is destroyed"
    );
}
