//! The supervisor: sockets, clients, and a worker process for each tenant.

mod admin;
mod body;
mod descriptors;
mod front;
mod metrics;
mod output;
mod process;
mod reload;
mod site;
mod tenant;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Builder;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio_io_timeout::TimeoutStream;

use crate::config::Source;
use crate::{Failure, Limits, Settings};
use metrics::Metrics;
use reload::Reload;
pub(crate) use site::Site;

/// The tenants that are served now. They change when the configuration does.
type Sites = watch::Sender<Arc<Site>>;

/// Exit codes of what can go wrong with a server.
#[derive(Clone, Copy, Debug)]
pub struct Kinds;

impl Kinds {
    /// The system failed.
    pub const INTERNAL: u8 = 116;
    /// An address can't be listened at.
    pub const ADDRESS: u8 = 118;
    /// The configuration is wrong.
    pub const CONFIGURATION: u8 = 119;
}

/// How long to wait before a connection is accepted again, after the system refused that.
const RETRY_TIME: Duration = Duration::from_millis(20);
/// How large the head of a request may be.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// How many headers a request may have.
const HEADERS_MAX: usize = 128;
/// How many connections an operator may have at once.
const ADMIN_CONNECTIONS_MAX: usize = 32;

/// Serves until the process is told to end by SIGTERM or SIGINT, and then until the requests that there are have been
/// answered. `source` is where the settings come from, if they may change; `ready` is told where it listens, once it
/// does.
///
/// # Errors
///
/// When it can't start: an address is in use, or a tenant's component can't be loaded.
pub fn serve(
    settings: Settings,
    source: Option<Source>,
    ready: impl FnOnce(SocketAddr, Option<SocketAddr>),
) -> Result<(), Failure> {
    let internal = |error| Failure::new(Kinds::INTERNAL, format!("cannot start to serve: {error}"));
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(internal)?;
    let folder = tempfile::Builder::new().prefix("wardian-").tempdir().map_err(internal)?;
    let served = runtime.block_on(run(settings, source, folder.path(), ready));
    // What is still open by now has had its time.
    runtime.shutdown_background();
    served
}

async fn run(
    settings: Settings,
    source: Option<Source>,
    folder: &std::path::Path,
    ready: impl FnOnce(SocketAddr, Option<SocketAddr>),
) -> Result<(), Failure> {
    let internal = |error: io::Error| Failure::new(Kinds::INTERNAL, format!("cannot start to serve: {error}"));
    let mut end = End::new().map_err(internal)?;
    let connections = descriptors::connections(settings.limits.connections, settings.tenants.len());
    let (listener, addr) = listen(settings.addr, "--addr").await?;
    let admin = match settings.admin_addr {
        Some(addr) => Some(listen(addr, "--admin-addr").await?),
        None => None,
    };
    let metrics = Metrics::new()?;
    let site = tokio::select! {
        site = Site::start(&settings, None, folder, &metrics) => site?,
        () = end.asked() => return Ok(()),
    };
    let sites = Arc::new(watch::Sender::new(Arc::new(site)));
    let draining = watch::Sender::new(false);
    let admin_addr = admin.as_ref().map(|(_, addr)| *addr);
    if let Some((listener, _)) = admin {
        let (sites, draining) = (Arc::clone(&sites), draining.subscribe());
        tokio::spawn(serve_operator(listener, sites, metrics.clone(), draining));
    }
    let reload = source.map(|source| {
        let reload = Reload::new(source, settings.clone(), folder.to_owned(), metrics.clone());
        tokio::spawn(reload.run(Arc::clone(&sites)))
    });
    ready(addr, admin_addr);
    let clients = GracefulShutdown::new();
    tokio::select! {
        () = serve_clients(listener, connections, &sites, &clients) => {}
        () = end.asked() => {}
    }
    // Nobody can connect any more; who is connected gets what was asked for.
    draining.send_replace(true);
    if let Some(reload) = reload {
        reload.abort();
    }
    let drain_time = sites.borrow().limits.drain_time;
    tracing::info!("ending: waiting for requests, {} at most", humantime::format_duration(drain_time));
    tokio::select! {
        () = clients.shutdown() => {}
        () = tokio::time::sleep(drain_time) => tracing::warn!("some requests took too long, and are lost"),
        () = end.asked() => tracing::warn!("told to end again: requests are lost"),
    }
    let site = Arc::clone(&sites.borrow());
    site.end(Duration::ZERO).await;
    Ok(())
}

/// The signals by which the system or an operator ends a process.
struct End {
    terminate: Signal,
    interrupt: Signal,
}

impl End {
    fn new() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn asked(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

async fn listen(addr: SocketAddr, flag: &str) -> Result<(TcpListener, SocketAddr), Failure> {
    let listening = match TcpListener::bind(addr).await {
        Ok(listener) => listener.local_addr().map(|addr| (listener, addr)),
        Err(error) => Err(error),
    };
    listening.map_err(|error| {
        let failure = Failure::new(Kinds::ADDRESS, format!("cannot listen at {addr}: {error}"));
        let kind = error.kind();
        failure.advise(if kind == io::ErrorKind::AddrInUse {
            format!("another program listens there: end it, or choose another port by {flag}")
        } else if kind == io::ErrorKind::PermissionDenied {
            format!("ports below 1024 need a privilege: choose another one by {flag}")
        } else {
            format!("choose an address of this machine by {flag}, such as 127.0.0.1:8080")
        })
    })
}

async fn serve_clients(listener: TcpListener, connections: usize, sites: &Arc<Sites>, clients: &GracefulShutdown) {
    let connections = Arc::new(Semaphore::new(connections));
    loop {
        // Who finds no place waits in the system's queue.
        let Ok(place) = Arc::clone(&connections).acquire_owned().await else { return };
        let Some((stream, peer)) = accept(&listener).await else { continue };
        let (sites, limits, watcher) = (Arc::clone(sites), sites.borrow().limits, clients.watcher());
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let site = Arc::clone(&sites.borrow());
                front::answer(site, peer, request)
            });
            connection(stream, &limits, Some(watcher), service).await;
            drop(place);
        });
    }
}

async fn serve_operator(listener: TcpListener, sites: Arc<Sites>, metrics: Metrics, draining: watch::Receiver<bool>) {
    let connections = Arc::new(Semaphore::new(ADMIN_CONNECTIONS_MAX));
    loop {
        let Ok(place) = Arc::clone(&connections).acquire_owned().await else { return };
        let Some((stream, _)) = accept(&listener).await else { continue };
        let (sites, metrics, draining) = (Arc::clone(&sites), metrics.clone(), draining.clone());
        let limits = sites.borrow().limits;
        tokio::spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                std::future::ready(admin::answer(&sites, &metrics, &draining, &request))
            });
            connection(stream, &limits, None, service).await;
            drop(place);
        });
    }
}

async fn accept(listener: &TcpListener) -> Option<(TcpStream, SocketAddr)> {
    match listener.accept().await {
        Ok(accepted) => Some(accepted),
        Err(error) => {
            tracing::warn!(%error, "a connection cannot be accepted");
            tokio::time::sleep(RETRY_TIME).await;
            None
        }
    }
}

/// Speaks HTTP with a client, until that ends or is too slow.
async fn connection<S, B>(stream: TcpStream, limits: &Limits, watcher: Option<Watcher>, service: S)
where
    S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    S::Future: Send,
    B: Body<Error: std::error::Error + Send + Sync> + 'static,
{
    // Small answers must not wait for more to be sent with them.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(limits.idle_time));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_time);
    http.max_buf_size(HEAD_BYTES_MAX).max_headers(HEADERS_MAX).half_close(false);
    let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let ended = match watcher {
        Some(watcher) => watcher.watch(connection).await,
        None => connection.await,
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a client's connection ended");
    }
}
