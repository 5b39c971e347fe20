//! `wgpu::RenderPass`.

use std::ops::Range;

use wardian_guest::webgpu::{
    GpuCommandEncoder, GpuLoadOp, GpuRenderPassColorAttachment, GpuRenderPassDepthStencilAttachment,
    GpuRenderPassDescriptor, GpuRenderPassEncoder, GpuRenderPassTimestampWrites, GpuTextureView,
};
use wgpu::custom::{
    DispatchBindGroup, DispatchBuffer, DispatchQuerySet, DispatchRenderBundle, DispatchRenderPipeline,
    RenderPassInterface,
};

use crate::bind_group::BindGroup;
use crate::buffer::Buffer;
use crate::convert::{Outside, ToGuest, label};
use crate::device::Device;
use crate::errors::validation;
use crate::own;
use crate::pipeline::RenderPipeline;
use crate::query_set::QuerySet;
use crate::render_bundle::RenderBundle;
use crate::texture::TextureView;

/// Bytes of one draw in a buffer of draws, and of one with indices.
const DRAW_BYTES: u64 = 16;
const DRAW_INDEXED_BYTES: u64 = 20;

#[derive(Debug)]
pub(crate) struct RenderPass {
    handle: GpuRenderPassEncoder,
    device: Device,
}

impl RenderPass {
    pub(crate) fn begin(
        encoder: &GpuCommandEncoder,
        device: &Device,
        descriptor: &wgpu::RenderPassDescriptor<'_>,
    ) -> Self {
        if descriptor.multiview_mask.is_some() {
            device.refuse("begin_render_pass", &Outside::new("multiview"));
        }
        let timestamp_writes = descriptor.timestamp_writes.as_ref().map(|writes| GpuRenderPassTimestampWrites {
            query_set: own(writes.query_set.as_custom::<QuerySet>(), "query set").handle(),
            beginning_of_pass_write_index: writes.beginning_of_pass_write_index,
            end_of_pass_write_index: writes.end_of_pass_write_index,
        });
        let descriptor = GpuRenderPassDescriptor {
            color_attachments: descriptor.color_attachments.iter().map(|it| it.as_ref().map(color)).collect(),
            depth_stencil_attachment: descriptor.depth_stencil_attachment.as_ref().map(depth_stencil),
            occlusion_query_set: descriptor
                .occlusion_query_set
                .map(|set| own(set.as_custom::<QuerySet>(), "query set").handle()),
            timestamp_writes,
            max_draw_count: None,
            label: label(descriptor.label),
        };
        Self { handle: encoder.begin_render_pass(&descriptor), device: device.clone() }
    }

    fn refuse_draw(&self, call: &str, what: &str) {
        self.device.refuse(call, &Outside::new(what));
    }
}

fn view(view: &wgpu::TextureView) -> &GpuTextureView {
    own(view.as_custom::<TextureView>(), "texture view").handle()
}

/// An attachment whose contents do not matter is cleared, which is one way for them not to matter.
fn load<V>(operation: wgpu::LoadOp<V>, any: V) -> (GpuLoadOp, Option<V>) {
    match operation {
        wgpu::LoadOp::Clear(value) => (GpuLoadOp::Clear, Some(value)),
        wgpu::LoadOp::Load => (GpuLoadOp::Load, None),
        wgpu::LoadOp::DontCare(_) => (GpuLoadOp::Clear, Some(any)),
    }
}

fn color<'a>(attachment: &wgpu::RenderPassColorAttachment<'a>) -> GpuRenderPassColorAttachment<'a> {
    let (load_op, clear_value) = load(attachment.ops.load, wgpu::Color::TRANSPARENT);
    GpuRenderPassColorAttachment {
        view: view(attachment.view),
        depth_slice: attachment.depth_slice,
        resolve_target: attachment.resolve_target.map(view),
        clear_value: clear_value.map(ToGuest::to_guest),
        load_op,
        store_op: attachment.ops.store.to_guest(),
    }
}

/// An aspect without operations is only read, if the format has it.
fn depth_stencil<'a>(
    attachment: &wgpu::RenderPassDepthStencilAttachment<'a>,
) -> GpuRenderPassDepthStencilAttachment<'a> {
    let depth = attachment.depth_ops.map(|ops| (load(ops.load, 1.0), ops.store.to_guest()));
    let stencil = attachment.stencil_ops.map(|ops| (load(ops.load, 0), ops.store.to_guest()));
    GpuRenderPassDepthStencilAttachment {
        view: view(attachment.view),
        depth_clear_value: depth.and_then(|((_, value), _)| value),
        depth_load_op: depth.map(|((operation, _), _)| operation),
        depth_store_op: depth.map(|(_, operation)| operation),
        depth_read_only: Some(depth.is_none()),
        stencil_clear_value: stencil.and_then(|((_, value), _)| value),
        stencil_load_op: stencil.map(|((operation, _), _)| operation),
        stencil_store_op: stencil.map(|(_, operation)| operation),
        stencil_read_only: Some(stencil.is_none()),
    }
}

impl Drop for RenderPass {
    fn drop(&mut self) {
        self.handle.end();
    }
}

/// The commands that passes and bundles share, for a type with the fields `handle` and `device`.
macro_rules! draw_commands {
    () => {
        fn set_pipeline(&mut self, pipeline: &DispatchRenderPipeline) {
            self.handle.set_pipeline(own(pipeline.as_custom::<RenderPipeline>(), "render pipeline").handle());
        }

        fn set_bind_group(&mut self, index: u32, group: Option<&DispatchBindGroup>, offsets: &[u32]) {
            let group = group.map(|group| own(group.as_custom::<BindGroup>(), "bind group").handle());
            let offsets = (!offsets.is_empty()).then_some(offsets);
            if let Err(error) = self.handle.set_bind_group(index, group, offsets, None, None) {
                self.device.report(validation(format!("set_bind_group: {}", error.message)));
            }
        }

        fn set_index_buffer(
            &mut self,
            buffer: &DispatchBuffer,
            format: wgpu::IndexFormat,
            offset: u64,
            size: Option<wgpu::BufferSize>,
        ) {
            let buffer = own(buffer.as_custom::<Buffer>(), "buffer").handle();
            self.handle.set_index_buffer(buffer, format.to_guest(), Some(offset), size.map(u64::from));
        }

        fn set_vertex_buffer(
            &mut self,
            slot: u32,
            buffer: Option<&DispatchBuffer>,
            offset: u64,
            size: Option<wgpu::BufferSize>,
        ) {
            let buffer = buffer.map(|buffer| own(buffer.as_custom::<Buffer>(), "buffer").handle());
            self.handle.set_vertex_buffer(slot, buffer, Some(offset), size.map(u64::from));
        }

        fn set_immediates(&mut self, offset: u32, data: &[u8]) {
            self.handle.set_immediates(offset, data, None, None);
        }

        fn draw(&mut self, vertices: Range<u32>, instances: Range<u32>) {
            let counts = (count(&vertices), count(&instances));
            self.handle.draw(counts.0, Some(counts.1), Some(vertices.start), Some(instances.start));
        }

        fn draw_indexed(&mut self, indices: Range<u32>, base_vertex: i32, instances: Range<u32>) {
            let (indices_count, instance_count) = (count(&indices), Some(count(&instances)));
            let (first_index, first_instance) = (Some(indices.start), Some(instances.start));
            self.handle.draw_indexed(indices_count, instance_count, first_index, Some(base_vertex), first_instance);
        }

        fn draw_indirect(&mut self, buffer: &DispatchBuffer, offset: u64) {
            self.handle.draw_indirect(own(buffer.as_custom::<Buffer>(), "buffer").handle(), offset);
        }

        fn draw_indexed_indirect(&mut self, buffer: &DispatchBuffer, offset: u64) {
            self.handle.draw_indexed_indirect(own(buffer.as_custom::<Buffer>(), "buffer").handle(), offset);
        }
    };
}

pub(crate) use draw_commands;

/// How many a range has; an inverted one has none.
pub(crate) const fn count(range: &Range<u32>) -> u32 {
    range.end.saturating_sub(range.start)
}

impl RenderPassInterface for RenderPass {
    draw_commands!();

    fn set_blend_constant(&mut self, color: wgpu::Color) {
        self.handle.set_blend_constant(color.to_guest());
    }

    fn set_scissor_rect(&mut self, x: u32, y: u32, width: u32, height: u32) {
        self.handle.set_scissor_rect(x, y, width, height);
    }

    fn set_viewport(&mut self, x: f32, y: f32, width: f32, height: f32, min_depth: f32, max_depth: f32) {
        self.handle.set_viewport(x, y, width, height, min_depth, max_depth);
    }

    fn set_stencil_reference(&mut self, reference: u32) {
        self.handle.set_stencil_reference(reference);
    }

    fn draw_mesh_tasks(&mut self, _x: u32, _y: u32, _z: u32) {
        self.refuse_draw("draw_mesh_tasks", "a mesh shader");
    }

    fn draw_mesh_tasks_indirect(&mut self, _buffer: &DispatchBuffer, _offset: u64) {
        self.refuse_draw("draw_mesh_tasks_indirect", "a mesh shader");
    }

    /// `wgpu` allows it everywhere: where it is not a call of its own it is many.
    fn multi_draw_indirect(&mut self, buffer: &DispatchBuffer, offset: u64, count: u32) {
        let buffer = own(buffer.as_custom::<Buffer>(), "buffer").handle();
        for draw in 0..u64::from(count) {
            self.handle.draw_indirect(buffer, offset.saturating_add(draw * DRAW_BYTES));
        }
    }

    fn multi_draw_indexed_indirect(&mut self, buffer: &DispatchBuffer, offset: u64, count: u32) {
        let buffer = own(buffer.as_custom::<Buffer>(), "buffer").handle();
        for draw in 0..u64::from(count) {
            self.handle.draw_indexed_indirect(buffer, offset.saturating_add(draw * DRAW_INDEXED_BYTES));
        }
    }

    fn multi_draw_indirect_count(
        &mut self,
        _buffer: &DispatchBuffer,
        _offset: u64,
        _count_buffer: &DispatchBuffer,
        _count_offset: u64,
        _max_count: u32,
    ) {
        self.refuse_draw("multi_draw_indirect_count", "a count of draws in a buffer");
    }

    fn multi_draw_mesh_tasks_indirect(&mut self, _buffer: &DispatchBuffer, _offset: u64, _count: u32) {
        self.refuse_draw("multi_draw_mesh_tasks_indirect", "a mesh shader");
    }

    fn multi_draw_indexed_indirect_count(
        &mut self,
        _buffer: &DispatchBuffer,
        _offset: u64,
        _count_buffer: &DispatchBuffer,
        _count_offset: u64,
        _max_count: u32,
    ) {
        self.refuse_draw("multi_draw_indexed_indirect_count", "a count of draws in a buffer");
    }

    fn multi_draw_mesh_tasks_indirect_count(
        &mut self,
        _buffer: &DispatchBuffer,
        _offset: u64,
        _count_buffer: &DispatchBuffer,
        _count_offset: u64,
        _max_count: u32,
    ) {
        self.refuse_draw("multi_draw_mesh_tasks_indirect_count", "a mesh shader");
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
        self.refuse_draw("write_timestamp", "a timestamp inside a pass");
    }

    fn begin_occlusion_query(&mut self, query_index: u32) {
        self.handle.begin_occlusion_query(query_index);
    }

    fn end_occlusion_query(&mut self) {
        self.handle.end_occlusion_query();
    }

    fn begin_pipeline_statistics_query(&mut self, _query_set: &DispatchQuerySet, _query_index: u32) {
        self.refuse_draw("begin_pipeline_statistics_query", "a query of pipeline statistics");
    }

    fn end_pipeline_statistics_query(&mut self) {
        self.refuse_draw("end_pipeline_statistics_query", "a query of pipeline statistics");
    }

    fn execute_bundles(&mut self, bundles: &mut dyn Iterator<Item = &DispatchRenderBundle>) {
        let handles: Vec<_> =
            bundles.map(|bundle| own(bundle.as_custom::<RenderBundle>(), "render bundle").handle()).collect();
        self.handle.execute_bundles(&handles);
    }
}
