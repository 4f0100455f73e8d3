//! Reading problem details (RFC 9457), also those of a hub that is newer than this client.

use http::StatusCode;
use serde::Deserialize;

use crate::api::Problem;
use crate::domain::{Code, Place};

/// What a problem must have to be shown to a person; the code is text, since it may be one that we do not know yet.
#[derive(Deserialize)]
struct Foreign {
    title: String,
    code: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    remedy: String,
    #[serde(rename = "type", default)]
    kind: String,
    at: Option<Place>,
}

/// The problem in an answer with this status; `None` where there is none.
pub(super) fn parse(status: StatusCode, body: &[u8]) -> Option<Problem> {
    let foreign: Foreign = serde_json::from_slice(body).ok()?;
    let known = Code::from_wire(&foreign.code);
    let detail = match known {
        Some(_) => foreign.detail,
        None => format!("[{}] {}", foreign.code, foreign.detail),
    };
    Some(Problem {
        kind: foreign.kind,
        title: foreign.title,
        status: status.as_u16(),
        detail,
        code: known.unwrap_or_else(|| by_status(status)),
        remedy: foreign.remedy,
        at: foreign.at,
    })
}

/// The general code for a status: what the caller can do about it is the same.
fn by_status(status: StatusCode) -> Code {
    match status.as_u16() {
        401 => Code::Unauthenticated,
        403 => Code::NotAllowed,
        404 => Code::NotFound,
        413 => Code::TooLarge,
        429 => Code::RateLimited,
        500.. => Code::TryLater,
        _ => Code::BadRequest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_comes_as_it_is() {
        let body = br#"{"type":"t","title":"T","status":422,"code":"digest_mismatch","remedy":"R",
            "at":{"line":3,"column":4,"path":"/edXML"}}"#;
        let problem = parse(StatusCode::UNPROCESSABLE_ENTITY, body).unwrap();
        assert_eq!(problem.code, Code::DigestMismatch);
        assert_eq!(problem.at.unwrap().line, 3);
        assert_eq!(problem.detail, "");
    }

    #[test]
    fn a_code_of_a_newer_hub_is_shown_and_handled_by_its_status() {
        let body = br#"{"title":"T","code":"brand_new","detail":"d","extra":1}"#;
        let problem = parse(StatusCode::SERVICE_UNAVAILABLE, body).unwrap();
        assert_eq!(problem.code, Code::TryLater);
        assert_eq!(problem.detail, "[brand_new] d");
        assert_eq!(parse(StatusCode::CONFLICT, body).unwrap().code, Code::BadRequest);
    }

    #[test]
    fn what_is_no_problem_is_none() {
        for body in ["", "<html>", "{}", "[]", r#"{"title":1,"code":"x"}"#] {
            assert!(parse(StatusCode::BAD_GATEWAY, body.as_bytes()).is_none(), "{body}");
        }
    }
}
