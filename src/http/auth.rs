//! Who calls: the TLS client certificate first, then `Authorization: Bearer` (RFC 6750). Whoever proves neither gets
//! 401 and leaves nothing but a figure (law 8).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::delivery::standing::Caller;
use crate::domain::{Code, Refusal};
use crate::engine::Credential;
use crate::http::peer::Peer;
use crate::http::problem::Refused;
use crate::http::state::App;

/// Longest bearer token that is looked at, octets. The hub's own are far shorter.
const TOKEN_BYTES_MAX: usize = 512;

/// A caller that the hub knows.
pub(super) struct Authenticated(pub(super) Caller);

impl FromRequestParts<Arc<App>> for Authenticated {
    type Rejection = Refused;

    /// `admission` has asked already, except before the operator's probes.
    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Refused> {
        match parts.extensions.remove() {
            Some(caller) => Ok(Self(caller)),
            None => Ok(Self(authenticate(parts, app)?)),
        }
    }
}

/// Who calls.
pub(super) fn authenticate(parts: &Parts, app: &App) -> Result<Caller, Refusal> {
    let mut refusal = Refusal::new(Code::Unauthenticated, "neither a client certificate nor a bearer token");
    for credential in credentials(parts) {
        match app.hub.identify(&credential) {
            Ok(caller) => return Ok(caller),
            Err(unknown) => refusal = unknown,
        }
    }
    Err(refusal)
}

/// What the request offers, in the order in which it is tried. A certificate that is not registered does not shut out
/// a token: each proves its holder by itself.
fn credentials(parts: &Parts) -> impl Iterator<Item = Credential> {
    let certificate = parts.extensions.get::<Peer>().and_then(|peer| peer.certificate);
    let token = bearer(parts).map(|token| Credential::Bearer(token.to_owned()));
    certificate.map(Credential::ClientCertificate).into_iter().chain(token)
}

fn bearer(parts: &Parts) -> Option<&str> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    let fits = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= TOKEN_BYTES_MAX;
    fits.then_some(token)
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::domain::Digest;

    fn offered(certificate: Option<Digest>, headers: &[&str]) -> Vec<String> {
        let mut request = Request::builder();
        for value in headers {
            request = request.header(AUTHORIZATION, *value);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(Peer { address: ([127, 0, 0, 1], 1).into(), certificate });
        let name = |credential| match credential {
            Credential::ClientCertificate(digest) => digest.to_string(),
            Credential::Bearer(token) => token,
        };
        credentials(&parts).map(name).collect()
    }

    #[test]
    fn the_certificate_comes_first_and_the_token_second() {
        let digest = Digest::of(b"certificate");
        assert_eq!(offered(Some(digest), &["Bearer abc"]), [digest.to_string(), "abc".to_owned()]);
        assert_eq!(offered(Some(digest), &[]), [digest.to_string()]);
        assert_eq!(offered(None, &["bearer  abc "]), ["abc"]);
        assert!(offered(None, &[]).is_empty());
    }

    #[test]
    fn what_is_no_bearer_token_is_nothing() {
        let long = format!("Bearer {}", "x".repeat(TOKEN_BYTES_MAX + 1));
        for value in ["Basic abc", "Bearer", "Bearer ", "abc", "", long.as_str()] {
            assert!(offered(None, &[value]).is_empty(), "{value}");
        }
        assert!(offered(None, &["Bearer a", "Bearer b"]).is_empty(), "two headers are ambiguous");
    }
}
