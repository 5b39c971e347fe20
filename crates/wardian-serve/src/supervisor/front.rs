//! From a client's request to its tenant's worker, and back.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST, HeaderName, PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION, RETRY_AFTER, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, WWW_AUTHENTICATE,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use parking_lot::Mutex;
use tokio::sync::OwnedSemaphorePermit;

use super::Site;
use super::body::{Answer, ClientBody, Progress, Watch, WorkerBody};
use super::metrics::NOBODY;
use super::process::{Entered, Process};
use super::tenant::Served;
use crate::Limits;

/// What logs say in the place of a status where the client left before it got one, as other servers do.
const CLIENT_LEFT: u16 = 499;
/// How much of a path logs have.
const PATH_CHARACTERS_MAX: usize = 512;
/// After how many seconds a client that was sent away may come back.
const RETRY_SECONDS: HeaderValue = HeaderValue::from_static("1");
/// What holds for one connection, and is not passed on.
const OF_CONNECTION: [HeaderName; 9] = [
    CONNECTION,
    EXPECT,
    PROXY_AUTHENTICATE,
    PROXY_AUTHORIZATION,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// Why a request did not get the component's answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Refusal {
    NoHost,
    NoTunnel,
    Unknown,
    Unauthorized,
    TooLarge,
    TooSlow,
    Broken,
    TooMany,
    NoWorker,
    WorkerLost,
    NoAnswer,
}

impl Refusal {
    const fn status(self) -> StatusCode {
        match self {
            Self::NoHost | Self::Broken => StatusCode::BAD_REQUEST,
            Self::NoTunnel => StatusCode::NOT_IMPLEMENTED,
            Self::Unknown => StatusCode::NOT_FOUND,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooMany | Self::NoWorker => StatusCode::SERVICE_UNAVAILABLE,
            Self::WorkerLost => StatusCode::BAD_GATEWAY,
            Self::NoAnswer => StatusCode::GATEWAY_TIMEOUT,
        }
    }

    /// For metrics.
    const fn name(self) -> &'static str {
        match self {
            Self::NoHost => "no-host",
            Self::NoTunnel => "no-tunnel",
            Self::Unknown => "unknown",
            Self::Unauthorized => "unauthorized",
            Self::TooLarge => "body-too-large",
            Self::TooSlow => "client-too-slow",
            Self::Broken => "body-broken",
            Self::TooMany => "too-many-requests",
            Self::NoWorker => "no-worker",
            Self::WorkerLost => "worker-lost",
            Self::NoAnswer => "no-answer",
        }
    }

    /// For the client.
    const fn text(self) -> &'static str {
        match self {
            Self::NoHost => "a request needs one header 'host', with the name of a host\n",
            Self::NoTunnel => "this is no proxy: send requests of other methods than CONNECT\n",
            Self::Unknown => "nothing is served at this address\n",
            Self::Unauthorized => "this needs the header 'authorization: Bearer TOKEN', with the right token\n",
            Self::TooLarge => "the body is larger than is accepted here\n",
            Self::TooSlow => "the body came too slowly; send it again\n",
            Self::Broken => "the body ended before its time, or is none; send it again\n",
            Self::TooMany => "too many requests at once; try again in a second\n",
            Self::NoWorker => "the component is not ready; try again in a second\n",
            Self::WorkerLost => "the component broke off before it answered; try again\n",
            Self::NoAnswer => "the component did not answer in time\n",
        }
    }

    fn response(self) -> Response<Answer> {
        let body = Full::from(self.text()).map_err(|never| match never {}).boxed_unsync();
        let mut response = Response::new(body);
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        if self.status() == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(RETRY_AFTER, RETRY_SECONDS);
        }
        if self == Self::Unauthorized {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// What the access log says of a request, at its end.
struct Record {
    tenant: Option<Arc<Served>>,
    peer: SocketAddr,
    method: Method,
    path: String,
    start: Instant,
    /// None while there is no response: its client may leave before.
    status: Option<StatusCode>,
    /// Why it is not the component's, if it is not.
    refusal: Option<Refusal>,
    bytes: usize,
    /// Whether the response was sent as a whole.
    complete: bool,
}

impl Drop for Record {
    fn drop(&mut self) {
        tracing::info!(
            target: "wardian_serve::access",
            tenant = self.tenant.as_ref().map_or(NOBODY, |served| served.tenant.name.as_str()),
            peer = %self.peer,
            method = %self.method,
            path = %self.path,
            status = self.status.map_or(CLIENT_LEFT, |status| status.as_u16()),
            refusal = self.refusal.map_or("-", Refusal::name),
            bytes = self.bytes,
            milliseconds = self.start.elapsed().as_secs_f64() * 1000.0,
            complete = self.complete,
            "request"
        );
    }
}

/// What a response holds until it has gone.
struct Hold {
    record: Record,
    _permit: OwnedSemaphorePermit,
    _entered: Entered,
}

impl Watch for Hold {
    fn passed(&mut self, bytes: usize) {
        self.record.bytes = self.record.bytes.saturating_add(bytes);
    }

    fn ended(&mut self, complete: bool) {
        self.record.complete = complete;
    }
}

/// Answers a client's request.
pub(super) async fn answer(
    site: Arc<Site>,
    peer: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Infallible> {
    let mut record = Record {
        tenant: None,
        peer,
        method: request.method().clone(),
        path: request.uri().path().chars().take(PATH_CHARACTERS_MAX).collect(),
        start: Instant::now(),
        status: None,
        refusal: None,
        bytes: 0,
        complete: false,
    };
    let nobody = site.nobody.clone();
    let admitted = admit(&site, request, &mut record);
    let answered = match admitted {
        Ok((served, request, permit)) => forward(&site.limits, &served, request, permit, record).await,
        Err(refusal) => Err((refusal, record)),
    };
    Ok(answered.unwrap_or_else(|(refusal, mut record)| {
        record.status = Some(refusal.status());
        record.refusal = Some(refusal);
        record.complete = true;
        let metrics = record.tenant.as_ref().map_or(&nobody, |served| &served.metrics);
        metrics.refused(refusal.name());
        metrics.answered(refusal.status().as_u16(), record.start.elapsed());
        refusal.response()
    }))
}

type Admitted = (Arc<Served>, Request<Incoming>, OwnedSemaphorePermit);

/// Whose request it is, and whether it may go there.
fn admit(site: &Site, mut request: Request<Incoming>, record: &mut Record) -> Result<Admitted, Refusal> {
    if request.method() == Method::CONNECT {
        return Err(Refusal::NoTunnel);
    }
    let host = host_of(&mut request)?;
    let served = site.find(&host, request.uri().path()).ok_or(Refusal::Unknown)?;
    record.tenant = Some(Arc::clone(&served));
    if let Some(token) = &served.tenant.token {
        // The operator's secret is not the guest's business.
        let given = request.headers_mut().remove(AUTHORIZATION);
        let given = given.as_ref().and_then(|given| given.as_bytes().split_at_checked(BEARER.len()));
        match given {
            Some((scheme, given)) if scheme.eq_ignore_ascii_case(BEARER) && token.is(given) => {}
            _ => return Err(Refusal::Unauthorized),
        }
    }
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > site.limits.body_bytes) {
        return Err(Refusal::TooLarge);
    }
    let permit = Arc::clone(&served.requests).try_acquire_owned().map_err(|_| Refusal::TooMany)?;
    Ok((served, request, permit))
}

const BEARER: &[u8] = b"Bearer ";

/// The host that a client means. Clients of HTTP/1.0 need not say it, and mean whichever there is.
fn host_of(request: &mut Request<Incoming>) -> Result<String, Refusal> {
    if let Some(authority) = request.uri().authority() {
        // As if it were a proxy: the address goes before the header.
        let host = authority.host().to_owned();
        let value = HeaderValue::from_str(authority.as_str()).map_err(|_| Refusal::NoHost)?;
        request.headers_mut().insert(HOST, value);
        return Ok(host);
    }
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) => {
            let authority = http::uri::Authority::try_from(host.as_bytes()).map_err(|_| Refusal::NoHost)?;
            Ok(authority.host().to_owned())
        }
        (None, _) if request.version() < Version::HTTP_11 => {
            request.headers_mut().insert(HOST, HeaderValue::from_static("localhost"));
            Ok("localhost".to_owned())
        }
        _ => Err(Refusal::NoHost),
    }
}

async fn forward(
    limits: &Limits,
    served: &Served,
    request: Request<Incoming>,
    permit: OwnedSemaphorePermit,
    mut record: Record,
) -> Result<Response<Answer>, (Refusal, Record)> {
    let Some(process) = served.worker().await else { return Err((Refusal::NoWorker, record)) };
    let entered = process.enter();
    let (mut parts, body) = request.into_parts();
    let body = ClientBody::new(body, limits.body_bytes, limits.idle_time);
    let progress = body.progress();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let Ok(uri) = Uri::builder().scheme("http").authority("worker").path_and_query(path).build() else {
        return Err((Refusal::NoHost, record));
    };
    parts.uri = uri;
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    drop_headers_of_connection(&mut parts.headers);
    let (limits, request) = (*limits, Request::from_parts(parts, body));
    // Goes on when its client leaves: what the guest does is to have its end, and counts until then.
    let sending = tokio::spawn(async move {
        let answered = send(&limits, &process, request, &progress).await;
        (answered, permit, entered)
    });
    let Ok((answered, permit, entered)) = sending.await else { return Err((Refusal::WorkerLost, record)) };
    let (mut parts, inner) = match answered {
        Ok(response) => response.into_parts(),
        Err(refusal) => return Err((refusal, record)),
    };
    drop_headers_of_connection(&mut parts.headers);
    parts.version = Version::HTTP_11;
    record.status = Some(parts.status);
    served.metrics.answered(parts.status.as_u16(), record.start.elapsed());
    let guard = Hold { record, _permit: permit, _entered: entered };
    let mut body = WorkerBody { inner, guard };
    if hyper::body::Body::is_end_stream(&body) {
        body.guard.ended(true);
    }
    Ok(Response::from_parts(parts, body.boxed_unsync()))
}

/// Sends a request to a worker, and waits for the head of its response.
async fn send(
    limits: &Limits,
    process: &Process,
    request: Request<ClientBody>,
    progress: &Mutex<Progress>,
) -> Result<Response<Incoming>, Refusal> {
    let start = Instant::now();
    let answered = process.client.request(request);
    tokio::pin!(answered);
    let mut wait = limits.response_time;
    loop {
        let answered = tokio::time::timeout(wait, &mut answered).await;
        let now = *progress.lock();
        match (answered, now) {
            (Ok(Ok(response)), _) => return Ok(response),
            (Ok(Err(_)), Progress::TooLarge) => return Err(Refusal::TooLarge),
            (Ok(Err(_)) | Err(_), Progress::TooSlow) => return Err(Refusal::TooSlow),
            (Ok(Err(_)) | Err(_), Progress::Broken) => return Err(Refusal::Broken),
            (Ok(Err(error)), Progress::WaitsForClient | Progress::Moved(_)) => {
                let error = Chain(&error);
                tracing::warn!(tenant = %process.tenant, process = process.id, %error, "a worker did not answer");
                return Err(Refusal::WorkerLost);
            }
            // It is the client who keeps it waiting, which has a bound of its own.
            (Err(_), Progress::WaitsForClient | Progress::TooLarge) => wait = limits.idle_time,
            (Err(_), Progress::Moved(since)) => {
                wait = limits.response_time.saturating_sub(since.max(start).elapsed());
                if wait < Duration::from_millis(1) {
                    // Its other requests may be well, and have the same time.
                    process.give_up("did not answer a request in time", limits.response_time);
                    return Err(Refusal::NoAnswer);
                }
            }
        }
    }
}

fn drop_headers_of_connection(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .filter(|name| *name != HOST && *name != CONTENT_LENGTH)
        .collect();
    for name in OF_CONNECTION.iter().chain(&named) {
        headers.remove(name);
    }
}

/// An error with its causes.
struct Chain<'a>(&'a (dyn std::error::Error + 'static));

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        self.0.source().map_or(Ok(()), |source| write!(f, ": {}", Chain(source)))
    }
}
