//! What the passes work on: the rows, and where the cache of each sequence lies.

use bytemuck::{Pod, Zeroable};

use crate::Gpu;

/// Positions of a page of the cache.
pub const PAGE_POSITIONS: u32 = 64;

/// The token of one row of a pass.
#[derive(Clone, Copy, Debug, Eq, Pod, PartialEq, Zeroable)]
#[repr(C)]
pub struct Row {
    /// Which token.
    pub token: u32,
    /// At which position of its sequence.
    pub position: u32,
    /// Which sequence.
    pub sequence: u32,
    /// From which row of the pass the result is taken that becomes this row of the results: that one or a later one.
    /// `u32::MAX` where there is no such result.
    pub result_of: u32,
}

impl Row {
    /// A row that fills a tile up: nothing of it is kept.
    pub const NONE: Self = Self { token: 0, position: u32::MAX, sequence: 0, result_of: u32::MAX };
}

/// The rows and the tables of pages, in one buffer: first the rows, then for each sequence the numbers of its pages.
#[derive(Clone, Debug)]
pub struct State {
    pub(crate) buffer: wgpu::Buffer,
    pub(crate) rows_max: u32,
    pub(crate) pages_max: u32,
}

impl State {
    /// The most rows of which results can be chosen from.
    pub const ROWS_MAX: u32 = 256;
    const ROW_BYTES: u64 = 16;

    /// For so many rows (at most [`State::ROWS_MAX`] take part in results), sequences, and pages of each sequence.
    #[must_use]
    pub fn new(gpu: &Gpu, rows_max: u32, sequences_max: u32, pages_max: u32) -> Self {
        let pages = u64::from(sequences_max) * u64::from(pages_max);
        let bytes = u64::from(rows_max) * Self::ROW_BYTES + pages * 4;
        Self { buffer: gpu.buffer("state", bytes), rows_max, pages_max }
    }

    /// Says what the rows of the next pass are.
    pub fn set_rows(&self, gpu: &Gpu, rows: &[Row]) {
        gpu.queue.write_buffer(&self.buffer, 0, bytemuck::cast_slice(rows));
    }

    /// Says which pages of the cache a sequence has, from its page of this index on.
    pub fn set_pages(&self, gpu: &Gpu, sequence: u32, index: u32, pages: &[u32]) {
        let entry = u64::from(sequence) * u64::from(self.pages_max) + u64::from(index);
        let offset = u64::from(self.rows_max) * Self::ROW_BYTES + entry * 4;
        gpu.queue.write_buffer(&self.buffer, offset, bytemuck::cast_slice(pages));
    }

    /// The buffer with the rows at its start.
    #[must_use]
    pub fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// The part of a kernel that reads it.
    pub(crate) fn source(&self, binding: u32) -> String {
        format!(
            "@group(0) @binding({binding}) var<storage, read> state: array<u32>;
            fn row_token(row: u32) -> u32 {{ return state[row * 4u]; }}
            fn row_position(row: u32) -> u32 {{ return state[row * 4u + 1u]; }}
            fn row_sequence(row: u32) -> u32 {{ return state[row * 4u + 2u]; }}
            fn row_result_of(row: u32) -> u32 {{ return state[row * 4u + 3u]; }}
            fn page(sequence: u32, index: u32) -> u32 {{
                return state[{}u + sequence * {}u + index];
            }}\n",
            self.rows_max * 4,
            self.pages_max
        )
    }
}
