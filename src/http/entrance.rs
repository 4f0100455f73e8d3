//! What every request passes on its way in and every answer on its way out: who is at the other end, no writing on
//! behalf of foreign web pages, no panic that ends a connection, refusals put into words. One for each connection.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use axum::routing::future::RouteFuture;
use http::uri::Uri;
use http::{Method, Request};
use hyper::body::Incoming;
use tower::Service as _;

use crate::domain::{Code, Lang, Refusal};
use crate::http::linger::Linger;
use crate::http::peer::Peer;
use crate::http::problem::{self, Refused};
use crate::http::routes::Routes;
use crate::http::usage::{self, Usage};

/// The way to the router of now for the requests of one connection.
#[derive(Clone)]
pub(super) struct Entrance {
    routes: Routes,
    peer: Peer,
    /// Where the connection itself does not end when it is idle: HTTP/2.
    usage: Option<Usage>,
}

impl Entrance {
    pub(super) const fn new(routes: Routes, peer: Peer, usage: Option<Usage>) -> Self {
        Self { routes, peer, usage }
    }
}

impl hyper::service::Service<Request<Incoming>> for Entrance {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        let call = Call { method: request.method().clone(), uri: request.uri().clone() };
        let language = problem::language(request.headers());
        let using = self.usage.as_ref().map(Usage::begin);
        if is_foreign_write(&request) {
            let refusal = Refusal::new(Code::NotAllowed, "a web page of another site must not write here");
            return Answering { state: State::Refused(Some(refusal)), language, call, using };
        }
        let mut request = request.map(|body| Body::new(Linger::new(body)));
        request.extensions_mut().insert(self.peer);
        // A Router without state is always ready.
        let routed = Box::pin(self.routes.now().call(request));
        Answering { state: State::Routed(routed), language, call, using }
    }
}

/// A browser that holds a client certificate presents it to every page's requests. It also says where they come from
/// (`Sec-Fetch-Site`, Fetch Metadata), so pages of others are kept from writing. Programs send no such header.
fn is_foreign_write<B>(request: &Request<B>) -> bool {
    let site = request.headers().get("sec-fetch-site").map(http::HeaderValue::as_bytes);
    !matches!(*request.method(), Method::GET | Method::HEAD)
        && site.is_some_and(|site| site != b"same-origin" && site != b"none")
}

/// Method and path, for the log. The query stays out: it may name what people look for.
struct Call {
    method: Method,
    uri: Uri,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri.path())
    }
}

/// An answer in the making.
pub(super) struct Answering {
    state: State,
    language: Lang,
    call: Call,
    using: Option<usage::Request>,
}

enum State {
    Routed(Pin<Box<RouteFuture<Infallible>>>),
    Refused(Option<Refusal>),
}

impl State {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Response> {
        match self {
            Self::Routed(routed) => routed.as_mut().poll(cx).map(|Ok(response)| response),
            Self::Refused(refusal) => match refusal.take() {
                Some(refusal) => Poll::Ready(Refused(refusal).into_response()),
                None => Poll::Pending,
            },
        }
    }
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let polled = catch_unwind(AssertUnwindSafe(|| this.state.poll(cx)));
        let response = match polled {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(response)) => response,
            Err(_) => Refused(Refusal::new(Code::Internal, "a handler panicked")).into_response(),
        };
        let response = problem::complete(response, this.language, &this.call);
        Poll::Ready(Ok(match this.using.take() {
            Some(using) => response.map(|body| using.until_sent(body)),
            None => response,
        }))
    }
}
