//! Numbers that are set in a pass, without a buffer; and offsets into a buffer that are set there, too.

use wgpu::BufferUsages as Usage;

use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    struct Step { factor: u32, offset: u32, place: u32, unused: u32 }
    var<immediate> step: Step;
    @group(0) @binding(0) var<uniform> base: vec4u;
    @group(0) @binding(1) var<storage, read_write> results: array<u32>;
    @compute @workgroup_size(1)
    fn main() { results[step.place] = base.x * step.factor + step.offset; }
";

const fn entry(binding: u32, ty: wgpu::BufferBindingType, has_dynamic_offset: bool) -> wgpu::BindGroupLayoutEntry {
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset, min_binding_size: None },
        count: None,
    }
}

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    if !gpu.device.features().contains(wgpu::Features::IMMEDIATES) {
        return Ok(Output::lines(["this adapter has no immediates"]));
    }
    let layout = gpu.device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[
            entry(0, wgpu::BufferBindingType::Uniform, true),
            entry(1, wgpu::BufferBindingType::Storage { read_only: false }, false),
        ],
    });
    let pipeline_layout = gpu.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(&layout)],
        immediate_size: 16,
    });
    let pipeline = gpu.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: Some(&pipeline_layout),
        module: &gpu.shader(SHADER),
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    let mut bases = [0u32; 128];
    (bases[0], bases[64]) = (10, 1000);
    let bases = gpu.buffer_with(&bases, Usage::UNIFORM);
    let results = gpu.buffer(32, Usage::STORAGE | Usage::COPY_SRC);
    let base = wgpu::BufferBinding { buffer: &bases, offset: 0, size: wgpu::BufferSize::new(16) };
    let group = gpu.group(&layout, &[wgpu::BindingResource::Buffer(base), results.as_entire_binding()]);
    let mut encoder = gpu.encoder();
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    for place in 0..8u32 {
        pass.set_bind_group(0, &group, &[256 * (place % 2)]);
        pass.set_immediates(0, bytemuck::cast_slice(&[place + 1, 7, place, 0]));
        if place > 5 {
            pass.set_immediates(4, bytemuck::bytes_of(&90u32));
        }
        pass.dispatch_workgroups(1, 1, 1);
    }
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    Ok(Output::lines(gpu.read::<u32>(&results)?))
}
