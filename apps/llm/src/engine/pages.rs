//! Which pages of the cache belong to which sequence.

use wardian_kernels::{Gpu, PAGE_POSITIONS, State};

use crate::Failure;

/// Tokens one after the other, and their place in the cache.
#[derive(Debug)]
pub struct Sequence {
    slot: u32,
    length: u32,
    pages: Vec<u32>,
}

impl Sequence {
    /// How many tokens it has.
    #[must_use]
    pub fn length(&self) -> u32 {
        self.length
    }

    /// Its number among the sequences that are open.
    pub(super) fn slot(&self) -> u32 {
        self.slot
    }
}

/// The pages and numbers of sequences that are free.
#[derive(Debug)]
pub(super) struct Pages {
    context: u32,
    sequences: u32,
    free_pages: Vec<u32>,
    free_slots: Vec<u32>,
}

impl Pages {
    /// Room for so many sequences that are as long as can be.
    pub(super) fn new(context: u32, sequences: u32) -> Self {
        let count = context.div_ceil(PAGE_POSITIONS) * sequences;
        Self { context, sequences, free_pages: (0..count).rev().collect(), free_slots: (0..sequences).rev().collect() }
    }

    /// Pages of a sequence at most.
    pub(super) fn pages_max(&self) -> u32 {
        self.context.div_ceil(PAGE_POSITIONS)
    }

    /// Positions of all sequences together at most.
    pub(super) fn slots(&self) -> u32 {
        self.pages_max() * self.sequences * PAGE_POSITIONS
    }

    pub(super) fn open(&mut self) -> Result<Sequence, Failure> {
        let slot = self.free_slots.pop();
        let slot = slot.ok_or_else(|| format!("all {} sequences are in use", self.sequences))?;
        Ok(Sequence { slot, length: 0, pages: Vec::new() })
    }

    pub(super) fn close(&mut self, sequence: Sequence) {
        self.free_pages.extend(sequence.pages);
        self.free_slots.push(sequence.slot);
    }

    /// Makes room for more tokens, and counts them.
    pub(super) fn extend(
        &mut self,
        gpu: &Gpu,
        state: &State,
        sequence: &mut Sequence,
        count: u32,
    ) -> Result<(), Failure> {
        let length = sequence.length.checked_add(count).filter(|length| *length <= self.context);
        let length = length.ok_or_else(|| format!("the context of {} tokens is full", self.context))?;
        let had = u32::try_from(sequence.pages.len())?;
        let missing = length.div_ceil(PAGE_POSITIONS).saturating_sub(had);
        if missing > 0 {
            let rest = self.free_pages.len().checked_sub(usize::try_from(missing)?);
            let pages = self.free_pages.split_off(rest.ok_or("the cache is full")?);
            state.set_pages(gpu, sequence.slot, had, &pages);
            sequence.pages.extend(pages);
        }
        sequence.length = length;
        Ok(())
    }

    pub(super) fn truncate(&mut self, sequence: &mut Sequence, length: u32) {
        sequence.length = sequence.length.min(length);
        let kept = usize::try_from(sequence.length.div_ceil(PAGE_POSITIONS)).unwrap_or(usize::MAX);
        if kept < sequence.pages.len() {
            self.free_pages.extend(sequence.pages.drain(kept..));
        }
    }
}
