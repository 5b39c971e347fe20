//! Threads for what would hold up a thread that runs guests: compilers, drivers, full queues.
//!
//! A thread that has done its job waits a while for the next one, so a guest that compiles often pays for few.

use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::brief::Waits;

/// Enough for any shader within the bounds of `wardian-shader`, and for what drivers' compilers use. It is address space;
/// memory is taken as it is touched.
const STACK_BYTES: usize = 64 << 20;
/// How long a thread without a job stays.
const IDLE_TIME_MAX: Duration = Duration::from_secs(5);
/// How many threads without a job stay.
const IDLE_THREADS_MAX: usize = 8;

/// Does something, and gives what tells its outcome. That is called when the thread can be had again: who is told may
/// have the next job at once.
type Job = Box<dyn FnOnce() -> Tell + Send>;
type Tell = Box<dyn FnOnce() + Send>;

/// The waits for jobs.
static WAITS: Waits = Waits::new();

/// The threads that wait for a job: each one's number and the way to give it one.
static IDLE: Mutex<Vec<(u64, mpsc::Sender<Job>)>> = Mutex::new(Vec::new());

/// Runs a job on a thread of its own, with a large stack. The job is under way when this returns; the future waits for
/// what the job returns, and may be dropped.
///
/// # Errors
///
/// When the job panicked, or no thread could be had.
pub(crate) fn run<R: Send + 'static>(
    job: impl FnOnce() -> R + Send + 'static,
) -> impl Future<Output = wasmtime::Result<R>> + Send {
    let (done, mut result) = oneshot::channel();
    let handed = hand_over(Box::new(move || {
        let outcome = panic::catch_unwind(AssertUnwindSafe(job));
        let outcome =
            outcome.map_err(|_| wasmtime::format_err!("a job of the host failed, which is a fault of its own"));
        // The send fails only when nobody waits any more.
        Box::new(move || drop(done.send(outcome)))
    }));
    async move {
        handed?;
        let outcome = WAITS.wait(|context| Pin::new(&mut result).poll(context), || true, || ()).await;
        outcome.map_err(|_| wasmtime::format_err!("a thread of the host ended before its job"))?
    }
}

fn hand_over(mut job: Job) -> wasmtime::Result<()> {
    loop {
        let Some((_, thread)) = IDLE.lock().pop() else { return spawn(job) };
        match thread.send(job) {
            Ok(()) => return Ok(()),
            Err(returned) => job = returned.0,
        }
    }
}

fn spawn(first: Job) -> wasmtime::Result<()> {
    let thread = thread::Builder::new().name("wardian-worker".to_owned()).stack_size(STACK_BYTES);
    thread.spawn(move || work(first)).map_err(|error| wasmtime::format_err!("no thread for a job: {error}"))?;
    Ok(())
}

fn work(first: Job) {
    static NUMBERS: Mutex<u64> = Mutex::new(0);
    let number = {
        let mut numbers = NUMBERS.lock();
        *numbers += 1;
        *numbers
    };
    let (sender, jobs) = mpsc::channel::<Job>();
    let mut job = first;
    loop {
        let tell = job();
        let stays = {
            let mut idle = IDLE.lock();
            let stays = idle.len() < IDLE_THREADS_MAX;
            if stays {
                idle.push((number, sender.clone()));
            }
            stays
        };
        tell();
        if !stays {
            return;
        }
        job = match jobs.recv_timeout(IDLE_TIME_MAX) {
            Ok(next) => next,
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                let mut idle = IDLE.lock();
                let before = idle.len();
                idle.retain(|(other, _)| *other != number);
                if idle.len() < before {
                    return;
                }
                drop(idle);
                // Somebody has just taken this thread's place in the list, so a job is on its way.
                match jobs.recv() {
                    Ok(next) => next,
                    Err(_) => return,
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_runs_elsewhere_and_returns() {
        let here = thread::current().id();
        let there = futures::executor::block_on(run(|| thread::current().id())).expect("a thread");
        assert_ne!(here, there, "the job's thread");
    }

    #[test]
    fn a_job_that_panics_is_an_error_and_the_next_one_runs() {
        let error = futures::executor::block_on(run(|| panic!("on purpose"))).expect_err("the job panics");
        assert!(error.to_string().contains("failed"), "says so: {error}");
        let next = futures::executor::block_on(run(|| 7)).expect("the next job");
        assert_eq!(next, 7, "what the next job returns");
    }

    #[test]
    fn a_deep_stack_is_there() {
        fn deep(left: u32) -> u32 {
            let frame = std::hint::black_box([left; 256]);
            if left == 0 { 0 } else { deep(left - 1) + frame.iter().map(|_| 0).sum::<u32>() + 1 }
        }
        let depth = futures::executor::block_on(run(|| deep(20_000))).expect("the stack suffices");
        assert_eq!(depth, 20_000, "depth reached");
    }
}
