//! The worker: one tenant's component, its stores and its GPU, in a process of its own.

mod control;
mod exchange;
mod handler;
mod sockets;

use std::fs;
use std::io;
use std::process;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use tokio::runtime::{Builder, Runtime};
use wardian_host::Usage;
use wasmtime_wasi_http::handler::ProxyPre;

use crate::control::Start;
use crate::jail::{self, Jail, Paths};
use crate::{Failure, State};
use handler::Handlers;
use sockets::Sockets;

/// How many threads run guests: so many can be busy at once without holding up the tenant's other requests.
const THREADS: usize = 4;
/// The exit code of a worker that can't even say what is wrong.
const BROKEN: u8 = 116;

/// What the worker's executable makes of a tenant's arguments.
#[expect(missing_debug_implementations, reason = "components and stores have none")]
pub struct Program {
    /// The component, with all that it imports.
    pub pre: ProxyPre<State>,
    /// Makes what a new store holds.
    pub state: Box<dyn Fn() -> wasmtime::Result<State> + Send + Sync>,
    /// What all these stores have in use together.
    pub usage: Usage,
}

/// Runs as a worker, until the supervisor ends the process. `load` gets the tenant's [arguments](crate::Tenant).
///
/// # Errors
///
/// When the process was not started by a supervisor, or can't do what a worker must.
pub fn work(load: impl FnOnce(&[String]) -> Result<Program, Failure> + Send + 'static) -> Result<(), Failure> {
    let sockets = Sockets::take().map_err(|error| {
        Failure::new(2, format!("this is no worker: {error}"))
            .advise("`wardian serve` starts its workers itself; there is nothing to start by hand")
    })?;
    // On a thread of its own, which no guest can keep busy.
    let control = Builder::new_current_thread().enable_all().build().map_err(no_threads)?;
    let worker = Worker { load: Box::new(load), requests: sockets.requests };
    let served = control.block_on(control::serve(sockets.control, worker));
    // Nothing that the guest left is waited for.
    served.map_err(|error| Failure::new(BROKEN, format!("cannot listen to the supervisor: {error}")))?;
    process::exit(0);
}

fn no_threads(error: io::Error) -> Failure {
    Failure::new(BROKEN, format!("cannot start threads: {error}"))
}

type Load = Box<dyn FnOnce(&[String]) -> Result<Program, Failure> + Send>;

/// A worker before its start.
struct Worker {
    load: Load,
    requests: std::os::unix::net::UnixListener,
}

/// A worker that takes requests.
struct Started {
    usage: Usage,
    /// The guests run on it.
    _guests: Guests,
}

/// The threads that run guests.
struct Guests(Option<Runtime>);

/// It is dropped on the control's thread, which must not wait for it.
impl Drop for Guests {
    fn drop(&mut self) {
        if let Some(guests) = self.0.take() {
            guests.shutdown_background();
        }
    }
}

impl Worker {
    async fn start(self, start: Start) -> Result<Started, Failure> {
        let Self { load, requests } = self;
        let Start { arguments, instance_requests, process_memory, jail, read, write } = start;
        bound_memory(process_memory)?;
        // Before there is another thread: it holds for this one and those that come.
        close(jail, &Paths { read, write })?;
        let guests = Builder::new_multi_thread().worker_threads(THREADS).enable_all().build().map_err(no_threads)?;
        let (guests, owner) = (guests.handle().clone(), Guests(Some(guests)));
        let panicked = |error| Failure::new(BROKEN, format!("the component could not be loaded: {error}"));
        let program = guests.spawn_blocking(move || load(&arguments)).await.map_err(panicked)??;
        let usage = program.usage.clone();
        let starting = guests.spawn(async move {
            let handlers = Handlers::start(Arc::new(program), instance_requests).await?;
            requests
                .set_nonblocking(true)
                .and_then(|()| tokio::net::UnixListener::from_std(requests))
                .map(|requests| (handlers, requests))
                .map_err(|error| Failure::new(BROKEN, format!("cannot listen for requests: {error}")))
        });
        let (handlers, requests) = starting.await.map_err(panicked)??;
        guests.spawn(handlers.serve(requests));
        Ok(Started { usage, _guests: owner })
    }
}

/// Has the system bound the memory of this process.
fn bound_memory(bytes: Option<u64>) -> Result<(), Failure> {
    let Some(bytes) = bytes else { return Ok(()) };
    let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
    setrlimit(Resource::Data, limit).map_err(|error| {
        Failure::new(BROKEN, format!("the memory of a worker cannot be bounded to {bytes} bytes: {error}"))
            .advise("leave process-memory out, and bound the memory of the whole service")
    })
}

/// Closes the jail around this thread.
fn close(jail: Jail, paths: &Paths) -> Result<(), Failure> {
    if jail == Jail::Off {
        return Ok(());
    }
    // Threads that are there already would stay outside.
    let alone = threads().is_none_or(|threads| threads == 1);
    let missing = jail::close(paths).into_iter().filter(|part| !part.holds());
    let mut texts: Vec<_> = missing.map(|part| part.to_string()).collect();
    if !alone {
        texts.push("some threads of the worker were started before it was closed".to_owned());
    }
    if texts.is_empty() {
        return Ok(());
    }
    if jail == Jail::Required {
        return Err(Failure::new(BROKEN, format!("the worker's jail is not complete: {}", texts.join("; "))).advise(
            "`wardian info --jail` shows what this system has; jail = \"available\" goes on without the rest",
        ));
    }
    for missing in texts {
        tracing::warn!(missing, "the worker's jail is not complete");
    }
    Ok(())
}

/// How many threads this process has, where the system says so.
fn threads() -> Option<usize> {
    fs::read_dir("/proc/self/task").ok().map(Iterator::count)
}

/// How long to wait before trying again what the system refused, such as another descriptor.
const RETRY_TIME: Duration = Duration::from_millis(20);
