//! A matrix of weights on the GPU.

use crate::{Format, Gpu, Unpacked, format::BLOCK};

/// A matrix of weights, row after row.
#[derive(Clone, Debug)]
pub struct Weights {
    /// How they lie.
    pub format: Format,
    /// How many rows there are.
    pub rows: u32,
    /// How many numbers a row has: a multiple of 32.
    pub columns: u32,
    pub(crate) numbers: wgpu::Buffer,
    pub(crate) scales: wgpu::Buffer,
}

impl Weights {
    /// Room for them.
    #[must_use]
    pub fn new(gpu: &Gpu, label: &str, format: Format, rows: u32, columns: u32) -> Self {
        let blocks = Self::blocks(rows, columns);
        Self {
            format,
            rows,
            columns,
            numbers: gpu.buffer(label, blocks * format.number_bytes()),
            scales: gpu.buffer(label, blocks * format.scale_bytes()),
        }
    }

    /// How many bytes they take on the GPU, without making them.
    #[must_use]
    pub fn bytes(format: Format, rows: u32, columns: u32) -> u64 {
        Self::blocks(rows, columns) * (format.number_bytes() + format.scale_bytes())
    }

    fn blocks(rows: u32, columns: u32) -> u64 {
        u64::from(rows) * u64::from(columns / BLOCK)
    }

    /// Writes blocks, from this one on.
    pub fn write(&self, gpu: &Gpu, first_block: u64, blocks: &Unpacked) {
        gpu.queue.write_buffer(&self.numbers, first_block * self.format.number_bytes(), &blocks.numbers);
        if !blocks.scales.is_empty() {
            gpu.queue.write_buffer(&self.scales, first_block * self.format.scale_bytes(), &blocks.scales);
        }
    }
}
