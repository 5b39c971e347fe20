//! How many sources are compiled at a time: each can take all the memory that it is given.

use std::thread;

use parking_lot::{Condvar, Mutex};

/// Places, however many processors there are.
const SLOTS_MAX: usize = 8;
const SLOTS_MIN: usize = 2;

#[derive(Debug)]
pub(crate) struct Slots {
    /// How many are free.
    free: Mutex<usize>,
    freed: Condvar,
}

/// One of the places, until it is dropped.
#[derive(Debug)]
pub(crate) struct Slot<'a>(&'a Slots);

impl Slots {
    pub(crate) fn new() -> Self {
        Self { free: Mutex::new(Self::count()), freed: Condvar::new() }
    }

    /// One for each processor.
    pub(crate) fn count() -> usize {
        thread::available_parallelism().map_or(SLOTS_MIN, |count| count.get().clamp(SLOTS_MIN, SLOTS_MAX))
    }

    /// Waits for a place.
    pub(crate) fn take(&self) -> Slot<'_> {
        let mut free = self.free.lock();
        while *free == 0 {
            self.freed.wait(&mut free);
        }
        *free = free.saturating_sub(1);
        Slot(self)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        let mut free = self.0.free.lock();
        *free = free.saturating_add(1);
        drop(free);
        self.0.freed.notify_one();
    }
}
