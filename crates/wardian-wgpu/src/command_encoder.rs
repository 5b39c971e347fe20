//! `wgpu::CommandEncoder` and `wgpu::CommandBuffer`.

use wardian_guest::webgpu::{
    GpuCommandBuffer, GpuCommandEncoder, GpuCommandEncoderDescriptor, GpuTexelCopyBufferInfo, GpuTexelCopyTextureInfo,
};
use wgpu::custom::{
    CommandBufferInterface, CommandEncoderInterface, DispatchBuffer, DispatchCommandBuffer, DispatchComputePass,
    DispatchQuerySet, DispatchRenderPass, DispatchTexture,
};

use crate::buffer::Buffer;
use crate::compute_pass::ComputePass;
use crate::convert::{Outside, ToGuest, TryToGuest, label};
use crate::device::Device;
use crate::own;
use crate::query_set::QuerySet;
use crate::render_pass::RenderPass;
use crate::texture::Texture;

#[derive(Debug)]
pub(crate) struct CommandEncoder {
    handle: GpuCommandEncoder,
    device: Device,
}

impl CommandEncoder {
    pub(crate) fn new(device: &Device, descriptor: &wgpu::CommandEncoderDescriptor<'_>) -> Self {
        let descriptor = GpuCommandEncoderDescriptor { label: label(descriptor.label) };
        let handle = device.handle().create_command_encoder(Some(&descriptor));
        Self { handle, device: device.clone() }
    }
}

fn buffer_place<'a>(info: &wgpu::TexelCopyBufferInfo<'a>) -> GpuTexelCopyBufferInfo<'a> {
    GpuTexelCopyBufferInfo {
        buffer: own(info.buffer.as_custom::<Buffer>(), "buffer").handle(),
        offset: Some(info.layout.offset),
        bytes_per_row: info.layout.bytes_per_row,
        rows_per_image: info.layout.rows_per_image,
    }
}

pub(crate) fn texture_place<'a>(info: &wgpu::TexelCopyTextureInfo<'a>) -> Result<GpuTexelCopyTextureInfo<'a>, Outside> {
    Ok(GpuTexelCopyTextureInfo {
        texture: own(info.texture.as_custom::<Texture>(), "texture").handle(),
        mip_level: Some(info.mip_level),
        origin: Some(info.origin.to_guest()),
        aspect: Some(info.aspect.try_to_guest()?),
    })
}

impl CommandEncoderInterface for CommandEncoder {
    fn copy_buffer_to_buffer(
        &self,
        source: &DispatchBuffer,
        source_offset: u64,
        destination: &DispatchBuffer,
        destination_offset: u64,
        size: Option<u64>,
    ) {
        self.handle.copy_buffer_to_buffer(
            own(source.as_custom::<Buffer>(), "buffer").handle(),
            Some(source_offset),
            own(destination.as_custom::<Buffer>(), "buffer").handle(),
            Some(destination_offset),
            size,
        );
    }

    fn copy_buffer_to_texture(
        &self,
        source: wgpu::TexelCopyBufferInfo<'_>,
        destination: wgpu::TexelCopyTextureInfo<'_>,
        size: wgpu::Extent3d,
    ) {
        match texture_place(&destination) {
            Ok(place) => self.handle.copy_buffer_to_texture(&buffer_place(&source), &place, size.to_guest()),
            Err(outside) => self.device.refuse("copy_buffer_to_texture", &outside),
        }
    }

    fn copy_texture_to_buffer(
        &self,
        source: wgpu::TexelCopyTextureInfo<'_>,
        destination: wgpu::TexelCopyBufferInfo<'_>,
        size: wgpu::Extent3d,
    ) {
        match texture_place(&source) {
            Ok(place) => self.handle.copy_texture_to_buffer(&place, &buffer_place(&destination), size.to_guest()),
            Err(outside) => self.device.refuse("copy_texture_to_buffer", &outside),
        }
    }

    fn copy_texture_to_texture(
        &self,
        source: wgpu::TexelCopyTextureInfo<'_>,
        destination: wgpu::TexelCopyTextureInfo<'_>,
        size: wgpu::Extent3d,
    ) {
        match texture_place(&source).and_then(|source| Ok((source, texture_place(&destination)?))) {
            Ok((source, destination)) => self.handle.copy_texture_to_texture(&source, &destination, size.to_guest()),
            Err(outside) => self.device.refuse("copy_texture_to_texture", &outside),
        }
    }

    fn begin_compute_pass(&self, descriptor: &wgpu::ComputePassDescriptor<'_>) -> DispatchComputePass {
        DispatchComputePass::custom(ComputePass::begin(&self.handle, &self.device, descriptor))
    }

    fn begin_render_pass(&self, descriptor: &wgpu::RenderPassDescriptor<'_>) -> DispatchRenderPass {
        DispatchRenderPass::custom(RenderPass::begin(&self.handle, &self.device, descriptor))
    }

    fn finish(&mut self) -> DispatchCommandBuffer {
        let handle = self.handle.finish(None);
        self.device.read_uncaptured();
        DispatchCommandBuffer::custom(CommandBuffer(handle))
    }

    fn clear_texture(&self, _texture: &DispatchTexture, _range: &wgpu::ImageSubresourceRange) {
        self.device.refuse("clear_texture", &Outside::new("a clear without a pass"));
    }

    fn clear_buffer(&self, buffer: &DispatchBuffer, offset: u64, size: Option<u64>) {
        self.handle.clear_buffer(own(buffer.as_custom::<Buffer>(), "buffer").handle(), Some(offset), size);
    }

    fn insert_debug_marker(&self, label: &str) {
        self.handle.insert_debug_marker(label);
    }

    fn push_debug_group(&self, label: &str) {
        self.handle.push_debug_group(label);
    }

    fn pop_debug_group(&self) {
        self.handle.pop_debug_group();
    }

    fn write_timestamp(&self, _query_set: &DispatchQuerySet, _query_index: u32) {
        self.device.refuse("write_timestamp", &Outside::new("a timestamp between passes"));
    }

    fn resolve_query_set(
        &self,
        query_set: &DispatchQuerySet,
        first_query: u32,
        query_count: u32,
        destination: &DispatchBuffer,
        destination_offset: u64,
    ) {
        let query_set = own(query_set.as_custom::<QuerySet>(), "query set").handle();
        let destination = own(destination.as_custom::<Buffer>(), "buffer").handle();
        self.handle.resolve_query_set(query_set, first_query, query_count, destination, destination_offset);
    }

    fn mark_acceleration_structures_built<'a>(
        &self,
        _blas: &mut dyn Iterator<Item = &'a wgpu::Blas>,
        _tlas: &mut dyn Iterator<Item = &'a wgpu::Tlas>,
    ) {
        self.device.refuse("mark_acceleration_structures_built", &Outside::new("ray tracing"));
    }

    fn build_acceleration_structures<'a>(
        &self,
        _blas: &mut dyn Iterator<Item = &'a wgpu::BlasBuildEntry<'a>>,
        _tlas: &mut dyn Iterator<Item = &'a wgpu::Tlas>,
    ) {
        self.device.refuse("build_acceleration_structures", &Outside::new("ray tracing"));
    }

    /// Hosts order what work uses by themselves, so there is nothing to do.
    fn transition_resources<'a>(
        &mut self,
        _buffers: &mut dyn Iterator<Item = wgpu::BufferTransition<&'a DispatchBuffer>>,
        _textures: &mut dyn Iterator<Item = wgpu::TextureTransition<&'a DispatchTexture>>,
    ) {
    }
}

#[derive(Debug)]
pub(crate) struct CommandBuffer(GpuCommandBuffer);

impl CommandBuffer {
    pub(crate) fn handle(&self) -> &GpuCommandBuffer {
        &self.0
    }
}

impl CommandBufferInterface for CommandBuffer {}
