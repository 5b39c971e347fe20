//! `gpu-buffer`, and the state machine of its mapping.

mod mapping;
mod window;

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;
use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wasmtime::component::{Accessor, Resource};
use wgpu_core::device::{HostMap, WaitIdleError};
use wgpu_core::id::BufferId;
use wgpu_core::resource::{BufferAccessError, BufferMapOperation};
use wgpu_types::PollType;

use self::mapping::{Ended, Mapped, Mapping, Memory, Outcome, Pending, Waiting};
use self::window::Window;
use crate::convert::ToCore;
use crate::ctx::{GpuCtxView, HasGpu};
use crate::device::Device;
use crate::error::message_of;
use crate::handle::Handle;
use crate::quota::{Amounts, Quota};
use crate::table::{Table, labelled, stands_behind};

stands_behind! {
    Buffer => webgpu::GpuBuffer,
}

/// <https://www.w3.org/TR/webgpu/#gpubuffer>
#[derive(Debug)]
pub(crate) struct Buffer {
    // Before the device: the object goes first. Shared with a call that waits for a map.
    pub(crate) handle: Handle<BufferId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// As the descriptor has it, even where the buffer is invalid.
    pub(crate) size: u64,
    pub(crate) usage: webgpu::GpuBufferUsage,
    /// Whether `destroy` was called.
    pub(crate) destroyed: bool,
    /// Whether the device had been destroyed before: then its end doesn't unmap this buffer.
    born_after_end: bool,
    mapping: Mapping,
    /// The newest submission at whose end `wgpu-core` may still carry out a map that was given up; see
    /// [`is_early`](Self::is_early).
    stale: u64,
}

impl GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpudevice-createbuffer>
    pub(crate) fn create_buffer(
        &mut self,
        device: &Resource<webgpu::GpuDevice>,
        descriptor: webgpu::GpuBufferDescriptor,
    ) -> wasmtime::Result<Resource<webgpu::GpuBuffer>> {
        let webgpu::GpuBufferDescriptor { size, usage, mapped_at_creation, label } = descriptor;
        let mapped_at_creation = mapped_at_creation.unwrap_or(false);
        let device = self.table.object(device)?.clone();
        let core_descriptor = wgpu_types::BufferDescriptor {
            label: label.as_deref().map(Cow::Borrowed),
            size,
            usage: usage.to_core(),
            mapped_at_creation,
        };
        let name = label.as_deref().unwrap_or_default();
        let bytes = bytes_to_charge(&device, size);
        let mapped = Amounts::of(Quota::MappedMemory, if mapped_at_creation { bytes } else { 0 });
        let room = device
            .admit(name, Amounts::object(Quota::Buffers, name, (Quota::GpuMemory, bytes)))
            .and_then(|charge| Some((charge, device.admit(name, mapped)?)));
        let made = match room {
            Some((charge, mapped)) => Some((create(&device, name, &core_descriptor)?, charge, mapped)),
            None => None,
        };
        let (handle, memory, mapped) = match made {
            Some((Made::Valid(handle), charge, mapped)) => (handle.charged(Some(charge)), Memory::Gpu, Some(mapped)),
            Some((Made::Invalid(handle), ..)) => (handle, Memory::host(device.usage()), None),
            None => (invalid(&device, &core_descriptor)?, Memory::host(device.usage()), None),
        };
        let mapping = if mapped_at_creation {
            Mapping::Mapped(Mapped::new(HostMap::Write, 0..size, memory, mapped))
        } else {
            Mapping::Unmapped
        };
        let buffer = Buffer {
            handle,
            born_after_end: device.is_destroyed(),
            device,
            label: label.unwrap_or_default(),
            size,
            usage,
            destroyed: false,
            mapping,
            stale: 0,
        };
        Ok(self.table.insert(buffer)?)
    }
}

/// Sizes that no buffer can have are validation errors, which `wgpu-core` finds, and no matter of quotas.
fn bytes_to_charge(device: &Device, size: u64) -> u64 {
    if size > device.limits().max_buffer_size { 0 } else { size }
}

type CoreDescriptor<'a> = wgpu_types::BufferDescriptor<Option<Cow<'a, str>>>;

/// What `wgpu-core` has made of a descriptor.
enum Made {
    Valid(Handle<BufferId>),
    Invalid(Handle<BufferId>),
}

/// Has `wgpu-core` make a buffer, and reports its error.
fn create(device: &Device, label: &str, descriptor: &CoreDescriptor<'_>) -> wasmtime::Result<Made> {
    let (handle, error) = device.create(|core, device| core.device_create_buffer(device, descriptor, None))?;
    let Some(error) = error else { return Ok(Made::Valid(handle)) };
    device.report_of(label, &error);
    Ok(Made::Invalid(handle))
}

/// A buffer that `wgpu-core` refuses, for it has no usage; its error is not told.
fn invalid(device: &Device, descriptor: &CoreDescriptor<'_>) -> wasmtime::Result<Handle<BufferId>> {
    let descriptor = CoreDescriptor { usage: wgpu_types::BufferUsages::empty(), ..descriptor.clone() };
    let (handle, _) = device.create(|core, device| core.device_create_buffer(device, &descriptor, None))?;
    Ok(handle)
}

impl webgpu::HostGpuBuffer for GpuCtxView<'_> {
    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-size>
    fn size(&mut self, buffer: Resource<webgpu::GpuBuffer>) -> wasmtime::Result<u64> {
        Ok(self.table.object(&buffer)?.size)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-usage>
    fn usage(&mut self, buffer: Resource<webgpu::GpuBuffer>) -> wasmtime::Result<webgpu::GpuBufferUsage> {
        Ok(self.table.object(&buffer)?.usage)
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-mapstate>
    fn map_state(&mut self, buffer: Resource<webgpu::GpuBuffer>) -> wasmtime::Result<webgpu::GpuBufferMapState> {
        let buffer = self.table.object_mut(&buffer)?;
        buffer.settle();
        Ok(match buffer.mapping {
            Mapping::Unmapped => webgpu::GpuBufferMapState::Unmapped,
            Mapping::Pending(_) => webgpu::GpuBufferMapState::Pending,
            Mapping::Mapped(_) => webgpu::GpuBufferMapState::Mapped,
        })
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-getmappedrange>
    fn get_mapped_range_get_with_copy(
        &mut self,
        buffer: Resource<webgpu::GpuBuffer>,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<Vec<u8>, webgpu::GetMappedRangeError>> {
        Ok(self.mapped_bytes(&buffer, offset, size)?.and_then(|bytes| {
            let mut copy = Vec::new();
            copy.try_reserve_exact(bytes.len()).map_err(|_| no_memory(bytes.len()))?;
            copy.extend_from_slice(&bytes);
            Ok(copy)
        }))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-getmappedrange>
    fn get_mapped_range_set_with_copy(
        &mut self,
        buffer: Resource<webgpu::GpuBuffer>,
        data: Vec<u8>,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<(), webgpu::GetMappedRangeError>> {
        match self.mapped_target(&buffer, data.len(), offset, size)? {
            Ok(target) => target.set(&data),
            Err(error) => Ok(Err(error)),
        }
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-unmap>
    fn unmap(&mut self, buffer: Resource<webgpu::GpuBuffer>) -> wasmtime::Result<Result<(), webgpu::UnmapError>> {
        self.table.object_mut(&buffer)?.unmap()?;
        Ok(Ok(()))
    }

    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-destroy>
    fn destroy(&mut self, buffer: Resource<webgpu::GpuBuffer>) -> wasmtime::Result<()> {
        let buffer = self.table.object_mut(&buffer)?;
        buffer.unmap()?;
        buffer.destroyed = true;
        buffer.device.call(|core| core.buffer_destroy(buffer.handle.id()))?;
        buffer.handle.discharge_memory();
        Ok(())
    }

    labelled!(webgpu::GpuBuffer);
}

impl<T: Send> webgpu::HostGpuBufferWithStore<T> for HasGpu {
    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-mapasync>
    ///
    /// A caller that stops waiting gives the map up, as `unmap` would.
    async fn map_async(
        store: &Accessor<T, Self>,
        buffer: Resource<webgpu::GpuBuffer>,
        mode: webgpu::GpuMapMode,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<(), webgpu::MapAsyncError>> {
        let begun = store.with(|mut store| store.get().begin_map(&buffer, mode, offset, size))?;
        let mut waiting = match begun {
            Ok(waiting) => waiting,
            Err(error) => return Ok(Err(error)),
        };
        loop {
            let ended = waiting.end().await;
            if let Some(result) = store.with(|mut store| store.get().end_map(&buffer, &mut waiting, ended))? {
                return Ok(result);
            }
        }
    }
}

/// A map's beginning and end.
impl GpuCtxView<'_> {
    fn begin_map(
        &mut self,
        buffer: &Resource<webgpu::GpuBuffer>,
        mode: webgpu::GpuMapMode,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<Waiting, webgpu::MapAsyncError>> {
        let buffer = self.table.object_mut(buffer)?;
        buffer.settle();
        if buffer.device.is_lost() {
            return Ok(Err(aborted()));
        }
        if !matches!(buffer.mapping, Mapping::Unmapped) {
            return Ok(buffer.refuse_second_map());
        }
        let offset = offset.unwrap_or(0);
        let size = size.unwrap_or_else(|| buffer.size.saturating_sub(offset));
        // Where this saturates, `wgpu-core` finds the range out of bounds.
        let range = offset..offset.saturating_add(size);
        // A faulty map is pending, too, until its caller is told.
        let bytes = bytes_to_charge(&buffer.device, size);
        let room = buffer.device.admit(&buffer.label, Amounts::of(Quota::MappedMemory, bytes));
        let (host, begun) = match host_map(mode) {
            Some(host) if room.is_some() => (host, buffer.map(host, offset, size)?),
            Some(host) => (host, Err(format!("{} can't be mapped: there is no room for it", buffer.name()))),
            None => {
                let message = format!("{} can't be mapped: the mode must be either read or write", buffer.name());
                buffer.device.report_validation(&message);
                (HostMap::Read, Err(message))
            }
        };
        let (outcome, index) = match begun {
            Ok((done, index)) => (Outcome::Core { done, index }, index),
            Err(message) => (Outcome::Fault(message), 0),
        };
        let (waited_for, given_up) = oneshot::channel();
        buffer.mapping = Mapping::Pending(Pending { host, range, index, waited_for, charge: room });
        Ok(Ok(Waiting::new(buffer.handle.clone(), buffer.device.clone(), given_up, outcome)))
    }

    /// What a map has come to; none if it has to be waited for again.
    fn end_map(
        &mut self,
        buffer: &Resource<webgpu::GpuBuffer>,
        waiting: &mut Waiting,
        ended: Ended,
    ) -> wasmtime::Result<Option<Result<(), webgpu::MapAsyncError>>> {
        let buffer = self.table.object_mut(buffer)?;
        buffer.settle();
        // Checked first: the state may be that of a later map.
        if waiting.is_given_up() {
            return Ok(Some(Err(aborted())));
        }
        if let Mapping::Mapped(mapped) = &mut buffer.mapping {
            mapped.refused = None;
            return Ok(Some(Err(match ended {
                Ended::Fault(message) => map_refused(message),
                Ended::Core(_) | Ended::GivenUp | Ended::Lost => aborted(),
            })));
        }
        let Mapping::Pending(pending) = std::mem::take(&mut buffer.mapping) else {
            wasmtime::bail!("a map that is waited for isn't pending, which is a fault of the host");
        };
        let error = match ended {
            Ended::GivenUp | Ended::Lost => return Ok(Some(Err(aborted()))),
            Ended::Fault(message) => message,
            Ended::Core(Err(error)) => {
                buffer.device.report(&error);
                message_of(&error)
            }
            Ended::Core(Ok(())) if buffer.is_early(pending.index)? => match buffer.map_again(pending)? {
                Ok((done, index)) => {
                    waiting.wait_for(done, index);
                    return Ok(None);
                }
                Err(message) => message,
            },
            Ended::Core(Ok(())) => {
                buffer.stale = 0;
                buffer.mapping = Mapping::Mapped(Mapped::new(pending.host, pending.range, Memory::Gpu, pending.charge));
                return Ok(Some(Ok(())));
            }
        };
        if buffer.device.is_lost() {
            return Ok(Some(Err(aborted())));
        }
        Ok(Some(Err(map_refused(error))))
    }
}

/// A map that `wgpu-core` has begun: what tells its end, and the submission that it waits for.
type Begun = (oneshot::Receiver<Result<(), BufferAccessError>>, u64);

impl Buffer {
    /// A map of what is mapped is refused when its caller is told; until then it can be given up, and the buffer stays
    /// mapped. Of two that are pending, the second is refused at once.
    fn refuse_second_map(&mut self) -> Result<Waiting, webgpu::MapAsyncError> {
        let message = format!("{} can't be mapped: it is mapped already, or about to be", self.name());
        self.device.report_validation(&message);
        let Mapping::Mapped(mapped @ Mapped { refused: None, .. }) = &mut self.mapping else {
            return Err(map_refused(message));
        };
        let (waited_for, given_up) = oneshot::channel();
        mapped.refused = Some(waited_for);
        Ok(Waiting::new(self.handle.clone(), self.device.clone(), given_up, Outcome::Fault(message)))
    }

    /// Takes notice of what ended a mapping without a call to the buffer.
    fn settle(&mut self) {
        if let Mapping::Mapped(mapped) = &mut self.mapping {
            // The call that waited may have gone.
            mapped.refused.take_if(|waited_for| waited_for.is_closed());
        }
        match &self.mapping {
            Mapping::Unmapped => {}
            // The call that waited has unmapped the buffer when it went.
            Mapping::Pending(pending) if pending.waited_for.is_closed() => {
                self.stale = self.stale.max(pending.index);
                self.mapping = Mapping::Unmapped;
            }
            Mapping::Pending(_) | Mapping::Mapped(_) => {
                if self.device.is_destroyed() && !self.born_after_end {
                    self.mapping = Mapping::Unmapped;
                }
            }
        }
    }

    /// Has `wgpu-core` begin a map, which checks everything but the mode; an error is reported here.
    fn map(&self, host: HostMap, offset: u64, size: u64) -> wasmtime::Result<Result<Begun, String>> {
        // What was written before must be seen.
        self.device.flush()?;
        let (done, outcome) = oneshot::channel();
        // The send fails only when nobody waits any more.
        let callback = Box::new(move |result| drop(done.send(result)));
        let operation = BufferMapOperation { host, callback: Some(callback) };
        match self.device.call(|core| core.buffer_map_async(self.handle.id(), offset, Some(size), operation))? {
            Ok(index) => {
                self.device.poll()?;
                Ok(Ok((outcome, index)))
            }
            Err(error) => {
                self.device.report(&error);
                Ok(Err(message_of(&error)))
            }
        }
    }

    /// Whether a map has come before the work that it must wait for was done.
    ///
    /// `wgpu-core` doesn't forget that a submission's end is to map a buffer when that map is given up; it then carries
    /// out whatever map the buffer waits for by that time.
    fn is_early(&self, index: u64) -> wasmtime::Result<bool> {
        if self.stale == 0 || index == 0 {
            return Ok(false);
        }
        let look = PollType::Wait { submission_index: Some(index), timeout: Some(Duration::ZERO) };
        let status = self.device.call(|core| core.device_poll(self.device.id(), look))?;
        Ok(matches!(status, Err(WaitIdleError::Timeout)))
    }

    /// Begins a map anew that has come too early.
    fn map_again(&mut self, pending: Pending) -> wasmtime::Result<Result<Begun, String>> {
        self.unmap_in_core()?;
        let Range { start, end } = pending.range;
        Ok(self.map(pending.host, start, end.saturating_sub(start))?.map(|(done, index)| {
            self.stale = self.stale.max(pending.index);
            self.mapping = Mapping::Pending(Pending { index, ..pending });
            (done, index)
        }))
    }

    fn unmap(&mut self) -> wasmtime::Result<()> {
        self.settle();
        match std::mem::take(&mut self.mapping) {
            Mapping::Unmapped => Ok(()),
            Mapping::Pending(pending) => {
                self.stale = self.stale.max(pending.index);
                self.unmap_in_core()
            }
            Mapping::Mapped(mapped) => match mapped.memory {
                Memory::Gpu => {
                    self.unmap_in_core()?;
                    // The bytes of what was mapped at creation, and can't be otherwise, go through the queue.
                    if !self.usage.contains(webgpu::GpuBufferUsage::MAP_WRITE) && mapped.host == HostMap::Write {
                        self.device.note_write();
                    }
                    Ok(())
                }
                Memory::Host(_) => Ok(()),
            },
        }
    }

    /// Whatever hinders it, like a destroyed buffer or a lost device, has ended the mapping as well.
    fn unmap_in_core(&self) -> wasmtime::Result<()> {
        mapping::unmap(&self.device, &self.handle)
    }

    /// What messages call it.
    fn name(&self) -> String {
        if self.label.is_empty() { "the buffer".to_owned() } else { format!("the buffer {:?}", self.label) }
    }
}

/// Mapped bytes.
impl GpuCtxView<'_> {
    /// Mapped bytes to be copied out at once: they are gone when anything else is done with the buffer.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-getmappedrange>
    pub(crate) fn mapped_bytes(
        &mut self,
        buffer: &Resource<webgpu::GpuBuffer>,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<Bytes, webgpu::GetMappedRangeError>> {
        let buffer = self.table.object_mut(buffer)?;
        let part = match buffer.part(offset, size) {
            Ok(part) => part,
            Err(message) => return Ok(Err(operation_error(message))),
        };
        let Mapping::Mapped(mapped) = &mut buffer.mapping else {
            wasmtime::bail!("a range of what isn't mapped, which is a fault of the host");
        };
        if let Err(error) = mapped.got.check(&part) {
            return Ok(Err(error));
        }
        let bytes = match &mapped.memory {
            Memory::Gpu => match Window::open(&buffer.device, &buffer.handle, &part)? {
                Ok(window) => Ok(Bytes::from_owner(window)),
                Err(error) => Err(operation_error(message_of(&error))),
            },
            Memory::Host(memory) => memory.get(&part, buffer.size, buffer.device.limits().max_buffer_size),
        };
        if bytes.is_ok() {
            mapped.got.insert(part);
        }
        Ok(bytes)
    }

    /// Where so many bytes may be copied to, which is to be done at once.
    ///
    /// <https://www.w3.org/TR/webgpu/#dom-gpubuffer-getmappedrange>
    pub(crate) fn mapped_target(
        &mut self,
        buffer: &Resource<webgpu::GpuBuffer>,
        length: usize,
        offset: Option<u64>,
        size: Option<u64>,
    ) -> wasmtime::Result<Result<Target, webgpu::GetMappedRangeError>> {
        let buffer = self.table.object_mut(buffer)?;
        let part = match buffer.part(offset, size) {
            Ok(part) => part,
            Err(message) => return Ok(Err(operation_error(message))),
        };
        let room = part.end.saturating_sub(part.start);
        if u64::try_from(length) != Ok(room) {
            let message = format!("the range of {} has {room} bytes, but {length} came", buffer.name());
            return Ok(Err(operation_error(message)));
        }
        let Mapping::Mapped(mapped) = &buffer.mapping else {
            wasmtime::bail!("a range of what isn't mapped, which is a fault of the host");
        };
        Ok(match (mapped.host, &mapped.memory) {
            // A program may scribble on what it mapped for reading; the buffer doesn't change.
            (HostMap::Read, _) => Ok(Target::Nowhere),
            (HostMap::Write, Memory::Gpu) => match Window::open(&buffer.device, &buffer.handle, &part)? {
                Ok(window) => Ok(Target::Gpu(window)),
                Err(error) => Err(operation_error(message_of(&error))),
            },
            (HostMap::Write, Memory::Host(memory)) => Ok(Target::Host {
                memory: Arc::clone(memory),
                part,
                size: buffer.size,
                size_max: buffer.device.limits().max_buffer_size,
            }),
        })
    }
}

/// Mapped memory that bytes are to be copied to.
#[derive(Debug)]
pub(crate) enum Target {
    Nowhere,
    Gpu(Window),
    Host { memory: Arc<mapping::HostMemory>, part: Range<u64>, size: u64, size_max: u64 },
}

impl Target {
    pub(crate) fn set(self, data: &[u8]) -> wasmtime::Result<Result<(), webgpu::GetMappedRangeError>> {
        match self {
            Self::Nowhere => Ok(Ok(())),
            Self::Gpu(mut window) => window.fill(data).map(Ok),
            Self::Host { memory, part, size, size_max } => Ok(memory.set(&part, data, size, size_max)),
        }
    }
}

impl Buffer {
    /// The part of the mapping that a program asks for.
    fn part(&mut self, offset: Option<u64>, size: Option<u64>) -> Result<Range<u64>, String> {
        self.settle();
        match &self.mapping {
            Mapping::Mapped(mapped) => mapped.part(self.size, offset, size),
            Mapping::Unmapped | Mapping::Pending(_) => Err(format!("{} isn't mapped", self.name())),
        }
    }
}

/// Exactly one of the modes.
fn host_map(mode: webgpu::GpuMapMode) -> Option<HostMap> {
    if mode == webgpu::GpuMapMode::READ {
        Some(HostMap::Read)
    } else if mode == webgpu::GpuMapMode::WRITE {
        Some(HostMap::Write)
    } else {
        None
    }
}

fn map_refused(message: String) -> webgpu::MapAsyncError {
    webgpu::MapAsyncError { kind: webgpu::MapAsyncErrorKind::OperationError, message }
}

fn aborted() -> webgpu::MapAsyncError {
    let message = "the buffer was unmapped or destroyed, or the device lost, before the buffer was mapped".to_owned();
    webgpu::MapAsyncError { kind: webgpu::MapAsyncErrorKind::AbortError, message }
}

fn operation_error(message: String) -> webgpu::GetMappedRangeError {
    webgpu::GetMappedRangeError { kind: webgpu::GetMappedRangeErrorKind::OperationError, message }
}

fn range_error(message: String) -> webgpu::GetMappedRangeError {
    webgpu::GetMappedRangeError { kind: webgpu::GetMappedRangeErrorKind::RangeError, message }
}

fn no_memory(size: impl std::fmt::Display) -> webgpu::GetMappedRangeError {
    range_error(format!("there is no memory for {size} bytes"))
}
