//! A worker process as its supervisor has it.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::{Notify, watch};
use tower_service::Service;

use super::body::ClientBody;
use super::metrics::TenantMetrics;
use super::output;
use crate::control::{END, End, START, SUPERVISOR, Start, USAGE, Used};
use crate::failure::shown;
use crate::{Failure, WorkerCommand};

/// How long a worker may take to load its component; compiling a large one takes a while on a busy machine.
const START_TIME_MAX: Duration = Duration::from_secs(120);
/// How often a worker is asked what it has used, and whether it still answers.
const ASK_EVERY: Duration = Duration::from_secs(1);
/// How long it may take to say so. No guest runs on the thread that answers.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(15);
/// How long a worker may go on after its time on the GPU is over: its guest may tell its clients.
const GRACE: Duration = Duration::from_millis(250);
/// How long what it said may take to be logged, once it has ended.
const OUTPUT_TIME_MAX: Duration = Duration::from_secs(1);
/// What a worker exits with where it can't say why.
const BROKEN: u8 = 116;

/// A worker that takes requests. When it is dropped, its process is killed.
pub(super) struct Process {
    /// Forwards requests of clients.
    pub(super) client: Client<Socket, ClientBody>,
    /// How many requests it has now.
    requests: AtomicUsize,
    idle: Notify,
    over: watch::Sender<Option<Over>>,
    kill: Arc<Notify>,
    /// The sockets, whose files go with it.
    sockets: [PathBuf; 2],
    /// The process's number, for logs.
    pub(super) id: u32,
    /// Its tenant's name, for logs.
    pub(super) tenant: String,
}

/// Why a worker is to be replaced, or has ended.
#[derive(Clone, Debug)]
pub(super) struct Over {
    pub(super) reason: String,
    /// How long the requests that it has may go on.
    grace: Duration,
}

/// What a worker is started with.
pub(super) struct Recipe<'a> {
    pub(super) command: &'a WorkerCommand,
    pub(super) tenant: &'a str,
    pub(super) folder: &'a Path,
    /// Where the worker's drivers keep what they compile.
    pub(super) cache: &'a Path,
    pub(super) start: &'a Start,
    pub(super) metrics: &'a TenantMetrics,
}

impl Process {
    /// Starts a worker, and waits until it is ready.
    pub(super) async fn start(recipe: Recipe<'_>) -> Result<Arc<Self>, Failure> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let (requests, control) = (recipe.folder.join(format!("{number}r")), recipe.folder.join(format!("{number}c")));
        let mut child = spawn(&recipe, &requests, &control).map_err(|error| {
            Failure::new(BROKEN, format!("cannot start a worker process: {error}"))
                .advise("it needs sockets in the folder for temporary files: TMPDIR may name one with a short path")
        })?;
        let id = child.id().unwrap_or_default();
        let output = child.stderr.take();
        let output = output.map(|output| tokio::spawn(output::log(output, recipe.tenant.to_owned(), id)));
        let process = Arc::new(Self {
            // A connection a request: what one guest's answer leaves of a connection is nothing for another's request.
            client: Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(Socket(requests.clone())),
            requests: AtomicUsize::new(0),
            idle: Notify::new(),
            over: watch::Sender::new(None),
            kill: Arc::new(Notify::new()),
            sockets: [requests, control.clone()],
            id,
            tenant: recipe.tenant.to_owned(),
        });
        tokio::spawn(wait(child, Arc::clone(&process.kill), process.over.clone()));
        let control = Control(Client::builder(TokioExecutor::new()).build(Socket(control)));
        let started = tokio::select! {
            started = tokio::time::timeout(START_TIME_MAX, control.start(recipe.start)) => started
                .unwrap_or_else(|_| Err(Failure::new(BROKEN, "the worker did not start in time"))),
            over = process.over() => Err(Failure::new(BROKEN, format!("the worker {} while it started", over.reason))
                .advise("what it said itself stands above; `wardian run` with the same component may say more")),
        };
        if let Err(failure) = started {
            process.kill.notify_one();
            if let Some(output) = output {
                // What it said comes first.
                let _ = tokio::time::timeout(OUTPUT_TIME_MAX, output).await;
            }
            return Err(failure);
        }
        tokio::spawn(watch_usage(control.clone(), Arc::downgrade(&process), recipe.metrics.clone()));
        tokio::spawn(watch_end(control, Arc::downgrade(&process)));
        Ok(process)
    }

    /// Resolves when it is to be replaced, or has ended.
    pub(super) async fn over(&self) -> Over {
        let mut over = self.over.subscribe();
        // The sender lives as long as `self`.
        let over = over.wait_for(Option::is_some).await.ok().and_then(|over| over.clone());
        over.unwrap_or_else(|| Over { reason: "is lost".to_owned(), grace: Duration::ZERO })
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.borrow().is_some()
    }

    /// Has it replaced. Who replaces it ends it, once its requests have had this time.
    pub(super) fn give_up(&self, reason: impl Into<String>, grace: Duration) {
        set_over(&self.over, Over { reason: reason.into(), grace });
    }

    /// Counts a request for as long as the result lives.
    pub(super) fn enter(self: &Arc<Self>) -> Entered {
        self.requests.fetch_add(1, Ordering::AcqRel);
        Entered(Arc::clone(self))
    }

    /// Lets its requests come to an end, and kills it then or after this time.
    pub(super) async fn end(&self, time: Duration) {
        let idle = async {
            while self.requests.load(Ordering::Acquire) > 0 {
                self.idle.notified().await;
            }
        };
        let _ = tokio::time::timeout(time, idle).await;
        self.kill.notify_one();
    }

    /// The same, with the time that goes with the reason.
    pub(super) async fn end_replaced(&self) {
        let Over { grace, .. } = self.over().await;
        self.end(grace).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill.notify_one();
        for socket in &self.sockets {
            let _ = fs::remove_file(socket);
        }
    }
}

/// A request that a worker has.
pub(super) struct Entered(Arc<Process>);

impl Drop for Entered {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::AcqRel);
        self.0.idle.notify_one();
    }
}

fn spawn(recipe: &Recipe<'_>, requests: &Path, control: &Path) -> io::Result<Child> {
    let Recipe { command: WorkerCommand { program, arguments, environment, .. }, tenant, cache, .. } = recipe;
    let listen = |path: &Path| UnixListener::bind(path).map(OwnedFd::from).map(Stdio::from);
    let mut command = Command::new(program);
    command.arg0("wardian").args(arguments).arg(OsString::from(tenant));
    // The operator's own secrets are none of its business.
    let inherited = env::vars_os().filter(|(name, _)| is_for_workers(&name.to_string_lossy()));
    command.env_clear().envs(inherited).envs(CACHES.map(|name| (name, cache))).envs(environment.iter().cloned());
    command.env(SUPERVISOR, std::process::id().to_string());
    command.stdin(listen(requests)?).stdout(listen(control)?).stderr(Stdio::piped());
    // Ctrl-C is for the supervisor alone.
    command.process_group(0).kill_on_drop(true);
    command.spawn()
}

/// Variables of the supervisor's that its workers get: those by which drivers, and logs, are told something. They are
/// named, or begin with what ends in an underscore.
const INHERITED: [&str; 24] = [
    "AMD_",
    "CUDA_",
    "DRI_PRIME",
    "EGL_",
    "GALLIUM_",
    "GBM_",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "LIBGL_",
    "LP_",
    "LVP_",
    "MESA_",
    "NODEVICE_SELECT",
    "NVIDIA_",
    "PATH",
    "RADV_",
    "RUST_BACKTRACE",
    "RUST_LOG",
    "TZ",
    "VK_",
    "WGPU_",
    "XDG_DATA_DIRS",
    "__",
];
/// Variables that tell drivers where to keep what they compile.
const CACHES: [&str; 4] = ["HOME", "XDG_CACHE_HOME", "MESA_SHADER_CACHE_DIR", "__GL_SHADER_DISK_CACHE_PATH"];

fn is_for_workers(name: &str) -> bool {
    INHERITED.iter().any(|known| if known.ends_with('_') { name.starts_with(known) } else { name == *known })
}

/// Waits for the end of a process, and brings it about where it is asked for.
async fn wait(mut child: Child, kill: Arc<Notify>, over: watch::Sender<Option<Over>>) {
    let status = tokio::select! {
        status = child.wait() => status,
        () = kill.notified() => {
            // It may have ended by itself.
            let _ = child.start_kill();
            child.wait().await
        }
    };
    let reason = status.map_or_else(|error| format!("is lost: {error}"), |status| format!("ended with {status}"));
    set_over(&over, Over { reason, grace: Duration::ZERO });
}

/// The first reason stays.
fn set_over(over: &watch::Sender<Option<Over>>, reason: Over) {
    over.send_if_modified(|over| {
        let first = over.is_none();
        over.get_or_insert(reason);
        first
    });
}

async fn watch_usage(control: Control, process: std::sync::Weak<Process>, metrics: TenantMetrics) {
    let mut last = Used::default();
    loop {
        tokio::time::sleep(ASK_EVERY).await;
        let Some(process) = process.upgrade() else { break };
        if process.is_over() {
            break;
        }
        match tokio::time::timeout(ANSWER_TIME_MAX, control.get::<Used>(USAGE)).await {
            Ok(Ok(used)) => metrics.used(std::mem::replace(&mut last, used), used),
            Ok(Err(error)) => process.give_up(format!("does not answer: {error}"), Duration::ZERO),
            Err(_) => process.give_up("does not answer", Duration::ZERO),
        }
    }
    metrics.gone(last);
}

async fn watch_end(control: Control, process: std::sync::Weak<Process>) {
    let end = control.get::<End>(END).await;
    if let (Ok(End { reason }), Some(process)) = (end, process.upgrade()) {
        process.give_up(format!("is out of time on the GPU: {}", shown(&reason)), GRACE);
    }
}

/// Speaks with a worker.
#[derive(Clone)]
struct Control(Client<Socket, Full<Bytes>>);

impl Control {
    async fn start(&self, start: &Start) -> Result<(), Failure> {
        let broken = |error: String| Failure::new(BROKEN, format!("the worker cannot be reached: {error}"));
        let (status, body) = self.ask(Method::PUT, START, Some(start)).await.map_err(broken)?;
        if status == StatusCode::OK {
            return Ok(());
        }
        let failure = serde_json::from_slice::<Failure>(&body);
        Err(failure.map_or_else(|_| broken(format!("it answered with {status}")), Failure::shown))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, String> {
        let (status, body) = self.ask(Method::GET, path, None::<()>).await?;
        if status != StatusCode::OK {
            return Err(format!("it answered with {status}"));
        }
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<impl Serialize>,
    ) -> Result<(StatusCode, Bytes), String> {
        let text = |error: &dyn std::error::Error| error.to_string();
        let body = body.map(|body| serde_json::to_vec(&body)).transpose().map_err(|error| text(&error))?;
        let request = Request::builder().method(method).uri(format!("http://worker{path}"));
        let request = request.body(Full::from(body.unwrap_or_default())).map_err(|error| text(&error))?;
        let response = self.0.request(request).await.map_err(|error| text(&error))?;
        let status = response.status();
        let body = http_body_util::Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        Ok((status, body.map_err(|error| error.to_string())?.to_bytes()))
    }
}

/// How much a worker may say about itself: it is in a guest's hands if the sandbox fails.
const ANSWER_BYTES_MAX: usize = 1 << 16;

/// Connects to a Unix socket, whatever the address says.
#[derive(Clone)]
pub(super) struct Socket(PathBuf);

impl Service<Uri> for Socket {
    type Response = TokioIo<UnixStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<TokioIo<UnixStream>>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let path = self.0.clone();
        Box::pin(async move { UnixStream::connect(path).await.map(TokioIo::new) })
    }
}
