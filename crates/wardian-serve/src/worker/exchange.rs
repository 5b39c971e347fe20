//! Requests and their responses as an instance has them, so that a response whose instance falls is seen to be broken.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use parking_lot::Mutex;
use wasmtime_wasi_http::{Error, WasiBody};

/// A request and its response.
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// Whether the instance fell before the guest was done with it.
    broken: AtomicBool,
    /// Whether the instance had another request at the same time.
    shared: AtomicBool,
}

impl Exchange {
    /// Whether another request may be why the instance fell.
    pub(super) fn was_shared(&self) -> bool {
        self.shared.load(Ordering::Acquire)
    }
}

/// Those that an instance has had, and that have not ended.
#[derive(Default)]
pub(super) struct Exchanges(
    /// Guarded for as long as it takes to go through it.
    Mutex<Vec<Weak<Exchange>>>,
);

impl Exchanges {
    pub(super) fn add(&self, exchange: &Arc<Exchange>) {
        let mut exchanges = self.0.lock();
        exchanges.retain(|exchange| exchange.strong_count() > 0);
        for other in exchanges.iter().filter_map(Weak::upgrade) {
            other.shared.store(true, Ordering::Release);
            exchange.shared.store(true, Ordering::Release);
        }
        exchanges.push(Arc::downgrade(exchange));
    }

    /// The instance has fallen.
    pub(super) fn break_off(&self) {
        for exchange in self.0.lock().drain(..).filter_map(|exchange| exchange.upgrade()) {
            exchange.broken.store(true, Ordering::Release);
        }
    }
}

/// A response's body, which ends with an error if its instance falls.
pub(super) fn watched(body: WasiBody, exchange: Arc<Exchange>) -> WasiBody {
    Watched { body, exchange }.boxed_unsync()
}

struct Watched {
    body: WasiBody,
    exchange: Arc<Exchange>,
}

impl Watched {
    fn is_broken(&self) -> bool {
        self.exchange.broken.load(Ordering::Acquire)
    }
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(match frame {
            None if self.is_broken() => Some(Err(Error::HttpResponseIncomplete)),
            frame => frame,
        })
    }

    /// Never ahead of time: that it has come to its end says nothing of whether it was broken off there.
    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream() && self.body.size_hint().exact() == Some(0)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
