//! The worker's answers to its supervisor.

use std::cell::RefCell;
use std::convert::Infallible;
use std::env;
use std::io;
use std::os::unix::net::UnixListener;
use std::process;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::process::{Pid, Signal, getpid, getppid, kill_process};
use serde::Serialize;
use tokio::net::UnixStream;
use tokio::task::LocalSet;
use wardian_host::{Quota, Usage};

use super::{BROKEN, RETRY_TIME, Started, Worker};
use crate::Failure;
use crate::control::{END, End, START, SUPERVISOR, Start, USAGE, Used};

/// How often to look whether the supervisor is still there.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What became of the worker so far.
enum Stage {
    Waiting(Box<Worker>),
    Starting,
    Started(Started),
}

/// Answers until the supervisor is gone.
pub(super) async fn serve(listener: UnixListener, worker: Worker) -> io::Result<()> {
    listener.set_nonblocking(true)?;
    let listener = tokio::net::UnixListener::from_std(listener)?;
    let stage = Rc::new(RefCell::new(Stage::Waiting(Box::new(worker))));
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    tokio::task::spawn_local(connection(stream, Rc::clone(&stage)));
                }
                Err(error) => {
                    tracing::warn!(%error, "the supervisor cannot reach its worker");
                    tokio::time::sleep(RETRY_TIME).await;
                }
            }
        }
    };
    let tasks = LocalSet::new();
    tasks.spawn_local(watch_supervisor());
    tasks.run_until(accept).await
}

/// Ends the process when its supervisor is gone, however that came to its end.
async fn watch_supervisor() {
    // Without the variable it is nobody's worker.
    let supervisor = env::var(SUPERVISOR).ok().and_then(|id| id.parse::<i32>().ok());
    while supervisor == Some(Pid::as_raw(getppid())) {
        tokio::time::sleep(LOOK_EVERY).await;
    }
    end();
}

/// At once: nothing that a guest left, on its GPU or elsewhere, is waited for.
fn end() -> ! {
    let _ = kill_process(getpid(), Signal::KILL);
    process::abort();
}

async fn connection(stream: UnixStream, stage: Rc<RefCell<Stage>>) {
    let waits = Rc::new(RefCell::new(false));
    let service = service_fn(|request| {
        *waits.borrow_mut() = request.uri().path() == END;
        answer(request, Rc::clone(&stage))
    });
    // Why a connection ended makes no difference.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    if *waits.borrow() {
        // The supervisor waits for the end on this connection as long as it lives.
        end();
    }
}

async fn answer(request: Request<Incoming>, stage: Rc<RefCell<Stage>>) -> Result<Response<Full<Bytes>>, Infallible> {
    Ok(match (request.method(), request.uri().path()) {
        (&Method::PUT, START) => match start(request, &stage).await {
            Ok(()) => json(StatusCode::OK, &()),
            Err(failure) => json(StatusCode::INTERNAL_SERVER_ERROR, &failure),
        },
        (&Method::GET, USAGE) => json(StatusCode::OK, &usage(&stage).map(|usage| used(&usage)).unwrap_or_default()),
        (&Method::GET, END) => match usage(&stage) {
            Some(usage) => json(StatusCode::OK, &End { reason: usage.expired().await }),
            None => json(StatusCode::CONFLICT, &()),
        },
        _ => json(StatusCode::NOT_FOUND, &()),
    })
}

fn json(status: StatusCode, value: &impl Serialize) -> Response<Full<Bytes>> {
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Full::from(body));
    *response.status_mut() = status;
    response
}

async fn start(request: Request<Incoming>, stage: &RefCell<Stage>) -> Result<(), Failure> {
    let broken = |what: String| Failure::new(BROKEN, what);
    let body = request.into_body().collect().await;
    let body = body.map_err(|error| broken(format!("the supervisor did not say what to serve: {error}")))?;
    let start: Start = serde_json::from_slice(&body.to_bytes())
        .map_err(|error| broken(format!("the supervisor is of another version: {error}")))?;
    let Stage::Waiting(worker) = stage.replace(Stage::Starting) else {
        return Err(broken("a worker starts once".to_owned()));
    };
    let started = worker.start(start).await?;
    stage.replace(Stage::Started(started));
    Ok(())
}

fn usage(stage: &RefCell<Stage>) -> Option<Usage> {
    match &*stage.borrow() {
        Stage::Started(started) => Some(started.usage.clone()),
        Stage::Waiting(_) | Stage::Starting => None,
    }
}

fn used(usage: &Usage) -> Used {
    Used {
        gpu_memory: usage.of(Quota::GpuMemory),
        gpu_milliseconds: usage.of(Quota::GpuTime),
        refusals: Quota::ALL.iter().map(|quota| usage.refusals(*quota)).sum(),
    }
}
