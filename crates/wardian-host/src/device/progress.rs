//! What a device's queue was given, and how calls wait for it without holding up the thread they are on.

use std::convert::Infallible;
use std::future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use parking_lot::Mutex;
use tokio::sync::oneshot;
use wgpu_types::{DeviceType, PollType};

use super::Device;
use crate::brief::Waits;
use crate::poll::Held;
use crate::quota::{Amounts, Charge, Usage};

/// What a write to the queue costs beside its data, until it is submitted.
const WRITE_BYTES: u64 = 2048;

/// How far a device's queue is.
#[derive(Debug)]
pub(super) struct Progress {
    /// Whether the queue was given data that no submission has carried to the GPU yet.
    unflushed: AtomicBool,
    /// What the next call that waits for the queue's work has to wait for: it ends with the newest such call.
    work_done: Mutex<oneshot::Receiver<Infallible>>,
    /// What was written to the queue since the last submission. Guards nothing else, and is held for no call.
    staged: Mutex<Charge>,
    waits: Waits,
}

impl Progress {
    pub(super) fn new(usage: &Usage) -> Self {
        Self {
            unflushed: AtomicBool::new(false),
            // Its sender is gone: there is no call before the first.
            work_done: Mutex::new(oneshot::channel().1),
            staged: Mutex::new(Charge::nothing(usage)),
            waits: Waits::new(),
        }
    }
}

impl Device {
    /// Makes room for data that goes to the queue and stays there until the next submission.
    pub(crate) fn admit_write(&self, bytes: usize) -> bool {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(WRITE_BYTES);
        let Some(charge) = self.admit("", Amounts::staged(bytes)) else { return false };
        self.0.progress.staged.lock().add(charge);
        true
    }

    /// The queue was given data by a write, which reaches the GPU with the next submission.
    pub(crate) fn note_write(&self) {
        self.0.progress.unflushed.store(true, Ordering::Release);
    }

    /// The queue was given work.
    pub(crate) fn note_submission(&self, index: u64) {
        self.0.progress.unflushed.store(false, Ordering::Release);
        self.0.progress.staged.lock().clear();
        self.0.poller.submitted(index);
    }

    /// Makes the queue carry out the writes that wait for a submission: maps and work-done callbacks must see them.
    pub(crate) fn flush(&self) -> wasmtime::Result<()> {
        if self.is_lost() || !self.0.progress.unflushed.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        match self.call(|core| core.queue_submit(self.0.queue, &[]).map_err(|(_, error)| Box::new(error)))? {
            Ok(index) => self.note_submission(index),
            // The GPU was given nothing that could be waited for.
            Err(error) => self.report(error.as_ref()),
        }
        Ok(())
    }

    /// A place for a call that waits for the queue's work: what to keep until it returns, and what to wait for before.
    pub(crate) fn queue_up(&self) -> (oneshot::Sender<Infallible>, oneshot::Receiver<Infallible>) {
        let (sender, receiver) = oneshot::channel();
        let before = std::mem::replace(&mut *self.0.progress.work_done.lock(), receiver);
        (sender, before)
    }

    /// Completes at once what needs no more work to be done: a map of an idle buffer, the end of a device without work.
    /// It takes microseconds; waiting for the GPU is the poller's.
    pub(crate) fn poll(&self) -> wasmtime::Result<()> {
        match self.call(|core| core.device_poll(self.0.id, PollType::Poll))? {
            Ok(_) => Ok(()),
            // The loss of the device has its own way to be told.
            Err(error) => {
                tracing::debug!("polling a device: {error}");
                Ok(())
            }
        }
    }

    /// Waits until `ready` is, which the end of a submission brings about; 0 stands for none.
    pub(crate) async fn wait_for<R>(&self, submission: u64, ready: impl FnMut(&mut Context<'_>) -> Poll<R>) -> R {
        if submission == 0 {
            return future::poll_fn(ready).await;
        }
        let leave = || self.0.poller.awaited(submission);
        self.0.progress.waits.wait(ready, || self.poll().is_ok(), leave).await
    }

    /// Keeps what is mapped in its place while the host copies from or to it.
    pub(crate) fn hold_memory(&self) -> Held {
        self.0.poller.hold_memory()
    }

    /// Whether a submission may block the thread: software drivers run one at a time.
    pub(crate) fn submit_may_block(&self) -> bool {
        self.0.info.device_type == DeviceType::Cpu
    }
}
