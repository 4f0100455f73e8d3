//! Who is let in, what is not found, what is wrong with a call, and in which language it is said.

use truc::client::{ClientError, Upload};
use truc::domain::{Code, Lang, MessageId};
use truc::engine::Hub;

use crate::fixture::Door;

#[tokio::test]
async fn whoever_proves_nothing_gets_401_everywhere_but_at_the_probes() {
    let door = Door::open().await;
    for (method, path) in [
        ("GET", "/v1/hub"),
        ("GET", "/v1/caller"),
        ("GET", "/v1/inbox"),
        ("GET", "/v1/outbox"),
        ("GET", "/v1/events"),
        ("GET", "/v1/inbox?limit=x"),
        ("GET", "/v1/documents?code=1"),
        ("GET", "/v1/documents/00000000-0000-0000-0000-000000000000"),
        ("POST", "/v1/documents"),
        ("POST", "/v1/statuses"),
        ("GET", "/v1/agencies"),
        ("POST", "/v1/agencies"),
        ("GET", "/v1/access"),
        ("POST", "/v1/access"),
        ("GET", "/tlog/checkpoint"),
        ("GET", "/metrics"),
    ] {
        for headers in [&[][..], &[("Authorization", "Bearer wrong")][..]] {
            let answer = door.raw(method, path, "nobody", headers, b"").await;
            assert_eq!((answer.status, answer.code().as_str()), (401, "unauthenticated"), "{method} {path}");
            assert_eq!(answer.headers["www-authenticate"], "Bearer");
        }
    }
    for path in ["/healthz", "/readyz"] {
        assert_eq!(door.get(path, "nobody").await.status, 200);
    }
}

#[tokio::test]
async fn an_access_that_was_taken_away_ends_with_the_next_request() {
    let door = Door::open().await;
    let client = door.client("h14");
    assert_eq!(client.caller().await.unwrap().system, "h14");
    let mut request = door.request(truc::api::Role::System, "h14", &["H14"], truc::api::Policy::Envelope);
    (request.closed, request.token) = (true, false);
    door.client("operator").put_access(&request).await.unwrap();
    assert_eq!(client.caller().await.unwrap_err().code(), Some(Code::Unauthenticated));
}

#[tokio::test]
async fn unknown_calls_and_wrong_methods_are_problems() {
    let door = Door::open().await;
    for path in ["/", "/v1", "/v1/nothing", "/v1/inbox/", "/V1/inbox", "//v1/inbox", "/v1/%69nbox/x"] {
        let answer = door.get(path, "g22").await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
    }
    for (method, path, allow) in [
        ("DELETE", "/v1/documents", "GET,HEAD,POST"),
        ("POST", "/v1/inbox", "GET,HEAD"),
        ("PUT", "/healthz", "GET,HEAD"),
    ] {
        let answer = door.raw(method, path, "g22", &[], b"").await;
        assert_eq!((answer.status, answer.code().as_str()), (405, "method_not_allowed"), "{method} {path}");
        let mut allowed: Vec<_> = answer.headers["allow"].split(',').collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow);
    }
}

#[tokio::test]
async fn a_bad_parameter_is_named() {
    let door = Door::open().await;
    for (path, named) in [
        ("/v1/inbox?limit=0", "limit"),
        ("/v1/inbox?limit=501", "limit"),
        ("/v1/inbox?limit=many", "limit"),
        ("/v1/inbox?wait=61", "wait"),
        ("/v1/inbox?wait=-1", "wait"),
        ("/v1/inbox?agency=", "agency"),
        ("/v1/inbox?agency=G22&agency=G23", "agency"),
        ("/v1/inbox?agenci=G22", "agenci"),
        ("/v1/inbox?cursor=!", "cursor"),
        ("/v1/events?after=x", "after"),
        ("/v1/documents", "code"),
        ("/v1/documents?code=1&year=99999", "year"),
        ("/v1/documents/7", "id"),
        ("/v1/documents/7/content", "id"),
    ] {
        let answer = door.get(path, "g22").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{path}");
        assert!(answer.detail().contains(named), "{path}: {}", answer.detail());
    }
    for (path, body, named) in [
        ("/v1/documents", "", "empty"),
        ("/v1/agencies", "{", "line 1"),
        ("/v1/agencies", "{\"name\":\"x\"}", "code"),
        ("/v1/agencies", "{\"code\":7,\"name\":\"x\"}", "code"),
        ("/v1/access", "{\"system\":\"x\",\"role\":\"king\"}", "role"),
        ("/v1/access", "{\"system\":\"x\",\"role\":\"system\",\"agencies\":[{\"code\":\"\"}]}", "agencies[0].code"),
    ] {
        let answer = door.raw("POST", path, "operator", &[], body.as_bytes()).await;
        if path != "/v1/documents" {
            assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{body}");
            assert!(answer.detail().contains(named), "{body}: {}", answer.detail());
        }
    }
    let empty = door.raw("POST", "/v1/documents", "g22", &[("Content-Length", "0")], b"").await;
    assert_eq!((empty.status, empty.detail().contains("empty")), (400, true));
}

#[tokio::test]
async fn problems_speak_the_callers_language() {
    let door = Door::open().await;
    for language in [Lang::Vi, Lang::En] {
        let client = door.client("g22").with_language(language);
        let error = client.document(MessageId(uuid::Uuid::nil())).await.unwrap_err();
        let ClientError::Refused(problem) = error else { panic!("{error}") };
        assert_eq!(problem.title, Code::NotFound.title(language));
        assert_eq!(problem.remedy, Code::NotFound.remedy(language));
    }
}

#[tokio::test]
async fn a_fault_in_a_message_has_code_and_place() {
    let door = Door::open().await;
    let message = String::from_utf8(door.signed("7", "aGVsbG8=")).unwrap();
    let altered = message.replace("V/v triển khai", "V/v đình chỉ");
    let answer = door.raw("POST", "/v1/documents", "g22", &[("Accept-Language", "en")], altered.as_bytes()).await;
    let problem = answer.problem();
    assert_eq!((answer.status, problem["code"].as_str()), (422, Some("digest_mismatch")));
    assert_eq!(problem["title"], Code::DigestMismatch.title(Lang::En));

    let cut = &message[..message.len() / 2];
    let problem = door.raw("POST", "/v1/documents", "g22", &[], cut.as_bytes()).await.problem();
    assert_eq!(problem["code"], "xml_malformed");
    assert!(
        problem["at"]["line"].as_u64().unwrap() > 1 && problem["at"]["path"].as_str().unwrap().starts_with("/edXML")
    );
}

#[tokio::test]
async fn law_10_a_message_over_the_limit_is_refused_by_its_announced_length() {
    let door = Door::open().await;
    let client = door.client("g22");
    let limit = usize::try_from(client.hub().await.unwrap().message_bytes_max).unwrap();
    let error = client.send_document(&Upload::bytes(vec![0; limit + 1])).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::TooLarge));
}

#[tokio::test]
async fn what_operators_do_is_for_operators() {
    let door = Door::open().await;
    let agency = truc::api::Agency { code: "H55".parse().unwrap(), name: "Tỉnh mới".into(), closed: false };
    let client = door.client("g22");
    assert_eq!(client.put_agency(&agency).await.unwrap_err().code(), Some(Code::NotAllowed));
    assert_eq!(client.accesses().await.unwrap_err().code(), Some(Code::NotAllowed));
    assert_eq!(client.metrics().await.unwrap_err().code(), Some(Code::NotAllowed));

    let operator = door.client("operator");
    assert_eq!(operator.put_agency(&agency).await.unwrap(), agency);
    assert!(client.agencies().await.unwrap().contains(&agency));
    let accesses = operator.accesses().await.unwrap();
    assert!(accesses.iter().any(|access| access.system == "h41" && access.tokens == 2 && access.new_token.is_none()));
}

#[tokio::test]
async fn figures_count_what_happened() {
    let door = Door::open().await;
    let message = Upload::bytes(door.signed("8", "aGVsbG8="));
    for _ in 0..2 {
        door.client("g22").send_document(&message).await.unwrap();
    }
    door.client("g22").metrics().await.unwrap_err();
    let text = door.client("operator").metrics().await.unwrap();
    for line in [
        "truc_documents_accepted_total{policy=\"envelope\"} ",
        "truc_repeats_total ",
        "truc_http_requests_total{call=\"/v1/documents\",method=\"POST\",status=\"2xx\"} ",
        "truc_refusals_total{code=\"not_allowed\"} ",
        "truc_http_request_duration_seconds_bucket{call=\"/v1/documents\",method=\"POST\",le=",
        "truc_writable 1",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn a_hub_that_is_closed_answers_and_asks_to_come_again() {
    let door = Door::open().await;
    let hub: Hub = door.test.hub.clone();
    tokio::task::spawn_blocking(move || hub.close()).await.unwrap();
    let error = door.client("g22").send_document(&Upload::bytes(door.signed("9", "aGVsbG8="))).await.unwrap_err();
    assert!(error.code() == Some(Code::TryLater) && error.is_temporary(), "{error}");
    door.client("g22").caller().await.unwrap();
}
