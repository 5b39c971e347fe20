//! What a render pass is made with, in `wgpu-core`'s terms.

use std::borrow::Cow;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Resource, ResourceTable, ResourceTableError};
use wgpu_core::command::{
    LoadOp, PassChannel, PassTimestampWrites, RenderPassColorAttachment, RenderPassDepthStencilAttachment,
    RenderPassDescriptor, StoreOp,
};
use wgpu_core::id::{QuerySetId, TextureViewId};
use wgpu_types::{Color, TextureViewDimension};

use crate::object::pass::core_label;
use crate::object::pass::recording::Recording;
use crate::table::Table as _;

use super::slices::Slices;

/// Why `submit` refuses what was recorded with such a view.
const VIEW_OF_DESTROYED: &str = "a pass was recorded with a view of a texture that was destroyed before";
/// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassdescriptor-maxdrawcount>
const DRAWS_MAX_DEFAULT: u64 = 50_000_000;

/// Owns what [`RenderPassDescriptor`] borrows.
#[derive(Debug)]
pub(crate) struct RenderPassParts {
    color: Vec<Option<RenderPassColorAttachment>>,
    depth_stencil: Option<RenderPassDepthStencilAttachment<TextureViewId>>,
    timestamps: Option<PassTimestampWrites>,
    occlusion: Option<QuerySetId>,
    /// How many queries the occlusion query set has.
    pub(crate) occlusion_queries: Option<u32>,
    pub(crate) draws_max: u64,
    pub(crate) label: String,
    pub(crate) slices: Slices,
}

/// Which aspects of the depth-stencil attachment a pass or a bundle only reads. Those that the format does not have count
/// as they were given.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ReadOnly {
    pub(crate) depth: bool,
    pub(crate) stencil: bool,
}

impl ReadOnly {
    /// Whether a bundle writes nothing that the pass may not.
    pub(crate) fn admits(self, bundle: Self) -> bool {
        (bundle.depth || !self.depth) && (bundle.stencil || !self.stencil)
    }
}

impl RenderPassParts {
    pub(crate) fn read_only(&self) -> ReadOnly {
        self.depth_stencil.as_ref().map_or(ReadOnly::default(), |attachment| ReadOnly {
            depth: attachment.depth.read_only,
            stencil: attachment.stencil.read_only,
        })
    }

    /// Looks up what a descriptor names. What is wrong with it, and `wgpu-core` doesn't find, makes the recording fail.
    ///
    /// # Errors
    ///
    /// When the component doesn't own a handle.
    pub(crate) fn lower(
        descriptor: webgpu::GpuRenderPassDescriptor,
        colors_max: u64,
        table: &ResourceTable,
        recording: &Recording,
    ) -> Result<Self, ResourceTableError> {
        let mut lowering = Lowering { table, recording, slices: Slices::default() };
        let webgpu::GpuRenderPassDescriptor {
            color_attachments,
            depth_stencil_attachment,
            occlusion_query_set,
            timestamp_writes,
            max_draw_count,
            label,
        } = descriptor;
        let timestamps = timestamp_writes.map(|writes| {
            let webgpu::GpuRenderPassTimestampWrites {
                query_set,
                beginning_of_pass_write_index: begin,
                end_of_pass_write_index: end,
            } = writes;
            timestamp_writes_of(&query_set, begin, end, table, recording)
        });
        let occlusion = occlusion_query_set.map(|set| table.object(&set)).transpose()?;
        Ok(Self {
            color: lowering.colors(color_attachments, colors_max)?,
            depth_stencil: depth_stencil_attachment.map(|it| lowering.depth_stencil(&it)).transpose()?,
            timestamps: timestamps.transpose()?,
            occlusion: occlusion.map(|set| set.handle.id()),
            occlusion_queries: occlusion.map(|set| set.count),
            draws_max: max_draw_count.unwrap_or(DRAWS_MAX_DEFAULT),
            label: label.unwrap_or_default(),
            slices: lowering.slices,
        })
    }

    pub(crate) fn to_core(&self) -> RenderPassDescriptor<'_> {
        RenderPassDescriptor {
            label: core_label(&self.label),
            color_attachments: Cow::Borrowed(&self.color),
            depth_stencil_attachment: self.depth_stencil.clone(),
            timestamp_writes: self.timestamps.clone(),
            occlusion_query_set: self.occlusion,
            // An extension of `wgpu`; WebGPU has no such passes.
            multiview_mask: None,
        }
    }
}

struct Lowering<'a> {
    table: &'a ResourceTable,
    recording: &'a Recording,
    slices: Slices,
}

impl Lowering<'_> {
    fn colors(
        &mut self,
        attachments: Vec<Option<webgpu::GpuRenderPassColorAttachment>>,
        colors_max: u64,
    ) -> Result<Vec<Option<RenderPassColorAttachment>>, ResourceTableError> {
        if u64::try_from(attachments.len()).is_ok_and(|count| count <= colors_max) {
            let colors = attachments.into_iter().map(|attachment| attachment.map(|it| self.color(&it)).transpose());
            return Ok(without_trailing(colors.collect::<Result<Vec<_>, _>>()?));
        }
        self.recording.fail(format!("{} colour attachments, of which {colors_max} are allowed", attachments.len()));
        Ok(Vec::new())
    }

    /// <https://www.w3.org/TR/webgpu/#dictdef-gpurenderpasscolorattachment>
    fn color(
        &mut self,
        attachment: &webgpu::GpuRenderPassColorAttachment,
    ) -> Result<RenderPassColorAttachment, ResourceTableError> {
        let webgpu::GpuRenderPassColorAttachment { view, depth_slice, resolve_target, clear_value, load_op, store_op } =
            attachment;
        let clear = clear_value.map_or(Some(Color::TRANSPARENT), color).unwrap_or_else(|| {
            self.recording.fail("a clear value of numbers that are infinite or not numbers");
            Color::TRANSPARENT
        });
        let mut color = RenderPassColorAttachment {
            view: self.view(view)?,
            depth_slice: *depth_slice,
            resolve_target: match resolve_target {
                Some(target) => self.resolve_target(target)?,
                None => None,
            },
            load_op: load(*load_op, clear),
            store_op: store(*store_op),
        };
        if self.table.object(view)?.dimension == TextureViewDimension::D3 {
            self.slices.add(&mut color);
        }
        Ok(color)
    }

    /// <https://www.w3.org/TR/webgpu/#dictdef-gpurenderpassdepthstencilattachment>
    fn depth_stencil(
        &self,
        attachment: &webgpu::GpuRenderPassDepthStencilAttachment,
    ) -> Result<RenderPassDepthStencilAttachment<TextureViewId>, ResourceTableError> {
        if attachment.depth_clear_value.is_some_and(|depth| !depth.is_finite()) {
            self.recording.fail("a clear value for depth that is infinite or not a number");
        }
        // There is no clear value for depth by default, which `wgpu-core` checks.
        Ok(RenderPassDepthStencilAttachment {
            view: self.view(&attachment.view)?,
            depth: PassChannel {
                load_op: attachment.depth_load_op.map(|operation| load(operation, attachment.depth_clear_value)),
                store_op: attachment.depth_store_op.map(store),
                read_only: attachment.depth_read_only.unwrap_or(false),
            },
            stencil: PassChannel {
                load_op: attachment
                    .stencil_load_op
                    .map(|operation| load(operation, Some(attachment.stencil_clear_value.unwrap_or(0)))),
                store_op: attachment.stencil_store_op.map(store),
                read_only: attachment.stencil_read_only.unwrap_or(false),
            },
        })
    }

    fn view(&self, view: &Resource<webgpu::GpuTextureView>) -> Result<TextureViewId, ResourceTableError> {
        let view = self.table.object(view)?;
        if view.of_destroyed {
            self.recording.refuse(VIEW_OF_DESTROYED);
        }
        Ok(view.handle.id())
    }

    /// `wgpu-core` panics on views that can't be resolved to because of their dimension.
    fn resolve_target(
        &self,
        view: &Resource<webgpu::GpuTextureView>,
    ) -> Result<Option<TextureViewId>, ResourceTableError> {
        let target = self.view(view)?;
        match self.table.object(view)?.dimension {
            TextureViewDimension::D2 | TextureViewDimension::D2Array => Ok(Some(target)),
            dimension @ (TextureViewDimension::D1
            | TextureViewDimension::Cube
            | TextureViewDimension::CubeArray
            | TextureViewDimension::D3) => {
                self.recording.fail(format!("a resolve target of dimension {dimension:?}"));
                Ok(None)
            }
        }
    }
}

/// The time stamps of a pass.
///
/// <https://www.w3.org/TR/webgpu/#abstract-opdef-validate-timestampwrites>
pub(crate) fn timestamp_writes_of(
    set: &Resource<webgpu::GpuQuerySet>,
    begin: Option<u32>,
    end: Option<u32>,
    table: &ResourceTable,
    recording: &Recording,
) -> Result<PassTimestampWrites, ResourceTableError> {
    let set = table.object(set)?;
    // An empty set has a query in `wgpu-core`.
    if let Some(index) = [begin, end].into_iter().flatten().find(|index| *index >= set.count) {
        recording.fail(format!("a time stamp for query {index} of a set of {}", set.count));
    }
    Ok(PassTimestampWrites {
        query_set: set.handle.id(),
        beginning_of_pass_write_index: begin,
        end_of_pass_write_index: end,
    })
}

/// A colour in `wgpu`'s terms; none where it is no colour.
pub(crate) fn color(color: webgpu::GpuColor) -> Option<Color> {
    let webgpu::GpuColor { r, g, b, a } = color;
    [r, g, b, a].iter().all(|number| number.is_finite()).then_some(Color { r, g, b, a })
}

/// A list of attachments or formats without empty places at its end, which make no difference in WebGPU and one in
/// `wgpu-core`.
///
/// <https://www.w3.org/TR/webgpu/#render-pass-layout-equals>
pub(crate) fn without_trailing<T>(mut list: Vec<Option<T>>) -> Vec<Option<T>> {
    while list.pop_if(|last| last.is_none()).is_some() {}
    list
}

fn load<V>(operation: webgpu::GpuLoadOp, clear: V) -> LoadOp<V> {
    match operation {
        webgpu::GpuLoadOp::Load => LoadOp::Load,
        webgpu::GpuLoadOp::Clear => LoadOp::Clear(clear),
    }
}

fn store(operation: webgpu::GpuStoreOp) -> StoreOp {
    match operation {
        webgpu::GpuStoreOp::Store => StoreOp::Store,
        webgpu::GpuStoreOp::Discard => StoreOp::Discard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trailing_places_are_left_out() {
        assert_eq!(without_trailing(vec![None, Some(1), None, None]), [None, Some(1)], "two at the end");
        assert_eq!(without_trailing(vec![None::<u8>, None]), [], "nothing but empty places");
        assert_eq!(without_trailing(vec![Some(1)]), [Some(1)], "none");
    }

    #[test]
    fn colors_are_finite() {
        let with = |a| color(webgpu::GpuColor { r: 0.0, g: 1e300, b: -1.0, a });
        assert_eq!(with(2.0), Some(Color { r: 0.0, g: 1e300, b: -1.0, a: 2.0 }), "large is not infinite");
        assert_eq!((with(f64::NAN), with(f64::NEG_INFINITY)), (None, None), "no colours");
    }
}
