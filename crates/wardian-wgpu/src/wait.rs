//! Waiting for the host: the one place that knows whether a program blocks or awaits.
//!
//! In both ways a call to the host starts at once, so that the order of calls is the order in the program. What is not
//! ready then is waited for ([`Waiting::Blocking`]), or becomes an errand ([`Waiting::Async`]) that a task of the
//! component runs while the program awaits something, and that a waiting `poll` runs, too.

use std::cell::RefCell;
use std::future::{self, Future};
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use wardian_guest::wit_bindgen;

/// How the futures and callbacks of `wgpu` come to their results.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Waiting {
    /// Each call waits until its result is there: futures are ready when they are returned, and callbacks are called
    /// before the call returns. It needs no executor, so it is right for programs that were written for native `wgpu`.
    #[default]
    Blocking,
    /// Calls return at once; futures become ready, and callbacks are called, while the program awaits something. It is
    /// for programs that do several things at a time.
    Async,
}

type Errand = Pin<Box<dyn Future<Output = ()>>>;

#[derive(Default)]
struct Errands {
    waiting: Vec<Errand>,
    /// Wakes the task that runs the errands, where there is one.
    runner: Option<Waker>,
}

thread_local! {
    static ERRANDS: RefCell<Errands> = RefCell::default();
}

impl Waiting {
    /// Starts a call and gives a future of its result.
    pub(crate) fn answer<T: 'static>(self, call: impl Future<Output = T> + 'static) -> Answer<T> {
        let mut call = Box::pin(call);
        if let Some(value) = glance(call.as_mut()) {
            return Answer::Ready(Some(value));
        }
        match self {
            Self::Blocking => Answer::Ready(Some(wardian_guest::block_on(call))),
            Self::Async => {
                let slot = Arc::new(Slot::default());
                let filled = Arc::clone(&slot);
                add(Box::pin(async move { filled.fill(call.await) }));
                Answer::Pending(slot)
            }
        }
    }

    /// Starts a call whose result goes to a callback.
    pub(crate) fn tell<T: 'static>(self, call: impl Future<Output = T> + 'static, callback: impl FnOnce(T) + 'static) {
        let mut call = Box::pin(call);
        if let Some(value) = glance(call.as_mut()) {
            callback(value);
            return;
        }
        match self {
            Self::Blocking => callback(wardian_guest::block_on(call)),
            Self::Async => add(Box::pin(async move { callback(call.await) })),
        }
    }
}

/// Polls a future once. It must be in a component's task, as all of a component's code is that `wardian_guest::main!`
/// starts.
pub(crate) fn glance<F: Future>(future: Pin<&mut F>) -> Option<F::Output> {
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

/// Lets the host work for a moment; gives the result of a call if it is there then.
pub(crate) fn look<F: Future>(mut call: Pin<&mut F>) -> Option<F::Output>
where
    F::Output: 'static,
{
    let mut has_waited = false;
    wardian_guest::block_on(future::poll_fn(|context| match call.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending if has_waited => Poll::Ready(None),
        Poll::Pending => {
            has_waited = true;
            wit_bindgen::yield_blocking();
            context.waker().wake_by_ref();
            Poll::Pending
        }
    }))
}

/// Waits until all errands are done.
pub(crate) fn run_errands() {
    if ERRANDS.with_borrow(|errands| !errands.waiting.is_empty()) {
        wardian_guest::block_on(future::poll_fn(poll_errands));
    }
}

fn add(errand: Errand) {
    let runner = ERRANDS.with_borrow_mut(|errands| {
        errands.waiting.push(errand);
        errands.runner.clone()
    });
    match runner {
        Some(runner) => runner.wake(),
        None => wit_bindgen::spawn_local(future::poll_fn(|context| {
            let poll = poll_errands(context);
            ERRANDS.with_borrow_mut(|errands| {
                errands.runner = poll.is_pending().then(|| context.waker().clone());
            });
            poll
        })),
    }
}

fn poll_errands(context: &mut Context<'_>) -> Poll<()> {
    let mut pending = Vec::new();
    loop {
        // An errand's callback may add errands, so none is polled while the list is borrowed.
        let errands = ERRANDS.with_borrow_mut(|errands| mem::take(&mut errands.waiting));
        if errands.is_empty() {
            break;
        }
        pending.extend(errands.into_iter().filter_map(|mut errand| {
            let poll = errand.as_mut().poll(context);
            poll.is_pending().then_some(errand)
        }));
    }
    let done = pending.is_empty();
    ERRANDS.with_borrow_mut(|errands| errands.waiting.append(&mut pending));
    if done { Poll::Ready(()) } else { Poll::Pending }
}

/// The result of a call, or the place where it will be.
#[derive(Debug)]
pub(crate) enum Answer<T> {
    Ready(Option<T>),
    Pending(Arc<Slot<T>>),
}

// Nothing in it is pinned.
impl<T> Unpin for Answer<T> {}

impl<T> Future for Answer<T> {
    type Output = T;

    #[expect(clippy::panic, reason = "a future must not be polled again after it was ready")]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match self.get_mut() {
            Self::Ready(value) => match value.take() {
                Some(value) => Poll::Ready(value),
                None => panic!("a future of wgpu was polled again after it was ready"),
            },
            Self::Pending(slot) => slot.poll(context),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Slot<T> {
    // Guards the result and who waits for it; held for no call.
    state: Mutex<(Option<T>, Option<Waker>)>,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { state: Mutex::new((None, None)) }
    }
}

impl<T> Slot<T> {
    fn fill(&self, value: T) {
        let mut state = locked(&self.state);
        state.0 = Some(value);
        let waker = state.1.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<T> {
        let mut state = locked(&self.state);
        match state.0.take() {
            Some(value) => Poll::Ready(value),
            None => {
                state.1 = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// A lock that cannot fail: a component that panics is gone.
pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
