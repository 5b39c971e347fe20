//! Bodies on their way through: bounded, timed and counted.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use parking_lot::Mutex;
use tokio::time::Sleep;

/// What clients get.
pub(super) type Answer = UnsyncBoxBody<Bytes, hyper::Error>;

/// What became of a client's body so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Progress {
    /// The worker wants more of it, and the client has sent none since.
    WaitsForClient,
    /// Since then it is the worker's turn.
    Moved(Instant),
    /// It is larger than allowed.
    TooLarge,
    /// The client paused for longer than allowed.
    TooSlow,
    /// It ended before its time, or is none.
    Broken,
}

/// A client's body. Clones of its progress tell why it ended.
pub(super) struct ClientBody {
    inner: Incoming,
    bytes_left: u64,
    idle_time: Duration,
    idle: Pin<Box<Sleep>>,
    /// Guarded for as long as it takes to copy it.
    progress: Arc<Mutex<Progress>>,
}

/// The worker sees no more than that the body ends.
#[derive(Debug, thiserror::Error)]
#[error("the client's body was not accepted")]
pub(super) struct NotAccepted;

impl ClientBody {
    pub(super) fn new(inner: Incoming, bytes_max: u64, idle_time: Duration) -> Self {
        let progress = Arc::new(Mutex::new(Progress::Moved(Instant::now())));
        Self { inner, bytes_left: bytes_max, idle_time, idle: Box::pin(tokio::time::sleep(idle_time)), progress }
    }

    pub(super) fn progress(&self) -> Arc<Mutex<Progress>> {
        Arc::clone(&self.progress)
    }

    fn refuse<T>(&self, progress: Progress) -> Poll<Option<Result<T, NotAccepted>>> {
        *self.progress.lock() = progress;
        Poll::Ready(Some(Err(NotAccepted)))
    }
}

impl Body for ClientBody {
    type Data = Bytes;
    type Error = NotAccepted;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, NotAccepted>>> {
        let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) else {
            let waited = matches!(*self.progress.lock(), Progress::WaitsForClient);
            if !waited {
                let deadline = tokio::time::Instant::now() + self.idle_time;
                self.idle.as_mut().reset(deadline);
                *self.progress.lock() = Progress::WaitsForClient;
            }
            return match self.idle.as_mut().poll(cx) {
                Poll::Ready(()) => self.refuse(Progress::TooSlow),
                Poll::Pending => Poll::Pending,
            };
        };
        *self.progress.lock() = Progress::Moved(Instant::now());
        match frame {
            None => Poll::Ready(None),
            Some(Err(_)) => self.refuse(Progress::Broken),
            Some(Ok(frame)) => {
                let bytes = frame.data_ref().map_or(0, Buf::remaining);
                match self.bytes_left.checked_sub(u64::try_from(bytes).unwrap_or(u64::MAX)) {
                    Some(left) => {
                        self.bytes_left = left;
                        Poll::Ready(Some(Ok(frame)))
                    }
                    None => self.refuse(Progress::TooLarge),
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A worker's body, with what is to be dropped once it has gone or was broken off.
pub(super) struct WorkerBody<T> {
    pub(super) inner: Incoming,
    pub(super) guard: T,
}

/// What is told of a body on its way.
pub(super) trait Watch {
    fn passed(&mut self, bytes: usize);
    fn ended(&mut self, complete: bool);
}

impl<T: Watch + Unpin> Body for WorkerBody<T> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match &frame {
            Some(Ok(frame)) => self.guard.passed(frame.data_ref().map_or(0, Buf::remaining)),
            Some(Err(_)) => self.guard.ended(false),
            None => self.guard.ended(true),
        }
        if self.inner.is_end_stream() {
            self.guard.ended(true);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
