//! The thread of a device that waits for its GPU, so that no thread that runs guests has to.
//!
//! `wgpu-core` completes maps, work-done callbacks and losses only when it is polled, and a poll that waits inside it
//! holds locks that other threads need. So this thread waits on the driver's fence itself and polls, briefly, when
//! there is something to find. It also releases the device, because that waits for the GPU, too.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use wgpu_core::id::{DeviceId, QueueId};
use wgpu_types::{Backend, PollType};

use crate::handle::{Core, Handle};
use crate::quota::{Charge, Quota, Usage};

/// How long one wait on the fence lasts; in between, the thread looks whether there is something newer to do.
const FENCE_WAIT: Duration = Duration::from_millis(250);
/// How long the thread lets submissions gather that nobody waits for, before it clears up after them.
const REST: Duration = Duration::from_millis(2);
/// How long to sleep between polls where the fence can't be waited for.
const SLEEP: Duration = Duration::from_millis(1);

/// Tells a device's thread which submissions to wait for. When it is dropped, the thread waits for the work that is
/// left, releases the device and ends.
#[derive(Debug)]
pub(crate) struct Poller {
    orders: Arc<Orders>,
    gate: Arc<Gate>,
}

/// The threads of all devices of the process: how many have not yet given their device back.
static RUNNING: Mutex<usize> = Mutex::new(0);
static ENDED: Condvar = Condvar::new();

/// Counts a thread as long as it lives.
struct Running;

impl Running {
    fn new() -> Self {
        *RUNNING.lock() += 1;
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        *RUNNING.lock() -= 1;
        ENDED.notify_all();
    }
}

/// Waits until the devices of stores that were dropped have finished their work and been given back to their drivers,
/// but no longer than this; whether none is left.
///
/// The end of the process waits by itself, for ten seconds at most: some drivers crash when they are unloaded while a
/// device is being given back. This is for embedders that want to wait longer, or to know.
#[must_use]
pub fn wait_for_devices(timeout: Duration) -> bool {
    let mut running = RUNNING.lock();
    !ENDED.wait_while_for(&mut running, |running| *running > 0, timeout).timed_out()
}

/// A device and its queue, as the poller owns them.
#[derive(Debug)]
pub(crate) struct Owned {
    pub(crate) core: Core,
    pub(crate) backend: Backend,
    pub(crate) device: Handle<DeviceId>,
    pub(crate) queue: Handle<QueueId>,
    /// How much time the store may have, and has had.
    pub(crate) usage: Usage,
    /// For the device.
    pub(crate) charge: Charge,
}

impl Poller {
    /// Starts the thread.
    ///
    /// # Errors
    ///
    /// When the system gives no thread; the device is then released here.
    pub(crate) fn start(owned: Owned) -> io::Result<Self> {
        let poller = Self { orders: Arc::default(), gate: Arc::default() };
        let running = Running::new();
        let thread = thread::Builder::new().name("wardian-poll".to_owned());
        thread.spawn({
            let (orders, gate) = (Arc::clone(&poller.orders), Arc::clone(&poller.gate));
            move || {
                owned.run(&orders, &gate);
                drop(running);
            }
        })?;
        Ok(poller)
    }

    /// Keeps the device's thread from freeing mapped memory.
    pub(crate) fn hold_memory(&self) -> Held {
        *self.gate.holders.lock() += 1;
        Held(Arc::clone(&self.gate))
    }

    /// The queue has been given work; `index` is what the submission returned. What it leaves is cleared up then.
    pub(crate) fn submitted(&self, index: u64) {
        self.orders.change(|state| state.newest = state.newest.max(index));
    }

    /// Somebody waits for the end of a submission.
    pub(crate) fn awaited(&self, index: u64) {
        self.orders.change(|state| state.awaited = state.awaited.max(index));
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.orders.change(|state| state.closed = true);
    }
}

/// What a device's thread is to do.
#[derive(Debug, Default)]
struct Orders {
    /// Guards what was ordered; held for a look at it.
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many submissions are complete, as far as the thread knows.
    reached: u64,
    /// The newest submission.
    newest: u64,
    /// The newest that somebody waits for.
    awaited: u64,
    /// Whether there will be no more.
    closed: bool,
    /// What the thread sleeps until.
    sleep: Sleep,
}

/// Waking a thread takes longer than submitting, so it is done only where there is a need.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Sleep {
    /// It is awake, and looks at the orders when it has done the last.
    #[default]
    Not,
    /// Until there is anything to do.
    Idle,
    /// Until somebody waits, or for a while.
    Rest,
}

impl State {
    /// Whether the thread shall wait for a submission, when so many are complete.
    const fn is_urgent(&self) -> bool {
        self.awaited > self.reached || self.closed
    }

    /// The next submission to wait for.
    fn next(&self) -> Option<u64> {
        let next = self.reached.saturating_add(1);
        (next <= self.newest.max(self.awaited)).then_some(next)
    }
}

impl Orders {
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock();
        change(&mut state);
        let is_wanted = match state.sleep {
            Sleep::Not => false,
            Sleep::Idle => true,
            Sleep::Rest => state.closed || state.awaited > state.reached,
        };
        if is_wanted {
            state.sleep = Sleep::Not;
            drop(state);
            self.changed.notify_one();
        }
    }

    /// Gives the next submission to wait for, when so many are complete; none when there will be no more.
    fn next(&self, reached: u64, clock: &mut Clock<'_>) -> Option<u64> {
        let mut state = self.state.lock();
        state.reached = reached;
        while state.next().is_none() {
            if state.closed {
                return None;
            }
            state.sleep = Sleep::Idle;
            self.changed.wait(&mut state);
            clock.start();
        }
        // A rest would be taken for work of the GPU's.
        if !state.is_urgent() && !clock.is_limited() {
            // Nobody waits, so one look in a while is enough to clear up.
            state.sleep = Sleep::Rest;
            let _ = self.changed.wait_while_for(&mut state, |state| !state.is_urgent(), REST);
        }
        state.sleep = Sleep::Not;
        state.next()
    }
}

/// Where the device's thread waits while mapped memory is being copied: a poll may find that the device is lost, and
/// then frees all its memory.
#[derive(Debug, Default)]
struct Gate {
    /// Guards the number of those who copy, and is held for a poll.
    holders: Mutex<usize>,
    free: Condvar,
}

/// As long as this lives, the device's thread frees no memory.
#[derive(Debug)]
pub(crate) struct Held(Arc<Gate>);

impl Drop for Held {
    fn drop(&mut self) {
        *self.0.holders.lock() -= 1;
        self.0.free.notify_all();
    }
}

impl Gate {
    /// Runs a poll while nobody copies.
    fn pass<R>(&self, poll: impl FnOnce() -> R) -> R {
        let mut holders = self.holders.lock();
        self.free.wait_while(&mut holders, |holders| *holders > 0);
        poll()
    }
}

impl Owned {
    fn run(self, orders: &Orders, gate: &Gate) {
        // Submissions complete in order. Each is waited for, so that what hangs on an early one doesn't wait for a late.
        let mut reached = 0;
        let mut clock = Clock::new(&self.usage);
        while let Some(next) = orders.next(reached, &mut clock) {
            let complete = self.wait(next, clock.wait(), gate);
            clock.tick(complete.is_some());
            if let Some(complete) = complete {
                reached = complete.max(next);
                self.poll(gate);
            }
        }
        self.poll(gate);
        self.release();
    }

    /// Fires the callbacks of what is complete. Those only pass a word on to those who wait.
    fn poll(&self, gate: &Gate) {
        match gate.pass(|| self.core.call(|core| core.device_poll(self.device.id(), PollType::Poll))) {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => tracing::debug!("polling a device: {error}"),
            Err(error) => tracing::error!("polling a device: {error}"),
        }
    }

    /// Waits for a submission for a while; the newest that is complete, if that one is or never will be.
    fn wait(&self, index: u64, time: Duration, gate: &Gate) -> Option<u64> {
        let waited = self.core.call(|core| match self.backend {
            #[cfg(any(target_os = "linux", target_os = "android", target_os = "windows"))]
            Backend::Vulkan => fence::wait::<wgpu_hal::api::Vulkan>(core, self.device.id(), index, time),
            #[cfg(target_os = "windows")]
            Backend::Dx12 => fence::wait::<wgpu_hal::api::Dx12>(core, self.device.id(), index, time),
            #[cfg(target_vendor = "apple")]
            Backend::Metal => fence::wait::<wgpu_hal::api::Metal>(core, self.device.id(), index, time),
            _ => Err(fence::OtherBackend),
        });
        match waited {
            Ok(Ok(complete)) => complete,
            Ok(Err(fence::OtherBackend)) => {
                thread::sleep(SLEEP);
                let status = PollType::Wait { submission_index: Some(index), timeout: Some(Duration::ZERO) };
                match gate.pass(|| self.core.call(|core| core.device_poll(self.device.id(), status))) {
                    Ok(Ok(_)) => Some(index),
                    Ok(Err(wgpu_core::device::WaitIdleError::Timeout)) => None,
                    // A lost device completes nothing any more.
                    Ok(Err(_)) | Err(_) => Some(index),
                }
            }
            Err(error) => {
                tracing::error!("waiting for a device: {error}");
                Some(index)
            }
        }
    }

    /// Gives the device back. `wgpu-core` waits in here until the GPU is idle.
    fn release(self) {
        let Self { core, backend: _, device, queue, usage: _, charge } = self;
        drop(queue);
        drop(device);
        drop(charge);
        // Perhaps the last of the store: then the driver's instance goes here, not on a thread that runs guests.
        drop(core);
    }
}

/// Measures how long the GPU has had work, against the store's quotas of time.
struct Clock<'a> {
    usage: &'a Usage,
    submission_max: Option<Duration>,
    /// Since when the oldest submission that is not complete could be worked on.
    began: Instant,
    /// Until when the store was charged.
    counted: Instant,
}

impl<'a> Clock<'a> {
    fn new(usage: &'a Usage) -> Self {
        let now = Instant::now();
        Self { usage, submission_max: usage.quotas().time(Quota::SubmissionTime), began: now, counted: now }
    }

    /// Whether the store has a quota of time, so that it must be measured well.
    fn is_limited(&self) -> bool {
        self.submission_max.is_some() || self.usage.time_left().is_some()
    }

    /// The GPU has been idle, and now has work.
    fn start(&mut self) {
        self.began = Instant::now();
        self.counted = self.began;
    }

    /// How long to wait before looking at the clock again.
    fn wait(&self) -> Duration {
        if self.usage.is_over() {
            return FENCE_WAIT;
        }
        let submission = self.submission_max.map(|max| max.saturating_sub(self.began.elapsed()));
        let left = [submission, self.usage.time_left()].into_iter().flatten().min();
        // Something above zero, so that a driver looks at its fence, and what is over is seen to be over.
        left.map_or(FENCE_WAIT, |left| FENCE_WAIT.min(left + SLEEP))
    }

    /// Charges for the time since the last call, and ends the store's devices when there is none left.
    fn tick(&mut self, complete: bool) {
        let now = Instant::now();
        let has_time = self.usage.spend(now - self.counted);
        self.counted = now;
        let took = now - self.began;
        if let Some(max) = self.submission_max.filter(|max| !complete && took > *max) {
            let max = max.as_secs_f64();
            self.usage.expire(Quota::SubmissionTime, &format!("work on the GPU took longer than the {max} s that this program may have for one submission (submission-time)"));
        } else if !has_time {
            let max = self.usage.quotas().time(Quota::GpuTime).unwrap_or_default().as_secs_f64();
            self.usage.expire(
                Quota::GpuTime,
                &format!("work on the GPU took longer than the {max} s that this program may have in all (gpu-time)"),
            );
        }
        if complete {
            self.began = now;
        }
    }
}

#[expect(unsafe_code, reason = "the driver's fence is reached only through wgpu-hal")]
mod fence {
    use std::time::Duration;

    use wgpu_core::global::Global;
    use wgpu_core::id::DeviceId;
    use wgpu_hal::{Api, Device as _};

    /// The device's backend isn't the one that was named.
    pub(super) struct OtherBackend;

    /// Waits on the fence of a device without `wgpu-core`'s locks. Gives the newest submission that is complete, if
    /// `index` is or never will be.
    pub(super) fn wait<A: Api>(
        core: &Global,
        device: DeviceId,
        index: u64,
        timeout: Duration,
    ) -> Result<Option<u64>, OtherBackend> {
        // SAFETY: the device is alive, since the caller's `Owned` holds a reference to it, and neither it nor its fence
        // is destroyed through the guards that these give out.
        let (raw, fence) = unsafe { (core.device_as_hal::<A>(device), core.device_fence_as_hal::<A>(device)) };
        let (raw, fence) = raw.zip(fence).ok_or(OtherBackend)?;
        // SAFETY: the fence belongs to this device, and `index` is the number of a submission that was made.
        match unsafe { raw.wait(&fence, index, Some(timeout)) } {
            Ok(false) => Ok(None),
            // SAFETY: the fence belongs to this device.
            Ok(true) => Ok(Some(unsafe { raw.get_fence_value(&fence) }.unwrap_or(index))),
            // A device that is lost completes nothing any more, so there is nothing left to wait for.
            Err(_) => Ok(Some(index)),
        }
    }
}
