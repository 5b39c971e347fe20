//! Mapped memory of the GPU: the only place that follows a pointer into it.
#![expect(unsafe_code, reason = "wgpu-core gives mapped memory out as a pointer")]

use std::ops::Range;
use std::ptr::{self, NonNull};
use std::slice;

use wgpu_core::id::BufferId;
use wgpu_core::resource::BufferAccessError;

use crate::device::Device;
use crate::handle::Handle;
use crate::poll::Held;

/// Bytes of a mapped buffer.
///
/// The memory stays where it is as long as this lives, because
/// - the buffer is released only after its last handle, of which this holds one,
/// - it is unmapped and destroyed only by host functions of the store, and by calls of the store that are dropped while
///   they wait for a map, which a mapped buffer has none of. Whoever opens a window drops it before he returns, or
///   hands it to Wasmtime, which copies it out before the guest can call anything,
/// - the loss of the device, after which `wgpu-core` frees all memory, is carried out by a poll: those of the store's
///   thread are made by its host functions, or by calls that wait when its executor comes to them, which is never while
///   another function runs or its result is copied out; those of the device's thread wait for `_held`.
///
/// Nobody else reads or writes it: the GPU doesn't touch a mapped buffer, and there is one window at a time.
#[derive(Debug)]
pub(crate) struct Window {
    start: NonNull<u8>,
    length: usize,
    // In this order: what keeps the memory in place goes last.
    _buffer: Handle<BufferId>,
    _held: Held,
}

// SAFETY: the memory is the process's and not a thread's, and the window owns the access to it.
unsafe impl Send for Window {}

impl Window {
    /// Opens a window on bytes that must be mapped.
    pub(super) fn open(
        device: &Device,
        buffer: &Handle<BufferId>,
        range: &Range<u64>,
    ) -> wasmtime::Result<Result<Self, BufferAccessError>> {
        let size = range.end.saturating_sub(range.start);
        // First of all: what the pointer points to must not go between being found and being used.
        let held = device.hold_memory();
        let found = device.call(|core| core.buffer_get_mapped_range(buffer.id(), range.start, Some(size)))?;
        let (start, length) = match found {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        if length != size {
            wasmtime::bail!("{length} bytes are mapped where {size} were asked for, which is a fault of the host");
        }
        let length = usize::try_from(length)?;
        Ok(Ok(Self { start, length, _buffer: buffer.clone(), _held: held }))
    }

    /// Copies data in, which must have the window's length.
    pub(super) fn fill(&mut self, data: &[u8]) -> wasmtime::Result<()> {
        if data.len() != self.length {
            wasmtime::bail!("{} bytes for a window of {}, which is a fault of the host", data.len(), self.length);
        }
        // SAFETY: `wgpu-core` has found `length` bytes from `start` on to be mapped, and they stay so as long as `self`
        // lives (see there). `data` has as many, and is the guest's or the host's memory, not the GPU's.
        unsafe { ptr::copy_nonoverlapping(data.as_ptr(), self.start.as_ptr(), self.length) };
        Ok(())
    }
}

impl AsRef<[u8]> for Window {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `wgpu-core` has found `length` bytes from `start` on to be mapped, has initialised them, and they
        // stay as they are as long as `self` is borrowed (see there). An empty mapping has a dangling pointer, which is
        // all that no bytes need.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}
