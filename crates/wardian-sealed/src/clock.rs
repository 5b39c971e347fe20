//! The clock that ends a compilation: a thread that counts Wasmtime's epochs while anything is compiled.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use wasmtime::Engine;

/// How long an epoch is.
const TICK: Duration = Duration::from_millis(50);

/// How many epochs a compilation may see the end of, so that it has no less than this time.
pub(crate) fn ticks(time: Duration) -> u64 {
    let ticks = time.as_millis().div_ceil(TICK.as_millis());
    u64::try_from(ticks).unwrap_or(u64::MAX).saturating_add(1)
}

#[derive(Debug)]
pub(crate) struct Clock {
    face: Arc<Face>,
}

#[derive(Debug, Default)]
struct Face {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many compilations look at the clock.
    watched: usize,
    ended: bool,
}

/// The clock ticks while there is one of these.
#[derive(Debug)]
pub(crate) struct Watch<'a>(&'a Face);

impl Clock {
    /// # Errors
    ///
    /// When there is no thread to be had.
    pub(crate) fn start(engine: Engine) -> wasmtime::Result<Self> {
        let face = Arc::new(Face::default());
        let thread = thread::Builder::new().name("wardian-clock".to_owned());
        let of_thread = Arc::clone(&face);
        thread
            .spawn(move || {
                while of_thread.wait() {
                    thread::sleep(TICK);
                    engine.increment_epoch();
                }
            })
            .map_err(|error| wasmtime::format_err!("no thread for a clock: {error}"))?;
        Ok(Self { face })
    }

    pub(crate) fn watch(&self) -> Watch<'_> {
        let mut state = self.face.state.lock();
        state.watched = state.watched.saturating_add(1);
        let first = state.watched == 1;
        drop(state);
        if first {
            self.face.changed.notify_one();
        }
        Watch(&self.face)
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.face.state.lock().ended = true;
        self.face.changed.notify_one();
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock();
        state.watched = state.watched.saturating_sub(1);
    }
}

impl Face {
    /// Waits until somebody looks; false at the end.
    fn wait(&self) -> bool {
        let mut state = self.state.lock();
        while state.watched == 0 && !state.ended {
            self.changed.wait(&mut state);
        }
        !state.ended
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compilation_has_no_less_than_its_time() {
        assert_eq!(ticks(Duration::from_millis(100)), 3, "two whole epochs, and the one that it begins in");
        assert_eq!(ticks(Duration::from_millis(101)), 4, "rounded up");
    }
}
