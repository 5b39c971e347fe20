//! A star of lines with four samples a pixel, recorded once in a bundle.

use wgpu::BufferUsages as Usage;

use super::canvas::{BACKGROUND, Canvas, pipeline};
use crate::gpu::{FORMAT, SIDE, square, texture};
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    struct End { @builtin(position) place: vec4f, @location(0) color: vec4f }
    @vertex fn end(@location(0) place: vec2f, @location(1) color: vec4f) -> End {
        return End(vec4f(place, 0.0, 1.0), color);
    }
    @fragment fn color(end: End) -> @location(0) vec4f { return end.color; }
";

const SAMPLES: u32 = 4;

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let ends: Vec<[f32; 6]> = (0..24u8)
        .flat_map(|ray| {
            let angle = f32::from(ray) * std::f32::consts::TAU / 24.0;
            let (sine, cosine) = angle.sin_cos();
            let share = f32::from(ray) / 24.0;
            [[0.1 * cosine, 0.1 * sine, 1.0, 1.0, 1.0, 1.0], [0.9 * cosine, 0.9 * sine, share, 1.0 - share, 0.5, 1.0]]
        })
        .collect();
    let vertices = gpu.buffer_with(&ends, Usage::VERTEX);
    let attributes = wgpu::vertex_attr_array![0 => Float32x2, 1 => Float32x4];
    let layout =
        wgpu::VertexBufferLayout { array_stride: 24, step_mode: wgpu::VertexStepMode::Vertex, attributes: &attributes };
    let pipeline = pipeline(gpu, SHADER, &[Some(layout)], |descriptor| {
        descriptor.primitive.topology = wgpu::PrimitiveTopology::LineList;
        descriptor.multisample.count = SAMPLES;
    });
    let mut bundle = gpu.device.create_render_bundle_encoder(&wgpu::RenderBundleEncoderDescriptor {
        label: Some("star"),
        color_formats: &[Some(FORMAT)],
        depth_stencil: None,
        sample_count: SAMPLES,
        multiview: None,
    });
    bundle.set_pipeline(&pipeline);
    bundle.set_vertex_buffer(0, vertices.slice(..));
    bundle.draw(0..u32::try_from(ends.len())?, 0..1);
    let bundle = bundle.finish(&wgpu::RenderBundleDescriptor { label: Some("star") });

    let usage = wgpu::TextureUsages::RENDER_ATTACHMENT;
    let descriptor = wgpu::TextureDescriptor { sample_count: SAMPLES, ..texture(square(SIDE), FORMAT, usage) };
    let samples = gpu.device.create_texture(&descriptor).create_view(&wgpu::TextureViewDescriptor::default());
    let canvas = Canvas::new(gpu);
    let mut encoder = gpu.encoder();
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        color_attachments: &[Some(wgpu::RenderPassColorAttachment {
            view: &samples,
            depth_slice: None,
            resolve_target: Some(&canvas.view),
            ops: wgpu::Operations { load: wgpu::LoadOp::Clear(BACKGROUND), store: wgpu::StoreOp::Discard },
        })],
        ..wgpu::RenderPassDescriptor::default()
    });
    pass.execute_bundles([&bundle]);
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&canvas.picture)
}
