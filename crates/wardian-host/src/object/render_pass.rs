//! `gpu-render-pass-encoder`.

pub(crate) mod commands;
pub(crate) mod descriptor;
pub(crate) mod slices;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::command::EncoderStateError;
use wgpu_core::global::Global;
use wgpu_core::id::{BindGroupId, BufferId, CommandEncoderId, RenderBundleId, RenderPipelineId};
use wgpu_types::IndexFormat;

use crate::ctx::GpuCtxView;
use crate::handle::{CoreId, Handle};
use crate::object::compute_pass::NO_COLOR;
use crate::object::pass::recording::Fault;
use crate::object::pass::{Commands, Outcome, Recorder, Used, binding_commands};
use crate::table::{Table, labelled, stands_behind};

use commands::{Draw, DrawIndexed, Indirect, Range, RenderCommands, render_commands};
use descriptor::{ReadOnly, RenderPassParts};
use slices::Slices;

stands_behind! {
    RenderPass => webgpu::GpuRenderPassEncoder,
}

/// Why `submit` refuses what was recorded with such a bundle.
const BUNDLE_OF_DESTROYED: &str = "a render bundle was executed that was made with a destroyed buffer or texture";

/// <https://www.w3.org/TR/webgpu/#gpurenderpassencoder>
pub(crate) type RenderPass = Recorder<RenderPassCommands>;

/// The commands of a render pass, as `wgpu-core` keeps them, and what it doesn't check of them.
#[derive(Debug)]
pub(crate) struct RenderPassCommands {
    pass: wgpu_core::command::RenderPass,
    draws: u64,
    draws_max: u64,
    /// How many queries the occlusion query set has; none where there is no set.
    occlusion_queries: Option<u32>,
    slices: Slices,
    encoder: Handle<CommandEncoderId>,
    read_only: ReadOnly,
}

impl RenderPassCommands {
    pub(crate) fn new(
        pass: wgpu_core::command::RenderPass,
        parts: RenderPassParts,
        encoder: Handle<CommandEncoderId>,
    ) -> Self {
        let read_only = parts.read_only();
        let RenderPassParts { draws_max, occlusion_queries, slices, .. } = parts;
        Self { pass, draws: 0, draws_max, occlusion_queries, slices, encoder, read_only }
    }

    /// Sets what WebGPU has from the beginning and `wgpu-core` demands to be set.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-setblendconstant>
    pub(crate) fn set_defaults(&mut self, core: &Global) -> Outcome {
        Ok(core.render_pass_set_blend_constant(&mut self.pass, wgpu_types::Color::TRANSPARENT)?)
    }
}

impl Commands for RenderPassCommands {
    const NAME: &'static str = "render pass";
    type Name<I: CoreId> = I;

    fn set_bind_group(&mut self, core: &Global, index: u32, group: Option<BindGroupId>, offsets: &[u32]) -> Outcome {
        Ok(core.render_pass_set_bind_group(&mut self.pass, index, group, offsets)?)
    }

    fn set_immediates(&mut self, core: &Global, offset: u32, data: &[u8]) -> Outcome {
        Ok(core.render_pass_set_immediates(&mut self.pass, offset, data)?)
    }

    fn push_debug_group(&mut self, core: &Global, label: &str) -> Outcome {
        Ok(core.render_pass_push_debug_group(&mut self.pass, label, NO_COLOR)?)
    }

    fn pop_debug_group(&mut self, core: &Global) -> Outcome {
        Ok(core.render_pass_pop_debug_group(&mut self.pass)?)
    }

    fn insert_debug_marker(&mut self, core: &Global, label: &str) -> Outcome {
        Ok(core.render_pass_insert_debug_marker(&mut self.pass, label, NO_COLOR)?)
    }
}

impl RenderCommands for RenderPassCommands {
    fn set_pipeline(&mut self, core: &Global, pipeline: RenderPipelineId) -> Outcome {
        Ok(core.render_pass_set_pipeline(&mut self.pass, pipeline)?)
    }

    fn note_reference(&mut self, _pipeline: &Handle<RenderPipelineId>) {}

    fn set_index_buffer(&mut self, core: &Global, buffer: BufferId, format: IndexFormat, range: Range) -> Outcome {
        let Range { offset, size } = range;
        Ok(core.render_pass_set_index_buffer(&mut self.pass, buffer, format, offset, size)?)
    }

    fn set_vertex_buffer(&mut self, core: &Global, slot: u32, buffer: Option<(BufferId, Range)>) -> Outcome {
        let range = buffer.as_ref().map_or(Range { offset: 0, size: None }, |(_, range)| *range);
        let buffer = buffer.map(|(buffer, _)| buffer);
        Ok(core.render_pass_set_vertex_buffer(&mut self.pass, slot, buffer, range.offset, range.size)?)
    }

    fn draw(&mut self, core: &Global, draw: Draw) -> Outcome {
        let Draw { vertex_count, instance_count, first_vertex, first_instance } = draw;
        Ok(core.render_pass_draw(&mut self.pass, vertex_count, instance_count, first_vertex, first_instance)?)
    }

    fn draw_indexed(&mut self, core: &Global, draw: DrawIndexed) -> Outcome {
        let DrawIndexed { index_count, instance_count, first_index, base_vertex, first_instance } = draw;
        let pass = &mut self.pass;
        let draw =
            core.render_pass_draw_indexed(pass, index_count, instance_count, first_index, base_vertex, first_instance);
        Ok(draw?)
    }

    fn draw_indirect(&mut self, core: &Global, kind: Indirect, buffer: BufferId, offset: u64) -> Outcome {
        match kind {
            Indirect::Draw => core.render_pass_draw_indirect(&mut self.pass, buffer, offset)?,
            Indirect::DrawIndexed => core.render_pass_draw_indexed_indirect(&mut self.pass, buffer, offset)?,
        }
        Ok(())
    }

    fn draws(&mut self) -> &mut u64 {
        &mut self.draws
    }
}

/// What is executed of several bundles.
#[derive(Debug, Default)]
struct Executed {
    bundles: Vec<Used<RenderBundleId>>,
    /// Of the bundles, a pipeline that looks at the stencil reference.
    by_reference: Option<Handle<RenderPipelineId>>,
    draws: u64,
    commands: u64,
    of_destroyed: bool,
    read_only: Vec<ReadOnly>,
}

impl webgpu::HostGpuRenderPassEncoder for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-setviewport>
    fn set_viewport(
        &mut self,
        pass: Resource<webgpu::GpuRenderPassEncoder>,
        x: f32,
        y: f32,
        width: f32,
        height: f32,
        min_depth: f32,
        max_depth: f32,
    ) -> wasmtime::Result<()> {
        self.table.object_mut(&pass)?.record(|core, commands| {
            if [x, y, width, height, min_depth, max_depth].iter().any(|number| !number.is_finite()) {
                return Err(Fault::host("a viewport of numbers that are infinite or not numbers"));
            }
            let pass = &mut commands.pass;
            Ok(core.render_pass_set_viewport(pass, x, y, width, height, min_depth, max_depth)?)
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-setscissorrect>
    fn set_scissor_rect(
        &mut self,
        pass: Resource<webgpu::GpuRenderPassEncoder>,
        x: u32,
        y: u32,
        width: u32,
        height: u32,
    ) -> wasmtime::Result<()> {
        let pass = self.table.object_mut(&pass)?;
        pass.record(|core, commands| Ok(core.render_pass_set_scissor_rect(&mut commands.pass, x, y, width, height)?))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-setblendconstant>
    fn set_blend_constant(
        &mut self,
        pass: Resource<webgpu::GpuRenderPassEncoder>,
        color: webgpu::GpuColor,
    ) -> wasmtime::Result<()> {
        self.table.object_mut(&pass)?.record(|core, commands| {
            let color = descriptor::color(color)
                .ok_or_else(|| Fault::host("a blend constant of numbers that are infinite or not numbers"))?;
            Ok(core.render_pass_set_blend_constant(&mut commands.pass, color)?)
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-setstencilreference>
    fn set_stencil_reference(
        &mut self,
        pass: Resource<webgpu::GpuRenderPassEncoder>,
        reference: u32,
    ) -> wasmtime::Result<()> {
        let pass = self.table.object_mut(&pass)?;
        pass.record(|core, commands| Ok(core.render_pass_set_stencil_reference(&mut commands.pass, reference)?))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-beginocclusionquery>
    fn begin_occlusion_query(
        &mut self,
        pass: Resource<webgpu::GpuRenderPassEncoder>,
        index: u32,
    ) -> wasmtime::Result<()> {
        self.table.object_mut(&pass)?.record(|core, commands| {
            // An empty set has a query in `wgpu-core`.
            if let Some(count) = commands.occlusion_queries.filter(|count| index >= *count) {
                return Err(Fault::host(format!("occlusion query {index} of a set of {count}")));
            }
            Ok(core.render_pass_begin_occlusion_query(&mut commands.pass, index)?)
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-endocclusionquery>
    fn end_occlusion_query(&mut self, pass: Resource<webgpu::GpuRenderPassEncoder>) -> wasmtime::Result<()> {
        let pass = self.table.object_mut(&pass)?;
        pass.record(|core, commands| Ok(core.render_pass_end_occlusion_query(&mut commands.pass)?))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-executebundles>
    fn execute_bundles(
        &mut self,
        pass: Resource<webgpu::GpuRenderPassEncoder>,
        bundles: Vec<Resource<webgpu::GpuRenderBundle>>,
    ) -> wasmtime::Result<()> {
        let mut executed = Executed::default();
        for bundle in &bundles {
            let bundle = self.table.object(bundle)?;
            executed.bundles.push(Used::new(&bundle.handle, &bundle.device));
            executed.by_reference = executed.by_reference.or_else(|| bundle.by_reference.clone());
            executed.draws = executed.draws.saturating_add(bundle.draws);
            // A bundle is a command itself.
            executed.commands = executed.commands.saturating_add(bundle.recording.commands()).saturating_add(1);
            executed.of_destroyed |= bundle.uses_destroyed;
            executed.read_only.push(bundle.read_only);
        }
        self.table.object_mut(&pass)?.execute(executed)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderpassencoder-end>
    fn end(&mut self, pass: Resource<webgpu::GpuRenderPassEncoder>) -> wasmtime::Result<()> {
        let pass = self.table.object_mut(&pass)?;
        let RenderPassCommands { draws, draws_max, .. } = pass.commands;
        if draws > draws_max {
            pass.recording.fail(format!("a render pass of {draws} draws, of which {draws_max} are allowed"));
        }
        pass.end(|core, commands| {
            core.render_pass_end(&mut commands.pass)?;
            commands.slices.discard(core, commands.encoder.id());
            Ok::<_, EncoderStateError>(())
        })
    }

    binding_commands!(webgpu::GpuRenderPassEncoder);
    render_commands!(webgpu::GpuRenderPassEncoder);
    labelled!(webgpu::GpuRenderPassEncoder);
}

impl RenderPass {
    fn execute(&mut self, executed: Executed) -> wasmtime::Result<()> {
        let Executed { bundles, by_reference, draws, commands, of_destroyed, read_only } = executed;
        if of_destroyed {
            self.refuse(BUNDLE_OF_DESTROYED);
        }
        let device = self.device.id();
        self.record_large(commands, 0, |core, commands| {
            if !read_only.into_iter().all(|bundle| commands.read_only.admits(bundle)) {
                return Err(Fault::host("a bundle may write depth or stencil, which the pass only reads"));
            }
            let ids = bundles.into_iter().map(|bundle| bundle.on(device)).collect::<Result<Vec<_>, _>>()?;
            commands.draws = commands.draws.saturating_add(draws);
            // `wgpu-core` tells the driver of the reference with a pipeline that looks at it, and not in bundles. After
            // them no pipeline is set in any case.
            if let Some(pipeline) = by_reference {
                core.render_pass_set_pipeline(&mut commands.pass, pipeline.id())?;
            }
            Ok(core.render_pass_execute_bundles(&mut commands.pass, &ids)?)
        })?;
        self.forget_immediates();
        Ok(())
    }
}
