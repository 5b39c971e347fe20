//! From requests to instances of the component, and back.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use http::header::{CONTENT_TYPE, HOST};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Full};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::UnixListener;
use tokio::time::Sleep;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut, Trap};
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyHandler, ShouldAccept, TrapOrPanicError, WorkerExpiration, WorkerState,
    WorkerStatus,
};
use wasmtime_wasi_http::{Error, WasiBody, WasiHttpView};

use super::exchange::{self, Exchange, Exchanges};
use super::{Program, RETRY_TIME};
use crate::{Failure, State};

/// How many bytes a guest may pass in one call: those of a whole 32-bit memory, which the host borrows.
const CALL_BYTES_MAX: u64 = 1 << 32;
/// The exit code for a component that traps before it handles anything.
const TRAPPED: u8 = 115;

/// The component, ready to handle requests.
#[derive(Clone)]
pub(super) struct Handlers {
    /// Instances that handle several requests at once, where the component can.
    shared: ProxyHandler<Instances>,
    /// Instances for one request each.
    alone: ProxyHandler<Instances>,
}

impl Handlers {
    /// Makes the first instance, so that it is ready for the first request.
    pub(super) async fn start(program: Arc<Program>, instance_requests: usize) -> Result<Self, Failure> {
        let ready = Arc::new(Mutex::new(None));
        let first = instantiate(&program).await.map_err(|error| {
            Failure::new(TRAPPED, format!("the component cannot be instantiated: {error:#}"))
                .advise("what it said itself stands above; `wardian serve --log debug` says more")
        })?;
        ready.lock().replace(first);
        let instances = |requests| Instances {
            program: Arc::clone(&program),
            requests,
            ready: Arc::clone(&ready),
            alive: Arc::new(AtomicUsize::new(0)),
        };
        Ok(Self {
            shared: ProxyHandler::new(instances(instance_requests.max(1))),
            alone: ProxyHandler::new(instances(1)),
        })
    }

    /// Takes requests for as long as the process lives.
    pub(super) async fn serve(self, listener: UnixListener) {
        loop {
            let stream = match listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "a request cannot be taken");
                    tokio::time::sleep(RETRY_TIME).await;
                    continue;
                }
            };
            let handlers = self.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| handlers.answer(request));
                if let Err(error) = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await {
                    // A client that goes away is one, and so is a response that the guest broke off.
                    tracing::debug!(%error, "a connection of the supervisor ended");
                }
            });
        }
    }

    async fn answer(&self, request: Request<Incoming>) -> Result<Response<WasiBody>, Infallible> {
        let request = match with_authority(request) {
            Ok(request) => request,
            Err(what) => return Ok(text(StatusCode::BAD_REQUEST, what)),
        };
        let again = repeatable(&request);
        let exchange = Arc::new(Exchange::default());
        let request = request.map(|body| body.map_err(Error::from).boxed_unsync());
        let handled = match (self.shared.handle(Arc::clone(&exchange), request).await, again) {
            // It may have fallen with another request of its instance. By itself it falls only by its own doing.
            (Err(error), Some(request)) if error.is::<TrapOrPanicError>() && exchange.was_shared() => {
                let exchange = Arc::new(Exchange::default());
                let handled = self.alone.handle(Arc::clone(&exchange), request).await;
                handled.map(|response| response.map(|body| exchange::watched(body, exchange)))
            }
            (handled, _) => handled.map(|response| response.map(|body| exchange::watched(body, exchange))),
        };
        if handled.as_ref().is_ok_and(|response| response.status().is_informational()) {
            tracing::warn!("the component answered a request with a status of 1xx, which is none for a response");
            return Ok(text(StatusCode::INTERNAL_SERVER_ERROR, "the component answered with a status that is none\n"));
        }
        Ok(handled.unwrap_or_else(|error| {
            tracing::warn!(reason = %Reason(&error), "the component did not answer a request");
            text(StatusCode::INTERNAL_SERVER_ERROR, "the component failed at this request\n")
        }))
    }
}

/// A request that may be handled twice: one that asks for something, and has no body.
fn repeatable(request: &Request<Incoming>) -> Option<Request<WasiBody>> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if !is_safe || !request.body().is_end_stream() {
        return None;
    }
    let mut again = Request::new(Empty::new().map_err(Error::from).boxed_unsync());
    again.method_mut().clone_from(request.method());
    again.uri_mut().clone_from(request.uri());
    again.headers_mut().clone_from(request.headers());
    Some(again)
}

/// Guests look for the host's name in the address.
fn with_authority<T>(mut request: Request<T>) -> Result<Request<T>, &'static str> {
    let host = request.headers().get(HOST).map(HeaderValue::as_bytes).unwrap_or_default();
    let authority = Authority::try_from(host).map_err(|_| "the header 'host' is no name of a host\n")?;
    let mut parts = request.uri().clone().into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    parts.path_and_query.get_or_insert(PathAndQuery::from_static("/"));
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| "the address is none\n")?;
    Ok(request)
}

fn text(status: StatusCode, text: &'static str) -> Response<WasiBody> {
    let mut response = Response::new(Full::from(text).map_err(Error::from).boxed_unsync());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// An error's innermost cause; what lies around it is a backtrace of many lines.
struct Reason<'a>(&'a wasmtime::Error);

impl std::fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self.0.root_cause(), f)?;
        if self.0.downcast_ref::<Trap>() == Some(&Trap::CannotBlockSyncTask) {
            f.write_str("; handlers of WASI 0.2 can't wait for the GPU: export wasi:http/handler of WASI 0.3")?;
        }
        Ok(())
    }
}

/// A store with an instance that has handled nothing yet.
struct Ready {
    store: Store<State>,
    proxy: Proxy,
}

async fn instantiate(program: &Program) -> wasmtime::Result<Ready> {
    let engine = match &program.pre {
        wasmtime_wasi_http::handler::ProxyPre::P2(pre) => pre.engine(),
        wasmtime_wasi_http::handler::ProxyPre::P3(pre) => pre.engine(),
    };
    let mut store = Store::new(engine, (program.state)()?);
    store.limiter(|state| &mut state.memory);
    store.set_hostcall_fuel(usize::try_from(CALL_BYTES_MAX).unwrap_or(usize::MAX));
    let proxy = program.pre.instantiate_async(&mut store).await?;
    Ok(Ready { store, proxy })
}

/// Where handlers get their instances.
struct Instances {
    program: Arc<Program>,
    /// How many requests an instance handles at once, where the component can.
    requests: usize,
    /// One that was made ahead; guarded for as long as it takes to take it out or put it in.
    ready: Arc<Mutex<Option<Ready>>>,
    /// How many there are, but for the one that was made ahead.
    alive: Arc<AtomicUsize>,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Rest;
    type WorkerState = Requests;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Rest, Requests>> {
        let ready = self.ready.lock().take();
        let Ready { store, proxy } = match ready {
            Some(ready) => ready,
            None => instantiate(&self.program).await?,
        };
        let (program, slot) = (Arc::clone(&self.program), Arc::clone(&self.ready));
        // The next one is made while this one works.
        tokio::spawn(async move {
            match instantiate(&program).await {
                Ok(next) => {
                    slot.lock().get_or_insert(next);
                }
                Err(error) => tracing::warn!(reason = %Reason(&error), "the component cannot be instantiated"),
            }
        });
        let admission = match &proxy {
            // Its functions are synchronous: it handles one request, and then it is dropped.
            Proxy::P2(_) => Admission::Once,
            Proxy::P3(_) if self.requests == 1 => Admission::Once,
            Proxy::P3(_) => Admission::AtOnce(self.requests),
        };
        let out_of_memory = store.data().memory.refused();
        let state = Requests { admission, exchanges: Exchanges::default(), out_of_memory };
        Ok(Instance { store, proxy, view: State::http, expiration: Rest::of(&self.alive), state })
    }
}

/// How long an instance lives that nobody asks for anything.
const REST_TIME_MAX: Duration = Duration::from_secs(60);

/// The end of instances that were made for more requests than there are now: what they hold, others may need. The last
/// one stays, with its devices. Whether one takes too long the supervisor sees, and ends the process.
struct Rest {
    alive: Arc<AtomicUsize>,
    is_counted: bool,
    look: Pin<Box<Sleep>>,
}

impl Rest {
    fn of(alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, Ordering::AcqRel);
        Self { alive: Arc::clone(alive), is_counted: true, look: Box::pin(tokio::time::sleep(REST_TIME_MAX)) }
    }

    /// Whether there is another one to stay.
    fn may_go(&mut self) -> bool {
        let less = |alive: usize| alive.checked_sub(1).filter(|left| *left > 0);
        let goes = self.alive.fetch_update(Ordering::AcqRel, Ordering::Acquire, less).is_ok();
        self.is_counted = !goes;
        goes
    }
}

impl WorkerExpiration for Rest {
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>, status: WorkerStatus, start: Instant) -> Poll<()> {
        while self.look.as_mut().poll(cx).is_ready() {
            if status == WorkerStatus::Idle && start.elapsed() >= REST_TIME_MAX && self.may_go() {
                return Poll::Ready(());
            }
            self.look.as_mut().reset(tokio::time::Instant::now() + REST_TIME_MAX);
        }
        Poll::Pending
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        if self.is_counted {
            self.alive.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// How many requests an instance takes.
enum Admission {
    Once,
    AtOnce(usize),
}

/// The requests of an instance.
struct Requests {
    admission: Admission,
    /// Whether it wanted more memory than there is. Memory never shrinks: it is to make place for another instance.
    out_of_memory: Arc<AtomicBool>,
    exchanges: Exchanges,
}

impl WorkerState for Requests {
    type StoreData = State;
    type RequestData = Arc<Exchange>;

    fn should_accept_request(&self, now: usize, before: usize) -> ShouldAccept {
        if self.out_of_memory.load(Ordering::Acquire) {
            return ShouldAccept::Never;
        }
        match self.admission {
            Admission::Once if before == 0 => ShouldAccept::Yes,
            Admission::Once => ShouldAccept::Never,
            Admission::AtOnce(max) if now < max => ShouldAccept::Yes,
            Admission::AtOnce(_) => ShouldAccept::No,
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, State>,
        exchange: Arc<Exchange>,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + 'static + Send + Sync>> {
        self.exchanges.add(&exchange);
        Box::pin(std::future::pending())
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        if result.is_err() {
            // Before its streams end with it, for whoever reads them must not take that for the end of a body.
            self.exchanges.break_off();
        }
        drop(store);
        if let Err(error) = result {
            tracing::warn!(reason = %Reason(&error), "an instance of the component ended");
            tracing::debug!(?error, "where it ended");
        }
    }
}
