//! Objects made and dropped.

use std::hint::black_box;

use wardian_guest::describe;
use wardian_guest::webgpu::{GpuBufferUsage, GpuTextureFormat, GpuTextureUsage};

use crate::Outcome;
use crate::clock::Blocks;
use crate::gpu::Gpu;
use crate::kernel::{INCREMENT, Kernel};

pub(crate) async fn buffer(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let descriptor = describe::buffer(256, GpuBufferUsage::STORAGE | GpuBufferUsage::COPY_DST);
    make(gpu, blocks, || drop(black_box(gpu.device.create_buffer(&descriptor)))).await
}

pub(crate) async fn texture(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let usage = GpuTextureUsage::TEXTURE_BINDING | GpuTextureUsage::COPY_DST;
    let descriptor = describe::texture_2d(GpuTextureFormat::Rgba8unorm, 64, 64, usage);
    make(gpu, blocks, || drop(black_box(gpu.device.create_texture(&descriptor)))).await
}

pub(crate) async fn bind_group(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    let kernel = Kernel::new(gpu, INCREMENT);
    let layout = kernel.pipeline.get_bind_group_layout(0);
    let descriptor = describe::bind_group(&layout, vec![describe::buffer_binding(0, &kernel.buffer)]);
    make(gpu, blocks, || drop(black_box(gpu.device.create_bind_group(&descriptor)))).await
}

/// A shader module and its pipeline: WGSL is parsed and the driver compiles.
pub(crate) async fn pipeline(gpu: &Gpu, blocks: &mut Blocks) -> Outcome {
    make(gpu, blocks, || {
        let module = gpu.device.create_shader_module(&describe::shader(INCREMENT));
        drop(black_box(gpu.device.create_compute_pipeline(describe::compute_pipeline(&module))));
    })
    .await
}

/// A shader module alone: WGSL is parsed and validated.
pub(crate) async fn shader(gpu: &Gpu, blocks: &mut Blocks, code: &str) -> Outcome {
    let descriptor = describe::shader(code);
    make(gpu, blocks, || drop(black_box(gpu.device.create_shader_module(&descriptor)))).await
}

async fn make(gpu: &Gpu, blocks: &mut Blocks, make_one: impl Fn()) -> Outcome {
    blocks
        .run(async |iterations, watch| {
            watch.start();
            for _ in 0..iterations {
                make_one();
            }
            watch.stop();
            // What was dropped is released when the device next looks after its work.
            gpu.settle().await
        })
        .await
}
