//! Objects made and dropped.

use std::hint::black_box;

use wasmtime::Result;
use wgpu::{
    BindGroupDescriptor, BindGroupEntry, BufferUsages, Extent3d, TextureDescriptor, TextureDimension, TextureFormat,
    TextureUsages,
};

use super::{Blocks, Gpu, INCREMENT, Kernel};

pub(super) fn buffer(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    let usage = BufferUsages::STORAGE | BufferUsages::COPY_DST;
    make(gpu, blocks, || drop(black_box(gpu.buffer(256, usage))))
}

pub(super) fn texture(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    let descriptor = TextureDescriptor {
        label: None,
        size: Extent3d { width: 64, height: 64, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: TextureDimension::D2,
        format: TextureFormat::Rgba8Unorm,
        usage: TextureUsages::TEXTURE_BINDING | TextureUsages::COPY_DST,
        view_formats: &[],
    };
    make(gpu, blocks, || drop(black_box(gpu.device.create_texture(&descriptor))))
}

pub(super) fn bind_group(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    let kernel = Kernel::new(gpu, INCREMENT);
    let layout = kernel.pipeline.get_bind_group_layout(0);
    let entries = [BindGroupEntry { binding: 0, resource: kernel.buffer.as_entire_binding() }];
    let descriptor = BindGroupDescriptor { label: None, layout: &layout, entries: &entries };
    make(gpu, blocks, || drop(black_box(gpu.device.create_bind_group(&descriptor))))
}

pub(super) fn pipeline(gpu: &Gpu, blocks: &mut Blocks) -> Result<()> {
    make(gpu, blocks, || drop(black_box(gpu.pipeline(&gpu.shader(INCREMENT)))))
}

pub(super) fn shader(gpu: &Gpu, blocks: &mut Blocks, code: &str) -> Result<()> {
    make(gpu, blocks, || drop(black_box(gpu.shader(code))))
}

fn make(gpu: &Gpu, blocks: &mut Blocks, make_one: impl Fn()) -> Result<()> {
    blocks.run(|iterations, watch| {
        watch.start();
        for _ in 0..iterations {
            make_one();
        }
        watch.stop();
        gpu.settle()
    })
}
