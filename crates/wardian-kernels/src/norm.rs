//! Normalisation by the root of the mean square.

use crate::{
    Activations, Gpu, State, Step,
    gpu::{Bound, constants},
    quantise,
};

const THREADS: u32 = 256;

/// Rows divided by the root of their mean square, times weights; rounded for the product that follows.
#[derive(Clone, Debug)]
pub struct Norm {
    step: Step,
}

impl Norm {
    /// All rows of a pass.
    #[must_use]
    pub fn new(gpu: &Gpu, input: &wgpu::Buffer, weight: &wgpu::Buffer, epsilon: f32, output: &Activations) -> Self {
        let rows = "fn source_row(row: u32) -> u32 { return row; }\n";
        Self::make(gpu, input, weight, epsilon, output, rows, &[])
    }

    /// Those rows of which results are wanted.
    #[must_use]
    pub fn of_results(
        gpu: &Gpu,
        input: &wgpu::Buffer,
        weight: &wgpu::Buffer,
        epsilon: f32,
        output: &Activations,
        state: &State,
    ) -> Self {
        let rows = state.source(5) + "fn source_row(row: u32) -> u32 { return row_result_of(row); }\n";
        Self::make(gpu, input, weight, epsilon, output, &rows, &[Bound::Read(&state.buffer)])
    }

    fn make(
        gpu: &Gpu,
        input: &wgpu::Buffer,
        weight: &wgpu::Buffer,
        epsilon: f32,
        output: &Activations,
        rows: &str,
        more: &[Bound<'_>],
    ) -> Self {
        let text = quantise::source(2, THREADS)
            + &constants(&[("COLUMNS", output.columns)])
            + &format!("const EPSILON: f32 = {epsilon:e};\n{rows}")
            + include_str!("wgsl/norm.wgsl");
        let [floats, numbers, scales] = output.bound();
        let mut bound = vec![Bound::Read(input), Bound::Read(weight), floats, numbers, scales];
        bound.extend(more);
        let (layout, group) = gpu.bind(&bound);
        let pipeline = gpu.pipeline("norm", &text, &layout);
        Self { step: Step { pipeline, group, groups: 1, tile: 1 } }
    }

    /// Records it, for so many rows.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32) {
        self.step.record(pass, rows);
    }
}
