//! `gpu-shader-module`, `gpu-compilation-info` and `gpu-compilation-message`.

use std::sync::Arc;

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::ShaderModuleId;

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    ShaderModule => webgpu::GpuShaderModule,
}

/// <https://www.w3.org/TR/webgpu/#gpushadermodule>
#[derive(Debug)]
pub(crate) struct ShaderModule {
    /// Shared with pipelines that are being compiled on another thread.
    pub(crate) handle: Arc<Handle<ShaderModuleId>>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// What the compiler understood, for what pipelines must check themselves; none where the module is invalid.
    pub(crate) module: Option<Arc<naga::Module>>,
}
