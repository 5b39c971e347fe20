//! Boxes that throw shadows onto a floor: what the light sees is drawn into a depth texture, and a sampler that
//! compares says which points it does not reach.

use glam::{Mat4, Vec3};
use wgpu::BufferUsages as Usage;

use super::canvas::{Canvas, begin, cleared_depth, depth_view, nearer, pipeline};
use super::cube::corners;
use crate::gpu::SIDE;
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    struct Scene { camera: mat4x4f, light: mat4x4f, toward_light: vec4f }
    @group(0) @binding(0) var<uniform> scene: Scene;
    @group(0) @binding(1) var depths: texture_depth_2d;
    @group(0) @binding(2) var closer: sampler_comparison;
    struct Corner { @builtin(position) place: vec4f, @location(0) world: vec3f, @location(1) color: vec3f }

    @vertex
    fn corner(
        @location(0) place: vec3f,
        @location(1) center: vec3f,
        @location(2) size: vec3f,
        @location(3) color: vec3f,
    ) -> Corner {
        let world = place * size + center;
        return Corner(scene.camera * vec4f(world, 1.0), world, color);
    }

    @fragment
    fn color(corner: Corner) -> @location(0) vec4f {
        let normal = normalize(cross(dpdx(corner.world), dpdy(corner.world)));
        let facing = abs(dot(normal, scene.toward_light.xyz));
        let seen = scene.light * vec4f(corner.world, 1.0);
        let lit = textureSampleCompareLevel(depths, closer, seen.xy * vec2f(0.5, -0.5) + 0.5, seen.z - 0.01);
        return vec4f(corner.color * (0.25 + 0.75 * lit * facing), 1.0);
    }
";

const LIGHT: &str = "
    @group(0) @binding(0) var<uniform> light: mat4x4f;
    @vertex
    fn corner(@location(0) place: vec3f, @location(1) center: vec3f, @location(2) size: vec3f) -> @builtin(position) vec4f {
        return light * vec4f(place * size + center, 1.0);
    }
";

/// Centre, half size and colour of each box; the first is the floor.
const BOXES: [[f32; 9]; 4] = [
    [0.0, -0.1, 0.0, 4.0, 0.1, 4.0, 0.7, 0.7, 0.6],
    [-1.2, 0.8, 0.3, 0.5, 0.8, 0.5, 0.8, 0.3, 0.2],
    [0.9, 0.4, -0.8, 0.7, 0.4, 0.4, 0.2, 0.5, 0.8],
    [0.8, 1.6, 1.0, 0.3, 0.2, 0.3, 0.3, 0.7, 0.3],
];

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let (corners, indices) = corners();
    let vertices = gpu.buffer_with(&corners, Usage::VERTEX);
    let boxes = gpu.buffer_with(&BOXES, Usage::VERTEX);
    let indices_buffer = gpu.buffer_with(&indices, Usage::INDEX);
    let count = u32::try_from(indices.len())?;

    let toward_light = Vec3::new(2.0, 4.0, 1.5).normalize();
    let camera = Mat4::perspective_rh(0.8, 1.0, 0.1, 30.0)
        * Mat4::look_at_rh(Vec3::new(3.0, 4.0, 5.5), Vec3::new(0.0, 0.4, 0.0), Vec3::Y);
    let light = Mat4::orthographic_rh(-4.5, 4.5, -4.5, 4.5, 0.0, 20.0)
        * Mat4::look_at_rh(toward_light * 10.0, Vec3::ZERO, Vec3::Y);
    let mut scene: Vec<f32> = camera.to_cols_array().into_iter().chain(light.to_cols_array()).collect();
    scene.extend(toward_light.extend(0.0).to_array());
    let scene = gpu.buffer_with(&scene, Usage::UNIFORM);
    let light = gpu.buffer_with(&light.to_cols_array(), Usage::UNIFORM);

    let corner = wgpu::vertex_attr_array![0 => Float32x3];
    let object = wgpu::vertex_attr_array![1 => Float32x3, 2 => Float32x3, 3 => Float32x3];
    let layouts = [(20, wgpu::VertexStepMode::Vertex, &corner[..]), (36, wgpu::VertexStepMode::Instance, &object[..])]
        .map(|(array_stride, step_mode, attributes)| {
            Some(wgpu::VertexBufferLayout { array_stride, step_mode, attributes })
        });
    let shadows = pipeline(gpu, LIGHT, &layouts, |descriptor| {
        descriptor.fragment = None;
        descriptor.depth_stencil = Some(wgpu::DepthStencilState {
            bias: wgpu::DepthBiasState { constant: 2, slope_scale: 1.5, clamp: 0.0 },
            ..nearer()
        });
    });
    let lit = pipeline(gpu, SHADER, &layouts, |descriptor| descriptor.depth_stencil = Some(nearer()));
    let depths = depth_view(gpu, 256);
    let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        compare: Some(wgpu::CompareFunction::LessEqual),
        mag_filter: wgpu::FilterMode::Linear,
        min_filter: wgpu::FilterMode::Linear,
        ..wgpu::SamplerDescriptor::default()
    });
    let by_light = gpu.group(&shadows.get_bind_group_layout(0), &[light.as_entire_binding()]);
    let by_camera = gpu.group(
        &lit.get_bind_group_layout(0),
        &[
            scene.as_entire_binding(),
            wgpu::BindingResource::TextureView(&depths),
            wgpu::BindingResource::Sampler(&sampler),
        ],
    );

    let canvas = Canvas::new(gpu);
    let depth = depth_view(gpu, SIDE);
    let mut encoder = gpu.encoder();
    let draw = |pass: &mut wgpu::RenderPass<'_>, pipeline: &wgpu::RenderPipeline, group: &wgpu::BindGroup| {
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, group, &[]);
        pass.set_vertex_buffer(0, vertices.slice(..));
        pass.set_vertex_buffer(1, boxes.slice(..));
        pass.set_index_buffer(indices_buffer.slice(..), wgpu::IndexFormat::Uint16);
        pass.draw_indexed(0..count, 0, 0..4);
    };
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        depth_stencil_attachment: Some(cleared_depth(&depths)),
        ..wgpu::RenderPassDescriptor::default()
    });
    draw(&mut pass, &shadows, &by_light);
    drop(pass);
    draw(&mut begin(&mut encoder, &canvas.view, Some(&depth)), &lit, &by_camera);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&canvas.picture)
}
