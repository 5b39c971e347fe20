//! `gpu-command-encoder` and `gpu-command-buffer`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::{CommandBufferId, CommandEncoderId};

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

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
    /// Whether `submit` has taken it already; a command buffer goes once.
    pub(crate) submitted: bool,
}
