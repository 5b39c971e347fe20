//! What the operator asks: health, readiness and metrics, at an address of its own.

use std::convert::Infallible;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use tokio::sync::watch;

use super::metrics::Metrics;
use super::{Site, Sites};

/// Answers an operator's request.
pub(super) fn answer(
    sites: &Sites,
    metrics: &Metrics,
    draining: &watch::Receiver<bool>,
    request: &Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match (request.method(), request.uri().path()) {
        (&(Method::GET | Method::HEAD), "/health") => (StatusCode::OK, Bytes::from("ok\n")),
        (&(Method::GET | Method::HEAD), "/ready") => ready(&sites.borrow(), *draining.borrow()),
        (&(Method::GET | Method::HEAD), "/metrics") => (StatusCode::OK, Bytes::from(metrics.text(&sites.borrow()))),
        _ => (StatusCode::NOT_FOUND, Bytes::from("there are /health, /ready and /metrics\n")),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8"));
    Ok(response)
}

fn ready(site: &Site, draining: bool) -> (StatusCode, Bytes) {
    if draining {
        return (StatusCode::SERVICE_UNAVAILABLE, Bytes::from("no more requests are taken\n"));
    }
    let missing: Vec<_> =
        site.tenants.iter().filter(|served| !served.is_ready()).map(|served| served.tenant.name.as_str()).collect();
    if missing.is_empty() {
        return (StatusCode::OK, Bytes::from("ready\n"));
    }
    (StatusCode::SERVICE_UNAVAILABLE, Bytes::from(format!("no worker is ready for {}\n", missing.join(", "))))
}
