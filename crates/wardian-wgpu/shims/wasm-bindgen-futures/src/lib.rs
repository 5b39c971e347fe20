//! [`spawn_local`] without JavaScript.
//!
//! `cubecl` hands futures to the function of this name in `wasm-bindgen-futures` whenever it is built for WebAssembly,
//! and in a component that panics: there is no JavaScript to run them. This package stands in for it by
//! `[patch.crates-io]`. With `wardian_wgpu` in its blocking mode those futures are ready at once. One that is not is
//! polled again whenever another comes.

use std::cell::RefCell;
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Waker};

// What wgpu's backend for browsers names. Nothing in a component calls it.
pub use js_sys;
pub use js_sys::futures::{JsFuture, future_to_promise};

type Task = Pin<Box<dyn Future<Output = ()>>>;

thread_local! {
    static WAITING: RefCell<Vec<Task>> = const { RefCell::new(Vec::new()) };
}

/// Runs a future as far as it goes now, and those that were not ready before.
pub fn spawn_local<F: Future<Output = ()> + 'static>(future: F) {
    WAITING.with_borrow_mut(|waiting| waiting.push(Box::pin(future)));
    run_waiting();
}

/// Polls all futures that are not ready yet, once; gives how many are left.
pub fn run_waiting() -> usize {
    // A future may spawn another, so none is polled while the list is borrowed.
    let tasks = WAITING.with_borrow_mut(mem::take);
    let mut context = Context::from_waker(Waker::noop());
    for mut task in tasks {
        if task.as_mut().poll(&mut context).is_pending() {
            WAITING.with_borrow_mut(|waiting| waiting.push(task));
        }
    }
    WAITING.with_borrow(Vec::len)
}
