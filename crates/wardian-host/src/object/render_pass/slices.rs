//! Slices of 3-D textures as targets.
//!
//! `wgpu-core` notes which memory holds something by levels, not by slices. A pass that clears one slice would count as
//! having written all of its level, so that the other slices show what the memory held before; one that discards a
//! slice would take the others with it. An empty pass before, which loads, has `wgpu-core` write zeros to what was never
//! written, and one afterwards clears what was to be discarded.

use std::borrow::Cow;

use wgpu_core::command::{LoadOp, RenderPassColorAttachment, RenderPassDescriptor, StoreOp};
use wgpu_core::global::Global;
use wgpu_core::id::CommandEncoderId;
use wgpu_types::Color;

/// The slices among the targets of a pass that need a pass of their own.
#[derive(Debug, Default)]
pub(crate) struct Slices {
    cleared: Vec<Option<RenderPassColorAttachment>>,
    discarded: Vec<Option<RenderPassColorAttachment>>,
}

impl Slices {
    /// Notes a target that is a slice, and has the pass itself keep what it writes there.
    pub(super) fn add(&mut self, slice: &mut RenderPassColorAttachment) {
        if matches!(slice.load_op, LoadOp::Clear(_)) {
            let load_op = LoadOp::Load;
            self.cleared.push(Some(RenderPassColorAttachment { load_op, store_op: StoreOp::Store, ..slice.clone() }));
        }
        if slice.store_op == StoreOp::Discard {
            slice.store_op = StoreOp::Store;
            let load_op = LoadOp::Clear(Color::TRANSPARENT);
            self.discarded.push(Some(RenderPassColorAttachment { load_op, ..slice.clone() }));
        }
    }

    /// Has all slices of the levels written to, before the pass begins.
    pub(crate) fn initialize(&self, core: &Global, encoder: CommandEncoderId) {
        record_empty(core, encoder, &self.cleared);
    }

    /// Clears what was to be discarded, after the pass has ended.
    pub(super) fn discard(&self, core: &Global, encoder: CommandEncoderId) {
        record_empty(core, encoder, &self.discarded);
    }
}

/// What is wrong with such a pass is wrong with the guest's own one, which reports it.
fn record_empty(core: &Global, encoder: CommandEncoderId, color: &[Option<RenderPassColorAttachment>]) {
    if color.is_empty() {
        return;
    }
    let descriptor = RenderPassDescriptor {
        label: None,
        color_attachments: Cow::Borrowed(color),
        depth_stencil_attachment: None,
        timestamp_writes: None,
        occlusion_query_set: None,
        multiview_mask: None,
    };
    let (mut pass, _) = core.command_encoder_begin_render_pass(encoder, &descriptor);
    drop(core.render_pass_end(&mut pass));
}
