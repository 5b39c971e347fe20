//! The most likely token.

use crate::{
    Gpu, State, Step,
    gpu::{Bound, constants},
};

const PARTS: u32 = 64;

/// Chooses the token with the greatest logit of each row of results, and makes it the row's next one.
#[derive(Clone, Debug)]
pub struct Argmax {
    parts: Step,
    choose: Step,
}

impl Argmax {
    /// Of rows of logits, one a token of the vocabulary.
    #[must_use]
    pub fn new(gpu: &Gpu, logits: &wgpu::Buffer, vocabulary: u32, state: &State) -> Self {
        let candidates = gpu.buffer("candidates", u64::from(state.rows_max) * u64::from(PARTS) * 8);
        let part = vocabulary.div_ceil(PARTS);
        let shared = constants(&[("COUNT", vocabulary), ("PART", part), ("PARTS", PARTS)]);
        let (layout, group) = gpu.bind(&[Bound::Read(logits), Bound::Write(&candidates)]);
        let pipeline = gpu.pipeline("argmax", &(shared.clone() + include_str!("wgsl/argmax.wgsl")), &layout);
        let parts = Step { pipeline, group, groups: PARTS, tile: 1 };
        let (layout, group) = gpu.bind(&[Bound::Read(&candidates), Bound::Write(&state.buffer)]);
        let pipeline = gpu.pipeline(
            "choose",
            &(shared + &constants(&[("ROWS", state.rows_max)]) + include_str!("wgsl/choose.wgsl")),
            &layout,
        );
        Self { parts, choose: Step { pipeline, group, groups: 1, tile: 1 } }
    }

    /// Records it, for so many rows of results, which are the first rows of the state.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, rows: u32) {
        self.parts.record(pass, rows);
        self.choose.record(pass, 1);
    }
}
