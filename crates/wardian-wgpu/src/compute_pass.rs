//! `wgpu::ComputePass`.

use wardian_guest::webgpu::{
    GpuCommandEncoder, GpuComputePassDescriptor, GpuComputePassEncoder, GpuComputePassTimestampWrites,
};
use wgpu::custom::{
    ComputePassInterface, DispatchBindGroup, DispatchBuffer, DispatchComputePipeline, DispatchQuerySet,
    DispatchTextureView,
};

use crate::bind_group::BindGroup;
use crate::buffer::Buffer;
use crate::convert::{Outside, label};
use crate::device::Device;
use crate::errors::validation;
use crate::own;
use crate::pipeline::ComputePipeline;
use crate::query_set::QuerySet;

#[derive(Debug)]
pub(crate) struct ComputePass {
    handle: GpuComputePassEncoder,
    device: Device,
}

impl ComputePass {
    pub(crate) fn begin(
        encoder: &GpuCommandEncoder,
        device: &Device,
        descriptor: &wgpu::ComputePassDescriptor<'_>,
    ) -> Self {
        let timestamp_writes = descriptor.timestamp_writes.as_ref().map(|writes| GpuComputePassTimestampWrites {
            query_set: own(writes.query_set.as_custom::<QuerySet>(), "query set").handle(),
            beginning_of_pass_write_index: writes.beginning_of_pass_write_index,
            end_of_pass_write_index: writes.end_of_pass_write_index,
        });
        let descriptor = GpuComputePassDescriptor { timestamp_writes, label: label(descriptor.label) };
        Self { handle: encoder.begin_compute_pass(Some(&descriptor)), device: device.clone() }
    }
}

impl Drop for ComputePass {
    fn drop(&mut self) {
        self.handle.end();
    }
}

impl ComputePassInterface for ComputePass {
    fn set_pipeline(&mut self, pipeline: &DispatchComputePipeline) {
        self.handle.set_pipeline(own(pipeline.as_custom::<ComputePipeline>(), "compute pipeline").handle());
    }

    fn set_bind_group(&mut self, index: u32, group: Option<&DispatchBindGroup>, offsets: &[u32]) {
        let group = group.map(|group| own(group.as_custom::<BindGroup>(), "bind group").handle());
        let offsets = (!offsets.is_empty()).then_some(offsets);
        if let Err(error) = self.handle.set_bind_group(index, group, offsets, None, None) {
            self.device.report(validation(format!("set_bind_group: {}", error.message)));
        }
    }

    fn set_immediates(&mut self, offset: u32, data: &[u8]) {
        self.handle.set_immediates(offset, data, None, None);
    }

    fn insert_debug_marker(&mut self, label: &str) {
        self.handle.insert_debug_marker(label);
    }

    fn push_debug_group(&mut self, label: &str) {
        self.handle.push_debug_group(label);
    }

    fn pop_debug_group(&mut self) {
        self.handle.pop_debug_group();
    }

    fn write_timestamp(&mut self, _query_set: &DispatchQuerySet, _query_index: u32) {
        self.device.refuse("write_timestamp", &Outside::new("a timestamp inside a pass"));
    }

    fn begin_pipeline_statistics_query(&mut self, _query_set: &DispatchQuerySet, _query_index: u32) {
        self.device.refuse("begin_pipeline_statistics_query", &Outside::new("a query of pipeline statistics"));
    }

    fn end_pipeline_statistics_query(&mut self) {
        self.device.refuse("end_pipeline_statistics_query", &Outside::new("a query of pipeline statistics"));
    }

    fn dispatch_workgroups(&mut self, x: u32, y: u32, z: u32) {
        self.handle.dispatch_workgroups(x, Some(y), Some(z));
    }

    fn dispatch_workgroups_indirect(&mut self, buffer: &DispatchBuffer, offset: u64) {
        self.handle.dispatch_workgroups_indirect(own(buffer.as_custom::<Buffer>(), "buffer").handle(), offset);
    }

    /// Hosts order what work uses by themselves, so there is nothing to do.
    fn transition_resources<'a>(
        &mut self,
        _buffers: &mut dyn Iterator<Item = wgpu::BufferTransition<&'a DispatchBuffer>>,
        _textures: &mut dyn Iterator<Item = wgpu::TextureTransition<&'a DispatchTextureView>>,
    ) {
    }
}
