//! `gpu-command-encoder` and `gpu-command-buffer`.

mod copies;
mod finish;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::Resource;
use wgpu_core::command::{ComputePassDescriptor, EncoderStateError};
use wgpu_core::global::Global;
use wgpu_core::id::{CommandBufferId, CommandEncoderId};
use wgpu_types::CommandEncoderDescriptor;

use crate::ctx::GpuCtxView;
use crate::device::Device;
use crate::handle::Handle;
use crate::object::compute_pass::ComputeCommands;
use crate::object::pass::recording::{self, ENCODER_COMMANDS_MAX, Fault, Recording, State};
use crate::object::pass::{Recorder, core_label};
use crate::object::render_pass::RenderPassCommands;
use crate::object::render_pass::descriptor::{RenderPassParts, timestamp_writes_of};
use crate::quota::{Amounts, NOTHING, Quota};
use crate::table::{Table, labelled, stands_behind};

stands_behind! {
    CommandEncoder => webgpu::GpuCommandEncoder,
    CommandBuffer => webgpu::GpuCommandBuffer,
}

/// <https://www.w3.org/TR/webgpu/#gpucommandencoder>
#[derive(Debug)]
pub(crate) struct CommandEncoder {
    pub(crate) handle: Handle<CommandEncoderId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// Shared with the encoder's passes.
    recording: Recording,
    state: State,
}

/// <https://www.w3.org/TR/webgpu/#gpucommandbuffer>
#[derive(Debug)]
pub(crate) struct CommandBuffer {
    pub(crate) handle: Handle<CommandBufferId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// Why `submit` must refuse it, where `wgpu-core` would not know: it was recorded with something made of a
    /// destroyed buffer or texture.
    pub(crate) refusal: Option<String>,
    /// What was recorded; none when `submit` has taken it: a command buffer goes once.
    pub(crate) recording: Option<Recording>,
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createcommandencoder>
    pub(crate) fn create_command_encoder(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: Option<webgpu::GpuCommandEncoderDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuCommandEncoder>> {
        let device = self.table.object(device)?.clone();
        let label = descriptor.and_then(|descriptor| descriptor.label).unwrap_or_default();
        let charge = device.admit_or_end(&label, Amounts::object(Quota::CommandEncoders, &label, NOTHING));
        let core = CommandEncoderDescriptor { label: core_label(&label) };
        let handle = device.adopt(&label, |global, id| global.device_create_command_encoder(id, &core, None))?;
        let handle = handle.charged(charge);
        let recording = Recording::new(ENCODER_COMMANDS_MAX, device.usage());
        Ok(self.table.insert(CommandEncoder { handle, device, label, recording, state: State::Open })?)
    }
}

/// What a command came to.
type Outcome = Result<(), Fault<EncoderStateError>>;

impl CommandEncoder {
    /// Records a command, unless the encoder is finished, which is reported at once.
    ///
    /// <https://www.w3.org/TR/webgpu/#abstract-opdef-validate-the-encoder-state>
    fn record(&self, bytes: usize, command: impl FnOnce(&Global, CommandEncoderId) -> Outcome) -> wasmtime::Result<()> {
        match self.state {
            State::Open => {
                if self.recording.count(1, bytes) {
                    let outcome = self.device.call(|core| command(core, self.handle.id()))?;
                    self.recording.settle(&self.device, outcome);
                }
            }
            State::Ended => recording::report_ended(&self.device, "command encoder", &self.label),
        }
        Ok(())
    }
}

/// Has `wgpu-core` forget what an encoder has recorded, at the latest when the next pass begins or the encoder is
/// finished: a pass is left open.
fn invalidate(core: &Global, encoder: CommandEncoderId) {
    let descriptor = ComputePassDescriptor { label: None, timestamp_writes: None };
    drop(core.command_encoder_begin_compute_pass(encoder, &descriptor));
}

impl webgpu::HostGpuCommandEncoder for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-beginrenderpass>
    fn begin_render_pass(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        descriptor: webgpu::GpuRenderPassDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuRenderPassEncoder>> {
        let encoder = self.table.object(&encoder)?;
        let (device, recording) = (encoder.device.clone(), encoder.recording.clone());
        let colors_max = device.limits().max_color_attachments;
        let parts = RenderPassParts::lower(descriptor, colors_max, self.table, &recording)?;
        let fits = recording.count(1, parts.label.len());
        let label = parts.label.clone();
        let (pass, error) = device.call(|core| {
            if !fits {
                invalidate(core, encoder.handle.id());
            }
            if matches!(encoder.state, State::Open) {
                parts.slices.initialize(core, encoder.handle.id());
            }
            let (pass, error) = core.command_encoder_begin_render_pass(encoder.handle.id(), &parts.to_core());
            let mut commands = RenderPassCommands::new(pass, parts, encoder.handle.clone());
            // A pass that was just begun is open, so this is no error yet.
            drop(commands.set_defaults(core));
            (commands, error)
        })?;
        if let Some(error) = error {
            device.report(&error);
        }
        Ok(self.table.insert(Recorder::open(device, label, recording, pass))?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-begincomputepass>
    fn begin_compute_pass(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        descriptor: Option<webgpu::GpuComputePassDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuComputePassEncoder>> {
        let encoder = self.table.object(&encoder)?;
        let (device, recording) = (encoder.device.clone(), encoder.recording.clone());
        let (timestamps, label) = descriptor.map_or((None, None), |it| (it.timestamp_writes, it.label));
        let timestamps = timestamps.map(|writes| {
            let webgpu::GpuComputePassTimestampWrites {
                query_set,
                beginning_of_pass_write_index: begin,
                end_of_pass_write_index: end,
            } = writes;
            timestamp_writes_of(&query_set, begin, end, self.table, &recording)
        });
        let (timestamp_writes, label) = (timestamps.transpose()?, label.unwrap_or_default());
        let core_descriptor = ComputePassDescriptor { label: core_label(&label), timestamp_writes };
        let fits = recording.count(1, label.len());
        let (pass, error) = device.call(|core| {
            if !fits {
                invalidate(core, encoder.handle.id());
            }
            core.command_encoder_begin_compute_pass(encoder.handle.id(), &core_descriptor)
        })?;
        if let Some(error) = error {
            device.report(&error);
        }
        Ok(self.table.insert(Recorder::open(device, label, recording, ComputeCommands(pass)))?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-copybuffertobuffer>
    fn copy_buffer_to_buffer(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        source: Resource<webgpu::GpuBuffer>,
        source_offset: Option<u64>,
        destination: Resource<webgpu::GpuBuffer>,
        destination_offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<()> {
        let (source, destination) = (self.table.object(&source)?, self.table.object(&destination)?);
        let (source, destination) = (source.handle.id(), destination.handle.id());
        let (source_offset, destination_offset) = (source_offset.unwrap_or(0), destination_offset.unwrap_or(0));
        self.table.object(&encoder)?.record(0, |core, encoder| {
            Ok(core.command_encoder_copy_buffer_to_buffer(
                encoder,
                source,
                source_offset,
                destination,
                destination_offset,
                size,
            )?)
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-copybuffertotexture>
    fn copy_buffer_to_texture(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        source: webgpu::GpuTexelCopyBufferInfo,
        destination: webgpu::GpuTexelCopyTextureInfo,
        copy_size: webgpu::GpuExtent3D,
    ) -> wasmtime::Result<()> {
        copies::buffer_to_texture(self.table, &encoder, &source, &destination, copy_size)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-copytexturetobuffer>
    fn copy_texture_to_buffer(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        source: webgpu::GpuTexelCopyTextureInfo,
        destination: webgpu::GpuTexelCopyBufferInfo,
        copy_size: webgpu::GpuExtent3D,
    ) -> wasmtime::Result<()> {
        copies::texture_to_buffer(self.table, &encoder, &source, &destination, copy_size)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-copytexturetotexture>
    fn copy_texture_to_texture(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        source: webgpu::GpuTexelCopyTextureInfo,
        destination: webgpu::GpuTexelCopyTextureInfo,
        copy_size: webgpu::GpuExtent3D,
    ) -> wasmtime::Result<()> {
        copies::texture_to_texture(self.table, &encoder, &source, &destination, copy_size)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-clearbuffer>
    fn clear_buffer(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        buffer: Resource<webgpu::GpuBuffer>,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<()> {
        let (buffer, offset) = (self.table.object(&buffer)?.handle.id(), offset.unwrap_or(0));
        let encoder = self.table.object(&encoder)?;
        encoder.record(0, |core, encoder| Ok(core.command_encoder_clear_buffer(encoder, buffer, offset, size)?))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-resolvequeryset>
    fn resolve_query_set(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        query_set: Resource<webgpu::GpuQuerySet>,
        first_query: u32,
        query_count: u32,
        destination: Resource<webgpu::GpuBuffer>,
        destination_offset: u64,
    ) -> wasmtime::Result<()> {
        let queries = first_query..first_query.saturating_add(query_count);
        copies::resolve_queries(self.table, &encoder, &query_set, queries, &destination, destination_offset)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-finish>
    async fn finish(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        descriptor: Option<webgpu::GpuCommandBufferDescriptor>,
    ) -> wasmtime::Result<Resource<webgpu::GpuCommandBuffer>> {
        let label = descriptor.and_then(|descriptor| descriptor.label).unwrap_or_default();
        let commands = finish::finish(self.table.object_mut(&encoder)?, label).await?;
        Ok(self.table.insert(commands)?)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudebugcommandsmixin-pushdebuggroup>
    fn push_debug_group(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        label: String,
    ) -> wasmtime::Result<()> {
        let encoder = self.table.object(&encoder)?;
        encoder.record(label.len(), |core, encoder| Ok(core.command_encoder_push_debug_group(encoder, &label)?))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudebugcommandsmixin-popdebuggroup>
    fn pop_debug_group(&mut self, encoder: Resource<webgpu::GpuCommandEncoder>) -> wasmtime::Result<()> {
        let encoder = self.table.object(&encoder)?;
        encoder.record(0, |core, encoder| Ok(core.command_encoder_pop_debug_group(encoder)?))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpudebugcommandsmixin-insertdebugmarker>
    fn insert_debug_marker(
        &mut self,
        encoder: Resource<webgpu::GpuCommandEncoder>,
        label: String,
    ) -> wasmtime::Result<()> {
        let encoder = self.table.object(&encoder)?;
        encoder.record(label.len(), |core, encoder| Ok(core.command_encoder_insert_debug_marker(encoder, &label)?))
    }

    labelled!(webgpu::GpuCommandEncoder);
}

impl webgpu::HostGpuCommandBuffer for GpuCtxView<'_> {
    labelled!(webgpu::GpuCommandBuffer);
}
