//! `gpu-queue`.

use std::convert::Infallible;
use std::future;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::sync::oneshot;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Accessor, Resource};
use wgpu_core::device::queue::QueueSubmitError;
use wgpu_core::id::{BufferId, CommandBufferId, TextureId};
use wgpu_types::{BufferSize, Extent3d, PollStatus, PollType, TexelCopyBufferLayout, TexelCopyTextureInfo};

use crate::convert::ToCore as _;
use crate::ctx::{GpuCtxView, HasGpu};
use crate::device::{Device, LossInfo};
use crate::handle::Handle;
use crate::lower::Lower as _;
use crate::table::{Table, dropped, stands_behind};
use crate::worker;

/// What the number of bytes of a write must be a multiple of.
const WRITE_ALIGNMENT: u64 = 4;

stands_behind! {
    Queue => webgpu::GpuQueue,
}

/// <https://www.w3.org/TR/webgpu/#gpuqueue>
#[derive(Debug)]
pub(crate) struct Queue {
    pub(crate) device: Device,
}

impl GpuCtxView<'_> {
    /// Another handle of the device's one queue.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-queue>
    pub(crate) fn queue(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
    ) -> wasmtime::Result<Resource<webgpu::GpuQueue>> {
        let device = self.table.object(device)?.clone();
        Ok(self.table.insert(Queue { device })?)
    }
}

impl webgpu::HostGpuQueue for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuqueue-submit>
    async fn submit(
        &mut self,
        queue: Resource<webgpu::GpuQueue>,
        command_buffers: Vec<Resource<webgpu::GpuCommandBuffer>>,
    ) -> wasmtime::Result<()> {
        let device = self.table.object(&queue)?.device.clone();
        let commands = match self.take_commands(&device, &command_buffers)? {
            Ok(commands) => commands,
            Err(refusal) => {
                device.report_validation(refusal);
                return Ok(());
            }
        };
        if device.is_lost() {
            return Ok(());
        }
        let outcome = if device.submit_may_block() && !is_idle(&device)? {
            let device = device.clone();
            worker::run(move || submit(&device, &commands)).await??
        } else {
            submit(&device, &commands)?
        };
        match outcome {
            Ok(index) => device.note_submission(index),
            // The GPU was given nothing, so there is nothing to wait for, and what was written still waits to go.
            Err(error) => device.report(error.as_ref()),
        }
        Ok(())
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuqueue-writebuffer>
    fn write_buffer_with_copy(
        &mut self,
        queue: Resource<webgpu::GpuQueue>,
        buffer: Resource<webgpu::GpuBuffer>,
        buffer_offset: u64,
        data: Vec<u8>,
        data_offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<(), webgpu::WriteBufferError>> {
        match self.plan_buffer_write(&queue, &buffer, buffer_offset, data.len(), data_offset, size)? {
            Ok(write) => write.run(&data).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuqueue-writetexture>
    fn write_texture_with_copy(
        &mut self,
        queue: Resource<webgpu::GpuQueue>,
        destination: webgpu::GpuTexelCopyTextureInfo,
        data: Vec<u8>,
        data_layout: webgpu::GpuTexelCopyBufferLayout,
        size: webgpu::GpuExtent3D,
    ) -> wasmtime::Result<()> {
        self.plan_texture_write(&queue, &destination, data_layout, size)?.run(&data)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuobjectbase-label>
    fn label(&mut self, queue: Resource<webgpu::GpuQueue>) -> wasmtime::Result<String> {
        Ok(self.table.object(&queue)?.device.queue_label().lock().clone())
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpuobjectbase-label>
    fn set_label(&mut self, queue: Resource<webgpu::GpuQueue>, label: String) -> wasmtime::Result<()> {
        *self.table.object(&queue)?.device.queue_label().lock() = label;
        Ok(())
    }

    dropped!(webgpu::GpuQueue);
}

impl<T: Send> webgpu::HostGpuQueueWithStore<T> for HasGpu {
    /// <https://www.w3.org/TR/webgpu/#dom-gpuqueue-onsubmittedworkdone>
    async fn on_submitted_work_done(
        store: &Accessor<T, Self>,
        queue: Resource<webgpu::GpuQueue>,
    ) -> wasmtime::Result<()> {
        store.with(|mut store| store.get().await_work(&queue))?.end().await;
        Ok(())
    }
}

/// Submitting.
impl GpuCtxView<'_> {
    /// Uses command buffers up; gives `wgpu-core`'s, or why they must not be executed.
    fn take_commands(
        &mut self,
        device: &Device,
        command_buffers: &[Resource<webgpu::GpuCommandBuffer>],
    ) -> wasmtime::Result<Result<Vec<CommandBufferId>, String>> {
        let (mut ids, mut refusal) = (Vec::with_capacity(command_buffers.len()), None);
        for command_buffer in command_buffers {
            let command_buffer = self.table.object_mut(command_buffer)?;
            let label = &command_buffer.label;
            let recording = command_buffer.recording.take();
            if recording.is_none() {
                refusal.get_or_insert_with(|| format!("the command buffer {label:?} was submitted before"));
            } else if let Some(reason) = &command_buffer.refusal {
                refusal.get_or_insert_with(|| format!("the command buffer {label:?} can't be submitted: {reason}"));
            } else if !command_buffer.device.is(device) {
                refusal.get_or_insert_with(|| format!("the command buffer {label:?} is of another device"));
            }
            ids.push(command_buffer.handle.id());
        }
        Ok(refusal.map_or(Ok(ids), Err))
    }

    /// Asks to be told when all work so far is done; gives that and the loss of the device.
    fn await_work(&mut self, queue: &Resource<webgpu::GpuQueue>) -> wasmtime::Result<WorkDone> {
        let device = &self.table.object(queue)?.device;
        device.flush()?;
        let (sender, done) = oneshot::channel();
        let mut submission = 0;
        if !device.is_lost() {
            // The send fails only when nobody waits any more.
            let closure = Box::new(move || sender.send(()).unwrap_or_default());
            submission = device.call(|core| core.queue_on_submitted_work_done(device.queue(), closure))?;
            device.poll()?;
        }
        let (turn, before) = device.queue_up();
        Ok(WorkDone { device: device.clone(), submission, done, lost: device.lost(), before, turn })
    }
}

/// A call that waits for the work so far. Those of one queue return in the order in which they were made.
struct WorkDone {
    device: Device,
    /// The newest submission so far.
    submission: u64,
    done: oneshot::Receiver<()>,
    lost: oneshot::Receiver<LossInfo>,
    /// Ends with the call before this one, however that ends.
    before: oneshot::Receiver<Infallible>,
    /// What the next call waits for.
    turn: oneshot::Sender<Infallible>,
}

impl WorkDone {
    async fn end(self) {
        let Self { device, submission, mut done, mut lost, before, turn } = self;
        // Either one ends the wait, and neither can fail but by ending.
        let ready = |context: &mut Context<'_>| {
            let is_over = Pin::new(&mut done).poll(context).is_ready() || Pin::new(&mut lost).poll(context).is_ready();
            if is_over { Poll::Ready(()) } else { Poll::Pending }
        };
        device.wait_for(submission, ready).await;
        drop(before.await);
        a_turn().await;
        drop(turn);
    }
}

/// Lets those who were woken before go first: maps whose work is done return before calls that wait for that work.
async fn a_turn() {
    let mut had = false;
    future::poll_fn(|context| {
        if had {
            return Poll::Ready(());
        }
        had = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Whether all work of a device is done.
fn is_idle(device: &Device) -> wasmtime::Result<bool> {
    let status = device.call(|core| core.device_poll(device.id(), PollType::Poll))?;
    Ok(matches!(status, Ok(PollStatus::QueueEmpty)))
}

/// The command buffers must be alive, which they are while the guest lends them to `submit`. Should the store end while
/// this runs on a worker's thread, `wgpu-core` may not find them; that fails, and nobody is left to be told.
fn submit(device: &Device, commands: &[CommandBufferId]) -> wasmtime::Result<Result<u64, Box<QueueSubmitError>>> {
    device.call(|core| core.queue_submit(device.queue(), commands).map_err(|(_, error)| Box::new(error)))
}

/// Writing. What is to be done is found out first and owned, so that the data can then be borrowed from the guest.
impl GpuCtxView<'_> {
    /// # Errors
    ///
    /// The inner error when the range isn't one of the data.
    pub(crate) fn plan_buffer_write(
        &self,
        queue: &Resource<webgpu::GpuQueue>,
        buffer: &Resource<webgpu::GpuBuffer>,
        buffer_offset: u64,
        length: usize,
        data_offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<BufferWrite, webgpu::WriteBufferError>> {
        let device = self.table.object(queue)?.device.clone();
        let buffer = self.table.object(buffer)?;
        let part = match part_of_data(length, data_offset, size) {
            Ok(part) => part,
            Err(message) => {
                let kind = webgpu::WriteBufferErrorKind::OperationError;
                return Ok(Err(webgpu::WriteBufferError { kind, message }));
            }
        };
        let refusal = buffer.destroyed.then(|| format!("the buffer {:?} was destroyed", buffer.label));
        Ok(Ok(BufferWrite { device, buffer: buffer.handle.clone(), buffer_offset, part, refusal }))
    }

    pub(crate) fn plan_texture_write(
        &self,
        queue: &Resource<webgpu::GpuQueue>,
        destination: &webgpu::GpuTexelCopyTextureInfo,
        data_layout: webgpu::GpuTexelCopyBufferLayout,
        size: webgpu::GpuExtent3D,
    ) -> wasmtime::Result<TextureWrite> {
        Ok(TextureWrite {
            device: self.table.object(queue)?.device.clone(),
            destination: destination.lower(self.table)?,
            layout: data_layout.to_core(),
            size: size.to_core(),
        })
    }
}

/// A write to a buffer that lacks its data only.
#[derive(Debug)]
pub(crate) struct BufferWrite {
    device: Device,
    buffer: Handle<BufferId>,
    buffer_offset: u64,
    part: Range<usize>,
    /// What is wrong with it that `wgpu-core` would not notice in a write of nothing.
    refusal: Option<String>,
}

impl BufferWrite {
    /// Carries it out. The data must be as long as planned.
    pub(crate) fn run(self, data: &[u8]) -> wasmtime::Result<()> {
        let Self { device, buffer, buffer_offset, part, refusal } = self;
        let data = data.get(part).ok_or_else(|| wasmtime::format_err!("data became shorter, which is a fault"))?;
        if device.is_lost() {
            return Ok(());
        }
        if let Some(refusal) = refusal {
            device.report_validation(refusal);
            return Ok(());
        }
        if !device.admit_write(data.len()) {
            return Ok(());
        }
        let (queue, buffer) = (device.queue(), buffer.id());
        let outcome = device.call(|core| {
            // Before the write, which makes memory for the data and copies it before it checks anything.
            if let Some(size) = BufferSize::new(data.len().try_into().unwrap_or(u64::MAX)) {
                core.queue_validate_write_buffer(queue, buffer, buffer_offset, size)?;
            }
            core.queue_write_buffer(queue, buffer, buffer_offset, data)
        })?;
        match outcome {
            Ok(()) => device.note_write(),
            Err(error) => device.report(&error),
        }
        Ok(())
    }
}

/// A write to a texture that lacks its data only. The texture is alive until the host function returns, since the guest
/// lends it.
#[derive(Debug)]
pub(crate) struct TextureWrite {
    device: Device,
    destination: TexelCopyTextureInfo<TextureId>,
    layout: TexelCopyBufferLayout,
    size: Extent3d,
}

impl TextureWrite {
    /// Carries it out; everything is checked by `wgpu-core`, before it copies.
    pub(crate) fn run(self, data: &[u8]) -> wasmtime::Result<()> {
        let Self { device, destination, layout, size } = self;
        if device.is_lost() {
            return Ok(());
        }
        if !device.admit_write(data.len()) {
            return Ok(());
        }
        let queue = device.queue();
        match device.call(|core| core.queue_write_texture(queue, &destination, data, &layout, &size))? {
            Ok(()) => device.note_write(),
            Err(error) => device.report(&error),
        }
        Ok(())
    }
}

/// The part of some data that is to be written; by default, from the start and to the end.
///
/// <https://www.w3.org/TR/webgpu/#dom-gpuqueue-writebuffer>
fn part_of_data(length: usize, offset: Option<u64>, size: Option<u64>) -> Result<Range<usize>, String> {
    let offset = offset.unwrap_or(0);
    let outside = || match size {
        Some(size) => format!("{size} bytes from {offset} are not within the {length} bytes of data"),
        None => format!("the offset {offset} is not within the {length} bytes of data"),
    };
    let start = usize::try_from(offset).ok().filter(|start| *start <= length).ok_or_else(outside)?;
    let rest = length.saturating_sub(start);
    let size = size.map_or(Ok(rest), usize::try_from).ok().filter(|size| *size <= rest).ok_or_else(outside)?;
    if !u64::try_from(size).is_ok_and(|size| size.is_multiple_of(WRITE_ALIGNMENT)) {
        return Err(format!("the size must be a multiple of {WRITE_ALIGNMENT}, but it is {size}"));
    }
    Ok(start..start.saturating_add(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(length: usize, offset: Option<u64>, size: Option<u64>, expected: Option<Range<usize>>) {
        let part = part_of_data(length, offset, size);
        assert_eq!(part.clone().ok(), expected, "{size:?} bytes from {offset:?} of {length}: {part:?}");
    }

    #[test]
    fn parts_lie_inside_of_the_data() {
        check(16, None, None, Some(0..16));
        check(16, Some(4), None, Some(4..16));
        check(16, Some(3), Some(8), Some(3..11));
        check(16, Some(16), None, Some(16..16));
        check(0, None, Some(0), Some(0..0));
    }

    #[test]
    fn other_parts_are_refused() {
        check(5, None, None, None);
        check(16, Some(1), None, None);
        check(16, Some(20), None, None);
        check(16, Some(8), Some(12), None);
        check(16, None, Some(6), None);
        check(16, Some(u64::MAX), Some(4), None);
        check(16, Some(8), Some(u64::MAX - 3), None);
    }
}
