//! How much memory the guests of a tenant have, all its stores together.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use wasmtime::ResourceLimiter;

/// What an element of a table takes.
const ELEMENT_BYTES: u64 = 16;

/// The memory of a tenant's guests. Clones show the same.
#[derive(Clone, Debug)]
pub struct Memory(Arc<Ledger>);

#[derive(Debug)]
struct Ledger {
    max: u64,
    used: AtomicU64,
}

impl Memory {
    /// At most so many bytes. A guest that wants more is told that there is none, as a system would tell it.
    #[must_use]
    pub fn new(max: u64) -> Self {
        Self(Arc::new(Ledger { max, used: AtomicU64::new(0) }))
    }

    pub(crate) fn share(&self) -> MemoryShare {
        MemoryShare { memory: self.clone(), own: 0, last: 0, refused: Arc::default() }
    }

    /// How many bytes are in use.
    #[cfg(test)]
    fn used(&self) -> u64 {
        self.0.used.load(Ordering::Acquire)
    }

    fn take(&self, bytes: u64) -> bool {
        let Ledger { max, used } = &*self.0;
        let more = |now: u64| now.checked_add(bytes).filter(|sum| sum <= max);
        used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).is_ok()
    }

    fn give_back(&self, bytes: u64) {
        self.0.used.fetch_sub(bytes, Ordering::AcqRel);
    }
}

/// What one store has of it. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct MemoryShare {
    memory: Memory,
    own: u64,
    /// What was taken last, for when the system then doesn't have it.
    last: u64,
    refused: Arc<AtomicBool>,
}

impl MemoryShare {
    /// Whether the store was refused some. It has what it has until it ends.
    pub(crate) fn refused(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.refused)
    }

    fn grow(&mut self, current: usize, desired: usize, unit: u64) -> bool {
        let more = u64::try_from(desired.saturating_sub(current)).unwrap_or(u64::MAX).saturating_mul(unit);
        let granted = self.memory.take(more);
        self.last = if granted { more } else { 0 };
        self.refused.fetch_or(!granted, Ordering::AcqRel);
        self.own = self.own.saturating_add(self.last);
        granted
    }

    fn undo(&mut self) {
        let last = std::mem::take(&mut self.last);
        self.own = self.own.saturating_sub(last);
        self.memory.give_back(last);
    }
}

impl Drop for MemoryShare {
    fn drop(&mut self) {
        self.memory.give_back(self.own);
    }
}

impl ResourceLimiter for MemoryShare {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, 1))
    }

    fn memory_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(self.grow(current, desired, ELEMENT_BYTES))
    }

    fn table_grow_failed(&mut self, _: wasmtime::Error) -> wasmtime::Result<()> {
        self.undo();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stores_count_together_and_give_back() {
        let memory = Memory::new(100);
        let (mut first, mut second) = (memory.share(), memory.share());
        assert!(first.grow(0, 60, 1), "there is enough");
        assert!(!second.grow(0, 50, 1), "there is not");
        assert!(second.grow(0, 40, 1) && !second.grow(40, 41, 1), "to the last byte");
        second.undo();
        assert_eq!(memory.used(), 100, "a refusal took nothing that could be undone");
    }

    #[test]
    fn what_failed_and_what_is_dropped_is_given_back() {
        let memory = Memory::new(100);
        let mut store = memory.share();
        assert!(store.grow(0, 30, 1) && store.grow(30, 70, 1), "there is enough");
        store.undo();
        assert_eq!(memory.used(), 30, "the last one only");
        drop(store);
        assert_eq!(memory.used(), 0, "all of it");
        assert!(!memory.share().grow(0, usize::MAX, u64::MAX), "no number is too large");
    }
}
