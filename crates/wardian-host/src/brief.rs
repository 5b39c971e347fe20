//! Waits that are mostly shorter than it takes to put a thread to sleep and to wake it again.

use std::future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::{Duration, Instant};

/// How long a call comes back by itself to see whether its wait is over. To be told by another thread takes two threads'
/// waking up, which is as long as all of a small job of the GPU.
const COME_BACK_TIME_MAX: Duration = Duration::from_micros(250);

/// The waits for one thing, such as a device.
///
/// As long as they are brief, one of them at a time comes back whenever its executor has nothing else to do, and lets
/// other threads go first. It never keeps its thread. All others, and those that last, are woken.
#[derive(Debug)]
pub(crate) struct Waits {
    /// Whether one of them comes back by itself. One is enough, so that this costs the same however many there are.
    watched: AtomicBool,
    /// How long the last took, in nanoseconds.
    last: AtomicU64,
    /// [`COME_BACK_TIME_MAX`], but in tests whose machine may be busy.
    come_back_time_max: Duration,
}

impl Waits {
    pub(crate) const fn new() -> Self {
        Self::within(COME_BACK_TIME_MAX)
    }

    const fn within(come_back_time_max: Duration) -> Self {
        Self { watched: AtomicBool::new(false), last: AtomicU64::new(0), come_back_time_max }
    }

    /// Waits until `ready` is. A wait that comes back by itself calls `look` before it asks, and goes on as long as that
    /// says so; `leave` is called at the end of that, from where on the wait must be woken.
    pub(crate) async fn wait<R>(
        &self,
        mut ready: impl FnMut(&mut Context<'_>) -> Poll<R>,
        mut look: impl FnMut() -> bool,
        leave: impl Fn(),
    ) -> R {
        let began = Instant::now();
        let is_brief = Duration::from_nanos(self.last.load(Ordering::Relaxed)) <= self.come_back_time_max;
        let mut watch = is_brief.then(|| Watch::of(self)).flatten();
        if watch.is_none() {
            leave();
        }
        let mut is_first = true;
        let value = future::poll_fn(|context| {
            if !is_first && watch.is_some() {
                // The threads of a software driver may need this one's core.
                thread::yield_now();
                if !look() || began.elapsed() > self.come_back_time_max {
                    watch = None;
                    leave();
                }
            }
            is_first = false;
            let polled = ready(context);
            if polled.is_pending() && watch.is_some() {
                context.waker().wake_by_ref();
            }
            polled
        });
        let value = value.await;
        self.last.store(u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        value
    }
}

/// The right to come back by itself.
struct Watch<'a>(&'a Waits);

impl<'a> Watch<'a> {
    /// None while another wait has it.
    fn of(waits: &'a Waits) -> Option<Self> {
        (!waits.watched.swap(true, Ordering::AcqRel)).then_some(Self(waits))
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.0.watched.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::pin::pin;
    use std::task::Waker;

    use super::*;

    /// Long enough for any machine.
    const PATIENT: Duration = Duration::from_mins(5);

    /// Waits until `turns` looks have been made; how many there were, and how often a wait was left to be woken.
    fn looks(waits: &Waits, turns: u32) -> (u32, u32) {
        let (looks, left) = (Cell::new(0), Cell::new(0));
        let ready = |_: &mut Context<'_>| if looks.get() >= turns { Poll::Ready(()) } else { Poll::Pending };
        let look = || {
            looks.set(looks.get() + 1);
            true
        };
        let mut wait = pin!(waits.wait(ready, look, || left.set(left.get() + 1)));
        let mut context = Context::from_waker(Waker::noop());
        for _ in 0..=turns {
            if wait.as_mut().poll(&mut context).is_ready() {
                break;
            }
        }
        (looks.get(), left.get())
    }

    #[test]
    fn brief_waits_look_by_themselves() {
        let waits = Waits::within(PATIENT);
        assert_eq!(looks(&waits, 3), (3, 0), "looks, and calls to be woken");
        assert!(!waits.watched.load(Ordering::Acquire), "the watch is over");
    }

    #[test]
    fn waits_are_woken_where_the_last_was_long() {
        let waits = Waits::new();
        waits.last.store(1_000_000_000, Ordering::Relaxed);
        assert_eq!(looks(&waits, 3), (0, 1), "looks, and calls to be woken");
    }

    #[test]
    fn one_wait_looks_for_all() {
        let waits = Waits::within(PATIENT);
        let watch = Watch::of(&waits).expect("nobody else watches");
        assert_eq!(looks(&waits, 3), (0, 1), "looks, and calls to be woken");
        drop(watch);
        assert_eq!(looks(&waits, 3), (3, 0), "after the other");
    }

    #[test]
    fn a_wait_that_lasts_is_woken() {
        let waits = Waits::new();
        let left = Cell::new(0);
        let never = |_: &mut Context<'_>| Poll::<()>::Pending;
        let mut wait = pin!(waits.wait(never, || true, || left.set(left.get() + 1)));
        let mut context = Context::from_waker(Waker::noop());
        let began = Instant::now();
        while began.elapsed() <= COME_BACK_TIME_MAX * 2 {
            assert!(wait.as_mut().poll(&mut context).is_pending(), "it never ends");
        }
        assert_eq!(left.get(), 1, "calls to be woken");
        assert!(!waits.watched.load(Ordering::Acquire), "the watch is over");
    }
}
