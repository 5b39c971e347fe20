//! `gpu-render-bundle-encoder` and `gpu-render-bundle`.

use std::borrow::Cow;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::command::{PassStateError, RenderBundleDescriptor, RenderBundleEncoderDescriptor};
use wgpu_core::global::Global;
use wgpu_core::id::{BindGroupId, BufferId, RenderBundleId, RenderPipelineId};
use wgpu_types::{IndexFormat, RenderBundleDepthStencil, TextureFormat};

use crate::convert::ToCore;
use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::error::{ErrorKind, GpuError, named};
use crate::format::missing_feature;
use crate::handle::{CoreId, Handle};
use crate::object::pass::recording::{self, BUNDLE_COMMANDS_MAX, Fault, Recording, State};
use crate::object::pass::{Commands, Outcome, Recorder, binding_commands, core_label};
use crate::object::render_pass::commands::{Draw, DrawIndexed, Indirect, Range, RenderCommands, render_commands};
use crate::object::render_pass::descriptor::{ReadOnly, without_trailing};
use crate::quota::{Amounts, Charge, NOTHING, Quota};
use crate::table::{Table, labelled, stands_behind};

stands_behind! {
    RenderBundle => webgpu::GpuRenderBundle,
    RenderBundleEncoder => webgpu::GpuRenderBundleEncoder,
}

/// <https://www.w3.org/TR/webgpu/#gpurenderbundle>
#[derive(Debug)]
pub(crate) struct RenderBundle {
    pub(crate) handle: Handle<RenderBundleId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// How many draws it has, which count for the passes that execute it.
    pub(crate) draws: u64,
    /// Its commands count for the encoders whose passes execute it.
    pub(crate) recording: Recording,
    /// Recorded with something made of a destroyed buffer or texture. That is legal, and whatever executes the bundle
    /// is refused by `submit`; `wgpu-core` has no such bundle, so `handle` is an invalid one.
    pub(crate) uses_destroyed: bool,
    pub(crate) read_only: ReadOnly,
    /// One of its pipelines that look at the stencil reference, which is the pass's.
    pub(crate) by_reference: Option<Handle<RenderPipelineId>>,
}

/// <https://www.w3.org/TR/webgpu/#gpurenderbundleencoder>
pub(crate) type RenderBundleEncoder = Recorder<BundleCommands>;

/// The commands of a bundle, as `wgpu-core` keeps them, and what it leaves out.
#[derive(Debug)]
pub(crate) struct BundleCommands {
    /// None where the encoder is invalid: it can be called, and nothing is recorded.
    encoder: Option<Box<wgpu_core::command::RenderBundleEncoder>>,
    draws: u64,
    open_debug_groups: u64,
    kept: Kept,
    read_only: ReadOnly,
    by_reference: Option<Handle<RenderPipelineId>>,
    /// For the bundle that is to be.
    charge: Option<Charge>,
}

/// What the commands name. `wgpu-core` looks it up only when the bundle is finished, and it must still be there then.
#[derive(Debug, Default)]
struct Kept {
    groups: Vec<Handle<BindGroupId>>,
    buffers: Vec<Handle<BufferId>>,
    pipelines: Vec<Handle<RenderPipelineId>>,
}

impl BundleCommands {
    fn new(
        encoder: Option<Box<wgpu_core::command::RenderBundleEncoder>>,
        read_only: ReadOnly,
        charge: Option<Charge>,
    ) -> Self {
        Self { encoder, draws: 0, open_debug_groups: 0, kept: Kept::default(), read_only, by_reference: None, charge }
    }

    fn with(
        &mut self,
        command: impl FnOnce(&mut wgpu_core::command::RenderBundleEncoder) -> Result<(), PassStateError>,
    ) -> Outcome {
        match &mut self.encoder {
            Some(encoder) => Ok(command(encoder)?),
            None => Ok(()),
        }
    }
}

/// Keeps an object until the bundle is finished, and gives its name.
fn keep<I: CoreId + PartialEq>(kept: &mut Vec<Handle<I>>, handle: Handle<I>) -> I {
    let id = handle.id();
    if kept.last().is_none_or(|last| last.id() != id) {
        kept.push(handle);
    }
    id
}

impl Commands for BundleCommands {
    const NAME: &'static str = "render bundle encoder";
    type Name<I: CoreId> = Handle<I>;

    fn set_bind_group(
        &mut self,
        _core: &Global,
        index: u32,
        group: Option<Handle<BindGroupId>>,
        offsets: &[u32],
    ) -> Outcome {
        let group = group.map(|group| keep(&mut self.kept.groups, group));
        self.with(|encoder| encoder.set_bind_group(index, group, offsets))
    }

    fn set_immediates(&mut self, _core: &Global, offset: u32, data: &[u8]) -> Outcome {
        self.with(|encoder| encoder.set_immediates(offset, data))
    }

    /// Bundles have no debug groups in `wgpu-core`, so that they balance is for us to check.
    fn push_debug_group(&mut self, _core: &Global, _label: &str) -> Outcome {
        self.open_debug_groups = self.open_debug_groups.saturating_add(1);
        Ok(())
    }

    fn pop_debug_group(&mut self, _core: &Global) -> Outcome {
        let open = self.open_debug_groups.checked_sub(1);
        self.open_debug_groups = open.ok_or_else(|| Fault::host("the end of a debug group, where none is open"))?;
        Ok(())
    }

    fn insert_debug_marker(&mut self, _core: &Global, _label: &str) -> Outcome {
        Ok(())
    }
}

impl RenderCommands for BundleCommands {
    fn set_pipeline(&mut self, _core: &Global, pipeline: Handle<RenderPipelineId>) -> Outcome {
        let pipeline = keep(&mut self.kept.pipelines, pipeline);
        self.with(|encoder| encoder.set_pipeline(pipeline))
    }

    fn note_reference(&mut self, pipeline: &Handle<RenderPipelineId>) {
        self.by_reference.get_or_insert_with(|| pipeline.clone());
    }

    fn set_index_buffer(
        &mut self,
        _core: &Global,
        buffer: Handle<BufferId>,
        format: IndexFormat,
        range: Range,
    ) -> Outcome {
        let buffer = keep(&mut self.kept.buffers, buffer);
        self.with(|encoder| encoder.set_index_buffer(buffer, format, range.offset, range.size))
    }

    fn set_vertex_buffer(&mut self, _core: &Global, slot: u32, buffer: Option<(Handle<BufferId>, Range)>) -> Outcome {
        let range = buffer.as_ref().map_or(Range { offset: 0, size: None }, |(_, range)| *range);
        let buffer = buffer.map(|(buffer, _)| keep(&mut self.kept.buffers, buffer));
        self.with(|encoder| encoder.set_vertex_buffer(slot, buffer, range.offset, range.size))
    }

    fn draw(&mut self, _core: &Global, draw: Draw) -> Outcome {
        let Draw { vertex_count, instance_count, first_vertex, first_instance } = draw;
        self.with(|encoder| encoder.draw(vertex_count, instance_count, first_vertex, first_instance))
    }

    fn draw_indexed(&mut self, _core: &Global, draw: DrawIndexed) -> Outcome {
        let DrawIndexed { index_count, instance_count, first_index, base_vertex, first_instance } = draw;
        self.with(|encoder| encoder.draw_indexed(index_count, instance_count, first_index, base_vertex, first_instance))
    }

    fn draw_indirect(&mut self, _core: &Global, kind: Indirect, buffer: Handle<BufferId>, offset: u64) -> Outcome {
        let buffer = keep(&mut self.kept.buffers, buffer);
        self.with(|encoder| match kind {
            Indirect::Draw => encoder.draw_indirect(buffer, offset),
            Indirect::DrawIndexed => encoder.draw_indexed_indirect(buffer, offset),
        })
    }

    fn draws(&mut self) -> &mut u64 {
        &mut self.draws
    }
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createrenderbundleencoder>
    pub(crate) fn create_render_bundle_encoder(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        mut descriptor: webgpu::GpuRenderBundleEncoderDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuRenderBundleEncoder>> {
        let device = self.table.object(device)?.clone();
        let label = descriptor.label.take().unwrap_or_default();
        let recording = Recording::new(BUNDLE_COMMANDS_MAX, device.usage());
        let charge = device.admit(&label, Amounts::object(Quota::RenderBundles, &label, NOTHING));
        let read_only = ReadOnly {
            depth: descriptor.depth_read_only.unwrap_or(false),
            stencil: descriptor.stencil_read_only.unwrap_or(false),
        };
        let encoder = if charge.is_some() { create(&device, &label, descriptor)? } else { None };
        if encoder.is_none() {
            recording.fail("the render bundle encoder is invalid");
        }
        let commands = BundleCommands::new(encoder, read_only, charge);
        Ok(self.table.insert(Recorder::open(device, label, recording, commands))?)
    }
}

/// Makes an encoder, and reports why it can't be.
fn create(
    device: &Device,
    label: &str,
    descriptor: webgpu::GpuRenderBundleEncoderDescriptor,
) -> wasmtime::Result<Option<Box<wgpu_core::command::RenderBundleEncoder>>> {
    let descriptor = match lower(device, label, descriptor) {
        Ok(descriptor) => descriptor,
        Err(message) => {
            device.report_validation(named(label, message));
            return Ok(None);
        }
    };
    let (encoder, error) = device.call(|core| core.device_create_render_bundle_encoder(device.id(), &descriptor))?;
    if let Some(error) = error {
        device.report(&error);
        return Ok(None);
    }
    Ok(Some(encoder))
}

fn lower<'a>(
    device: &Device,
    label: &'a str,
    descriptor: webgpu::GpuRenderBundleEncoderDescriptor,
) -> Result<RenderBundleEncoderDescriptor<'a>, String> {
    let webgpu::GpuRenderBundleEncoderDescriptor {
        depth_read_only,
        stencil_read_only,
        color_formats,
        depth_stencil_format,
        sample_count,
        label: _,
    } = descriptor;
    let colors_max = device.limits().max_color_attachments;
    if u64::try_from(color_formats.len()).is_ok_and(|count| count > colors_max) {
        return Err(format!("{} colour formats, of which {colors_max} are allowed", color_formats.len()));
    }
    for format in color_formats.iter().flatten().chain(&depth_stencil_format) {
        if let Some(feature) = missing_feature(*format, device.features()) {
            return Err(format!("a bundle for the format {format:?} needs the feature {feature}"));
        }
    }
    let sample_count = sample_count.unwrap_or(1);
    if !matches!(sample_count, 1 | 4) {
        return Err(format!("a bundle for {sample_count} samples a pixel, where 1 or 4 are possible"));
    }
    let colors: Vec<Option<TextureFormat>> =
        color_formats.into_iter().map(|format| format.map(ToCore::to_core)).collect();
    Ok(RenderBundleEncoderDescriptor {
        label: core_label(label),
        color_formats: Cow::Owned(without_trailing(colors)),
        depth_stencil: depth_stencil_format.map(|format| RenderBundleDepthStencil {
            format: format.to_core(),
            depth_read_only: depth_read_only.unwrap_or(false),
            stencil_read_only: stencil_read_only.unwrap_or(false),
        }),
        sample_count,
        // An extension of `wgpu`; WebGPU has no such bundles.
        multiview: None,
    })
}

impl webgpu::HostGpuRenderBundleEncoder for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpurenderbundleencoder-finish>
    fn finish(
        &mut self,
        encoder: Resource<webgpu::GpuRenderBundleEncoder>,
        descriptor: Option<webgpu::GpuRenderBundleDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuRenderBundle>> {
        let label = descriptor.and_then(|descriptor| descriptor.label).unwrap_or_default();
        let bundle = self.table.object_mut(&encoder)?.finish(label)?;
        Ok(self.table.insert(bundle)?)
    }

    binding_commands!(webgpu::GpuRenderBundleEncoder);
    render_commands!(webgpu::GpuRenderBundleEncoder);
    labelled!(webgpu::GpuRenderBundleEncoder);
}

impl webgpu::HostGpuRenderBundle for GpuCtxView<'_> {
    labelled!(webgpu::GpuRenderBundle);
}

impl RenderBundleEncoder {
    fn finish(&mut self, label: String) -> wasmtime::Result<RenderBundle> {
        let device = self.device.clone();
        let (handle, error, uses_destroyed) = match self.state {
            State::Open => {
                self.state = State::Ended;
                self.finish_open(&label)?
            }
            State::Ended => {
                recording::report_ended(&device, BundleCommands::NAME, &self.label);
                (invalid_bundle(&device, &label)?, None, false)
            }
        };
        if let Some(GpuError { kind, message }) = error {
            device.errors().report(GpuError { kind, message: named(&self.label, message) });
        }
        let handle = handle.charged(self.commands.charge.take());
        let BundleCommands { draws, read_only, .. } = self.commands;
        let by_reference = self.commands.by_reference.take();
        let recording = self.recording.clone();
        Ok(RenderBundle { handle, device, label, draws, recording, uses_destroyed, read_only, by_reference })
    }

    /// Gives the bundle, what is wrong with it, and whether it can't be submitted.
    fn finish_open(&mut self, label: &str) -> wasmtime::Result<(Handle<RenderBundleId>, Option<GpuError>, bool)> {
        let commands = &mut self.commands;
        if commands.open_debug_groups > 0 {
            self.recording.fail("a debug group is still open");
        }
        let (encoder, kept) = (commands.encoder.take(), std::mem::take(&mut commands.kept));
        let faults = self.recording.faults();
        let refused = faults.refusal.is_some();
        let Some(mut encoder) = encoder.filter(|_| faults.error.is_none()) else {
            let handle = invalid_bundle(&self.device, label)?;
            return Ok((handle, faults.error.map(GpuError::validation), refused));
        };
        let descriptor = RenderBundleDescriptor { label: core_label(label) };
        let (handle, error) =
            self.device.create(|core, _| core.render_bundle_encoder_finish(&mut encoder, &descriptor, None))?;
        drop(kept);
        let error = error.as_ref().and_then(GpuError::of_core);
        // `wgpu-core` doesn't know what is made of destroyed objects, and takes it for an error.
        let error = error.filter(|error| !refused || error.kind != ErrorKind::Validation);
        Ok((handle, error, refused))
    }
}

/// A bundle that is invalid for `wgpu-core`, too.
fn invalid_bundle(device: &Device, label: &str) -> wasmtime::Result<Handle<RenderBundleId>> {
    let descriptor = RenderBundleDescriptor { label: core_label(label) };
    let (handle, _) = device.create(|core, id| {
        // This encoder has ended, so finishing it is an error.
        let mut encoder = wgpu_core::command::RenderBundleEncoder::dummy(id);
        core.render_bundle_encoder_finish(&mut encoder, &descriptor, None)
    })?;
    Ok(handle)
}
