//! A sky around the camera: six layers of a texture, seen as a cube.

use super::canvas::{Canvas, pipeline};
use crate::gpu::{FORMAT, texture};
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    @group(0) @binding(0) var sky: texture_cube<f32>;
    @group(0) @binding(1) var smooth_sampler: sampler;
    struct Corner { @builtin(position) place: vec4f, @location(0) way: vec2f }

    @vertex
    fn corner(@builtin(vertex_index) index: u32) -> Corner {
        let way = vec2f(f32(index % 2u) * 4.0 - 1.0, f32(index / 2u) * 4.0 - 1.0);
        return Corner(vec4f(way, 0.0, 1.0), way);
    }

    @fragment
    fn color(corner: Corner) -> @location(0) vec4f {
        let angle = corner.way.x * 2.6;
        let way = vec3f(sin(angle), corner.way.y * 1.4, cos(angle));
        return textureSample(sky, smooth_sampler, way);
    }
";

const SIDE: u32 = 16;
const COLORS: [[u8; 3]; 6] =
    [[250, 120, 90], [90, 120, 250], [240, 240, 255], [70, 60, 50], [120, 220, 130], [230, 200, 90]];

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let size = wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 6 };
    let usage = wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST;
    let sky = gpu.device.create_texture(&texture(size, FORMAT, usage));
    let mut texels = Vec::new();
    for [red, green, blue] in COLORS {
        for place in 0..SIDE * SIDE {
            let is_star = place % 37 == 5;
            texels.extend(if is_star { [255; 4] } else { [red, green, blue, 255] });
        }
    }
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(SIDE * 4), rows_per_image: Some(SIDE) };
    gpu.queue.write_texture(sky.as_image_copy(), &texels, layout, size);
    let view = sky.create_view(&wgpu::TextureViewDescriptor {
        dimension: Some(wgpu::TextureViewDimension::Cube),
        ..wgpu::TextureViewDescriptor::default()
    });
    let sampler = gpu.device.create_sampler(&wgpu::SamplerDescriptor {
        mag_filter: wgpu::FilterMode::Linear,
        anisotropy_clamp: 1,
        ..wgpu::SamplerDescriptor::default()
    });
    let pipeline = pipeline(gpu, SHADER, &[], |_| {});
    let group = gpu.group(
        &pipeline.get_bind_group_layout(0),
        &[wgpu::BindingResource::TextureView(&view), wgpu::BindingResource::Sampler(&sampler)],
    );
    Canvas::new(gpu).draw(gpu, |pass| {
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.draw(0..3, 0..1);
    })
}
