//! `wgpu::Queue`.

use std::fmt;

use wardian_guest::webgpu::GpuTexelCopyBufferLayout;
use wgpu::custom::{
    BoxSubmittedWorkDoneCallback, DispatchBlas, DispatchBuffer, DispatchCommandBuffer, DispatchQueueWriteBuffer,
    DispatchSurfaceOutputDetail, QueueInterface, QueueWriteBufferInterface,
};

use crate::buffer::Buffer;
use crate::command_encoder::{CommandBuffer, texture_place};
use crate::convert::{Outside, ToGuest};
use crate::device::Device;
use crate::errors::validation;
use crate::outside::Blas;
use crate::own;

#[derive(Debug)]
pub(crate) struct Queue(Device);

impl Queue {
    pub(crate) const fn new(device: Device) -> Self {
        Self(device)
    }

    fn write(&self, buffer: &Buffer, offset: u64, data: &[u8]) {
        let outcome = self.0.queue().write_buffer_with_copy(buffer.handle(), offset, data, None, None);
        if let Err(error) = outcome {
            self.0.report(validation(format!("write_buffer: {}", error.message)));
        }
    }
}

impl QueueInterface for Queue {
    fn write_buffer(&self, buffer: &DispatchBuffer, offset: u64, data: &[u8]) {
        self.write(own(buffer.as_custom::<Buffer>(), "buffer"), offset, data);
    }

    fn create_staging_buffer(&self, size: wgpu::BufferSize) -> Option<DispatchQueueWriteBuffer> {
        let Ok(size) = usize::try_from(size.get()) else {
            self.0.report(validation(format!("write_buffer_with: {size} bytes are more than a component can hold")));
            return None;
        };
        Some(DispatchQueueWriteBuffer::custom(StagingBuffer(vec![0; size].into_boxed_slice())))
    }

    /// What is wrong is said before the program fills the staging buffer, as the trait demands.
    fn validate_write_buffer(&self, buffer: &DispatchBuffer, offset: u64, size: wgpu::BufferSize) -> Option<()> {
        let buffer = own(buffer.as_custom::<Buffer>(), "buffer");
        let fault = if !buffer.usage().contains(wgpu::BufferUsages::COPY_DST) {
            "the buffer lacks the usage COPY_DST".to_owned()
        } else if !size.get().is_multiple_of(4) || !offset.is_multiple_of(4) {
            format!("offset {offset} and size {size} must be multiples of 4")
        } else if offset.checked_add(size.get()).is_none_or(|end| end > buffer.size()) {
            format!("offset {offset} and size {size} reach beyond the buffer's end at {}", buffer.size())
        } else {
            return Some(());
        };
        self.0.report(validation(format!("write_buffer_with: {fault}")));
        None
    }

    fn write_staging_buffer(&self, buffer: &DispatchBuffer, offset: u64, staging: &DispatchQueueWriteBuffer) {
        let staging = own(staging.as_custom::<StagingBuffer>(), "staging buffer");
        self.write(own(buffer.as_custom::<Buffer>(), "buffer"), offset, &staging.0);
    }

    fn write_texture(
        &self,
        texture: wgpu::TexelCopyTextureInfo<'_>,
        data: &[u8],
        layout: wgpu::TexelCopyBufferLayout,
        size: wgpu::Extent3d,
    ) {
        match texture_place(&texture) {
            Ok(place) => {
                let layout = GpuTexelCopyBufferLayout {
                    offset: Some(layout.offset),
                    bytes_per_row: layout.bytes_per_row,
                    rows_per_image: layout.rows_per_image,
                };
                self.0.queue().write_texture_with_copy(&place, data, layout, size.to_guest());
            }
            Err(outside) => self.0.refuse("write_texture", &outside),
        }
    }

    #[cfg(all(feature = "web", target_family = "wasm"))]
    fn copy_external_image_to_texture(
        &self,
        _source: &wgpu::CopyExternalImageSourceInfo,
        _destination: wgpu::CopyExternalImageDestInfo<&wgpu::Texture>,
        _size: wgpu::Extent3d,
    ) {
        self.0.refuse("copy_external_image_to_texture", &Outside::new("a browser's image"));
    }

    fn submit(&self, command_buffers: &mut dyn Iterator<Item = DispatchCommandBuffer>) -> u64 {
        let buffers: Vec<_> = command_buffers.collect();
        let handles: Vec<_> =
            buffers.iter().map(|buffer| own(buffer.as_custom::<CommandBuffer>(), "command buffer").handle()).collect();
        self.0.queue().submit(&handles);
        let index = self.0.count_submission();
        self.0.read_uncaptured();
        index
    }

    /// WebGPU's timestamps are in nanoseconds.
    fn get_timestamp_period(&self) -> f32 {
        1.0
    }

    fn on_submitted_work_done(&self, callback: BoxSubmittedWorkDoneCallback) {
        let device = self.0.clone();
        let call = async move { device.queue().on_submitted_work_done().await };
        self.0.waiting().tell(call, move |()| callback());
    }

    fn compact_blas(&self, _blas: &DispatchBlas) -> (Option<u64>, DispatchBlas) {
        self.0.refuse("compact_blas", &Outside::new("ray tracing"));
        (None, DispatchBlas::custom(Blas))
    }

    fn present(&self, _detail: &DispatchSurfaceOutputDetail) {
        self.0.refuse("present", &Outside::new("a surface"));
    }
}

/// What `write_buffer_with` lets a program fill.
pub(crate) struct StagingBuffer(Box<[u8]>);

impl fmt::Debug for StagingBuffer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "StagingBuffer({} bytes)", self.0.len())
    }
}

impl QueueWriteBufferInterface for StagingBuffer {
    fn len(&self) -> usize {
        self.0.len()
    }

    #[expect(unsafe_code, reason = "as the trait has it; nothing in it is unsafe")]
    unsafe fn write_slice(&mut self) -> wgpu::WriteOnly<'_, [u8]> {
        wgpu::WriteOnly::from_mut(&mut self.0)
    }
}
