//! What is going on: the objects, the calls that are not answered yet, and the answers that are not sent yet.

use std::future::{self, Future};
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt as _};
use wardian_guest::wit_bindgen::StreamReader;
use wardian_guest::yield_async;

use crate::clocks;
use crate::frame::{self, Call};
use crate::interface::Objects;
use crate::table::Resource;
use crate::wire::{Encode, Fault, Writer};

/// Writes the value that came; objects in it get handles only then.
type Value = Box<dyn FnOnce(&mut Writer, &mut Objects)>;

/// What a pending call came to.
struct Completed {
    call: Call,
    value: Value,
    /// What brings the next value of a stream.
    next: Option<Task>,
}

/// A pending call; none where a stream has ended.
type Task = LocalBoxFuture<'static, Result<Option<Completed>, Fault>>;

/// Everything behind the two pipes.
#[derive(Default)]
pub(crate) struct Bridge {
    /// Pending calls that must keep what they were lent keep a copy of the tables.
    pub(crate) objects: Rc<Objects>,
    tasks: FuturesUnordered<Task>,
    /// Whether a call was begun that has not been made yet.
    begun: bool,
    /// Frames for the other side.
    answers: Vec<u8>,
    /// Whether the other side waits for one of them. Those of pending calls go along with the next such.
    awaited: bool,
}

impl Bridge {
    /// Gives a new object the handle that the other side chose.
    pub(crate) fn keep<T: Resource>(&mut self, handle: u32, object: T) -> Result<(), Fault> {
        T::table_mut(Rc::make_mut(&mut self.objects)).insert(handle, object)
    }

    /// Forgets an object.
    pub(crate) fn release(&mut self, resource: u16, handle: u32) -> Result<(), Fault> {
        Rc::make_mut(&mut self.objects).release(resource, handle)
    }

    /// Answers a call.
    pub(crate) fn answer(&mut self, call: Call, value: impl Encode) {
        let objects = Rc::make_mut(&mut self.objects);
        frame::write(&mut self.answers, call, |writer| value.encode(writer, objects));
        self.awaited = true;
    }

    /// What is to be sent now.
    pub(crate) fn take_answers(&mut self) -> Option<Vec<u8>> {
        std::mem::take(&mut self.awaited).then(|| std::mem::take(&mut self.answers))
    }

    /// Begins a call whose answer comes later.
    pub(crate) fn start<T: Encode + 'static>(
        &mut self,
        call: Call,
        later: impl Future<Output = Result<T, Fault>> + 'static,
    ) {
        self.tasks.push(Box::pin(async move {
            let value = later.await?;
            Ok(Some(Completed {
                call,
                value: Box::new(move |writer, objects| value.encode(writer, objects)),
                next: None,
            }))
        }));
        self.begun = true;
    }

    /// Begins a stream, each of whose values is an answer.
    pub(crate) fn subscribe<T: Encode + 'static>(&mut self, call: Call, reader: StreamReader<T>) {
        self.tasks.push(next_of(call, reader));
        self.begun = true;
    }

    /// Makes the calls that were begun. Their turn is now: what comes after them may depend on them.
    pub(crate) async fn make_calls(&mut self) -> Result<(), Fault> {
        if !std::mem::take(&mut self.begun) {
            return Ok(());
        }
        future::poll_fn(|context| Poll::Ready(self.advance(context).map(drop))).await
    }

    /// Waits until a pending call is answered, but no longer than so.
    pub(crate) async fn pump(&mut self, time_max: Duration) -> Result<(), Fault> {
        // What the host has completed is heard of only after the guest has let it speak.
        yield_async().await;
        let nanoseconds = u64::try_from(time_max.as_nanos()).unwrap_or(u64::MAX);
        let mut over = pin!(async move {
            if nanoseconds > 0 {
                clocks::wait_for(nanoseconds).await;
            }
        });
        future::poll_fn(|context| match self.advance(context) {
            Ok(0) => over.as_mut().poll(context).map(Ok),
            Ok(_) => Poll::Ready(Ok(())),
            Err(fault) => Poll::Ready(Err(fault)),
        })
        .await
    }

    /// Moves pending calls on; gives how many answers came.
    fn advance(&mut self, context: &mut Context<'_>) -> Result<usize, Fault> {
        let mut answers = 0;
        while let Poll::Ready(Some(completed)) = self.tasks.poll_next_unpin(context) {
            if let Some(Completed { call, value, next }) = completed? {
                let objects = Rc::make_mut(&mut self.objects);
                frame::write(&mut self.answers, call, |writer| value(writer, objects));
                self.tasks.extend(next);
                answers += 1;
            }
        }
        Ok(answers)
    }
}

fn next_of<T: Encode + 'static>(call: Call, mut reader: StreamReader<T>) -> Task {
    Box::pin(async move {
        let Some(value) = reader.next().await else { return Ok(None) };
        Ok(Some(Completed {
            call,
            value: Box::new(move |writer, objects| value.encode(writer, objects)),
            next: Some(next_of(call, reader)),
        }))
    })
}
