//! Texels on their way: from a buffer into a layer, from layer to layer, from a slice of a volume into a buffer.

use wgpu::BufferUsages as Usage;

use super::canvas::checkers;
use crate::gpu::{FORMAT, square, texture};
use crate::{Failure, Gpu, Output};

const SIDE: u32 = 64;

pub(crate) fn run(gpu: &Gpu) -> Result<Output, Failure> {
    let usage = wgpu::TextureUsages::COPY_SRC | wgpu::TextureUsages::COPY_DST;
    let size = wgpu::Extent3d { width: SIDE, height: SIDE, depth_or_array_layers: 3 };
    let layers = gpu.texture(size, FORMAT, usage);
    let volume = gpu.device.create_texture(&wgpu::TextureDescriptor {
        dimension: wgpu::TextureDimension::D3,
        ..texture(size, FORMAT, usage)
    });
    let source = gpu.buffer_with(&checkers(SIDE, 8), Usage::COPY_SRC);
    let row = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: Some(SIDE * 4), rows_per_image: None };
    let mut encoder = gpu.encoder();
    let whole = square(SIDE);
    encoder.copy_buffer_to_texture(
        wgpu::TexelCopyBufferInfo { buffer: &source, layout: row },
        place(&layers, 0, 1),
        whole,
    );
    let half = wgpu::Extent3d { width: SIDE / 2, ..whole };
    encoder.copy_texture_to_texture(place(&layers, 0, 1), place(&layers, SIDE / 2, 2), half);
    encoder.copy_texture_to_texture(place(&layers, 0, 2), place(&volume, 0, 1), whole);
    gpu.queue.submit([encoder.finish()]);
    let red = [200, 30, 30, 255].repeat(usize::try_from(SIDE)?);
    let line = wgpu::Extent3d { width: SIDE, height: 1, depth_or_array_layers: 1 };
    let layout = wgpu::TexelCopyBufferLayout { offset: 0, bytes_per_row: None, rows_per_image: None };
    gpu.queue.write_texture(place(&volume, 0, 1), &red, layout, line);

    let picture = gpu.texture(whole, FORMAT, usage);
    let mut encoder = gpu.encoder();
    encoder.copy_texture_to_texture(place(&volume, 0, 1), picture.as_image_copy(), whole);
    gpu.queue.submit([encoder.finish()]);
    gpu.read_picture(&picture)
}

const fn place(texture: &wgpu::Texture, x: u32, z: u32) -> wgpu::TexelCopyTextureInfo<'_> {
    wgpu::TexelCopyTextureInfo {
        texture,
        mip_level: 0,
        origin: wgpu::Origin3d { x, y: 0, z },
        aspect: wgpu::TextureAspect::All,
    }
}
