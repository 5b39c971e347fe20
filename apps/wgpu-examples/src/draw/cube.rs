//! A textured cube, seen from a corner.

use glam::{Mat4, Vec3};
use wgpu::BufferUsages as Usage;

use super::canvas::{Canvas, begin, checkers, depth_view, nearer, pipeline, texture_with};
use crate::gpu::SIDE;
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    @group(0) @binding(0) var<uniform> transform: mat4x4f;
    @group(0) @binding(1) var board: texture_2d<f32>;
    @group(0) @binding(2) var smooth_sampler: sampler;
    struct Corner { @builtin(position) place: vec4f, @location(0) coordinate: vec2f }

    @vertex
    fn corner(@location(0) place: vec3f, @location(1) coordinate: vec2f) -> Corner {
        return Corner(transform * vec4f(place, 1.0), coordinate);
    }

    @fragment
    fn color(corner: Corner) -> @location(0) vec4f { return textureSample(board, smooth_sampler, corner.coordinate); }
";

/// Places and coordinates of a cube's corners, four a face, and the indices of its triangles.
pub(super) fn corners() -> (Vec<[f32; 5]>, Vec<u16>) {
    let mut corners = Vec::new();
    let mut indices = Vec::new();
    for (face, axis) in (0u16..).zip([Vec3::X, Vec3::NEG_X, Vec3::Y, Vec3::NEG_Y, Vec3::Z, Vec3::NEG_Z]) {
        let right = if axis.y == 0.0 { Vec3::Y.cross(axis) } else { Vec3::X };
        let up = axis.cross(right);
        for (u, v) in [(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)] {
            let place = axis + right * (2.0 * u - 1.0) + up * (2.0 * v - 1.0);
            corners.push([place.x, place.y, place.z, u, 1.0 - v]);
        }
        indices.extend([0, 1, 2, 2, 3, 0].map(|corner| face * 4 + corner));
    }
    (corners, indices)
}

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let (corners, indices) = corners();
    let vertices = gpu.buffer_with(&corners, Usage::VERTEX);
    let indices_buffer = gpu.buffer_with(&indices, Usage::INDEX);
    let view = Mat4::look_at_rh(Vec3::new(2.2, 2.6, 3.4), Vec3::ZERO, Vec3::Y);
    let transform = Mat4::perspective_rh(0.9, 1.0, 0.1, 20.0) * view;
    let uniform = gpu.buffer(64, Usage::UNIFORM | Usage::COPY_DST);
    gpu.queue.write_buffer(&uniform, 0, bytemuck::cast_slice(&transform.to_cols_array()));
    let board = texture_with(gpu, 32, 1, &checkers(32, 8)).create_view(&wgpu::TextureViewDescriptor::default());
    let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        ..wgpu::SamplerDescriptor::default()
    });
    let attributes = wgpu::vertex_attr_array![0 => Float32x3, 1 => Float32x2];
    let layout =
        wgpu::VertexBufferLayout { array_stride: 20, step_mode: wgpu::VertexStepMode::Vertex, attributes: &attributes };
    let pipeline = pipeline(gpu, SHADER, &[Some(layout)], |descriptor| {
        descriptor.depth_stencil = Some(nearer());
        descriptor.primitive.cull_mode = Some(wgpu::Face::Back);
    });
    let group = gpu.group(
        &pipeline.get_bind_group_layout(0),
        &[
            uniform.as_entire_binding(),
            wgpu::BindingResource::TextureView(&board),
            wgpu::BindingResource::Sampler(&sampler),
        ],
    );
    let canvas = Canvas::new(gpu);
    let depth = depth_view(gpu, SIDE);
    let mut encoder = gpu.encoder();
    let mut pass = begin(&mut encoder, &canvas.view, Some(&depth));
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.set_vertex_buffer(0, vertices.slice(..));
    pass.set_index_buffer(indices_buffer.slice(..), wgpu::IndexFormat::Uint16);
    pass.draw_indexed(0..u32::try_from(indices.len())?, 0, 0..1);
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&canvas.picture)
}
