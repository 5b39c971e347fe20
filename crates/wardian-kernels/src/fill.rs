//! Weights that are made up on the device, to measure with.

use crate::{
    Gpu, Weights,
    gpu::{Bound, Step},
};

/// Fills weights with numbers that look like chance.
#[derive(Clone, Copy, Debug)]
pub struct Fill;

impl Fill {
    /// Fills a matrix of 4 or 8 bits a number, with small scales.
    pub fn weights(gpu: &Gpu, weights: &Weights) {
        let numbers = "fn number(index: u32) -> u32 { return hash(index); }";
        Self::buffer(gpu, &weights.numbers, numbers);
        // 0.01, and -8 times that.
        let scale = format!(
            "fn number(index: u32) -> u32 {{ return pack2x16float(vec2<f32>(0.01, -0.08) * {}); }}",
            if weights.format == crate::Format::Bytes { "0.05" } else { "1.0" }
        );
        Self::buffer(gpu, &weights.scales, &scale);
    }

    /// Fills with ones.
    pub fn ones(gpu: &Gpu, buffer: &wgpu::Buffer) {
        Self::buffer(gpu, buffer, "fn number(index: u32) -> u32 { return bitcast<u32>(1.0); }");
    }

    fn buffer(gpu: &Gpu, buffer: &wgpu::Buffer, number: &str) {
        let text = number.to_owned() + include_str!("wgsl/fill.wgsl");
        let (layout, group) = gpu.bind(&[Bound::Write(buffer)]);
        let pipeline = gpu.pipeline("fill", &text, &layout);
        let step = Step { pipeline, group, groups: 4096, tile: 1 };
        let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: None });
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor { label: None, timestamp_writes: None });
        step.record(&mut pass, 1);
        drop(pass);
        gpu.queue.submit([encoder.finish()]);
    }
}
