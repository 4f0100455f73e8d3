//! The one mapping from a refusal to RFC 9457 problem details. Handlers answer with [`Refused`]; the words in the
//! caller's language are put in when the answer leaves (`entrance`). Internal detail goes to the log, not to clients.

use std::sync::atomic::{AtomicU32, Ordering};

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RETRY_AFTER, VARY,
    WWW_AUTHENTICATE,
};
use http::{HeaderMap, StatusCode};

use crate::api::Problem;
use crate::domain::{Code, Lang, Refusal};

/// A refusal on its way out.
#[derive(Debug, Clone)]
pub struct Refused(pub Refusal);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal)
    }
}

impl IntoResponse for Refused {
    /// Status and the headers that go with the code; the body follows in `complete`.
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = status(self.0.code);
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after_secs(self.0.code) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.code == Code::Unauthenticated {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// Writes the problem into the answer, if it is a refusal. `call` is for the log: method and path.
pub(super) fn complete(mut response: Response, language: Lang, call: &dyn std::fmt::Display) -> Response {
    let Some(Refused(refusal)) = response.extensions_mut().remove::<Refused>() else { return response };
    record(&refusal, call);
    write(&mut response, refusal, language);
    response
}

/// A refusal as a finished answer that is neither logged nor counted.
pub(super) fn answer(refusal: Refusal, language: Lang) -> Response {
    let mut response = Refused(refusal.clone()).into_response();
    response.extensions_mut().remove::<Refused>();
    write(&mut response, refusal, language);
    response
}

fn write(response: &mut Response, refusal: Refusal, language: Lang) {
    // A struct of texts and numbers always has a JSON form; an empty body would still carry the status.
    let json = serde_json::to_vec(&details(refusal, language)).unwrap_or_default();
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(tag(language)));
    headers.insert(VARY, HeaderValue::from_static("accept-language"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    *response.body_mut() = Body::from(json);
}

fn record(refusal: &Refusal, call: &dyn std::fmt::Display) {
    metrics::counter!("truc_refusals_total", "code" => refusal.code.as_str()).increment(1);
    if is_internal(refusal.code) {
        tracing::error!(code = refusal.code.as_str(), detail = %refusal.detail, %call, "the hub has failed");
    } else {
        tracing::debug!(code = refusal.code.as_str(), detail = %refusal.detail, %call, "refused");
    }
}

fn details(refusal: Refusal, language: Lang) -> Problem {
    let code = refusal.code;
    Problem {
        kind: format!("https://truc.invalid/errors#{code}"),
        title: code.title(language).to_owned(),
        status: code.http_status(),
        detail: if is_internal(code) { String::new() } else { refusal.detail.into_owned() },
        code,
        remedy: code.remedy(language).to_owned(),
        at: refusal.at,
    }
}

/// What is wrong is the hub's own affair; the detail may name its files.
const fn is_internal(code: Code) -> bool {
    matches!(code, Code::Internal | Code::StorageFailed)
}

fn status(code: Code) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

/// When the same call makes sense again: soon where load passes by itself, later where people must act.
fn retry_after_secs(code: Code) -> Option<u32> {
    match code {
        Code::RevocationUnknown
        | Code::CertificateOnHold
        | Code::HeldQuota
        | Code::StorageFailed
        | Code::ClockStopped
        | Code::InsufficientStorage => Some(60),
        Code::RateLimited | Code::Overloaded | Code::Starting => Some(spread()),
        _ if code.is_temporary() => Some(5),
        _ => None,
    }
}

/// From 2 to 9 seconds, another one each time: those who were told at once do not all come back at once.
fn spread() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    NEXT.fetch_add(3, Ordering::Relaxed) % 8 + 2
}

const fn tag(language: Lang) -> &'static str {
    match language {
        Lang::Vi => "vi",
        Lang::En => "en",
    }
}

/// The language asked for (RFC 9110, 12.5.4): Vietnamese unless English is preferred.
pub(super) fn language(headers: &HeaderMap) -> Lang {
    let mut best = (Lang::Vi, 0);
    for value in headers.get_all(ACCEPT_LANGUAGE) {
        for range in value.to_str().unwrap_or_default().split(',') {
            if let Some((language, weight)) = preference(range)
                && weight > best.1
            {
                best = (language, weight);
            }
        }
    }
    best.0
}

/// `en-GB;q=0.8` is (English, 800).
fn preference(range: &str) -> Option<(Lang, u16)> {
    let (name, parameters) = range.split_once(';').unwrap_or((range, ""));
    let primary = name.split('-').next().unwrap_or_default().trim();
    let language = if primary.eq_ignore_ascii_case("en") {
        Lang::En
    } else if primary.eq_ignore_ascii_case("vi") || primary == "*" {
        Lang::Vi
    } else {
        return None;
    };
    let weight = parameters.trim().strip_prefix("q=").map_or(Some(1000), weight)?;
    Some((language, weight))
}

/// RFC 9110, 12.4.2: `0` to `1` with at most three decimals, here in thousandths.
fn weight(text: &str) -> Option<u16> {
    let (whole, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: u16 = format!("{decimals:0<3}").parse().ok()?;
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(1000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;

    use super::*;
    use crate::domain::Place;

    async fn answer(refusal: Refusal, language: Lang) -> (Response, serde_json::Value) {
        let mut response = complete(Refused(refusal).into_response(), language, &"test");
        let body = std::mem::take(response.body_mut()).collect().await.unwrap().to_bytes();
        (response, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_fault_in_a_message_names_code_place_and_remedy_in_the_callers_language() {
        let place = Place { line: 12, column: 7, path: "/edXML/edXMLEnvelope".into() };
        for (language, tag) in [(Lang::Vi, "vi"), (Lang::En, "en")] {
            let refusal = Refusal::new(Code::DigestMismatch, "the digest differs").at(place.clone());
            let (response, problem) = answer(refusal, language).await;
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
            assert_eq!(response.headers()[CONTENT_LANGUAGE], tag);
            assert_eq!(problem["type"], "https://truc.invalid/errors#digest_mismatch");
            assert_eq!(problem["code"], "digest_mismatch");
            assert_eq!(problem["status"], 422);
            assert_eq!(problem["title"], Code::DigestMismatch.title(language));
            assert_eq!(problem["remedy"], Code::DigestMismatch.remedy(language));
            assert_eq!(problem["detail"], "the digest differs");
            assert_eq!(problem["at"]["line"], 12);
        }
    }

    #[tokio::test]
    async fn every_code_has_an_answer_and_temporary_ones_say_when() {
        for code in Code::ALL {
            let (response, problem) = answer(Refusal::new(*code, ""), Lang::Vi).await;
            assert_eq!(response.status().as_u16(), code.http_status());
            assert_eq!(response.headers().contains_key(RETRY_AFTER), code.is_temporary(), "{code}");
            assert!(problem.get("detail").is_none() && problem.get("at").is_none());
            let parsed: Problem = serde_json::from_value(problem).unwrap();
            assert_eq!(parsed.code, *code);
        }
        let (response, _) = answer(Refusal::new(Code::Unauthenticated, ""), Lang::Vi).await;
        assert_eq!(response.headers()[WWW_AUTHENTICATE], "Bearer");
    }

    #[tokio::test]
    async fn internal_detail_stays_inside() {
        for code in [Code::Internal, Code::StorageFailed] {
            let (_, problem) = answer(Refusal::new(code, "/var/lib/truc: disk"), Lang::En).await;
            assert!(!problem.to_string().contains("/var"));
        }
    }

    #[test]
    fn the_language_is_vietnamese_unless_english_is_preferred() {
        let cases = [
            ("", Lang::Vi),
            ("en", Lang::En),
            ("en-US,en;q=0.9", Lang::En),
            ("vi,en;q=0.8", Lang::Vi),
            ("vi;q=0.5, EN-gb;q=0.6", Lang::En),
            ("fr, *;q=0.1", Lang::Vi),
            ("fr;q=0.9, en;q=0.2", Lang::En),
            ("en;q=0", Lang::Vi),
            ("en;q=1.5", Lang::Vi),
            ("en;q=0.12345, vi", Lang::Vi),
            (";;,,q=", Lang::Vi),
        ];
        for (value, language) in cases {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, HeaderValue::from_static(value))]);
            assert_eq!(super::language(&headers), language, "{value}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_accept_language_is_too_strange(value in "[ -~]{0,60}") {
            let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, value.parse().unwrap())]);
            super::language(&headers);
        }
    }
}
