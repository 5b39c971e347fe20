//! Mip levels: each is drawn from the one before, and a floor that reaches far away samples them.

use super::canvas::{Canvas, begin, checkers, pipeline, texture_with};
use crate::{Failure, Gpu, Output};

const HALVE: &str = "
    @group(0) @binding(0) var level: texture_2d<f32>;
    @group(0) @binding(1) var smooth_sampler: sampler;
    struct Corner { @builtin(position) place: vec4f, @location(0) coordinate: vec2f }

    @vertex
    fn corner(@builtin(vertex_index) index: u32) -> Corner {
        let coordinate = vec2f(f32(index / 2u) * 2.0, f32(index % 2u) * 2.0);
        return Corner(vec4f(coordinate * vec2f(2.0, -2.0) + vec2f(-1.0, 1.0), 0.0, 1.0), coordinate);
    }

    @fragment
    fn color(corner: Corner) -> @location(0) vec4f { return textureSample(level, smooth_sampler, corner.coordinate); }
";

const FLOOR: &str = "
    @group(0) @binding(0) var board: texture_2d<f32>;
    @group(0) @binding(1) var smooth_sampler: sampler;
    struct Corner { @builtin(position) place: vec4f, @location(0) coordinate: vec2f }

    @vertex
    fn corner(@builtin(vertex_index) index: u32) -> Corner {
        let side = f32(index % 2u) * 2.0 - 1.0;
        let depth = select(1.0, 12.0, index / 2u == 1u);
        return Corner(vec4f(side * 4.0, -1.0, depth * 0.5, depth), vec2f(side * 2.0, depth));
    }

    @fragment
    fn color(corner: Corner) -> @location(0) vec4f { return textureSample(board, smooth_sampler, corner.coordinate); }
";

const SIDE: u32 = 64;
const LEVELS: u32 = 7;

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let board = texture_with(gpu, SIDE, LEVELS, &checkers(SIDE, 16));
    let level = |base_mip_level| {
        board.create_view(&wgpu::TextureViewDescriptor {
            base_mip_level,
            mip_level_count: Some(1),
            ..wgpu::TextureViewDescriptor::default()
        })
    };
    let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        label: Some("smooth"),
        address_mode_u: wgpu::AddressMode::Repeat,
        address_mode_v: wgpu::AddressMode::MirrorRepeat,
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        mipmap_filter: wgpu::MipmapFilterMode::Linear,
        ..wgpu::SamplerDescriptor::default()
    });
    let group = |pipeline: &wgpu::RenderPipeline, view: &wgpu::TextureView| {
        let resources = [wgpu::BindingResource::TextureView(view), wgpu::BindingResource::Sampler(&sampler)];
        gpu.group(&pipeline.get_bind_group_layout(0), &resources)
    };
    let halve = pipeline(gpu, HALVE, &[], |_| {});
    let floor = pipeline(gpu, FLOOR, &[], |descriptor| {
        descriptor.primitive.topology = wgpu::PrimitiveTopology::TriangleStrip;
    });
    let mut encoder = gpu.encoder();
    for target in 1..LEVELS {
        let source = group(&halve, &level(target - 1));
        let mut pass = begin(&mut encoder, &level(target), None);
        pass.set_pipeline(&halve);
        pass.set_bind_group(0, &source, &[]);
        pass.draw(0..3, 0..1);
    }
    gpu.queue.submit([encoder.finish()]);
    let all = group(&floor, &board.create_view(&wgpu::TextureViewDescriptor::default()));
    Canvas::new(gpu).draw(gpu, |pass| {
        pass.set_pipeline(&floor);
        pass.set_bind_group(0, &all, &[]);
        pass.draw(0..4, 0..1);
    })
}
