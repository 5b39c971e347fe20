//! The same work again and again: one pipeline and one set of buffers, filled and read by mapping.

use wgpu::BufferUsages as Usage;

use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    @group(0) @binding(0) var<storage, read> input: array<f32>;
    @group(0) @binding(1) var<storage, read_write> output: array<f32>;
    override FACTOR: f32;

    @compute @workgroup_size(64)
    fn scale(@builtin(global_invocation_id) id: vec3u) { output[id.x] = input[id.x] * FACTOR + output[id.x]; }
";

const COUNT: u64 = 256;

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: Some("scale"),
        layout: None,
        module: &gpu.shader(SHADER),
        entry_point: Some("scale"),
        compilation_options: wgpu::PipelineCompilationOptions {
            constants: &[("FACTOR", 0.5)],
            ..wgpu::PipelineCompilationOptions::default()
        },
        cache: None,
    });
    let size = COUNT * 4;
    let upload = gpu.buffer(size, Usage::MAP_WRITE | Usage::COPY_SRC);
    let input = gpu.buffer(size, Usage::STORAGE | Usage::COPY_DST);
    let output = gpu.buffer(size, Usage::STORAGE | Usage::COPY_SRC);
    let download = gpu.buffer(size, Usage::MAP_READ | Usage::COPY_DST);
    let group = gpu.group(&pipeline.get_bind_group_layout(0), &[input.as_entire_binding(), output.as_entire_binding()]);
    let mut lines = Vec::new();
    for round in 0..5u16 {
        // Each round writes a quarter only; the rest of the mapped bytes must stay as the rounds before left them.
        upload.map_async(wgpu::MapMode::Write, .., |outcome| outcome.unwrap_or_default());
        gpu.device.poll(wgpu::PollType::wait_indefinitely())?;
        let quarter = u64::from(round % 4) * size / 4;
        let numbers: Vec<f32> = (0..COUNT / 4).map(|_| f32::from(round + 1)).collect();
        upload.get_mapped_range_mut(quarter..quarter + size / 4)?.copy_from_slice(bytemuck::cast_slice(&numbers));
        upload.unmap();

        let mut encoder = gpu.encoder();
        encoder.copy_buffer_to_buffer(&upload, 0, &input, 0, None);
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(u32::try_from(COUNT / 64)?, 1, 1);
        drop(pass);
        encoder.copy_buffer_to_buffer(&output, 0, &download, 0, size);
        gpu.queue.submit([encoder.finish()]);
        let numbers: Vec<f32> = gpu.read_mapped(&download)?;
        lines.extend(numbers.iter().step_by(64).copied());
    }
    Ok(Output::lines(lines))
}
