//! `gpu-buffer`, and the state machine of its mapping.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::BufferId;

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    Buffer => webgpu::GpuBuffer,
}

/// <https://www.w3.org/TR/webgpu/#gpubuffer>
#[derive(Debug)]
pub(crate) struct Buffer {
    // Before the device: the object goes first.
    pub(crate) handle: Handle<BufferId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// As the descriptor has it, even where the buffer is invalid.
    pub(crate) size: u64,
    pub(crate) usage: webgpu::GpuBufferUsage,
    /// Whether `destroy` was called.
    pub(crate) destroyed: bool,
}
