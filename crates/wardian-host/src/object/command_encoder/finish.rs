//! The end of recording, which is when `wgpu-core` checks most commands and gives all of them to the driver.

use wgpu_core::id::{CommandBufferId, CommandEncoderId};
use wgpu_types::CommandBufferDescriptor;

use super::{CommandBuffer, CommandEncoder, invalidate};
use crate::device::Device;
use crate::error::{ErrorKind, GpuError, named};
use crate::handle::Handle;
use crate::object::pass::core_label;
use crate::object::pass::recording::{Faults, State};
use crate::quota::{Amounts, NOTHING, Quota};
use crate::worker;

/// So many commands are finished where they were recorded: it takes about a millisecond, and more to have another thread
/// do it, which finds none of it in its caches.
const COMMANDS_INLINE_MAX: u64 = 4096;

/// <https://www.w3.org/TR/webgpu/#dom-gpucommandencoder-finish>
pub(super) async fn finish(encoder: &mut CommandEncoder, label: String) -> wasmtime::Result<CommandBuffer> {
    // What is wrong with the commands is told once; then it is that there has been an end already.
    let faults = match encoder.state {
        State::Open => encoder.recording.faults(),
        State::Ended => Faults::default(),
    };
    encoder.state = State::Ended;
    let commands = encoder.recording.commands();
    let job = Job { device: encoder.device.clone(), encoder: encoder.handle.clone(), label: label.clone() };
    let (handle, error) = if let Some(error) = faults.error {
        (job.run_invalid()?, Some(GpuError::validation(error)))
    } else {
        let (handle, error) =
            if commands <= COMMANDS_INLINE_MAX { job.run()? } else { worker::run(move || job.run()).await?? };
        // `wgpu-core` doesn't know what is made of destroyed objects, and takes it for an error.
        (handle, error.filter(|error| faults.refusal.is_none() || error.kind != ErrorKind::Validation))
    };
    if let Some(GpuError { kind, message }) = error {
        encoder.device.errors().report(GpuError { kind, message: named(&encoder.label, message) });
    }
    let refusal = faults.refusal.map(str::to_owned);
    let device = encoder.device.clone();
    let handle = handle.charged(device.admit_or_end(&label, Amounts::object(Quota::CommandEncoders, &label, NOTHING)));
    Ok(CommandBuffer { handle, device, label, refusal, recording: Some(encoder.recording.clone()) })
}

/// What finishing takes, on whatever thread.
struct Job {
    // Before the device: the object goes first.
    encoder: Handle<CommandEncoderId>,
    device: Device,
    label: String,
}

impl Job {
    fn run(self) -> wasmtime::Result<(Handle<CommandBufferId>, Option<GpuError>)> {
        let descriptor = CommandBufferDescriptor { label: core_label(&self.label) };
        let (handle, error) = self.device.create(|core, _| {
            let (id, error) = core.command_encoder_finish(self.encoder.id(), &descriptor, None);
            (id, error.map(|(_, error)| error))
        })?;
        Ok((handle, error.as_ref().and_then(GpuError::of_core)))
    }

    /// Finishes an encoder whose commands are known to be wrong, so that its command buffer is invalid for `wgpu-core`,
    /// too, and nothing is given to the driver.
    fn run_invalid(self) -> wasmtime::Result<Handle<CommandBufferId>> {
        self.device.call(|core| invalidate(core, self.encoder.id()))?;
        Ok(self.run()?.0)
    }
}
