//! Rounding activations to 8 bits, as products of quantised weights take them.

use crate::{
    Gpu, Step,
    format::BLOCK,
    gpu::{Bound, THREADS, constants},
};

/// Rows of activations, as they are and rounded.
#[derive(Clone, Debug)]
pub struct Activations {
    /// How many numbers a row has.
    pub columns: u32,
    /// As they are.
    pub floats: wgpu::Buffer,
    /// Four a word.
    pub(crate) numbers: wgpu::Buffer,
    /// The scale of a block, and the sum of its numbers times that.
    pub(crate) scales: wgpu::Buffer,
}

impl Activations {
    /// For so many rows.
    #[must_use]
    pub fn new(gpu: &Gpu, label: &str, rows_max: u32, columns: u32) -> Self {
        let count = u64::from(rows_max) * u64::from(columns);
        Self {
            columns,
            floats: gpu.buffer(label, count * 4),
            numbers: gpu.buffer(label, count),
            scales: gpu.buffer(label, count / u64::from(BLOCK) * 8),
        }
    }

    /// What a kernel binds that writes them.
    pub(crate) fn bound(&self) -> [Bound<'_>; 3] {
        [Bound::Write(&self.floats), Bound::Write(&self.numbers), Bound::Write(&self.scales)]
    }
}

/// The part of a kernel that writes activations, at three bindings from this one on.
pub(crate) fn source(binding: u32, threads: u32) -> String {
    let [numbers, scales] = [binding + 1, binding + 2];
    format!(
        "@group(0) @binding({binding}) var<storage, read_write> floats: array<f32>;
        @group(0) @binding({numbers}) var<storage, read_write> numbers: array<u32>;
        @group(0) @binding({scales}) var<storage, read_write> scales: array<vec2<f32>>;\n"
    ) + &constants(&[("THREADS", threads)])
        + include_str!("wgsl/quantise.wgsl")
}

/// Rounds rows that are there as they are.
#[derive(Clone, Debug)]
pub struct Quantise {
    step: Step,
}

impl Quantise {
    /// From a buffer of rows.
    #[must_use]
    pub fn new(gpu: &Gpu, input: &wgpu::Buffer, output: &Activations) -> Self {
        let text = source(1, THREADS) + &constants(&[("COLUMNS", output.columns)]) + include_str!("wgsl/rounded.wgsl");
        let [floats, numbers, scales] = output.bound();
        let (layout, group) = gpu.bind(&[Bound::Read(input), floats, numbers, scales]);
        let pipeline = gpu.pipeline("quantise", &text, &layout);
        Self { step: Step { pipeline, group, groups: output.columns.div_ceil(THREADS), tile: 1 } }
    }

    /// Records it, for so many rows.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32) {
        self.step.record(pass, rows);
    }
}
