//! The first activations of a row: the weights of its token.

use crate::{
    Gpu, State, Step, Weights,
    gpu::{Bound, THREADS, constants},
};

/// Looks the weights of each row's token up.
#[derive(Clone, Debug)]
pub struct Embedding {
    step: Step,
}

impl Embedding {
    /// From a table with a row a token, times a factor.
    #[must_use]
    pub fn new(gpu: &Gpu, table: &Weights, state: &State, factor: f32, output: &wgpu::Buffer) -> Self {
        let text = table.format.source()
            + &state.source(2)
            + &constants(&[("COLUMNS", table.columns), ("ROWS", table.rows)])
            + &format!("const SCALE: f32 = {factor:e};\n")
            + "@group(0) @binding(3) var<storage, read_write> output: array<f32>;\n"
            + include_str!("wgsl/embedding.wgsl");
        let bound =
            [Bound::Read(&table.numbers), Bound::Read(&table.scales), Bound::Read(&state.buffer), Bound::Write(output)];
        let (layout, group) = gpu.bind(&bound);
        let pipeline = gpu.pipeline("embedding", &text, &layout);
        Self { step: Step { pipeline, group, groups: table.columns.div_ceil(THREADS), tile: 1 } }
    }

    /// Records it, for so many rows.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32) {
        self.step.record(pass, rows);
    }
}
