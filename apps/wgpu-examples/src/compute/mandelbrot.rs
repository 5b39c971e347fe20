//! The Mandelbrot set, computed into a storage texture.

use crate::gpu::{FORMAT, SIDE, square};
use crate::{Failure, Gpu, Output};

const SHADER: &str = "
    @group(0) @binding(0) var picture: texture_storage_2d<rgba8unorm, write>;

    @compute @workgroup_size(8, 8)
    fn main(@builtin(global_invocation_id) id: vec3u) {
        let size = vec2f(textureDimensions(picture));
        let c = (vec2f(id.xy) + 0.5) / size * vec2f(3.0, 2.4) - vec2f(2.1, 1.2);
        var z = vec2f(0.0);
        var round = 0u;
        while round < 64u && dot(z, z) < 4.0 {
            z = vec2f(z.x * z.x - z.y * z.y, 2.0 * z.x * z.y) + c;
            round += 1u;
        }
        let shade = f32(round) / 64.0;
        textureStore(picture, id.xy, vec4f(shade, shade * shade, 1.0 - shade, 1.0));
    }
";

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let usage = wgpu::TextureUsages::STORAGE_BINDING | wgpu::TextureUsages::COPY_SRC;
    let picture = gpu.texture(square(SIDE), FORMAT, usage);
    let view = picture.create_view(&wgpu::TextureViewDescriptor::default());
    let pipeline = gpu.compute(SHADER);
    let group = gpu.group(&pipeline.get_bind_group_layout(0), &[wgpu::BindingResource::TextureView(&view)]);
    let mut encoder = gpu.encoder();
    let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
    pass.set_pipeline(&pipeline);
    pass.set_bind_group(0, &group, &[]);
    pass.dispatch_workgroups(SIDE / 8, SIDE / 8, 1);
    drop(pass);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&picture)
}
