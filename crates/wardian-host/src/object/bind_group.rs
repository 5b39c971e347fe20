//! `gpu-bind-group`, `gpu-bind-group-layout` and `gpu-pipeline-layout`.

use wardian_bindings::v0_3_0_rc_2::wasi::webgpu::webgpu;
use wgpu_core::id::{BindGroupId, BindGroupLayoutId, PipelineLayoutId};

use crate::device::Device;
use crate::handle::Handle;
use crate::table::stands_behind;

stands_behind! {
    BindGroup => webgpu::GpuBindGroup,
    BindGroupLayout => webgpu::GpuBindGroupLayout,
    PipelineLayout => webgpu::GpuPipelineLayout,
}

/// <https://www.w3.org/TR/webgpu/#gpubindgroup>
#[derive(Debug)]
pub(crate) struct BindGroup {
    pub(crate) handle: Handle<BindGroupId>,
    pub(crate) device: Device,
    pub(crate) label: String,
    /// Made with a buffer or texture that was destroyed already. That is legal, and whatever is recorded with the group
    /// is refused by `submit`; `wgpu-core` has no such group, so `handle` is an invalid one that must not reach it.
    pub(crate) uses_destroyed: bool,
}

/// <https://www.w3.org/TR/webgpu/#gpubindgrouplayout>
#[derive(Debug)]
pub(crate) struct BindGroupLayout {
    pub(crate) handle: Handle<BindGroupLayoutId>,
    pub(crate) device: Device,
    pub(crate) label: String,
}

/// <https://www.w3.org/TR/webgpu/#gpupipelinelayout>
#[derive(Debug)]
pub(crate) struct PipelineLayout {
    pub(crate) handle: Handle<PipelineLayoutId>,
    pub(crate) device: Device,
    pub(crate) label: String,
}
